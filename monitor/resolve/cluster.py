"""Same event, many tellings: keys under which an event is found, and whether two tellings are one.

The keys only bring tellings together (a bounded read of the store); `likeness` then compares
type, stage, place or agency, model, bill or case, and dates. Words are never compared: a spun copy
keeps names and numbers but not words, and two stories may share words but not the event.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from monitor.domain.claim import Claim
from monitor.domain.vocabulary import Direction, EventType
from monitor.resolve.agency import state_body
from monitor.resolve.stages import (
    BILL_WINDOW_DAYS,
    FAMILY,
    FEDERAL_FAMILIES,
    LAW_FAMILIES,
    VAGUE_WINDOW_DAYS,
    same_stage,
    stage_word,
    window_days,
)
from monitor.resolve.subject import (
    EXACT,
    NAMED,
    NEARLY,
    PLACE,
    VAGUE,
    has_model,
    is_of_the_day,
    is_statewide,
    place_words,
    same_state,
    subject_likeness,
)
from monitor.resolve.telling import (
    OF_ONE_CHAMBER,
    Telling,
    gap_days,
    telling_of_claim,
)

_STATELESS = "?"
#: Outcomes of the ledger that agencies and newsrooms tell as well.
_TOLD_ELSEWHERE = frozenset(["addendum_added", "addendum_posted", "model_switched"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """Two tellings are one event: how surely the subject is the same, and days between them."""

    subject: int
    days: int
    reason: str


def event_key(telling: Telling) -> str:
    """The readable name of the thing in the world, as its first telling gives it.

    "type|state|subject|model|bill or case|stage|month"; unknown parts are empty.
    """
    model = telling.model.value if telling.model and has_model(telling) else ""
    month = telling.span[1].strftime("%Y-%m") if telling.span else ""
    return "|".join(
        (
            telling.event_type.value,
            telling.state or "US",
            _subject(telling),
            model,
            "/".join(sorted(telling.bills)) or telling.case,
            stage_word(telling.event_type, telling.stage),
            month,
        )
    )


def _subject(telling: Telling) -> str:
    if FAMILY[telling.event_type] == "statistic":
        amount = "" if telling.amount is None else f" {telling.amount:g}"
        return f"{telling.unit}{amount}".strip()
    if telling.agency:
        return telling.agency.canonical
    return telling.place or telling.county or telling.county_name


def own_keys(telling: Telling) -> tuple[str, ...]:
    """The keys under which an event with this telling is stored, sorted."""
    return tuple(sorted({*_subject_keys(telling), *_day_keys(telling), *_month_keys(telling, 0)}))


def lookup_keys(claim: Claim) -> tuple[str, ...]:
    """The keys under which the claim's event, or what it follows, may be stored, sorted."""
    telling = telling_of_claim(claim)
    reach = VAGUE_WINDOW_DAYS if _is_law(telling) else window_days(telling.event_type)
    month_keys = _month_keys(telling, reach)
    return tuple(sorted({*_subject_keys(telling), *_day_keys(telling), *month_keys}))


def _subject_keys(telling: Telling) -> Iterator[str]:
    family, state = FAMILY[telling.event_type], telling.state
    head = f"{family}|{state or _STATELESS}"
    if telling.agency_id:
        yield f"{family}|id|{telling.agency_id}"
    if telling.agency and telling.agency.canonical:
        yield f"{head}|agency|{telling.agency.canonical}"
        yield from _body_keys(head, telling)
    for name in _names(telling):
        yield f"{head}|name|{name}"
        yield f"{family}||name|{name}"
    if telling.county:
        yield f"{family}|county|{telling.county}"
    for bill in (*telling.bills, *telling.companions):  # a companion is found, never joined
        yield f"{family}|bill|{bill}"
    if telling.case:
        yield f"{family}|case|{telling.case}"


def _day_keys(telling: Telling) -> Iterator[str]:
    """What may be told without its state is found by its day."""
    if is_of_the_day(telling) and telling.span:
        yield f"{telling.event_type.value}|day|{telling.span[0].isoformat()}"


def _body_keys(head: str, telling: Telling) -> Iterator[str]:
    """A body of the state is found under each of its names."""
    body = state_body(telling.agency) if telling.agency else ""
    if body and is_statewide(telling):
        yield f"{head}|body|{'troopers' if body == 'safety' else body}"


def _names(telling: Telling) -> Iterator[str]:
    """What the place is called, whether told as a place or as the name of its agency."""
    if telling.agency and telling.agency.naming:
        yield " ".join(sorted(telling.agency.naming))
    for place in (telling.place, telling.county_name):
        if place:
            yield " ".join(sorted(place_words(place)))


