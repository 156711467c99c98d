"""Facts of an event: what one more claim fills in, or corrects, and who may. Pure.

A claim changes only what a publisher of lower rank stated; what is missing, anybody may fill in.
A later revision of the same document may correct what the document said itself.
"""

from __future__ import annotations

from monitor.domain.claim import Claim, Finding, Jurisdiction
from monitor.domain.event import Event
from monitor.domain.moment import Precision, StatedDate
from monitor.domain.vocabulary import REVIEW_ONLY, Model, Tier, Worth
from monitor.resolve.telling import span_of

Changed = tuple[tuple[str, str, str], ...]

RANK = {
    Tier.DISCOVERY: 0,
    Tier.PRESS: 1,
    Tier.AGGREGATOR: 2,
    Tier.OFFICIAL: 3,
    Tier.ROSTER: 4,
}
#: Facts that a claim may fill in or, from a better publisher, correct.
_FACTS = (
    "stage",
    "direction",
    "agency",
    "agency_id",
    "model",
    "bill",
    "instrument",
    "target",
    "occurred",
    "passed",
    "effective",
    "amount",
    "unit",
    "note",
)
#: Corrections of these are told; the others are recorded only.
TOLD_FACTS = frozenset({"stage", "agency", "model", "bill", "occurred", "effective", "amount"})


def new_facts(event: Event, claim: Claim, *, retold: bool) -> tuple[dict[str, object], Changed]:
    """New values of the event's facts, and what was known before where that is replaced.

    A discovery source adds none: it only points to others.
    """
    if claim.tier is Tier.DISCOVERY:
        return {}, ()
    finding = claim.finding
    better = RANK[claim.tier] > RANK[event.tier] or (retold and claim.tier is event.tier)
    facts: dict[str, object] = {}
    changed: list[tuple[str, str, str]] = []
    for name in _FACTS:
        was, now = getattr(event, name), getattr(finding, name)
        if not _says_more(name, was, now, better=better, roster=claim.tier is Tier.ROSTER):
            continue
        facts[name] = now
        changed.append((name, _text(was), _text(now)))
    where = _where(event.jurisdiction, finding)
    if where != event.jurisdiction:
        facts["jurisdiction"] = where
        for name in ("state", "county", "place"):
            was, now = getattr(event.jurisdiction, name), getattr(where, name)
            if was != now:
                changed.append((name, _text(was), _text(now)))
    if event.worth is Worth.REVIEW and worth_of(finding) is Worth.ALERT:
        facts["worth"] = Worth.ALERT
        changed.append(("worth", Worth.REVIEW.value, Worth.ALERT.value))
    return facts, tuple(changed)


def _says_more(name: str, was: object, now: object, *, better: bool, roster: bool) -> bool:
    if now in (None, "", Model.UNKNOWN) or now == was:
        return False
    if was in (None, "", Model.UNKNOWN):
        return True
    if name == "occurred" and isinstance(was, StatedDate) and isinstance(now, StatedDate):
        return _better_day(was, now, better=better and not roster)
    if name in ("stage", "agency") and roster:
        return False  # the roster's SIGNED and its spelling stand beside what the agency said
    return better


def _better_day(was: StatedDate, now: StatedDate, *, better: bool) -> bool:
    """A day within the stated month says more; another day only from a better publisher."""
    if was.day == now.day and was.precision is now.precision:
        return False
    first, last = span_of(was)
    finer = was.precision is not Precision.DAY and now.precision is Precision.DAY
    return better or (finer and first <= now.day <= last)


def worth_of(finding: Finding) -> Worth:
    return Worth.REVIEW if finding.event_type in REVIEW_ONLY else finding.worth


def _where(known: Jurisdiction, finding: Finding) -> Jurisdiction:
    told = finding.jurisdiction
    return Jurisdiction(
        state=known.state or told.state,
        county=known.county or told.county,
        place=known.place or told.place,
    )


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case StatedDate():
            tail = "" if value.precision is Precision.DAY else f" ({value.precision})"
            return value.day.isoformat() + tail
        case float():
            return f"{value:g}"
        case _:
            return str(value)
