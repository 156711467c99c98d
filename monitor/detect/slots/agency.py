"""Agencies in a sentence: sheriffs, police, state, campus, tribal, port, jail agencies."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from monitor.detect.language.tokens import Token
from monitor.detect.language.words import word_set
from monitor.detect.slots.place_kind import Place
from monitor.detect.slots.state_names import STATE_NAMES


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency as named, or composed in full form from its place; `place` is where it works."""

    name: str
    place: Place | None


def place_of(token: Token) -> Place | None:
    """The place that a token names, or where the agency works that it names."""
    value = token.value.place if isinstance(token.value, Agency) else token.value
    return value if isinstance(value, Place) else None


_UNIT = frozenset(["office", "department", "dept"])
_JAIL = ("jail", "detention center", "corrections center", "correctional center",
         "adult detention center", "department of corrections", "corrections department",
         "regional jail")  # fmt: skip
_STATE_UNITS = (
    "highway patrol", "state police", "state patrol", "state highway patrol",
    "department of public safety", "department of corrections and rehabilitation",
    "division of corrections and rehabilitation", "department of corrections",
    "division of corrections", "department of correction", "bureau of investigation",
    "national guard", "army national guard", "department of law enforcement",
    "fish and wildlife conservation commission", "department of wildlife and fisheries",
    "marine resources commission", "state guard", "department of highway safety and motor vehicles",
    "attorney general 's office", "office of the attorney general",
    "division of alcoholic beverages",
    "department of agriculture and consumer services", "department of financial services",
    "department of environmental protection", "state fire marshal 's office", "lottery commission",
    "department of justice investigation", "alcoholic beverage control board",
    "department of emergency management", "division of emergency management", "rangers",
    "division of criminal investigation",
)  # fmt: skip
#: Names that in every state mean an agency of the state, without its name in front.
OWN_UNITS = (
    "state highway patrol", "highway patrol", "state police", "state patrol",
    "division of criminal investigation",
)  # fmt: skip
#: What these agencies are called for short, beside another one.
_SHORT = {
    ("national", "guard"): "National Guard",
    ("guard",): "National Guard",
    ("corrections",): "Corrections",
}
_UNIT_KEYS = tuple(sorted((tuple(u.split()) for u in _STATE_UNITS), key=len, reverse=True))
_JAIL_KEYS = tuple(sorted((tuple(u.split()) for u in _JAIL), key=len, reverse=True))
_COUNTIES = frozenset({"counties", "counties'"})
_SHERIFFS_OR_POLICE = frozenset({"sheriffs", "sheriff", "police"})
_OWN_KEYS = tuple(tuple(unit.split()) for unit in OWN_UNITS)
_OWN_FIRST = frozenset(key[0] for key in _OWN_KEYS)
_MOST_WORDS = 6  #: of a unit's name that are looked at
_AGENT_WORDS = _OWN_FIRST | {"police"}
#: What may stand between a force and where it is: "the sheriff's office in Kent County".
_FORCE_NOUNS = word_set("'s office offices department departments")
_POLICE_AFTER = word_set("department dept force officers chief")
_SPECIAL_HEADS = word_set(
    "university college tribal tribe nation airport port district isd authority school campus"
)
_ROMAN_CAPS = frozenset({"of", "the", "and"})


