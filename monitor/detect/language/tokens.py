"""Tokens of one sentence, and the view in which named things stand as symbols."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate

from monitor.detect.language.words import word_set

#: Words that open another clause: a gap in a phrase never crosses them. In a view they carry "|".
BREAKERS = word_set(
    "who whom which whose that whether if unless because although though while whereas but "
    "after before since when until till once despite ; : ( ) ? !"
)
_SHOWN = {word: f"|{word}" for word in BREAKERS}
_SPACED = {ord(c): f" {c} " for c in ',;:()?!"[]'}
_SPACED |= {ord(c): " " for c in "{}*_|~^\\"}
MAX_TOKENS = 320
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
            self._starts = [0, *accumulate(len(part) + 1 for part in self._parts)]
            self._starts.pop()  # behind the last one there is no token
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


def words_between(text: str, start: int, end: int) -> list[Token]:
    """Tokens of a span of folded text: words in lower case, punctuation apart, quotes dropped."""
    tokens: list[Token] = []
    at = start
    for piece in text[start:end].translate(_SPACED).split():
        if len(tokens) >= MAX_TOKENS:
            break
        found = text.find(piece, at, end)
        if found < 0:
            continue
        at = found + len(piece)
        if piece not in '"[]':
            for word, offset in _parts(piece):
                tokens.append(Token(word, found + offset, found + offset + len(word)))
    return tokens


@lru_cache(maxsize=8192)
def _parts(piece: str) -> tuple[tuple[str, int], ...]:
    """The words of a piece in lower case, each with its offset."""
    return tuple(_split(piece, 0))


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
