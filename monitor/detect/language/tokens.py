"""Tokens of one sentence, and the view in which named things stand as symbols."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from monitor.detect.language.words import word_set

#: Words that open another clause: a gap in a phrase never crosses them. In a view they carry "|".
BREAKERS = word_set(
    "who whom which whose that whether if unless because although though while whereas but "
    "after before since when until till once despite ; : ( ) ? !"
)
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
        if self.symbol:
            return self.symbol
        return f"|{self.word}" if self.word in BREAKERS else self.word


def are_plain(tokens: Sequence[Token]) -> bool:
    """Whether all are words: no symbol, no comma, none that opens a clause."""
    return all(not t.symbol and t.word != "," and t.word not in BREAKERS for t in tokens)


@dataclass(slots=True)
class View:
    """A token sequence as one string; `token_at` leads back from a position to a token."""

    tokens: Sequence[Token]
    text: bytes = b""
    starts: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Join the views with single spaces, one before and one after."""
        position = 0
        parts = []
        for token in self.tokens:
            piece = token.view
            self.starts.append(position)
            position += len(piece) + 1
            parts.append(piece)
        self.text = (" " + " ".join(parts) + " ").encode("ascii", "replace")

    def part(self, start: int, end: int) -> bytes:
        """The view of the tokens from `start` to `end` alone."""
        if start >= min(end, len(self.starts)):
            return b"  "
        to = self.starts[end] if end < len(self.starts) else len(self.text) - 1
        return self.text[self.starts[start] : to] + b" "

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
            tokens.extend(_split(piece, found))
    return tokens


def _split(piece: str, at: int) -> Iterable[Token]:
    """One word, its possessive apart, without quotes and full stops around it."""
    body = piece.strip("'.")
    if not body:
        return
    at += piece.index(body)
    low = body.lower()
    head, dash, tail = low.partition("-")
    if dash and tail and head in _APART:
        yield Token(head, at, at + len(head))
        yield from _split(body[len(head) + 1 :], at + len(head) + 1)
        return
    if low.endswith("'s"):
        yield Token(low[:-2], at, at + len(low) - 2)
        yield Token("'s", at + len(low) - 2, at + len(low))
    else:
        yield Token(low, at, at + len(low))
