"""`monitor worker`: the services as jobs of the shared queue, on any number of machines."""

from __future__ import annotations

import socket
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from os import getpid
from urllib.parse import urlsplit

from monitor.bootstrap import upkeep
from monitor.bootstrap.compose import App, open_app
from monitor.domain.errors import ConfigError, MonitorError
from monitor.domain.health import HealthEntry
from monitor.domain.source import Source
from monitor.fetch.client import Client
from monitor.jobs.election import Election
from monitor.jobs.engine import Engine, Handlers
from monitor.registry import first_requests
from monitor.scheduler import cron_trigger, is_due
from monitor.services.check import Checked
from monitor.settings import process_environment, read_settings

#: How often the elected worker looks for what is due.
TICK_S = 2.0
#: Routines by name: every so many seconds, or by cron.
INTERVALS_S = {"deliver": 2.0, "digests": 60.0, "health": 300.0}
CRONS = {"nightly": "17 3 * * *", "canary": "47 7 * * *"}

Say = Callable[[str], None]


def queue_url(url: str) -> str:
    """The libpq address of a database URL. Raises ConfigError for SQLite."""
    if not url.startswith("postgresql"):
        raise ConfigError(
            "the shared queue needs PostgreSQL: set MONITOR_DATABASE_URL=postgresql://…; "
            "on SQLite one `monitor run` does everything"
        )
    return "postgresql://" + url.partition("://")[2]


def run_worker(*, take_part: bool, say: Say) -> None:
    """Run jobs until SIGTERM; with `take_part` this worker may also become the scheduler."""
    with open_app() as app:
        url = queue_url(app.settings.database_url)
        upkeep.prepare(app, say)
        work = Work(app)
        engine = Engine(url, work.handlers())
        engine.prepare()
        stop = threading.Event()
        name = f"{socket.gethostname()}:{getpid()}"
        if take_part:
            thread = threading.Thread(
                target=_schedule, args=(app, url, stop, say), name="schedule", daemon=True
            )
            thread.start()
        say(f"worker {name} runs")
        try:
            engine.run_worker(concurrency=4, name=name)
        finally:
            stop.set()
            work.close()
        say(f"worker {name} stopped")


def job_rows() -> list[dict[str, object]]:
    """What is on the shared queue."""
    settings = read_settings(process_environment())
    nobody = Handlers(
        check=lambda host, sources: None,
        routine=lambda name: None,
        back_read=lambda archive, start, end: None,
    )
    engine = Engine(queue_url(settings.database_url), nobody)
    engine.prepare()
    return [
        {"queue": c.queue, "task": c.task, "state": c.state, "count": c.count}
        for c in engine.counts()
    ]


@dataclass(slots=True)
class Work:
    """What the jobs do, over one App a process; each job thread has an HTTP client of its own."""

    app: App
    _local: threading.local = field(default_factory=threading.local)
    _clients: list[Client] = field(default_factory=list)

    def handlers(self) -> Handlers:
        """The table of jobs."""
        return Handlers(check=self.check, routine=self.routine, back_read=self.back_read)

    def check(self, host: str, sources: Sequence[str]) -> None:
        """Check the due sources of one host, after the pause that the host is owed."""
        chosen = [s for s in self.app.sources() if s.id in set(sources) and s.enabled]
        if not chosen:
            return
        self._wait_for(host, max(s.politeness.min_delay_s for s in chosen))
        loop = self.app.check_loop(fetcher=self._client())
        try:
            loop.run(chosen, _ignore)
        finally:
            loop.close()
            self.app.store.set_fact(_pause_name(host), self.app.clock.now().isoformat())

    def routine(self, name: str) -> None:
        """One of the routines."""
        calls: dict[str, Callable[[], object]] = {
            "deliver": self.app.deliver,
            "digests": self.app.digests,
            "health": lambda: upkeep.tell_operator(self.app),
            "nightly": lambda: upkeep.nightly(self.app),
            "canary": lambda: upkeep.canary(self.app),
        }
        calls[name]()

    def back_read(self, archive: str, start: int, end: int) -> None:
        """One part of an archive."""
        from monitor.bootstrap.backreading import read_part

        read_part(self.app, archive, start, end)

    def close(self) -> None:
        """Drop the clients of all threads."""
        for client in self._clients:
            client.close()

    def _client(self) -> Client:
        client: Client | None = getattr(self._local, "client", None)
        if client is None:
            client = self._local.client = self.app.new_fetcher()
            self._clients.append(client)
        return client

    def _wait_for(self, host: str, delay_s: float) -> None:
        """Politeness across workers: the last request of any worker counts."""
        stored = self.app.store.fact(_pause_name(host))
        if stored is None:
            return
        over = datetime.fromisoformat(stored) + timedelta(seconds=delay_s)
        wait_s = (over - self.app.clock.now()).total_seconds()
        if wait_s > 0:
            time.sleep(min(wait_s, delay_s))


def _ignore(_checked: Checked) -> None:
    return


def _pause_name(host: str) -> str:
    return f"host_asked:{host}"


def host_of(source: Source, now: datetime) -> str:
    """The host that a check of the source begins with; its own id where it asks none."""
    requests = first_requests(source, "", now)
    return (urlsplit(requests[0].url).hostname or source.id) if requests else source.id


def _schedule(app: App, url: str, stop: threading.Event, say: Say) -> None:
    """Put what is due on the queue, as long as this worker is the elected one."""
    election = Election(url)
    engine = Engine(url, Work(app).handlers())
    last: dict[str, datetime] = {}
    was = False
    with engine.app.open():
        while not stop.wait(TICK_S):
            elected = election.elected()
            if elected and not was:
                say("this worker schedules")
            was = elected
            if elected:
                _tick(app, engine, last)
    election.resign()


def _tick(app: App, engine: Engine, last: dict[str, datetime]) -> None:
    try:
        app.reload()
        now = app.clock.now()
        engine.defer_checks(due_by_host(app, now))
        for name in due_routines(last, now, app.settings.get("MONITOR_TIME_ZONE")):
            engine.defer_routine(name)
            last[name] = now
    except MonitorError as error:
        message = f"schedule: {error}"
        entry = HealthEntry(at=app.clock.now(), kind="internal", message=message)
        app.store.add_health([entry])


def due_by_host(app: App, now: datetime) -> dict[str, list[str]]:
    """The sources that are due, by host."""
    states = app.store.source_states()
    found: dict[str, list[str]] = defaultdict(list)
    for source in app.sources():
        if source.enabled and is_due(source, states.get(source.id), now):
            found[host_of(source, now)].append(source.id)
    return dict(found)


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
