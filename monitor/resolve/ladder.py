"""The ladder: how sure an event is, and what one more claim makes of it. Pure.

Upwards `reported` < `official` < `on_roster`; sideways `disputed`, `retracted`, `superseded`.
A claim lifts an event to its own publisher's rung and no further, and changes only facts that a
publisher of lower or equal rank stated; what is missing, anybody may fill in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from monitor.domain.claim import Claim
from monitor.domain.event import Event, Evidence, Record
from monitor.domain.ident import EventId, RecordId, content_id
from monitor.domain.vocabulary import (
    DocumentKind,
    EventType,
    Instrument,
    RecordKind,
    Rung,
    Tier,
    Worth,
)
from monitor.resolve.cluster import event_key, own_keys
from monitor.resolve.facts import RANK, TOLD_FACTS, Changed, new_facts, worth_of
from monitor.resolve.headline import headline
from monitor.resolve.policy import Policy
from monitor.resolve.stages import FAMILY, LAW_FAMILIES
from monitor.resolve.telling import document_key, telling_of_claim, telling_of_event
from monitor.resolve.timing import first_published, is_late, is_news, is_silent

#: A better publisher brings back what was disputed or retracted; press does not.
_HEIGHT = {
    Rung.REPORTED: 1,
    Rung.DISPUTED: 1,
    Rung.RETRACTED: 1,
    Rung.OFFICIAL: 2,
    Rung.ON_ROSTER: 3,
    Rung.SUPERSEDED: 4,
}
_PROSE = frozenset({DocumentKind.NEWS, DocumentKind.RELEASE, DocumentKind.PAGE})
#: An event told by everybody does not grow without bound; the rest is counted.
MAX_EVIDENCE = 60
#: Attribute of an event: how often an edit of a page replaced a fact that was told.
EDITS = "edits"
MOST_TOLD_EDITS = 3
#: Field of a record's changes: an event that was taken in silently is news after all.
SILENT = "silent"
#: Field of a record's changes: the capture that made a claim, and the one that no longer does.
SEEN_IN = "seen_in"
_OF_A_BILL = frozenset({"bill_id", "companion", "session"})
_NO_LONGER = "no longer published at"
_OFFICES = frozenset({Tier.ROSTER, Tier.OFFICIAL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one claim makes of an event; `kind` None: nothing that the log needs to say."""

    event: Event
    kind: RecordKind | None
    changed: Changed = ()
    reason: str = ""


def rung_of(claim: Claim) -> Rung:
    """The rung that this claim alone gives: the publisher's tier, with two exceptions.

    Only a table row of the roster's publisher puts an agreement on the roster, and prose about a
    bill is a report whoever writes it: its stage comes from structured sources.
    """
    finding = claim.finding
    family = FAMILY[finding.event_type]
    if claim.tier in (Tier.PRESS, Tier.DISCOVERY) or _prose_about_bill(claim, family):
        return Rung.REPORTED
    if claim.tier is Tier.ROSTER:
        listed = family == "agreement" and claim.kind is DocumentKind.TABLE
        return Rung.ON_ROSTER if listed else Rung.OFFICIAL
    if claim.tier is Tier.AGGREGATOR and claim.kind is not DocumentKind.BILL:
        return Rung.REPORTED
    return Rung.OFFICIAL


def _prose_about_bill(claim: Claim, family: str) -> bool:
    finding = claim.finding
    about_bill = bool(finding.bill) or finding.instrument in (Instrument.BILL, None)
    return family in LAW_FAMILIES and claim.kind in _PROSE and about_bill


def event_id(claim: Claim) -> EventId:
    """The permanent id of the event that this claim opens."""
    return EventId(content_id("event", claim.id))


def opened(claim: Claim, now: datetime, policy: Policy) -> Event:
    """The event as its first claim tells it."""
    finding = claim.finding
    telling = telling_of_claim(claim)
    event = Event(
        id=event_id(claim),
        event_type=finding.event_type,
        stage=finding.stage,
        direction=finding.direction,
        status=rung_of(claim),
        tier=claim.tier,
        worth=worth_of(finding),
        jurisdiction=finding.jurisdiction,
        agency=finding.agency,
        agency_id=finding.agency_id,
        model=finding.model,
        bill=finding.bill,
        instrument=finding.instrument,
        target=finding.target,
        occurred=finding.occurred,
        passed=finding.passed,
        effective=finding.effective,
        published=claim.published,
        captured_at=policy.captured.get(claim.snapshot_id, now),
        recorded_at=now,
        updated_at=now,
        quote=finding.quote.text,
        url=claim.url,
        source_id=claim.source_id,
        event_key=event_key(telling),
        keys=own_keys(telling),
        amount=finding.amount,
        unit=finding.unit,
        note=finding.note,
        evidence=(evidence_of(claim, now, policy),),
        silent=is_silent(claim, now, policy),
        late=is_late(claim, policy),
        attributes=finding.attributes,
    )
    return replace(event, title=headline(event))


