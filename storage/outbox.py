"""Subscriptions, the outbox, digests.

A delivery is QUEUED in the transaction of what it tells. One attempt at a time goes to one
destination, in the order of queueing: while one is under way or waits to be tried again, later
ones to the same destination wait too.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    Select,
    and_,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from monitor.domain.errors import Conflict, StoreError
from monitor.domain.ident import DeliveryId, EventId, RecordId, SubscriptionId
from monitor.domain.subscription import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    Digest,
    Subscription,
)
from storage.codec import dumps, loads
from storage.engine import LOCK_DIGEST, Database
from storage.part import Part, chunks, clean
from storage.tables import DELIVERY, DELIVERY_EVENT, DIGEST, SUBSCRIPTION


class OutboxPart(Part):
    """SubscriptionStore over SQL."""

    def subscriptions(self, active_only: bool = True) -> tuple[Subscription, ...]:
        """All subscriptions, by id."""
        query = select(SUBSCRIPTION.c.body).order_by(SUBSCRIPTION.c.id)
        if active_only:
            query = query.where(SUBSCRIPTION.c.active.is_(True))
        with self.db.read() as connection:
            bodies = connection.execute(query).scalars().all()
        return tuple(loads(Subscription, body) for body in bodies)

    def subscription(self, subscription_id: SubscriptionId) -> Subscription | None:
        """One subscription."""
        query = select(SUBSCRIPTION.c.body).where(SUBSCRIPTION.c.id == subscription_id)
        with self.db.read() as connection:
            body = connection.execute(query).scalar_one_or_none()
        return None if body is None else loads(Subscription, body)

    def save_subscription(self, subscription: Subscription) -> None:
        """Insert or replace one subscription."""
        row = {
            "id": subscription.id,
            "active": subscription.active,
            "destination": clean(subscription.destination),
            "body": dumps(subscription),
        }
        with self.db.write() as connection:
            self.db.upsert(connection, SUBSCRIPTION, [row], key=["id"])

    def delete_subscription(self, subscription_id: SubscriptionId) -> None:
        """Remove it; its deliveries stay, without destination; queued ones are cancelled."""
        with self.db.write() as connection:
            _forget(connection, DELIVERY.c.subscription_id == subscription_id)
            connection.execute(delete(SUBSCRIPTION).where(SUBSCRIPTION.c.id == subscription_id))

    def erase_address(self, destination: str) -> int:
        """Forget a person's data: subscriptions and destinations of past deliveries.

        Addresses are compared without case. Returns how many rows held it.
        """
        wanted = clean(destination).strip().lower()
        with self.db.write() as connection:
            erased = _forget(connection, func.lower(DELIVERY.c.destination) == wanted)
            gone = connection.execute(
                delete(SUBSCRIPTION).where(func.lower(SUBSCRIPTION.c.destination) == wanted)
            )
        return erased + gone.rowcount

    def enqueue(self, deliveries: Sequence[Delivery]) -> int:
        """Insert outbox rows; rows whose id exists are left alone. Returns how many were new."""
        if not deliveries:
            return 0
        with self.db.write() as connection:
            return insert_deliveries(self.db, connection, deliveries)

    def due_deliveries(self, now: datetime, limit: int = 100) -> tuple[Delivery, ...]:
        """QUEUED rows whose time has come, oldest first, at most one per destination."""
        due = (
            select(func.min(DELIVERY.c.number))
            .where(
                DELIVERY.c.state == DeliveryState.QUEUED.value,
                or_(DELIVERY.c.not_before.is_(None), DELIVERY.c.not_before <= now),
                ~_held_up(now),
            )
            .group_by(DELIVERY.c.channel, DELIVERY.c.destination)
        )
        query = select(DELIVERY).where(DELIVERY.c.number.in_(due))
        return self._deliveries(query.order_by(DELIVERY.c.number).limit(limit))

    def start_attempt(self, delivery_id: DeliveryId, at: datetime) -> Delivery | None:
        """QUEUED -> ATTEMPTED by compare-and-swap; None when somebody else took it."""
        started = (
            update(DELIVERY)
            .where(DELIVERY.c.id == delivery_id, DELIVERY.c.state == DeliveryState.QUEUED.value)
            .values(
                state=DeliveryState.ATTEMPTED.value,
                attempts=DELIVERY.c.attempts + 1,
                attempted_at=at,
            )
        )
        with self.db.write() as connection:
            if connection.execute(started).rowcount != 1:
                return None
            row = connection.execute(select(DELIVERY).where(DELIVERY.c.id == delivery_id)).one()
        return _delivery_of(row)

    def finish_attempt(
        self,
        delivery_id: DeliveryId,
        state: DeliveryState,
        *,
        at: datetime,
        external_id: str = "",
        error: str = "",
        not_before: datetime | None = None,
        plain: bool = False,
    ) -> None:
        """Store the outcome of an attempt; what is SENT stays so.

        Raises Conflict for a delivery that was sent, StoreError for an unknown one.
        """
        values: dict[str, Any] = {
            "state": state.value,
            "error": clean(error),
            "not_before": not_before,
            "plain": or_(DELIVERY.c.plain, literal(plain)),
        }
        if external_id:
            values["external_id"] = clean(external_id)
        if state is DeliveryState.SENT:
            values["sent_at"] = at
        open_row = and_(DELIVERY.c.id == delivery_id, DELIVERY.c.state != DeliveryState.SENT.value)
        with self.db.write() as connection:
            if connection.execute(update(DELIVERY).where(open_row).values(values)).rowcount == 1:
                return
            held = connection.execute(
                select(DELIVERY.c.state).where(DELIVERY.c.id == delivery_id)
            ).scalar_one_or_none()
        _refuse_finish(delivery_id, held, state)

    def interrupted_deliveries(self, before: datetime) -> tuple[Delivery, ...]:
        """ATTEMPTED rows started before `before`, oldest first."""
        query = select(DELIVERY).where(
            DELIVERY.c.state == DeliveryState.ATTEMPTED.value, DELIVERY.c.attempted_at < before
        )
        return self._deliveries(query.order_by(DELIVERY.c.number))

    def delivery(self, delivery_id: DeliveryId) -> Delivery | None:
        """One delivery."""
        found = self._deliveries(select(DELIVERY).where(DELIVERY.c.id == delivery_id))
        return found[0] if found else None

    def deliveries(
        self,
        *,
        event_id: EventId | None = None,
        subscription_id: SubscriptionId | None = None,
        state: DeliveryState | None = None,
        limit: int = 1000,
    ) -> tuple[Delivery, ...]:
        """Deliveries, newest first."""
        query = select(DELIVERY)
        if event_id is not None:
            query = query.join(DELIVERY_EVENT, DELIVERY_EVENT.c.delivery_id == DELIVERY.c.id)
            query = query.where(DELIVERY_EVENT.c.event_id == event_id)
        if subscription_id is not None:
            query = query.where(DELIVERY.c.subscription_id == subscription_id)
        if state is not None:
            query = query.where(DELIVERY.c.state == state.value)
        return self._deliveries(query.order_by(DELIVERY.c.number.desc()).limit(limit))

    def sent_since(self, subscription_id: SubscriptionId, since: datetime) -> int:
        """How many alerts this subscription got or has queued since then."""
        query = select(func.count()).where(
            DELIVERY.c.subscription_id == subscription_id,
            DELIVERY.c.created_at >= since,
            DELIVERY.c.kind.in_([DeliveryKind.ALERT.value, DeliveryKind.BURST.value]),
            DELIVERY.c.state.not_in([DeliveryState.DEAD.value, DeliveryState.CANCELLED.value]),
        )
        with self.db.read() as connection:
            return int(connection.execute(query).scalar_one())

    def last_digest(self, subscription_id: SubscriptionId) -> Digest | None:
        """The digest with the newest window end."""
        query = (
            select(DIGEST.c.body)
            .where(DIGEST.c.subscription_id == subscription_id)
            .order_by(DIGEST.c.window_end.desc())
            .limit(1)
        )
        return self._digest(query)

    def commit_digest(self, digest: Digest, delivery: Delivery | None) -> bool:
        """Store window and outbox row; False when a stored window of it ends after its start."""
        with self.db.write() as connection:
            self.db.lock(connection, LOCK_DIGEST)
            if _overlaps(connection, digest):
                return False
            row = {
                "id": digest.id,
                "subscription_id": digest.subscription_id,
                "window_start": digest.start,
                "window_end": digest.end,
                "public": digest.public,
                "body": dumps(digest),
            }
            connection.execute(insert(DIGEST), [row])
            insert_deliveries(self.db, connection, [delivery] if delivery else [])
        return True

    def digest(self, digest_id: str) -> Digest | None:
        """One stored digest."""
        return self._digest(select(DIGEST.c.body).where(DIGEST.c.id == digest_id))

    def digests(self, limit: int = 100, public_only: bool = False) -> tuple[Digest, ...]:
        """Digests, newest window first."""
        query = select(DIGEST.c.body).order_by(DIGEST.c.window_end.desc(), DIGEST.c.id)
        if public_only:
            query = query.where(DIGEST.c.public.is_(True))
        with self.db.read() as connection:
            bodies = connection.execute(query.limit(limit)).scalars().all()
        return tuple(loads(Digest, body) for body in bodies)

    def _digest(self, query: Select[Any]) -> Digest | None:
        with self.db.read() as connection:
            body = connection.execute(query).scalar_one_or_none()
        return None if body is None else loads(Digest, body)

    def _deliveries(self, query: Select[Any]) -> tuple[Delivery, ...]:
        with self.db.read() as connection:
            return tuple(_delivery_of(row) for row in connection.execute(query))


def insert_deliveries(db: Database, connection: Connection, deliveries: Sequence[Delivery]) -> int:
    """Insert outbox rows within a transaction; returns how many were new."""
    wanted = {delivery.id: delivery for delivery in deliveries}
    for some in chunks(list(wanted)):
        query = select(DELIVERY.c.id).where(DELIVERY.c.id.in_(some))
        for known in connection.execute(query).scalars():
            del wanted[known]
    rows = [_delivery_row(delivery) for delivery in wanted.values()]
    db.upsert(connection, DELIVERY, rows, key=["id"], replace=False)
    links = [
        {"event_id": event_id, "delivery_id": delivery.id}
        for delivery in wanted.values()
        for event_id in dict.fromkeys(delivery.event_ids)
    ]
    db.upsert(connection, DELIVERY_EVENT, links, key=["event_id", "delivery_id"], replace=False)
    return len(rows)


def _held_up(now: datetime) -> Any:
    """Another delivery to the same destination is under way or waits to be tried again."""
    other = DELIVERY.alias("other")
    waits = and_(
        other.c.state == DeliveryState.QUEUED.value,
        other.c.attempts > 0,
        other.c.not_before > now,
    )
    return exists().where(
        other.c.channel == DELIVERY.c.channel,
        other.c.destination == DELIVERY.c.destination,
        or_(other.c.state == DeliveryState.ATTEMPTED.value, waits),
    )


def _forget(connection: Connection, which: Any) -> int:
    """Blank what could name the person in these deliveries; cancel those still queued."""
    connection.execute(
        update(DELIVERY)
        .where(which, DELIVERY.c.state == DeliveryState.QUEUED.value)
        .values(state=DeliveryState.CANCELLED.value)
    )
    blank = update(DELIVERY).where(which).values(destination="", error="", body="")
    return connection.execute(blank).rowcount


def _overlaps(connection: Connection, digest: Digest) -> bool:
    query = select(DIGEST.c.id).where(
        or_(
            DIGEST.c.id == digest.id,
            and_(
                DIGEST.c.subscription_id == digest.subscription_id,
                DIGEST.c.window_end > digest.start,
                DIGEST.c.window_start < digest.end,
            ),
        )
    )
    return connection.execute(query.limit(1)).first() is not None


def _refuse_finish(delivery_id: str, held: str | None, state: DeliveryState) -> None:
    if held is None:
        raise StoreError(f"no delivery has the id {delivery_id}; nothing was changed")
    if held != state.value:
        raise Conflict(
            f"delivery {delivery_id} is {held} already and cannot become {state.value}; look at "
            "it with `monitor show --reached`"
        )


def _delivery_row(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "subscription_id": delivery.subscription_id,
        "kind": delivery.kind.value,
        "channel": clean(delivery.channel),
        "destination": clean(delivery.destination),
        "event_ids": json.dumps(delivery.event_ids),
        "record_ids": json.dumps(delivery.record_ids),
        "digest_id": delivery.digest_id,
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "not_before": delivery.not_before,
        "created_at": delivery.created_at,
        "attempted_at": delivery.attempted_at,
        "sent_at": delivery.sent_at,
        "external_id": clean(delivery.external_id),
        "parent_external_id": clean(delivery.parent_external_id),
        "plain": delivery.plain,
        "error": clean(delivery.error),
        "body": clean(delivery.body),
    }


def _delivery_of(row: Row[Any]) -> Delivery:
    fields = dict(row._mapping)
    del fields["number"]
    return Delivery(
        **fields
        | {
            "id": DeliveryId(row.id),
            "subscription_id": SubscriptionId(row.subscription_id),
            "kind": DeliveryKind(row.kind),
            "state": DeliveryState(row.state),
            "event_ids": tuple(EventId(one) for one in json.loads(row.event_ids)),
            "record_ids": tuple(RecordId(one) for one in json.loads(row.record_ids)),
        }
    )
