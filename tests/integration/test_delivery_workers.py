"""Three workers deliver from one PostgreSQL and are killed at random: every message once."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from monitor.domain.subscription import DeliveryState
from monitor.jobs.engine import NOBODY, Engine, queue_url
from storage.store import open_store
from tests import facts
from tests.conftest import database_name
from tests.crew import counts, wait_until
from tests.fakeslack import FakeSlack
from tests.killed_workers import work_and_die
from tests.mailroom import Mailroom, subscription
from tests.worker_process import FastClock

if TYPE_CHECKING:
    from storage.store import SqlStore
    from tests.conftest import PostgresServer

CHANNELS = ("C1", "C2", "C3")
EVENTS = 4
WORKERS = 3
SPEED = 120.0
#: A hundred runs for `make soak`, five in `make test-long`.
LONG = range(10, 110 if os.environ.get("MONITOR_SOAK") == "1" else 15)


@pytest.fixture
def fake() -> Iterator[FakeSlack]:
    started = FakeSlack(channels={name: [] for name in CHANNELS}).start()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def queued(postgres: PostgresServer, postgres_template: str, tmp_path_factory) -> str:
    """Name of a database with queue and a full outbox, to copy from."""
    url = postgres.new_database(postgres_template)
    engine = Engine(queue_url(url), NOBODY)
    engine.prepare()
    store = open_store(url, tmp_path_factory.mktemp("queued"))
    room = Mailroom(store)
    room.subscribe(*(subscription(name.lower(), destination=name) for name in CHANNELS))
    for number in range(EVENTS):
        room.commit(facts.record(facts.event(number)))
    store.close()
    return database_name(url)


@dataclass(slots=True)
class Shift:
    """The workers of one run."""

    url: str
    directory: Path
    fake: FakeSlack
    dice: Random
    clock: FastClock = field(init=False)
    alive: list[ForkServerProcess] = field(default_factory=list)
    killed: int = 0

    def __post_init__(self) -> None:
        # The tests' clock begins where the rows were queued.
        passed = (facts.NOW + timedelta(hours=1) - FastClock(1.0, 0.0).now()).total_seconds()
        started = time.time()
        self.clock = FastClock(SPEED, started - (passed + started) / SPEED)

    def add(self, steps: int | None) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["tests.killed_workers"])
        arguments = (self.url, self.directory, self.fake.url, self.clock, steps)
        process = context.Process(target=work_and_die, args=arguments)
        process.start()
        self.alive.append(process)

    def replace_one(self, *, mined: bool) -> None:
        """Whoever died is replaced; where all live, one is killed."""
        dead = [process for process in self.alive if not process.is_alive()]
        victim = dead[0] if dead else self.dice.choice(self.alive)
        victim.kill()
        victim.join()
        self.alive.remove(victim)
        self.killed += 1
        self.add(self.dice.randrange(12) if mined else None)

    def stop(self) -> None:
        for process in self.alive:
            if process.is_alive():
                os.kill(process.pid or 0, signal.SIGTERM)
        for process in self.alive:
            process.join(120)
            # One that was started a moment ago does not hear signals yet.
            assert process.exitcode in (0, -signal.SIGKILL, -signal.SIGTERM)


def _run(url: str, directory: Path, fake: FakeSlack, seed: int, kills: int) -> None:
    dice = Random(seed)
    fake.dice, fake.fault_rate = Random(dice.random()), 0.2
    shift = Shift(url, directory, fake, dice)
    store = open_store(url, directory)
    try:
        for _ in range(WORKERS):
            shift.add(dice.randrange(12))
        for number in range(kills):
            time.sleep(dice.uniform(0.1, 0.8))
            shift.replace_one(mined=number < kills - WORKERS)
        while any(not process.is_alive() for process in shift.alive):
            shift.replace_one(mined=False)
        fake.fault_rate = 0.0
        wait_until(lambda: not _open(store), "all delivered", 200)
        # What the killed had begun may be done by others before its lease has run out.
        wait_until(lambda: not _running(url), "jobs of the killed taken over", 200)
        shift.stop()
        _judge(store, fake, url)
    finally:
        for process in shift.alive:
            process.kill()
        store.close()


def _open(store: SqlStore) -> bool:
    states = (DeliveryState.QUEUED, DeliveryState.ATTEMPTED)
    return any(store.deliveries(state=state, limit=1) for state in states)


def _judge(store: SqlStore, fake: FakeSlack, url: str) -> None:
    deliveries = store.deliveries()
    assert len(deliveries) == EVENTS * len(CHANNELS)
    assert {delivery.state for delivery in deliveries} == {DeliveryState.SENT}
    assert Counter(fake.delivery_parts()) == Counter((d.id, 0) for d in deliveries)
    for channel in CHANNELS:
        in_order = [d.id for d in reversed(deliveries) if d.destination == channel]
        shown = [m["metadata"]["event_payload"]["delivery_id"] for m in fake.visible(channel)]
        assert shown == in_order
    # A job that killed six workers is dead; the next one delivers.
    assert not _running(url)


def _running(url: str) -> bool:
    return "running" in {state for _, state in counts(url)}


@pytest.fixture
def full_url(postgres: PostgresServer, queued: str) -> Iterator[str]:
    url = postgres.new_database(queued)
    yield url
    postgres.drop(url)


def test_three_workers_killed_at_random(full_url: str, tmp_path: Path, fake: FakeSlack) -> None:
    _run(full_url, tmp_path, fake, seed=1, kills=4)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", LONG)
def test_three_workers_killed_again_and_again(
    full_url: str, tmp_path: Path, fake: FakeSlack, seed: int
) -> None:
    _run(full_url, tmp_path, fake, seed=seed, kills=16)
