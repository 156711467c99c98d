"""The table of kinds: one line each; and what worker processes call."""

from __future__ import annotations

from typing import Any

from monitor.domain.item import Reading
from monitor.domain.snapshot import Snapshot
from monitor.domain.source import Source
from monitor.kinds import ReadContext, SourceKind
from monitor.sources import feed, listing, page, table

#: Kinds of source by the word used in feeds.yaml. `Any`: each kind has its own options.
SOURCE_KINDS: dict[str, SourceKind[Any]] = {
    "feed": feed.KIND,
    "listing": listing.KIND,
    "page": page.KIND,
    "table": table.KIND,
}


def read_in_worker(kind_name: str, source: Source, snapshot: Snapshot, cursor: str) -> Reading:
    """The kind's reading of one snapshot; called by name in a worker process.

    Raises ExtractError for a document that cannot be read.
    """
    context: ReadContext[Any] = ReadContext(
        source=source,
        options=source.options,
        cursor=cursor,
        relevant=lambda _raw: True,
    )
    return SOURCE_KINDS[kind_name].read(snapshot, context)
