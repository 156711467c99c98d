"""The tables. What a query looks for is a column; everything else is canonical JSON beside it.

The log (`record`) is the truth, `event` and what hangs on it is its projection: the newest state
of every event, kept narrow so that a million of them stay quick to look through. Texts are "" and
not NULL where a filter compares them, so that a negated condition is an exact complement.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, LargeBinary, String, Table, Text
from sqlalchemy import Index as Ix
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlmodel import Field, SQLModel

from monitor.domain.moment import require_aware
from storage.codec import moment_of, moment_text


class Moment(TypeDecorator[datetime]):
    """Aware UTC moments: timestamptz in PostgreSQL, fixed width ISO text in SQLite."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The column type of the database at hand."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(TIMESTAMP(timezone=True))
        return dialect.type_descriptor(String(27))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Raises ValueError for a naive moment."""
        if value is None:
            return None
        return require_aware(value) if dialect.name == "postgresql" else moment_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """The stored moment, aware UTC."""
        if value is None:
            return None
        return require_aware(value) if dialect.name == "postgresql" else moment_of(value)


#: Text that is compared and sorted by bytes in both databases.
KEY = String().with_variant(String(collation="C"), "postgresql")
#: Row numbers: 64 bits in both databases; SQLite wants INTEGER to make it the row's own number.
NUMBER = BigInteger().with_variant(Integer(), "sqlite")


def _key(**more: Any) -> Any:
    return Field(sa_type=KEY, **more)


def _moment(**more: Any) -> Any:
    return Field(sa_type=Moment, **more)


def _text(**more: Any) -> Any:
    return Field(sa_type=Text, **more)


def _bytes(**more: Any) -> Any:
    return Field(sa_type=LargeBinary, **more)


def _number(**more: Any) -> Any:
    return Field(sa_type=NUMBER, **more)


class SourceStateRow(SQLModel, table=True):
    """What is remembered of a source; JSON of SourceState."""

    __tablename__ = "source_state"
    source_id: str = _key(primary_key=True)
    body: str = _text()


class SnapshotRow(SQLModel, table=True):
    """One capture; its bytes lie in the archive under `body_hash`."""

    __tablename__ = "snapshot"
    __table_args__ = (
        Ix("snapshot_by_time", "captured_at", "id"),
        Ix("snapshot_by_source", "source_id", "captured_at", "id"),
    )
    id: str = _key(primary_key=True)
    source_id: str = _key()
    captured_at: datetime = _moment()
    body_hash: str = _key(index=True)
    size_bytes: int = _number()
    pruned: bool  #: retention dropped the body
    hash: str = _key()  #: SHA-256 of `body`
    body: str = _text()


class TakingRow(SQLModel, table=True):
    """When and how a capture was taken in; JSON of Taking. `number` is the order of takings."""

    __tablename__ = "taking"
    number: int = Field(sa_type=NUMBER, primary_key=True)
    snapshot_id: str = _key(index=True)
    sequence: int = _number()  #: the newest record before it
    records: int
    body: str = _text()


class RevisionRow(SQLModel, table=True):
    """The n-th content of an item; `body` is compressed JSON of the Item."""

    __tablename__ = "revision"
    item_id: str = _key(primary_key=True)
    number: int = Field(primary_key=True)
    snapshot_id: str = _key(index=True)
    captured_at: datetime = _moment()
    gone: bool
    digest: str = _key()
    body: bytes = _bytes()


class ItemRow(SQLModel, table=True):
    """The newest revision of an item."""

    __tablename__ = "item"
    __table_args__ = (Ix("item_by_source", "source_id", "gone"), Ix("item_by_time", "captured_at"))
    id: str = _key(primary_key=True)
    source_id: str = _key()
    number: int
    gone: bool
    captured_at: datetime = _moment()


class ClaimRow(SQLModel, table=True):
    """What a revision asserts; JSON of Claim."""

    __tablename__ = "claim"
    __table_args__ = (Ix("claim_by_item", "item_id", "revision"),)
    id: str = _key(primary_key=True)
    item_id: str = _key()
    revision: int
    source_id: str = _key(index=True)
    body: str = _text()


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
    id: str = _key(unique=True)
    event_id: str = _key()
    kind: str = _key()
    chain: str = _key()
    recorded_at: datetime = _moment()
    public_at: datetime = _moment()
    told: bool
    previous_hash: str = _key()
    hash: str = _key()
    event: str = _text()
    body: str = _text()


class ChainRow(SQLModel, table=True):
    """The end of one chain."""

    __tablename__ = "chain"
    name: str = _key(primary_key=True)
    sequence: int = _number()
    length: int = _number()
    hash: str = _key()


class CheckpointRow(SQLModel, table=True):
    """A day's checkpoint over all chains; `body` is the hashed text."""

    __tablename__ = "checkpoint"
    number: int = Field(sa_type=NUMBER, primary_key=True)
    at: datetime = _moment()
    sequence: int = _number()
    hash: str = _key()
    body: str = _text()


