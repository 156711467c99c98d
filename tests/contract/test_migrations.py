"""The schema: from empty and from every released version to the newest, never back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

import storage.migrations
from monitor.domain.errors import ConfigError, StoreError
from storage.blobs import DiskArchive
from storage.engine import Database
from storage.migrate import NEWEST, RELEASED, migrate, migrate_database, schema_version
from storage.move import move
from storage.store import open_store
from storage.tables import METADATA
from tests.conftest import PostgresServer
from tests.facts import event, record
from tests.integration.test_store_upkeep import FULL_TEXT, contents, fill
from tests.released import dump, load, schema_of, stored


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a database without any schema."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/empty.db"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_database()


def test_the_versions_named_are_the_migrations_there_are() -> None:
    scripts = ScriptDirectory(str(Path(storage.migrations.__file__).parent))
    versions = [script.revision for script in scripts.walk_revisions()]
    assert tuple(reversed(versions)) == RELEASED
    assert scripts.get_heads() == [NEWEST]


@pytest.mark.parametrize("start", [None, *RELEASED])
def test_every_released_schema_comes_to_the_newest(empty_url: str, start: str | None) -> None:
    database = Database(empty_url)
    if start is not None:
        migrate_database(database, target=start)
    assert migrate_database(database) == NEWEST
    assert schema_version(empty_url) == NEWEST
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        differences = [d for d in compare_metadata(context, METADATA) if not _is_text_index(d)]
        assert differences == []
    database.close()
    store = open_store(empty_url, None)
    store.append([record(event())])
    assert store.verify() == ()
    store.close()


def _is_text_index(difference: tuple[object, ...]) -> bool:
    """The full-text index is made by hand for each database and is not in the metadata."""
    return "event_text" in str(difference)


@pytest.mark.parametrize("version", RELEASED)
@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_a_database_of_every_released_version_is_brought_forward_with_all_it_holds(
    request: pytest.FixtureRequest, tmp_path: Path, version: str, target: str
) -> None:
    """From the file that the version left, on SQLite in place and into PostgreSQL by a move."""
    url = f"sqlite:///{tmp_path}/released.db"
    load(version, tmp_path / "released.db")
    if target == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        old, url = url, server.new_database()
        move(old, url)
    place = tmp_path / "old"
    DiskArchive(place / "archive").put(f"<p>{FULL_TEXT}</p>".encode())
    brought = open_store(url, place)
    fresh = open_store(f"sqlite:///{tmp_path}/fresh.db", tmp_path / "fresh")
    fill(fresh)
    try:
        assert schema_version(url) == NEWEST
        assert brought.verify() == ()
        assert contents(brought) == contents(fresh)
        brought.append([record(event(9))])
        assert brought.verify() == ()
    finally:
        brought.close()
        fresh.close()


def test_the_stored_database_of_the_newest_version_has_its_schema(tmp_path: Path) -> None:
    """A migration that was released is not edited any more: a new one follows it. Before that,
    `python -m tests.released` writes the file again."""
    open_store(f"sqlite:///{tmp_path}/now.db", None).close()
    now = schema_of(dump(tmp_path / "now.db"))
    assert schema_of(stored(NEWEST).read_text(encoding="utf-8")) == now


def test_a_newer_schema_is_refused_and_left_alone(empty_url: str) -> None:
    assert schema_version(empty_url) is None
    migrate(empty_url)
    database = Database(empty_url)
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for open_it in (migrate, lambda url: open_store(url, None)):
        with pytest.raises(StoreError, match="downgrade is refused"):
            open_it(empty_url)
    assert schema_version(empty_url) == "9999"
    database.close()


def test_a_reader_does_not_bring_the_schema_forward(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/monitor.db"
    with pytest.raises(StoreError):
        open_store(url, tmp_path, read_only=True)
    assert not (tmp_path / "monitor.db").exists()
    open_store(url, tmp_path).close()
    reader = open_store(url, tmp_path, read_only=True)
    with pytest.raises(StoreError):
        reader.set_fact("a", "b")
    assert reader.fact("a") is None
    reader.close()


def test_two_processes_may_start_at_once(empty_url: str) -> None:
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(migrate, [empty_url] * 3)) == [NEWEST] * 3


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense", "sqlite+aiosqlite:///x"])
def test_another_database_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="postgresql"):
        open_store(url, None)


def test_no_password_is_in_an_error() -> None:
    url = "postgresql://monitor:canary-password@127.0.0.1:1/none"
    with pytest.raises(StoreError) as caught:
        open_store(url, None)
    assert "canary-password" not in str(caught.value)
