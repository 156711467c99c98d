"""Which agency is meant: names folded to an identity, and how two names are related.

An agency has a permanent id, derived from its state and the first name it was seen under. Names
of one agency differ by typing, by qualifier ("City of"), by abbreviation ("SO", "BOCC"); names of
two agencies may differ by one letter (Baker, Bay). So a name is folded in two steps: `strict`
undoes typing only, `canonical` also spells abbreviations out and drops qualifiers. Anything
beyond equality is a relation between two names, judged by the caller with other evidence.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from monitor.domain.ident import content_id
from monitor.domain.states import CODES_BY_NAME


class AgencyKind(StrEnum):
    """What sort of body a name says it is."""

    SHERIFF = "sheriff"
    POLICE = "police"
    STATE_POLICE = "state_police"
    CAMPUS = "campus"
    CONSTABLE = "constable"
    MARSHAL = "marshal"
    PROSECUTOR = "prosecutor"
    CORRECTIONS = "corrections"
    GOVERNING_BODY = "governing_body"
    GUARD = "national_guard"
    TRIBE = "tribe"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyKey:
    """The identity of a name within one state; equal `state` and `canonical` mean one agency."""

    state: str  #: two letters, or "" where unknown
    strict: str  #: case, Unicode, punctuation and white space undone
    canonical: str  #: and abbreviations spelt out, qualifiers and own-state names dropped
    digits: tuple[str, ...]  #: numbers of districts and precincts, sorted; never fuzzy
    naming: frozenset[str]  #: words that name the place or body, not what sort of body it is
    kind: AgencyKind

    @property
    def key(self) -> str:
        """State and canonical name in one string: what event keys and indexes use."""
        return f"{self.state}|{self.canonical}"


class NameRelation(StrEnum):
    """How two names of one state are related, closest first."""

    SAME = "same"  #: equal but for typing
    ABBREVIATION = "abbreviation"  #: equal once abbreviations and qualifiers are undone
    TYPO = "typo"
    QUALIFIER = "qualifier"  #: the words of one are all in the other
    SIMILAR = "similar"


_NAME_OF_STATE = {code: name for name, code in CODES_BY_NAME.items()}

#: Abbreviations that can stand anywhere in a name.
_WORDS = {
    "dept": "department", "depart": "department", "deptment": "department", "twp": "township",
    "univ": "university", "ofc": "office", "dist": "district", "pct": "precinct",
    "prec": "precinct", "dep": "department", "div": "division", "comm": "commission",
    "cnty": "county", "cty": "county", "saint": "st", "sainte": "ste", "ft": "fort",
    "mt": "mount", "bd": "board", "corr": "corrections", "correction": "corrections",
    "correctional": "corrections", "sheriff": "sheriffs", "sherriff": "sheriffs",
    "sherriffs": "sheriffs", "sheriffs": "sheriffs", "constables": "constable",
    "constabulary": "constable", "commissioner": "commissioners", "attorneys": "attorney",
    "marshals": "marshal", "first": "1", "second": "2", "third": "3", "fourth": "4",
    "fifth": "5", "sixth": "6", "seventh": "7", "eighth": "8", "ninth": "9", "tenth": "10",
    "eleventh": "11", "twelfth": "12", "thirteenth": "13", "fourteenth": "14",
    "fifteenth": "15", "sixteenth": "16", "seventeenth": "17", "eighteenth": "18",
    "nineteenth": "19", "twentieth": "20",
}  # fmt: skip

#: Abbreviations that mean something only as whole words of a name; tried in this order.
_PHRASES: tuple[tuple[str, str], ...] = (
    (r"\bbocc\b", "board of county commissioners"),
    (r"\bboard of commissioners\b", "board of county commissioners"),
    (r"\bcounty commission\b", "county board of county commissioners"),
    (r"\bcounty board of\b", "county board of"),
    (r"\bcounty so\b|\bco so\b", "county sheriffs office"),
    (r"\bso$", "sheriffs office"),
    (r"\bpd$", "police department"),
    (r"\bco (?=sheriffs|constable|jail|corrections|detention)", "county "),
    (r"\bdoc$", "department of corrections"),
    (r"\bdps$", "department of public safety"),
    (r"\bsheriffs (?:office|department)\b", "sheriffs"),
    (r"\bpolice (?:department|dept)\b", "police"),
    (r"\bdepartment of police\b", "police"),
    (r"\bdepartment of corrections\b", "corrections department"),
    (r"\b(\d+)(?:st|nd|rd|th)\b", r"\1"),
)  # fmt: skip
_COMPILED = tuple((re.compile(pattern), text) for pattern, text in _PHRASES)

_GENERIC = frozenset({
    "county", "parish", "borough", "sheriffs", "sheriff", "police", "department", "office", "of",
    "the", "and", "city", "town", "village", "township", "constable", "precinct", "district",
    "state", "division", "board", "commissioners", "corrections", "jail", "detention", "center",
    "attorney", "public", "safety", "law", "enforcement", "university", "college", "authority",
    "commission", "bureau", "services", "agency", "regional", "metropolitan", "metro", "trustees",
})  # fmt: skip
_STATE_BODY = frozenset({
    "department", "division", "bureau", "office", "highway", "state", "national", "commission",
    "board", "attorney", "corrections", "fish", "game", "wildlife", "law", "alcoholic",
})  # fmt: skip
_SEATS = frozenset(["city", "town", "borough", "village", "township", "county"])

_APOSTROPHES = re.compile("['\u2018\u2019\u02bc\u0060\u00b4\u2032\ufffd]")
_NOT_WORD = re.compile(r"[^0-9a-z]+")

_KINDS: tuple[tuple[str, AgencyKind], ...] = (
    (r"\bnational guard\b|\bmilitary department\b", AgencyKind.GUARD),
    (r"\btrib(?:e|al)\b|\bnation\b", AgencyKind.TRIBE),
    (r"\buniversity\b|\bcollege\b|\bschool\b", AgencyKind.CAMPUS),
    (r"\bconstable\b", AgencyKind.CONSTABLE),
    (r"\bboard of county commissioners\b|\bcommissioners\b|\bcity council\b|\btrustees\b",
     AgencyKind.GOVERNING_BODY),
    (r"\bcorrections\b|\bjail\b|\bprison\b|\bdetention\b", AgencyKind.CORRECTIONS),
    (r"\bstate police\b|\bhighway patrol\b|\bstate highway\b|\bdepartment of public safety\b"
     r"|\bstate patrol\b|\bstate guard\b", AgencyKind.STATE_POLICE),
    (r"\bsheriffs\b", AgencyKind.SHERIFF),
    (r"\bmarshal\b", AgencyKind.MARSHAL),
    (r"\battorney\b|\bprosecut", AgencyKind.PROSECUTOR),
    (r"\bpolice\b|\bpublic safety\b", AgencyKind.POLICE),
)  # fmt: skip
_KIND_PATTERNS = tuple((re.compile(pattern), kind) for pattern, kind in _KINDS)


def clean_name(text: str) -> str:
    """The name as people read it: NFKC, plain apostrophes, single spaces, nothing else changed."""
    plain = unicodedata.normalize("NFKC", text)
    plain = _APOSTROPHES.sub("'", plain).replace("\u200b", "").replace("\ufeff", "")
    return " ".join(plain.split())


def fold(text: str) -> str:
    """Lower case, accents and punctuation gone, `&` as "and", single spaces."""
    plain = unicodedata.normalize("NFKD", clean_name(text)).casefold().replace("&", " and ")
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(_NOT_WORD.sub(" ", plain.replace("'", "")).split())


def spell_out(folded: str) -> str:
    """A folded name with abbreviations spelt out and ordinals as numbers."""
    text = " ".join(_WORDS.get(word, word) for word in folded.split())
    for pattern, replacement in _COMPILED:
        text = pattern.sub(replacement, text)
    return text


def _without_state(text: str, state: str) -> str:
    """Drop the own state's name or code where it only says which state ("…, PA")."""
    name = _NAME_OF_STATE.get(state, "")
    if not name:
        return text
    for tail in (f" {name}", f" {state.lower()}"):
        if text.endswith(tail) and len(text) > len(tail) + 5:
            text = text[: -len(tail)]
    head = f"{name} "
    if text.startswith(head) and text[len(head) :].split(" ", 1)[0] in _STATE_BODY:
        text = text[len(head) :]
    return text


