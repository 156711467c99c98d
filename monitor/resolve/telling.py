"""A telling: what identity looks at in a claim or an event, in one comparable form."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from monitor.domain.claim import Claim, Finding
from monitor.domain.event import Event
from monitor.domain.moment import Precision, StatedDate
from monitor.domain.vocabulary import (
    Direction,
    DocumentKind,
    EventType,
    Instrument,
    Model,
    Stage,
    Tier,
)
from monitor.resolve.agency import AgencyKey, agency_key, fold
from monitor.resolve.canonical_url import canonical_url

#: A story that states no day tells of the days before it.
_TOLD_WITHIN_DAYS = 10

#: A chamber's letter alone before the number: no state has both "S 1" and "SB 1".
_ONE_LETTER = re.compile(r"^([SHA])F?(\d+[A-Z]?)$")
_ZEROS = re.compile(r"^([A-Z]+)0+(?=\d)")
#: New York prints each amendment of a bill under a letter of its own: S2235A is S2235.
_PRINT = re.compile(r"(?<=\d)[A-Z]$")
#: Stages that a bill reaches in one chamber and, later, in the other.
OF_ONE_CHAMBER = frozenset({Stage.PASSED_ONE_CHAMBER, Stage.IN_COMMITTEE})
_CHAMBER = (
    r"(?:(?P<upper>senate)|(?P<lower>(?<!white )house(?: of (?:delegates|representatives))?"
    r"|(?<!general )(?<!national )assembly))"
    r"(?! (?:bill|joint|concurrent|resolution|file|speaker|president|majority|minority|democrat"
    r"|republican|leader|member|sponsor|version))"
)
_ANY_CHAMBER = re.compile(rf"\b{_CHAMBER}\b", re.IGNORECASE)
#: A chamber that does something, or through which something went: "the Senate voted to pass it",
#: "passed the Senate and heads to the House".
_ACTING = re.compile(
    rf"\b{_CHAMBER}(?:[ ,]+[\w-]+){{0,4}}?[ ,]+(?:vot(?:ed|es)|pass(?:ed|es)|approv(?:ed|es)"
    r"|advanc(?:ed|es)|clear(?:ed|s)|adopt(?:ed|s)|back(?:ed|s)|ok(?:ays|s|'d|ayed)|sent|sends"
    r"|gave|gives)\b",
    re.IGNORECASE,
)
_THROUGH = re.compile(
    rf"\b(?:passed|cleared|clears|approved by|through|passage (?:in|by)|passes)"
    rf"(?: (?:out of|in|by))?(?: (?:the|state|full))*(?: [A-Z]\w+){{0,2}}? {_CHAMBER}\b",
    re.IGNORECASE,
)

Span = tuple[date, date]


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """Who did what where and when, folded for comparison; `span` is inclusive, None: undated."""

    event_type: EventType
    stage: Stage
    direction: Direction
    state: str  #: "" where federal or unknown
    county: str  #: five FIPS digits
    place: str  #: folded; "" where it is the county itself
    county_name: (
        str  #: folded, with "county"; for a county that could not be told from its namesakes
    )
    agency: AgencyKey | None
    agency_id: str
    model: Model | None
    bills: frozenset[str]
    case: str
    instrument: Instrument | None
    target: str
    amount: float | None
    unit: str
    span: Span | None
    day: date | None  #: the one day it is about, as far as anything says
    documents: frozenset[str]  #: source and canonical address of what tells it
    rosters: frozenset[str]  #: rosters that list it, by source
    agreement_id: str = ""  #: the ledger's own, where a roster tells it
    outcome: str = ""  #: what the ledger calls it
    session: str = ""  #: of a bill, where a structured source tells it: "2025", "2025 special"
    chamber: str = ""  #: "upper" or "lower", where the stage is of one chamber and says which
    companions: frozenset[str] = frozenset()  #: bills of the same words in the other chamber


def span_of(stated: StatedDate) -> Span:
    """The first and the last day that a stated date may mean."""
    match stated.precision:
        case Precision.DAY:
            return stated.day, stated.day
        case Precision.WEEK:
            return stated.day, stated.day + timedelta(days=6)
        case Precision.MONTH:
            last = monthrange(stated.day.year, stated.day.month)[1]
            return stated.day.replace(day=1), stated.day.replace(day=last)
        case Precision.YEAR:
            return date(stated.day.year, 1, 1), date(stated.day.year, 12, 31)


def bill_numbers(text: str | None, state: str = "") -> frozenset[str]:
    """The bill numbers in a slot, folded: "HB 444/SB 245" gives two, "SB 2-C" equals "SB2C", and
    "S 168" and "SF 168", as some write it, "Senate Bill 168"."""
    parts = re.split(r"\s*(?:/|;|,|\band\b)\s*", text or "")
    folded = (_ZEROS.sub(r"\1", re.sub(r"[^A-Z0-9]", "", part.upper())) for part in parts)
    numbers = frozenset(_ONE_LETTER.sub(r"\1B\2", number) for number in folded) - {""}
    return frozenset(_PRINT.sub("", n) for n in numbers) if state == "NY" else numbers


def chamber_of(text: str) -> str:
    """Which chamber of a legislature acts in a sentence: "upper", "lower" or "" where unclear."""
    named = {match.lastgroup or "" for match in _ANY_CHAMBER.finditer(text)}
    if len(named) == 1:
        return named.pop()
    found = _ACTING.search(text) or _THROUGH.search(text)
    return (found.lastgroup or "") if found else ""


def document_key(source_id: str, url: str, locator: str = "") -> str:
    """What tells it: a page of a source, or one row of a table."""
    row = f" {locator}" if locator.startswith("row ") else ""
    return f"{source_id} {canonical_url(url)}{row}"


def telling_of_claim(claim: Claim) -> Telling:
    """The claim's telling; dates that it does not state come from its publication."""
    finding = claim.finding
    row = claim.locator if claim.kind is DocumentKind.TABLE else ""
    return _telling(
        finding,
        occurred=finding.occurred,
        published=claim.published,
        documents=frozenset([document_key(claim.source_id, claim.url, row)]),
        rosters=frozenset([claim.source_id] if claim.tier is Tier.ROSTER else ()),
    )


