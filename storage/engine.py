"""The database behind a URL: connections, transactions, and the driver's errors in our words.

SQLite runs in WAL mode with full synchronisation: what a transaction returned is on the disk.
Writers take the lock at once (BEGIN IMMEDIATE), so no transaction fails halfway for want of it.
PostgreSQL runs at READ COMMITTED with synchronous commits, whatever the server's default; where
order matters a transaction takes an advisory lock.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock, get_ident
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, Insert, Table, create_engine, event, text
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError
from sqlalchemy.pool import StaticPool

from monitor.domain.errors import ConfigError, Conflict, StoreError, StoreFull, StoreLocked

BUSY_TIMEOUT_S = 10.0
#: A turn in which nothing was written for so long is over, and nothing of it is stored.
TURN_S = 60.0
#: Advisory locks of PostgreSQL transactions.
LOCK_LOG, LOCK_MIGRATION, LOCK_DIGEST = 7_236_001, 7_236_002, 7_236_003

_FULL_ERRNO = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_FULL_SQLSTATES = ("53100", "53200")
_LOCKED_SQLSTATES = ("55P03", "40001", "40P01", "57014")
Row = Mapping[str, Any]


class Database:
    """One database; `read_only` opens it so that no statement can change it.

    Thread-safe. Each method of the store is one transaction, short and not nested.
    """

    def __init__(
        self, url: str, *, busy_timeout_s: float = BUSY_TIMEOUT_S, read_only: bool = False
    ) -> None:
        self.url = _normal_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.in_memory = self.is_sqlite and self.url.database in (None, "", ":memory:")
        self._lock = RLock()
        self._turn: Connection | None = None  #: of the thread that holds the lock
        self._turn_of = 0
        self._upserts: dict[tuple[object, ...], Insert] = {}
        self._read_only = read_only
        self._writer = _open(self, busy_timeout_s, read_only)
        self._reader = (
            self._writer
            if read_only or self.in_memory or not self.is_sqlite
            else _open(self, busy_timeout_s, True)
        )

    @property
    def path(self) -> Path | None:
        """The file of an SQLite database, None for all others."""
        return Path(str(self.url.database)) if self.is_sqlite and not self.in_memory else None

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One writing transaction: committed at the end, rolled back whole on any error.

        Raises StoreLocked, StoreFull, Conflict (a unique key is taken) or StoreError.
        """
        with self._lock, translated(self.url):
            if self._turn is not None:
                with self._turn.begin_nested():
                    yield self._turn
                return
            with self._writer.begin() as connection:
                yield connection

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Until the end only this thread appends to the log, and what it writes is one transaction.

        What it reads meanwhile was committed before or written by itself. Raises what write()
        raises, at the end too.
        """
        with self.write() as connection:
            if not self.is_sqlite:  # of a machine that vanished it is not waited for
                limit = f"SET LOCAL idle_in_transaction_session_timeout = '{TURN_S:.0f}s'"
                connection.execute(text(limit))
            self.lock(connection, LOCK_LOG)
            outer, self._turn, self._turn_of = self._turn, connection, get_ident()
            try:
                yield
            finally:
                self._turn = outer

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One reading transaction with a consistent view. Raises StoreLocked or StoreError."""
        if self.in_memory:
            with self.write() as connection:
                yield connection
            return
        turn = self._turn
        if turn is not None and self._turn_of == get_ident():
            with translated(self.url):
                yield turn
            return
        with translated(self.url), self._reader.connect() as connection, connection.begin():
            if not self.is_sqlite:
                connection.execute(
                    text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                )
            yield connection

    def lock(self, connection: Connection, number: int) -> None:
        """Wait for the advisory lock until the transaction ends; SQLite's writers hold theirs."""
        if not self.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": number})

    def upsert(
        self,
        connection: Connection,
        table: Table,
        rows: Sequence[Row],
        *,
        key: Sequence[str],
        replace: bool = True,
        if_higher: str = "",
    ) -> int:
        """Insert the rows; where `key` is taken, replace the other columns or leave them alone.

        `if_higher` names a column: a row is replaced only where the new one has more in it.
        Returns how many rows were written where one row is given, else the driver's guess.
        """
        if not rows:
            return 0
        kind = (table.name, *key, replace, if_higher, *rows[0])
        statement = self._upserts.get(kind)
        if statement is None:  # made once: making it takes longer than running it
            statement = self._upserts[kind] = self._upsert(
                table, list(rows[0]), key, replace, if_higher
            )
        return int(connection.execute(statement, list(rows)).rowcount)

    def _upsert(
        self,
        table: Table,
        names: Sequence[str],
        key: Sequence[str],
        replace: bool,
        if_higher: str,
    ) -> Insert:
        insert = (insert_sqlite if self.is_sqlite else insert_postgresql)(table).inline()
        columns = {name: insert.excluded[name] for name in names if name not in key}
        if replace and columns:
            more = table.c[if_higher] < insert.excluded[if_higher] if if_higher else None
            return insert.on_conflict_do_update(index_elements=list(key), set_=columns, where=more)
        return insert.on_conflict_do_nothing(index_elements=list(key))

    def close(self) -> None:
        """Close all connections; the database can be used again afterwards."""
        self._reader.dispose()
        self._writer.dispose()


