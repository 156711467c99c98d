"""A Slack that remembers: channels, threads, metadata, edits, views; and every fault on demand.

Real HTTP on 127.0.0.1. Faults are queued by method and used up in order; `dice` throws them at
random from a seeded generator. What a reader would see is in `visible()`.
"""

from __future__ import annotations

import itertools
import json
import random
import socket
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

POSTS = ("chat.postMessage", "chat.update", "incoming")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One misbehaviour: what is answered, and whether the call took effect before.

    kind: "drop" (close without answering), "status" (an HTTP status), "code" (ok: false),
    "garbage" (200 with no JSON), "slow" (answer after `delay_s`).
    """

    kind: str
    status: int = 200
    code: str = ""
    accept: bool = False
    retry_after: str = ""
    delay_s: float = 0.0


DROP_AFTER_ACCEPT = Fault(kind="drop", accept=True)
DROP_BEFORE_ACCEPT = Fault(kind="drop")
RATE_LIMITED = Fault(kind="status", status=429, code="ratelimited", retry_after="1")
RATE_LIMITED_IN_BODY = Fault(kind="code", code="rate_limited")
SERVER_ERROR = Fault(kind="status", status=500)
SERVER_ERROR_AFTER_ACCEPT = Fault(kind="status", status=500, accept=True)
INTERNAL_ERROR_AFTER_ACCEPT = Fault(kind="code", code="internal_error", accept=True)
GARBAGE_AFTER_ACCEPT = Fault(kind="garbage", accept=True)

DICE = (
    DROP_AFTER_ACCEPT,
    DROP_BEFORE_ACCEPT,
    Fault(kind="status", status=429, code="ratelimited", retry_after="0"),
    Fault(kind="code", code="service_unavailable"),
    SERVER_ERROR,
    SERVER_ERROR_AFTER_ACCEPT,
    INTERNAL_ERROR_AFTER_ACCEPT,
    GARBAGE_AFTER_ACCEPT,
)


@dataclass(slots=True)
class FakeSlack:
    """The server and its state."""

    token: str = "xoxb-test"
    channels: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    views: list[dict[str, Any]] = field(default_factory=list)
    replies: list[dict[str, Any]] = field(default_factory=list)  #: by response_url
    hooks: list[dict[str, Any]] = field(default_factory=list)  #: by incoming webhook
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    fault_rate: float = 0.0
    dice: random.Random = field(default_factory=lambda: random.Random(1))
    lock: threading.RLock = field(default_factory=threading.RLock)
    server: ThreadingHTTPServer | None = None
    page: int = 200
    open_connections: int = 0
    _numbers: itertools.count = field(default_factory=lambda: itertools.count(1))

    def start(self) -> FakeSlack:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle(self) -> None:
                with fake.lock:
                    fake.open_connections += 1
                try:
                    super().handle()
                finally:
                    with fake.lock:
                        fake.open_connections -= 1

            def do_POST(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                fake._serve(self, self.rfile.read(size))

            do_GET = do_POST

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                pass  # a killed client is what the tests are about

        self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self) -> None:
        if self.server:
            self.server.shutdown()
            self.server.server_close()

    def busy(self) -> bool:
        """Whether a connection made before this call is still being answered.

        A connection of our own is accepted after all that came before it.
        """
        assert self.server is not None
        with socket.create_connection(self.server.server_address[:2], timeout=60) as probe:
            probe.sendall(b"GET /api/probe HTTP/1.0\r\n\r\n")
            while probe.recv(4096):
                pass
        time.sleep(0.001)
        with self.lock:
            return self.open_connections > 0

    @property
    def url(self) -> str:
        assert self.server is not None
        return f"http://127.0.0.1:{self.server.server_address[1]}/api/"

    @property
    def hook(self) -> str:
        return self.url.replace("/api/", "/incoming")

    def fail(self, method: str, *faults: Fault) -> None:
        with self.lock:
            self.faults.setdefault(method, []).extend(faults)

    def visible(self, channel: str | None = None) -> list[dict[str, Any]]:
        """All messages as they read now, thread replies included."""
        with self.lock:
            names = [channel] if channel else list(self.channels)
            return [message for name in names for message in self.channels.get(name, [])]

    def delivery_parts(self) -> list[tuple[str, int]]:
        """(delivery id, part) of every visible message."""
        found = []
        for message in self.visible():
            payload = (message.get("metadata") or {}).get("event_payload") or {}
            found.append((payload.get("delivery_id", ""), int(payload.get("part", 0))))
        return found

    def called(self, method: str) -> list[dict[str, Any]]:
        return [arguments for name, arguments in self.calls if name == method]

    def _serve(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        path = urlsplit(handler.path)
        method = path.path.rpartition("/")[2]
        arguments = _arguments(handler, body, path.query)
        with self.lock:
            self.calls.append((method, arguments))
            fault = self._fault(method)
            answer: dict[str, Any] = {"ok": False, "error": fault.code if fault else ""}
            if fault is None or fault.accept:
                answer = self._answer(method, arguments, handler)
        _reply(handler, fault, answer, method)

    def _fault(self, method: str) -> Fault | None:
        queued = self.faults.get(method) or self.faults.get("*")
        if queued:
            return queued.pop(0)
        if method in POSTS and self.dice.random() < self.fault_rate:
            return self.dice.choice(DICE)
        return None

    def _answer(
        self, method: str, arguments: dict[str, Any], handler: BaseHTTPRequestHandler
    ) -> dict[str, Any]:
        if method == "incoming":
            self.hooks.append(arguments)
            return {"plain": "ok"}
        if method.startswith("response"):
            self.replies.append(arguments)
            return {"plain": "ok"}
        given = handler.headers.get("Authorization", "").removeprefix("Bearer ")
        if (given or arguments.get("token")) != self.token:
            return {"ok": False, "error": "invalid_auth" if given else "not_authed"}
        action = getattr(self, "_" + method.replace(".", "_").lower(), None)
        return action(arguments) if action else {"ok": False, "error": "unknown_method"}

    def _auth_test(self, _: dict[str, Any]) -> dict[str, Any]:
        identity = {"team_id": "T1", "user_id": "UBOT", "bot_id": "B1"}
        return {"ok": True, "url": self.url, "team": "t", "user": "bot", **identity}

    def _chat_postmessage(self, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = arguments.get("channel", "")
        if channel not in self.channels:
            return {"ok": False, "error": "channel_not_found"}
        if not arguments.get("text") and not arguments.get("blocks"):
            return {"ok": False, "error": "no_text"}
        thread = arguments.get("thread_ts")
        if thread and not any(m["ts"] == thread for m in self.channels[channel]):
            return {"ok": False, "error": "cannot_reply_to_message"}
        ts = f"{time.time():.0f}.{next(self._numbers):06d}"
        message = {"type": "message", "ts": ts, "user": "UBOT", **arguments}
        self.channels[channel].append(message)
        shown = {key: value for key, value in message.items() if key != "metadata"}
        return {"ok": True, "channel": channel, "ts": ts, "message": shown}

    def _chat_update(self, arguments: dict[str, Any]) -> dict[str, Any]:
        for message in self.channels.get(arguments.get("channel", ""), []):
            if message["ts"] == arguments.get("ts"):
                message.update({k: arguments[k] for k in ("text", "blocks") if k in arguments})
                message["edited"] = True
                return {"ok": True, "channel": arguments["channel"], "ts": message["ts"]}
        return {"ok": False, "error": "message_not_found"}

    def _chat_getpermalink(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return {"ok": True, "permalink": f"https://x.slack.com/{arguments.get('message_ts')}"}

    def _conversations_open(self, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = "D" + str(arguments.get("users", ""))[1:]
        self.channels.setdefault(channel, [])
        return {"ok": True, "channel": {"id": channel}}

    def _conversations_history(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return self._read(arguments, lambda m: not m.get("thread_ts"))

    def _conversations_replies(self, arguments: dict[str, Any]) -> dict[str, Any]:
        ts = arguments.get("ts")
        return self._read(arguments, lambda m: m.get("thread_ts") == ts or m["ts"] == ts)

    def _read(self, arguments: dict[str, Any], wanted: Any) -> dict[str, Any]:
        channel = arguments.get("channel", "")
        if channel not in self.channels:
            return {"ok": False, "error": "channel_not_found"}
        oldest = float(arguments.get("oldest") or 0)
        found = [m for m in self.channels[channel] if wanted(m) and float(m["ts"]) >= oldest]
        if str(arguments.get("include_all_metadata", "")).lower() != "true":
            found = [{k: v for k, v in m.items() if k != "metadata"} for m in found]
        start = int(arguments.get("cursor") or 0)
        end = start + min(int(arguments.get("limit") or 100), self.page)
        more = {"next_cursor": str(end) if end < len(found) else ""}
        return {"ok": True, "messages": found[start:end], "response_metadata": more}

    def _users_info(self, arguments: dict[str, Any]) -> dict[str, Any]:
        user = self.users.get(arguments.get("user", ""))
        return {"ok": True, "user": user} if user else {"ok": False, "error": "user_not_found"}

    def _views_open(self, arguments: dict[str, Any]) -> dict[str, Any]:
        self.views.append(arguments)
        return {"ok": True, "view": {"id": "V1"}}

    _views_publish = _views_open


def _arguments(handler: BaseHTTPRequestHandler, body: bytes, query: str) -> dict[str, Any]:
    if "json" in handler.headers.get("Content-Type", ""):
        return dict(json.loads(body or b"{}"))
    form = parse_qs(body.decode() or query)
    return {name: _decoded(name, values[0]) for name, values in form.items()}


def _decoded(name: str, value: str) -> Any:
    return json.loads(value) if name in ("blocks", "metadata", "view") else value


def _reply(
    handler: BaseHTTPRequestHandler, fault: Fault | None, answer: dict[str, Any], method: str
) -> None:
    if fault is not None and fault.kind == "drop":
        handler.close_connection = True
        handler.connection.close()
        return
    if fault is not None and fault.delay_s:
        time.sleep(fault.delay_s)
    status, body = 200, json.dumps(answer).encode()
    if "plain" in answer:
        body = answer["plain"].encode()
    if fault is not None and fault.kind in ("status", "code"):
        status = fault.status
        body = json.dumps({"ok": False, "error": fault.code}).encode() if fault.code else b"oops"
        if method == "incoming":
            body = fault.code.encode() or b"oops"
    if fault is not None and fault.kind == "garbage":
        body = b"<html>not json</html>"
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    if fault is not None and fault.retry_after:
        handler.send_header("Retry-After", fault.retry_after)
    handler.end_headers()
    handler.wfile.write(body)
