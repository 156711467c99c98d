"""Extraction: articles and PDFs to text, in one process: `python -m bench.extraction`."""

from __future__ import annotations

from bench.measuring import measured
from bench.trigger_scan import pages
from monitor.extract.article import read_article


def main() -> None:
    """Articles of 160 kB."""
    bodies = pages(20, 0.5)

    def work() -> None:
        for body in bodies:
            read_article(body, url="https://example.org/a", charset="utf-8", media_type="text/html")

    measured("article of 160 kB extracted", len(bodies), work, runs=3)


if __name__ == "__main__":
    main()
