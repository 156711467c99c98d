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
    from monitor.bootstrap.reading import scan_setup, worker_pool
    from monitor.services.watching import BillWatch
    from storage.store import open_store

    clock = ReplayClock(at=_BEGINNING)
    again = Program(app.settings, clock)
    target = open_store("sqlite://", None, clock)
    again.__dict__["store"] = target
    # What was once worth reading is read again, also for a bill that is followed no more.
    ever = BillWatch(app.store, clock, app.watched_in_catalogue).current()
    workers = worker_pool(app.settings, scan_setup(app.pack.value, ever))
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
            workers=workers,
            sources=sources.get,
            decide=decide_again,
        ).run(progress)
    finally:
        workers.close()
        again.close()
        target.close()
