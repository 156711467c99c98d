"""One publication through the ledger: the pure step that a check, a replay and a test call."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from monitor.detect.ledger.absence import ended
from monitor.detect.ledger.accept import Accepted, accept, match_publication
from monitor.detect.ledger.columns import ListKind
from monitor.detect.ledger.guards import (
    distrusted_columns,
    implausible,
    implausible_pending,
    with_columns_kept,
)
from monitor.detect.ledger.oddities import fresh, late_listing, oddities
from monitor.detect.ledger.pending import accept_pending
from monitor.detect.ledger.places import Places
from monitor.detect.ledger.publication import (
    Counties,
    NoCounties,
    Publication,
    Unreadable,
    read_publication,
)
from monitor.detect.ledger.state import (
    Entry,
    Held,
    LedgerRules,
    LedgerState,
    LedgerStep,
    Mark,
    counts_of,
    mark_of,
)
from monitor.domain.item import Table
from monitor.domain.roster import LedgerOutcome, OutcomeKind, RowState

#: Outcomes that bring a row that was not on the list.
NEW_ROWS = frozenset(
    {OutcomeKind.SIGNED, OutcomeKind.SIGNED_ADDITIONAL_MODEL, OutcomeKind.RESIGNED}
)
#: Outcomes with which a ledger starts, or starts to be live.
STARTS = frozenset({OutcomeKind.BASELINE, OutcomeKind.ABSORBED})


def step(
    state: LedgerState,
    table: Table,
    *,
    now: datetime,
    rules: LedgerRules | None = None,
    counties: Counties | None = None,
    places: Places | None = None,
) -> LedgerStep:
    """Take one table into the ledger. Order tables of a check by `Table.modified_at` first.

    A table without the required columns changes nothing and is noted; one older than the last
    accepted of its kind likewise. `now` stands in for a document without a time of its own.
    """
    read = read_publication(table, now=now, counties=counties or NoCounties())
    if isinstance(read, Unreadable):
        missing = ", ".join(read.missing)
        note = f"{read.stem or table.name}: held, required columns are missing: {missing}"
        return _unchanged(state, note)
    result = take(state, read, rules=rules or LedgerRules(), places=places or Places())
    return _with_oddities(state, result, counties or NoCounties())


def _with_oddities(before: LedgerState, result: LedgerStep, counties: Counties) -> LedgerStep:
    """The errors of the publisher that rows moved by this step brought with them.

    What a first list holds already is old news and none of it is said.
    """
    last = result.state.last
    silent = any(outcome.outcome in STARTS for outcome in result.outcomes)
    if last is None or silent or not result.agreements:
        return result
    moved = frozenset(agreement.row.agency_id for agreement in result.agreements)
    known = oddities(before.rows, last.modified_at, counties, moved)
    found = oddities(result.state.rows, last.modified_at, counties, moved)
    late = tuple(
        odd
        for outcome in result.outcomes
        if outcome.outcome in NEW_ROWS and outcome.after
        if (odd := late_listing(outcome.after, outcome.published_at))
    )
    return replace(result, oddities=(*fresh(known, found), *late))


def take(
    state: LedgerState, publication: Publication, *, rules: LedgerRules, places: Places
) -> LedgerStep:
    """Take one publication that is already read into the ledger."""
    last = _last(state, publication.kind)
    if last is not None and publication.modified_at < last.modified_at:
        return _unchanged(state, f"{publication.stem}: older than {last.stem}; changes nothing")
    if last is not None and publication.fingerprint == last.fingerprint:
        return _same_content(state, publication, last, rules, places)
    if publication.kind is ListKind.PENDING:
        return _pending(state, publication, rules, places)
    return _participating(state, publication, rules, places)


def _last(state: LedgerState, kind: ListKind) -> Mark | None:
    return state.last if kind is ListKind.PARTICIPATING else state.pending_last


def _unchanged(state: LedgerState, note: str) -> LedgerStep:
    return LedgerStep(state=state, counts=counts_of(state), notes=(note,))


def _finish(
    accepted: Accepted, outcomes: tuple[LedgerOutcome, ...] = (), notes: tuple[str, ...] = ()
) -> LedgerStep:
    entries = accepted.state.entries
    return LedgerStep(
        state=accepted.state,
        outcomes=(*outcomes, *accepted.outcomes),
        agreements=tuple(entries[key].agreement for key in accepted.changed if key in entries),
        counts=counts_of(accepted.state),
        notes=notes,
    )


def _sheet_outcome(
    kind: OutcomeKind, publication: Publication, last: Mark | None, reason: str
) -> LedgerOutcome:
    return LedgerOutcome(
        outcome=kind,
        published_at=publication.modified_at,
        told_at=publication.modified_at,
        fingerprint=publication.fingerprint,
        file_prev=last.stem if last else "",
        file_next=publication.stem,
        file_told=publication.stem,
        reason=reason,
    )


def _same_content(
    state: LedgerState,
    publication: Publication,
    last: Mark,
    rules: LedgerRules,
    places: Places,
) -> LedgerStep:
    """Saved again, or only white space and order changed: no new publication, cosmetics noted."""
    if publication.raw_fingerprint == last.raw_fingerprint:
        outcome = _sheet_outcome(OutcomeKind.RESAVED, publication, last, "same cells")
        return _resaved(state, publication, outcome)
    if publication.kind is ListKind.PENDING:
        outcome = _sheet_outcome(OutcomeKind.RESAVED, publication, last, "same content")
        return _resaved(state, publication, outcome)
    matching = match_publication(state, publication, rules, places)
    return _finish(accept(state, publication, matching, rules=rules, places=places))


def _resaved(state: LedgerState, publication: Publication, outcome: LedgerOutcome) -> LedgerStep:
    """Nothing but the time moves on; a publication that was held is not confirmed by it."""
    last = _last(state, publication.kind)
    mark = replace(last, modified_at=publication.modified_at) if last else mark_of(publication)
    held = state.held if publication.kind is ListKind.PARTICIPATING else state.pending_held
    notes = (f"{held.publication.stem}: rejected, the list is as before",) if held else ()
    if publication.kind is ListKind.PARTICIPATING:
        state = replace(state, last=mark, held=None)
    else:
        state = replace(state, pending_last=mark, pending_held=None)
    outcomes: tuple[LedgerOutcome, ...] = (outcome,)
    if publication.misnamed:
        outcomes = (_sheet_outcome(OutcomeKind.SWAPPED, publication, last, "file name"), outcome)
    return LedgerStep(state=state, outcomes=outcomes, counts=counts_of(state), notes=notes)


def _pending(
    state: LedgerState, publication: Publication, rules: LedgerRules, places: Places
) -> LedgerStep:
    reasons = implausible_pending(state, publication, rules)
    held = state.pending_held
    if reasons and (held is None or held.publication.fingerprint != publication.fingerprint):
        after = replace(state, pending_held=Held(publication=publication, reasons=reasons))
        return _held(after, publication, state.pending_last, reasons)
    after, outcomes = accept_pending(state, publication, rules, places)
    if publication.misnamed:
        swapped = _sheet_outcome(OutcomeKind.SWAPPED, publication, state.pending_last, "file name")
        outcomes = (swapped, *outcomes)
    return LedgerStep(state=after, outcomes=outcomes, counts=counts_of(after))


def _held(
    after: LedgerState, publication: Publication, last: Mark | None, reasons: tuple[str, ...]
) -> LedgerStep:
    """Kept, told once to the operator, nothing changed."""
    why = "; ".join(reasons)
    outcome = _sheet_outcome(OutcomeKind.HELD, publication, last, why)
    note = f"{publication.stem}: held ({why}); the next one or `monitor ledger accept` decides"
    return LedgerStep(state=after, outcomes=(outcome,), counts=counts_of(after), notes=(note,))


def _participating(
    state: LedgerState, publication: Publication, rules: LedgerRules, places: Places
) -> LedgerStep:
    matching = match_publication(state, publication, rules, places)
    if state.last is None:
        return _first(
            state, publication, accept(state, publication, matching, rules=rules, places=places)
        )
    if state.bundled:
        return _absorb(
            state, publication, accept(state, publication, matching, rules=rules, places=places)
        )
    reasons = implausible(state, publication, matching, rules)
    if reasons:
        return _doubt(state, publication, reasons, rules, places)
    notes: tuple[str, ...] = ()
    if state.held is not None:
        notes = (f"{state.held.publication.stem}: rejected, {publication.stem} is believable",)
    return _accept_columns(replace(state, held=None), publication, rules, places, notes)


def _accept_columns(
    state: LedgerState,
    publication: Publication,
    rules: LedgerRules,
    places: Places,
    notes: tuple[str, ...],
) -> LedgerStep:
    """Accept, keeping the old values of a column that lost half of them at once."""
    matching = match_publication(state, publication, rules, places)
    columns = distrusted_columns(state, publication, matching, rules)
    held = tuple(
        replace(
            _sheet_outcome(OutcomeKind.HELD, publication, state.last, f"column {column}"),
            column=column,
        )
        for column in columns
    )
    if columns:
        publication = with_columns_kept(state, publication, matching, columns)
        notes += (f"{publication.stem}: columns held until the next: {', '.join(columns)}",)
    accepted = accept(
        replace(state, held_columns=columns), publication, matching, rules=rules, places=places
    )
    return _finish(accepted, held, notes)


def _first(state: LedgerState, publication: Publication, accepted: Accepted) -> LedgerStep:
    """The first publication is where the ledger starts: all rows, nothing told."""
    return _silently(OutcomeKind.BASELINE, state, publication, accepted)


def _absorb(state: LedgerState, publication: Publication, accepted: Accepted) -> LedgerStep:
    """The first live publication over the packaged history: what came between is not observed.

    What is gone by then, or was unconfirmed at the history's end and is still absent, ended at a
    time nobody saw: it is ended at once, silently.
    """
    gone = {
        key: entry
        for key, entry in accepted.state.entries.items()
        if entry.agreement.state is RowState.UNCONFIRMED
    }
    entries = {**accepted.state.entries, **{key: ended(entry) for key, entry in gone.items()}}
    ends = [_unobserved(entry, publication) for entry in gone.values()]
    kept = tuple(o for o in accepted.outcomes if o.outcome is not OutcomeKind.COSMETIC)
    absorbed = replace(
        accepted, state=replace(accepted.state, entries=entries), outcomes=(*kept, *ends)
    )
    return _silently(OutcomeKind.ABSORBED, state, publication, absorbed)


def _unobserved(entry: Entry, publication: Publication) -> LedgerOutcome:
    """An end between the packaged history and the first live list."""
    return LedgerOutcome(
        outcome=OutcomeKind.REMOVED,
        published_at=entry.agreement.missing_since or publication.modified_at,
        told_at=publication.modified_at,
        fingerprint=publication.fingerprint,
        file_prev=entry.missed_after,
        file_next=entry.missed_in or publication.stem,
        file_told=publication.stem,
        before=entry.agreement.row,
        agreement_id=entry.agreement.id,
        told=False,
        reason="not observed",
    )


def _silently(
    kind: OutcomeKind, state: LedgerState, publication: Publication, accepted: Accepted
) -> LedgerStep:
    members = tuple(replace(outcome, told=False) for outcome in accepted.outcomes)
    whole = _sheet_outcome(kind, publication, state.last, f"{len(publication.rows)} rows")
    quiet = replace(accepted, outcomes=(replace(whole, members=members),))
    return _finish(quiet)


def _doubt(
    state: LedgerState,
    publication: Publication,
    reasons: tuple[str, ...],
    rules: LedgerRules,
    places: Places,
) -> LedgerStep:
    """Hold it, unless it says what an already held one said: then both are believed."""
    if state.held is not None:
        first = _force(state, state.held.publication, rules, places, told_in=publication)
        second = match_publication(first.state, publication, rules, places)
        if not implausible(first.state, publication, second, rules):
            rest = take(first.state, publication, rules=rules, places=places)
            return replace(
                rest,
                outcomes=(*first.outcomes, *rest.outcomes),
                agreements=(*first.agreements, *rest.agreements),
                notes=(f"{state.held.publication.stem}: confirmed by {publication.stem}",),
            )
    after = replace(state, held=Held(publication=publication, reasons=reasons))
    return _held(after, publication, state.last, reasons)


def _force(
    state: LedgerState,
    publication: Publication,
    rules: LedgerRules,
    places: Places,
    *,
    told_in: Publication | None = None,
) -> LedgerStep:
    matching = match_publication(state, publication, rules, places)
    return _finish(
        accept(state, publication, matching, rules=rules, places=places, told_in=told_in)
    )


def accept_held(state: LedgerState, *, rules: LedgerRules, places: Places) -> LedgerStep:
    """A person believes the held publication. Without one nothing changes and that is noted.

    Of two the participating one goes first; the pending one waits for another call.
    """
    if state.held is not None:
        return _force(state, state.held.publication, rules, places)
    if state.pending_held is None:
        return _unchanged(state, "no publication is held")
    after, outcomes = accept_pending(state, state.pending_held.publication, rules, places)
    return LedgerStep(state=after, outcomes=outcomes, counts=counts_of(after))


def reject_held(state: LedgerState) -> LedgerStep:
    """A person does not believe the held publication; it stays in the archive."""
    held = state.held or state.pending_held
    if held is None:
        return _unchanged(state, "no publication is held")
    if state.held is not None:
        after = replace(state, held=None)
    else:
        after = replace(state, pending_held=None)
    return _unchanged(after, f"{held.publication.stem}: rejected by hand")
