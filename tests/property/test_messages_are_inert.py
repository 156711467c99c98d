"""No title, quotation or name, whatever it holds, becomes a mention, link, header or script."""

from __future__ import annotations

import email
import email.policy
import json
import re
from collections.abc import Iterator
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.channels.email import mail_templates
from monitor.domain.claim import Jurisdiction
from monitor.domain.event import Event
from monitor.domain.vocabulary import RecordKind
from monitor.notify import safety
from monitor.notify.audience import listener
from monitor.notify.bare_post import plain_post
from monitor.notify.blockkit import (
    MAX_BLOCKS,
    MAX_TOTAL_CHARS,
    Rendered,
    post,
    replies,
    total_chars,
)
from monitor.notify.burst import burst_headline
from monitor.notify.digest import Reach, body_from_json, digest
from monitor.notify.envelope import envelope
from monitor.notify.mail import Letterhead, mail
from monitor.notify.message import (
    Alert,
    Burst,
    DigestMessage,
    Links,
    Message,
    Personal,
    Update,
    answer,
    card,
)
from monitor.notify.windows import Window
from tests import facts
from tests.mailroom import BASE, subscription

SHARED = Path(__file__).parents[3] / "shared" / "data" / "slack"
TEMPLATES = mail_templates()
HOSTILE = (
    "<script>alert(1)</script>", "<!channel>", "<!here|x>", "<@U123>", "@everyone", "@here",
    "<https://evil.example|click>", "https://evil.example/x", "*bold* _it_ ~no~ `code`", "> quote",
    "\r\nBcc: x@evil.example", "\u202egnp.exe", "\u2028", "\x00", "{{ 7*7 }}", "{% raw %}",
    "'\"><img src=x onerror=alert(1)>", "&lt;b&gt;", "]]>", "<style>", "javascript:alert(1)",
    "=cmd|' /C calc'!A0", ":skull:", "\ud7ff", "🏳️‍🌈", "a" * 400,
)  # fmt: skip
texts = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(max_size=60),
    st.lists(st.sampled_from(HOSTILE), min_size=1, max_size=6).map(" ".join),
)
urls = st.one_of(
    st.sampled_from(
        ("javascript:alert(1)", "https://a:b@evil.example/", "data:text/html,x", "http://[", "")
    ),
    texts.map(lambda text: "https://herald.example/" + text),
)


@st.composite
def events(draw: st.DrawFn) -> Event:
    return facts.event(
        draw(st.integers(0, 10**6)),
        title=draw(texts),
        quote=draw(texts),
        agency=draw(texts),
        bill=draw(texts),
        note=draw(texts),
        url=draw(urls),
        jurisdiction=Jurisdiction(state="TX", place=draw(texts)),
    )


@st.composite
def messages(draw: st.DrawFn) -> Message:
    links, personal = Links(base_url=BASE), Personal(reason=safety.plain(draw(texts)))
    chosen = draw(st.lists(events(), min_size=1, max_size=8))
    opening = Alert(delivery_id="d" * 32, card=card(chosen[0], links), personal=personal)
    changed = (("agency", draw(texts), draw(texts)), ("status", "reported", "official"))
    amended = facts.record(chosen[0], RecordKind.AMENDED, changed=changed, reason=draw(texts))
    told = answer(amended, links)
    records = [facts.record(event) for event in {e.id: e for e in chosen}.values()]
    window = Window(start=facts.NOW, end=facts.NOW.replace(year=2026))
    heard = listener(subscription(), facts.NOW)
    made, _ = digest(heard, window, records, Reach(), now=facts.NOW)
    cards = tuple(card(event, links) for event in chosen)
    kinds: tuple[Message, ...] = (
        opening,
        Burst(delivery_id="d", headline=burst_headline(chosen), cards=cards, personal=personal),
        Update(delivery_id="d", opening=opening, answers=(told,)),
        DigestMessage(delivery_id="d", body=body_from_json(made.body, links), personal=personal),
    )
    return draw(st.sampled_from(kinds))


