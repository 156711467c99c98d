"""The table of kinds: one line each; and what worker processes call."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from monitor.channels import email, file, slack, stdout, webhook
from monitor.detect.rules import phrase
from monitor.domain.item import Reading
from monitor.domain.snapshot import Request, Snapshot
from monitor.domain.source import Source
from monitor.kinds import ChannelKind, ReadContext, RuleKind, SourceKind
from monitor.sources import feed, listing, page, table

#: Kinds of source by the word used in feeds.yaml. `Any`: each kind has its own options.
SOURCE_KINDS: dict[str, SourceKind[Any]] = {
    "feed": feed.KIND,
    "listing": listing.KIND,
    "page": page.KIND,
    "table": table.KIND,
}

#: Kinds of rule by the word used in rule packs.
RULE_KINDS: dict[str, RuleKind[Any, Any, Any]] = {
    "phrase": phrase.KIND,
}

#: Kinds of channel by the word used in subscriptions.
CHANNEL_KINDS: dict[str, ChannelKind[Any]] = {
    "email": email.KIND,
    "file": file.KIND,
    "slack": slack.KIND,
    "stdout": stdout.KIND,
    "webhook": webhook.KIND,
}


def first_requests(source: Source, cursor: str, now: datetime) -> tuple[Request, ...]:
    """The requests a check of the source starts with."""
    return SOURCE_KINDS[source.kind].first(source, source.options, cursor, now)


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
