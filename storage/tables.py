"""The tables. What a query looks for is a column; everything else is canonical JSON beside it.

The log (`record`) is the truth, `event` and what hangs on it is its projection: the newest state
of every event, kept narrow so that a million of them stay quick to look through. Texts are "" and
not NULL where a filter compares them, so that a negated condition is an exact complement.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index as Ix
from sqlalchemy import Table
from sqlmodel import Field, SQLModel

from storage.columns import (
    NUMBER,
    bytes_column,
    key_column,
    moment_column,
    number_column,
    text_column,
)


class SourceStateRow(SQLModel, table=True):
    """What is remembered of a source; JSON of SourceState."""

    __tablename__ = "source_state"
    source_id: str = key_column(primary_key=True)
    body: str = text_column()


class SnapshotRow(SQLModel, table=True):
    """One capture; its bytes lie in the archive under `body_hash`."""

    __tablename__ = "snapshot"
    __table_args__ = (
        Ix("snapshot_by_time", "captured_at", "id"),
        Ix("snapshot_by_source", "source_id", "captured_at", "id"),
    )
    id: str = key_column(primary_key=True)
    source_id: str = key_column()
    captured_at: datetime = moment_column()
    body_hash: str = key_column(index=True)
    size_bytes: int = number_column()
    pruned: bool  #: retention dropped the body
    hash: str = key_column()  #: SHA-256 of `body`
    body: str = text_column()


class TakingRow(SQLModel, table=True):
    """When and how a capture was taken in; JSON of Taking. `number` is the order of takings."""

    __tablename__ = "taking"
    number: int = Field(sa_type=NUMBER, primary_key=True)
    snapshot_id: str = key_column(index=True)
    sequence: int = number_column()  #: the newest record before it
    records: int
    body: str = text_column()


class RevisionRow(SQLModel, table=True):
    """The n-th content of an item; `body` is compressed JSON of the Item."""

    __tablename__ = "revision"
    item_id: str = key_column(primary_key=True)
    number: int = Field(primary_key=True)
    snapshot_id: str = key_column(index=True)
    captured_at: datetime = moment_column()
    gone: bool
    digest: str = key_column()
    body: bytes = bytes_column()


class ItemRow(SQLModel, table=True):
    """The newest revision of an item."""

    __tablename__ = "item"
    __table_args__ = (Ix("item_by_source", "source_id", "gone"), Ix("item_by_time", "captured_at"))
    id: str = key_column(primary_key=True)
    source_id: str = key_column()
    number: int
    gone: bool
    captured_at: datetime = moment_column()


class ClaimRow(SQLModel, table=True):
    """What a revision asserts; JSON of Claim."""

    __tablename__ = "claim"
    __table_args__ = (Ix("claim_by_item", "item_id", "revision"),)
    id: str = key_column(primary_key=True)
    item_id: str = key_column()
    revision: int
    source_id: str = key_column(index=True)
    body: str = text_column()


class RecordRow(SQLModel, table=True):
    """One line of the log: `event` is the event after it, `body` the rest; the hash binds both.

    `public_at`: when what the record rests on was published, as far as known, else captured.
    """

    __tablename__ = "record"
    __table_args__ = (
        Ix("record_by_event", "event_id", "sequence"),
        Ix("record_by_time", "recorded_at", "sequence"),
        Ix("record_by_chain", "chain", "sequence"),
    )
    sequence: int = Field(
        sa_type=NUMBER, primary_key=True, sa_column_kwargs={"autoincrement": False}
    )
    id: str = key_column(unique=True)
    event_id: str = key_column()
    kind: str = key_column()
    chain: str = key_column()
    recorded_at: datetime = moment_column()
    public_at: datetime = moment_column()
    told: bool
    previous_hash: str = key_column()
    hash: str = key_column()
    event: str = text_column()
    body: str = text_column()


class ChainRow(SQLModel, table=True):
    """The end of one chain."""

    __tablename__ = "chain"
    name: str = key_column(primary_key=True)
    sequence: int = number_column()
    length: int = number_column()
    hash: str = key_column()


class CheckpointRow(SQLModel, table=True):
    """A day's checkpoint over all chains; `body` is the hashed text."""

    __tablename__ = "checkpoint"
    number: int = Field(sa_type=NUMBER, primary_key=True)
    at: datetime = moment_column()
    sequence: int = number_column()
    hash: str = key_column()
    body: str = text_column()


