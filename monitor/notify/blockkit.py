"""Messages as Block Kit: plain dictionaries within every limit, safe whatever the texts hold.

Untrusted text stands only in plain_text and rich_text elements, which Slack never parses for
markup; the fallback `text` is mrkdwn and escaped. Limits: https://docs.slack.dev/reference/block-kit
(50 blocks, 3000 characters a section, 150 a header) and the total of about 13,200 characters that
Slack enforces without documenting it; both are kept with room to spare.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.domain.vocabulary import Rung
from monitor.notify import safety
from monitor.notify.message import (
    Alert,
    Answer,
    Burst,
    Card,
    Change,
    DigestMessage,
    Group,
    Message,
    System,
    Update,
    events_counted,
    summary,
)
from monitor.notify.words import state_name

Block = dict[str, Any]  # JSON as Slack defines it
Element = dict[str, Any]

MAX_BLOCKS = 45
MAX_TOTAL_CHARS = 12_500
MAX_FALLBACK_CHARS = 3_500
MAX_HEADER_CHARS = 150
_LIST_CHARS = 9_000
_BURST_SHOWN = 5
_ANSWERS_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """One post: fallback text and blocks."""

    text: str
    blocks: tuple[Block, ...] = ()


def post(message: Message, *, buttons: bool = False) -> Rendered:
    """The message that stands in the channel; `buttons` where an app listens to them."""
    return _bounded(summary(message), _blocks(message, buttons))


def replies(message: Message) -> tuple[Rendered, ...]:
    """What follows in the thread, in order: a burst's list, an update's answers."""
    match message:
        case Burst(cards=cards) if len(cards) > _BURST_SHOWN:
            return tuple(_list_post(part) for part in _parts(cards))
        case Update(answers=answers):
            blocks = [block for answer in answers for block in _answer_blocks(answer)]
            return (_bounded(summary(message), blocks),)
        case _:
            return ()


def total_chars(blocks: Iterable[Block]) -> int:
    """Characters of all texts and addresses in blocks, as the budget counts them."""
    return sum(_chars(block) for block in blocks)


def _chars(value: object) -> int:
    match value:
        case dict():
            inner = (v for k, v in value.items() if k not in ("type", "action_id", "block_id"))
            return sum(_chars(one) for one in inner)
        case list() | tuple():
            return sum(_chars(one) for one in value)
        case str():
            return len(value)
        case _:
            return 0


def _bounded(text: str, blocks: Sequence[Block]) -> Rendered:
    kept: list[Block] = []
    left = MAX_TOTAL_CHARS
    for block in blocks[:MAX_BLOCKS]:
        left -= _chars(block)
        if left < 0:
            break
        kept.append(block)
    return Rendered(text=fallback([text]), blocks=tuple(kept))


def fallback(lines: Sequence[str]) -> str:
    """Lines as the mrkdwn text of a post: inert, never empty, short enough not to be split."""
    text = safety.shortened("\n".join(line for line in lines if line), MAX_FALLBACK_CHARS - 500)
    return safety.mrkdwn(text)[:MAX_FALLBACK_CHARS] or "Policy monitor"


def _blocks(message: Message, buttons: bool) -> list[Block]:
    match message:
        case Alert():
            return _alert_blocks(message, buttons)
        case Burst():
            return _burst_blocks(message)
        case Update(opening=opening):
            return _blocks(opening, buttons)
        case DigestMessage():
            return _digest_blocks(message)
        case System():
            return _system_blocks(message)


def _alert_blocks(message: Alert, buttons: bool) -> list[Block]:
    card = message.card
    return [
        _header(summary(message)),
        _rich(*_facts(card)),
        *_source_block(card),
        *_answers_block(message.answers),
        *_acknowledged(message.acknowledged),
        *_reason(message.personal.reason),
        *_actions(message, buttons),
    ]


def _facts(card: Card) -> list[Element]:
    who = " · ".join(part for part in (card.where, card.agency, card.model, card.bill) if part)
    days = "".join(f" · {label} {day}" for label, day in card.dates)
    lines = [_text(who), _text("\n"), _text(card.certainty, bold=True), _text(days)]
    if card.note:
        lines += [_text(f"\n{card.note}")]
    return [_section([line for line in lines if line["text"]])]


def _source_block(card: Card) -> list[Block]:
    elements: list[Element] = []
    if card.quote:
        elements.append({"type": "rich_text_quote", "elements": [_text(f"“{card.quote}”")]})
    source = [one for one in (_source_link(card), *_more_sources(card)) if one]
    if source:
        elements.append(_section([_text("Source: "), *source]))
    return [_rich(*elements)] if elements else []


def _source_link(card: Card) -> Element | None:
    words = ": ".join(part for part in (card.publisher, card.source_title) if part)
    if card.source_url:
        return _link(card.source_url, words or card.source_url)
    return _text(words) if words else None


def _more_sources(card: Card) -> list[Element]:
    more = [_text(f" and {card.sources - 1} more")] if card.sources > 1 else []
    return [*more, *([_text(" · "), _link(card.link, "Event page")] if card.link else [])]


def _answers_block(answers: Sequence[Answer]) -> list[Block]:
    shown = answers[-_ANSWERS_SHOWN:]
    return [_rich(_section(_answer_line(answer))) for answer in shown]


def _answer_line(answer: Answer) -> list[Element]:
    reason = f": {answer.reason}" if answer.reason else ""
    return [_text(answer.what, bold=True), *_text_if(reason), *_changes(answer.changes)]


def _answer_blocks(answer: Answer) -> list[Block]:
    card = answer.card
    lines = _answer_line(answer)
    lines += [_text("\n"), _headline(card)]
    return [_rich(_section(lines)), *_source_block(card)]


def _changes(changes: Sequence[Change]) -> list[Element]:
    found: list[Element] = []
    for change in changes[:10]:
        found += [
            _text(f"\n{change.field}: was "),
            {"type": "text", "text": change.was, "style": {"strike": True}},
            _text(f" → now {change.now}"),
        ]
    return found


def _acknowledged(acknowledged: Sequence[tuple[str, str]]) -> list[Block]:
    if not acknowledged:
        return []
    elements: list[Element] = [_text("Seen by ")]
    for number, (user, at) in enumerate(acknowledged[-10:]):
        elements += [_text(", ")] if number else []
        elements += [{"type": "user", "user_id": user}, _text(f" {at}")]
    return [_rich(_section(elements))]


def _reason(reason: str) -> list[Block]:
    if not reason:
        return []
    return [{"type": "context", "elements": [_plain(safety.shortened(reason, 500))]}]


def _actions(message: Alert, buttons: bool) -> list[Block]:
    if not buttons:
        return []
    value = f"{message.delivery_id}|{message.card.event_id}"
    choices = (
        ("snooze_place", "Snooze this place for a week"),
        ("mute_kind", "Mute this kind of event"),
        ("not_relevant", "Not relevant"),
    )
    options = [
        {"text": _plain(label), "value": f"{action}|{value}"[:150]} for action, label in choices
    ]
    return [
        {
            "type": "actions",
            "block_id": "alert",
            "elements": [
                _button("evidence", "Evidence", value),
                _button("acknowledge", "Acknowledge", value),
                {"type": "overflow", "action_id": "more", "options": options},
            ],
        }
    ]


def _burst_blocks(message: Burst) -> list[Block]:
    rest = len(message.cards) - _BURST_SHOWN
    shown = [_list(message.cards[:_BURST_SHOWN])]
    if rest > 0:
        shown.append(_section([_text(f"and {rest} more in the thread")]))
    return [
        _header(message.headline),
        _rich(*shown),
        *_answers_block(message.answers),
        *_reason(message.personal.reason),
    ]


def _list_post(cards: Sequence[Card]) -> Rendered:
    return _bounded(f"{len(cards)} of these events", [_rich(_list(cards))])


def _parts(cards: Sequence[Card]) -> list[list[Card]]:
    parts: list[list[Card]] = [[]]
    size = 0
    for card in cards:
        cost = total_chars([_list([card])])
        if size + cost > _LIST_CHARS or len(parts[-1]) >= 60:
            parts.append([])
            size = 0
        parts[-1].append(card)
        size += cost
    return parts


def _digest_blocks(message: DigestMessage) -> list[Block]:
    body = message.body
    blocks = [
        _header(body.title),
        _rich(_section([_text(f"{events_counted(body.total)}, {body.period}")])),
        *_digest_answers("Corrections to what was told before", body.corrections),
        *_digest_answers("News about events told before", body.developments),
    ]
    end = [*_more_link(message), *_reason(message.personal.reason)]
    left = MAX_TOTAL_CHARS - total_chars([*blocks, *end]) - 200
    blocks += _digest_groups(body.groups, left, MAX_BLOCKS - len(blocks) - len(end))
    return [*blocks, *end]


def _digest_answers(title: str, answers: Sequence[Answer]) -> list[Block]:
    if not answers:
        return []
    lines = [_section([_text(title, bold=True)])]
    for answer in answers[:10]:
        lines.append(_section([*_answer_line(answer), _text(" – "), _headline(answer.card)]))
    if len(answers) > 10:
        lines.append(_section([_text(f"and {len(answers) - 10} more")]))
    return [_rich(*lines)]


def _digest_groups(groups: Sequence[Group], chars: int, places: int) -> list[Block]:
    """Groups as blocks while they fit; at the end how many events are not listed."""
    blocks: list[Block] = []
    unlisted = 0
    for group in groups:
        block = _group_block(group)
        cost = total_chars([block])
        if cost > chars or len(blocks) + 1 >= places:
            unlisted += group.total
            continue
        blocks.append(block)
        chars -= cost
    if unlisted:
        blocks.append(_rich(_section([_text(f"and {events_counted(unlisted)} more")])))
    return blocks


def _group_block(group: Group) -> Block:
    title = f"{state_name(group.state)}: {group.title} ({group.total})"
    elements = [_section([_text(title, bold=True)]), _list(group.cards[:10])]
    rest = group.total - len(group.cards[:10])
    if rest > 0:
        elements.append(_section([_text(f"and {rest} more")]))
    return _rich(*elements)


def _more_link(message: DigestMessage) -> list[Block]:
    if not message.body.link:
        return []
    return [_rich(_section([_link(message.body.link, "This digest as a page")]))]


def _system_blocks(message: System) -> list[Block]:
    sections: list[Element] = [
        _section([_text(safety.shortened(paragraph, 2500))]) for paragraph in message.paragraphs
    ]
    if message.action:
        label, url = message.action
        sections.append(_section([_link(url, label)]))
    return [_header(message.title), *([_rich(*sections)] if sections else [])]


def _header(text: str) -> Block:
    return {"type": "header", "text": _plain(safety.shortened(text, MAX_HEADER_CHARS))}


def _plain(text: str) -> Element:
    return {"type": "plain_text", "text": text or " ", "emoji": False}


def _button(action: str, label: str, value: str) -> Element:
    return {"type": "button", "action_id": action, "text": _plain(label), "value": value}


def _rich(*elements: Element) -> Block:
    return {"type": "rich_text", "elements": list(elements)}


def _section(elements: Sequence[Element]) -> Element:
    return {"type": "rich_text_section", "elements": list(elements)}


def _list(cards: Sequence[Card]) -> Element:
    items = [_section([_headline(card), _text(f" – {card.certainty}")]) for card in cards]
    return {"type": "rich_text_list", "style": "bullet", "elements": items}


def _headline(card: Card) -> Element:
    url = card.link or card.source_url
    flag = f"{card.certainty}: " if card.rung in (Rung.RETRACTED, Rung.DISPUTED) else ""
    return _link(url, flag + card.headline) if url else _text(flag + card.headline)


def _text(text: str, *, bold: bool = False) -> Element:
    element: Element = {"type": "text", "text": text}
    return {**element, "style": {"bold": True}} if bold else element


def _text_if(text: str) -> list[Element]:
    return [_text(text)] if text else []


def _link(url: str, text: str) -> Element:
    return {"type": "link", "url": url, "text": text}


def as_json(rendered: Rendered) -> str:
    """The post as Slack's Block Kit Builder takes it."""
    return json.dumps({"blocks": list(rendered.blocks)}, ensure_ascii=False, indent=2)
