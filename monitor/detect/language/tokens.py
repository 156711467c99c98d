"""Tokens of one sentence, and the view in which named things stand as symbols."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate
from operator import add

from monitor.detect.language.words import word_set

#: Words that open another clause: a gap in a phrase never crosses them. In a view they carry "|".
BREAKERS = word_set(
    "who whom which whose that whether if unless because although though while whereas but "
    "after before since when until till once despite ; : ( ) ? !"
)
_SHOWN = {word: f"|{word}" for word in BREAKERS}
#: A word or a mark that is a token, each with what stands before it and is none. All parts are
#: possessive and every character is of a piece: one pass over any text.
_BLANK = ' \t\n\r\f\v"[]{}*_|~^\\'
_MARKS, _BLANKS = ",;:()?!", re.escape(_BLANK)
_PIECE = re.compile(rf"[{_BLANKS}]*+(?:[^{_MARKS}{_BLANKS}]++|[{_MARKS}])|[{_BLANKS}]++")
MAX_TOKENS = 320
_DIGIT = re.compile("[0-9]")
#: First parts of compounds that are words of their own: "a sanctuary-ban bill", "the ICE-287 pact".
_APART = frozenset({"sanctuary", "ice", "immigration", "detainer"})


@dataclass(slots=True)
class Token:
    """A word in lower case, or a symbol with what it names; offsets into the folded text."""

    word: str
    start: int
    end: int
    symbol: str = ""
    value: object = None

    @property
    def view(self) -> str:
        """How phrases see it."""
        return self.symbol or _SHOWN.get(self.word, self.word)


def is_plain(token: Token) -> bool:
    """Whether it is a word: no symbol, no comma, none that opens a clause."""
    return not token.symbol and token.word != "," and token.word not in BREAKERS


def are_plain(tokens: Sequence[Token]) -> bool:
    """Whether all are words."""
    return all(map(is_plain, tokens))


@dataclass(slots=True)
class View:
    """A token sequence as one string; `token_at` leads back from a position to a token."""

    tokens: Sequence[Token]
    text: bytes = field(init=False)
    words: frozenset[str] = field(init=False)  #: what stands in it, symbols among them
    _parts: list[str] = field(init=False)
    _starts: list[int] | None = None

    def __post_init__(self) -> None:
        """Join the views with single spaces, one before and one after."""
        shown = _SHOWN.get
        parts = [token.symbol or shown(token.word, token.word) for token in self.tokens]
        self._parts = parts
        self.words = frozenset(parts)
        self.text = f" {' '.join(parts)} ".encode("ascii", "replace")

    @property
    def starts(self) -> list[int]:
        """Where each token's space stands; counted when a phrase was found."""
        if self._starts is None:
            ends = accumulate(map(len, self._parts), initial=0)
            self._starts = list(map(add, ends, range(len(self._parts))))  # a space before each
        return self._starts

    def part(self, start: int, end: int) -> bytes:
        """The view of the tokens from `start` to `end` alone."""
        starts = self.starts
        if start >= min(end, len(starts)):
            return b"  "
        to = starts[end] if end < len(starts) else len(self.text) - 1
        return self.text[starts[start] : to] + b" "

    def token_at(self, position: int) -> int:
        """Index of the token that holds this byte of the view."""
        return max(0, bisect_right(self.starts, position) - 1)


def first_digit(text: str, start: int, end: int) -> int:
    """The offset of the first figure between two offsets; -1 when there is none."""
    found = _DIGIT.search(text, start, end)
    return found.start() if found is not None else -1


def words_between(text: str, start: int, end: int) -> list[Token]:
    """Tokens of a span of folded text: words in lower case, punctuation apart, quotes dropped."""
    pieces = _PIECE.findall(text, start, end)
    if end - start > MAX_TOKENS:
        pieces = list(_first(pieces))
    starts = accumulate(map(len, pieces), initial=start)
    return [
        Token(word, at + before, at + behind)
        for words, at in zip(map(_parts, pieces), starts, strict=False)
        for word, before, behind in words
    ]


def _first(pieces: Iterable[str]) -> Iterator[str]:
    """As many pieces as give MAX_TOKENS words."""
    count = 0
    for piece in pieces:
        if count >= MAX_TOKENS:
            return
        count += len(_parts(piece))
        yield piece


@lru_cache(maxsize=16_384)
def _parts(piece: str) -> tuple[tuple[str, int, int], ...]:
    """The words of a piece in lower case, each with the offsets of its start and end."""
    bare = piece.lstrip(_BLANK)
    words = _split(bare, len(piece) - len(bare))
    return tuple((word, at, at + len(word)) for word, at in words)


def _split(piece: str, at: int) -> Iterator[tuple[str, int]]:
    """One word, its possessive apart, without quotes and full stops around it."""
    body = piece.strip("'.")
    if not body:
        return
    at += piece.index(body)
    low = body.lower()
    head, dash, tail = low.partition("-")
    if dash and tail and head in _APART:
        yield head, at
        yield from _split(body[len(head) + 1 :], at + len(head) + 1)
        return
    if low.endswith("'s"):
        yield low[:-2], at
        yield "'s", at + len(low) - 2
    else:
        yield low, at
