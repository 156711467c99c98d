"""Feed parsing: 50 entries with full content, by how many are new: `python -m bench.feeds`."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from html import escape

from bench.measuring import measured
from monitor.domain.ident import SourceId
from monitor.domain.snapshot import Request, Snapshot
from monitor.domain.source import Source
from monitor.kinds import ReadContext
from monitor.sources import feed

AT = datetime(2026, 1, 5, tzinfo=UTC)
WORDS = ("county", "sheriff", "council", "agreement", "budget", "road", "school", "vote")


def body(entries: int, first: int = 0) -> bytes:
    """A feed whose entries carry about 6 kB of HTML each, newest first."""
    dice = random.Random(7)
    items = []
    for number in range(first + entries, first, -1):
        dice.seed(number)
        text = " ".join(dice.choice(WORDS) for _ in range(900))
        html = escape(f"<p>{text}</p><p><a href='/more/{number}'>more</a></p>")
        items.append(
            f"<item><title>Entry {number}</title><link>https://example.org/{number}</link>"
            f"<guid>e{number}</guid><description>{html}</description></item>"
        )
    head = "<?xml version='1.0'?><rss version='2.0'><channel><title>T</title>"
    return (head + "".join(items) + "</channel></rss>").encode()


def snapshot(content: bytes) -> Snapshot:
    """A capture of the feed."""
    return Snapshot(
        source_id=SourceId("bench"),
        request=Request(url="https://example.org/feed"),
        final_url="https://example.org/feed",
        status=200,
        headers=(),
        body=content,
        media_type="application/rss+xml",
        captured_at=AT,
    )


def main() -> None:
    """Unchanged, and with 1, 5, 20 and all entries new."""
    options = feed.FeedOptions(url="https://example.org/feed", follow="never")
    source = Source(id=SourceId("bench"), kind="feed", name="bench", options=options)

    def read(content: bytes, cursor: str) -> str:
        context = ReadContext(
            source=source, options=options, cursor=cursor, relevant=lambda _raw: True
        )
        return feed.read(snapshot(content), context).cursor

    known = read(body(50), "")
    for new in (0, 1, 5, 20):
        content = body(50, first=new)
        measured(f"feed of 50 entries, {new} new", 1, lambda c=content: read(c, known))
    measured("feed of 50 entries, all new", 1, lambda: read(body(50), ""))


if __name__ == "__main__":
    main()
