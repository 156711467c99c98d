"""The app over HTTP, for those who cannot use Socket Mode: one route, signed requests only."""

from __future__ import annotations

from slack_bolt import App
from slack_bolt.adapter.starlette.handler import SlackRequestHandler
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

#: The Request URL of slash command, interactivity and events in the app's settings.
PATH = "/slack/events"

MAX_BODY_BYTES = 1_000_000


def slack_site(app: App) -> Starlette:
    """An ASGI application with the one route PATH; mount it or serve it by itself."""
    handler = SlackRequestHandler(app)

    async def receive(request: Request) -> Response:
        size = request.headers.get("content-length", "")
        if not size.isdigit() or int(size) > MAX_BODY_BYTES:
            return Response(status_code=413)
        return await handler.handle(request)

    return Starlette(routes=[Route(PATH, receive, methods=["POST"])])
