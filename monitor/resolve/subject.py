"""How surely two tellings are about one agency, place, bill or case. Pure."""

from __future__ import annotations

from monitor.domain.vocabulary import EventType, Model, Stage
from monitor.resolve.agency import (
    AgencyKey,
    AgencyKind,
    NameRelation,
    jail_of_sheriff,
    relation,
    same_sheriff,
    same_state_body,
    state_body,
)
from monitor.resolve.stages import FAMILY, FEDERAL_FAMILIES, LAW_FAMILIES, VAGUE_WINDOW_DAYS
from monitor.resolve.telling import Telling, gap_days, other_session

#: How surely two tellings name the same subject; below VAGUE only the date tells them apart.
EXACT = 100
NAMED = 90
NEARLY = 60
PLACE = 55
VAGUE = 40

#: Where two tellings that name nobody and no state may still be one.
_STATELESS_FAMILIES = frozenset({"court", "oversight"})
_OF_A_CITY = frozenset({AgencyKind.POLICE, AgencyKind.CORRECTIONS, AgencyKind.MARSHAL})
#: Tellings of one suit, where only one of them names the place.
_ONE_SUIT_DAYS = 4
_SORTS = frozenset(["city", "town", "village", "county", "parish", "borough", "of", "the"])
_STATEWIDE = (
    AgencyKind.STATE_POLICE,
    AgencyKind.GUARD,
    AgencyKind.CORRECTIONS,
    AgencyKind.OTHER,
)


def has_model(telling: Telling) -> bool:
    return FAMILY[telling.event_type] == "agreement"


def place_words(place: str) -> frozenset[str]:
    words = frozenset(place.split())
    return words - _SORTS or words


def is_statewide(telling: Telling) -> bool:
    """An agency of the state itself, as far as anything says."""
    local = telling.county or telling.place or telling.county_name
    return bool(telling.agency and telling.agency.kind in _STATEWIDE and not local)


def subject_likeness(left: Telling, right: Telling) -> int:
    """How surely both are about the same agency, place, bill or case; 0: they are not."""
    if left.bills and right.bills:
        shared = left.bills & right.bills and not _differ(left.state, right.state)
        shared = shared and not other_session(left.session, right.session)
        return EXACT if shared and (same_state(left, right) or _near(left, right)) else 0
    if left.case and right.case:
        return EXACT if left.case == right.case else 0
    if _differ(left.model, right.model) and has_model(left):
        return 0
    family = FAMILY[left.event_type]
    if family in LAW_FAMILIES:
        return _law_likeness(left, right)
    if family in FEDERAL_FAMILIES:
        return _federal_likeness(left, right)
    if family == "court":
        return _court_likeness(left, right)
    return _local_likeness(left, right, family)


def _near(left: Telling, right: Telling) -> bool:
    """Two bills of one number in two states are rarely told in one week."""
    gap = gap_days(left.span, right.span)
    return gap is not None and gap <= VAGUE_WINDOW_DAYS


def same_state(left: Telling, right: Telling) -> bool:
    return left.state == right.state


def _differ(left: Model | str | None, right: Model | str | None) -> bool:
    return bool(left) and bool(right) and left != right


def _law_likeness(left: Telling, right: Telling) -> int:
    if not same_state(left, right) or _differ(left.target, right.target):
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


def _court_likeness(left: Telling, right: Telling) -> int:
    """Suits are about a place; which of its agencies is named first says nothing.

    One suit has parties in several places, and some stories name only the state: then the day
    must be the same, or nearly.
    """
    if not same_state(left, right):
        return _local_likeness(left, right, "court")
    mine, theirs = _localities(left), _localities(right)
    if mine & theirs:
        return PLACE
    apart = _days_between(left, right)
    if not (mine and theirs):
        close = apart is not None and apart <= _ONE_SUIT_DAYS
        return VAGUE if close or not (mine or theirs) else 0
    ruled = left.event_type is EventType.COURT_RULING and not left.documents & right.documents
    return VAGUE if ruled and apart is not None and apart <= 1 and left.state else 0


def _localities(telling: Telling) -> frozenset[str]:
    """The county and the names under which a place is known, whoever is named there."""
    names = [telling.county, telling.place, telling.county_name]
    if telling.agency and telling.agency.naming and not state_body(telling.agency):
        county = " county" if "county" in telling.agency.canonical.split() else ""
        names.append(" ".join(sorted(telling.agency.naming)) + county)
    return frozenset(names) - {""}


def _days_between(left: Telling, right: Telling) -> int | None:
    return abs((left.day - right.day).days) if left.day and right.day else None


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
        return _agency_likeness(left, left.agency, right, right.agency, family)
    return _place_likeness(left, right, family)


