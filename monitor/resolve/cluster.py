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
from monitor.domain.vocabulary import Direction, EventType, Model
from monitor.resolve.agency import AgencyKey, AgencyKind, NameRelation, relation
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
from monitor.resolve.telling import Telling, gap_days, other_session, telling_of_claim

#: How surely two tellings name the same subject; below VAGUE only the date tells them apart.
EXACT = 100
NAMED = 90
NEARLY = 60
PLACE = 55
VAGUE = 40

_STATELESS = "?"
_SORTS = frozenset(["city", "town", "village", "county", "parish", "borough", "of", "the"])
#: Outcomes of the ledger that agencies and newsrooms tell as well.
_TOLD_ELSEWHERE = frozenset(["addendum_added", "addendum_posted", "model_switched"])
_STATEWIDE = (
    AgencyKind.STATE_POLICE,
    AgencyKind.GUARD,
    AgencyKind.CORRECTIONS,
    AgencyKind.OTHER,
)


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
    model = telling.model.value if telling.model and _has_model(telling) else ""
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


def _has_model(telling: Telling) -> bool:
    return FAMILY[telling.event_type] == "agreement"


def _subject(telling: Telling) -> str:
    if FAMILY[telling.event_type] == "statistic":
        amount = "" if telling.amount is None else f" {telling.amount:g}"
        return f"{telling.unit}{amount}".strip()
    if telling.agency:
        return telling.agency.canonical
    return telling.place or telling.county or telling.county_name


def own_keys(telling: Telling) -> tuple[str, ...]:
    """The keys under which an event with this telling is stored, sorted."""
    return tuple(sorted({*_subject_keys(telling), *_month_keys(telling, 0)}))


def lookup_keys(claim: Claim) -> tuple[str, ...]:
    """The keys under which the claim's event, or what it follows, may be stored, sorted."""
    telling = telling_of_claim(claim)
    reach = VAGUE_WINDOW_DAYS if _is_law(telling) else window_days(telling.event_type)
    return tuple(sorted({*_subject_keys(telling), *_month_keys(telling, reach)}))


def _subject_keys(telling: Telling) -> Iterator[str]:
    family, state = FAMILY[telling.event_type], telling.state
    head = f"{family}|{state or _STATELESS}"
    if telling.agency_id:
        yield f"{family}|id|{telling.agency_id}"
    if telling.agency and telling.agency.canonical:
        yield f"{head}|agency|{telling.agency.canonical}"
    for name in _names(telling):
        yield f"{head}|name|{name}"
        yield f"{family}||name|{name}"
    if telling.county:
        yield f"{family}|county|{telling.county}"
    for bill in (*telling.bills, *telling.companions):  # a companion is found, never joined
        yield f"{family}|bill|{bill}"
    if telling.case:
        yield f"{family}|case|{telling.case}"


def _names(telling: Telling) -> Iterator[str]:
    """What the place is called, whether told as a place or as the name of its agency."""
    if telling.agency and telling.agency.naming:
        yield " ".join(sorted(telling.agency.naming))
    for place in (telling.place, telling.county_name):
        if place:
            yield " ".join(sorted(_place_words(place)))


def _place_words(place: str) -> frozenset[str]:
    words = frozenset(place.split())
    return words - _SORTS or words


def _month_keys(telling: Telling, reach_days: int) -> Iterator[str]:
    """Keys by state and month: for laws, courts and federal events, and where no place is known."""
    family = FAMILY[telling.event_type]
    if not (_is_wide(family) or is_nameless(telling) or _is_statewide(telling)):
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
    return family in LAW_FAMILIES or family in FEDERAL_FAMILIES or family == "court"


def _is_statewide(telling: Telling) -> bool:
    """An agency of the state itself, as far as anything says."""
    local = telling.county or telling.place or telling.county_name
    return bool(telling.agency and telling.agency.kind in _STATEWIDE and not local)


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
    if left.rosters & right.rosters or _is_bookkeeping(left) or _is_bookkeeping(right):
        return None
    subject = subject_likeness(left, right) or _said_vaguely(left, right)
    if not subject:
        return None
    days = _days_apart(left, right, subject, edited=edited)
    if days is None:
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
    same = left.documents & right.documents and _same_state(left, right)
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


def subject_likeness(left: Telling, right: Telling) -> int:
    """How surely both are about the same agency, place, bill or case; 0: they are not."""
    if left.bills and right.bills:
        shared = left.bills & right.bills and not _differ(left.state, right.state)
        shared = shared and not other_session(left.session, right.session)
        return EXACT if shared and (_same_state(left, right) or _near(left, right)) else 0
    if left.case and right.case:
        return EXACT if left.case == right.case else 0
    if _differ(left.model, right.model) and _has_model(left):
        return 0
    family = FAMILY[left.event_type]
    if family in LAW_FAMILIES:
        return _law_likeness(left, right)
    if family in FEDERAL_FAMILIES:
        return _federal_likeness(left, right)
    return _local_likeness(left, right, family)


