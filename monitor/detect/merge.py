"""One finding per event and subject: tellings of one document joined, lesser stages dropped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from monitor.detect.document import Document
from monitor.domain.claim import Finding
from monitor.domain.vocabulary import EventType, Worth

T = EventType
#: An event of this type makes one of these types, about the same subject, mere background.
_OUTDONE: dict[EventType, tuple[EventType, ...]] = {
    T.AGREEMENT_PENDING: (T.AGREEMENT_SIGNED, T.AGREEMENT_REJECTED, T.AGREEMENT_TERMINATED),
    T.SANCTUARY_PROPOSED: (T.SANCTUARY_ADOPTED, T.SANCTUARY_REPEALED),
    T.STATE_MANDATE_INTRODUCED: (
        T.STATE_MANDATE_PASSED, T.STATE_MANDATE_ENACTED, T.STATE_MANDATE_BLOCKED,
    ),
    T.STATE_MANDATE_PASSED: (T.STATE_MANDATE_ENACTED, T.STATE_MANDATE_BLOCKED),
    T.STATE_LIMIT_INTRODUCED: (
        T.STATE_LIMIT_PASSED, T.STATE_LIMIT_ENACTED, T.STATE_LIMIT_BLOCKED,
    ),
    T.STATE_LIMIT_PASSED: (T.STATE_LIMIT_ENACTED, T.STATE_LIMIT_BLOCKED),
    T.LAWSUIT_FILED: (T.COURT_RULING,),
    T.SANCTUARY_REPEALED: (T.DETAINER_POLICY_CHANGE,),
}  # fmt: skip


def distinct(found: Iterable[tuple[int, Finding]], document: Document) -> tuple[Finding, ...]:
    """Findings with equal or compatible subjects joined, in the order of the text."""
    kept: list[Finding] = []
    for _, finding in found:
        twin = next((i for i, other in enumerate(kept) if _same(other, finding)), None)
        if twin is None:
            kept.append(finding)
        else:
            kept[twin] = _joined(kept[twin], finding)
    left = [one for one in kept if not any(_outdone(one, other) for other in kept)]
    return tuple(sorted(left, key=lambda one: (one.quote.start, one.rule)))


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


def _plain(name: str) -> str:
    words = name.lower().replace("department", "office").replace("police office", "")
    return words.replace("sheriff's office", "").replace(" county", "").strip()


def _agree(one: object, other: object) -> bool:
    return one is None or other is None or one == other


def _joined(one: Finding, other: Finding) -> Finding:
    """The better telling, with what only the other one says."""
    best, rest = (one, other) if _rank(one) >= _rank(other) else (other, one)
    where = best.jurisdiction
    if where.place is None and where.county is None and rest.jurisdiction.state == where.state:
        where = rest.jurisdiction
    return replace(
        best,
        jurisdiction=where if where.state else rest.jurisdiction,
        agency=best.agency or rest.agency,
        model=best.model or rest.model,
        bill=best.bill or rest.bill,
        occurred=best.occurred or rest.occurred,
        instrument=best.instrument or rest.instrument,
        target=best.target or rest.target,
    )


def _rank(finding: Finding) -> tuple[bool, bool, bool, bool]:
    return (
        finding.worth is Worth.ALERT,
        finding.quote.start >= 0,
        finding.occurred is not None,
        finding.agency is not None,
    )


def _outdone(one: Finding, other: Finding) -> bool:
    stronger = _OUTDONE.get(one.event_type, ())
    if other.event_type not in stronger or other.worth is not Worth.ALERT:
        return False
    if one.event_type is T.LAWSUIT_FILED and one.occurred is not None and other.occurred is None:
        return False
    return _agree(one.jurisdiction.state, other.jurisdiction.state) and (
        _agree(one.bill, other.bill)
        if one.event_type.value.startswith("state_")
        else _agree(_subject(one), _subject(other))
    )
