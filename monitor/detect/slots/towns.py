"""Names of towns: which words of a sentence are one, and how far it goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from monitor.detect.language.tokens import BREAKERS, Token, are_plain
from monitor.detect.language.words import word_set
from monitor.detect.slots.names import Names
from monitor.detect.slots.place_kind import Place
from monitor.detect.slots.place_signs import next_word
from monitor.detect.slots.place_words import (
    BESIDE_NAMES,
    CIVIC,
    COUNTY_BODIES,
    DASHES,
    HEADLINE_ACTS,
    IN_NAMES,
    MEASURES,
    MORE_HEADLINE_ACTS,
    NO_DATELINES,
    NOT_NAMES,
    OF_CITIES,
    OF_COUNTIES,
    OFFICERS,
    OFFICES,
    SMALL,
    title_case,
)

#: Words of the longest name of a town.
_MOST_WORDS = 4
#: Heads of states and judges, as persons are introduced by them.
_OFFICES = frozenset({"GOVERNOR", "COURT"})
#: The rank from which on a listed name is a town's, not just a post office's.
_A_TOWN = 20
#: What is no word of a name.
_NO_PARTS = BREAKERS | {","}
#: With what a name may go on.
_LEAD_ON = SMALL | {",", "("}
#: Nouns of headlines that small towns are called too: "Effort to restrict police".
_AIMS = word_set(
    "effort push plan bid try attempt proposal move right call time license power vote"
)


@dataclass(slots=True)
class TownReader:
    """Tells which words of one document's sentences name a town."""

    names: Names
    text: str
    known: dict[str, tuple[str, ...]]  #: names that the document has placed in a state
    seen: set[str] = field(default_factory=set)  #: towns that the document has named as such
    heads: frozenset[str] = frozenset()  #: surnames that stand for a governor in it

    def _bare_county(self, tokens: list[Token], i: int) -> int:
        """`Hennepin sheriff`: the number of words of a county's name before its officer."""
        before = tokens[i - 1].word if i and self._may_name(tokens[i - 1]) else ""
        if before and before not in BESIDE_NAMES | NOT_NAMES:
            return 0
        for length in (2, 1):
            end = i + length
            if end >= len(tokens) or tokens[end].word not in OFFICERS:
                continue
            words = tokens[i:end]
            name = " ".join([t.word for t in words])
            if not self._of_a_county(tokens[end], name):
                continue
            if are_plain(words) and self._may_name(words[-1]) and self.names.county_states(name):
                return length
        return 0

    def _of_a_county(self, token: Token, name: str) -> bool:
        if token.symbol:  # of a body, or of lawmakers
            return token.word in COUNTY_BODIES and self.names.rank(name) < _A_TOWN
        return token.word in OF_COUNTIES

    def _is_person(self, tokens: list[Token], i: int) -> bool:
        """`Gov. Lincoln Chafee`, `Orlando Garcia, chief judge`: a first name before a family name,
        the office before or after both."""
        if i + 1 >= len(tokens) or not self._may_name(tokens[i + 1]):
            return False
        if i and _is_office(tokens[i - 1]):
            return True
        first, family, *after = [token.word for token in tokens[i : i + 3]]
        told = after == [","] and any(map(_is_office, tokens[i + 3 : i + 6]))
        return told and family not in CIVIC and not self.names.is_listed(f"{first} {family}")

    def _is_common(self, tokens: list[Token], i: int) -> bool:
        """Whether a word with a capital is told at once to be no name: most begin a sentence."""
        word = tokens[i].word
        if word in _NO_PARTS:
            return True
        after = tokens[i + 1] if i + 1 < len(tokens) else tokens[i]
        if after.word in _LEAD_ON or (after is not tokens[i] and self._may_name(after)):
            return False  # a longer name, or a state behind this one
        if word in NOT_NAMES:
            return True
        return not (self.names.is_listed(word) or self._is_known(title_case(word)))

    def _is_tail(self, tokens: list[Token], i: int) -> bool:
        """`Pelican Harbor council`: a name that no list has is not the town of its last word."""
        if not i or not self._may_name(tokens[i - 1]):
            return False
        word = tokens[i - 1].word
        if len(word) > 2 and self.text[tokens[i - 1].start : tokens[i - 1].end].isupper():
            return False  # in a line of capitals any word may stand before a name
        listed = self.names.is_listed(f"{word} {tokens[i].word}")
        return word.isalpha() and not listed and word not in NOT_NAMES | BESIDE_NAMES

    def _may_name(self, token: Token) -> bool:
        return not token.symbol and self.text[token.start : token.start + 1].isupper()

    def _ends_another(self, tokens: list[Token], i: int) -> bool:
        """`East Chicago`: a name that nothing makes a town's here is not the town it ends with."""
        if not i or not self._may_name(tokens[i - 1]):
            return False
        return self.names.is_listed(f"{tokens[i - 1].word} {tokens[i].word}")

    def _city_length(self, tokens: list[Token], i: int) -> int:
        if self._ends_another(tokens, i):
            return 0
        known = 0  # the longest name that is one at all: "Huntington Beach", not "Huntington"
        for length in self._lengths(tokens, i):
            name = " ".join([t.word for t in tokens[i : i + length]])
            if self._is_city(tokens, i, i + length, name):
                return known or length - self._of_the_city(tokens, i, length)
            if not known and length > 1 and self.names.is_listed(name):
                known = length
        return 0

    def _of_the_city(self, tokens: list[Token], i: int, length: int) -> bool:
        """`Kent City Council`: the city council of Kent, which is larger than Kent City."""
        words = [token.word for token in tokens[i : i + length]]
        following = tokens[i + length : i + length + 1]
        if length < 2 or words[-1] != "city" or not following or following[0].symbol != "BODY":
            return False
        if self._is_known(title_case(" ".join(words))):
            return False
        return self.names.rank(" ".join(words[:-1])) > self.names.rank(" ".join(words))

    def _lengths(self, tokens: list[Token], i: int) -> list[int]:
        """Numbers of words that a name may have from here on, the most first.

        Capitals throughout, but for small words inside a name; four words at most.
        """
        found: list[int] = []
        for length, token in enumerate(tokens[i : i + _MOST_WORDS], start=1):
            word = token.word
            if token.symbol or word in _NO_PARTS:
                break
            if self.text[token.start].isupper():
                found.insert(0, length)
            elif word not in SMALL:
                break
        return found

    def _is_city(self, tokens: list[Token], start: int, end: int, name: str) -> bool:
        if name in NOT_NAMES or (end > start + 1 and self._no_name(tokens[start:end], name)):
            return False
        if (self.known or self.seen) and self._is_known(title_case(name)):
            return True
        if self._state_follows(tokens, end):
            return True
        if not self.names.is_listed(name):
            return False
        if self.names.main_state(name):
            return True
        if start == 0 and self._begins(tokens, end, name):
            return True
        before = [t.word for t in tokens[max(0, start - 2) : start]]
        body = start > 1 and tokens[start - 2].symbol == "BODY"
        of_city = before[-1:] == ["of"] and (body or before[:1] in OF_CITIES)
        end += end < len(tokens) and tokens[end].word == "'s"
        after = tokens[end].symbol if end < len(tokens) else ""
        word = tokens[end].word if end < len(tokens) else ""
        owned = next_word(tokens, end - 2) == "'s" and word in MEASURES
        civic = after == "BODY" or word in CIVIC or owned
        return of_city or civic

    def _begins(self, tokens: list[Token], end: int, name: str) -> bool:
        """`WENDELL - The board`, `Wendell adopts policy`: datelines, and headlines on a town."""
        if end >= len(tokens) or name in NO_DATELINES or [tokens[0].word] in OF_CITIES:
            return False
        shouted = self.text[tokens[0].start : tokens[end - 1].end].isupper()
        dateline = shouted and tokens[end].word in DASHES
        verbs = MORE_HEADLINE_ACTS if end > 1 else HEADLINE_ACTS
        acts = tokens[end].word in verbs and not tokens[end].symbol
        if tokens[end].word == "to":  # "Emeryville to study", of a name that one state has
            acts = name not in _AIMS and len(self.names.place_states(name)) == 1
        return (dateline or acts) and self.names.rank(name) >= _A_TOWN

    def _is_known(self, name: str) -> bool:
        return name in self.known or name in self.seen

    def _no_name(self, words: Sequence[Token], name: str) -> bool:
        """A word of offices and days is none of a town, but in `New Haven` or `Jersey City`."""
        strange = {token.word for token in words} & NOT_NAMES
        if not strange:
            return False
        first = words[0].word
        listed = len(words) > 1 and self.names.is_listed(name)
        inside = listed and (first == "new" or first not in NOT_NAMES)
        return bool(strange - IN_NAMES if inside else strange)

    def _state_follows(self, tokens: list[Token], end: int) -> bool:
        if end + 1 >= len(tokens) or tokens[end].word not in {",", "("}:
            return False
        place = tokens[end + 1].value
        return isinstance(place, Place) and place.kind == "state"


def _is_office(token: Token) -> bool:
    return token.symbol in _OFFICES or token.word in OFFICES
