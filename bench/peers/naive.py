"""The simple ways beside ours: keywords for detection, a difference of rows for the roster."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from bench.labelled import shipped_detector
from monitor.bootstrap import knowledge
from monitor.detect.document import Document
from monitor.domain.item import Table
from monitor.domain.vocabulary import DocumentKind
from monitor.services.ledger_replay import read_directory, steps

DATA = Path("../shared/data")
#: Words by which somebody without rules would tell the kinds of event apart.
_KEYWORDS = {
    "agreement": r"287\(g\)",
    "sanctuary": r"\bsanctuary\b",
    "detainer": r"\bdetainers?\b",
    "ruling": r"\b(?:judge|court|lawsuit)\b.*\b(?:ICE|immigration)\b",
}


def detection() -> None:
    """Does a document tell of an event at all: keywords and rules against the labels."""
    files = sorted((DATA / "documents").glob("*.jsonl")) if DATA.exists() else []
    if not files:
        print(json.dumps({"what": "detection", "skipped": f"no documents in {DATA}"}), flush=True)
        return
    rows = [json.loads(line) for f in files for line in f.read_text("utf-8").splitlines() if line]
    rows = [row for row in rows if "text" in row and _told(row) is not None]
    words = re.compile("|".join(_KEYWORDS.values()), re.IGNORECASE)
    detector = shipped_detector()
    for name, says in (
        ("keywords", lambda row: bool(words.search(f"{row.get('title') or ''}\n{row['text']}"))),
        ("rules", lambda row: bool(detector(_document(row)))),
    ):
        begun = time.process_time()
        pairs = Counter((bool(_told(row)), says(row)) for row in rows)
        used = time.process_time() - begun
        right, wrong, missed = pairs[True, True], pairs[False, True], pairs[True, False]
        print(
            json.dumps(
                {
                    "what": f"does a document tell of an event: {name}",
                    "documents": len(rows),
                    "precision": round(right / max(1, right + wrong), 3),
                    "recall": round(right / max(1, right + missed), 3),
                    "cpu_ms_a_document": round(used / max(1, len(rows)) * 1000, 2),
                }
            ),
            flush=True,
        )


def _told(row: dict[str, object]) -> bool | None:
    """Whether the labels say that it tells of an event; None without labels."""
    for name in ("events", "claims", "labels", "expected"):
        if name in row:
            return bool(row[name])
    return None


def _document(row: dict[str, object]) -> Document:
    return Document(
        id=str(row.get("id", "")),
        url=str(row.get("url") or "https://example.org/"),
        title=str(row.get("title") or ""),
        published=None,
        kind=DocumentKind(str(row.get("source_kind") or "news")),
        text=str(row["text"]),
    )


def roster(publications: int = 0) -> None:
    """What would be told over these newest publications (0: all): by a set difference of rows, by
    the ledger. Reading some four hundred workbooks takes minutes."""
    folder = DATA / "roster"
    tables, _ = read_directory(folder) if folder.is_dir() else ((), ())
    tables = tuple(t for t in tables if not _pending(t))[-publications:]
    if not tables:
        print(json.dumps({"what": "roster", "skipped": f"no workbooks in {folder}"}), flush=True)
        return
    begun = time.process_time()
    naive = Counter(_differences(tables))
    simple_s = time.process_time() - begun
    known = knowledge.ledger()
    begun = time.process_time()
    told = Counter(
        outcome.outcome.value
        for result in steps(tables, rules=known.rules, counties=known.counties, places=known.places)
        for outcome in result.outcomes
        if outcome.told
    )
    ledger_s = time.process_time() - begun
    print(
        json.dumps(
            {
                "what": "roster: what subscribers would be told",
                "publications": len(tables),
                "naive": dict(naive),
                "ledger": dict(told.most_common()),
                "naive_cpu_s": round(simple_s, 2),
                "ledger_cpu_s": round(ledger_s, 2),
            }
        ),
        flush=True,
    )


def _pending(table: Table) -> bool:
    return "pending" in f"{table.name} {table.file_name}".lower()


def _differences(tables: Iterable[Table]) -> Iterable[str]:
    before: frozenset[tuple[str, ...]] | None = None
    for table in tables:
        rows = frozenset(row.cells for row in table.rows)
        if before is not None:
            yield from ("row added" for _ in rows - before)
            yield from ("row removed" for _ in before - rows)
        before = rows


if __name__ == "__main__":
    detection()
    roster()
