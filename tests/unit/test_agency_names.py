"""Agency names: what is one name, what is like it, what never is."""

from __future__ import annotations

import pytest

from monitor.detect.ledger.knowledge import parse_aliases
from monitor.domain.errors import ConfigError
from monitor.resolve.agency import AgencyKind, NameRelation, agency_id, agency_key, relation
from tests.rosters import ROOT


@pytest.mark.parametrize(
    ("state", "left", "right"),
    [
        ("FL", "Gulfport PD", "Gulfport Police Department"),
        ("FL", "Gulf County BOCC", "Gulf County Board of County Commissioners"),
        ("FL", "City of Miami Springs Police Department", "Miami Springs Police Dept."),
        ("FL", "Ft. Myers Police Department", "Fort Myers Police Department"),
        ("AK", "Department of Corrections", "Alaska Department of Corrections"),
        ("MT", "MT Dept of Justice", "Montana Department of Justice"),
        ("WI", "Waukesha County Sheriff's Office", "Waukesha County Sheriff’s Department"),
        ("TX", "Liberty Co. Constable Pct 2", "Liberty County Constable Precinct 2"),
        ("FL", "State Attorney, Sixth Judicial Circuit", "State Attorney 6th Judicial Circuit"),
        ("PA", "Highspire Borough Police Department, PA", "Highspire Borough Police Department"),
    ],
)
def test_abbreviations_and_qualifiers_fold(state: str, left: str, right: str) -> None:
    assert agency_key(state, left).key == agency_key(state, right).key
    assert agency_id(state, left) == agency_id(state, right)


@pytest.mark.parametrize(
    ("state", "left", "right", "expected"),
    [
        ("IN", "Green Forks Police Department", "Greens Fork Police Department", "typo"),
        ("TX", "Lampass County Sheriff's Office", "Lampasas County Sheriff's Office", "typo"),
        (
            "PA",
            "Quarryville Police Department",
            "Quarryville Borough Police Department",
            "qualifier",
        ),
        ("WY", "Wyoming Highway State Patrol", "Wyoming State Highway Patrol", "qualifier"),
        ("TX", "Liberty County Constable Precinct 2", "Liberty County Constable Precinct 6", None),
        ("TX", "Bell County Sheriff's Office", "Travis County Sheriff's Office", None),
        ("FL", "Gulf County BOCC", "Pasco County BOCC", None),
        ("TX", "Oak Police Department", "Elm Police Department", None),
    ],
)
def test_relations(state: str, left: str, right: str, expected: str | None) -> None:
    found = relation(agency_key(state, left), agency_key(state, right))
    assert (found.value if found else None) == expected


def test_a_state_in_a_place_name_stays() -> None:
    assert "oklahoma" in agency_key("OK", "Oklahoma County Sheriff's Office").naming
    assert agency_key("TX", "Texas City Police Department").canonical == "texas city police"
    assert agency_key("VA", "Virginia Beach Sheriff's Office").canonical.startswith(
        "virginia beach"
    )


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Polk County Sheriff's Office", AgencyKind.SHERIFF),
        ("University of Florida Police Department", AgencyKind.CAMPUS),
        ("Florida Highway Patrol", AgencyKind.STATE_POLICE),
        ("Greene Township Constable's Office", AgencyKind.CONSTABLE),
        ("Grayson County Detention Center", AgencyKind.CORRECTIONS),
        ("Pinal County Attorney's Office", AgencyKind.PROSECUTOR),
        ("Arkansas National Guard", AgencyKind.GUARD),
    ],
)
def test_kinds(name: str, kind: AgencyKind) -> None:
    assert agency_key("FL", name).kind is kind


def test_the_same_name_in_two_states_is_two_agencies() -> None:
    name = "Franklin County Sheriff's Office"
    assert agency_id("AL", name) != agency_id("PA", name)
    assert relation(agency_key("AL", name), agency_key("AL", name)) is NameRelation.SAME


def test_the_shipped_names_load_and_say_why() -> None:
    text = (ROOT / "monitor/data/agency_aliases.yaml").read_text(encoding="utf-8")
    aliases = parse_aliases(text)
    beach = agency_key("FL", "Melbourne Beach Police Department")
    assert aliases.never_same(beach, agency_key("FL", "Melbourne PD"))
    assert text.count("reason:") == text.count("- state:")


@pytest.mark.parametrize(
    "text",
    [
        "same: [",
        "other: []",
        "same: [{state: PA, names: [a, b]}]",
        "same: [{state: Penn, names: [a, b], reason: x}]",
        "distinct: [{state: PA, names: [a], reason: x}]",
        "distinct: [{state: PA, names: [A PD, A Police Department], reason: x}]",
    ],
)
def test_a_wrong_file_of_names_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_aliases(text)
