"""Small values of the domain for tests of the store: sources, captures, events, records."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random

from monitor.domain.claim import Claim, Finding, Jurisdiction, Quote
from monitor.domain.event import Event, Evidence, Record
from monitor.domain.ident import DeliveryId, EventId, RecordId, SourceId, SubscriptionId, content_id
from monitor.domain.item import Item, Revision
from monitor.domain.moment import Precision, StatedDate
from monitor.domain.roster import Agreement, RosterRow, RowState
from monitor.domain.snapshot import Request, Snapshot
from monitor.domain.subscription import Delivery, DeliveryKind
from monitor.domain.vocabulary import (
    Direction,
    DocumentKind,
    EventType,
    Instrument,
    Model,
    RecordKind,
    Rung,
    Stage,
    Tier,
    Worth,
)

NOW = datetime(2025, 6, 2, 12, 0, 0, 123456, tzinfo=UTC)
SOURCE = SourceId("herald")
STATES = ("TX", "FL", "GA", None)
AGENCIES = (
    "Dallas County Sheriff's Office",
    "St. Lucie County Sheriff’s Office",
    "Doña Ana County Sheriff",
    "City of Ocala Police",
    None,
)
WORDS = ("signed", "agreement", "ICE", "sheriff's", "287(g)", "vote", "Doña", "county", "jail")


def snapshot(
    body: bytes = b"<p>page</p>", at: datetime = NOW, source: SourceId = SOURCE
) -> Snapshot:
    """A capture."""
    return Snapshot(
        source_id=source,
        request=Request(url="https://herald.example/a", context=(("title", "A"),)),
        final_url="https://herald.example/a",
        status=200,
        headers=(("content-type", "text/html"),),
        body=body,
        captured_at=at,
    )


def revision(
    key: str = "a", text: str = "text", number: int = 1, *, gone: bool = False, at: datetime = NOW
) -> Revision:
    """The n-th content of an item."""
    made = Item(source_id=SOURCE, key=key, url=f"https://herald.example/{key}", text=text)
    return Revision(item=made, number=number, snapshot_id=snapshot().id, captured_at=at, gone=gone)


def claim(slot: int = 0, published: date | None = None, source: SourceId = SOURCE) -> Claim:
    """A claim of the first revision of item a."""
    finding = Finding(
        event_type=EventType.AGREEMENT_SIGNED,
        stage=Stage.SIGNED,
        direction=Direction.TOWARD,
        jurisdiction=Jurisdiction(state="TX"),
        quote=Quote(text="signed", start=0, end=6),
        rule="agreement",
        rule_version="1",
        worth=Worth.ALERT,
    )
    return Claim(
        source_id=source,
        item_id=revision().item.id,
        revision=1,
        slot=slot,
        snapshot_id=snapshot().id,
        locator="chars 0-6",
        tier=Tier.PRESS,
        kind=DocumentKind.NEWS,
        finding=finding,
        url="https://herald.example/a",
        title="A",
        published=StatedDate(day=published) if published else None,
    )


def event(number: int = 0, at: datetime = NOW, **changes: object) -> Event:
    """An event; `number` names it."""
    made = Event(
        id=EventId(content_id("event", str(number))),
        event_type=EventType.AGREEMENT_SIGNED,
        stage=Stage.SIGNED,
        direction=Direction.TOWARD,
        status=Rung.REPORTED,
        tier=Tier.PRESS,
        worth=Worth.ALERT,
        jurisdiction=Jurisdiction(state="TX", county="48113", place="Dallas"),
        agency="Dallas County Sheriff's Office",
        captured_at=at,
        recorded_at=at,
        updated_at=at,
        title=f"Agreement {number} signed",
        source_id=SOURCE,
        event_key=f"key-{number}",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def record(
    of: Event, kind: RecordKind = RecordKind.OPENED, at: datetime | None = None, **changes: object
) -> Record:
    """A record after which the event stands like this."""
    moment = at or of.recorded_at
    made = Record(
        id=RecordId(content_id(of.id, kind, moment.isoformat())),
        kind=kind,
        event=of,
        chain=SOURCE,
        recorded_at=moment,
        told=True,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def evidence(of: Snapshot, by: Claim) -> Evidence:
    """The capture as evidence for the claim."""
    return Evidence(
        claim_id=by.id,
        source_id=of.source_id,
        snapshot_id=of.id,
        body_hash=of.body_hash,
        url=of.final_url,
        title="A",
        captured_at=of.captured_at,
    )


def delivery(number: int = 0, **changes: object) -> Delivery:
    """An outbox row to channel C1."""
    made = Delivery(
        id=DeliveryId(f"delivery-{number}"),
        subscription_id=SubscriptionId("desk"),
        kind=DeliveryKind.ALERT,
        channel="slack",
        destination="C1",
        created_at=NOW,
        event_ids=(event(number).id,),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def agreement(agency: str = "Alpha", state: str = "TX", **changes: object) -> Agreement:
    """An active task force agreement."""
    row = RosterRow(state=state, agency=agency, agency_id=agency.lower(), model=Model.TFM)
    made = Agreement(
        id=f"{agency.lower()}|{state}|TFM",
        row=row,
        state=RowState.ACTIVE,
        first_listed_at=NOW,
        last_seen_at=NOW,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def varied_event(number: int, dice: Random, at: datetime) -> Event:
    """An event with values drawn from small pools, so that filters find some and not all."""
    state = dice.choice(STATES)
    day = date(2025, 1, 1) + timedelta(days=dice.randrange(200))
    stated = StatedDate(day=day, precision=dice.choice(tuple(Precision)))
    return event(
        number,
        at,
        event_type=dice.choice(tuple(EventType)[:6]),
        stage=dice.choice((Stage.SIGNED, Stage.LISTED, Stage.VOTED)),
        direction=dice.choice(tuple(Direction)),
        status=dice.choice(tuple(Rung)),
        tier=dice.choice(tuple(Tier)),
        worth=dice.choice(tuple(Worth)),
        jurisdiction=Jurisdiction(
            state=state,
            county=dice.choice(("48113", "12111", None)) if state else None,
            place=dice.choice(("Fort Pierce", "Saint Lucie", "Dallas", None)),
        ),
        agency=dice.choice(AGENCIES),
        model=dice.choice((*Model, None)),
        bill=dice.choice(("S.B. 4", "HB 1105", None)),
        instrument=dice.choice((*Instrument, None)),
        target=dice.choice(("ice", "local_agencies", None)),
        occurred=stated if dice.random() < 0.5 else None,
        published=stated if dice.random() < 0.5 else None,
        title=" ".join(dice.choices(WORDS, k=dice.randrange(1, 6))),
        quote=" ".join(dice.choices(WORDS, k=dice.randrange(8))),
        source_id=SourceId(dice.choice(("herald", "ice-roster"))),
        silent=dice.random() < 0.2,
        keys=(f"k{dice.randrange(40)}",),
    )
