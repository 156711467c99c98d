"""What the trigger scan saves: pages a second with and without it, at several shares of relevance.

    python -m bench.trigger_scan [--pages 60]

Pages are those of bench/backread.py: 100 to 190 kB, most of it scripts, styles, navigation, teasers
and comments, with tags, entities and line breaks inside what they tell. "all" extracts and reads
every page; "scan first" extracts what the scan lets through. Both must find the same. Processor
time, so that it can be compared on a busy machine.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence

from bench.backread import news_page
from bench.labelled import Detector, shipped_detector
from monitor.detect.document import Document
from monitor.detect.triggers import TriggerScan
from monitor.domain.vocabulary import DocumentKind
from monitor.extract.article import read_article


def pages(count: int, share: float) -> list[bytes]:
    """Pages of usual size, of which a share tells of an agreement; the rest is other news."""
    return [news_page(number, number < round(share * count)) for number in range(count)]


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
    """Pages a second of processor time and the sum of what was found."""
    start = time.process_time()
    total = sum(map(work, given))
    return len(given) / (time.process_time() - start), total


def main() -> int:
    """Print the table; exit 1 where scan and extraction disagree."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=60)
    count = parser.parse_args().pages
    detector = shipped_detector()
    scan = TriggerScan.build(detector.keywords["pack"].anchors())  # type: ignore[attr-defined]
    scan.relevant(news_page(0, False))  # the automaton is built as it is used
    found(news_page(0, True), detector)
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
