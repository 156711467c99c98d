"""One finding per event and subject: tellings of one document joined, lesser stages dropped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

import re2

from monitor.detect.lead import Heading, Placed, weighed
from monitor.domain.claim import Finding
from monitor.domain.vocabulary import EventType, Instrument, Stage, Worth

T = EventType
#: Steps of a bill, and the later ones that make them mere background.
_PASSING: dict[EventType, tuple[EventType, ...]] = {
    T.STATE_MANDATE_INTRODUCED: (
        T.STATE_MANDATE_PASSED, T.STATE_MANDATE_ENACTED, T.STATE_MANDATE_BLOCKED,
    ),
    T.STATE_MANDATE_PASSED: (T.STATE_MANDATE_ENACTED, T.STATE_MANDATE_BLOCKED),
    T.STATE_LIMIT_INTRODUCED: (
        T.STATE_LIMIT_PASSED, T.STATE_LIMIT_ENACTED, T.STATE_LIMIT_BLOCKED,
    ),
    T.STATE_LIMIT_PASSED: (T.STATE_LIMIT_ENACTED, T.STATE_LIMIT_BLOCKED),
}  # fmt: skip
#: An event of this type makes one of these types, about the same subject, mere background.
_OUTDONE: dict[EventType, tuple[EventType, ...]] = {
    T.AGREEMENT_PENDING: (T.AGREEMENT_SIGNED, T.AGREEMENT_REJECTED, T.AGREEMENT_TERMINATED),
    T.SANCTUARY_PROPOSED: (T.SANCTUARY_ADOPTED, T.SANCTUARY_REPEALED),
    T.STATE_MANDATE_BLOCKED: (T.STATE_MANDATE_ENACTED,),
    T.STATE_LIMIT_BLOCKED: (T.STATE_LIMIT_ENACTED,),
    T.LAWSUIT_FILED: (T.COURT_RULING,),
    T.AGREEMENT_SIGNED: (T.COURT_RULING, T.LAWSUIT_FILED),  # what the case is about
    T.SANCTUARY_REPEALED: (T.DETAINER_POLICY_CHANGE,),
} | {
    # What stands before a court is a law, whatever else is said of how it came about.
    bill: (*stronger, T.COURT_RULING, T.LAWSUIT_FILED)
    for bill, stronger in _PASSING.items()
}  # fmt: skip

#: What is told with its day is news beside a case that is told without one.
_WITH_A_DAY = frozenset({T.LAWSUIT_FILED, T.AGREEMENT_SIGNED})
#: News whose own sentence says how many take part.
_NEWS_WITH_FIGURES = frozenset({
    T.AGREEMENT_SIGNED, T.AGREEMENT_TERMINATED, T.LAWSUIT_FILED, T.COURT_RULING,
})  # fmt: skip

#: What is only in the words of news of these types.
_COUNTS = {T.DETAINER_POLICY_CHANGE: {T.COURT_RULING}, T.PROGRAM_STATISTIC: _NEWS_WITH_FIGURES}
_ENACTED = frozenset({T.STATE_MANDATE_ENACTED, T.STATE_LIMIT_ENACTED})
#: Tellings of one agreement, the second more exact; with the stage that the first must have.
_MORE_EXACT: dict[tuple[EventType, EventType], Stage | None] = {
    (T.AGREEMENT_REJECTED, T.AGREEMENT_TERMINATED): None,
    (T.AGREEMENT_MODIFIED, T.AGREEMENT_TERMINATED): Stage.PAUSED,
    (T.AGREEMENT_MODIFIED, T.AGREEMENT_SIGNED): Stage.EXPANDED,
    (T.AGREEMENT_SIGNED, T.AGREEMENT_PENDING): Stage.ANNOUNCED,
}
#: Steps of one passage, as a page that lists them tells all: the last one counts.
_PASSAGE = (Stage.PASSED_ONE_CHAMBER, Stage.PASSED_BOTH, Stage.ENROLLED)
#: A day at the head of a line, and what parts it from the line.
_ENTRY = re2.compile(
    r"[\[(]?(?:\d{1,4}[/.-]\d{1,2}[/.-]\d{2,4}|[A-Z][a-z]{2,8}\.? \d{1,2}(?:, \d{4})?)[\])]? ?"
    r"[:|\x{2013}\x{2014}-]"
)
#: A town at the head of a line that only says from where it is told.
_DATELINE = re2.compile(
    r"^([A-Z][A-Z.' ]+[A-Z])(?:, [A-Z][A-Za-z.]+)? ?(?:\([A-Z]+\) ?)?[\x{2013}\x{2014}:-] "
)
#: Words of a line that tells of a town or county all the same.
_OF_TOWNS = re2.compile(
    r"(?i)\b(?:city|council\w*|mayor|county|commission\w*|board|town|village|alder\w+|supervisors)\b"
)
_OF_OFFICERS = re2.compile(r"(?i)\b(?:sheriff|sheriffs|chief)\b")
#: Words of who is on the way besides those, or besides that, which a story tells to be signed.
_FURTHER = re2.compile(
    r"(?i)\b(?:also|others?|more|another|second|third|similar)\b[^.;]{0,60}\b(?:pursu|appl|seek"
    r"|negotiat|explor|weigh|consider|await|pend)|\b(?:pursu|appl|seek|negotiat|explor|weigh"
    r"|consider|pend)\w*\b[^.,;]{0,30}\b(?:another|second|third|similar|too|as well)\b"
)
_LAWS = ("state_mandate", "state_limit")
#: Types that a sentence on a law may seem to tell, and the types of that law.
_SAID_OF_LAWS = {
    T.AGREEMENT_TERMINATED: frozenset({T.STATE_LIMIT_ENACTED, T.STATE_LIMIT_PASSED}),
    T.AGREEMENT_PENDING: frozenset(
        {T.STATE_LIMIT_BLOCKED, T.STATE_MANDATE_BLOCKED, T.STATE_MANDATE_ENACTED}
    ),
    T.COURT_RULING: frozenset({T.STATE_LIMIT_BLOCKED, T.STATE_MANDATE_BLOCKED}),
}
_OF_COURTS = re2.compile(r"(?i)\b(?:court|judge|justice|ruling|injunction|circuit|magistrate)")
_OF_LAWS = frozenset(one for one in EventType if one.value.startswith(_LAWS))
#: What towns, counties and their jails decide.
_LOCAL = frozenset(
    {T.SANCTUARY_PROPOSED, T.SANCTUARY_ADOPTED, T.SANCTUARY_REPEALED, T.DETAINER_POLICY_CHANGE}
)
#: What one telling may say and another leave out.
_NAMED = ("agency", "model", "bill", "occurred", "instrument", "target")
_STAGES = ("introduced", "passed", "blocked", "enacted")


def distinct(found: Iterable[Placed], heading: Heading) -> tuple[Finding, ...]:
    """Findings with equal or compatible subjects joined, in the order of the text."""
    kept = weighed(joined(found), heading)
    kept = [
        one
        for n, one in enumerate(kept)
        if one.event_type not in _OF_LAWS
        or not any(_opposed(one, other, earlier=m < n) for m, other in enumerate(kept))
    ]
    left = list(_standing(kept))
    left = [_less(one) if _counted_in(one, left) else one for one in left]
    return tuple(sorted(left, key=lambda one: (one.quote.start, one.rule)))


def joined(found: Iterable[Placed]) -> list[Placed]:
    """Findings with equal or compatible subjects as one, in the order of their first telling."""
    kept: list[Placed] = []
    for one in found:
        twin = next((i for i, o in enumerate(kept) if _same(o.finding, one.finding)), None)
        if twin is None:
            kept.append(one)
        else:
            kept[twin] = _together(kept[twin], one)
    return kept


def _same(one: Finding, other: Finding) -> bool:
    if one.event_type is not other.event_type:
        return False
    if one.event_type in {T.PROGRAM_STATISTIC} and (one.amount, one.unit) != (
        other.amount, other.unit,
    ):  # fmt: skip
        return False
    return (
        _agree(one.jurisdiction.state, other.jurisdiction.state)
        and _agree(_subject(one), _subject(other))
        and _agree(one.bill, other.bill)
        and _agree(one.model, other.model)
    )


def _subject(finding: Finding) -> str | None:
    if finding.agency:
        return _plain(finding.agency)
    return _plain(finding.jurisdiction.place) if finding.jurisdiction.place else None


@lru_cache(maxsize=4096)
def _plain(name: str) -> str:
    words = name.lower().replace("department", "office").replace("police office", "")
    return words.replace("sheriff's office", "").replace(" county", "").strip()


def _agree(one: object, other: object) -> bool:
    return one is None or other is None or one == other


def _together(one: Placed, other: Placed) -> Placed:
    """Both as one, where the better of them stands: an alert, if one is, not a review."""
    alerts = [each for each in (one, other) if each.finding.worth is Worth.ALERT] or [one, other]
    first, recent = any(each.first for each in alerts), any(each.recent for each in alerts)
    opens = frozenset[int]().union(*(each.opens for each in alerts))
    named = any(each.named for each in alerts)
    others = all(each.of_others for each in alerts)
    return Placed(_joined(one.finding, other.finding), first, opens, recent, named, others)


def _joined(one: Finding, other: Finding) -> Finding:
    """The better telling, with what only the other one says."""
    best, rest = (one, other) if _rank(one) >= _rank(other) else (other, one)
    where = best.jurisdiction
    if where.place is None and where.county is None and rest.jurisdiction.state == where.state:
        where = rest.jurisdiction
    where = where if where.state else rest.jurisdiction
    named = {name: getattr(rest, name) for name in _NAMED if not getattr(best, name)}
    if where != best.jurisdiction:
        named["jurisdiction"] = where
    return replace(best, **named) if any(named.values()) else best


def _rank(finding: Finding) -> tuple[bool, bool, bool, bool, bool, int]:
    return (
        finding.worth is Worth.ALERT,
        finding.quote.start >= 0,
        finding.occurred is not None,
        finding.agency is not None,
        finding.stage is not Stage.ANNOUNCED,  # what was announced is told by another
        _PASSAGE.index(finding.stage) if finding.stage in _PASSAGE else 0,
    )


def _opposed(one: Finding, other: Finding, *, earlier: bool) -> bool:
    """Whether another finding says the contrary of the same measure: what it does is told once.

    The later stage counts, of the same stage the one that is told earlier (a title comes first);
    two measures with numbers are two measures.
    """
    if other.event_type not in _OF_LAWS or other.worth is not Worth.ALERT:
        return False
    families = (one.event_type.value, other.event_type.value)
    (family, stage), (other_family, other_stage) = (name.rsplit("_", 1) for name in families)
    if family == other_family or not _agree(one.bill, other.bill):
        return False
    ahead = _STAGES.index(other_stage) - _STAGES.index(stage)
    same_state = _agree(one.jurisdiction.state, other.jurisdiction.state)
    return same_state and (ahead > 0 or (ahead == 0 and earlier))


def _counted_in(one: Finding, others: Iterable[Finding]) -> bool:
    """Whether one is only in the words of another's news: a figure, or what a court orders."""
    if one.stage is Stage.APPROVED_BY_GOVERNING_BODY or one.event_type is T.COURT_RULING:
        return any(_is_order(other) and one.quote == other.quote for other in others)
    types = _COUNTS.get(one.event_type)
    return types is not None and any(
        other.event_type in types and one.quote == other.quote and other.worth is Worth.ALERT
        for other in others
    )


