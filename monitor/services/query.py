"""The one query service: what CLI, API, pages and feeds ask, so that all get the same answer."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from typing import TypeVar, cast

from monitor.domain.event import Event, Record
from monitor.domain.filter import (
    Filter,
    Term,
    bill_key,
    expand_near,
    normal_phrase,
    parse,
    show,
)
from monitor.domain.ident import EventId
from monitor.domain.roster import Agreement, LedgerOutcome
from monitor.domain.vocabulary import Worth
from monitor.ports import Clock
from monitor.resolve.gazetteer import Gazetteer
from monitor.services.roster_query import RosterDiff, RosterQuery, RosterView, diff
from monitor.stores import Count, EventQuery, Page, Store

T = TypeVar("T")

#: Redirects after merges are followed so far; a longer chain is a fault of the log.
MAX_REDIRECTS = 20
MAX_LIMIT = 200
MAX_KEPT = 256
#: An export stops here and says so.
MAX_EXPORT = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question as understood: the canonical expression and the query for the store."""

    expression: str  #: canonical; parses back to `filter`
    filter: Filter  #: as asked, `near` not expanded
    query: EventQuery  #: `near` expanded; what waits for a review left out unless asked for


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
        self._roster = RosterQuery(store)
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
        unreviewed: bool = False,
    ) -> Asked:
        """A question; `limit` is held within 1 and 200. Raises FilterError.

        Events worth a review that nobody has reviewed are left out, unless the expression names
        `worth` (worth:alert,review is everything) or `unreviewed` is set.
        """
        filter = self.parse(text)
        expanded = self.expanded(filter)
        query = EventQuery(
            filter=expanded if unreviewed else without_unreviewed(expanded),
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
        return self._roster.view(self.expanded(self.parse(expression)), at)

    def roster_series(self, expression: str = "") -> tuple[tuple[str, int], ...]:
        """Agreements listed at the end of each month, as far as the roster was observed.

        Raises FilterError.
        """
        return self._roster.series(self.expanded(self.parse(expression)))

    def roster_diff(self, before: datetime, after: datetime, expression: str = "") -> RosterDiff:
        """What changed on the roster between two moments. Raises FilterError."""
        filter = self.expanded(self.parse(expression))
        return diff(self._roster.view(filter, before), self._roster.view(filter, after))

    def agency(self, agency_id: str, *, unreviewed: bool = False) -> AgencyView | None:
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
            events=self._agency_events(agency_id, newest.state, tuple(names), unreviewed),
            outcomes=tuple(sorted(outcomes, key=lambda one: one.told_at)),
        )

    def bill_events(self, state: str, bill: str, *, unreviewed: bool = False) -> tuple[Event, ...]:
        """What the log says of one bill of a state, newest first."""
        terms = [Term(field="bill", values=(bill_key(bill),))]
        if state:
            terms.append(Term(field="state", values=(state,)))
        return self._newest(Filter(terms=tuple(terms)), unreviewed)

    def _newest(self, filter: Filter, unreviewed: bool) -> tuple[Event, ...]:
        chosen = filter if unreviewed else without_unreviewed(filter)
        return self._store.events(EventQuery(filter=chosen, limit=MAX_LIMIT)).items

    def _agency_events(
        self, agency_id: str, state: str, names: Sequence[str], unreviewed: bool
    ) -> tuple[Event, ...]:
        phrases = tuple(phrase for name in names if (phrase := normal_phrase(name)))
        if not phrases:
            return ()
        of_agency = Filter(
            terms=(
                Term(field="state", values=(state,)),
                Term(field="agency", values=phrases),
            )
        )
        found = self._newest(of_agency, unreviewed)
        return tuple(event for event in found if event.agency_id in (None, agency_id))

    def _counties_near(self, place: str, km: int) -> tuple[str, ...]:
        return tuple(county.fips for county in self.gazetteer.near(place, km))


def without_unreviewed(filter: Filter) -> Filter:
    """The filter and "worth an alert", unless it names `worth` itself."""
    if filter.names("worth"):
        return filter
    return Filter(terms=(*filter.terms, Term(field="worth", values=(Worth.ALERT,))))


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
