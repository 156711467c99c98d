"""States, counties and towns of the United States by name, however written, and by position.

Built from two tables that ship with the package (bench/make_gazetteer.py says where their facts
come from). A name resolves exactly, else to the one name within a small edit distance, else to
nothing: a guess between two names is never made.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt

from rapidfuzz.distance import OSA

from monitor.domain.filter_text import search_tokens
from monitor.domain.states import STATES


@dataclass(frozen=True, slots=True, kw_only=True)
class County:
    """A county or equivalent; `fips` five digits, degrees; `former`: the code is no longer used."""

    fips: str
    state: str
    name: str  #: official, e.g. "Dallas County", "Richmond city"
    lat: float | None = None
    lon: float | None = None
    other_names: tuple[str, ...] = ()
    former: bool = False
    successor: str | None = None  #: FIPS of what took its place, where that is one county


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A town or post office; `counties` are FIPS, likeliest first; `weight` is a rough rank."""

    name: str
    state: str
    counties: tuple[str, ...]
    lat: float
    lon: float
    weight: int = 0


_STATE_WORDS = {
    "ala": "AL", "ariz": "AZ", "ark": "AR", "calif": "CA", "colo": "CO", "conn": "CT", "del": "DE",
    "fla": "FL", "ill": "IL", "ind": "IN", "kan": "KS", "kans": "KS", "la": "LA", "mass": "MA",
    "mich": "MI", "minn": "MN", "miss": "MS", "mont": "MT", "neb": "NE", "nebr": "NE", "nev": "NV",
    "okla": "OK", "ore": "OR", "penn": "PA", "penna": "PA", "tenn": "TN", "tex": "TX", "wash": "WA",
    "wis": "WI", "wisc": "WI", "wyo": "WY", "d c": "DC", "washington dc": "DC",
    "washington d c": "DC", "n carolina": "NC", "s carolina": "SC", "n dakota": "ND",
    "s dakota": "SD", "w virginia": "WV", "n mexico": "NM", "w va": "WV", "cnmi": "MP",
    "commonwealth of the northern mariana islands": "MP", "virgin islands": "VI",
    "us virgin islands": "VI", "u s virgin islands": "VI", "usvi": "VI",
}  # fmt: skip
_STATE_PREFIX = re.compile(r"^(?:(?:the )?(?:commonwealth|state|territory) of )")
_KINDS = (
    "city and borough", "consolidated municipality", "census area", "planning region", "county",
    "counties", "parish", "borough", "municipality", "municipio", "district", "island", "co",
    "city",
)  # fmt: skip
_KIND = re.compile(rf"^(.+?) (?:{'|'.join(_KINDS)})$")
_PREFIX = re.compile(
    r"^(?:the )?(city and county|city and borough|city|town|village|borough|township|county|parish"
    r"|municipality) of (.+)$"
)
_SPELLED = {"saint": "st", "sainte": "ste", "fort": "ft", "mount": "mt", "mountain": "mtn"}
_PLAIN_NAME = re.compile(r"[A-Za-z]+(?: [A-Za-z]+){0,5}")
_EARTH_KM = 6371.0088


def _words(text: str) -> str:
    return " ".join(_SPELLED.get(word, word) for word in search_tokens(text.replace("&", " and ")))


def _joined(words: str) -> str:
    return words.replace(" ", "")


def _bare(words: str) -> str:
    """The name without its kind: "dallas county" -> "dallas"."""
    match = _KIND.match(words)
    return match[1] if match else words


def _fold_place(text: str) -> str:
    if _PLAIN_NAME.fullmatch(text):  # nine of ten towns, at a fifth of the cost
        words = text.lower().split(" ")
        if "of" not in words:
            return "".join(_SPELLED.get(word, word) for word in words)
    return _joined(_PREFIX.sub(r"\2", _words(text)))


def _nearest(key: str, known: Iterable[str]) -> str | None:
    """The one known key within the distance that its length allows; None when tied or far.

    Up to 5 letters one edit, from 6 on two (optimal string alignment); same first letter and
    equal digits, because "Worth" is not "North" and "District 4" is not "District 5".
    """
    bound = 1 if len(key) <= 5 else 2
    if len(key) < 4:
        return None
    best: list[str] = []
    for other in known:
        if other[:1] != key[:1] or abs(len(other) - len(key)) > bound or _digits(other, key):
            continue
        distance = OSA.distance(key, other, score_cutoff=bound)
        if distance < bound or (distance == bound and not best):
            best = [other] if distance < bound else [*best, other]
            bound = min(bound, distance)
        elif distance == bound:
            best.append(other)
    return best[0] if len(best) == 1 else None


