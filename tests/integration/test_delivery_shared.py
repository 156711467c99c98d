"""Several delivering processes over one store, on each database: still one message each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest

from monitor.bootstrap.single import delivering
from monitor.domain.subscription import Cadence
from monitor.services.deliver import DeliveryPolicy
from monitor.settings import read_settings
from tests import facts
from tests.fakeslack import SERVER_ERROR_AFTER_ACCEPT, FakeSlack
from tests.mailroom import Mailroom, slack, subscription

if TYPE_CHECKING:
    from storage.store import SqlStore

T = TypeVar("T")

DESTINATIONS = tuple(f"C{number}" for number in range(8))


@pytest.fixture
def fake() -> Iterator[FakeSlack]:
    started = FakeSlack(channels={name: [] for name in DESTINATIONS}).start()
    yield started
    started.stop()


def _at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    """The results of calls made in threads of their own; a failure in one is the test's."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def test_four_deliverers_send_each_message_once(store: SqlStore, fake: FakeSlack) -> None:
    rooms = [Mailroom(store, channels={"slack": slack(fake)}) for _ in range(4)]
    for room in rooms:
        room.policy = DeliveryPolicy()
    rooms[0].subscribe(*(subscription(name, destination=name) for name in DESTINATIONS))
    for number in range(3):
        rooms[0].commit(facts.record(facts.event(number)))
    fake.fail("chat.postMessage", *[SERVER_ERROR_AFTER_ACCEPT] * 3)

    services = [room.deliver for room in rooms]
    for _ in range(6):
        _at_once([service.run_once for service in services])
        for room in rooms:
            room.clock.pass_(timedelta(minutes=3))
    assert set(rooms[0].states()) == {"sent"}
    parts = Counter(fake.delivery_parts())
    assert len(parts) == 3 * len(DESTINATIONS)
    assert set(parts.values()) == {1}


def test_two_digest_runs_at_once_close_one_window(store: SqlStore) -> None:
    rooms = [Mailroom(store) for _ in range(3)]
    rooms[0].subscribe(
        *(subscription(f"s{n}", destination=f"C{n}", cadence=Cadence.DAILY) for n in range(5))
    )
    rooms[0].commit(facts.record(facts.event(1)))
    for room in rooms:
        room.clock.pass_(timedelta(days=1))
    reports = _at_once([room.digests.run_once for room in rooms])
    assert sum(report.made for report in reports) == 5
    assert len(store.deliveries()) == 5


def test_who_delivers_alone_need_not_wait_for_the_dead(store: SqlStore, fake: FakeSlack) -> None:
    room = Mailroom(store, channels={"slack": slack(fake)}, policy=DeliveryPolicy())
    room.subscribe(subscription("one", destination="C0"))
    rows = room.commit(facts.record(facts.event(1)))
    assert store.start_attempt(rows[0].id, room.clock.now())  # and its process dies
    room.clock.pass_(timedelta(seconds=31))
    assert room.deliver.run_once().sent == 0
    assert room.states() == ["attempted"]
    room.deliver.run_once(alone=True)
    assert room.states() == ["sent"]
    assert len(fake.delivery_parts()) == 1


def test_one_process_delivers_alone(store_url: str, tmp_path: Path) -> None:
    settings = read_settings({"MONITOR_DATABASE_URL": store_url, "MONITOR_DATA_DIR": str(tmp_path)})
    with delivering(settings) as first, delivering(settings) as second:
        assert (first, second) == (True, False)
    with delivering(settings) as third:
        assert third
