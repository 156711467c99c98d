"""Subscriptions over their life, and the digests they get, on a real store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.domain.errors import ConfigError, FilterError
from monitor.domain.subscription import Cadence, DeliveryKind, DeliveryState
from monitor.domain.vocabulary import RecordKind, Rung
from monitor.notify.bounce import bounce
from monitor.notify.digest import body_from_json
from monitor.notify.message import Links
from monitor.notify.tokens import BadToken, Bearer, Purpose, sign, verify
from monitor.services import subscriptions as life
from storage.store import open_store
from tests import facts
from tests.mailroom import SECRET, Mailroom, files, subscription
from tests.notices import status_notice

NOW = facts.NOW


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Mailroom]:
    store = open_store(f"sqlite:///{tmp_path}/m.db", tmp_path)
    yield Mailroom(store, channels={"file": files(tmp_path / "out")})
    store.close()


def lines(tmp_path: Path, name: str = "a.jsonl") -> list[dict[str, object]]:
    path = tmp_path / "out" / name
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


# feeds.yaml


def test_seeding_twice_changes_nothing_and_run_time_edits_win(room: Mailroom) -> None:
    blocks = (subscription("a"), subscription("b", destination=""))
    first = life.seed(room.store, blocks, NOW, {"slack": "C9"})
    assert first.added == ("a", "b")
    assert room.store.subscription(blocks[1].id).destination == "C9"  # type: ignore[union-attr]
    assert life.seed(room.store, blocks, NOW, {"slack": "C9"}) == life.Seeded()
    life.save(room.store, replace(subscription("a"), filter="state:TX"), NOW)
    changed = (subscription("a", filter="state:FL"), subscription("b", filter="state:FL"))
    again = life.seed(room.store, changed, NOW, {"slack": "C9"})
    assert (again.kept, again.changed) == (("a",), ("b",))
    assert room.store.subscription(changed[0].id).filter == "state:TX"  # type: ignore[union-attr]


def test_a_block_that_goes_away_pauses_and_comes_back(room: Mailroom) -> None:
    block = subscription("a", made_by="feeds.yaml")
    life.seed(room.store, [block], NOW)
    assert life.seed(room.store, [], NOW).paused == ("a",)
    paused = room.store.subscription(block.id)
    assert paused is not None
    assert not paused.active
    life.seed(room.store, [block], NOW)
    assert [one.id for one in room.store.subscriptions()] == ["a"]


def test_a_pause_for_a_dead_destination_survives_the_seed_until_it_is_changed(
    room: Mailroom,
) -> None:
    block = subscription("a")
    life.seed(room.store, [block], NOW)
    stored = room.store.subscription(block.id)
    assert stored is not None
    room.store.save_subscription(replace(stored, active=False, paused_reason="is_archived"))
    life.seed(room.store, [block], NOW)
    assert not room.store.subscriptions()
    life.seed(room.store, [replace(block, destination="C2")], NOW)
    assert room.store.subscriptions()


def test_what_cannot_be_read_is_refused_with_its_place(room: Mailroom) -> None:
    with pytest.raises(FilterError) as caught:
        life.save(room.store, subscription(filter="signed colour:red"), NOW)
    assert caught.value.position == 7
    with pytest.raises(ConfigError):
        life.save(room.store, subscription(time_zone="Mars"), NOW)


# a person's data


def test_export_and_erase(room: Mailroom) -> None:
    mine = subscription("mine", channel="file", destination="Reader@example.org")
    room.subscribe(mine, subscription("other", channel="file", destination="b.jsonl"))
    room.commit(facts.record(facts.event(1)))
    held = life.export(room.store, "reader@example.org")
    assert [one["id"] for one in held["subscriptions"]] == ["mine"]
    assert len(held["deliveries"]) == 1
    assert life.erase(room.store, "reader@example.org") == 2
    assert life.export(room.store, "reader@example.org")["subscriptions"] == []
    assert all(d.destination != "Reader@example.org" for d in room.store.deliveries())
    assert "eader@example.org" not in str(room.store.records())


# digests


def test_a_daily_digest_once_also_when_run_twice_and_none_when_there_is_nothing(
    room: Mailroom, tmp_path: Path
) -> None:
    daily = subscription(channel="file", destination="a.jsonl", cadence=Cadence.DAILY)
    room.subscribe(daily)
    room.commit(facts.record(facts.event(1)), facts.record(facts.event(2)))
    assert room.digests.run_once().made == 0, "the first window ended before anything happened"
    room.clock.pass_(timedelta(days=1))
    assert room.digests.run_once().made == 1
    assert room.digests.run_once() == type(room.digests.run_once())()
    room.clock.pass_(timedelta(days=3))
    assert room.digests.run_once().empty == 1
    last = room.store.last_digest(daily.id)
    assert last is not None
    assert last.empty
    room.run(2)
    (line,) = lines(tmp_path)
    assert line["summary"].startswith("Daily digest: 2 events")  # type: ignore[attr-defined]


def test_what_is_stored_late_is_in_the_next_digest(room: Mailroom) -> None:
    """A check that started before the window's end and was stored after the digest was made."""
    daily = subscription(cadence=Cadence.DAILY)
    room.subscribe(daily)
    room.commit(facts.record(facts.event(1)))
    boundary = datetime(2025, 6, 3, 13, tzinfo=UTC)
    room.clock.at = boundary + timedelta(seconds=1)
    room.digests.run_once()
    late = boundary - timedelta(seconds=30)
    room.commit(facts.record(facts.event(2, at=late)))
    room.clock.pass_(timedelta(days=1))
    room.commit(facts.record(facts.event(3, at=boundary + timedelta(hours=1))))
    room.digests.run_once()
    first, second = reversed([d for d in room.store.digests() if not d.empty])
    assert first.event_ids == (facts.event(1).id,)
    assert set(second.event_ids) == {facts.event(2).id, facts.event(3).id}
    room.clock.pass_(timedelta(days=1))
    room.digests.run_once()
    newest = room.store.last_digest(daily.id)
    assert newest is not None
    assert newest.empty


