"""The table of kinds: one line each; and what worker processes call."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any, Generic, TypeVar

from monitor.detect.triggers import TriggerScan
from monitor.domain.item import Reading
from monitor.domain.snapshot import Request, Snapshot
from monitor.domain.source import Source
from monitor.kinds import ChannelKind, ReadContext, RuleKind, SourceKind

KindT = TypeVar("KindT")


class Kinds(Mapping[str, KindT], Generic[KindT]):
    """Kinds by their word; the module of one is imported when it is asked for, so that a process
    carries only the libraries of the kinds that it uses."""

    def __init__(self, package: str, *names: str) -> None:
        """Each name is a module of the package that ends in `KIND`."""
        self._package = package
        self._names = names

    def __getitem__(self, name: str) -> KindT:
        if name not in self._names:
            raise KeyError(name)
        kind: KindT = importlib.import_module(f"{self._package}.{name}").KIND
        return kind

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


#: Kinds of source by the word used in feeds.yaml. `Any`: each kind has its own options.
SOURCE_KINDS: Mapping[str, SourceKind[Any]] = Kinds(
    "monitor.sources",
    "congress",
    "courtlistener",
    "federal_register",
    "feed",
    "govinfo",
    "legiscan",
    "legistar",
    "listing",
    "mailbox",
    "maryland",
    "new_hampshire",
    "new_york",
    "north_carolina",
    "openstates",
    "oregon",
    "page",
    "table",
    "virginia",
    "washington",
)

#: Kinds of rule by the word used in rule packs.
RULE_KINDS: Mapping[str, RuleKind[Any, Any, Any]] = Kinds(
    "monitor.detect.rules", "change", "field", "phrase"
)

#: Kinds of channel by the word used in subscriptions.
CHANNEL_KINDS: Mapping[str, ChannelKind[Any]] = Kinds(
    "monitor.channels", "email", "file", "slack", "stdout", "webhook"
)


def first_requests(source: Source, cursor: str, now: datetime) -> tuple[Request, ...]:
    """The requests a check of the source starts with."""
    return SOURCE_KINDS[source.kind].first(source, source.options, cursor, now)


Reader = Callable[[Source, Snapshot, str], Reading]


def reader(anchors: tuple[str, ...], watched: tuple[str, ...]) -> Reader:
    """What a worker process does with snapshots; called once in each worker.

    The trigger scan is built from the rule pack's anchor words and the watched names, once
    something asks for it: watched pages and feeds that keep everything never do.
    """
    scan = cache(lambda: TriggerScan.build(anchors, watched))

    def relevant(raw: bytes) -> bool:
        return scan().relevant(raw)

    def read(source: Source, snapshot: Snapshot, cursor: str) -> Reading:
        """The reading of one snapshot. Raises ExtractError for one that cannot be read."""
        context: ReadContext[Any] = ReadContext(
            source=source, options=source.options, cursor=cursor, relevant=relevant
        )
        return SOURCE_KINDS[source.kind].read(snapshot, context)

    return read
