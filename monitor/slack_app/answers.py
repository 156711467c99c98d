"""What commands answer: lists of events, agreements and subscriptions as Block Kit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from monitor.domain.errors import FilterError
from monitor.domain.event import Event
from monitor.domain.subscription import Subscription
from monitor.notify import safety
from monitor.notify.audience import whole_filter
from monitor.notify.blockkit import Block, Rendered
from monitor.notify.message import Links, card
from monitor.notify.personal import cadence_words

HELP = """*What I understand*
`{c} subscribe FILTER [at once|hourly|daily|weekly] [here]` tell me, or this channel
`{c} unsubscribe ID`   `{c} list`   `{c} snooze ID DAYS`   `{c} resume ID`
`{c} preview FILTER` what the last 90 days would have brought
`{c} search FILTER`   `{c} show EVENT`   `{c} roster [FILTER]`

*Filters* are words like `state:TX,FL type:signed model:TFM agency:"Dallas County" \
status:on_roster near:"Dallas, TX~50km" since:30d "free text"`; a minus leaves out. \
`{c} subscribe` alone opens a form."""


def text_answer(text: str) -> Rendered:
    """A plain sentence; whatever it quotes is inert."""
    return Rendered(text=safety.mrkdwn(text))


def help_answer(command: str) -> Rendered:
    """How to speak to the app."""
    shown = HELP.replace("{c}", command)
    blocks = ({"type": "section", "text": {"type": "mrkdwn", "text": shown}},)
    return Rendered(text="What I understand", blocks=blocks)


def filter_problem(expression: str, error: FilterError) -> Rendered:
    """A filter's error with a mark under the place, and the better word where one is known."""
    marked = f"{expression}\n{' ' * error.position}^"
    hint = f"Did you mean {error.suggestion}?" if error.suggestion else ""
    blocks = [
        _rich(_section(_text(safety.plain(str(error), 400)))),
        {
            "type": "rich_text",
            "elements": [
                {"type": "rich_text_preformatted", "elements": [_text(marked[:1000] or " ")]}
            ],
        },
    ]
    if hint:
        blocks.append(_rich(_section(_text(safety.plain(hint, 200)))))
    return Rendered(text=safety.mrkdwn(safety.plain(str(error), 400)), blocks=tuple(blocks))


def events_answer(
    title: str, events: Sequence[Event], links: Links, *, more: str = "", all_link: str = ""
) -> Rendered:
    """A list of events, one line each; `all_link` is the page that shows all of them."""
    items = []
    for event in events:
        shown = card(event, links)
        url = shown.link or shown.source_url
        line = [_link(url, shown.headline)] if url else [_text(shown.headline)]
        day = f", {shown.dates[0][1]}" if shown.dates else ""
        items.append(_section(*line, _text(f" – {shown.certainty}{day}  ({shown.event_id})")))
    elements: list[dict[str, Any]] = [_section(_text(title, bold=True))]
    if items:
        elements.append({"type": "rich_text_list", "style": "bullet", "elements": items})
    if more:
        elements.append(_section(_text(more)))
    if all_link:
        elements.append(_section(_link(all_link, "All of them")))
    return Rendered(text=safety.mrkdwn(title), blocks=(_rich(*elements),))


def subscriptions_answer(subscriptions: Sequence[Subscription]) -> Rendered:
    """The subscriptions one may see here."""
    if not subscriptions:
        return text_answer("There is no subscription of yours or of this channel.")
    lines = [_section(_text(subscription_line(one))) for one in subscriptions[:40]]
    items = {"type": "rich_text_list", "style": "bullet", "elements": lines}
    title = f"{len(subscriptions)} subscription{'s' if len(subscriptions) > 1 else ''}"
    return Rendered(text=title, blocks=(_rich(_section(_text(title, bold=True)), items),))


def subscription_line(subscription: Subscription) -> str:
    """One subscription in one line."""
    asked = safety.plain(whole_filter(subscription), 300) or "everything"
    state = "" if subscription.active else f", paused: {safety.plain(subscription.paused_reason)}"
    waits = (
        ""
        if subscription.snoozed_until is None
        else (f", snoozed until {subscription.snoozed_until:%Y-%m-%d %H:%M} UTC")
    )
    return f"{subscription.id}: {asked}, {cadence_words(subscription)}{waits}{state}"


