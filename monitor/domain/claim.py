"""A claim: what one revision of one item asserts, with the words that assert it."""

from __future__ import annotations

from dataclasses import dataclass, field

from monitor.domain.ident import ClaimId, ItemId, SnapshotId, SourceId, content_id
from monitor.domain.moment import StatedDate
from monitor.domain.vocabulary import (
    Direction,
    DocumentKind,
    EventType,
    Instrument,
    Model,
    Stage,
    Tier,
    Worth,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Jurisdiction:
    """Where: `state` is two letters (None: federal), `county` five FIPS digits, `place` a name."""

    state: str | None = None
    county: str | None = None
    place: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """The asserting words, verbatim; offsets in characters of the item's text, half-open."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a rule read in a text, before it is bound to a source: the pure result of detection.

    `event_key` names the thing in the world (type, place or agency, model, bill, time bucket);
    `keys` are further keys under which the same thing may be told; equal keys mean one event.
    """

    event_type: EventType
    stage: Stage
    direction: Direction
    jurisdiction: Jurisdiction
    agency: str | None = None
    agency_id: str | None = None
    model: Model | None = None
    bill: str | None = None
    instrument: Instrument | None = None
    target: str | None = None  #: "local_agencies" or "ice": whom a state law binds
    occurred: StatedDate | None = None
    effective: StatedDate | None = None
    passed: StatedDate | None = None
    amount: float | None = None
    unit: str | None = None
    quote: Quote
    rule: str
    rule_version: str
    worth: Worth
    event_key: str = ""
    keys: tuple[str, ...] = ()
    note: str = ""  #: neutral remark for people, e.g. "was 2025-04-14"
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A finding bound to the stored revision that makes it."""

    source_id: SourceId
    item_id: ItemId
    revision: int
    slot: int  #: position among the claims of this revision
    snapshot_id: SnapshotId
    locator: str  #: "chars 10-80", "row 17", "page 3"
    tier: Tier
    kind: DocumentKind
    finding: Finding
    url: str
    title: str
    published: StatedDate | None = None
    id: ClaimId = field(init=False)

    def __post_init__(self) -> None:
        """Derive the id: source, item, revision, rule and slot; permanent."""
        object.__setattr__(
            self,
            "id",
            ClaimId(
                content_id(
                    self.source_id,
                    self.item_id,
                    str(self.revision),
                    self.finding.rule,
                    str(self.slot),
                )
            ),
        )
