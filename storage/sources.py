"""What checks remember: states, snapshots, items and their revisions, and the page commit."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Insert, Row, Select, insert, select

from monitor.domain.chain import StoredCapture
from monitor.domain.claim import Claim
from monitor.domain.commit import PageCommit, StoredTaking, Taking
from monitor.domain.errors import Conflict
from monitor.domain.event import Event, Record
from monitor.domain.health import HealthEntry
from monitor.domain.ident import BodyHash, ItemId, SnapshotId, SourceId
from monitor.domain.item import Revision
from monitor.domain.snapshot import Snapshot
from monitor.domain.source import SourceState
from storage.captures import snapshot_of, snapshot_text
from storage.chain import text_hash
from storage.codec import dumps, loads
from storage.engine import LOCK_LOG, Database
from storage.health import insert_health
from storage.outbox import insert_deliveries
from storage.part import Part, chunks, clean, later_than
from storage.projection import append_records, event_keys, last_sequence
from storage.revisions import insert_revisions, known_revisions, newest, revision_of
from storage.roster import commit_ledger
from storage.tables import (
    CLAIM,
    EVENT,
    EVENT_KEY,
    ITEM,
    RECORD,
    REVISION,
    SNAPSHOT,
    SOURCE_STATE,
    TAKING,
)

_PAGE = 200


class SourcePart(Part):
    """SourceStore over SQL and the archive."""

    def source_states(self, ids: Sequence[SourceId] | None = None) -> dict[SourceId, SourceState]:
        """Remembered states, of all sources when `ids` is None."""
        query = select(SOURCE_STATE.c.body)
        some = [None] if ids is None else chunks(list(ids))
        states: dict[SourceId, SourceState] = {}
        with self.db.read() as connection:
            for these in some:
                found = query if these is None else query.where(SOURCE_STATE.c.source_id.in_(these))
                for body in connection.execute(found).scalars():  # never all as text as well
                    state = loads(SourceState, body)
                    states[state.source_id] = state
        return states

    def switched(self) -> dict[SourceId, bool]:
        """The sources that the probe or a person switched, and whether they are on."""
        query = select(SOURCE_STATE.c.source_id, SOURCE_STATE.c.body)
        query = query.where(SOURCE_STATE.c.body.contains('"enabled_at_run_time":'))
        with self.db.read() as connection:
            rows = [(i, json.loads(body)) for i, body in connection.execute(query)]
        return {i: s["enabled_at_run_time"] for i, s in rows if "enabled_at_run_time" in s}

    def known_revisions(
        self, source_id: SourceId, item_ids: Sequence[ItemId]
    ) -> dict[ItemId, Revision]:
        """The newest revision of each of these items that is stored."""
        if not item_ids:
            return {}
        with self.db.read() as connection:
            return known_revisions(connection, source_id, list(item_ids))

    def listed_revisions(self, source_id: SourceId) -> dict[ItemId, Revision]:
        """The newest revision of every item of the source that is not gone."""
        query = newest().where(ITEM.c.source_id == source_id, ITEM.c.gone.is_(False))
        with self.db.read() as connection:
            rows = connection.execute(query).all()
        found = [revision_of(row) for row in rows]
        return {revision.item.id: revision for revision in found}

    def candidate_events(self, keys: Sequence[str], limit: int = 200) -> tuple[Event, ...]:
        """Events that carry any of these keys, not merged, newest first."""
        found: dict[int, str] = {}
        if not keys:
            return ()
        joined = EVENT.join(EVENT_KEY, EVENT_KEY.c.sequence == EVENT.c.sequence).join(
            RECORD, RECORD.c.sequence == EVENT.c.last_sequence
        )
        with self.db.read() as connection:
            for some in chunks(sorted({clean(key) for key in keys})):
                query = (
                    select(EVENT.c.sequence, RECORD.c.event)
                    .select_from(joined)
                    .where(EVENT_KEY.c.key.in_(some), EVENT.c.merged.is_(False))
                    .order_by(EVENT.c.sequence.desc())
                    .limit(limit * 8)  # an event stands once for each of its keys
                )
                found |= {sequence: body for sequence, body in connection.execute(query)}
        newest = sorted(found, reverse=True)[:limit]
        return tuple(loads(Event, found[sequence]) for sequence in newest)

    def commit_page(self, page: PageCommit) -> tuple[Record, ...]:
        """Store all of it in one transaction; bodies are in the archive before."""
        for snapshot in page.snapshots:
            self.archive.put(snapshot.body, snapshot.body_hash)
        with self.db.write() as connection:
            if page.expected_sequence is not None:  # nobody appends between look and commit
                self.db.lock(connection, LOCK_LOG)
            _insert_snapshots(self.db, connection, page.snapshots)
            insert_revisions(self.db, connection, page.revisions)
            self.db.upsert(connection, CLAIM, _claim_rows(page.claims), key=["id"], replace=False)
            if page.expected_sequence is not None:
                _require_unmoved(connection, page.records, page.expected_sequence)
            records = append_records(self.db, connection, page.records)
            if page.taking is not None:
                _insert_taking(connection, page.taking, records)
            insert_deliveries(self.db, connection, page.deliveries)
            if page.ledger is not None:
                commit_ledger(self.db, connection, page.ledger)
            _upsert_states(self.db, connection, [page.state] if page.state else [])
            insert_health(connection, page.health)
        return records

    def commit_states(
        self, states: Sequence[SourceState], health: Sequence[HealthEntry] = ()
    ) -> None:
        """Store states and health entries of checks that found nothing new."""
        if not states and not health:
            return
        with self.db.write() as connection:
            _upsert_states(self.db, connection, states)
            insert_health(connection, health)

    def snapshot(self, snapshot_id: SnapshotId) -> Snapshot | None:
        """A stored capture with its bytes; None when it or its body is not there."""
        query = select(SNAPSHOT.c.body, SNAPSHOT.c.body_hash).where(SNAPSHOT.c.id == snapshot_id)
        with self.db.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else self._with_body(row)

    def snapshots(
        self, source_id: SourceId | None = None, since: datetime | None = None
    ) -> Iterator[Snapshot]:
        """Stored captures in order of capture; those whose body was pruned are passed over."""
        query = select(
            SNAPSHOT.c.captured_at, SNAPSHOT.c.id, SNAPSHOT.c.body, SNAPSHOT.c.body_hash
        ).order_by(SNAPSHOT.c.captured_at, SNAPSHOT.c.id)
        if source_id is not None:
            query = query.where(SNAPSHOT.c.source_id == source_id)
        if since is not None:
            query = query.where(SNAPSHOT.c.captured_at >= since)
        for row in self._walk(query, SNAPSHOT.c.captured_at, SNAPSHOT.c.id):
            snapshot = self._with_body(row)
            if snapshot is not None:
                yield snapshot

    def stored_capture(self, snapshot_id: SnapshotId) -> StoredCapture | None:
        """A capture's stored text with the hash it was stored under."""
        query = select(SNAPSHOT.c.body, SNAPSHOT.c.hash).where(SNAPSHOT.c.id == snapshot_id)
        with self.db.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else StoredCapture(id=snapshot_id, hash=row.hash, body=row.body)

    def takings(self) -> Iterator[StoredTaking]:
        """All takings in their order, in short transactions."""
        after = 0
        while True:
            query = select(TAKING).where(TAKING.c.number > after).order_by(TAKING.c.number)
            with self.db.read() as connection:
                rows = connection.execute(query.limit(_PAGE)).all()
            yield from map(_taking_of, rows)
            if len(rows) < _PAGE:
                return
            after = rows[-1].number

    def snapshot_revisions(self, snapshot_id: SnapshotId) -> tuple[Revision, ...]:
        """The revisions that were read from a capture."""
        query = select(REVISION).where(REVISION.c.snapshot_id == snapshot_id)
        with self.db.read() as connection:
            rows = connection.execute(query.order_by(REVISION.c.item_id)).all()
        return tuple(revision_of(row) for row in rows)

    def body(self, address: BodyHash) -> bytes | None:
        """Bytes from the archive; None when pruned or never there."""
        return self.archive.get(address)

    def revision(self, item_id: ItemId, number: int) -> Revision | None:
        """One stored revision."""
        query = select(REVISION).where(REVISION.c.item_id == item_id, REVISION.c.number == number)
        with self.db.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else revision_of(row)

    def item_revisions(self, item_id: ItemId) -> tuple[Revision, ...]:
        """All revisions of an item, oldest first."""
        query = select(REVISION).where(REVISION.c.item_id == item_id).order_by(REVISION.c.number)
        with self.db.read() as connection:
            return tuple(revision_of(row) for row in connection.execute(query))

    def items(self, source_id: SourceId | None = None) -> Iterator[Revision]:
        """All newest revisions, in order of capture."""
        query = newest().order_by(REVISION.c.captured_at, REVISION.c.item_id)
        if source_id is not None:
            query = query.where(ITEM.c.source_id == source_id)
        for row in self._walk(query, REVISION.c.captured_at, REVISION.c.item_id):
            yield revision_of(row)

    def _walk(self, query: Select[Any], *order: Any) -> Iterator[Row[Any]]:
        """All rows in short transactions, by keyset over the two columns of the order."""
        after: tuple[Any, Any] | None = None
        while True:
            page = query if after is None else query.where(later_than(order, after))
            with self.db.read() as connection:
                rows = connection.execute(page.limit(_PAGE)).all()
            yield from rows
            if len(rows) < _PAGE:
                return
            names = [column.name for column in order]
            after = (getattr(rows[-1], names[0]), getattr(rows[-1], names[1]))

    def _with_body(self, row: Any) -> Snapshot | None:
        body = self.archive.get(row.body_hash)
        return None if body is None else snapshot_of(row.body, body)


