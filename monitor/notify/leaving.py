"""Mails that ask to leave: what people's programs send for the mailto of List-Unsubscribe."""

from __future__ import annotations

import email
import email.policy
import re

#: The word after "unsubscribe" is a signed token, or a subscription's id where nothing is signed.
_ASKED = re.compile(r"\s*unsubscribe\s+(\S{1,1000})\s*", re.IGNORECASE)


def leave_word(raw: bytes) -> str:
    """The word that a mail to leave carries in its subject; "" for any other mail."""
    message = email.message_from_bytes(raw[:100_000], policy=email.policy.default)
    try:
        subject = str(message["Subject"] or "")
    except (ValueError, IndexError, LookupError):  # headers that the library cannot take apart
        return ""
    found = _ASKED.fullmatch(subject)
    return found[1] if found else ""
