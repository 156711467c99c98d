"""Jobs of the shared queue: procrastinate on the log's own PostgreSQL.

A job calls the service it is named after and holds nothing itself, so that doing it twice has one
effect. One lock a host keeps politeness, one for delivery keeps the order at every destination,
across all workers; a queueing lock keeps jobs of one thing from piling up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import procrastinate
from procrastinate import exceptions

#: Attempts of a job whose machinery failed (a source that fails is no failed job).
ATTEMPTS = 6
QUEUES = ("checks", "reading", "routines")


@dataclass(frozen=True, slots=True, kw_only=True)
class Handlers:
    """What the jobs call; each may be called twice for one thing without harm."""

    check: Callable[[str, Sequence[str]], None]  #: (host, source ids)
    routine: Callable[[str], None]  #: name: "deliver", "digests", "nightly" …
    back_read: Callable[[str, int, int], None]  #: (archive, first byte, end byte)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCount:
    """Jobs of one task in one state."""

    queue: str
    task: str
    state: str
    count: int


class Engine:
    """The queue: defers jobs and runs them."""

    def __init__(self, database_url: str, handlers: Handlers) -> None:
        """`database_url` is a libpq address; nothing is opened yet."""
        self.app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(conninfo=database_url)
        )
        retry = procrastinate.RetryStrategy(max_attempts=ATTEMPTS, exponential_wait=3)
        self._check = self.app.task(name="check", queue="checks", retry=retry)(handlers.check)
        self._routine = self.app.task(name="routine", queue="routines", retry=retry)(
            handlers.routine
        )
        self._read = self.app.task(name="back_read", queue="reading", retry=retry)(
            handlers.back_read
        )

    def prepare(self) -> None:
        """Create the queue's tables where they are missing."""
        with self.app.open():
            connector = self.app.connector.get_sync_connector()
            row = connector.execute_query_one("SELECT to_regclass('procrastinate_jobs') AS found")
            if row["found"] is None:
                self.app.schema_manager.apply_schema()

    def defer_checks(self, by_host: Mapping[str, Sequence[str]]) -> int:
        """One job a host with its due sources; a host whose job still waits gets no second one."""
        return sum(
            self._deferred(self._check, f"host:{host}", host=host, sources=list(sources))
            for host, sources in by_host.items()
        )

    def defer_routine(self, name: str) -> int:
        """One job of this routine, unless one waits."""
        return self._deferred(self._routine, f"routine:{name}", name=name)

    def defer_back_read(self, archive: str, start: int, end: int) -> int:
        """Read the records of a WARC file that begin in [start, end)."""
        name = f"read:{archive}:{start}"
        return self._deferred(self._read, name, archive=archive, start=start, end=end)

    def _deferred(self, task: Any, lock: str, **arguments: Any) -> int:
        try:
            task.configure(lock=lock, queueing_lock=lock).defer(**arguments)
        except exceptions.AlreadyEnqueued:
            return 0
        return 1

    def counts(self) -> tuple[JobCount, ...]:
        """Jobs by queue, task and state."""
        with self.app.open():
            connector = self.app.connector.get_sync_connector()
            rows = connector.execute_query_all(
                "SELECT queue_name, task_name, status::text AS status, count(*) AS jobs "
                "FROM procrastinate_jobs GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
            )
        return tuple(
            JobCount(
                queue=row["queue_name"],
                task=row["task_name"],
                state=row["status"],
                count=row["jobs"],
            )
            for row in rows
        )

    def run_worker(self, *, concurrency: int, name: str) -> None:
        """Run jobs until SIGTERM; jobs in flight end first (graceful drain)."""
        self.app.run_worker(
            queues=list(QUEUES), concurrency=concurrency, name=name, install_signal_handlers=True
        )
