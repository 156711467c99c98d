"""One object that holds what is built, built when first asked for and closed in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from ipaddress import ip_network
from typing import TYPE_CHECKING

from monitor.bootstrap import knowledge
from monitor.bootstrap.machine import SystemClock, body_memory_bytes, for_good, monotonic
from monitor.bootstrap.single import delivering
from monitor.catalogue.load import Catalogue
from monitor.detect.document import Document
from monitor.detect.rule import Pack
from monitor.domain.claim import Finding
from monitor.domain.errors import ConfigError
from monitor.domain.source import Source
from monitor.ports import Channel, Clock
from monitor.services.health import HealthService
from monitor.services.query import QueryService
from monitor.services.reload import Watched
from monitor.settings import Settings, process_environment, read_settings
from monitor.stores import Store

if TYPE_CHECKING:
    from monitor.detect.watched import WatchedBill
    from monitor.egress.gate import Gate
    from monitor.fetch.client import Client
    from monitor.fetch.politeness import Turns
    from monitor.services.check import Checked, CheckLoop
    from monitor.services.deliver import Deliver
    from monitor.services.digest import Digests
    from monitor.services.intake import Find, Intake, Tables
    from monitor.services.review import Review
    from monitor.services.watching import BillWatch
    from monitor.services.workers import WorkerPool

VERSION = "0.1.0"


class App:
    """The program as configured; parts are built at first use, so that a small verb starts fast."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        """`clock` is the wall clock unless the demo or a replay brings its own."""
        self.settings = settings
        self.clock: Clock = clock or SystemClock()
        self._stack = ExitStack()
        self._watched: tuple[Catalogue, tuple[WatchedBill, ...]] | None = None
        self._scanned: tuple[object, ...] = ()

    def close(self) -> None:
        """Release everything that was built, newest first."""
        self._stack.close()

    @cached_property
    def store(self) -> Store:
        """The store, its schema brought up to date."""
        with for_good():
            from storage.store import open_store

        try:
            self.settings.data_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(
                f"the data directory {self.settings.data_dir} cannot be made: {error.strerror}; "
                "MONITOR_DATA_DIR names another"
            ) from error
        store = open_store(self.settings.database_url, self.settings.data_dir, self.clock)
        self._stack.callback(store.close)
        return store

    @cached_property
    def catalogue(self) -> Watched[Catalogue]:
        """feeds.yaml as it stands."""
        store = self.store
        with for_good():
            return knowledge.watched_catalogue(self.settings, self.clock, store)

    @cached_property
    def pack(self) -> Watched[Pack]:
        """The shipped rules, those of MONITOR_RULES and the catalogue's own."""
        catalogue, store = self.catalogue, self.store
        with for_good():
            return knowledge.watched_pack(self.settings, catalogue, self.clock, store)

    @cached_property
    def query(self) -> QueryService:
        """The one query service."""
        return QueryService(store=self.store, gazetteer=knowledge.gazetteer(), clock=self.clock)

    @cached_property
    def health(self) -> HealthService:
        """How the sources stand."""
        return HealthService(store=self.store, clock=self.clock, sources=self.sources)

    def sources(self) -> tuple[Source, ...]:
        """The sources of the catalogue, on or off as the probe, the keys and people decided."""
        from monitor.bootstrap.switching import switched

        present = frozenset(name for name, secret in self.settings.secrets.items() if secret)
        decided = self.store.switched()
        return tuple(
            switched(source, decided.get(source.id), present)
            for source in self.catalogue.value.sources
        )

    def chosen_sources(self, ids: Sequence[str] | None) -> tuple[Source, ...]:
        """Sources by id, all when none is named. Raises ConfigError for an unknown id."""
        sources = {source.id: source for source in self.sources()}
        unknown = [i for i in ids or [] if i not in sources]
        if unknown:
            raise ConfigError(f"no source {unknown[0]!r} in {self.settings.feeds}")
        return tuple(s for s in sources.values() if not ids or s.id in ids)

    @cached_property
    def gate(self) -> Gate:
        """The egress gate with the networks that the operator allows."""
        from monitor.egress.gate import Gate

        try:
            allowed = [ip_network(n) for n in self.settings.list("MONITOR_ALLOW_NETWORKS")]
        except ValueError as error:
            raise ConfigError(f"MONITOR_ALLOW_NETWORKS: {error}; write 10.0.0.0/8") from error
        return Gate(monotonic=monotonic, allowed_networks=allowed)

    @cached_property
    def fetcher(self) -> Client:
        """The HTTP client of the thread that checks."""
        client = self.new_fetcher()
        self._stack.callback(client.close)
        return client

    def new_fetcher(self, turns: Turns | None = None) -> Client:
        """An HTTP client for one thread; the caller closes it. `turns`: leave to ask hosts."""
        from monitor.bootstrap.outgoing import lists_mailbox
        from monitor.fetch.client import Capacity
        from monitor.fetch.mail_client import MailClient

        contact = self.settings.get("MONITOR_CONTACT") or "operator did not say"
        return MailClient(
            gate=self.gate,
            clock=self.clock,
            monotonic=monotonic,
            user_agent=f"policy-monitor/{VERSION} ({contact})",
            secrets=self.settings.secrets,
            turns=turns,
            capacity=Capacity(body_bytes=body_memory_bytes(self.settings)),
            mailbox=lists_mailbox(self.settings),
        )

    @cached_property
    def watch(self) -> BillWatch:
        """The bills that are followed, by number and name."""
        from monitor.services.watching import BillWatch

        return BillWatch(self.store, self.clock, self.watched_in_catalogue)

    def watched_in_catalogue(self) -> tuple[WatchedBill, ...]:
        """What feeds.yaml says to watch, in a section of its own and in sources' options.

        Asked for with every page: the sources are gone through once for each catalogue.
        """
        from monitor.bootstrap.reading import watched_by_sources

        catalogue = self.catalogue.value
        if self._watched is None or self._watched[0] is not catalogue:
            bills = (*catalogue.watch, *watched_by_sources(catalogue.sources))
            self._watched = (catalogue, bills)
        return self._watched[1]

    @cached_property
    def workers(self) -> WorkerPool:
        """Bounded worker processes; they load the same rules for the trigger scan."""
        from monitor.bootstrap.reading import scan_setup, worker_pool

        self._scanned = scan_setup(self.pack.value, self.watch.current())
        pool = worker_pool(self.settings, self._scanned)
        self._stack.callback(pool.close)
        return pool

    def intake(self, *, silent: bool = False, find: Find | None = None) -> Intake:
        """What takes readings in; `silent` tells nobody; `find` stands in for detection."""
        from monitor.services.finding import Knowledge
        from monitor.services.intake import Intake
        from monitor.services.outbox import Routing

        return Intake(
            store=self.store,
            clock=self.clock,
            knowledge=lambda: Knowledge(
                pack=self.pack.value,
                gazetteer=knowledge.gazetteer(),
                watched=self.watch.current(),
            ),
            tables=self.tabling,
            route=None if silent else Routing(self.store, self.counties_near),
            find=find,
            reread=lambda source, snapshot: self.workers.read(source, snapshot, ""),
            forget=self.watch.forget,
        )

    def detect(self, document: Document) -> tuple[Finding, ...]:
        """What the rules in force read in a document."""
        from monitor.detect.engine import findings

        return findings(document, self.pack.value, knowledge.gazetteer())

    def counties_near(self, place: str, km: int) -> tuple[str, ...]:
        """FIPS of the counties within so many km of a place."""
        return tuple(county.fips for county in knowledge.gazetteer().near(place, km))

    def check_loop(self, fetcher: Client | None = None, find: Find | None = None) -> CheckLoop:
        """A loop over checks, for one thread; close it when done."""
        from monitor.registry import first_requests
        from monitor.services.check import CheckLoop

        return CheckLoop(
            store=self.store,
            fetcher=fetcher or self.fetcher,
            workers=self.workers,
            intake=self.intake(find=find),
            clock=self.clock,
            first=first_requests,
        )

    def check(self, sources: Sequence[Source], on_done: Callable[[Checked], None]) -> None:
        """Check these sources once."""
        loop = self.check_loop()
        try:
            loop.run(sources, on_done)
        finally:
            loop.close()

    @cached_property
    def channels(self) -> dict[str, Channel]:
        """The channels that are configured, by name."""
        from monitor.bootstrap.outgoing import open_channels

        return open_channels(self.settings)

    @cached_property
    def deliver_service(self) -> Deliver:
        """The outbox loop."""
        from monitor.bootstrap.outgoing import deliver_service

        return deliver_service(self.settings, self.store, self.channels, self.clock)

    def deliver(self) -> int:
        """Send what is due; how many were confirmed. Channels are opened when there is anything."""
        now = self.clock.now()
        if not (self.store.due_deliveries(now, 1) or self.store.interrupted_deliveries(now)):
            return 0
        with delivering(self.settings) as alone:
            return self.deliver_service.run_once(alone=alone).sent

    @cached_property
    def digest_service(self) -> Digests:
        """Digest windows."""
        from monitor.services.digest import Digests

        return Digests(self.store, self.clock, self.counties_near)

    def digests(self) -> None:
        """Close the digest windows that are due."""
        self.digest_service.run_once()

    @cached_property
    def review(self) -> Review:
        """Decisions of people."""
        from monitor.services.outbox import Routing
        from monitor.services.review import Review

        route = Routing(self.store, self.counties_near)
        return Review(store=self.store, clock=self.clock, route=route)

    @cached_property
    def tabling(self) -> Tables:
        """What tables of a reading say."""
        from monitor.bootstrap.reading import tables

        return tables(self.store)

    def reload(self) -> bool:
        """Take over changed files; True when sources or subscriptions may have changed."""
        catalogue = self.catalogue.refresh()
        self.pack.refresh()
        self.scan_anew()
        return catalogue is not None

    def scan_anew(self) -> None:
        """Let workers look for other words where rules or watched bills changed."""
        from monitor.bootstrap.reading import scan_setup

        if "workers" not in self.__dict__:
            return
        setup = scan_setup(self.pack.value, self.watch.current())
        if setup != self._scanned:
            self._scanned = setup
            self.workers.renew(setup)


@contextmanager
def open_app(clock: Clock | None = None) -> Iterator[App]:
    """The program as the environment configures it, closed at the end."""
    app = App(read_settings(process_environment()), clock)
    try:
        yield app
    finally:
        app.close()
