"""The outbox loop: ask about what was interrupted, then send what is due, each bracketed.

An attempt is stored before the call and its outcome after it. Whatever lies between (a crash, a
lost answer) is settled by asking the channel; where that is impossible the delivery is listed as
unknown and not repeated. So nothing is lost unseen and nothing is sent twice where one can ask.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitor.domain.errors import Conflict, StoreError
from monitor.domain.health import HealthEntry
from monitor.domain.ident import DeliveryId, SubscriptionId, content_id
from monitor.domain.subscription import (
    Ambiguous,
    CannotAsk,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Found,
    Gone,
    InstallBroken,
    NotFound,
    PayloadBug,
    SendOutcome,
    Sent,
    Subscription,
    Transient,
)
from monitor.notify.message import Message
from monitor.ports import Channel, Clock
from monitor.services.composition import Composition, Nothing, NotYet, system_body
from monitor.stores import Store

_STOPPED = "channel stopped:"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPolicy:
    """How patient delivery is."""

    settle: timedelta = timedelta(seconds=30)  #: before an ambiguous answer is asked about
    in_flight: timedelta = timedelta(minutes=5)  #: longer than any call; then its process is dead
    ask_again: timedelta = timedelta(hours=24)  #: as long is asked where asking fails just now
    first_backoff: timedelta = timedelta(seconds=30)
    longest_backoff: timedelta = timedelta(hours=1)
    give_up: timedelta = timedelta(days=3)  #: after that a delivery is a dead letter
    attempts: int = 40  #: interrupted ones included
    stopped: timedelta = timedelta(minutes=15)  #: rest of a channel whose login is broken
    operator: tuple[str, str] | None = None  #: (channel, destination) of operator notices


@dataclass(slots=True)
class DeliverReport:
    """What one run did, by word: sent, unknown, dead, cancelled, retried, waiting."""

    counts: Counter[str] = field(default_factory=Counter)

    @property
    def sent(self) -> int:
        """How many messages were confirmed."""
        return self.counts["sent"]


class Deliver:
    """Sends what the outbox holds; one instance a process."""

    def __init__(
        self,
        store: Store,
        channels: Mapping[str, Channel],
        composition: Composition,
        clock: Clock,
        policy: DeliveryPolicy | None = None,
    ) -> None:
        """`channels` by name; what is addressed to another name waits and is told."""
        self._store = store
        self._channels = channels
        self._composition = composition
        self._clock = clock
        self._policy = policy or DeliveryPolicy()
        self._last_sent: dict[tuple[str, str], datetime] = {}
        self._ended: set[DeliveryId] = set()  #: calls of this process that came back

    def run_once(self, limit: int = 1000, *, alone: bool = False) -> DeliverReport:
        """Settle what was interrupted, then send everything that is due and may go now.

        `alone` says that no other process delivers while this runs: attempts of others are over,
        and only their answers may still be on the way.
        """
        report = DeliverReport()
        now = self._clock.now()
        for delivery in self._store.interrupted_deliveries(now - self._policy.settle):
            if alone or self._over(delivery, now):
                report.counts[self._settled(delivery)] += 1
        skipped: set[DeliveryId] = set()
        while len(skipped) < limit:
            due = self._store.due_deliveries(self._clock.now(), limit)
            fresh = [delivery for delivery in due if delivery.id not in skipped]
            if not fresh:
                return report
            for delivery in fresh:
                skipped.add(delivery.id)
                report.counts[self._step(delivery)] += 1
        return report

    def _step(self, delivery: Delivery) -> str:
        now = self._clock.now()
        channel = self._channels.get(delivery.channel)
        if channel is None:
            return self._unconfigured(delivery, now)
        if self._resting(delivery.channel, now) or self._too_soon(channel, delivery, now):
            return "waiting"
        absorbed = self._composition.absorbed(delivery)
        match self._composed(delivery):
            case Transient(reason=reason):
                return self._later(delivery, reason, None, now)
            case NotYet():
                return "waiting"
            case Nothing(reason=reason):
                self._finish(delivery, DeliveryState.CANCELLED, now, error=reason)
                return "cancelled"
            case (placed, message):
                return self._attempt(channel, placed, message, absorbed)

    def _attempt(
        self,
        channel: Channel,
        delivery: Delivery,
        message: Message,
        absorbed: tuple[DeliveryId, ...],
    ) -> str:
        """Store that it begins, send, store how it ended."""
        now = self._clock.now()
        started = self._store.start_attempt(delivery.id, now)
        if started is None:
            return "taken"
        attempt = dataclasses.replace(started, parent_external_id=delivery.parent_external_id)
        outcome = _sent(channel, attempt, message)
        self._last_sent[delivery.channel, delivery.destination] = self._clock.now()
        if isinstance(outcome, Sent):
            self._cancel(absorbed, now)
        return self._conclude(attempt, outcome)

    def _composed(
        self, delivery: Delivery
    ) -> tuple[Delivery, Message] | Nothing | NotYet | Transient:
        """The message; a fault of our own in one message must not hold up all others."""
        try:
            return self._composition.message(delivery)
        except StoreError:
            raise  # the store's trouble is everybody's
        except Exception as error:
            return Transient(reason=f"the message cannot be made: {type(error).__name__}")

    def _conclude(self, delivery: Delivery, outcome: SendOutcome) -> str:
        now = self._clock.now()
        match outcome:
            case Sent(external_id=external_id):
                self._finish(delivery, DeliveryState.SENT, now, external_id=external_id)
                self._resume(delivery.channel)
                return "sent"
            case Gone(reason=reason):
                return self._gone(delivery, reason, now)
            case InstallBroken(reason=reason):
                return self._broken(delivery, reason, now)
            case PayloadBug(reason=reason):
                return self._refused(delivery, reason, now)
            case Transient(reason=reason, retry_after_s=after_s):
                return self._later(delivery, reason, after_s, now)
            case Ambiguous(reason=reason):
                # The row stays ATTEMPTED: it is settled after a while, when the answer is final.
                self._finish(delivery, DeliveryState.ATTEMPTED, now, error=reason)
                self._ended.add(delivery.id)
                return "ambiguous"

    def _over(self, delivery: Delivery, now: datetime) -> bool:
        """Whether the call has ended: another process may still be waiting for its answer."""
        return delivery.id in self._ended or now - _started(delivery) >= self._policy.in_flight

    def _cancel(self, deliveries: tuple[DeliveryId, ...], now: datetime) -> None:
        for delivery_id in deliveries:
            reason = "said by the opening message already"
            self._store.finish_attempt(delivery_id, DeliveryState.CANCELLED, at=now, error=reason)

    def _settled(self, delivery: Delivery) -> str:
        try:
            return self._settle(delivery)
        except Conflict:
            return "taken"  # confirmed by another process meanwhile: what is sent stays so

    def _settle(self, delivery: Delivery) -> str:
        """Ask about one interrupted attempt. Raises Conflict when it was confirmed meanwhile."""
        now = self._clock.now()
        channel = self._channels.get(delivery.channel)
        lookup = channel.find(self._placed(delivery)) if channel else CannotAsk(later=True)
        if self._store.delivery(delivery.id) != delivery:
            return "taken"  # somebody else settled it while the channel was asked
        if not (isinstance(lookup, CannotAsk) and lookup.later):
            self._ended.discard(delivery.id)
        match lookup:
            case Found(external_id=external_id):
                self._finish(delivery, DeliveryState.SENT, now, external_id=external_id)
                return "sent"
            case NotFound() if delivery.attempts >= self._policy.attempts:
                reason = delivery.error or "its attempts were interrupted again and again"
                self._finish(delivery, DeliveryState.DEAD, now, error=reason)
                self._tell(delivery, "given up", reason, now)
                return "dead"
            case NotFound():
                wait = self._backoff(delivery) if delivery.attempts > 2 else timedelta()
                self._finish(
                    delivery,
                    DeliveryState.QUEUED,
                    now,
                    error=delivery.error,
                    not_before=now + wait,
                )
                return "requeued"
            case CannotAsk(later=True) if now - _started(delivery) < self._policy.ask_again:
                return "waiting"
            case CannotAsk(reason=reason):
                why = "; ".join(part for part in (delivery.error, reason) if part)
                self._finish(delivery, DeliveryState.UNKNOWN, now, error=why)
                self._tell(delivery, "unknown", f"it may have arrived: {why}", now)
                return "unknown"

    def _placed(self, delivery: Delivery) -> Delivery:
        """The delivery with the parent it was sent under, which only the log knows."""
        if delivery.kind is not DeliveryKind.UPDATE:
            return delivery
        composed = self._composition.message(delivery)
        return composed[0] if isinstance(composed, tuple) else delivery

    def _gone(self, delivery: Delivery, reason: str, now: datetime) -> str:
        self._finish(delivery, DeliveryState.DEAD, now, error=reason)
        if delivery.kind is not DeliveryKind.UPDATE:  # an answer's thread may be gone alone
            self._pause(delivery, reason, now)
        self._tell(delivery, "destination gone", reason, now)
        return "dead"

    def _broken(self, delivery: Delivery, reason: str, now: datetime) -> str:
        until = now + self._policy.stopped
        self._finish(delivery, DeliveryState.QUEUED, now, error=reason, not_before=until)
        if not self._store.fact(_STOPPED + delivery.channel):
            message = f"channel {delivery.channel} is stopped: {reason}; mend its settings"
            self._health("channel_stopped", message, now)
        self._store.set_fact(_STOPPED + delivery.channel, until.isoformat())
        return "stopped"

    def _refused(self, delivery: Delivery, reason: str, now: datetime) -> str:
        if not delivery.plain:
            self._finish(delivery, DeliveryState.QUEUED, now, error=reason, plain=True)
            return "retried"
        self._finish(delivery, DeliveryState.DEAD, now, error=reason)
        self._tell(delivery, "refused", reason, now)
        return "dead"

    def _later(self, delivery: Delivery, reason: str, after_s: float | None, now: datetime) -> str:
        if now - delivery.created_at > self._policy.give_up:
            self._finish(delivery, DeliveryState.DEAD, now, error=reason)
            if delivery.channel == "webhook":
                self._pause(delivery, f"no success for days: {reason}", now)
            self._tell(delivery, "given up", reason, now)
            return "dead"
        wait = timedelta(seconds=after_s) if after_s is not None else self._backoff(delivery)
        self._finish(delivery, DeliveryState.QUEUED, now, error=reason, not_before=now + wait)
        return "retried"

    def _backoff(self, delivery: Delivery) -> timedelta:
        """Doubling from the first backoff to the longest, plus up to a quarter, by id."""
        doubled = self._policy.first_backoff * (1 << max(0, min(delivery.attempts - 1, 20)))
        spread = hashlib.sha256(f"{delivery.id} {delivery.attempts}".encode()).digest()[0]
        return min(doubled, self._policy.longest_backoff) * (1 + spread / 1024)

    def _pause(self, delivery: Delivery, reason: str, now: datetime) -> None:
        subscription = self._store.subscription(delivery.subscription_id)
        if subscription is None or not subscription.active:
            return
        paused = dataclasses.replace(subscription, active=False, paused_reason=reason)
        self._store.save_subscription(paused)
        owner = owner_of(subscription)
        if owner and owner != (delivery.channel, delivery.destination):
            title = "A subscription of yours is paused"
            text = f"The subscription {subscription.id} cannot be delivered: {reason}."
            self._notice(owner, title, (text, "Change its destination to resume it."), now)

    def _unconfigured(self, delivery: Delivery, now: datetime) -> str:
        reason = f"no channel is configured as {delivery.channel}"
        until = now + self._policy.stopped
        self._finish(delivery, DeliveryState.QUEUED, now, error=reason, not_before=until)
        if delivery.error != reason:
            self._health("channel_missing", f"{reason}; delivery {delivery.id} waits", now)
        return "waiting"

    def _resting(self, channel: str, now: datetime) -> bool:
        until = self._store.fact(_STOPPED + channel)
        return bool(until) and now < datetime.fromisoformat(str(until))

    def _resume(self, channel: str) -> None:
        if self._store.fact(_STOPPED + channel):
            self._store.set_fact(_STOPPED + channel, "")

    def _too_soon(self, channel: Channel, delivery: Delivery, now: datetime) -> bool:
        interval = timedelta(seconds=float(getattr(channel, "min_interval_s", 0.0)))
        last = self._last_sent.get((delivery.channel, delivery.destination))
        return last is not None and now - last < interval

    def _tell(self, delivery: Delivery, kind: str, reason: str, now: datetime) -> None:
        """Health and the operator, without the address."""
        message = (
            f"delivery {delivery.id} of subscription {delivery.subscription_id} by "
            f"{delivery.channel}: {kind}, {reason}"
        )
        # A notice that failed must not ask for another notice to the same place.
        to_operator = (delivery.channel, delivery.destination) == self._policy.operator
        self._health("delivery", message, now, tell=not to_operator)

    def _health(self, kind: str, message: str, now: datetime, *, tell: bool = True) -> None:
        entry = HealthEntry(at=now, kind=kind, message=message, tell_operator=tell)
        self._store.add_health([entry])

    def _notice(
        self, to: tuple[str, str], title: str, paragraphs: tuple[str, ...], now: datetime
    ) -> None:
        body = system_body(title, paragraphs)
        notice = Delivery(
            id=DeliveryId(content_id("notice", *to, body)),
            subscription_id=SubscriptionId(""),  # a notice belongs to none
            kind=DeliveryKind.SYSTEM,
            channel=to[0],
            destination=to[1],
            created_at=now,
            body=body,
        )
        self._store.enqueue([notice])

    def _finish(
        self,
        delivery: Delivery,
        state: DeliveryState,
        now: datetime,
        *,
        external_id: str = "",
        error: str = "",
        not_before: datetime | None = None,
        plain: bool = False,
    ) -> None:
        self._store.finish_attempt(
            delivery.id,
            state,
            at=now,
            external_id=external_id,
            error=error,
            not_before=not_before,
            plain=plain,
        )


def _sent(channel: Channel, attempt: Delivery, message: Message) -> SendOutcome:
    """One call of a channel: the boundary where a fault of its code costs one attempt, no more."""
    try:
        return channel.send(attempt, message)
    except Exception as error:
        return Ambiguous(reason=f"the channel failed: {type(error).__name__}")


def owner_of(subscription: Subscription) -> tuple[str, str] | None:
    """(channel, destination) of who made the subscription, where that is known."""
    channel, _, who = subscription.made_by.partition(":")
    return (channel, who) if channel in ("slack", "email") and who else None


def _started(delivery: Delivery) -> datetime:
    return delivery.attempted_at or delivery.created_at
