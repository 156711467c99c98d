"""Pages about places and bodies: states, counties, agencies, bills."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Request
from fastapi.responses import HTMLResponse

from monitor.domain.roster import Agreement, RowState
from monitor.domain.states import STATES
from monitor.web.map import county_map, state_map
from monitor.web.parts import site
from monitor.web.render import is_editor, newest_capture, page
from monitor.web.views import county_name, event_lines, record_line

router = APIRouter(include_in_schema=False)

StatePath = Annotated[str, Path(pattern="^[A-Z]{2}$")]
FipsPath = Annotated[str, Path(pattern="^[0-9]{5}$")]


@router.get("/states", name="states_page")
def states_page(request: Request) -> HTMLResponse:
    """All states with their listed agreements and events, as map and table."""
    own = site(request)
    listed = dict(own.parts.query.roster().by_state)
    facets = own.parts.query.facets(own.parts.query.ask(""))
    return page(
        request,
        "states.html",
        area=state_map(listed),
        listed=listed,
        events=dict(facets.get("state", ())),
        states=STATES,
        as_of=newest_capture(own),
    )


@router.get("/state/{state}", name="state_page")
def state_page(request: Request, state: StatePath) -> HTMLResponse:
    """One state: its agreements by county, its events."""
    if state not in STATES:
        raise HTTPException(404, "no state has this code")
    own = site(request)
    query = own.parts.query
    agreements = tuple(a for a in own.parts.store.agreements() if a.row.state == state)
    counties = query.gazetteer.counties(state)
    asked = query.ask(f"state:{state}", limit=30, unreviewed=is_editor(request))
    area = None
    if counties:
        names = {county.fips: county.name for county in counties}
        area = county_map(counties[0].fips[:2], _by_county(agreements), names)
    return page(
        request,
        "state.html",
        state=state,
        agreements=_in_reading_order(agreements),
        area=area,
        by_county=sorted(
            (county_name(query.gazetteer, fips), fips, number)
            for fips, number in _by_county(agreements).items()
        ),
        lines=event_lines(query.events(asked).items),
        count=query.count(asked),
        as_of=newest_capture(own),
    )


@router.get("/county/{fips}", name="county_page")
def county_page(request: Request, fips: FipsPath) -> HTMLResponse:
    """One county: its agreements and events."""
    own = site(request)
    county = own.parts.query.gazetteer.county_by_fips(fips)
    if county is None:
        raise HTTPException(404, "no county has this code")
    asked = own.parts.query.ask(f"county:{fips}", limit=50, unreviewed=is_editor(request))
    agreements = tuple(a for a in own.parts.store.agreements() if a.row.county_fips == fips)
    successor = county.successor
    return page(
        request,
        "county.html",
        county=county,
        successor=county_name(own.parts.query.gazetteer, successor) if successor else "",
        agreements=_in_reading_order(agreements),
        lines=event_lines(own.parts.query.events(asked).items),
        count=own.parts.query.count(asked),
        as_of=newest_capture(own),
    )


@router.get("/agencies", name="agencies_page")
def agencies_page(request: Request, q: Annotated[str, Query(max_length=200)] = "") -> HTMLResponse:
    """Find an agency by its name."""
    own = site(request)
    words = q.casefold().split()
    found: dict[str, tuple[str, str, int]] = {}
    for agreement in own.parts.store.agreements():
        row = agreement.row
        if all(word in f"{row.agency} {row.state}".casefold() for word in words):
            _, _, number = found.get(row.agency_id, ("", "", 0))
            listed = agreement.state is not RowState.ENDED
            found[row.agency_id] = (row.agency, row.state, number + listed)
    rows = sorted((state, name, key, number) for key, (name, state, number) in found.items())
    return page(request, "agencies.html", q=q, total=len(rows), rows=rows[:500])


@router.get("/agency/{agency_id}", name="agency_page")
def agency_page(
    request: Request, agency_id: Annotated[str, Path(max_length=120, pattern="^[0-9A-Za-z_.:-]+$")]
) -> HTMLResponse:
    """One agency: names, agreements, ledger and events."""
    own = site(request)
    view = own.parts.query.agency(agency_id, unreviewed=is_editor(request))
    if view is None:
        raise HTTPException(404, "no agency has this id")
    return page(
        request,
        "agency.html",
        view=view,
        county=county_name(own.parts.query.gazetteer, view.county),
        lines=event_lines(view.events),
        as_of=newest_capture(own),
    )


@router.get("/bill/{state}/{bill}", name="bill_page")
def bill_page(
    request: Request,
    state: StatePath,
    bill: Annotated[str, Path(max_length=40, pattern="^[0-9A-Za-z. -]+$")],
) -> HTMLResponse:
    """One bill of a state: its stages in order, and what was said of it."""
    own = site(request)
    events = own.parts.query.bill_events(state, bill, unreviewed=is_editor(request))
    if not events:
        raise HTTPException(404, "no event names this bill")
    records = [
        record_line(record)
        for event in events[:20]
        for record in own.parts.store.records(event_id=event.id, limit=50)
    ]
    records.sort(key=lambda line: line.record.recorded_at)
    items = {line.record.claim.item_id: line.record.claim for line in records if line.record.claim}
    return page(
        request,
        "bill.html",
        state=state,
        bill=events[0].bill or bill,
        lines=event_lines(events),
        records=records,
        items=items,
    )


def _by_county(agreements: tuple[Agreement, ...]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for agreement in agreements:
        fips = agreement.row.county_fips
        if fips and agreement.state is not RowState.ENDED:
            counts[fips] = counts.get(fips, 0) + 1
    return counts


def _in_reading_order(agreements: tuple[Agreement, ...]) -> tuple[Agreement, ...]:
    """Listed ones first, then by name."""
    return tuple(
        sorted(agreements, key=lambda a: (a.state is RowState.ENDED, a.row.agency, a.row.model))
    )
