"""Counts and votes spelled in words: "twenty-nine agencies", "by five to two"."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.detect.language.tokens import Token
from monitor.detect.language.words import word_set

_SMALL = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
#: Number words with their values; tens and units are one word ("twenty-nine").
VALUES: dict[str, int] = (
    {word: value for value, word in enumerate(_SMALL)}
    | {word: 10 * value for value, word in enumerate(_TENS, 2)}
    | {
        f"{ten}-{one}": 10 * tens + units
        for tens, ten in enumerate(_TENS, 2)
        for units, one in enumerate(_SMALL[1:10], 1)
    }
)
#: Up to three is a word that rules name; what counts time is a date's.
_LEAST = 4
_OF_TIME = word_set(
    "day days week weeks month months year years hour hours minute minutes decades times"
)


def spelled_counts(tokens: Sequence[Token]) -> list[tuple[int, int, str, float]]:
    """(token, number of tokens, symbol, value) of counts and votes in words, in order."""
    found = []
    behind = 0
    for at, token in enumerate(tokens):
        if token.word in VALUES and not token.symbol and at >= behind:
            length, symbol, value = _count_at(tokens, at, VALUES[token.word])
            behind = at + length
            if symbol:
                found.append((at, length, symbol, value))
    return found


def _count_at(tokens: Sequence[Token], at: int, value: float) -> tuple[int, str, float]:
    if _word(tokens, at + 1) == "to" and _value(tokens, at + 2) is not None:
        return 3, "TALLY", value
    if value < _LEAST or _word(tokens, at + 1) in _OF_TIME:
        return 1, "", 0
    return 1, "NUM", value


def _value(tokens: Sequence[Token], at: int) -> int | None:
    return VALUES.get(_word(tokens, at))


def _word(tokens: Sequence[Token], at: int) -> str:
    return tokens[at].word if at < len(tokens) and not tokens[at].symbol else ""
