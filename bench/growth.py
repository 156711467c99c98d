"""A filled store made many times larger inside the database, in minutes instead of an hour.

Every copy of the log is later than the one before and has ids of its own; hash chains are copied
as they are, so the result serves queries, not `verify`.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from storage.store import SqlStore

_EVENT = (
    "event_type, stage, direction, status, tier, worth, state, county, agency_id, model, bill, "
    "instrument, target, source_id"
)
_SQLITE = {
    "id": "id || '-' || :copy",
    "day": "date({0}, :days || ' days')",
    "moment": "strftime('%Y-%m-%dT%H:%M:%S', substr({0}, 1, 19), :days || ' days')"
    " || substr({0}, 20)",
    "key": "rowid",
}
_POSTGRESQL = {
    "id": "id || '-' || CAST(:copy AS text)",
    "day": "CAST(CAST({0} AS date) + CAST(:days AS int) AS text)",
    "moment": "{0} + make_interval(days => CAST(:days AS int))",
    "key": "sequence",
}


def grow(store: SqlStore, times: int) -> None:
    """Make the log `times` as long: copies of what is there, each after the one before."""
    sqlite = store.db.is_sqlite
    with store.db.read() as connection:
        number, days = connection.execute(text(_SPAN_SQLITE if sqlite else _SPAN)).one()
    for copy in range(1, times):
        with store.db.write() as connection:
            _copy(connection, _SQLITE if sqlite else _POSTGRESQL, copy, number, copy * days)
    if not sqlite:  # where autovacuum would do so within a minute
        with store.db.write() as connection:
            connection.execute(text("ANALYZE"))


_SPAN = (
    "SELECT max(sequence), CAST(max(recorded_day) AS date) - CAST(min(recorded_day) AS date) + 1 "
    "FROM event"
)
_SPAN_SQLITE = (
    "SELECT max(sequence), "
    "CAST(julianday(max(recorded_day)) - julianday(min(recorded_day)) AS INTEGER) + 1 FROM event"
)


def _copy(connection: Connection, words: dict[str, str], copy: int, number: int, days: int) -> None:
    def moment(name: str) -> str:
        return words["moment"].format(name)

    new_id, day, key = words["id"], words["day"].format("day"), words["key"]
    recorded_day = words["day"].format("recorded_day")
    given = {"copy": str(copy), "by": copy * number, "top": number, "days": days}
    statements = (
        f"INSERT INTO event (sequence, id, {_EVENT}, day, recorded_day, recorded_at, public_at, "
        "last_recorded_at, last_public_at, last_sequence, silent, merged, merged_into) "
        f"SELECT sequence + :by, {new_id}, {_EVENT}, {day}, {recorded_day}, "
        f"{moment('recorded_at')}, {moment('public_at')}, {moment('last_recorded_at')}, "
        f"{moment('last_public_at')}, last_sequence + :by, silent, merged, merged_into "
        "FROM event WHERE sequence <= :top",
        "INSERT INTO record (sequence, id, event_id, kind, chain, recorded_at, public_at, told, "
        f"previous_hash, hash, event, body) SELECT sequence + :by, {new_id}, "
        f"{new_id.replace('id', 'event_id', 1)}, kind, chain, {moment('recorded_at')}, "
        f"{moment('public_at')}, told, previous_hash, hash, event, body "
        "FROM record WHERE sequence <= :top",
        "INSERT INTO event_key (key, sequence) SELECT "
        f"{new_id.replace('id', 'key', 1)}, sequence + :by FROM event_key WHERE sequence <= :top",
        f"INSERT INTO event_text ({key}, body, agency, place) SELECT {key} + :by, body, agency, "
        f"place FROM event_text WHERE {key} <= :top",
    )
    for statement in statements:
        named = {name: value for name, value in given.items() if f":{name}" in statement}
        connection.execute(text(statement), named)
