"""Queries over the event log: pages by keyset, counts, facets, series, now and at earlier times.

Order is that of the log: by the sequence of the opening record, newest first. An earlier time is
asked with two clocks: `known_at` (what this log had recorded) and `as_of` (what was published).
Events that no later record touched stand as they stood then and are found by SQL; the few that
were touched since are read from their records and judged by the same filter in memory.
"""

from __future__ import annotations

import base64
import dataclasses
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from heapq import merge
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select

from monitor.domain.errors import FilterError
from monitor.domain.event import Event
from monitor.domain.filter import matches
from monitor.stores import Count, EventQuery, Page
from storage.codec import loads, moment_of, moment_text
from storage.compile import Plan, plan
from storage.part import Part, chunks, later_than
from storage.projection import event_columns
from storage.search import fts5_between
from storage.tables import EVENT, RECORD

T = TypeVar("T")
_FACETS = {
    "type": EVENT.c.event_type,
    "state": EVENT.c.state,
    "model": EVENT.c.model,
    "status": EVENT.c.status,
    "tier": EVENT.c.tier,
    "direction": EVENT.c.direction,
}
_WINDOW = 400
#: Where an event stands in a list: its sequence, or moment and sequence of its newest record.
Place = tuple[int] | tuple[datetime, int]
Conditions = tuple[ColumnElement[bool], ...]
Hit = tuple[Place, int]  #: its place and the sequence of the record that holds its state


