"""Days as sources state them: a date with its precision and where it was read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum


class Precision(StrEnum):
    """How exactly a source states a day."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedDate:
    """A day somebody stated; `day` is the first day of the stated span."""

    day: date
    precision: Precision = Precision.DAY
    origin: str = ""  #: words or field it was read from, e.g. "Tuesday", "SIGNED"


def require_aware(moment: datetime) -> datetime:
    """The moment in UTC. Raises ValueError for a naive one: guessing a zone is never right."""
    if moment.tzinfo is None:
        raise ValueError(f"naive datetime {moment!r}: give it a time zone")
    return moment.astimezone(UTC)
