"""Full text: FTS5 in SQLite, tsvector in PostgreSQL, over the tokens of the filter grammar.

Both indexes hold the very tokens that monitor.domain.filter compares in memory (a-z and 0-9), so
no stemmer, stop word or accent rule of a database has a say: the same words match everywhere.
Three texts an event: `body` (search_text), `agency`, `place`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from monitor.domain.event import Event
from monitor.domain.filter import search_text, search_tokens

COLUMNS = ("body", "agency", "place")

_LEXEME = re.compile(r"'?([a-z0-9]+)'?:([0-9,]+)")

Texts = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
#: tsvector keeps positions up to 16,383 and words up to 2,046 bytes; both indexes stop there.
MAX_TOKENS = 16_000
MAX_TOKEN_CHARS = 2_000


def event_texts(event: Event) -> Texts:
    """The tokens of the three texts, in the order of COLUMNS."""
    texts = (search_text(event), event.agency or "", event.jurisdiction.place or "")
    body, agency, place = (_bounded(search_tokens(part)) for part in texts)
    return body, agency, place


def _bounded(tokens: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(token[:MAX_TOKEN_CHARS] for token in tokens[:MAX_TOKENS])


def write_texts(connection: Connection, rows: Sequence[tuple[int, Texts]], sqlite: bool) -> None:
    """Insert or replace the texts of events, by sequence."""
    if not rows:
        return
    if sqlite:
        connection.execute(
            text("DELETE FROM event_text WHERE rowid = :sequence"),
            [{"sequence": n} for n, _ in rows],
        )
        statement = "INSERT INTO event_text (rowid, body, agency, place) VALUES (:n, :a, :b, :c)"
        values = [_named(number, [" ".join(part) for part in texts]) for number, texts in rows]
    else:
        statement = (
            "INSERT INTO event_text (sequence, body, agency, place) VALUES (:n, "
            "CAST(:a AS tsvector), CAST(:b AS tsvector), CAST(:c AS tsvector)) "
            "ON CONFLICT (sequence) DO UPDATE SET body = excluded.body, "
            "agency = excluded.agency, place = excluded.place"
        )
        values = [_named(number, [_tsvector(part) for part in texts]) for number, texts in rows]
    connection.execute(text(statement), values)


def _named(number: int, parts: Sequence[str]) -> dict[str, Any]:
    return {"n": number, "a": parts[0], "b": parts[1], "c": parts[2]}


def _tsvector(tokens: Sequence[str]) -> str:
    """The literal of a tsvector with positions from 1; tokens are a-z and 0-9, so bare."""
    return " ".join(f"{token}:{position}" for position, token in enumerate(tokens, 1))


def fts5_expression(column: str, phrases: Sequence[str]) -> str:
    """MATCH text: any of the phrases; in `body` side by side, elsewhere all words anywhere."""
    joiner = " + " if column == "body" else " AND "
    alternatives = (joiner.join(f'"{w}"' for w in _words(phrase)) for phrase in phrases)
    return f"{column} : (" + " OR ".join(f"({part})" for part in alternatives) + ")"


def fts5_between(connection: Connection, expression: str, first: int, last: int) -> set[int]:
    """Sequences from `first` to `last`, both included, whose texts an FTS5 expression matches."""
    query = "SELECT rowid FROM event_text WHERE event_text MATCH :e AND rowid BETWEEN :a AND :b"
    return set(connection.execute(text(query), {"e": expression, "a": first, "b": last}).scalars())


def tsquery_expression(column: str, phrases: Sequence[str]) -> str:
    """The literal of a tsquery with the same meaning."""
    joiner = " <-> " if column == "body" else " & "
    alternatives = (joiner.join(_words(phrase)) for phrase in phrases)
    return " | ".join(f"({part})" for part in alternatives)


def _words(phrase: str) -> tuple[str, ...]:
    """The tokens of a phrase; a hand-made one is put in order, an empty one finds nothing."""
    return _bounded(search_tokens(phrase)) or ("0" * 64,)


def stored_texts(
    connection: Connection, sqlite: bool, first: int, last: int
) -> dict[int, tuple[Any, ...]]:
    """What the index holds by sequence, in the form of indexed()."""
    key = "rowid" if sqlite else "sequence"
    columns = ", ".join(c if sqlite else f"CAST({c} AS text)" for c in COLUMNS)
    query = f"SELECT {key}, {columns} FROM event_text WHERE {key} BETWEEN :a AND :b"  # noqa: S608
    rows = connection.execute(text(query), {"a": first, "b": last})
    return {row[0]: tuple(p if sqlite else _positions(p) for p in row[1:]) for row in rows}


def indexed(texts: Texts, sqlite: bool) -> tuple[Any, ...]:
    """What the index should hold for these texts."""
    if sqlite:
        return tuple(" ".join(part) for part in texts)
    return tuple(_positions(_tsvector(part)) for part in texts)


def _positions(vector: str) -> dict[str, tuple[int, ...]]:
    """Word -> its first positions; a tsvector keeps no more than 256 of one word."""
    found: dict[str, list[int]] = {}
    for word, places in _LEXEME.findall(vector):
        found.setdefault(word, []).extend(int(place) for place in places.split(","))
    return {word: tuple(places[:200]) for word, places in found.items()}
