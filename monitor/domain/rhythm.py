"""How often something publishes, and from which day on its silence means something.

Gaps are counted in working days (Monday to Friday without federal holidays), because offices
publish on working days: a week between Christmas and New Year is not a silent week.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

#: Fewer gaps than this teach nothing.
FEWEST_GAPS = 6
#: No silence is shorter than this many working days.
SHORTEST_SILENCE = 6

OFFICE_ZONE = ZoneInfo("America/New_York")


def silence_after(changes: Sequence[datetime]) -> int | None:
    """After how many working days without news this publisher is silent; None: not yet known.

    Half as much again as its longest ordinary gap (the 95th of 100), at least
    SHORTEST_SILENCE. `changes` are aware, oldest first.
    """
    days = sorted({moment.astimezone(OFFICE_ZONE).date() for moment in changes})
    gaps = sorted(working_days(a, b) for a, b in pairwise(days))
    if len(gaps) < FEWEST_GAPS:
        return None
    ordinary = gaps[min(len(gaps) - 1, int(len(gaps) * 0.95))]
    return max(SHORTEST_SILENCE, ordinary + (ordinary + 1) // 2)


def silent_for(changes: Sequence[datetime], now: datetime) -> int:
    """Working days since the newest change."""
    newest = max(changes).astimezone(OFFICE_ZONE).date()
    return working_days(newest, now.astimezone(OFFICE_ZONE).date())


def working_days(start: date, end: date) -> int:
    """Working days after `start` up to and with `end`; 0 when end is not after start."""
    days = (start + timedelta(days=n) for n in range(1, (end - start).days + 1))
    return sum(1 for day in days if day.weekday() < 5 and day not in holidays(day.year))


def holidays(year: int) -> frozenset[date]:
    """Federal holidays as observed (5 U.S.C. 6103), the day after Thanksgiving, and the recess from
    20 December to 2 January, in which hardly any office publishes."""
    fixed = [date(year, 6, 19), date(year, 7, 4), date(year, 11, 11)]
    recess = [date(year, 12, day) for day in range(20, 32)] + [date(year, 1, 1), date(year, 1, 2)]
    moving = [
        _nth_weekday(year, 1, 0, 3),
        _nth_weekday(year, 2, 0, 3),
        _last_monday(year, 5),
        _nth_weekday(year, 9, 0, 1),
        _nth_weekday(year, 10, 0, 2),
        _nth_weekday(year, 11, 3, 4),
        _nth_weekday(year, 11, 3, 4) + timedelta(days=1),
    ]
    return frozenset([*(_observed(day) for day in fixed), *recess, *moving])


def _nth_weekday(year: int, month: int, weekday: int, n: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))


def _last_monday(year: int, month: int) -> date:
    last = date(year, month + 1, 1) - timedelta(days=1)
    return last - timedelta(days=last.weekday())


def _observed(day: date) -> date:
    """A holiday on Saturday is observed on Friday, one on Sunday on Monday."""
    return day + timedelta(days={5: -1, 6: 1}.get(day.weekday(), 0))
