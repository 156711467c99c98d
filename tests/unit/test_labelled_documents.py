"""Detection on the labelled documents and on releases without events, where they are at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench.detection_score import ASKED, EITHER, alerts, document, wanted
from monitor.detect.engine import findings
from monitor.domain.vocabulary import Worth
from tests.detection import gazetteer, shipped_pack

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
needs_data = pytest.mark.skipif(not SHARED.exists(), reason=f"{SHARED} is not on this machine")


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines() if line]


@needs_data
def test_precision_and_recall_on_labelled_documents() -> None:
    right = wrong = missed = 0
    alarmed = []
    for row in rows(SHARED / "documents" / "documents.jsonl"):
        told = set(alerts(findings(document(row), shipped_pack(), gazetteer())))
        asked = wanted(row, ASKED) | wanted(row, EITHER)
        right += len(told & asked)
        wrong += len(told - asked)
        missed += len(asked - told)
        if told and not row["labels"]:
            alarmed.append(row["id"])
    assert len(alarmed) <= 2
    assert right / (right + wrong) >= FLOOR_PRECISION
    assert right / (right + missed) >= FLOOR_RECALL


#: What the shipped rules reach; a change of rules must not fall below it.
FLOOR_PRECISION = 0.95
FLOOR_RECALL = 0.88


@needs_data
def test_releases_without_events_stay_silent() -> None:
    told = []
    for row in rows(SHARED / "negatives" / "press_releases.jsonl"):
        for one in findings(document(row), shipped_pack(), gazetteer()):
            if one.worth is Worth.ALERT:
                told.append((row["id"], one.rule, one.quote.text[:80]))
    assert len(told) <= 1, told
