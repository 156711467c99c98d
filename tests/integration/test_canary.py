"""The canary goes the whole way, and its death at any step is an alarm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.bootstrap import knowledge
from monitor.detect.document import Document
from monitor.detect.engine import findings
from monitor.domain.claim import Finding
from monitor.domain.vocabulary import EventType
from monitor.services.canary import Canary
from monitor.settings import read_settings
from storage.store import open_store
from tests.fakeslack import FakeSlack, Fault
from tests.mailroom import Mailroom, slack


@pytest.fixture
def fake() -> Iterator[FakeSlack]:
    started = FakeSlack(channels={"C1": []}).start()
    yield started
    started.stop()


@pytest.fixture
def room(fake: FakeSlack, tmp_path: Path) -> Iterator[Mailroom]:
    store = open_store(f"sqlite:///{tmp_path}/m.db", tmp_path)
    yield Mailroom(store, channels={"slack": slack(fake)})
    store.close()


@pytest.fixture(scope="module")
def detect() -> Callable[[Document], tuple[Finding, ...]]:
    settings = read_settings({})
    pack, gazetteer = knowledge.load_pack(settings, None), knowledge.gazetteer()
    return lambda document: findings(document, pack, gazetteer)


def test_the_shipped_rules_find_it_and_it_arrives_once_a_day(
    room: Mailroom, fake: FakeSlack, detect: Callable[[Document], tuple[Finding, ...]]
) -> None:
    canary = Canary(room.store, room.clock, detect, ("slack", "C1"))
    assert not canary.hatch().problem
    canary.hatch()
    room.run(2)
    (message,) = fake.visible("C1")
    assert message["text"].startswith("Canary: Dallas County")
    assert canary.look()
    assert room.store.last_sequence() == 0, "it stays out of the log"
    room.clock.pass_(timedelta(days=1))
    canary.hatch()
    room.run(2)
    assert len(fake.visible("C1")) == 2


def test_rules_that_find_nothing_are_an_alarm(room: Mailroom) -> None:
    hatched = Canary(room.store, room.clock, lambda document: (), ("slack", "C1")).hatch()
    assert "rules" in hatched.problem
    assert [entry.kind for entry in room.store.health()] == ["canary"]


def test_a_canary_that_does_not_arrive_is_one_alarm(
    room: Mailroom, fake: FakeSlack, detect: Callable[[Document], tuple[Finding, ...]]
) -> None:
    canary = Canary(room.store, room.clock, detect, ("slack", "C1"))
    canary.hatch()
    fake.fail("chat.postMessage", *[Fault(kind="code", code="service_unavailable")] * 50)
    room.deliver.run_once()
    assert canary.look(), "still on its way"
    room.clock.pass_(timedelta(hours=3))
    assert not canary.look()
    assert not canary.look()
    alarms = [entry for entry in room.store.health() if entry.kind == "canary"]
    assert len(alarms) == 1
    assert "service_unavailable" in alarms[0].message


def test_what_it_says_is_the_kind_it_was_made_for(
    detect: Callable[[Document], tuple[Finding, ...]], room: Mailroom
) -> None:
    made = Canary(room.store, room.clock, detect, ("slack", "C1"))._records(room.clock.now())
    assert [record.event.event_type for record in made] == [EventType.AGREEMENT_SIGNED]