def telling_of_event(event: Event) -> Telling:
    """The event's telling, as known after its newest record."""
    return _telling(
        event,
        occurred=event.occurred,
        published=event.published,
        documents=frozenset(document_key(e.source_id, e.url, e.locator) for e in event.evidence),
        rosters=frozenset(e.source_id for e in event.evidence if e.tier is Tier.ROSTER),
    )


def _telling(
    known: Finding | Event,
    *,
    occurred: StatedDate | None,
    published: StatedDate | None,
    documents: frozenset[str],
    rosters: frozenset[str],
) -> Telling:
    where = known.jurisdiction
    state = where.state or ""
    attributes = dict(known.attributes)
    place, county_name = _place_and_county(fold(where.place or ""))
    return Telling(
        event_type=known.event_type,
        stage=known.stage,
        direction=known.direction,
        state=state,
        county=where.county or "",
        place=place,
        county_name=county_name,
        agency=agency_key(state, known.agency) if known.agency else None,
        agency_id=known.agency_id or "",
        model=known.model if known.model is not Model.UNKNOWN else None,
        bills=bill_numbers(known.bill, state),
        case=fold(attributes.get("case", "")),
        instrument=known.instrument,
        target=known.target or "",
        amount=known.amount,
        unit=known.unit or "",
        span=_span(occurred, published),
        day=_day(occurred, published),
        documents=documents,
        rosters=rosters,
        agreement_id=attributes.get("agreement_id", ""),
        outcome=attributes.get("outcome", ""),
        session=attributes.get("session", ""),
        chamber=_chamber(known),
        companions=bill_numbers(attributes.get("companion"), state),
    )


def _chamber(known: Finding | Event) -> str:
    if known.stage not in OF_ONE_CHAMBER:
        return ""
    told = dict(known.attributes).get("chamber", "")
    return told or chamber_of(known.quote.text if isinstance(known, Finding) else known.quote)


def _place_and_county(place: str) -> tuple[str, str]:
    """A place that is a county by its name is no town."""
    is_county = place.endswith((" county", " parish", " borough")) or place.startswith("county of ")
    return ("", place) if is_county else (place, "")


def _span(occurred: StatedDate | None, published: StatedDate | None) -> Span | None:
    if occurred is not None:
        return span_of(occurred)
    if published is None:
        return None
    first, last = span_of(published)
    return first - timedelta(days=_TOLD_WITHIN_DAYS), last


def _day(occurred: StatedDate | None, published: StatedDate | None) -> date | None:
    stated = occurred or published
    return stated.day if stated and stated.precision is Precision.DAY else None


def gap_days(left: Span | None, right: Span | None) -> int | None:
    """Days between two spans, 0 where they meet, None where one is undated."""
    if left is None or right is None:
        return None
    return max(0, (right[0] - left[1]).days, (left[0] - right[1]).days)


def are_companions(left: Telling, right: Telling) -> bool:
    """Whether one of two bills of a state and session names the other as its companion."""
    named = left.companions & right.bills or right.companions & left.bills
    apart = left.state != right.state or other_session(left.session, right.session)
    return bool(named) and not apart and not left.bills & right.bills


def other_session(left: str, right: str) -> bool:
    """Whether two stated sessions differ: numbers come again in each.

    "2025", "2025 special" and "2025 congress" are three. Two-year sessions are named by either
    year; where one is not stated nothing is known.
    """
    if not (left and right):
        return False
    years = [int(session[:4]) for session in (left, right) if session[:4].isdigit()]
    far = len(years) == 2 and abs(years[0] - years[1]) > 1
    return far or left.lstrip("0123456789 ") != right.lstrip("0123456789 ")
