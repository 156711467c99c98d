"""Labelled documents: reading them, the shipped detector, and scores by event type and state."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from monitor.bootstrap import knowledge
from monitor.detect.document import Document
from monitor.detect.engine import findings
from monitor.domain.claim import Finding
from monitor.domain.vocabulary import Worth
from monitor.services.detect_file import documents as parsed
from monitor.settings import read_settings

Row = dict[str, Any]
Detector = Callable[[Document], tuple[Finding, ...]]
#: (event type, state or "US")
Told = frozenset[tuple[str, str]]

#: Roles that ask for an alert; background, roundup and earlier_update ask for silence.
ALERTING = ("primary", "secondary", "secondary_source")


@cache
def shipped_detector() -> Detector:
    """The shipped rules and gazetteer, without anything of an operator's own."""
    pack = knowledge.load_pack(read_settings({}), None)
    return partial(findings, pack=pack, gazetteer=knowledge.gazetteer())


def rows(folder: Path) -> list[Row]:
    """The labelled documents of a folder."""
    text = (folder / "documents.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.split("\n") if line.strip()]


def wanted(row: Row) -> Told:
    """What a document should alert about."""
    return frozenset(
        (label["event_type"], label["jurisdiction"]["state"] or "US")
        for label in row["labels"]
        if label["role"] in ALERTING
    )


def alerted(row: Row, detector: Detector) -> Told:
    """What the rules alert about."""
    (document,) = parsed([json.dumps(row)])
    return frozenset(
        (finding.event_type.value, finding.jurisdiction.state or "US")
        for finding in detector(document)
        if finding.worth is Worth.ALERT
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Counts by (document, event type, state); `alarmed` are negatives with any alert."""

    right: int
    wrong: tuple[tuple[str, str, str], ...]
    missed: tuple[tuple[str, str, str], ...]
    negatives: int
    alarmed: tuple[str, ...]

    @property
    def precision(self) -> float:
        """Of the alerts, how many are labelled."""
        return self.right / max(1, self.right + len(self.wrong))

    @property
    def recall(self) -> float:
        """Of the labelled events, how many alert."""
        return self.right / max(1, self.right + len(self.missed))


def scored(given: Sequence[Row], told: Mapping[str, Told]) -> Score:
    """The score of what was told (document id -> alerts) about these documents."""
    right, wrong, missed, alarmed = 0, [], [], []
    for row in given:
        truth, alerts = wanted(row), told.get(row["id"], frozenset())
        right += len(truth & alerts)
        wrong += [(row["id"], *pair) for pair in sorted(alerts - truth)]
        missed += [(row["id"], *pair) for pair in sorted(truth - alerts)]
        if alerts and not row["labels"]:
            alarmed.append(row["id"])
    return Score(
        right=right,
        wrong=tuple(wrong),
        missed=tuple(missed),
        negatives=sum(not row["labels"] for row in given),
        alarmed=tuple(alarmed),
    )


def report(name: str, found: Score, *, verbose: bool = True) -> Iterator[str]:
    """Lines for people: the figures, then each miss and each wrong alarm."""
    yield (
        f"{name}: precision {found.precision:.3f}, recall {found.recall:.3f} "
        f"({found.right} right, {len(found.wrong)} wrong, {len(found.missed)} missed); "
        f"{len(found.alarmed)} of {found.negatives} negatives alarmed"
    )
    if verbose:
        for kind, cases in (("missed", found.missed), ("wrong", found.wrong)):
            for document, event_type, state in cases:
                yield f"  {kind} {document}: {event_type} {state}"
