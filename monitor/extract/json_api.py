"""Answers of JSON interfaces, read strictly: what is unknown or missing becomes a problem."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from monitor.domain.errors import ExtractError
from monitor.domain.moment import require_aware
from monitor.domain.snapshot import Snapshot
from monitor.extract.text import plain

#: Values of one answer that are walked; the longest real list holds some 20,000 bills.
MAX_ENTRIES = 60_000
_PREVIEW_CHARS = 80

Record = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The fields of one kind of record: those that must be there, and others that may be.

    `read` are the fields that are used, `known` those that the published schema has besides.
    """

    name: str
    read: frozenset[str]
    known: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()  #: of `read`, those that the provider leaves out


def shape(name: str, read: str, *, known: str = "", optional: str = "") -> Shape:
    """A shape from names divided by white space."""
    extra = frozenset(optional.split())
    return Shape(
        name=name,
        read=frozenset(read.split()) | extra,
        known=frozenset(known.split()),
        optional=extra,
    )


@dataclass(slots=True)
class Strict:
    """Collects what does not fit while an answer is read; each complaint once, in order."""

    complaints: dict[str, None] = field(default_factory=dict)

    def record(self, value: object, wanted: Shape) -> Record | None:
        """The value as a record of this shape, or None, complained about, when it is none."""
        if not isinstance(value, dict):
            self.note(f"shape_changed: {wanted.name} is {_kind(value)}, not an object")
            return None
        for name in sorted(value.keys() - wanted.read - wanted.known):
            self.note(f"field_unknown: {wanted.name} has {name[:60]!r}, which is not read")
        for name in sorted(wanted.read - wanted.optional - value.keys()):
            self.note(f"field_vanished: {wanted.name} has no {name!r}")
        return value

    def records(self, value: object, wanted: Shape) -> list[Record]:
        """The records of a list; what is no record is complained about and left out."""
        if not isinstance(value, list):
            if value is not None:
                self.note(f"shape_changed: {wanted.name} list is {_kind(value)}")
            return []
        if len(value) > MAX_ENTRIES:
            self.note(f"too_many: {len(value)} of {wanted.name}, {MAX_ENTRIES} were read")
        found = (self.record(one, wanted) for one in value[:MAX_ENTRIES])
        return [one for one in found if one is not None]

    def note(self, complaint: str) -> None:
        """Keep a complaint."""
        if len(self.complaints) < 40:
            self.complaints.setdefault(complaint)

    @property
    def problems(self) -> tuple[str, ...]:
        """The complaints in the order they came."""
        return tuple(self.complaints)


def parsed(snapshot: Snapshot) -> object:
    """The JSON value of an answer.

    Raises ExtractError, naming what came instead, for an HTML page, plain text or broken JSON.
    """
    where = snapshot.request.url
    try:
        return json.loads(snapshot.body.decode("utf-8-sig"), strict=False)
    except (ValueError, RecursionError) as cause:
        opening = plain(snapshot.body[:2000].decode("utf-8", "replace"), max_chars=_PREVIEW_CHARS)
        page = snapshot.body.lstrip()[:200].lower().startswith((b"<!doctype html", b"<html", b"<"))
        what = "a page instead of JSON" if page else "no JSON"
        raise ExtractError(
            f"{where}: {what} ({opening!r}); open the address with the key to see what it says"
        ) from cause


def parsed_record(snapshot: Snapshot) -> Record:
    """The answer as an object. Raises ExtractError when it is none."""
    value = parsed(snapshot)
    if not isinstance(value, dict):
        raise ExtractError(f"{snapshot.request.url}: {_kind(value)} instead of an object")
    return value


def text(record: Record, name: str) -> str:
    """A value as text: "" for null, numbers as written."""
    value = record.get(name)
    if value is None or isinstance(value, (dict, list)):
        return ""
    return value.strip() if isinstance(value, str) else str(value)


def whole(record: Record, name: str, default: int = 0) -> int:
    """A value as a whole number; the default where it is none."""
    value = record.get(name)
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and value.strip().isdecimal() else default


def day(record: Record, name: str) -> date | None:
    """The day of an ISO date or moment; None where there is none ("0000-00-00" is none)."""
    words = text(record, name)[:10]
    try:
        return date.fromisoformat(words)
    except ValueError:
        return None


def moment(record: Record, name: str) -> datetime | None:
    """A full moment with a time zone; None for anything else."""
    words = text(record, name)
    try:
        return require_aware(datetime.fromisoformat(words.replace("Z", "+00:00")))
    except ValueError:
        return None


def strings(values: object) -> tuple[str, ...]:
    """The strings of a list."""
    return tuple(one for one in values if isinstance(one, str)) if isinstance(values, list) else ()


def joined(parts: Iterable[str]) -> str:
    """Parts that say something and are not repeated, one a line."""
    return "\n".join(dict.fromkeys(part.strip() for part in parts if part.strip()))


def _kind(value: object) -> str:
    names = {list: "a list", dict: "an object", str: "a text", type(None): "null"}
    return names.get(type(value), f"a {type(value).__name__}")
