"""Several workers on one PostgreSQL: nothing twice, nothing lost, no host asked by two at once."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from monitor.bootstrap.compose import App
from monitor.domain.subscription import DeliveryState
from tests.crew import DELAY_S, OLD, Crew, Site, counts, crew, entry, wait_until
from tests.fakeslack import FakeSlack
from tests.worker_process import START, FastClock


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    server = FakeSlack(channels={"C1": []}).start()
    yield server
    server.stop()


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site().start()
    yield made
    made.stop()


def test_workers_share_the_work_and_the_hosts(
    tmp_path: Path, postgres_url: str, site: Site, slack: FakeSlack
) -> None:
    feeds = 12
    site.entries = {f"/f{n}": [OLD] for n in range(feeds)}
    with crew(tmp_path, postgres_url, site, slack, feeds=feeds, speed=180) as (workers, app):
        workers.add(2)

        def baselines() -> int:
            return sum(s.baseline for s in app.store.source_states().values())

        wait_until(lambda: baselines() == feeds, "every source read once")
        assert {path for _, path, _, _ in site.asked} == {f"/f{n}" for n in range(feeds)}
        site.entries["/f3"] = [OLD, entry(1, "Upshur")]
        wait_until(lambda: len(slack.visible("C1")) == 1, "the signing told")
        checked = {i: s.checks for i, s in app.store.source_states().items()}
        wait_until(
            lambda: all(s.checks > checked[i] for i, s in app.store.source_states().items()),
            "every source checked again",
        )
        wait_until(workers.running, "workers run")
        assert workers.stop() == [0, 0]
        assert workers.logs().count("this worker schedules") == 1
        assert workers.logs().count("stopped") == 2
        assert site.overlaps == 0
        assert site.smallest_pause_s() >= DELAY_S * 0.9
        assert slack.delivery_parts() and max(Counter(slack.delivery_parts()).values()) == 1
        assert not [key for key in counts(postgres_url) if key[1] in ("running", "dead")]
        assert app.store.verify() == ()


def _chaos(
    workers: Crew, app: App, site: Site, slack: FakeSlack, dice: Random, rounds: int
) -> set[str]:
    """News comes while workers are killed and replaced; the counties that were told of."""
    names = ("Upshur", "Smith", "Gregg", "Wood", "Rains", "Camp", "Titus", "Morris", "Marion")
    told: set[str] = set()
    for number in range(rounds):
        name = names[number % len(names)]
        path = f"/f{dice.randrange(4)}"
        site.entries[path] = [*site.entries[path], entry(number, name)]
        told.add(name)
        wait_until(workers.running, "workers run")
        time.sleep(dice.uniform(0.0, 2.0))
        workers.kill(dice.randrange(len(workers.alive)))
        workers.add()
    return told


def _killed_at_random(
    tmp_path: Path, url: str, site: Site, slack: FakeSlack, *, crew_size: int, rounds: int
) -> None:
    dice = Random(rounds)
    site.entries = {f"/f{n}": [OLD] for n in range(4)}
    with crew(tmp_path, url, site, slack, feeds=4, speed=120) as (workers, app):
        workers.add(crew_size)
        wait_until(
            lambda: sum(s.baseline for s in app.store.source_states().values()) == 4, "baselines"
        )
        slack.fault_rate, slack.dice = 0.1, Random(1)
        told = _chaos(workers, app, site, slack, dice, rounds)
        slack.fault_rate = 0.0

        def done() -> bool:
            deliveries = app.store.deliveries()
            open_ones = [
                d for d in deliveries if d.state in (DeliveryState.QUEUED, DeliveryState.ATTEMPTED)
            ]
            shown = json.dumps(slack.visible("C1"))
            return not open_ones and all(f"{name} County" in shown for name in told)

        wait_until(done, "all told", 120)
        wait_until(workers.running, "workers run")
        assert set(workers.stop()) == {0}
        parts = Counter(slack.delivery_parts())
        assert max(parts.values()) == 1, "shown twice"
        assert {d.state for d in app.store.deliveries()} <= {
            DeliveryState.SENT,
            DeliveryState.CANCELLED,
        }
        signed = [e for e in app.query.events(app.query.ask("type:signed")).items if not e.silent]
        assert {(e.agency or "").removesuffix(" County Sheriff's Office") for e in signed} == told
        assert len(signed) == len(told)
        assert not [key for key in counts(url) if key[1] in ("running", "dead")]
        assert site.overlaps == 0
        assert app.store.verify() == ()


def test_killed_workers_lose_and_repeat_nothing(
    tmp_path: Path, postgres_url: str, site: Site, slack: FakeSlack
) -> None:
    _killed_at_random(tmp_path, postgres_url, site, slack, crew_size=2, rounds=2)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_four_workers_killed_many_times(
    tmp_path: Path, postgres_url: str, site: Site, slack: FakeSlack
) -> None:
    _killed_at_random(tmp_path, postgres_url, site, slack, crew_size=4, rounds=9)


def test_the_clock_of_the_tests_starts_where_the_news_are_dated() -> None:
    assert FastClock(1.0, time.time()).now() - START < START - START.replace(hour=11)
