"""The same work by this program and its peers, as whole processes, in one go.

    python -m bench.peers [--markdown]

Unchanged feeds; feeds with 20 new entries of full content each, once of general news (all texts
kept, as peers keep them) and once about the subject (each read by every rule); watched pages of
which one in fifty changed; each at two sizes, so that the slope between them tells the cost of a
feed or page without the start. Then detection against keywords, and the roster's ledger against a
naive difference of rows. Python programs are installed from PyPI into an environment of their own
(BENCH_PEERS_VENV names one to keep), newsboat, sfeed and nginx from Debian where apt works. One
JSON object a line; with --markdown the tables of docs/performance.md are written as well.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from bench.document import machine, replace_sections
from bench.peers import naive, programs, races, world
from bench.peers.programs import Program
from bench.peers.races import Racer


def main() -> None:
    """Race everything that can be installed here."""
    asked = _arguments()
    told = _Told(sys.stdout)
    sys.stdout = told
    try:
        with tempfile.TemporaryDirectory(prefix="peers") as scratch:
            if asked.only != "naive":
                _race(asked, Path(scratch))
            if asked.only in ("", "naive"):
                print("# other programs: the simple ways", flush=True)
                naive.detection()
                naive.roster(asked.publications)
    finally:
        sys.stdout = told.out
    if asked.markdown:
        replace_sections(told.lines())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="unchanged, entries, pages or naive")
    parser.add_argument("--unchanged", default="200,2000", help="two numbers of feeds")
    parser.add_argument("--feeds", default="40,160", help="two numbers of feeds with new entries")
    parser.add_argument("--pages", default="100,500", help="two numbers of pages")
    parser.add_argument("--publications", type=int, default=0, help="newest workbooks; 0: all")
    parser.add_argument("--programs", default="", help="names, comma separated; empty: all")
    parser.add_argument("--markdown", action="store_true", help="write docs/performance.md")
    return parser.parse_args()


class _Told:
    """Standard output that is kept as well."""

    def __init__(self, out: object) -> None:
        self.out = out
        self._parts: list[str] = []

    def write(self, text: str) -> int:
        """Print and keep."""
        self._parts.append(text)
        return int(self.out.write(text))  # type: ignore[attr-defined]

    def flush(self) -> None:
        """Print now."""
        self.out.flush()  # type: ignore[attr-defined]

    def lines(self) -> list[str]:
        """All that was printed."""
        return "".join(self._parts).splitlines()


def _race(asked: argparse.Namespace, scratch: Path) -> None:
    venv = programs.install(scratch / "venv")
    served = world.start(scratch)
    print(json.dumps({"what": "machine", "server": served.name, **machine()}), flush=True)
    feeds = _racers(races.own_feeds, programs.feed_programs(venv), asked)
    pages = _racers(races.own_pages, programs.page_programs(venv), asked)
    try:
        if asked.only in ("", "unchanged"):
            print("# other programs: unchanged feeds", flush=True)
            races.unchanged_feeds(served, feeds, scratch, _sizes(asked.unchanged)).tell()
        if asked.only in ("", "entries"):
            print("# other programs: feeds with new entries", flush=True)
            _entries(served, feeds, scratch, _sizes(asked.feeds))
        if asked.only in ("", "pages"):
            print("# other programs: watched pages", flush=True)
            races.pages(served, pages, scratch, _sizes(asked.pages)).tell()
    finally:
        served.stop()


def _entries(served: world.World, feeds: dict[str, Racer], scratch: Path, sizes: list[int]) -> None:
    """General news by all; then this program alone where every entry is about its subject."""
    table = races.new_entries(served, feeds, scratch, sizes, "road")
    table.tell()
    own = {name: racer for name, racer in feeds.items() if name == "this program"}
    subject = races.new_entries(served, own, scratch, sizes, "immigration")
    others = {name: runs for name, runs in table.runs.items() if name != "this program"}
    subject.runs |= others
    subject.tell()


def _racers(own: Racer, found: list[Program], asked: argparse.Namespace) -> dict[str, Racer]:
    """This program first, then the peers that are wanted; none of them depends on a directory."""
    wanted = asked.programs.split(",") if asked.programs else [one.name for one in found]
    racers: dict[str, Racer] = {"this program": own}
    for one in found:
        if one.name in wanted:
            racers[one.name] = lambda _directory, one=one: one  # type: ignore[misc]
    return racers


def _sizes(text: str) -> list[int]:
    return sorted(map(int, text.split(",")))


if __name__ == "__main__":
    main()
