"""Who hears of which records at once: records + audience + past + now -> outbox rows. Pure.

What is not sent here (other cadences, silenced hours, overflow, late arrivals) is found again by
the digest from the same log; nothing is remembered in between.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from monitor.domain.event import Event, Record
from monitor.domain.ident import DeliveryId, EventId, SubscriptionId, content_id
from monitor.domain.subscription import (
    Cadence,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Subscription,
)
from monitor.domain.vocabulary import RecordKind, Rung, Worth
from monitor.notify.audience import Audience, Listener, silenced, wants
from monitor.notify.before import before
from monitor.notify.burst import BURST_ABOVE
from monitor.notify.windows import quiet_until

#: Channels whose messages cannot be edited: what climbs or is corrected waits for the digest.
WAITS_FOR_DIGEST = frozenset({"email"})

#: Records that take back or correct what was said; they travel even to who has left or muted.
CORRECTIONS = frozenset(
    {
        RecordKind.AMENDED,
        RecordKind.RETRACTED,
        RecordKind.DISPUTED,
        RecordKind.SUPERSEDED,
        RecordKind.MERGED,
        RecordKind.SPLIT,
    }
)

#: The last one of so many parts of a day's alerts is kept for events that an office states.
KEPT_FOR_OFFICES = 4
_OVER = frozenset({DeliveryState.DEAD, DeliveryState.CANCELLED})
_CARRIES_ALERT = frozenset({DeliveryKind.ALERT, DeliveryKind.BURST})


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What was sent before: alerts of the subscriber's present day, deliveries by event."""

    sent_today: Mapping[SubscriptionId, int] = field(default_factory=dict)
    #: by the record's event, with the deliveries of events that were merged into it
    reached: Mapping[EventId, tuple[Delivery, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Share:
    """One destination's part of a commit: the subscription that answers for it, the record."""

    subscription: Subscription
    record: Record
    not_before: datetime | None


def route(
    records: Sequence[Record], audience: Audience, *, now: datetime, past: Past | None = None
) -> tuple[Delivery, ...]:
    """The outbox rows that one commit asks for, alerts before updates, by subscription.

    An event opens one message per destination, however many subscriptions there ask for it: the
    one that may speak first carries it. More than `max_per_day` a day are left to the digest;
    more than BURST_ABOVE at once become one BURST, which counts as one.
    """
    past = past or Past()
    told = [record for record in records if record.told]
    shares = _shares(told, audience, now, past)
    alerts = [
        delivery
        for _, group in sorted(_by_subscription(shares).items())
        for delivery in _alerts(group, past, now)
    ]
    return (*alerts, *_updates(told, audience, past, now))


def told_ids(event: Event) -> tuple[EventId, ...]:
    """The ids under which this event may have been told: its own, and those merged into it."""
    return (event.id, *(other for relation, other in event.links if relation == "merged"))


def hears_first(listener: Listener, record: Record) -> bool:
    """Whether this record is the first one that makes its event one the subscriber asked for."""
    if not wants(listener, record.event):
        return False
    earlier = before(record)
    return earlier is None or earlier.silent or not wants(listener, earlier)


def pages(record: Record) -> bool:
    """Whether the record may open a message at all: told, live, not taken back."""
    event = record.event
    live = not (event.silent or event.late or event.merged_into)
    return record.told and live and record.kind is not RecordKind.RETRACTED


def _shares(
    told: Iterable[Record], audience: Audience, now: datetime, past: Past
) -> tuple[_Share, ...]:
    taken: dict[tuple[str, str, EventId], _Share] = {}
    for record in told:
        if not pages(record):
            continue
        for listener in audience.listeners:
            share = _share(listener, record, now, past)
            if share is None:
                continue
            subscription = share.subscription
            key = (subscription.channel, subscription.destination, record.event.id)
            rival = taken.get(key)
            if rival is None or (_starts(share, now) < _starts(rival, now)):
                taken[key] = share
    return tuple(taken.values())


def _share(listener: Listener, record: Record, now: datetime, past: Past) -> _Share | None:
    subscription = listener.subscription
    if subscription.cadence is not Cadence.IMMEDIATE or not hears_first(listener, record):
        return None
    if silenced(listener, record.event, now) or _snoozed(subscription, now):
        return None
    if _knows(subscription, record.event, past):
        return None
    return _Share(
        subscription=subscription, record=record, not_before=quiet_until(now, subscription)
    )


def _snoozed(subscription: Subscription, now: datetime) -> bool:
    return subscription.snoozed_until is not None and now < subscription.snoozed_until


def _starts(share: _Share, now: datetime) -> datetime:
    return share.not_before or now


def _knows(subscription: Subscription, event: Event, past: Past) -> bool:
    return any(
        delivery.kind in _CARRIES_ALERT
        and delivery.state not in _OVER
        and (delivery.channel, delivery.destination)
        == (subscription.channel, subscription.destination)
        for delivery in past.reached.get(event.id, ())
    )


def _by_subscription(shares: Iterable[_Share]) -> dict[SubscriptionId, list[_Share]]:
    groups: dict[SubscriptionId, list[_Share]] = defaultdict(list)
    for share in shares:
        groups[share.subscription.id].append(share)
    return groups


def _alerts(group: Sequence[_Share], past: Past, now: datetime) -> list[Delivery]:
    """A quarter of the day is kept for what an office or the roster says, so that a page that
    invents one event after the other cannot use up the room of the true ones."""
    subscription = group[0].subscription
    left = subscription.max_per_day - past.sent_today.get(subscription.id, 0)
    for_reports = max(0, left - subscription.max_per_day // KEPT_FOR_OFFICES)
    heard = [share for share in group if _is_sure(share) or for_reports]
    if left <= 0 or not heard:
        return []
    if len(heard) > BURST_ABOVE:
        return [_delivery(DeliveryKind.BURST, heard, now)]
    reports = [share for share in heard if not _is_sure(share)]
    over = reports[for_reports:]
    chosen = [share for share in heard if share not in over]
    return [_delivery(DeliveryKind.ALERT, [share], now) for share in chosen[:left]]


def _is_sure(share: _Share) -> bool:
    return share.record.event.status in (Rung.OFFICIAL, Rung.ON_ROSTER)


def _delivery(kind: DeliveryKind, group: Sequence[_Share], now: datetime) -> Delivery:
    subscription = group[0].subscription
    records = [share.record for share in group]
    return Delivery(
        id=DeliveryId(content_id(kind, subscription.id, *(record.id for record in records))),
        subscription_id=subscription.id,
        kind=kind,
        channel=subscription.channel,
        destination=subscription.destination,
        event_ids=tuple(record.event.id for record in records),
        record_ids=tuple(record.id for record in records),
        not_before=group[0].not_before,
        created_at=now,
    )


def _updates(
    told: Iterable[Record], audience: Audience, past: Past, now: datetime
) -> list[Delivery]:
    parts: dict[DeliveryId, list[Record]] = defaultdict(list)
    openings: dict[DeliveryId, Delivery] = {}
    for record in told:
        for delivery in past.reached.get(record.event.id, ()):
            if _wants_update(delivery, record, audience, now):
                openings[delivery.id] = delivery
                parts[delivery.id].append(record)
    return [_update(openings[key], parts[key], audience, now) for key in sorted(parts)]


def _wants_update(delivery: Delivery, record: Record, audience: Audience, now: datetime) -> bool:
    if delivery.kind not in _CARRIES_ALERT or delivery.state in _OVER:
        return False
    if delivery.channel in WAITS_FOR_DIGEST or not delivery.destination:
        return False
    if record.kind in CORRECTIONS:
        return True
    listener = audience.of(delivery.subscription_id)
    if listener is None or _snoozed(listener.subscription, now):
        return False
    return record.event.worth is Worth.ALERT and not silenced(listener, record.event, now)


def _update(
    opening: Delivery, records: Sequence[Record], audience: Audience, now: datetime
) -> Delivery:
    listener = audience.of(opening.subscription_id)
    return Delivery(
        id=DeliveryId(content_id("update", opening.id, *(record.id for record in records))),
        subscription_id=opening.subscription_id,
        kind=DeliveryKind.UPDATE,
        channel=opening.channel,
        destination=opening.destination,
        event_ids=_answered(opening, records),
        record_ids=tuple(record.id for record in records),
        not_before=quiet_until(now, listener.subscription) if listener else None,
        created_at=now,
        parent_external_id=opening.external_id,
    )


def _answered(opening: Delivery, records: Sequence[Record]) -> tuple[EventId, ...]:
    """The events of the records, and those of the opening message that were merged into them."""
    ids = dict.fromkeys(record.event.id for record in records)
    merged = {other for record in records for other in told_ids(record.event)}
    ids |= dict.fromkeys(event_id for event_id in opening.event_ids if event_id in merged)
    return tuple(ids)
