"""Slack over HTTP beside the pages: there only where requests can be checked, closed otherwise."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest

from monitor.bootstrap.outgoing import open_channels
from monitor.bootstrap.pages import served
from monitor.channels.slack import SlackChannel
from monitor.domain.errors import ConfigError
from monitor.settings import read_settings
from monitor.slack_app.http import PATH
from tests.apps import app_on
from tests.fakeslack import FakeSlack
from tests.website import serving

SIGNING = "8f742231b10e8888abcd99yyyzzz85a5"
FEEDS = """version: 1
sources:
  - id: herald
    kind: feed
    name: The Herald
    tier: press
    sees: [agreement_signed]
    options: {url: https://herald.example/feed}
"""


@pytest.fixture
def fake() -> Iterator[FakeSlack]:
    started = FakeSlack(channels={"C1": []}).start()
    yield started
    started.stop()


def settings(fake: FakeSlack, **more: str) -> dict[str, str]:
    return {
        "MONITOR_SLACK_TOKEN": fake.token,
        "MONITOR_SLACK_SIGNING_SECRET": SIGNING,
        "MONITOR_SLACK_API": fake.url,
    } | more


@contextmanager
def running(folder: Path, environment: Mapping[str, str]) -> Iterator[str]:
    at = datetime.now(UTC)
    with app_on(folder, FEEDS, at, environment) as (app, _), serving(served(app)) as url:
        yield url


def said(url: str, fake: FakeSlack, *, secret: str = SIGNING, team: str = "T1") -> httpx.Response:
    fields = {"command": "/policy", "text": "help", "user_id": "U1", "team_id": team}
    body = urlencode({**fields, "channel_id": "C1", "response_url": fake.url + "response"})
    stamp = str(int(time.time()))
    digest = hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-slack-request-timestamp": stamp,
        "x-slack-signature": f"v0={digest}",
    }
    return httpx.post(url + PATH, content=body, headers=headers, timeout=60)


def answered(fake: FakeSlack, number: int) -> str:
    deadline = time.monotonic() + 60
    while len(fake.replies) < number:
        assert time.monotonic() < deadline, "no answer"
        time.sleep(0.01)
    return str(fake.replies[number - 1])


def test_commands_are_answered_beside_the_pages(fake: FakeSlack, tmp_path: Path) -> None:
    with running(tmp_path, settings(fake)) as url:
        assert said(url, fake).status_code == 200
        assert "subscribe" in answered(fake, 1)
        assert said(url, fake, secret="wrong").status_code == 401
        assert httpx.post(url + PATH, content="text=help").status_code == 401
        assert httpx.get(url + PATH).status_code == 405
        assert httpx.get(url + "/healthz").status_code == 200
        assert httpx.post(url + "/login", data={"address": "a@b.example"}).status_code == 403
        large = {"content-length": "2000000", "host": "127.0.0.1"}
        assert httpx.post(url + PATH, content=b"x" * 2_000_000, headers=large).status_code == 413
        assert len(fake.replies) == 1


def test_a_long_press_is_not_too_large_for_the_pages_rules(fake: FakeSlack, tmp_path: Path) -> None:
    """Slack sends the whole message with a press: more than the pages would take."""
    with running(tmp_path, settings(fake)) as url:
        answer = httpx.post(url + PATH, content=b"x" * 100_000)
        assert answer.status_code == 401


@pytest.mark.parametrize(
    "changed",
    [
        {"MONITOR_SLACK_SIGNING_SECRET": ""},
        {"MONITOR_SLACK_TOKEN": ""},
        {"MONITOR_SLACK_APP_TOKEN": "xapp-1"},
    ],
)
def test_without_a_way_to_check_it_is_not_there(
    fake: FakeSlack, tmp_path: Path, changed: dict[str, str]
) -> None:
    with running(tmp_path, settings(fake, **changed)) as url:
        for secret in (SIGNING, ""):
            assert said(url, fake, secret=secret).status_code in (403, 404)
        assert not fake.replies


def test_only_the_workspaces_of_the_settings_are_answered(fake: FakeSlack, tmp_path: Path) -> None:
    with running(tmp_path, settings(fake, MONITOR_SLACK_TEAMS="T7, T8")) as url:
        assert said(url, fake, team="T1").status_code == 200
        assert "subscribe" not in answered(fake, 1)
        assert said(url, fake, team="T8").status_code == 200
        assert "subscribe" in answered(fake, 2)


def test_what_the_settings_say_of_slack_reaches_the_channel(fake: FakeSlack) -> None:
    given = settings(fake, MONITOR_SLACK_ON_UNKNOWN="resend")
    channel = open_channels(read_settings(given))["slack"]
    assert isinstance(channel, SlackChannel)
    assert (channel.options.on_unknown, channel.options.buttons) == ("resend", True)
    with pytest.raises(ConfigError, match="Slack"):
        open_channels(read_settings(settings(fake, MONITOR_SLACK_ON_UNKNOWN="maybe")))
