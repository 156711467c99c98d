"""Builders for identity tests: claims as sources make them, and a log that grows check by check."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from monitor.decide import bind, candidate_keys, resolve
from monitor.domain.claim import Claim, Finding, Jurisdiction, Quote
from monitor.domain.event import Decision, Event, Record
from monitor.domain.ident import SnapshotId, SourceId
from monitor.domain.item import Item, Revision
from monitor.domain.moment import Precision, StatedDate
from monitor.domain.source import Source
from monitor.domain.vocabulary import (
    Direction,
    DocumentKind,
    EventType,
    Model,
    Stage,
    Tier,
    Worth,
)
from monitor.resolve.policy import Policy


def on(text: str) -> StatedDate:
    """A stated date from "2025", "2025-08" or "2025-08-13"."""
    parts = [int(part) for part in text.split("-")]
    precision = (Precision.YEAR, Precision.MONTH, Precision.DAY)[len(parts) - 1]
    return StatedDate(day=date(*[*parts, 1, 1][:3]), precision=precision)


def at(text: str) -> datetime:
    """Noon UTC of a day."""
    return datetime.fromisoformat(text).replace(hour=12, tzinfo=UTC)


def finding(
    event_type: EventType,
    stage: Stage,
    *,
    state: str | None = None,
    county: str | None = None,
    place: str | None = None,
    agency: str | None = None,
    model: Model | None = None,
    bill: str | None = None,
    occurred: str | None = None,
    direction: Direction = Direction.TOWARD,
    worth: Worth = Worth.ALERT,
    quote: str = "signed an agreement",
    amount: float | None = None,
    unit: str | None = None,
    agency_id: str | None = None,
    attributes: tuple[tuple[str, str], ...] = (),
) -> Finding:
    """A finding of a made-up rule."""
    return Finding(
        event_type=event_type,
        stage=stage,
        direction=direction,
        jurisdiction=Jurisdiction(state=state, county=county, place=place),
        agency=agency,
        agency_id=agency_id,
        model=model,
        bill=bill,
        occurred=on(occurred) if occurred else None,
        quote=Quote(text=quote, start=0, end=len(quote)),
        rule="rule",
        rule_version="1",
        worth=worth,
        amount=amount,
        unit=unit,
        attributes=attributes,
    )


def source(name: str, tier: Tier = Tier.PRESS, *, discovery: bool = False) -> Source:
    """A configured source."""
    return Source(
        id=SourceId(name),
        kind="feed",
        name=name,
        publisher=name.title(),
        options=None,
        tier=tier,
        discovery=discovery,
    )


def claims(
    publisher: Source,
    *findings: Finding,
    published: str | None,
    url: str = "",
    kind: DocumentKind = DocumentKind.NEWS,
    revision: int = 1,
    key: str = "",
    text: str = "",
) -> tuple[Claim, ...]:
    """The claims of one document."""
    address = url or f"https://{publisher.id}.example/{published}/{key}"
    item = Item(
        source_id=publisher.id,
        key=key or address,
        url=address,
        title="A title",
        text=text,
        kind=kind,
        published=on(published) if published else None,
    )
    snapshot = SnapshotId(f"{publisher.id} {address} {revision}")
    return bind(
        publisher,
        Revision(item=item, number=revision, snapshot_id=snapshot, captured_at=at("2025-01-01")),
        findings,
    )


@dataclass
class Log:
    """Events as a store would hold them."""

    events: dict[str, Event] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)

    def check(
        self,
        publisher: Source,
        now: str,
        *told: tuple[Claim, ...],
        withdrawn: tuple[Claim, ...] = (),
        **circumstances: object,
    ) -> Decision:
        """Take the claims of one check in, with the candidates that their keys would bring."""
        made = tuple(claim for group in told for claim in group)
        captured = {claim.snapshot_id: at(now) for claim in made}
        policy = Policy(source=publisher, captured=captured, **circumstances)  # type: ignore[arg-type]
        keys = set(candidate_keys((*made, *withdrawn)))
        near = tuple(
            event
            for event in self.events.values()
            if event.merged_into is None and keys & {event.event_key, *event.keys}
        )
        decision = resolve(made, near, at(now), policy, withdrawn=withdrawn)
        self.records += decision.records
        for record in decision.records:
            self.events[record.event.id] = record.event
        return decision

    @property
    def kinds(self) -> list[str]:
        """Kinds of all records so far."""
        return [record.kind.value for record in self.records]

    @property
    def only(self) -> Event:
        """The one event there is."""
        (event,) = self.events.values()
        return event
