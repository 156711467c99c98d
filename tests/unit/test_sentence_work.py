"""Folding, sentences, symbols, clauses, dates and slots."""

from __future__ import annotations

from datetime import date

import pytest

from monitor.detect.language.dates import When, resolve
from monitor.detect.language.folding import fold
from monitor.detect.language.sentences import sentences
from monitor.detect.scene import Scene, lay_out
from monitor.detect.slots.bill import normal_bill
from monitor.detect.slots.names import names_of
from monitor.domain.claim import Finding
from monitor.domain.moment import Precision, StatedDate
from monitor.domain.vocabulary import Model, Worth
from tests.detection import DAY, document, gazetteer, read, shipped_pack


def scene(text: str) -> Scene:
    return lay_out(document(text), shipped_pack().bench.symbols, names_of(gazetteer()))


def view(text: str) -> str:
    return scene(text).line(0).view.text.decode().strip()


def split(text: str) -> list[str]:
    return [text[one.start : one.end] for one in sentences(text)]


def only(text: str, title: str = "", url: str = "") -> Finding:
    found = [one for one in read(text, title, url=url) if one.worth is Worth.ALERT]
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    "text",
    [
        "Sgt. Lee of the U.S. office read No. 287(g) aloud on Jan. 5 at 10 a.m. sharp.",
        "Gov. J. B. Smith signed H.B. 12 in St. Paul.",
        "Sheriff P.J. Tanner and Sens. Doe and Roe met.",
        "The vote was 3.5 to 2, per Capt. Roy.",
    ],
)
def test_abbreviations_do_not_end_sentences(text: str) -> None:
    assert split(text) == [text]


def test_sentences_end_where_readers_end_them() -> None:
    text = "It works with the U.S. The sheriff signed. “Good,” he said.\n\nNext one"
    assert len(split(text)) == 4
    assert len(split("It runs version 2.0. Officers like it, says P.J. The sheriff does not.")) == 3
    assert split("A wrapped line goes on without any full stop at the end of a line\nas here.") == [
        "A wrapped line goes on without any full stop at the end of a line\nas here."
    ]
    assert split("HEADLINE\nThe text begins. And ends.") == [
        "HEADLINE", "The text begins.", "And ends.",
    ]  # fmt: skip


def test_folding_leads_back_to_the_original() -> None:
    text = "<b>Si\u200bgned</b> &amp; sealed by the sheriff\u2019s \u202eoffice"
    folded = fold(text)
    at = folded.text.index("Signed")
    start, end = folded.span(at, at + 6)
    assert text[start:end] == "Si\u200bgned"
    assert "&" in folded.text and "\u202e" not in folded.text
    assert "sheriff's" in folded.text


@pytest.mark.parametrize(
    "spelling",
    ["287(g)", "287 (g)", "287g", "287G", "287 G", "287-G", "287 (G)", "278(g)", "Section 287(g)",
     "8 U.S.C. 1357(g)", "§ 1357(g)", '"287" program'],
)  # fmt: skip
def test_the_program_in_every_spelling(spelling: str) -> None:
    assert "PROGRAM" in view(f"The county joined the {spelling} program.")


def test_a_weight_is_not_the_program() -> None:
    assert "PROGRAM" not in view("Officers seized 287 g of powder.")
    assert "PROGRAM" not in view("There were 287 people.")


@pytest.mark.parametrize(
    "name",
    ["U.S. Immigration and Customs Enforcement (ICE)", "Immigrations and Customs Enforcement",
     "Customs and Immigration Enforcement", "Immigration and Customers Enforcement", "I.C.E."],
)  # fmt: skip
def test_ice_in_every_spelling(name: str) -> None:
    assert "ICE" in view(f"The sheriff works with {name} now").split()


def test_frozen_water_is_not_ice() -> None:
    assert "ICE" not in view("The county built an ice arena before the ice storm.").split()


@pytest.mark.parametrize(
    ("written", "normal"),
    [("Senate Bill 2C", "SB 2-C"), ("SB 2-C", "SB 2-C"), ("SB2C", "SB 2-C"), ("S.B. No. 8", "SB 8"),
     ("H.4764", "H 4764"), ("House Bill 318", "HB 318"), ("LD 1971", "LD 1971"),
     ("Pub. Ch. 1015", "Pub. Ch. 1015"), ("Executive Order 47", "EO 47"), ("A6308", "A 6308")],
)  # fmt: skip
def test_bill_numbers(written: str, normal: str) -> None:
    assert normal_bill(written) == normal


