"""Domain values as answers of the API: only public fields, outside text made inert."""

from __future__ import annotations

from monitor.domain.event import Event, Evidence, Record
from monitor.domain.filter import event_day
from monitor.domain.moment import StatedDate
from monitor.domain.roster import Agreement, LedgerOutcome
from monitor.notify import safety
from monitor.notify.message import headline
from monitor.web.schemas import (
    AgreementOut,
    Changed,
    Day,
    EventOut,
    EvidenceOut,
    OutcomeOut,
    RecordOut,
)


def event_out(event: Event, link: str) -> EventOut:
    """An event with its public fields; `link` is its permanent page."""
    where = event.jurisdiction
    return EventOut(
        id=event.id,
        url=link,
        type=event.event_type,
        stage=event.stage,
        direction=event.direction,
        status=event.status,
        tier=event.tier,
        worth=event.worth,
        title=headline(event),
        quote=safety.quoted(event.quote),
        day=event_day(event),
        state=where.state,
        county=where.county,
        place=where.place,
        agency=event.agency,
        agency_id=event.agency_id,
        model=event.model,
        bill=event.bill,
        instrument=event.instrument,
        target=event.target,
        occurred=day_out(event.occurred),
        passed=day_out(event.passed),
        effective=day_out(event.effective),
        published=day_out(event.published),
        captured_at=event.captured_at,
        recorded_at=event.recorded_at,
        updated_at=event.updated_at,
        source_id=event.source_id,
        source_url=safety.link(event.url) or None,
        amount=event.amount,
        unit=event.unit,
        note=safety.plain(event.note, 300) or None,
        silent=event.silent,
        merged_into=event.merged_into,
        links=[(relation, other) for relation, other in event.links],
    )


def day_out(stated: StatedDate | None) -> Day | None:
    """A stated day."""
    return Day(day=stated.day, precision=stated.precision) if stated else None


def evidence_out(evidence: Evidence) -> EvidenceOut:
    """Evidence without anything captured but the quote."""
    return EvidenceOut(
        claim_id=evidence.claim_id,
        source_id=evidence.source_id,
        publisher=safety.plain(evidence.publisher, 200),
        tier=evidence.tier,
        title=safety.plain(evidence.title, 300),
        url=safety.link(evidence.url) or None,
        quote=safety.quoted(evidence.quote),
        locator=evidence.locator,
        rule=evidence.rule,
        published=day_out(evidence.published),
        captured_at=evidence.captured_at,
        sha256=evidence.body_hash,
    )


def record_out(record: Record, link: str) -> RecordOut:
    """A record with the event as it stood after it."""
    return RecordOut(
        sequence=record.sequence,
        id=record.id,
        kind=record.kind,
        event_id=record.event.id,
        recorded_at=record.recorded_at,
        actor=record.actor,
        reason=safety.plain(record.reason, 300),
        changed=[
            Changed(field=name, was=safety.plain(was, 300), now=safety.plain(now, 300))
            for name, was, now in record.changed
        ],
        chain=record.chain,
        previous_hash=record.previous_hash,
        hash=record.hash,
        event=event_out(record.event, link),
    )


def agreement_out(agreement: Agreement) -> AgreementOut:
    """An agreement with its row as published."""
    row = agreement.row
    return AgreementOut(
        id=agreement.id,
        state=row.state,
        agency=row.agency,
        agency_id=row.agency_id,
        type=row.type,
        county=row.county,
        county_fips=row.county_fips,
        model=row.model,
        signed=row.signed,
        standing=agreement.state,
        agreement_url=safety.link(row.moa) or None,
        addendum_url=safety.link(row.addendum) or None,
        first_listed_at=agreement.first_listed_at,
        last_seen_at=agreement.last_seen_at,
        missing_since=agreement.missing_since,
        ended_at=agreement.ended_at,
        from_pending=agreement.from_pending,
    )


def outcome_out(outcome: LedgerOutcome) -> OutcomeOut:
    """A ledger outcome in short."""
    row = outcome.after or outcome.before
    return OutcomeOut(
        outcome=outcome.outcome,
        published_at=outcome.published_at,
        told_at=outcome.told_at,
        model=row.model if row else None,
        reason=safety.plain(outcome.reason, 300),
    )
