"""When to try again after failures: pure, spread by the source's own id, never given up."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from monitor.domain.ident import SourceId

FIRST = timedelta(minutes=5)
CAP = timedelta(hours=24)  # a dead source is asked once a day at the least
_JITTER = 0.25


def next_retry(
    source_id: SourceId, failures: int, now: datetime, retry_after: timedelta | None = None
) -> datetime:
    """The moment of the next try after the n-th consecutive failure (`failures` >= 1).

    Five minutes, doubled for each failure, at most 24 hours, less up to a quarter that derives
    from source and count: equal inputs give equal answers, and sources that failed together
    come back apart. A Retry-After is never undercut, and is itself capped at 24 hours.
    """
    doublings = min(max(failures, 1) - 1, 12)
    doubled: timedelta = FIRST * (1 << doublings)
    pause = min(doubled, CAP) * (1 - _JITTER * spread(source_id, failures))
    if retry_after is not None:
        pause = max(pause, min(retry_after, CAP))
    return now + pause


def spread(source_id: SourceId, salt: int) -> float:
    """A number in [0, 1) that is the same for the same source and salt."""
    digest = hashlib.sha256(f"{source_id}:{salt}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
