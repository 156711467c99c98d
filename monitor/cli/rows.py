"""Events, records, agreements as flat rows."""

from __future__ import annotations

from monitor.cli.output import Row
from monitor.domain.event import Event, Record
from monitor.domain.filter import event_day
from monitor.domain.roster import Agreement

#: What is shown of captured words in public.
QUOTE_CHARS = 300


def event_row(event: Event, whole: bool = False) -> dict[str, object]:
    """An event as a flat row; `whole` adds evidence and further fields."""
    where = event.jurisdiction
    row: dict[str, object] = {
        "id": event.id,
        "day": event_day(event).isoformat(),
        "type": event.event_type.value,
        "stage": event.stage.value,
        "where": ", ".join(p for p in (where.place, where.county, where.state or "US") if p),
        "title": event.title,
        "status": event.status.value,
        "state": where.state,
        "county": where.county,
        "place": where.place,
        "agency": event.agency,
        "model": event.model.value if event.model else None,
        "bill": event.bill,
        "direction": event.direction.value,
        "tier": event.tier.value,
        "url": event.url,
        "quote": event.quote[:QUOTE_CHARS],
        "recorded_at": event.recorded_at.isoformat(),
    }
    if whole:
        row["updated_at"] = event.updated_at.isoformat()
        row["merged_into"] = event.merged_into
        row["links"] = [f"{relation} {other}" for relation, other in event.links]
        row["note"] = event.note
        row["evidence"] = evidence_rows(event)
    return row


def evidence_rows(event: Event) -> list[Row]:
    """The evidence of an event, in the order it came."""
    return [
        {
            "publisher": e.publisher or e.source_id,
            "tier": e.tier.value,
            "captured": f"{e.captured_at:%Y-%m-%d %H:%M}" if e.captured_at else "",
            "url": e.url,
            "quote": e.quote[:QUOTE_CHARS],
            "locator": e.locator,
            "body_hash": e.body_hash,
        }
        for e in event.evidence
    ]


def record_row(record: Record) -> dict[str, object]:
    """One line of the log as a flat row."""
    return {
        "sequence": record.sequence,
        "recorded": f"{record.recorded_at:%Y-%m-%d %H:%M}",
        "kind": record.kind.value,
        "reason": record.reason,
        "changed": "; ".join(f"{name}: {was} -> {now}" for name, was, now in record.changed),
        "hash": record.hash,
    }


def agreement_row(agreement: Agreement) -> dict[str, object]:
    """One agreement as a flat row."""
    row = agreement.row
    return {
        "id": agreement.id,
        "state": row.state,
        "agency": row.agency,
        "county": row.county,
        "county_fips": row.county_fips,
        "model": row.model.value,
        "signed": row.signed.isoformat() if row.signed else None,
        "standing": agreement.state.value,
        "since": f"{agreement.first_listed_at:%Y-%m-%d}",
        "last_seen": f"{agreement.last_seen_at:%Y-%m-%d}",
        "moa": row.moa,
    }
