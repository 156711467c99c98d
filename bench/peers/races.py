"""The races: what each program does, in which sizes, and what is made of the runs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from bench.peers import programs, world
from bench.peers.programs import Program, left_out
from bench.peers.race import Failed, Run, kept, run, setup

#: A racer is made for each size, as this program is configured by its directory.
Racer = Callable[[Path], Program]
OWN = "this program"
ROUNDS = 3
LONG_S = 10.0  #: of processor time, after which nothing is run once more
_TICK_S = 1.1  #: servers date files by the second
#: These take half a second of processor time a feed: they race at an eighth of the sizes.
SLOW = ("feed2exec", "rss2email")
#: These as well over many feeds, of which each takes them longer the more there are: at an eighth
#: they look better than they are.
SLOW_WITH_MANY = (*SLOW, "newsboat", "sfeed_update")


@dataclass(slots=True)
class Table:
    """Runs of one race: program -> size -> run."""

    what: str
    unit: str
    runs: dict[str, dict[int, Run]] = field(default_factory=dict)

    def add(self, one: Run) -> None:
        """Keep a run."""
        self.runs.setdefault(one.program, {})[one.units] = one

    def slopes(self) -> dict[str, float]:
        """Milliseconds of processor time a unit between the sizes, so that start-up is apart."""
        found = {}
        for name, by_size in self.runs.items():
            if len(by_size) > 1:
                few, many = min(by_size), max(by_size)
                used = by_size[many].cpu_s - by_size[few].cpu_s
                found[name] = used / (many - few) * 1000
        return found

    def whole(self) -> dict[str, float]:
        """Seconds of the whole process at this program's largest size, of all that raced there."""
        size = max(self.runs.get(OWN, {}), default=0)
        return {name: sizes[size].cpu_s for name, sizes in self.runs.items() if size in sizes}

    def tell(self) -> None:
        """Print slopes and whole processes, each beside ours."""
        ratios(f"{self.what}: CPU ms a {self.unit}, slope", self.slopes())
        ratios(f"{self.what}: CPU s, whole process", self.whole())


def ratios(what: str, used: dict[str, float]) -> None:
    """One row: what each used, and how many times ours that is."""
    own = used.get(OWN)
    if own is None or len(used) < 2:
        return
    others = {name: value for name, value in used.items() if name != OWN}
    row = {
        "what": what,
        "used": {name: round(value, 3) for name, value in used.items()},
        "times_ours": {name: round(value / max(own, 1e-6), 2) for name, value in others.items()},
    }
    print(json.dumps(row), flush=True)


def say(one: Run, new: object = "", texts: object = "") -> None:
    """One run as a row."""
    row = {k: round(v, 3) if isinstance(v, float) else v for k, v in asdict(one).items()}
    print(json.dumps({**row, "noticed_new": new, "texts_kept": texts}), flush=True)


def _sizes(name: str, sizes: Sequence[int], slow: Sequence[str]) -> list[int]:
    return [size // 8 for size in sizes] if name in slow else list(sizes)


def unchanged_feeds(
    served: world.World, racers: dict[str, Racer], scratch: Path, sizes: Sequence[int]
) -> Table:
    """Feeds of ten short entries that did not change since they were read."""
    table = Table("unchanged feeds", "feed")
    for name, racer in racers.items():
        for size in _sizes(name, sizes, SLOW_WITH_MANY):
            served.feeds(world.ENTRIES, size, entries=10)
            one = _second(
                racer, scratch / f"u_{name}_{size}".replace(" ", "_"), served, size, "unchanged"
            )
            if one is not None:
                table.add(one)
                say(one)
    return table


def _second(racer: Racer, directory: Path, served: world.World, size: int, work: str) -> Run | None:
    """The run after the first read; None, told, where the program failed."""
    program = racer(directory)
    try:
        setup(program, directory, [served.feed_url(n) for n in range(size)])
        first = run(program, directory, "first read", size)
        return _cheapest(first, lambda _: run(program, directory, work, size))[0]
    except Failed as failure:
        left_out(program.name, str(failure))
        return None


def _cheapest(first: Run, once: Callable[[int], Run]) -> tuple[Run, int]:
    """The cheapest of three runs, numbered from 1, because the machine does other things as well;
    of fewer where they take long. And how much more it knew than the run before it."""
    runs = [first]
    while len(runs) <= ROUNDS and sum(one.cpu_s for one in runs[1:]) < LONG_S:
        time.sleep(_TICK_S)
        runs.append(once(len(runs)))
    one, before = min(zip(runs[1:], runs, strict=False), key=lambda pair: pair[0].cpu_s)
    return one, one.noticed - before.noticed


@dataclass(frozen=True, slots=True)
class _Newer:
    """A program that runs again over what is newer each time."""

    served: world.World
    program: Program
    directory: Path
    size: int
    work: str

    def entries(self, subject: str, number: int) -> Run:
        """Over feeds with new entries for the `number`-th time."""
        self.served.feeds(world.ENTRIES + number * world.NEW, self.size, subject)
        return run(self.program, self.directory, self.work, self.size)

    def pages(self, changed: int, number: int) -> Run:
        """Over pages of which so many changed for the `number`-th time."""
        self.served.pages(number, changed)
        return run(self.program, self.directory, self.work, self.size)


def new_entries(
    served: world.World,
    racers: dict[str, Racer],
    scratch: Path,
    sizes: Sequence[int],
    subject: str,
) -> Table:
    """Feeds of 50 entries with 6 kB of HTML each, of which 20 are new."""
    work = f"{world.NEW} new entries each"
    table = Table(f"feeds with {work}, of {subject}", "feed")
    for name, racer in racers.items():
        for size in _sizes(name, sizes, SLOW):
            directory = scratch / f"n_{subject}_{name}_{size}".replace(" ", "_")
            program = racer(directory)
            served.feeds(world.ENTRIES, size, subject)
            try:
                setup(program, directory, [served.feed_url(n) for n in range(size)])
                first = run(program, directory, "first read", size)
                newer = _Newer(served, program, directory, size, f"{work}, of {subject}")
                one, new = _cheapest(first, partial(newer.entries, subject))
            except Failed as failure:
                left_out(name, f"{size} {table.unit}s: {failure}")
                continue
            table.add(one)
            say(one, new, kept(program, directory))
    return table


def pages(
    served: world.World, racers: dict[str, Racer], scratch: Path, sizes: Sequence[int]
) -> Table:
    """Watched pages of 20 kB, of which one in fifty changed a sentence."""
    table = Table("watched pages, one in fifty changed", "page")
    for name, racer in racers.items():
        for size in sizes:
            directory, changed = scratch / f"p_{name}_{size}".replace(" ", "_"), size // 50
            program = racer(directory)
            served.pages(0)
            try:
                setup(program, directory, [served.page_url(n) for n in range(size)])
                first = run(program, directory, "first read", size)
                newer = _Newer(served, program, directory, size, f"{changed} of the pages changed")
                one, new = _cheapest(first, partial(newer.pages, changed))
            except Failed as failure:
                left_out(name, f"{size} {table.unit}s: {failure}")
                continue
            table.add(one)
            say(one, new if name == OWN else one.noticed)
    return table


def own_feeds(directory: Path) -> Program:
    """This program over feeds."""
    return programs.own(directory, programs._own_feeds)


def own_pages(directory: Path) -> Program:
    """This program over pages."""
    return programs.own(directory, programs._own_pages)
