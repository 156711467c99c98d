"""Domain values to canonical JSON and back, driven by the types of their fields.

Canonical: ASCII, keys sorted, no white space, fields that hold their default left out. So a field
that a later version adds with a default changes no stored line, and a line written by an earlier
version reads as it was meant. Derived fields (``init=False``) are computed again on reading.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import math
import types
import typing
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any, TypeVar, cast

from monitor.domain.errors import StoreError
from monitor.domain.moment import require_aware

T = TypeVar("T")
Json = Any  # what json.loads gives
Step = Callable[[Any], Any]


_CANONICAL = json.JSONEncoder(
    ensure_ascii=True, allow_nan=False, sort_keys=True, separators=(",", ":")
)


@lru_cache(maxsize=1024)  # one capture dates all that was read from it
def moment_text(moment: datetime) -> str:
    """Fixed width UTC text that sorts like time: ``2025-06-01T12:00:00.000000Z``."""
    return require_aware(moment).isoformat(timespec="microseconds")[:26] + "Z"


def moment_of(text: str) -> datetime:
    """The aware UTC moment of a text made by moment_text."""
    return datetime.fromisoformat(text).astimezone(UTC)


def dumps(value: object) -> str:
    """Canonical JSON of a domain value (a dataclass or a tuple of them)."""
    kind: Any = type(value)
    return canonical(encoder(kind)(value))


def canonical(tree: Json) -> str:
    """Canonical text of a JSON tree. Raises ValueError for NaN and infinities."""
    return _CANONICAL.encode(tree)


def loads(kind: type[T], text: str | bytes) -> T:
    """The value of type `kind` that dumps() wrote. Raises StoreError for anything else."""
    return decoded(kind, lambda: json.loads(text))


def decoded(kind: type[T], tree: Callable[[], Json]) -> T:
    """The value of a JSON tree. Raises StoreError where it is none of the kind."""
    try:
        step = decoder(cast(Any, kind))
        return cast(T, step(tree()))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise StoreError(
            f"a stored {kind.__name__} cannot be read ({error}): the database was changed from "
            "outside or belongs to another version; run `monitor verify`"
        ) from error


def _bytes_text(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(f"{value!r} is no number that can be stored")
    return float(value)


def _timedelta_of(value: int) -> timedelta:
    return timedelta(microseconds=value)


def _timedelta_number(value: timedelta) -> int:
    return value // timedelta(microseconds=1)


def _same(value: Any) -> Any:
    return value


_ENCODE: dict[Any, Step] = {
    str: str,
    int: _same,
    bool: _same,
    float: _finite,
    bytes: _bytes_text,
    datetime: moment_text,
    date: date.isoformat,
    time: time.isoformat,
    timedelta: _timedelta_number,
}
_DECODE: dict[Any, Step] = {
    str: _same,
    int: _same,
    bool: _same,
    float: float,
    bytes: base64.b64decode,
    datetime: moment_of,
    date: date.fromisoformat,
    time: time.fromisoformat,
    timedelta: _timedelta_of,
}


@cache
def encoder(kind: Any) -> Step:
    """Value of the type -> JSON tree."""
    kind = _plain_type(kind)
    if kind in _ENCODE:
        return _ENCODE[kind]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return lambda value: value.value
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _dataclass_encoder(kind)
    return _container(kind, encoder, list)


@cache
def decoder(kind: Any) -> Step:
    """JSON tree -> value of the type."""
    kind = _plain_type(kind)
    if kind in _DECODE:
        return _DECODE[kind]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return cast(Step, kind)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _dataclass_decoder(kind)
    return _container(kind, decoder, tuple)


def _plain_type(kind: Any) -> Any:
    """A NewType's supertype; everything else as it is."""
    while hasattr(kind, "__supertype__"):
        kind = kind.__supertype__
    return kind


def _container(kind: Any, inner: Callable[[Any], Step], build: Callable[[Any], Any]) -> Step:
    """Optional and tuple types."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return _optional(inner(_sole(kind, arguments)))
    if origin is not tuple:
        raise TypeError(f"no codec for {kind!r}")
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        step = inner(arguments[0])
        return lambda value: build([step(part) for part in value])
    steps = tuple(inner(argument) for argument in arguments)
    return lambda value: build([step(part) for step, part in zip(steps, value, strict=True)])


def _sole(kind: Any, arguments: tuple[Any, ...]) -> Any:
    rest = [argument for argument in arguments if argument is not type(None)]
    if len(rest) != 1:
        raise TypeError(f"no codec for the union {kind!r}")
    return rest[0]


def _optional(step: Step) -> Step:
    return lambda value: None if value is None else step(value)


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default is not dataclasses.MISSING:
        return field.default
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return dataclasses.MISSING


def _fields(kind: type) -> list[tuple[dataclasses.Field[Any], Any]]:
    hints = typing.get_type_hints(kind)
    return [(f, hints[f.name]) for f in dataclasses.fields(kind) if f.init]


def _dataclass_encoder(kind: type) -> Step:
    fields = [(f.name, _default(f), hint) for f, hint in _fields(kind)]
    all_of = _getter(tuple(name for name, _, _ in fields))
    plan: list[tuple[str, Any, Step]] = []

    def encode(value: Any) -> dict[str, Json]:
        if not plan:  # at the first use: types may hold themselves
            plan[:] = [(name, default, encoder(hint)) for name, default, hint in fields]
        tree = {}
        for (name, default, step), held in zip(plan, all_of(value), strict=True):
            if held is not default and held != default:
                tree[name] = step(held)
        return tree

    return encode


def _getter(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """All these attributes at once."""
    if len(names) < 2:
        return lambda value: tuple(getattr(value, name) for name in names)
    return cast(Callable[[Any], tuple[Any, ...]], attrgetter(*names))


def _dataclass_decoder(kind: type) -> Step:
    hints = {f.name: hint for f, hint in _fields(kind)}
    steps: dict[str, Step] = {}

    def decode(tree: Any) -> Any:
        if not steps:  # at the first use: types may hold themselves
            steps.update({name: decoder(hint) for name, hint in hints.items()})  # at once
        return kind(**{name: steps[name](part) for name, part in tree.items()})

    return decode
