"""Governors by surname: `Hobbs nixes bill`, where the text shows that she is the governor."""

from __future__ import annotations

from collections.abc import Mapping, Set

from monitor.detect.language.tokens import Token
from monitor.detect.language.words import word_set
from monitor.detect.slots.state_names import STATE_NAMES

#: Surname in lower case -> (state, whether the bare name is enough).
Governors = Mapping[str, tuple[str, bool]]

#: Characters of a text in which its governor's office or state is named.
_TOP = 1_500
#: Words of a title that are looked through.
_MOST_WORDS = 40
#: What stands before the surname of somebody else, or after a name that is a place's.
_OTHER_OFFICES = word_set(
    "sheriff mayor sen senator rep representative president secretary attorney general judge chief "
    "justice director commissioner councilman councilwoman delegate"
)
_PLACES = word_set("county counties city parish township")
#: Tokens before a surname among which the office itself may stand.
_OFFICE = 4


def governors_named(title: str, text: str, governors: Governors) -> frozenset[str]:
    """Surnames (lower case) in the title that stand for a governor in this document.

    The bare name of some is enough; for the others the top of the text must speak of a governor
    and name the state.
    """
    words = {word.strip(".,:;'\"()").removesuffix("'s") for word in title.split()[:_MOST_WORDS]}
    surnames = {word.lower() for word in words if word[:1].isupper() and word.lower() in governors}
    if not surnames:
        return frozenset()
    top = f"{title} {text[:_TOP]}".lower()
    office = "governor" in top or "gov." in top
    return frozenset(
        name
        for name in surnames
        if governors[name][1] or (office and STATE_NAMES[governors[name][0]][0] in top)
    )


def with_governors(tokens: list[Token], text: str, surnames: Set[str]) -> list[Token]:
    """The tokens, with the surnames as GOVERNOR symbols that keep their word."""
    return [
        Token(token.word, token.start, token.end, "GOVERNOR")
        if token.word in surnames and _alone(tokens, at, text)
        else token
        for at, token in enumerate(tokens)
    ]


def _alone(tokens: list[Token], at: int, text: str) -> bool:
    """Whether a surname stands for the office: no first name, other office or county around it."""
    token = tokens[at]
    if token.symbol or not text[token.start].isupper():
        return False
    following = tokens[at + 1].word if at + 1 < len(tokens) else ""
    if following in _PLACES:
        return False
    before = tokens[max(0, at - _OFFICE) : at]
    if any(one.symbol == "GOVERNOR" for one in before):
        return False
    last = before[-1] if before else None
    return last is None or not (last.word in _OTHER_OFFICES or _is_name(last, text))


def _is_name(token: Token, text: str) -> bool:
    return not token.symbol and text[token.start].isupper() and token.word.isalpha()
