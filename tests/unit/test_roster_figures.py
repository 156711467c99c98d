"""A stated figure beside the roster of its day: contradictions are shown, agreement is silent."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from monitor.detect.document import Document
from monitor.detect.engine import findings
from monitor.detect.statistics import comparable_day, compared, figures
from monitor.domain.claim import Finding
from monitor.domain.moment import StatedDate
from monitor.domain.roster import Agreement, RosterRow, RowState
from monitor.domain.vocabulary import DocumentKind, EventType, Model, Stage
from tests.detection import gazetteer, shipped_pack
from tests.tellings import finding

DAY = date(2025, 9, 1)
SEEN = datetime(2025, 9, 1, tzinfo=UTC)


def agreement(number: int, state: RowState = RowState.ACTIVE) -> Agreement:
    row = RosterRow(
        state="TX" if number % 2 else "FL",
        agency=f"Agency {number // 3}",
        agency_id=str(number // 3),
        county_fips="48001",
        model=Model.TFM if number % 4 else Model.JEM,
    )
    return Agreement(id=str(number), row=row, state=state, first_listed_at=SEEN, last_seen_at=SEEN)


ROSTER = figures([*(agreement(n) for n in range(900)), agreement(900, RowState.ENDED)], DAY)


def stated(amount: float, unit: str = "agreements", **slots: object) -> Finding:
    return finding(
        EventType.PROGRAM_STATISTIC,
        Stage.REPORTED,
        amount=amount,
        unit=unit,
        **slots,  # type: ignore[arg-type]
    )


def test_the_roster_is_counted_in_every_unit() -> None:
    assert (ROSTER.agreements, ROSTER.states) == (900, 2)
    assert ROSTER.by_state == {"FL": 450, "TX": 450}
    assert ROSTER.agencies == sum(ROSTER.state_agencies.values())


def test_a_contradiction_shows_both_numbers() -> None:
    told = compared(stated(1200.0), ROSTER)
    assert told.note == "says 1,200 agreements; the roster of 2025-09-01 lists 900 (-300)"
    assert ("contradiction", "roster") in told.attributes


@pytest.mark.parametrize(
    "told",
    [
        stated(900.0),
        stated(910.0),
        stated(800.0, quote="more than 800 agreements"),
        stated(930.0, quote="nearly 930 agreements"),
        stated(2.0, "states"),
        stated(450.0, state="TX"),
    ],
)
def test_what_agrees_is_compared_and_left_without_a_note(told: Finding) -> None:
    after = compared(told, ROSTER)
    assert after.note == ""
    assert ("roster_day", "2025-09-01") in after.attributes


@pytest.mark.parametrize(
    "told",
    [
        stated(1000.0, quote="more than 1,000 agreements"),
        stated(600.0, state="TX"),
        stated(300.0, model=Model.JEM),
        stated(40.0, "states"),
    ],
)
def test_what_the_roster_contradicts(told: Finding) -> None:
    assert "roster" in compared(told, ROSTER).note


@pytest.mark.parametrize(
    "told",
    [
        stated(5000.0, "officers"),
        stated(5000.0, "detainers"),
        stated(12.0, county="48001", state="TX"),
        finding(EventType.AGREEMENT_SIGNED, Stage.SIGNED, amount=12.0, unit="agreements"),
    ],
)
def test_what_the_roster_cannot_count_is_left_alone(told: Finding) -> None:
    assert compared(told, ROSTER) == told


def test_without_a_roster_nothing_is_said() -> None:
    told = stated(12.0)
    assert compared(told, None) == told


def test_the_day_is_the_stated_one_or_that_of_publication() -> None:
    assert comparable_day(stated(1.0, occurred="2025-08-30"), DAY) == date(2025, 8, 30)
    assert comparable_day(stated(1.0, occurred="2025-08"), DAY) is None
    assert comparable_day(stated(1.0), DAY) == DAY


def test_totals_printed_by_model_are_held_against_their_model() -> None:
    """As ICE's program page prints them: one line with the whole, one with the models."""
    document = Document(
        id="page",
        url="https://agency.example/287g",
        title="Delegation of authority under section 287(g)",
        published=StatedDate(day=DAY),
        kind=DocumentKind.PAGE,
        text=(
            "As of September 1, 2025, ICE has signed 900 memoranda of agreement for 287(g) "
            "programs in 2 states. ICE has also signed 225 MOAs for JEM programs in 2 states; "
            "675 MOAs for TFM programs in 2 states. "
            "Sixty law enforcement agencies in 2 states have 287(g) WSO MOAs."
        ),
    )
    told = [
        compared(one, ROSTER)
        for one in findings(document, shipped_pack(), gazetteer())
        if one.event_type is EventType.PROGRAM_STATISTIC
    ]
    assert {(one.amount, one.model, one.note) for one in told} >= {
        (900.0, None, ""),
        (225.0, Model.JEM, ""),
        (675.0, Model.TFM, ""),
    }
    assert all("roster_count" in dict(one.attributes) for one in told)


def test_agencies_with_a_model_are_counted_as_agreements_of_it() -> None:
    told = compared(stated(60.0, "agencies", model=Model.JEM), ROSTER)
    assert told.note == "says 60 agencies; the roster of 2025-09-01 lists 225 (+165)"
