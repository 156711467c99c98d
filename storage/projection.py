"""Records appended, and the event table that follows from them: its projection."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, delete, func, insert, select

from monitor.domain.event import Event, Evidence, Record
from monitor.domain.filter import bill_key, event_day
from monitor.domain.filter_fields import FEDERAL
from storage.chain import Link, link_hash, record_texts
from storage.codec import loads
from storage.engine import LOCK_LOG, Database
from storage.part import chunks, clean
from storage.search import Texts, event_texts, write_texts
from storage.tables import CHAIN, EVENT, EVENT_KEY, EVIDENCE, RECORD


@dataclasses.dataclass(slots=True, kw_only=True)
class _Standing:
    """What the projection holds of one event while records are appended."""

    sequence: int
    public_at: datetime
    last_public_at: datetime
    last_recorded_at: datetime
    last_sequence: int
    event: Event
    texts: Texts | None = None  #: as indexed; None for a new event


def append_records(
    db: Database, connection: Connection, records: Sequence[Record]
) -> tuple[Record, ...]:
    """Chain, store and project the records; returns them with sequence and hashes.

    The lock makes sequence the order of commit, so a reader that has seen n misses nothing
    below n. Raises Conflict where a record is stored already.
    """
    if not records:
        return ()
    db.lock(connection, LOCK_LOG)
    linked, rows, ends = _linked(connection, records)
    standing = _standing(connection, {record.event.id for record in records})
    known = set(standing)
    for record, row in zip(linked, rows, strict=True):
        _follow(standing, record, row["public_at"])
    connection.execute(insert(RECORD), rows)
    db.upsert(connection, CHAIN, [_chain_row(n, e) for n, e in ends.items()], key=["name"])
    _project(
        db, connection, [standing[i] for i in dict.fromkeys(r.event.id for r in linked)], known
    )
    return linked


def _linked(
    connection: Connection, records: Sequence[Record]
) -> tuple[tuple[Record, ...], list[dict[str, Any]], dict[str, Link]]:
    """The records with sequence and hashes, their rows, and the new ends of their chains."""
    sequence = last_sequence(connection)
    ends = chain_ends(connection, {record.chain for record in records})
    linked, rows = [], []
    for record in records:
        sequence += 1
        end = ends.get(record.chain, Link())
        event, rest = record_texts(record)
        digest = link_hash(end.hash, sequence, event, rest)
        linked.append(
            dataclasses.replace(record, sequence=sequence, previous_hash=end.hash, hash=digest)
        )
        rows.append(_record_row(linked[-1], event, rest))
        ends[record.chain] = Link(sequence=sequence, hash=digest, length=end.length + 1)
    return tuple(linked), rows, ends


def _record_row(record: Record, event: str, rest: str) -> dict[str, Any]:
    return {
        "sequence": record.sequence,
        "id": record.id,
        "event_id": record.event.id,
        "kind": record.kind.value,
        "chain": record.chain,
        "recorded_at": record.recorded_at,
        "public_at": public_at(record),
        "told": record.told,
        "previous_hash": record.previous_hash,
        "hash": record.hash,
        "event": event,
        "body": rest,
    }


@cache  # asked for with every page
def _last() -> Select[Any]:
    return select(func.max(RECORD.c.sequence))


def last_sequence(connection: Connection) -> int:
    """Sequence of the newest record, 0 for an empty log."""
    return int(connection.execute(_last()).scalar() or 0)


def chain_ends(connection: Connection, names: Iterable[str] | None = None) -> dict[str, Link]:
    """The ends of these chains, of all when None."""
    query = select(CHAIN.c.name, CHAIN.c.sequence, CHAIN.c.hash, CHAIN.c.length)
    if names is not None:
        query = query.where(CHAIN.c.name.in_(list(names)))
    return {
        name: Link(sequence=sequence, hash=digest, length=length)
        for name, sequence, digest, length in connection.execute(query)
    }


def _chain_row(name: str, end: Link) -> dict[str, Any]:
    return {"name": name, "sequence": end.sequence, "hash": end.hash, "length": end.length}


def public_at(record: Record) -> datetime:
    """When what the record rests on was public: its claim's stated day (from 0:00 UTC) or its
    capture, the earlier one; for records without a claim, when it was recorded."""
    if record.claim is None:
        return record.recorded_at
    moments = [record.recorded_at]
    evidence = _evidence_of(record)
    if evidence is not None and evidence.captured_at is not None:
        moments.append(evidence.captured_at)
    if record.claim.published is not None:
        moments.append(datetime.combine(record.claim.published.day, time(), UTC))
    return min(moments)


def _evidence_of(record: Record) -> Evidence | None:
    claim = record.claim
    found = (e for e in record.event.evidence if claim is not None and e.claim_id == claim.id)
    return next(found, None)


def _standing(connection: Connection, ids: set[str]) -> dict[str, _Standing]:
    """The events of these ids that are in the projection."""
    found: dict[str, _Standing] = {}
    columns = (
        EVENT.c.sequence,
        EVENT.c.public_at,
        EVENT.c.last_public_at,
        EVENT.c.last_recorded_at,
        EVENT.c.last_sequence,
        RECORD.c.event,
    )
    joined = EVENT.join(RECORD, RECORD.c.sequence == EVENT.c.last_sequence)
    for some in chunks(sorted(ids)):
        for row in connection.execute(
            select(*columns).select_from(joined).where(EVENT.c.id.in_(some))
        ):
            event = loads(Event, row.event)
            found[event.id] = _Standing(
                sequence=row.sequence,
                public_at=row.public_at,
                last_public_at=row.last_public_at,
                last_recorded_at=row.last_recorded_at,
                last_sequence=row.last_sequence,
                event=event,
                texts=event_texts(event),
            )
    return found


def _follow(standing: dict[str, _Standing], record: Record, public: datetime) -> None:
    """The event's standing after one more record."""
    held = standing.get(record.event.id)
    if held is None:
        standing[record.event.id] = _Standing(
            sequence=record.sequence,
            public_at=public,
            last_public_at=public,
            last_recorded_at=record.recorded_at,
            last_sequence=record.sequence,
            event=record.event,
        )
        return
    held.public_at = min(held.public_at, public)
    held.last_public_at = max(held.last_public_at, public)
    held.last_recorded_at = max(held.last_recorded_at, record.recorded_at)
    held.last_sequence = record.sequence
    held.event = record.event


