"""How to cite an event or a list so that it can be found and checked again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from monitor.domain.event import Event, Record
from monitor.notify.message import headline


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A citation as one line, and the parts that make it checkable."""

    text: str
    permalink: str
    as_of: datetime
    retrieved: datetime
    record_hash: str


def cite_event(
    event: Event, records: tuple[Record, ...], permalink: str, now: datetime
) -> Citation:
    """The event as it stands after its newest record; the hash proves the wording."""
    newest = records[-1] if records else None
    digest = newest.hash if newest else ""
    text = (
        f"“{headline(event)}.” Policy monitor, event {event.id}, as recorded "
        f"{event.updated_at:%Y-%m-%d %H:%M} UTC. {permalink} (retrieved {now:%Y-%m-%d})."
    )
    return Citation(
        text=text,
        permalink=permalink,
        as_of=event.updated_at,
        retrieved=now,
        record_hash=digest,
    )


def cite_list(expression: str, permalink: str, now: datetime) -> Citation:
    """A list of events by its filter and the moment it was read."""
    what = f"events matching “{expression}”" if expression else "all events"
    text = f"Policy monitor, {what}, as of {now:%Y-%m-%d %H:%M} UTC. {permalink}"
    return Citation(text=text, permalink=permalink, as_of=now, retrieved=now, record_hash="")
