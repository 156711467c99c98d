"""A small loopback server for the demo: pages of the present demo day, with ETag and 304."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import urlsplit

from monitor.demo.world import Page


class DemoServer:
    """Serves a mapping of paths on 127.0.0.1; `show()` replaces it as the days go by."""

    def __init__(self) -> None:
        self._pages: Mapping[str, Page] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def base(self) -> str:
        """The address it serves at."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def show(self, pages: Mapping[str, Page]) -> None:
        """Serve these pages from now on."""
        self._pages = pages

    def page(self, path: str) -> Page | None:
        """What a path serves now."""
        return self._pages.get(path)

    def __enter__(self) -> DemoServer:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(demo: DemoServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            page = demo.page(urlsplit(self.path).path)
            if page is None:
                self._answer(404, b"not found", {"Content-Type": "text/plain"})
                return
            etag = f'"{hashlib.sha256(page.body).hexdigest()[:16]}"'
            if self.headers.get("If-None-Match") == etag:
                self._answer(304, b"", {"ETag": etag})
                return
            named = {"ETag": etag} if page.status == 200 else {}
            self._answer(page.status, page.body, {**named, "Content-Type": page.media_type})

        def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet: the demo's own progress bar tells enough."""

    return Handler
