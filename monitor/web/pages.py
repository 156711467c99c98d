"""Public pages about events: what is new, search, one event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from monitor.domain.errors import FilterError
from monitor.domain.event import Event, Record
from monitor.domain.filter import Filter
from monitor.domain.vocabulary import Worth
from monitor.services.query import Asked
from monitor.web.citation import cite_event, cite_list
from monitor.web.map import state_map
from monitor.web.moments import read_moment
from monitor.web.parts import Site, site
from monitor.web.render import is_editor, is_logged_in, local_link, newest_capture, page, permalink
from monitor.web.views import (
    Passage,
    bars,
    county_name,
    event_lines,
    facet_groups,
    passage,
    record_line,
    weeks_filled,
)

router = APIRouter(include_in_schema=False)

Expression = Annotated[str, Query(max_length=4000)]
Text = Annotated[str, Query(max_length=200)]
EventPath = Annotated[str, Path(max_length=64, pattern="^[0-9A-Za-z_-]+$")]
NEW_SHOWN = 15


@router.get("/", name="start")
def start(request: Request) -> HTMLResponse:
    """What is new, where, and how much over time."""
    own = site(request)
    new = _newest(own)
    today = own.parts.clock.now().date()
    since = today - timedelta(weeks=52)
    asked = own.parts.query.ask(f"worth:alert recorded_since:{since.isoformat()}")
    roster = own.parts.query.roster()
    return page(
        request,
        "start.html",
        lines=event_lines(new),
        bars=bars(weeks_filled(own.parts.query.series(asked, "week"), today)),
        area=state_map(dict(roster.by_state)),
        roster=roster,
        as_of=newest_capture(own),
    )


@router.get("/events", name="events_page")
def events_page(
    request: Request,
    q: Expression = "",
    as_of: Text = "",
    known_at: Text = "",
    cursor: Text = "",
) -> HTMLResponse:
    """Search with facets; the same question as feed, CSV, API and subscription."""
    own = site(request)
    values: dict[str, Any] = {"q": q, "as_of": as_of, "known_at": known_at}
    try:
        asked = own.parts.query.ask(
            q,
            as_of=read_moment("as_of", as_of),
            known_at=read_moment("known_at", known_at),
            cursor=cursor or None,
            limit=50,
            unreviewed=is_editor(request),
        )
        found = own.parts.query.events(asked)
    except FilterError as error:
        return _wrong_filter(request, values, error)
    now = own.parts.clock.now()
    return page(
        request,
        "events.html",
        **values,
        asked=asked,
        error=None,
        lines=event_lines(found.items),
        count=own.parts.query.count(asked),
        groups=facet_groups(asked.filter, own.parts.query.facets(asked)),
        next_cursor=found.next_cursor,
        first=not cursor,
        as_of_capture=newest_capture(own),
        citation=cite_list(asked.expression, _list_link(request, asked, values), now),
    )


@router.get("/e/{event_id}", name="event_page")
def event_page(request: Request, event_id: EventPath, known_at: Text = "") -> Response:
    """One event: facts, evidence, history, citation. Merged events redirect for good."""
    own = site(request)
    try:
        moment = read_moment("known_at", known_at)
    except FilterError as error:
        raise HTTPException(400, str(error)) from error
    view = own.parts.query.event(event_id, moment)
    if view is None:
        raise HTTPException(404, "no event has this id")
    if view.redirected:
        return RedirectResponse(f"/e/{view.event.id}?from={view.asked_id}", status_code=301)
    event = view.event
    link = permalink(request, f"/e/{event.id}")
    return page(
        request,
        "event.html",
        view=view,
        event=event,
        line=event_lines([event])[0],
        records=tuple(record_line(record) for record in view.records),
        related=tuple((relation, event_lines([other])[0]) for relation, other in view.related),
        county=county_name(own.parts.query.gazetteer, event.jurisdiction.county),
        merged_from=str(request.query_params.get("from", ""))[:64],
        known_at=moment,
        citation=cite_event(event, view.records, link, own.parts.clock.now()),
        items=_items(view.records),
        passages=_passages(own, view.records) if is_logged_in(request) else {},
        review=event.worth is Worth.REVIEW,
    )


@router.get("/events/{event_id}", name="event_short")
def event_short(event_id: EventPath) -> RedirectResponse:
    """The long form of the address leads to the permanent one."""
    return RedirectResponse(f"/e/{event_id}", status_code=301)


def _newest(own: Site) -> tuple[Event, ...]:
    """The newest events that page people; where there are none yet, the newest of any kind."""
    for silent in (False, True):
        asked = own.parts.query.ask("worth:alert", limit=NEW_SHOWN, include_silent=silent)
        found = own.parts.query.events(asked).items
        if found:
            return found
    return ()


def _items(records: tuple[Record, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.claim.item_id for one in records if one.claim is not None))


def _passages(own: Site, records: tuple[Record, ...]) -> dict[str, Passage]:
    """The quotes in context, by claim; only where the text is stored and says so there."""
    found: dict[str, Passage] = {}
    for claim in [record.claim for record in records if record.claim is not None][:50]:
        revision = own.parts.store.revision(claim.item_id, claim.revision)
        quote = claim.finding.quote
        if revision is not None and revision.item.text[quote.start : quote.end] == quote.text:
            found[claim.id] = passage(revision.item.text, quote.start, quote.end)
    return found


def _wrong_filter(request: Request, values: Mapping[str, Any], error: FilterError) -> HTMLResponse:
    empty = Asked(expression="", filter=Filter(), query=site(request).parts.query.ask("").query)
    return page(
        request,
        "events.html",
        status=400,
        **values,
        asked=empty,
        error=error,
        lines=(),
        count=None,
        groups=(),
        next_cursor=None,
        first=True,
        as_of_capture=None,
        citation=None,
    )


def _list_link(request: Request, asked: Asked, values: Mapping[str, Any]) -> str:
    return permalink(request, local_link("/events", **{**values, "q": asked.expression}))