def _normal_url(url: str) -> URL:
    """The URL with our driver. Raises ConfigError for anything but SQLite and PostgreSQL."""
    try:
        made = make_url(url)
    except ArgumentError as error:
        raise ConfigError(
            "the database address is no URL; use sqlite:///path/to/file.db or "
            "postgresql://user@host/name"
        ) from error
    match made.drivername:
        case "sqlite" | "sqlite+pysqlite":
            return made.set(drivername="sqlite+pysqlite")
        case "postgresql" | "postgres" | "postgresql+psycopg":
            return made.set(drivername="postgresql+psycopg")
        case other:
            raise ConfigError(
                f"the database {other!r} is not supported; use sqlite:///… or postgresql://…"
            )


def _open(database: Database, busy_timeout_s: float, read_only: bool) -> Engine:
    if database.is_sqlite:
        return _open_sqlite(database, busy_timeout_s, read_only)
    timeout_ms = int(busy_timeout_s * 1000)
    # A server set up to forget its last commits when it dies would forget what was sent already.
    options = f"-c timezone=UTC -c lock_timeout={timeout_ms} -c synchronous_commit=on"
    if read_only:
        options += " -c default_transaction_read_only=on"
    arguments = {"options": options, "application_name": "monitor", "connect_timeout": 10}
    return create_engine(database.url, connect_args=arguments, pool_pre_ping=True, pool_size=5)


def _open_sqlite(database: Database, busy_timeout_s: float, read_only: bool) -> Engine:
    def connect() -> sqlite3.Connection:
        return connect_sqlite(
            None if database.in_memory else str(database.url.database),
            timeout_s=busy_timeout_s,
            read_only=read_only,
        )

    pool: dict[str, Any] = {"poolclass": StaticPool} if database.in_memory else {}
    engine = create_engine("sqlite+pysqlite://", creator=connect, **pool)
    if not database.in_memory and not pool:
        engine = create_engine(
            database.url.set(query={}), creator=connect, pool_size=5, max_overflow=20
        )
    begin = "BEGIN" if read_only else "BEGIN IMMEDIATE"

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        driver: Any = connection.connection.driver_connection
        driver.execute(begin)  # by the driver itself: a tenth of a short transaction's cost

    return engine


def connect_sqlite(
    path: str | None, *, timeout_s: float = BUSY_TIMEOUT_S, read_only: bool = False
) -> sqlite3.Connection:
    """A connection with our settings; None is a fresh database in memory.

    Transactions are ours alone (no implicit BEGIN). A read-only connection is so twice: by the
    mode of the file handle and by PRAGMA query_only.
    """
    if path is None:
        connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    else:
        mode = "ro" if read_only else "rwc"
        connection = sqlite3.connect(
            f"file:{quote(str(Path(path).absolute()))}?mode={mode}",
            uri=True,
            timeout=timeout_s,
            isolation_level=None,
            check_same_thread=False,
        )
    settings = ["foreign_keys=ON", "temp_store=MEMORY", "cache_size=-16384", "trusted_schema=OFF"]
    settings += (
        ["query_only=ON"]
        if read_only
        else ["journal_mode=WAL", "synchronous=FULL", "journal_size_limit=67108864"]
    )
    for setting in settings:
        connection.execute(f"PRAGMA {setting}")
    return connection


@contextmanager
def translated(where: URL | str) -> Iterator[None]:
    """The driver's errors, and those of a full disk, as StoreError and its subclasses."""
    name = where.render_as_string(hide_password=True) if isinstance(where, URL) else where
    try:
        yield
    except IntegrityError as error:
        raise Conflict(
            f"{name}: a key is stored already with another content ({error.orig}); nothing was "
            "changed, read again and decide again"
        ) from error
    except DBAPIError as error:
        raise _from_driver(error.orig, name) from error
    except sqlite3.Error as error:
        raise _from_driver(error, name) from error
    except OSError as error:
        if error.errno in _FULL_ERRNO:
            raise store_full(name) from error
        raise StoreError(f"{name}: {error}; check the disk and its permissions") from error


def store_full(name: str) -> StoreFull:
    """The error for a disk that took no more."""
    return StoreFull(f"{name}: no space is left; nothing was stored, free some and try again")


def _from_driver(error: BaseException | None, name: str) -> StoreError:
    code = getattr(error, "sqlite_errorname", "") or ""
    state = getattr(error, "sqlstate", "") or ""
    if code == "SQLITE_FULL" or state in _FULL_SQLSTATES or _is_short_write(code, error):
        return store_full(name)
    if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")) or state in _LOCKED_SQLSTATES:
        return StoreLocked(
            f"{name}: the database is held by another process ({error}); nothing was changed, "
            "try again"
        )
    return StoreError(f"{name}: {error}; check that the database is there and can be written")


def _is_short_write(code: str, error: BaseException | None) -> bool:
    """SQLite says "disk I/O error" where a write was cut short by a quota or a size limit."""
    return code in ("SQLITE_IOERR_WRITE", "SQLITE_IOERR_TRUNCATE", "SQLITE_IOERR_SHMSIZE")
