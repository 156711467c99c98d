"""`monitor replay`: the log made again in a store of its own, in memory, and compared."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from monitor.domain.commit import Taking
from monitor.services.replay import Replay, ReplayClock, Replayed

if TYPE_CHECKING:
    from monitor.bootstrap.compose import App

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def replay(app: App, progress: Callable[[int], None] | None = None) -> Replayed:
    """Read every stored capture again, tell nobody, and hold the two logs side by side."""
    from monitor.bootstrap.compose import App as Program
    from monitor.bootstrap.history import load_history
    from monitor.bootstrap.holding import decide
    from storage.store import open_store

    clock = ReplayClock(at=_BEGINNING)
    again = Program(app.settings, clock)
    target = open_store("sqlite://", None, clock)
    again.__dict__["store"] = target
    try:
        sources = {source.id: source for source in app.catalogue.value.sources}

        def decide_again(taking: Taking) -> None:
            if taking.decision == "history":
                load_history(again)
            else:
                decide(again, taking.source_id, accept=taking.decision == "accepted")

        return Replay(
            stored=app.store,
            target=target,
            clock=clock,
            intake=again.intake(),
            workers=again.workers,
            sources=sources.get,
            decide=decide_again,
        ).run(progress)
    finally:
        again.close()
        target.close()
