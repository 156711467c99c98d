"""`monitor run`: the check loop, the scheduler's routines and the pages, until told to stop.

On SIGTERM no new work starts; requests in flight are abandoned and their sources are due again,
a transaction that began ends, deliveries under way finish.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from monitor.bootstrap import upkeep
from monitor.bootstrap.compose import App
from monitor.bootstrap.console import Console
from monitor.bootstrap.faults import Faults, require_stored
from monitor.bootstrap.pages import listening_socket, web_server
from monitor.bootstrap.single import alone
from monitor.bootstrap.slack import slack_in_background
from monitor.bootstrap.stopping import Stop
from monitor.domain.source import Source
from monitor.scheduler import Routine, Scheduler
from monitor.services.check import CheckLoop

#: After a failure of the check loop itself it waits so long.
AGAIN_S = 5.0

Say = Callable[[str], None]


class Runner:
    """One process that does everything."""

    def __init__(self, app: App, *, say: Say, pages: bool = True) -> None:
        self._app = app
        self._say = say
        self._pages = pages
        self._due: queue.SimpleQueue[Source] = queue.SimpleQueue()
        self._console = Console(app.store, app.clock, say)
        self._faults = Faults(app.store, app.clock, say)

    def run(self, stop: Stop) -> None:
        """Run until `stop` is set. Raises ConfigError before anything starts."""
        app = self._app
        upkeep.prepare(app, self._say)
        with ExitStack() as stack:
            stack.enter_context(alone(app.settings.data_dir))
            if self._pages:
                stack.enter_context(pages_in_background(app, self._say))
            stack.enter_context(slack_in_background(app, self._say))
            loop = app.check_loop()
            scheduler = Scheduler(now=app.clock.now, enqueue=self._due.put)
            scheduler.start(self._routines(scheduler))
            scheduler.watch(app.sources(), app.store.source_states())
            self._say(f"watching {sum(s.enabled for s in app.sources())} sources")
            try:
                self._checks(loop, scheduler, stop)
            finally:
                self._say("stopping: work in flight finishes")
                scheduler.stop()
                with self._faults.watch("stopping"):
                    loop.close()
        self._say("stopped")

    def _checks(self, loop: CheckLoop, scheduler: Scheduler, stop: Stop) -> None:
        """The check loop, in the calling thread; sources that could not begin are kept."""
        due: list[Source] = []
        while not stop.is_set():
            worked = False
            with self._faults.watch("check_loop"):
                due += self._waiting()
                loop.start(due)
                due.clear()
                ended = loop.step(0.5 if loop.busy else 0.1)
                for checked in ended:
                    scheduler.finished(checked.source_id, checked.state)
                require_stored(ended)
                worked = True
            if not (worked and loop.busy):
                stop.wait(0.2 if worked else AGAIN_S)

    def _waiting(self) -> list[Source]:
        found = []
        while not self._due.empty():
            found.append(self._due.get())
        return found

    def _routines(self, scheduler: Scheduler) -> tuple[Routine, ...]:
        app = self._app
        return (
            self._routine("deliver", app.deliver, every_s=2),
            self._routine("digests", app.digests, every_s=60),
            self._routine("console", self._console.look, every_s=2),
            self._routine("reload", lambda: self._reload(scheduler), every_s=5),
            self._routine("health", lambda: upkeep.tell_operator(app), every_s=300),
            self._routine("mailbox", lambda: upkeep.read_mailbox(app), every_s=600),
            self._routine("nightly", lambda: upkeep.nightly(app), cron="17 3 * * *"),
            self._routine("canary", lambda: upkeep.canary(app), cron="47 7 * * *"),
        )

    def _routine(
        self,
        name: str,
        call: Callable[[], object],
        *,
        every_s: float | None = None,
        cron: str | None = None,
    ) -> Routine:
        def guarded() -> None:
            with self._faults.watch(name):
                call()

        zone = self._app.settings.get("MONITOR_TIME_ZONE")
        return Routine(name=name, call=guarded, every_s=every_s, cron=cron, time_zone=zone)

    def _reload(self, scheduler: Scheduler) -> None:
        if self._app.reload():
            upkeep.seed_subscriptions(self._app)
            scheduler.watch(self._app.sources(), self._app.store.source_states())


@contextmanager
def pages_in_background(app: App, say: Say) -> Iterator[None]:
    """The pages on their own thread. Raises ConfigError when they cannot listen there."""
    server = web_server(app)
    bound = listening_socket(app.settings)
    thread = threading.Thread(target=lambda: server.run([bound]), name="pages", daemon=True)
    thread.start()
    say(f"pages at {_address(app)}")
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=10)


def serve_pages(app: App, say: Say) -> None:
    """Only the pages, in this thread, until interrupted."""
    server = web_server(app)
    bound = listening_socket(app.settings)
    say(f"pages at {_address(app)}")
    server.run([bound])


def _address(app: App) -> str:
    host, port = app.settings.listen
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
