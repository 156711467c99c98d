"""A second opinion on every kind of block we send: slackblocks builds the same JSON from them.

That library checks lengths, counts and types when an object is made; whatever it refuses or spells
differently is a difference to look at.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from monitor.domain.errors import FilterError
from monitor.domain.filter import parse
from monitor.domain.vocabulary import RecordKind, Rung
from monitor.notify.audience import audience
from monitor.notify.blockkit import post, replies
from monitor.notify.burst import burst_headline
from monitor.notify.digest import Reach, body_from_json, digest
from monitor.notify.message import (
    Alert,
    Burst,
    DigestMessage,
    Links,
    Message,
    Personal,
    System,
    Update,
    answer,
    card,
)
from monitor.notify.windows import Window
from monitor.slack_app.answers import (
    evidence_answer,
    filter_problem,
    form,
    help_answer,
    home,
    text_answer,
)
from tests import facts
from tests.mailroom import BASE, subscription

blocks = pytest.importorskip("slackblocks")

Json = dict[str, Any]
LINKS = Links(base_url=BASE)
LONG = "A long name of an agency & of its <city>, * _ ~ ` | " * 60
#: What one side writes out and the other leaves to Slack's default.
DEFAULTS = {
    "emoji": False, "verbatim": False, "optional": False, "dispatch_action": False,
    "focus_on_load": False, "multiline": False, "border": 0, "offset": 0, "indent": 0,
}  # fmt: skip


def text_of(one: Json) -> Any:
    kind = blocks.TextType.PLAINTEXT if one["type"] == "plain_text" else blocks.TextType.MARKDOWN
    return blocks.Text(one["text"], kind, emoji=one.get("emoji", False))


def option_of(one: Json) -> Any:
    return blocks.Option(text_of(one["text"]), one["value"])


def inline_of(one: Json) -> Any:
    """What stands in a line of rich text."""
    match one["type"]:
        case "text":
            return blocks.RichText(one["text"], **one.get("style", {}))
        case "link":
            return blocks.RichTextLink(one["url"], one["text"])
        case "user":
            return blocks.RichTextUser(one["user_id"])
    raise AssertionError(one)


def rich_of(one: Json) -> Any:
    """A paragraph, list, quotation or code of rich text."""
    inner = one["elements"]
    match one["type"]:
        case "rich_text_section":
            return blocks.RichTextSection([inline_of(e) for e in inner])
        case "rich_text_quote":
            return blocks.RichTextQuote([inline_of(e) for e in inner])
        case "rich_text_preformatted":
            return blocks.RichTextCodeBlock([inline_of(e) for e in inner])
        case "rich_text_list":
            return blocks.RichTextList(one["style"], [rich_of(e) for e in inner])
    raise AssertionError(one)


def element_of(one: Json) -> Any:
    """What people press or fill in."""
    action = one.get("action_id")
    match one["type"]:
        case "button":
            return blocks.Button(text_of(one["text"]), action, value=one["value"])
        case "overflow":
            return blocks.OverflowMenu(action, [option_of(o) for o in one["options"]])
        case "static_select":
            first = option_of(one["initial_option"])
            options = [option_of(o) for o in one["options"]]
            return blocks.StaticSelectMenu(action, options, initial_option=first)
        case "timepicker":
            return blocks.TimePicker(action, one["initial_time"])
        case "plain_text_input":
            return blocks.PlainTextInput(
                action,
                one.get("initial_value"),
                max_length=one["max_length"],
                placeholder=text_of(one["placeholder"]),
            )
    raise AssertionError(one)


def block_of(one: Json) -> Any:
    """The same block made by slackblocks, which raises where it sees a limit broken."""
    name = one.get("block_id")
    match one["type"]:
        case "header":
            return blocks.HeaderBlock(text_of(one["text"]), name)
        case "section":
            return blocks.SectionBlock(text_of(one["text"]), name)
        case "context":
            return blocks.ContextBlock([text_of(e) for e in one["elements"]], name)
        case "actions":
            return blocks.ActionsBlock([element_of(e) for e in one["elements"]], name)
        case "rich_text":
            return blocks.RichTextBlock([rich_of(e) for e in one["elements"]], name)
        case "input":
            made = element_of(one["element"])
            label = text_of(one["label"])
            return blocks.InputBlock(label, made, block_id=name, optional=one["optional"])
    raise AssertionError(one)


def bare(value: Any) -> Any:
    """JSON without what equals Slack's default; ids that nobody chose are none of ours."""
    if isinstance(value, dict):
        kept = {k: bare(v) for k, v in value.items() if v is not None}
        return {k: v for k, v in kept.items() if not (k in DEFAULTS and v == DEFAULTS[k])}
    return [bare(one) for one in value] if isinstance(value, list) else value


