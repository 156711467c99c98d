"""One wrong event, told everywhere; `monitor retract` corrects every place that it reached."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from email.message import EmailMessage
from pathlib import Path
from xml.etree import ElementTree as ET

import httpx
import pytest
from typer.testing import CliRunner

from monitor.bootstrap import upkeep
from monitor.bootstrap.compose import App
from monitor.bootstrap.pages import served
from monitor.cli.main import app as cli
from monitor.domain.commit import PageCommit
from monitor.domain.event import Event
from monitor.domain.ident import SubscriptionId
from monitor.domain.subscription import Cadence, Subscription
from monitor.services.outbox import Routing
from tests import facts
from tests.apps import SetClock, app_on
from tests.fakeslack import DROP_AFTER_ACCEPT, FakeSlack
from tests.fakesmtp import FakeSmtp
from tests.website import serving

FEEDS = """version: 1
sources:
  - id: herald
    kind: feed
    name: The Herald
    tier: press
    sees: [agreement_signed]
    options: {url: https://herald.example/feed}
"""
WHY = "The county denied it"
ATOM = "{http://www.w3.org/2005/Atom}"
READERS = (
    Subscription(id=SubscriptionId("desk"), filter="", channel="slack", destination="C1"),
    Subscription(
        id=SubscriptionId("daily"), filter="state:TX", channel="email",
        destination="reader@example.org", cadence=Cadence.DAILY, at=time(8),
    ),
    Subscription(
        id=SubscriptionId("florida"), filter="state:FL", channel="email",
        destination="florida@example.org", cadence=Cadence.DAILY, at=time(8),
    ),
)  # fmt: skip


@dataclass(slots=True)
class World:
    """A running installation and all that it talks to."""

    app: App
    clock: SetClock
    slack: FakeSlack
    smtp: FakeSmtp
    url: str

    def commit(self, *events: Event) -> None:
        """As a check does."""
        records = tuple(facts.record(event) for event in events)
        rows = Routing(self.app.store)(records, self.clock.now())
        page = PageCommit(source_id=facts.SOURCE, records=records, deliveries=rows)
        self.app.store.commit_page(page)

    def deliver(self) -> None:
        """Until nothing changes, time passing."""
        for _ in range(8):
            self.app.deliver()
            self.clock.at += timedelta(seconds=70)

    def next_day(self) -> None:
        self.clock.at += timedelta(days=1)
        self.app.digests()
        self.deliver()

    def mails(self, to: str) -> list[EmailMessage]:
        return [mail for mail in self.smtp.messages() if mail["To"] == to]

    def get(self, path: str) -> httpx.Response:
        answer = httpx.get(self.url + path, timeout=30)
        assert answer.status_code == 200, path
        return answer


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with ExitStack() as stack:
        slack, smtp = FakeSlack(channels={"C1": []}).start(), FakeSmtp().start()
        stack.callback(slack.stop)
        stack.callback(smtp.stop)
        environment = {
            "MONITOR_DATA_DIR": str(tmp_path / "var"),
            "MONITOR_FEEDS": str(tmp_path / "feeds.yaml"),
            "MONITOR_SLACK_TOKEN": slack.token,
            "MONITOR_SLACK_API": slack.url,
            "MONITOR_SMTP_HOST": "127.0.0.1",
            "MONITOR_SMTP_PORT": str(smtp.port),
            "MONITOR_SMTP_SECURITY": "none",
            "MONITOR_MAIL_FROM": "Policy monitor <monitor@example.org>",
            "MONITOR_OPERATOR": "slack:C1",
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        # The command line reads the wall clock, so everything plays just before it.
        at = datetime.now(UTC) - timedelta(days=1, hours=1)
        app, clock = stack.enter_context(app_on(tmp_path, FEEDS, at, environment))
        for one in READERS:
            app.store.save_subscription(one)
        url = stack.enter_context(serving(served(app)))
        yield World(app, clock, slack, smtp, url)


def monitor(*words: str) -> str:
    """What a command prints; it runs as a program of its own would, over the same data."""
    result = CliRunner().invoke(cli, list(words), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("number", [1, 7], ids=["an alert", "a burst"])
def test_a_retraction_reaches_all_five(world: World, number: int) -> None:
    world.clock.at -= timedelta(hours=2)
    told = [facts.event(n, at=world.clock.now()) for n in range(number)]
    world.commit(*told)
    world.deliver()
    world.next_day()
    wrong, right = told[0], told[1:]
    assert len(world.mails("reader@example.org")) == 1
    before = world.slack.visible("C1")
    head = before[0]
    assert "edited" not in head
    world.clock.at = datetime.now(UTC)

    monitor("retract", wrong.id, "--reason", WHY)
    world.slack.fail("chat.postMessage", DROP_AFTER_ACCEPT)
    world.deliver()

    # Slack: the message is edited, its thread answered, once, though an answer was lost
    answers = [m for m in world.slack.visible("C1") if m not in before and m["ts"] != head["ts"]]
    edited = world.slack.visible("C1")[0]
    assert edited["ts"] == head["ts"]
    assert edited["edited"]
    assert "Retracted" in edited["text"] + str(edited["blocks"])
    (answer,) = answers
    assert answer["thread_ts"] == head["ts"]
    assert WHY in str(answer["blocks"])

    # the next digest of the one who got the wrong one opens with a correction; nobody else's does
    world.next_day()
    assert len(world.mails("reader@example.org")) == 2
    mail = world.mails("reader@example.org")[-1]
    for kind in ("plain", "html"):
        part = mail.get_body((kind,))
        assert part is not None
        assert WHY in part.get_content()
        assert "orrections".upper() in part.get_content().upper()
    assert not world.mails("florida@example.org")
    pages = [world.get(f"/digests/{d.id}").text for d in world.app.store.digests() if not d.empty]
    assert "Corrections to what was told before" in pages[0]
    assert "Retracted since then" in pages[1]

    # feed and API
    feed = ET.fromstring(world.get("/events.atom").content)
    titles = {entry.findtext(f"{ATOM}id"): entry.findtext(f"{ATOM}title") for entry in feed}
    marked = [title for title in titles.values() if title and title.startswith("Retracted: ")]
    assert marked == [f"Retracted: {wrong.title}"]
    assert world.get(f"/api/v1/events/{wrong.id}").json()["status"] == "retracted"
    records = world.get(f"/api/v1/events/{wrong.id}/records").json()
    assert WHY in json.dumps(records)
    for event in right:
        assert world.get(f"/api/v1/events/{event.id}").json()["status"] == "reported"

    # and the list of where it went
    rows = json.loads(monitor("show", wrong.id, "--reached", "--format", "json"))
    kinds = sorted((row["channel"], row["kind"], row["state"]) for row in rows)
    opening = "alert" if number == 1 else "burst"
    assert kinds == [
        ("email", "digest", "sent"), ("email", "digest", "sent"),
        ("slack", opening, "sent"), ("slack", "update", "sent"),
    ]  # fmt: skip


def test_the_nightly_canary_that_stays_away_is_told_to_the_operator(world: World) -> None:
    upkeep.canary(world.app)
    world.slack.channels.pop("C1")
    world.deliver()
    world.clock.at += timedelta(days=1)
    upkeep.canary(world.app)
    (alarm,) = [entry for entry in world.app.store.health() if entry.kind == "canary"]
    assert alarm.tell_operator
    assert "did not arrive by slack" in alarm.message
    world.slack.channels["C1"] = []
    upkeep.tell_operator(world.app)
    world.clock.at += timedelta(hours=1)
    world.deliver()
    assert "did not arrive" in str(world.slack.visible("C1"))
