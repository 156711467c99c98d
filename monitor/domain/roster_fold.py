"""The roster as a pure fold over ledger outcomes: what stood on any day, from the log alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from monitor.domain.roster import (
    Agreement,
    LedgerOutcome,
    OutcomeKind,
    RosterCounts,
    RosterRow,
    RowState,
)

#: Ids of rows that could not be read and stand for no agreement yet.
UNREAD = "unread-"

#: Outcomes of the pending list, and what leaves every agreement as it was.
_NO_AGREEMENT = frozenset(
    {
        OutcomeKind.PENDING_ADDED,
        OutcomeKind.PENDING_LEFT,
        OutcomeKind.DUPLICATE_ADDED,
        OutcomeKind.REORDERED,
        OutcomeKind.RESAVED,
        OutcomeKind.HIDDEN_ROWS,
        OutcomeKind.SCHEMA_CHANGED,
        OutcomeKind.SWAPPED,
    }
)


def agreements_at(
    outcomes: Iterable[LedgerOutcome], at: datetime | None = None
) -> dict[str, Agreement]:
    """Every agreement ever listed, by id, as the log had it at `at` (None: now).

    `outcomes` in the order decided. Rows that could not be read stand as HELD under "unread-…".
    """
    standing: dict[str, Agreement] = {}
    for outcome in outcomes:
        if at is None or outcome.told_at <= at:
            apply(standing, outcome)
    return standing


def apply(standing: dict[str, Agreement], outcome: LedgerOutcome) -> None:
    """Move the agreements on by one outcome; members of a mass edit or baseline first."""
    for member in outcome.members:
        apply(standing, member)
    key = outcome.agreement_id
    if not key or outcome.outcome in _NO_AGREEMENT:
        return
    _release(standing, outcome)
    match outcome.outcome:
        case OutcomeKind.MISSING:
            _state(standing, key, RowState.UNCONFIRMED, outcome.published_at)
        case OutcomeKind.REMOVED:
            _state(standing, key, RowState.ENDED, outcome.published_at)
        case OutcomeKind.HELD:
            _hold(standing, outcome)
        case OutcomeKind.DUPLICATE_REMOVED if outcome.after and key in standing:
            standing[key] = replace(standing[key], row=outcome.after)
        case _ if outcome.after is None:
            standing.pop(key, None)
        case _:
            _list(standing, key, outcome, outcome.after)


def _release(standing: dict[str, Agreement], outcome: LedgerOutcome) -> None:
    """What an outcome takes back: the agreement of the old model, or of the agency typed over."""
    if outcome.revises in standing:
        over = outcome.outcome is OutcomeKind.ROW_OVERWRITTEN
        state = RowState.UNCONFIRMED if over else RowState.ENDED
        if standing[outcome.revises].state is not state:
            _state(standing, outcome.revises, state, outcome.published_at)


def _state(standing: dict[str, Agreement], key: str, state: RowState, since: datetime) -> None:
    known = standing.get(key)
    if known is None:
        return
    gone = since if state is RowState.ENDED else None
    standing[key] = replace(
        known, state=state, missing_since=known.missing_since or since, ended_at=gone
    )


def _hold(standing: dict[str, Agreement], outcome: LedgerOutcome) -> None:
    key = outcome.agreement_id
    if key in standing:
        standing[key] = replace(standing[key], state=RowState.HELD)
    elif outcome.after is not None:
        _list(standing, key, outcome, outcome.after)
        standing[key] = replace(standing[key], state=RowState.HELD)


def _list(standing: dict[str, Agreement], key: str, outcome: LedgerOutcome, row: RosterRow) -> None:
    """The agreement is on the list with this row."""
    known = standing.get(key) or Agreement(
        id=key,
        row=row,
        state=RowState.ACTIVE,
        first_listed_at=outcome.published_at,
        last_seen_at=outcome.published_at,
        from_pending=outcome.from_pending,
    )
    history = known.signed_history
    if row.signed and (not history or history[-1] != row.signed):
        history = (*history, row.signed)
    standing[key] = replace(
        known,
        row=row,
        state=RowState.ACTIVE,
        last_seen_at=outcome.published_at,
        missing_since=None,
        ended_at=None,
        signed_history=history,
    )


def counts(standing: Mapping[str, Agreement]) -> RosterCounts:
    """The ledger's sum over the agreements of a fold."""
    states = [agreement.state for agreement in standing.values()]
    return RosterCounts(
        active=states.count(RowState.ACTIVE),
        unconfirmed=states.count(RowState.UNCONFIRMED),
        held=states.count(RowState.HELD),
        ended=states.count(RowState.ENDED),
    )


def differences(log: Mapping[str, Agreement], kept: Mapping[str, Agreement]) -> tuple[str, ...]:
    """Where the log's fold and the kept agreements disagree, a line each; empty when it closes."""
    lines = []
    for key in sorted(log.keys() | kept.keys()):
        if key.startswith(UNREAD):
            continue  # a row that could not be read stands for no agreement
        mine, theirs = log.get(key), kept.get(key)
        if mine is None or theirs is None:
            lines.append(f"{key}: only {'kept' if mine is None else 'in the log'}")
        elif (mine.state, mine.row.agency_id, mine.row.model, mine.row.signed) != (
            theirs.state,
            theirs.row.agency_id,
            theirs.row.model,
            theirs.row.signed,
        ):
            lines.append(f"{key}: {mine.state.value} in the log, {theirs.state.value} kept")
    return tuple(lines)