def _without_code(strict: str, state: str) -> str:
    """ "MT Dept of Justice" in Montana is no mountain: drop a leading own postal code."""
    head, _, rest = strict.partition(" ")
    first = _WORDS.get(rest.split(" ", 1)[0], rest.split(" ", 1)[0])
    return rest if head == state.lower() and first in _STATE_BODY else strict


def _without_qualifier(text: str) -> str:
    """ "the X", "city of X police" and "county of X sheriffs" say the same as without."""
    text = text.removeprefix("the ")
    words = text.split()
    if len(words) > 3 and words[0] in _SEATS and words[1] == "of":
        rest = words[2:]
        if words[0] in {"county", "township", "borough"}:
            rest = [rest[0], words[0], *rest[1:]] if words[0] not in rest else rest
        return " ".join(rest)
    return text


def kind_of(canonical: str) -> AgencyKind:
    """What sort of body a canonical name says it is."""
    for pattern, kind in _KIND_PATTERNS:
        if pattern.search(canonical):
            return kind
    return AgencyKind.OTHER


@lru_cache(maxsize=16_384)
def agency_key(state: str, name: str) -> AgencyKey:
    """The identity of a name: `state` two letters (or ""), `name` as printed anywhere.

    Total: any text gives a key; an empty name gives the empty canonical name.
    """
    strict = fold(name)
    spelt = _without_qualifier(spell_out(_without_code(strict, state)))
    canonical = _without_qualifier(_without_state(spelt, state)) or strict
    words = canonical.split()
    return AgencyKey(
        state=state,
        strict=strict,
        canonical=canonical,
        digits=tuple(sorted(re.findall(r"\d+", canonical))),
        naming=frozenset(w for w in words if w not in _GENERIC and not w.isdigit()),
        kind=kind_of(canonical),
    )


