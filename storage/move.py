"""A whole database copied into another: SQLite to PostgreSQL and back, table by table.

The source is read in one transaction, so the copy is one moment of it. The full-text index is
made anew from the log. Bodies lie on disk beside the database and are not touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select, text

from monitor.domain.errors import StoreError
from monitor.domain.event import Event
from storage.codec import loads
from storage.engine import Database
from storage.migrate import migrate_database
from storage.search import event_texts, write_texts
from storage.tables import EVENT, METADATA, RECORD

_BATCH = 1000
#: Told with the table's name and how many of its rows are copied.
Progress = Callable[[str, int], None]


class StoreNotEmpty(StoreError):
    """The database that should take a copy holds rows already."""


def move(source_url: str, target_url: str, progress: Progress | None = None) -> dict[str, int]:
    """Copy everything into an empty database; returns the number of rows by table.

    The target's schema is made first. Raises StoreError when the target holds anything else than
    a whole copy, which a move that was killed at its end leaves; on any failure of its own the
    target is left without rows.
    """
    source, target = Database(source_url), Database(target_url)
    try:
        migrate_database(source)
        migrate_database(target)
        try:
            return copy(source, target, progress or (lambda _name, _rows: None))
        except StoreNotEmpty:
            held = _contents(source)
            if held != _contents(target):
                raise
            return held[0]
    finally:
        source.close()
        target.close()


def copy(source: Database, target: Database, progress: Progress) -> dict[str, int]:
    """As move(), between open databases of the newest schema."""
    copied: dict[str, int] = {}
    with source.read() as reading, target.write() as writing:
        require_empty(target, writing)
        for table in METADATA.sorted_tables:
            copied[table.name] = 0
            for rows in _batches(reading, table):
                writing.execute(insert(table), rows)
                copied[table.name] += len(rows)
                progress(table.name, copied[table.name])
            if not target.is_sqlite:
                _advance_numbers(writing, table)
        _copy_texts(reading, writing, target.is_sqlite)
    return copied


def _contents(database: Database) -> tuple[dict[str, int], str | None]:
    """Rows by table, and the hash that the log ends with: what tells two copies apart."""
    last = select(RECORD.c.hash).order_by(RECORD.c.sequence.desc()).limit(1)
    with database.read() as connection:
        counts = {
            table.name: int(
                connection.execute(select(func.count()).select_from(table)).scalar_one()
            )
            for table in METADATA.sorted_tables
        }
        return counts, connection.execute(last).scalar()


def require_empty(target: Database, connection: Connection) -> None:
    """Raises StoreError when any table of the database holds a row."""
    for table in METADATA.sorted_tables:
        if connection.execute(select(table).limit(1)).first() is not None:
            raise StoreNotEmpty(
                f"{target.url.render_as_string(hide_password=True)}: table {table.name} holds rows "
                "already; give an empty database"
            )


def _batches(connection: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    """All rows by primary key, so that memory stays bounded on both drivers."""
    keys = list(table.primary_key.columns)
    result = connection.execution_options(yield_per=_BATCH).execute(select(table).order_by(*keys))
    for rows in result.partitions():
        yield [dict(row._mapping) for row in rows]


def _advance_numbers(connection: Connection, table: Table) -> None:
    """PostgreSQL counts on from the highest copied number."""
    column = table.autoincrement_column
    if column is None:
        return
    highest = connection.execute(select(func.max(column))).scalar()
    if highest is not None:
        connection.execute(
            text("SELECT setval(pg_get_serial_sequence(:table, :column), :highest)"),
            {"table": table.name, "column": column.name, "highest": highest},
        )


def _copy_texts(reading: Connection, writing: Connection, sqlite: bool) -> None:
    joined = EVENT.join(RECORD, RECORD.c.sequence == EVENT.c.last_sequence)
    query = select(EVENT.c.sequence, RECORD.c.event).select_from(joined).order_by(EVENT.c.sequence)
    for rows in reading.execution_options(yield_per=_BATCH).execute(query).partitions():
        write_texts(writing, _texts(rows), sqlite)


def _texts(rows: Sequence[Any]) -> list[tuple[int, Any]]:
    return [(sequence, event_texts(loads(Event, body))) for sequence, body in rows]
