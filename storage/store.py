"""The store: all parts over one database and one archive."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from monitor.ports import Clock
from monitor.stores import Store
from storage.blobs import Archive, DiskArchive, MemoryArchive
from storage.engine import BUSY_TIMEOUT_S, Database
from storage.health import HealthPart
from storage.labels import LabelPart
from storage.log import LogPart
from storage.migrate import migrate_database
from storage.outbox import OutboxPart
from storage.queries import QueryPart
from storage.restoring import require_finished
from storage.retention import RetentionPart
from storage.roster import RosterPart
from storage.sources import SourcePart


class SqlStore(
    SourcePart, LogPart, QueryPart, RosterPart, OutboxPart, HealthPart, LabelPart, RetentionPart
):
    """monitor.stores.Store on SQLite or PostgreSQL; safe to share between threads."""

    def close(self) -> None:
        """Release the database."""
        self.db.close()


def open_store(
    url: str,
    data_dir: Path | None,
    clock: Clock | None = None,
    *,
    busy_timeout_s: float = BUSY_TIMEOUT_S,
    read_only: bool = False,
) -> SqlStore:
    """The store behind a URL, its schema brought up to date; bodies go to ``data_dir/archive``.

    `url`: ``sqlite:///path``, ``sqlite://`` (in memory, for replays) or ``postgresql://…``.
    `data_dir` None keeps bodies in memory. `read_only` never changes a thing, the schema
    included. Raises ConfigError for another URL, StoreError for a newer or damaged schema.
    """
    if data_dir is not None:
        require_finished(data_dir)
    database = Database(url, busy_timeout_s=busy_timeout_s, read_only=read_only)
    archive: Archive = MemoryArchive() if data_dir is None else DiskArchive(data_dir / "archive")
    if database.path is not None and not read_only:
        database.path.parent.mkdir(parents=True, exist_ok=True)
    migrate_database(database, check_only=read_only)
    return SqlStore(database, archive)


if TYPE_CHECKING:

    def _keeps_the_port(store: SqlStore) -> Store:
        return store
