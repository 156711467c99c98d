"""What stands around a name and tells whether it is a state's, a county's or a town's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from monitor.detect.language.tokens import Token
from monitor.detect.slots.state_names import BY_ABBREVIATION, STATE_NAMES

COUNTY_WORDS = frozenset(["county", "parish", "borough", "co"])
COUNTIES_WORDS = frozenset(["counties", "parishes", "boroughs"])
#: Words of the longest list of counties that is looked through.
_MOST_LISTED = 10


def of_state(tokens: Sequence[Token], i: int) -> bool:
    """`Washington House`, `Washington's governor`: the state, not the city."""
    if i < len(tokens) and tokens[i].word == "'s":
        i += 1
    if i >= len(tokens):
        return False
    return (
        tokens[i].symbol in {"CHAMBER", "LEGISLATURE", "GOVERNOR", "COMMITTEE", "BILL"}
        or (
            tokens[i].word
            in {"state", "sheriffs", "lawmaker", "law", "attorney", "counties", "cities", "towns"}
        )
        or _called_state(tokens, i)
    )


def _called_state(tokens: Sequence[Token], i: int) -> bool:
    """`Washington became the latest state to ...`: said of the name right before."""
    words = [token.word for token in tokens[i : i + 7]]
    return words[0] in {"became", "becomes", "is"} and "state" in words[1:]


def of_district(tokens: Sequence[Token], i: int) -> bool:
    """`D.C. Council`, `the D.C. mayor`: the District's own, not the federal side."""
    following = tokens[i : i + 1]
    return bool(following) and (
        following[0].symbol == "BODY" or following[0].word in {"mayor", "police", "jail"}
    )


def county_list_ahead(tokens: Sequence[Token], i: int, may_name: Callable[[Token], bool]) -> bool:
    """Whether the name at `i` stands in a list that ends in "counties" or "A and B county ..."."""
    if not _may_be_listed(tokens, i):
        return False
    for at in range(i + 1, min(i + _MOST_LISTED, len(tokens))):
        word = tokens[at].word
        if word in COUNTIES_WORDS:
            return tokens[at - 1].word != ","
        if word in COUNTY_WORDS:
            return at > i + 1
        if word not in {",", "and", "&"} and not may_name(tokens[at]):
            return False
    return False


def _may_be_listed(tokens: Sequence[Token], i: int) -> bool:
    """Of the states' names "Washington" is a county's first; others only inside a list."""
    if tokens[i].word == "washington":
        return True
    before = [token.word for token in tokens[max(0, i - 2) : i]]
    return before[-1:] in ([","], ["and"]) and before[0] not in COUNTY_WORDS


#: Bodies that only counties, or towns, of some states have.
_NEW_ENGLAND = frozenset(["CT", "MA", "ME", "NH", "RI", "VT"])
_SUPERVISORS = frozenset(["AZ", "CA", "IA", "IL", "MS", "NE", "NY", "PA", "VA", "WI"])
BODY_STATES: dict[str, frozenset[str]] = {
    "fiscal court": frozenset(["KY"]),
    "quorum court": frozenset(["AR"]),
    "police jury": frozenset(["LA"]),
    "commissioners court": frozenset(["TX"]),
    "board of freeholders": frozenset(["NJ"]),
    "freeholders": frozenset(["NJ"]),
    "board of alders": frozenset(["CT"]),
    "board of legislators": frozenset(["NY"]),
    "select board": _NEW_ENGLAND,
    "selectboard": _NEW_ENGLAND,
    "selectmen": _NEW_ENGLAND,
    "board of selectmen": _NEW_ENGLAND,
    "board of supervisors": _SUPERVISORS,
}
#: Counties of several hundred thousand people whose namesakes have a tenth of that, or less
#: (US Census Bureau, 2020): what is told of them without a state is told of these.
KNOWN_COUNTIES = {
    "cook": "IL", "dallas": "TX", "harris": "TX", "king": "WA", "fulton": "GA", "clayton": "GA",
    "mecklenburg": "NC", "dakota": "MN", "ramsey": "MN", "kane": "IL", "hidalgo": "TX",
    "cameron": "TX", "duval": "FL", "nassau": "NY", "pierce": "WA", "thurston": "WA", "lane": "OR",
    "summit": "OH", "wayne": "MI",
}  # fmt: skip


#: Cities whose namesakes have an eighth of their people at most (census of 2020), where the lists
#: of towns, which know no people, would leave the name open or take another.
KNOWN_TOWNS = {
    "lynn": "MA", "holyoke": "MA", "malden": "MA", "lowell": "MA", "brookline": "MA",
    "brockton": "MA", "fall river": "MA", "providence": "RI", "danbury": "CT", "bridgeport": "CT",
    "meriden": "CT", "ithaca": "NY", "hempstead": "NY", "utica": "NY", "elizabeth": "NJ",
    "berwyn": "IL", "elgin": "IL", "rockford": "IL", "davenport": "IA", "ames": "IA",
    "rockville": "MD", "chapel hill": "NC", "edinburg": "TX", "yuma": "AZ", "sparks": "NV",
    "hillsboro": "OR", "pomona": "CA", "davis": "CA",
}  # fmt: skip


#: States in which villages have boards of trustees.
_VILLAGES = frozenset(["IL", "MI", "MO", "NE", "NM", "NY", "OH", "VT", "WI"])


def _states_of_body(tokens: Sequence[Token], i: int) -> frozenset[str] | None:
    if tokens[i].symbol != "BODY":
        return None
    village = any(token.word == "village" for token in tokens[max(0, i - 4) : i])
    if village and tokens[i].word in {"board", "trustees", "board of trustees"}:
        return _VILLAGES
    return BODY_STATES.get(tokens[i].word)


def bodies_say(lines: Iterable[Sequence[Token]]) -> frozenset[str] | None:
    """The states whose counties or towns have the bodies named; None when none tells."""
    said: frozenset[str] | None = None
    for tokens in lines:
        for i in range(len(tokens)):
            states = _states_of_body(tokens, i)
            if states is not None:
                said = states if said is None else said & states
    return said


def tagged_states(
    lines: Iterable[Sequence[Token]], of_town: Callable[[str], str | None]
) -> set[str]:
    """States of lawmakers' tags: `D-Calif.`, `(R-TX)`, `R-Ruston`."""
    found: set[str] = set()
    for tokens in lines:
        for i, token in enumerate(tokens[1:], start=1):
            if token.word[1:2] == "-" and token.word[:1] in {"d", "r", "i"}:
                state = _of_tag(tokens, i, of_town)
                found |= {state} if state and tokens[i - 1].word in {",", "("} else set()
    return found


def _of_tag(tokens: Sequence[Token], i: int, of_town: Callable[[str], str | None]) -> str | None:
    tag = tokens[i].word[2:]
    if tag.upper() in STATE_NAMES:
        return tag.upper()
    longer = f"{tag} {next_word(tokens, i)}"
    return BY_ABBREVIATION.get(tag) or of_town(longer) or of_town(tag)


def next_word(tokens: Sequence[Token], i: int) -> str:
    """The word after the one at `i`; "" at the end."""
    return tokens[i + 1].word if i + 1 < len(tokens) else ""


#: Parts of a state.
_REGIONS = frozenset(
    ["eastern", "western", "central", "northern", "southern", "southeastern", "southwestern"]
)


def in_region(tokens: Sequence[Token], i: int) -> bool:
    """`an eastern Washington county`: a name in a part of a state is the state's."""
    return i > 0 and tokens[i - 1].word in _REGIONS
