"""Who schedules and who delivers: the worker that holds an advisory lock of the PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from monitor.domain.errors import StoreError
from monitor.jobs.session import open_session

#: Any numbers, the same for all workers of one database.
LOCK, LOCK_START, LOCK_DELIVERY = 7_236_100, 7_236_101, 7_236_102


class Election:
    """Holds the lock as long as its connection lives; a dead worker's lock is free at once,
    that of a machine which vanished within half a minute."""

    def __init__(self, database_url: str) -> None:
        """`database_url` is a libpq address."""
        self._url = database_url
        self._connection: psycopg.Connection[Any] | None = None
        self._elected = False

    def elected(self) -> bool:
        """Whether this worker schedules now; tries to become the one where nobody does."""
        try:
            if self._connection is None or self._connection.closed:
                self._connection = open_session(self._url)
                self._elected = False
            if self._elected:
                self._connection.execute("SELECT 1")
                return True
            row = self._connection.execute("SELECT pg_try_advisory_lock(%s)", (LOCK,)).fetchone()
            self._elected = bool(row and row[0])
        except psycopg.Error:
            self.resign()
        return self._elected

    def resign(self) -> None:
        """Let another worker schedule."""
        self._elected = False
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@contextmanager
def alone(database_url: str) -> Iterator[None]:
    """One worker after the other: what each does when it starts. Raises StoreError."""
    try:
        connection = open_session(database_url)
    except psycopg.Error as error:
        raise StoreError(f"the shared queue's database does not answer: {error}") from error
    with connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (LOCK_START,))
        yield


@contextmanager
def delivering(database_url: str) -> Iterator[bool]:
    """Whether nobody else delivers now and until this ends; a dead deliverer's lock is free."""
    try:
        connection = open_session(database_url)
        row = connection.execute("SELECT pg_try_advisory_lock(%s)", (LOCK_DELIVERY,)).fetchone()
    except psycopg.Error:
        yield False  # the store will say what is wrong
        return
    with connection:
        yield bool(row and row[0])
