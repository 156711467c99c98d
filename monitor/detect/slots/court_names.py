"""Short names of courts: "(S.D. Fla. 2018)" is of Florida, not of South Dakota."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.detect.language.tokens import Token
from monitor.detect.language.words import word_set
from monitor.detect.slots.place_kind import Place
from monitor.detect.slots.state_names import BY_ABBREVIATION, BY_NAME, STATE_NAMES

#: Parts of a state that has several federal districts; "D." where it has one.
_PARTS = word_set("n.d s.d e.d w.d m.d c.d d")
#: ... written as one word with the state's initials.
_JOINED = {
    f"{part}.{initials}": code
    for part in ("d", "n.d", "s.d", "e.d", "w.d", "m.d")
    for initials, code in {
        "n.y": "NY", "n.c": "NC", "n.j": "NJ", "n.h": "NH", "n.m": "NM", "n.d": "ND",
        "s.c": "SC", "s.d": "SD", "r.i": "RI", "d.c": "DC", "w.va": "WV",
    }.items()
}  # fmt: skip
#: States as lawyers shorten them; of full names those of one word.
_STATES = (
    BY_ABBREVIATION
    | {names[0]: code for names, code in BY_NAME.items() if len(names) == 1}
    | {"cal": "CA", "haw": "HI", "or": "OR", "me": "ME", "ia": "IA", "id": "ID"}
)
#: Courts of a state: "Colo. App.", "Mass. Super. Ct.".
_STATE_COURTS = word_set("app ct super sup crim ch cir dist")
#: What stands before a district's name.
_BEFORE = frozenset(["(", ",", "in", "the", "of", ";", ":", "-", "from", "and"])
#: Words one of which is in every such name.
COURT_WORDS = _PARTS.union(_JOINED, _STATE_COURTS)


def with_courts(tokens: Sequence[Token], text: str) -> list[Token]:
    """The tokens with names of courts as the states in which these sit."""
    out: list[Token] = []
    behind = 0
    for i, token in enumerate(tokens):
        if i < behind or token.symbol or not text[token.start].isupper():
            continue
        code, length = _court_at(tokens, i, text)
        if code:
            last = tokens[i + length - 1]
            name = STATE_NAMES[code][0]
            place = Place("state", code, (code,), True)
            out += [*tokens[behind:i], Token(name, token.start, last.end, "PLACE", place)]
            behind = i + length
    return [*out, *tokens[behind:]] if behind else list(tokens)


def _court_at(tokens: Sequence[Token], i: int, text: str) -> tuple[str | None, int]:
    """The state and how many tokens name it and its court; (None, 0) where none is named."""
    word = tokens[i].word
    if word in _JOINED and text[tokens[i].start : tokens[i].end].isupper():
        return _JOINED[word], 1
    following = tokens[i + 1] if i + 1 < len(tokens) else None
    if following is None or following.symbol:
        return None, 0
    if word in _PARTS and _stops(text, tokens[i]) and text[following.start].isupper():
        led = i == 0 or tokens[i - 1].word in _BEFORE or len(word) > 1
        return (_STATES.get(following.word), 2) if led else (None, 0)
    if word in _STATES and following.word in _STATE_COURTS:
        court = text[following.start].isupper() and _stops(text, following)
        return (_STATES[word], 1) if court and _stops(text, tokens[i]) else (None, 0)
    return None, 0


def _stops(text: str, token: Token) -> bool:
    """Whether the word is a shortened one, with its full stop."""
    return text[token.end : token.end + 1] == "."
