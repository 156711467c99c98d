"""The read-only HTTP API: the same questions as every other surface, as JSON."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, Request
from fastapi.responses import HTMLResponse, Response

from monitor.domain.event import Event
from monitor.services.query import Asked
from monitor.web import schemas as s
from monitor.web.answer import answer, chosen_fields, next_link
from monitor.web.moments import read_moment
from monitor.web.outward import event_out, evidence_out, record_out
from monitor.web.parts import Site, site
from monitor.web.problem import Problem
from monitor.web.render import page, permalink

DESCRIPTION = (
    "Events about local cooperation with ICE: dated, sourced, deduplicated. Read-only. Lists page "
    "by opaque cursors (at most 200 items a page) and carry a Link to the next page; answers carry "
    "an ETag. The filter grammar (parameter q) is that of the pages and subscriptions. as_of asks "
    "for what was published by then, known_at for what this log had recorded by then, "
    "changed_since for events with a record after it, oldest change first. Errors are problem "
    "details (RFC 9457)."
)
_PROBLEM: dict[str, Any] = {
    "content": {"application/problem+json": {"schema": Problem.model_json_schema()}}
}
ERRORS: dict[int | str, dict[str, Any]] = {
    304: {"description": "not modified (If-None-Match)"},
    400: {"description": "the filter, a moment or the cursor is wrong", **_PROBLEM},
    404: {"description": "nothing has this id", **_PROBLEM},
    422: {"description": "a parameter is out of bounds", **_PROBLEM},
    503: {"description": "the store is busy; see Retry-After", **_PROBLEM},
}

router = APIRouter(prefix="/api/v1", responses=ERRORS, tags=["public"])

Expression = Annotated[
    str,
    Query(
        max_length=4000,
        description="filter, e.g. type:agreement_signed state:TX,FL since:2025-06",
        examples=["signed state:TX"],
    ),
]
Moment = Annotated[
    str | None,
    Query(
        max_length=40, description="a day (its end) or a moment with zone", examples=["2025-06-01"]
    ),
]
Cursor = Annotated[str | None, Query(max_length=200, description="next_cursor of the last page")]
Limit = Annotated[int, Query(ge=1, le=200, description="items a page")]
Fields = Annotated[
    str | None,
    Query(max_length=400, description="only these fields, comma separated", examples=["title,day"]),
]
EventId = Annotated[
    str, Path(max_length=64, pattern="^[0-9A-Za-z_-]+$", examples=["4f0c2b7a9d1e4a6b"])
]
StateCode = Annotated[str, Path(pattern="^[A-Z]{2}$", examples=["TX"])]


@router.get("/events", name="api_events", response_model=s.EventPage)
def events(
    request: Request,
    q: Expression = "",
    as_of: Moment = None,
    known_at: Moment = None,
    changed_since: Moment = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    fields: Fields = None,
) -> Response:
    """Events that match, newest recorded first"""
    own = site(request)
    kept = chosen_fields(fields, tuple(s.EventOut.model_fields))
    asked = _asked(own, q, as_of, known_at, changed_since, cursor, limit)
    found = own.parts.query.events(asked)
    body = s.EventPage(
        filter=asked.expression,
        items=[_event(request, event) for event in found.items],
        next_cursor=found.next_cursor,
    )
    following = next_link(request, cursor=found.next_cursor) if found.next_cursor else ""
    return answer(request, body, fields=kept, following=following)


@router.get("/events/count", name="api_count", response_model=s.CountOut)
def count(
    request: Request, q: Expression = "", as_of: Moment = None, known_at: Moment = None
) -> Response:
    """How many events match, counted up to 10,000"""
    own = site(request)
    asked = _asked(own, q, as_of, known_at)
    number = own.parts.query.count(asked)
    body = s.CountOut(filter=asked.expression, value=number.value, capped=number.capped)
    return answer(request, body)


@router.get("/events/facets", name="api_facets", response_model=s.FacetsOut)
def facets(
    request: Request, q: Expression = "", as_of: Moment = None, known_at: Moment = None
) -> Response:
    """Counts by type, state, model, status, tier, direction"""
    own = site(request)
    asked = _asked(own, q, as_of, known_at)
    found = own.parts.query.facets(asked)
    body = s.FacetsOut(
        filter=asked.expression,
        facets={
            field: [s.Facet(value=value, count=number) for value, number in counts]
            for field, counts in found.items()
        },
    )
    return answer(request, body)


@router.get("/events/series", name="api_series", response_model=s.SeriesOut)
def series(
    request: Request,
    q: Expression = "",
    bucket: Annotated[str, Query(pattern="^(day|week|month)$")] = "month",
    as_of: Moment = None,
    known_at: Moment = None,
) -> Response:
    """Counts per day, week or month of recording; those without events are left out"""
    own = site(request)
    asked = _asked(own, q, as_of, known_at)
    items = [
        s.Bucket(label=label, count=number)
        for label, number in own.parts.query.series(asked, bucket)
    ]
    return answer(request, s.SeriesOut(filter=asked.expression, bucket=bucket, items=items))


@router.get("/events/{event_id}", name="api_event", response_model=s.EventOut)
def event(request: Request, event_id: EventId, known_at: Moment = None) -> Response:
    """One event; after a merge the one it leads to"""
    found = site(request).parts.query.event(event_id, read_moment("known_at", known_at))
    if found is None:
        raise HTTPException(404, "no event has this id")
    return answer(request, _event(request, found.event))


@router.get("/events/{event_id}/evidence", name="api_event_evidence", response_model=s.EvidencePage)
def event_evidence(request: Request, event_id: EventId) -> Response:
    """The evidence of one event"""
    found = site(request).parts.query.event(event_id)
    if found is None:
        raise HTTPException(404, "no event has this id")
    items = [evidence_out(evidence) for evidence in found.event.evidence]
    return answer(request, s.EvidencePage(event_id=found.event.id, items=items))


@router.get("/events/{event_id}/records", name="api_event_records", response_model=s.RecordPage)
def event_records(request: Request, event_id: EventId) -> Response:
    """The history of one event, oldest first"""
    found = site(request).parts.query.event(event_id)
    if found is None:
        raise HTTPException(404, "no event has this id")
    items = [record_out(record, _link(request, record.event.id)) for record in found.records]
    return answer(request, s.RecordPage(items=items, next_after=None))


@router.get("/records", name="api_records", response_model=s.RecordPage)
def records(
    request: Request,
    after: Annotated[int, Query(ge=0, le=2**53, description="sequence to go on after")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> Response:
    """The whole log in order, for mirrors"""
    found = site(request).parts.query.records(after, limit)
    following = found[-1].sequence if len(found) == limit else None
    items = [record_out(record, _link(request, record.event.id)) for record in found]
    link = next_link(request, after=following) if following else ""
    return answer(request, s.RecordPage(items=items, next_after=following), following=link)


@router.get("/bills/{state}/{bill}", name="api_bill", response_model=s.BillOut)
def bill(
    request: Request,
    state: StateCode,
    bill: Annotated[
        str, Path(max_length=40, pattern="^[0-9A-Za-z. -]*[0-9A-Za-z]$", examples=["SB8"])
    ],
) -> Response:
    """What the log says of one bill"""
    found = site(request).parts.query.bill_events(state, bill)
    if not found:
        raise HTTPException(404, "no event names this bill")
    items = [_event(request, one) for one in found]
    return answer(request, s.BillOut(state=state, bill=found[0].bill or bill, items=items))


def openapi(request: Request) -> dict[str, Any]:
    """The OpenAPI document of the public routes."""
    document: dict[str, Any] = request.app.openapi()
    return document


reference = APIRouter(include_in_schema=False)


@reference.get("/api/openapi.json", name="openapi_document")
def openapi_document(request: Request) -> dict[str, Any]:
    """The OpenAPI document."""
    return openapi(request)


@reference.get("/api", name="api_reference")
def api_reference(request: Request) -> HTMLResponse:
    """The reference for people, made from the same document."""
    return page(request, "api.html", document=openapi(request))


def _asked(
    own: Site,
    q: str,
    as_of: str | None = None,
    known_at: str | None = None,
    changed_since: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Asked:
    return own.parts.query.ask(
        q,
        as_of=read_moment("as_of", as_of),
        known_at=read_moment("known_at", known_at),
        changed_since=read_moment("changed_since", changed_since, start=True),
        cursor=cursor,
        limit=limit,
    )


def _link(request: Request, event_id: str) -> str:
    return permalink(request, f"/e/{event_id}")


def _event(request: Request, event: Event) -> s.EventOut:
    return event_out(event, _link(request, event.id))