def agency_id(state: str, name: str) -> str:
    """The permanent id of an agency first seen as `name`: 32 hex digits."""
    return content_id("agency", state, agency_key(state, name).canonical)


def _is_typo(left: AgencyKey, right: AgencyKey) -> bool:
    """Few letters apart, measured on the words that name it: three in thirty, not in five."""
    distance = OSA.distance(left.canonical, right.canonical, score_cutoff=3)
    shortest = min(len(left.canonical), len(right.canonical))
    return distance <= (3 if shortest >= 16 else 1)


def relation(left: AgencyKey, right: AgencyKey) -> NameRelation | None:
    """How two names are related, or None. Numbers must agree; the state is not compared."""
    if left.strict == right.strict:
        return NameRelation.SAME
    if left.canonical == right.canonical:
        return NameRelation.ABBREVIATION
    if left.digits != right.digits:
        return None
    if _is_typo(left, right):
        return NameRelation.TYPO
    mine, theirs = set(left.canonical.split()), set(right.canonical.split())
    if left.naming & right.naming and (mine <= theirs or theirs <= mine):
        return NameRelation.QUALIFIER
    return NameRelation.SIMILAR if _is_similar(left, right) else None


def _is_similar(left: AgencyKey, right: AgencyKey) -> bool:
    """Same words in another order, or half of the naming words shared."""
    union = left.naming | right.naming
    if left.naming and right.naming and not left.naming & right.naming:
        return False  # long common words must not make Gulf County of Pasco County
    if fuzz.token_sort_ratio(left.canonical, right.canonical) >= 85:
        return True
    return bool(union) and len(left.naming & right.naming) / len(union) >= 0.5


