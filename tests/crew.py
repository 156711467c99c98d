"""A crew of worker processes, the site that they watch and what tests ask of them."""

from __future__ import annotations

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

from monitor.bootstrap.compose import App
from monitor.jobs.engine import NOBODY, Engine, queue_url
from monitor.settings import read_settings
from tests.fakeslack import FakeSlack
from tests.worker_process import FastClock

ROOT = Path(__file__).parents[1]
HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4")
DELAY_S = 0.05


@dataclass(slots=True)
class Site:
    """Feeds on several loopback hosts; remembers when each host was asked, and when it answered."""

    hosts: tuple[str, ...] = HOSTS
    busy: Counter[str] = field(default_factory=Counter)
    overlaps: int = 0
    asked: list[tuple[str, str, float, float]] = field(default_factory=list)
    entries: dict[str, list[str]] = field(default_factory=dict)
    silence_s: int = 0  #: the next request is told to stay away for so long; then 0 again
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
                    silence_s, site.silence_s = site.silence_s, 0
                    site.busy[host] -= 1
                    site.asked.append((host, self.path, begun, time.monotonic()))
                self.send_response(429 if silence_s else 200)
                if silence_s:
                    self.send_header("Retry-After", str(silence_s))
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

        first = Server((site.hosts[0], 0), Handler)
        port = first.server_address[1]
        self.servers = [first, *(Server((host, port), Handler) for host in site.hosts[1:])]
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
        for host in self.hosts:
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


def feeds_yaml(site: Site, feeds: int, destinations: tuple[str, ...]) -> str:
    lines = ["version: 1", "sources:"]
    for number in range(feeds):
        host = site.hosts[number % len(site.hosts)]
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
            f"    options: {{url: 'http://{host}:{site.port}/f{number}', follow: never}}",
        ]
    lines += [
        "subscriptions:",
        *(f"  - {{id: to_{d.lower()}, channel: slack, destination: {d}}}" for d in destinations),
    ]
    return "\n".join(lines) + "\n"


@dataclass(slots=True)
class Crew:
    """Worker processes over one database."""

    environment: dict[str, str]
    clock: FastClock
    directory: Path
    places: tuple[tuple[str, ...], ...] = ((),)  #: what goes before the command, in turn
    alive: list[subprocess.Popen[bytes]] = field(default_factory=list)
    started: int = 0

    def add(self, number: int = 1) -> None:
        for _ in range(number):
            self.started += 1
            log = (self.directory / f"worker{self.started}.log").open("wb")
            self.alive.append(
                subprocess.Popen(
                    [
                        *self.places[(self.started - 1) % len(self.places)],
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
        codes = [process.wait(120) for process in self.alive]
        self.alive.clear()
        return codes

    def logs(self) -> str:
        return "\n".join(p.read_text() for p in sorted(self.directory.glob("worker*.log")))


@contextmanager
def crew(
    tmp_path: Path,
    url: str,
    site: Site,
    slack: FakeSlack,
    *,
    feeds: int,
    speed: float,
    destinations: tuple[str, ...] = ("C1",),
    **settings: str,
) -> Iterator[tuple[Crew, App]]:
    (tmp_path / "feeds.yaml").write_text(feeds_yaml(site, feeds, destinations), encoding="utf-8")
    environment = {
        "MONITOR_DATA_DIR": str(tmp_path / "var"),
        "MONITOR_DATABASE_URL": url,
        "MONITOR_FEEDS": str(tmp_path / "feeds.yaml"),
        "MONITOR_ALLOW_NETWORKS": "127.0.0.0/8",
        "MONITOR_SLACK_TOKEN": "xoxb-test",
        "MONITOR_SLACK_API": slack.url,
        "MONITOR_WORKERS": "1",
        **settings,
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


def wait_until(reached: Callable[[], bool], what: str, seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.1)


def counts(url: str) -> dict[tuple[str, str], int]:
    engine = Engine(queue_url(url), NOBODY)
    with engine.opened():
        return {(c.task, c.state): c.count for c in engine.counts()}
