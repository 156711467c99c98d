"""A synthetic document goes the whole way every night; its absence is an alarm.

It is read by the loaded rules, resolved, routed to a subscription of its own and sent through the
real outbox to the operator. It never enters log or archive, so nobody else can meet it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.decide import bind, resolve, revise
from monitor.detect.document import Document, document_of
from monitor.domain.claim import Finding
from monitor.domain.event import Record
from monitor.domain.health import HealthEntry
from monitor.domain.ident import DeliveryId, SnapshotId, SourceId, SubscriptionId, content_id
from monitor.domain.item import Item
from monitor.domain.moment import StatedDate
from monitor.domain.source import Source
from monitor.domain.subscription import Delivery, DeliveryKind, DeliveryState, Subscription
from monitor.domain.vocabulary import DocumentKind, Tier
from monitor.notify.audience import audience
from monitor.notify.message import headline
from monitor.notify.routing import route
from monitor.ports import Clock
from monitor.resolve.policy import Policy
from monitor.services.composition import system_body
from monitor.stores import Store

#: Findings of a document by the loaded rules.
Detect = Callable[[Document], tuple[Finding, ...]]

CANARY = SubscriptionId("canary")
_SOURCE = Source(
    id=SourceId("canary"),
    kind="feed",
    name="Canary",
    options=None,
    tier=Tier.OFFICIAL,
    states=("TX",),
)
_LAST = "canary: last delivery"
_TOLD = "canary: alarm told"
_TEXT = (
    "The Dallas County Sheriff's Office in Texas signed a 287(g) Task Force Model agreement with "
    "U.S. Immigration and Customs Enforcement on {day}."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hatched:
    """A canary that was sent off; `problem` says at which step it died instead."""

    delivery_id: DeliveryId | None = None
    problem: str = ""


class Canary:
    """Sends one a day and looks for yesterday's."""

    def __init__(
        self, store: Store, clock: Clock, detect: Detect, destination: tuple[str, str]
    ) -> None:
        """`destination` is (channel, destination) of the operator or a test channel."""
        self._store = store
        self._clock = clock
        self._detect = detect
        self._destination = destination

    def hatch(self) -> Hatched:
        """Send today's canary; a second call on the same day sends nothing."""
        now = self._clock.now()
        hatched = self._hatched(now)
        if hatched.delivery_id is None:
            self._alarm(f"the canary died before it was sent: {hatched.problem}", now)
        else:
            self._store.set_fact(_LAST, hatched.delivery_id)
        return hatched

    def look(self, patience: timedelta = timedelta(hours=2)) -> bool:
        """Whether the last canary arrived or is still on its way; if not, one alarm."""
        now = self._clock.now()
        last = self._store.fact(_LAST)
        delivery = self._store.delivery(DeliveryId(last)) if last else None
        if delivery is None or delivery.state is DeliveryState.SENT:
            return True
        if now - delivery.created_at < patience:
            return True
        if self._store.fact(_TOLD) != delivery.id:
            self._store.set_fact(_TOLD, delivery.id)
            error = f" ({delivery.error})" if delivery.error else ""
            self._alarm(
                f"the canary of {delivery.created_at:%Y-%m-%d} did not arrive by "
                f"{delivery.channel}: it is {delivery.state.value}{error}",
                now,
            )
        return False

    def _hatched(self, now: datetime) -> Hatched:
        records = self._records(now)
        if not records:
            return Hatched(problem="the rules found no event in it")
        channel, destination = self._destination
        subscription = Subscription(
            id=CANARY, filter="state:TX", channel=channel, destination=destination
        )
        rows = route(records, audience([subscription], now), now=now)
        if not rows:
            return Hatched(problem="routing gave it to nobody")
        title = f"Canary: {headline(records[0].event)}"
        text = "A test of the whole way from document to message. Nothing happened; no action."
        delivery = Delivery(
            id=DeliveryId(content_id("canary", now.date().isoformat(), channel, destination)),
            subscription_id=CANARY,
            kind=DeliveryKind.SYSTEM,
            channel=channel,
            destination=destination,
            created_at=now,
            body=system_body(title, [text]),
        )
        self._store.enqueue([delivery])
        return Hatched(delivery_id=delivery.id)

    def _records(self, now: datetime) -> tuple[Record, ...]:
        """The records that a check would commit for the document, ids as of today."""
        day = now.date()
        item = Item(
            source_id=_SOURCE.id,
            key=day.isoformat(),
            url="https://example.org/canary",
            title="Sheriff signs 287(g) agreement",
            text=_TEXT.format(day=f"{day:%B} {day.day}, {day.year}"),
            kind=DocumentKind.RELEASE,
            published=StatedDate(day=day),
        )
        (revision,) = revise([item], {}, snapshot_id=SnapshotId("canary"), captured_at=now)
        claims = bind(_SOURCE, revision, self._detect(document_of(item, _SOURCE.states)))
        policy = Policy(source=_SOURCE, captured={revision.snapshot_id: now})
        records = resolve(claims, (), now, policy).records
        return tuple(replace(record, sequence=0) for record in records)

    def _alarm(self, message: str, now: datetime) -> None:
        entry = HealthEntry(at=now, kind="canary", message=message, tell_operator=True)
        self._store.add_health([entry])