def _project(
    db: Database, connection: Connection, standing: Sequence[_Standing], known: set[str]
) -> None:
    """Write events, keys, evidence and texts as they stand now."""
    db.upsert(connection, EVENT, [_event_row(one) for one in standing], key=["sequence"])
    _write_keys(db, connection, standing, known)
    db.upsert(
        connection,
        EVIDENCE,
        _evidence_rows(standing),
        key=["event_id", "snapshot_id"],
        replace=False,
    )
    texts = [(one.sequence, event_texts(one.event), one.texts) for one in standing]
    write_texts(connection, [(n, new) for n, new, old in texts if new != old], db.is_sqlite)


def _write_keys(
    db: Database, connection: Connection, standing: Sequence[_Standing], known: set[str]
) -> None:
    changed = [one.sequence for one in standing if one.event.id in known]
    for some in chunks(changed):
        connection.execute(delete(EVENT_KEY).where(EVENT_KEY.c.sequence.in_(some)))
    rows = [
        {"key": key, "sequence": one.sequence} for one in standing for key in event_keys(one.event)
    ]
    db.upsert(connection, EVENT_KEY, rows, key=["key", "sequence"], replace=False)


def event_keys(event: Event) -> tuple[str, ...]:
    """All keys under which the event is found again."""
    return tuple(dict.fromkeys(clean(key) for key in (event.event_key, *event.keys) if key))


def _evidence_rows(standing: Sequence[_Standing]) -> list[dict[str, Any]]:
    return list(
        {
            (one.event.id, e.snapshot_id): {
                "event_id": one.event.id,
                "snapshot_id": e.snapshot_id,
                "body_hash": e.body_hash,
            }
            for one in standing
            for e in one.event.evidence
        }.values()
    )


def _event_row(one: _Standing) -> dict[str, Any]:
    return {
        "sequence": one.sequence,
        "public_at": one.public_at,
        "last_public_at": one.last_public_at,
        "last_recorded_at": one.last_recorded_at,
        "last_sequence": one.last_sequence,
    } | event_columns(one.event)


def event_columns(event: Event) -> dict[str, Any]:
    """What a filter compares, as monitor.domain.filter reads it from the event."""
    place = event.jurisdiction
    return {
        "id": event.id,
        "event_type": event.event_type.value,
        "stage": event.stage.value,
        "direction": event.direction.value,
        "status": event.status.value,
        "tier": event.tier.value,
        "worth": event.worth.value,
        "state": clean(place.state or FEDERAL),
        "county": clean(place.county or ""),
        "agency_id": clean(event.agency_id or ""),
        "model": event.model.value if event.model else "",
        "bill": bill_key(event.bill) if event.bill else "",
        "instrument": event.instrument.value if event.instrument else "",
        "target": clean(event.target or ""),
        "source_id": clean(event.source_id),
        "day": event_day(event).isoformat(),
        "recorded_day": event.recorded_at.astimezone(UTC).date().isoformat(),
        "recorded_at": event.recorded_at,
        "silent": event.silent,
        "merged": event.merged_into is not None,
        "merged_into": event.merged_into or "",
    }
