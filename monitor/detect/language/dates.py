"""Dates in prose, relative ones against the day of publication, with their precision."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Set
from dataclasses import dataclass
from datetime import date, timedelta

from monitor.detect.language.tokens import Token, first_digit
from monitor.detect.language.words import word_set
from monitor.domain.moment import Precision, StatedDate

_MONTH_NAMES = (
    "january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul",
    "august aug", "september sept sep", "october oct", "november nov", "december dec",
)  # fmt: skip
_MONTHS = {
    name: number for number, names in enumerate(_MONTH_NAMES, start=1) for name in names.split()
}
_DAYS = {
    name: number
    for number, name in enumerate(
        ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    )
}
_SHORT_DAYS = {name[:3]: number for name, number in _DAYS.items()}
_SEASONS = {"winter": 1, "spring": 4, "summer": 7, "fall": 10, "autumn": 10}
_WORD_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "few": 3, "four": 4, "several": 4, "five": 5,
    "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
}  # fmt: skip
_NEAR_DAYS = {"yesterday": -1, "today": 0, "tonight": 0, "tomorrow": 1}
_BEFORE_UNITS = word_set("last this next past earlier over in late during")
#: Words that a date expression begins with, and those of which it has one (unless a digit).
_OPENING = _BEFORE_UNITS.union(_MONTHS, _DAYS, _NEAR_DAYS, _WORD_NUMBERS)
_TELLING = word_set("last this next past ago earlier").union(_MONTHS, _DAYS, _NEAR_DAYS)


@dataclass(frozen=True, slots=True)
class When:
    """A date expression: either a stated day, or an offset that needs the publication date.

    `kind` is one of day, month, year (stated), weekday, days, week, months, season, years.
    """

    kind: str
    year: int | None = None
    month: int | None = None
    day: int | None = None
    offset: int = 0  #: in units of `kind`, negative in the past
    words: str = ""
    future: bool = False


def may_be_dated(words: Set[str], text: str, start: int, end: int) -> bool:
    """Whether a date can be among the words that stand between two offsets of a text."""
    return not _TELLING.isdisjoint(words) or first_digit(text, start, end) >= 0


def mark_dates(tokens: list[Token]) -> list[Token]:
    """The tokens with date expressions put together as WHEN symbols."""
    out: list[Token] = []
    behind = 0
    words = [token.word for token in tokens]
    for i in [i for i, word in enumerate(words) if word in _OPENING or word[:1].isdigit()]:
        if i < behind or tokens[i].symbol:
            continue
        when, length = _date_at(tokens, i)
        if when is None:
            continue
        span = tokens[i : i + length]
        said = " ".join(words[i : i + length])
        value = When(when.kind, when.year, when.month, when.day, when.offset, said, when.future)
        out += tokens[behind:i]
        out.append(Token(said, span[0].start, span[-1].end, "WHEN", value))
        behind = i + length
    return out + tokens[behind:] if out else tokens


def _date_at(tokens: list[Token], i: int) -> tuple[When | None, int]:
    word = tokens[i].word
    if word in _MONTHS:
        return _month(tokens, i)
    if word in _DAYS:
        return _weekday(tokens, i)
    if word[:1].isdigit():
        return _numeric(tokens, i)
    if word in _NEAR_DAYS:
        return When("days", offset=_NEAR_DAYS[word], future=_NEAR_DAYS[word] > 0), 1
    if word in _BEFORE_UNITS:
        return _relative(tokens, i)
    return _ago(tokens, i)


def _month(tokens: list[Token], i: int) -> tuple[When | None, int]:
    month = _MONTHS[tokens[i].word]
    day = _day_number(_at(tokens, i + 1))
    if day:
        skip = 3 if _at(tokens, i + 2) == "," and _year(_at(tokens, i + 3)) else 2
        year = _year(_at(tokens, i + skip))
        if year:
            return When("day", year, month, day), skip + 1
        return When("day", None, month, day), 2
    comma = _at(tokens, i + 1) in {",", "of"}
    year = _year(_at(tokens, i + 1 + comma))
    if year:
        return When("month", year, month), 2 + comma
    if tokens[i].word in {"may", "march", "mar"} and not _month_word(tokens, i):
        return None, 1
    return When("month", None, month), 1


def _month_word(tokens: list[Token], i: int) -> bool:
    """`in May`, `last March`: the month, not the verb."""
    return i > 0 and tokens[i - 1].word in {"in", "last", "since", "of", "late", "early", "until"}


def _weekday(tokens: list[Token], i: int) -> tuple[When | None, int]:
    at = i + 1
    if _at(tokens, at) in {"morning", "evening", "night", "afternoon"}:
        at += 1
    skip = 1 if _at(tokens, at) == "," else 0
    if _at(tokens, at + skip) in _MONTHS:
        when, length = _month(tokens, at + skip)
        if when is not None and when.day:
            return when, at + skip + length - i
    return When("weekday", day=_DAYS[tokens[i].word]), at - i


def _numeric(tokens: list[Token], i: int) -> tuple[When | None, int]:
    word = tokens[i].word
    parts = word.replace("/", "-").split("-")
    if len(parts) == 3 and all(p.isdigit() for p in parts):
        return _from_parts(parts), 1
    if word in {"287", "278"}:
        return None, 1
    if _year(word) and (
        i == 0 or tokens[i - 1].word in {"in", "since", "of", "from", "until", "by"}
    ):
        return When("year", _year(word)), 1
    if _day_number(word) and _at(tokens, i + 1) in _MONTHS:
        year = _year(_at(tokens, i + 2))
        return When("day", year, _MONTHS[tokens[i + 1].word], _day_number(word)), 2 + bool(year)
    return _ago(tokens, i)


def _from_parts(parts: list[str]) -> When | None:
    first, second, third = (int(p) for p in parts)
    if len(parts[0]) == 4:
        year, month, day = first, second, third
    else:
        year, month, day = (third + 2000 if third < 100 else third), first, second
    if not (
        1 <= month <= 12 and 1 <= day <= monthrange(year if 1 < year < 9999 else 2000, month)[1]
    ):
        return None
    return When("day", year, month, day) if 1960 <= year <= 2100 else None


def _relative(tokens: list[Token], i: int) -> tuple[When | None, int]:
    at = i
    earlier = False
    while _at(tokens, at) in {"earlier", "late", "over", "in", "during", "the", "on", "early"}:
        earlier = earlier or _at(tokens, at) == "earlier"
        at += 1
    direction = {"last": -1, "past": -1, "this": 0, "next": 1}.get(_at(tokens, at))
    if direction is None:
        return None, 1
    at += 1
    if direction == 0 and _at(tokens, at) == "past":
        direction, at = -1, at + 1
    unit = _at(tokens, at)
    return _unit(unit, direction, earlier), at - i + 1


def _unit(unit: str, direction: int, earlier: bool) -> When | None:
    future = direction > 0
    if unit in _DAYS:
        return When("weekday", day=_DAYS[unit], offset=-1 if direction < 0 else 0, future=future)
    if unit == "week":
        return When("week", offset=direction, future=future)
    if unit == "month":
        return When("months", offset=direction, future=future)
    if unit == "year":
        return When("years", offset=direction, future=future)
    if unit in _SEASONS:
        return When("season", month=_SEASONS[unit], offset=direction, future=future)
    if unit in {"night", "evening"}:
        return When("days", offset=direction, future=future)
    if unit in _MONTHS:
        return When("month", None, _MONTHS[unit], future=future)
    return None


def _ago(tokens: list[Token], i: int) -> tuple[When | None, int]:
    """`two weeks ago`, `three years earlier`."""
    word = tokens[i].word
    number = int(word) if word.isdigit() and len(word) < 4 else _WORD_NUMBERS.get(word)
    unit = _at(tokens, i + 1).rstrip("s")
    if number is None or _at(tokens, i + 2) not in {"ago", "earlier"}:
        return None, 1
    match unit:
        case "day":
            return When("days", offset=-number), 3
        case "week":
            return When("days", offset=-7 * number), 3
        case "month":
            return When("months", offset=-number), 3
        case "year":
            return When("years", offset=-number), 3
        case _:
            return None, 1


def _at(tokens: list[Token], i: int) -> str:
    return tokens[i].word if 0 <= i < len(tokens) and not tokens[i].symbol else ""


def _year(word: str) -> int | None:
    return int(word) if len(word) == 4 and word.isdigit() and 1960 <= int(word) <= 2099 else None


def _day_number(word: str) -> int | None:
    number = word.removesuffix("th").removesuffix("st").removesuffix("nd").removesuffix("rd")
    return int(number) if number.isdigit() and 1 <= int(number) <= 31 else None


def resolve(when: When, published: StatedDate | None) -> StatedDate | None:
    """The day meant by the words, as seen on the day of publication; None when it needs one."""
    origin = when.words
    if when.kind in {"day", "month", "year"} and when.year:
        return _stated(when, when.year, origin)
    if published is None or published.precision is Precision.YEAR:
        return None
    base = published.day
    match when.kind:
        case "day" | "month":
            return _nearest(when, base, origin)
        case "weekday":
            if published.precision is not Precision.DAY:
                return None
            return StatedDate(day=_weekday_before(when, base), origin=origin)
        case "days":
            precision = published.precision if when.offset >= -8 else Precision.WEEK
            return StatedDate(day=_shift(base, when.offset), precision=precision, origin=origin)
        case "week":
            monday = base - timedelta(days=base.weekday()) + timedelta(weeks=when.offset)
            return StatedDate(day=monday, precision=Precision.WEEK, origin=origin)
        case _:
            return _long(when, base, origin)


def _stated(when: When, year: int, origin: str) -> StatedDate | None:
    precision = {"day": Precision.DAY, "month": Precision.MONTH, "year": Precision.YEAR}[when.kind]
    day = when.day if when.kind == "day" and when.day else 1
    try:
        return StatedDate(day=date(year, when.month or 1, day), precision=precision, origin=origin)
    except ValueError:
        return None


def _nearest(when: When, base: date, origin: str) -> StatedDate | None:
    """A day or month without a year: the newest that is not after publication."""
    stated = _stated(when, base.year, origin)
    if stated is None:
        return None
    ahead = 300 if when.future else 1
    if stated.day > base + timedelta(days=ahead) and not when.future:
        near = stated.day - base <= timedelta(days=120) and when.kind == "day"
        return stated if near else _stated(when, base.year - 1, origin)
    return stated


def _weekday_before(when: When, base: date) -> date:
    back = (base.weekday() - (when.day or 0)) % 7
    if when.future:
        return base + timedelta(days=7 - back)
    if when.offset < 0 and back == 0:
        back = 7
    return base - timedelta(days=back)


def _shift(base: date, days: int) -> date:
    return base + timedelta(days=max(-20_000, min(20_000, days)))


def _long(when: When, base: date, origin: str) -> StatedDate | None:
    match when.kind:
        case "months":
            months = base.year * 12 + base.month - 1 + when.offset
            day = date(months // 12, months % 12 + 1, 1)
            return StatedDate(day=day, precision=Precision.MONTH, origin=origin)
        case "years":
            day = date(base.year + when.offset, 1, 1)
            return StatedDate(day=day, precision=Precision.YEAR, origin=origin)
        case "season":
            month = when.month or 1
            year = base.year - (month > base.month or (when.offset < 0 and month >= base.month))
            return StatedDate(day=date(year, month, 1), precision=Precision.MONTH, origin=origin)
        case _:
            return None