def evidence_of(claim: Claim, now: datetime, policy: Policy) -> Evidence:
    """Where the claim stands, for people and for the archive."""
    return Evidence(
        claim_id=claim.id,
        source_id=claim.source_id,
        snapshot_id=claim.snapshot_id,
        body_hash=policy.body_hashes.get(claim.snapshot_id, ""),
        url=claim.url,
        title=claim.title,
        publisher=policy.source.publisher or policy.source.name,
        tier=claim.tier,
        locator=claim.locator,
        quote=claim.finding.quote.text,
        rule=f"{claim.finding.rule}@{claim.finding.rule_version}",
        published=claim.published,
        captured_at=policy.captured.get(claim.snapshot_id, now),
    )


def joined(
    event: Event, claim: Claim, now: datetime, policy: Policy, *, days_apart: int = 0
) -> Step:
    """The event with one more claim, and which record says so; `days_apart`: of the tellings."""
    known = _already_told(event, claim)
    climbed = _HEIGHT[rung_of(claim)] > _HEIGHT[event.status]
    facts, changed = new_facts(event, claim, retold=known and _speaks_alone(event, claim))
    if known and not changed and not climbed:
        return Step(event=event, kind=None)
    after = _with_facts(event, claim, facts, now, policy)
    if climbed:
        after = replace(after, status=rung_of(claim))
        changed = (("status", event.status.value, after.status.value), *changed)
    if event.silent and is_news(event, claim, now, policy, climbed=climbed, days_apart=days_apart):
        after = replace(after, silent=False, late=is_late(claim, policy))
        changed = (*changed, (SILENT, "yes", "no"))
    after = _counted(_named(after), changed) if known and not climbed else _named(after)
    return Step(event=after, kind=_kind(climbed, changed), changed=changed)


def _counted(event: Event, changed: Changed) -> Event:
    """An edit that replaces a told fact, counted: see tires()."""
    if not any(was and field in TOLD_FACTS for field, was, _ in changed):
        return event
    attributes = dict(event.attributes)
    attributes[EDITS] = str(int(attributes.get(EDITS, "0")) + 1)
    return replace(event, attributes=tuple(sorted(attributes.items())))


def tires(event: Event) -> bool:
    """Whether its publisher changed its mind so often that further edits are recorded only.

    Offices and the roster are always heard.
    """
    edits = int(dict(event.attributes).get(EDITS, "0"))
    return edits > MOST_TOLD_EDITS and event.tier not in _OFFICES


def _speaks_alone(event: Event, claim: Claim) -> bool:
    """Whether nobody else of its rank or above told the event: then an edit corrects its own."""
    return all(
        e.source_id == claim.source_id for e in event.evidence if RANK[e.tier] >= RANK[claim.tier]
    )


def _already_told(event: Event, claim: Claim) -> bool:
    row = claim.locator if claim.kind is DocumentKind.TABLE else ""
    mine = document_key(claim.source_id, claim.url, row)
    return any(document_key(e.source_id, e.url, e.locator) == mine for e in event.evidence)


def _kind(climbed: bool, changed: Changed) -> RecordKind:
    if climbed:
        return RecordKind.CLIMBED
    told = any(was and field in (*TOLD_FACTS, "worth", SILENT) for field, was, _ in changed)
    return RecordKind.AMENDED if told else RecordKind.CORROBORATED


def _with_facts(
    event: Event, claim: Claim, facts: dict[str, object], now: datetime, policy: Policy
) -> Event:
    """Evidence, keys and attributes united; the newest statement of each fact."""
    after = replace(event, **facts)  # type: ignore[arg-type]  # names and types are those of _FACTS
    if RANK[claim.tier] > RANK[event.tier]:
        after = replace(after, tier=claim.tier, url=claim.url, quote=claim.finding.quote.text)
    after = replace(
        after,
        evidence=_united(event.evidence, evidence_of(claim, now, policy)),
        attributes=_attributes(event, claim),
        published=first_published(event, claim),
        updated_at=now,
    )
    keys = {*event.keys, *own_keys(telling_of_claim(claim)), *own_keys(telling_of_event(after))}
    return replace(after, keys=tuple(sorted(keys)))


