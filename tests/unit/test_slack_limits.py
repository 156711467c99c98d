"""Second opinions on what we send to Slack: slackblocks' limits, Slack's documented errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitor.domain.subscription import Ambiguous, Transient
from monitor.notify import slack_codes
from monitor.notify.blockkit import Rendered, post, replies
from monitor.notify.burst import burst_headline
from monitor.notify.message import Alert, Burst, Links, Personal, card
from tests import facts

SHARED = Path(__file__).parents[3] / "shared" / "data" / "slack"
ROOT = Path(__file__).parents[2]


def _posts() -> list[Rendered]:
    long = "A long name of an agency and of its city " * 60
    events = [facts.event(n, title=long, quote=long, agency=long) for n in range(200)]
    links = Links(base_url="https://monitor.example.org")
    cards = tuple(card(event, links) for event in events)
    personal = Personal(reason=long)
    burst = Burst(delivery_id="d", headline=burst_headline(events), cards=cards, personal=personal)
    alert = Alert(delivery_id="d" * 32, card=cards[0], personal=personal)
    return [post(alert, buttons=True), post(burst), *replies(burst)]


def _elements(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return [value, *[one for inner in value.values() for one in _elements(inner)]]
    if isinstance(value, list):
        return [one for inner in value for one in _elements(inner)]
    return []


def test_slackblocks_accepts_the_same_headers_and_buttons() -> None:
    """Another library's own checks on the parts that have documented limits."""
    slackblocks = pytest.importorskip("slackblocks")
    for rendered in _posts():
        for block in rendered.blocks:
            if block["type"] == "header":
                slackblocks.HeaderBlock(block["text"]["text"])
            if block["type"] == "context":
                slackblocks.ContextBlock(
                    [
                        slackblocks.Text(e["text"], slackblocks.TextType.PLAINTEXT)
                        for e in block["elements"]
                    ]
                )
        for element in _elements(list(rendered.blocks)):
            if element.get("type") == "button":
                slackblocks.Button(
                    text=element["text"]["text"],
                    action_id=element["action_id"],
                    value=element["value"],
                )


def test_numeric_limits_of_slackblocks_hold() -> None:
    if not (SHARED / "slackblocks.limits.json").exists():
        pytest.skip("../shared/data/slack/slackblocks.limits.json is not on this machine")
    limits = json.loads((SHARED / "slackblocks.limits.json").read_text())
    for rendered in _posts():
        for element in _elements(list(rendered.blocks)):
            if element.get("type") == "overflow":
                assert len(element["options"]) <= limits["overflow"]["options"]["max_items"]
                for option in element["options"]:
                    assert len(option["value"]) <= limits["option"]["value"]["max_length"]
                    assert len(option["text"]["text"]) <= limits["option"]["text"]["max_length"]
            if element.get("type") == "button":
                assert len(element["text"]["text"]) <= limits["button"]["text"]["max_length"]


def test_every_documented_error_has_a_class() -> None:
    documented = SHARED / "chat.postMessage.docs.json"
    if not documented.exists():
        pytest.skip("../shared/data/slack/chat.postMessage.docs.json is not on this machine")
    codes = set(json.loads(documented.read_text())["errors"])
    transient = {"rate_limited", "message_limit_exceeded"}
    for code in sorted(codes):
        outcome = slack_codes.outcome_of(code)
        assert isinstance(outcome, Transient) == (code in transient), code
        assert not isinstance(outcome, Ambiguous), code


def test_the_manifest_keeps_slacks_official_schema() -> None:
    schema_file = SHARED / "manifest.schema.2.0.0.json"
    if not schema_file.exists():
        pytest.skip("../shared/data/slack/manifest.schema.2.0.0.json is not on this machine")
    jsonschema = pytest.importorskip("jsonschema")
    manifest = yaml.safe_load((ROOT / "deploy" / "slack-manifest.yaml").read_text())
    schema = json.loads(schema_file.read_text())
    errors = list(jsonschema.Draft7Validator(schema).iter_errors(manifest))
    assert not errors, [error.message[:200] for error in errors]


def test_the_manifest_asks_for_what_the_app_calls() -> None:
    manifest = yaml.safe_load((ROOT / "deploy" / "slack-manifest.yaml").read_text())
    scopes = set(manifest["oauth_config"]["scopes"]["bot"])
    assert {"chat:write", "commands", "im:write", "users:read"} <= scopes
    assert {"channels:history", "groups:history", "im:history"} <= scopes
