"""Agencies of one state in one sentence: short names, whose model is whose, who is none."""

from __future__ import annotations

import pytest

from bench.labelled import shipped_detector
from monitor.detect.document import Document
from monitor.domain.moment import Precision, StatedDate
from monitor.domain.vocabulary import DocumentKind, EventType, Model
from tests.tellings import at

BODIES = {"State Police", "Corrections", "National Guard"}


def signed(text: str, title: str = "") -> dict[str, Model | None]:
    """Agency without its state's name -> model, of the signings that a story tells."""
    day = StatedDate(day=at("2025-08-14").date(), precision=Precision.DAY)
    story = Document(
        id="x", url="", title=title, published=day, kind=DocumentKind.NEWS, text=text
    )  # fmt: skip
    return {
        (one.agency or "").removeprefix("Idaho "): one.model
        for one in shipped_detector()(story)
        if one.event_type is EventType.AGREEMENT_SIGNED
    }


@pytest.mark.parametrize(
    "text",
    [
        "The Idaho governor announced signed 287(g) agreements with ICE for Corrections, State "
        "Police and the National Guard.",
        "Idaho has signed 287(g) agreements with ICE for its State Police, Guard and Corrections.",
    ],
)
def test_short_names_beside_another_agency_of_the_state_are_agencies(text: str) -> None:
    assert set(signed(text)) == BODIES


@pytest.mark.parametrize(
    "text",
    [
        "The Idaho State Police signed a 287(g) agreement with ICE, a Coast Guard spokesman said.",
        "The Idaho State Police signed a 287(g) agreement with ICE, said Corrections Officer Dell.",
        "The Idaho State Police signed a 287(g) agreement with ICE; a guard at its gate confirmed.",
    ],
)
def test_longer_names_and_common_words_are_none(text: str) -> None:
    assert set(signed(text)) == {"State Police"}


def test_each_agency_has_the_model_that_stands_with_it() -> None:
    text = (
        "Idaho has signed an agreement with ICE under 287(g): Task Force for State Police and "
        "Guard, Warrant Service Officer for Corrections."
    )
    assert signed(text) == {
        "State Police": Model.TFM,
        "National Guard": Model.TFM,
        "Corrections": Model.WSO,
    }


def ended(text: str) -> set[tuple[str | None, str | None]]:
    """Place and agency of the ends that a story tells."""
    day = StatedDate(day=at("2025-08-14").date(), precision=Precision.DAY)
    story = Document(id="x", url="", title="", published=day, kind=DocumentKind.NEWS, text=text)
    return {
        (one.jurisdiction.place, one.agency)
        for one in shipped_detector()(story)
        if one.event_type is EventType.AGREEMENT_TERMINATED
    }


def test_a_governor_acts_for_the_state_and_not_for_the_town_of_the_dateline() -> None:
    order = "The governor on Wednesday ended all 287(g) agreements of state agencies with ICE."
    assert ended(f"BOISE, Idaho \u2014 {order}") == {(None, None)}
    mayor = "The mayor on Wednesday ended the city's 287(g) agreement with ICE."
    assert ended(f"BOISE, Idaho \u2014 {mayor}") == {("Boise", "Boise Police Department")}


def test_both_counties_is_no_county() -> None:
    told = ended(
        "Officials of Ada and Canyon counties in Idaho met on Monday. Both counties ended their "
        "287(g) agreements with ICE."
    )
    assert "Both County" not in {place for place, _ in told}
