"""resolve(): the claims of a page against the events they may be about, as records of the log.

Pure and deterministic. The working set below lives for one call only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from monitor.domain.claim import Claim
from monitor.domain.event import Decision, Event, Record
from monitor.domain.ident import ClaimId, EventId
from monitor.domain.vocabulary import DocumentKind, EventType, RecordKind, Rung, Stage, Tier
from monitor.resolve import ladder
from monitor.resolve.cluster import Likeness, is_nameless, likeness, lookup_keys, own_keys
from monitor.resolve.policy import Policy
from monitor.resolve.stages import FAMILY, LAW_FAMILIES
from monitor.resolve.subject import EXACT, PLACE, VAGUE, subject_likeness
from monitor.resolve.telling import Telling, are_companions, telling_of_claim, telling_of_event
from monitor.resolve.timing import believed

_ENDED = frozenset({Stage.TERMINATED, Stage.REMOVED})
_STANDING = frozenset({Rung.REPORTED, Rung.OFFICIAL, Rung.ON_ROSTER})
_TOLD = frozenset({RecordKind.CLIMBED, RecordKind.AMENDED, RecordKind.DISPUTED})


@dataclass(slots=True, kw_only=True)
class _Log:
    """Events as they stand while the claims of one page are taken in, and the records so far."""

    now: datetime
    policy: Policy
    events: dict[EventId, Event] = field(default_factory=dict)
    tellings: dict[EventId, Telling] = field(default_factory=dict)
    by_key: dict[str, list[EventId]] = field(default_factory=dict)
    by_document: dict[str, list[EventId]] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    dropped: list[tuple[Claim, str]] = field(default_factory=list)
    event_of: dict[ClaimId, EventId] = field(default_factory=dict)

    def know(self, event: Event) -> None:
        """Put an event in place, findable under its keys."""
        self.events[event.id] = event
        self.tellings[event.id] = telling_of_event(event)
        for key in {*event.keys, *own_keys(self.tellings[event.id])}:
            held = self.by_key.setdefault(key, [])
            if event.id not in held:
                held.append(event.id)
        for document in self.tellings[event.id].documents:
            told = self.by_document.setdefault(document, [])
            if event.id not in told:
                told.append(event.id)

    def write(self, record: Record) -> None:
        """Append a record and know its event."""
        self.records.append(record)
        self.know(record.event)

    def candidates(self, claim: Claim, telling: Telling) -> list[Event]:
        """Events under any key of the claim, or of its own document, oldest first."""
        keys = {*lookup_keys(claim), *own_keys(telling)}
        ids = {event_id for key in keys for event_id in self.by_key.get(key, ())}
        for document in telling.documents if claim.kind is not DocumentKind.TABLE else ():
            ids.update(self.by_document.get(document, ()))
        found = [self.events[event_id] for event_id in ids]
        return sorted(found, key=lambda event: (event.recorded_at, event.id))


def resolve(
    claims: Sequence[Claim],
    candidates: Sequence[Event],
    now: datetime,
    policy: Policy,
    *,
    withdrawn: Sequence[Claim] = (),
) -> Decision:
    """Records for these claims in order, then for the withdrawn ones; see monitor.decide."""
    log = _taken_in(claims, candidates, now, policy)
    for claim in withdrawn:
        _withdraw(log, claim, claims)
    return Decision(
        records=tuple(log.records), claims=tuple(log.claims), dropped=tuple(log.dropped)
    )


def grouped(claims: Sequence[Claim], now: datetime, policy: Policy) -> Mapping[ClaimId, str]:
    """The event key of each claim's event when they are all taken in, starting from nothing.

    Two events whose first tellings read alike get keys that differ by a trailing number.
    """
    log = _taken_in(claims, (), now, policy)
    names: dict[EventId, str] = {}
    used: dict[str, int] = {}
    for event_id in dict.fromkeys(log.event_of[c.id] for c in claims if c.id in log.event_of):
        key = log.events[event_id].event_key
        used[key] = used.get(key, 0) + 1
        names[event_id] = key if used[key] == 1 else f"{key}|{used[key]}"
    return {claim_id: names[event_id] for claim_id, event_id in log.event_of.items()}


def _taken_in(
    claims: Sequence[Claim], candidates: Sequence[Event], now: datetime, policy: Policy
) -> _Log:
    log = _Log(now=now, policy=policy)
    for event in candidates:
        log.know(event)
    for claim in _named_first(claims):
        _take(log, believed(claim, policy.captured.get(claim.snapshot_id, now)))
    return log


def _named_first(claims: Sequence[Claim]) -> list[Claim]:
    """Documents in order; in each the claims that name their subject before those that do not."""
    order = {item_id: n for n, item_id in enumerate(dict.fromkeys(c.item_id for c in claims))}
    return sorted(claims, key=lambda c: (order[c.item_id], is_nameless(telling_of_claim(c))))


def _take(log: _Log, claim: Claim) -> None:
    telling = telling_of_claim(claim)
    near = log.candidates(claim, telling)
    known = next((event for event in near if _has(event, claim)), None)
    if known is not None:
        log.claims.append(claim)
        log.event_of[claim.id] = known.id
        return
    found = _best(log, claim, telling, near)
    if found is not None:
        _join(log, claim, *found)
    elif claim.tier is Tier.DISCOVERY:
        log.dropped.append((claim, "a discovery source opens no event by itself"))
    else:
        _open(log, claim, telling, near)


def _has(event: Event, claim: Claim) -> bool:
    """Taken in before: a check that is repeated says nothing new."""
    return any(evidence.claim_id == claim.id for evidence in event.evidence)


def _best(
    log: _Log, claim: Claim, telling: Telling, near: Sequence[Event]
) -> tuple[Event, Likeness] | None:
    """The event that this claim tells of: the surest subject, then its own document, then date.

    What names only the state goes to the one that most tell of: of several agencies that one
    office brought in or took out on one day, the first that people think of.
    """
    found: list[tuple[tuple[int, bool, int, int], Event, Likeness]] = []
    for event in near:
        other = log.tellings[event.id]
        own = bool(other.documents & telling.documents)
        like = likeness(telling, other, edited=own and _is_edit(event, claim))
        if like is not None and not _ended_between(log, telling, other, near):
            told = len(event.evidence) if like.subject <= VAGUE else 0
            found.append(((-like.subject, not own, like.days, -told), event, like))
    if not found or _may_be_several(log, telling, found):
        return None
    _, event, like = min(found, key=lambda entry: (entry[0], entry[1].recorded_at, entry[1].id))
    return event, like


def _may_be_several(
    log: _Log, telling: Telling, found: Sequence[tuple[object, Event, Likeness]]
) -> bool:
    """A telling that names no state is one of a state's only where no other state's fits, and a
    local policy told of a state is a place's only where no other place's does."""
    if any(like.subject > VAGUE for _, _, like in found):
        return False
    others = [log.tellings[event.id] for _, event, _ in found]
    states = {other.state for other in others} - {""}
    local = FAMILY[telling.event_type] == "local_policy"
    return (not telling.state and len(states) > 1) or (local and len(others) > 1)


def _is_edit(event: Event, claim: Claim) -> bool:
    """A later revision of a document that this event already has, not a second sentence of it."""
    return claim.revision > 1 and all(e.snapshot_id != claim.snapshot_id for e in event.evidence)


def _ended_between(log: _Log, telling: Telling, other: Telling, near: Sequence[Event]) -> bool:
    """A signing after an end is a new agreement, however close to the first."""
    if telling.event_type is not EventType.AGREEMENT_SIGNED:
        return False
    before, after = _start(other), _start(telling)
    if before is None or after is None or after <= before:
        return False
    return any(
        event.event_type is EventType.AGREEMENT_TERMINATED
        and event.stage in _ENDED
        and before < (_start(log.tellings[event.id]) or before) <= after
        and subject_likeness(telling, log.tellings[event.id]) >= PLACE
        for event in near
    )


def _start(telling: Telling) -> date | None:
    return telling.span[0] if telling.span else None


def _join(log: _Log, claim: Claim, event: Event, like: Likeness) -> None:
    step = ladder.joined(event, claim, log.now, log.policy, days_apart=like.days)
    log.claims.append(claim)
    log.event_of[claim.id] = event.id
    if step.kind is None:
        return
    heard = step.kind is RecordKind.CLIMBED or not ladder.tires(step.event)
    told = step.kind in _TOLD and heard and ladder.may_tell(step.event)
    log.write(
        ladder.record(
            step.kind,
            step.event,
            log.now,
            claim=claim,
            changed=step.changed,
            reason=like.reason,
            told=told,
        )
    )


def _open(log: _Log, claim: Claim, telling: Telling, near: Sequence[Event]) -> None:
    event = ladder.opened(claim, log.now, log.policy)
    event = replace(event, links=_links(log, telling, near))
    kind = RecordKind.ABSORBED if log.policy.absorbed else RecordKind.OPENED
    told = ladder.may_tell(event)
    log.claims.append(claim)
    log.event_of[claim.id] = event.id
    log.write(ladder.record(kind, event, log.now, claim=claim, told=told))
    if telling.outcome == "restored":
        _take_back(log, claim, telling, near, event)


def _take_back(log: _Log, claim: Claim, telling: Telling, near: Sequence[Event], by: Event) -> None:
    """A row that is back: its removal, told by the same roster alone, is superseded."""
    for event in near:
        other = log.tellings[event.id]
        same = other.agreement_id == telling.agreement_id and other.rosters & telling.rosters
        alone = all(evidence.tier is Tier.ROSTER for evidence in event.evidence)
        if not (same and alone and event.stage is Stage.REMOVED and event.status in _STANDING):
            continue
        after = ladder.superseded(event, by, log.now)
        log.write(
            ladder.record(
                RecordKind.SUPERSEDED,
                after,
                log.now,
                claim=claim,
                changed=(("status", event.status.value, after.status.value),),
                reason="the roster lists it again",
                told=ladder.may_tell(event),
            )
        )


def _links(log: _Log, telling: Telling, near: Sequence[Event]) -> tuple[tuple[str, EventId], ...]:
    """What a new event follows (or precedes), and what one document tells together with it."""
    links: list[tuple[str, EventId]] = []
    ordered = sorted(near, key=lambda e: (_when(log.tellings[e.id]) or date.min, e.id))
    same = [event for event in ordered if _same_subject(telling, log.tellings[event.id])]
    mine = _when(telling)
    earlier = [e for e in same if _comes_first(_when(log.tellings[e.id]), mine)]
    later = [e for e in same if e not in earlier]
    if earlier:
        links.append(("follows", earlier[-1].id))
    if later:
        links.append(("precedes", later[0].id))
    links += [("companion", e.id) for e in _companions(log, telling, ordered)]
    linked = {event_id for _, event_id in links}
    links += [("related", e.id) for e in _told_together(log, telling) if e.id not in linked]
    return tuple(links)


def _companions(log: _Log, telling: Telling, ordered: Sequence[Event]) -> Iterator[Event]:
    """One event of each companion bill: of this stage, else the latest."""
    found: dict[frozenset[str], Event] = {}
    for event in ordered:
        other = log.tellings[event.id]
        if not are_companions(telling, other):
            continue
        known = found.get(other.bills)
        if known is None or known.stage is not telling.stage:
            found[other.bills] = event
    yield from found.values()


def _same_subject(telling: Telling, other: Telling) -> bool:
    subject = subject_likeness(replace(telling, model=None), other)
    lawful = FAMILY[telling.event_type] in LAW_FAMILIES
    return subject >= (EXACT if lawful else PLACE)


def _when(telling: Telling) -> date | None:
    """The day by which tellings are put in order: what states none is of the day it was told."""
    return telling.day or _start(telling)


def _comes_first(other: date | None, mine: date | None) -> bool:
    return other is None or mine is None or other <= mine


def _told_together(log: _Log, telling: Telling) -> Iterator[Event]:
    """Other bills or suits of the same state in the same document; at most five."""
    family = FAMILY[telling.event_type]
    if family not in LAW_FAMILIES and family != "court":
        return
    count = 0
    for event in log.events.values():
        other = log.tellings[event.id]
        together = other.documents & telling.documents and other.state == telling.state
        if together and FAMILY[other.event_type] == family and count < 5:
            count += 1
            yield event


def _withdraw(log: _Log, claim: Claim, claims: Sequence[Claim]) -> None:
    """What a publisher no longer says: the event that it carried is disputed, or just noted."""
    event = _carried(log, claim)
    if event is None or event.status is Rung.RETRACTED:
        return
    mine = telling_of_claim(claim).documents
    others = log.tellings[event.id].documents - mine
    renewed = any(log.event_of.get(new.id) == event.id for new in claims)
    if renewed:
        return
    gone = claim.item_id in log.policy.gone
    step = ladder.withdrawn(
        event,
        claim,
        log.now,
        gone=gone,
        kept_by_others=bool(others),
        seen_in=next(iter(log.policy.captured), ""),
    )
    told = ladder.tells_withdrawal(event, step, claim, kept_by_others=bool(others))
    log.write(
        ladder.record(
            step.kind or RecordKind.AMENDED,
            step.event,
            log.now,
            claim=claim,
            changed=step.changed,
            reason=step.reason,
            told=told,
        )
    )


def _carried(log: _Log, claim: Claim) -> Event | None:
    """The event that has this claim, or another claim of the same document on the same thing."""
    telling = telling_of_claim(claim)
    near = log.candidates(claim, telling)
    for event in near:
        if _has(event, claim):
            return event
    for event in near:
        other = log.tellings[event.id]
        if other.documents & telling.documents and likeness(telling, other, edited=True):
            return event
    return None
