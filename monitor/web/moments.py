"""Days and moments as they are written in addresses."""

from __future__ import annotations

from datetime import UTC, date, datetime

from monitor.domain.errors import FilterError
from monitor.services.roster_query import end_of_day


def read_moment(name: str, text: str | None, *, start: bool = False) -> datetime | None:
    """A day (its end, or its beginning with `start`) or a moment with zone; None for "".

    Raises FilterError for anything else: a moment without a zone is never guessed.
    """
    if not text:
        return None
    try:
        if len(text) == 10:
            day = date.fromisoformat(text)
            return datetime(day.year, day.month, day.day, tzinfo=UTC) if start else end_of_day(day)
        moment = datetime.fromisoformat(text.replace(" ", "+"))
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise FilterError(
        f"{name} wants a day (2025-06-01) or a moment with zone (2025-06-01T12:00:00Z), not "
        f"{text[:40]!r}",
        position=0,
    )
