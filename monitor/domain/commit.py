"""What one check wants stored: everything of a page in one transaction, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from monitor.domain.claim import Claim
from monitor.domain.event import Record
from monitor.domain.health import HealthEntry
from monitor.domain.ident import SnapshotId, SourceId
from monitor.domain.item import Revision
from monitor.domain.roster import Agreement, LedgerOutcome, RosterCounts
from monitor.domain.snapshot import Snapshot
from monitor.domain.source import SourceState
from monitor.domain.subscription import Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerCommit:
    """The ledger after one publication: `state` is opaque to the store (compressed JSON)."""

    ledger: str  #: name of the ledger, the source id
    state: bytes
    outcomes: tuple[LedgerOutcome, ...]
    agreements: tuple[Agreement, ...]  #: the agreements whose standing changed
    counts: RosterCounts
    expected_version: int = 0  #: version of the state this step started from; 0: none yet
    #: modified time of the publication; None: the newest told_at of the outcomes
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """Under which circumstances a capture was taken in: what a replay needs beside its bytes."""

    source_id: SourceId
    snapshot_id: SnapshotId
    at: datetime  #: the clock of the taking: `recorded_at` of its records
    baseline: bool = False  #: the source's first import was complete
    succeeded_at: datetime | None = None  #: of the source's state then
    cursor_hash: str = ""  #: of the cursor that the reading started from, "" for an empty one
    cursor: str = ""  #: that cursor, where an earlier taking's reading did not leave it behind
    silent: bool = False  #: nobody was to be told
    #: what was done without a capture being read: "accepted" or "rejected" by a person who decided
    #: about a held publication, "history": the bundled roster history was loaded
    decision: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTaking:
    """A taking as stored: its place in the order of takings and in the log."""

    number: int
    sequence: int  #: the newest record before it
    records: int  #: how many records it made
    taking: Taking


@dataclass(frozen=True, slots=True, kw_only=True)
class PageCommit:
    """One transaction: snapshot, revisions, claims, records, outbox rows, source state, health.

    `records` carry no sequence and no hashes; the store gives them, chained per `Record.chain`.
    `deliveries` are the outbox rows that routing made for these records.
    """

    source_id: SourceId
    snapshots: tuple[Snapshot, ...] = ()
    revisions: tuple[Revision, ...] = ()
    claims: tuple[Claim, ...] = ()
    records: tuple[Record, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    state: SourceState | None = None
    ledger: LedgerCommit | None = None
    health: tuple[HealthEntry, ...] = ()
    #: last_sequence() when the candidate events were read: the store raises Conflict when a later
    #: record touched one of these events or their keys; None: not checked
    expected_sequence: int | None = None
    taking: Taking | None = None
