"""States, counties and towns by name, as the workbooks and newspapers write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.resolve.gazetteer import _PREFIX, Gazetteer, _fold_place, _joined, _words

DATA = Path(__file__).parents[2] / "monitor" / "data"


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    return Gazetteer.parse(
        (DATA / "counties.csv").read_text("utf-8"), (DATA / "places.csv").read_text("utf-8")
    )


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("PENNSLYVANIA", "PA"), ("WEST VIRGINA", "WV"), ("Virginia", "VA"), ("tx", "TX"),
        ("Tex.", "TX"), ("N. Carolina", "NC"), ("D.C.", "DC"), ("CNMI", "MP"), ("Guam ", "GU"),
        ("Kansas", "KS"), ("Arkanas", "AR"), ("Missisippi", "MS"), ("District of Columbia", "DC"),
        ("Commonwealth of Virginia", "VA"), ("XX", None), ("", None), ("Ontario", None),
        ("Carolina", None),
    ],
)  # fmt: skip
def test_states(gazetteer: Gazetteer, written: str, code: str | None) -> None:
    assert gazetteer.state_code(written) == code


@pytest.mark.parametrize(
    ("state", "written", "fips"),
    [
        ("FL", "Flager", "12035"), ("AR", "Pulaksi", "05119"), ("FL", "Lake Conty", "12069"),
        ("LA", "LaSalle Parish", "22059"), ("FL", "De Soto", "12027"), ("TX", "De Witt", "48123"),
        ("VA", "Richmond city", "51760"), ("VA", "Richmond County", "51159"),
        ("VA", "City of Richmond", "51760"), ("VA", "Richmond", "51159"),
        ("VA", "Hopewell County", "51670"), ("VA", "James City County", "51095"),
        ("VA", "Charles City", "51036"), ("MO", "Saint Louis City", "29510"),
        ("MO", "St. Louis", "29189"), ("MD", "Prince George’s", "24033"), ("FL", "Dade", "12086"),
        ("SD", "Shannon", "46102"), ("VA", "Bedford city", "51019"), ("NM", "Dona Ana", "35013"),
        ("AK", "Municipality of Anchorage", "02020"), ("AK", "Chugach", "02063"),
        ("CT", "Fairfield County", "09001"), ("CT", "Capitol Planning Region", "09110"),
        ("DC", "Washington", "11001"), ("GU", "Guam", "66010"), ("NY", "New York", "36061"),
        ("LA", "St John the Baptist", "22095"),
    ],
)  # fmt: skip
def test_counties(gazetteer: Gazetteer, state: str, written: str, fips: str) -> None:
    county = gazetteer.county(state, written)
    assert county is not None
    assert (county.fips, county.state) == (fips, state)


@pytest.mark.parametrize(
    ("state", "written"),
    [
        ("AR", "Bowie County"), ("LA", "German Coast County"), ("LA", "Chalmette Parish"),
        ("TX", "N/A"), ("MO", "North County"), ("TX", ""), ("ZZ", "Lake"), ("TX", "County"),
    ],
)  # fmt: skip
def test_no_guess_for_what_is_not_a_county_there(
    gazetteer: Gazetteer, state: str, written: str
) -> None:
    assert gazetteer.county(state, written) is None


def test_every_county_finds_itself_by_its_official_name(gazetteer: Gazetteer) -> None:
    counties = gazetteer.counties()
    assert len(counties) > 3200
    for county in counties:
        assert gazetteer.county(county.state, county.name) == county


def test_former_codes_stay_readable(gazetteer: Gazetteer) -> None:
    former = gazetteer.county_by_fips("46113")
    assert former is not None
    assert former.former
    assert former.successor == "46102"


def test_places_and_their_counties(gazetteer: Gazetteer) -> None:
    doral = gazetteer.place("FL", "City of Doral")
    worth = gazetteer.place("TX", "Ft. Worth")
    assert doral is not None and doral.counties == ("12086",)
    assert worth is not None and worth.counties[0] == "48439"
    assert gazetteer.place("TX", "Nowhere Ville") is None
    assert {place.state for place in gazetteer.places("Texarkana")} >= {"TX", "AR"}


def test_near_and_names_for_filters(gazetteer: Gazetteer) -> None:
    around = [county.name for county in gazetteer.near("48113", 60)]
    assert around[0] == "Dallas County"
    assert {"Rockwall County", "Tarrant County"} <= set(around)
    assert [c.fips for c in gazetteer.near("Dallas, TX", 1)][:1] == ["48113"]
    assert gazetteer.near("Atlantis, TX", 50) == ()
    assert gazetteer.find_counties("Dallas, Texas") == ("48113",)
    assert gazetteer.find_counties("TX/Dallas County") == ("48113",)
    assert len(gazetteer.find_counties("Dallas")) == 5


def test_towns_fold_the_same_by_the_short_way() -> None:
    names = [
        line.partition(",")[0].strip('"')
        for line in (DATA / "places.csv").read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    names += ["Town of Islip", "of", "Saint  Paul", "Mount Airy", "City of Fort Worth"]
    long_way = [_joined(_PREFIX.sub(r"\2", _words(name))) for name in names]
    assert [_fold_place(name) for name in names] == long_way
