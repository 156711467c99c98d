"""The pages at scale, over HTTP on 127.0.0.1: filtered pages, full text, facets, API, feeds.

    python -m bench.web [--events 100000] [--runs 20] [--directory DIR]

Prints one JSON line a measure (milliseconds, the whole request). "first" has nothing remembered;
"again" asks the same question once more, as a person does who turns a page or reloads.
"""

from __future__ import annotations

import argparse
import http.client
import json
import resource
import shutil
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import uvicorn

from bench.storage import PAGES, TEXTS, fill, line
from monitor.domain.source import Source
from monitor.resolve.gazetteer import Gazetteer
from monitor.services.health import HealthService
from monitor.services.query import QueryService
from monitor.services.review import Review
from monitor.web.app import create_app
from monitor.web.options import WebOptions
from monitor.web.parts import WebParts
from storage.store import SqlStore, open_store

DATA = Path(__file__).parents[1] / "monitor" / "data"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class StillClock:
    """A clock that stands."""

    def now(self) -> datetime:
        """The moment it shows."""
        return NOW


def serve(store: SqlStore) -> tuple[uvicorn.Server, int]:
    """The pages over this store on a free port."""
    clock = StillClock()
    gazetteer = Gazetteer.parse(
        (DATA / "counties.csv").read_text("utf-8"), (DATA / "places.csv").read_text("utf-8")
    )

    def sources() -> tuple[Source, ...]:
        return ()

    parts = WebParts(
        store=store,
        query=QueryService(store=store, gazetteer=gazetteer, clock=clock),
        health=HealthService(store=store, clock=clock, sources=sources),
        review=Review(store=store, clock=clock, route=lambda records, now: ()),
        clock=clock,
    )
    app = create_app(parts, WebOptions())
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", lifespan="off")
    )
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.01)
    return server, server.servers[0].sockets[0].getsockname()[1]


def ask(connection: http.client.HTTPConnection, path: str) -> tuple[float, float]:
    """Milliseconds of one request, body read: on the wall, and of the processor (both ends)."""
    began, worked = time.perf_counter(), time.process_time()
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise SystemExit(f"{path}: {answer.status}")
    return (time.perf_counter() - began) * 1000, (time.process_time() - worked) * 1000


def measure(port: int, name: str, paths: list[str], runs: int) -> None:
    """All paths `runs` times; prints the first round apart from the rest."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    rounds = [[ask(connection, path) for path in paths] for _ in range(runs + 1)]
    for when, some in (("first", rounds[0]), ("again", [t for r in rounds[1:] for t in r])):
        line(f"web {name}, {when}", some, requests=len(some))


def main() -> None:
    """Fill, serve, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--directory", type=Path)
    options = parser.parse_args()
    directory = options.directory or Path(tempfile.mkdtemp(prefix="mbench"))
    try:
        store = open_store(f"sqlite:///{directory}/bench.db", directory)
        if store.last_sequence() == 0:
            fill(store, options.events)
        server, port = serve(store)
        filters = [quote(expression) for expression in PAGES]
        texts = [quote(expression) for expression in TEXTS]
        measure(port, "start page", ["/"], options.runs)
        measure(port, "filtered page", [f"/events?q={q}" for q in filters], options.runs)
        measure(port, "full text page", [f"/events?q={q}" for q in texts], options.runs)
        measure(port, "API filtered", [f"/api/v1/events?q={q}" for q in filters], options.runs)
        measure(port, "API facets", [f"/api/v1/events/facets?q={q}" for q in filters], options.runs)
        measure(port, "Atom", [f"/events.atom?q={q}" for q in filters], options.runs)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(json.dumps({"what": "web memory", "rss_mb": memory}))
        server.should_exit = True
        time.sleep(0.5)
        store.close()
    finally:
        if options.directory is None:
            shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
