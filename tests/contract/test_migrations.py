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
from storage.engine import Database
from storage.migrate import NEWEST, RELEASED, migrate, migrate_database, schema_version
from storage.store import open_store
from storage.tables import METADATA
from tests.conftest import PostgresServer
from tests.facts import event, record


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
