"""ICE's pending list: applications come, are promoted to the other list, or leave.

A weak signal: names are typed loosely and rows drop out and come back, so leaving is recorded only
after the same window as a removal, and nothing is ever told of one absence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from monitor.detect.ledger.match import compatible, key_of
from monitor.detect.ledger.places import Places
from monitor.detect.ledger.publication import Publication
from monitor.detect.ledger.state import LedgerRules, LedgerState, PendingEntry, mark_of
from monitor.domain.roster import LedgerOutcome, OutcomeKind, RosterRow, RowState
from monitor.domain.vocabulary import Model
from monitor.resolve.agency import AgencyAliases, NameRelation, agency_id, relation

_VARIANTS = frozenset({NameRelation.TYPO, NameRelation.QUALIFIER})


def pending_key(row: RosterRow, aliases: AgencyAliases | None = None) -> str:
    """The key of an application: agency name and model."""
    key = key_of(row)
    return f"{aliases.resolve(key) if aliases else key.key}|{row.model.value}"


def promote(pending: dict[str, PendingEntry], row: RosterRow, places: Places) -> bool:
    """Mark the application that a new agreement comes from; True where there was one."""
    exact = pending.get(pending_key(row))
    key = pending_key(row) if exact else _variant(pending, row, places)
    if key is None:
        return False
    pending[key] = replace(pending[key], promoted=True)
    return True


def _variant(pending: Mapping[str, PendingEntry], row: RosterRow, places: Places) -> str | None:
    """An open application whose name is a typing or qualifier of the row's; the only one."""
    mine = key_of(row)
    found = [
        key
        for key, entry in pending.items()
        if not entry.promoted
        and entry.row.state == row.state
        and entry.row.model in {row.model, Model.UNKNOWN}
        and compatible(key_of(entry.row).kind, mine.kind)
        and not places.two_places(entry.row, row)
        and relation(key_of(entry.row), mine) in _VARIANTS
    ]
    return found[0] if len(found) == 1 else None


def accept_pending(
    state: LedgerState, publication: Publication, rules: LedgerRules, places: Places
) -> tuple[LedgerState, tuple[LedgerOutcome, ...]]:
    """The state after a pending publication, and what it added or lost."""
    pending = dict(state.pending)
    listed = {pending_key(row, rules.aliases): row for row in publication.rows}
    renamed = _renames(pending, listed, places)
    outcomes: list[LedgerOutcome] = []
    if state.pending_last is None:
        outcomes.append(_baseline(state, publication))
    for key, row in listed.items():
        known = pending.pop(renamed[key]) if key in renamed else pending.get(key)
        fresh = known is None or known.left
        pending[key] = _seen(known, row, publication.modified_at)
        if fresh and state.pending_last is not None:
            added = _added(state, publication, row)
            outcomes.append(added)
            pending[key] = replace(pending[key], promoted=not added.told)
        elif key in renamed and known is not None:
            outcomes.append(_respelt(state, publication, known.row, row))
    for key in sorted(pending.keys() - listed.keys()):
        pending[key], gone = _unseen(pending[key], publication, rules)
        if gone:
            outcomes.append(_left(state, publication, pending[key]))
    after = replace(state, pending=pending, pending_last=mark_of(publication), pending_held=None)
    return after, tuple(outcomes)


def _renames(
    pending: Mapping[str, PendingEntry], listed: Mapping[str, RosterRow], places: Places
) -> dict[str, str]:
    """New key -> old key, for applications that only changed their spelling in this file."""
    gone = {k: e for k, e in sorted(pending.items()) if k not in listed and e.listed}
    renames: dict[str, str] = {}
    for key, row in listed.items():
        if key in pending:
            continue
        old = next(
            (
                k
                for k, e in gone.items()
                if k not in renames.values()
                and e.row.state == row.state
                and e.row.model is row.model
                and compatible(key_of(e.row).kind, key_of(row).kind)
                and not places.two_places(e.row, row)
                and relation(key_of(e.row), key_of(row)) in _VARIANTS
            ),
            None,
        )
        if old is not None:
            renames[key] = old
    return renames


def _seen(known: PendingEntry | None, row: RosterRow, at: datetime) -> PendingEntry:
    if known is None:
        return PendingEntry(row=row, first_seen_at=at, last_seen_at=at)
    return replace(
        known, row=row, last_seen_at=at, listed=True, missing_since=None, absent_in=(), left=False
    )


def _unseen(
    entry: PendingEntry, publication: Publication, rules: LedgerRules
) -> tuple[PendingEntry, bool]:
    """The application after one absence, and whether its leaving is now confirmed."""
    if entry.left or entry.promoted:
        return replace(entry, listed=False), False
    since = entry.missing_since or publication.modified_at
    seen = entry.absent_in
    if publication.fingerprint not in seen:
        seen = (*seen, publication.fingerprint)[: rules.confirm_publications]
    gone = (
        len(seen) >= rules.confirm_publications
        and publication.modified_at - since >= rules.confirm_for
    )
    return replace(entry, listed=False, missing_since=since, absent_in=seen, left=gone), gone


def _outcome(state: LedgerState, publication: Publication, kind: OutcomeKind) -> LedgerOutcome:
    last = state.pending_last
    return LedgerOutcome(
        outcome=kind,
        published_at=publication.modified_at,
        told_at=publication.modified_at,
        fingerprint=publication.fingerprint,
        file_prev=last.stem if last else "",
        file_next=publication.stem,
        file_told=publication.stem,
        from_pending=True,
    )


def _identified(row: RosterRow) -> RosterRow:
    return replace(row, agency_id=agency_id(row.state, row.agency))


def _baseline(state: LedgerState, publication: Publication) -> LedgerOutcome:
    members = tuple(
        replace(_outcome(state, publication, OutcomeKind.PENDING_ADDED), after=_identified(row))
        for row in publication.rows
    )
    return replace(
        _outcome(state, publication, OutcomeKind.BASELINE),
        members=members,
        reason=f"{len(members)} pending applications",
    )


def _added(state: LedgerState, publication: Publication, row: RosterRow) -> LedgerOutcome:
    """A new application; one for what is already agreed is a leftover and told to nobody."""
    active = any(
        entry.agreement.state is RowState.ACTIVE
        and entry.agreement.row.state == row.state
        and entry.agreement.row.model is row.model
        and key_of(entry.agreement.row).canonical == key_of(row).canonical
        for entry in state.entries.values()
    )
    return replace(
        _outcome(state, publication, OutcomeKind.PENDING_ADDED),
        after=_identified(row),
        told=not active,
        reason="already participating" if active else "",
    )


def _respelt(
    state: LedgerState, publication: Publication, before: RosterRow, after: RosterRow
) -> LedgerOutcome:
    return replace(
        _outcome(state, publication, OutcomeKind.COSMETIC),
        before=_identified(before),
        after=_identified(after),
        column="agency",
        reason="pending application, name written otherwise",
    )


def _left(state: LedgerState, publication: Publication, entry: PendingEntry) -> LedgerOutcome:
    since = entry.missing_since or publication.modified_at
    return replace(
        _outcome(state, publication, OutcomeKind.PENDING_LEFT),
        before=_identified(entry.row),
        published_at=since,
        reason=f"not on the pending list since {since.date()}",
    )


def pending_rows(entries: Sequence[PendingEntry]) -> tuple[RosterRow, ...]:
    """The applications that are listed now."""
    return tuple(entry.row for entry in entries if entry.listed)