#: Bodies of which a state has one, however they are called: what is left of a canonical name once
#: the state's own name is gone. The last two are the same officers where one names the other.
_STATE_BODIES = (
    ("guard", re.compile(r"(?:(?:army |air )?national guard|military department)$")),
    ("troopers", re.compile(
        r"(?:department of (?:public |highway )?safety (?:and motor vehicles )?)?"
        r"(?:department of |division of )?(?:state|highway|state highway|highway state)"
        r" (?:police|patrol)$")),
    ("safety", re.compile(r"department of (?:public )?safety(?: and homeland security)?$")),
    ("corrections", re.compile(
        r"(?:(?:department|division|of|and|rehabilitation|services|public|safety|criminal|justice"
        r"|community|state|prison|system) ?)*\bcorrections\b(?: ?(?:department|division|and"
        r"|rehabilitation|services|system|of))*$")),
)  # fmt: skip
_SAME_OFFICERS = frozenset({"troopers", "safety"})


def state_body(key: AgencyKey) -> str:
    """Which of the bodies that a state has once a name means; "" where it means none of them.

    "West Virginia Division of Corrections and Rehabilitation" and "Corrections" are "corrections";
    a county's or a town's department of that sort is none.
    """
    name = _NAME_OF_STATE.get(key.state, "")
    words = key.canonical.replace(f"{name} ", "", 1) if name else key.canonical
    return next((body for body, pattern in _STATE_BODIES if pattern.match(words)), "")


def same_state_body(left: AgencyKey, right: AgencyKey) -> bool:
    """Whether two names of one state mean one body of it: "State Police" of Virginia and its
    "Department of State Police", the highway patrol and the department that it belongs to."""
    if not left.state or left.state != right.state:
        return False
    mine, theirs = state_body(left), state_body(right)
    return bool(mine) and (mine == theirs or {mine, theirs} == _SAME_OFFICERS)


#: Where jails are run by the state, a regional authority, an elected jailer, a board or a county
#: department, so that a county's jail and its sheriff are two agencies.
_JAILS_APART = frozenset(["AK", "CT", "DE", "HI", "RI", "VT", "WV", "KY", "PA", "NJ", "NM"])
_COUNTY_JAIL = re.compile(
    r"county (?:adult )?(?:jail|detention(?: center| facility)?|corrections (?:center|facility))$"
)


def jail_of_sheriff(left: AgencyKey, right: AgencyKey) -> bool:
    """Whether one is a county's jail and the other the sheriff who runs it."""
    if left.state != right.state or left.state in _JAILS_APART or left.digits != right.digits:
        return False
    if {left.kind, right.kind} != {AgencyKind.SHERIFF, AgencyKind.CORRECTIONS}:
        return False
    jail, sheriff = (left, right) if left.kind is AgencyKind.CORRECTIONS else (right, left)
    names_jail = _COUNTY_JAIL.search(jail.canonical) is not None
    return names_jail and bool(sheriff.naming) and jail.naming - {"adult"} == sheriff.naming


#: States with cities that are no part of the county of their name and have a sheriff too.
_CITY_SHERIFFS = frozenset({"VA", "MD", "MO"})


def same_sheriff(left: AgencyKey, right: AgencyKey) -> bool:
    """Whether two names of one state are its sheriff's, one without the word "county"."""
    named = bool(left.naming) and left.naming == right.naming and left.state == right.state
    apart = left.state in _CITY_SHERIFFS or "city" in f"{left.canonical} {right.canonical}".split()
    return named and not apart and left.kind is right.kind is AgencyKind.SHERIFF


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyAliases:
    """Reviewed knowledge about names: what is one agency, and what never is.

    `same` maps a name's key to the key of the name its agency is known by; `distinct` holds
    unordered pairs of keys that no tier may join.
    """

    same: Mapping[str, str] = field(default_factory=dict)
    distinct: frozenset[frozenset[str]] = frozenset()

    def resolve(self, key: AgencyKey) -> str:
        """The key string that stands for the agency of this name."""
        return self.same.get(key.key, key.key)

    def never_same(self, left: AgencyKey, right: AgencyKey) -> bool:
        """True where the two names are known to be two agencies."""
        return frozenset((self.resolve(left), self.resolve(right))) in self.distinct