@dataclass(slots=True)
class AgencyReader:
    """Marks agencies in token lists in which places are already marked."""

    text: str

    def mark(self, tokens: list[Token], words: Set[str]) -> list[Token]:
        """Put agencies together as AGENCY symbols; lists of counties under one noun are split.

        The words are all of the tokens', those that places were made of as well.
        """
        if _AGENT_WORDS.isdisjoint(words) and "PLACE" not in [t.symbol for t in tokens]:
            return tokens  # nothing that an agency is told by
        if not _SHERIFFS_OR_POLICE.isdisjoint(words):
            self._sheriffs_of(tokens)
        i = 0
        while i < len(tokens):
            token = tokens[i]
            if isinstance(token.value, Place):
                self._after_place(tokens, i, token.value)
            elif token.word == "police" and not token.symbol:
                i = self._special_police(tokens, i)
            elif token.word in _OWN_FIRST and not token.symbol:
                self._own_unit(tokens, i)
            i += 1
        if "AGENCY" in [t.symbol for t in tokens] or not _COUNTIES.isdisjoint(words):
            self._shared_noun(tokens)
            self._short_names(tokens)
        return tokens

    def _after_place(self, tokens: list[Token], i: int, place: Place) -> None:
        at = i + 1
        if _word(tokens, at) == "'s":
            at += 1
        if place.kind == "state":
            length = _longest(tokens, at, _UNIT_KEYS)
            if length:
                self._state_unit(tokens, i, at, at + length, place)
                self._further_units(tokens, i + 1, place)
            return
        end, name = self._local(tokens, at, place)
        if name:
            _merge(tokens, i, end, Agency(name, place))

    def _state_unit(
        self, tokens: list[Token], start: int, at: int, end: int, place: Place | None
    ) -> None:
        unit = _proper(self.text[tokens[at].start : tokens[end - 1].end])
        name = f"{STATE_NAMES[place.name][0].title()} {unit}" if place else unit
        _merge(tokens, start, end, Agency(name, place))

    def _own_unit(self, tokens: list[Token], i: int) -> None:
        """`State Police have applied`: the state's, whose name stands elsewhere."""
        length = _longest(tokens, i, _OWN_KEYS)
        last = tokens[i + length - 1]
        if length and self.text[tokens[i].start].isupper() and self.text[last.start].isupper():
            unit = self.text[tokens[i].start : last.end]
            _merge(tokens, i, i + length, Agency(_proper(unit), None))
            self._further_units(tokens, i + 1, None)

    def _further_units(self, tokens: list[Token], at: int, place: Place | None) -> None:
        """`West Virginia National Guard, State Police and Division of Corrections`."""
        while at < len(tokens):
            if _word(tokens, at) in {",", "and", "the", "its"}:
                at += 1
                continue
            length = _longest(tokens, at, _UNIT_KEYS)
            if not length or not self.text[tokens[at].start].isupper():
                return
            self._state_unit(tokens, at, at, at + length, place)
            at += 1

    def _short_names(self, tokens: list[Token]) -> None:
        """`State Police and Guard`, `for Corrections, State Police`: beside another of the state's
        agencies these words alone, with a capital, mean its own."""
        named = (t.value for t in tokens if isinstance(t.value, Agency))
        beside = next((a for a in named if _is_of_state(a)), None)
        if beside is None:
            return
        state = STATE_NAMES[beside.place.name][0].title() + " " if beside.place else ""
        at = 1
        while at < len(tokens):
            length = _longest(tokens, at, tuple(_SHORT)) if not tokens[at].symbol else 0
            if length and self._stands_alone(tokens, at, at + length):
                name = _SHORT[tuple(t.word for t in tokens[at : at + length])]
                _merge(tokens, at, at + length, Agency(state + name, beside.place))
            at += 1

    def _stands_alone(self, tokens: list[Token], start: int, end: int) -> bool:
        """Capitals that belong to no longer name: not `Guard Bureau`, `Coast Guard`."""
        inside = all(self.text[token.start].isupper() for token in tokens[start:end])
        beside = (t for t in (*tokens[start - 1 : start], *tokens[end : end + 1]))
        longer = any(not t.symbol and self.text[t.start].isupper() for t in beside)
        return inside and not longer

    def _local(self, tokens: list[Token], at: int, place: Place) -> tuple[int, str]:
        word = _word(tokens, at)
        if word in {"sheriff", "sheriffs", "sheriffs'", "sheriff'", "sheriff-coroner"}:
            return self._sheriff(tokens, at, place)
        if word in {"police", "pd", "metro", "metropolitan", "marshal", "city"}:
            return self._police(tokens, at, place)
        if word in {"constable", "constables"}:
            return self._constable(tokens, at, place)
        if place.kind == "county":
            length = _longest(tokens, at, _JAIL_KEYS)
            if length:
                unit = self.text[tokens[at].start : tokens[at + length - 1].end]
                return at + length, f"{place.name} {_proper(unit)}"
        return at, ""

    def _sheriff(self, tokens: list[Token], at: int, place: Place) -> tuple[int, str]:
        end = at + 1
        if _word(tokens, end) == "'s":
            end += 1
        unit = _word(tokens, end)
        if unit in _UNIT:
            end += 1
        else:
            end = at + 1
        noun = "Department" if unit in {"department", "dept"} else "Office"
        return end, f"{place.name} Sheriff's {noun}"

    def _police(self, tokens: list[Token], at: int, place: Place) -> tuple[int, str]:
        end = at
        metro = ""
        while _word(tokens, end) in {"metro", "metropolitan", "city"}:
            metro = "Metropolitan " if _word(tokens, end) != "city" else metro
            end += 1
        word = _word(tokens, end)
        if word == "marshal" and place.kind == "city":
            return end + 1, f"{place.name} Marshal's Office"
        if word not in {"police", "pd"}:
            return at, ""
        end += 1
        if _word(tokens, end) in _POLICE_AFTER:
            end += 1
        return end, f"{place.name} {metro}Police Department"

    def _constable(self, tokens: list[Token], at: int, place: Place) -> tuple[int, str]:
        end = at + 1
        if _word(tokens, end) == "'s" or _word(tokens, end) == ",":
            end += 1
        if _word(tokens, end) in {"precinct", "pct"} and _number(tokens, end + 1):
            number = _number(tokens, end + 1)
            return end + 2, f"{place.name} Constable Precinct {number}"
        return at + 1, f"{place.name} Constable"

    def _special_police(self, tokens: list[Token], i: int) -> int:
        """`University of Florida Police Department`, `Mashantucket Tribal Police`."""
        start = i
        while start and i - start < 6 and self._capital(tokens, start - 1):
            start -= 1
        while start < i and tokens[start].word in _ROMAN_CAPS:
            start += 1
        words = [t.word for t in tokens[start:i]]
        if not any(w in _SPECIAL_HEADS for w in " ".join(words).split()):
            return i
        end = i + 1
        if _word(tokens, end) in _POLICE_AFTER:
            end += 1
        states = [t.value for t in tokens[start:i] if isinstance(t.value, Place)]
        name = self.text[tokens[start].start : tokens[end - 1].end]
        _merge(tokens, start, end, Agency(name, states[0] if states else None))
        return start

    def _capital(self, tokens: list[Token], i: int) -> bool:
        token = tokens[i]
        if isinstance(token.value, Agency) or token.symbol not in {"", "PLACE"}:
            return False
        first = self.text[token.start : token.start + 1]
        return first.isupper() or token.word in _ROMAN_CAPS

    def _sheriffs_of(self, tokens: list[Token]) -> None:
        """`sheriffs of A, B and C counties`: the noun stands for each place after it."""
        for i, token in enumerate(tokens[:-2]):
            if token.word not in _SHERIFFS_OR_POLICE or token.symbol:
                continue
            at = i + 1
            while at < len(tokens) - 1 and tokens[at].word in _FORCE_NOUNS:
                at += 1
            if tokens[at].word in {"of", "in", "from"}:
                self._each_of(tokens, at + 1, police=token.word == "police")

    def _each_of(self, tokens: list[Token], at: int, *, police: bool) -> None:
        kind, unit = ("city", "Police Department") if police else ("county", "Sheriff's Office")
        while at < len(tokens):
            place = tokens[at].value
            if isinstance(place, Place) and place.kind == kind:
                tokens[at].symbol = "AGENCY"
                tokens[at].value = Agency(f"{place.name} {unit}", place)
            elif tokens[at].word not in {",", "and", "the", "counties"}:
                return
            at += 1

    def _shared_noun(self, tokens: list[Token]) -> None:
        """`Kenosha and Sauk county sheriffs`, `A and B counties' sheriffs`: names before a noun."""
        for i, token in enumerate(tokens):
            agency = token.value
            if isinstance(agency, Agency) and agency.place and i >= 2:
                self._share_back(tokens, i, agency)
            elif token.word in _COUNTIES and _word(tokens, i + 1) in {
                "sheriffs", "sheriff",
            }:  # fmt: skip
                self._share_list(tokens, i)

    def _share_back(self, tokens: list[Token], i: int, agency: Agency) -> None:
        at = i - 1
        while at > 0 and tokens[at].word in {",", "and"}:
            place = tokens[at - 1].value
            if not isinstance(place, Place) or not agency.place:
                return
            if place.kind != agency.place.kind or place.kind == "state":
                return
            suffix = agency.name.removeprefix(agency.place.name)
            tokens[at - 1].symbol = "AGENCY"
            tokens[at - 1].value = Agency(place.name + suffix, place)
            at -= 2

    def _share_list(self, tokens: list[Token], i: int) -> None:
        at = i - 1
        while at >= 0:
            place = tokens[at].value
            if isinstance(place, Place) and place.kind == "county":
                tokens[at].symbol = "AGENCY"
                tokens[at].value = Agency(f"{place.name} Sheriff's Office", place)
            elif tokens[at].word not in {",", "and"}:
                break
            at -= 1


