"""The elected worker's part: what is due goes on the queue, jobs of dead workers come back."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from monitor.bootstrap import upkeep
from monitor.bootstrap.compose import App
from monitor.bootstrap.journal import about, fault
from monitor.bootstrap.machine import monotonic
from monitor.domain.errors import MonitorError
from monitor.domain.health import HealthEntry
from monitor.domain.ident import SourceId
from monitor.domain.source import Source, SourceState
from monitor.jobs.election import Election
from monitor.jobs.engine import NOBODY, DeadJob, Engine
from monitor.registry import first_requests
from monitor.scheduler import cron_trigger, is_due, next_due

#: How often a worker looks whether it schedules, and the elected one for what is due.
TICK_S = 1.0
#: How often every worker looks whether catalogue or rules changed.
RELOAD_S = 5.0
#: How often dead jobs are told.
DEAD_S = 30.0
#: Dead jobs that are told one by one.
MOST_DEAD_TOLD = 3
#: Routines by name: every so many seconds, or by cron.
INTERVALS_S = {"deliver": 2.0, "digests": 60.0, "health": 300.0, "mailbox": 600.0}
CRONS = {"nightly": "17 3 * * *", "canary": "47 7 * * *"}
_DEAD_TOLD = "jobs_dead_told"


class Scheduling:
    """Ticks in a thread of its own as long as the worker runs."""

    def __init__(
        self,
        app: App,
        url: str,
        *,
        take_part: bool,
        heartbeat_s: float,
        say: Callable[[str], None],
    ) -> None:
        """With `take_part` false this worker only takes changed files over."""
        self._app = app
        self._say = say
        self._take_part = take_part
        self._heartbeat_s = heartbeat_s
        self._election = Election(url)
        self._engine = Engine(url, NOBODY)
        self._due: Due | None = None
        self._routines: dict[str, datetime] = {}
        self._at: dict[str, float] = {}

    @contextmanager
    def in_background(self, stop: threading.Event) -> Iterator[None]:
        """Ticking until `stop` is set."""
        thread = threading.Thread(target=self._run, args=(stop,), name="schedule", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(timeout=10)

    def _run(self, stop: threading.Event) -> None:
        with about(job="schedule"):
            self._ticks(stop)

    def _ticks(self, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                with self._engine.opened():
                    while not stop.wait(TICK_S):
                        self._tick()
            except Exception as error:  # a job's boundary: recorded, the next tick goes on
                self._note(error)
                stop.wait(TICK_S)
        self._election.resign()

    def _tick(self) -> None:
        if self._every("reload", RELOAD_S) and self._app.reload():
            upkeep.seed_subscriptions(self._app)
            self._due = None
        if not (self._take_part and self._election.elected()):
            self._due = None
            return
        if self._due is None:
            self._begin()
        now = self._app.clock.now()
        assert self._due is not None  # noqa: S101 - set by _begin
        self._engine.defer_checks(self._due.by_host(now))
        self._defer_routines(now)
        if self._every("rescue", self._heartbeat_s):
            rescued = self._engine.rescue(now, self._heartbeat_s)
            if rescued:
                self._say(f"{rescued} jobs of a dead worker run again")
        if self._every("dead", DEAD_S):
            self._tell_dead()

    def _begin(self) -> None:
        """This worker became the scheduler, or what there is to schedule changed."""
        if not self._routines:
            self._say("this worker schedules")
        now = self._app.clock.now()
        for name in CRONS:
            stored = self._app.store.fact(_routine_fact(name))
            self._routines[name] = datetime.fromisoformat(stored) if stored else now
        self._due = Due(self._app, now)

    def _defer_routines(self, now: datetime) -> None:
        zone = self._app.settings.get("MONITOR_TIME_ZONE")
        for name in due_routines(self._routines, now, zone):
            self._engine.defer_routine(name)
            self._routines[name] = now
            if name in CRONS:
                self._app.store.set_fact(_routine_fact(name), now.isoformat())

    def _tell_dead(self) -> None:
        told = int(self._app.store.fact(_DEAD_TOLD) or 0)
        dead = self._engine.dead(told)
        if dead:
            self._app.store.add_health(dead_entries(dead))
            self._app.store.set_fact(_DEAD_TOLD, str(dead[-1].number))

    def _every(self, name: str, seconds: float) -> bool:
        now = monotonic()
        if now - self._at.get(name, -seconds) < seconds:
            return False
        self._at[name] = now
        return True

    def _note(self, error: Exception) -> None:
        message = f"schedule: {type(error).__name__}: {error}"
        fault(self._say, message, error)
        entry = HealthEntry(at=self._app.clock.now(), kind="internal", message=message)
        try:
            self._app.store.add_health([entry])
        except MonitorError as second:
            self._say(f"and it could not be recorded: {second}")


class Due:
    """When each source is due next; states are read again only of those whose time has come."""

    def __init__(self, app: App, now: datetime) -> None:
        """All states are read once."""
        self._app = app
        self._sources = {s.id: s for s in app.sources() if s.enabled}
        self._hosts = {s.id: host_of(s, now) for s in self._sources.values()}
        states = app.store.source_states()
        self._at = {i: _due_at(s, states.get(i), now) for i, s in self._sources.items()}

    def by_host(self, now: datetime) -> dict[str, list[str]]:
        """The sources that are due, by the host that their check begins with."""
        ripe = [i for i, at in self._at.items() if at <= now]
        states = self._app.store.source_states(ripe) if ripe else {}
        found: dict[str, list[str]] = defaultdict(list)
        for source_id in ripe:
            source = self._sources[source_id]
            self._at[source_id] = _due_at(source, states.get(source_id), now)
            if self._at[source_id] <= now:
                found[self._hosts[source_id]].append(source_id)
        return dict(found)


def _due_at(source: Source, state: SourceState | None, now: datetime) -> datetime:
    return now if is_due(source, state, now) else next_due(source, state, now)


def host_of(source: Source, now: datetime) -> SourceId | str:
    """The host that a check of the source begins with; its own id where it asks none."""
    requests = first_requests(source, "", now)
    return (urlsplit(requests[0].url).hostname or source.id) if requests else source.id


def due_routines(last: dict[str, datetime], now: datetime, zone: str) -> list[str]:
    """Routines whose time has come since they last ran; cron ones not at the very first look."""
    due = [
        name
        for name, every_s in INTERVALS_S.items()
        if name not in last or (now - last[name]).total_seconds() >= every_s
    ]
    for name, cron in CRONS.items():
        before = last.setdefault(name, now)
        fire = cron_trigger(cron, zone).get_next_fire_time(before, before + timedelta(seconds=1))
        if fire is not None and fire <= now:
            due.append(name)
    return due


def _routine_fact(name: str) -> str:
    return f"routine_ran:{name}"


def dead_entries(dead: Sequence[DeadJob]) -> list[HealthEntry]:
    """What to tell of jobs that died: of many at once, as where a disk is full, one entry."""
    if len(dead) > MOST_DEAD_TOLD:
        first = ", ".join(_named(job) for job in dead[:MOST_DEAD_TOLD])
        return [_dead_entry(dead[-1].at, f"{len(dead)} jobs failed (the first are {first})")]
    return [_dead_entry(job.at, f"{_named(job)} failed") for job in dead]


def _named(job: DeadJob) -> str:
    return f"job {job.number}: {job.task.replace('_', ' ')} {job.about}"


def _dead_entry(at: datetime, what: str) -> HealthEntry:
    return HealthEntry(
        at=at,
        kind="job_dead",
        message=f"{what} as often as a job may, not tried again; the worker's log says why. "
        "What it was about comes due again by itself.",
        tell_operator=True,
    )
