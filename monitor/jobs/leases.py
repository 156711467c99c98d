"""Which worker may ask a host: one row a host in the shared PostgreSQL, by its own clock.

A lease is taken before the first request and given back with the host's pause, so that whoever
asks next waits as long as if one process had asked both times. It is short, and its holder
prolongs it with every sign of life however long a request takes; so a dead worker's lease runs
out when its jobs run again, and only then, the pause after its last request included. A silence
that the host asked for stands in the same row, and outlives lease and worker.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import psycopg

from monitor.domain.errors import StoreError
from monitor.fetch.outcome import MAX_RETRY_AFTER
from monitor.jobs.session import open_session

#: A lease lasts so long beyond the host's pause, unless it is prolonged.
LEASE_S = 20.0
#: With less than this part left, it is taken anew before the next request.
RENEW_BELOW = 0.5

_TABLE = """
CREATE UNLOGGED TABLE IF NOT EXISTS monitor_host_lease (
    host text PRIMARY KEY,
    owner text,
    free_at timestamptz NOT NULL,
    silent_until timestamptz NOT NULL DEFAULT '-infinity'
);
ALTER TABLE monitor_host_lease
ADD COLUMN IF NOT EXISTS silent_until timestamptz NOT NULL DEFAULT '-infinity'"""
_TAKE = """
INSERT INTO monitor_host_lease AS held (host, owner, free_at)
VALUES (%(host)s, %(owner)s, clock_timestamp() + make_interval(secs => %(lease)s))
ON CONFLICT (host) DO UPDATE SET owner = EXCLUDED.owner, free_at = EXCLUDED.free_at
WHERE (held.owner = EXCLUDED.owner OR held.free_at <= clock_timestamp())
AND held.silent_until <= clock_timestamp()
RETURNING 0"""
_RENEW = """
UPDATE monitor_host_lease AS held
SET free_at = clock_timestamp() + make_interval(secs => mine.lease)
FROM unnest(%(hosts)s::text[], %(leases)s::float8[]) AS mine (host, lease)
WHERE held.host = mine.host AND held.owner = %(owner)s
RETURNING held.host"""
#: A row without an owner is a host that was given back, or that is only silent.
_SILENCE = """
INSERT INTO monitor_host_lease AS held (host, free_at, silent_until)
VALUES (%(host)s, clock_timestamp(), clock_timestamp() + make_interval(secs => %(seconds)s))
ON CONFLICT (host)
DO UPDATE SET silent_until = greatest(held.silent_until, EXCLUDED.silent_until)"""
_LEFT = """
SELECT extract(epoch FROM greatest(free_at, silent_until) - clock_timestamp()),
    owner IS NOT NULL AND free_at > silent_until
FROM monitor_host_lease WHERE host = %s"""
_SILENT = """
SELECT extract(epoch FROM silent_until - clock_timestamp())
FROM monitor_host_lease WHERE host = %s AND silent_until > clock_timestamp()"""
_GIVE = """
UPDATE monitor_host_lease
SET owner = NULL, free_at = clock_timestamp() + make_interval(secs => %s)
WHERE host = %s AND owner = %s"""
_FORGET = """
DELETE FROM monitor_host_lease
WHERE greatest(free_at, silent_until) < clock_timestamp() - interval '1 day'"""

#: While another worker holds the host, it is looked at again after so long.
LOOK_AGAIN_S = 1.0


class HostLeases:
    """Leases of one owner, over a connection of its own; implements fetch's `Turns`."""

    def __init__(
        self,
        database_url: str,
        owner: str,
        monotonic: Callable[[], float],
        lease_s: float = LEASE_S,
    ) -> None:
        """`owner` is unique among all that ask at once, on whatever machine.

        Whoever makes this calls `renew()` several times in `lease_s`, from any thread.
        """
        self._url = database_url
        self._owner = owner
        self._monotonic = monotonic
        self._lease_s = lease_s
        self._until: dict[str, float] = {}
        self._pause: dict[str, float] = {}
        self._connection: psycopg.Connection[Any] | None = None
        self._guard = threading.Lock()

    def wait_s(self, host: str, pause_s: float) -> float:
        """0 when this owner may ask now, else seconds after which to ask again.

        `pause_s` is what the host is owed after the last request. Raises StoreError.
        """
        with self._guard:
            now = self._monotonic()
            self._pause[host] = max(pause_s, self._pause.get(host, 0.0))
            if self._until.get(host, 0.0) - now > self._lease_s * RENEW_BELOW:
                return 0.0
            asked = {"host": host, "owner": self._owner, "lease": self._span_s(host)}
            if self._run(_TAKE, asked):
                self._until[host] = now + self._lease_s
                return 0.0
            self._until.pop(host, None)
            left = self._run(_LEFT, (host,))
        if not left:
            return 0.01
        seconds, held = left[0]
        return max(0.01, min(float(seconds), LOOK_AGAIN_S) if held else float(seconds))

    def silence(self, host: str, seconds: float) -> None:
        """The host asked for so long a silence: until then no worker gets leave to ask it.

        At most what any `Retry-After` may ask for; a longer one that stands already stays.
        Raises StoreError.
        """
        bounded_s = min(seconds, MAX_RETRY_AFTER.total_seconds())
        with self._guard:
            self._run(_SILENCE, {"host": host, "seconds": bounded_s})

    def silence_left_s(self, host: str) -> float:
        """For how long the host still wants silence, whoever was told; 0 when it does not.

        Raises StoreError.
        """
        with self._guard:
            left = self._run(_SILENT, (host,))
        return max(0.0, float(left[0][0])) if left else 0.0

    def renew(self) -> None:
        """This owner lives: what it holds stays its own. Raises StoreError.

        A host that somebody else took meanwhile is no longer held; the next request waits for it.
        """
        with self._guard:
            hosts = list(self._until)
            if not hosts:
                return
            now = self._monotonic()
            spans = [self._span_s(host) for host in hosts]
            asked = {"hosts": hosts, "leases": spans, "owner": self._owner}
            kept = {row[0] for row in self._run(_RENEW, asked)}
            self._until = {host: now + self._lease_s for host in hosts if host in kept}

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

    def _span_s(self, host: str) -> float:
        """Whoever takes over from the dead still keeps the pause after their last request."""
        return self._lease_s + self._pause.get(host, 0.0)

    def _run(
        self, statement: str, values: Sequence[object] | Mapping[str, object]
    ) -> list[tuple[Any, ...]]:
        try:
            if self._connection is None or self._connection.closed:
                self._connection = open_session(self._url)
            cursor = self._connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []
        except psycopg.Error as error:
            if self._connection is not None:
                self._connection.close()
            raise StoreError(f"host leases: {error}; see whether PostgreSQL answers") from error


def prepare(database_url: str) -> None:
    """Create the table where it is missing; forget hosts that nobody asks any more."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(_TABLE.encode())
        connection.execute(_FORGET.encode())
