"""The answers of the API; every field is documented and nothing beside these fields is shown."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, Field


class Day(BaseModel):
    """A day as a source states it: the first day of the stated span, and the span."""

    day: date
    precision: str = Field(examples=["day", "month"])


class EventOut(BaseModel):
    """One event as it stands; with `fields`, only the chosen ones."""

    id: str = Field(examples=["4f0c2b7a9d1e4a6b8c3d5e7f90a1b2c3"])
    url: str | None = Field(None, description="permanent page")
    type: str | None = Field(None, examples=["agreement_signed"])
    stage: str | None = Field(None, examples=["listed"])
    direction: str | None = None
    status: str | None = Field(None, description="rung of the ladder: reported, official …")
    tier: str | None = Field(None, description="rank of the best publisher")
    worth: str | None = Field(None, description="alert, or review: not yet reviewed by a person")
    title: str | None = None
    quote: str | None = Field(None, description="at most 300 characters")
    day: date | None = Field(None, description="occurred, else published, else captured")
    state: str | None = Field(None, description="two letters; null: federal")
    county: str | None = Field(None, description="FIPS")
    place: str | None = None
    agency: str | None = None
    agency_id: str | None = None
    model: str | None = None
    bill: str | None = None
    instrument: str | None = None
    target: str | None = None
    occurred: Day | None = None
    passed: Day | None = None
    effective: Day | None = None
    published: Day | None = None
    captured_at: datetime | None = None
    recorded_at: datetime | None = None
    updated_at: datetime | None = None
    source_id: str | None = None
    source_url: str | None = None
    amount: float | None = None
    unit: str | None = None
    note: str | None = None
    silent: bool | None = Field(None, description="baseline or backfill: logged, never paged")
    merged_into: str | None = Field(None, description="the event that this one redirects to")
    links: list[tuple[str, str]] | None = Field(None, description="(relation, event id)")


class EventPage(BaseModel):
    """A page of events, newest recorded first."""

    filter: str = Field(description="canonical form of the filter")
    items: list[EventOut]
    next_cursor: str | None = Field(description="opaque; null on the last page")


class EvidenceOut(BaseModel):
    """Where the asserting words stand, and the hash of the captured bytes."""

    claim_id: str
    source_id: str
    publisher: str
    tier: str
    title: str
    url: str | None
    quote: str
    locator: str
    rule: str
    published: Day | None
    captured_at: datetime | None
    sha256: str


class EvidencePage(BaseModel):
    """Evidence of one event."""

    event_id: str
    items: list[EvidenceOut]


class Changed(BaseModel):
    """One field: was, is."""

    field: str
    was: str
    now: str


class RecordOut(BaseModel):
    """One line of the log."""

    sequence: int
    id: str
    kind: str
    event_id: str
    recorded_at: datetime
    actor: str
    reason: str
    changed: list[Changed]
    chain: str
    previous_hash: str
    hash: str
    event: EventOut


class RecordPage(BaseModel):
    """Records in order; go on with `after` = next_after."""

    items: list[RecordOut]
    next_after: int | None


class CountOut(BaseModel):
    """A number, and whether counting stopped there."""

    filter: str
    value: int
    capped: bool


class Facet(BaseModel):
    """How many events have this value."""

    value: str
    count: int


class FacetsOut(BaseModel):
    """Counts by field over at most the 10,000 newest matches."""

    filter: str
    facets: dict[str, list[Facet]]


class Bucket(BaseModel):
    """Events recorded within one day, week or month."""

    label: str = Field(examples=["2025-06", "2025-W22", "2025-06-01"])
    count: int


class SeriesOut(BaseModel):
    """Counts over time, oldest first."""

    filter: str
    bucket: str
    items: list[Bucket]


class AgreementOut(BaseModel):
    """One agreement on ICE's roster."""

    id: str
    state: str
    agency: str
    agency_id: str
    type: str
    county: str | None
    county_fips: str | None
    model: str
    signed: date | None
    standing: str = Field(description="active, unconfirmed, held or ended")
    agreement_url: str | None
    addendum_url: str | None
    first_listed_at: datetime
    last_seen_at: datetime
    missing_since: datetime | None
    ended_at: datetime | None
    from_pending: bool


class RosterOut(BaseModel):
    """The roster of a moment."""

    as_of: datetime | None = Field(description="asked moment; null: the newest publication")
    published_at: datetime | None = Field(description="the newest publication that this rests on")
    listed: int
    total: int = Field(description="agreements that match, ended ones included")
    agencies: int
    by_model: dict[str, int]
    items: list[AgreementOut]
    next_start: int | None


class RosterDiffOut(BaseModel):
    """What the later roster has that the earlier has not, and the reverse."""

    before: datetime
    after: datetime
    added: list[AgreementOut]
    gone: list[AgreementOut]
    changed: list[tuple[AgreementOut, AgreementOut]]


class AgencyRow(BaseModel):
    """One agency."""

    agency_id: str
    name: str
    state: str
    listed: int


class AgencyPage(BaseModel):
    """Agencies that the roster has ever listed."""

    total: int
    items: list[AgencyRow]


class OutcomeOut(BaseModel):
    """What one publication of the workbook showed."""

    outcome: str
    published_at: datetime
    told_at: datetime
    model: str | None
    reason: str


class AgencyOut(BaseModel):
    """One agency with agreements, ledger and events."""

    agency_id: str
    name: str
    names: list[str]
    state: str
    county: str | None
    agreements: list[AgreementOut]
    outcomes: list[OutcomeOut]
    events: list[EventOut]


class StateRow(BaseModel):
    """A state in numbers."""

    state: str
    name: str
    agreements: int
    events: int


class StatePage(BaseModel):
    """All states and territories."""

    items: list[StateRow]


class StateOut(BaseModel):
    """One state: its counties with listed agreements."""

    state: str
    name: str
    agreements: int
    ever_listed: int
    by_county: dict[str, int] = Field(description="listed agreements by county FIPS")


class BillOut(BaseModel):
    """What the log says of one bill."""

    state: str
    bill: str
    items: list[EventOut]


class DigestRow(BaseModel):
    """One public digest window."""

    id: str
    start: datetime
    end: datetime
    events: int


class DigestPage(BaseModel):
    """Public digests, newest first."""

    items: list[DigestRow]


class DigestOut(BaseModel):
    """One public digest with its events as they stand now."""

    id: str
    start: datetime
    end: datetime
    filter: str
    items: list[EventOut]


class SourceOut(BaseModel):
    """One source; `as_of` is when bytes of it were last accepted."""

    id: str
    name: str
    publisher: str
    kind: str
    tier: str
    standing: str
    as_of: datetime | None
    message: str | None = Field(None, description="for people with a role")


class SourcePage(BaseModel):
    """All sources."""

    items: list[SourceOut]
