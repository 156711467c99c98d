"""Is a publication believable? Guards on the whole hold it, guards on a column hold that column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from monitor.detect.ledger.match import Matching, key_of
from monitor.detect.ledger.publication import Publication
from monitor.detect.ledger.state import LedgerRules, LedgerState
from monitor.domain.roster import RosterRow, RowState


def implausible(
    state: LedgerState, publication: Publication, matching: Matching, rules: LedgerRules
) -> tuple[str, ...]:
    """Why the whole publication should wait; empty where it is believable."""
    before, after = len(state.rows), len(publication.rows) + len(publication.unread)
    reasons = []
    if after < before * rules.least_share_of_rows:
        reasons.append(f"{after} rows after {before}")
    gone = len(matching.vanished) - len(publication.unread)
    if gone > max(rules.most_removals, before * rules.most_removals_share):
        reasons.append(f"{gone} rows gone at once")
    new = len(matching.appeared)
    if new > max(rules.most_growth, before * rules.most_growth_share):
        reasons.append(f"{new} rows new at once")
    unread = len(publication.unread) - len(state.unread)
    if unread > max(rules.most_removals, before * rules.most_removals_share):
        reasons.append(f"{unread} rows with an unknown state or model")
    return tuple(reasons)


def implausible_pending(
    state: LedgerState, publication: Publication, rules: LedgerRules
) -> tuple[str, ...]:
    """Why a pending publication should wait: it is the other list without its SIGNED column, or
    far too long. An empty one is legal and a pending list may shrink to nothing."""
    signed = {
        (key_of(entry.agreement.row).key, entry.agreement.row.model)
        for entry in state.entries.values()
        if entry.agreement.state is RowState.ACTIVE
    }
    both = sum(1 for row in publication.rows if (key_of(row).key, row.model) in signed)
    reasons = []
    if both >= rules.mass_edit_rows and both * 2 > len(publication.rows):
        reasons.append(f"{both} of {len(publication.rows)} rows are agreements already signed")
    new = len(publication.rows) - len(state.pending)
    if state.pending_last is not None and new > rules.most_growth:
        reasons.append(f"{new} more rows than were ever pending")
    return tuple(reasons)


Field = Callable[[RosterRow], object]
_COLUMNS: tuple[tuple[str, Field], ...] = (
    ("moa", lambda row: row.moa),
    ("addendum", lambda row: row.addendum),
    ("signed", lambda row: row.signed),
    ("county", lambda row: row.county),
)


def distrusted_columns(
    state: LedgerState, publication: Publication, matching: Matching, rules: LedgerRules
) -> tuple[str, ...]:
    """Columns that lost half of their values at once (dates: lost or changed).

    A column that was held before is believed the second time.
    """
    return tuple(
        name
        for name, field in _COLUMNS
        if name not in state.held_columns
        and _lost_share(state, publication, matching, name, field, rules.mass_edit_rows)
        >= rules.held_column_share
    )


def _lost_share(
    state: LedgerState,
    publication: Publication,
    matching: Matching,
    name: str,
    field: Field,
    least: int,
) -> float:
    had = lost = 0
    for pair in matching.pairs:
        was, now = field(state.rows[pair.before]), field(publication.rows[pair.after])
        if was is not None:
            had += 1
            lost += now is None or (name == "signed" and now != was)
    return lost / had if lost >= least else 0.0


def with_columns_kept(
    state: LedgerState, publication: Publication, matching: Matching, columns: tuple[str, ...]
) -> Publication:
    """The publication with the held columns as they were on every matched row."""
    rows = list(publication.rows)
    for pair in matching.pairs:
        for column in columns:
            rows[pair.after] = _kept(state.rows[pair.before], rows[pair.after], column)
    return replace(publication, rows=tuple(rows))


def _kept(before: RosterRow, after: RosterRow, column: str) -> RosterRow:
    match column:
        case "moa":
            return replace(after, moa=before.moa, moa_text=before.moa_text)
        case "addendum":
            return replace(after, addendum=before.addendum, addendum_text=before.addendum_text)
        case "signed":
            return replace(after, signed=before.signed)
        case _:
            return replace(after, county=before.county, county_fips=before.county_fips)