def test_overflow_and_late_events_of_an_immediate_subscription_are_digested(
    room: Mailroom,
) -> None:
    room.subscribe(subscription(max_per_day=1))
    room.commit(facts.record(facts.event(1)))
    room.commit(facts.record(facts.event(2)))
    room.commit(facts.record(facts.event(3, late=True)))
    room.commit(facts.record(facts.event(4, silent=True)))
    room.clock.pass_(timedelta(days=1))
    room.digests.run_once()
    alert, held = sorted(room.store.deliveries(), key=lambda d: d.kind)
    assert (alert.kind, alert.event_ids) == (DeliveryKind.ALERT, (facts.event(1).id,))
    assert held.kind is DeliveryKind.DIGEST
    assert set(held.event_ids) == {facts.event(2).id, facts.event(3).id}


def test_corrections_reach_everybody_whose_digest_was_wrong(room: Mailroom) -> None:
    daily = subscription(cadence=Cadence.DAILY)
    texas = subscription("texas", cadence=Cadence.DAILY, filter="state:TX", destination="C2")
    florida = subscription("fl", cadence=Cadence.DAILY, filter="state:FL", destination="C3")
    room.subscribe(daily, texas, florida)
    room.commit(facts.record(facts.event(1)))
    room.clock.pass_(timedelta(days=1))
    room.digests.run_once()
    wrong = facts.event(1, status=Rung.RETRACTED)
    at = room.clock.now()
    room.commit(facts.record(wrong, RecordKind.RETRACTED, at=at, reason="The agency denied it"))
    room.clock.pass_(timedelta(days=1))
    room.digests.run_once()
    for one in (daily, texas):
        made = room.store.last_digest(one.id)
        assert made is not None
        body = body_from_json(made.body, Links(base_url="https://m.example.org"))
        assert body.total == 0
        (told,) = body.corrections
        assert (told.what, told.reason) == ("Retraction", "The agency denied it")
        assert told.card.link == f"https://m.example.org/e/{facts.event(1).id}"
    empty = room.store.last_digest(florida.id)
    assert empty is not None
    assert empty.empty


def test_a_shared_body_names_no_reader(room: Mailroom) -> None:
    room.subscribe(
        subscription(
            channel="email",
            destination="reader@example.org",
            cadence=Cadence.DAILY,
            reason="because my clinic is there",
        )
    )
    room.commit(facts.record(facts.event(1)))
    room.clock.pass_(timedelta(days=1))
    room.digests.run_once()
    (made,) = [d for d in room.store.digests() if not d.empty]
    assert "reader@" not in made.body
    assert "my clinic" not in made.body
    assert "token" not in made.body


def test_a_snooze_keeps_the_window_open(room: Mailroom) -> None:
    snoozed = subscription(cadence=Cadence.DAILY, snoozed_until=NOW + timedelta(days=3))
    room.subscribe(snoozed)
    room.commit(facts.record(facts.event(1)))
    room.clock.pass_(timedelta(days=2))
    assert room.digests.run_once().made == 0
    room.clock.pass_(timedelta(days=2))
    assert room.digests.run_once().made == 1


# files


def test_a_torn_line_is_closed_and_the_delivery_repeated(room: Mailroom, tmp_path: Path) -> None:
    room.subscribe(subscription(channel="file", destination="a.jsonl"))
    room.commit(facts.record(facts.event(1)))
    (delivery,) = room.store.deliveries()
    room.store.start_attempt(delivery.id, room.clock.now())
    path = tmp_path / "out" / "a.jsonl"
    path.parent.mkdir()
    path.write_text('{"id": "' + delivery.id)
    room.clock.pass_(timedelta(minutes=1))
    room.run(2)
    _torn, whole = path.read_text().splitlines()
    assert json.loads(whole)["id"] == delivery.id
    assert room.states() == ["sent"]


