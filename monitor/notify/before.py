"""An event as it stood before a record, rebuilt from what the record says it changed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from monitor.domain.claim import Jurisdiction
from monitor.domain.event import Event, Record
from monitor.domain.ident import EventId
from monitor.domain.vocabulary import (
    Direction,
    EventType,
    Instrument,
    Model,
    RecordKind,
    Rung,
    Stage,
    Tier,
    Worth,
)

_PLACE_FIELDS = frozenset({"state", "county", "place"})
_ALWAYS_SET = frozenset({"event_type", "stage", "direction", "status", "tier", "worth"})
_READERS: dict[str, Callable[[str], object]] = {
    "event_type": EventType,
    "stage": Stage,
    "direction": Direction,
    "status": Rung,
    "tier": Tier,
    "worth": Worth,
    "model": Model,
    "instrument": Instrument,
    "agency": str,
    "agency_id": str,
    "bill": str,
    "target": str,
    "merged_into": EventId,
    "silent": lambda was: was == "yes",
}


def before(record: Record) -> Event | None:
    """The event before this record as far as filters can see it; None when the record opened it.

    A change that names a value outside of its vocabulary is left as it is now.
    """
    if record.kind in (RecordKind.OPENED, RecordKind.ABSORBED):
        return None
    event = record.event
    for name, was, _ in reversed(record.changed):
        event = _undone(event, name.removeprefix("jurisdiction."), was)
    return event


def _undone(event: Event, name: str, was: str) -> Event:
    if name in _PLACE_FIELDS:
        place: Jurisdiction = dataclasses.replace(event.jurisdiction, **{name: was or None})
        return dataclasses.replace(event, jurisdiction=place)
    read = _READERS.get(name)
    if read is None or (not was and name in _ALWAYS_SET):
        return event
    try:
        old: Any = read(was) if was else None  # the reader of the field gives the field's type
    except ValueError:
        return event
    return dataclasses.replace(event, **{name: old})
