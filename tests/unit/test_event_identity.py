"""Same event or two: the cases that people would get right."""

from __future__ import annotations

import pytest

from monitor.domain.claim import Finding
from monitor.domain.vocabulary import Direction, DocumentKind, Model, Rung, Tier, Worth
from monitor.domain.vocabulary import EventType as E
from monitor.domain.vocabulary import Stage as S
from tests.tellings import Log, claims, finding, source

PAPER = source("paper")
RADIO = source("radio")
OFFICE = source("sheriff", Tier.OFFICIAL)
ROSTER = source("roster", Tier.ROSTER)
STATUS = source("bills", Tier.AGGREGATOR)


def signed(**slots: object) -> Finding:
    slots = {"state": "TX", "agency": "Hale County Sheriff's Office", **slots}
    return finding(E.AGREEMENT_SIGNED, S.SIGNED, **slots)  # type: ignore[arg-type]


def test_press_release_story_and_row_of_one_signing_are_one_event_that_climbs() -> None:
    log = Log()
    log.check(PAPER, "2025-03-05", claims(PAPER, signed(), published="2025-03-05"))
    log.check(
        OFFICE,
        "2025-03-06",
        claims(
            OFFICE,
            signed(model=Model.TFM, occurred="2025-03-04", county="48189"),
            published="2025-03-04",
            kind=DocumentKind.RELEASE,
        ),
    )
    row = signed(
        agency="Hale County Sheriffs Office",
        model=Model.TFM,
        county="48189",
        occurred="2025-03-12",
        attributes=(("row", "17"),),
    )
    log.check(
        ROSTER,
        "2025-03-14",
        claims(ROSTER, row, published="2025-03-14", kind=DocumentKind.TABLE),
    )
    event = log.only
    assert log.kinds == ["opened", "climbed", "climbed"]
    assert event.status is Rung.ON_ROSTER
    assert event.tier is Tier.ROSTER
    assert len(event.evidence) == 3
    assert event.model is Model.TFM
    assert event.jurisdiction.county == "48189"
    assert str(event.occurred.day) == "2025-03-04"  # the agency's own signature
    assert dict(event.attributes)["signed_by_ice"] == "2025-03-12"
    assert [record.told for record in log.records] == [True, True, True]


def test_a_row_that_comes_first_takes_the_later_story_as_further_evidence() -> None:
    log = Log()
    row = signed(model=Model.WSO, county="48189", occurred="2025-03-12")
    log.check(ROSTER, "2025-03-14", claims(ROSTER, row, published="2025-03-14"))
    log.check(PAPER, "2025-03-20", claims(PAPER, signed(), published="2025-03-20"))
    assert log.kinds == ["opened", "corroborated"]
    assert log.records[1].told is False
    assert log.only.model is Model.WSO


def test_vote_signing_and_end_at_one_place_are_three_linked_events() -> None:
    log = Log()
    vote = finding(
        E.AGREEMENT_SIGNED,
        S.APPROVED_BY_GOVERNING_BODY,
        state="FL",
        agency="Palmetto Police Department",
        place="Palmetto",
        occurred="2025-06-17",
    )
    row = finding(
        E.AGREEMENT_SIGNED,
        S.SIGNED,
        state="FL",
        agency="Palmetto Police Department",
        model=Model.TFM,
        occurred="2025-08-28",
    )
    end = finding(
        E.AGREEMENT_TERMINATED,
        S.TERMINATED,
        state="FL",
        agency="Palmetto Police Department",
        occurred="2025-12-01",
    )
    log.check(PAPER, "2025-06-18", claims(PAPER, vote, published="2025-06-18"))
    log.check(ROSTER, "2025-08-30", claims(ROSTER, row, published="2025-08-30"))
    log.check(PAPER, "2025-12-02", claims(PAPER, end, published="2025-12-02"))
    first, second, third = log.events.values()
    assert second.links == (("follows", first.id),)
    assert third.links == (("follows", second.id),)


def test_one_article_that_tells_vote_and_signing_tells_two_events() -> None:
    log = Log()
    told = [
        finding(E.AGREEMENT_SIGNED, stage, state="FL", place="Palmetto", occurred="2025-06-17")
        for stage in (S.APPROVED_BY_GOVERNING_BODY, S.SIGNED)
    ]
    log.check(PAPER, "2025-06-18", claims(PAPER, *told, published="2025-06-18"))
    assert len(log.events) == 2


