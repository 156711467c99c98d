"""Messages for deliveries: reads what a delivery names, leaves the words to notify."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from monitor.domain.event import Event, Record
from monitor.domain.ident import DeliveryId, EventId
from monitor.domain.subscription import Delivery, DeliveryKind, DeliveryState, Subscription
from monitor.domain.vocabulary import RecordKind, Rung
from monitor.notify.burst import burst_headline
from monitor.notify.digest import body_from_json
from monitor.notify.message import (
    Alert,
    Answer,
    Burst,
    DigestMessage,
    Message,
    Personal,
    System,
    Update,
    answer,
    card,
)
from monitor.notify.personal import Correspondence, personal
from monitor.stores import Store

#: Name of the fact that holds who acknowledged a delivery: JSON [[user, minute], …].
ACKNOWLEDGED = "acknowledged:"
_ANSWERS_SHOWN = 5
_NEEDS_LINKS = (
    "mail to people who subscribed on the page needs MONITOR_BASE_URL (https) and MONITOR_SECRET"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """There is nothing to send, and why."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotYet:
    """What this delivery answers to is still under way."""


class Composition:
    """Builds messages as the log stands now, so that a late message is never out of date."""

    def __init__(self, store: Store, correspondence: Correspondence) -> None:
        """`correspondence` gives base address, secret and mail sender."""
        self._store = store
        self._correspondence = correspondence

    def message(self, delivery: Delivery) -> tuple[Delivery, Message] | Nothing | NotYet:
        """The delivery (an update with its parent filled in) and its message."""
        subscription = self._store.subscription(delivery.subscription_id)
        if subscription is not None and self._needs_links(subscription):
            return Nothing(reason=_NEEDS_LINKS)
        if subscription is not None and delivery.kind is not DeliveryKind.SYSTEM:
            own = personal(subscription, self._correspondence, delivery.created_at)
        else:
            own = Personal()
        match delivery.kind:
            case DeliveryKind.ALERT | DeliveryKind.BURST:
                return self._opening(delivery, subscription, own)
            case DeliveryKind.UPDATE:
                return self._update(delivery, own)
            case DeliveryKind.DIGEST:
                return self._digest(delivery, subscription, own)
            case DeliveryKind.SYSTEM:
                return delivery, system_message(delivery)

    def _needs_links(self, subscription: Subscription) -> bool:
        """Who subscribed alone must be able to leave alone: no mail without links that work."""
        by_mail = subscription.channel == "email" and subscription.made_by == "web"
        return by_mail and not self._correspondence.public

    def absorbed(self, delivery: Delivery) -> tuple[DeliveryId, ...]:
        """Queued updates that an opening message, composed after this call, says already."""
        if delivery.kind not in (DeliveryKind.ALERT, DeliveryKind.BURST):
            return ()
        found = [
            other.id
            for event_id in delivery.event_ids
            for other in self._store.deliveries(event_id=event_id)
            if other.kind is DeliveryKind.UPDATE
            and other.state is DeliveryState.QUEUED
            and set(other.event_ids) <= set(delivery.event_ids)
            and (other.subscription_id, other.destination)
            == (delivery.subscription_id, delivery.destination)
        ]
        return tuple(dict.fromkeys(found))

    def _opening(
        self, delivery: Delivery, subscription: Subscription | None, own: Personal
    ) -> tuple[Delivery, Message] | Nothing:
        if subscription is None or not subscription.active:
            return Nothing(reason="the subscription is gone or paused")
        events = [event for event in self._events(delivery.event_ids) if not event.merged_into]
        if not events:
            return Nothing(reason="the events were merged into others before they were told")
        if all(event.status is Rung.RETRACTED for event in events):
            return Nothing(reason="taken back before it was told")
        return delivery, self._shown(delivery, events, own)

    def _shown(self, delivery: Delivery, events: Sequence[Event], own: Personal) -> Alert | Burst:
        links = self._correspondence.links
        answers = self._answers(delivery, events)
        if delivery.kind is DeliveryKind.ALERT and len(events) == 1:
            return Alert(
                delivery_id=delivery.id,
                card=card(events[0], links),
                personal=own,
                answers=answers,
                acknowledged=acknowledgements(self._store, delivery.id),
            )
        return Burst(
            delivery_id=delivery.id,
            headline=burst_headline(events),
            cards=tuple(card(event, links) for event in events),
            personal=own,
            answers=answers,
        )

    def _update(
        self, delivery: Delivery, own: Personal
    ) -> tuple[Delivery, Message] | Nothing | NotYet:
        opening = self._opening_of(delivery)
        if opening is None:
            return Nothing(reason="the message it answers to was never sent")
        if opening.state in (DeliveryState.QUEUED, DeliveryState.ATTEMPTED):
            # What is still to be sent will already say what this update says.
            waits = opening.state is DeliveryState.ATTEMPTED or opening.attempts > 0
            return NotYet() if waits else Nothing(reason="the opening message is still to be sent")
        if opening.state is DeliveryState.CANCELLED:
            return Nothing(reason="the message it answers to was never sent")
        events = self._as_merged(self._events(opening.event_ids))
        records = self._records(delivery)
        if not events or not records:
            return Nothing(reason="the records of the update are not in the log")
        placed = replace(delivery, parent_external_id=opening.external_id)
        return placed, Update(
            delivery_id=delivery.id,
            opening=self._shown(opening, events, own),
            answers=tuple(self._answer(record) for record in records),
        )

    def _as_merged(self, events: Sequence[Event]) -> list[Event]:
        """The events, those that were merged away replaced by what they are now; each once."""
        now: dict[EventId, Event] = {}
        for event in events:
            into = self._store.event(event.merged_into) if event.merged_into else None
            shown = into or event
            now[shown.id] = shown
        return list(now.values())

    def _opening_of(self, delivery: Delivery) -> Delivery | None:
        for event_id in delivery.event_ids:
            for other in self._store.deliveries(event_id=event_id):
                if (
                    other.kind in (DeliveryKind.ALERT, DeliveryKind.BURST)
                    and other.subscription_id == delivery.subscription_id
                    and other.destination == delivery.destination
                    and other.state is not DeliveryState.DEAD
                ):
                    return other
        return None

    def _digest(
        self, delivery: Delivery, subscription: Subscription | None, own: Personal
    ) -> tuple[Delivery, Message] | Nothing:
        digest = self._store.digest(delivery.digest_id)
        if digest is None or subscription is None or not subscription.active:
            return Nothing(reason="the digest or its subscription is gone")
        body = body_from_json(digest.body, self._correspondence.links)
        return delivery, DigestMessage(delivery_id=delivery.id, body=body, personal=own)

    def _answers(self, delivery: Delivery, events: Sequence[Event]) -> tuple[Answer, ...]:
        """What later told records said, for showing in the edited message."""
        told = set(delivery.record_ids)
        later = [
            record
            for event in events
            for record in self._store.records(event_id=event.id)
            if record.told and record.id not in told and record.kind is not RecordKind.OPENED
        ]
        newest = sorted(later, key=lambda record: record.sequence)[-_ANSWERS_SHOWN:]
        return tuple(self._answer(record) for record in newest)

    def _records(self, delivery: Delivery) -> list[Record]:
        wanted = set(delivery.record_ids)
        found = [
            record
            for event_id in delivery.event_ids
            for record in self._store.records(event_id=event_id)
            if record.id in wanted
        ]
        return sorted(found, key=lambda record: record.sequence)

    def _answer(self, record: Record) -> Answer:
        merged = record.event.merged_into
        others = {event.id: event for event in self._events([merged] if merged else [])}
        return answer(record, self._correspondence.links, others)

    def _events(self, event_ids: Sequence[EventId]) -> list[Event]:
        found = (self._store.event(event_id) for event_id in event_ids)
        return [event for event in found if event is not None]


def acknowledgements(store: Store, delivery_id: str) -> tuple[tuple[str, str], ...]:
    """Who acknowledged a delivery and when (UTC minute), oldest first."""
    stored = json.loads(store.fact(ACKNOWLEDGED + delivery_id) or "[]")
    return tuple((str(user), str(minute)) for user, minute in stored)


def system_message(delivery: Delivery) -> System:
    """The message of a SYSTEM delivery, from the model in its body."""
    model = json.loads(delivery.body or "{}")
    action = model.get("action")
    return System(
        delivery_id=delivery.id,
        title=str(model.get("title", "Notice")),
        paragraphs=tuple(str(paragraph) for paragraph in model.get("paragraphs", ())),
        action=(str(action[0]), str(action[1])) if action else None,
    )


def system_body(
    title: str, paragraphs: Sequence[str], action: tuple[str, str] | None = None
) -> str:
    """The body of a SYSTEM delivery."""
    model = {"title": title, "paragraphs": list(paragraphs), "action": action}
    return json.dumps(model, ensure_ascii=False)
