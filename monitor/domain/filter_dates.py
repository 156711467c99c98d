"""Dates of the filter grammar: absolute and relative words become ISO days when parsed."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta

_RELATIVE = re.compile(r"([0-9]{1,4})([dwmy])")
_ABSOLUTE = re.compile(r"([0-9]{4})(?:-([0-9]{1,2})(?:-([0-9]{1,2}))?)?")


def resolve_day(word: str, today: date, *, end: bool) -> date | None:
    """The day a word means, None when it means none.

    `2025`, `2025-06`, `2025-06-01`; `7d`, `2w`, `3m`, `1y` ago; `today`, `yesterday`. A year or
    a month means its first day, or its last one where `end` is set (for `until`).
    """
    word = word.lower()
    if word in ("today", "yesterday"):
        return today - timedelta(days=word == "yesterday")
    try:
        if match := _RELATIVE.fullmatch(word):
            return _ago(today, int(match[1]), match[2])
        if match := _ABSOLUTE.fullmatch(word):
            return _absolute(match[1], match[2], match[3], end=end)
    except (ValueError, OverflowError):
        return None
    return None


def _ago(today: date, count: int, unit: str) -> date:
    if unit in "dw":
        return today - timedelta(days=count * (7 if unit == "w" else 1))
    months = today.year * 12 + today.month - 1 - count * (12 if unit == "y" else 1)
    year, month = divmod(months, 12)
    return date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))


def _absolute(year: str, month: str | None, day: str | None, *, end: bool) -> date:
    if day is not None and month is not None:
        return date(int(year), int(month), int(day))
    if month is not None:
        last = monthrange(int(year), int(month))[1]
        return date(int(year), int(month), last if end else 1)
    return date(int(year), 12, 31) if end else date(int(year), 1, 1)