def test_two_outlets_with_different_verbs_for_the_same_day_tell_one_event() -> None:
    log = Log()
    for outlet, stage in ((PAPER, S.APPROVED_BY_GOVERNING_BODY), (RADIO, S.SIGNED)):
        told = finding(
            E.AGREEMENT_SIGNED, stage, state="FL", place="Palmetto", occurred="2025-06-17"
        )
        log.check(outlet, "2025-06-18", claims(outlet, told, published="2025-06-18"))
    assert len(log.events) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param({"bill": "SB 81"}, {"bill": "HB 81"}, id="two bills"),
        pytest.param({"state": "GA"}, {"state": "LA"}, id="two states"),
        pytest.param({"occurred": "2025-03-01"}, {"occurred": "2025-05-30"}, id="two months apart"),
        pytest.param(
            {"bill": "SB 8", "occurred": "2024-05-10"},
            {"bill": "SB 8", "occurred": "2025-05-10"},
            id="one number in two sessions",
        ),
    ],
)
def test_laws_that_are_two(one: dict[str, str], other: dict[str, str]) -> None:
    log = Log()
    for outlet, slots in ((PAPER, one), (RADIO, other)):
        told = finding(E.STATE_MANDATE_ENACTED, S.SIGNED_INTO_LAW, **{"state": "GA", **slots})
        day = slots.get("occurred", "2025-05-10")
        log.check(outlet, day, claims(outlet, told, published=day))
    assert len(log.events) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("SB 2-C", "SB2C", id="spelling"),
        pytest.param("HB 444/SB 245", "SB 245", id="cross-filed pair"),
        pytest.param("SB 245", None, id="one story leaves the number out"),
    ],
)
def test_laws_that_are_one(one: str, other: str | None) -> None:
    log = Log()
    for outlet, bill in ((PAPER, one), (RADIO, other)):
        told = finding(E.STATE_LIMIT_ENACTED, S.SIGNED_INTO_LAW, state="MD", bill=bill)
        log.check(outlet, "2025-05-10", claims(outlet, told, published="2025-05-10"))
    assert len(log.events) == 1


def test_two_stages_of_one_bill_are_linked() -> None:
    log = Log()
    house = finding(
        E.STATE_LIMIT_PASSED, S.PASSED_ONE_CHAMBER, state="OR", bill="HB 10", occurred="2025-03-01"
    )
    both = finding(
        E.STATE_LIMIT_PASSED, S.PASSED_BOTH, state="OR", bill="HB 10", occurred="2025-04-01"
    )
    law = finding(
        E.STATE_LIMIT_ENACTED, S.SIGNED_INTO_LAW, state="OR", bill="HB 10", occurred="2025-04-20"
    )
    for told in (house, both, law):
        day = str(told.occurred.day)
        log.check(STATUS, day, claims(STATUS, told, published=day, kind=DocumentKind.BILL))
    first, second, third = log.events.values()
    assert (second.links, third.links) == ((("follows", first.id),), (("follows", second.id),))


def test_bills_of_one_document_are_related() -> None:
    log = Log()
    told = [
        finding(E.STATE_MANDATE_ENACTED, S.SIGNED_INTO_LAW, state="FL", bill=bill)
        for bill in ("SB 2-C", "SB 4-C")
    ]
    log.check(PAPER, "2025-02-13", claims(PAPER, *told, published="2025-02-13"))
    first, second = log.events.values()
    assert second.links == (("related", first.id),)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(
            {"agency": "Baker County Sheriff's Office"},
            {"agency": "Bay County Sheriff's Office"},
            id="names alike",
        ),
        pytest.param(
            {"agency": "Smith County Sheriff's Office"},
            {"agency": "Deaf Smith County Sheriff's Office"},
            id="name within a name",
        ),
        pytest.param(
            {"agency": "Lee County Sheriff's Office", "county": "12071"},
            {"agency": "Lee Police Department", "county": "12071"},
            id="sheriff and police",
        ),
        pytest.param(
            {"agency": "Miami Police Department"},
            {"agency": "Miami Springs Police Department"},
            id="towns alike",
        ),
        pytest.param(
            {"agency": "Washington County Sheriff's Office", "county": "48477"},
            {"agency": "Washington County Sheriff's Office", "county": "48479"},
            id="two counties",
        ),
        pytest.param({"model": Model.JEM}, {"model": Model.TFM}, id="two models"),
        pytest.param(
            {"agency": None, "county": "48189"},
            {"agency": None, "place": "Plainview"},
            id="county and town",
        ),
        pytest.param({"agency": None}, {}, id="a state is not its county"),
    ],
)
def test_signings_that_are_two(one: dict[str, object], other: dict[str, object]) -> None:
    log = Log()
    for outlet, slots in ((PAPER, one), (RADIO, other)):
        told = signed(**slots)
        log.check(outlet, "2025-03-05", claims(outlet, told, published="2025-03-05"))
    assert len(log.events) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(
            {}, {"agency": "Hale County Sheriff\u2019s Department"}, id="office, department"
        ),
        pytest.param({"agency": "Hale County SO"}, {}, id="abbreviation"),
        pytest.param({"agency": None, "county": "48189"}, {"county": "48189"}, id="county only"),
        pytest.param(
            {"agency": None, "place": "Plainview"},
            {"agency": "Plainview Police Department"},
            id="town only",
        ),
        pytest.param({"model": Model.JEM}, {}, id="model left out"),
        pytest.param({"occurred": "2025-03"}, {"occurred": "2025-03-04"}, id="month and day"),
    ],
)
def test_signings_that_are_one(one: dict[str, object], other: dict[str, object]) -> None:
    for first, second in ((one, other), (other, one)):
        log = Log()
        for outlet, slots in ((PAPER, first), (RADIO, second)):
            told = signed(**slots)
            log.check(outlet, "2025-03-05", claims(outlet, told, published="2025-03-05"))
        assert len(log.events) == 1


