"""What subscriptions would have been sent, by the very functions that live delivery uses. Pure."""

from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from monitor.domain.event import Record
from monitor.domain.ident import EventId, SubscriptionId
from monitor.domain.subscription import Delivery, DeliveryKind
from monitor.notify.audience import Audience, Listener
from monitor.notify.digest import digest, reach
from monitor.notify.routing import Past, route, told_ids
from monitor.notify.windows import Window, due_window, local_midnight, next_boundary

_ALERTS = (DeliveryKind.ALERT, DeliveryKind.BURST)


@dataclass(slots=True)
class _Replay:
    """The outbox as it would have filled; lives only within replay()."""

    audience: Audience
    made: list[Delivery] = field(default_factory=list)
    log: list[Record] = field(default_factory=list)
    reached: dict[EventId, list[Delivery]] = field(default_factory=lambda: defaultdict(list))
    closed: dict[SubscriptionId, datetime] = field(default_factory=dict)

    def take(self, deliveries: Iterable[Delivery]) -> None:
        for delivery in deliveries:
            self.made.append(delivery)
            for event_id in delivery.event_ids:
                self.reached[event_id].append(delivery)

    def commit(self, records: Sequence[Record], now: datetime) -> None:
        past = Past(
            sent_today={
                one.subscription.id: self._sent_today(one, now) for one in self.audience.listeners
            },
            reached={
                record.event.id: tuple(
                    delivery
                    for event_id in told_ids(record.event)
                    for delivery in self.reached.get(event_id, ())
                )
                for record in records
            },
        )
        self.log.extend(records)
        self.take(route(records, self.audience, now=now, past=past))

    def close_windows(self, now: datetime) -> None:
        for listener in self.audience.listeners:
            subscription = listener.subscription
            if subscription.snoozed_until is not None and now < subscription.snoozed_until:
                continue
            window = due_window(now, subscription, self.closed.get(subscription.id))
            if window is not None:
                self.closed[subscription.id] = window.end
                self._digest(listener, window)

    def _digest(self, listener: Listener, window: Window) -> None:
        records = [record for record in self.log if window.holds(record.recorded_at)]
        known = reach(
            [record.event for record in records],
            lambda event_id: self.reached.get(event_id, []),
            listener.subscription,
        )
        _, delivery = digest(listener, window, records, known, now=window.end)
        self.take([delivery] if delivery else [])

    def _sent_today(self, listener: Listener, now: datetime) -> int:
        since = local_midnight(now, listener.subscription.time_zone)
        return sum(
            d.kind in _ALERTS
            and d.subscription_id == listener.subscription.id
            and d.created_at >= since
            for d in self.made
        )


def replay(
    records: Iterable[Record], audience: Audience, start: datetime, end: datetime
) -> tuple[Delivery, ...]:
    """All deliveries of [start, end), in order, had the audience subscribed at `start`.

    `records` in sequence order; those of one chain and one moment count as one commit. Digests
    are closed on time; nothing is paused, delayed or refused on the way.
    """
    begun = tuple(
        dataclasses.replace(
            listener, subscription=dataclasses.replace(listener.subscription, created_at=start)
        )
        for listener in audience.listeners
    )
    state = _Replay(audience=Audience(listeners=begun))
    at = start
    for moment, group in _commits(records):
        if not start <= moment < end:
            continue
        for boundary in _boundaries(state, at, moment):
            state.close_windows(boundary)
        at = max(at, moment)
        state.commit(group, moment)
    for boundary in _boundaries(state, at, end):
        state.close_windows(boundary)
    return tuple(state.made)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """How much a subscription would have brought."""

    days: int
    alerts: int
    updates: int
    digests: int
    events: int
    busiest_day: tuple[str, int] | None = None  #: (ISO day, messages)

    @property
    def sentence(self) -> str:
        """ "In the last 90 days you would have had 7 alerts and 3 digests …"."""
        return (
            f"In the last {self.days} days you would have had {_counted(self.alerts, 'alert')} "
            f"and {_counted(self.digests, 'digest')} about {_counted(self.events, 'event')}."
        )


def preview(deliveries: Sequence[Delivery], days: int) -> Preview:
    """The counts of a replay of that many days."""
    kinds = Counter(delivery.kind for delivery in deliveries)
    days_of = Counter(delivery.created_at.date().isoformat() for delivery in deliveries)
    told = {
        event_id
        for delivery in deliveries
        for event_id in delivery.event_ids
        if delivery.kind is not DeliveryKind.UPDATE
    }
    return Preview(
        days=days,
        alerts=kinds[DeliveryKind.ALERT] + kinds[DeliveryKind.BURST],
        updates=kinds[DeliveryKind.UPDATE],
        digests=kinds[DeliveryKind.DIGEST],
        events=len(told),
        busiest_day=max(days_of.items(), key=lambda pair: (pair[1], pair[0]), default=None),
    )


def _commits(records: Iterable[Record]) -> Iterator[tuple[datetime, list[Record]]]:
    for (_, moment), group in groupby(records, key=lambda r: (r.chain, r.recorded_at)):
        yield moment, list(group)


def _boundaries(state: _Replay, after: datetime, until: datetime) -> list[datetime]:
    """Moments in (after, until] at which a digest window of somebody ends, oldest first."""
    found: set[datetime] = set()
    for listener in state.audience.listeners:
        boundary = next_boundary(after, listener.subscription)
        while boundary <= until:
            found.add(boundary)
            boundary = next_boundary(boundary, listener.subscription)
    return sorted(found)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
