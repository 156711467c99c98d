"""Held publications: why, and what a person decides about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.bootstrap import knowledge
from monitor.detect.ledger.codec import decode
from monitor.detect.ledger.state import Held, LedgerState
from monitor.detect.ledger.step import accept_held, reject_held
from monitor.domain.commit import PageCommit, Taking
from monitor.domain.errors import ConfigError, StoreError
from monitor.domain.ident import SnapshotId
from monitor.domain.item import Reading
from monitor.domain.source import Source, SourceState
from monitor.services.tabling import ledger_commit, tabled_of

if TYPE_CHECKING:
    from monitor.bootstrap.compose import App


def held_lines(app: App) -> list[str]:
    """One line for each publication that is held, and why."""
    lines = []
    for source in app.sources():
        ledger = _ledger(app, source)
        for held in _held(ledger[0]) if ledger else ():
            publication = held.publication
            why = "; ".join(held.reasons)
            lines.append(f"{source.id}: {publication.stem} of {publication.modified_at}: {why}")
    return lines


def decide(app: App, source_id: str, *, accept: bool) -> str:
    """Take the held publication of a source over, or drop it; what was done, in words.

    Raises ConfigError where nothing is held, StoreError where its capture is gone.
    """
    (source,) = app.chosen_sources([source_id])
    ledger = _ledger(app, source)
    held = _held(ledger[0]) if ledger else ()
    if ledger is None or not held:
        raise ConfigError(f"{source_id}: nothing is held; `monitor ledger held` lists what is")
    state, version = ledger
    if not accept:
        commit = ledger_commit(source.id, version, reject_held(state))
        app.store.commit_page(
            PageCommit(
                source_id=source.id,
                ledger=commit,
                taking=Taking(
                    source_id=source.id,
                    snapshot_id=SnapshotId(""),
                    at=app.clock.now(),
                    decision="rejected",
                ),
            )
        )
        return f"{held[0].publication.stem} was dropped; it stays in the archive"
    return _accept(app, source, state, version, held[0])


def _accept(app: App, source: Source, state: LedgerState, version: int, held: Held) -> str:
    known = knowledge.ledger()
    result = accept_held(state, rules=known.rules, places=known.places)
    snapshots = [s for s in app.store.snapshots(source.id) if held.publication.stem in s.final_url]
    if not snapshots:
        raise StoreError(f"{held.publication.stem}: its capture is gone, so nothing can be told")
    tabled = tabled_of(
        source,
        snapshots[-1],
        result,
        ledger_commit(source.id, version, result),
        name=f"{held.publication.kind.value}",
        modified=held.publication.modified_at,
    )
    remembered = app.store.source_states([source.id]).get(source.id)
    state_of = remembered or SourceState(source_id=source.id)
    taken = app.intake().take_tabled(
        source, state_of, snapshots[-1], Reading(), (tabled,), decided="accepted"
    )
    return f"{held.publication.stem} was taken over: {taken.events} events"


def _ledger(app: App, source: Source) -> tuple[LedgerState, int] | None:
    stored = app.store.ledger(source.id)
    return None if stored is None else (decode(stored[0]), stored[1])


def _held(state: LedgerState) -> tuple[Held, ...]:
    return tuple(held for held in (state.held, state.pending_held) if held is not None)