def _insert_snapshots(db: Database, connection: Connection, snapshots: Sequence[Snapshot]) -> None:
    texts = [snapshot_text(snapshot) for snapshot in snapshots]
    rows = [
        {
            "id": snapshot.id,
            "source_id": snapshot.source_id,
            "captured_at": snapshot.captured_at,
            "body_hash": snapshot.body_hash,
            "size_bytes": len(snapshot.body),
            "pruned": False,
            "hash": text_hash(text),
            "body": text,
        }
        for snapshot, text in zip(snapshots, texts, strict=True)
    ]
    db.upsert(connection, SNAPSHOT, rows, key=["id"], replace=False)


@cache  # making a statement takes longer than running it
def _new_taking() -> Insert:
    return insert(TAKING).inline()


def _insert_taking(connection: Connection, taking: Taking, records: Sequence[Record]) -> None:
    before = records[0].sequence - 1 if records else last_sequence(connection)
    row = {
        "snapshot_id": taking.snapshot_id,
        "sequence": before,
        "records": len(records),
        "body": dumps(taking),
    }
    connection.execute(_new_taking(), [row])


def _taking_of(row: Row[Any]) -> StoredTaking:
    return StoredTaking(
        number=row.number,
        sequence=row.sequence,
        records=row.records,
        taking=loads(Taking, row.body),
    )


