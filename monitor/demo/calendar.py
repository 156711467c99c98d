"""The demo's calendar: which pages stand on which day. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from monitor.demo import workbooks
from monitor.demo.world import Page, Texts, text_pages
from monitor.domain.roster import LedgerOutcome, OutcomeKind, RosterRow, RowState
from monitor.domain.roster_fold import agreements_at

FIRST = date(2025, 2, 21)
LAST = date(2025, 12, 30)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SAVED = time(15, 0, tzinfo=UTC)
#: Rows are pending for so long before they are listed.
_PENDING_FOR = timedelta(days=14)

Rows = Sequence[RosterRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trap:
    """A publication that says nothing new in a way that looks like news."""

    week: int
    name: str
    rows: Callable[[Rows], Rows] = list
    names: Callable[[dict[str, str]], dict[str, str]] = dict
    swapped: bool = False  #: the two lists under each other's address


#: One of each, on the Wednesday after that week's publication.
TRAPS = (
    Trap(week=6, name="a state misspelt throughout", names=workbooks.misspelt_state),
    Trap(week=11, name="a short file: two thirds of the agencies missing", rows=workbooks.partial),
    Trap(week=16, name="links behind a mail gateway", rows=workbooks.wrapped_links),
    Trap(week=21, name="every link lost", rows=workbooks.links_lost),
    Trap(week=26, name="rows in another order", rows=workbooks.shuffled),
    Trap(week=31, name="curly apostrophes and white space", rows=workbooks.untidy),
    Trap(week=36, name="the two lists swapped", swapped=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day of the demo: when its pages stand, what they are, and what is special."""

    at: datetime
    pages: Mapping[str, Page]
    note: str = ""


def days(
    outcomes: Sequence[LedgerOutcome],
    texts: Texts,
    base: str,
    state_names: dict[str, str],
    last: date = LAST,
) -> Iterator[Day]:
    """The days on which something is published, in order.

    `outcomes` are the bundled history in the order decided; `base` the address of the server.
    """
    roster: dict[str, Page] = {}
    for day, trap in _publications(texts, last):
        if day in _weeks(last) or trap is not None:
            modified = datetime.combine(day, _SAVED)
            roster = _roster_pages(outcomes, modified, state_names, trap)
        yield Day(
            at=datetime.combine(day, time(18, 0, tzinfo=UTC)),
            pages={**text_pages(texts, day, base), **roster},
            note=f"trap: {trap.name}" if trap else "",
        )


def _weeks(last: date) -> list[date]:
    count = (last - FIRST).days // 7
    return [FIRST + timedelta(days=7 * n) for n in range(count + 1)]


def _publications(texts: Texts, last: date) -> Iterator[tuple[date, Trap | None]]:
    weeks = _weeks(last)
    traps = {weeks[t.week] + timedelta(days=5): t for t in TRAPS if t.week < len(weeks)}
    told = {article.day for article in texts.articles}
    told |= {action.day for action in texts.bill.actions}
    for day in sorted({*weeks, *traps, *(d for d in told if FIRST <= d <= last)}):
        if day <= last:
            yield day, traps.get(day)


def _roster_pages(
    outcomes: Sequence[LedgerOutcome],
    modified: datetime,
    state_names: dict[str, str],
    trap: Trap | None,
) -> dict[str, Page]:
    listed = listed_rows(outcomes, modified)
    waiting = pending_rows(outcomes, modified)
    names = trap.names(state_names) if trap else state_names
    shown = trap.rows(listed) if trap else listed
    books = {
        "participating": workbooks.participating(shown, modified, names),
        "pending": workbooks.pending(waiting, modified, names),
    }
    if trap and trap.swapped:
        books = {"participating": books["pending"], "pending": books["participating"]}
    part = "am" if trap is None else "pm"
    paths = {kind: f"/287g/{kind}Agencies{modified:%m%d%Y}{part}.xlsx" for kind in books}
    links = "".join(f"<p><a href='{p}'>{kind} agencies</a></p>" for kind, p in paths.items())
    html = f"<!doctype html><html><body><h1>287(g) program (demo)</h1>{links}</body></html>"
    pages = {paths[kind]: Page(body=book, media_type=XLSX) for kind, book in books.items()}
    return {"/287g": Page(body=html.encode(), media_type="text/html"), **pages}


def listed_rows(outcomes: Sequence[LedgerOutcome], at: datetime) -> list[RosterRow]:
    """The rows on the list at that moment, by state, agency, model."""
    standing = agreements_at([o for o in outcomes if o.published_at <= at], at)
    rows = [a.row for a in standing.values() if a.state is RowState.ACTIVE]
    return sorted(rows, key=lambda row: (row.state, row.agency, row.model))


def pending_rows(outcomes: Sequence[LedgerOutcome], at: datetime) -> list[RosterRow]:
    """Rows that were pending before the signing that the history tells of next."""
    signings = (OutcomeKind.SIGNED, OutcomeKind.SIGNED_ADDITIONAL_MODEL)
    rows = [
        replace(o.after, signed=None, moa=None, addendum=None)
        for o in outcomes
        if o.outcome in signings
        and o.from_pending
        and o.after is not None
        and at < o.published_at <= at + _PENDING_FOR
    ]
    return sorted(rows, key=lambda row: (row.state, row.agency, row.model))
