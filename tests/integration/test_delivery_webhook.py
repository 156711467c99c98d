"""Webhooks: signed, through the gate, repeated with the same key, switched off after days."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pydantic import SecretStr

from monitor.channels.webhook import KIND, WebhookOptions
from storage.store import open_store
from tests import facts
from tests.mailroom import Mailroom, SetClock, subscription


@dataclass(slots=True)
class Receiver:
    """Keeps requests; answers by a list of statuses, then 200; 0 drops the connection."""

    statuses: list[int] = field(default_factory=list)
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    always: int = 200
    server: ThreadingHTTPServer | None = None

    def start(self) -> Receiver:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.requests.append(({k.lower(): v for k, v in self.headers.items()}, body))
                status = receiver.statuses.pop(0) if receiver.statuses else receiver.always
                if not status:
                    self.close_connection = True
                    self.connection.close()
                    return
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "/elsewhere")
                if status == 429:
                    self.send_header("Retry-After", "7")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    @property
    def url(self) -> str:
        assert self.server is not None
        return f"http://127.0.0.1:{self.server.server_address[1]}/hook"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    started = Receiver().start()
    yield started
    assert started.server is not None
    started.server.shutdown()
    started.server.server_close()


@pytest.fixture
def room(receiver: Receiver, tmp_path: Path) -> Iterator[Mailroom]:
    store = open_store(f"sqlite:///{tmp_path}/m.db", tmp_path)
    options = WebhookOptions(
        secret=SecretStr("s3cret"), timeout_s=30, allow_networks=("127.0.0.0/8",)
    )
    made = Mailroom(store, channels={"webhook": KIND.open(options)}, clock=SetClock())
    made.subscribe(subscription(channel="webhook", destination=receiver.url))
    yield made
    store.close()


def test_a_body_is_signed_and_carries_its_key(room: Mailroom, receiver: Receiver) -> None:
    room.commit(facts.record(facts.event(1)))
    room.run(1)
    ((headers, body),) = receiver.requests
    (delivery,) = room.store.deliveries()
    assert headers["idempotency-key"] == delivery.id == json.loads(body)["id"]
    signed = headers["x-monitor-timestamp"].encode() + b"." + body
    digest = hmac.new(b"s3cret", signed, hashlib.sha256).hexdigest()
    assert headers["x-monitor-signature"] == f"v1={digest}"
    assert "s3cret" not in str(headers)


@pytest.mark.parametrize("status", [0, 500, 503, 404, 302, 401])
def test_what_may_not_have_arrived_is_repeated_with_the_same_key(
    room: Mailroom, receiver: Receiver, status: int
) -> None:
    receiver.statuses = [status]
    room.commit(facts.record(facts.event(1)))
    room.run()
    keys = [headers["idempotency-key"] for headers, _ in receiver.requests]
    assert len(keys) == 2
    assert len(set(keys)) == 1
    assert room.states() == ["sent"]


def test_retry_after_is_kept_by_webhooks(room: Mailroom, receiver: Receiver) -> None:
    receiver.statuses = [429]
    room.commit(facts.record(facts.event(1)))
    now = room.clock.now()
    room.deliver.run_once()
    (delivery,) = room.store.deliveries()
    assert delivery.not_before == now + timedelta(seconds=7)


def test_410_ends_it(room: Mailroom, receiver: Receiver) -> None:
    receiver.statuses = [410]
    room.commit(facts.record(facts.event(1)))
    room.run(2)
    assert room.states() == ["dead"]
    assert not room.store.subscriptions()


def test_days_without_success_switch_it_off(room: Mailroom, receiver: Receiver) -> None:
    receiver.always = 500
    room.commit(facts.record(facts.event(1)))
    room.run(10, step=timedelta(hours=10))
    assert room.states() == ["dead"]
    paused = room.store.subscription(subscription().id)
    assert paused is not None
    assert "no success" in paused.paused_reason


def test_private_addresses_are_refused(tmp_path: Path, receiver: Receiver) -> None:
    store = open_store(f"sqlite:///{tmp_path}/m.db", tmp_path)
    room = Mailroom(store, channels={"webhook": KIND.open(WebhookOptions())})
    room.subscribe(
        subscription("a", channel="webhook", destination=receiver.url),
        subscription("b", channel="webhook", destination="http://169.254.169.254/latest"),
        subscription("c", channel="webhook", destination="file:///etc/passwd"),
        subscription("d", channel="webhook", destination="http://user:pw@127.0.0.1/"),
    )
    room.commit(facts.record(facts.event(1)))
    room.run(1)
    assert room.states() == ["dead"] * 4
    assert not receiver.requests
    store.close()
