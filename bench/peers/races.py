"""The races: what each program does, in which sizes, and what is made of the runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.peers import programs, world
from bench.peers.programs import Program, left_out
from bench.peers.race import Failed, Run, kept, run, setup

#: A racer is made for each size, as this program is configured by its directory.
Racer = Callable[[Path], Program]
OWN = "this program"
#: These take half a second of processor time a feed: they race at an eighth of the sizes.
SLOW = ("feed2exec", "rss2email")


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


def _sizes(name: str, sizes: Sequence[int]) -> list[int]:
    return [size // 8 for size in sizes] if name in SLOW else list(sizes)


def unchanged_feeds(
    served: world.World, racers: dict[str, Racer], scratch: Path, sizes: Sequence[int]
) -> Table:
    """Feeds of ten short entries that did not change since they were read."""
    table = Table("unchanged feeds", "feed")
    for name, racer in racers.items():
        for size in _sizes(name, sizes):
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
        run(program, directory, "first read", size)
        runs = [run(program, directory, work, size) for _ in range(2)]
        return min(runs, key=lambda one: one.cpu_s)  # the machine does other things as well
    except Failed as failure:
        left_out(program.name, str(failure))
        return None


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
        for size in _sizes(name, sizes):
            directory = scratch / f"n_{subject}_{name}_{size}".replace(" ", "_")
            program = racer(directory)
            served.feeds(world.ENTRIES, size, subject)
            try:
                setup(program, directory, [served.feed_url(n) for n in range(size)])
                first = run(program, directory, "first read", size)
                served.feeds(world.ENTRIES + world.NEW, size, subject)
                one = run(program, directory, f"{work}, of {subject}", size)
            except Failed as failure:
                left_out(name, f"{size} {table.unit}s: {failure}")
                continue
            table.add(one)
            say(one, one.noticed - first.noticed, kept(program, directory))
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
                served.pages(1, changed)
                one = run(program, directory, f"{changed} of the pages changed", size)
            except Failed as failure:
                left_out(name, f"{size} {table.unit}s: {failure}")
                continue
            table.add(one)
            say(one, one.noticed - (first.noticed if name == OWN else 0))
    return table


def own_feeds(directory: Path) -> Program:
    """This program over feeds."""
    return programs.own(directory, programs._own_feeds)


def own_pages(directory: Path) -> Program:
    """This program over pages."""
    return programs.own(directory, programs._own_pages)
