"""Detection on whole pages: each labelled text set in three places of a page, then extracted.

    python -m bench.html_embed_score ../shared/data/documents [-v]

The page around a text holds 5 to 10 kB of unrelated news, background on the program, teasers and
navigation; it is built, encoded, scanned for triggers, extracted and read as a fetched page is.
A crowded page also holds news and history of other places, and links between its paragraphs.
Precision and recall are those of bench/labelled.py; a labelled text that the trigger scan would
not have read counts as missed, and is listed.
"""

from __future__ import annotations

import argparse
import hashlib
import html
import sys
from itertools import cycle, islice, product
from pathlib import Path

from bench.labelled import Detector, Row, Told, alerted, report, rows, scored, shipped_detector
from bench.page_filler import (
    BACKGROUND,
    ELSEWHERE,
    FOOTER,
    INSIDE,
    NAVIGATION,
    TEASERS,
    UNRELATED,
)
from monitor.detect.triggers import TriggerScan
from monitor.domain.errors import ExtractError
from monitor.extract.article import read_article

PLACES = ("first", "middle", "last")
_AROUND_CHARS = 5_500


def page(row: Row, place: str, *, crowded: bool = False) -> bytes:
    """The document as a page: `place` says where in the article its text stands.

    A crowded one also holds news and history of other places and links between the paragraphs.
    """
    filler = _crowd(row) if crowded else _filler(row["id"])
    at = {"first": 0, "middle": len(filler) // 2, "last": len(filler)}[place]
    own = [line for line in row["text"].split("\n") if line.strip()]
    paragraphs = [*filler[:at], *own, *filler[at:]]
    body = "\n".join(f"<p>{html.escape(text)}</p>" for text in paragraphs)
    title = html.escape(row["title"])
    teasers = "".join(f'<li><a href="/{n}">{t}</a></li>' for n, t in enumerate(TEASERS))
    menu = "".join(f'<li><a href="/{name}">{name}</a></li>' for name in NAVIGATION)
    date = f'<meta property="article:published_time" content="{row["published"] or ""}">'
    return (
        f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{title}</title>{date}"
        f"</head><body><header><nav><ul>{menu}</ul></nav></header><main><article><h1>{title}</h1>"
        f"{body}</article><aside class=related><h2>Related stories</h2><ul>{teasers}</ul></aside>"
        f"</main><footer><p>{FOOTER}</p></footer></body></html>"
    ).encode()


def _filler(seed: str) -> list[str]:
    """Paragraphs of 5 to 10 kB, background among unrelated ones; the same for the same seed."""
    turn = int(hashlib.sha256(seed.encode()).hexdigest(), 16)
    unrelated = islice(cycle(UNRELATED), turn % len(UNRELATED), None)
    background = islice(cycle(BACKGROUND), turn % len(BACKGROUND), None)
    mixed: list[str] = []
    while sum(map(len, mixed)) < _AROUND_CHARS:
        mixed += [next(unrelated), next(unrelated), next(background)]
    return mixed


def _crowd(row: Row) -> list[str]:
    """The filler with other places' news, none of it from the year before publication or later.

    Links stand between the paragraphs of news alone: lines are the matter of other documents.
    """
    year = int((row["published"] or "2025")[:4])
    recent = [str(other) for other in range(year - 1, 2030)]
    away = [text for text in ELSEWHERE if not any(other in text for other in recent)]
    places, links = cycle(away), cycle(INSIDE)
    mixed: list[str] = []
    for number, text in enumerate(_filler(row["id"])):
        mixed += [text, next(places)] if number % 2 else [text]
        if row["source_kind"] in {"news", "release"}:
            mixed += islice(links, (0, 1, 0, 4)[number % 4])
    return mixed


def embedded(row: Row, place: str, *, crowded: bool = False) -> Row:
    """The document with the text that extraction finds on its page; empty where it fails."""
    try:
        article = read_article(
            page(row, place, crowded=crowded), url=row["url"] or "https://example.org/a"
        )
    except ExtractError:
        return {**row, "text": ""}
    return {**row, "text": article.text}


def unread(given: list[Row], scan: TriggerScan, place: str) -> list[str]:
    """Labelled documents whose page the trigger scan would skip."""
    return [r["id"] for r in given if r["labels"] and not scan.relevant(page(r, place))]


def told(
    given: list[Row], detector: Detector, place: str, *, crowded: bool = False
) -> dict[str, Told]:
    """Document id -> alerts, read from its page."""
    return {row["id"]: alerted(embedded(row, place, crowded=crowded), detector) for row in given}


def main() -> int:
    """Print the scores; exit 1 where a bound is missed (precision 0.95, recall 0.88, 2 alarmed)."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args()
    given, detector = rows(options.folder), shipped_detector()
    scan = TriggerScan.build(detector.keywords["pack"].anchors())  # type: ignore[attr-defined]
    good = True
    for crowded, place in product((False, True), PLACES):
        found = scored(given, told(given, detector, place, crowded=crowded))
        good &= found.precision >= 0.95 and found.recall >= 0.88 and len(found.alarmed) <= 2
        name = f"text {place}{' of a crowded page' if crowded else ''}"
        print("\n".join(report(name, found, verbose=options.verbose)))
    for place in PLACES:
        skipped = unread(given, scan, place)
        good &= not skipped
        print(f"{place}: not read by the trigger scan: {', '.join(skipped) or 'none'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
