"""Folding: any text to plain ASCII in the same order, with the way back to its own offsets."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import re2

from monitor.detect.language.words import Match

#: Rules read at most this many characters of one document; bills and books go on beyond it.
MAX_CHARS = 400_000
_TAG = re2.compile(r"<[/!a-zA-Z][^<>]{0,800}>")
_ENTITY = re2.compile(r"&(?:#[0-9]{1,6}|#[xX][0-9a-fA-F]{1,5}|[a-zA-Z]{2,8});")
_PLAIN = {
    "\u2018": "'", "\u2019": "'", "\u201b": "'", "\u02bc": "'", "\u00b4": "'", "\u0060": "'",
    "\u02bb": "",  # the okina of Hawaiian names, which most texts leave out
    "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u00ab": '"', "\u00bb": '"',
    "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": ":", "\u2212": "-",
    "\u2026": ".", "\u2022": "\n", "\u25cf": "\n", "\u00a7": " ", "\u2028": "\n", "\u2029": "\n",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Folded:
    """ASCII text; `origin[i]` is the offset of character i in the text it came from."""

    text: str
    origin: tuple[int, ...] | None  #: None: the same offsets

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The half-open span in the original text for a span in the folded one."""
        if self.origin is None:
            return start, end
        if start >= end:
            return self.origin[start], self.origin[start]
        return self.origin[start], self.origin[end - 1] + 1


@lru_cache(maxsize=4096)
def fold_char(char: str) -> str:
    """One ASCII character for one character, or nothing for an invisible one."""
    if char in _PLAIN:
        return _PLAIN[char]
    category = unicodedata.category(char)
    if category in {"Cf", "Mn", "Me", "Cc"} and char not in "\n\t\r":
        return ""
    if category == "Zs" or char in "\t\r":
        return " "
    plain = unicodedata.normalize("NFKD", char)[:1]
    return plain if plain.isascii() and plain else "?"


def fold(text: str) -> Folded:
    """Fold the first MAX_CHARS characters: quotes, dashes, spaces, accents, marks, tags, entities.

    Invisible and direction-changing characters vanish, so that words split by them are whole.
    """
    text = text[:MAX_CHARS]
    if text.isascii() and "<" not in text and "&" not in text and text.isprintable():
        return Folded(text, None)
    if "<" in text:
        text = _TAG.sub(_blank, text)
    if "&" not in text and _one_to_one(text):
        return Folded(text if text.isascii() else _replaced(text), None)
    return _mapped(text)


def _blank(match: Match) -> str:
    return " " * len(match.group(0))


def _one_to_one(text: str) -> bool:
    return all(fold_char(char) for char in set(text) if char != "\n")


def _replaced(text: str) -> str:
    """Every character folded to one; what folding gives is not folded again."""
    for char in sorted(set(text)):  # of those that are folded, ASCII comes first
        plain = fold_char(char)
        if plain != char:
            text = text.replace(char, plain)
    return text


def _mapped(text: str) -> Folded:
    chars: list[str] = []
    origin: list[int] = []
    for start, piece, step in _pieces(text):
        for number, char in enumerate(piece):
            plain = char if char == "\n" else fold_char(char)
            if plain:
                chars.append(plain)
                origin.append(start + number * step)
    origin.append(len(text))
    return Folded("".join(chars), tuple(origin))


def _pieces(text: str) -> Iterator[tuple[int, str, int]]:
    """(offset, characters, offset step): an entity gives the one character it stands for."""
    at = 0
    for match in _ENTITY.finditer(text):
        yield at, text[at : match.start()], 1
        plain = html.unescape(match.group(0))
        if len(plain) == 1:
            yield match.start(), plain, 0
        at = match.end()
    yield at, text[at:], 1
