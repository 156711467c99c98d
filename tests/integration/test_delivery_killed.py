"""kill -9 between decision and confirmation, faults on: once at Slack, at most once by mail."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from monitor.domain.subscription import Cadence, DeliveryKind, DeliveryState
from monitor.domain.vocabulary import RecordKind, Rung
from storage.store import open_store
from tests import facts
from tests.fakeslack import FakeSlack
from tests.fakesmtp import FakeSmtp, SmtpFault
from tests.killed import ROUND, ROUNDS, deliver_and_die
from tests.mailroom import Mailroom, slack, subscription

CHANNELS = ("C1", "C2", "C3")
MAIL_DICE = (
    SmtpFault(at="DATA", answer="451 4.3.0 later"),
    SmtpFault(at="DATA", answer="451 4.3.0 later"),
    SmtpFault(at="DATA"),
    SmtpFault(at="DATA", accept=True),
)

#: A thousand runs for `make soak`, the first two hundred of them in `make test-long`.
LONG_STARTS = range(1000, 2000 if os.environ.get("MONITOR_SOAK") == "1" else 1200, 100)


@dataclass(slots=True)
class World:
    """The servers, a database to start from, and what stood in Slack before."""

    slack: FakeSlack
    smtp: FakeSmtp
    template: Path
    before: list[dict[str, object]]

    def reset(self, dice: Random) -> None:
        self.slack.channels = {name: [] for name in CHANNELS}
        self.slack.channels["C1"] = [dict(message) for message in self.before]
        self.slack.dice, self.slack.fault_rate = Random(dice.random()), 0.25
        self.smtp.mails.clear()
        own = Random(dice.random())
        self.smtp.throw = lambda: own.choice(MAIL_DICE) if own.random() < 0.2 else None

    def settle(self) -> None:
        """Wait until the server has answered everything that a dead client had sent."""
        deadline = time.monotonic() + 60
        while self.slack.busy() and time.monotonic() < deadline:
            time.sleep(0.002)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    directory = tmp_path_factory.mktemp("killed")
    fake = FakeSlack(channels={name: [] for name in CHANNELS}).start()
    smtp = FakeSmtp().start()
    template = directory / "template.db"
    store = open_store(f"sqlite:///{template}", directory)
    room = Mailroom(store, channels={"slack": slack(fake)})
    room.subscribe(subscription("one", destination="C1"))
    room.commit(facts.record(facts.event(100)))
    room.deliver.run_once()
    before = fake.visible("C1")
    room.subscribe(
        subscription("two", destination="C2"),
        subscription("weekly", destination="C3", cadence=Cadence.HOURLY),
        subscription("mail", channel="email", destination="reader@example.org"),
    )
    climbed = replace(facts.event(100), status=Rung.OFFICIAL)
    room.commit(
        facts.record(climbed, RecordKind.CLIMBED, changed=(("status", "reported", "official"),)),
        *(facts.record(facts.event(number)) for number in range(2)),
    )
    room.commit(*(facts.record(facts.event(number)) for number in range(2, 9)))
    room.clock.pass_(timedelta(hours=1))
    room.digests.run_once()
    store.close()
    yield World(slack=fake, smtp=smtp, template=template, before=before)
    fake.stop()
    smtp.stop()


def _one_life(world: World, database: Path, dice: Random, life: int, *, last: bool) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.killed"])
    by_step = dice.random() < 0.6
    steps = None if last or not by_step else dice.randrange(40)
    start = facts.NOW + timedelta(hours=2) + life * (ROUNDS + 1) * ROUND
    process = context.Process(
        target=deliver_and_die,
        args=(database, world.slack.url, world.smtp.port, start, steps),
    )
    process.start()
    if not (last or by_step):
        process.join(dice.random() * 0.25)
        process.kill()
    process.join(120)
    assert process.exitcode is not None
    process.close()
    world.settle()


def _run(world: World, directory: Path, seed: int) -> None:
    dice = Random(seed)
    world.reset(dice)
    database = directory / f"run{seed}.db"
    shutil.copy(world.template, database)
    lives = dice.randrange(1, 4)
    for life in range(lives):
        _one_life(world, database, dice, life, last=False)
    world.slack.fault_rate = 0.0
    world.smtp.throw = lambda: None
    _one_life(world, database, dice, lives, last=True)
    _judge(world, database, seed)


def _judge(world: World, database: Path, seed: int) -> None:
    store = open_store(f"sqlite:///{database}", database.parent)
    deliveries = store.deliveries()
    store.close()
    left = [d for d in deliveries if d.state in (DeliveryState.QUEUED, DeliveryState.ATTEMPTED)]
    assert not left, f"seed {seed}: never finished"
    parts = Counter(world.slack.delivery_parts())
    mails = Counter(str(message["Message-ID"]) for message in world.smtp.messages())
    for delivery in deliveries:
        if delivery.channel == "slack":
            shown = [number for (key, number) in parts if key == delivery.id]
            wanted = [0, 1] if delivery.kind is DeliveryKind.BURST else [0]
            assert delivery.state is DeliveryState.SENT, f"seed {seed}: {delivery}"
            assert sorted(shown) == wanted, f"seed {seed}: {delivery}"
        else:
            copies = mails[f"<{delivery.id}@example.org>"]
            assert copies <= 1, f"seed {seed}: mailed twice"
            assert copies == 1 or delivery.state is DeliveryState.UNKNOWN, f"seed {seed}"
    assert max(parts.values()) == 1, f"seed {seed}: shown twice"


@pytest.mark.parametrize("start", range(0, 50, 10))
def test_killed_anywhere_every_message_arrives_once(
    world: World, tmp_path: Path, start: int
) -> None:
    for seed in range(start, start + 10):
        _run(world, tmp_path, seed)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("start", LONG_STARTS)
def test_killed_many_times(world: World, tmp_path: Path, start: int) -> None:
    for seed in range(start, start + 100):
        _run(world, tmp_path, seed)
