"""When two rows cannot be one agency: real places of different names, or of one name twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from monitor.detect.ledger.normalise import words
from monitor.domain.roster import RosterRow
from monitor.resolve.agency import AgencyKind, agency_key

#: Bodies that are named after a town, of which a state can have several of one name.
_TOWN_BODIES = frozenset({AgencyKind.POLICE, AgencyKind.CONSTABLE, AgencyKind.MARSHAL})
_COUNTY_WORDS = frozenset({"county", "parish", "borough", "city", "municipality", "district"})


def county_words(text: str | None) -> str:
    """A county's own words without what sort of unit it is."""
    return " ".join(word for word in words(text or "").split() if word not in _COUNTY_WORDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Judgements about places; `is_place(state, name)` says whether a town of that name exists."""

    is_place: Callable[[str, str], bool] = lambda state, name: False

    def same_county(self, left: RosterRow, right: RosterRow) -> bool:
        """Both print a county, and it is one."""
        if left.county_fips and right.county_fips:
            return left.county_fips == right.county_fips
        mine, theirs = county_words(left.county), county_words(right.county)
        return bool(mine) and mine == theirs

    def one_place(self, left: RosterRow, right: RosterRow) -> bool:
        """False only where rows of one name are two towns: different counties, different dates.

        A changed county on a row that keeps its date is a correction; a sheriff's name carries
        its county, so the printed one cannot make it another agency.
        """
        if left.signed == right.signed or not (left.county_fips and right.county_fips):
            return True
        key = agency_key(left.state, left.agency)
        if key.kind not in _TOWN_BODIES or "county" in key.canonical.split():
            return True
        return left.county_fips == right.county_fips

    def two_places(self, left: RosterRow, right: RosterRow) -> bool:
        """True where both names are right names of different places of the state.

        Each agrees with its own printed county and the counties differ, or both are names of
        existing towns: then a small difference is no typing error.
        """
        if left.county_fips and right.county_fips and left.county_fips != right.county_fips:
            return _names_own_county(left) and _names_own_county(right)
        mine, theirs = _town(left), _town(right)
        if not mine or not theirs or mine == theirs:
            return False
        return self.is_place(left.state, mine) and self.is_place(right.state, theirs)


def _names_own_county(row: RosterRow) -> bool:
    own = county_words(row.county)
    return bool(own) and own in agency_key(row.state, row.agency).strict


def _town(row: RosterRow) -> str:
    """The words before "police" of a town's police, else nothing."""
    key = agency_key(row.state, row.agency)
    if key.kind is not AgencyKind.POLICE or " police" not in key.canonical:
        return ""
    return key.canonical.split(" police", 1)[0]
