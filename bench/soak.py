"""Simulated days with many sources at accelerated time: memory, database, archive, handles.

    python -m bench.soak --sources 2000 --days 30

A web server in a process of its own publishes what changes with the simulated day: feeds (most
say something new every few days, some every day), watched pages (every twenty-fifth source; new
noise every day, another sentence now and then), and one roster workbook that gains a row a day. A
few sources fail, lie or vanish for a day. The monitor checks all of them four times a day,
delivers, closes digests, does its nightly work. Printed as JSON: one line a day, and last the
slopes by least squares over the last two thirds. Fails when a process is left at the end.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

from monitor.bootstrap import upkeep
from monitor.bootstrap.compose import App
from monitor.demo.workbooks import participating
from monitor.domain.roster import RosterRow
from monitor.domain.vocabulary import Model
from monitor.settings import read_settings

START = datetime(2025, 4, 1, 6, 0, tzinfo=UTC)
CHECKS_A_DAY = 4
ENTRIES = 20
COUNTIES = ("Anderson", "Bandera", "Cass", "Dallas", "Ellis", "Falls", "Gaines", "Hale", "Irion")
HOSTS = 25
#: Every so-many-th source is a watched page instead of a feed.
PAGES_EVERY = 25
#: Rows of the roster on the first day; it gains one a day.
ROSTER_ROWS = 300
HTML = "text/html; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(slots=True)
class SimulatedClock:
    """Time as the soak says it is."""

    at: datetime = START

    def now(self) -> datetime:
        """The simulated moment."""
        return self.at


@dataclass(frozen=True, slots=True)
class Day:
    """What a day came to; `readers_mb` is the memory of all child processes but the publisher."""

    day: int
    rss_mb: float
    readers_mb: float
    handles: int
    threads: int
    children: int
    database_mb: float
    archive_mb: float
    records: int
    wall_s: float


def dice(*parts: object) -> float:
    """A number from 0 to 1 that depends on these words alone."""
    digest = hashlib.sha256(repr(parts).encode()).digest()
    return int.from_bytes(digest[:6]) / 2**48


def feed(source: int, day: int) -> bytes:
    """The feed of a source as of a day: its newest entries, one or none a day."""
    often = 1.0 if source % 20 == 0 else 0.25
    days = [d for d in range(day, day - 120, -1) if dice("news", source, d) < often][:ENTRIES]
    entries = "".join(_entry(source, d) for d in days)
    head = f"<title>Source {source}</title><link>http://127.0.0.1/</link>"
    return (
        f"<?xml version='1.0'?><rss version='2.0'><channel>{head}{entries}</channel></rss>".encode()
    )


def _entry(source: int, day: int) -> str:
    county = COUNTIES[(source + day) % len(COUNTIES)]
    text = f"Council {source} met on day {day}. " + "The budget for roads was discussed. " * 12
    if dice("signed", source, day) < 0.02:
        text = (
            f"The {county} County Sheriff's Office signed a 287(g) Warrant Service Officer "
            f"agreement with ICE, item {source}-{day}. {text}"
        )
    published = format_datetime(START + timedelta(days=day))
    return (
        f"<item><title>Notice {source}-{day}</title><guid>g{source}-{day}</guid>"
        f"<link>http://127.0.0.1/{source}/{day}</link><pubDate>{published}</pubDate>"
        f"<description>{text}</description></item>"
    )


def page(source: int, day: int) -> bytes:
    """A watched page as of a day: its words change every ten days or so, its noise every day."""
    edition = sum(dice("edit", source, d) < 0.1 for d in range(day + 1))
    words = f"The office of county {source} honors detainers for {24 + edition} hours. " * 3
    return (
        f"<html><head><title>Policy {source}</title></head><body><nav>Day {day}</nav><main><h1>"
        f"Policy</h1><p>{words}</p></main><footer>Visitors: {day}</footer></body></html>"
    ).encode()


def roster(day: int) -> bytes:
    """The workbook of a day: one row more than the day before."""
    rows = [
        RosterRow(
            state="TX",
            agency=f"{_name(n)} County Sheriff's Office",
            agency_id="",
            model=Model.WSO,
            signed=date(2025, 3, 3),
            county=f"{_name(n)} County",
        )
        for n in range(ROSTER_ROWS + day)
    ]
    return participating(rows, START + timedelta(days=day), {"TX": "Texas"})


def _name(number: int) -> str:
    """A name of letters, so that no two are spellings of one."""
    digest = hashlib.sha256(b"%d" % number).hexdigest()[:12]
    return digest.translate(str.maketrans("0123456789", "ghijklmnop")).capitalize()


def answer(path: str, day: int) -> tuple[bytes, str] | None:
    """(body, media type) of a path on a day, None for what is not there."""
    if path == "/287g":
        return b"<html><body><a href='/participating.xlsx'>Participating</a></body></html>", HTML
    if path == "/participating.xlsx":
        return roster(day), XLSX
    name = path.strip("/").partition(".")[0]
    source = int(name) if name.isdigit() else -1
    fate = dice("fate", source, day)
    if source < 0 or fate < 0.01:
        return None
    if fate < 0.015:
        return b"<html>Checking your browser</html>", HTML
    if source % PAGES_EVERY == PAGES_EVERY - 1:
        return page(source, day), HTML
    return feed(source, day), "application/rss+xml"


def _serve(port: Synchronized[int], day: Synchronized[int]) -> None:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            found = answer(self.path, day.value)
            if found is None:
                self._answer(404, b"gone", "", HTML)
                return
            body, media_type = found
            etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
            if self.headers.get("If-None-Match") == etag:
                self._answer(304, b"", etag, media_type)
            else:
                self._answer(200, body, etag, media_type)

        def _answer(self, status: int, body: bytes, etag: str, media_type: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            if etag:
                self.send_header("ETag", etag)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    first = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    number = first.server_address[1]
    servers = [first]
    servers += [ThreadingHTTPServer((f"127.0.0.{n}", number), Handler) for n in range(2, HOSTS + 1)]
    for server in servers:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
    port.value = number
    threading.Event().wait()


@contextmanager
def publishers(day: Synchronized[int]) -> Iterator[int]:
    """The web server in its own process; yields its port."""
    context = multiprocessing.get_context("spawn")
    port: Synchronized[int] = context.Value("i", 0)
    process = context.Process(target=_serve, args=(port, day), daemon=True)
    process.start()
    try:
        while port.value == 0:
            time.sleep(0.02)
        yield port.value
    finally:
        process.kill()
        process.join()


def catalogue(sources: int, port: int) -> str:
    """feeds.yaml with so many feeds on many names of this machine."""
    blocks = [_block(n, f"http://127.0.0.{1 + n % HOSTS}:{port}") for n in range(sources)]
    blocks.append(
        "  - {id: lists, kind: table, name: Lists, tier: roster, sees: [agreement_signed], "
        f"politeness: {{min_delay_s: 0}}, options: {{url: 'http://127.0.0.1:{port}/287g', "
        "reads: roster, links: [{name: participating, href: participating}]}}"
    )
    return "\n".join(
        [
            "version: 1",
            "sources:",
            *blocks,
            "subscriptions:",
            "  - {id: now, channel: file, destination: now.jsonl}",
            "  - {id: daily, channel: file, destination: daily.jsonl, cadence: daily}",
            "",
        ]
    )


def _block(number: int, base: str) -> str:
    common = (
        f"id: s{number}, name: Source {number}, states: [TX], sees: [agreement_signed], "
        "politeness: {min_delay_s: 0}"
    )
    if number % PAGES_EVERY == PAGES_EVERY - 1:
        options = f"{{url: '{base}/{number}.html'}}"
        return (
            f"  - {{kind: page, tier: official, document_kind: page, {common}, options: {options}}}"
        )
    options = f"{{url: '{base}/{number}.xml', follow: never}}"
    return f"  - {{kind: feed, tier: press, document_kind: news, {common}, options: {options}}}"


def soak(sources: int, days: int, directory: Path) -> Iterator[Day]:
    """One value a day."""
    context = multiprocessing.get_context("spawn")
    today: Synchronized[int] = context.Value("i", 0)
    with publishers(today) as port:
        (directory / "feeds.yaml").write_text(catalogue(sources, port), encoding="utf-8")
        clock = SimulatedClock()
        app = App(
            read_settings(
                {
                    "MONITOR_DATA_DIR": str(directory / "var"),
                    "MONITOR_FEEDS": str(directory / "feeds.yaml"),
                    "MONITOR_ALLOW_NETWORKS": "127.0.0.0/8",
                }
            ),
            clock,
        )
        upkeep.seed_subscriptions(app)
        others = set(_children())
        try:
            for day in range(days):
                today.value = day
                yield _day(app, clock, day, directory / "var", others)
            problems = app.store.verify()
            if problems:
                raise SystemExit("\n".join(problems))
        finally:
            app.close()
        left = set(_children()) - others
        if left:
            raise SystemExit(f"{len(left)} processes were left behind")


def _day(app: App, clock: SimulatedClock, day: int, data: Path, others: set[str]) -> Day:
    start = time.perf_counter()
    for _ in range(CHECKS_A_DAY):
        clock.at += timedelta(hours=24 / CHECKS_A_DAY)
        app.check(app.sources(), lambda _: None)
        app.deliver()
        app.health.tell()
    app.digests()
    app.deliver()
    upkeep.nightly(app)
    return Day(
        day=day,
        rss_mb=round(_rss_mb("self"), 1),
        readers_mb=round(sum(_rss_mb(child) for child in set(_children()) - others), 1),
        handles=len(os.listdir("/proc/self/fd")),
        threads=len(os.listdir("/proc/self/task")),
        children=len(_children()),
        database_mb=_size_mb(data, "monitor.sqlite*"),
        archive_mb=_size_mb(data / "archive", "**/*.zst"),
        records=app.store.last_sequence(),
        wall_s=round(time.perf_counter() - start, 2),
    )


def _rss_mb(process: str) -> float:
    pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def _children() -> list[str]:
    task = Path(f"/proc/self/task/{os.getpid()}/children")
    return task.read_text(encoding="ascii").split()


def _size_mb(directory: Path, pattern: str) -> float:
    return round(sum(f.stat().st_size for f in directory.glob(pattern)) / (1 << 20), 2)


def slope(values: list[float]) -> float:
    """Growth a day by least squares over the last two thirds."""
    kept = values[len(values) // 3 :]
    middle = (len(kept) - 1) / 2
    mean = sum(kept) / len(kept)
    spread = sum((n - middle) ** 2 for n in range(len(kept)))
    total = sum((n - middle) * (value - mean) for n, value in enumerate(kept))
    return round(total / spread, 4) if spread else 0.0


def main() -> None:
    """Run as a program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sources", type=int, default=2000)
    parser.add_argument("--days", type=int, default=30)
    asked = parser.parse_args()
    seen = []
    with tempfile.TemporaryDirectory(prefix="soak-") as scratch:
        for day in soak(asked.sources, asked.days, Path(scratch)):
            seen.append(day)
            print(json.dumps(asdict(day)), flush=True)
    columns = (
        "rss_mb",
        "readers_mb",
        "handles",
        "threads",
        "children",
        "database_mb",
        "archive_mb",
    )
    slopes = {f"{c}_a_day": slope([float(getattr(day, c)) for day in seen]) for c in columns}
    print(json.dumps({"sources": asked.sources, "days": asked.days, **slopes}))


if __name__ == "__main__":
    main()
