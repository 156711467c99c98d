"""What pages show of events, rosters and series, as values ready for templates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from monitor.domain.event import Event, Record
from monitor.domain.filter import Filter, Term, event_day, show
from monitor.domain.vocabulary import RecordKind, Rung, Worth
from monitor.notify import safety
from monitor.notify.message import Card, Change, Links, card, changes
from monitor.notify.words import HAPPENED, KINDS, MODELS, state_name
from monitor.resolve.gazetteer import Gazetteer

_MARKED = {Rung.RETRACTED, Rung.DISPUTED, Rung.SUPERSEDED}


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLine:
    """One event in a list."""

    event: Event
    card: Card
    day: str
    marked: str  #: "retracted", "disputed", "superseded" or ""
    unreviewed: bool


def event_line(event: Event) -> EventLine:
    """The event as lists show it."""
    return EventLine(
        event=event,
        card=card(event, Links()),
        day=event_day(event).isoformat(),
        marked=event.status.value if event.status in _MARKED else "",
        unreviewed=event.worth is Worth.REVIEW,
    )


def event_lines(events: Iterable[Event]) -> tuple[EventLine, ...]:
    """Several events as lists show them."""
    return tuple(event_line(event) for event in events)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A quote with the captured words around it; for people with a role."""

    before: str
    quote: str
    after: str


CONTEXT_CHARS = 400


def passage(text: str, start: int, end: int) -> Passage:
    """The quote at [start, end) of a text, with up to 400 characters on either side."""
    left = max(0, start - CONTEXT_CHARS)
    return Passage(
        before=("…" if left else "") + text[left:start],
        quote=text[start:end],
        after=text[end : end + CONTEXT_CHARS] + ("…" if end + CONTEXT_CHARS < len(text) else ""),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLine:
    """One line of an event's history."""

    record: Record
    what: str
    reason: str
    changes: tuple[Change, ...]
    correction: bool


_CORRECTING = {
    RecordKind.AMENDED, RecordKind.SPLIT, RecordKind.DISPUTED, RecordKind.RETRACTED,
    RecordKind.SUPERSEDED,
}  # fmt: skip


def record_line(record: Record) -> RecordLine:
    """One record in words."""
    return RecordLine(
        record=record,
        what=HAPPENED[record.kind],
        reason=safety.plain(record.reason, 300),
        changes=changes(record),
        correction=record.kind in _CORRECTING,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """One choice that narrows a search."""

    label: str
    number: int
    href: str
    chosen: bool


def facet_groups(
    filter: Filter, facets: dict[str, tuple[tuple[str, int], ...]]
) -> tuple[tuple[str, tuple[Facet, ...]], ...]:
    """Links per field that add a term to the filter, or take it away where it is chosen."""
    groups = []
    for field, counts in facets.items():
        rows = tuple(_facet(filter, field, value, number) for value, number in counts[:12] if value)
        if rows:
            groups.append((field, rows))
    return tuple(groups)


def _facet(filter: Filter, field: str, value: str, number: int) -> Facet:
    own = Term(field=field, values=(value,))
    chosen = own in filter.terms
    others = tuple(t for t in filter.terms if t.field != field or t.negated)
    terms = others if chosen else (*others, own)
    href = "/events?" + urlencode({"q": show(Filter(terms=terms))})
    return Facet(label=facet_label(field, value), number=number, href=href, chosen=chosen)


def facet_label(field: str, value: str) -> str:
    """A value of a facet in words."""
    match field:
        case "type":
            return {str(kind): many for kind, (_, many) in KINDS.items()}.get(value, value)
        case "state":
            return state_name(value) if value != "federal" else "Federal"
        case "model":
            return {str(model): words for model, words in MODELS.items()}.get(value, value)
        case _:
            return value.replace("_", " ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar of a series; `x`, `y`, `height` in the units of the drawing's view box."""

    label: str
    value: int
    x: float
    y: float
    height: float


CHART_WIDTH = 720
CHART_HEIGHT = 120


def bars(series: Sequence[tuple[str, int]]) -> tuple[Bar, ...]:
    """A series as bars of a 720 x 120 drawing."""
    top = max((value for _, value in series), default=0)
    if not top:
        return ()
    width = CHART_WIDTH / max(len(series), 1)
    return tuple(
        Bar(
            label=label,
            value=value,
            x=round(number * width, 2),
            y=round(CHART_HEIGHT - value / top * CHART_HEIGHT, 2),
            height=round(value / top * CHART_HEIGHT, 2),
        )
        for number, (label, value) in enumerate(series)
    )


def weeks_filled(
    series: Sequence[tuple[str, int]], until: date, weeks: int = 52
) -> tuple[tuple[str, int], ...]:
    """The last weeks up to a day, oldest first, with zeros where the series has nothing.

    Labels are ISO weeks ("2025-W22"), as the store gives them.
    """
    known = dict(series)
    days = (until - timedelta(weeks=back) for back in range(weeks - 1, -1, -1))
    labels = (f"{day.isocalendar().year}-W{day.isocalendar().week:02d}" for day in days)
    return tuple((label, known.get(label, 0)) for label in labels)


def county_name(gazetteer: Gazetteer, fips: str | None) -> str:
    """A county's official name, its code where it is unknown, "" for none."""
    if not fips:
        return ""
    county = gazetteer.county_by_fips(fips)
    return county.name if county else fips
