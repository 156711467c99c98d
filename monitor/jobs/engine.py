"""Jobs of the shared queue: procrastinate on the log's own PostgreSQL.

A job calls the service it is named after and holds nothing itself, so that doing it twice has one
effect. One lock a host keeps politeness, one for delivery keeps the order at every destination,
across all workers; of one thing only one job waits or runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import procrastinate
from procrastinate import exceptions

from monitor.domain.errors import ConfigError, StoreError
from monitor.jobs.serving import TABLE, serve

#: Attempts of a job whose machinery failed (a source that fails is no failed job).
ATTEMPTS = 6
QUEUES = ("checks", "reading", "routines")
#: Characters of a dead job's arguments that are shown.
MOST_ABOUT = 300
#: Jobs put on the queue with one statement.
BATCH = 500
#: A worker without a sign of life for so many of its intervals is dead.
MISSED_SIGNS = 4

_STATES = {
    "todo": "waiting",
    "doing": "running",
    "failed": "dead",
    "aborted": "dead",
    "succeeded": "done",
    "cancelled": "given up",
}
_COUNTS = """
SELECT job.queue_name, job.task_name, job.status::text AS status, job.attempts > 0 AS again,
       count(*) AS jobs, min(first.at) AS oldest, max(attempts) AS tries,
       min(scheduled_at) AS next_at,
       (array_agg(DISTINCT coalesce(args->>'name', args->>'host', args->>'archive', '')))[1:4]
           AS about
FROM procrastinate_jobs job
LEFT JOIN LATERAL (
    SELECT min(at) AS at FROM procrastinate_events WHERE job_id = job.id
) first ON true
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"""
_WORKERS = """
SELECT CASE WHEN last_heartbeat < now() - make_interval(secs => %(silent_s)s) THEN 'silent'
            WHEN draining_since IS NULL THEN 'alive' ELSE 'draining' END AS state,
       count(*) AS workers, min(coalesce(draining_since, last_heartbeat)) AS oldest,
       (array_agg(coalesce(name, worker.id::text) || CASE jobs WHEN 0 THEN '' WHEN 1
           THEN ' (1 job)' ELSE ' (' || jobs || ' jobs)' END ORDER BY name))[1:4] AS about
FROM procrastinate_workers worker LEFT JOIN monitor_worker ON worker_id = worker.id
CROSS JOIN LATERAL (
    SELECT count(*) AS jobs FROM procrastinate_jobs job
    WHERE job.worker_id = worker.id AND status = 'doing'
) in_hand
GROUP BY 1 ORDER BY 1"""
#: A worker that said nothing for so long is shown as silent; the longest heartbeat is a minute.
_SILENT_S = 70.0
_HELD = """
SELECT DISTINCT lock FROM procrastinate_jobs
WHERE status IN ('todo', 'doing') AND lock = ANY(%(locks)s)"""
_DEAD = """
SELECT job.id, job.task_name, job.args::text AS args, max(event.at) AS at
FROM procrastinate_jobs job JOIN procrastinate_events event ON event.job_id = job.id
WHERE job.status = 'failed' AND job.id > %(after)s
GROUP BY job.id ORDER BY {order} LIMIT 100"""


def queue_url(url: str) -> str:
    """The libpq address of a database URL. Raises ConfigError for SQLite."""
    if not url.startswith("postgres"):
        raise ConfigError(
            "the shared queue needs PostgreSQL: set MONITOR_DATABASE_URL=postgresql://…; "
            "on SQLite one `monitor run` does everything"
        )
    return "postgresql://" + url.partition("://")[2]


def _utc(at: datetime | None) -> datetime | None:
    """The driver gives moments in the server's zone."""
    return at.astimezone(UTC) if at else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Handlers:
    """What the jobs call; each may be called twice for one thing without harm."""

    check: Callable[[str, Sequence[str]], None]  #: (host, source ids)
    routine: Callable[[str], None]  #: name: "deliver", "digests", "nightly" …
    back_read: Callable[[str, int, int], None]  #: (archive, first, end): see backreading


