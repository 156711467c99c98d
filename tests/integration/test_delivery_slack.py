"""Slack delivery over real HTTP: one visible message per delivery, whatever goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.channels.slack import SlackChannel, SlackOptions
from monitor.domain.claim import Jurisdiction
from monitor.domain.subscription import Delivery, DeliveryKind, DeliveryState, Lookup, SendOutcome
from monitor.domain.vocabulary import RecordKind, Rung
from monitor.notify.blockkit import MAX_BLOCKS, MAX_TOTAL_CHARS, total_chars
from monitor.ports import Channel
from monitor.services.deliver import DeliveryPolicy
from storage.store import open_store
from tests import facts, fakeslack
from tests.fakeslack import FakeSlack, Fault
from tests.mailroom import Mailroom, slack, subscription


@pytest.fixture
def fake() -> Iterator[FakeSlack]:
    started = FakeSlack(channels={"C1": [], "C2": []}).start()
    yield started
    started.stop()


@pytest.fixture
def room(fake: FakeSlack, tmp_path: Path) -> Iterator[Mailroom]:
    store = open_store(f"sqlite:///{tmp_path}/m.db", tmp_path)
    made = Mailroom(store, channels={"slack": slack(fake)})
    made.subscribe(subscription())
    yield made
    store.close()


def test_an_event_is_one_post_with_fallback_text_and_without_unfurling(
    room: Mailroom, fake: FakeSlack
) -> None:
    room.commit(facts.record(facts.event(1)))
    room.run()
    (message,) = fake.visible("C1")
    assert "Agreement 1 signed" in message["text"]
    assert message["unfurl_links"] is False
    assert message["unfurl_media"] is False
    assert room.states() == ["sent"]
    assert len(fake.called("chat.postMessage")) == 1


@pytest.mark.parametrize(
    "fault",
    [
        fakeslack.DROP_AFTER_ACCEPT,
        fakeslack.DROP_BEFORE_ACCEPT,
        fakeslack.RATE_LIMITED,
        fakeslack.RATE_LIMITED_IN_BODY,
        fakeslack.SERVER_ERROR,
        fakeslack.SERVER_ERROR_AFTER_ACCEPT,
        fakeslack.INTERNAL_ERROR_AFTER_ACCEPT,
        fakeslack.GARBAGE_AFTER_ACCEPT,
        Fault(kind="code", code="fatal_error"),
        Fault(kind="code", code="service_unavailable"),
        Fault(kind="code", code="a_code_nobody_documented"),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}-{fault.code}-{fault.accept}",
)
def test_after_any_fault_the_message_stands_there_once(
    room: Mailroom, fake: FakeSlack, fault: Fault
) -> None:
    fake.fail("chat.postMessage", fault)
    room.commit(facts.record(facts.event(1)))
    room.run()
    assert len(fake.visible("C1")) == 1
    assert room.states() == ["sent"]
    (delivery,) = room.store.deliveries()
    assert delivery.external_id == f"C1/{fake.visible('C1')[0]['ts']}"


def test_a_fault_while_asking_leaves_the_question_open(room: Mailroom, fake: FakeSlack) -> None:
    fake.fail("chat.postMessage", fakeslack.DROP_AFTER_ACCEPT)
    fake.fail("conversations.history", fakeslack.SERVER_ERROR, fakeslack.RATE_LIMITED)
    room.commit(facts.record(facts.event(1)))
    room.run()
    assert len(fake.visible("C1")) == 1
    assert room.states() == ["sent"]


def test_a_missing_scope_makes_the_outcome_unknown_and_listed(
    room: Mailroom, fake: FakeSlack
) -> None:
    fake.fail("chat.postMessage", fakeslack.DROP_AFTER_ACCEPT)
    fake.fail("conversations.history", Fault(kind="code", code="missing_scope"))
    room.commit(facts.record(facts.event(1)))
    room.run()
    assert len(fake.visible("C1")) == 1
    (delivery,) = room.store.deliveries(state=DeliveryState.UNKNOWN)
    assert "may not read" in delivery.error
    assert any(delivery.id in entry.message for entry in room.store.health())


@pytest.mark.parametrize("code", ["channel_not_found", "is_archived", "restricted_action"])
def test_a_destination_that_is_gone_pauses_its_subscription_and_tells_the_owner(
    room: Mailroom, fake: FakeSlack, code: str
) -> None:
    room.subscribe(subscription(made_by="slack:U7"), subscription("other", destination="C2"))
    fake.fail("chat.postMessage", Fault(kind="code", code=code))
    room.commit(facts.record(facts.event(1)))
    room.run()
    paused = room.store.subscription(subscription().id)
    assert paused is not None
    assert not paused.active
    assert code in paused.paused_reason
    assert len(fake.visible("C2")) == 1
    (notice,) = fake.visible("D7")
    assert "paused" in notice["text"]


def test_a_broken_login_stops_the_channel_until_it_works_again(
    room: Mailroom, fake: FakeSlack
) -> None:
    room.subscribe(subscription("other", destination="C2"))
    fake.fail("chat.postMessage", Fault(kind="code", code="token_revoked"))
    room.commit(facts.record(facts.event(1)))
    room.deliver.run_once()
    assert len(fake.called("chat.postMessage")) == 1
    assert room.states() == ["queued", "queued"]
    assert any(entry.kind == "channel_stopped" for entry in room.store.health())
    room.clock.pass_(timedelta(minutes=16))
    room.run()
    assert room.states() == ["sent", "sent"]


def test_refused_blocks_are_sent_once_more_as_plain_text_then_given_up(
    room: Mailroom, fake: FakeSlack
) -> None:
    fake.fail("chat.postMessage", Fault(kind="code", code="invalid_blocks"))
    room.commit(facts.record(facts.event(1)))
    room.run()
    (message,) = fake.visible("C1")
    assert "blocks" not in message
    bad = Fault(kind="code", code="msg_too_long")
    fake.fail("chat.postMessage", bad, bad)
    room.commit(facts.record(facts.event(2)))
    room.run()
    assert room.states() == ["dead", "sent"]


def test_retry_after_is_kept(room: Mailroom, fake: FakeSlack) -> None:
    fake.fail("chat.postMessage", Fault(kind="status", status=429, retry_after="120"))
    room.commit(facts.record(facts.event(1)))
    started = room.clock.now()
    room.deliver.run_once()
    (delivery,) = room.store.deliveries()
    assert delivery.not_before == started + timedelta(seconds=120)
    room.clock.pass_(timedelta(seconds=119))
    room.deliver.run_once()
    assert not fake.visible("C1")
    room.clock.pass_(timedelta(seconds=2))
    room.deliver.run_once()
    assert len(fake.visible("C1")) == 1


def _burst(room: Mailroom, number: int) -> None:
    room.commit(*(facts.record(facts.event(n)) for n in range(number)))


def test_a_burst_is_one_message_with_the_whole_list_in_its_thread(
    room: Mailroom, fake: FakeSlack
) -> None:
    _burst(room, 23)
    room.run()
    head, *thread = fake.visible("C1")
    assert head["text"].startswith("23 agreements signed")
    assert all(reply["thread_ts"] == head["ts"] for reply in thread)
    listed = str(thread)
    assert all(f"Agreement {n} signed" in listed for n in range(23))


@pytest.mark.parametrize("broken_call", [0, 1, 2])
def test_a_burst_that_breaks_in_the_middle_is_completed_not_repeated(
    room: Mailroom, fake: FakeSlack, broken_call: int
) -> None:
    fine = Fault(kind="slow", accept=True)
    fake.fail("chat.postMessage", *[fine] * broken_call, fakeslack.DROP_AFTER_ACCEPT)
    _burst(room, 130)
    room.run(12)
    parts = fake.delivery_parts()
    assert len(parts) == len(set(parts)) > 2
    assert room.states() == ["sent"]


def test_later_evidence_edits_the_message_and_answers_in_its_thread(
    room: Mailroom, fake: FakeSlack
) -> None:
    event = facts.event(1)
    room.commit(facts.record(event))
    room.run(1)
    climbed = facts.event(1, status=Rung.ON_ROSTER)
    room.commit(
        facts.record(
            climbed,
            RecordKind.CLIMBED,
            at=room.clock.now(),
            changed=(("status", "reported", "on_roster"),),
        )
    )
    room.run(2)
    head, reply = fake.visible("C1")
    assert head["edited"]
    assert "Shown by ICE's roster" in str(head["blocks"])
    assert reply["thread_ts"] == head["ts"]
    assert "Shown by ICE's roster" in reply["text"]


def test_a_retraction_reaches_the_message_even_after_its_reader_left(
    room: Mailroom, fake: FakeSlack
) -> None:
    room.commit(facts.record(facts.event(1)))
    room.run(1)
    room.subscribe(subscription(active=False))
    wrong = facts.event(1, status=Rung.RETRACTED)
    room.commit(
        facts.record(
            wrong, RecordKind.RETRACTED, at=room.clock.now(), reason="The source took it back"
        )
    )
    fake.fail("chat.postMessage", fakeslack.DROP_AFTER_ACCEPT)
    fake.fail("chat.update", fakeslack.DROP_BEFORE_ACCEPT)
    room.run(8)
    head, reply = fake.visible("C1")
    assert head["text"].startswith("Retracted")
    assert "The source took it back" in str(reply["blocks"])
    assert room.states() == ["sent", "sent"]


def test_an_update_of_what_was_not_sent_yet_is_left_to_the_message_itself(
    room: Mailroom, fake: FakeSlack
) -> None:
    room.commit(facts.record(facts.event(1)))
    climbed = facts.event(1, status=Rung.OFFICIAL)
    room.commit(facts.record(climbed, RecordKind.CLIMBED, at=room.clock.now()))
    room.run()
    (message,) = fake.visible("C1")
    assert "Stated officially" in str(message["blocks"])
    assert room.states() == ["cancelled", "sent"]


def test_what_is_taken_back_before_it_was_told_is_not_told(room: Mailroom, fake: FakeSlack) -> None:
    room.commit(facts.record(facts.event(1)))
    wrong = facts.event(1, status=Rung.RETRACTED)
    room.commit(facts.record(wrong, RecordKind.RETRACTED, at=room.clock.now()))
    room.run()
    assert not fake.visible("C1")


def test_a_direct_message_finds_its_conversation(room: Mailroom, fake: FakeSlack) -> None:
    room.subscribe(subscription(destination="U5"))
    fake.fail("chat.postMessage", fakeslack.DROP_AFTER_ACCEPT)
    room.commit(facts.record(facts.event(1)))
    room.run()
    assert len(fake.visible("D5")) == 1
    assert room.states() == ["sent"]


def test_the_answer_is_found_on_a_later_page_of_the_history(
    room: Mailroom, fake: FakeSlack
) -> None:
    fake.page = 2
    fake.fail("chat.postMessage", fakeslack.DROP_AFTER_ACCEPT)
    room.commit(facts.record(facts.event(1)))
    room.deliver.run_once()
    noise = {"ts": fake.visible("C1")[0]["ts"], "text": "hello"}
    fake.channels["C1"][:0] = [dict(noise) for _ in range(7)]
    room.clock.pass_(timedelta(minutes=1))
    room.run()
    assert len(fake.delivery_parts()) == 8
    assert room.states() == ["sent"]


def test_an_incoming_webhook_cannot_be_asked_so_the_outcome_is_listed(
    room: Mailroom, fake: FakeSlack
) -> None:
    for policy, visible, states in (("hold", 1, ["unknown"]), ("resend", 3, ["sent", "unknown"])):
        options = SlackOptions(webhook_url=fake.hook, on_unknown=policy)
        room.channels["slack"] = SlackChannel(options=options, min_interval_s=0)
        fake.fail("incoming", fakeslack.DROP_AFTER_ACCEPT)
        room.commit(facts.record(facts.event(visible)))
        room.run()
        assert len(fake.hooks) == visible
        assert room.states() == states


def test_every_post_stays_within_slacks_limits(room: Mailroom, fake: FakeSlack) -> None:
    long = "A very long name of an agency, " * 40
    room.commit(
        *(facts.record(facts.event(n, agency=long, title=long, quote=long)) for n in range(90))
    )
    room.run(10)
    for message in fake.visible("C1"):
        assert len(message["blocks"]) <= MAX_BLOCKS
        assert total_chars(message["blocks"]) <= MAX_TOTAL_CHARS
        assert len(message["text"]) <= 3500
    assert room.store.deliveries()[0].kind is DeliveryKind.BURST


@dataclass(slots=True)
class Faulty:
    """A channel whose code fails for one delivery."""

    inner: Channel
    poison: str
    name: str = "slack"
    can_ask: bool = True
    can_edit: bool = True

    def send(self, delivery: Delivery, message: object) -> SendOutcome:
        if delivery.id == self.poison:
            raise ZeroDivisionError
        return self.inner.send(delivery, message)

    def find(self, delivery: Delivery) -> Lookup:
        return self.inner.find(delivery)


def test_a_fault_in_one_message_holds_up_no_other(room: Mailroom, fake: FakeSlack) -> None:
    room.subscribe(subscription("other", destination="C2"))
    poisoned, _ = room.commit(facts.record(facts.event(1)))
    room.channels["slack"] = Faulty(room.channels["slack"], poisoned.id)
    room.policy = DeliveryPolicy(attempts=3)
    room.run(10, step=timedelta(hours=2))
    assert len(fake.visible("C2")) == 1
    assert room.states() == ["dead", "sent"]
    assert any("ZeroDivisionError" in entry.message for entry in room.store.health())


def test_a_call_that_another_process_still_waits_for_is_left_alone(
    room: Mailroom, fake: FakeSlack
) -> None:
    room.policy = DeliveryPolicy()
    (delivery,) = room.commit(facts.record(facts.event(1)))
    room.store.start_attempt(delivery.id, room.clock.now())
    room.clock.pass_(timedelta(minutes=4))
    room.run(1, step=timedelta(minutes=2))
    assert room.states() == ["attempted"]
    assert not fake.visible("C1")
    room.run(2)
    assert room.states() == ["sent"]


def test_one_event_of_a_burst_taken_back_edits_the_list_and_answers_in_its_thread(
    room: Mailroom, fake: FakeSlack
) -> None:
    _burst(room, 6)
    room.run(1)
    wrong = facts.event(0, status=Rung.RETRACTED)
    at = room.clock.now()
    room.commit(facts.record(wrong, RecordKind.RETRACTED, at=at, reason="No such agreement"))
    fake.fail("chat.postMessage", fakeslack.DROP_AFTER_ACCEPT)
    room.run()
    head, _, told = fake.visible("C1")
    assert head["edited"]
    assert "Retracted: Agreement 0 signed" in str(head["blocks"])
    assert told["thread_ts"] == head["ts"]
    assert "No such agreement" in str(told["blocks"])


def test_a_correction_whose_message_was_deleted_pauses_nobody(
    room: Mailroom, fake: FakeSlack
) -> None:
    room.commit(facts.record(facts.event(1)))
    room.run(1)
    fake.channels["C1"].clear()
    wrong = facts.event(1, status=Rung.RETRACTED)
    room.commit(facts.record(wrong, RecordKind.RETRACTED, at=room.clock.now()))
    room.run()
    assert room.states() == ["dead", "sent"]
    assert room.store.subscriptions()


def test_a_merge_reaches_whoever_was_told_the_event_that_goes(
    room: Mailroom, fake: FakeSlack
) -> None:
    room.subscribe(subscription("fl", filter="state:FL", destination="C2"))
    goes = facts.event(2, jurisdiction=Jurisdiction(state="FL"))
    room.commit(facts.record(facts.event(1)))
    room.commit(facts.record(goes))
    room.run(1)
    at, stays = room.clock.now(), facts.event(1, links=(("merged", goes.id),))
    away = replace(goes, merged_into=stays.id)
    room.commit(
        facts.record(away, RecordKind.MERGED, at=at, told=False),
        facts.record(stays, RecordKind.MERGED, at=at, reason="one agreement, told twice"),
    )
    room.run()
    head, told = fake.visible("C2")
    assert "Agreement 1 signed" in head["text"]
    assert told["thread_ts"] == head["ts"]
    assert "one agreement, told twice" in str(told["blocks"])
    room.commit(
        facts.record(
            replace(stays, status=Rung.RETRACTED), RecordKind.RETRACTED, at=room.clock.now()
        )
    )
    room.run()
    assert fake.visible("C2")[0]["text"].startswith("Retracted")