def _is_of_state(agency: Agency) -> bool:
    units = (" " + unit for unit in _STATE_UNITS)
    return (agency.place is None or agency.place.kind == "state") and (
        " " + agency.name.lower()
    ).endswith(tuple(units))


def _word(tokens: list[Token], i: int) -> str:
    return tokens[i].word if 0 <= i < len(tokens) and not tokens[i].symbol else ""


def _number(tokens: list[Token], i: int) -> str:
    word = tokens[i].word if i < len(tokens) else ""
    return word if word[:1].isdigit() else ""


def _longest(tokens: list[Token], at: int, keys: tuple[tuple[str, ...], ...]) -> int:
    first = tokens[at].word if at < len(tokens) else ""
    likely = [key for key in keys if key[0] == first]
    if not likely:
        return 0
    words = tuple([t.word for t in tokens[at : at + _MOST_WORDS]])
    return next((len(key) for key in likely if words[: len(key)] == key), 0)


def _merge(tokens: list[Token], start: int, end: int, agency: Agency) -> None:
    word = " ".join(t.word for t in tokens[start:end])
    merged = Token(word, tokens[start].start, tokens[end - 1].end, "AGENCY", agency)
    tokens[start:end] = [merged]


_LOWER = frozenset({"of", "and", "the"})


def _proper(name: str) -> str:
    """Capitals for a unit's name however it is printed."""
    words = name.replace("\n", " ").split()
    return " ".join(w if w in _LOWER or w[:1].isupper() else w.capitalize() for w in words)
