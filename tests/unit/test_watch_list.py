"""Watched bills in prose: whose bill it is, what is found, and that no other bill comes along."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.detect.bill_lists import each_bill
from monitor.detect.document import Document
from monitor.detect.engine import findings
from monitor.detect.triggers import TriggerScan
from monitor.detect.watched import WatchedBill, WatchList, folded, watched_findings
from monitor.domain.claim import Finding
from monitor.domain.moment import StatedDate
from monitor.domain.vocabulary import Direction, DocumentKind
from tests.detection import gazetteer, shipped_pack

WATCHED = WatchList(
    (
        WatchedBill(state="TX", number="SB 1234", family="state_mandate"),
        WatchedBill(state="NJ", number="S 3672", family="state_limit", names=("Safe Homes Act",)),
        WatchedBill(state="GA", number="HB 26"),
    )
)


def detect(document: Document) -> tuple[Finding, ...]:
    return findings(document, shipped_pack(), gazetteer())


def told(text: str, title: str = "News", states: tuple[str, ...] = ()) -> tuple[Finding, ...]:
    document = Document(
        id="1", url="https://x.example/1", title=title, kind=DocumentKind.NEWS, text=text,
        published=StatedDate(day=date(2025, 6, 12)), source_states=states,
    )  # fmt: skip
    found = watched_findings(document, WATCHED, detect, detect(document))
    for one in found:
        quote = one.quote
        assert (text[quote.start : quote.end] if quote.start >= 0 else title) == quote.text
    return found


@pytest.mark.parametrize(
    ("text", "states", "expected"),
    [
        ("Senate Bill 1234 was signed.", ("TX",), "state_mandate_enacted SB 1234 TX alert"),
        ("Gov. Greg Abbott signed S.B. 1234.", (), "state_mandate_enacted SB 1234 TX alert"),
        ("AUSTIN, Texas - Fine weather.\nGov. Abbott vetoed SB 1234 on Friday.", (),
         "state_mandate_blocked SB 1234 TX alert"),
        ("Senate Bill 1234 was signed into law on Friday.", (),
         "state_mandate_enacted SB 1234 TX review"),
        ("TRENTON, N.J. - The Senate passed the Safe Homes Act on Monday, 22-15.", (),
         "state_limit_passed S 3672 NJ alert"),
        ("The New Jersey Assembly passed S3672 on Thursday.", (),
         "state_limit_passed S 3672 NJ alert"),
    ],
)  # fmt: skip
def test_the_number_or_the_name_is_enough(
    text: str, states: tuple[str, ...], expected: str
) -> None:
    (one,) = told(text, states=states)
    shown = (one.event_type.value, one.bill, one.jurisdiction.state, one.worth.value)
    assert " ".join(str(part) for part in shown) == expected


@pytest.mark.parametrize(
    ("text", "states"),
    [
        ("COLUMBUS, Ohio - Senate Bill 1234 was signed into law on Friday.", ()),
        ("The governor may sign Senate Bill 1234 next week, lawmakers in Texas said.", ("TX",)),
        ("Senate Bill 123 was signed.", ("TX",)),
        ("Senate Bill 12345 was signed.", ("TX",)),
        ("House Bill 1234 was signed.", ("TX",)),
        ("House Bill 26 was signed.", ("GA",)),
        ("Gov. Abbott spoke about Senate Bill 1234.", ("TX",)),
    ],
)
def test_other_bills_other_states_and_plans_are_not(text: str, states: tuple[str, ...]) -> None:
    assert told(text, states=states) == ()


def test_the_title_counts_and_the_family_is_the_bill_s_own() -> None:
    (one,) = told("The governor spoke at noon.", title="SB 1234 signed into law", states=("TX",))
    assert (one.quote.start, one.direction) == (-1, Direction.TOWARD)
    (one,) = told("Gov. Abbott vetoed SB 1234, which bans 287(g) agreements.", states=("TX",))
    assert one.event_type.value == "state_mandate_blocked"
    assert one.direction is Direction.AWAY


def test_under_a_title_of_one_bill_the_first_paragraphs_are_about_it() -> None:
    text = "AUSTIN, Texas - It is a hot day.\nGov. Greg Abbott signed the bill on Thursday."
    (one,) = told(text, title="Statement on SB 1234")
    shown = (one.event_type.value, one.bill, one.jurisdiction.state)
    assert shown == ("state_mandate_enacted", "SB 1234", "TX")
    late = "AUSTIN, Texas - Hot.\n" + "A day goes by.\n" * 3 + "Gov. Abbott signed the bill."
    assert told(late, title="Statement on SB 1234") == ()
    other = "AUSTIN, Texas - Hot.\nGov. Abbott signed HB 9 on Thursday."
    assert told(other, title="Statement on SB 1234") == ()
    assert told(text, title="Statement on Texas bills") == ()


def test_a_bill_beside_a_watched_one_is_not_claimed() -> None:
    found = told("Texas: Gov. Abbott signed SB 1234, SB 4 and SB 5 on Friday.")
    assert [one.bill for one in each_bill(found)] == ["SB 1234"]


def test_what_the_rules_find_anyway_is_not_told_twice() -> None:
    text = "Gov. Abbott of Texas signed SB 1234 on Friday, requiring sheriffs to join 287(g)."
    assert told(text, states=("TX",)) == ()


@pytest.mark.parametrize("written", ["SB1234", "S.B. 1234", "S 1234", "sb 01234", "SB 1234"])
def test_spellings_of_a_number_are_one(written: str) -> None:
    assert folded(written) == "SB1234"


MANY = TriggerScan.build(("287(g)",), tuple(f"SB {n}" for n in range(7, 4000, 9)))


@settings(max_examples=300)
@given(
    st.integers(0, 443), st.sampled_from(["SB ", "S.B. No. ", "Senate Bill ", "Senate&nbsp;Bill "]),
    st.sampled_from(["", "<b>", "</td><td>", "&#32;"]),
)  # fmt: skip
def test_hundreds_of_numbers_are_all_found(nth: int, head: str, between: str) -> None:
    page = f"<p>News of the day: {head}{between}{7 + 9 * nth} was signed.</p>"
    assert MANY.relevant(page.encode())


def test_other_numbers_are_not_read_for_them() -> None:
    assert not MANY.relevant(b"<p>Senate Bill 8 and the road SH 16 of 2024; 25 houses.</p>")