def _is_order(one: Finding) -> bool:
    """Whether a governor orders: no body approves agreements there, and no court rules."""
    ordered = one.instrument is Instrument.EXECUTIVE_ORDER
    return ordered and one.event_type in _ENACTED and one.worth is Worth.ALERT


def _less(one: Finding) -> Finding:
    return replace(one, worth=Worth.REVIEW)


def _of_a_law(one: Finding, other: Finding) -> bool:
    """Whether a local policy of no town or county is what a law of the state is told to do."""
    return (
        one.event_type in _LOCAL
        and (_of_no_town(one) or _only_told_from(one))
        and other.event_type.value.startswith(_LAWS)
        and other.worth is Worth.ALERT
        and _agree(one.jurisdiction.state, other.jurisdiction.state)
    )


def _said_of_law(one: Finding, other: Finding) -> bool:
    """Whether what nobody is named to have done is what a law does, or a panel of lawmakers did.

    So agreements that a law ends, or lets counties weigh, and bills that a panel rejects. The
    place that a title does not name is only the one from where it is told.
    """
    laws = _SAID_OF_LAWS.get(one.event_type, frozenset())
    if one.event_type is T.COURT_RULING and _OF_COURTS.search(one.quote.text):
        return False
    return (
        other.event_type in laws
        and other.instrument is not Instrument.EXECUTIVE_ORDER
        and other.worth is Worth.ALERT
        and (_of_nobody(one) or one.event_type is T.COURT_RULING)
        and (one.jurisdiction.place or "?") not in one.quote.text
        and _agree(one.jurisdiction.state, other.jurisdiction.state)
    )