_BESIDE = ("model", "direction", "day", "recorded_day", "silent", "merged", "worth")


class EventRow(SQLModel, table=True):
    """An event as it stands. `sequence` is that of its opening record: the order of the log."""

    __tablename__ = "event"
    __table_args__ = (
        # these also hold what is asked beside them most, so that rows are seldom looked up
        Ix("event_by_type", "event_type", "sequence", "state", "status", "tier", *_BESIDE),
        Ix("event_by_state", "state", "sequence", "event_type", "status", "tier", *_BESIDE),
        Ix(
            "event_by_model",
            "model",
            "sequence",
            "event_type",
            "state",
            "status",
            "tier",
            *_BESIDE[1:],
        ),
        Ix("event_by_status", "status", "sequence", "event_type", "state", "tier", *_BESIDE),
        Ix("event_by_tier", "tier", "sequence", "event_type", "state", "status", *_BESIDE),
        Ix("event_by_county", "county", "sequence"),
        Ix("event_by_agency", "agency_id", "sequence"),
        Ix("event_by_bill", "bill", "sequence"),
        Ix("event_by_source", "source_id", "sequence"),
        Ix("event_by_stage", "stage", "sequence", "worth"),
        Ix("event_by_day", "day"),
        Ix("event_by_recorded_day", "recorded_day", "sequence", "silent", "merged", "worth"),
        Ix("event_by_change", "last_recorded_at", "last_sequence", "recorded_at"),
        Ix("event_by_publication", "last_public_at", "public_at"),
    )
    sequence: int = Field(
        sa_type=NUMBER, primary_key=True, sa_column_kwargs={"autoincrement": False}
    )
    id: str = key_column(unique=True)
    event_type: str = key_column()
    stage: str = key_column()
    direction: str = key_column()
    status: str = key_column()
    tier: str = key_column()
    worth: str = key_column()
    state: str = key_column()
    county: str = key_column()
    agency_id: str = key_column()
    model: str = key_column()
    bill: str = key_column()
    instrument: str = key_column()
    target: str = key_column()
    source_id: str = key_column()
    day: str = key_column()
    recorded_day: str = key_column()
    recorded_at: datetime = moment_column()
    public_at: datetime = moment_column()
    last_recorded_at: datetime = moment_column()
    last_public_at: datetime = moment_column()
    last_sequence: int = number_column()
    silent: bool
    merged: bool
    merged_into: str = key_column()


class EventKeyRow(SQLModel, table=True):
    """A key under which an event may be told again."""

    __tablename__ = "event_key"
    key: str = key_column(primary_key=True)
    sequence: int = Field(sa_type=NUMBER, primary_key=True, index=True)


class EvidenceRow(SQLModel, table=True):
    """Which archived bytes an event rests on: what retention keeps."""

    __tablename__ = "evidence"
    event_id: str = key_column(primary_key=True)
    snapshot_id: str = key_column(primary_key=True)
    body_hash: str = key_column(index=True)


class LedgerRow(SQLModel, table=True):
    """A roster ledger after its newest publication; `state` is opaque."""

    __tablename__ = "ledger"
    name: str = key_column(primary_key=True)
    version: int
    state: bytes = bytes_column()
    counts: str = text_column()


class LedgerOutcomeRow(SQLModel, table=True):
    """One outcome of a publication, in the order decided; JSON of LedgerOutcome."""

    __tablename__ = "ledger_outcome"
    __table_args__ = (
        Ix("ledger_outcome_by_agreement", "agreement_id", "sequence"),
        Ix("ledger_outcome_by_time", "told_at", "sequence"),
    )
    sequence: int = Field(sa_type=NUMBER, primary_key=True)
    ledger: str = key_column()
    agreement_id: str = key_column()
    outcome: str = key_column()
    told_at: datetime = moment_column()
    body: str = text_column()


class AgreementRow(SQLModel, table=True):
    """The standing of one agreement from one publication on; the newest row is the present.

    Rows are never changed: the roster of any day is the newest row of each agreement by then.
    """

    __tablename__ = "agreement"
    __table_args__ = (Ix("agreement_by_time", "told_at"),)
    id: str = key_column(primary_key=True)
    version: int = Field(primary_key=True)
    ledger: str = key_column()
    told_at: datetime = moment_column()
    newest: bool = Field(index=True)
    body: str = text_column()