def test_tellings_join_across_the_border_of_months_and_years() -> None:
    log = Log()
    for outlet, day in ((PAPER, "2025-12-31"), (RADIO, "2026-01-02")):
        told = finding(E.STATE_LIMIT_ENACTED, S.SIGNED_INTO_LAW, state="NJ")
        log.check(outlet, day, claims(outlet, told, published=day))
    assert len(log.events) == 1


def test_a_signing_after_an_end_is_a_new_agreement() -> None:
    log = Log()
    end = finding(
        E.AGREEMENT_TERMINATED,
        S.REMOVED,
        state="TX",
        agency="Hale County Sheriff's Office",
        occurred="2025-04-01",
    )
    for told, day in (
        (signed(occurred="2025-03-12"), "2025-03-14"),
        (end, "2025-04-01"),
        (signed(occurred="2025-04-15"), "2025-04-16"),
    ):
        log.check(ROSTER, day, claims(ROSTER, told, published=day))
    assert log.kinds == ["opened", "opened", "opened"]


def test_a_headline_without_name_joins_the_sentence_with_the_name() -> None:
    log = Log()
    told = (
        finding(E.AGREEMENT_SIGNED, S.SIGNED, state="WV"),
        finding(E.AGREEMENT_SIGNED, S.SIGNED, state="WV", agency="West Virginia State Police"),
        finding(E.AGREEMENT_SIGNED, S.SIGNED, state="WV", agency="West Virginia National Guard"),
    )
    log.check(PAPER, "2025-08-13", claims(PAPER, *told, published="2025-08-13"))
    assert sorted(event.agency or "" for event in log.events.values()) == [
        "West Virginia National Guard",
        "West Virginia State Police",
    ]


def test_rulings_for_and_against_are_two() -> None:
    log = Log()
    for outlet, direction in ((PAPER, Direction.TOWARD), (RADIO, Direction.AWAY)):
        told = finding(E.COURT_RULING, S.RULED, state="PA", county="42017", direction=direction)
        log.check(outlet, "2025-10-15", claims(outlet, told, published="2025-10-15"))
    assert len(log.events) == 2


@pytest.mark.parametrize("stage", [S.STOPPED_HONORING, S.LIMITED_HONORING, S.RESUMED_HONORING])
@pytest.mark.parametrize("plain_first", [True, False])
def test_a_change_told_without_its_direction_joins_the_one_told_with_it(
    stage: S, plain_first: bool
) -> None:
    told = [
        finding(E.DETAINER_POLICY_CHANGE, one, state="OH", county="39049")
        for one in (S.ANNOUNCED, stage)
    ]
    first, second = told if plain_first else told[::-1]
    log = Log()
    log.check(PAPER, "2025-03-05", claims(PAPER, first, published="2025-03-05"))
    log.check(RADIO, "2025-03-06", claims(RADIO, second, published="2025-03-06"))
    assert log.only.event_type is E.DETAINER_POLICY_CHANGE


def test_honoring_that_stopped_and_that_was_resumed_are_two() -> None:
    log = Log()
    for publisher, day, stage in (
        (PAPER, "2025-03-05", S.STOPPED_HONORING),
        (RADIO, "2025-03-09", S.RESUMED_HONORING),
    ):
        told = finding(E.DETAINER_POLICY_CHANGE, stage, state="OH", county="39049")
        log.check(publisher, day, claims(publisher, told, published=day))
    assert len(log.events) == 2


