"""`monitor ledger replay DIR`: a directory of workbooks through a fresh ledger, in memory.

The form of the objects is a measuring port and stays as docs/ledger.md gives it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from monitor.detect.ledger.places import Places
from monitor.detect.ledger.publication import Counties, choose_table
from monitor.detect.ledger.state import LedgerRules, LedgerState, LedgerStep
from monitor.detect.ledger.step import step
from monitor.domain.errors import ExtractError
from monitor.domain.item import Table
from monitor.domain.roster import LedgerOutcome, OutcomeKind, RosterRow
from monitor.extract.table import read_tables

_NEVER = datetime(1996, 9, 30, tzinfo=UTC)


def read_directory(directory: Path) -> tuple[tuple[Table, ...], tuple[str, ...]]:
    """Every roster table under a directory, oldest first, and a line for each unread file.

    Order is the workbooks' own modified time; of equal times the file name decides, so that two
    runs agree.
    """
    problems: list[str] = []
    tables = tuple(table for _, table in read_publications(directory, problems))
    return tables, tuple(problems)


def read_publications(
    directory: Path, problems: list[str] | None = None
) -> tuple[tuple[Path, Table], ...]:
    """(file, its roster table) of every workbook under a directory, oldest first.

    `problems` gets a line for each file that holds none.
    """
    found: list[tuple[Path, Table]] = []
    problems = [] if problems is None else problems
    for path in sorted(directory.rglob("*.xlsx")):
        try:
            table = choose_table(read_tables(path.read_bytes(), "", path.name))
        except ExtractError as cause:
            problems.append(f"{path.name}: {cause}")
            continue
        if table is None:
            problems.append(f"{path.name}: no table has the columns of a roster")
        else:
            found.append((path, table))
    found.sort(key=lambda one: (one[1].modified_at or _NEVER, one[1].file_name))
    return tuple(found)


def steps(
    tables: tuple[Table, ...],
    *,
    rules: LedgerRules,
    counties: Counties,
    places: Places,
    state: LedgerState | None = None,
) -> Iterator[LedgerStep]:
    """The steps of a ledger over tables in order, from an empty state or the one given."""
    current = state or LedgerState()
    for table in tables:
        now = table.modified_at or _NEVER
        result = step(current, table, now=now, rules=rules, counties=counties, places=places)
        current = result.state
        yield result


def replay(
    directory: Path, *, rules: LedgerRules, counties: Counties, places: Places
) -> Iterator[dict[str, object]]:
    """One JSON object per outcome, in order; a mass edit is followed by its members, untold."""
    tables, _ = read_directory(directory)
    for result in steps(tables, rules=rules, counties=counties, places=places):
        for outcome in result.outcomes:
            yield from outcome_objects(outcome)


def outcome_objects(outcome: LedgerOutcome) -> Iterator[dict[str, object]]:
    """The object of an outcome, and of the members of a mass edit."""
    yield as_object(outcome)
    if outcome.outcome is OutcomeKind.MASS_EDIT:
        yield from map(as_object, outcome.members)


def as_object(outcome: LedgerOutcome) -> dict[str, object]:
    """One outcome in the form of the measuring port."""
    before, after = outcome.before, outcome.after
    if outcome.outcome is OutcomeKind.DUPLICATE_REMOVED:
        after = None  # the row that stays is no part of what is told
    row = after or before
    return {
        "file_prev": outcome.file_prev or None,
        "file_next": outcome.file_next or None,
        "file_told": outcome.file_told or None,
        "outcome": outcome.outcome.value,
        "state": row.state or None if row else None,
        "state_prev": _of(before, "state"),
        "agency": row.agency if row else None,
        "agency_prev": _of(before, "agency"),
        "county": row.county if row else None,
        "county_prev": _of(before, "county"),
        "type_prev": _of(before, "type"),
        "type_next": _of(after, "type"),
        "model": row.model.value if row else None,
        "signed_prev": _day(before),
        "signed_next": _day(after),
        "moa_prev": _of(before, "moa"),
        "moa_next": _of(after, "moa"),
        "addendum_prev": _of(before, "addendum"),
        "addendum_next": _of(after, "addendum"),
        "from_pending": outcome.from_pending,
        "told": outcome.told,
    }


def _of(row: RosterRow | None, name: str) -> str | None:
    return getattr(row, name) or None if row else None


def _day(row: RosterRow | None) -> str | None:
    return row.signed.isoformat() if row and row.signed else None
