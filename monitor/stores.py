"""The store, as services see it: sources, log, roster, subscriptions, health, labels.

Order, transactions and errors are specified here; storage implements them. All methods raise
StoreError (StoreLocked, StoreFull, Conflict) and nothing of the driver's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from monitor.domain.chain import StoredCapture, StoredCheckpoint, StoredRecord
from monitor.domain.commit import PageCommit, StoredTaking
from monitor.domain.event import Event, Record
from monitor.domain.filter import Filter
from monitor.domain.health import HealthEntry
from monitor.domain.ident import (
    BodyHash,
    DeliveryId,
    EventId,
    ItemId,
    SnapshotId,
    SourceId,
    SubscriptionId,
)
from monitor.domain.item import Item, Revision
from monitor.domain.roster import Agreement, LedgerOutcome, RosterCounts
from monitor.domain.snapshot import Snapshot
from monitor.domain.source import SourceState
from monitor.domain.subscription import Delivery, DeliveryState, Digest, Subscription

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """One page of a keyset-paged list; `next_cursor` is opaque, None on the last page."""

    items: tuple[T, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventQuery:
    """Which events, as known when.

    `as_of`: as published by then (captured or published at or before it). `known_at`: what this
    log had recorded by then. `changed_since`: only events with a record after it, oldest first.
    """

    filter: Filter
    as_of: datetime | None = None
    known_at: datetime | None = None
    changed_since: datetime | None = None
    cursor: str | None = None
    limit: int = 50
    oldest_first: bool = False
    include_silent: bool = True
    include_merged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A number and whether counting stopped there ("10,000+")."""

    value: int
    capped: bool = False


class SourceStore(Protocol):
    """What checks read and write."""

    def source_states(self, ids: Sequence[SourceId] | None = None) -> dict[SourceId, SourceState]:
        """Remembered states, of all sources when `ids` is None."""
        ...

    def switched(self) -> dict[SourceId, bool]:
        """The sources that the probe or a person switched, and whether they are on."""
        ...

    def known_revisions(
        self, source_id: SourceId, item_ids: Sequence[ItemId]
    ) -> dict[ItemId, Revision]:
        """The newest revision of each of these items that is stored."""
        ...

    def listed_revisions(self, source_id: SourceId) -> dict[ItemId, Revision]:
        """The newest revision of every item of the source that is not gone."""
        ...

    def candidate_events(self, keys: Sequence[str], limit: int = 200) -> tuple[Event, ...]:
        """Events that carry any of these keys (event_key or keys), not merged, newest first."""
        ...

    def ledger(self, name: str) -> tuple[bytes, int] | None:
        """The ledger's opaque state and its version, None before its first publication."""
        ...

    def commit_page(self, page: PageCommit) -> tuple[Record, ...]:
        """Store all of it in one transaction; returns the records with sequence and hashes.

        Bodies are written to the archive before the transaction, so a crash leaves at most an
        unreferenced body. Raises Conflict when a revision number or ledger version is taken with
        other content, StoreFull / StoreLocked with nothing stored.
        """
        ...

    def commit_states(
        self, states: Sequence[SourceState], health: Sequence[HealthEntry] = ()
    ) -> None:
        """Store states and health entries of checks that found nothing new, in one transaction."""
        ...

    def snapshot(self, snapshot_id: SnapshotId) -> Snapshot | None:
        """A stored capture with its bytes."""
        ...

    def snapshots(
        self, source_id: SourceId | None = None, since: datetime | None = None
    ) -> Iterator[Snapshot]:
        """Stored captures in order of capture, for replay and export."""
        ...

    def stored_capture(self, snapshot_id: SnapshotId) -> StoredCapture | None:
        """A capture's stored text with the hash it was stored under; also of a pruned one."""
        ...

    def takings(self) -> Iterator[StoredTaking]:
        """In which order and under which circumstances captures were taken in, oldest first."""
        ...

    def snapshot_revisions(self, snapshot_id: SnapshotId) -> tuple[Revision, ...]:
        """The revisions that were read from a capture, by item."""
        ...

    def body(self, address: BodyHash) -> bytes | None:
        """Bytes from the archive; None when pruned or never there."""
        ...

    def revision(self, item_id: ItemId, number: int) -> Revision | None:
        """One stored revision."""
        ...

    def item_revisions(self, item_id: ItemId) -> tuple[Revision, ...]:
        """All revisions of an item, oldest first."""
        ...

    def items(self, source_id: SourceId | None = None) -> Iterator[Revision]:
        """All newest revisions, in order of capture; for backtests."""
        ...


