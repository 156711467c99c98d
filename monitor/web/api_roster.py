"""The API about the roster, agencies, states, digests and sources."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Request
from fastapi.responses import Response

from monitor.domain.errors import FilterError
from monitor.domain.ident import EventId
from monitor.domain.roster import RowState
from monitor.domain.states import STATES
from monitor.web import schemas as s
from monitor.web.answer import answer, next_link
from monitor.web.api import ERRORS, Expression, Moment, StateCode
from monitor.web.auth import Role
from monitor.web.moments import read_moment
from monitor.web.outward import agreement_out, event_out, outcome_out
from monitor.web.parts import person, site
from monitor.web.render import permalink

router = APIRouter(prefix="/api/v1", responses=ERRORS, tags=["public"])

MAX_ROWS = 1000
Identifier = Annotated[
    str, Path(max_length=120, pattern="^[0-9A-Za-z_.:-]+$", examples=["a1b2c3d4e5f6"])
]


@router.get("/roster", name="api_roster", response_model=s.RosterOut)
def roster(
    request: Request,
    q: Expression = "",
    as_of: Moment = None,
    start: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_ROWS)] = 200,
) -> Response:
    """The roster now, or as published by a moment"""
    view = site(request).parts.query.roster(read_moment("as_of", as_of), q)
    rows = view.agreements[start : start + limit]
    following = start + limit if start + limit < len(view.agreements) else None
    body = s.RosterOut(
        as_of=view.at,
        published_at=view.published_at,
        listed=len(view.listed),
        total=len(view.agreements),
        agencies=view.agencies,
        by_model=dict(view.by_model),
        items=[agreement_out(agreement) for agreement in rows],
        next_start=following,
    )
    link = next_link(request, start=following) if following else ""
    return answer(request, body, following=link)


@router.get("/roster/diff", name="api_roster_diff", response_model=s.RosterDiffOut)
def roster_diff(
    request: Request,
    before: Annotated[str, Query(max_length=40, examples=["2025-06-01"])],
    after: Annotated[str, Query(max_length=40, examples=["2025-07-01"])],
    q: Expression = "",
) -> Response:
    """What changed on the roster between two moments"""
    old, new = read_moment("before", before), read_moment("after", after)
    if old is None or new is None:
        raise FilterError("before and after are needed", position=0)
    diff = site(request).parts.query.roster_diff(old, new, q)
    body = s.RosterDiffOut(
        before=old,
        after=new,
        added=[agreement_out(one) for one in diff.added],
        gone=[agreement_out(one) for one in diff.gone],
        changed=[(agreement_out(was), agreement_out(now)) for was, now in diff.changed],
    )
    return answer(request, body)


@router.get("/agencies", name="api_agencies", response_model=s.AgencyPage)
def agencies(
    request: Request,
    q: Annotated[str, Query(max_length=200, description="words of the name")] = "",
    limit: Annotated[int, Query(ge=1, le=MAX_ROWS)] = 200,
) -> Response:
    """Agencies that the roster has ever listed"""
    words = q.casefold().split()
    found: dict[str, s.AgencyRow] = {}
    for agreement in site(request).parts.store.agreements():
        row = agreement.row
        if not all(word in f"{row.agency} {row.state}".casefold() for word in words):
            continue
        known = found.setdefault(
            row.agency_id,
            s.AgencyRow(agency_id=row.agency_id, name=row.agency, state=row.state, listed=0),
        )
        known.listed += agreement.state is not RowState.ENDED
    rows = sorted(found.values(), key=lambda row: (row.state, row.name))
    return answer(request, s.AgencyPage(total=len(rows), items=rows[:limit]))


@router.get("/agencies/{agency_id}", name="api_agency", response_model=s.AgencyOut)
def agency(request: Request, agency_id: Identifier) -> Response:
    """One agency: names, agreements, ledger, events"""
    view = site(request).parts.query.agency(agency_id)
    if view is None:
        raise HTTPException(404, "no agency has this id")
    body = s.AgencyOut(
        agency_id=view.agency_id,
        name=view.name,
        names=list(view.names),
        state=view.state,
        county=view.county,
        agreements=[agreement_out(one) for one in view.agreements],
        outcomes=[outcome_out(one) for one in view.outcomes],
        events=[event_out(e, permalink(request, f"/e/{e.id}")) for e in view.events],
    )
    return answer(request, body)


@router.get("/jurisdictions", name="api_states", response_model=s.StatePage)
def states(request: Request) -> Response:
    """All states and territories in numbers"""
    own = site(request)
    facets = own.parts.query.facets(own.parts.query.ask(""))
    events = dict(facets.get("state", ()))
    listed: dict[str, int] = {}
    for agreement in own.parts.store.agreements():
        if agreement.state is not RowState.ENDED:
            listed[agreement.row.state] = listed.get(agreement.row.state, 0) + 1
    items = [
        s.StateRow(
            state=code, name=name, agreements=listed.get(code, 0), events=events.get(code, 0)
        )
        for code, name in STATES.items()
    ]
    return answer(request, s.StatePage(items=items))


@router.get("/jurisdictions/{state}", name="api_state", response_model=s.StateOut)
def state(request: Request, state: StateCode) -> Response:
    """One state with its counties"""
    if state not in STATES:
        raise HTTPException(404, "no state has this code")
    own = [a for a in site(request).parts.store.agreements() if a.row.state == state]
    listed = [a for a in own if a.state is not RowState.ENDED]
    by_county: dict[str, int] = {}
    for agreement in listed:
        if agreement.row.county_fips:
            fips = agreement.row.county_fips
            by_county[fips] = by_county.get(fips, 0) + 1
    body = s.StateOut(
        state=state,
        name=STATES[state],
        agreements=len(listed),
        ever_listed=len(own),
        by_county=by_county,
    )
    return answer(request, body)


@router.get("/digests", name="api_digests", response_model=s.DigestPage)
def digests(request: Request) -> Response:
    """Public digests, newest first"""
    found = site(request).parts.store.digests(limit=100, public_only=True)
    items = [
        s.DigestRow(id=one.id, start=one.start, end=one.end, events=len(one.event_ids))
        for one in found
    ]
    return answer(request, s.DigestPage(items=items))


@router.get("/digests/{digest_id}", name="api_digest", response_model=s.DigestOut)
def digest(request: Request, digest_id: Identifier) -> Response:
    """One public digest"""
    store = site(request).parts.store
    found = store.digest(digest_id)
    if found is None or not found.public:
        raise HTTPException(404, "no public digest has this id")
    events = [store.event(EventId(event_id)) for event_id in found.event_ids[:500]]
    items = [event_out(e, permalink(request, f"/e/{e.id}")) for e in events if e is not None]
    body = s.DigestOut(
        id=found.id, start=found.start, end=found.end, filter=found.filter, items=items
    )
    return answer(request, body)


@router.get("/sources", name="api_sources", response_model=s.SourcePage)
def sources(request: Request) -> Response:
    """All sources and when they were last read; details of health need a role"""
    detailed = person(request).role >= Role.READER
    items = [
        s.SourceOut(
            id=report.source.id,
            name=report.source.name,
            publisher=report.source.publisher,
            kind=report.source.kind,
            tier=report.source.tier,
            standing=report.standing,
            as_of=report.as_of,
            message=report.message if detailed else None,
        )
        for report in site(request).parts.health.reports()
    ]
    made = answer(request, s.SourcePage(items=items))
    if detailed:
        made.headers["Cache-Control"] = "no-store"
    return made