def _claim_rows(claims: Sequence[Claim]) -> list[dict[str, Any]]:
    return [
        {
            "id": claim.id,
            "item_id": claim.item_id,
            "revision": claim.revision,
            "source_id": claim.source_id,
            "body": dumps(claim),
        }
        for claim in claims
    ]


def _require_unmoved(connection: Connection, records: Sequence[Record], seen: int) -> None:
    """Raises Conflict when a later record than `seen` touches what these records decide on."""
    moved = select(RECORD.c.event_id).where(RECORD.c.sequence > seen)
    if connection.execute(moved.limit(1)).first() is None:
        return
    keys = sorted({key for record in records for key in event_keys(record.event)})
    ids = sorted({record.event.id for record in records})
    for some in chunks(keys):
        touched = (
            select(EVENT.c.id)
            .join(EVENT_KEY, EVENT_KEY.c.sequence == EVENT.c.sequence)
            .where(EVENT.c.last_sequence > seen, EVENT_KEY.c.key.in_(some))
        )
        _require_none(connection, touched)
    for some in chunks(ids):
        _require_none(
            connection,
            select(EVENT.c.id).where(EVENT.c.last_sequence > seen, EVENT.c.id.in_(some)),
        )


def _require_none(connection: Connection, touched: Select[Any]) -> None:
    found = connection.execute(touched.limit(1)).scalar()
    if found is not None:
        raise Conflict(
            f"event {found} was changed by another check since it was read; nothing was stored, "
            "read the events again and decide again"
        )


def _upsert_states(db: Database, connection: Connection, states: Sequence[SourceState]) -> None:
    rows = [{"source_id": state.source_id, "body": dumps(state)} for state in states]
    db.upsert(connection, SOURCE_STATE, rows, key=["source_id"])