def test_figures_join_by_unit_and_amount() -> None:
    log = Log()
    for outlet, amount, unit in (
        (PAPER, 958, "agreements"),
        (RADIO, 958, "agreements"),
        (OFFICE, 1200, "agreements"),
        (ROSTER, 958, "officers"),
    ):
        told = finding(E.PROGRAM_STATISTIC, S.REPORTED, amount=float(amount), unit=unit)
        log.check(outlet, "2025-09-01", claims(outlet, told, published="2025-09-01"))
    assert len(log.events) == 3


def test_an_edited_article_joins_itself_even_when_it_corrects_its_date() -> None:
    log = Log()
    for revision, day in ((1, "2025-03-01"), (2, "2025-03-21"), (3, "2025-03-21")):
        log.check(
            PAPER,
            "2025-03-22",
            claims(
                PAPER, signed(occurred=day), published="2025-03-22", key="story", revision=revision
            ),
        )
    assert log.kinds == ["opened", "amended"]
    assert log.records[1].changed == (("occurred", "2025-03-01", "2025-03-21"),)
    assert log.records[1].told


def test_two_addresses_of_one_page_are_one_document() -> None:
    log = Log()
    for url in ("https://paper.example/a?utm_source=x", "http://www.paper.example/a/amp/"):
        log.check(PAPER, "2025-03-05", claims(PAPER, signed(), published="2025-03-05", url=url))
    assert log.kinds == ["opened"]


def test_something_to_review_becomes_an_alert_when_a_clear_telling_joins() -> None:
    log = Log()
    weak = signed(worth=Worth.REVIEW)
    log.check(PAPER, "2025-03-05", claims(PAPER, weak, published="2025-03-05"))
    assert not log.records[0].told
    log.check(RADIO, "2025-03-05", claims(RADIO, signed(), published="2025-03-05"))
    assert log.only.worth is Worth.ALERT
    assert (log.kinds[1], log.records[1].told) == ("amended", True)


def _row(outcome: str, stage: S, event_type: E = E.AGREEMENT_MODIFIED, **slots: object) -> Finding:
    return finding(
        event_type,
        stage,
        state="TX",
        agency="Hale County Sheriff's Office",
        agency_id="a1",
        model=Model.TFM,
        attributes=(("agreement_id", "a1 TX TFM"), ("outcome", outcome), ("row", "17")),
        **slots,  # type: ignore[arg-type]
    )


def test_each_outcome_of_a_roster_is_an_event_of_its_own() -> None:
    log = Log()
    for day, outcome in (
        ("2025-03-05", "moa_posted"),
        ("2025-03-06", "renamed"),
        ("2025-03-07", "moa_replaced"),
        ("2025-03-08", "moa_replaced"),
    ):
        told = claims(
            ROSTER,
            _row(outcome, S.AMENDED),
            published=day,
            kind=DocumentKind.TABLE,
            url="https://roster.example/list.xlsx",
            key=day,
        )
        log.check(ROSTER, day, told)
    press = finding(E.AGREEMENT_MODIFIED, S.AMENDED, state="TX", agency="Hale County SO")
    log.check(PAPER, "2025-03-08", claims(PAPER, press, published="2025-03-08"))
    assert len(log.events) == 5


def test_a_row_that_comes_back_supersedes_its_removal() -> None:
    log = Log()
    gone = _row("removed", S.REMOVED, E.AGREEMENT_TERMINATED, occurred="2025-04-01")
    back = _row("restored", S.RESUMED)
    for day, told in (("2025-04-09", gone), ("2025-04-20", back)):
        log.check(ROSTER, day, claims(ROSTER, told, published=day, kind=DocumentKind.TABLE))
    removal, restored = log.events.values()
    assert log.kinds == ["opened", "opened", "superseded"]
    assert removal.status is Rung.SUPERSEDED
    assert removal.links == (("superseded_by", restored.id),)
    assert log.records[2].told


def test_a_corrected_county_does_not_part_an_agency_from_its_history() -> None:
    log = Log()
    first = signed(agency_id="a1", county="48189", occurred="2025-03-01")
    end = finding(
        E.AGREEMENT_TERMINATED,
        S.REMOVED,
        state="TX",
        agency="Hale Co. SO",
        agency_id="a1",
        county="48191",
        occurred="2025-06-01",
    )
    log.check(ROSTER, "2025-03-02", claims(ROSTER, first, published="2025-03-02"))
    log.check(ROSTER, "2025-06-09", claims(ROSTER, end, published="2025-06-09"))
    first_event, second_event = log.events.values()
    assert second_event.links == (("follows", first_event.id),)