class LogStore(Protocol):
    """The event log and its queries; all reads are bounded."""

    def turn(self) -> AbstractContextManager[None]:
        """Until its end nobody else appends to the log; what this thread writes is one transaction.

        What it reads meanwhile was committed before or written by itself. For decisions that
        others would keep overtaking, and for many small ones; short, because all wait.
        """
        ...

    def event(self, event_id: EventId, known_at: datetime | None = None) -> Event | None:
        """One event; follows no redirect (see Event.merged_into)."""
        ...

    def events(self, query: EventQuery) -> Page[Event]:
        """A page of events in the order of the log: by the sequence of the record that opened
        them, newest first. With `changed_since`: by their newest record, oldest first.

        Raises FilterError for a cursor of another list and for an unexpanded `near`.
        """
        ...

    def count_events(self, query: EventQuery, cap: int = 10_000) -> Count:
        """How many events match, counted up to `cap`."""
        ...

    def facets(
        self, query: EventQuery, cap: int = 10_000
    ) -> dict[str, tuple[tuple[str, int], ...]]:
        """Counts by type, state, model, status, tier, direction; most frequent first.

        Counted over the `cap` newest matches; whether that is all of them says count_events().
        """
        ...

    def series(self, query: EventQuery, bucket: str) -> tuple[tuple[str, int], ...]:
        """Counts per "day", "week" or "month" of recorded_at, oldest first, ISO labels."""
        ...

    def records(
        self,
        event_id: EventId | None = None,
        after_sequence: int = 0,
        limit: int = 1000,
        until_sequence: int | None = None,
    ) -> tuple[Record, ...]:
        """Records in sequence order."""
        ...

    def stored_records(
        self,
        event_id: EventId | None = None,
        chain: str | None = None,
        after_sequence: int = 0,
        limit: int = 1000,
    ) -> tuple[StoredRecord, ...]:
        """Records as they stand in the table, in sequence order: what a third party proves."""
        ...

    def checkpoint_covering(self, sequence: int) -> StoredCheckpoint | None:
        """The first checkpoint written after this record; None when there is none yet."""
        ...

    def last_sequence(self) -> int:
        """Sequence of the newest record, 0 for an empty log."""
        ...

    def append(
        self, records: Sequence[Record], deliveries: Sequence[Delivery] = ()
    ) -> tuple[Record, ...]:
        """Append records made by people (review, merge, split …) with their outbox rows."""
        ...

    def verify(self, progress: Callable[[int], None] | None = None) -> tuple[str, ...]:
        """Problems found in chains, checkpoints, projections and archive; empty when intact."""
        ...

    def checkpoint(self, at: datetime) -> str:
        """Write the day's checkpoint over all chains; returns its hash."""
        ...


class RosterStore(Protocol):
    """The roster, from the ledger's outcomes alone."""

    def agreements(self, filter: Filter | None = None) -> tuple[Agreement, ...]:
        """Agreements as they stand, by state, agency, model.

        As they stood on a day is a fold over ledger_outcomes(): domain.roster_fold.agreements_at.
        """
        ...

    def roster_counts(self) -> RosterCounts | None:
        """The ledger's sum; None before the first publication."""
        ...

    def ledger_outcomes(
        self,
        ledger: str | None = None,
        agreement_id: str | None = None,
        since: datetime | None = None,
        limit: int = 1000,
    ) -> tuple[LedgerOutcome, ...]:
        """Outcomes in the order decided."""
        ...


