"""Who may reach which route: one table, and a guard that denies whatever is not in it."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import HTTPException, Request

from monitor.web.auth import Person, Role
from monitor.web.parts import site

_PUBLIC_PAGES = (
    "start", "events_page", "event_page", "event_short", "agency_page", "agencies_page",
    "state_page", "county_page", "states_page", "bill_page", "roster_page", "roster_diff_page",
    "sources_page", "digests_page", "digest_page", "about_page", "subscribe_page", "static_file",
    "login_page", "login_link_page", "healthz", "feed_atom", "feed_json", "feed_csv",
    "feed_ndjson", "api_reference", "openapi_document", "robots", "confirm_page", "leave_page",
    "manage_page", "snooze_page", "favicon",
)  # fmt: skip
_PUBLIC_API = (
    "api_events", "api_event", "api_event_records", "api_event_evidence", "api_count",
    "api_facets", "api_series", "api_records", "api_roster", "api_roster_diff", "api_agencies",
    "api_agency", "api_states", "api_state", "api_bill", "api_digests", "api_digest",
    "api_sources",
)  # fmt: skip
_PUBLIC_FORMS = (
    "subscribe", "login", "login_redeem", "confirm", "leave", "manage", "snooze",
)  # fmt: skip

#: Role by route name. A route that is not listed answers nobody.
ACCESS: Mapping[str, Role] = {
    **dict.fromkeys((*_PUBLIC_PAGES, *_PUBLIC_API, *_PUBLIC_FORMS), Role.ANYONE),
    **dict.fromkeys(("health_page", "metrics", "versions_page", "capture", "logout"), Role.READER),
    **dict.fromkeys(("review_page", "review"), Role.EDITOR),
    "subscribe_team": Role.ADMIN,
}
#: Unsafe routes without a session: the same-origin rule is their whole protection.
NO_SESSION_FORMS = frozenset(_PUBLIC_FORMS)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def role_needed(route_name: str) -> Role | None:
    """The role a route asks for, None when it answers nobody."""
    return ACCESS.get(route_name)


async def guard(request: Request) -> None:
    """Let the request pass, or raise 401, 403 or 404; runs before every route."""
    route = request.scope.get("route")
    name = getattr(route, "name", "")
    needed = role_needed(name)
    if needed is None:
        raise HTTPException(404, "there is no such page")
    own = site(request).auth
    who = own.person(request)
    request.state.person = who
    if who.role < needed:
        if who.role is Role.ANYONE:
            raise HTTPException(401, "this page needs a login")
        raise HTTPException(403, "your role does not include this page")
    if request.method not in _SAFE and name not in NO_SESSION_FORMS:
        await _check_token(request, who)


async def _check_token(request: Request, who: Person) -> None:
    form = await request.form()
    token = form.get("csrf")
    if not isinstance(token, str) or not site(request).auth.good_csrf(who, token):
        raise HTTPException(403, "the form is too old; open the page again")
