"""What one subscription's window held, as a digest: grouped, counted, corrections first. Pure.

The stored body is shared: it holds no address, no reason line and no personal link; our own
addresses are put in when it is shown.
"""

from __future__ import annotations

import dataclasses
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from monitor.domain.event import Event, Record
from monitor.domain.ident import DeliveryId, EventId, content_id
from monitor.domain.subscription import (
    Cadence,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Digest,
    Subscription,
)
from monitor.domain.vocabulary import EventType, RecordKind, Rung
from monitor.notify.audience import Listener, silenced, wants, whole_filter
from monitor.notify.message import Answer, Card, Change, DigestBody, Group, Links, answer, card
from monitor.notify.routing import CORRECTIONS, WAITS_FOR_DIGEST, hears_first, told_ids
from monitor.notify.windows import Window, quiet_until, zone
from monitor.notify.words import kind_title, state_name

_TITLES = {
    Cadence.IMMEDIATE: "Held back until now",
    Cadence.HOURLY: "Hourly digest",
    Cadence.DAILY: "Daily digest",
    Cadence.WEEKLY: "Weekly digest",
}
_DEVELOPMENTS = frozenset({RecordKind.CORROBORATED, RecordKind.CLIMBED, RecordKind.REVIEWED})
_OVER = frozenset({DeliveryState.DEAD, DeliveryState.CANCELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """How far in the log a digest looked.

    `low`: every record up to here was recorded before the window's end. `last`: the newest record
    there was. A record that was recorded before the window's end but stored after `last` was read
    belongs to the next digest, so nothing falls between two windows.
    """

    low: int = 0
    last: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What this subscription was told before, by event."""

    by_alert: frozenset[EventId] = frozenset()
    by_digest: frozenset[EventId] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Contents:
    """What the window holds for the subscription."""

    openings: tuple[Record, ...] = ()
    corrections: tuple[Record, ...] = ()
    developments: tuple[Record, ...] = ()
    newest: Mapping[EventId, Event] = field(default_factory=dict)


def in_window(record: Record, window: Window, seen: Seen) -> bool:
    """Whether the record belongs to this window, late arrivals of the last one included."""
    return record.recorded_at < window.end and (
        record.recorded_at >= window.start or record.sequence > seen.last > 0
    )


def seen_after(records: Sequence[Record], window: Window, seen: Seen) -> Seen:
    """How far the log was looked through, given all records after `seen.low` in sequence order."""
    low = seen.low
    for record in records:
        if record.recorded_at >= window.end:
            break
        low = record.sequence
    last = records[-1].sequence if records else 0
    return Seen(low=low, last=max(last, seen.last))


def digest(
    listener: Listener,
    window: Window,
    records: Sequence[Record],
    known: Reach,
    *,
    now: datetime,
    seen: Seen | None = None,
    others: Mapping[EventId, Event] | None = None,
) -> tuple[Digest, Delivery | None]:
    """The digest of a window and its outbox row; no row when there is nothing to say.

    `records` are those of the window (in_window), in sequence order.
    """
    subscription = listener.subscription
    held = _contents(listener, records, known)
    digest_id = content_id(
        "digest", subscription.id, window.start.isoformat(), window.end.isoformat()
    )
    body = _body(digest_id, subscription, window, held, others or {})
    told = (*held.openings, *held.corrections, *held.developments)
    made = Digest(
        id=digest_id,
        subscription_id=subscription.id,
        start=window.start,
        end=window.end,
        made_at=now,
        record_sequences=tuple(sorted(record.sequence for record in told)),
        event_ids=tuple(record.event.id for record in held.openings),
        corrections=tuple(record.id for record in held.corrections),
        filter=whole_filter(subscription),
        empty=not told,
        public=subscription.made_by == "feeds.yaml",
        body=body_to_json(body if told else None, seen or Seen()),
    )
    return made, _delivery(subscription, made, told, now) if told else None


def body_to_json(body: DigestBody | None, seen: Seen) -> str:
    """The stored form: the body (null for an empty digest) and how far the log was read."""
    shown = None if body is None else dataclasses.asdict(body)
    return json.dumps({"body": shown, "seen": dataclasses.asdict(seen)}, ensure_ascii=False)


def seen_from_json(stored: str) -> Seen:
    """How far the log was read when this digest was made."""
    seen = (json.loads(stored) if stored else {}).get("seen") or {}
    return Seen(low=int(seen.get("low", 0)), last=int(seen.get("last", 0)))


def body_from_json(stored: str, links: Links) -> DigestBody:
    """The shared body with our own addresses put in. Raises ValueError for an empty digest."""
    shown = (json.loads(stored) if stored else {}).get("body")
    if not shown:
        raise ValueError("an empty digest has no body")
    page = links.digest(shown["digest_id"])
    return DigestBody(
        **{
            **shown,
            "groups": tuple(_group_of(group, links) for group in shown["groups"]),
            "corrections": tuple(_answer_of(one, links) for one in shown["corrections"]),
            "developments": tuple(_answer_of(one, links) for one in shown["developments"]),
            "by_state": tuple((state, number) for state, number in shown["by_state"]),
            "trend": tuple((day, number) for day, number in shown["trend"]),
            "link": page,
            "query_link": page,
        }
    )


def _contents(listener: Listener, records: Sequence[Record], reach: Reach) -> _Contents:
    newest = {record.event.id: record.event for record in records}
    openings: dict[EventId, Record] = {}
    corrections: list[Record] = []
    developments: list[Record] = []
    for record in records:
        if not record.told:
            continue
        if record.event.id not in openings and _opens(listener, record, reach, newest):
            openings[record.event.id] = record
        elif record.event.id in openings or not _answerable(listener, record, reach):
            continue
        elif record.kind in CORRECTIONS:
            corrections.append(record)
        elif record.kind in _DEVELOPMENTS and _heard(listener, record):
            developments.append(record)
    return _Contents(
        openings=tuple(openings.values()),
        corrections=tuple(corrections),
        developments=tuple(developments),
        newest=newest,
    )


def _opens(
    listener: Listener, record: Record, reach: Reach, newest: Mapping[EventId, Event]
) -> bool:
    event = newest[record.event.id]
    if event.silent or event.merged_into or event.status is Rung.RETRACTED:
        return False
    if event.id in reach.by_alert or event.id in reach.by_digest:
        return False
    return (
        hears_first(listener, record)
        and wants(listener, event)
        and not silenced(listener, record.event, record.recorded_at)
    )


def _heard(listener: Listener, record: Record) -> bool:
    return wants(listener, record.event) and not silenced(
        listener, record.event, record.recorded_at
    )


def _answerable(listener: Listener, record: Record, reach: Reach) -> bool:
    """Told before, and not answered where it was told (an edited message and its thread)."""
    by_mail = listener.subscription.channel in WAITS_FOR_DIGEST
    alerted = by_mail and record.event.id in reach.by_alert
    return alerted or record.event.id in reach.by_digest


def _body(
    digest_id: str,
    subscription: Subscription,
    window: Window,
    held: _Contents,
    others: Mapping[EventId, Event],
) -> DigestBody:
    events = [held.newest[record.event.id] for record in held.openings]
    states = Counter(event.jurisdiction.state or "" for event in events)
    nowhere = Links()
    return DigestBody(
        digest_id=digest_id,
        title=_TITLES[subscription.cadence],
        start=window.start.isoformat(),
        end=window.end.isoformat(),
        period=_period(window, subscription),
        filter=whole_filter(subscription),
        total=len(events),
        groups=_groups(events),
        corrections=tuple(answer(record, nowhere, others) for record in held.corrections),
        developments=tuple(answer(record, nowhere, others) for record in held.developments),
        by_state=tuple(sorted(states.items(), key=lambda pair: (-pair[1], pair[0]))),
        trend=_trend(held.openings, window, subscription),
    )


def _groups(events: Sequence[Event]) -> tuple[Group, ...]:
    groups: dict[tuple[str, EventType], list[Event]] = defaultdict(list)
    for event in events:
        groups[event.jurisdiction.state or "", event.event_type].append(event)
    kinds = tuple(EventType)
    ordered = sorted(
        groups.items(), key=lambda pair: (state_name(pair[0][0] or None), kinds.index(pair[0][1]))
    )
    return tuple(
        Group(
            state=state,
            title=kind_title(kind),
            total=len(members),
            cards=tuple(card(event, Links()) for event in members),
        )
        for (state, kind), members in ordered
    )


def _trend(
    openings: Sequence[Record], window: Window, subscription: Subscription
) -> tuple[tuple[str, int], ...]:
    """Events per local day of the window; nothing for windows of less than three days."""
    place = zone(subscription.time_zone)
    first = window.start.astimezone(place).date().toordinal()
    last = window.end.astimezone(place).date().toordinal()
    if not 2 < last - first <= 62:
        return ()
    days = Counter(r.recorded_at.astimezone(place).date().toordinal() for r in openings)
    fromordinal = window.start.date().fromordinal
    return tuple((fromordinal(day).isoformat(), days[day]) for day in range(first, last + 1))


def _period(window: Window, subscription: Subscription) -> str:
    place = zone(subscription.time_zone)
    start, end = window.start.astimezone(place), window.end.astimezone(place)
    return f"{start:%a %Y-%m-%d %H:%M} to {end:%a %Y-%m-%d %H:%M} ({subscription.time_zone})"


def _delivery(
    subscription: Subscription, made: Digest, told: Sequence[Record], now: datetime
) -> Delivery:
    return Delivery(
        id=DeliveryId(content_id("digest delivery", made.id)),
        subscription_id=subscription.id,
        kind=DeliveryKind.DIGEST,
        channel=subscription.channel,
        destination=subscription.destination,
        event_ids=tuple(dict.fromkeys(record.event.id for record in told)),
        digest_id=made.id,
        not_before=quiet_until(now, subscription),
        created_at=now,
    )


def reach(
    events: Iterable[Event],
    deliveries_of: Callable[[EventId], Sequence[Delivery]],
    subscription: Subscription,
) -> Reach:
    """Which of these events this reader was told before, under their own or a merged id."""
    by_alert: set[EventId] = set()
    by_digest: set[EventId] = set()
    for event in {event.id: event for event in events}.values():
        for delivery in (d for event_id in told_ids(event) for d in deliveries_of(event_id)):
            if delivery.state in _OVER or not same_reader(delivery, subscription):
                continue
            if delivery.kind in (DeliveryKind.ALERT, DeliveryKind.BURST):
                by_alert.add(event.id)
            elif delivery.kind is DeliveryKind.DIGEST:
                by_digest.add(event.id)
    return Reach(by_alert=frozenset(by_alert), by_digest=frozenset(by_digest))


def same_reader(delivery: Delivery, subscription: Subscription) -> bool:
    """Whether this reader got it: by this subscription, or an alert where this one alerts too."""
    if delivery.subscription_id == subscription.id:
        return True
    there = (delivery.channel, delivery.destination)
    return (
        subscription.cadence is Cadence.IMMEDIATE
        and delivery.kind in (DeliveryKind.ALERT, DeliveryKind.BURST)
        and there == (subscription.channel, subscription.destination)
    )


def _group_of(stored: Mapping[str, Any], links: Links) -> Group:
    cards = tuple(_card_of(one, links) for one in stored["cards"])
    return Group(state=stored["state"], title=stored["title"], total=stored["total"], cards=cards)


def _card_of(stored: Mapping[str, Any], links: Links) -> Card:
    dates = tuple((label, day) for label, day in stored["dates"])
    made = Card(**{**stored, "dates": dates})
    return replace(made, link=links.event(made.event_id))


def _answer_of(stored: Mapping[str, Any], links: Links) -> Answer:
    return Answer(
        **{
            **stored,
            "card": _card_of(stored["card"], links),
            "changes": tuple(Change(**change) for change in stored["changes"]),
        }
    )
