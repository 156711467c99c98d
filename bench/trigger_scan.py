"""What the trigger scan saves: pages a second with and without it, at several shares of relevance.

    python -m bench.trigger_scan [--pages 60]

Pages are built from this benchmark's own text to the size of a usual news page (160 kB, most of it
scripts, styles and navigation). "all" extracts and reads every page; "scan first" extracts what
the scan lets through. Both must find the same.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable, Sequence

from bench.html_embed_score import page
from bench.labelled import Detector, shipped_detector
from monitor.detect.document import Document
from monitor.detect.triggers import TriggerScan
from monitor.domain.vocabulary import DocumentKind
from monitor.extract.article import read_article

PAGE_BYTES = 160_000
_SCRIPT = (
    b"<script>function f(a,b){return a<b?'<div class=\"x\">'+a+'</div>':{k:b,v:[1,2,3]}};</script>"
)
_TEXT = (
    "The sheriff of Hale County signed a 287(g) agreement with Immigration and Customs Enforcement "
    "on Tuesday, his office said."
)


def pages(count: int, share: float) -> list[bytes]:
    """Pages of usual size, of which a share tells of an agreement; the rest is other news."""
    made = []
    for number in range(count):
        told = number < round(share * count)
        row = {
            "id": str(number),
            "title": "Sheriff signs agreement" if told else "Bridge work begins",
            "text": _TEXT if told else "Work on the bridge begins on Tuesday, the county said.",
            "published": "2025-03-05",
        }
        made.append(_grown(page(row, "middle") if told else _plain(page(row, "middle"))))
    return made


def _plain(body: bytes) -> bytes:
    """The page without the paragraphs and teasers that hold trigger words."""
    words = (b"migra", b"etainer", b"anctuary", b"287", b" ICE", b" ice", b"elcoming")
    parts = re.split(rb"(?=<p>|<li>)", body)
    return b"".join(part for part in parts if not any(word in part for word in words))


def _grown(body: bytes) -> bytes:
    head, tail = body.split(b"</head>", 1)
    return head + _SCRIPT * ((PAGE_BYTES - len(body)) // len(_SCRIPT)) + b"</head>" + tail


def found(body: bytes, detector: Detector) -> int:
    """How many findings the page gives when it is extracted and read."""
    article = read_article(body, url="https://example.org/a")
    document = Document(
        id="a",
        url=article.url,
        title=article.title,
        published=article.published,
        kind=DocumentKind.NEWS,
        text=article.text,
    )
    return len(detector(document))


def timed(work: Callable[[bytes], int], given: Sequence[bytes]) -> tuple[float, int]:
    """Pages a second and the sum of what was found."""
    start = time.perf_counter()
    total = sum(map(work, given))
    return len(given) / (time.perf_counter() - start), total


def main() -> int:
    """Print the table; exit 1 where scan and extraction disagree."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=60)
    count = parser.parse_args().pages
    detector = shipped_detector()
    scan = TriggerScan.build(detector.keywords["pack"].anchors())  # type: ignore[attr-defined]
    agreed = True
    for share in (0.0, 0.1, 1.0):
        given = pages(count, share)
        everything, all_found = timed(lambda body: found(body, detector), given)
        scanned, scan_found = timed(
            lambda body: found(body, detector) if scan.relevant(body) else 0, given
        )
        alone, _ = timed(lambda body: int(scan.relevant(body)), given)
        agreed &= all_found == scan_found
        print(
            f"{share:4.0%} relevant: all {everything:6.0f} pages/s, scan first {scanned:6.0f} "
            f"(x{scanned / everything:.1f}), scan alone {1000 / alone:.2f} ms a page; "
            f"found {all_found} and {scan_found}"
        )
    return 0 if agreed else 1


if __name__ == "__main__":
    sys.exit(main())
