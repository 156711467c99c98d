"""Which worker may ask a host: one row a host in the shared PostgreSQL, by its own clock.

A lease is taken before the first request and given back with the host's pause, so that whoever
asks next waits as long as if one process had asked both times. A dead worker's lease runs out.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

import psycopg

from monitor.domain.errors import StoreError

#: A lease lasts so long; a request that starts under it ends before it does.
LEASE_S = 180.0
#: With less left, it is prolonged before the next request.
RENEW_S = 120.0

_TABLE = """
CREATE UNLOGGED TABLE IF NOT EXISTS monitor_host_lease (
    host text PRIMARY KEY,
    owner text,
    free_at timestamptz NOT NULL
)"""
_TAKE = """
INSERT INTO monitor_host_lease AS held (host, owner, free_at)
VALUES (%(host)s, %(owner)s, clock_timestamp() + make_interval(secs => %(lease)s))
ON CONFLICT (host) DO UPDATE SET owner = EXCLUDED.owner, free_at = EXCLUDED.free_at
WHERE held.owner = EXCLUDED.owner OR held.free_at <= clock_timestamp()
RETURNING 0"""
_LEFT = """
SELECT extract(epoch FROM free_at - clock_timestamp()), owner IS NOT NULL
FROM monitor_host_lease WHERE host = %s"""
_GIVE = """
UPDATE monitor_host_lease
SET owner = NULL, free_at = clock_timestamp() + make_interval(secs => %s)
WHERE host = %s AND owner = %s"""
_FORGET = """
DELETE FROM monitor_host_lease WHERE free_at < clock_timestamp() - interval '1 day'"""

#: While another worker holds the host, it is looked at again after so long.
LOOK_AGAIN_S = 1.0


class HostLeases:
    """Leases of one owner, over a connection of its own; implements fetch's `Turns`."""

    def __init__(self, database_url: str, owner: str, monotonic: Callable[[], float]) -> None:
        """`owner` is unique among all that ask at once, e.g. "machine:process:thread"."""
        self._url = database_url
        self._owner = owner
        self._monotonic = monotonic
        self._until: dict[str, float] = {}
        self._pause: dict[str, float] = {}
        self._connection: psycopg.Connection | None = None
        self._guard = threading.Lock()

    def wait_s(self, host: str, pause_s: float) -> float:
        """0 when this owner may ask now, else seconds after which to ask again.

        `pause_s` is what the host is owed after the last request. Raises StoreError.
        """
        now = self._monotonic()
        self._pause[host] = max(pause_s, self._pause.get(host, 0.0))
        if self._until.get(host, 0.0) - now > RENEW_S:
            return 0.0
        with self._guard:
            asked = {"host": host, "owner": self._owner, "lease": LEASE_S}
            if self._run(_TAKE, asked) is not None:
                self._until[host] = now + LEASE_S
                return 0.0
            left = self._run(_LEFT, (host,))
        if left is None:
            return 0.0
        seconds, held = left
        return max(0.01, min(seconds, LOOK_AGAIN_S) if held else seconds)

    def give_back(self) -> None:
        """All hosts to the others, each after the pause it is owed. Raises StoreError."""
        with self._guard:
            for host in self._until:
                self._run(_GIVE, (self._pause.get(host, 0.0), host, self._owner))
            self._until.clear()
            self._pause.clear()

    def close(self) -> None:
        """Give back and let the connection go."""
        try:
            self.give_back()
        finally:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _run(
        self, statement: str, values: Sequence[object] | Mapping[str, object]
    ) -> tuple[float, bool] | None:
        try:
            if self._connection is None or self._connection.closed:
                self._connection = psycopg.connect(self._url, autocommit=True)
            cursor = self._connection.execute(statement.encode(), values)
            row = cursor.fetchone() if cursor.description else None
        except psycopg.Error as error:
            if self._connection is not None:
                self._connection.close()
            raise StoreError(f"host leases: {error}; see whether PostgreSQL answers") from error
        return (float(row[0]), bool(row[-1])) if row else None


def prepare(database_url: str) -> None:
    """Create the table where it is missing; forget hosts that nobody asks any more."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(_TABLE.encode())
        connection.execute(_FORGET.encode())
