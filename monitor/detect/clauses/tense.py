"""When the act took place, as its own clause says it, and whether that makes it history."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from monitor.detect.clauses.line import Line
from monitor.detect.language.dates import When, resolve
from monitor.detect.language.words import word_set
from monitor.domain.moment import Precision, StatedDate

#: Words before a date that make it a date of something else.
_OTHER_DATES = word_set(
    "since until through by before effective after beginning starting expires from"
)
#: Days into a year after which "earlier this year" no longer speaks of the news.
_SPRING = 60
#: Kinds of dates that last, and words after which one of them with 's still dates the act.
_LONG = frozenset(["month", "months", "year", "years", "season"])
_AT = word_set("in at during with")
_SPAN_DAYS = {Precision.DAY: 0, Precision.WEEK: 6, Precision.MONTH: 30, Precision.YEAR: 365}


def when_of(line: Line, act: int) -> When | None:
    """The date expression of the act: the nearest after it in its clause, else before it."""
    if "WHEN" not in line.words:
        return None
    if act not in line.whens:
        line.whens[act] = _when_of(line, act)
    return line.whens[act]


def _when_of(line: Line, act: int) -> When | None:
    end = line.clause_end(act)
    if line.is_leading(act):  # "after it did, the council voted Wednesday": the date of another act
        end = next((at for at in range(act, end) if line.tokens[at].word == ","), end)
    for at in range(act + 1, min(end, act + 30)):
        found = _when(line, at)
        if found is not None and not _of_what_is_to_come(line, act, at, found):
            return found
        if at > act + 2 and not line.tokens[at].symbol and line.tokens[at].word.endswith("ed"):
            break  # "the model ended in 2012": the date of another act
    start = line.clause(act).start
    for at in range(act - 1, max(-1, start - 1, act - 20), -1):
        found = _when(line, at)
        if found is not None:
            return found
    return _opening(line, start)


def _of_what_is_to_come(line: Line, act: int, at: int, when: When) -> bool:
    """`finalized the agreement, with two deputies to attend training in October`."""
    if when.kind != "month" or when.year is not None:
        return False
    words = [token.word for token in line.tokens[act + 1 : at] if not token.symbol]
    return "to" in words[:-1] and "," in words[: words.index("to")]


def _opening(line: Line, start: int) -> When | None:
    """`On July 29, the House ...`: the date before its comma, else one that opens the sentence."""
    at = start - 2
    if at >= 0 and line.tokens[start - 1].word == "," and _when(line, at):
        while at and _when(line, at - 1):
            at -= 1  # "ten years ago this week": the first of them tells
        return _when(line, at)
    return next((w for at in range(min(4, start)) if (w := _when(line, at)) is not None), None)


def _when(line: Line, at: int) -> When | None:
    value = line.tokens[at].value
    if not isinstance(value, When) or value.future:
        return None
    before = [token.word for token in line.tokens[max(0, at - 2) : at]]
    if value.kind in _LONG and _is_of_a_thing(line, at) and _AT.isdisjoint(before[-1:]):
        return None  # "under April's order": the order's month
    if _OTHER_DATES.isdisjoint(before) and not _is_compared(line, at):
        return value
    return None


def _is_compared(line: Line, at: int) -> bool:
    """`up from eight in 2022`: the day of the figure before."""
    ahead = line.tokens[max(0, at - 4) : at]
    return any(
        one.word == "from" and following.symbol == "NUM" for one, following in pairwise(ahead)
    )


def _is_of_a_thing(line: Line, at: int) -> bool:
    return at + 1 < len(line.tokens) and line.tokens[at + 1].word in {"'s", "'"}


def occurred(line: Line, act: int, published: StatedDate | None) -> StatedDate | None:
    """The day of the act with its precision; None when the clause does not say."""
    when = when_of(line, act)
    return resolve(when, published) if when is not None else None


#: Words that open a sentence with what came before its act.
_THEN = word_set("after following since when")
#: Days after a month in which it still tells the time of news; where a rule sets none of its own.
_FRESH_MONTH, _USUAL_DAYS = 20, 50
#: Verbs by which what happened weeks ago becomes known.
_REVEALS = word_set(
    "show shows showed reveal reveals revealed obtained learned discovered uncovered"
)


def history(line: Line, act: int, published: StatedDate | None, fresh_days: int) -> str | None:
    """The words that date the act long before publication, or None."""
    when = when_of(line, act)
    if when is None:
        return _circumstance(line, act, published)
    if published is None:
        vague = when.kind in {"month", "year"} and when.year is not None
        old = when.kind in {"years", "season"} and when.offset < 0
        return when.words if old or vague else None
    day = resolve(when, published)
    if day is None:
        return None
    if _looks_back(line, act, when) and published.day.timetuple().tm_yday > _SPRING:
        return when.words
    if _year_gone(day, published):
        return when.words
    newest = day.day + timedelta(days=_SPAN_DAYS[day.precision])
    if day.precision is Precision.MONTH and not _revealed(line, act):
        fresh_days = min(fresh_days, _FRESH_MONTH) if fresh_days <= _USUAL_DAYS else fresh_days
    reach = published.day - timedelta(days=fresh_days)
    return when.words if newest < reach else None


def _revealed(line: Line, act: int) -> bool:
    """`Records show he signed it in April`: the news is that it is known now."""
    return line.clause(act).opener == "that" or any(
        token.word in _REVEALS for token in line.tokens[:act]
    )


def _year_gone(day: StatedDate, published: StatedDate) -> bool:
    """`In 2025`, `last year`, told in February or later: no news, whatever the day was."""
    gone = day.day.year < published.day.year and published.day.month > 1
    return day.precision is Precision.YEAR and gone


def month_gone(line: Line, act: int, published: StatedDate | None) -> str | None:
    """The words that date an act to a month that was over when the text came out, or None."""
    when = when_of(line, act)
    if when is None or published is None or when.kind not in {"month", "months"}:
        return None
    day = resolve(when, published)
    over = day is not None and day.precision is Precision.MONTH and day.day < published.day
    return when.words if over and day is not None and _month(day) < _month(published) else None


def _month(day: StatedDate) -> tuple[int, int]:
    return day.day.year, day.day.month


def _looks_back(line: Line, act: int, when: When) -> bool:
    """`Earlier this year, governors ordered ...`: a sentence that goes back to what was."""
    opens = _opening(line, line.clause(act).start) is when
    return opens and when.words.startswith("earlier this year")


def _circumstance(line: Line, act: int, published: StatedDate | None) -> str | None:
    """`After the order of January 2017, ICE ended ...`: what happened then is as old."""
    if published is None or not line.tokens or line.tokens[0].word not in _THEN:
        return None
    for at in range(1, act):
        value = line.tokens[at].value
        if isinstance(value, When) and value.year and value.year < published.day.year - 1:
            return value.words
    return None


#: Words that open a sentence which goes on with what the one before it tells.
_GOES_ON = word_set("but and then yet however it they he she that this these those both")


def goes_on(line: Line) -> bool:
    """Whether a sentence opens with a word that ties it to the one before."""
    return bool(line.tokens) and line.tokens[0].word in _GOES_ON


def carried(line: Line, act: int, before: Line, published: StatedDate | None) -> str | None:
    """The words that open the sentence before and date what this one goes on with to the past.

    `In 2017, senators filed a bill. But it died.`: neither is news of 2025.
    """
    if published is None or when_of(line, act) is not None:
        return None
    when = _opening(before, len(before.tokens))
    day = resolve(when, published) if when is not None else None
    if when is None or day is None or day.precision not in {Precision.YEAR, Precision.MONTH}:
        return None
    newest = day.day + timedelta(days=_SPAN_DAYS[day.precision])
    return when.words if newest < published.day else None


#: Days before publication in which an act told in passing is still the news itself.
_FRESH_DAYS = 8


def is_fresh(line: Line, act: int, published: StatedDate | None) -> bool:
    """Whether the words right after the act date it, to the day, to the last days."""
    if published is None or "WHEN" not in line.words:
        return False
    aside = line.clause(act).opener in _ASIDES
    if aside and _this_month(line, act):
        return True
    for at in range(act + 1, min(line.clause_end(act), act + 16)):
        if aside and line.tokens[at].word == ",":
            return False  # "who signed the pact, spoke Tuesday": the day of the main clause
        if line.tokens[at].word in _SAYS and not line.tokens[at].symbol:
            return False  # "who wrote the law said Wednesday": the day of what was said
        when = _when(line, at)
        if when is not None and when.kind in {"weekday", "days", "day", "week"}:
            day = resolve(when, published)
            days = _FRESH_DAYS + (6 if when.kind == "week" else 0)
            return day is not None and 0 <= (published.day - day.day).days <= days
    return False


def _this_month(line: Line, act: int) -> bool:
    """`whose department earlier this month became`: the words before the act date it."""
    before = (_when(line, at) for at in range(line.clause(act).start, act))
    return any(when is not None and when.words.endswith("this month") for when in before)


_ASIDES = frozenset(["who", "whom", "whose", "which"])
#: Verbs whose day is not the act's.
_SAYS = word_set("said says told announced testified argued wrote urged asked")
#: Words before an act that say it is happening as the text is written.
_NOW = word_set("now today just newly")


def is_recent(line: Line, act: int, published: StatedDate | None) -> bool:
    """Whether the act's clause dates it to these days: to a day, to a week, or with "now"."""
    clause = line.clause(act)
    if any(token.word in _NOW for token in line.tokens[max(clause.start, act - 2) : act]):
        return True
    when = when_of(line, act)
    if when is None or when.kind not in {"weekday", "days", "day", "week"}:
        return False
    day = resolve(when, published)
    if day is None or published is None:
        return False
    reach = timedelta(days=_FRESH_DAYS + _SPAN_DAYS[day.precision])
    return published.day - reach <= day.day <= published.day + timedelta(days=1)