class QueryPart(Part):
    """The reading half of LogStore."""

    def events(self, query: EventQuery) -> Page[Event]:
        """A page of events. Raises FilterError for a cursor that is not ours."""
        after = _cursor_place(query)
        with self.db.read() as connection:
            hits = list(islice(self._hits(connection, query, after), query.limit + 1))
            shown = hits[: query.limit]
            found = _states(connection, [record for _, record in shown])
        more = len(hits) > query.limit and bool(shown)
        return Page(
            items=tuple(found[record] for _, record in shown),
            next_cursor=_cursor(shown[-1][0]) if more else None,
        )

    def count_events(self, query: EventQuery, cap: int = 10_000) -> Count:
        """How many events match, counted up to `cap`."""
        with self.db.read() as connection:
            if _is_present(query):
                some = self._present(query, (EVENT.c.sequence,)).limit(cap + 1).subquery()
                number = connection.execute(select(func.count()).select_from(some)).scalar_one()
            else:
                number = sum(1 for _ in islice(self._hits(connection, query, None), cap + 1))
        return Count(value=min(number, cap), capped=number > cap)

    def facets(
        self, query: EventQuery, cap: int = 10_000
    ) -> dict[str, tuple[tuple[str, int], ...]]:
        """Counts over the `cap` newest matches, most frequent first; no value is left out."""
        columns = tuple(_FACETS.values())
        rows = self._rows(query, columns, cap)
        counts = Counter(rows)
        return {name: _facet(counts, number) for number, name in enumerate(_FACETS)}

    def series(self, query: EventQuery, bucket: str) -> tuple[tuple[str, int], ...]:
        """Counts per "day", "week" or "month" of recorded_at (UTC), oldest first.

        Labels are ISO: 2025-06-01, 2025-W22, 2025-06. Raises FilterError for another bucket.
        """
        label = _bucket(bucket)
        with self.db.read() as connection:
            if _is_present(query):
                days = self._day_counts(connection, query)
            else:
                days = Counter(row[0] for row in self._old_rows(connection, query, [_DAY], None))
        totals: Counter[str] = Counter()
        for day, number in days.items():
            totals[label(date.fromisoformat(day))] += number
        return tuple(sorted(totals.items()))

    def _day_counts(self, connection: Connection, query: EventQuery) -> dict[str, int]:
        grouped = self._present(query, (EVENT.c.recorded_day, func.count()))
        rows = connection.execute(grouped.group_by(EVENT.c.recorded_day))
        return {day: number for day, number in rows}

    def _rows(
        self, query: EventQuery, columns: Sequence[ColumnElement[Any]], cap: int
    ) -> Iterable[tuple[Any, ...]]:
        """These columns of the `cap` newest matches."""
        with self.db.read() as connection:
            if not _is_present(query):
                return self._old_rows(connection, query, columns, cap)
            asked = dataclasses.replace(query, oldest_first=False, changed_since=None)
            if query.changed_since is not None:
                newest = self._present(query, tuple(columns)).limit(cap)
                return [tuple(row) for row in connection.execute(newest)]
            rows = self._newest(connection, asked, (EVENT.c.sequence, *columns), None, cap)
            return [tuple(row[1:]) for row in rows]

    def _old_rows(
        self,
        connection: Connection,
        query: EventQuery,
        columns: Sequence[ColumnElement[Any]],
        cap: int | None,
    ) -> list[tuple[Any, ...]]:
        records = [record for _, record in islice(self._hits(connection, query, None), cap)]
        found: list[tuple[Any, ...]] = []
        for some in chunks(records):
            for event in _states(connection, some).values():
                held = event_columns(event)
                found.append(tuple(held[column.name] for column in columns))
        return found

    def _hits(
        self, connection: Connection, query: EventQuery, after: Place | None
    ) -> Iterator[Hit]:
        """All matches in order, from after the place on."""
        present = self._present_hits(connection, query, after)
        if _is_present(query):
            return present
        earlier = self._earlier_hits(connection, query, after)
        newest_first = not (query.oldest_first or query.changed_since)
        return merge(present, earlier, key=lambda hit: hit[0], reverse=newest_first)

    def _plan(self, query: EventQuery) -> Plan:
        return plan(query.filter, sqlite=self.db.is_sqlite)

    def _present(self, query: EventQuery, columns: tuple[Any, ...]) -> Select[Any]:
        """Matches whose newest state is the one asked for."""
        made = self._plan(query)
        return self._chosen(query, made, made.conditions, columns)

    def _chosen(
        self, query: EventQuery, made: Plan, conditions: Conditions, columns: tuple[Any, ...]
    ) -> Select[Any]:
        chosen = select(*columns).select_from(made.source).where(*conditions)
        if not query.include_silent:
            chosen = chosen.where(EVENT.c.silent.is_(False))
        if not query.include_merged:
            chosen = chosen.where(EVENT.c.merged.is_(False))
        if query.changed_since is not None:
            chosen = chosen.where(EVENT.c.last_recorded_at > query.changed_since)
        if query.known_at is not None:
            chosen = chosen.where(made.order <= _last_known(query.known_at))
        return chosen.where(*_unchanged_since(query))

    def _newest(
        self,
        connection: Connection,
        query: EventQuery,
        columns: tuple[Any, ...],
        after: Place | None,
        limit: int,
    ) -> list[Any]:
        """The first rows in order after the place; the first column is what they are ordered by."""
        made = self._plan(query)
        if made.left_out and limit <= _WINDOW and query.changed_since is None:
            return self._newest_left(connection, query, made, columns, after, limit)
        rows: list[Any] = []
        for branch in made.branches:
            page = _ordered(self._chosen(query, made, branch, columns), query, made.order, after)
            rows += connection.execute(page.limit(limit)).all()
        if len(made.branches) > 1:
            newest_first = not (query.oldest_first or query.changed_since)
            key = (lambda row: row[1:3]) if query.changed_since else (lambda row: row[0])
            rows.sort(key=key, reverse=newest_first)
        return rows[:limit]

    def _newest_left(
        self,
        connection: Connection,
        query: EventQuery,
        made: Plan,
        columns: tuple[Any, ...],
        after: Place | None,
        limit: int,
    ) -> list[Any]:
        """As _newest(), the text to leave out looked up around the rows that are read."""
        rows: list[Any] = []
        for window in (_WINDOW, 4 * _WINDOW):
            page = _ordered(self._chosen(query, made, made.kept, columns), query, made.order, after)
            read = connection.execute(page.limit(window)).all()
            if read:
                after = (read[-1][0],)
                out = fts5_between(connection, made.left_out, *sorted((read[0][0], after[0])))
                rows += [row for row in read if row[0] not in out]
            if len(rows) >= limit or len(read) < window:
                return rows[:limit]
        # nearly everything is left out: gather what is and read on past it
        rest = self._chosen(query, made, made.conditions, columns)
        rest = _ordered(rest, query, made.order, after).limit(limit - len(rows))
        return [*rows, *connection.execute(rest)]

    def _present_hits(
        self, connection: Connection, query: EventQuery, after: Place | None
    ) -> Iterator[Hit]:
        columns = (EVENT.c.sequence, EVENT.c.last_recorded_at, EVENT.c.last_sequence)
        limit = query.limit + 1
        while True:
            rows = self._newest(connection, query, columns, after, limit)
            for row in rows:
                after = (row[1], row[2]) if query.changed_since else (row[0],)
                yield after, row[2]
            if len(rows) < limit:
                return
            limit = _WINDOW

    def _earlier_hits(
        self, connection: Connection, query: EventQuery, after: Place | None
    ) -> Iterator[Hit]:
        """Events that were touched since: judged by their state at that time."""
        if query.changed_since is not None:
            yield from sorted(self._earlier_changes(connection, query, after))
            return
        touched = EVENT.c.sequence.in_(_touched_since(query))
        chosen = select(EVENT.c.sequence, EVENT.c.id).where(touched)
        while True:
            page = _ordered(chosen, query, EVENT.c.sequence, after).limit(_WINDOW)
            rows = connection.execute(page).all()
            held = _records_then(connection, query, [row.id for row in rows])
            for row in rows:
                after = (row.sequence,)
                if row.id in held and _asked(query, held[row.id][1]):
                    yield after, held[row.id][0]
            if len(rows) < _WINDOW:
                return

    def _earlier_changes(
        self, connection: Connection, query: EventQuery, after: Place | None
    ) -> Iterator[Hit]:
        touched = EVENT.c.sequence.in_(_touched_since(query))
        ids = connection.execute(select(EVENT.c.id).where(touched)).scalars().all()
        for some in chunks(ids, _WINDOW):
            held = _records_then(connection, query, some)
            for record, event, recorded_at in held.values():
                place = (recorded_at, record)
                changed = query.changed_since is None or recorded_at > query.changed_since
                if changed and (after is None or place > after) and _asked(query, event):
                    yield place, record


