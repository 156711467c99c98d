"""The site as an ASGI application; bootstrap hands the parts, a server runs it."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp

from monitor.domain.errors import FilterError, StoreError
from monitor.web import (
    api,
    api_roster,
    feeds,
    pages,
    pages_places,
    pages_roster,
    pages_site,
    pages_staff,
    subscribe,
)
from monitor.web.access import guard
from monitor.web.auth import Auth, Person
from monitor.web.headers import Shell
from monitor.web.options import WebOptions
from monitor.web.parts import Site, WebParts
from monitor.web.problem import from_filter_error, problem
from monitor.web.render import make_environment, page

_TITLES = {
    400: "This request is wrong",
    401: "A login is needed",
    403: "Not allowed",
    404: "Not found",
    405: "Not possible here",
    422: "This request is wrong",
    503: "Not available just now",
}
_ROUTERS = (
    api.router,
    api_roster.router,
    api.reference,
    feeds.router,
    pages.router,
    pages_places.router,
    pages_roster.router,
    pages_site.router,
    pages_staff.router,
    subscribe.router,
)


def create_app(parts: WebParts, options: WebOptions) -> FastAPI:
    """The application. Raises ConfigError where listening so would be unsafe."""
    options = options.checked()
    app = FastAPI(
        title="Policy monitor",
        version="1",
        description=api.DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(guard)],
        generate_unique_id_function=lambda route: route.name,
    )
    auth = Auth(options=options, store=parts.store, clock=parts.clock)
    app.state.site = Site(parts=parts, options=options, auth=auth)
    app.state.templates = make_environment()
    app.state.limits = pages_staff.make_limits()
    for router in _ROUTERS:
        app.include_router(router)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(FilterError, _wrong_filter)
    app.add_exception_handler(StoreError, _store_error)
    app.add_middleware(_shell(options))
    return app


def login_link(app: FastAPI, address: str, base_url: str) -> str | None:
    """A one-time login link for an address with a role, for where no mail can be sent.

    Another process may make it as long as both have the same MONITOR_SECRET and store.
    """
    site: Site = app.state.site
    token = site.auth.login_token(address)
    return f"{base_url.rstrip('/')}/login/{token}" if token else None


def _shell(options: WebOptions) -> Callable[..., ASGIApp]:
    def wrap(app: ASGIApp) -> ASGIApp:
        return Shell(app, options, subscribe.ONE_CLICK_PATHS)

    return wrap


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  registered for it
    return _answer(request, error.status_code, str(error.detail), dict(error.headers or {}))


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  registered for it
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return _answer(request, 422, f"{where}: {first['msg']}", {})


async def _wrong_filter(request: Request, error: Exception) -> Response:
    assert isinstance(error, FilterError)  # noqa: S101  registered for it
    if _is_api(request):
        return from_filter_error(request, error)
    return _answer(request, 400, f"{error} (at character {error.position + 1})", {})


async def _store_error(request: Request, error: Exception) -> Response:
    return _answer(request, 503, "the store is busy; try again in a moment", {"Retry-After": "5"})


def _answer(request: Request, status: int, detail: str, headers: dict[str, str]) -> Response:
    if _is_api(request):
        return problem(request, status, _TITLES.get(status, "Error"), detail, headers=headers)
    if not hasattr(request.state, "person"):
        request.state.person = Person()
    title = _TITLES.get(status, "Error")
    made = page(request, "error.html", status=status, title=title, detail=detail)
    made.headers.update(headers)
    return made


def _is_api(request: Request) -> bool:
    return request.url.path.startswith(("/api/v1/", "/events."))
