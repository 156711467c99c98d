"""Messages as values, neutral of channel: what happened, where, who, how sure, says who.

Everything taken from outside has passed safety.plain; every surface escapes it once more by its
own rules. A message holds no address of a subscriber; personal links stand in Personal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote, urlencode

from monitor.domain.event import Event, Evidence, Record
from monitor.domain.ident import EventId
from monitor.domain.vocabulary import Model, RecordKind, Rung, Tier
from monitor.notify import safety
from monitor.notify.routing import CORRECTIONS
from monitor.notify.words import (
    CERTAINTY,
    FIELDS,
    HAPPENED,
    MODELS,
    day_words,
    kind_counted,
    state_name,
    value_words,
)
from monitor.resolve.headline import headline as neutral_headline


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Addresses of our own pages; without a base address there are none ("")."""

    base_url: str = ""

    def event(self, event_id: str) -> str:
        """The permanent page of an event."""
        return self._page(f"/e/{quote(event_id, safe='')}")

    def digest(self, digest_id: str) -> str:
        """The permanent page of a digest."""
        return self._page(f"/digests/{quote(digest_id, safe='')}")

    def query(self, expression: str) -> str:
        """The events that a filter expression finds."""
        return self._page("/events?" + urlencode({"q": expression}))

    def act(self, page: str, token: str) -> str:
        """A page that acts for the bearer of a signed token: confirm, unsubscribe, manage …"""
        return self._page(f"/{page}?" + urlencode({"token": token}))

    def _page(self, path: str) -> str:
        return self.base_url.rstrip("/") + path if self.base_url else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field: what was said, what is said now."""

    field: str
    was: str
    now: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One event in words; every text is inert and on one line."""

    event_id: str
    event_type: str
    kind: str  #: "agreement signed or approved"
    headline: str
    state: str  #: two letters, "" for federal events
    where: str
    agency: str = ""
    model: str = ""
    bill: str = ""
    dates: tuple[tuple[str, str], ...] = ()  #: (label, day)
    rung: str = ""
    certainty: str = ""
    publisher: str = ""
    source_title: str = ""
    source_url: str = ""
    quote: str = ""
    link: str = ""  #: our page of the event
    note: str = ""
    sources: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a later record did to an event that was told before."""

    record_id: str
    kind: str
    what: str
    correction: bool
    card: Card
    reason: str = ""
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Personal:
    """What only this recipient may see: why, and the ways to change it or to leave."""

    reason: str = ""
    manage_url: str = ""
    snooze_url: str = ""
    leave_url: str = ""
    one_click_url: str = ""  #: RFC 8058: https, acts on POST only
    leave_mailto: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One event, told when it opens; `answers` are shown when the message is edited later."""

    delivery_id: str
    card: Card
    personal: Personal = field(default_factory=Personal)
    answers: tuple[Answer, ...] = ()
    acknowledged: tuple[tuple[str, str], ...] = ()  #: (channel's own user id, UTC minute)


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """Many events of one commit as one message, the list in its thread."""

    delivery_id: str
    headline: str
    cards: tuple[Card, ...]
    personal: Personal = field(default_factory=Personal)
    answers: tuple[Answer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """Answers to what was told: the opening message as it reads now, and what changed."""

    delivery_id: str
    opening: Alert | Burst
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Events of one state and kind in a digest; `total` counts those beyond the cards shown."""

    state: str
    title: str
    total: int
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestBody:
    """The shared body of a digest: no address, no reason line, no personal links."""

    digest_id: str
    title: str
    start: str  #: ISO UTC, included
    end: str  #: ISO UTC, not included
    period: str  #: the window in the subscriber's own words and zone
    filter: str
    total: int
    groups: tuple[Group, ...] = ()
    corrections: tuple[Answer, ...] = ()
    developments: tuple[Answer, ...] = ()
    by_state: tuple[tuple[str, int], ...] = ()  #: events per state, most first
    trend: tuple[tuple[str, int], ...] = ()  #: (ISO day or week, events), oldest first
    link: str = ""
    query_link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestMessage:
    """A digest for one recipient."""

    delivery_id: str
    body: DigestBody
    personal: Personal = field(default_factory=Personal)


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A notice of the program itself: confirmation, pause, health, canary."""

    delivery_id: str
    title: str
    paragraphs: tuple[str, ...] = ()
    action: tuple[str, str] | None = None  #: (label, address)
    personal: Personal = field(default_factory=Personal)


Message = Alert | Burst | Update | DigestMessage | System


def summary(message: Message) -> str:
    """One line that says it all: notification text, mail subject."""
    match message:
        case Alert(card=card):
            return _flagged(card)
        case Burst(headline=headline):
            return headline
        case Update(answers=answers):
            first = answers[0]
            more = f" (and {len(answers) - 1} more)" if len(answers) > 1 else ""
            return f"{first.what}: {first.card.headline}{more}"
        case DigestMessage(body=body):
            return f"{body.title}: {events_counted(body.total)}, {body.period}"
        case System(title=title):
            return title


def events_counted(number: int) -> str:
    """ "no new events", "1 event", "1,200 events"."""
    if number == 0:
        return "no new events"
    return "1 event" if number == 1 else f"{number:,} events"


def card(event: Event, links: Links) -> Card:
    """The event in words."""
    best = _best_evidence(event)
    url = safety.link(event.url) or (safety.link(best.url) if best else "")
    return Card(
        event_id=event.id,
        event_type=event.event_type,
        kind=kind_counted(event.event_type, 1).removeprefix("1 "),
        headline=headline(event),
        state=event.jurisdiction.state or "",
        where=_where(event),
        agency=safety.plain(event.agency, 150),
        model=_model_words(event.model),
        bill=safety.plain(event.bill, 60),
        dates=_dates(event),
        rung=event.status,
        certainty=CERTAINTY[event.status],
        publisher=safety.plain(best.publisher if best else "", 100),
        source_title=safety.plain(best.title if best else "", 200),
        source_url=url,
        quote=safety.quoted(event.quote or (best.quote if best else "")),
        link=links.event(event.id),
        note=safety.plain(event.note, 200),
        sources=max(1, len({evidence.url or evidence.title for evidence in event.evidence})),
    )


def headline(event: Event) -> str:
    """The event's own neutral headline, or one made from its facts where it has none."""
    return safety.plain(event.title, 200) or safety.plain(neutral_headline(event), 200)


def answer(record: Record, links: Links, others: Mapping[EventId, Event] | None = None) -> Answer:
    """What the record did, in words; `others` are the events it links to (after a merge)."""
    event = record.event
    what = HAPPENED[record.kind]
    if record.kind is RecordKind.CLIMBED:
        what = CERTAINTY[event.status]
    return Answer(
        record_id=record.id,
        kind=record.kind,
        what=what,
        correction=record.kind in CORRECTIONS,
        card=card(_shown_event(event, others), links),
        reason=safety.plain(record.reason, 300),
        changes=changes(record),
    )


def changes(record: Record) -> tuple[Change, ...]:
    """The changed fields that people are shown, was -> now."""
    return tuple(
        Change(
            field=FIELDS[name.removeprefix("jurisdiction.")],
            was=_shown_value(name, was),
            now=_shown_value(name, now),
        )
        for name, was, now in record.changed
        if name.removeprefix("jurisdiction.") in FIELDS
    )


def minute_words(moment: datetime) -> str:
    """A moment for people: UTC to the minute."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _shown_value(name: str, value: str) -> str:
    return safety.plain(value_words(name.removeprefix("jurisdiction."), value), 150) or "not stated"


def _shown_event(event: Event, others: Mapping[EventId, Event] | None) -> Event:
    if event.merged_into and others and event.merged_into in others:
        return others[event.merged_into]
    return event


def _flagged(card: Card) -> str:
    if card.rung in (Rung.RETRACTED, Rung.DISPUTED, Rung.SUPERSEDED):
        return f"{card.certainty}: {card.headline}"
    return card.headline


def _best_evidence(event: Event) -> Evidence | None:
    ranks = tuple(Tier)
    return min(event.evidence, key=lambda one: ranks.index(one.tier), default=None)


def _where(event: Event) -> str:
    place = safety.plain(event.jurisdiction.place, 100)
    state = state_name(event.jurisdiction.state)
    return f"{place}, {state}" if place and place != state else state


def _model_words(model: Model | None) -> str:
    return "" if model is None else MODELS[model]


def _dates(event: Event) -> tuple[tuple[str, str], ...]:
    stated = (
        ("happened", event.occurred),
        ("passed", event.passed),
        ("in force from", event.effective),
        ("published", event.published),
    )
    return tuple((label, day_words(day)) for label, day in stated if day is not None)