def _month_keys(telling: Telling, reach_days: int) -> Iterator[str]:
    """Keys by state and month: for laws, courts, federal events and what may be told of the state
    alone, and where no place is known."""
    family = FAMILY[telling.event_type]
    if not (_is_wide(family) or is_nameless(telling) or is_statewide(telling)):
        return
    head = f"{family}|{telling.state or 'US'}"
    if telling.span is None or (telling.span[1] - telling.span[0]).days > 366:
        yield f"{head}|undated"
        return
    if reach_days:
        yield f"{head}|undated"
    reach = timedelta(days=reach_days)
    for month in _months(telling.span[0] - reach, telling.span[1] + reach):
        yield f"{head}|{month}"


def _is_wide(family: str) -> bool:
    by_state = family in ("court", "local_policy")
    return by_state or family in LAW_FAMILIES or family in FEDERAL_FAMILIES


def _is_law(telling: Telling) -> bool:
    return FAMILY[telling.event_type] in LAW_FAMILIES


def _months(first: date, last: date) -> Iterator[str]:
    year, month = first.year, first.month
    while (year, month) <= (last.year, last.month):
        yield f"{year:04d}-{month:02d}"
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def compatible(left: Claim, right: Claim) -> bool:
    """Whether two claims name the same subject; dates and stages are not compared."""
    return subject_likeness(telling_of_claim(left), telling_of_claim(right)) > 0


def likeness(left: Telling, right: Telling, *, edited: bool = False) -> Likeness | None:
    """Why two tellings are one event, or None where they are two.

    `edited`: one is a later revision of the other's document, so that it may correct its date.
    """
    if left.event_type is not right.event_type or _opposed(left, right):
        return None
    if {left.chamber, right.chamber} == {"lower", "upper"} and left.stage in OF_ONE_CHAMBER:
        return None
    if left.rosters & right.rosters or _is_bookkeeping(left) or _is_bookkeeping(right):
        return None
    subject = subject_likeness(left, right) or _said_vaguely(left, right)
    if not subject:
        return None
    days = _days_apart(left, right, subject, edited=edited)
    if days is None or (days and left.state != right.state and subject <= VAGUE):
        return None
    return Likeness(subject=subject, days=days, reason=_reason(subject, days))


def _is_bookkeeping(telling: Telling) -> bool:
    """A correction on the roster: an event of its own, which nobody else tells.

    A roster tells each thing once, so two of its rows are never one event either.
    """
    modified = telling.event_type is EventType.AGREEMENT_MODIFIED
    return modified and bool(telling.outcome) and telling.outcome not in _TOLD_ELSEWHERE


def _said_vaguely(left: Telling, right: Telling) -> int:
    """A headline without a name and the sentence with the name, in one document."""
    same = left.documents & right.documents and same_state(left, right)
    if not same or FAMILY[left.event_type] in FEDERAL_FAMILIES:
        return 0
    return VAGUE if is_nameless(left) or is_nameless(right) else 0


def is_nameless(telling: Telling) -> bool:
    """Whether it names no agency, place, county, bill or case: at most a state."""
    return next(_subject_keys(telling), None) is None


def _reason(subject: int, days: int) -> str:
    what = {EXACT: "same bill, case or agency", NAMED: "same agency", NEARLY: "same place"}
    when = "same day" if days == 0 else f"{days} days apart"
    return f"{what.get(subject, 'same jurisdiction')}, {when}"


def _opposed(left: Telling, right: Telling) -> bool:
    """A ruling for and a ruling against are two rulings, or one of the readings is wrong."""
    if left.event_type is not EventType.COURT_RULING:
        return False
    return {left.direction, right.direction} == {Direction.TOWARD, Direction.AWAY}


def _days_apart(left: Telling, right: Telling, subject: int, *, edited: bool) -> int | None:
    """Days between the two where that is one happening, None where it is two."""
    if not same_stage(left.event_type, left.stage, right.stage):
        return _days_between_verbs(left, right)
    if not edited and left.documents & right.documents and _other_day(left, right):
        return None
    gap = gap_days(left.span, right.span)
    if gap is None:
        return 0 if subject >= PLACE else None
    if subject <= VAGUE and gap > 1 and _is_one_day(left) and _is_one_day(right):
        return None  # nothing but the day says which one is meant, and both state it
    return gap if gap <= _window(left, right, subject) else None


def _is_one_day(telling: Telling) -> bool:
    return telling.span is not None and telling.span[0] == telling.span[1]


def _other_day(left: Telling, right: Telling) -> bool:
    """One document that gives two days for one thing tells of two things, unless it is a row."""
    return bool(left.day and right.day and abs((left.day - right.day).days) > 1)


def _window(left: Telling, right: Telling, subject: int) -> int:
    if left.bills & right.bills:
        return BILL_WINDOW_DAYS
    days = window_days(left.event_type)
    return min(days, VAGUE_WINDOW_DAYS) if subject <= VAGUE else days


def _days_between_verbs(left: Telling, right: Telling) -> int | None:
    """Different stages are one happening only where two documents date it to the same day.

    Two stages of one bill never are: a bill can pass both chambers on one day.
    """
    if (
        left.bills & right.bills
        or left.documents & right.documents
        or left.day is None
        or right.day is None
    ):
        return None
    days = abs((left.day - right.day).days)
    return days if days <= 1 else None
