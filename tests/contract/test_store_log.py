"""The store's contract, log and queries: the same on SQLite and PostgreSQL."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime, timedelta
from random import Random

import pytest

from monitor.domain.commit import PageCommit
from monitor.domain.errors import Conflict, FilterError
from monitor.domain.event import Event, Record
from monitor.domain.filter import Filter, Term, matches, parse
from monitor.domain.ident import EventId
from monitor.domain.vocabulary import RecordKind, Rung
from monitor.stores import EventQuery
from storage.projection import public_at
from storage.store import SqlStore
from tests.facts import (
    NOW,
    SOURCE,
    claim,
    delivery,
    event,
    evidence,
    record,
    snapshot,
    varied_event,
)

ALL = Filter()
DAY = timedelta(days=1)

#: Expressions of the 200-filter family: every field, both signs, alternatives, phrases, days.
EXPRESSIONS = (
    "", "signed", "-signed", "agreement", "state:TX", "state:TX,FL", "-state:TX,FL",
    "state:federal", "-state:federal", "county:48113", "-county:48113", "model:TFM,JEM",
    "-model:TFM", "model:unknown", "status:reported", "-status:on_roster,official",
    "tier:press,roster", "direction:neutral", "-direction:mixed", "stage:listed",
    "worth:review", "instrument:bill,policy", "-instrument:bill", "target:ice", "-target:ice",
    "source:herald", "bill:SB4", '-bill:"S. B. 4"', 'agency:"sheriff county"',
    "-agency:sheriff", "agency:dona", 'agency:"lucie st"', 'place:"pierce fort"', "-place:saint",
    "since:2025-03-01", "until:2025-03", "since:2025-02-01 until:2025-05-31", "-since:2025-03-01",
    "recorded_since:2025-06-05", "recorded_until:2025-06-05", "287", '"287 g"', '"287(g) vote"',
    "sheriffs", "Doña", "-dona", '"signed agreement"', '-"signed agreement"',
    '"g vote" -county state:TX,GA', 'signed "agreement ice" since:2025-02-01',
    "zebra", "-zebra", "jail -ice", "tier:official -worth:alert tx",
)  # fmt: skip


def _fill(store: SqlStore, number: int = 160) -> list[list[Record]]:
    """Events with one to three records each, in several transactions; histories by event."""
    dice = Random(20250602)
    histories: list[list[Record]] = []
    for n in range(number):
        at = NOW + timedelta(hours=n)
        published = date(2025, 5, 1) + timedelta(days=dice.randrange(60))
        opened = record(varied_event(n, dice, at), claim=claim(n, published))
        histories.append([opened])
    for page in range(0, number, 40):
        opened_now = tuple(history[0] for history in histories[page : page + 40])
        stored = store.commit_page(PageCommit(source_id=SOURCE, records=opened_now))
        for n, one in enumerate(stored):
            histories[page + n] = [one]
    _amend(store, histories, dice)
    return histories


def _amend(store: SqlStore, histories: list[list[Record]], dice: Random) -> None:
    for step in range(60):
        n = dice.randrange(len(histories))
        before = histories[n][-1].event
        at = NOW + DAY * 10 + timedelta(hours=step)
        drawn = varied_event(n, dice, at)
        merged = EventId("elsewhere") if dice.random() < 0.2 else None
        after = dataclasses.replace(
            drawn, recorded_at=before.recorded_at, updated_at=at, merged_into=merged
        )
        published = date(2025, 5, 1) + timedelta(days=dice.randrange(90))
        made = record(after, RecordKind.AMENDED, at, claim=claim(1000 + step, published))
        histories[n] += store.append([made])


def _ids(store: SqlStore, query: EventQuery) -> list[EventId]:
    found: list[EventId] = []
    while True:
        page = store.events(query)
        found += [one.id for one in page.items]
        if page.next_cursor is None:
            return found
        query = dataclasses.replace(query, cursor=page.next_cursor)


def _then(history: list[Record], query: EventQuery) -> Event | None:
    """The oracle: the state after the newest record that was there at the time asked for."""
    held = [
        one
        for one in history
        if (query.known_at is None or one.recorded_at <= query.known_at)
        and (query.as_of is None or public_at(one) <= query.as_of)
    ]
    return held[-1].event if held else None


def _expected(histories: list[list[Record]], query: EventQuery) -> list[EventId]:
    found = []
    for history in histories:
        state = _then(history, query)
        if state is None or not matches(query.filter, state):
            continue
        if (state.silent and not query.include_silent) or (
            state.merged_into and not query.include_merged
        ):
            continue
        found.append((history[0].sequence, state.id))
    return [one for _, one in sorted(found, reverse=not query.oldest_first)]


def test_filters_mean_in_sql_what_they_mean_in_memory(store: SqlStore) -> None:
    histories = _fill(store)
    times: tuple[dict[str, datetime], ...] = (
        {"known_at": NOW + DAY * 10 + timedelta(hours=20)},
        {"known_at": NOW + DAY * 3},
        {"as_of": NOW},
        {"as_of": NOW + DAY * 20, "known_at": NOW + DAY * 11},
    )
    for number, expression in enumerate(EXPRESSIONS):
        asked = parse(expression, NOW.date())
        for time in ({}, times[number % len(times)]):
            query = EventQuery(
                filter=asked,
                limit=7 + number % 40,
                include_silent=number % 3 != 0,
                include_merged=number % 2 == 0,
                oldest_first=number % 5 == 0,
                **time,
            )
            expected = _expected(histories, query)
            assert _ids(store, query) == expected, (expression, time)
            assert store.count_events(query).value == len(expected), (expression, time)
    assert store.verify() == ()


def test_counts_facets_and_series_agree_with_the_events(store: SqlStore) -> None:
    histories = _fill(store)
    for time in ({}, {"known_at": NOW + DAY * 10 + timedelta(hours=20)}):
        query = EventQuery(filter=parse("-zebra", NOW.date()), limit=1000, **time)
        events = store.events(query).items
        facets = store.facets(query)
        assert sum(n for _, n in facets["type"]) == len(events)
        assert dict(facets["state"])["TX"] == sum(e.jurisdiction.state == "TX" for e in events)
        assert [n for _, n in facets["tier"]] == sorted(
            (n for _, n in facets["tier"]), reverse=True
        )
        for bucket, first in (("day", "2025-06-02"), ("week", "2025-W23"), ("month", "2025-06")):
            series = store.series(query, bucket)
            assert sum(n for _, n in series) == len(events)
            assert series[0][0] == first
            assert list(series) == sorted(series)
    count = store.count_events(query, cap=5)
    assert (count.value, count.capped) == (5, True)
    assert len(histories) == 160
    with pytest.raises(FilterError):
        store.series(query, "year")


def test_changes_since_come_oldest_first_and_follow_a_cursor(store: SqlStore) -> None:
    histories = _fill(store)
    since = NOW + DAY * 10 + timedelta(hours=10)
    query = EventQuery(filter=ALL, changed_since=since, limit=4, include_merged=True)
    changed = [h for h in histories if h[-1].recorded_at > since]
    expected = [h[0].event.id for h in sorted(changed, key=lambda h: h[-1].sequence)]
    assert _ids(store, query) == expected
    until = since + timedelta(hours=15)
    known = dataclasses.replace(query, known_at=until)
    then = [[r for r in h if r.recorded_at <= until] for h in histories]
    touched = [h for h in then if h and h[-1].recorded_at > since]
    assert _ids(store, known) == [
        h[0].event.id for h in sorted(touched, key=lambda h: h[-1].sequence)
    ]


@pytest.mark.parametrize("cursor", ["x", "W10", "WyJhIl0", "WzEuNV0", "é", "WzEsMl0"])
def test_a_strange_cursor_is_refused(store: SqlStore, cursor: str) -> None:
    with pytest.raises(FilterError):
        store.events(EventQuery(filter=ALL, cursor=cursor))


def test_a_filter_that_needs_a_gazetteer_is_refused(store: SqlStore) -> None:
    near = Filter(terms=(Term(field="near", values=("48113~50km",)),))
    with pytest.raises(FilterError, match="gazetteer"):
        store.events(EventQuery(filter=near))


def test_values_never_become_sql(store: SqlStore) -> None:
    store.append([record(event())])
    hostile = "x') OR 1=1; DROP TABLE event; --"
    for field in ("state", "source", "county", "agency", "place", "text", "bill"):
        asked = Filter(terms=(Term(field=field, values=(hostile, '" OR "'), negated=False),))
        assert store.events(EventQuery(filter=asked)).items == ()
    assert store.event(event().id) == event()


def test_one_event_now_and_as_known_then(store: SqlStore) -> None:
    first = event()
    later = dataclasses.replace(first, status=Rung.OFFICIAL, updated_at=NOW + DAY)
    store.append([record(first), record(later, RecordKind.CLIMBED, NOW + DAY)])
    assert store.event(first.id) == later
    assert store.event(first.id, NOW) == first
    assert store.event(first.id, NOW - DAY) is None
    assert [r.kind for r in store.records(first.id)] == [RecordKind.OPENED, RecordKind.CLIMBED]
    assert [r.sequence for r in store.records(after_sequence=1)] == [2]
    assert [r.sequence for r in store.records(until_sequence=1)] == [1]
    assert store.last_sequence() == 2


def test_records_are_chained_per_source_and_people(store: SqlStore) -> None:
    stored = store.append([record(event(n), chain="people" if n % 2 else SOURCE) for n in range(4)])
    assert [r.sequence for r in stored] == [1, 2, 3, 4]
    assert stored[2].previous_hash == stored[0].hash
    assert stored[3].previous_hash == stored[1].hash
    assert store.records() == stored


def test_a_record_is_stored_once(store: SqlStore) -> None:
    store.append([record(event())])
    with pytest.raises(Conflict):
        store.append([record(event(1)), record(event())], [delivery(1)])
    assert store.last_sequence() == 1
    assert store.deliveries() == ()
    assert store.event(event(1).id) is None


def test_candidates_carry_a_key_and_are_not_merged(store: SqlStore) -> None:
    merged = event(2, keys=("shared",), merged_into=event(1).id)
    store.append(
        [record(event(0, keys=("shared",))), record(event(1, keys=("shared",))), record(merged)]
    )
    found = store.candidate_events(["shared", "key-0", "none"])
    assert [one.id for one in found] == [event(1).id, event(0).id]
    moved = dataclasses.replace(event(0), event_key="other", keys=())
    store.append([record(moved, RecordKind.SPLIT, NOW + DAY)])
    assert [one.id for one in store.candidate_events(["shared", "key-0"])] == [event(1).id]
    assert store.candidate_events([]) == ()


def test_a_decision_on_events_that_moved_meanwhile_is_a_conflict(store: SqlStore) -> None:
    store.append([record(event(0, keys=("shared",)))])
    seen = store.last_sequence()
    other = PageCommit(source_id=SOURCE, records=(record(event(5)),), expected_sequence=seen)
    store.append([record(event(1, keys=("shared",)))])
    store.commit_page(other)  # touches nothing that moved
    late = PageCommit(
        source_id=SOURCE, records=(record(event(2, keys=("shared",))),), expected_sequence=seen
    )
    with pytest.raises(Conflict):
        store.commit_page(late)
    again = dataclasses.replace(late, expected_sequence=store.last_sequence())
    assert store.commit_page(again)[0].sequence == 4


def test_any_text_is_stored_as_it_came(store: SqlStore) -> None:
    odd = event(0, title="nul \x00 and \ud800 lone", quote="”’´ ﬁ ½ 中", keys=("\x00k",))
    store.append([record(odd)])
    assert store.event(odd.id) == odd
    assert store.candidate_events(["\x00k"]) == (odd,)
    assert store.verify() == ()


def test_checkpoints_follow_each_other(store: SqlStore) -> None:
    empty = store.checkpoint(NOW)
    store.append([record(event())])
    first = store.checkpoint(NOW + DAY)
    store.append([record(event(1), chain="people")])
    assert [h for _, _, h in store.checkpoints()] == [empty, first]
    assert store.verify() == ()


def test_evidence_and_claims_are_kept_with_the_page(store: SqlStore) -> None:
    seen, said = snapshot(), claim()
    opened = event(0, evidence=(evidence(seen, said),))
    page = PageCommit(
        source_id=SOURCE, snapshots=(seen,), claims=(said,), records=(record(opened, claim=said),)
    )
    store.commit_page(page)
    assert store.event(opened.id) == opened
    assert store.body(seen.body_hash) == seen.body
    assert store.verify() == ()
