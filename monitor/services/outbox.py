"""Outbox rows for records: the reads that routing needs, then the pure decision."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from monitor.domain.event import Record
from monitor.domain.health import HealthEntry
from monitor.domain.ident import EventId, SubscriptionId
from monitor.domain.subscription import Cadence, Delivery, Subscription
from monitor.notify.audience import CountiesNear, audience
from monitor.notify.routing import Past, route, told_ids
from monitor.notify.windows import local_midnight
from monitor.stores import Store


class Routing:
    """Routes the records of one commit; the rows belong into the same transaction."""

    def __init__(self, store: Store, counties_near: CountiesNear | None = None) -> None:
        """`counties_near` answers radius filters (a gazetteer's)."""
        self._store = store
        self._counties_near = counties_near

    def __call__(self, records: Sequence[Record], now: datetime) -> tuple[Delivery, ...]:
        """The outbox rows of these records. A filter that cannot be read is a health entry."""
        told = [record for record in records if record.told]
        if not told:
            return ()
        heard = audience(self._store.subscriptions(), now, self._counties_near)
        if heard.problems:
            self._store.add_health([_problem(one, why, now) for one, why in heard.problems])
        past = Past(
            sent_today=self._sent_today([one.subscription for one in heard.listeners], now),
            reached=self._reached(told),
        )
        return route(told, heard, now=now, past=past)

    def _sent_today(
        self, subscriptions: Sequence[Subscription], now: datetime
    ) -> dict[SubscriptionId, int]:
        return {
            one.id: self._store.sent_since(one.id, local_midnight(now, one.time_zone))
            for one in subscriptions
            if one.cadence is Cadence.IMMEDIATE
        }

    def _reached(self, told: Sequence[Record]) -> dict[EventId, tuple[Delivery, ...]]:
        return {
            record.event.id: tuple(
                delivery
                for event_id in told_ids(record.event)
                for delivery in self._store.deliveries(event_id=event_id)
            )
            for record in told
        }


def _problem(subscription: Subscription, why: str, now: datetime) -> HealthEntry:
    return HealthEntry(
        at=now,
        kind="subscription",
        message=f"subscription {subscription.id} cannot be read and gets nothing: {why}",
        tell_operator=True,
    )
