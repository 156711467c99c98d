"""The whole bot with many unchanged feeds: processor time and memory a check: `-m bench.idle`.

A loopback server in a process of its own answers 304; every check goes the whole way, from the
schedule to the stored state. The first read of everything happens in a process of its own, so that
the memory stated for the unchanged rounds is that of a bot that was started over a stored state.
Printed as well: what 2,000 sources cost on an hourly schedule.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

from bench.measuring import peak_mb
from monitor.bootstrap.compose import App
from monitor.settings import read_settings


def serve(pipe: Connection) -> None:
    """Answer every path with one feed, or 304 to its ETag."""
    # What the server needs is no part of the bot, whose memory is stated.
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer  # noqa: PLC0415

    from bench.feeds import body  # noqa: PLC0415

    content = body(50)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            known = self.headers.get("If-None-Match") == '"v1"'
            self.send_response(304 if known else 200)
            self.send_header("ETag", '"v1"')
            self.send_header("Content-Length", "0" if known else str(len(content)))
            self.end_headers()
            if not known:
                self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    pipe.send(server.server_address[1])
    server.serve_forever()


def catalogue(port: int, number: int) -> str:
    """So many feeds on that port, four at a time."""
    lines = ["version: 1", "sources:"]
    for n in range(number):
        lines += [
            f"  - id: feed_{n}",
            "    kind: feed",
            f"    name: Feed {n}",
            "    tier: press",
            "    sees: [agreement_signed]",
            "    politeness: {min_delay_s: 0, respect_robots: false, concurrency: 4}",
            f"    options: {{url: 'http://127.0.0.1:{port}/{n}', follow: never}}",
        ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """First a full read of all, then unchanged rounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sources", type=int, default=2000)
    number = parser.parse_args().sources
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    port = ours.recv()
    with tempfile.TemporaryDirectory() as scratch:
        feeds = Path(scratch) / "feeds.yaml"
        feeds.write_text(catalogue(port, number), encoding="utf-8")
        spawning = multiprocessing.get_context("spawn")
        for rounds in (("first read of every feed",), ("unchanged",) * 3):
            process = spawning.Process(target=check_all, args=(scratch, rounds))
            process.start()
            process.join()
    server.terminate()


def check_all(scratch: str, rounds: tuple[str, ...]) -> None:
    """One bot's rounds over the state in a directory; prints a row for each."""
    settings = read_settings(
        {
            "MONITOR_DATA_DIR": f"{scratch}/var",
            "MONITOR_FEEDS": f"{scratch}/feeds.yaml",
            "MONITOR_ALLOW_NETWORKS": "127.0.0.1/32",
        }
    )
    app = App(settings)
    sources = app.sources()
    cpu = 0.0
    for name in rounds:
        cpu = _round(app, sources, name)
    size = (Path(scratch) / "var" / "monitor.sqlite").stat().st_size
    row = {
        "what": f"{len(sources)} sources every hour: {rounds[-1]}",
        "share_of_a_core": round(cpu / 3600, 5),
        "database_mb": round(size / 1e6, 1),
        "peak_mb": round(peak_mb(), 1),
    }
    print(json.dumps(row), flush=True)
    app.close()


def _round(app: App, sources: tuple[object, ...], name: str) -> float:
    wall, cpu = time.perf_counter(), time.process_time()
    outcomes: dict[str, int] = {}

    def done(checked: object) -> None:
        word = getattr(checked, "outcome", "")
        outcomes[word] = outcomes.get(word, 0) + 1

    app.check(sources, done)  # type: ignore[arg-type]
    used = time.process_time() - cpu
    row = {
        "what": name,
        "sources": len(sources),
        "outcomes": outcomes,
        "seconds": round(time.perf_counter() - wall, 2),
        "cpu_us_a_source": round(used / len(sources) * 1e6),
        "peak_mb": round(peak_mb(), 1),
    }
    print(json.dumps(row), flush=True)
    return used


if __name__ == "__main__":
    main()
