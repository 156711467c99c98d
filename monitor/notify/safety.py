"""Text from outside made inert: it was written by others and may be hostile.

Escaping per surface stands beside the surface's own rules: mrkdwn (only `&`, `<`, `>` are
special to Slack's parser, https://docs.slack.dev/messaging/formatting-message-text), mail headers
(one line), links (http and https only).
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote, urlsplit

#: Longest quotation shown in any message.
QUOTE_CHARS = 300

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_INVISIBLE = frozenset("\u200b\u2060\ufeff\u00ad")
#: Zero-width non-joiner: parts a marking character from its neighbour and shows as nothing.
_APART = "\u200c"
_MARKS = re.compile(r"([*_~`]|^>|(?<=[@#]))", re.MULTILINE)


def plain(text: str | None, limit_chars: int = 500) -> str:
    """One line without control, direction-changing and invisible characters, cut at a word."""
    return shortened(" ".join(_visible(text or "").split()), limit_chars)


def shortened(text: str, limit_chars: int) -> str:
    """The text, or its beginning up to a word's end and an ellipsis, within the limit."""
    if len(text) <= limit_chars:
        return text
    head = text[: max(0, limit_chars - 1)]
    cut = head.rsplit(" ", 1)[0] if " " in head[len(head) // 2 :] else head
    return cut.rstrip(" ,;:.-") + "…"


def quoted(text: str | None) -> str:
    """A quotation as shown: at most QUOTE_CHARS characters, inert, one line."""
    return plain(text, QUOTE_CHARS)


def mrkdwn(text: str) -> str:
    """Text for a mrkdwn field that becomes no mention, link, emphasis or quote block."""
    apart = _MARKS.sub(lambda match: f"{_APART}{match[0]}{_APART}", text)
    return apart.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def link(url: str | None) -> str:
    """The address when it is http(s) without credentials, fit for every surface; else "".

    Raises nothing: an address that is no address is simply not linked.
    """
    cleaned = _visible((url or "").strip())
    try:
        parts = urlsplit(cleaned)
        good = parts.scheme in ("http", "https") and parts.hostname and not parts.username
    except ValueError:
        return ""
    if not good or len(cleaned) > 2000:
        return ""
    return quote(cleaned, safe="!#$%&'()*+,-./:;=?@[]~_")


def header(text: str, limit_chars: int = 200) -> str:
    """Text fit for one mail header line."""
    return plain(text, limit_chars)


def _visible(text: str) -> str:
    # what Python calls printable holds none of the characters that are taken out, and most is so
    return text if text.isprintable() else "".join(c for c in text if _shown(c))


def _shown(character: str) -> bool:
    if character in _BIDI or character in _INVISIBLE:
        return False
    return character in "\n\t\r" or unicodedata.category(character) not in ("Cc", "Cs", "Co", "Cn")
