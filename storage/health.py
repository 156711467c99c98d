"""Health entries, and small facts by name (leases, notices already told)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from monitor.domain.health import HealthEntry
from monitor.domain.ident import SourceId
from storage.codec import dumps, loads
from storage.part import Part, clean
from storage.tables import FACT, HEALTH


class HealthPart(Part):
    """HealthStore over SQL."""

    def add_health(self, entries: Sequence[HealthEntry]) -> None:
        """Append entries."""
        if entries:
            with self.db.write() as connection:
                insert_health(connection, entries)

    def health(
        self, source_id: SourceId | None = None, since: datetime | None = None, limit: int = 200
    ) -> tuple[HealthEntry, ...]:
        """Entries, newest first."""
        query = select(HEALTH.c.body).order_by(HEALTH.c.at.desc(), HEALTH.c.number.desc())
        if source_id is not None:
            query = query.where(HEALTH.c.source_id == source_id)
        if since is not None:
            query = query.where(HEALTH.c.at >= since)
        with self.db.read() as connection:
            bodies = connection.execute(query.limit(limit)).scalars().all()
        return tuple(loads(HealthEntry, body) for body in bodies)

    def fact(self, name: str) -> str | None:
        """A stored small fact."""
        with self.db.read() as connection:
            return connection.execute(
                select(FACT.c.value).where(FACT.c.name == name)
            ).scalar_one_or_none()

    def set_fact(self, name: str, value: str) -> None:
        """Store a small fact."""
        with self.db.write() as connection:
            row = {"name": clean(name), "value": clean(value)}
            self.db.upsert(connection, FACT, [row], key=["name"])

    def swap_fact(self, name: str, expected: str | None, value: str) -> bool:
        """Store it where `expected` stands (None: nothing yet); False when another was first."""
        row = {"name": clean(name), "value": clean(value)}
        with self.db.write() as connection:
            if expected is None:
                insert_one = (insert_sqlite if self.db.is_sqlite else insert_postgresql)(FACT)
                first = insert_one.values(row).on_conflict_do_nothing(index_elements=["name"])
                return connection.execute(first.returning(FACT.c.name)).first() is not None
            held = and_(FACT.c.name == row["name"], FACT.c.value == clean(expected))
            return connection.execute(update(FACT).where(held).values(row)).rowcount == 1


def insert_health(connection: Connection, entries: Sequence[HealthEntry]) -> None:
    """Append entries within a transaction."""
    if not entries:
        return
    rows = [
        {
            "at": entry.at,
            "source_id": entry.source_id or "",
            "kind": clean(entry.kind),
            "body": dumps(entry),
        }
        for entry in entries
    ]
    connection.execute(insert(HEALTH).inline(), rows)
