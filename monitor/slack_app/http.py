"""The app over HTTP, for those who cannot use Socket Mode: one route, signed requests only."""

from __future__ import annotations

from slack_bolt import App
from slack_bolt.adapter.starlette.handler import to_bolt_request, to_starlette_response
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

#: The Request URL of slash command, interactivity and events in the app's settings.
PATH = "/slack/events"

MAX_BODY_BYTES = 1_000_000


def slack_site(app: App) -> Starlette:
    """An ASGI application with the one route PATH; mount it or serve it by itself."""

    async def receive(request: Request) -> Response:
        size = request.headers.get("content-length", "")
        if not size.isdigit() or int(size) > MAX_BODY_BYTES:
            return Response(status_code=413)
        heard = to_bolt_request(request, await request.body())
        # In a thread: Bolt asks Slack who the bot is, and the pages must not wait for that.
        return to_starlette_response(await run_in_threadpool(app.dispatch, heard))

    return Starlette(routes=[Route(PATH, receive, methods=["POST"])])
