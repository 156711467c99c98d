"""The schema's version: brought forward from every released one, never backward."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from monitor.domain.errors import StoreError
from storage.engine import LOCK_MIGRATION, Database

#: The newest migration; a test holds it equal to the last file in migrations/versions.
NEWEST = "0001"
#: All released versions, oldest first.
RELEASED = ("0001",)


def migrate(url: str) -> str:
    """Bring the database behind the URL to the newest schema; returns its version.

    Raises StoreError when the database is newer than the program: downgrades are refused.
    """
    database = Database(url)
    try:
        return migrate_database(database)
    finally:
        database.close()


def schema_version(url: str) -> str | None:
    """The schema version of the database behind the URL, None for an empty one."""
    database = Database(url)
    try:
        return _written_version(database)
    finally:
        database.close()


def migrate_database(database: Database, *, check_only: bool = False, target: str = "head") -> str:
    """As migrate(), on an open database. With `check_only` an older schema is refused too."""
    version = _written_version(database)
    _require_known(database, version)
    if version == NEWEST:
        return NEWEST
    if check_only:
        raise StoreError(
            f"{_name(database)}: schema {version or 'none'} is older than the program's {NEWEST}; "
            "start the program once so that it is brought up to date"
        )
    with database.write() as connection:
        database.lock(connection, LOCK_MIGRATION)
        version = current_version(connection)
        _require_known(database, version)
        if version != NEWEST:
            _upgrade(connection, target)
        return current_version(connection) or ""


def _written_version(database: Database) -> str | None:
    if database.path is not None and not database.path.exists():
        return None
    with database.read() as connection:
        return current_version(connection)


def current_version(connection: Connection) -> str | None:
    """The version written in the database, None where there is none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _require_known(database: Database, version: str | None) -> None:
    if version is not None and version not in RELEASED:
        raise StoreError(
            f"{_name(database)}: its schema {version} is newer than this program knows "
            f"({NEWEST}); a downgrade is refused, install the newer version again or restore a "
            "backup made before the upgrade"
        )


def _name(database: Database) -> str:
    return database.url.render_as_string(hide_password=True)


def _upgrade(connection: Connection, target: str) -> None:
    # alembic costs a fifth of a second to import and is needed once a version
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, target)
