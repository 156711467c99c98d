"""Proof that log, projection and archive are what was written: nothing changed, nothing missing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Connection, Row, func, select

from monitor.domain.errors import StoreError
from monitor.domain.event import Event
from monitor.domain.item import Item
from storage.blobs import Archive
from storage.captures import snapshot_of
from storage.chain import START, Link, checkpoint_text, link_hash, record_of, text_hash
from storage.codec import loads, moment_of
from storage.engine import Database
from storage.part import later_than, unpack
from storage.projection import chain_ends, event_columns, event_keys, public_at
from storage.search import event_texts, indexed, stored_texts
from storage.tables import CHECKPOINT, EVENT, EVENT_KEY, RECORD, REVISION, SNAPSHOT

_PAGE = 1000
Progress = Callable[[int], None]


def problems(db: Database, archive: Archive, progress: Progress) -> Iterator[str]:
    """All that is wrong, one line each: what, where."""
    done = 0
    ends: dict[str, Link] = {}
    marks = _checkpoints(db)
    yield from _checkpoint_chain(marks)
    due = sorted(marks, key=lambda mark: mark.sequence)
    for row in _records(db):
        while due and due[0].sequence < row.sequence:
            yield from _against_checkpoint(due.pop(0), ends)
        yield from _against_chain(row, ends)
        done += 1
        if done % _PAGE == 0:
            progress(done)
    for mark in due:
        yield from _against_checkpoint(mark, ends)
    yield from _chain_table(db, ends)
    yield from _projection(db)
    yield from _archive(db, archive, progress, done)
    yield from _revisions(db)


def _pages(db: Database, query: Any, key: Any) -> Iterator[Row[Any]]:
    """All rows by ascending key, in short transactions."""
    after: Any = None
    while True:
        page = query if after is None else query.where(key > after)
        with db.read() as connection:
            rows = connection.execute(page.order_by(key).limit(_PAGE)).all()
        yield from rows
        if len(rows) < _PAGE:
            return
        after = getattr(rows[-1], key.name)


def _records(db: Database) -> Iterator[Row[Any]]:
    return _pages(db, select(RECORD), RECORD.c.sequence)


def _against_chain(row: Row[Any], ends: dict[str, Link]) -> Iterator[str]:
    where = f"record {row.sequence}"
    total = sum(end.length for end in ends.values())
    if row.sequence != total + 1 and total:
        yield f"{where}: {row.sequence - total - 1} records before it are missing"
    end = ends.get(row.chain, Link())
    if row.previous_hash != end.hash:
        yield f"{where}: does not follow its predecessor in chain {row.chain}"
    if link_hash(row.previous_hash, row.sequence, row.event, row.body) != row.hash:
        yield f"{where}: its text is not the one that was hashed"
    ends[row.chain] = Link(sequence=row.sequence, hash=row.hash, length=end.length + 1)
    yield from _against_columns(row, where)


def _against_columns(row: Row[Any], where: str) -> Iterator[str]:
    try:
        record = record_of(row.event, row.body, sequence=row.sequence, previous_hash="", hash="")
    except StoreError as error:
        yield f"{where}: {error}"
        return
    said = (
        record.id, record.event.id, record.kind.value, record.chain, record.recorded_at,
        record.told, public_at(record),
    )  # fmt: skip
    held = (row.id, row.event_id, row.kind, row.chain, row.recorded_at, row.told, row.public_at)
    if said != held:
        yield f"{where}: its columns differ from its text"


def _checkpoints(db: Database) -> list[Row[Any]]:
    with db.read() as connection:
        return list(connection.execute(select(CHECKPOINT).order_by(CHECKPOINT.c.number)))


def _checkpoint_chain(marks: list[Row[Any]]) -> Iterator[str]:
    previous = START
    for mark in marks:
        if text_hash(mark.body) != mark.hash or json.loads(mark.body)["previous"] != previous:
            yield f"checkpoint {mark.number}: does not follow its predecessor"
        previous = mark.hash


def _against_checkpoint(mark: Row[Any], ends: dict[str, Link]) -> Iterator[str]:
    tree = json.loads(mark.body)
    expected = checkpoint_text(tree["previous"], moment_of(tree["at"]), ends.items())
    if expected != mark.body:
        yield f"checkpoint {mark.number}: the chains up to record {mark.sequence} are not as then"


def _chain_table(db: Database, ends: dict[str, Link]) -> Iterator[str]:
    with db.read() as connection:
        held = chain_ends(connection)
    for name in sorted(held.keys() | ends.keys()):
        if held.get(name) != ends.get(name):
            yield f"chain {name}: records at its end are missing or were added from outside"


def _projection(db: Database) -> Iterator[str]:
    """The event table against the newest record of each event, texts and keys with it."""
    with db.read() as connection:
        events = connection.execute(select(func.count()).select_from(EVENT)).scalar_one()
        opened = connection.execute(
            select(func.count(func.distinct(RECORD.c.event_id)))
        ).scalar_one()
    if events != opened:
        yield f"the event table holds {events} events, the log {opened}"
    joined = EVENT.outerjoin(RECORD, RECORD.c.sequence == EVENT.c.last_sequence)
    query = select(EVENT, RECORD.c.event.label("body")).select_from(joined)
    window: list[Row[Any]] = []
    for row in _pages(db, query, EVENT.c.sequence):
        window.append(row)
        if len(window) == _PAGE:
            yield from _window(db, window)
            window = []
    yield from _window(db, window)


def _window(db: Database, rows: list[Row[Any]]) -> Iterator[str]:
    if not rows:
        return
    first, last = rows[0].sequence, rows[-1].sequence
    with db.read() as connection:
        texts = stored_texts(connection, db.is_sqlite, first, last)
        keys = _stored_keys(connection, first, last)
        newest = _newest_records(connection, [row.id for row in rows])
    for row in rows:
        yield from _against_record(row, newest.get(row.id), texts, keys, db.is_sqlite)


def _stored_keys(connection: Connection, first: int, last: int) -> dict[int, set[str]]:
    query = select(EVENT_KEY).where(EVENT_KEY.c.sequence.between(first, last))
    found: dict[int, set[str]] = {}
    for key, sequence in connection.execute(query):
        found.setdefault(sequence, set()).add(key)
    return found


def _newest_records(connection: Connection, ids: list[str]) -> dict[str, tuple[Any, ...]]:
    query = (
        select(
            RECORD.c.event_id,
            func.min(RECORD.c.sequence),
            func.max(RECORD.c.sequence),
            func.max(RECORD.c.recorded_at),
            func.min(RECORD.c.public_at),
            func.max(RECORD.c.public_at),
        )
        .where(RECORD.c.event_id.in_(ids))
        .group_by(RECORD.c.event_id)
    )
    return {row[0]: tuple(row[1:]) for row in connection.execute(query)}


def _against_record(
    row: Row[Any],
    newest: tuple[Any, ...] | None,
    texts: dict[int, Any],
    keys: dict[int, set[str]],
    sqlite: bool,
) -> Iterator[str]:
    where = f"event {row.id}"
    held = (
        row.sequence, row.last_sequence, row.last_recorded_at, row.public_at, row.last_public_at
    )  # fmt: skip
    if row.body is None or held != newest:
        yield f"{where}: stands otherwise than its records say"
        return
    event = loads(Event, row.body)
    columns = event_columns(event)
    differing = [name for name, value in columns.items() if getattr(row, name) != value]
    if differing:
        yield f"{where}: {', '.join(differing)} differ from its newest record"
    if keys.get(row.sequence, set()) != set(event_keys(event)):
        yield f"{where}: its keys differ from its newest record"
    if texts.get(row.sequence) != indexed(event_texts(event), sqlite):
        yield f"{where}: its searchable text differs from its newest record"


def _archive(db: Database, archive: Archive, progress: Progress, done: int) -> Iterator[str]:
    """Every capture's text against its id, every body against its address."""
    for row in _pages(db, select(SNAPSHOT), SNAPSHOT.c.id):
        done += 1
        if done % _PAGE == 0:
            progress(done)
        try:
            yield from _capture(row, archive)
        except StoreError as error:
            yield f"snapshot {row.id}: {error}"


