"""Revisions of items as rows: found by item, and inserted each once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, bindparam, select

from monitor.domain.errors import Conflict
from monitor.domain.ident import ItemId, SnapshotId, SourceId
from monitor.domain.item import Item, Revision
from storage.engine import Database
from storage.part import chunks, pack, unpack
from storage.tables import ITEM, REVISION


def newest() -> Select[Any]:
    """The newest revision of every item."""
    joined = ITEM.join(
        REVISION, and_(REVISION.c.item_id == ITEM.c.id, REVISION.c.number == ITEM.c.number)
    )
    return select(REVISION).select_from(joined)


@cache  # making a statement takes longer than running it
def _newest_of() -> Select[Any]:
    chosen = ITEM.c.id.in_(bindparam("items", expanding=True))
    return newest().where(chosen, ITEM.c.source_id == bindparam("source"))


@cache
def _stored() -> Select[Any]:
    query = select(REVISION.c.item_id, REVISION.c.number, REVISION.c.digest, REVISION.c.gone)
    return query.where(REVISION.c.item_id.in_(bindparam("items", expanding=True)))


def known_revisions(
    connection: Connection, source_id: SourceId, item_ids: Sequence[ItemId]
) -> dict[ItemId, Revision]:
    """The newest revision of each of these items that is stored."""
    found: dict[ItemId, Revision] = {}
    for some in chunks(item_ids):
        rows = connection.execute(_newest_of(), {"items": list(some), "source": source_id})
        found |= {revision.item.id: revision for revision in map(revision_of, rows)}
    return found


def revision_of(row: Row[Any]) -> Revision:
    """The value of a row."""
    return Revision(
        item=unpack(Item, row.body),
        number=row.number,
        snapshot_id=SnapshotId(row.snapshot_id),
        captured_at=row.captured_at,
        gone=row.gone,
    )


def insert_revisions(db: Database, connection: Connection, revisions: Sequence[Revision]) -> None:
    """New rows only. Raises Conflict where a number is taken with another content."""
    rows = [_revision_row(revision) for revision in revisions]
    written = db.upsert(connection, REVISION, rows, key=["item_id", "number"], replace=False)
    if written != len(rows):  # some were stored before
        _require_same(connection, revisions)
    newest = {r.item.id: r for r in sorted(revisions, key=lambda r: r.number)}
    items = [_item_row(revision) for revision in newest.values()]
    db.upsert(connection, ITEM, items, key=["id"], if_higher="number")


def _require_same(connection: Connection, revisions: Sequence[Revision]) -> None:
    for some in chunks(revisions):
        found = connection.execute(_stored(), {"items": [revision.item.id for revision in some]})
        held = {(item, number): (digest, gone) for item, number, digest, gone in found}
        for revision in some:
            if held.get((revision.item.id, revision.number)) != (
                revision.item.digest,
                revision.gone,
            ):
                raise Conflict(
                    f"{revision.item.source_id}: revision {revision.number} of item "
                    f"{revision.item.id} is stored with another content; nothing was changed, "
                    "check the source again"
                )


def _revision_row(revision: Revision) -> dict[str, Any]:
    return {
        "item_id": revision.item.id,
        "number": revision.number,
        "snapshot_id": revision.snapshot_id,
        "captured_at": revision.captured_at,
        "gone": revision.gone,
        "digest": revision.item.digest,
        "body": pack(revision.item),
    }


def _item_row(revision: Revision) -> dict[str, Any]:
    return {
        "id": revision.item.id,
        "source_id": revision.item.source_id,
        "number": revision.number,
        "gone": revision.gone,
        "captured_at": revision.captured_at,
    }
