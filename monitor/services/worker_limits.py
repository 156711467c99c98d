"""Bounds of a worker process; shared by the pool and the process itself."""

from __future__ import annotations

from dataclasses import dataclass

#: The worker's own alarm rings so much after the owner's clock, for when the owner is gone.
ALARM_LATE_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLimits:
    """Bounds of one worker and of one document in it."""

    wall_s: float = 60.0  #: for one document, then the worker is killed
    cpu_s: int = 45  #: processor time for one document
    memory_bytes: int = 1_500_000_000  #: address space of the process, libraries included
    documents: int = 500  #: after so many a worker is replaced
    growth_bytes: int = 300_000_000  #: replaced when its resident memory grew by more
    idle_s: float = 300.0  #: without work for so long, a worker ends; the next document starts one