def _of_nobody(one: Finding) -> bool:
    """Whether no agency is named, or none by a title that tells of no town, county or sheriff."""
    if one.agency is None:
        return True
    told = one.quote.text
    local = _OF_TOWNS.search(told) is not None or _OF_OFFICERS.search(told) is not None
    return one.quote.start < 0 and not local and one.agency.split()[0] not in told


def _of_no_town(one: Finding) -> bool:
    where = one.jurisdiction
    return one.agency is None and where.place is None and where.county is None


def _only_told_from(one: Finding) -> bool:
    """`TRENTON - The directive bars officers ...`: the place is where it is told, no town acts."""
    told = _DATELINE.match(one.quote.text)
    if told is None or _OF_TOWNS.search(one.quote.text, told.end()):
        return False
    named = [one.jurisdiction.place, one.agency]
    return all(name is None or name.upper().startswith(told[1]) for name in named)


def _standing(kept: Sequence[Finding]) -> Iterator[Finding]:
    """Findings that no stronger one makes background; an entry with its own day is worth a look."""
    for one in kept:
        others = (other for other in kept if other.event_type is not one.event_type)
        stronger = [other for other in others if _outdone(one, other)]
        if not stronger:
            yield one
        elif _is_entry(one) and all(_is_entry(other) for other in stronger):
            yield _less(one)


