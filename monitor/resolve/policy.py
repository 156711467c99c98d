"""Under which circumstances claims are judged: values that a check hands to the pure steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitor.domain.ident import ItemId, SnapshotId
from monitor.domain.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The circumstances of one check of one source; no clock, no store.

    `baseline`: this is the source's first import (or a backfill): everything it opens is silent.
    `absorbed`: the first live publication over a bundled history: silent, and recorded as such.
    `late_before`: after a downtime, what was published before this moment (or says no time) goes
    to a digest; None when there was no downtime (see `late_before()`).
    `gone`: items whose newest revision says that the source dropped them.
    """

    source: Source
    body_hashes: Mapping[SnapshotId, str] = field(default_factory=dict)
    captured: Mapping[SnapshotId, datetime] = field(default_factory=dict)
    baseline: bool = False
    absorbed: bool = False
    late_before: datetime | None = None
    gone: frozenset[ItemId] = frozenset()
    max_age: timedelta = timedelta(days=30)  #: own publication older than this never pages


def late_before(
    succeeded_at: datetime | None,
    now: datetime,
    every: timedelta,
    *,
    slack: timedelta = timedelta(hours=6),
) -> datetime | None:
    """The moment before which items count as late, or None without a downtime.

    A downtime is a silence longer than `slack` and than three regular intervals since the last
    accepted answer; what was published within `slack` of now is still fresh.
    """
    if succeeded_at is None or now - succeeded_at <= max(slack, 3 * every):
        return None
    return now - slack