def _capture(row: Row[Any], archive: Archive) -> Iterator[str]:
    if text_hash(row.body) != row.hash:
        yield f"snapshot {row.id}: its text is not the one that was hashed"
    body = archive.get(row.body_hash)
    if body is None:
        if not row.pruned:
            yield f"snapshot {row.id}: its body {row.body_hash} is missing from the archive"
        return
    snapshot = snapshot_of(row.body, body)
    if (snapshot.id, snapshot.source_id) != (row.id, row.source_id):
        yield f"snapshot {row.id}: its columns differ from its text"


def _revisions(db: Database) -> Iterator[str]:
    """Every revision's text against the item and the digest it was stored under."""
    after: tuple[Any, Any] | None = None
    order = (REVISION.c.item_id, REVISION.c.number)
    while True:
        query = select(REVISION).order_by(*order).limit(_PAGE)
        page = query if after is None else query.where(later_than(order, after))
        with db.read() as connection:
            rows = connection.execute(page).all()
        for row in rows:
            yield from _revision(row)
        if len(rows) < _PAGE:
            return
        after = (rows[-1].item_id, rows[-1].number)


def _revision(row: Row[Any]) -> Iterator[str]:
    where = f"revision {row.number} of item {row.item_id}"
    try:
        item = unpack(Item, row.body)
    except StoreError as error:
        yield f"{where}: {error}"
        return
    if (item.id, item.digest) != (row.item_id, row.digest):
        yield f"{where}: its columns differ from its text"
