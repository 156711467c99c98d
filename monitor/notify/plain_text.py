"""Messages as plain text: the text part of mails and the terminal. Written, not stripped HTML."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.notify.message import (
    Alert,
    Answer,
    Burst,
    Card,
    DigestBody,
    DigestMessage,
    Message,
    Personal,
    System,
    Update,
    events_counted,
    summary,
)
from monitor.notify.words import state_name

_WIDTH = 72


def text_lines(message: Message) -> list[str]:
    """The message as lines, personal part included."""
    return [*_lead(message), *_content(message), *_footer(message)]


def card_lines(card: Card) -> list[str]:
    """One event: headline, facts, certainty, source with quotation, link."""
    who = " · ".join(part for part in (card.where, card.agency, card.model, card.bill) if part)
    days = ", ".join(f"{label} {day}" for label, day in card.dates)
    source = ": ".join(part for part in (card.publisher, card.source_title) if part)
    lines = [
        card.headline,
        f"  {who}",
        f"  {card.certainty}" + (f" ({days})" if days else ""),
        f"  Source: {source}" if source else "",
        f"  “{card.quote}”" if card.quote else "",
        f"  {card.note}" if card.note else "",
        f"  {card.source_url}" if card.source_url else "",
        f"  {card.link}" if card.link else "",
    ]
    return [line for line in lines if line]


def answer_lines(answer: Answer) -> list[str]:
    """What changed about an event told before."""
    reason = f": {answer.reason}" if answer.reason else ""
    return [
        f"{answer.what}{reason}",
        f"  {answer.card.headline}",
        *(f"  {change.field}: was {change.was}, now {change.now}" for change in answer.changes),
        *([f"  {answer.card.link}"] if answer.card.link else []),
    ]


def _lead(message: Message) -> list[str]:
    title = summary(message)
    return [] if isinstance(message, Alert) else [title, "=" * min(len(title), _WIDTH), ""]


def _content(message: Message) -> list[str]:
    match message:
        case Alert(card=card, answers=answers):
            return [*card_lines(card), *_answers("", answers)]
        case Burst(cards=cards):
            return [line for card in cards for line in (*card_lines(card), "")]
        case Update(answers=answers):
            return _answers("", answers)
        case DigestMessage(body=body):
            return _digest(body)
        case System(paragraphs=paragraphs, action=action):
            lines = [line for paragraph in paragraphs for line in (paragraph, "")]
            return [*lines, *([f"{action[0]}: {action[1]}", ""] if action else [])]


def _digest(body: DigestBody) -> list[str]:
    lines = [
        *([f"As a page: {body.link}"] if body.link else []),
        *_answers("CORRECTIONS to what was told before", body.corrections),
        *_answers("News about events told before", body.developments),
    ]
    if body.by_state:
        shown = ", ".join(f"{state_name(state)} {number}" for state, number in body.by_state)
        lines += ["", f"By state: {shown}"]
    if len(body.trend) > 1:
        lines += ["By day: " + ", ".join(f"{day} {number}" for day, number in body.trend)]
    for group in body.groups:
        title = f"{state_name(group.state)}: {group.title} ({group.total})"
        lines += ["", title, "-" * min(len(title), _WIDTH)]
        for card in group.cards:
            lines += [*card_lines(card), ""]
        rest = group.total - len(group.cards)
        lines += [f"and {events_counted(rest)} more"] if rest > 0 else []
    return [*lines, *(["", f"All of them: {body.query_link}"] if body.query_link else [])]


def _answers(title: str, answers: Sequence[Answer]) -> list[str]:
    if not answers:
        return []
    lines = ["", title, "-" * min(len(title), _WIDTH)] if title else [""]
    for answer in answers:
        lines += [*answer_lines(answer), ""]
    return lines


def _footer(message: Message) -> list[str]:
    match message:
        case Update(opening=opening):
            personal = opening.personal
        case _:
            personal = message.personal
    return personal_lines(personal)


def personal_lines(personal: Personal) -> list[str]:
    """Why the recipient gets this and how to change or leave; nothing where nothing is known."""
    leave = personal.leave_url or personal.leave_mailto
    lines = [
        personal.reason,
        f"Change: {personal.manage_url}" if personal.manage_url else "",
        f"Snooze: {personal.snooze_url}" if personal.snooze_url else "",
        f"Leave: {leave}" if leave else "",
    ]
    kept = [line for line in lines if line]
    return ["", "-- ", *kept] if kept else []
