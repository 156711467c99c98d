"""The pages: the web application over the services, served by uvicorn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.settings import Settings

if TYPE_CHECKING:
    import uvicorn

    from monitor.bootstrap.compose import App
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
    )


def web_server(app: App) -> uvicorn.Server:
    """A server that is not running yet. Raises ConfigError when it may not listen there."""
    import uvicorn

    from monitor.web.app import create_app
    from monitor.web.parts import WebParts

    parts = WebParts(
        store=app.store, query=app.query, health=app.health, review=app.review, clock=app.clock
    )
    host, port = app.settings.listen
    config = uvicorn.Config(
        create_app(parts, web_options(app.settings)),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=5,
        limit_concurrency=200,
    )
    return uvicorn.Server(config)
