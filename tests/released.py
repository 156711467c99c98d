"""Databases as released versions left them, as SQL text: tests/data/released/VERSION.sql.

`python -m tests.released` writes that of the newest schema, with a little of everything in it.
A file of a version that was released is never written again.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from storage.migrate import NEWEST
from storage.store import open_store

PLACE = Path(__file__).parent / "data" / "released"
#: Rows of the full-text table are written as such; its own tables come by themselves.
_TEXTS = "event_text"


def stored(version: str) -> Path:
    """The file of a version."""
    return PLACE / f"{version}.sql"


def dump(database: Path) -> str:
    """Schema and rows of an SQLite database as statements, always in one order."""
    with closing(sqlite3.connect(database)) as held:
        made = held.execute(
            "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL "
            "AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'event_text_%' "
            "ORDER BY type DESC, name"
        ).fetchall()
        lines = [f"{sql};" for _, sql in made]
        tables = [name for name, sql in made if sql.startswith("CREATE TABLE") or name == _TEXTS]
        for name in sorted(tables):
            lines += _rows(held, name)
    return "\n".join(lines) + "\n"


def _rows(held: sqlite3.Connection, table: str) -> list[str]:
    columns = [row[1] for row in held.execute(f"PRAGMA table_info({table})")]
    if table == _TEXTS:
        columns = ["rowid", *columns]
    quoted = " || ', ' || ".join(f"quote({column})" for column in columns)
    query = f"SELECT {quoted} FROM {table} ORDER BY 1"
    names = ", ".join(columns)
    return [f"INSERT INTO {table} ({names}) VALUES ({row[0]});" for row in held.execute(query)]


def load(version: str, database: Path) -> None:
    """Make the database that the version left."""
    with closing(sqlite3.connect(database)) as held:
        held.executescript(stored(version).read_text(encoding="utf-8"))


def schema_of(text: str) -> list[str]:
    """The statements that make the schema."""
    return [line for line in text.splitlines() if not line.startswith("INSERT")]


def write() -> Path:
    """Write the file of the newest schema."""
    from tests.integration.test_store_upkeep import fill  # noqa: PLC0415 - imports pytest

    with tempfile.TemporaryDirectory() as scratch:
        database = Path(scratch) / "monitor.db"
        store = open_store(f"sqlite:///{database}", Path(scratch))
        fill(store)
        store.close()
        PLACE.mkdir(parents=True, exist_ok=True)
        stored(NEWEST).write_text(dump(database), encoding="utf-8")
    return stored(NEWEST)


if __name__ == "__main__":
    sys.stdout.write(f"{write()}\n")
