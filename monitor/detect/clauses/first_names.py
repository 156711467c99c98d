"""Names of persons that are words of rules as well: Sheriff Bill Gore, Chief Will Law, Mark May.

A statute, a verb or a month would be read in them, and what the person did would not be told.
"""

from __future__ import annotations

from collections.abc import Sequence

from monitor.detect.language.tokens import Token
from monitor.detect.language.words import word_set
from monitor.detect.slots.place_words import OFFICES

_NAMES = word_set(
    "bill will may law grant case ward chance price sue drew rob chase bond banks bench cross "
    "mark pat"
)
#: What stands before a name; "general" does behind "attorney" alone: the General Court is a body.
_OFFICES = OFFICES - {"general"} | word_set(
    "gov governor captain capt lieutenant lt sgt sergeant major col colonel director "
    "superintendent spokesman spokeswoman spokesperson executive chairman chairwoman chair "
    "constable jailer warden trooper delegate assemblyman assemblywoman assemblymember "
    "congressman congresswoman manager administrator lawyer mr ms mrs dr"
)
#: First names with which no sentence goes on as these words do: their capital tells.
_ALWAYS = frozenset({"bill", "will"})
#: What a bill does in a headline, and what it is a bill of.
_OF_BILLS = word_set(
    "passes passed clears cleared heads goes moves advances advanced dies died stalls fails failed "
    "signed vetoed signing gets wins would could may will to on that requires requiring bans "
    "barring banning limiting draws faces becomes is in for from at"
)
_BEFORE_BILLS = word_set("house senate assembly council city no state the a this")
#: What goes on with the name of a place or a thing: Will County, Law Enforcement.
_OF_THINGS = word_set("county counties township parish city town enforcement center firm school")
#: Letters of words that have a capital in titles only.
_SHORT = 3
#: Read in their place: a word that no rule has.
_NAME = "mx"


def name_persons(tokens: Sequence[Token], text: str) -> None:
    """Make plain names of the words that are persons' names here; `text` is the folded one."""
    found = [i for i, token in enumerate(tokens) if token.word in _NAMES and not token.symbol]
    if not found:
        return
    headline = _is_headline(tokens, text)
    for i in found:
        if _is_capital(tokens[i], text) and _is_name(tokens, i, text, headline=headline):
            tokens[i].word = _NAME


def _is_name(tokens: Sequence[Token], i: int, text: str, *, headline: bool) -> bool:
    before = [token.word for token in tokens[max(0, i - 2) : i]]
    after = tokens[i + 1] if i + 1 < len(tokens) else None
    family = after is not None and not after.symbol and _is_capital(after, text)
    if after is not None and after.word in _OF_THINGS:
        return False
    titled = before[-1:] and (before[-1] in _OFFICES or before == ["attorney", "general"])
    if headline:
        return bool(titled) and family and after is not None and after.word not in _OF_BILLS
    if titled or not _OFFICES.isdisjoint(before[:-1]):
        return bool(titled) or _is_capital(tokens[i - 1], text)
    alone = tokens[i].word in _ALWAYS and family and _BEFORE_BILLS.isdisjoint(before[-1:])
    return alone and (bool(i) or tokens[i].word == "bill")


def _is_capital(token: Token, text: str) -> bool:
    return text[token.start : token.start + 1].isupper()


def _is_headline(tokens: Sequence[Token], text: str) -> bool:
    """Whether all longer words have capitals, as in titles and lines of capitals."""
    long = (token for token in tokens if len(token.word) > _SHORT and not token.symbol)
    return all(_is_capital(token, text) or not token.word[0].isalpha() for token in long)
