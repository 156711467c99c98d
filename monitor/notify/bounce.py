"""Bounces read: delivery status notifications (RFC 3464) by the structure, never by the prose."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import dataclass
from email.message import Message

from monitor.domain.ident import DeliveryId

#: The delivery id that the envelope sender carried: bounce+<32 hex digits>@…
_TAGGED = re.compile(r"\+([0-9a-f]{32})@")
_MESSAGE_ID = re.compile(r"\s*<([0-9a-f]{32})@")
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """A mail that came back."""

    delivery_id: DeliveryId | None
    status: str  #: enhanced status code (RFC 3463), "" when none is given
    permanent: bool


def bounce(raw: bytes) -> Bounce | None:
    """What a bounce says; None for a mail that is no failure notice.

    The delivery is found by the tagged recipient of the notice or the Message-ID of the mail that
    came back; delays and successes are no bounces.
    """
    message = email.message_from_bytes(raw[:1_000_000], policy=email.policy.compat32)
    report = _report(message)
    if report is None or str(report.get("Action", "")).strip().lower() != "failed":
        return None
    found = _STATUS.search(str(report.get("Status", "")))
    status = found[0] if found else ""
    return Bounce(delivery_id=_delivery_id(message), status=status, permanent=status[:1] != "4")


def _report(message: Message) -> Message | None:
    """The per-recipient part of the status notification."""
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status":
            blocks = part.get_payload()
            for block in blocks if isinstance(blocks, list) else []:
                if isinstance(block, Message) and block.get("Action"):
                    return block
    return None


def _delivery_id(message: Message) -> DeliveryId | None:
    tagged = (_TAGGED.search(str(message.get(name, ""))) for name in ("To", "Delivered-To"))
    found = next((match for match in tagged if match), None)
    if found:
        return DeliveryId(found[1])
    for part in message.walk():
        original = _MESSAGE_ID.match(_message_id(message, part))
        if original:
            return DeliveryId(original[1])
    return None


def _message_id(message: Message, part: Message) -> str:
    """The Message-ID of the mail that came back, where this part holds it."""
    if part.get_content_type() == "text/rfc822-headers":
        return str(email.message_from_string(str(part.get_payload())).get("Message-ID", ""))
    return "" if part is message else str(part.get("Message-ID", ""))
