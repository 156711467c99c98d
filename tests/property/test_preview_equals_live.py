"""A preview replays the log with the functions of live delivery; both must say the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.event import Record
from monitor.domain.subscription import Cadence, Subscription
from monitor.domain.vocabulary import RecordKind, Rung
from monitor.notify.audience import audience
from monitor.notify.replay import replay
from monitor.notify.windows import next_boundary
from monitor.services.subscriptions import previewed
from storage.store import open_store
from tests import facts
from tests.mailroom import Mailroom, SetClock, subscription

START = facts.NOW.replace(microsecond=0)
DAYS = 12


def _commits(dice: Random) -> list[list[Record]]:
    """Commits of a few days: openings, bursts, corrections, what is late or silent."""
    moment, commits, opened = START, [], []
    for number in range(dice.randrange(3, 14)):
        moment += timedelta(minutes=dice.randrange(1, 2000))
        group = []
        for _ in range(dice.choice((1, 1, 2, 9))):
            event = facts.varied_event(1000 * number + len(group), dice, moment)
            event = replace(event, silent=dice.random() < 0.1, late=dice.random() < 0.1)
            opened.append(event)
            group.append(facts.record(event, told=dice.random() < 0.9))
        for event in dice.sample(opened, min(len(opened), dice.randrange(3))):
            kind = dice.choice((RecordKind.CLIMBED, RecordKind.AMENDED, RecordKind.RETRACTED))
            status = Rung.RETRACTED if kind is RecordKind.RETRACTED else Rung.ON_ROSTER
            changed = (("status", event.status.value, status.value),)
            after = replace(event, status=status)
            group.append(facts.record(after, kind, at=moment, changed=changed))
        unique = {record.id: record for record in group}
        commits.append(list(unique.values()))
    return commits


def _subscription(dice: Random) -> Subscription:
    return subscription(
        filter=dice.choice(("", "state:TX", "signed status:on_roster", "-model:TFM")),
        channel=dice.choice(("slack", "email")),
        cadence=dice.choice(tuple(Cadence)),
        weekday=dice.randrange(7),
        at=time(dice.randrange(24), 30),
        time_zone=dice.choice(("America/Chicago", "America/New_York", "Pacific/Honolulu")),
        quiet_start=dice.choice((None, time(21))),
        quiet_end=time(7),
        max_per_day=dice.choice((1, 2, 20)),
        muted=dice.choice(((), ("state:FL",))),
        include_review=dice.random() < 0.5,
        created_at=START,
    )


def _live(commits: list[list[Record]], wanted: Subscription, end: datetime) -> Mailroom:
    """Each commit at its moment, the digest job at each boundary in between."""
    room = Mailroom(open_store("sqlite://", None), clock=SetClock(at=START))
    room.subscribe(wanted)
    boundary = next_boundary(START, wanted)
    for group in commits:
        while boundary <= group[0].recorded_at:
            room.clock.at = boundary
            room.digests.run_once()
            boundary = next_boundary(boundary, wanted)
        room.clock.at = group[0].recorded_at
        room.commit(*group)
    while boundary <= end:
        room.clock.at = boundary
        room.digests.run_once()
        boundary = next_boundary(boundary, wanted)
    return room


@settings(max_examples=15)
@given(st.integers(min_value=0, max_value=10**9))
def test_preview_is_what_live_delivery_sends(seed: int) -> None:
    dice = Random(seed)
    commits, wanted = _commits(dice), _subscription(dice)
    end = START + timedelta(days=DAYS + 20)
    room = _live(commits, wanted, end)
    try:
        live = {(d.id, d.kind, d.event_ids, d.not_before) for d in room.store.deliveries()}
        _, deliveries = previewed(room.store, wanted, end, days=(end - START).days)
        assert {(d.id, d.kind, d.event_ids, d.not_before) for d in deliveries} == live
    finally:
        room.store.close()


@settings(max_examples=40)
@given(st.integers(min_value=0, max_value=10**9))
def test_nothing_asked_for_is_lost_and_nothing_is_told_twice(seed: int) -> None:
    dice = Random(seed)
    commits, wanted = _commits(dice), _subscription(dice)
    wanted = replace(wanted, filter="", muted=(), include_review=True)
    end = START + timedelta(days=DAYS + 20)
    heard = audience([wanted], START)
    records = [record for group in commits for record in group]
    numbered = [replace(record, sequence=at) for at, record in enumerate(records, 1)]
    told = replay(numbered, heard, START, end)
    openings = [
        event_id for d in told if d.kind.value in ("alert", "burst") for event_id in d.event_ids
    ]
    assert len(openings) == len(set(openings))
    due = {r.event.id for r in records if r.kind is RecordKind.OPENED and r.told}
    hidden = {r.event.id for r in records if r.event.silent or r.event.status is Rung.RETRACTED}
    reached = {event_id for d in told for event_id in d.event_ids}
    assert due - hidden <= reached
    silent = {r.event.id for r in records if r.event.silent}
    corrected = {r.event.id for r in records if r.kind is not RecordKind.OPENED}
    assert not (silent - corrected) & reached
