"""Places in a sentence: states, counties, towns, with the states each may lie in."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

from monitor.detect.language.tokens import Token, is_plain
from monitor.detect.slots.court_names import COURT_WORDS, with_courts
from monitor.detect.slots.governor_names import with_governors
from monitor.detect.slots.place_kind import Place
from monitor.detect.slots.place_signs import (
    COUNTIES_WORDS,
    COUNTY_WORDS,
    county_list_ahead,
    in_region,
    next_word,
    of_district,
    of_state,
)
from monitor.detect.slots.place_words import NOT_NAMES, OFFICERS, title_case
from monitor.detect.slots.state_names import (
    BY_ABBREVIATION,
    BY_NAME,
    CLEAR_CODES,
    FIRST_WORDS,
    INITIALS,
    ONLY_QUALIFYING,
    PAPERS,
    STATE_NAMES,
    WHOLE_NAMES,
)
from monitor.detect.slots.towns import TownReader

_KINDS_OF_COUNTIES = COUNTY_WORDS | COUNTIES_WORDS
#: Words with which the name, abbreviation or code of a state may begin.
_MAY_BE_STATES = FIRST_WORDS.union(
    ONLY_QUALIFYING, BY_ABBREVIATION, (code.lower() for code in STATE_NAMES)
)
#: Of these the codes: states only in capitals.
_CODES = _MAY_BE_STATES - FIRST_WORDS - ONLY_QUALIFYING
#: Words before a state's name that speaks of one of its counties.
_ARTICLES = frozenset(["the", "a", "an", "another", "one", "this", "that"])
#: Abbreviations that are words too, even with a dot.
_ALSO_WORDS = frozenset(["miss", "mass", "wash", "ill", "col", "cal", "ore", "ind"])
_SKIP_LIST = frozenset({",", "and", "&", "county", "in", "or"})
#: Words of the longest name of a county.
_MOST_WORDS = 3


#: Counties that are called by initials.
_INITIALS = {"la": "los angeles", "l.a": "los angeles"}


@dataclass(slots=True)
class PlaceReader(TownReader):
    """Marks places in token lists of one document."""

    def mark(self, tokens: list[Token], words: Set[str]) -> list[Token]:
        """The tokens, which are these words, with states, counties and towns as PLACE symbols."""
        if not self.heads.isdisjoint(words):
            tokens = with_governors(tokens, self.text, self.heads)
        found = tokens if COURT_WORDS.isdisjoint(words) else with_courts(tokens, self.text)
        if not _MAY_BE_STATES.isdisjoint(words):
            found = self._states(found)
        if not _KINDS_OF_COUNTIES.isdisjoint(words):
            found = self._counties(found)
        return self._cities(found, officers=not OFFICERS.isdisjoint(words))

    # states -------------------------------------------------------------------------------

    def _states(self, tokens: list[Token]) -> list[Token]:
        out: list[Token] = []
        behind = 0
        text = self.text
        for i, token in enumerate(tokens):
            if token.word not in _MAY_BE_STATES or i < behind:
                continue
            if token.word in _CODES and not text[token.start].isupper():
                continue  # "in", "or", "me"
            code, length = self._abbreviated(tokens, i) or self._state_at(tokens, i)
            if code:
                place = Place("state", code, (code,), True)
                out += [*tokens[behind:i], _joined(tokens[i : i + length], place)]
                behind = i + length
        return out + tokens[behind:]

    def _state_at(self, tokens: list[Token], i: int) -> tuple[str | None, int]:
        token = tokens[i]
        if token.symbol or self._names_county(tokens, i, 1) or self._in_county_list(tokens, i):
            return None, 0
        if token.word == "washington" and (
            of_state(tokens, i + 1) or in_region(tokens, i) or self._of_its_county(tokens, i, 1)
        ):
            return "WA", 1
        raw = self.text[token.start : token.start + 1]
        known = of_state(tokens, i + 1) or (token.word == "d.c" and of_district(tokens, i + 1))
        if raw.isupper() and token.word in ONLY_QUALIFYING and known:
            return BY_ABBREVIATION[token.word], 1
        if token.word not in FIRST_WORDS:
            return (self._code_at(tokens, i) if len(token.word) <= 6 else None), 1
        for length in (3, 2, 1):
            key = tuple(t.word for t in tokens[i : i + length] if not t.symbol)
            if len(key) == length and key in BY_NAME:
                if self._names_county(tokens, i, length) or self._names_city(tokens, i, length):
                    return None, 0
                return BY_NAME[key], length
        return self._code_at(tokens, i), 1

    def _abbreviated(self, tokens: list[Token], i: int) -> tuple[str, int] | None:
        """`the N.H. town`, `three Fla. agencies`: what follows goes on with the sentence.

        So does `Tenn.: the county`; `Ala.` alone, or before a sentence, is a label.
        """
        token = tokens[i]
        if token.symbol or token.word not in ONLY_QUALIFYING or token.word == "d.c":
            return None
        first, behind = self.text[token.start], self.text[token.end : token.end + 3]
        goes_on = first.isupper() and behind[:2] == ". " and behind[2:].islower()
        paper = next_word(tokens, i) in PAPERS
        label = not i and first.isupper() and (behind[:2] == ".:" or self._is_label(tokens, behind))
        clear = goes_on or label or (token.word in INITIALS and not paper)
        return (BY_ABBREVIATION[token.word], 1) if clear else None

    def _is_label(self, tokens: list[Token], behind: str) -> bool:
        """Whether the first token's dot ends a line of one word, or a name before a sentence."""
        if behind[:1] != "." or tokens[0].word in _ALSO_WORDS:
            return False
        return len(tokens) == 1 or (behind[1:2].isspace() and behind[2:].isupper())

    def _names_county(self, tokens: list[Token], i: int, length: int) -> bool:
        """`Iowa County` is a county, "the North Carolina county" speaks of the state's."""
        if next_word(tokens, i + length - 1) not in COUNTY_WORDS:
            return False
        name = " ".join(token.word for token in tokens[i : i + length])
        if self._of_its_county(tokens, i, length):
            return False
        if name not in WHOLE_NAMES and not in_region(tokens, i):
            return True
        return self._may_name(tokens[i + length]) and bool(self.names.county_states(name))

    def _of_its_county(self, tokens: list[Token], i: int, length: int) -> bool:
        """`The Washington county holds nobody for ICE`: one of the state's, named before."""
        if not i or tokens[i - 1].word not in _ARTICLES or i + length >= len(tokens):
            return False
        following = tokens[i + length]
        return following.word in COUNTY_WORDS and self.text[following.start].islower()

    def _in_county_list(self, tokens: list[Token], i: int) -> bool:
        """`Multnomah, Washington counties`: a county among counties, not the state."""
        if not self.names.county_states(tokens[i].word):
            return False
        return county_list_ahead(tokens, i, self._may_name)

    def _names_city(self, tokens: list[Token], i: int, length: int) -> bool:
        """`Kansas City`, `Virginia Beach`: towns that begin with a state's name."""
        following = tokens[i + length : i + length + 1]
        if not following or not self._may_name(following[0]):
            return False
        name = " ".join(token.word for token in tokens[i : i + length + 1])
        return bool(self.names.main_state(name) or self.names.place_states(name))

    def _code_at(self, tokens: list[Token], i: int) -> str | None:
        token = tokens[i]
        raw = self.text[token.start : token.end]
        before = tokens[i - 1] if i else None
        if (
            before is not None
            and before.word in {",", "("}
            and i > 1
            and self._named(tokens[i - 2])
        ):
            if raw.isupper() and len(raw) == 2 and raw in STATE_NAMES:
                return raw
            if raw[:1].isupper() and token.word in BY_ABBREVIATION:
                return BY_ABBREVIATION[token.word]
        if raw in CLEAR_CODES and not self._shouting(tokens):
            return raw
        return None

    def _named(self, token: Token) -> bool:
        raw = self.text[token.start : token.end]
        return bool(token.symbol) or raw[:1].isupper() or token.word in COUNTIES_WORDS

    def _shouting(self, tokens: list[Token]) -> bool:
        return self.text[tokens[0].start : tokens[-1].end].isupper()

    # counties -----------------------------------------------------------------------------

    def _counties(self, tokens: list[Token]) -> list[Token]:
        i = _county_word(tokens, 0)
        while i >= 0:
            if tokens[i].word in COUNTIES_WORDS:
                i = self._county_list(tokens, i)
            elif i:
                i = self._one_county(tokens, i)
            i = _county_word(tokens, i + 1)
        return tokens

    def _one_county(self, tokens: list[Token], i: int) -> int:
        if next_word(tokens, i) == "of" and i + 2 < len(tokens) and tokens[i].word == "county":
            name = self._name_after(tokens, i + 2)
            if name:
                length = len(name.split())
                return self._replace(tokens, i, i + 2 + length, self._county(name))
        start, name = self._name_before(tokens, i)
        if not name:
            return i
        return self._replace(tokens, start, i + 1, self._county(name))

    def _name_after(self, tokens: list[Token], i: int) -> str:
        for length in (3, 2, 1):
            words = [t.word for t in tokens[i : i + length] if not t.symbol]
            if len(words) == length and self.names.county_states(" ".join(words)):
                return " ".join(words)
        return ""

    def _name_before(self, tokens: list[Token], i: int) -> tuple[int, str]:
        if tokens[i - 1].symbol and i < len(tokens) and tokens[i].word in COUNTIES_WORDS:
            return i, ""  # "Oregon counties" are those of the state
        plain = 0
        while plain < min(i, _MOST_WORDS) and is_plain(tokens[i - plain - 1]):
            plain += 1
        for length in range(plain, 0, -1):
            name = " ".join([t.word for t in tokens[i - length : i]]).replace(" 's", "'s")
            if self.names.county_states(name):
                return i - length, name
        before = tokens[i - 1]
        state = before.value.state if isinstance(before.value, Place) else None
        if state and self._may_name(tokens[i]) and self._listed_county(state):
            return i - 1, STATE_NAMES[state][0]
        raw = self.text[before.start : before.end]
        named = self.text[tokens[i].start].isupper()  # not "Requires county sheriffs"
        if named and not before.symbol and raw[:1].isupper() and tokens[i].word != "co":
            no_name = before.word in NOT_NAMES or before.word.endswith("-area")
            return (i, "") if no_name else (i - 1, before.word)
        return i, ""

    def _listed_county(self, state: str) -> bool:
        """Whether some county bears the state's name, as Delaware County does."""
        return bool(self.names.county_states(STATE_NAMES[state][0]))

    def _bare(self, name: str) -> Place:
        """The county that an officer's name leaves out, or the city that is one."""
        only = len(self.names.county_states(name)) == 1
        return self._city(name) if only and self.names.city_county(name) else self._county(name)

    def _county(self, name: str) -> Place:
        name = _INITIALS.get(name, name)
        states = tuple(dict.fromkeys(s for s, _ in self.names.county_states(name)))
        return Place("county", title_case(name) + " County", states)

    def _county_list(self, tokens: list[Token], i: int) -> int:
        """`A, B and C counties`: each name becomes a county of its own."""
        at = i
        while at > 0:
            start, name = self._name_before(tokens, at)
            if name:
                self._replace(tokens, start, at, self._county(name))
                i -= (at - start) - 1
                at = start
            elif tokens[at - 1].word in _SKIP_LIST:
                at -= 1
            else:
                break
        return i

    def _replace(self, tokens: list[Token], start: int, end: int, place: Place) -> int:
        qualified, end = self._qualified(tokens, end, place)
        self._remember(qualified)
        if qualified.kind == "city":
            self.seen.add(qualified.name)
        tokens[start:end] = [_joined(tokens[start:end], qualified)]
        return start

    def _qualified(self, tokens: list[Token], end: int, place: Place) -> tuple[Place, int]:
        """`Smith County (TX)`, `Smith County, Texas`: the state beside the name decides."""
        after = tokens[end : end + 3]
        if len(after) >= 2 and after[0].word in {",", "("}:
            state = _state_named(after[1])
            if state and (not place.states or state in place.states or place.kind == "city"):
                closing = len(after) > 2 and after[0].word == "(" and after[2].word == ")"
                comma = len(after) > 2 and after[0].word == "," and after[2].word == ","
                return (
                    Place(place.kind, place.name, (state,), True),
                    end + 2 + (closing or comma),
                )
        known = self.known.get(place.name)
        return (Place(place.kind, place.name, known, True) if known else place), end

    def _remember(self, place: Place) -> None:
        if place.stated and len(place.states) == 1:
            self.known[place.name] = place.states

    # towns --------------------------------------------------------------------------------

    def _cities(self, tokens: list[Token], *, officers: bool) -> list[Token]:
        text = self.text
        capitals = [
            i for i, token in enumerate(tokens) if text[token.start].isupper() and not token.symbol
        ]
        merged = behind = 0  # tokens that names took in; where those that were read end
        for at in capitals:
            i, count = at - merged, len(tokens)
            if i < behind or self._is_person(tokens, i):
                continue
            bare = self._bare_county(tokens, i) if officers else 0
            if bare or not self._is_common(tokens, i):
                behind = self._city_at(tokens, i, bare)
                merged += count - len(tokens)
        return tokens

    def _city_at(self, tokens: list[Token], i: int, bare: int) -> int:
        """Put the name that begins at a token together; gives the token to go on with.

        So many words of it are a county's name before its officer.
        """
        body = bare and tokens[i + bare].symbol
        length = 0 if body else self._city_length(tokens, i)
        if bare and not length:
            name = " ".join([t.word for t in tokens[i : i + bare]])
            i = self._replace(tokens, i, i + bare, self._bare(name))
        elif length:
            start = i - self._is_tail(tokens, i)
            name = " ".join([t.word for t in tokens[start : i + length]])
            i = self._replace(tokens, start, i + length, self._city(name))
        return i + 1

    def _city(self, name: str) -> Place:
        main = self.names.main_state(name)
        return Place("city", title_case(name), (main,) if main else self.names.place_states(name))


def _county_word(tokens: Sequence[Token], at: int) -> int:
    """The first word for counties from one on; -1 when there is none."""
    rest = enumerate(tokens[at:] if at else tokens, start=at)
    kinds = _KINDS_OF_COUNTIES
    return next((i for i, token in rest if token.word in kinds and not token.symbol), -1)


def _state_named(token: Token) -> str | None:
    place = token.value
    return place.state if isinstance(place, Place) and place.kind == "state" else None


def _joined(tokens: Sequence[Token], place: Place) -> Token:
    word = " ".join(t.word for t in tokens)
    return Token(word, tokens[0].start, tokens[-1].end, "PLACE", place)
