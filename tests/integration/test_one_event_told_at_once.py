"""Many processes are told of the same things at the same moment: one event each, no telling lost.

A thread stands for a process: on PostgreSQL it has a store of its own, on SQLite they share one, as
they do in one `monitor run`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from monitor.domain.event import Record
from monitor.domain.filter import parse
from monitor.domain.ident import SourceId
from monitor.domain.item import Item, Reading
from monitor.domain.snapshot import Request, Snapshot
from monitor.domain.source import Source, SourceState
from monitor.domain.subscription import Delivery
from monitor.domain.vocabulary import DocumentKind, RecordKind, Tier
from monitor.services.finding import Knowledge, findings_of
from monitor.services.intake import TRIES, Intake, Route, Taken
from monitor.services.recall import Recall
from monitor.services.review import Review
from monitor.stores import EventQuery
from storage.store import SqlStore, open_store
from tests.apps import SetClock
from tests.detection import gazetteer, read, shipped_pack

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
TELLERS = 16
COUNTIES = ("Upshur", "Smith")


class Stores:
    """Stores as the processes of one installation have them."""

    def __init__(self, url: str, folder: Path) -> None:
        self._stack = ExitStack()
        self._url, self._folder = url, folder
        self.first = self._opened()

    def another(self) -> SqlStore:
        return self.first if self._url.startswith("sqlite") else self._opened()

    def _opened(self) -> SqlStore:
        store = open_store(self._url, self._folder, busy_timeout_s=60.0)
        self._stack.callback(store.close)
        return store

    def close(self) -> None:
        self._stack.close()


@pytest.fixture
def stores(store_url: str, tmp_path: Path) -> Iterator[Stores]:
    made = Stores(store_url, tmp_path)
    yield made
    made.close()


def nobody(_: Sequence[Record], __: datetime) -> tuple[Delivery, ...]:
    return ()


@cache
def known() -> Knowledge:
    """What detection knows, warm: the first document costs seconds, in each thread that begins."""
    read("The Upshur County Sheriff's Office in Texas signed a 287(g) agreement with ICE.")
    return Knowledge(pack=shipped_pack(), gazetteer=gazetteer())


def intake(store: SqlStore, route: Route = nobody) -> Intake:
    known()
    return Intake(
        store=store,
        clock=SetClock(NOW),
        knowledge=known,
        tables=lambda *_: (),
        route=route,
        find=Recall(findings_of),
    )


def tell(by: Intake, teller: int, county: str) -> Taken:
    """Source number `teller` says that the county's sheriff signed."""
    source = Source(
        id=SourceId(f"office_{teller}"),
        kind="feed",
        name=f"Office {teller}",
        options=None,
        tier=Tier.OFFICIAL,
        document_kind=DocumentKind.RELEASE,
        states=("TX",),
    )
    request = Request(url=f"http://office-{teller}.example/{county}")
    item = Item(
        source_id=source.id,
        key=county,
        url=request.url,
        title=f"Sheriff of {county} County signs 287(g) agreement",
        text=f"The {county} County Sheriff's Office in Texas signed a 287(g) task force agreement "
        "with U.S. Immigration and Customs Enforcement on Monday, March 2, 2026, the office said.",
        kind=DocumentKind.RELEASE,
        published_at=NOW,
    )
    snapshot = Snapshot(
        source_id=source.id,
        request=request,
        final_url=request.url,
        status=200,
        headers=(),
        body=f"{teller} {county}".encode(),
        captured_at=NOW,
    )
    state = SourceState(source_id=source.id, baseline=True, succeeded_at=NOW)
    return by.take(source, state, snapshot, Reading(items=(item,)))


def evidence(store: SqlStore) -> dict[str, int]:
    """How many pieces of evidence each event has, by county."""
    found = store.events(EventQuery(filter=parse("", NOW.date()), limit=200)).items
    counties = [(e.agency or "").removesuffix(" County Sheriff's Office") for e in found]
    assert len(set(counties)) == len(counties), f"an event stands twice: {counties}"
    return {county: len(e.evidence) for county, e in zip(counties, found, strict=True)}


def test_one_event_and_every_telling_of_it(stores: Stores) -> None:
    known()
    start = threading.Barrier(TELLERS, timeout=60)

    def all_of_it(teller: int, store: SqlStore) -> None:
        by = intake(store)
        for county in COUNTIES:
            start.wait()
            tell(by, teller, county)

    with ThreadPoolExecutor(TELLERS) as pool:
        told = [pool.submit(all_of_it, n, stores.another()) for n in range(TELLERS)]
    assert [future.exception() for future in told] == [None] * TELLERS
    assert evidence(stores.first) == dict.fromkeys(COUNTIES, TELLERS)
    assert stores.first.verify() == ()


def test_who_is_always_overtaken_gets_a_turn(stores: Stores) -> None:
    """Whenever it has decided, another one tells of the same thing first: as long as it can."""
    others: list[Future[Taken]] = []

    with ThreadPoolExecutor(1) as pool:

        def overtaken(records: Sequence[Record], now: datetime) -> tuple[Delivery, ...]:
            number = len(others) + 1
            others.append(pool.submit(tell, intake(stores.another()), number, "Upshur"))
            if number <= TRIES:
                others[-1].result(60)  # afterwards it has to wait for the turn's end
            return nobody(records, now)

        tell(intake(stores.another(), overtaken), 0, "Upshur")
    assert len(others) == TRIES + 1
    assert evidence(stores.first) == {"Upshur": TRIES + 2}
    assert stores.first.verify() == ()


class Meanwhile(SetClock):
    """Whoever asks for the time gives another one time to do something: as long as it can."""

    def __init__(self, at: datetime, do: Callable[[], Future[Taken]]) -> None:
        super().__init__(at)
        self._do = do
        self.done: Future[Taken] | None = None

    def now(self) -> datetime:
        if self.done is None:
            self.done = self._do()
            with suppress(TimeoutError):
                self.done.result(1)
        return super().now()


def test_what_a_person_decides_overwrites_no_telling(stores: Stores) -> None:
    tell(intake(stores.first), 0, "Upshur")
    (event,) = stores.first.events(EventQuery(filter=parse("", NOW.date()))).items
    with ThreadPoolExecutor(1) as pool:
        clock = Meanwhile(NOW, lambda: pool.submit(tell, intake(stores.another()), 1, "Upshur"))
        review = Review(store=stores.another(), clock=clock, route=nobody)
        review.dispute(event.id, actor="editor", reason="the office denies it")
    assert clock.done is not None and clock.done.exception() is None
    assert evidence(stores.first) == {"Upshur": 2}
    kinds = [record.kind for record in stores.first.records(event.id)]
    assert kinds[:2] == [RecordKind.OPENED, RecordKind.DISPUTED]  # which the other one knew
    assert stores.first.verify() == ()