def test_a_whole_line_is_not_written_again(room: Mailroom, tmp_path: Path) -> None:
    room.subscribe(subscription(channel="file", destination="a.jsonl"))
    room.commit(facts.record(facts.event(1)))
    room.run(1)
    (delivery,) = room.store.deliveries()
    assert room.channels["file"].find(delivery)
    room.commit(facts.record(facts.event(2)))
    (second,) = room.store.deliveries(state=DeliveryState.QUEUED)
    room.store.start_attempt(second.id, room.clock.now())
    path = tmp_path / "out" / "a.jsonl"
    path.write_text(path.read_text() + json.dumps({"id": second.id}) + "\n")
    room.clock.pass_(timedelta(minutes=1))
    room.run(2)
    assert len(lines(tmp_path)) == 2
    assert room.states() == ["sent", "sent"]


@pytest.mark.parametrize("name", ["../up.jsonl", "/etc/x", "a/b", "..", ""])
def test_no_file_outside_of_the_directory(room: Mailroom, name: str) -> None:
    room.subscribe(subscription(channel="file", destination=name))
    room.commit(facts.record(facts.event(1)))
    room.run(1)
    assert room.states() == ["dead"]


# tokens and bounces


def test_a_token_is_good_for_one_purpose_one_subject_and_its_time() -> None:
    token = sign(SECRET, Purpose.LEAVE, "desk", NOW)
    assert token == sign(SECRET, Purpose.LEAVE, "desk", NOW)
    assert verify(SECRET, Purpose.LEAVE, token, NOW) == Bearer(
        subject="desk", purpose=Purpose.LEAVE
    )
    assert verify(SECRET, Purpose.CONFIRM, token, NOW) == BadToken()
    assert verify("f" * 32, Purpose.LEAVE, token, NOW) == BadToken()
    assert verify(SECRET, Purpose.LEAVE, token[:-2] + "xx", NOW) == BadToken()
    assert verify(SECRET, Purpose.LEAVE, "", NOW) == BadToken()
    late = NOW + timedelta(days=400)
    assert verify(SECRET, Purpose.LEAVE, token, late) == BadToken(expired=True)
    with pytest.raises(ConfigError):
        sign("short", Purpose.LEAVE, "desk", NOW)


def test_bounces_are_read_by_structure_and_suppress(room: Mailroom) -> None:
    room.subscribe(subscription(channel="email", destination="reader@example.org"))
    room.commit(facts.record(facts.event(1)))
    (delivery,) = room.store.deliveries()
    hard = bounce(status_notice(delivery.id, "5.1.1"))
    assert hard is not None
    assert (hard.delivery_id, hard.permanent) == (delivery.id, True)
    assert life.record_bounce(room.store, hard) == (), "nothing was sent: a forgery"
    room.store.start_attempt(delivery.id, NOW)
    room.store.finish_attempt(delivery.id, DeliveryState.SENT, at=NOW)
    soft = bounce(status_notice("", "4.2.2", to=f"bounce+{delivery.id}@example.org"))
    assert soft is not None
    assert not soft.permanent
    assert {life.record_bounce(room.store, soft) for _ in range(9)} == {()}, "one mail, once"
    assert bounce(status_notice(delivery.id, "5.1.1", action="delayed")) is None
    assert bounce(b"Subject: out of office\r\n\r\nFinal-Recipient: x\r\n") is None


def _sent_softly(room: Mailroom, number: int, at: datetime) -> tuple[str, ...]:
    """A mail that went out at this moment came back softly; who was paused."""
    room.commit(facts.record(facts.event(number)))
    (delivery,) = room.store.deliveries(state=DeliveryState.QUEUED)
    room.store.start_attempt(delivery.id, at)
    room.store.finish_attempt(delivery.id, DeliveryState.SENT, at=at)
    soft = bounce(status_notice(delivery.id, "4.2.2"))
    assert soft is not None
    return life.record_bounce(room.store, soft)


@pytest.mark.parametrize(("apart", "paused"), [(timedelta(days=2), 1), (timedelta(days=7), 0)])
def test_soft_bounces_pause_when_they_are_many_within_a_fortnight(
    room: Mailroom, apart: timedelta, paused: int
) -> None:
    """Now and then is no reason: what lies long back is forgotten."""
    room.subscribe(subscription(channel="email", destination="reader@example.org"))
    came_back = [_sent_softly(room, number, NOW + number * apart) for number in range(1, 6)]
    assert came_back[:4] == [()] * 4
    assert len(came_back[4]) == paused


def test_a_hard_bounce_pauses_at_once(room: Mailroom) -> None:
    room.subscribe(subscription(channel="email", destination="reader@example.org"))
    room.commit(facts.record(facts.event(1)))
    (delivery,) = room.store.deliveries()
    room.store.start_attempt(delivery.id, NOW)
    room.store.finish_attempt(delivery.id, DeliveryState.SENT, at=NOW)
    hard = bounce(status_notice(delivery.id, "5.1.1"))
    assert hard is not None
    assert life.record_bounce(room.store, hard) == ("desk",)
    assert not room.store.subscriptions()