class SubscriptionRow(SQLModel, table=True):
    """One subscription; personal data lives in `destination` and `body` only."""

    __tablename__ = "subscription"
    id: str = key_column(primary_key=True)
    active: bool
    destination: str = key_column(index=True)
    body: str = text_column()


class DeliveryRow(SQLModel, table=True):
    """The outbox: one message to one destination. `number` is the order of queueing."""

    __tablename__ = "delivery"
    __table_args__ = (
        Ix("delivery_due", "state", "channel", "destination", "number"),
        Ix("delivery_by_subscription", "subscription_id", "created_at"),
    )
    number: int = Field(sa_type=NUMBER, primary_key=True)
    id: str = key_column(unique=True)
    subscription_id: str = key_column()
    kind: str = key_column()
    channel: str = key_column()
    destination: str = key_column(index=True)
    event_ids: str = text_column()
    record_ids: str = text_column()
    digest_id: str = key_column()
    state: str = key_column()
    attempts: int
    not_before: datetime | None = moment_column(nullable=True)
    created_at: datetime = moment_column()
    attempted_at: datetime | None = moment_column(nullable=True)
    sent_at: datetime | None = moment_column(nullable=True)
    external_id: str = text_column()
    parent_external_id: str = text_column()
    plain: bool
    error: str = text_column()
    body: str = text_column()


class DeliveryEventRow(SQLModel, table=True):
    """Which deliveries carried an event: where a correction must go."""

    __tablename__ = "delivery_event"
    event_id: str = key_column(primary_key=True)
    delivery_id: str = key_column(primary_key=True)


class DigestRow(SQLModel, table=True):
    """A stored half-open window; windows of one subscription never overlap."""

    __tablename__ = "digest"
    __table_args__ = (Ix("digest_window", "subscription_id", "window_end"),)
    id: str = key_column(primary_key=True)
    subscription_id: str = key_column()
    window_start: datetime = moment_column()
    window_end: datetime = moment_column(index=True)
    public: bool
    body: str = text_column()


class HealthRow(SQLModel, table=True):
    """One observation of a source's or the program's health; JSON of HealthEntry."""

    __tablename__ = "health"
    __table_args__ = (
        Ix("health_by_time", "at", "number"),
        Ix("health_by_source", "source_id", "at", "number"),
    )
    number: int = Field(sa_type=NUMBER, primary_key=True)
    at: datetime = moment_column()
    source_id: str = key_column()
    kind: str = key_column()
    body: str = text_column()


class FactRow(SQLModel, table=True):
    """A small fact by name."""

    __tablename__ = "fact"
    name: str = key_column(primary_key=True)
    value: str = text_column()


class LabelRow(SQLModel, table=True):
    """A person's verdict on an item; the newest counts."""

    __tablename__ = "label"
    number: int = Field(sa_type=NUMBER, primary_key=True)
    item_id: str = key_column(index=True)
    verdict: str = key_column()
    at: datetime = moment_column()
    note: str = text_column()
    body: bytes = bytes_column()


METADATA = SQLModel.metadata


def _table(model: type[SQLModel]) -> Table:
    return METADATA.tables[str(model.__tablename__)]


SOURCE_STATE = _table(SourceStateRow)
SNAPSHOT = _table(SnapshotRow)
TAKING = _table(TakingRow)
REVISION = _table(RevisionRow)
ITEM = _table(ItemRow)
CLAIM = _table(ClaimRow)
RECORD = _table(RecordRow)
CHAIN = _table(ChainRow)
CHECKPOINT = _table(CheckpointRow)
EVENT = _table(EventRow)
EVENT_KEY = _table(EventKeyRow)
EVIDENCE = _table(EvidenceRow)
LEDGER = _table(LedgerRow)
LEDGER_OUTCOME = _table(LedgerOutcomeRow)
AGREEMENT = _table(AgreementRow)
SUBSCRIPTION = _table(SubscriptionRow)
DELIVERY = _table(DeliveryRow)
DELIVERY_EVENT = _table(DeliveryEventRow)
DIGEST = _table(DigestRow)
HEALTH = _table(HealthRow)
FACT = _table(FactRow)
LABEL = _table(LabelRow)
