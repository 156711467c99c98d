"""Several workers on one PostgreSQL: nothing twice, nothing lost, no host asked by two at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random

import pytest

from monitor.bootstrap.compose import App
from monitor.domain.subscription import DeliveryState
from monitor.jobs.engine import NOBODY, Engine
from monitor.settings import read_settings
from tests.fakeslack import FakeSlack
from tests.worker_process import START, FastClock

ROOT = Path(__file__).parents[2]
HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4")
DELAY_S = 0.05


@dataclass(slots=True)
class Site:
    """Feeds on several loopback hosts; remembers when each host was asked, and when it answered."""

    busy: Counter[str] = field(default_factory=Counter)
    overlaps: int = 0
    asked: list[tuple[str, str, float, float]] = field(default_factory=list)
    entries: dict[str, list[str]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    servers: list[ThreadingHTTPServer] = field(default_factory=list)

    def start(self) -> Site:
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                host = str(self.server.server_address[0])
                begun = time.monotonic()
                with site.lock:
                    site.overlaps += site.busy[host] > 0
                    site.busy[host] += 1
                time.sleep(0.01)
                body = site.feed(self.path)
                with site.lock:
                    site.busy[host] -= 1
                    site.asked.append((host, self.path, begun, time.monotonic()))
                self.send_response(200)
                self.send_header("Content-Type", "application/rss+xml")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                pass  # a killed worker is what the tests are about

        first = Server((HOSTS[0], 0), Handler)
        port = first.server_address[1]
        self.servers = [first, *(Server((host, port), Handler) for host in HOSTS[1:])]
        for server in self.servers:
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    @property
    def port(self) -> int:
        return int(self.servers[0].server_address[1])

    def feed(self, path: str) -> bytes:
        rows = "".join(self.entries.get(path, []))
        return (
            "<?xml version='1.0'?><rss version='2.0'><channel><title>News</title>"
            f"{rows}</channel></rss>"
        ).encode()

    def stop(self) -> None:
        for server in self.servers:
            server.shutdown()
            server.server_close()

    def smallest_pause_s(self) -> float:
        """Between an answer of a host and the next request to it."""
        pauses = [9.0]
        for host in HOSTS:
            turns = sorted((a, b) for name, _, a, b in self.asked if name == host)
            pauses += [turns[i + 1][0] - turns[i][1] for i in range(len(turns) - 1)]
        return min(pauses)


def entry(number: int, text: str) -> str:
    return (
        f"<item><title>Sheriff of {text} County signs 287(g) agreement</title>"
        f"<link>http://news.example/{number}</link><guid>n{number}</guid>"
        f"<pubDate>Mon, 02 Mar 2026 11:00:00 GMT</pubDate>"
        f"<description>The {text} County Sheriff's Office in Texas signed a 287(g) task force "
        "agreement with U.S. Immigration and Customs Enforcement on Monday, March 2, 2026, the "
        "office said.</description></item>"
    )


OLD = (
    "<item><title>Bridge work begins</title><link>http://news.example/b</link><guid>b</guid></item>"
)


def feeds_yaml(port: int, feeds: int) -> str:
    lines = ["version: 1", "sources:"]
    for number in range(feeds):
        lines += [
            f"  - id: feed_{number}",
            "    kind: feed",
            f"    name: Feed {number}",
            "    tier: official",
            "    document_kind: release",
            "    states: [TX]",
            "    sees: [agreement_signed]",
            "    schedule: {every: 10m}",
            f"    politeness: {{min_delay_s: {DELAY_S}, respect_robots: false}}",
            f"    options: {{url: 'http://{HOSTS[number % 4]}:{port}/f{number}', follow: never}}",
        ]
    lines += [
        "subscriptions:",
        "  - {id: all, channel: slack, destination: C1}",
    ]
    return "\n".join(lines) + "\n"


@dataclass(slots=True)
class Crew:
    """Worker processes over one database."""

    environment: dict[str, str]
    clock: FastClock
    directory: Path
    alive: list[subprocess.Popen[bytes]] = field(default_factory=list)
    started: int = 0

    def add(self, number: int = 1) -> None:
        for _ in range(number):
            self.started += 1
            log = (self.directory / f"worker{self.started}.log").open("wb")
            self.alive.append(
                subprocess.Popen(
                    [
                        sys.executable,
                        "-m",
                        "tests.worker_process",
                        str(self.clock.speed),
                        str(self.clock.real_start),
                    ],
                    cwd=ROOT,
                    env={**os.environ, **self.environment},
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            )
            log.close()

    def running(self) -> bool:
        """Whether every living worker takes jobs."""
        return all(f":{process.pid} runs" in self.logs() for process in self.alive)

    def kill(self, index: int) -> None:
        process = self.alive.pop(index)
        process.kill()
        process.wait()

    def stop(self) -> list[int]:
        for process in self.alive:
            process.send_signal(signal.SIGTERM)
        codes = [process.wait(40) for process in self.alive]
        self.alive.clear()
        return codes

    def logs(self) -> str:
        return "\n".join(p.read_text() for p in sorted(self.directory.glob("worker*.log")))


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


@contextmanager
def crew(
    tmp_path: Path, url: str, site: Site, slack: FakeSlack, *, feeds: int, speed: float
) -> Iterator[tuple[Crew, App]]:
    (tmp_path / "feeds.yaml").write_text(feeds_yaml(site.port, feeds), encoding="utf-8")
    environment = {
        "MONITOR_DATA_DIR": str(tmp_path / "var"),
        "MONITOR_DATABASE_URL": url,
        "MONITOR_FEEDS": str(tmp_path / "feeds.yaml"),
        "MONITOR_ALLOW_NETWORKS": "127.0.0.0/8",
        "MONITOR_SLACK_TOKEN": "xoxb-test",
        "MONITOR_SLACK_API": slack.url,
        "MONITOR_WORKERS": "1",
    }
    clock = FastClock(speed, time.time())
    made = Crew(environment, clock, tmp_path)
    app = App(read_settings(environment), clock)
    try:
        yield made, app
    except BaseException:
        sys.stderr.write(made.logs())
        raise
    finally:
        for process in made.alive:
            process.kill()
            process.wait()
        app.close()


def wait_until(reached: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.1)


def counts(url: str) -> dict[tuple[str, str], int]:
    engine = Engine(url, NOBODY)
    with engine.opened():
        return {(c.task, c.state): c.count for c in engine.counts()}


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