_DAY = EVENT.c.recorded_day


def _last_known(moment: datetime) -> ColumnElement[int]:
    """Nothing opened by a later record was known: the scan starts there, not at the newest."""
    # "+ 0": else SQLite walks the records from the newest instead of the index on recorded_at
    newest = select(func.max(RECORD.c.sequence + 0)).where(RECORD.c.recorded_at <= moment)
    return newest.scalar_subquery()


def _is_present(query: EventQuery) -> bool:
    return query.as_of is None and query.known_at is None


def _unchanged_since(query: EventQuery) -> list[ColumnElement[bool]]:
    """The newest record was there already."""
    found: list[ColumnElement[bool]] = []
    if query.known_at is not None:
        found.append(EVENT.c.last_recorded_at <= query.known_at)
    if query.as_of is not None:
        found.append(EVENT.c.last_public_at <= query.as_of)
    return found


def _touched_since(query: EventQuery) -> Select[Any]:
    """Sequences of events of which some record was there already, but not the newest.

    Read from the indexes on the newest record alone: for a late moment they are few.
    """
    found: list[ColumnElement[bool]] = []
    later: list[ColumnElement[bool]] = []
    other = EVENT.alias("other")
    if query.known_at is not None:
        found.append(other.c.recorded_at <= query.known_at)
        later.append(other.c.last_recorded_at > query.known_at)
    if query.as_of is not None:
        found.append(other.c.public_at <= query.as_of)
        later.append(other.c.last_public_at > query.as_of)
    return select(other.c.sequence).where(*found, or_(*later))


