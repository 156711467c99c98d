"""The JSON that programs receive (webhook, file): docs/webhook.schema.json describes it."""

from __future__ import annotations

import dataclasses
from typing import Any, cast

from monitor.domain.subscription import Delivery
from monitor.notify.message import (
    Alert,
    Answer,
    Burst,
    Card,
    DigestMessage,
    Message,
    System,
    Update,
    summary,
)

VERSION = 1


def envelope(delivery: Delivery, message: object) -> dict[str, Any]:
    """One delivery as JSON: who it is for stands in the subscription id alone.

    Keys: version, id, kind, subscription, created_at, summary, events, answers, digest, notice;
    lists and objects that the kind of message does not have are empty or null.
    """
    content = cast(Message, message)
    return {
        "version": VERSION,
        "id": delivery.id,
        "kind": delivery.kind.value,
        "subscription": delivery.subscription_id,
        "created_at": delivery.created_at.isoformat(),
        "summary": summary(content),
        "events": [_event(card) for card in _cards(content)],
        "answers": [_answer(answer) for answer in _answers(content)],
        "digest": _digest(content),
        "notice": _notice(content),
    }


def _cards(message: Message) -> tuple[Card, ...]:
    match message:
        case Alert(card=card):
            return (card,)
        case Burst(cards=cards):
            return cards
        case Update(answers=answers):
            return tuple({answer.card.event_id: answer.card for answer in answers}.values())
        case DigestMessage(body=body):
            return tuple(card for group in body.groups for card in group.cards)
        case System():
            return ()


def _answers(message: Message) -> tuple[Answer, ...]:
    match message:
        case Update(answers=answers):
            return answers
        case DigestMessage(body=body):
            return (*body.corrections, *body.developments)
        case _:
            return ()


def _event(card: Card) -> dict[str, Any]:
    fields = dataclasses.asdict(card)
    return {**fields, "dates": [{"label": label, "day": day} for label, day in card.dates]}


def _answer(answer: Answer) -> dict[str, Any]:
    return {
        "record_id": answer.record_id,
        "kind": answer.kind,
        "what": answer.what,
        "correction": answer.correction,
        "event_id": answer.card.event_id,
        "reason": answer.reason,
        "changes": [dataclasses.asdict(change) for change in answer.changes],
    }


def _digest(message: Message) -> dict[str, Any] | None:
    if not isinstance(message, DigestMessage):
        return None
    body = message.body
    return {
        "id": body.digest_id,
        "start": body.start,
        "end": body.end,
        "total": body.total,
        "by_state": dict(body.by_state),
        "link": body.link,
    }


def _notice(message: Message) -> dict[str, Any] | None:
    if not isinstance(message, System):
        return None
    return {"title": message.title, "paragraphs": list(message.paragraphs)}
