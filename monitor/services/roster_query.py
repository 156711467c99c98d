"""The roster from the log alone: as it stands, on any day, over time, between two days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import groupby
from threading import Lock

from monitor.domain.errors import FilterError
from monitor.domain.filter import Filter, Term, search_tokens
from monitor.domain.roster import (
    Agreement,
    LedgerOutcome,
    OutcomeKind,
    RosterCounts,
    RowState,
)
from monitor.domain.roster_fold import agreements_at, apply
from monitor.stores import RosterStore

#: Fields that a row of the roster has; `since` and `until` compare SIGNED.
ROSTER_FIELDS = ("state", "county", "model", "agency", "place", "text", "since", "until")
#: More outcomes than any ledger holds: all are wanted.
EVERY = 10_000_000


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
    #: Set where the moment lies between the packaged history and the first live list: nobody
    #: looked from the one moment to the other.
    not_observed: tuple[datetime, datetime] | None = None

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


class RosterQuery:
    """Reads agreements and outcomes; outcomes once read are kept, only newer ones are asked for."""

    def __init__(self, store: RosterStore) -> None:
        """`store` is read only."""
        self._store = store
        self._lock = Lock()
        self._outcomes: tuple[LedgerOutcome, ...] = ()

    def view(self, filter: Filter, at: datetime | None) -> RosterView:
        """The roster now, or as published by `at`. Raises FilterError for a field it lacks."""
        require_roster_fields(filter)
        every = self._store.agreements() if at is None else self._then(at)
        kept = tuple(one for one in every if roster_matches(filter, one))
        listed = tuple(one for one in kept if one.state is not RowState.ENDED)
        return RosterView(
            agreements=kept,
            listed=listed,
            counts=self._store.roster_counts() if at is None else None,
            at=at,
            published_at=self._published(every, at),
            by_model=_counted(one.row.model.value for one in listed),
            by_state=_counted(one.row.state for one in listed),
            not_observed=None if at is None else self._unobserved(at),
        )

    def series(self, filter: Filter) -> tuple[tuple[str, int], ...]:
        """Agreements listed at the end of each month, oldest first, to the newest publication."""
        require_roster_fields(filter)
        outcomes = sorted(self._log(), key=lambda one: one.told_at)
        standing: dict[str, Agreement] = {}
        found: list[tuple[str, int]] = []
        for month, told in groupby(outcomes, key=lambda one: _month(one.told_at)):
            _pass_months(found, month)
            for outcome in told:
                apply(standing, outcome)
            found.append((_month_label(month), _listed(standing.values(), filter)))
        return tuple(found)

    def _then(self, at: datetime) -> tuple[Agreement, ...]:
        found = agreements_at(self._log(), at).values()
        return tuple(sorted(found, key=lambda a: (a.row.state, a.row.agency, a.row.model)))

    def _published(self, every: Iterable[Agreement], at: datetime | None) -> datetime | None:
        """The newest publication: of what is listed now, or that told something by then."""
        if at is None:
            return max((one.last_seen_at for one in every), default=None)
        return max((one.told_at for one in self._log() if one.told_at <= at), default=None)

    def _unobserved(self, at: datetime) -> tuple[datetime, datetime] | None:
        """The time without observation around a moment."""
        log = self._log()
        for one in log:
            if one.outcome is OutcomeKind.ABSORBED and at < one.told_at:
                start = max((o.told_at for o in log if o.told_at < one.told_at), default=None)
                return (start, one.told_at) if start is not None and start < at else None
        return None

    def _log(self) -> tuple[LedgerOutcome, ...]:
        """All outcomes in the order decided; the newest publication is always read again."""
        with self._lock:
            last = max((one.told_at for one in self._outcomes), default=None)
            newer = self._store.ledger_outcomes(since=last, limit=EVERY)
            known = (one for one in self._outcomes if last is not None and one.told_at < last)
            self._outcomes = (*known, *newer)
            return self._outcomes


def diff(before: RosterView, after: RosterView) -> RosterDiff:
    """What was added, what is gone, and rows of which a shown cell changed."""
    was = {agreement.id: agreement for agreement in before.listed}
    now = {agreement.id: agreement for agreement in after.listed}
    return RosterDiff(
        before=before,
        after=after,
        added=tuple(one for key, one in now.items() if key not in was),
        gone=tuple(one for key, one in was.items() if key not in now),
        changed=tuple(
            (was[key], one)
            for key, one in now.items()
            if key in was and _shown_cells(was[key]) != _shown_cells(one)
        ),
    )


def end_of_day(day: date) -> datetime:
    """The last instant of a UTC day; "as of" a day means what was known when it ended."""
    return datetime.combine(day, time.max, UTC)


def require_roster_fields(filter: Filter) -> None:
    """Raises FilterError for a term that no row of the roster can answer."""
    for term in filter.terms:
        if term.field not in ROSTER_FIELDS:
            raise FilterError(
                f"the roster has no {term.field}; it knows {', '.join(ROSTER_FIELDS)}",
                position=term.position,
            )


def roster_matches(filter: Filter, agreement: Agreement) -> bool:
    """Whether an agreement satisfies every term; see require_roster_fields."""
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
            return False


def _counted(values: Iterable[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0])))


def _pass_months(found: list[tuple[str, int]], month: int) -> None:
    """Months without a publication keep the number before them."""
    while found and _month_of(found[-1][0]) < month - 1:
        found.append((_month_label(_month_of(found[-1][0]) + 1), found[-1][1]))


def _listed(agreements: Iterable[Agreement], filter: Filter) -> int:
    return sum(
        one.state is not RowState.ENDED and roster_matches(filter, one) for one in agreements
    )


def _month(moment: datetime) -> int:
    return moment.year * 12 + moment.month - 1


def _month_label(month: int) -> str:
    return f"{month // 12}-{month % 12 + 1:02d}"


def _month_of(label: str) -> int:
    return int(label[:4]) * 12 + int(label[5:]) - 1


def _shown_cells(agreement: Agreement) -> tuple[object, ...]:
    row = agreement.row
    return (row.agency, row.type, row.county, row.signed, row.moa, row.addendum)
