"""The same work by this program and its peers, as whole processes, in one go.

    python -m bench.peers [--feeds 50,250]

Feeds: 200 and 2,000 unchanged (the cost of a feed is the slope between them, so that start-up does
not count), 200 with 20 new entries of full content each. Pages: 500 watched, ten of which changed.
Then detection against keywords, and the roster's ledger against a naive difference of rows. Peers
are installed into a throw-away environment (or BENCH_PEERS_VENV names one); newsboat and sfeed are
raced where the system has them. One JSON object a line, ratios at the end.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import asdict
from pathlib import Path

from bench.peers import naive, programs, world
from bench.peers.programs import Program
from bench.peers.race import Run, run, setup


def main() -> None:
    """Race everything that can be installed here."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="feeds, pages or naive")
    parser.add_argument("--feeds", default="200,2000", help="two numbers of feeds")
    parser.add_argument("--programs", default="", help="names, comma separated; empty: all")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="peers") as scratch:
        directory = Path(scratch)
        if asked.only != "naive":
            venv = programs.install(directory / "venv")
            served = world.start(directory)
            print(json.dumps({"what": "machine", "server": served.name, **machine()}), flush=True)
            try:
                if asked.only != "pages":
                    print("# other programs: feeds", flush=True)
                    _feeds(served, _wanted(programs.feed_programs(venv), asked), directory, asked)
                if asked.only != "feeds":
                    print("# other programs: watched pages", flush=True)
                    _pages(served, _wanted(programs.page_programs(venv), asked), directory)
            finally:
                served.stop()
        if asked.only in ("", "naive"):
            print("# the simple ways", flush=True)
            naive.detection()
            naive.roster()


def machine() -> dict[str, object]:
    """Processor, number of cores, Python."""
    import os  # noqa: PLC0415
    import platform  # noqa: PLC0415

    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    return {"cpu": model, "cores": os.cpu_count(), "python": platform.python_version()}


def _wanted(found: list[Program], asked: argparse.Namespace) -> list[Program]:
    names = asked.programs.split(",") if asked.programs else [one.name for one in found]
    return [one for one in found if one.name in names]


def _feeds(
    served: world.World, peers: list[Program], scratch: Path, asked: argparse.Namespace
) -> None:
    few, many = map(int, asked.feeds.split(","))
    slopes: dict[str, float] = {}
    fresh: dict[str, float] = {}
    for number in range(len(peers) + 1):
        runs: dict[int, Run] = {}
        for size in (few, many):
            served.feeds(world.ENTRIES, size)
            directory = scratch / f"f{number}_{size}"
            program = _chosen(number, peers, directory)
            if size == many and program.name in ("feed2exec", "rss2email"):
                continue  # the first read alone takes very long, and their start-up is small
            urls = [served.feed_url(n) for n in range(size)]
            setup(program, directory, urls)
            first = run(program, directory, "first read", size)
            _say(first)
            runs[size] = run(program, directory, "unchanged", size)
            _say(runs[size])
            if size == few:
                served.feeds(world.ENTRIES + world.NEW, size)
                new = run(program, directory, f"{world.NEW} new entries each", size)
                _say(new, noticed_new=new.noticed - first.noticed)
                fresh[new.program] = new.cpu_s
        name = runs[few].program
        slopes[name] = (
            (runs[many].cpu_s - runs[few].cpu_s) / (many - few)
            if many in runs
            else runs[few].cpu_s / few
        )
    _ratios("unchanged feed, CPU ms", {n: s * 1000 for n, s in slopes.items()})
    _ratios(f"{few} feeds with {world.NEW} new entries, CPU s", fresh)


def _chosen(number: int, peers: list[Program], directory: Path) -> Program:
    return programs.own(directory, programs._own_feeds) if number == 0 else peers[number - 1]


def _pages(served: world.World, peers: list[Program], scratch: Path) -> None:
    used: dict[str, float] = {}
    for number in range(len(peers) + 1):
        directory = scratch / f"p{number}"
        program = programs.own(directory, programs._own_pages) if number == 0 else peers[number - 1]
        served.pages(0)
        setup(program, directory, [served.page_url(n) for n in range(world.PAGES)])
        first = run(program, directory, "first read", world.PAGES)
        _say(first)
        served.pages(1, world.CHANGED)
        changed = run(program, directory, f"{world.CHANGED} of the pages changed", world.PAGES)
        before = first.noticed if number == 0 else 0
        _say(changed, noticed_new=changed.noticed - before)
        used[changed.program] = changed.cpu_s
    _ratios(f"{world.PAGES} pages, {world.CHANGED} changed, CPU s", used)


def _say(one: Run, noticed_new: object = "") -> None:
    row = {k: round(v, 3) if isinstance(v, float) else v for k, v in asdict(one).items()}
    print(json.dumps({**row, "noticed_new": noticed_new}), flush=True)


def _ratios(what: str, used: dict[str, float]) -> None:
    own = used["this program"]
    row = {
        "what": what,
        "used": {name: round(value, 3) for name, value in used.items()},
        "times_ours": {
            name: round(value / own, 1) for name, value in used.items() if name != "this program"
        },
    }
    print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