def posts(message: Message) -> list[Rendered]:
    return [post(message, buttons=True), *replies(message), plain_post(message)]


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from nodes(one)


@given(messages())
def test_slack_gets_no_mention_no_foreign_link_and_nothing_too_long(message: Message) -> None:
    for rendered in posts(message):
        text = re.sub(rf"\n<(https://herald\.example/|{BASE}/)[^<>|]*>", "", rendered.text)
        assert 0 < len(text) <= 3500
        assert "<" not in text
        assert ">" not in text
        assert len(rendered.blocks) <= MAX_BLOCKS
        assert total_chars(rendered.blocks) <= MAX_TOTAL_CHARS
        for node in nodes(list(rendered.blocks)):
            kind = node.get("type")
            assert kind not in ("mrkdwn", "broadcast", "usergroup", "user", "channel", "emoji")
            if kind == "plain_text":
                assert node["emoji"] is False
                assert node["text"]
            if kind == "text":
                assert node["text"]
            if kind == "link":
                allowed = ("https://herald.example/", f"{BASE}/e/", f"{BASE}/digests/")
                assert node["url"].startswith(allowed)
                assert not set("<>|") & set(node["url"])


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@settings(max_examples=40)
@given(messages())
def test_mail_gets_no_header_no_script_and_no_foreign_link(message: Message) -> None:
    delivery = facts.delivery(channel="email", destination="reader@example.org")
    letterhead = Letterhead(sender="Monitor <monitor@example.org>")
    built = mail(delivery, message, letterhead, TEMPLATES)
    raw = built.as_bytes()
    assert raw == mail(delivery, message, letterhead, TEMPLATES).as_bytes()
    read = cast(EmailMessage, email.message_from_bytes(raw, policy=email.policy.default))
    assert set(read.keys()) <= {
        "Subject", "From", "To", "Date", "Message-ID", "List-Id", "Auto-Submitted", "Precedence",
        "X-Auto-Response-Suppress", "List-Unsubscribe", "List-Unsubscribe-Post", "MIME-Version",
        "Content-Type",
    }  # fmt: skip
    part = read.get_body(("html",))
    assert part is not None
    parser = _Tags()
    parser.feed(str(part.get_content()))
    for tag, attributes in parser.tags:
        assert tag not in ("script", "iframe", "object", "form", "link", "svg")
        assert not any(name.startswith("on") for name in attributes)
        if tag == "a":
            allowed = ("https://herald.example/", f"{BASE}/")
            assert str(attributes["href"]).startswith(allowed)
        if tag == "img":
            assert str(attributes["src"]).startswith("cid:")


@given(messages())
def test_programs_get_json_that_keeps_the_schema(message: Message) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((Path(__file__).parents[2] / "docs" / "webhook.schema.json").read_text())
    line = json.loads(json.dumps(envelope(facts.delivery(), message)))
    jsonschema.Draft202012Validator(schema).validate(line)


@settings(max_examples=30)
@given(messages())
def test_blocks_keep_slacks_own_types(message: Message) -> None:
    """The JSON Schema generated from @slack/types, where the shared data are at hand."""
    if not (SHARED / "knownblock.schema.json").exists():
        pytest.skip("../shared/data/slack/knownblock.schema.json is not on this machine")
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((SHARED / "knownblock.schema.json").read_text())
    validator = jsonschema.Draft7Validator(schema)
    for rendered in posts(message):
        for block in rendered.blocks:
            errors = [error.message[:300] for error in validator.iter_errors(block)]
            assert not errors, (block, errors)


@given(st.text(max_size=300))
def test_escaped_text_shows_the_same_letters(text: str) -> None:
    shown = safety.mrkdwn(text)
    assert "<" not in shown
    back = shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert back.replace("\u200c", "") == text.replace("\u200c", "")