def _digits(one: str, other: str) -> bool:
    return re.findall(r"\d", one) != re.findall(r"\d", other)


def distance_km(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    """Great-circle distance (haversine)."""
    up, across = radians(lat_b - lat_a) / 2, radians(lon_b - lon_a) / 2
    inner = sin(up) ** 2 + cos(radians(lat_a)) * cos(radians(lat_b)) * sin(across) ** 2
    return 2 * _EARTH_KM * asin(sqrt(min(1.0, inner)))


class Gazetteer:
    """All lookups; answers never change once built (the index of towns fills as it is asked)."""

    def __init__(self, counties: Iterable[County], places: Iterable[Sequence[str]]) -> None:
        """Index the counties; rows of places.csv are indexed a state at a time, when asked.

        Use `parse` to build one from the package's data.
        """
        self._counties: Mapping[str, County] = {county.fips: county for county in counties}
        self._full: dict[str, dict[str, list[County]]] = defaultdict(lambda: defaultdict(list))
        self._short: dict[str, dict[str, list[County]]] = defaultdict(lambda: defaultdict(list))
        for county in self._counties.values():
            self._index(county)
        # Kept as one string a row: tens of thousands of small lists cost ten times as much memory.
        self._rows: dict[str, list[str]] = defaultdict(list)
        for row in places:
            self._rows[row[1]].append("\t".join(row))
        self._places: dict[str, dict[str, str]] = {}  # state -> folded name -> its row
        self._states = {_words(name): code for code, name in STATES.items()}

    @classmethod
    def parse(cls, counties_csv: str, places_csv: str) -> Gazetteer:
        """From the text of data/counties.csv and data/places.csv ("#" lines are comments).

        Raises ValueError or KeyError for a table of another shape: the package is then broken.
        """
        counties = [
            County(
                fips=row["fips"],
                state=row["state"],
                name=row["name"],
                lat=float(row["lat"]) if row["lat"] else None,
                lon=float(row["lon"]) if row["lon"] else None,
                other_names=tuple(filter(None, row["other_names"].split(";"))),
                former=row["status"].startswith("former:"),
                successor=row["status"].removeprefix("former:") or None,
            )
            for row in csv.DictReader(_lines(counties_csv))
        ]
        rows = csv.reader(_lines(places_csv))
        if next(rows) != ["name", "state", "counties", "lat", "lon", "weight"]:
            raise ValueError("places.csv has other columns than this version reads")
        return cls(counties, rows)

    def state_code(self, text: str) -> str | None:
        """Two letters for a code, a name, an abbreviation or a near misspelling of a name."""
        code = text.strip().upper()
        if code in STATES:
            return code
        words = _STATE_PREFIX.sub("", " ".join(search_tokens(text)))
        if _joined(words).upper() in STATES and len(words) <= 3:
            return _joined(words).upper()
        if words in _STATE_WORDS:
            return _STATE_WORDS[words]
        if words in self._states:
            return self._states[words]
        near = _nearest(words, self._states)
        return self._states[near] if near else None

    def state_name(self, code: str) -> str:
        """The name of a state code. Raises KeyError for an unknown one."""
        return STATES[code]

    def county_by_fips(self, fips: str) -> County | None:
        """The county of a code, former ones included."""
        return self._counties.get(fips)

    def counties(self, state: str | None = None) -> tuple[County, ...]:
        """Counties in use, by FIPS; of one state or of all."""
        return tuple(
            county
            for county in self._counties.values()
            if not county.former and state in (None, county.state)
        )

    def county(self, state: str, text: str) -> County | None:
        """The county of that name in the state, None when there is none or several are meant.

        The kind of the name decides where it is given ("Richmond city" or "Richmond County"); a
        bare name prefers the county. A name no longer used gives its successor.
        """
        words = _PREFIX.sub(r"\2 \1", _words(text))
        full, short = self._full[state], self._short[state]
        whole, bare = _joined(words), _joined(_bare(words))
        for key, table in ((whole, full), (whole, short), (bare, short)):
            if key in table:
                return self._one(table[key])
        near = _nearest(bare, short)
        if near is not None:
            return self._one(short[near])
        near = _nearest(whole, full) if whole == bare else None  # the kind itself is misspelt
        return self._one(full[near]) if near is not None else None

    def counties_named(self, name: str) -> tuple[County, ...]:
        """Counties of that name in all states, in use, by FIPS; exact names only."""
        words = _words(name)
        found = {
            county.fips: county
            for state in STATES
            for key, table in ((_joined(words), self._full), (_joined(_bare(words)), self._short))
            for county in table[state].get(key, ())
            if not county.former
        }
        return tuple(found[fips] for fips in sorted(found))

    def place(self, state: str, name: str) -> Place | None:
        """The town of that name in the state, exact up to spelling of Saint, Fort, Mount."""
        row = self._towns(state).get(_fold_place(name))
        return None if row is None else _place(row)

    def places(self, name: str, state: str | None = None) -> tuple[Place, ...]:
        """Towns of that name, the heaviest first."""
        key = _fold_place(name)
        states = tuple(self._rows) if state is None else (state,)
        found = [_place(table[key]) for table in map(self._towns, states) if key in table]
        return tuple(sorted(found, key=lambda place: (-place.weight, place.state)))

    def near(self, where: str, km: float) -> tuple[County, ...]:
        """Counties whose centre lies within `km` of a county (FIPS) or "Name, ST"; nearest first.

        The county itself is always among them. () when the place is not known.
        """
        spot = self._spot(where)
        if spot is None:
            return ()
        lat, lon, own = spot
        found = []
        for county in self.counties():
            if county.lat is None or county.lon is None:
                away = 0.0 if county.fips == own else None
            else:
                away = distance_km(lat, lon, county.lat, county.lon)
            if county.fips == own or (away is not None and away <= km):
                found.append((away or 0.0, county.fips))
        return tuple(self._counties[fips] for _, fips in sorted(found))

    def find_counties(self, text: str) -> tuple[str, ...]:
        """FIPS a person may mean by "Dallas, TX", "TX/Dallas" or "Dallas"; for `county:`."""
        name, _, state = text.rpartition(",")
        if not name and "/" in text:
            state, _, name = text.partition("/")
        code = self.state_code(state) if name else None
        if code is not None:
            county = self.county(code, name)
            return (county.fips,) if county else ()
        return tuple(county.fips for county in self.counties_named(text))

    def _towns(self, state: str) -> dict[str, str]:
        table = self._places.get(state)
        if table is None:
            table = {}
            for row in self._rows.get(state, ()):
                key = _fold_place(row.partition("\t")[0])
                if key not in table or _weight(table[key]) < _weight(row):
                    table[key] = row
            self._places[state] = table
        return table

    def _spot(self, where: str) -> tuple[float, float, str] | None:
        county = self._counties.get(where)
        if county is None:
            name, _, state = where.rpartition(",")
            code = self.state_code(state)
            if code is None or not name:
                return None
            place = self.place(code, name)
            if place is not None and not _KIND.match(_words(name)):
                return place.lat, place.lon, place.counties[0]
            county = self.county(code, name)
        if county is None or county.lat is None or county.lon is None:
            return None
        return county.lat, county.lon, county.fips

    def _index(self, county: County) -> None:
        for name in (county.name, *county.other_names):
            words = _words(name)
            for table, key in ((self._full, words), (self._short, _bare(words))):
                row = table[county.state][_joined(key)]
                if county not in row:
                    row.append(county)

    def _one(self, found: list[County]) -> County | None:
        current = [county for county in found if not county.former]
        if not current:
            successors = {county.successor or county.fips for county in found}
            return self._counties.get(successors.pop()) if len(successors) == 1 else None
        if len(current) == 1:
            return current[0]
        counties = [county for county in current if not county.name.endswith(" city")]
        return counties[0] if len(counties) == 1 else None


def _weight(row: str) -> int:
    return int(row.rpartition("\t")[2])


def _place(row: str) -> Place:
    name, state, counties, lat, lon, weight = row.split("\t")
    return Place(
        name=name,
        state=state,
        counties=tuple(counties.split(";")),
        lat=float(lat),
        lon=float(lon),
        weight=int(weight),
    )


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]
