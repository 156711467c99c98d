"""The cover page of an evidence bundle, as text and as HTML: what a person reads first.

Everything from outside is made inert: one line, no control or direction-changing characters, no
link, no script, no picture; the page's own policy forbids it all once more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from monitor.domain.event import Event, Evidence, Record
from monitor.notify.safety import plain, quoted

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:50em;margin:2em auto;padding:0 1em}"
    "dt{font-weight:bold}code{overflow-wrap:anywhere}"
)
HOW = (
    "To prove this bundle: `monitor verify FILE.zip`, without a network and without the monitor's "
    "database. By hand: manifest.sha256 seals manifest.json, which lists the SHA-256 of every "
    "member. Each line of records.jsonl hashes to its `hash` (SHA-256 over previous_hash, "
    "sequence, event, body, each followed by a line feed) and follows its predecessor up to "
    "the end of its chain that a line of checkpoints.jsonl names. The event in a record "
    "names the SHA-256 of every capture; captures.warc.gz holds their bytes and headers."
)

Lines = list[tuple[str, str]]


def text_cover(event: Event, records: Sequence[Record], facts: Mapping[str, object]) -> str:
    """cover.txt."""
    parts = [f"EVIDENCE: {plain(event.title, 300)}", ""]
    for heading, lines in _sections(event, records, facts):
        parts += [heading.upper(), *(f"  {name}: {value}" for name, value in lines), ""]
    return "\n".join([*parts, str(facts["warning"]), "", HOW, ""])


def html_cover(event: Event, records: Sequence[Record], facts: Mapping[str, object]) -> str:
    """cover.html."""
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>",
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        f"<title>Evidence</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(plain(event.title, 300))}</h1>",
        f"<p><strong>{escape(str(facts['warning']))}</strong></p>",
    ]
    for heading, lines in _sections(event, records, facts):
        rows = "".join(
            f"<dt>{escape(name)}</dt><dd><code>{escape(value)}</code></dd>" for name, value in lines
        )
        parts.append(f"<h2>{escape(heading)}</h2><dl>{rows}</dl>")
    parts.append(f"<p>{escape(HOW)}</p></body></html>\n")
    return "\n".join(parts)


def _sections(
    event: Event, records: Sequence[Record], facts: Mapping[str, object]
) -> list[tuple[str, Lines]]:
    return [
        ("The event", _event_lines(event)),
        ("This bundle", _fact_lines(facts)),
        *((f"Evidence {n}", _evidence_lines(e)) for n, e in enumerate(event.evidence, 1)),
        ("The log", [(f"record {r.sequence}", _record_text(r)) for r in records]),
    ]


def _event_lines(event: Event) -> Lines:
    place = event.jurisdiction
    found = {
        "id": event.id,
        "type": f"{event.event_type.value}, {event.stage.value}",
        "status": event.status.value,
        "where": ", ".join(part for part in (place.place, place.county, place.state) if part),
        "agency": event.agency or "",
        "model": event.model.value if event.model else "",
        "bill": event.bill or "",
        "happened": event.occurred.day.isoformat() if event.occurred else "",
        "recorded": event.recorded_at.isoformat(),
        "merged into": event.merged_into or "",
        "quote": quoted(event.quote),
    }
    return [(name, plain(value, 400)) for name, value in found.items() if value]


def _fact_lines(facts: Mapping[str, object]) -> Lines:
    missing = facts["missing_captures"]
    return [
        ("made", plain(str(facts["made_at"]))),
        ("by", plain(str(facts["program"]))),
        ("captures that are not in the archive any more", plain(str(missing or "none"), 2000)),
        ("records that no checkpoint covers yet", str(facts["records_without_checkpoint"])),
    ]


def _evidence_lines(evidence: Evidence) -> Lines:
    found = {
        "publisher": evidence.publisher or evidence.source_id,
        "title": evidence.title,
        "address": evidence.url,
        "published": evidence.published.day.isoformat() if evidence.published else "not said",
        "captured": evidence.captured_at.isoformat() if evidence.captured_at else "",
        "where in it": evidence.locator,
        "quote": quoted(evidence.quote),
        "rule": evidence.rule,
        "snapshot": evidence.snapshot_id,
        "SHA-256 of the bytes": evidence.body_hash,
    }
    return [(name, plain(value, 2000)) for name, value in found.items() if value]


def _record_text(record: Record) -> str:
    words = [record.recorded_at.isoformat(), record.kind.value, f"by {record.actor}"]
    words += [f"{name}: {was!r} -> {now!r}" for name, was, now in record.changed]
    return plain("; ".join([*words, *([record.reason] if record.reason else [])]), 1000)
