"""The gazetteer as place recognition asks it: names in lower case, answers kept."""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

from monitor.resolve.gazetteer import Gazetteer

#: A town's name stands alone when its rank is this high and thrice that of any namesake.
_WELL_KNOWN = 90
#: From this rank on a listed name is a town's, not just a post office's; and a city's.
_A_TOWN, _A_CITY = 20, 38
#: The rank of one post office, and states in which it may stand for a large town.
_POST_OFFICE = 3
_TOWNSHIPS = frozenset(["CT", "MA", "ME", "NH", "NJ", "NY", "PA", "RI", "VT"])
#: How many times the rank of its namesakes a city has that is meant where no state is named.
_FAR_LARGER, _LARGER = 1.8, 1.5
_SMALL_TOWN = 26  #: the rank up to which all namesakes are small towns
#: Names whose answers are kept.
_MOST_ASKED = 50_000


class Names(Protocol):
    """What place recognition asks of a gazetteer; names in lower case."""

    def county_states(self, name: str) -> tuple[tuple[str, str], ...]:
        """(state, county FIPS) of every county of this name."""
        ...

    def place_states(self, name: str) -> tuple[str, ...]:
        """States that have a city, town or village of this name."""
        ...

    def is_listed(self, name: str) -> bool:
        """Whether any state has a city, town or village of this name."""
        ...

    def main_state(self, name: str) -> str | None:
        """The state of a city so well known that its name stands alone in headlines."""
        ...

    def rank(self, name: str) -> int:
        """How large the largest town of this name is, roughly; 0 when none is listed."""
        ...

    def city_county(self, name: str) -> str | None:
        """The state of the one city of this name that is a county too."""
        ...


class GazetteerNames:
    """Answers from one gazetteer; counties are indexed once, towns as they are asked for."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        """Index the counties by bare name."""
        self._gazetteer = gazetteer
        self._counties: dict[str, list[tuple[str, str]]] = {}
        self._cities: dict[str, set[str]] = {}
        for county in gazetteer.counties():
            for name in (county.name, *county.other_names):
                bare = _bare(name.lower())
                rows = self._counties.setdefault(bare, [])
                if (county.state, county.fips) not in rows:
                    rows.append((county.state, county.fips))
            if county.name.lower().endswith(" city"):
                for name in (county.name, county.name[: -len(" city")]):
                    self._cities.setdefault(_spelled(name.lower()), set()).add(county.state)
        self._towns: dict[str, tuple[tuple[str, int], ...]] = {}
        self._fips: dict[tuple[str, str], str | None] = {}
        self._asked: dict[str, tuple[tuple[str, str], ...]] = {}  # of counties, as they were asked

    def county_states(self, name: str) -> tuple[tuple[str, str], ...]:
        """(state, county FIPS) of every county of this name."""
        found = self._asked.get(name)
        if found is None:
            if len(self._asked) > _MOST_ASKED:
                self._asked.clear()
            found = self._asked[name] = tuple(self._counties.get(_spelled(name), ()))
        return found

    def place_states(self, name: str) -> tuple[str, ...]:
        """States that have a town of this name, the heaviest first."""
        return tuple([state for state, _ in self._town(name)])

    def is_listed(self, name: str) -> bool:
        """Whether any state has a town of this name."""
        return bool(self._town(name))

    def main_state(self, name: str) -> str | None:
        """The state of a city whose name stands alone."""
        towns = () if name in _MEANS_MORE else self._town(name)
        if not towns or towns[0][1] < _WELL_KNOWN:
            return None
        second = towns[1][1] if len(towns) > 1 else 0
        return towns[0][0] if towns[0][1] >= 3 * second else None

    def rank(self, name: str) -> int:
        """How large the largest town of this name is, roughly; 0 when none is listed."""
        towns = self._town(name)
        return towns[0][1] if towns else 0

    def town_states(self, name: str) -> tuple[str, ...]:
        """States that have a town of this name; where none has, those of its post offices."""
        towns = self._town(name)
        large = tuple(state for state, rank in towns if rank >= _A_TOWN)
        return large or tuple(state for state, _ in towns)

    def likely_state(self, name: str) -> str | None:
        """The state of the one town of this name beside post offices, or of the far largest."""
        towns = () if name in _MEANS_MORE else self._town(name)
        if not towns or towns[0][1] < _A_TOWN:
            return None
        second = max((_as_town(state, rank) for state, rank in towns[1:]), default=0)
        larger = _FAR_LARGER if second > _SMALL_TOWN else _LARGER
        far_largest = towns[0][1] >= max(_A_CITY, larger * second)
        return towns[0][0] if second < _A_TOWN or far_largest else None

    def city_county(self, name: str) -> str | None:
        """The state of the one city of this name that is a county too, with a sheriff of its own.

        Among them are Virginia's independent cities, Carson City and Baltimore.
        """
        states = self._cities.get(_spelled(name), set())
        return next(iter(states)) if len(states) == 1 else None

    def fips(self, state: str, name: str) -> str | None:
        """The FIPS code of a county by its name in a state; None when two are meant."""
        if (state, name) not in self._fips:
            if len(self._fips) > _MOST_ASKED:
                self._fips.clear()
            self._fips[state, name] = self._fips_of(state, name)
        return self._fips[state, name]

    def _fips_of(self, state: str, name: str) -> str | None:
        found = [fips for code, fips in self.county_states(_bare(name.lower())) if code == state]
        if len(found) == 1:
            return found[0]
        county = self._gazetteer.county(state, name)
        return county.fips if county is not None else None

    def _town(self, name: str) -> tuple[tuple[str, int], ...]:
        found = self._towns.get(name)
        if found is None:
            if len(self._towns) > _MOST_ASKED:
                self._towns.clear()
            places = self._gazetteer.places(name)
            found = self._towns[name] = tuple((place.state, place.weight) for place in places)
        return found


#: Names that also stand for a state or for the federal government, or for towns as large as the
#: seat of a county that lists put first (Windsor of Connecticut, of Colorado).
_MEANS_MORE = frozenset({"washington", "new york", "windsor"})


@lru_cache(maxsize=4)
def names_of(gazetteer: Gazetteer) -> GazetteerNames:
    """The names of a gazetteer, indexed once for it."""
    return GazetteerNames(gazetteer)


_KINDS = (" county", " parish", " borough", " census area", " city", " municipio", " municipality")


def _as_town(state: str, rank: int) -> int:
    """The rank of a name; where towns are parts of counties, lists hold their post offices only."""
    return max(rank, _A_TOWN) if state in _TOWNSHIPS and rank >= _POST_OFFICE else rank


def _bare(name: str) -> str:
    for kind in _KINDS:
        if name.endswith(kind):
            return _spelled(name.removesuffix(kind))
    return _spelled(name)


def _spelled(name: str) -> str:
    words = name.replace(".", "").replace("'", "").split()
    return " ".join("st" if word == "saint" else word for word in words)
