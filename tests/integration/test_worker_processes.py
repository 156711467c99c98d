"""Several workers on one PostgreSQL: nothing twice, nothing lost, no host asked by two at once."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import psycopg
import pytest

from monitor.bootstrap.compose import App
from monitor.domain.subscription import DeliveryState
from monitor.jobs.leases import HostLeases
from tests.crew import DELAY_S, HOSTS, OLD, Crew, Site, counts, crew, entry, wait_until
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


@pytest.fixture
def one_host() -> Iterator[Site]:
    made = Site(hosts=HOSTS[:1]).start()
    yield made
    made.stop()


def _holder(url: str) -> int:
    """The process that holds the one host."""
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT owner FROM monitor_host_lease").fetchall()
    ((owner,),) = rows
    return int(str(owner).split(":")[1])


def test_a_silence_told_to_a_worker_that_dies_holds_for_the_next(
    tmp_path: Path, postgres_url: str, one_host: Site, slack: FakeSlack
) -> None:
    """The host is the second worker's after two seconds; it asks for six."""
    one_host.entries, one_host.silence_s = {f"/f{n}": [OLD] for n in range(4)}, 6
    with crew(tmp_path, postgres_url, one_host, slack, feeds=4, speed=180) as (workers, app):
        workers.add(2)
        onlooker = HostLeases(postgres_url, "onlooker", time.monotonic)
        wait_until(lambda: bool(one_host.asked), "the host asked once")
        wait_until(lambda: onlooker.silence_left_s(HOSTS[0]) > 0, "the silence known to all")
        onlooker.close()
        told = _holder(postgres_url)
        workers.kill([process.pid for process in workers.alive].index(told))
        wait_until(
            lambda: sum(s.baseline for s in app.store.source_states().values()) == 4, "baselines"
        )
        assert one_host.asked[1][2] - one_host.asked[0][2] >= 6.0


def test_what_could_not_be_stored_is_seen_and_tried_again(
    tmp_path: Path, postgres_url: str, site: Site, slack: FakeSlack
) -> None:
    """The database takes no entries for a while: the job is a retried one, and loses nothing."""
    site.entries = {"/f0": [entry(1, "Upshur")]}
    with crew(tmp_path, postgres_url, site, slack, feeds=1, speed=60) as (workers, app):
        app.store.last_sequence()  # the schema is there
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute("ALTER TABLE revision ADD CONSTRAINT full_up CHECK (false)")
            workers.add()
            wait_until(workers.running, "a worker")
            wait_until(lambda: counts(postgres_url).get(("check", "retried")) == 1, "a retry")
            assert app.store.source_states() == {}
            connection.execute("ALTER TABLE revision DROP CONSTRAINT full_up")
        wait_until(lambda: any(s.baseline for s in app.store.source_states().values()), "stored")
        wait_until(lambda: ("check", "retried") not in counts(postgres_url), "the retry ended")
        assert "check: StoreError: feed_0: " in workers.logs()
        assert workers.stop() == [0]


@pytest.mark.long
def test_four_workers_told_of_one_thing_log_it_once_with_every_telling(
    tmp_path: Path, postgres_url: str, site: Site, slack: FakeSlack
) -> None:
    """Sixteen feeds bring the same three signings in the same minute."""
    feeds, names = 16, ("Upshur", "Smith", "Gregg")
    site.entries = {f"/f{n}": [OLD] for n in range(feeds)}
    with crew(tmp_path, postgres_url, site, slack, feeds=feeds, speed=120) as (workers, app):
        workers.add(4)
        wait_until(
            lambda: sum(s.baseline for s in app.store.source_states().values()) == feeds,
            "baselines",
        )
        for path in site.entries:
            site.entries[path] = [OLD, *(entry(n, name) for n, name in enumerate(names))]

        def evidence() -> dict[str, int]:
            signed = app.query.events(app.query.ask("type:signed")).items
            counties = [(e.agency or "").removesuffix(" County Sheriff's Office") for e in signed]
            assert len(set(counties)) == len(counties), f"an event stands twice: {counties}"
            return {name: len(e.evidence) for name, e in zip(counties, signed, strict=True)}

        wait_until(lambda: evidence() == dict.fromkeys(names, feeds), "every telling is evidence")
        assert workers.stop() == [0] * 4
        assert not [key for key in counts(postgres_url) if key[1] in ("running", "dead")]
        assert app.store.verify() == ()


@pytest.mark.long
def test_a_silence_holds_for_all_workers_and_all_sources_of_the_host(
    tmp_path: Path, postgres_url: str, one_host: Site, slack: FakeSlack
) -> None:
    """Longer than a job waits: the jobs end, and others of the host come due meanwhile."""
    one_host.entries, one_host.silence_s = {f"/f{n}": [OLD] for n in range(8)}, 20
    with crew(tmp_path, postgres_url, one_host, slack, feeds=8, speed=180) as (workers, app):
        workers.add(2)
        wait_until(lambda: len(one_host.asked) > 1, "the host asked again", 120)
        assert one_host.asked[1][2] - one_host.asked[0][2] >= 20.0
        asked = [s for s in app.store.source_states().values() if s.failures or s.baseline]
        assert len(asked) > 1, "one source alone came due"
        wait_until(
            lambda: sum(s.baseline for s in app.store.source_states().values()) == 8,
            "baselines",
            120,
        )
        assert workers.stop() == [0, 0]


@pytest.mark.long
@pytest.mark.timeout(900)
def test_four_workers_killed_many_times(
    tmp_path: Path, postgres_url: str, site: Site, slack: FakeSlack
) -> None:
    _killed_at_random(tmp_path, postgres_url, site, slack, crew_size=4, rounds=9)


def test_the_clock_of_the_tests_starts_where_the_news_are_dated() -> None:
    assert FastClock(1.0, time.time()).now() - START < START - START.replace(hour=11)
