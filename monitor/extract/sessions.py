"""Which session a legislature is in on a day, by its own calendar: pure rules, one a state.

A rule names the session whose bills can still move. Where the acts of one session reach into the
days of the next, both are named, the newer one first. Special sessions follow no calendar: kinds
take them by an option.
"""

from __future__ import annotations

from datetime import date, timedelta

_WEDNESDAY = 2
#: Presentment can outlast a Congress: ten days, Sundays excepted, and the printing of the law.
_LATE_LAWS = timedelta(days=60)


def first_of_two(day: date) -> int:
    """The odd year in which a two-year session of this day began."""
    return day.year if day.year % 2 else day.year - 1


def congresses(day: date) -> tuple[int, ...]:
    """The Congress of a day, and for 60 days the one before, whose last laws are still told.

    Amendment XX, section 2: a Congress begins at noon on 3 January of an odd year; the first
    began in 1789.
    """
    current = (first_of_two(day) - 1789) // 2 + 1
    begins = date(first_of_two(day), 1, 3)
    if day < begins:
        return (current - 1,)
    return (current, current - 1) if day - begins < _LATE_LAWS else (current,)


def maryland(day: date) -> tuple[str, ...]:
    """ "2026RS": the year's session from the second Wednesday of January on, when it convenes.

    Constitution of Maryland, Article III, section 14; the governor acts until the end of May, and
    no bill is carried over.
    """
    year = day.year if day >= _nth_weekday(day.year, 1, _WEDNESDAY, 2) else day.year - 1
    return (f"{year}RS",)


def new_york(day: date) -> tuple[int, ...]:
    """The first year of the two-year session; in January of an odd year the one before as well.

    Bills that passed in December reach the governor late: Constitution of New York, Article IV,
    section 7 (ten days, thirty after adjournment).
    """
    current = first_of_two(day)
    late = day.year % 2 == 1 and day.month == 1
    return (current, current - 2) if late else (current,)


def north_carolina(day: date) -> tuple[str, ...]:
    """ "2025": the two-year session, from the second Wednesday of January of an odd year on.

    General Statutes of North Carolina, section 120-11.1.
    """
    first = first_of_two(day)
    begun = day >= _nth_weekday(first, 1, _WEDNESDAY, 2)
    return (str(first if begun else first - 2),)


def oregon(day: date) -> tuple[str, ...]:
    """ "2026R1": each year has one regular session, and what it passed is signed within that year.

    Constitution of Oregon, Article IV, section 10 (160 days in odd years, 35 in even ones).
    """
    return (f"{day.year}R1",)


def virginia(day: date) -> tuple[str, ...]:
    """ "20261": the regular session of the year; from 1 December on that of the next.

    The General Assembly convenes on the second Wednesday of January (Constitution of Virginia,
    Article IV, section 6); bills are prefiled from November on and listed under its code, and
    those carried over appear there again.
    """
    return (f"{day.year + (day.month == 12)}1",)


def washington(day: date) -> tuple[str, ...]:
    """ "2025-26": the biennium; from 1 December before an odd year on the next one.

    Bills are prefiled in the month before the session (joint rules of the Legislature) and stay
    alive for both years of a biennium.
    """
    first = first_of_two(day)
    if day.year % 2 == 0 and day.month == 12:
        first += 2
    return (f"{first}-{(first + 1) % 100:02d}",)


def _nth_weekday(year: int, month: int, weekday: int, number: int) -> date:
    """The n-th such weekday of a month."""
    opening = date(year, month, 1)
    return opening + timedelta(days=(weekday - opening.weekday()) % 7 + 7 * (number - 1))