def _is_entry(one: Finding) -> bool:
    """`6/30/25: the House passed it`: a line of a page that tells steps by their days."""
    return one.occurred is not None and _ENTRY.match(one.quote.text) is not None


def _same_agreement(one: Finding, other: Finding) -> bool:
    """Whether both tell of one agreement, the other more exactly.

    What is ended was neither turned down nor paused; who has applied has not joined yet, even if
    it is told to; what widens an agreement is another one where it is told to be signed.
    """
    types = (one.event_type, other.event_type)
    exact = types in _MORE_EXACT and _MORE_EXACT[types] in {None, one.stage}
    same_state = _agree(one.jurisdiction.state, other.jurisdiction.state)
    return (
        exact
        and other.worth is Worth.ALERT
        and same_state
        and _agree(_subject(one), _subject(other))
    )


def _besides(one: Finding, other: Finding) -> bool:
    """Whether one, on the way, is another agreement than the one that is signed."""
    return not _agree(one.model, other.model) or _FURTHER.search(one.quote.text) is not None


def _outdone(one: Finding, other: Finding) -> bool:
    stronger = _OUTDONE.get(one.event_type, ())
    if other.event_type is T.AGREEMENT_TERMINATED and one.event_type is T.AGREEMENT_SIGNED:
        return other.worth is Worth.ALERT and _subject(one) == _subject(other)
    if _of_a_law(one, other) or _said_of_law(one, other) or _same_agreement(one, other):
        return True
    if _same_agreement(other, one):
        return False
    if other.event_type not in stronger or other.worth is not Worth.ALERT:
        return False
    if other.event_type is T.AGREEMENT_SIGNED and _besides(one, other):
        return False
    if _news_of_its_own(one, other):
        return False
    return _agree(one.jurisdiction.state, other.jurisdiction.state) and (
        _agree(one.bill, other.bill)
        if one.event_type.value.startswith("state_")
        else _agree(_subject(one), _subject(other))
    )


def _news_of_its_own(one: Finding, other: Finding) -> bool:
    """Whether one stands beside a stronger other all the same."""
    if {one.instrument, other.instrument} == {Instrument.BILL, Instrument.EXECUTIVE_ORDER}:
        return True  # an order and a bill are two acts
    if one.event_type in _WITH_A_DAY and one.occurred is not None and other.occurred is None:
        return True
    # A story that opens with the signing is about it, and the case came of it.
    return one.event_type is T.AGREEMENT_SIGNED and one.quote.start < other.quote.start
