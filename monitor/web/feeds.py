"""Any query as Atom, JSON Feed, CSV or NDJSON."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse

from monitor.domain.event import Event
from monitor.services.query import Asked
from monitor.web.answer import CACHE, etag_of, is_known
from monitor.web.moments import read_moment
from monitor.web.parts import Site, site
from monitor.web.render import local_link, permalink
from monitor.web.syndication import Linker, atom, csv_lines, json_feed, ndjson_lines

router = APIRouter(include_in_schema=False)

Expression = Annotated[str, Query(max_length=4000)]
Text = Annotated[str, Query(max_length=40)]
NEWEST = 50
#: Corrections of older events are carried this long, so that a reader that polls daily sees them.
CORRECTED_WITHIN = timedelta(days=14)
CORRECTED = 50


@router.get("/events.atom", name="feed_atom")
def feed_atom(request: Request, q: Expression = "") -> Response:
    """The newest events and corrections as Atom."""
    own = site(request)
    asked = own.parts.query.ask(q, limit=NEWEST)
    body = atom(
        feed_events(own, q, asked),
        title=_title(asked),
        page_url=permalink(request, local_link("/events", q=asked.expression)),
        feed_url=permalink(request, local_link("/events.atom", q=asked.expression)),
        link=_linker(request),
    )
    return _cached(request, body, "application/atom+xml; charset=utf-8")


@router.get("/events.json", name="feed_json")
def feed_json(request: Request, q: Expression = "") -> Response:
    """The newest events and corrections as JSON Feed."""
    own = site(request)
    asked = own.parts.query.ask(q, limit=NEWEST)
    body = json_feed(
        feed_events(own, q, asked),
        title=_title(asked),
        page_url=permalink(request, local_link("/events", q=asked.expression)),
        feed_url=permalink(request, local_link("/events.json", q=asked.expression)),
        link=_linker(request),
    )
    return _cached(request, body, "application/feed+json")


@router.get("/events.csv", name="feed_csv")
def feed_csv(
    request: Request, q: Expression = "", as_of: Text = "", known_at: Text = ""
) -> StreamingResponse:
    """All matches as CSV, at most 100,000."""
    lines = csv_lines(_all(request, q, as_of, known_at), _linker(request))
    return _download(lines, "text/csv; charset=utf-8", "events.csv")


@router.get("/events.ndjson", name="feed_ndjson")
def feed_ndjson(
    request: Request, q: Expression = "", as_of: Text = "", known_at: Text = ""
) -> StreamingResponse:
    """All matches as one JSON object a line, at most 100,000."""
    lines = ndjson_lines(_all(request, q, as_of, known_at), _linker(request))
    return _download(lines, "application/x-ndjson", "events.ndjson")


def feed_events(own: Site, q: str, asked: Asked) -> tuple[Event, ...]:
    """The newest matches, and older ones that a record touched lately; newest change first."""
    newest = own.parts.query.events(asked).items
    since = own.parts.clock.now() - CORRECTED_WITHIN
    touched = own.parts.query.ask(q, changed_since=since)
    changed = tuple(own.parts.query.each(touched, 1000))[-CORRECTED:]
    found = {event.id: event for event in (*newest, *changed)}
    return tuple(sorted(found.values(), key=lambda e: (e.updated_at, e.id), reverse=True))


def _all(request: Request, q: str, as_of: str, known_at: str) -> Iterator[Event]:
    query = site(request).parts.query
    asked = query.ask(
        q,
        as_of=read_moment("as_of", as_of),
        known_at=read_moment("known_at", known_at),
        limit=200,
    )
    return query.each(asked)


def _title(asked: Asked) -> str:
    return f"Policy monitor: {asked.expression or 'all events'}"


def _linker(request: Request) -> Linker:
    return lambda event_id: permalink(request, f"/e/{event_id}")


def _cached(request: Request, body: bytes, media_type: str) -> Response:
    headers = {"ETag": etag_of(body), "Cache-Control": CACHE}
    if is_known(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


def _download(lines: Iterator[str], media_type: str, name: str) -> StreamingResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": CACHE}
    return StreamingResponse(lines, media_type=media_type, headers=headers)
