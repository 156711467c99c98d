"""Kinds of columns: text compared by bytes, moments, row numbers; the same in both databases."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, LargeBinary, String, Text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlmodel import Field

from monitor.domain.moment import require_aware
from storage.codec import moment_of, moment_text


class Moment(TypeDecorator[datetime]):
    """Aware UTC moments: timestamptz in PostgreSQL, fixed width ISO text in SQLite."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The column type of the database at hand."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(TIMESTAMP(timezone=True))
        return dialect.type_descriptor(String(27))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Raises ValueError for a naive moment."""
        if value is None:
            return None
        return require_aware(value) if dialect.name == "postgresql" else moment_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """The stored moment, aware UTC."""
        if value is None:
            return None
        return require_aware(value) if dialect.name == "postgresql" else moment_of(value)


#: Text that is compared and sorted by bytes in both databases.
KEY = String().with_variant(String(collation="C"), "postgresql")
#: Row numbers: 64 bits in both databases; SQLite wants INTEGER to make it the row's own number.
NUMBER = BigInteger().with_variant(Integer(), "sqlite")


def key_column(**more: Any) -> Any:
    """Text that is compared."""
    return Field(sa_type=KEY, **more)


def moment_column(**more: Any) -> Any:
    """A moment, aware UTC."""
    return Field(sa_type=Moment, **more)


def text_column(**more: Any) -> Any:
    """Text that is only read."""
    return Field(sa_type=Text, **more)


def bytes_column(**more: Any) -> Any:
    """Packed JSON or state."""
    return Field(sa_type=LargeBinary, **more)


def number_column(**more: Any) -> Any:
    """A whole number of 64 bits."""
    return Field(sa_type=NUMBER, **more)
