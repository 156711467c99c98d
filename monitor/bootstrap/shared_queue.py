"""The shared queue as people see it: `monitor jobs` and the health page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from monitor.jobs.engine import NO_WORKERS, NOBODY, Engine, QueueStanding, queue_url
from monitor.settings import Settings, process_environment, read_settings


def job_rows() -> list[dict[str, object]]:
    """The workers, and what is on the shared queue. Raises ConfigError on SQLite, StoreError."""
    standing = queue_standing(read_settings(process_environment()))
    return [
        {
            "queue": c.queue,
            "task": c.task,
            "state": c.state,
            "count": c.count,
            "oldest": _minute(c.oldest),
            "tries": c.tries or "",
            "next": _minute(c.next_at),
            "about": _about(c.about),
        }
        for c in (standing.counts if standing else NO_WORKERS)
    ]


def queue_standing(settings: Settings) -> QueueStanding | None:
    """How workers and jobs stand; None where no worker ever ran.

    Raises ConfigError on SQLite, StoreError.
    """
    engine = Engine(queue_url(settings.database_url), NOBODY)
    with engine.opened():
        if not engine.exists():
            return None
        counts = (*engine.workers(), *engine.counts())
        return QueueStanding(counts=counts, dead=engine.newest_dead())


def _minute(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else ""


def _about(subjects: Sequence[str]) -> str:
    """The first three, and whether there are more."""
    return ", ".join((*subjects[:3], *("…" for _ in subjects[3:])))