def assert_rebuilt(ours: Iterable[Json]) -> set[str]:
    """Which kinds of block there were."""
    kinds = set()
    for one in ours:
        theirs = bare(block_of(one)._resolve())
        if "block_id" not in one:
            theirs.pop("block_id", None)
        assert theirs == bare(one)
        kinds.add(one["type"])
    return kinds


def messages() -> list[Message]:
    """Every kind of message, with everything in it that there can be."""
    events = [
        facts.event(
            n, title=LONG, quote=LONG, agency=LONG, note=LONG, url="https://herald.example/a"
        )
        for n in range(60)
    ]
    wrong = replace(events[0], status=Rung.RETRACTED)
    moved = (("jurisdiction.county", "48113", "48439"), ("model", "JEM", "TFM"))
    taken = facts.record(wrong, RecordKind.RETRACTED, reason=LONG, changed=moved)
    told = answer(taken, LINKS)
    own = Personal(reason=LONG)
    cards = tuple(card(event, LINKS) for event in events)
    alert = Alert(
        delivery_id="d" * 32, card=cards[0], personal=own, answers=(told,) * 7,
        acknowledged=(("U1", "2025-06-02 12:00"), ("U2", "2025-06-02 12:01")),
    )  # fmt: skip
    burst = Burst(
        delivery_id="d", headline=burst_headline(events), cards=cards, personal=own, answers=(told,)
    )
    (listener,) = audience([subscription()], facts.NOW).listeners
    window = Window(start=facts.NOW - timedelta(days=7), end=facts.NOW + timedelta(seconds=1))
    records = [*(facts.record(event) for event in events[1:]), taken]
    known = Reach(by_digest=frozenset({wrong.id}))
    made, _ = digest(listener, window, records, known, now=facts.NOW)
    shared = body_from_json(made.body, LINKS)
    return [
        alert,
        burst,
        Update(delivery_id="u", opening=alert, answers=(told,) * 3),
        Update(delivery_id="u", opening=burst, answers=(told,)),
        DigestMessage(delivery_id="g", body=shared, personal=own),
        System(delivery_id="s", title=LONG, paragraphs=(LONG, "b"), action=("Open", BASE)),
    ]


def test_every_post_is_built_alike_by_slackblocks() -> None:
    kinds: set[str] = set()
    for message in messages():
        for rendered in (post(message, buttons=True), *replies(message)):
            kinds |= assert_rebuilt(rendered.blocks)
    assert kinds == {"header", "context", "actions", "rich_text"}


def test_forms_home_and_answers_are_built_alike_by_slackblocks() -> None:
    many = [subscription(f"s{n}", filter='agency:"x"', active=n % 2 == 0) for n in range(40)]
    kinds = assert_rebuilt(form("C1", LONG)["blocks"])
    kinds |= assert_rebuilt(home(many, "/policy")["blocks"])
    kinds |= assert_rebuilt(home([], "/policy")["blocks"])
    kinds |= assert_rebuilt(text_answer(LONG).blocks)
    kinds |= assert_rebuilt(help_answer("/policy").blocks)
    with pytest.raises(FilterError) as wrong:
        parse("stat:TX", facts.NOW.date())
    kinds |= assert_rebuilt(filter_problem("stat:TX", wrong.value).blocks)
    first = facts.event(1, title=LONG)
    proof = facts.evidence(facts.snapshot(), facts.claim())
    kinds |= assert_rebuilt(evidence_answer(replace(first, evidence=(proof,) * 12), LINKS).blocks)
    assert kinds == {"header", "actions", "input", "rich_text", "section"}
    assert len(home(many, "/policy")["blocks"]) <= 100
