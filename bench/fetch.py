"""Cost of fetching and of worker processes: `python -m bench.fetch [--feeds N] [--hosts N]`.

A server in a process of its own answers on loopback, so that what is measured is the client's
processor time alone: unchanged feeds (304), feeds of 50 kB (200, gzip), connections kept and new.
Prints one JSON object a line.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import ip_network

from monitor.domain.ident import SourceId
from monitor.domain.snapshot import NotModified, Outcome, Request, Snapshot, Validators
from monitor.domain.source import Politeness, Source
from monitor.egress.gate import Gate
from monitor.fetch.client import Client
from monitor.ports import FetchJob
from monitor.services.workers import WorkerPool

UNCHANGED = (
    b"HTTP/1.1 304 Not Modified\r\nServer: still\r\nDate: Mon, 02 Feb 2026 10:00:00 GMT\r\n"
    b'ETag: "still"\r\nLast-Modified: Mon, 02 Feb 2026 10:00:00 GMT\r\n\r\n'
)
ITEM = b"<item><guid>%d</guid><title>The board met again</title><link>http://a/%d</link></item>"
FEED = b'<?xml version="1.0"?><rss><channel>' + b"".join(ITEM % (n, n) for n in range(600))
PACKED = gzip.compress(FEED + b"</channel></rss>")
CHANGED = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nContent-Encoding: gzip\r\n"
    b'ETag: "new"\r\nContent-Length: %d\r\n\r\n' % len(PACKED)
) + PACKED
NO_ROBOTS = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


class Answering(asyncio.Protocol):
    """Answers each request by its path; as little work as a server can do."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        assert isinstance(self.transport, asyncio.WriteTransport)
        if b"/robots.txt" in data:
            self.transport.write(NO_ROBOTS)
        elif b"If-None-Match" in data:
            self.transport.write(UNCHANGED)
        else:
            self.transport.write(CHANGED)


async def serve() -> None:
    """Listen on a free loopback port, tell it, and answer for ever."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Answering, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


class WallClock:
    """The present moment."""

    def now(self) -> datetime:
        return datetime.now(UTC)


def read_nothing(source: Source, snapshot: Snapshot, cursor: str) -> int:
    """A document's way into a worker and back, without any reading."""
    return len(snapshot.body)


def cpu_s() -> float:
    """Processor time of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measured(what: str, count: int, work: Callable[[], object], runs: int = 5) -> None:
    """Print the median cost of one of `count` things."""
    costs = []
    for _ in range(runs):
        cpu, wall = cpu_s(), time.perf_counter()
        work()
        costs.append(((cpu_s() - cpu) / count, (time.perf_counter() - wall) / count))
    cpu, wall = sorted(costs)[len(costs) // 2]
    row = {"what": what, "cpu_us": round(cpu * 1e6), "wall_us": round(wall * 1e6), "count": count}
    print(json.dumps(row), flush=True)


def made_client() -> Client:
    """A client to which every name is this machine."""
    gate = Gate(
        monotonic=time.monotonic,
        allowed_networks=[ip_network("127.0.0.1/32")],
        resolver=lambda host, port: ["127.0.0.1"],
    )
    return Client(
        gate=gate, clock=WallClock(), monotonic=time.monotonic, user_agent="bench/0 (loopback)"
    )


def fetched(client: Client, port: int, feeds: int, hosts: int, validators: Validators) -> None:
    """One round over all feeds; each must have its outcome."""
    polite = Politeness(min_delay_s=0.0, concurrency=1)
    expected: type[Outcome] = NotModified if validators.etag else Snapshot
    jobs = (
        FetchJob(
            source_id=SourceId(f"feed-{n}"),
            request=Request(url=f"http://h{n % hosts}.example:{port}/feed/{n}"),
            politeness=polite,
            validators=validators,
        )
        for n in range(feeds)
    )
    wrong = [outcome for _, outcome in client.fetch(jobs) if not isinstance(outcome, expected)]
    assert not wrong, wrong[0]


def measure_fetch(port: int, feeds: int) -> None:
    """Unchanged and changed feeds on few hosts (connections kept) and many (mostly new)."""
    still = Validators(etag='"still"')
    for hosts in (1, 20, 100, feeds):
        client = made_client()

        def unchanged(client: Client = client, hosts: int = hosts) -> None:
            fetched(client, port, feeds, hosts, still)

        unchanged()
        measured(f"304, {feeds} feeds on {hosts} hosts", feeds, unchanged)
        client.close()
    client = made_client()
    measured(
        f"200, {len(FEED) // 1000} kB gzip, 100 hosts",
        feeds,
        lambda: fetched(client, port, feeds, 100, Validators()),
    )
    client.close()


def measure_workers(documents: int) -> None:
    """A 160 kB document into a worker and back: what the queue adds to reading."""
    pool = WorkerPool(call="bench.fetch:read_nothing", monotonic=time.monotonic, size=1)
    source = Source(id=SourceId("a"), kind="feed", name="A", options={})
    snapshot = Snapshot(
        source_id=source.id,
        request=Request(url="https://a.example/"),
        final_url="https://a.example/",
        status=200,
        headers=(),
        body=bytes(160_000),
        captured_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    pool.run(source, snapshot, "")

    def work() -> None:
        for _ in range(documents):
            pool.run(source, snapshot, "")

    measured("160 kB document through a worker", documents, work, runs=3)
    pool.close()


def main() -> None:
    """Serve in another process, measure in this one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=2_000)
    parser.add_argument("--documents", type=int, default=1_000)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve())
        return
    command = [sys.executable, "-m", "bench.fetch", "--serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        try:
            measure_fetch(int(server.stdout.readline()), options.feeds)
        finally:
            server.kill()
    measure_workers(options.documents)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"what": "memory", "rss_mb": peak_mb}))


if __name__ == "__main__":
    main()
