"""The roster on any day, and what changed between two days."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from monitor.domain.errors import FilterError
from monitor.services.roster_query import RosterDiff, RosterView, end_of_day
from monitor.web.moments import read_moment
from monitor.web.parts import site
from monitor.web.render import page
from monitor.web.views import bars

router = APIRouter(include_in_schema=False)

Expression = Annotated[str, Query(max_length=1000)]
Day = Annotated[str, Query(max_length=40)]
ROWS_SHOWN = 500
#: ICE publishes on most working days; a longer gap means that nobody looked.
OBSERVED_WITHIN = timedelta(days=21)


@router.get("/roster", name="roster_page")
def roster_page(
    request: Request,
    q: Expression = "",
    as_of: Day = "",
    start: Annotated[int, Query(ge=0, le=100_000)] = 0,
) -> HTMLResponse:
    """Agreements as listed now or as published by a day."""
    parts = site(request).parts
    view: RosterView | None = None
    error: FilterError | None = None
    series: tuple[tuple[str, int], ...] = ()
    try:
        view = parts.query.roster(read_moment("as_of", as_of), q)
        series = () if as_of else parts.query.roster_series(q)
    except FilterError as problem:
        error = problem
    rows = view.agreements[start : start + ROWS_SHOWN] if view else ()
    total = len(view.agreements) if view else 0
    return page(
        request,
        "roster.html",
        status=400 if error else 200,
        view=view,
        error=error,
        rows=rows,
        total=total,
        start=start,
        after=start + ROWS_SHOWN if start + ROWS_SHOWN < total else None,
        q=q,
        as_of=as_of,
        bars=bars(series),
        unobserved=not as_of and _is_old(view, parts.clock.now()),
        cited=parts.cited if not q else (),
    )


def _is_old(view: RosterView | None, now: datetime) -> bool:
    """Whether no publication was read for so long that changes must have been missed."""
    if view is None or view.published_at is None:
        return False
    return now - view.published_at > OBSERVED_WITHIN


@router.get("/roster/diff", name="roster_diff_page")
def roster_diff_page(
    request: Request, before: Day = "", after: Day = "", q: Expression = ""
) -> HTMLResponse:
    """What the roster of one day has that the other has not."""
    own = site(request)
    today = own.parts.clock.now().date()
    before, after = before or (today - timedelta(days=30)).isoformat(), after or today.isoformat()
    diff: RosterDiff | None = None
    error: FilterError | None = None
    try:
        old, new = read_moment("before", before), read_moment("after", after)
        diff = own.parts.query.roster_diff(old or end_of_day(date.min), new or end_of_day(today), q)
    except FilterError as problem:
        error = problem
    return page(
        request,
        "roster_diff.html",
        status=400 if error else 200,
        diff=diff,
        error=error,
        before=before,
        after=after,
        q=q,
    )
