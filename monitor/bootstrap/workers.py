"""`monitor worker`: the services as jobs of the shared queue, on any number of machines."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from os import getpid
from secrets import token_hex

from monitor.bootstrap import upkeep
from monitor.bootstrap.backreading import QueuedReading
from monitor.bootstrap.compose import App
from monitor.bootstrap.faults import require_stored
from monitor.bootstrap.journal import about, fault
from monitor.bootstrap.machine import monotonic
from monitor.bootstrap.scheduling import Scheduling
from monitor.bootstrap.switching import switched
from monitor.domain.errors import StoreError
from monitor.domain.ident import SourceId
from monitor.domain.source import Source
from monitor.fetch.client import Client
from monitor.jobs import leases
from monitor.jobs.election import alone
from monitor.jobs.engine import MISSED_SIGNS, Engine, Handlers, queue_url
from monitor.jobs.leases import LEASE_S, HostLeases
from monitor.scheduler import is_due
from monitor.services.check import Checked, CheckLoop
from monitor.services.finding import findings_of
from monitor.services.recall import Recall

#: Jobs of one worker at once: mostly checks, which wait for their hosts.
CONCURRENCY = 4
#: A worker tells so often that it lives.
HEARTBEAT_S = 5.0

Say = Callable[[str], None]


def run_worker(
    app: App,
    *,
    take_part: bool,
    say: Say,
    pages: bool = False,
    heartbeat_s: float = HEARTBEAT_S,
) -> None:
    """Run jobs until SIGTERM; with `take_part` this worker may also become the scheduler.

    `pages` serves the pages and the Slack commands beside it. Raises ConfigError before anything
    starts, and StoreError when the queue's database goes away.
    """
    url = queue_url(app.settings.database_url)
    name = f"{socket.gethostname()}:{getpid()}"
    stop = threading.Event()
    work = Work(app, url, name, stop, say, lease_s=heartbeat_s * MISSED_SIGNS)
    engine = Engine(url, work.handlers())
    with alone(url):
        upkeep.prepare(app, say)
        engine.prepare()
        leases.prepare(url)
    with ExitStack() as stack:
        stack.callback(work.close)
        stack.enter_context(work.kept(heartbeat_s))
        if pages:
            _serve_beside(app, stack, say)
        scheduling = Scheduling(app, url, take_part=take_part, heartbeat_s=heartbeat_s, say=say)
        stack.enter_context(scheduling.in_background(stop))
        stack.callback(stop.set)
        told = engine.run_worker(
            concurrency=CONCURRENCY,
            name=name,
            heartbeat_s=heartbeat_s,
            on_stop=stop.set,
            on_ready=lambda: say(f"worker {name} runs"),
        )
    if not told:
        raise StoreError(
            "the shared queue's database went away; start the worker again when it answers"
        )
    say(f"worker {name} stopped")


def _serve_beside(app: App, stack: ExitStack, say: Say) -> None:
    from monitor.bootstrap.runner import pages_in_background
    from monitor.bootstrap.slack import slack_in_background

    stack.enter_context(pages_in_background(app, say))
    stack.enter_context(slack_in_background(app, say))


@dataclass(slots=True)
class Work:
    """What the jobs do, over one App a process; each job thread has an HTTP client of its own."""

    app: App
    url: str
    name: str
    stop: threading.Event
    say: Say
    lease_s: float = LEASE_S
    archives: QueuedReading = field(init=False)
    _local: threading.local = field(default_factory=threading.local)
    _open: list[_Fetching] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Nothing is started yet."""
        self.archives = QueuedReading(self.app)

    def handlers(self) -> Handlers:
        """The table of jobs."""
        return Handlers(check=self.check, routine=self.routine, back_read=self.back_read)

    def check(self, host: str, sources: Sequence[str]) -> None:
        """Check those of these sources that are still due; they begin at one host.

        When the worker is told to stop, what is under way is left and due again.
        """
        with self._told(job="check", host=host):
            self._check(frozenset(map(SourceId, sources)))

    def _check(self, sources: frozenset[SourceId]) -> None:
        due = self._due(sources)
        if not due:
            return
        fetching = self._fetching()
        loop = self.app.check_loop(fetcher=fetching.client, find=Recall(findings_of))
        try:
            self._run(loop, due)
        finally:
            whole = not loop.busy
            loop.close()
            self._done(fetching, whole)

    def routine(self, name: str) -> None:
        """One of the routines."""
        calls: dict[str, Callable[[], object]] = {
            "deliver": self.app.deliver,
            "digests": self.app.digests,
            "health": lambda: upkeep.tell_operator(self.app),
            "mailbox": lambda: upkeep.read_mailbox(self.app),
            "nightly": lambda: upkeep.nightly(self.app),
            "canary": lambda: upkeep.canary(self.app),
        }
        with self._told(job=name):
            calls[name]()

    def back_read(self, archive: str, start: int, end: int) -> None:
        """One part of an archive."""
        with self._told(job="back_read", archive=archive):
            self.archives.read_part(archive, start, end)

    @contextmanager
    def _told(self, **named: str) -> Iterator[None]:
        """What fails is said where it runs: the queue, which tries again, keeps that to itself."""
        with about(**named):
            try:
                yield
            except Exception as error:
                fault(self.say, f"{named['job']}: {type(error).__name__}: {error}", error)
                raise

    @contextmanager
    def kept(self, every_s: float) -> Iterator[None]:
        """Meanwhile the leases of all threads are prolonged, however long a request takes."""
        ended = threading.Event()

        def keep() -> None:
            while not ended.wait(every_s):
                for fetching in tuple(self._open):
                    try:
                        fetching.leases.renew()
                    except StoreError as error:  # none is held unless the next try succeeds
                        self.say(str(error))

        thread = threading.Thread(target=keep, name="leases", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(timeout=10)

    def close(self) -> None:
        """Drop the clients of all threads and give their hosts back."""
        for fetching in self._open:
            fetching.client.close()
            fetching.leases.close()
        self.archives.close()

    def _due(self, ids: frozenset[SourceId]) -> tuple[Source, ...]:
        """A job that was rescued or retried meets sources that were checked meanwhile."""
        states = self.app.store.source_states(sorted(ids))
        secrets = self.app.settings.secrets
        present = frozenset(name for name, secret in secrets.items() if secret)
        now = self.app.clock.now()
        chosen = (
            switched(source, getattr(states.get(source.id), "enabled_at_run_time", None), present)
            for source in self.app.catalogue.value.sources
            if source.id in ids
        )
        return tuple(s for s in chosen if s.enabled and is_due(s, states.get(s.id), now))

    def _run(self, loop: CheckLoop, sources: Sequence[Source]) -> None:
        """Raises StoreError at the end for checks that ended as if they had never begun."""
        loop.start(sources)
        ended: list[Checked] = []
        while loop.busy and not self.stop.is_set():
            ended += loop.step(0.5)
        require_stored(ended)

    def _fetching(self) -> _Fetching:
        fetching: _Fetching | None = getattr(self._local, "fetching", None)
        if fetching is None:
            # Containers may share a name and a process number.
            owner = f"{self.name}:{token_hex(8)}"
            held = HostLeases(self.url, owner, monotonic, self.lease_s)
            fetching = _Fetching(self.app.new_fetcher(held), held)
            self._local.fetching = fetching
            self._open.append(fetching)
        return fetching

    def _done(self, fetching: _Fetching, whole: bool) -> None:
        """Hosts go back to the others; a client with abandoned requests is not used again."""
        if whole:
            fetching.leases.give_back()
            return
        self._local.fetching = None
        self._open.remove(fetching)
        fetching.client.close()
        fetching.leases.close()


@dataclass(slots=True, eq=False)
class _Fetching:
    """The HTTP client of one thread, and its leave to ask hosts."""

    client: Client
    leases: HostLeases
