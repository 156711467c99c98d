"""Same event or two: a body by several names, a suit in several places, a bill in several forms."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.cluster_score import pairs, score, told_keys
from bench.labelled import shipped_detector
from monitor.domain.vocabulary import Direction, DocumentKind, Tier
from monitor.domain.vocabulary import EventType as E
from monitor.domain.vocabulary import Stage as S
from monitor.resolve.agency import agency_key, jail_of_sheriff, same_state_body, state_body
from monitor.resolve.telling import bill_numbers, chamber_of
from monitor.services.detect_file import detected
from tests.tellings import Log, claims, finding, source

PAPER = source("paper")
RADIO = source("radio")
ROSTER = source("roster", Tier.ROSTER)
PAIRS = Path(__file__).resolve().parent.parent / "data" / "identity" / "pairs.yaml"


def events(one: dict[str, object], other: dict[str, object], *days: str) -> int:
    """How many events two outlets tell; both ways round it must be the same number."""
    counts = set()
    told = list(zip((one, other), days, (PAPER, RADIO), strict=True))
    for order in (told, told[::-1]):
        log = Log()
        for slots, day, outlet in order:
            made = finding(**slots)  # type: ignore[arg-type]
            log.check(outlet, day, claims(outlet, made, published=day))
        counts.add(len(log.events))
    (count,) = counts
    return count


def signing(agency: str | None, state: str | None = "VA", **more: object) -> dict[str, object]:
    return {"event_type": E.AGREEMENT_SIGNED, "stage": S.SIGNED, "state": state,
            "agency": agency, **more}  # fmt: skip


@pytest.mark.parametrize(
    ("state", "one", "other"),
    [
        ("VA", "Virginia State Police", "Department of State Police"),
        (
            "WV",
            "West Virginia Division of Corrections and Rehabilitation",
            "Corrections Department",
        ),
        ("OK", "Oklahoma Highway Patrol", "Oklahoma Department of Public Safety"),
        ("LA", "Louisiana National Guard", "Louisiana Military Department"),
        (
            "NE",
            "Nebraska Department of Correctional Services",
            "Nebraska Department of Corrections",
        ),
        ("WY", "Wyoming Highway Patrol", "Wyoming Highway State Patrol"),
        (
            "FL",
            "Florida Highway Patrol",
            "Florida Department of Highway Safety and Motor Vehicles Division of Highway Patrol",
        ),
    ],
)
def test_a_body_of_a_state_is_one_whatever_it_is_called(state: str, one: str, other: str) -> None:
    assert same_state_body(agency_key(state, one), agency_key(state, other))
    days = ("2025-03-05", "2025-03-07")
    assert events(signing(one, state), signing(other, state), *days) == 1


@pytest.mark.parametrize(
    ("state", "one", "other"),
    [
        ("FL", "Florida Highway Patrol", "Florida Department of Law Enforcement"),
        ("FL", "Florida National Guard", "Florida State Guard"),
        ("FL", "Florida Department of Corrections", "Orange County Corrections Department"),
        ("FL", "Jupiter Island Department of Public Safety", "Florida Highway Patrol"),
        ("TN", "Tennessee Highway Patrol", "Tennessee Department of Correction"),
        ("KS", "Kansas Bureau of Investigation", "Kansas Highway Patrol"),
        ("LA", "Louisiana State Police", "Department of Public Safety and Corrections"),
        ("GA", "Georgia Department of Juvenile Justice", "Georgia Department of Corrections"),
    ],
)
def test_two_bodies_of_a_state_are_two(state: str, one: str, other: str) -> None:
    assert not same_state_body(agency_key(state, one), agency_key(state, other))
    days = ("2025-03-05", "2025-03-05")
    assert events(signing(one, state), signing(other, state), *days) == 2


def test_a_body_is_of_its_state_and_of_no_town() -> None:
    assert state_body(agency_key("AK", "Alaska Department of Corrections")) == "corrections"
    assert not state_body(agency_key("FL", "Miami-Dade Corrections and Rehabilitation"))
    patrol = signing("Highway Patrol", "TX", place="Jupiter")
    office = signing("Department of Public Safety", "TX", place="Jupiter")
    assert events(patrol, office, "2025-03-05", "2025-03-05") == 2


def test_one_document_that_names_both_tells_of_two_bodies() -> None:
    log = Log()
    told = [
        finding(**signing(name, "OK"))  # type: ignore[arg-type]
        for name in ("Oklahoma Highway Patrol", "Oklahoma Department of Public Safety")
    ]
    log.check(PAPER, "2025-03-05", claims(PAPER, *told, published="2025-03-05"))
    assert len(log.events) == 2


def test_a_county_jail_is_its_sheriffs_where_sheriffs_run_jails() -> None:
    days = ("2025-03-05", "2025-03-07")
    assert (
        events(signing("Floyd County Jail"), signing("Floyd County Sheriff's Office"), *days) == 1
    )
    apart = (signing("Floyd County Detention Center", "KY"), signing("Floyd County Sheriff", "KY"))
    assert events(*apart, *days) == 2
    department = signing("Orange County Corrections Department", "FL")
    assert events(department, signing("Orange County Sheriff's Office", "FL"), *days) == 2
    other = signing("Boyd County Sheriff's Office")
    assert events(signing("Floyd County Jail"), other, *days) == 2
    assert not jail_of_sheriff(agency_key("VA", "Floyd County Jail"), agency_key("VA", "Sheriff"))


def test_a_jail_that_a_roster_lists_is_an_agency_of_its_own() -> None:
    log = Log()
    row = finding(**signing("Floyd County Jail", attributes=(("row", "3"),)))  # type: ignore[arg-type]
    log.check(
        ROSTER, "2025-03-05",
        claims(ROSTER, row, published="2025-03-05", kind=DocumentKind.TABLE),
    )  # fmt: skip
    press = finding(**signing("Floyd County Sheriff's Office"))  # type: ignore[arg-type]
    log.check(PAPER, "2025-03-06", claims(PAPER, press, published="2025-03-06"))
    assert len(log.events) == 2


def passed(chamber: str, **more: object) -> dict[str, object]:
    return {"event_type": E.STATE_LIMIT_PASSED, "stage": S.PASSED_ONE_CHAMBER, "state": "NM",
            "bill": "HB 9", "quote": f"The {chamber} passed it.", **more}  # fmt: skip


def test_a_bill_passes_each_chamber_once() -> None:
    days = ("2026-01-30", "2026-02-03")
    assert events(passed("House"), passed("Senate"), *days) == 2
    assert events(passed("House"), passed("Assembly"), *days) == 1
    assert events(passed("House"), passed("chamber"), *days) == 1


def test_a_telling_without_the_chamber_does_not_hide_which_one_it_was() -> None:
    log = Log()
    for outlet, chamber in ((PAPER, "chamber"), (RADIO, "House"), (source("web"), "Senate")):
        told = finding(**passed(chamber))  # type: ignore[arg-type]
        log.check(outlet, "2026-01-30", claims(outlet, told, published="2026-01-30"))
    assert len(log.events) == 2


@pytest.mark.parametrize(
    ("sentence", "chamber"),
    [
        ("The Senate voted 24-15 to pass HB 9, which previously cleared the House.", "upper"),
        ("SB 276 passed the House 41-22 and returns to the Senate.", "lower"),
        ("The bill now heads to the House after passing the Senate.", ""),
        ("House Bill 1441 passed the Senate on Tuesday.", "upper"),
        ("The House of Delegates approved the measure.", "lower"),
        ("The White House praised what the Senate passed.", "upper"),
        ("The General Assembly passed the bill.", ""),
        ("Lawmakers passed the bill.", ""),
        ("The Assembly sent AB 5 to the Senate.", "lower"),
    ],
)
def test_the_chamber_that_acts(sentence: str, chamber: str) -> None:
    assert chamber_of(sentence) == chamber


@pytest.mark.parametrize(
    ("state", "one", "other"),
    [
        ("MN", "HF 1450", "HB 1450"),
        ("IA", "S.F. 481", "SB 481"),
        ("UT", "HB 0226", "HB 226"),
        ("NY", "S 2235-A", "S.2235"),
        ("NY", "S.2235A/A.3506A", "AB 3506"),
    ],
)
def test_spellings_of_one_bill(state: str, one: str, other: str) -> None:
    assert bill_numbers(one, state) & bill_numbers(other, state)


@pytest.mark.parametrize(
    ("state", "one", "other"),
    [
        ("MN", "HF 1450", "SF 1450"),
        ("FL", "SB 2-C", "SB 2"),
        ("MD", "HB 10", "HB 100"),
        ("NY", "S 2235-A", "A 2235-A"),
    ],
)
def test_numbers_of_two_bills(state: str, one: str, other: str) -> None:
    assert not bill_numbers(one, state) & bill_numbers(other, state)


def ruling(state: str = "IL", **more: object) -> dict[str, object]:
    return {"event_type": E.COURT_RULING, "stage": S.DISMISSED, "state": state,
            "direction": Direction.MIXED, **more}  # fmt: skip


def suit(**more: object) -> dict[str, object]:
    return {"event_type": E.LAWSUIT_FILED, "stage": S.FILED, "state": "MA",
            "direction": Direction.MIXED, **more}  # fmt: skip


def test_one_ruling_is_told_of_each_place_that_it_concerns() -> None:
    days = ("2025-07-25", "2025-07-26")
    city = ruling(place="Chicago", agency="Chicago Police Department")
    assert events(city, ruling(), *days) == 1
    assert events(city, ruling(county="17031"), *days) == 1
    assert events(city, ruling(place="Chicago"), *days) == 1
    assert events(city, ruling(place="Evanston"), "2025-07-25", "2025-07-30") == 2
    assert events(city, ruling(), "2025-07-25", "2025-08-20") == 2
    assert events(city, ruling("WI", place="Madison"), *days) == 2


def test_suits_of_two_cities_are_two() -> None:
    days = ("2025-09-04", "2025-09-05")
    assert events(suit(place="Boston"), suit(place="Somerville"), *days) == 2
    assert events(suit(place="Boston"), suit(), *days) == 1
    assert events(suit(place="Boston"), suit(occurred="2025-09"), *days) == 2


def test_a_citys_policy_is_told_of_its_jail_and_of_its_police() -> None:
    policy: dict[str, object] = {
        "event_type": E.DETAINER_POLICY_CHANGE,
        "stage": S.RESUMED_HONORING,
        "state": "KY",
        "place": "Louisville",
    }
    police = policy | {"agency": "Louisville Police Department"}
    jail = policy | {"agency": "Louisville Metro Department of Corrections"}
    assert events(police, jail, "2025-07-22", "2025-07-23") == 1
    sheriff = policy | {"agency": "Jefferson County Sheriff's Office"}
    assert events(police, sheriff, "2025-07-22", "2025-07-23") == 2


def test_a_telling_of_the_state_alone_goes_to_the_agency_that_most_tell_of() -> None:
    log = Log()
    bodies = ("West Virginia National Guard", "West Virginia State Police")
    both = [finding(**signing(name, "WV")) for name in bodies]  # type: ignore[arg-type]
    log.check(PAPER, "2025-08-13", claims(PAPER, *both, published="2025-08-13"))
    again = finding(**signing("State Police", "WV"))  # type: ignore[arg-type]
    log.check(RADIO, "2025-08-13", claims(RADIO, again, published="2025-08-13"))
    vague = finding(**signing(None, "WV"))  # type: ignore[arg-type]
    web = source("web")
    log.check(web, "2025-08-14", claims(web, vague, published="2025-08-14"))
    told = {event.agency: len(event.evidence) for event in log.events.values()}
    assert told == {"West Virginia National Guard": 1, "West Virginia State Police": 3}


def order(state: str | None, day: str = "2026-02-04", **more: object) -> dict[str, object]:
    return {"event_type": E.AGREEMENT_TERMINATED, "stage": S.ORDERED, "state": state,
            "occurred": day, "direction": Direction.AWAY, **more}  # fmt: skip


def test_a_governors_order_told_without_the_state_is_known_by_its_day() -> None:
    days = ("2026-02-05", "2026-02-05")
    police = order("VA", agency="Virginia State Police", stage=S.TERMINATED)
    assert events(police, order(None), *days) == 1
    assert events(order("VA"), order(None), *days) == 1
    assert events(police, order(None, "2026-02-03"), *days) == 2
    assert events(police, order(None, stage=S.TERMINATED), *days) == 2
    assert events(order("VA", place="Norfolk"), order(None), *days) == 2
    assert events(signing("Virginia State Police", occurred="2026-02-04"),
                  signing(None, None, occurred="2026-02-04"), *days) == 2  # fmt: skip


def test_an_order_without_a_state_is_nobodys_where_two_states_gave_one_that_day() -> None:
    log = Log()
    for outlet, state in ((PAPER, "VA"), (RADIO, "MD"), (source("web"), None)):
        told = finding(**order(state))  # type: ignore[arg-type]
        log.check(outlet, "2026-02-05", claims(outlet, told, published="2026-02-05"))
    assert len(log.events) == 3


def test_two_signings_of_nobody_in_no_state_are_not_one() -> None:
    one = signing(None, None)
    assert events(one, one, "2026-02-05", "2026-02-05") == 2


def repeal(**more: object) -> dict[str, object]:
    return {"event_type": E.SANCTUARY_REPEALED, "stage": S.REPEALED, "state": "MI", **more}


def test_a_local_policy_told_of_its_state_is_that_of_the_one_place_that_fits() -> None:
    days = ("2017-04-13", "2017-04-14")
    assert events(repeal(place="Flint"), repeal(), *days) == 1
    assert events(repeal(place="Flint"), repeal(), "2017-04-13", "2017-05-20") == 2
    assert events(repeal(place="Flint"), repeal(state="OH"), *days) == 2
    assert events(repeal(place="Flint"), repeal(agency="Michigan State Police"), *days) == 2
    log = Log()
    for outlet, place in ((PAPER, "Flint"), (RADIO, "Jackson"), (source("web"), None)):
        told = finding(**repeal(place=place))  # type: ignore[arg-type]
        log.check(outlet, "2017-04-14", claims(outlet, told, published="2017-04-14"))
    assert len(log.events) == 3


def test_a_sheriff_is_one_with_and_without_the_word_county() -> None:
    days = ("2025-03-05", "2025-03-07")
    named = (signing("Salem Sheriff's Office", "NJ"), signing("Salem County Sheriff", "NJ"))
    assert events(*named, *days) == 1
    city = (signing("Roanoke Sheriff's Office"), signing("Roanoke County Sheriff's Office"))
    assert events(*city, *days) == 2  # Virginia's cities have sheriffs of their own
    other = (signing("Smith Sheriff's Office", "TX"), signing("Deaf Smith County SO", "TX"))
    assert events(*other, *days) == 2


def test_a_towns_policy_is_not_its_sheriffs() -> None:
    town = repeal(state="NM", place="Santa Fe")
    sheriff = repeal(state="NM", agency="Santa Fe County Sheriff's Office", county="35049")
    assert events(town, sheriff, "2025-02-13", "2025-02-14") == 2


def law(**more: object) -> dict[str, object]:
    return {"event_type": E.STATE_MANDATE_BLOCKED, "stage": S.DIED, "state": "WY", **more}


def test_two_stated_days_tell_two_laws_without_a_number_apart() -> None:
    days = ("2025-02-25", "2025-02-28")
    one = law(occurred="2025-02-24")
    assert events(one, law(occurred="2025-02-27"), *days) == 2
    assert events(one, law(occurred="2025-02-25"), *days) == 1  # a reporter's Monday or Tuesday
    assert events(one, law(), *days) == 1
    assert events(one | {"bill": "HB 133"}, law(bill="HB 133", occurred="2025-02-27"), *days) == 1


def test_two_measures_of_one_city_in_six_weeks_are_two() -> None:
    measure: dict[str, object] = {
        "event_type": E.SANCTUARY_ADOPTED,
        "stage": S.ADOPTED,
        "state": "IL",
    }
    first = measure | {"place": "Chicago", "occurred": "2025-08-30"}
    assert events(first, measure | {"place": "Chicago"}, "2025-08-30", "2025-10-06") == 2
    assert events(first, measure | {"place": "Chicago"}, "2025-08-30", "2025-09-08") == 1


def test_an_executive_order_is_no_bill_and_one_with_its_number() -> None:
    told = [
        ("Governor issues Executive Order 25-11", "The Montana governor on Monday signed Executive "
         "Order 25-11, which directs all police to enter 287(g) agreements with ICE."),
        ("Governor orders agencies into ICE program", "The Montana governor signed an executive "
         "order Monday requiring law enforcement agencies to sign 287(g) agreements with ICE."),
        ("Governor signs ICE bill", "The Montana governor on Monday signed a bill, replacing an "
         "executive order, that requires sheriffs to sign 287(g) agreements with ICE."),
    ]  # fmt: skip
    rows = (
        {"id": str(n), "url": f"https://x{n}.example/", "title": title, "text": text,
         "published": "2025-03-04", "source_kind": "news"}
        for n, (title, text) in enumerate(told)
    )  # fmt: skip
    lines = detected((json.dumps(row) for row in rows), shipped_detector())
    (one,), (other,), (bill,) = (json.loads(line)["claims"] for line in lines)
    assert one["event_key"] == other["event_key"] != bill["event_key"]


def test_pairs_of_one_event_are_joined_once_both_are_understood_and_those_of_two_never() -> None:
    given, truth = pairs(PAIRS)
    told = told_keys(given, shipped_detector())
    found = score(truth, {}, told)
    assert found.wrong == ()
    assert [(one, other) for one, other, _ in found.missed if told[one] and told[other]] == []
    assert found.recall >= 0.8


def test_a_bill_that_the_file_tells_of_is_known_to_its_other_documents() -> None:
    known = {
        "id": "a", "published": "2025-12-15", "source_kind": "news", "url": "https://a.example/1",
        "title": "Maine bill on ICE becomes law",
        "text": "The Maine governor let LD 1802, which limits police cooperation with ICE, become "
        "law without her signature.",
    }  # fmt: skip
    bare = {
        "id": "b", "published": "2025-12-15", "source_kind": "release", "url": "https://b.example/",
        "title": "Statement on LD 1802",
        "text": "AUGUSTA, Maine - LD 1802 became law today without the governor's signature.",
    }  # fmt: skip

    def answers(*rows: dict[str, str]) -> dict[str, set[str]]:
        lines = detected((json.dumps(row) for row in rows), shipped_detector())
        return {a["id"]: {c["event_key"] for c in a["claims"]} for a in map(json.loads, lines)}

    assert answers(bare) == {"b": set()}
    both = answers(known, bare)
    assert both["a"] and both["a"] == both["b"]
