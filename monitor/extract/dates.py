"""Days and moments as documents write them; a zone is never guessed."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import parsedate_tz

from monitor.domain.moment import Precision, StatedDate

FIRST_YEAR, LAST_YEAR = 1985, 2100
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan enero ene",
            "february feb febrero",
            "march mar marzo",
            "april apr abril abr",
            "may mayo",
            "june jun junio",
            "july jul julio",
            "august aug agosto ago",
            "september sept sep septiembre",
            "october oct octubre",
            "november nov noviembre",
            "december dec diciembre dic",
        ),
        start=1,
    )
    for name in names.split()
}
_MONTH = "(?P<month>" + "|".join(sorted(MONTHS, key=len, reverse=True)) + r")\b\.?"
_YEAR = r"(?P<year>(?:19|20)\d\d)(?!\d)"
_DAY = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th)?"
_PATTERNS = tuple(
    (re.compile(pattern, re.IGNORECASE), precision)
    for pattern, precision in (
        (rf"(?<!\d){_YEAR}-(?P<month>[01]?\d)-(?P<day>[0-3]?\d)(?!\d)", Precision.DAY),
        (rf"(?<!\d){_YEAR}/(?P<month>[01]?\d)/(?P<day>[0-3]?\d)(?!\d)", Precision.DAY),
        (r"(?<!\d)(?P<year>20\d\d)(?P<month>[01]\d)(?P<day>[0-3]\d)(?!\d)", Precision.DAY),
        (rf"\b{_MONTH}\s+{_DAY}\s*,?\s+{_YEAR}", Precision.DAY),
        (rf"(?<!\d){_DAY}\s+(?:de\s+)?{_MONTH},?\s+(?:de\s+)?{_YEAR}", Precision.DAY),
        # Numbers with slashes are read the American way: month first.
        (rf"(?<!\d)(?P<month>[01]?\d)[/.-](?P<day>[0-3]?\d)[/.-]{_YEAR}", Precision.DAY),
        (
            r"(?<!\d)(?P<month>[01]?\d)[/.-](?P<day>[0-3]?\d)[/.-](?P<yy>[0-4]\d)(?!\d)",
            Precision.DAY,
        ),
        (rf"\b{_MONTH},?\s+(?:de\s+)?{_YEAR}", Precision.MONTH),
        (rf"^\s*{_YEAR}-(?P<month>[01]\d)\s*$", Precision.MONTH),
        (rf"^\s*{_YEAR}\s*$", Precision.YEAR),
    )
)
_ZONES = {
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
    "AKST": -9, "AKDT": -8, "HST": -10, "UTC": 0, "GMT": 0, "Z": 0, "UT": 0,
}  # fmt: skip
_TIME = re.compile(
    r"(?<!\d)(?P<hour>[0-2]?\d):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d)(?:[.,]\d+)?)?"
    r"\s*(?P<half>[ap]\.?m\.?)?\s*(?P<zone>[A-Z]{1,4}\b|[+-]\d\d:?\d\d)?",
    re.IGNORECASE,
)
_RFC5322 = re.compile(
    r"(?:[A-Za-z]{3,9},?\s*)?\d{1,2}[ -][A-Za-z]{3,9}[ -]\d{2,4},?\s+"
    r"\d{1,2}:\d\d(?::\d\d)?\s+([A-Za-z]{1,4}|[+-]\d{4})(?![A-Za-z\d])"
)
#: The day in a date of mail or RSS, which none of the patterns would read otherwise.
_RFC5322_DAY = re.compile(
    rf"(?:[A-Za-z]{{3}},\s+)?{_DAY}\s+{_MONTH}\s+{_YEAR}\s+\d\d:\d\d:\d\d\s+(?:GMT|[+-]\d{{4}})",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")  #: a year is always written in digits
_HAS_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_MAX_CHARS = 200


def moment(text: str) -> datetime | None:
    """The full time that `text` states, in UTC; None unless day, time and zone all stand there.

    Reads RFC 5322, ISO 8601 and RFC 3339 with their usual misspellings, and American times with
    a zone ("June 5, 2025, 3:00 p.m. EDT").
    """
    text = text.strip()[:_MAX_CHARS]
    if not text:
        return None
    found = _iso(text) or _rfc5322(text) or _worded(text)
    return found if found is not None and FIRST_YEAR <= found.year <= LAST_YEAR else None


def stated_date(text: str, origin: str = "") -> StatedDate | None:
    """The first day, month or year that `text` states; None when it states none.

    `origin` defaults to the words themselves. A day without a year is no date here: which year
    is meant depends on when it was said (see the detection of dates in prose).
    """
    text = text.strip()[:_MAX_CHARS]
    if not _DIGIT.search(text):
        return None
    plain = _RFC5322_DAY.fullmatch(text)
    day = _day(plain.groupdict()) if plain is not None and origin else None
    if day is not None:
        return StatedDate(day=day, origin=origin)
    for pattern, precision in _PATTERNS:
        for found in pattern.finditer(text):
            day = _day(found.groupdict())
            if day is not None:
                return StatedDate(day=day, precision=precision, origin=origin or found.group(0))
    return _by_library(text, origin)


def day_in_url(url: str) -> StatedDate | None:
    """The day that an address carries as /2025/06/05/ or /2025-06-05; None when none."""
    found = re.search(r"/(?P<year>20\d\d)[/-](?P<month>[01]\d)[/-](?P<day>[0-3]\d)(?:[/-]|$)", url)
    day = _day(found.groupdict()) if found else None
    return StatedDate(day=day, origin="address") if day else None


def _day(groups: dict[str, str | None]) -> date | None:
    year = int(groups.get("year") or 0) or 2000 + int(groups.get("yy") or 0)
    month = (groups.get("month") or "1").lower()
    try:
        day = date(year, MONTHS.get(month) or int(month), int(groups.get("day") or 1))
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else None


def _iso(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text.replace("UTC", "Z").replace(" Z", "Z"))
        return found.astimezone(UTC) if found.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _rfc5322(text: str) -> datetime | None:
    found = _RFC5322.match(text)
    # parsedate_tz takes an absent or unknown zone for UTC; such a time is not stated.
    if found is None or _zone(found.group(1)) is None:
        return None
    parts = parsedate_tz(text)
    if parts is None:
        return None
    try:
        zone = timezone(timedelta(seconds=parts[9] or 0))
        return datetime(*parts[:6], tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _worded(text: str) -> datetime | None:
    day, clock = stated_date(text), _TIME.search(text)
    if day is None or day.precision is not Precision.DAY or clock is None:
        return None
    zone = _zone(clock.group("zone") or "")
    hour = int(clock.group("hour"))
    half = (clock.group("half") or "").lower()
    if half:
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    if zone is None or hour > 23:
        return None
    second = int(clock.group("second") or 0)
    stated = datetime(
        day.day.year, day.day.month, day.day.day, hour, int(clock.group("minute")), second,
        tzinfo=zone,
    )  # fmt: skip
    return stated.astimezone(UTC)


def _zone(word: str) -> timezone | None:
    if word.upper() in _ZONES:
        return timezone(timedelta(hours=_ZONES[word.upper()]))
    found = re.fullmatch(r"([+-])(\d\d):?(\d\d)", word)
    if found is None or int(found.group(2)) > 14:
        return None
    minutes = int(found.group(2)) * 60 + int(found.group(3))
    return timezone(timedelta(minutes=minutes if found.group(1) == "+" else -minutes))


def _by_library(text: str, origin: str) -> StatedDate | None:
    """dateutil for the rest, only where a year stands: it invents what is missing."""
    if not _HAS_YEAR.search(text) or len(text) > 60:
        return None
    from dateutil import parser as dateutil_parser  # noqa: PLC0415  # for the rest alone

    try:
        # Two different defaults show which parts the library took from the text.
        first = dateutil_parser.parse(text, default=datetime(2001, 1, 1, tzinfo=UTC))
        second = dateutil_parser.parse(text, default=datetime(2002, 2, 2, tzinfo=UTC))
    except (ValueError, OverflowError, TypeError, AttributeError):
        return None
    if first.date() != second.date() or not FIRST_YEAR <= first.year <= LAST_YEAR:
        return None
    return StatedDate(day=first.date(), origin=origin or text)
