"""The store's contract, what checks and deliveries need: the same on SQLite and PostgreSQL."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from monitor.domain.commit import LedgerCommit, PageCommit
from monitor.domain.errors import Conflict, StoreError
from monitor.domain.filter import parse
from monitor.domain.health import HealthEntry
from monitor.domain.ident import DeliveryId, ItemId, SnapshotId, SourceId, SubscriptionId
from monitor.domain.roster import LedgerOutcome, OutcomeKind, RosterCounts, RowState
from monitor.domain.snapshot import Validators
from monitor.domain.source import SourceState
from monitor.domain.subscription import DeliveryKind, DeliveryState, Digest, Subscription
from storage.store import SqlStore
from tests.facts import NOW, SOURCE, agreement, claim, delivery, event, record, revision, snapshot

DAY = timedelta(days=1)
DESK = SubscriptionId("desk")


def page(**parts: object) -> PageCommit:
    return PageCommit(source_id=SOURCE, **parts)  # type: ignore[arg-type]


def test_states_are_replaced_by_source(store: SqlStore) -> None:
    states = [SourceState(source_id=SourceId(f"s{n}"), checked_at=NOW) for n in range(1200)]
    store.commit_states(states, [HealthEntry(at=NOW, kind="ok", message="fine")])
    changed = dataclasses.replace(
        states[7],
        validators=(("https://a.example/", Validators(etag='"x"')),),
        retry_at=NOW + DAY,
        enabled_at_run_time=False,
    )
    store.commit_states([changed])
    assert len(store.source_states()) == 1200
    assert store.source_states([SourceId("s7"), SourceId("none")]) == {SourceId("s7"): changed}
    assert store.source_states([]) == {}
    assert store.switched() == {SourceId("s7"): False}
    named = dataclasses.replace(states[8], cursor='"enabled_at_run_time": in words only')
    store.commit_states([named])
    assert store.switched() == {SourceId("s7"): False}
    assert [entry.kind for entry in store.health()] == ["ok"]


def test_a_page_is_stored_whole(store: SqlStore) -> None:
    seen = snapshot()
    state = SourceState(source_id=SOURCE, cursor="3")
    store.commit_page(
        page(
            snapshots=(seen,),
            revisions=(revision("a"), revision("b")),
            claims=(claim(),),
            records=(record(event()),),
            deliveries=(delivery(),),
            state=state,
            health=(HealthEntry(at=NOW, kind="ok", message="fine", source_id=SOURCE),),
        )
    )
    assert store.snapshot(seen.id) == seen
    assert list(store.snapshots()) == [seen]
    assert store.body(seen.body_hash) == seen.body
    assert store.source_states() == {SOURCE: state}
    assert [one.id for one in store.deliveries(event_id=event().id)] == [delivery().id]
    assert store.health(SOURCE)[0].message == "fine"
    assert store.snapshot(SnapshotId("none")) is None


def test_nothing_of_a_refused_page_is_stored(store: SqlStore) -> None:
    store.commit_page(page(revisions=(revision("a", "one"),)))
    refused = page(
        snapshots=(snapshot(b"new"),),
        revisions=(revision("b"), revision("a", "other words")),
        records=(record(event()),),
        deliveries=(delivery(),),
        state=SourceState(source_id=SOURCE),
    )
    with pytest.raises(Conflict, match="revision 1"):
        store.commit_page(refused)
    assert store.last_sequence() == 0
    assert store.deliveries() == ()
    assert store.source_states() == {}
    assert store.revision(revision("b").item.id, 1) is None
    assert list(store.snapshots()) == []
    assert store.verify() == ()


def test_the_same_revision_twice_is_no_conflict(store: SqlStore) -> None:
    first = revision("a", "one")
    store.commit_page(page(revisions=(first,)))
    again = dataclasses.replace(first, captured_at=NOW + DAY)
    store.commit_page(page(revisions=(again,)))
    assert store.item_revisions(first.item.id) == (first,)


def test_newest_revisions_and_what_is_gone(store: SqlStore) -> None:
    one, two = revision("a", "one"), revision("a", "two", 2, at=NOW + DAY)
    gone = revision("b", "bye", 2, gone=True)
    store.commit_page(page(revisions=(two, one, revision("b", "bye"), revision("c"))))
    store.commit_page(page(revisions=(gone,)))
    ids = [one.item.id, gone.item.id, ItemId("none")]
    assert store.known_revisions(SOURCE, ids) == {one.item.id: two, gone.item.id: gone}
    assert store.known_revisions(SourceId("other"), ids) == {}
    listed = store.listed_revisions(SOURCE)
    assert set(listed) == {one.item.id, revision("c").item.id}
    assert store.item_revisions(one.item.id) == (one, two)
    assert store.revision(one.item.id, 2) == two
    assert list(store.items())[-1] == two
    assert {r.item.key for r in store.items(SOURCE)} == {"a", "b", "c"}


def test_captures_walk_in_order_of_capture(store: SqlStore) -> None:
    captures = [snapshot(str(n).encode(), NOW + timedelta(seconds=n // 2)) for n in range(450)]
    store.commit_page(page(snapshots=tuple(reversed(captures))))
    walked = list(store.snapshots(SOURCE))
    assert [c.captured_at for c in walked] == [c.captured_at for c in captures]
    assert {c.id for c in walked} == {c.id for c in captures}
    late = list(store.snapshots(since=NOW + timedelta(seconds=200)))
    assert len(late) == 50
    assert list(store.snapshots(SourceId("other"))) == []


def ledger_page(version: int, *agreements: object, **more: object) -> PageCommit:
    outcome = LedgerOutcome(
        outcome=OutcomeKind.SIGNED,
        published_at=NOW + DAY * version,
        told_at=NOW + DAY * version,
        fingerprint=f"f{version}",
        agreement_id="alpha|TX|TFM",
    )
    commit = LedgerCommit(
        ledger="ice-roster",
        state=b"state %d" % version,
        outcomes=(outcome,),
        agreements=tuple(agreements),  # type: ignore[arg-type]
        counts=RosterCounts(active=version + 1, unconfirmed=0, held=0, ended=0),
        expected_version=version,
        **more,  # type: ignore[arg-type]
    )
    return page(ledger=commit)


def test_the_roster_as_it_stands(store: SqlStore) -> None:
    assert store.ledger("ice-roster") is None
    assert store.roster_counts() is None
    alpha, beta = agreement("Alpha"), agreement("Beta", "GA")
    store.commit_page(ledger_page(0, alpha, beta))
    seen = dataclasses.replace(beta, last_seen_at=NOW + DAY)
    missing = dataclasses.replace(
        alpha, state=RowState.UNCONFIRMED, missing_since=NOW + DAY, last_seen_at=NOW
    )
    store.commit_page(ledger_page(1, missing, seen))
    ended = dataclasses.replace(missing, state=RowState.ENDED, ended_at=NOW + DAY * 9)
    store.commit_page(ledger_page(2, ended, published_at=NOW + DAY * 9))
    assert store.agreements() == (seen, ended)
    assert store.agreements(parse("state:TX", NOW.date())) == (ended,)
    assert store.agreements(parse("-agency:alpha", NOW.date())) == (seen,)
    assert store.ledger("ice-roster") == (b"state 2", 3)
    assert store.roster_counts() == RosterCounts(active=3, unconfirmed=0, held=0, ended=0)
    assert [o.fingerprint for o in store.ledger_outcomes("ice-roster")] == ["f0", "f1", "f2"]
    assert [o.fingerprint for o in store.ledger_outcomes(since=NOW + DAY)] == ["f1", "f2"]
    assert store.ledger_outcomes(agreement_id="none") == ()


def test_a_ledger_moves_one_version_at_a_time(store: SqlStore) -> None:
    store.commit_page(ledger_page(0))
    for stale in (0, 2):
        with pytest.raises(Conflict):
            store.commit_page(dataclasses.replace(ledger_page(stale), records=(record(event()),)))
    assert store.ledger("ice-roster") == (b"state 0", 1)
    assert store.last_sequence() == 0


def test_an_outbox_row_is_queued_once(store: SqlStore) -> None:
    assert store.enqueue([delivery(0), delivery(1), delivery(0)]) == 2
    assert store.enqueue([dataclasses.replace(delivery(0), destination="elsewhere")]) == 0
    held = store.delivery(delivery(0).id)
    assert held == delivery(0)
    assert store.enqueue([]) == 0
    assert [one.id for one in store.deliveries()] == ["delivery-1", "delivery-0"]


def test_one_delivery_a_destination_in_the_order_of_queueing(store: SqlStore) -> None:
    quiet = delivery(0, not_before=NOW + DAY)
    store.enqueue([quiet, delivery(1), delivery(2), delivery(3, destination="C2")])
    assert [one.id for one in store.due_deliveries(NOW)] == ["delivery-1", "delivery-3"]
    taken = store.start_attempt(delivery(1).id, NOW)
    assert taken is not None
    assert (taken.state, taken.attempts, taken.attempted_at) == (DeliveryState.ATTEMPTED, 1, NOW)
    assert store.start_attempt(delivery(1).id, NOW) is None
    assert [one.id for one in store.due_deliveries(NOW)] == ["delivery-3"]
    again = NOW + timedelta(minutes=1)
    store.finish_attempt(
        delivery(1).id, DeliveryState.QUEUED, at=NOW, not_before=again, error="429", plain=True
    )
    assert [one.id for one in store.due_deliveries(NOW)] == ["delivery-3"]
    retried = store.due_deliveries(again)
    assert [one.id for one in retried] == ["delivery-1", "delivery-3"]
    assert retried[0].plain
    assert retried[0].error == "429"
    store.start_attempt(delivery(1).id, again)
    store.finish_attempt(delivery(1).id, DeliveryState.SENT, at=again, external_id="C1/17")
    sent = store.delivery(delivery(1).id)
    assert sent is not None
    assert (sent.state, sent.external_id, sent.sent_at) == (DeliveryState.SENT, "C1/17", again)
    assert [one.id for one in store.due_deliveries(NOW + DAY)] == ["delivery-0", "delivery-3"]
    assert len(store.due_deliveries(NOW + DAY, limit=1)) == 1


def test_what_is_sent_stays_sent(store: SqlStore) -> None:
    store.enqueue([delivery()])
    store.start_attempt(delivery().id, NOW)
    store.finish_attempt(delivery().id, DeliveryState.SENT, at=NOW, external_id="x")
    store.finish_attempt(delivery().id, DeliveryState.SENT, at=NOW + DAY)
    with pytest.raises(Conflict):
        store.finish_attempt(delivery().id, DeliveryState.QUEUED, at=NOW)
    with pytest.raises(StoreError):
        store.finish_attempt(DeliveryId("none"), DeliveryState.SENT, at=NOW)


def test_interrupted_attempts_are_found(store: SqlStore) -> None:
    store.enqueue([delivery()])
    store.start_attempt(delivery().id, NOW)
    assert store.interrupted_deliveries(NOW) == ()
    assert [one.id for one in store.interrupted_deliveries(NOW + DAY)] == [delivery().id]
    store.finish_attempt(delivery().id, DeliveryState.UNKNOWN, at=NOW)
    assert store.interrupted_deliveries(NOW + DAY) == ()
    assert len(store.deliveries(state=DeliveryState.UNKNOWN)) == 1


def test_many_workers_take_each_delivery_once(store: SqlStore) -> None:
    store.enqueue([delivery(n, destination=f"C{n}") for n in range(24)])

    def take(_: int) -> list[str]:
        due = store.due_deliveries(NOW)
        return [one.id for one in due if store.start_attempt(one.id, NOW) is not None]

    with ThreadPoolExecutor(4) as pool:
        taken = [one for some in pool.map(take, range(4)) for one in some]
    assert sorted(taken) == sorted(f"delivery-{n}" for n in range(24))


def test_pages_from_many_threads_make_one_log(store: SqlStore) -> None:
    def commit(number: int) -> None:
        chain = SourceId(f"source-{number % 3}")
        made = record(event(number), chain=chain)
        store.commit_page(PageCommit(source_id=chain, records=(made,), deliveries=()))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(commit, range(40)))
    assert [one.sequence for one in store.records()] == list(range(1, 41))
    assert store.verify() == ()


def test_subscriptions_come_and_go(store: SqlStore) -> None:
    desk = Subscription(id=DESK, filter="state:TX", channel="email", destination="A@x.example")
    off = dataclasses.replace(desk, id=SubscriptionId("off"), active=False, destination="b@x")
    store.save_subscription(desk)
    store.save_subscription(off)
    assert store.subscriptions() == (desk,)
    assert store.subscriptions(active_only=False) == (desk, off)
    changed = dataclasses.replace(desk, snoozed_until=NOW, muted=("type:lawsuit_filed",))
    store.save_subscription(changed)
    assert store.subscription(DESK) == changed
    store.enqueue([delivery(0, destination="A@x.example"), delivery(1, destination="A@x.example")])
    store.start_attempt(delivery(0).id, NOW)
    store.finish_attempt(delivery(0).id, DeliveryState.SENT, at=NOW)
    store.delete_subscription(DESK)
    assert store.subscription(DESK) is None
    assert {one.destination for one in store.deliveries()} == {""}
    assert {one.state for one in store.deliveries()} == {
        DeliveryState.SENT,
        DeliveryState.CANCELLED,
    }


def test_an_address_is_forgotten_everywhere(store: SqlStore) -> None:
    address = "Reader@Example.org"
    store.save_subscription(Subscription(id=DESK, filter="", channel="email", destination=address))
    mine = delivery(0, destination=address, body='{"to": "Reader@Example.org"}', error="550 Reader")
    store.enqueue([mine, delivery(1)])
    assert store.erase_address(" reader@example.ORG ") == 2
    assert store.subscriptions(active_only=False) == ()
    assert store.due_deliveries(NOW)[0].id == delivery(1).id
    held = store.delivery(mine.id)
    assert held is not None
    assert (held.destination, held.body, held.error) == ("", "", "")
    assert store.erase_address(address) == 0


def test_the_daily_budget_counts_alerts(store: SqlStore) -> None:
    digest = dataclasses.replace(delivery(2), kind=DeliveryKind.DIGEST)
    old = delivery(3, created_at=NOW - DAY)
    store.enqueue([delivery(0), delivery(1), digest, old, delivery(4, subscription_id="other")])
    store.finish_attempt(delivery(1).id, DeliveryState.DEAD, at=NOW)
    assert store.sent_since(DESK, NOW) == 1
    assert store.sent_since(DESK, NOW - DAY) == 2


def test_digest_windows_never_overlap(store: SqlStore) -> None:
    def window(first: int, last: int, **more: object) -> Digest:
        return Digest(
            id=f"desk {first} {last}",
            subscription_id=DESK,
            start=NOW + DAY * first,
            end=NOW + DAY * last,
            made_at=NOW,
            **more,  # type: ignore[arg-type]
        )

    assert store.last_digest(DESK) is None
    assert store.commit_digest(window(0, 7, event_ids=(event().id,)), delivery(0)) is True
    assert store.commit_digest(window(0, 7), delivery(1)) is False
    assert store.commit_digest(window(6, 9), delivery(2)) is False
    assert store.commit_digest(window(7, 14, public=True, empty=True), None) is True
    other = dataclasses.replace(window(0, 7), id="x", subscription_id=SubscriptionId("other"))
    assert store.commit_digest(other, None) is True
    assert store.last_digest(DESK) == window(7, 14, public=True, empty=True)
    assert store.digest("desk 0 7") == window(0, 7, event_ids=(event().id,))
    assert store.digest("none") is None
    assert [d.id for d in store.digests()] == ["desk 7 14", "desk 0 7", "x"]
    assert [d.id for d in store.digests(public_only=True)] == ["desk 7 14"]
    assert [one.id for one in store.deliveries()] == [delivery(0).id]


def test_health_facts_and_labels(store: SqlStore) -> None:
    entries = [
        HealthEntry(at=NOW + timedelta(hours=n), kind="failed", message=str(n), source_id=SOURCE)
        for n in range(3)
    ]
    store.add_health([*entries, HealthEntry(at=NOW, kind="ok", message="all", tell_operator=True)])
    assert [e.message for e in store.health()] == ["2", "1", "all", "0"]
    assert [e.message for e in store.health(SOURCE, limit=2)] == ["2", "1"]
    assert [e.message for e in store.health(since=NOW + timedelta(hours=1))] == ["2", "1"]
    assert store.fact("leader") is None
    store.set_fact("leader", "a")
    store.set_fact("leader", "b")
    assert store.fact("leader") == "b"
    item, other = revision("a").item, revision("b").item
    store.add_label(item, "relevant", NOW)
    store.add_label(other, "not_relevant", NOW, note="horoscope")
    store.add_label(item, "agreement_signed", NOW + DAY)
    assert dict((i.key, v) for i, v in store.labels()) == {
        "a": "agreement_signed",
        "b": "not_relevant",
    }
