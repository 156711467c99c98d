"""What the shipped catalogue costs its publishers and its keys, and 2,000 quiet sources a machine:
`-m bench.catalogue_cost`.

A week is lived through by the scheduler's own functions, source by source, with answers that never
change: windows, cron lines and jitter count as they are. The quota is that of a quiet day, when no
bill changes, beside the budget at which a source stops.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from bench.idle import catalogue, serve
from bench.measuring import peak_mb
from monitor.bootstrap import knowledge
from monitor.bootstrap.compose import App
from monitor.bootstrap.machine import SystemClock
from monitor.domain.snapshot import Request
from monitor.domain.source import Source, SourceState
from monitor.extract.cursor import packed
from monitor.registry import first_requests
from monitor.scheduler import Scheduler, next_due
from monitor.settings import read_settings

START = datetime(2026, 1, 5, tzinfo=UTC)
SPAN = timedelta(days=7)
#: The share of one core that 2,000 quiet sources may take.
BOUND = 0.05
#: A cursor as it stands once a source is known, where an empty one would ask for less.
STEADY = {"legiscan": packed({"v": 1, "sessions": [["1"]]})}


@dataclass(slots=True, kw_only=True)
class Cost:
    """What a group of sources asks for."""

    sources: int = 0
    polls: float = 0  #: in the week
    requests: float = 0
    budget: int = 0  #: calls a month at which they stop


def polls(source: Source) -> Iterator[datetime]:
    """The moments of a week at which it is checked when nothing changes and nothing fails."""
    state = SourceState(source_id=source.id, checked_at=START, checks=1, baseline=True)
    while True:
        assert state.checked_at is not None
        due = next_due(source, state, state.checked_at)
        if due >= START + SPAN:
            return
        yield due
        state = replace(state, checked_at=due, succeeded_at=due, checks=state.checks + 1)


def asked(source: Source, at: datetime) -> tuple[Request, ...]:
    """What one check asks for when nothing is new."""
    return first_requests(source, STEADY.get(source.kind, ""), at)


def host(source: Source) -> str:
    """Whom it asks."""
    return next((urlsplit(r.url).hostname or "" for r in asked(source, START)), "")


def added(cost: Cost, source: Source) -> None:
    """One more source in a group."""
    cost.sources += 1
    cost.budget += int(getattr(source.options, "monthly_budget", 0))
    for at in polls(source):
        cost.polls += 1
        cost.requests += len(asked(source, at))


def shipped() -> None:
    """Polls and requests an hour of feeds.yaml; quota a day by key."""
    sources = knowledge.load_catalogue(Path("feeds.yaml"), SystemClock()).sources
    on = [source for source in sources if source.enabled or source.needs_env]
    whole, by_key, by_host = Cost(), defaultdict[str, Cost](Cost), defaultdict[str, Cost](Cost)
    keyless = Cost()
    for source in on:
        added(whole, source)
        added(by_host[host(source)], source)
        if source.needs_env:
            added(by_key[", ".join(source.needs_env)], source)
        elif source.enabled:
            added(keyless, source)
    hours, days = SPAN / timedelta(hours=1), SPAN / timedelta(days=1)
    for what, cost in (("with every key", whole), ("without any key", keyless)):
        row = {
            "what": f"the shipped catalogue, {what}", "sources": cost.sources,
            "polls_an_hour": round(cost.polls / hours, 1),
            "requests_an_hour": round(cost.requests / hours, 1),
        }  # fmt: skip
        print(json.dumps(row), flush=True)
    busiest = sorted(by_host.items(), key=lambda entry: -entry[1].requests)[:5]
    for name, cost in busiest:
        row = {
            "host_most_asked": name, "sources": cost.sources,
            "requests_an_hour": round(cost.requests / hours, 2),
        }  # fmt: skip
        print(json.dumps(row), flush=True)
    for key, cost in sorted(by_key.items()):
        row = {
            "key": key, "sources": cost.sources,
            "calls_a_quiet_day": round(cost.requests / days, 1),
            "calls_a_day_at_most": round(cost.budget / 30.4, 1) if cost.budget else None,
        }  # fmt: skip
        print(json.dumps(row), flush=True)


def quiet(number: int) -> None:
    """The processor time of so many sources on the default schedule when nothing changes."""
    ours, theirs = multiprocessing.Pipe()
    spawning = multiprocessing.get_context("spawn")
    server = spawning.Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    with tempfile.TemporaryDirectory() as scratch:
        feeds = Path(scratch) / "feeds.yaml"
        feeds.write_text(catalogue(ours.recv(), number), encoding="utf-8")
        # What is read for the first time is read by a process of its own: see bench.idle.
        for rounds in (0, 3):
            process = spawning.Process(target=check_all, args=(scratch, rounds))
            process.start()
            process.join()
    server.terminate()


def check_all(scratch: str, rounds: int) -> None:
    """A first read, or so many unchanged rounds; prints the share of a core they would take."""
    settings = read_settings(
        {
            "MONITOR_DATA_DIR": f"{scratch}/var",
            "MONITOR_FEEDS": f"{scratch}/feeds.yaml",
            "MONITOR_ALLOW_NETWORKS": "127.0.0.1/32",
        }
    )
    app = App(settings)
    sources = app.sources()
    outcomes: dict[str, int] = {}

    def done(checked: object) -> None:
        word = getattr(checked, "outcome", "")
        outcomes[word] = outcomes.get(word, 0) + 1

    app.check(sources, done)
    spent = [_round(app, sources, outcomes) for _ in range(rounds)]
    if spent:
        every_s = sources[0].schedule.every.total_seconds()
        checking, scheduling = min(spent), _scheduling(app, sources)
        share = (checking + scheduling) / every_s
        row = {
            "what": f"{len(sources)} sources on the default schedule, nothing changes",
            "every_s": every_s, "outcomes": outcomes,
            "cpu_s_checking": round(checking, 3), "cpu_s_scheduling": round(scheduling, 3),
            "share_of_a_core": round(share, 5), "bound": BOUND, "holds": share < BOUND,
            "peak_mb": round(peak_mb(), 1),
        }  # fmt: skip
        print(json.dumps(row), flush=True)
    app.close()


def _round(app: App, sources: tuple[Source, ...], outcomes: dict[str, int]) -> float:
    outcomes.clear()
    before = time.process_time()

    def done(checked: object) -> None:
        word = getattr(checked, "outcome", "")
        outcomes[word] = outcomes.get(word, 0) + 1

    app.check(sources, done)
    return time.process_time() - before


def _scheduling(app: App, sources: tuple[Source, ...]) -> float:
    """What it costs to have each source come due once and to plan its next check."""
    due: list[Source] = []
    scheduler = Scheduler(now=app.clock.now, enqueue=due.append)
    scheduler.start(())
    states = app.store.source_states()
    scheduler.watch(sources, states)
    before = time.process_time()
    for source in sources:
        scheduler.finished(source.id, states[source.id])
    spent = time.process_time() - before
    scheduler.stop()
    return spent


def main() -> None:
    """Both halves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sources", type=int, default=2000)
    arguments = parser.parse_args()
    shipped()
    quiet(arguments.sources)


if __name__ == "__main__":
    main()