def _records_then(
    connection: Connection, query: EventQuery, ids: Sequence[str]
) -> dict[str, tuple[int, Event, datetime]]:
    """event id -> (sequence, state, moment) of its newest record at the time asked for."""
    limits: list[ColumnElement[bool]] = [RECORD.c.event_id.in_(ids)]
    if query.known_at is not None:
        limits.append(RECORD.c.recorded_at <= query.known_at)
    if query.as_of is not None:
        limits.append(RECORD.c.public_at <= query.as_of)
    newest = select(func.max(RECORD.c.sequence)).where(*limits).group_by(RECORD.c.event_id)
    rows = connection.execute(
        select(RECORD.c.event_id, RECORD.c.sequence, RECORD.c.recorded_at, RECORD.c.event).where(
            RECORD.c.sequence.in_(newest)
        )
    )
    return {row.event_id: (row.sequence, loads(Event, row.event), row.recorded_at) for row in rows}


def _asked(query: EventQuery, event: Event) -> bool:
    if event.silent and not query.include_silent:
        return False
    if event.merged_into is not None and not query.include_merged:
        return False
    return matches(query.filter, event)


def _ordered(
    chosen: Select[Any], query: EventQuery, order: ColumnElement[int], after: Place | None
) -> Select[Any]:
    if query.changed_since is not None:
        key = (EVENT.c.last_recorded_at, EVENT.c.last_sequence)
        if after is not None:
            chosen = chosen.where(later_than(key, after))
        return chosen.order_by(*key)
    if after is not None:
        chosen = chosen.where(order > after[0] if query.oldest_first else order < after[0])
    return chosen.order_by(order.asc() if query.oldest_first else order.desc())


def _states(connection: Connection, records: Sequence[int]) -> dict[int, Event]:
    """Record sequence -> the event after it, in the order given."""
    found: dict[int, str] = {}
    for some in chunks(records):
        query = select(RECORD.c.sequence, RECORD.c.event).where(RECORD.c.sequence.in_(some))
        found |= {sequence: body for sequence, body in connection.execute(query)}
    return {sequence: loads(Event, found[sequence]) for sequence in records}


def _facet(counts: Counter[tuple[Any, ...]], number: int) -> tuple[tuple[str, int], ...]:
    totals: Counter[str] = Counter()
    for row, times in counts.items():
        if row[number]:
            totals[row[number]] += times
    return tuple(sorted(totals.items(), key=lambda pair: (-pair[1], pair[0])))


def _bucket(bucket: str) -> Any:
    match bucket:
        case "day":
            return date.isoformat
        case "month":
            return lambda day: day.isoformat()[:7]
        case "week":
            return lambda day: "{0.year}-W{0.week:02d}".format(day.isocalendar())
        case other:
            raise FilterError(f"no bucket is called {other!r}; use day, week or month", position=0)


def _cursor(place: Place) -> str:
    parts = [moment_text(p) if isinstance(p, datetime) else p for p in place]
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def _cursor_place(query: EventQuery) -> Place | None:
    """Raises FilterError for a cursor of another kind of list or of somebody else's making."""
    if query.cursor is None:
        return None
    try:
        padded = query.cursor + "=" * (-len(query.cursor) % 4)
        parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if query.changed_since is None:
            (sequence,) = parts
            return (_whole(sequence),)
        moment, sequence = parts
        return (moment_of(moment), _whole(sequence))
    except (ValueError, TypeError) as error:
        raise FilterError(
            "the cursor is not one of this list; start again without it", position=0
        ) from error


def _whole(number: object) -> int:
    if not isinstance(number, int) or not 0 <= number < 2**63:
        raise ValueError(number)
    return number
