"""What the parts of the store share: the database, the archive, and packed JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, and_, or_

from storage.blobs import Archive, compress, decompress
from storage.codec import dumps, loads
from storage.engine import Database

T = TypeVar("T")
#: How many keys one statement looks up.
CHUNK = 500


class Part:
    """One concern of the store; SqlStore joins them over one database and one archive."""

    def __init__(self, db: Database, archive: Archive) -> None:
        self.db = db
        self.archive = archive


def chunks(values: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """The values in runs of at most `size`."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def later_than(columns: Sequence[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """(a, b) > (x, y), with the first comparison apart so that an index on a is used."""
    (first, second), (low, after) = columns, values
    return and_(first >= low, or_(first > low, second > after))


def pack(value: object) -> bytes:
    """Compressed canonical JSON."""
    return compress(dumps(value).encode())


def unpack(kind: type[T], packed: bytes) -> T:
    """The value that pack() made."""
    return loads(kind, decompress(packed))


def clean(text: str) -> str:
    """Text that every database takes: no NUL, no lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()