class SubscriptionStore(Protocol):
    """Subscriptions, outbox, digests."""

    def subscriptions(self, active_only: bool = True) -> tuple[Subscription, ...]:
        """All subscriptions, by id."""
        ...

    def subscription(self, subscription_id: SubscriptionId) -> Subscription | None:
        """One subscription."""
        ...

    def save_subscription(self, subscription: Subscription) -> None:
        """Insert or replace one subscription."""
        ...

    def delete_subscription(self, subscription_id: SubscriptionId) -> None:
        """Remove it; its deliveries stay, without destination."""
        ...

    def enqueue(self, deliveries: Sequence[Delivery]) -> int:
        """Insert outbox rows; rows whose id exists are left alone. Returns how many were new."""
        ...

    def due_deliveries(self, now: datetime, limit: int = 100) -> tuple[Delivery, ...]:
        """QUEUED rows whose time has come, oldest first, at most one per destination."""
        ...

    def start_attempt(self, delivery_id: DeliveryId, at: datetime) -> Delivery | None:
        """QUEUED -> ATTEMPTED by compare-and-swap; None when somebody else took it."""
        ...

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
        """Store the outcome of an attempt."""
        ...

    def interrupted_deliveries(self, before: datetime) -> tuple[Delivery, ...]:
        """ATTEMPTED rows started before `before`: a crash or an ambiguous answer left them."""
        ...

    def delivery(self, delivery_id: DeliveryId) -> Delivery | None:
        """One delivery."""
        ...

    def deliveries(
        self,
        *,
        event_id: EventId | None = None,
        subscription_id: SubscriptionId | None = None,
        state: DeliveryState | None = None,
        limit: int = 1000,
    ) -> tuple[Delivery, ...]:
        """Deliveries, newest first."""
        ...

    def sent_since(self, subscription_id: SubscriptionId, since: datetime) -> int:
        """How many alerts this subscription got or has queued since then (daily budget)."""
        ...

    def last_digest(self, subscription_id: SubscriptionId) -> Digest | None:
        """The digest with the newest window end."""
        ...

    def commit_digest(self, digest: Digest, delivery: Delivery | None) -> bool:
        """Store window and outbox row in one transaction; False when the window exists already."""
        ...

    def digest(self, digest_id: str) -> Digest | None:
        """One stored digest."""
        ...

    def digests(self, limit: int = 100, public_only: bool = False) -> tuple[Digest, ...]:
        """Digests, newest window first."""
        ...

    def erase_address(self, destination: str) -> int:
        """Forget a person's data: subscriptions and destinations of past deliveries."""
        ...


class HealthStore(Protocol):
    """Health entries and small key-value facts (leases, notices already told)."""

    def add_health(self, entries: Sequence[HealthEntry]) -> None:
        """Append entries."""
        ...

    def health(
        self, source_id: SourceId | None = None, since: datetime | None = None, limit: int = 200
    ) -> tuple[HealthEntry, ...]:
        """Entries, newest first."""
        ...

    def fact(self, name: str) -> str | None:
        """A stored small fact."""
        ...

    def set_fact(self, name: str, value: str) -> None:
        """Store a small fact."""
        ...

    def swap_fact(self, name: str, expected: str | None, value: str) -> bool:
        """Store it where `expected` stands (None: nothing yet); False when another was first."""
        ...


class LabelStore(Protocol):
    """Items that a person labelled: the measure of rules."""

    def add_label(self, item: Item, verdict: str, at: datetime, note: str = "") -> None:
        """Store a verdict: "relevant", "not_relevant" or an event type."""
        ...

    def labels(self) -> tuple[tuple[Item, str], ...]:
        """All labelled items with their newest verdict."""
        ...


class Store(
    SourceStore, LogStore, RosterStore, SubscriptionStore, HealthStore, LabelStore, Protocol
):
    """The whole store."""

    def close(self) -> None:
        """Release the database."""
        ...