def _united(evidence: tuple[Evidence, ...], new: Evidence) -> tuple[Evidence, ...]:
    if len(evidence) < MAX_EVIDENCE:
        return (*evidence, new)
    weakest = min(evidence[1:], key=lambda e: RANK[e.tier])
    if RANK[weakest.tier] >= RANK[new.tier]:
        return evidence
    return (*(e for e in evidence if e is not weakest), new)


def _attributes(event: Event, claim: Claim) -> tuple[tuple[str, str], ...]:
    """What is known beside the facts; ICE's own SIGNED date is kept apart from the agency's."""
    told = dict(claim.finding.attributes)
    # Which bill it is, anybody may fill in: a legislature's prose names no session.
    known = {n: told[n] for n in _OF_A_BILL & told.keys()} | dict(event.attributes)
    if RANK[claim.tier] >= RANK[event.tier]:
        known = told | known
    for name, value in claim.finding.attributes:
        if claim.tier is Tier.ROSTER and name not in ("row", "page"):
            known[name] = value
    if chamber := telling_of_event(event).chamber or telling_of_claim(claim).chamber:
        known["chamber"] = chamber  # which of the two it was, whoever said so
    occurred = claim.finding.occurred
    if claim.tier is Tier.ROSTER and event.event_type is EventType.AGREEMENT_SIGNED and occurred:
        known["signed_by_ice"] = occurred.day.isoformat()
    if len(event.evidence) >= MAX_EVIDENCE:
        known["tellings"] = str(int(known.get("tellings", str(MAX_EVIDENCE))) + 1)
    return tuple(sorted(known.items()))


def _named(event: Event) -> Event:
    return replace(event, title=headline(event))


def record(
    kind: RecordKind,
    event: Event,
    now: datetime,
    *,
    claim: Claim | None = None,
    changed: Changed = (),
    reason: str = "",
    told: bool = False,
) -> Record:
    """One line of the log, in the chain of the source whose check made it."""
    cause = claim.id if claim else reason
    return Record(
        id=RecordId(content_id(event.id, kind.value, cause, now.isoformat())),
        kind=kind,
        event=event,
        chain=claim.source_id if claim else event.source_id,
        recorded_at=now,
        claim=claim,
        reason=reason,
        changed=changed,
        told=told,
    )


def may_tell(event: Event) -> bool:
    """Whether messages may be opened or edited for this event at all."""
    return not event.silent and event.worth is Worth.ALERT


def tells_withdrawal(event: Event, step: Step, claim: Claim, *, kept_by_others: bool) -> bool:
    """Whether readers hear of it: where nobody else said the same, or where an office took its own
    words back; what is disputed already is not told again because its page is edited again."""
    if not may_tell(event) or (kept_by_others and claim.tier not in _OFFICES):
        return False
    vanished = step.reason.startswith(_NO_LONGER)
    return vanished or event.status is not Rung.DISPUTED


def withdrawn(
    event: Event,
    claim: Claim,
    now: datetime,
    *,
    gone: bool,
    kept_by_others: bool,
    seen_in: str = "",
) -> Step:
    """The event after a publisher took a statement back or took the page down.

    Its own words alone carried it: `disputed`. A page that vanished, or one of several sources,
    leaves the status as it is and is said in the record. `seen_in` is the capture that shows it.
    """
    was, url = claim.finding.quote.text, claim.url
    reason = f"{_NO_LONGER} {url}" if gone else f"the text at {url} was changed"
    now_says = "(no longer published)" if gone else "(not in the text any more)"
    changed: Changed = (("source_text", was, now_says),)
    if seen_in:
        changed = (*changed, (SEEN_IN, claim.snapshot_id, seen_in))
    after = replace(event, updated_at=now)
    if gone or kept_by_others or event.status in (Rung.RETRACTED, Rung.DISPUTED):
        return Step(event=after, kind=RecordKind.AMENDED, changed=changed, reason=reason)
    after = replace(after, status=Rung.DISPUTED)
    changed = (("status", event.status.value, Rung.DISPUTED.value), *changed)
    return Step(event=after, kind=RecordKind.DISPUTED, changed=changed, reason=reason)


def superseded(event: Event, by: Event, now: datetime) -> Event:
    """The event with another one in its place; both stay, linked."""
    attributes = dict(event.attributes) | {"status_before": event.status.value}
    return replace(
        event,
        status=Rung.SUPERSEDED,
        updated_at=now,
        links=tuple(dict.fromkeys((*event.links, ("superseded_by", by.id)))),
        attributes=tuple(sorted(attributes.items())),
    )