def _near(left: Telling, right: Telling) -> bool:
    """Two bills of one number in two states are rarely told in one week."""
    gap = gap_days(left.span, right.span)
    return gap is not None and gap <= VAGUE_WINDOW_DAYS


def _same_state(left: Telling, right: Telling) -> bool:
    return left.state == right.state


def _differ(left: Model | str | None, right: Model | str | None) -> bool:
    return bool(left) and bool(right) and left != right


def _law_likeness(left: Telling, right: Telling) -> int:
    if not _same_state(left, right) or _differ(left.target, right.target):
        return 0
    return 0 if _differ(left.instrument, right.instrument) else VAGUE


def _federal_likeness(left: Telling, right: Telling) -> int:
    if (left.state, left.county, left.place) != (right.state, right.county, right.place):
        return 0
    if FAMILY[left.event_type] == "statistic":
        return _statistic_likeness(left, right)
    return NEARLY if left.place or left.county else VAGUE


def _statistic_likeness(left: Telling, right: Telling) -> int:
    if _differ(left.unit, right.unit):
        return 0
    if left.amount is None or right.amount is None:
        return VAGUE
    larger = max(abs(left.amount), abs(right.amount))
    return NEARLY if abs(left.amount - right.amount) <= 0.005 * larger else 0


def _local_likeness(left: Telling, right: Telling, family: str) -> int:
    if left.agency_id and left.agency_id == right.agency_id:
        return EXACT
    if _differ(left.state, right.state):
        return 0
    if _differ(left.county, right.county) or _differ(left.county_name, right.county_name):
        return 0
    if left.place and right.place and left.place != right.place and not _nested(left, right):
        return 0
    if left.agency and right.agency:
        return _agency_likeness(left, left.agency, right, right.agency)
    return _place_likeness(left, right, family)


def _nested(left: Telling, right: Telling) -> bool:
    """Agencies decide where both are named: a place may be the county seat in one telling."""
    return bool(left.agency and right.agency and left.agency.canonical == right.agency.canonical)


def _agency_likeness(left: Telling, mine: AgencyKey, right: Telling, theirs: AgencyKey) -> int:
    if mine.canonical == theirs.canonical:
        return NAMED if left.state == right.state else NEARLY
    same_place = bool(
        (left.county and left.county == right.county) or (left.place and left.place == right.place)
    )
    if AgencyKind.GOVERNING_BODY in (mine.kind, theirs.kind) or AgencyKind.OTHER in (
        mine.kind,
        theirs.kind,
    ):
        return PLACE if same_place or _same_name(mine, theirs) else 0
    if mine.kind is not theirs.kind:
        return 0
    close = relation(mine, theirs) in (NameRelation.TYPO, NameRelation.QUALIFIER)
    return PLACE if close and same_place else 0


def _same_name(mine: AgencyKey, theirs: AgencyKey) -> bool:
    return bool(mine.naming) and mine.naming == theirs.naming and mine.state == theirs.state


def _place_likeness(left: Telling, right: Telling, family: str) -> int:
    """At most one of the two names an agency."""
    if left.place or right.place:
        return _town_likeness(left, right)
    if left.county_name and left.county_name == right.county_name:
        return PLACE if _same_state(left, right) else 0
    if left.county or right.county or left.county_name or right.county_name:
        return _county_likeness(left, right, family)
    if left.agency or right.agency:
        return _statewide_likeness(left, right, family)
    return VAGUE if left.state == right.state else 0


def _town_likeness(left: Telling, right: Telling) -> int:
    if left.place and right.place:
        return NEARLY
    town, other = (left, right) if left.place else (right, left)
    if other.agency and other.agency.naming == _place_words(town.place):
        return NEARLY if town.state == other.state else 0
    return 0


def _county_likeness(left: Telling, right: Telling, family: str) -> int:
    if left.county and right.county:
        town_police = (a.kind for a in (left.agency, right.agency) if a)
        return 0 if AgencyKind.POLICE in town_police else PLACE
    return _statewide_likeness(left, right, family)


def _statewide_likeness(left: Telling, right: Telling, family: str) -> int:
    """One of them names only the state: that is its own agencies, or in court the likely suit."""
    if left.state != right.state or not left.state:
        return 0
    if family == "agreement":
        return VAGUE if any(map(_is_statewide, (left, right))) else 0
    return VAGUE if family == "court" else 0


def _days_apart(left: Telling, right: Telling, subject: int, *, edited: bool) -> int | None:
    """Days between the two where that is one happening, None where it is two."""
    if not same_stage(left.event_type, left.stage, right.stage):
        return _days_between_verbs(left, right)
    if not edited and left.documents & right.documents and _other_day(left, right):
        return None
    gap = gap_days(left.span, right.span)
    if gap is None:
        return 0 if subject >= PLACE else None
    return gap if gap <= _window(left, right, subject) else None


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
