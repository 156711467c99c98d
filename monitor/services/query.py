"""The one query service: what CLI, API, pages and feeds ask, so that all get the same answer."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from threading import Lock
from typing import TypeVar, cast

from monitor.domain.errors import FilterError
from monitor.domain.event import Event, Record
from monitor.domain.filter import (
    Filter,
    Term,
    bill_key,
    expand_near,
    normal_phrase,
    parse,
    search_tokens,
    show,
)
from monitor.domain.ident import EventId
from monitor.domain.roster import Agreement, LedgerOutcome, RosterCounts, RowState
from monitor.ports import Clock, Count, EventQuery, Page, Store
from monitor.resolve.gazetteer import Gazetteer

T = TypeVar("T")

#: Redirects after merges are followed so far; a longer chain is a fault of the log.
MAX_REDIRECTS = 20
MAX_LIMIT = 200
MAX_KEPT = 256
#: Fields that a row of the roster has; `since` and `until` compare SIGNED.
ROSTER_FIELDS = ("state", "county", "model", "agency", "place", "text", "since", "until")
#: An export stops here and says so.
MAX_EXPORT = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question as understood: the canonical expression and the query for the store."""

    expression: str  #: canonical; parses back to `filter`
    filter: Filter  #: as asked, `near` not expanded
    query: EventQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    """One event with its history; `asked_id` differs from the event's id after a merge."""

    event: Event
    asked_id: EventId
    records: tuple[Record, ...]
    related: tuple[tuple[str, Event], ...] = ()

    @property
    def redirected(self) -> bool:
        """Whether the asked id was merged into another event."""
        return self.asked_id != self.event.id


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterView:
    """Agreements of one moment; `at` is None for the newest publication."""

    agreements: tuple[Agreement, ...]
    listed: tuple[Agreement, ...]  #: active, unconfirmed or held
    counts: RosterCounts | None
    at: datetime | None
    published_at: datetime | None  #: newest publication that this rests on
    by_model: tuple[tuple[str, int], ...]
    by_state: tuple[tuple[str, int], ...]

    @property
    def agencies(self) -> int:
        """Distinct agencies that are listed."""
        return len({agreement.row.agency_id for agreement in self.listed})


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterDiff:
    """What the roster of one day has that the other has not."""

    before: RosterView
    after: RosterView
    added: tuple[Agreement, ...]
    gone: tuple[Agreement, ...]
    changed: tuple[tuple[Agreement, Agreement], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyView:
    """One agency: every name it was listed under, its agreements and what the log says of it."""

    agency_id: str
    name: str
    names: tuple[str, ...]
    state: str
    county: str | None
    agreements: tuple[Agreement, ...]
    events: tuple[Event, ...]
    outcomes: tuple[LedgerOutcome, ...] = ()


class QueryService:
    """Questions to the log and the roster, in the words of the one grammar."""

    def __init__(self, *, store: Store, gazetteer: Gazetteer, clock: Clock) -> None:
        """Counts, facets and series are remembered until the log grows; nothing else is."""
        self._store = store
        self._numbers = _Numbers(store)
        self._clock = clock
        self.gazetteer = gazetteer

    def parse(self, text: str) -> Filter:
        """The filter of an expression, county names understood. Raises FilterError."""
        return parse(text, self._clock.now().date(), self.gazetteer.find_counties)

    def expanded(self, filter: Filter) -> Filter:
        """The filter as the store takes it: `near` is a list of counties. Raises FilterError."""
        return expand_near(filter, self._counties_near)

    def ask(
        self,
        text: str = "",
        *,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
        changed_since: datetime | None = None,
        cursor: str | None = None,
        limit: int = 50,
        include_silent: bool = True,
    ) -> Asked:
        """A question; `limit` is held within 1 and 200. Raises FilterError."""
        filter = self.parse(text)
        query = EventQuery(
            filter=self.expanded(filter),
            as_of=as_of,
            known_at=known_at,
            changed_since=changed_since,
            cursor=cursor,
            limit=max(1, min(limit, MAX_LIMIT)),
            include_silent=include_silent,
        )
        return Asked(expression=show(filter), filter=filter, query=query)

    def events(self, asked: Asked) -> Page[Event]:
        """One page, newest recorded first."""
        return self._store.events(asked.query)

    def each(self, asked: Asked, limit: int = MAX_EXPORT) -> Iterator[Event]:
        """All events of the question from its cursor on, page by page, at most `limit`."""
        query = replace(asked.query, limit=MAX_LIMIT)
        left = limit
        while left > 0:
            page = self._store.events(replace(query, limit=min(MAX_LIMIT, left)))
            yield from page.items
            left -= len(page.items)
            if page.next_cursor is None or not page.items:
                return
            query = replace(query, cursor=page.next_cursor)

    def count(self, asked: Asked) -> Count:
        """How many, counted up to 10,000."""
        query = replace(asked.query, cursor=None)
        return self._numbers.get(("count", query), lambda: self._store.count_events(query))

    def facets(self, asked: Asked) -> dict[str, tuple[tuple[str, int], ...]]:
        """Counts by type, state, model, status, tier, direction."""
        query = replace(asked.query, cursor=None)
        return self._numbers.get(("facets", query), lambda: self._store.facets(query))

    def series(self, asked: Asked, bucket: str) -> tuple[tuple[str, int], ...]:
        """Counts per day, week or month of recording, oldest first."""
        query = replace(asked.query, cursor=None)
        return self._numbers.get((bucket, query), lambda: self._store.series(query, bucket))

    def event(self, event_id: str, known_at: datetime | None = None) -> EventView | None:
        """The event behind an id, merges followed, with its records oldest first."""
        found = self._store.event(EventId(event_id), known_at)
        for _ in range(MAX_REDIRECTS):
            if found is None or found.merged_into is None:
                break
            found = self._store.event(found.merged_into, known_at) or found
        if found is None:
            return None
        records = self._store.records(event_id=found.id)
        if known_at is not None:
            records = tuple(record for record in records if record.recorded_at <= known_at)
        related = tuple(
            (relation, other)
            for relation, other_id in found.links[:50]
            if (other := self._store.event(other_id, known_at)) is not None
        )
        return EventView(event=found, asked_id=EventId(event_id), records=records, related=related)

    def records(self, after: int, limit: int) -> tuple[Record, ...]:
        """Records of the whole log in order, after a sequence number."""
        return self._store.records(after_sequence=after, limit=max(1, min(limit, 1000)))

    def roster(self, at: datetime | None = None, expression: str = "") -> RosterView:
        """The roster now or as published by a moment; `state`, `county`, `agency`, `model` filter.

        Raises FilterError.
        """
        filter = self.expanded(self.parse(expression))
        every = self._store.agreements() if at is None else self._store.agreements_as_of(at)
        kept = tuple(one for one in every if _roster_matches(filter, one))
        listed = tuple(one for one in kept if one.state is not RowState.ENDED)
        return RosterView(
            agreements=kept,
            listed=listed,
            counts=self._store.roster_counts() if at is None else None,
            at=at,
            published_at=max((one.last_seen_at for one in every), default=None),
            by_model=_counted(one.row.model.value for one in listed),
            by_state=_counted(one.row.state for one in listed),
        )

    def roster_series(self, expression: str = "") -> tuple[tuple[str, int], ...]:
        """Agreements listed at the end of each month, from the first sighting on, oldest first.

        Raises FilterError.
        """
        filter = self.expanded(self.parse(expression))
        every = [one for one in self._store.agreements() if _roster_matches(filter, one)]
        return _listed_by_month(every, self._clock.now().date())

    def roster_diff(self, before: datetime, after: datetime, expression: str = "") -> RosterDiff:
        """What changed on the roster between two moments. Raises FilterError."""
        old, new = self.roster(before, expression), self.roster(after, expression)
        was = {agreement.id: agreement for agreement in old.listed}
        now = {agreement.id: agreement for agreement in new.listed}
        return RosterDiff(
            before=old,
            after=new,
            added=tuple(one for key, one in now.items() if key not in was),
            gone=tuple(one for key, one in was.items() if key not in now),
            changed=tuple(
                (was[key], one)
                for key, one in now.items()
                if key in was and _shown_cells(was[key]) != _shown_cells(one)
            ),
        )

    def agency(self, agency_id: str) -> AgencyView | None:
        """One agency by its permanent id, None when nothing is known of it."""
        own = tuple(one for one in self._store.agreements() if one.row.agency_id == agency_id)
        if not own:
            return None
        newest = max(own, key=lambda one: one.last_seen_at).row
        outcomes = tuple(
            outcome
            for agreement in own
            for outcome in self._store.ledger_outcomes(agreement_id=agreement.id, limit=200)
        )
        rows = [row for outcome in outcomes for row in (outcome.before, outcome.after) if row]
        names = dict.fromkeys([newest.agency, *(row.agency for row in rows)])
        return AgencyView(
            agency_id=agency_id,
            name=newest.agency,
            names=tuple(names),
            state=newest.state,
            county=newest.county_fips,
            agreements=own,
            events=self._agency_events(agency_id, newest.state, tuple(names)),
            outcomes=tuple(sorted(outcomes, key=lambda one: one.told_at)),
        )

    def bill_events(self, state: str, bill: str) -> tuple[Event, ...]:
        """What the log says of one bill of a state, newest first."""
        terms = [Term(field="bill", values=(bill_key(bill),))]
        if state:
            terms.append(Term(field="state", values=(state,)))
        query = EventQuery(filter=Filter(terms=tuple(terms)), limit=MAX_LIMIT)
        return self._store.events(query).items

    def _agency_events(self, agency_id: str, state: str, names: Sequence[str]) -> tuple[Event, ...]:
        phrases = tuple(phrase for name in names if (phrase := normal_phrase(name)))
        if not phrases:
            return ()
        of_agency = Filter(
            terms=(
                Term(field="state", values=(state,)),
                Term(field="agency", values=phrases),
            )
        )
        page = self._store.events(EventQuery(filter=of_agency, limit=MAX_LIMIT))
        return tuple(event for event in page.items if event.agency_id in (None, agency_id))

    def _counties_near(self, place: str, km: int) -> tuple[str, ...]:
        return tuple(county.fips for county in self.gazetteer.near(place, km))


class _Numbers:
    """Results that depend on the log alone, kept until its next record; the newest 256."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = Lock()
        self._kept: OrderedDict[Hashable, object] = OrderedDict()
        self._sequence = -1

    def get(self, key: Hashable, count: Callable[[], T]) -> T:
        """The kept result, else a fresh one."""
        sequence = self._store.last_sequence()
        with self._lock:
            if sequence != self._sequence:
                self._kept.clear()
                self._sequence = sequence
            if key in self._kept:
                self._kept.move_to_end(key)
                return cast(T, self._kept[key])
        found = count()
        with self._lock:
            if sequence == self._sequence:
                self._kept[key] = found
                if len(self._kept) > MAX_KEPT:
                    self._kept.popitem(last=False)
        return found


def end_of_day(day: date) -> datetime:
    """The last instant of a UTC day; "as of" a day means what was known when it ended."""
    return datetime.combine(day, time.max, UTC)


def _counted(values: Iterable[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0])))


def _listed_by_month(every: Sequence[Agreement], today: date) -> tuple[tuple[str, int], ...]:
    """Running sum of sightings and ends; a return counts from its newest first sighting."""
    if not every:
        return ()
    steps: Counter[int] = Counter()
    for agreement in every:
        steps[_month(agreement.first_listed_at)] += 1
        if agreement.ended_at is not None:
            steps[_month(agreement.ended_at)] -= 1
    found, listed = [], 0
    for month in range(min(steps), today.year * 12 + today.month):
        listed += steps[month]
        found.append((f"{month // 12}-{month % 12 + 1:02d}", listed))
    return tuple(found)


def _month(moment: datetime) -> int:
    return moment.year * 12 + moment.month - 1


def _shown_cells(agreement: Agreement) -> tuple[object, ...]:
    row = agreement.row
    return (row.agency, row.type, row.county, row.signed, row.moa, row.addendum)


def _roster_matches(filter: Filter, agreement: Agreement) -> bool:
    return all(_roster_term(term, agreement) != term.negated for term in filter.terms)


def _roster_term(term: Term, agreement: Agreement) -> bool:
    row = agreement.row
    match term.field:
        case "state":
            return row.state in term.values
        case "county":
            return row.county_fips in term.values
        case "model":
            return row.model.value in term.values
        case "agency" | "place" | "text":
            words = set(search_tokens(f"{row.agency} {row.county or ''} {row.state}"))
            return any(set(value.split()) <= words for value in term.values)
        case "since" | "until":
            day = row.signed.isoformat() if row.signed else ""
            return bool(day) and (
                day >= term.values[0] if term.field == "since" else day <= term.values[0]
            )
        case _:
            raise FilterError(
                f"the roster has no {term.field}; it knows {', '.join(ROSTER_FIELDS)}",
                position=term.position,
            )
