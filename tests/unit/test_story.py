"""The paragraphs of a page that tell its title's story, and what other ones may not lend."""

from __future__ import annotations

from datetime import date

import pytest

from monitor.detect.document import Document
from monitor.detect.engine import findings
from monitor.detect.language.inflection import forms
from monitor.detect.language.sentences import sentences
from monitor.domain.moment import StatedDate
from monitor.domain.vocabulary import DocumentKind, Worth
from tests.detection import gazetteer, shipped_pack

FAIR = (
    "The county fair opens on Saturday with a parade down Main Street. Rides cost four dollars. "
    "The board thanked its volunteers for their work on the grounds."
)
ROADS = (
    "Commissioners approved an agreement with a neighboring county to share a road crew. The two "
    "will split the cost of a grader, and the sheriff asked drivers to slow down near the work."
)
BREWERS = "The governor signed a bill that lets brewers sell at markets. It takes effect in fall."


def told(title: str, *paragraphs: str, kind: str = "news") -> set[tuple[str, str | None]]:
    document = Document(
        id="d",
        url="",
        title=title,
        published=StatedDate(day=date(2026, 3, 12)),
        kind=DocumentKind(kind),
        text="\n".join(paragraphs),
    )
    found = findings(document, shipped_pack(), gazetteer())
    return {
        (one.event_type.value, one.jurisdiction.state) for one in found if one.worth is Worth.ALERT
    }


def test_other_stories_of_a_page_borrow_nothing_from_its_title() -> None:
    own = "Ravalli County, Montana, turned down a 287(g) agreement with ICE on Monday, 3-0."
    title = "Ravalli County commissioners reject ICE agreement"
    for page in ((own, FAIR, ROADS, BREWERS), (FAIR, ROADS, own, BREWERS), (BREWERS, FAIR, own)):
        assert told(title, *page) == {("agreement_rejected", "MT")}


def test_a_title_that_the_page_repeats_is_read_once_and_ends_its_line() -> None:
    title = (
        "Ravalli County commissioners in Montana reject a proposed agreement with ICE under 287(g)"
    )
    assert told(title, title, FAIR, ROADS, BREWERS) == {("agreement_rejected", "MT")}


def test_headlines_of_other_stories_tell_nothing() -> None:
    own = "The council of Ames, Iowa, discussed street trees on Monday. It took no vote on ICE."
    links = ("Polk County signs 287(g) agreement with ICE", "Tampa repeals sanctuary resolution")
    assert told("Ames council discusses trees", own, *links, FAIR, ROADS, BREWERS) == set()


def test_a_story_goes_on_where_the_title_alone_names_the_field() -> None:
    own = "The board of Teton County, Idaho, voted 3-0 Tuesday to approve the agreement."
    assert told("Teton County board backs ICE deal", FAIR, own, ROADS, BREWERS) == {
        ("agreement_signed", "ID")
    }


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("x" * 50 + " of a line that the page's width has broken\nand that goes on here.", 1),
        ("A title of some sixty characters that ends without a full stop\n" + FAIR + FAIR, 2),
    ],
)
def test_a_line_goes_on_only_where_it_is_full(text: str, count: int) -> None:
    assert len({one.paragraph for one in sentences(text)}) == count


@pytest.mark.parametrize(
    ("verb", "expected"),
    [
        ("sign", {"signed", "signs", "signing"}),
        ("terminate", {"terminated", "terminates", "terminating"}),
        ("deny", {"denied", "denies", "denying"}),
        ("scrap", {"scrapped", "scraps", "scrapping"}),
        ("pass", {"passed", "passes", "passing"}),
        ("tie", {"tied", "ties", "tying"}),
        ("withdraw", {"withdrew", "withdrawn", "withdraws", "withdrawing"}),
        ("cancel", {"canceled", "cancelled", "cancels", "canceling", "cancelling"}),
    ],
)
def test_verbs_in_all_their_forms(verb: str, expected: set[str]) -> None:
    assert set(forms(verb)) == expected


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ("Twenty-nine Oklahoma agencies now take part in 287(g).", ("program_statistic", "OK")),
        ("Sioux County, Iowa, supervisors voted four to one on Monday to approve a 287(g) "
         "agreement.", ("agreement_signed", "IA")),
    ],
)  # fmt: skip
def test_counts_and_votes_in_words(text: str, event: tuple[str, str]) -> None:
    assert event in told("Local news", text)


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("Kansas City, Missouri, police signed a 287(g) agreement on Monday.", "MO"),
        ("Police in New Braunfels, Texas, signed a 287(g) agreement on Monday.", "TX"),
        ("The Ulster County Legislature in New York voted Monday to end a 287(g) agreement.", "NY"),
        ("Gov. Lincoln Moss ended the 287(g) agreement of Rhode Island's state police.", "RI"),
        ("The Pelican Cove council voted Monday to approve a 287(g) agreement. Pelican Cove, "
         "Florida, has forty officers.", "FL"),
    ],
)  # fmt: skip
def test_names_of_towns_that_hold_other_names(text: str, state: str) -> None:
    assert {found for _, found in told("Local news", text)} == {state}
