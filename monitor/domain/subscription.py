"""Subscriptions, deliveries, attempts and digests."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum

from monitor.domain.ident import DeliveryId, EventId, RecordId, SubscriptionId


class Cadence(StrEnum):
    """How often a subscriber hears."""

    IMMEDIATE = "immediate"
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """Filter + channel + cadence. Destinations are personal data: never in the log."""

    id: SubscriptionId
    filter: str  #: canonical expression of the one grammar; "" is everything
    channel: str  #: name of a configured channel: "slack", "email", "webhook", "file", "stdout"
    destination: str  #: channel id, address, URL, file name
    cadence: Cadence = Cadence.IMMEDIATE
    weekday: int = 0  #: 0 Monday … 6 Sunday, for WEEKLY
    at: time = time(8, 0)  #: local time of DAILY and WEEKLY
    time_zone: str = "America/New_York"
    quiet_start: time | None = None
    quiet_end: time | None = None
    muted: tuple[str, ...] = ()  #: filter expressions that are silenced
    snoozed_until: datetime | None = None
    snoozes: tuple[tuple[str, datetime], ...] = ()  #: (filter expression, until)
    max_per_day: int = 20  #: overflow goes into the next digest
    near: tuple[str, float] | None = None  #: (FIPS or "place, ST", radius in km)
    reason: str = ""  #: "why you get this"
    made_by: str = "feeds.yaml"
    origin: str = "feeds.yaml"  #: or "run time": edited there, which wins over the seed
    active: bool = True
    paused_reason: str = ""
    confirmed: bool = True  #: double opt-in done or seeded by the operator
    include_review: bool = False
    created_at: datetime | None = None


class DeliveryState(StrEnum):
    """Where a delivery stands; UNKNOWN is visible and never resent silently."""

    QUEUED = "queued"
    ATTEMPTED = "attempted"  #: an attempt was started and its outcome is not stored
    SENT = "sent"
    UNKNOWN = "unknown"
    DEAD = "dead"
    CANCELLED = "cancelled"


class DeliveryKind(StrEnum):
    """What a delivery carries."""

    ALERT = "alert"
    BURST = "burst"
    UPDATE = "update"  #: edit of an earlier message and answer in its thread
    DIGEST = "digest"
    SYSTEM = "system"  #: operator notices, confirmations, canary


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message to one destination; unique by (subscription, record or digest window)."""

    id: DeliveryId
    subscription_id: SubscriptionId
    kind: DeliveryKind
    channel: str
    destination: str
    event_ids: tuple[EventId, ...] = ()
    record_ids: tuple[RecordId, ...] = ()
    digest_id: str = ""
    state: DeliveryState = DeliveryState.QUEUED
    attempts: int = 0
    not_before: datetime | None = None
    created_at: datetime
    attempted_at: datetime | None = None
    sent_at: datetime | None = None
    external_id: str = ""  #: Slack "channel/ts", mail Message-ID, …
    parent_external_id: str = ""  #: thread or message that an UPDATE edits
    plain: bool = False  #: retry as plain text after a payload fault
    error: str = ""
    body: str = ""  #: of SYSTEM messages: JSON of their own model


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """A stored half-open window [start, end) of one subscription and what it held."""

    id: str
    subscription_id: SubscriptionId
    start: datetime
    end: datetime
    made_at: datetime
    record_sequences: tuple[int, ...] = ()
    event_ids: tuple[EventId, ...] = ()
    corrections: tuple[RecordId, ...] = ()
    filter: str = ""
    empty: bool = False
    public: bool = False
    body: str = ""  #: the shared body as JSON, without address, reason line or personal links


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The channel confirmed; `external_id` is what it can be found by."""

    external_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """The destination does not exist or refuses us: pause that subscription, tell its owner."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallBroken:
    """Token, scope or login is wrong: stop the channel, page the operator."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadBug:
    """The message itself is refused: dead letter, once more as plain text."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transient:
    """Not now: back off."""

    reason: str
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ambiguous:
    """It may have arrived: ask the channel before anything is repeated."""

    reason: str


SendOutcome = Sent | Gone | InstallBroken | PayloadBug | Transient | Ambiguous


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The channel holds the message."""

    external_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotFound:
    """The channel was asked and does not hold it: it may be sent again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CannotAsk:
    """The channel has no way to be asked (SMTP, webhooks), or none just now (`later`)."""

    reason: str = ""
    later: bool = False  #: ask again after a while instead of giving up


Lookup = Found | NotFound | CannotAsk


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Where an event went: for corrections and for `show --reached`."""

    delivery: Delivery
    subscription: Subscription | None = field(default=None)
