"""The pages: the web application over the services, served by uvicorn."""

from __future__ import annotations

import socket
from functools import partial
from typing import TYPE_CHECKING

from monitor.bootstrap import knowledge
from monitor.bootstrap.slack import slack_over_http
from monitor.domain.errors import ConfigError
from monitor.settings import Settings

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI
    from starlette.types import ASGIApp, Receive, Scope, Send

    from monitor.bootstrap.compose import App
    from monitor.jobs.engine import QueueStanding
    from monitor.web.options import WebOptions


def web_options(settings: Settings) -> WebOptions:
    """How the pages are served, from the settings."""
    from monitor.web.options import WebOptions

    host, _ = settings.listen
    return WebOptions(
        base_url=settings.get("MONITOR_BASE_URL").rstrip("/"),
        secret=settings.secret("MONITOR_SECRET").reveal(),
        listen_host=host,
        hosts=settings.list("MONITOR_HOSTS"),
        trusted_proxies=settings.list("MONITOR_TRUSTED_PROXIES"),
        readers=settings.list("MONITOR_READERS"),
        editors=settings.list("MONITOR_EDITORS"),
        admins=settings.list("MONITOR_ADMINS"),
        cors_origins=settings.list("MONITOR_CORS"),
        demo=settings.demo,
        contact=settings.get("MONITOR_CONTACT"),
        mail=bool(settings.get("MONITOR_SMTP_HOST")),
    )


def web_app(app: App) -> FastAPI:
    """The pages over the services. Raises ConfigError when they may not listen there."""
    from monitor.web.app import create_app
    from monitor.web.parts import WebParts

    figures = knowledge.cited_figures()
    parts = WebParts(
        store=app.store,
        query=app.query,
        health=app.health,
        review=app.review,
        clock=app.clock,
        cited=tuple((str(f["day"]), str(f["said"]), str(f["source"])) for f in figures),
        queue=partial(_queue, app.settings),
    )
    return create_app(parts, web_options(app.settings))


def _queue(settings: Settings) -> QueueStanding | None:
    """How the shared queue stands; None on SQLite, and where no worker ever ran."""
    if not settings.database_url.startswith("postgres"):
        return None
    from monitor.bootstrap.shared_queue import queue_standing

    return queue_standing(settings)


def served(app: App) -> ASGIApp:
    """The pages, and beside them what answers Slack where that is set up over HTTP.

    Raises ConfigError when they may not listen there.
    """
    pages, slack = _when_asked(app), slack_over_http(app)
    if slack is None:
        return pages
    from monitor.slack_app.http import PATH

    async def by_path(scope: Scope, receive: Receive, send: Send) -> None:
        """Slack signs its requests: the pages' rules about origin and size are not for them."""
        for_slack = scope["type"] == "http" and scope["path"] == PATH
        await (slack if for_slack else pages)(scope, receive, send)

    return by_path


def _when_asked(app: App) -> ASGIApp:
    """The pages, put together by the first request: a bot that nobody looks at is 25 MB smaller."""
    web_options(app.settings).checked()
    made: list[ASGIApp] = []

    async def pages(scope: Scope, receive: Receive, send: Send) -> None:
        if not made:  # in one step of the one loop: nobody comes between
            made.append(web_app(app))
        await made[0](scope, receive, send)

    return pages


def web_server(app: App) -> uvicorn.Server:
    """A server that is not running yet. Raises ConfigError when it may not listen there."""
    import uvicorn

    host, port = app.settings.listen
    config = uvicorn.Config(
        served(app),
        host=host,
        port=port,
        log_config=None,  # its lines go where all others go
        access_log=False,
        ws="none",
        lifespan="off",  # nothing to start, and the pages are not made before they are asked for
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=5,
        limit_concurrency=200,
    )
    return uvicorn.Server(config)


def listening_socket(settings: Settings) -> socket.socket:
    """The bound socket of the pages. Raises ConfigError when the address is not to be had."""
    host, port = settings.listen
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise ConfigError(
            f"the pages cannot listen on {host}:{port}: {error.strerror or error}; is another "
            "monitor running? MONITOR_LISTEN=127.0.0.1:8288 takes another port"
        ) from error


def login_address(app: App, address: str) -> str | None:
    """A one-time login link for somebody with a role, None for somebody without one.

    Raises ConfigError without MONITOR_SECRET: a link that another process cannot check is none.
    """
    from monitor.web.app import login_link

    if not app.settings.secret("MONITOR_SECRET"):
        raise ConfigError("MONITOR_SECRET is not set: set 32 characters or more, for all processes")
    host, port = app.settings.listen
    base = app.settings.get("MONITOR_BASE_URL") or f"http://{host}:{port}"
    return login_link(web_app(app), address, base)
