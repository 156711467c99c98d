"""How text is compared: tokens, the searchable text of an event, its day.

Storage writes `" ".join(search_tokens(search_text(event)))` into its full-text index, so that the
index and the evaluation in memory see the same words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date

from monitor.domain.event import Event

_APOSTROPHES = dict.fromkeys(map(ord, "'’‘ʼʹ′`´"))
#: Letters with no decomposition that still have an ASCII reader.
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "ı": "i"})
_TOKEN = re.compile("[a-z0-9]+")


def search_tokens(text: str) -> tuple[str, ...]:
    """The words of a text as search compares them, in order.

    NFKC, apostrophes dropped ("Sheriff's" is "sheriffs"), case folded, accents stripped; runs of
    a-z and 0-9 are words, everything else separates. Idempotent over its own joined output.
    """
    if text.isascii():
        return tuple(_TOKEN.findall(text.translate(_APOSTROPHES).lower()))
    folded = unicodedata.normalize("NFKC", text).translate(_APOSTROPHES).casefold()
    bare = "".join(
        c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c)
    ).translate(_LETTERS)
    return tuple(_TOKEN.findall(bare))


def normal_phrase(text: str) -> str:
    """The tokens joined by one space; "" for a text without a letter or digit."""
    return " ".join(search_tokens(text))


def bill_key(text: str) -> str:
    """A bill number for comparison: "S.B. 4", "SB 4" and "sb4" are all "sb4"."""
    return "".join(search_tokens(text))


def search_text(event: Event) -> str:
    """What free text is looked for in: title, quote, agency, place, bill, state code; by line."""
    place = event.jurisdiction
    parts = (event.title, event.quote, event.agency, place.place, event.bill, place.state)
    return "\n".join(part for part in parts if part)


def event_day(event: Event) -> date:
    """The day `since:` and `until:` compare: occurred, else published, else captured (UTC)."""
    if event.occurred is not None:
        return event.occurred.day
    if event.published is not None:
        return event.published.day
    return event.captured_at.date()


def has_phrase(tokens: Sequence[str], phrase: str) -> bool:
    """Whether the words of `phrase` (a normal phrase) stand side by side in `tokens`."""
    return f" {phrase} " in f" {' '.join(tokens)} "


def has_words(text: str | None, phrase: str) -> bool:
    """Whether every word of `phrase` (a normal phrase) is a word of `text`, in any order."""
    return text is not None and set(phrase.split()) <= set(search_tokens(text))
