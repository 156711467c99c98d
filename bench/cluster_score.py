"""Which documents tell of the same event: pairwise precision, recall and F1 on labelled clusters.

    python -m bench.cluster_score ../shared/data/documents [--half development|held|all] [--html]
    python -m bench.cluster_score --pairs tests/data/identity/pairs.yaml

The clusters are split in two by the SHA-256 of their key (even: development). The development half
is for work; the held half is opened after the rules are frozen, once. Two documents are joined
when any of their claims share an `event_key`. `--html` sets each text inside a page first
(see bench/html_embed_score.py). `--pairs` reads pairs of documents instead, each marked as one
event or two, all of them together: what is joined across pairs is wrong too.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import yaml

from bench.html_embed_score import PLACES, embedded
from bench.labelled import Detector, Row, rows, shipped_detector
from monitor.services.detect_file import detected

Keys = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Counts of document pairs, with each wrong one."""

    right: int
    wrong: tuple[tuple[str, str, str], ...]
    missed: tuple[tuple[str, str, str], ...]

    @property
    def precision(self) -> float:
        """Of the pairs joined, how many belong together."""
        joined = self.right + len(self.wrong)
        return self.right / joined if joined else 1.0

    @property
    def recall(self) -> float:
        """Of the pairs that belong together, how many are joined."""
        together = self.right + len(self.missed)
        return self.right / together if together else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def in_half(key: str, half: str) -> bool:
    """Whether a cluster belongs to "development", "held" or "all"."""
    even = int(hashlib.sha256(key.encode()).hexdigest(), 16) % 2 == 0
    return half == "all" or even == (half == "development")


def clusters(path: Path, half: str) -> tuple[Keys, Keys]:
    """Document -> event keys, of the half and of the rest."""
    mine: dict[str, set[str]] = {}
    others: dict[str, set[str]] = {}
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            target = mine if in_half(row["event_key"], half) else others
            for document in row["document_ids"].split():
                target.setdefault(document, set()).add(row["event_key"])
    return _frozen(mine), _frozen(others)


def _frozen(keys: Mapping[str, set[str]]) -> Keys:
    return {document: frozenset(held) for document, held in keys.items()}


def told_keys(given: list[Row], detector: Detector) -> Keys:
    """Document -> event keys of its claims, all documents taken in together."""
    lines = detected((json.dumps(row) for row in given), detector)
    answers = (json.loads(line) for line in lines)
    return {a["id"]: frozenset(c["event_key"] for c in a["claims"]) for a in answers}


def score(truth: Keys, others: Keys, told: Keys) -> Score:
    """Pairs of the documents in `truth`; pairs that belong together in `others` do not count."""
    right, wrong, missed = 0, [], []
    for one, other in combinations(sorted(truth), 2):
        shared = truth[one] & truth[other]
        joined = told.get(one, frozenset()) & told.get(other, frozenset())
        if shared and joined:
            right += 1
        elif shared:
            missed.append((one, other, min(shared)))
        elif joined and not others.get(one, frozenset()) & others.get(other, frozenset()):
            wrong.append((one, other, min(joined)))
    return Score(right=right, wrong=tuple(wrong), missed=tuple(missed))


def pairs(path: Path) -> tuple[list[Row], Keys]:
    """The documents of a file of pairs, and which of them tell of one event."""
    given: list[Row] = []
    truth: dict[str, frozenset[str]] = {}
    for number, pair in enumerate(yaml.safe_load(path.read_text(encoding="utf-8")), 1):
        for side in ("one", "other"):
            name = f"{number}-{side}"
            told = pair[side]
            given.append(
                {
                    "id": name,
                    "url": f"https://{name}.example/{told['published']}",
                    "title": told["title"],
                    "published": str(told["published"]),
                    "source_kind": told["kind"],
                    "text": told["text"],
                }
            )
            key = f"{number} {pair['why']}"
            truth[name] = frozenset([key if pair["same"] else f"{key} ({side})"])
    return given, truth


def report(name: str, found: Score) -> Iterator[str]:
    """Lines for people: the figures, then each miss and each wrong pair."""
    yield (
        f"{name}: precision {found.precision:.3f}, recall {found.recall:.3f}, F1 {found.f1:.3f} "
        f"({found.right} right, {len(found.wrong)} wrong, {len(found.missed)} missed)"
    )
    for one, other, key in found.missed:
        yield f"  missed {one} {other}: {key}"
    for one, other, key in found.wrong:
        yield f"  wrong  {one} {other}: {key}"


def main() -> int:
    """Print the score; exit 1 below F1 0.95."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--pairs", type=Path, help="a file of pairs, instead of a folder")
    parser.add_argument("--half", choices=("development", "held", "all"), default="development")
    parser.add_argument("--html", action="store_true")
    options = parser.parse_args()

    if options.pairs:
        given, truth = pairs(options.pairs)
        found = score(truth, {}, told_keys(given, shipped_detector()))
        print("\n".join(report(options.pairs.name, found)))
        return 0 if found.f1 >= 0.95 else 1
    if options.folder is None:
        parser.error("name a folder of labelled documents, or a file with --pairs")
    given = rows(options.folder)
    truth, others = clusters(options.folder / "clusters.csv", options.half)
    given = [row for row in given if row["id"] in truth]
    detector = shipped_detector()
    worst = 1.0
    for place in PLACES if options.html else ("as given",):
        shown = [embedded(row, place) for row in given] if options.html else given
        found = score(truth, others, told_keys(shown, detector))
        worst = min(worst, found.f1)
        print("\n".join(report(f"{options.half}, {place}", found)))
    return 0 if worst >= 0.95 else 1


if __name__ == "__main__":
    sys.exit(main())
