"""Events and the append-only log of records about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from monitor.domain.claim import Claim, Jurisdiction
from monitor.domain.ident import ClaimId, EventId, RecordId, SourceId
from monitor.domain.moment import StatedDate
from monitor.domain.vocabulary import (
    Direction,
    EventType,
    Instrument,
    Model,
    RecordKind,
    Rung,
    Stage,
    Tier,
    Worth,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A claim's stored bytes and where in them it stands; never pruned once told."""

    claim_id: ClaimId
    source_id: SourceId
    snapshot_id: str
    body_hash: str
    url: str
    title: str
    publisher: str = ""
    tier: Tier = Tier.PRESS
    locator: str = ""
    quote: str = ""
    rule: str = ""
    published: StatedDate | None = None
    captured_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The thing in the world that claims are about, as known after its newest record.

    `id` derives from the opening claim and is permanent; after a merge `merged_into` redirects.
    """

    id: EventId
    event_type: EventType
    stage: Stage
    direction: Direction
    status: Rung
    tier: Tier
    worth: Worth
    jurisdiction: Jurisdiction
    agency: str | None = None
    agency_id: str | None = None
    model: Model | None = None
    bill: str | None = None
    instrument: Instrument | None = None
    target: str | None = None
    occurred: StatedDate | None = None
    passed: StatedDate | None = None
    effective: StatedDate | None = None
    published: StatedDate | None = None
    captured_at: datetime
    recorded_at: datetime  #: when the event was opened in this log
    updated_at: datetime  #: when its newest record was written
    title: str = ""  #: neutral headline, verb from the stage
    quote: str = ""
    url: str = ""
    source_id: SourceId
    event_key: str = ""
    keys: tuple[str, ...] = ()
    amount: float | None = None
    unit: str | None = None
    note: str = ""
    evidence: tuple[Evidence, ...] = ()
    links: tuple[tuple[str, EventId], ...] = ()  #: (relation, other event), e.g. ("follows", …)
    merged_into: EventId | None = None
    silent: bool = False  #: baseline, backfill or too old when first seen: logged, never pages
    late: bool = False  #: arrived after a downtime: goes to a digest, does not page
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One line of the log: what happened to an event, and the event as it stands after it.

    `chain` names the hash chain (the source id, or "people" for records made by persons).
    `sequence`, `previous_hash` and `hash` are given by the store at commit.
    """

    id: RecordId
    kind: RecordKind
    event: Event  #: state after this record
    chain: str
    recorded_at: datetime
    claim: Claim | None = None
    actor: str = "monitor"  #: "monitor" or a role; never a subscriber's or person's address
    reason: str = ""
    changed: tuple[tuple[str, str, str], ...] = ()  #: (field, was, now)
    told: bool = False  #: may open or edit messages
    sequence: int = 0
    previous_hash: str = ""
    hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What resolve() wants done: records in order, nothing done yet."""

    records: tuple[Record, ...] = ()
    claims: tuple[Claim, ...] = ()
    dropped: tuple[tuple[Claim, str], ...] = field(default=())  #: with the reason, for explain