@pytest.mark.parametrize(
    ("when", "day", "precision"),
    [
        (When("weekday", day=1), date(2025, 6, 10), Precision.DAY),
        (When("weekday", day=3), date(2025, 6, 12), Precision.DAY),
        (When("weekday", day=3, offset=-1), date(2025, 6, 5), Precision.DAY),
        (When("days", offset=-1), date(2025, 6, 11), Precision.DAY),
        (When("week", offset=-1), date(2025, 6, 2), Precision.WEEK),
        (When("months", offset=-1), date(2025, 5, 1), Precision.MONTH),
        (When("month", month=12), date(2024, 12, 1), Precision.MONTH),
        (When("day", month=6, day=3), date(2025, 6, 3), Precision.DAY),
        (When("day", month=12, day=24), date(2024, 12, 24), Precision.DAY),
        (When("years", offset=-1), date(2024, 1, 1), Precision.YEAR),
        (When("season", month=10, offset=-1), date(2024, 10, 1), Precision.MONTH),
    ],
)
def test_relative_dates(when: When, day: date, precision: Precision) -> None:
    stated = resolve(when, DAY)
    assert stated is not None
    assert (stated.day, stated.precision) == (day, precision)


def test_a_weekday_means_nothing_without_a_day_of_publication() -> None:
    assert resolve(When("weekday", day=1), None) is None
    month = StatedDate(day=date(2025, 6, 1), precision=Precision.MONTH)
    assert resolve(When("weekday", day=1), month) is None


def test_several_agencies_share_one_verb() -> None:
    found = read("The sheriffs of Kenosha, Sauk and Ozaukee counties signed 287(g) agreements.")
    assert [(one.agency, one.jurisdiction.county) for one in found] == [
        ("Kenosha County Sheriff's Office", "55059"),
        ("Sauk County Sheriff's Office", "55111"),
        ("Ozaukee County Sheriff's Office", "55089"),
    ]


def test_a_county_of_many_states_is_left_open_and_settled_by_context() -> None:
    assert only("The Polk County sheriff signed a 287(g) agreement.").jurisdiction.state is None
    stated = only("The Polk County (OR) sheriff signed a 287(g) agreement.")
    assert (stated.jurisdiction.state, stated.jurisdiction.county) == ("OR", "41053")
    title = only("The Polk County sheriff signed a 287(g) agreement.", title="Iowa news")
    assert title.jurisdiction.county == "19153"
    url = only("The Polk County sheriff signed a 287(g) agreement.", url="https://x.org/florida/a")
    assert url.jurisdiction.state == "FL"


@pytest.mark.parametrize(
    ("text", "agency"),
    [
        ("The City of Doral, Florida, police signed a 287(g) deal.", "Doral Police Department"),
        ("The Kansas Bureau of Investigation signed a 287(g) agreement.",
         "Kansas Bureau of Investigation"),
        ("The West Virginia National Guard signed a 287(g) agreement.",
         "West Virginia National Guard"),
        ("The Lubbock County, Texas, Constable Precinct 4 signed a 287(g) agreement.",
         "Lubbock County Constable Precinct 4"),
        ("The Mashantucket Tribal Police in Connecticut signed a 287(g) agreement.",
         "Mashantucket Tribal Police"),
        ("The Kenosha County Detention Center signed a 287(g) agreement.",
         "Kenosha County Detention Center"),
    ],
)  # fmt: skip
def test_agencies_of_all_sorts(text: str, agency: str) -> None:
    assert only(text).agency == agency


def test_the_office_is_the_agency_named_before() -> None:
    found = only("Deputies of the Ozaukee County Sheriff's Office met ICE. The office signed a "
                 "287(g) agreement on Monday.")  # fmt: skip
    assert found.agency == "Ozaukee County Sheriff's Office"
    assert found.occurred is not None and found.occurred.day == date(2025, 6, 9)


@pytest.mark.parametrize(
    ("words", "model"),
    [("task force model", Model.TFM), ("jail enforcement model", Model.JEM),
     ("warrant service officer", Model.WSO), ("tribal task force", Model.TTFM)],
)  # fmt: skip
def test_models(words: str, model: Model) -> None:
    assert only(f"The Sauk County sheriff signed a 287(g) {words} agreement.").model is model


def test_an_amount_has_its_unit() -> None:
    found = only("ICE now has 640 active 287(g) agreements.")
    assert (found.amount, found.unit) == (640, "agreements")
    assert found.jurisdiction.state is None


def test_quotes_are_verbatim_and_titles_stand_outside() -> None:
    text = "Something else. The Sauk County Sheriff\u2019s Office signed a 287(g) agreement."
    found = only(text)
    assert text[found.quote.start : found.quote.end] == found.quote.text
    title = "Sauk County sheriff signs 287(g) agreement"
    assert only("More soon.", title=title).quote.start == -1


def test_the_main_verb_after_a_relative_clause_counts() -> None:
    assert only("The Sauk County sheriff who had refused for years signed a 287(g) agreement.")
    assert not read("The judge praised the Sauk County sheriff who signed a 287(g) agreement.")
