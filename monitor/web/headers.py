"""What every answer carries, which Host is answered, and how large a request may be (ASGI)."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitor.web.options import WebOptions

_LOG = logging.getLogger(__name__)

MAX_BODY_BYTES = 64_000

#: Facts: delivery notes of the project, section 5.3; no inline script or style anywhere.
CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
#: For captured content: nothing may run, load or be submitted.
SEALED_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'; base-uri 'none'"
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), interest-cohort=()",
}
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Shell:
    """Outermost layer: Host allow-list, same-origin rule for unsafe methods, size, headers."""

    def __init__(self, app: ASGIApp, options: WebOptions, foreign_posts: frozenset[str]) -> None:
        """`foreign_posts` are the paths that others may post to (one-click unsubscribe)."""
        self._app = app
        self._options = options
        self._foreign_posts = foreign_posts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer or refuse one request."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        refused = self._refusal(scope)
        if refused is not None:
            status, text = refused
            await PlainTextResponse(text + "\n", status)(scope, receive, self._dressed(scope, send))
            return
        send = self._dressed(scope, send)
        if scope["method"] == "HEAD":  # what GET would say, without the body
            scope, send = {**scope, "method": "GET"}, _headless(send)
        await self._served(scope, _bounded(receive), send)

    async def _served(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The boundary of one request: a fault costs this answer and is logged, nothing more."""
        started = False

        async def noting(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except TooLarge:
            answer = PlainTextResponse("the request is too large\n", 413)
        except Exception:
            _LOG.exception("the page %s failed", scope["path"])
            answer = PlainTextResponse("something went wrong here; it is in the log\n", 500)
        else:
            return
        if not started:
            await answer(scope, receive, send)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        if _host(headers) not in self._options.allowed_hosts:
            return 421, "this Host is not served here; see MONITOR_HOSTS"
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MAX_BODY_BYTES:
            return 413, "the request is too large"
        if scope["method"] in _SAFE or scope["path"] in self._foreign_posts:
            return None
        if not self._same_origin(headers):
            return 403, "the request comes from another site"
        return None

    def _same_origin(self, headers: Headers) -> bool:
        """Fetch metadata where the browser sends it, else Origin; neither is refused."""
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site in ("same-origin", "none")
        origin = urlsplit(headers.get("origin", ""))
        if not origin.hostname:
            return False
        own = urlsplit(self._options.base_url)
        return origin.netloc in (headers.get("host", ""), own.netloc)

    def _dressed(self, scope: Scope, send: Send) -> Send:
        origin = Headers(scope=scope).get("origin", "")
        public = scope["path"].startswith("/api/v1/events")

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Content-Security-Policy", CONTENT_POLICY)
                headers.setdefault("Cache-Control", "no-store")
                if self._options.https:
                    headers["Strict-Transport-Security"] = "max-age=31536000"
                if public and scope["method"] in _SAFE:
                    self._allow_origin(headers, origin)
            await send(message)

        return dressed

    def _allow_origin(self, headers: MutableHeaders, origin: str) -> None:
        if self._options.cors_origins:
            headers.append("Vary", "Origin")
        if origin and origin in self._options.cors_origins:
            headers["Access-Control-Allow-Origin"] = origin
            headers["Access-Control-Expose-Headers"] = "ETag, Link"
            headers["Cross-Origin-Resource-Policy"] = "cross-origin"


class TooLarge(Exception):
    """The body went on past the bound."""


def _bounded(receive: Receive) -> Receive:
    seen = 0

    async def bounded() -> MutableMapping[str, object]:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MAX_BODY_BYTES:
            raise TooLarge
        return message

    return bounded


def _headless(send: Send) -> Send:
    async def headless(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return headless


def _host(headers: Headers) -> str:
    host = headers.get("host", "")
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""