def _nested(left: Telling, right: Telling) -> bool:
    """Agencies decide where both are named: a place may be the county seat in one telling."""
    return bool(left.agency and right.agency and left.agency.canonical == right.agency.canonical)


def _agency_likeness(
    left: Telling, mine: AgencyKey, right: Telling, theirs: AgencyKey, family: str
) -> int:
    if mine.canonical == theirs.canonical:
        return NAMED if left.state == right.state else NEARLY
    if same_sheriff(mine, theirs) or _is_state_body(left, mine, right, theirs):
        return NEARLY
    same_place = bool(
        (left.county and left.county == right.county) or (left.place and left.place == right.place)
    )
    kinds = {mine.kind, theirs.kind}
    if AgencyKind.GOVERNING_BODY in kinds or AgencyKind.OTHER in kinds:
        return PLACE if same_place or _same_name(mine, theirs) else 0
    if mine.kind is not theirs.kind:
        return PLACE if _one_house(left, mine, right, theirs, family) else 0
    close = relation(mine, theirs) in (NameRelation.TYPO, NameRelation.QUALIFIER)
    return PLACE if close and same_place else 0


def _is_state_body(left: Telling, mine: AgencyKey, right: Telling, theirs: AgencyKey) -> bool:
    """One body of a state by two names; a document that gives both tells of two."""
    local = left.place or left.county or right.place or right.county
    return not local and not left.documents & right.documents and same_state_body(mine, theirs)


def _one_house(
    left: Telling, mine: AgencyKey, right: Telling, theirs: AgencyKey, family: str
) -> bool:
    """A jail and its sheriff, unless a roster lists the jail; a city's own policy, whichever of
    the city's departments is named with it."""
    if jail_of_sheriff(mine, theirs):
        return not (left.rosters or right.rosters or left.documents & right.documents)
    city = family == "local_policy" and left.place and left.place == right.place
    return bool(city) and {mine.kind, theirs.kind} <= _OF_A_CITY


def _same_name(mine: AgencyKey, theirs: AgencyKey) -> bool:
    return bool(mine.naming) and mine.naming == theirs.naming and mine.state == theirs.state


def _place_likeness(left: Telling, right: Telling, family: str) -> int:
    """At most one of the two names an agency."""
    if left.place or right.place:
        return _town_likeness(left, right, family)
    if left.county_name and left.county_name == right.county_name:
        return PLACE if same_state(left, right) else 0
    if left.county or right.county or left.county_name or right.county_name:
        return _county_likeness(left, right, family)
    return _statewide_likeness(left, right, family)


def _town_likeness(left: Telling, right: Telling, family: str) -> int:
    if left.place and right.place:
        return NEARLY
    town, other = (left, right) if left.place else (right, left)
    if other.agency and other.agency.naming == place_words(town.place):
        county = other.agency.kind is AgencyKind.SHERIFF and family == "local_policy"
        return NEARLY if town.state == other.state and not county else 0
    return 0 if other.agency or _is_local(other) else _statewide_likeness(left, right, family)


def _county_likeness(left: Telling, right: Telling, family: str) -> int:
    if left.county and right.county:
        town_police = (a.kind for a in (left.agency, right.agency) if a)
        return 0 if AgencyKind.POLICE in town_police else PLACE
    return _statewide_likeness(left, right, family)


def _statewide_likeness(left: Telling, right: Telling, family: str) -> int:
    """One of them names only the state: that is its own agencies, or in court the likely suit."""
    if left.state != right.state:
        ordered = (left if right.state else right).stage is Stage.ORDERED
        return VAGUE if ordered and is_of_the_day(left) and is_of_the_day(right) else 0
    if family == "local_policy" and left.state and (_names_nobody(left) or _names_nobody(right)):
        return VAGUE  # of the one place that fits: see resolution
    nameless = _names_nobody(left) and _names_nobody(right)
    if nameless and (left.state or family in _STATELESS_FAMILIES):
        return VAGUE
    if family == "agreement":
        return VAGUE if left.state and any(map(is_statewide, (left, right))) else 0
    return VAGUE if family == "court" and left.state else 0


def _is_local(telling: Telling) -> bool:
    return bool(telling.county or telling.place or telling.county_name)


def _names_nobody(telling: Telling) -> bool:
    return not _is_local(telling) and telling.agency is None


def is_of_the_day(telling: Telling) -> bool:
    """Whether it may be known by its day alone: what the government of a state, named or not,
    ordered about its agreements on a stated day ("the governor on Wednesday ended them all")."""
    dated = telling.span is not None and telling.span[0] == telling.span[1]
    whole = not _is_local(telling) and (not telling.agency or is_statewide(telling))
    return dated and whole and FAMILY[telling.event_type] == "agreement"
