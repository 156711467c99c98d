"""Messages as bare text for Slack: the last try after it refused the blocks."""

from __future__ import annotations

from monitor.notify.blockkit import Rendered, fallback
from monitor.notify.message import (
    Alert,
    Burst,
    DigestMessage,
    Message,
    System,
    Update,
    summary,
)

#: Longer addresses are left out: a text above some 4000 characters is split into several posts.
_MAX_URL_CHARS = 400


def plain_post(message: Message) -> Rendered:
    """The message without blocks: summary, place, addresses."""
    addresses = "".join(f"\n<{_escaped(url)}>" for url in _addresses(message) if _fits(url))
    return Rendered(text=fallback(_plain_lines(message)) + addresses)


def _plain_lines(message: Message) -> list[str]:
    match message:
        case Alert(card=card):
            where = " · ".join(part for part in (card.where, card.agency, card.certainty) if part)
            return [summary(message), where]
        case Burst(cards=cards):
            return [summary(message), *(f"- {card.headline}" for card in cards)]
        case Update(opening=opening):
            return [summary(message), *_plain_lines(opening)[1:]]
        case DigestMessage():
            return [summary(message)]
        case System(paragraphs=paragraphs):
            return [summary(message), *paragraphs]


def _addresses(message: Message) -> tuple[str, ...]:
    """Links below a bare text: not escaped as text is, which would break them."""
    match message:
        case Alert(card=card):
            return (card.source_url, card.link)
        case Update(opening=opening):
            return _addresses(opening)
        case DigestMessage(body=body):
            return (body.link,)
        case System(action=action):
            return (action[1],) if action else ()
        case Burst():
            return ()


def _escaped(url: str) -> str:
    return url.replace("&", "&amp;").replace("<", "%3C").replace(">", "%3E").replace("|", "%7C")


def _fits(url: str) -> bool:
    return 0 < len(url) <= _MAX_URL_CHARS
