"""Retention: bodies that nothing rests on leave the archive after a while; evidence never does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, exists, func, select, update

from storage.part import Part
from storage.tables import CLAIM, EVIDENCE, HEALTH, ITEM, REVISION, SNAPSHOT


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What left: captures whose body went, body files removed, health entries removed."""

    snapshots: int
    bodies: int
    health: int


class RetentionPart(Part):
    """What may be forgotten."""

    def prune(self, before: datetime, health_before: datetime | None = None) -> Pruned:
        """Drop bodies captured before `before`, and health entries before `health_before`.

        Kept whatever their age: bodies that an event rests on, all versions of what made a claim
        (a silent edit is shown by the later one), bodies that the newest revision of an item was
        read from, and each source's newest capture. First the rows say so, then the
        files go; a crash between leaves files that the next run removes.
        """
        with self.db.write() as connection:
            marked = connection.execute(
                update(SNAPSHOT)
                .where(SNAPSHOT.c.captured_at < before, SNAPSHOT.c.pruned.is_(False), ~_needed())
                .values(pruned=True)
            ).rowcount
            told = 0
            if health_before is not None:
                told = connection.execute(
                    delete(HEALTH).where(HEALTH.c.at < health_before)
                ).rowcount
        return Pruned(snapshots=marked, bodies=self._remove_bodies(before), health=told)

    def _remove_bodies(self, before: datetime) -> int:
        """Remove the files that only pruned rows name."""
        other = SNAPSHOT.alias("other")
        held = exists().where(other.c.body_hash == SNAPSHOT.c.body_hash, other.c.pruned.is_(False))
        query = (
            select(SNAPSHOT.c.body_hash)
            .distinct()
            .where(SNAPSHOT.c.pruned.is_(True), SNAPSHOT.c.captured_at < before, ~held)
        )
        with self.db.read() as connection:
            addresses = connection.execute(query).scalars().all()
        return sum(self.archive.remove(address) for address in addresses)


def _needed() -> ColumnElement[bool]:
    newer = SNAPSHOT.alias("newer")
    rests = exists().where(EVIDENCE.c.body_hash == SNAPSHOT.c.body_hash)
    newest_revision = exists().where(
        REVISION.c.snapshot_id == SNAPSHOT.c.id,
        and_(ITEM.c.id == REVISION.c.item_id, ITEM.c.number == REVISION.c.number),
    )
    version_of_a_claim = exists().where(
        REVISION.c.snapshot_id == SNAPSHOT.c.id, CLAIM.c.item_id == REVISION.c.item_id
    )
    last = (
        select(func.max(newer.c.captured_at))
        .where(newer.c.source_id == SNAPSHOT.c.source_id)
        .scalar_subquery()
    )
    return rests | version_of_a_claim | newest_revision | (SNAPSHOT.c.captured_at == last)
