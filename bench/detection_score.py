"""Precision and recall of detection on labelled documents, and alarms on documents without events.

    python -m bench.detection_score DOCUMENTS.jsonl [--ids FILE] [--negatives FILE.jsonl] [--quiet]

Scored by (event type, state) and document. Labels of role primary, secondary and secondary_source
ask for an alert; background, roundup and earlier_update ask for silence. A claim worth a review is
never counted as an alert. Prints each miss and each wrong alarm. Exit code 1 when a bound of the
command line is missed (--precision, --recall).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from monitor.detect import pack as packs
from monitor.detect.document import Document
from monitor.detect.engine import findings
from monitor.domain.claim import Finding
from monitor.domain.moment import Precision, StatedDate
from monitor.domain.vocabulary import DocumentKind, Worth
from monitor.registry import RULE_KINDS
from monitor.resolve.gazetteer import Gazetteer

DATA = Path(__file__).resolve().parent.parent / "monitor" / "data"
ASKED = {"primary", "secondary"}
EITHER = {"secondary_source"}


def shipped() -> tuple[packs.Pack, Gazetteer]:
    """The pack and the gazetteer that ship with the package."""
    files = {path.name: path.read_text() for path in sorted((DATA / "rules").glob("*.yaml"))}
    governors = DATA / "rules" / "governors.csv"
    pack = packs.load(files, RULE_KINDS, governors.read_text() if governors.exists() else "")
    counties, places = (DATA / "counties.csv").read_text(), (DATA / "places.csv").read_text()
    return pack, Gazetteer.parse(counties, places)


def stated(text: str | None) -> StatedDate | None:
    """A day, month or year as written in the labels."""
    if not text:
        return None
    parts = [int(part) for part in text.split("-")]
    precision = (Precision.YEAR, Precision.MONTH, Precision.DAY)[len(parts) - 1]
    year, month, day = [*parts, 1, 1][:3]
    return StatedDate(day=date(year, month, day), precision=precision)


def document(row: Mapping[str, Any]) -> Document:
    """A labelled document as detection reads it."""
    return Document(
        id=str(row["id"]),
        url=row.get("url") or "",
        title=row.get("title") or "",
        published=stated(row.get("published")),
        kind=DocumentKind(row.get("source_kind") or "news"),
        text=row["text"],
    )


def alerts(found: Iterable[Finding]) -> dict[tuple[str, str | None], Finding]:
    """(type, state) of what would be told."""
    return {
        (one.event_type.value, one.jurisdiction.state): one
        for one in found
        if one.worth is Worth.ALERT
    }


def wanted(row: Mapping[str, Any], roles: set[str]) -> set[tuple[str, str | None]]:
    """(type, state) of the labels with these roles."""
    return {
        (label["event_type"], label["jurisdiction"].get("state"))
        for label in row["labels"]
        if label["role"] in roles
    }


def score(rows: list[Mapping[str, Any]], *, quiet: bool) -> tuple[float, float]:
    """Print the figures; gives (precision, recall)."""
    pack, gazetteer = shipped()
    hit, wrong, missed = Counter[str](), Counter[str](), Counter[str]()
    alarmed = set()
    negatives = sum(not row["labels"] for row in rows)
    for row in rows:
        told = alerts(findings(document(row), pack, gazetteer))
        asked, either = wanted(row, ASKED), wanted(row, EITHER)
        for key, finding in told.items():
            if key in asked or key in either:
                hit[key[0]] += 1
                continue
            wrong[key[0]] += 1
            if not row["labels"]:
                alarmed.add(row["id"])
            if not quiet:
                print(f"WRONG {row['id']} {key} by {finding.rule}: {finding.quote.text[:160]}")
                if row["labels"]:
                    print(f"      asked {sorted(map(str, asked | either))}")
        for key in (asked | either) - set(told):
            missed[key[0]] += 1
            if not quiet:
                print(f"MISS  {row['id']} {key}: {row['title'][:80]} :: {row['text'][:200]}")
    return _report(hit, wrong, missed, (len(alarmed), negatives))


def _report(
    hit: Counter[str], wrong: Counter[str], missed: Counter[str], negatives: tuple[int, int]
) -> tuple[float, float]:
    print(f"{'type':28} {'right':>6} {'wrong':>6} {'missed':>6}")
    for name in sorted({*hit, *wrong, *missed}):
        print(f"{name:28} {hit[name]:6} {wrong[name]:6} {missed[name]:6}")
    right = hit.total()
    precision = right / max(1, right + wrong.total())
    recall = right / max(1, right + missed.total())
    print(f"precision {precision:.3f}  recall {recall:.3f}  alerts {right + wrong.total()}")
    print(f"documents without event that alarmed: {negatives[0]} of {negatives[1]}")
    return precision, recall


def score_negatives(path: Path) -> int:
    """Alerts and reviews in documents that hold no event; prints each. Gives the alerts."""
    pack, gazetteer = shipped()
    counts: dict[str, int] = defaultdict(int)
    for number, line in enumerate(path.read_text().splitlines()):
        row = json.loads(line)
        row.setdefault("id", str(number))
        for finding in findings(document(row), pack, gazetteer):
            counts[finding.worth.value] += 1
            print(f"{finding.worth.value} {row['id']} {finding.rule}: {finding.quote.text[:200]}")
    print(f"negatives: {counts['alert']} alerts, {counts['review']} reviews")
    return counts["alert"]


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("documents", type=Path)
    parser.add_argument("--ids", type=Path, help="JSON list of ids to score; others are skipped")
    parser.add_argument("--negatives", type=Path)
    parser.add_argument("--precision", type=float, default=0.0)
    parser.add_argument("--recall", type=float, default=0.0)
    parser.add_argument("--quiet", action="store_true", help="figures only")
    options = parser.parse_args()
    rows = [json.loads(line) for line in options.documents.read_text().splitlines() if line]
    if options.ids:
        chosen = set(json.loads(options.ids.read_text()))
        rows = [row for row in rows if row["id"] in chosen]
    precision, recall = score(rows, quiet=options.quiet)
    if options.negatives:
        score_negatives(options.negatives)
    return 0 if precision >= options.precision and recall >= options.recall else 1


if __name__ == "__main__":
    sys.exit(main())
