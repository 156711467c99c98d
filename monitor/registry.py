"""The table of kinds: one line each; and what worker processes call."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from monitor.detect.rules import change, field, phrase
from monitor.detect.triggers import TriggerScan
from monitor.domain.item import Reading
from monitor.domain.snapshot import Request, Snapshot
from monitor.domain.source import Source
from monitor.kinds import ChannelKind, ReadContext, RuleKind, SourceKind
from monitor.sources import (
    courtlistener,
    federal_register,
    feed,
    legiscan,
    legistar,
    listing,
    maryland,
    new_york,
    openstates,
    oregon,
    page,
    table,
)

#: Kinds of source by the word used in feeds.yaml. `Any`: each kind has its own options.
SOURCE_KINDS: dict[str, SourceKind[Any]] = {
    "courtlistener": courtlistener.KIND,
    "federal_register": federal_register.KIND,
    "feed": feed.KIND,
    "legiscan": legiscan.KIND,
    "legistar": legistar.KIND,
    "listing": listing.KIND,
    "maryland": maryland.KIND,
    "new_york": new_york.KIND,
    "openstates": openstates.KIND,
    "oregon": oregon.KIND,
    "page": page.KIND,
    "table": table.KIND,
}

#: Kinds of rule by the word used in rule packs.
RULE_KINDS: dict[str, RuleKind[Any, Any, Any]] = {
    "change": change.KIND,
    "field": field.KIND,
    "phrase": phrase.KIND,
}

if TYPE_CHECKING:
    #: Kinds of channel by the word used in subscriptions.
    CHANNEL_KINDS: dict[str, ChannelKind[Any]]


def __getattr__(name: str) -> dict[str, ChannelKind[Any]]:
    """CHANNEL_KINDS, made when first asked for: a process that only reads documents never asks,
    and the libraries behind the channels are a third of its start."""
    if name != "CHANNEL_KINDS":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from monitor.channels import email, file, slack, stdout, webhook  # noqa: PLC0415

    kinds: dict[str, ChannelKind[Any]] = {
        "email": email.KIND,
        "file": file.KIND,
        "slack": slack.KIND,
        "stdout": stdout.KIND,
        "webhook": webhook.KIND,
    }
    globals()[name] = kinds
    return kinds


def first_requests(source: Source, cursor: str, now: datetime) -> tuple[Request, ...]:
    """The requests a check of the source starts with."""
    return SOURCE_KINDS[source.kind].first(source, source.options, cursor, now)


Reader = Callable[[Source, Snapshot, str], Reading]


def reader(anchors: tuple[str, ...], watched: tuple[str, ...]) -> Reader:
    """What a worker process does with snapshots; called once in each worker.

    The trigger scan is built from the rule pack's anchor words and the watched names.
    """
    scan = TriggerScan.build(anchors, watched)

    def read(source: Source, snapshot: Snapshot, cursor: str) -> Reading:
        """The reading of one snapshot. Raises ExtractError for one that cannot be read."""
        context: ReadContext[Any] = ReadContext(
            source=source, options=source.options, cursor=cursor, relevant=scan.relevant
        )
        return SOURCE_KINDS[source.kind].read(snapshot, context)

    return read