_BESIDE = ("model", "direction", "day", "recorded_day", "silent", "merged")


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
        Ix("event_by_day", "day"),
        Ix("event_by_recorded_day", "recorded_day", "sequence"),
        Ix("event_by_change", "last_recorded_at", "last_sequence", "recorded_at"),
        Ix("event_by_publication", "last_public_at", "public_at"),
    )
    sequence: int = Field(
        sa_type=NUMBER, primary_key=True, sa_column_kwargs={"autoincrement": False}
    )
    id: str = _key(unique=True)
    event_type: str = _key()
    stage: str = _key()
    direction: str = _key()
    status: str = _key()
    tier: str = _key()
    worth: str = _key()
    state: str = _key()
    county: str = _key()
    agency_id: str = _key()
    model: str = _key()
    bill: str = _key()
    instrument: str = _key()
    target: str = _key()
    source_id: str = _key()
    day: str = _key()
    recorded_day: str = _key()
    recorded_at: datetime = _moment()
    public_at: datetime = _moment()
    last_recorded_at: datetime = _moment()
    last_public_at: datetime = _moment()
    last_sequence: int = _number()
    silent: bool
    merged: bool
    merged_into: str = _key()


class EventKeyRow(SQLModel, table=True):
    """A key under which an event may be told again."""

    __tablename__ = "event_key"
    key: str = _key(primary_key=True)
    sequence: int = Field(sa_type=NUMBER, primary_key=True, index=True)


class EvidenceRow(SQLModel, table=True):
    """Which archived bytes an event rests on: what retention keeps."""

    __tablename__ = "evidence"
    event_id: str = _key(primary_key=True)
    snapshot_id: str = _key(primary_key=True)
    body_hash: str = _key(index=True)


class LedgerRow(SQLModel, table=True):
    """A roster ledger after its newest publication; `state` is opaque."""

    __tablename__ = "ledger"
    name: str = _key(primary_key=True)
    version: int
    state: bytes = _bytes()
    counts: str = _text()


class LedgerOutcomeRow(SQLModel, table=True):
    """One outcome of a publication, in the order decided; JSON of LedgerOutcome."""

    __tablename__ = "ledger_outcome"
    __table_args__ = (
        Ix("ledger_outcome_by_agreement", "agreement_id", "sequence"),
        Ix("ledger_outcome_by_time", "told_at", "sequence"),
    )
    sequence: int = Field(sa_type=NUMBER, primary_key=True)
    ledger: str = _key()
    agreement_id: str = _key()
    outcome: str = _key()
    told_at: datetime = _moment()
    body: str = _text()


class AgreementRow(SQLModel, table=True):
    """The standing of one agreement from one publication on; the newest row is the present.

    Rows are never changed: the roster of any day is the newest row of each agreement by then.
    """

    __tablename__ = "agreement"
    __table_args__ = (Ix("agreement_by_time", "told_at"),)
    id: str = _key(primary_key=True)
    version: int = Field(primary_key=True)
    ledger: str = _key()
    told_at: datetime = _moment()
    newest: bool = Field(index=True)
    body: str = _text()


class SubscriptionRow(SQLModel, table=True):
    """One subscription; personal data lives in `destination` and `body` only."""

    __tablename__ = "subscription"
    id: str = _key(primary_key=True)
    active: bool
    destination: str = _key(index=True)
    body: str = _text()


class DeliveryRow(SQLModel, table=True):
    """The outbox: one message to one destination. `number` is the order of queueing."""

    __tablename__ = "delivery"
    __table_args__ = (
        Ix("delivery_due", "state", "channel", "destination", "number"),
        Ix("delivery_by_subscription", "subscription_id", "created_at"),
    )
    number: int = Field(sa_type=NUMBER, primary_key=True)
    id: str = _key(unique=True)
    subscription_id: str = _key()
    kind: str = _key()
    channel: str = _key()
    destination: str = _key(index=True)
    event_ids: str = _text()
    record_ids: str = _text()
    digest_id: str = _key()
    state: str = _key()
    attempts: int
    not_before: datetime | None = _moment(nullable=True)
    created_at: datetime = _moment()
    attempted_at: datetime | None = _moment(nullable=True)
    sent_at: datetime | None = _moment(nullable=True)
    external_id: str = _text()
    parent_external_id: str = _text()
    plain: bool
    error: str = _text()
    body: str = _text()


class DeliveryEventRow(SQLModel, table=True):
    """Which deliveries carried an event: where a correction must go."""

    __tablename__ = "delivery_event"
    event_id: str = _key(primary_key=True)
    delivery_id: str = _key(primary_key=True)


class DigestRow(SQLModel, table=True):
    """A stored half-open window; windows of one subscription never overlap."""

    __tablename__ = "digest"
    __table_args__ = (Ix("digest_window", "subscription_id", "window_end"),)
    id: str = _key(primary_key=True)
    subscription_id: str = _key()
    window_start: datetime = _moment()
    window_end: datetime = _moment(index=True)
    public: bool
    body: str = _text()


class HealthRow(SQLModel, table=True):
    """One observation of a source's or the program's health; JSON of HealthEntry."""

    __tablename__ = "health"
    __table_args__ = (
        Ix("health_by_time", "at", "number"),
        Ix("health_by_source", "source_id", "at", "number"),
    )
    number: int = Field(sa_type=NUMBER, primary_key=True)
    at: datetime = _moment()
    source_id: str = _key()
    kind: str = _key()
    body: str = _text()


class FactRow(SQLModel, table=True):
    """A small fact by name."""

    __tablename__ = "fact"
    name: str = _key(primary_key=True)
    value: str = _text()


class LabelRow(SQLModel, table=True):
    """A person's verdict on an item; the newest counts."""

    __tablename__ = "label"
    number: int = Field(sa_type=NUMBER, primary_key=True)
    item_id: str = _key(index=True)
    verdict: str = _key()
    at: datetime = _moment()
    note: str = _text()
    body: bytes = _bytes()


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
