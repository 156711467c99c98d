"""What people say about events, as records: review, merge, split, retract, restore, rename.

Every builder is pure and gives records for `store.append`; nothing is overwritten, and each act
has one that takes it back: merge and split undo each other, retract and restore do, rename is
undone by naming it back. `actor` is a role or "reviewer", never a person's address; `reason` is
shown to readers.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields, replace
from datetime import datetime

from monitor.domain.errors import MonitorError
from monitor.domain.event import Event, Evidence, Record
from monitor.domain.ident import ClaimId, EventId, RecordId, content_id
from monitor.domain.vocabulary import RecordKind, Rung, Tier, Worth
from monitor.resolve import ladder
from monitor.resolve.cluster import own_keys
from monitor.resolve.headline import headline
from monitor.resolve.telling import telling_of_event

#: Chain of the records that people make.
PEOPLE = "people"
_TIERS = (Tier.DISCOVERY, Tier.PRESS, Tier.AGGREGATOR, Tier.OFFICIAL, Tier.ROSTER)


class ReviewError(MonitorError):
    """What a person asked for does not fit the event; the message says why and what to do."""


def reviewed(
    event: Event, *, relevant: bool, now: datetime, actor: str, reason: str = ""
) -> tuple[Record, ...]:
    """A person confirmed the event (it becomes worth an alert) or found it beside the point."""
    if not relevant:
        return retracted(event, now=now, actor=actor, reason=reason or "reviewed: not relevant")
    after = replace(event, worth=Worth.ALERT, updated_at=now)
    told = event.worth is Worth.REVIEW and not event.silent
    return (_record(RecordKind.REVIEWED, event, after, now, actor, reason or "reviewed", told),)


def retracted(event: Event, *, now: datetime, actor: str, reason: str) -> tuple[Record, ...]:
    """The event did not happen, or is not what was said; every place that told it is corrected."""
    if event.status is Rung.RETRACTED:
        raise ReviewError(f"event {event.id} is retracted already; restore it to change that")
    after = replace(
        event,
        status=Rung.RETRACTED,
        updated_at=now,
        attributes=_with(event, "status_before", event.status.value),
    )
    told = not event.silent and event.worth is Worth.ALERT
    return (_record(RecordKind.RETRACTED, event, after, now, actor, reason, told),)


def disputed(event: Event, *, now: datetime, actor: str, reason: str) -> tuple[Record, ...]:
    """Somebody contradicts the event; it stays, marked."""
    after = replace(
        event,
        status=Rung.DISPUTED,
        updated_at=now,
        attributes=_with(event, "status_before", event.status.value),
    )
    told = not event.silent and event.worth is Worth.ALERT
    return (_record(RecordKind.DISPUTED, event, after, now, actor, reason, told),)


def restored(event: Event, *, now: datetime, actor: str, reason: str) -> tuple[Record, ...]:
    """Take a retraction, a dispute or a supersession back: the rung before it stands again."""
    if event.status not in (Rung.RETRACTED, Rung.DISPUTED, Rung.SUPERSEDED):
        raise ReviewError(f"event {event.id} is {event.status}; there is nothing to restore")
    before = Rung(dict(event.attributes).get("status_before", Rung.REPORTED.value))
    after = replace(event, status=before, updated_at=now)
    told = not event.silent and event.worth is Worth.ALERT
    return (_record(RecordKind.AMENDED, event, after, now, actor, reason, told),)


def superseded(
    event: Event, by: Event, *, now: datetime, actor: str, reason: str
) -> tuple[Record, ...]:
    """Another event stands in its place; both remain, linked."""
    if event.id == by.id:
        raise ReviewError(f"event {event.id} cannot supersede itself")
    after = ladder.superseded(event, by, now)
    told = not event.silent and event.worth is Worth.ALERT
    return (_record(RecordKind.SUPERSEDED, event, after, now, actor, reason, told),)


def merged(
    into: Event, other: Event, *, now: datetime, actor: str, reason: str
) -> tuple[Record, ...]:
    """Two events are one: `other` redirects to `into`, which takes its evidence and keys over.

    Raises ReviewError for an event with itself, one merged already, or two of different types.
    """
    _check_merge(into, other)
    away = replace(other, merged_into=into.id, updated_at=now)
    union = replace(
        into,
        evidence=_evidence(into, other),
        keys=tuple(sorted({*into.keys, *other.keys, other.event_key} - {""})),
        tier=max(into.tier, other.tier, key=_TIERS.index),
        status=_higher(into.status, other.status),
        links=tuple(dict.fromkeys((*into.links, ("merged", other.id)))),
        updated_at=now,
    )
    told = not into.silent and into.worth is Worth.ALERT
    return (
        _record(RecordKind.MERGED, other, away, now, actor, reason, told=False),
        _record(RecordKind.MERGED, into, union, now, actor, reason, told),
    )


def _check_merge(into: Event, other: Event) -> None:
    if into.id == other.id:
        raise ReviewError(f"event {into.id} cannot be merged with itself")
    for event in (into, other):
        if event.merged_into is not None:
            raise ReviewError(
                f"event {event.id} was merged into {event.merged_into}; merge with that one"
            )
    if into.event_type is not other.event_type:
        raise ReviewError(
            f"{into.id} is {into.event_type} and {other.id} is {other.event_type}; "
            "events of two types are linked, not merged"
        )


def unmerged(
    into: Event, other: Event, *, now: datetime, actor: str, reason: str
) -> tuple[Record, ...]:
    """Take a merge back: `other` stands by itself again, with the evidence that it brought."""
    if other.merged_into != into.id:
        raise ReviewError(f"event {other.id} is not merged into {into.id}")
    brought = {evidence.claim_id for evidence in other.evidence}
    kept = tuple(e for e in into.evidence if e.claim_id not in brought)
    if not kept:
        raise ReviewError(f"event {into.id} would be left without evidence; retract it instead")
    again = replace(other, merged_into=None, updated_at=now)
    less = replace(
        _carried_by(into, kept),
        links=tuple(link for link in into.links if link != ("merged", other.id)),
        updated_at=now,
    )
    brought_keys = {*other.keys, other.event_key}
    own = {*own_keys(telling_of_event(less)), *({*into.keys} - brought_keys)}
    less = replace(less, keys=tuple(sorted(own)))
    told = not other.silent and other.worth is Worth.ALERT
    return (
        _record(RecordKind.SPLIT, into, less, now, actor, reason, told=False),
        _record(RecordKind.SPLIT, other, again, now, actor, reason, told),
    )


def split(
    event: Event, claims: Collection[ClaimId], *, now: datetime, actor: str, reason: str
) -> tuple[Record, ...]:
    """Some evidence tells of another event: it becomes one of its own, linked both ways.

    The new event's id derives from the first claim that leaves, as if that claim had opened it.
    Raises ReviewError where none or all of the evidence would leave.
    """
    leaving = tuple(e for e in event.evidence if e.claim_id in claims)
    staying = tuple(e for e in event.evidence if e.claim_id not in claims)
    if not leaving or not staying:
        raise ReviewError(
            f"event {event.id} has {len(event.evidence)} pieces of evidence; "
            "name at least one that leaves, and leave at least one"
        )
    new_id = EventId(content_id("event", leaving[0].claim_id))
    if new_id == event.id:
        new_id = EventId(content_id("event", leaving[0].claim_id, "split", now.isoformat()))
    rest = replace(
        _carried_by(event, staying), links=_linked(event, "split_off", new_id), updated_at=now
    )
    new = replace(
        _carried_by(event, leaving),
        id=new_id,
        recorded_at=now,
        updated_at=now,
        links=(("split_from", event.id),),
        source_id=leaving[0].source_id,
        url=leaving[0].url,
        quote=leaving[0].quote,
        published=leaving[0].published,
    )
    told = not event.silent and event.worth is Worth.ALERT
    return (
        _record(RecordKind.SPLIT, event, rest, now, actor, reason, told),
        _record(RecordKind.OPENED, event, new, now, actor, reason, told),
    )


def renamed(
    event: Event,
    *,
    agency: str,
    agency_id: str | None = None,
    now: datetime,
    actor: str,
    reason: str,
) -> tuple[Record, ...]:
    """The agency is known by another name (an alias a person entered)."""
    after = replace(event, agency=agency, agency_id=agency_id or event.agency_id, updated_at=now)
    after = replace(after, title=headline(after))
    told = not event.silent and event.worth is Worth.ALERT
    return (_record(RecordKind.AMENDED, event, after, now, actor, reason, told),)


def _carried_by(event: Event, evidence: tuple[Evidence, ...]) -> Event:
    """The event with this evidence alone: its tier is that of the best publisher left."""
    tier = max((e.tier for e in evidence), key=_TIERS.index)
    rungs = {Tier.ROSTER: Rung.ON_ROSTER, Tier.OFFICIAL: Rung.OFFICIAL}
    lower = rungs.get(tier, Rung.REPORTED)
    climbing = (Rung.REPORTED, Rung.OFFICIAL, Rung.ON_ROSTER)
    status = event.status
    if status in climbing and climbing.index(lower) < climbing.index(status):
        status = lower
    return replace(event, evidence=evidence, tier=tier, status=status)


def _evidence(into: Event, other: Event) -> tuple[Evidence, ...]:
    known = {evidence.claim_id for evidence in into.evidence}
    more = tuple(e for e in other.evidence if e.claim_id not in known)
    return (*into.evidence, *more)[: ladder.MAX_EVIDENCE]


def _higher(one: Rung, other: Rung) -> Rung:
    climbing = (Rung.REPORTED, Rung.OFFICIAL, Rung.ON_ROSTER)
    if one not in climbing or other not in climbing:
        return one
    return max(one, other, key=climbing.index)


def _linked(event: Event, relation: str, other: EventId) -> tuple[tuple[str, EventId], ...]:
    return tuple(dict.fromkeys((*event.links, (relation, other))))


def _with(event: Event, name: str, value: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((dict(event.attributes) | {name: value}).items()))


def _record(
    kind: RecordKind,
    before: Event,
    after: Event,
    now: datetime,
    actor: str,
    reason: str,
    told: bool,
) -> Record:
    return Record(
        id=RecordId(content_id(after.id, kind.value, reason, now.isoformat())),
        kind=kind,
        event=after,
        chain=PEOPLE,
        recorded_at=now,
        actor=actor,
        reason=reason,
        changed=_changed(before, after) if before.id == after.id else (),
        told=told,
    )


_SHOWN = frozenset({"status", "tier", "worth", "agency", "agency_id", "merged_into", "title"})


def _changed(before: Event, after: Event) -> tuple[tuple[str, str, str], ...]:
    pairs = ((f.name, getattr(before, f.name), getattr(after, f.name)) for f in fields(after))
    shown = tuple(
        (name, str(was or ""), str(now or ""))
        for name, was, now in pairs
        if name in _SHOWN and was != now
    )
    lost = len(before.evidence) - len(after.evidence)
    if lost:
        return (*shown, ("evidence", str(len(before.evidence)), str(len(after.evidence))))
    return shown
