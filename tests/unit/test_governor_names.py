"""Surnames of governors stand for the office where the text shows it."""

from __future__ import annotations

from monitor.detect.document import Document
from monitor.detect.explain import explain
from monitor.detect.slots.governor_names import governors_named
from monitor.domain.vocabulary import DocumentKind, EventType
from tests.detection import gazetteer, shipped_pack

GOVERNORS = {"hobbs": ("AZ", False), "pritzker": ("IL", True), "scott": ("FL", False)}


def _views(title: str, text: str) -> tuple[str, ...]:
    document = Document(
        id="d", url="", title=title, published=None, kind=DocumentKind.NEWS, text=text
    )
    return explain(document, shipped_pack(), gazetteer()).views


def test_a_bare_name_is_enough_for_some() -> None:
    assert governors_named("Pritzker signs bill", "", GOVERNORS) == {"pritzker"}


def test_others_need_office_and_state_in_the_text() -> None:
    title = "Hobbs nixes bill"
    assert governors_named(title, "The Arizona governor did so Friday.", GOVERNORS) == {"hobbs"}
    assert governors_named(title, "The governor did so Friday.", GOVERNORS) == frozenset()
    assert governors_named(title, "In Arizona the bill is dead.", GOVERNORS) == frozenset()


def test_names_of_counties_and_of_others_stay_as_they_are() -> None:
    text = "Hawaii's governor was not there. ICE agents were."
    assert "GOVERNOR" not in _views("Green County sheriff signs 287(g) agreement", text)[0]
    assert "GOVERNOR" not in _views("Sheriff Green signs 287(g) agreement", text)[0]
    assert "GOVERNOR" in _views("Green signs detainer bill", text)[0]


def test_a_headline_without_the_office_gives_its_event() -> None:
    document = Document(
        id="d",
        url="",
        title="Hobbs nixes detainer bill",
        published=None,
        kind=DocumentKind.NEWS,
        text="The Arizona governor acted Friday. Every sheriff would have had to honor detainers.",
    )
    (found,) = explain(document, shipped_pack(), gazetteer()).findings
    assert found.event_type is EventType.STATE_MANDATE_BLOCKED
    assert found.jurisdiction.state == "AZ"
