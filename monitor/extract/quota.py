"""What a source used of an interface's quota, kept in its cursor: pure accounting.

Calls are counted as their answers are read. An answer equal to the last one is never read, so
the number is a floor; `spent` adds the regular polls since the month began, which makes it a
ceiling as long as the schedule is kept.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.extract.cursor import Json

#: From this share of its budget on a source says that it runs low.
LOW = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Calls of one calendar month (UTC): all that were read, and of those the regular polls."""

    month: str = ""  #: "2025-06"
    calls: int = 0
    polls: int = 0

    def with_call(self, at: datetime, *, poll: bool) -> Usage:
        """One more call; a new month starts at nothing."""
        month = month_of(at)
        base = self if self.month == month else Usage(month=month)
        return replace(base, calls=base.calls + 1, polls=base.polls + int(poll))

    def spent(self, at: datetime, every: timedelta) -> int:
        """Calls of the month, polls that found nothing new included."""
        if self.month != month_of(at):
            return regular_polls(at, every)
        return self.calls - self.polls + max(self.polls, regular_polls(at, every))


def month_of(at: datetime) -> str:
    """The calendar month: "2025-06"."""
    return at.strftime("%Y-%m")


def regular_polls(at: datetime, every: timedelta) -> int:
    """How many polls the schedule made since the month began."""
    start = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return int((at - start) / max(every, timedelta(minutes=1)))


def forecast(spent: int, at: datetime) -> int:
    """Calls by the end of the month if it goes on like this; at least a day counts."""
    days = monthrange(at.year, at.month)[1]
    start = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    elapsed = max(1.0, (at - start) / timedelta(days=1))
    return round(spent * days / elapsed)


def load(state: Json) -> Usage:
    """The usage of a cursor's state; nothing used where it has none."""
    found = state.get("usage")
    if not (isinstance(found, list) and len(found) == 3 and isinstance(found[0], str)):
        return Usage()
    counts = [n if isinstance(n, int) else 0 for n in found[1:]]
    return Usage(month=found[0], calls=counts[0], polls=counts[1])


def dump(usage: Usage) -> Json:
    """For a cursor's state."""
    return {"usage": [usage.month, usage.calls, usage.polls]}


def warning(spent: int, budget: int) -> tuple[str, ...]:
    """What a reading says when its budget runs low or out."""
    if spent >= budget:
        return (f"quota: {spent} of {budget} calls of this month are used; it pauses until next",)
    if spent >= LOW * budget:
        return (f"quota: {spent} of {budget} calls of this month are used",)
    return ()
