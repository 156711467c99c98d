"""The published dataset under any SQL, opened as Datasette opens a file: immutable, read-only."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.publish import publish
from storage.store import SqlStore
from tests.facts import NOW
from tests.integration.test_store_upkeep import DAY, FULL_TEXT, SECRET, fill

TOKEN = "canary-token-of-a-login"
CANARIES = (SECRET, FULL_TEXT, TOKEN, "canary draft", "opaque", "desk")


@pytest.fixture
def published(store: SqlStore, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """The dataset of a store with a subscriber, a draft, a token and a captured text."""
    fill(store)
    store.set_fact(f"login:{TOKEN}", TOKEN)
    publish(store.db, tmp_path / "public", NOW + DAY)
    place = tmp_path / "public" / "dataset.db"
    connection = sqlite3.connect(f"file:{place}?mode=ro&immutable=1", uri=True)
    connection.text_factory = bytes
    yield connection
    connection.close()


def _tables(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute("SELECT name FROM pragma_table_list WHERE schema = 'main'")
    return [name.decode() for (name,) in rows]


def test_no_table_holds_a_subscriber_a_draft_a_token_or_a_captured_text(
    published: sqlite3.Connection,
) -> None:
    tables = _tables(published)
    assert "events" in tables
    cells = 0
    for name in tables:
        for row in published.execute(f'SELECT * FROM "{name}"'):
            for cell in row:
                cells += 1
                held = cell if isinstance(cell, bytes) else str(cell).encode()
                assert not [c for c in CANARIES if c.encode() in held], (name, held)
    assert cells > 100
    # nothing that was deleted waits in pages that SQL does not show
    assert published.execute("PRAGMA freelist_count").fetchone() == (0,)


def test_the_columns_are_the_described_ones_alone(published: sqlite3.Connection) -> None:
    shown = {
        f"{table}.{column.decode()}".lower()
        for table in _tables(published)
        for (column,) in published.execute("SELECT name FROM pragma_table_info(?)", (table,))
    }
    for word in ("destination", "subscri", "token", "session", "mail", "recipient", "secret"):
        assert not [name for name in shown if word in name], word


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM events", "CREATE TABLE t (a)", "UPDATE events SET quote = ''", "VACUUM"],
)
def test_no_sql_changes_it(published: sqlite3.Connection, statement: str) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        published.execute(statement)
