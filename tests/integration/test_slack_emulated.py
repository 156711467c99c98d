"""A second opinion on Slack: somebody else's stateful emulator instead of our own fake.

`npm install emulate@0.11.2` (a development tool, Node 20) and its command on PATH or in
MONITOR_TEST_EMULATE; without it these tests are skipped.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor.channels.slack import SlackChannel, SlackOptions
from monitor.domain.subscription import Found, NotFound, Sent
from monitor.domain.vocabulary import RecordKind, Rung
from monitor.services.composition import Composition
from storage.store import open_store
from tests import facts
from tests.mailroom import Mailroom, subscription

COMMAND = os.environ.get("MONITOR_TEST_EMULATE") or shutil.which("emulate") or ""
TOKEN = "xoxb-emulated"
SEED = """slack:
  strict_scopes: true
  channels: [{name: alerts}]
  bots: [{name: monitor}]
  tokens:
    - token: xoxb-emulated
      user: monitor
      scopes: ["chat:write", "channels:history", "channels:read", "im:write", "users:read"]
"""

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not COMMAND, reason="emulate (npm, 0.11.2) is not installed"),
]


class Emulated:
    """The emulator's Web API, as another client sees it."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/api/"

    def call(self, method: str, **arguments: object) -> dict[str, Any]:
        request = urllib.request.Request(
            self.url + method,
            data=json.dumps(arguments).encode(),
            headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return dict(json.loads(answer.read()))

    def channel(self, name: str) -> str:
        (found,) = [c for c in self.call("conversations.list")["channels"] if c["name"] == name]
        return str(found["id"])

    def messages(self, channel: str, thread: str = "") -> list[dict[str, Any]]:
        """Oldest first; of a thread its answers."""
        if thread:
            found = self.call("conversations.replies", channel=channel, ts=thread)["messages"]
            return [message for message in found if message["ts"] != thread]
        found = self.call("conversations.history", channel=channel, include_all_metadata=True)
        return list(reversed(found["messages"]))


@pytest.fixture(scope="module")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    directory = tmp_path_factory.mktemp("emulate")
    (directory / "seed.yaml").write_text(SEED, encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [COMMAND, "start", "-s", "slack", "-p", str(port), "--seed", "seed.yaml"]
    process = subprocess.Popen(command, cwd=directory, stdout=subprocess.DEVNULL)
    try:
        made = Emulated(port)
        _wait_for(made)
        yield made
    finally:
        process.terminate()
        process.wait(60)


def _wait_for(emulated: Emulated) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            emulated.call("auth.test")
        except (urllib.error.URLError, ConnectionError):
            assert time.monotonic() < deadline, "the emulator does not answer"
            time.sleep(0.1)
        else:
            return


@pytest.fixture
def channel(emulated: Emulated) -> str:
    """A channel of the test's own."""
    return emulated.channel("alerts")


@pytest.fixture
def room(emulated: Emulated, channel: str, tmp_path: Path) -> Iterator[Mailroom]:
    store = open_store(f"sqlite:///{tmp_path}/m.db", tmp_path)
    options = SlackOptions(token=TOKEN, api_url=emulated.url, timeout_s=60)  # type: ignore[arg-type]
    slack = SlackChannel(options=options, min_interval_s=0)
    made = Mailroom(store, channels={"slack": slack})
    made.subscribe(subscription(destination=channel))
    yield made
    store.close()


def test_the_whole_life_of_an_alert(room: Mailroom, emulated: Emulated, channel: str) -> None:
    """Posted with blocks and metadata, edited and answered in its thread when it is retracted."""
    before = len(emulated.messages(channel))
    event = facts.event(1, title="Hostile <!channel> <https://x.example|click> & co")
    room.commit(facts.record(event))
    room.run(1)
    (posted,) = emulated.messages(channel)[before:]
    (delivery,) = room.store.deliveries()
    assert posted["metadata"]["event_payload"]["delivery_id"] == delivery.id
    assert posted["text"].startswith("Hostile &lt;!channel&gt;")
    assert posted["blocks"]
    wrong = facts.event(1, title=event.title, status=Rung.RETRACTED)
    at = room.clock.now()
    room.commit(facts.record(wrong, RecordKind.RETRACTED, at=at, reason="Taken back"))
    room.run(3)
    (edited,) = emulated.messages(channel)[before:]
    assert edited["ts"] == posted["ts"]
    assert edited["text"].startswith("Retracted")
    (answer,) = emulated.messages(channel, thread=posted["ts"])
    assert "Taken back" in str(answer["blocks"])
    assert room.states() == ["sent", "sent"]


def test_a_lost_answer_is_found_by_its_metadata(
    room: Mailroom, emulated: Emulated, channel: str
) -> None:
    """The process died after the post: the next one asks, finds it, and posts nothing."""
    before = len(emulated.messages(channel))
    slack = room.channels["slack"]
    room.commit(facts.record(facts.event(2)))
    (delivery,) = room.store.deliveries()
    room.store.start_attempt(delivery.id, room.clock.now())
    (attempted,) = room.store.deliveries()
    assert isinstance(slack.find(attempted), NotFound)
    composed = Composition(room.store, room.correspondence).message(attempted)
    assert isinstance(composed, tuple)
    assert isinstance(slack.send(*composed), Sent)  # and the process is killed here
    assert isinstance(slack.find(attempted), Found)
    room.run(6)
    assert room.states() == ["sent"]
    assert len(emulated.messages(channel)) == before + 1


def test_a_burst_is_a_message_with_its_list_in_the_thread(
    room: Mailroom, emulated: Emulated, channel: str
) -> None:
    before = len(emulated.messages(channel))
    room.commit(*[facts.record(facts.event(n)) for n in range(10, 40)])
    room.run(3)
    (head,) = emulated.messages(channel)[before:]
    listed = str([m["blocks"] for m in emulated.messages(channel, thread=head["ts"])])
    assert all(f"Agreement {n} signed" in listed for n in range(10, 40))


def test_a_channel_that_is_not_there_is_gone(room: Mailroom) -> None:
    room.subscribe(subscription("lost", destination="C0NOTTHERE"))
    room.commit(facts.record(facts.event(50)))
    room.run(2)
    assert sorted(room.states()) == ["dead", "sent"]
    (lost,) = [s for s in room.store.subscriptions(active_only=False) if s.id == "lost"]
    assert not lost.active
