"""Connections whose end means something: a lock or a lease is held as long as one lives."""

from __future__ import annotations

from typing import Any

import psycopg

#: A machine that vanished without a word (power, cable) is noticed after 10 + 3 * 5 seconds.
KEEPALIVE: dict[str, Any] = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}


def open_session(database_url: str) -> psycopg.Connection[Any]:
    """An autocommit connection that both ends give up soon when the other is gone.

    Raises psycopg.Error.
    """
    connection = psycopg.connect(
        database_url, autocommit=True, connect_timeout=10, tcp_user_timeout=25_000, **KEEPALIVE
    )
    for name, value in KEEPALIVE.items():  # the server's end; its own default is two hours
        connection.execute(f"SET tcp_{name} = {value}".encode())
    return connection
