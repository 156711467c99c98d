"""The event log: single events, records, checkpoints, and records made by people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select

from monitor.domain.chain import StoredCheckpoint, StoredRecord
from monitor.domain.event import Event, Record
from monitor.domain.ident import EventId
from monitor.domain.subscription import Delivery
from storage.chain import START, checkpoint_text, record_of, text_hash
from storage.codec import loads
from storage.engine import LOCK_LOG
from storage.outbox import insert_deliveries
from storage.part import Part
from storage.projection import append_records, chain_ends, last_sequence
from storage.tables import CHECKPOINT, EVENT, RECORD
from storage.verify import problems


class LogPart(Part):
    """The writing and proving half of LogStore."""

    def event(self, event_id: EventId, known_at: datetime | None = None) -> Event | None:
        """One event; follows no redirect."""
        query = (
            select(RECORD.c.event)
            .where(RECORD.c.event_id == event_id)
            .order_by(RECORD.c.sequence.desc())
            .limit(1)
        )
        if known_at is not None:
            query = query.where(RECORD.c.recorded_at <= known_at)
        with self.db.read() as connection:
            body = connection.execute(query).scalar_one_or_none()
        return None if body is None else loads(Event, body)

    def records(
        self,
        event_id: EventId | None = None,
        after_sequence: int = 0,
        limit: int = 1000,
        until_sequence: int | None = None,
    ) -> tuple[Record, ...]:
        """Records in sequence order, after one and up to and including another."""
        query = select(RECORD).where(RECORD.c.sequence > after_sequence)
        if event_id is not None:
            query = query.where(RECORD.c.event_id == event_id)
        if until_sequence is not None:
            query = query.where(RECORD.c.sequence <= until_sequence)
        with self.db.read() as connection:
            rows = connection.execute(query.order_by(RECORD.c.sequence).limit(limit)).all()
        return tuple(_record(row) for row in rows)

    def stored_records(
        self,
        event_id: EventId | None = None,
        chain: str | None = None,
        after_sequence: int = 0,
        limit: int = 1000,
    ) -> tuple[StoredRecord, ...]:
        """Records as they stand in the table, in sequence order."""
        query = select(RECORD).where(RECORD.c.sequence > after_sequence)
        if event_id is not None:
            query = query.where(RECORD.c.event_id == event_id)
        if chain is not None:
            query = query.where(RECORD.c.chain == chain)
        with self.db.read() as connection:
            rows = connection.execute(query.order_by(RECORD.c.sequence).limit(limit)).all()
        return tuple(_stored(row) for row in rows)

    def checkpoint_covering(self, sequence: int) -> StoredCheckpoint | None:
        """The first checkpoint that covers the record of this sequence."""
        query = select(CHECKPOINT).where(CHECKPOINT.c.sequence >= sequence)
        with self.db.read() as connection:
            row = connection.execute(query.order_by(CHECKPOINT.c.number).limit(1)).one_or_none()
        if row is None:
            return None
        return StoredCheckpoint(
            number=row.number, at=row.at, sequence=row.sequence, hash=row.hash, body=row.body
        )

    def last_sequence(self) -> int:
        """Sequence of the newest record, 0 for an empty log."""
        with self.db.read() as connection:
            return last_sequence(connection)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Until its end nobody else appends to the log; what is written is one transaction."""
        with self.db.turn(), self.archive.together():  # bodies are durable before the rows
            yield

    def append(
        self, records: Sequence[Record], deliveries: Sequence[Delivery] = ()
    ) -> tuple[Record, ...]:
        """Append records made by people with their outbox rows, in one transaction."""
        with self.db.write() as connection:
            stored = append_records(self.db, connection, records)
            insert_deliveries(self.db, connection, deliveries)
        return stored

    def verify(self, progress: Callable[[int], None] | None = None) -> tuple[str, ...]:
        """Problems found in chains, checkpoints, projections and archive; empty when intact.

        `progress` is called with the number of records and bodies proved so far.
        """
        return tuple(problems(self.db, self.archive, progress or (lambda _: None)))

    def checkpoint(self, at: datetime) -> str:
        """Write the day's checkpoint over all chains; returns its hash."""
        with self.db.write() as connection:
            self.db.lock(connection, LOCK_LOG)
            last = connection.execute(
                select(CHECKPOINT.c.hash).order_by(CHECKPOINT.c.number.desc()).limit(1)
            ).scalar_one_or_none()
            ends = chain_ends(connection)
            body = checkpoint_text(last or START, at, ends.items())
            sequence = max((end.sequence for end in ends.values()), default=0)
            row = {"at": at, "sequence": sequence, "hash": text_hash(body), "body": body}
            connection.execute(insert(CHECKPOINT).inline(), [row])
        return text_hash(body)

    def checkpoints(self) -> tuple[tuple[datetime, int, str], ...]:
        """(moment, last sequence, hash) of every checkpoint, oldest first."""
        query = select(CHECKPOINT.c.at, CHECKPOINT.c.sequence, CHECKPOINT.c.hash)
        with self.db.read() as connection:
            rows = connection.execute(query.order_by(CHECKPOINT.c.number)).all()
        return tuple((row.at, row.sequence, row.hash) for row in rows)

    def opening_sequence(self, event_id: EventId) -> int | None:
        """Sequence of the record that opened the event."""
        with self.db.read() as connection:
            query = select(EVENT.c.sequence).where(EVENT.c.id == event_id)
            return connection.execute(query).scalar_one_or_none()


def _record(row: Row[Any]) -> Record:
    return record_of(
        row.event,
        row.body,
        sequence=row.sequence,
        previous_hash=row.previous_hash,
        hash=row.hash,
    )


def _stored(row: Row[Any]) -> StoredRecord:
    return StoredRecord(
        sequence=row.sequence,
        chain=row.chain,
        previous_hash=row.previous_hash,
        hash=row.hash,
        event=row.event,
        body=row.body,
    )