def form(channel: str, filter_text: str = "") -> dict[str, Any]:
    """The modal for those who prefer forms; `channel` is where it was asked for."""
    options = [
        _option("immediate", "At once"),
        _option("hourly", "Hourly"),
        _option("daily", "Daily"),
        _option("weekly", "Weekly, on Monday"),
    ]
    return {
        "type": "modal",
        "callback_id": "subscribe",
        "private_metadata": channel[:100],
        "title": _plain("Subscribe"),
        "submit": _plain("Subscribe"),
        "close": _plain("Cancel"),
        "blocks": [
            _input(
                "filter",
                "What you want to hear of",
                {
                    "type": "plain_text_input",
                    "action_id": "value",
                    "max_length": 2000,
                    "placeholder": _plain("state:TX type:signed; empty for everything"),
                    **({"initial_value": filter_text[:2000]} if filter_text else {}),
                },
                optional=True,
            ),
            _input(
                "cadence",
                "How often",
                {
                    "type": "static_select",
                    "action_id": "value",
                    "options": options,
                    "initial_option": options[0],
                },
            ),
            _input(
                "at",
                "Time of daily and weekly digests",
                {"type": "timepicker", "action_id": "value", "initial_time": "08:00"},
                optional=True,
            ),
            _input(
                "where",
                "Where",
                {
                    "type": "static_select",
                    "action_id": "value",
                    "options": [_option("me", "To me"), _option("here", "To this channel")],
                    "initial_option": _option("me", "To me"),
                },
            ),
        ],
    }


def home(subscriptions: Sequence[Subscription], command: str) -> dict[str, Any]:
    """The App Home: one's subscriptions with what can be done about each."""
    blocks: list[Block] = [
        {"type": "header", "text": _plain("Your subscriptions")},
        {
            "type": "actions",
            "block_id": "home",
            "elements": [_button("open_form", "New subscription", "new")],
        },
    ]
    for one in subscriptions[:30]:
        toggle = ("pause", "Pause") if one.active else ("resume", "Resume")
        blocks += [
            _rich(_section(_text(subscription_line(one)))),
            {
                "type": "actions",
                "elements": [
                    _button(f"home_{toggle[0]}", toggle[1], one.id),
                    _button("home_preview", "Preview", one.id),
                    _button("home_leave", "Leave", one.id),
                ],
            },
        ]
    if not subscriptions:
        blocks.append(_rich(_section(_text(f"None yet. Try the button, or {command} help."))))
    return {"type": "home", "blocks": blocks}


def evidence_answer(event: Event, links: Links) -> Rendered:
    """Where an event was read: publisher, title, quotation, moment of capture."""
    elements: list[dict[str, Any]] = [_section(_text(card(event, links).headline, bold=True))]
    for one in event.evidence[:10]:
        words = safety.plain(f"{one.publisher}: {one.title}".strip(": "), 250) or "source"
        url = safety.link(one.url)
        captured = f", captured {one.captured_at:%Y-%m-%d %H:%M} UTC" if one.captured_at else ""
        line = [_link(url, words)] if url else [_text(words)]
        elements.append(_section(*line, _text(f" ({one.tier.value}{captured})")))
        if one.quote:
            quoted = _text(f"“{safety.quoted(one.quote)}”")
            elements.append({"type": "rich_text_quote", "elements": [quoted]})
    if len(event.evidence) > 10:
        elements.append(_section(_text(f"and {len(event.evidence) - 10} more")))
    page = links.event(event.id)
    if page:
        elements.append(_section(_link(page, "Event page")))
    return Rendered(text="Evidence", blocks=(_rich(*elements),))


def _input(
    block: str, label: str, element: dict[str, Any], *, optional: bool = False
) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": block,
        "label": _plain(label),
        "element": element,
        "optional": optional,
    }


def _option(value: str, label: str) -> dict[str, Any]:
    return {"text": _plain(label), "value": value}


def _button(action: str, label: str, value: str) -> dict[str, Any]:
    return {"type": "button", "action_id": action, "text": _plain(label), "value": value[:2000]}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _rich(*elements: dict[str, Any]) -> Block:
    return {"type": "rich_text", "elements": list(elements)}


def _section(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text_section", "elements": list(elements)}


def _text(text: str, *, bold: bool = False) -> dict[str, Any]:
    element: dict[str, Any] = {"type": "text", "text": text or " "}
    return {**element, "style": {"bold": True}} if bold else element


def _link(url: str, text: str) -> dict[str, Any]:
    return {"type": "link", "url": url, "text": text}