#: For a process that only looks at the queue or puts jobs on it.
NOBODY = Handlers(
    check=lambda host, sources: None,
    routine=lambda name: None,
    back_read=lambda archive, start, end: None,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCount:
    """Jobs of one task in one state: waiting, retried, running, dead."""

    queue: str
    task: str
    state: str
    count: int
    oldest: datetime | None
    about: tuple[str, ...] = ()  #: up to four of their hosts, routines or archives
    tries: int = 0  #: how often one of them was tried before, at the most
    next_at: datetime | None = None  #: when the first of those that wait for a moment runs


#: What is shown of workers where none gives a sign of life.
NO_WORKERS = (JobCount(queue="", task="worker", state="none runs", count=0, oldest=None),)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadJob:
    """A job that was tried as often as it may be."""

    number: int
    task: str
    arguments: str  #: JSON, as it was deferred with
    at: datetime

    @property
    def about(self) -> str:
        """Its arguments in a line."""
        match json.loads(self.arguments):
            case {"host": host, "sources": list(sources)}:
                line = f"{host}: {', '.join(sources)}"
            case {"archive": archive, "start": start, "end": end}:
                line = f"{archive}, bytes {start} to {end}"
            case {"name": name}:
                line = str(name)
            case _:
                line = self.arguments
        return line if len(line) <= MOST_ABOUT else f"{line[:MOST_ABOUT]}…"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueStanding:
    """Workers and jobs by their states, and the jobs that died last, newest first."""

    counts: tuple[JobCount, ...]
    dead: tuple[DeadJob, ...]


class Engine:
    """The queue: defers jobs, rescues those of dead workers, and runs them."""

    def __init__(self, database_url: str, handlers: Handlers) -> None:
        """`database_url` is a libpq address; nothing is opened yet."""
        self.app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(conninfo=database_url, min_size=1, max_size=6)
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
        """Create the queue's tables where they are missing; one worker after the other."""
        with self.opened():
            (row,) = self._rows("SELECT to_regclass('procrastinate_jobs') AS found")
            if row["found"] is None:
                self.app.schema_manager.apply_schema()
            self.app.connector.get_sync_connector().execute_query(TABLE)

    def exists(self) -> bool:
        """Whether the queue's tables are there: whether a worker ever ran."""
        (row,) = self._rows("SELECT to_regclass('monitor_worker') AS found")
        return row["found"] is not None

    @contextmanager
    def opened(self) -> Iterator[Engine]:
        """The connections, for deferring, rescuing and counting. Raises StoreError."""
        try:
            with self.app.open():
                yield self
        except exceptions.ConnectorException as error:
            raise StoreError(f"the shared queue does not answer: {error.__cause__}") from error

    def defer_checks(self, by_host: Mapping[str, Sequence[str]]) -> int:
        """One job a host with its due sources; a host whose job waits or runs gets no second one.

        Returns how many were new.
        """
        given = {
            f"host:{host}": {"host": host, "sources": list(ids)} for host, ids in by_host.items()
        }
        return self._defer(self._check, given)

    def defer_routine(self, name: str) -> int:
        """One job of this routine, unless one waits or runs."""
        return self._defer(self._routine, {f"routine:{name}": {"name": name}}, priority=10)

    def defer_back_read(self, archive: str, parts: Sequence[tuple[int, int]]) -> int:
        """Read these parts of an archive, behind everything else; how many were new."""
        given = {
            f"read:{archive}:{start}": {"archive": archive, "start": start, "end": end}
            for start, end in parts
        }
        return self._defer(self._read, given, priority=-10)

    def _defer(self, task: Any, given: Mapping[str, dict[str, Any]], priority: int = 0) -> int:
        """Only the elected worker defers checks and routines, so what is free now stays free."""
        taken = set(self._held(list(given)))
        fresh = [(lock, args) for lock, args in given.items() if lock not in taken]
        for start in range(0, len(fresh), BATCH):
            jobs = [
                task.configure(lock=lock, queueing_lock=lock, priority=priority).make_new_job(
                    **args
                )
                for lock, args in fresh[start : start + BATCH]
            ]
            with contextlib.suppress(exceptions.AlreadyEnqueued):
                self.app.job_manager.batch_defer_jobs(jobs)
        return len(fresh)

    def _held(self, locks: Sequence[str]) -> list[str]:
        return [row["lock"] for row in self._rows(_HELD, locks=list(locks))] if locks else []

    def rescue(self, now: datetime, heartbeat_s: float) -> int:
        """Put jobs of dead workers back on the queue; how many.

        One that was tried as often as it may be is dead itself: it may be what kills.
        """
        manager = self.app.job_manager
        connector = self.app.connector.get_sync_connector()
        stalled = connector.execute_query_all(
            procrastinate.sql.queries["select_stalled_jobs_by_heartbeat"],
            queue=None,
            task_name=None,
            seconds_since_heartbeat=heartbeat_s * MISSED_SIGNS,
        )
        for row in stalled:
            if row["attempts"] + 1 >= ATTEMPTS:
                self._end(row["id"], "failed")
                continue
            try:
                manager.retry_job_by_id(row["id"], now)
            except exceptions.UniqueViolation:  # its like waits already
                self._end(row["id"], "failed", delete=True)
        return len(stalled)

    def _end(self, job_id: int, state: str, *, delete: bool = False) -> None:
        self.app.connector.get_sync_connector().execute_query(
            procrastinate.sql.queries["finish_job"],
            job_id=job_id,
            status=state,
            delete_job=delete,
        )

    def dead(self, after: int) -> tuple[DeadJob, ...]:
        """Jobs that died, by number, those after this number."""
        return self._died("job.id", after)

    def newest_dead(self) -> tuple[DeadJob, ...]:
        """The jobs that died last, newest first; a hundred at the most."""
        return self._died("max(event.at) DESC, job.id DESC", 0)

    def _died(self, order: str, after: int) -> tuple[DeadJob, ...]:
        return tuple(
            DeadJob(
                number=row["id"],
                task=row["task_name"],
                arguments=row["args"],
                at=row["at"].astimezone(UTC),
            )
            for row in self._rows(_DEAD.format(order=order), after=after)
        )

    def counts(self) -> tuple[JobCount, ...]:
        """Jobs by queue, task and state."""
        return tuple(
            JobCount(
                queue=row["queue_name"],
                task=row["task_name"],
                state="retried"
                if row["status"] == "todo" and row["again"]
                else _STATES.get(row["status"], row["status"]),
                count=row["jobs"],
                oldest=_utc(row["oldest"]),
                about=tuple(row["about"]),
                tries=row["tries"],
                next_at=_utc(row["next_at"]) if row["status"] == "todo" else None,
            )
            for row in self._rows(_COUNTS)
        )

    def workers(self) -> tuple[JobCount, ...]:
        """Workers that give signs of life, those that end their last jobs, and those that gave no
        sign for a while; `about` names them with the jobs they have in hand.

        One that drained or was replaced is not among them. `oldest` is their oldest sign of life,
        of those that drain since when they do.
        """
        return (
            tuple(
                JobCount(
                    queue="",
                    task="worker",
                    state=row["state"],
                    count=row["workers"],
                    oldest=_utc(row["oldest"]),
                    about=tuple(row["about"]),
                )
                for row in self._rows(_WORKERS, silent_s=_SILENT_S)
            )
            or NO_WORKERS
        )

    def _rows(self, query: str, **values: Any) -> list[dict[str, Any]]:
        connector = self.app.connector.get_sync_connector()
        return list(connector.execute_query_all(query, **values))

    def run_worker(
        self,
        *,
        concurrency: int,
        name: str,
        heartbeat_s: float,
        on_stop: Callable[[], None],
        on_ready: Callable[[], None] = lambda: None,
    ) -> bool:
        """Run jobs until SIGTERM or SIGINT; jobs in flight end first.

        `on_ready` is called when signals are heard; `on_stop` at the signal, so that long jobs can
        end early. False when the worker ended for another reason, such as a database that went
        away.
        """
        return asyncio.run(self._serve(concurrency, name, heartbeat_s, on_stop, on_ready))

    async def _serve(
        self,
        concurrency: int,
        name: str,
        heartbeat_s: float,
        on_stop: Callable[[], None],
        on_ready: Callable[[], None],
    ) -> bool:
        async with self.app.open_async():
            return await serve(
                self.app,
                queues=QUEUES,
                concurrency=concurrency,
                name=name,
                heartbeat_s=heartbeat_s,
                dead_after_s=heartbeat_s * MISSED_SIGNS,
                on_stop=on_stop,
                on_ready=on_ready,
            )
