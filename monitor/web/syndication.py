"""Events as Atom, JSON Feed, CSV and NDJSON; pure. What comes from outside is inert in each.

Corrections travel: an entry's `updated` is its newest record, and a retracted, disputed or
superseded event says so in its title.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from monitor.domain.event import Event
from monitor.domain.vocabulary import Rung
from monitor.notify import safety
from monitor.notify.message import Links, card
from monitor.notify.words import CERTAINTY
from monitor.web.outward import event_out

ATOM = "http://www.w3.org/2005/Atom"
#: Characters that make a spreadsheet run a cell (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
CSV_COLUMNS = (
    "id", "url", "day", "type", "stage", "direction", "status", "tier", "worth", "title", "quote",
    "state", "county", "place", "agency", "agency_id", "model", "bill", "instrument", "target",
    "occurred", "passed", "effective", "published", "captured_at", "recorded_at", "updated_at",
    "source_id", "source_url", "amount", "unit", "note",
)  # fmt: skip

Linker = Callable[[str], str]


def feed_title(event: Event) -> str:
    """The headline, with what became of it in front."""
    title = card(event, Links()).headline
    if event.status in (Rung.RETRACTED, Rung.DISPUTED, Rung.SUPERSEDED):
        return f"{CERTAINTY[event.status]}: {title}"
    return title


def atom(
    events: Sequence[Event], *, title: str, page_url: str, feed_url: str, link: Linker
) -> bytes:
    """An Atom document (RFC 4287); ids are the events' permanent addresses."""
    ET.register_namespace("", ATOM)
    feed = ET.Element(f"{{{ATOM}}}feed")
    _text(feed, "id", feed_url)
    _text(feed, "title", title)
    updated = max((event.updated_at for event in events), default=datetime(2000, 1, 1, tzinfo=UTC))
    _text(feed, "updated", _moment(updated))
    ET.SubElement(feed, f"{{{ATOM}}}link", rel="self", href=feed_url, type="application/atom+xml")
    ET.SubElement(feed, f"{{{ATOM}}}link", rel="alternate", href=page_url, type="text/html")
    author = ET.SubElement(feed, f"{{{ATOM}}}author")
    _text(author, "name", "Policy monitor")
    for event in events:
        _entry(feed, event, link(event.id))
    document: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return document


def json_feed(
    events: Sequence[Event], *, title: str, page_url: str, feed_url: str, link: Linker
) -> bytes:
    """A JSON Feed 1.1 document (jsonfeed.org)."""
    items = []
    for event in events:
        shown = card(event, Links())
        item: dict[str, object] = {
            "id": link(event.id),
            "url": link(event.id),
            "title": feed_title(event),
            "content_text": _summary(event),
            "date_published": _moment(event.recorded_at),
            "date_modified": _moment(event.updated_at),
            "tags": [event.event_type.value, event.status.value],
        }
        if shown.source_url:
            item["external_url"] = shown.source_url
        items.append(item)
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": title,
        "home_page_url": page_url,
        "feed_url": feed_url,
        "items": items,
    }
    return json.dumps(feed, ensure_ascii=False, indent=1).encode()


def csv_lines(events: Iterable[Event], link: Linker) -> Iterator[str]:
    """Lines of a CSV file (RFC 4180) with a header; no cell can be a formula."""
    yield _csv_line(CSV_COLUMNS)
    for event in events:
        flat = event_out(event, link(event.id)).model_dump(mode="json")
        for name in ("occurred", "passed", "effective", "published"):
            flat[name] = flat[name]["day"] if flat[name] else None
        yield _csv_line([safe_cell(flat[name]) for name in CSV_COLUMNS])


def ndjson_lines(events: Iterable[Event], link: Linker) -> Iterator[str]:
    """One JSON object a line, the events of the API."""
    for event in events:
        yield event_out(event, link(event.id)).model_dump_json() + "\n"


def safe_cell(value: object) -> str:
    """A cell that no spreadsheet runs: text that could start a formula gets an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return str(value)
    text = "".join(c for c in str(value) if c >= " " or c in "\t\n\r")
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def _csv_line(cells: Iterable[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()


def _entry(feed: ET.Element, event: Event, url: str) -> None:
    shown = card(event, Links())
    entry = ET.SubElement(feed, f"{{{ATOM}}}entry")
    _text(entry, "id", url)
    _text(entry, "title", feed_title(event))
    _text(entry, "published", _moment(event.recorded_at))
    _text(entry, "updated", _moment(event.updated_at))
    ET.SubElement(entry, f"{{{ATOM}}}link", rel="alternate", href=url, type="text/html")
    if shown.source_url:
        ET.SubElement(entry, f"{{{ATOM}}}link", rel="via", href=shown.source_url)
    for term in (event.event_type.value, event.status.value, event.jurisdiction.state):
        if term:
            ET.SubElement(entry, f"{{{ATOM}}}category", term=term)
    _text(entry, "summary", _summary(event))


def _summary(event: Event) -> str:
    shown = card(event, Links())
    days = ", ".join(f"{label} {day}" for label, day in shown.dates)
    quote = f"“{shown.quote}”" if shown.quote else ""
    parts = (shown.where, shown.certainty, days, quote, safety.plain(shown.publisher, 100))
    return ". ".join(part for part in parts if part)


def _text(parent: ET.Element, name: str, text: str) -> None:
    child = ET.SubElement(parent, f"{{{ATOM}}}{name}")
    child.text = safety.plain(text, 4000)


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
