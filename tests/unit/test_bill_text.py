"""Texts of bills: line numbers and wrapped lines off, differences in a line, versions in order."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.detect.bill_text import redline_note
from monitor.domain.ident import SourceId
from monitor.domain.item import Item
from monitor.domain.vocabulary import Stage
from monitor.extract.bill import Bill, Version, bill_item
from monitor.extract.bill_stages import Action
from monitor.extract.bill_text import asked_for, flowed


def text_item(name: str, text: str) -> Item:
    return Item(
        source_id=SourceId("s"), key="k|text", url="https://x.example", text=text,
        fields=(("text_of", name),),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("was", "now", "told"),
    [
        ("Each sheriff shall enter into an agreement not later than January 1, 2026.",
         "Each sheriff shall enter into an agreement not later than July 1, 2026.",
         'was "agreement not later than January 1, 2026.", now "agreement not later than July 1, '
         '2026."'),
        ("A. One.\nB. Two and a half.", "A. One.", 'was "B. Two and a half."'),
        ("A. One.", "A. One.\nC. A sheriff may not.", 'now "C. A sheriff may not."'),
        ("A. One.", "A.  one.", ""),
        ("May sign.", "May sign. May end. May go.", 'now "May end." and 1 more'),
    ],
)  # fmt: skip
def test_what_differs_is_said_in_one_line(was: str, now: str, told: str) -> None:
    note = redline_note(text_item("Introduced", was), text_item("Engrossed", now))
    assert note == (f"bill text, Introduced to Engrossed: {told}" if told else "")


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_two_texts_have_a_bounded_note(was: str, now: str) -> None:
    note = redline_note(text_item("a", was), text_item("b", now))
    assert len(note) < 230
    assert redline_note(text_item("a", was), text_item("b", was)) == ""


def test_a_word_more_moves_no_other_line() -> None:
    lines = [
        f"{n:2}  the sheriff shall keep a list of each agreement and of what it" for n in range(9)
    ]
    lines += ["10  costs.", "11  (b) The list is public."]
    assert flowed("\n".join(lines)).splitlines()[-1] == "(b) The list is public."
    assert flowed(flowed("\n".join(lines))) == flowed("\n".join(lines))


VERSIONS = (
    Version(name="Enrolled", url="https://leg.example.gov/3", day=date(2025, 3, 1)),
    Version(name="Introduced", url="https://leg.example.gov/1", day=date(2025, 1, 1)),
    Version(name="Engrossed", url="https://leg.example.gov/2", day=date(2025, 2, 1)),
    Version(name="Frame", url="https://legiscan.com/text/9", day=date(2025, 4, 1)),
)


FILED = Action(day=date(2025, 1, 1), text="Introduced", stage=Stage.INTRODUCED)


def next_text(
    versions: tuple[Version, ...], known: str, actions: tuple[Action, ...] = (FILED,)
) -> tuple[str, str]:
    """(address asked for, address remembered) of a bill with these versions."""
    bill = Bill(
        jurisdiction="GA", session="2025", number="SB 9", title="t", versions=versions,
        actions=actions,
    )  # fmt: skip
    item, _ = bill_item(
        bill, source_id=SourceId("s"), today=date(2025, 5, 1), locator="", extractor=""
    )
    texts = {"GA|2025|SB 9": known} if known else {}
    found = asked_for(bill, item, texts, host_of_provider="legiscan.com")
    return (found[0].url, found[1]["GA|2025|SB 9"]) if found else ("", known)


def test_new_versions_are_asked_for_in_order_and_once() -> None:
    first, second, third = (f"https://leg.example.gov/{n}" for n in (1, 2, 3))
    assert next_text(VERSIONS, "") == (second, third)
    assert next_text(VERSIONS, first) == (second, third)
    assert next_text(VERSIONS, second) == (third, third)
    assert next_text(VERSIONS, third) == ("", third)
    assert next_text(VERSIONS, "https://leg.example.gov/withdrawn") == (third, third)
    assert next_text((), "") == ("", "")


def test_the_text_of_a_bill_without_a_step_is_asked_for_when_one_has_come() -> None:
    assert next_text(VERSIONS, "", actions=()) == ("", "")
    assert next_text(VERSIONS, "")[0]
