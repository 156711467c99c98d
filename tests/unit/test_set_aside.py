"""Whole documents that use the field's words for something else are set aside, and say why."""

from __future__ import annotations

from datetime import date

import pytest

from monitor.detect.document import Document
from monitor.detect.engine import findings
from monitor.detect.explain import explain
from monitor.detect.pack import load
from monitor.domain.errors import ConfigError
from monitor.domain.moment import StatedDate
from monitor.domain.vocabulary import DocumentKind
from monitor.registry import RULE_KINDS
from tests.detection import gazetteer, shipped_pack


def _news(title: str, text: str) -> Document:
    return Document(
        id="d",
        url="",
        title=title,
        published=StatedDate(day=date(2025, 6, 12)),
        kind=DocumentKind.NEWS,
        text=text,
    )


@pytest.mark.parametrize(
    ("title", "text", "name"),
    [
        (
            "Commissioners in Dawes County vote to become a sanctuary county",
            "The resolution promises not to enforce new limits on firearms. It passed 3-0 Monday.",
            "sanctuary_for_others",
        ),
        (
            "Supervisors adopt sanctuary resolution",
            "Carroll County is now a Second Amendment sanctuary, by a vote of 5-0 on Tuesday.",
            "sanctuary_of_another_kind",
        ),
    ],
)
def test_a_sanctuary_for_something_else_is_set_aside(title: str, text: str, name: str) -> None:
    document = _news(title, text)
    assert findings(document, shipped_pack(), gazetteer()) == ()
    aside = explain(document, shipped_pack(), gazetteer()).aside
    assert aside is not None
    assert aside.name == name
    assert aside.words


def test_a_story_that_also_tells_of_guns_is_read() -> None:
    document = _news(
        "Portland, Maine, council adopts sanctuary ordinance",
        "The council voted 7-2 Monday to bar police from asking immigrants about their status. "
        "A rule on firearms in city buildings was tabled.",
    )
    explanation = explain(document, shipped_pack(), gazetteer())
    assert explanation.aside is None
    assert explanation.findings


def test_an_unknown_name_in_a_block_is_told_with_its_line() -> None:
    own = """\
set_aside:
  of_trains:
    about: Trains.
    title: ["{signel}"]
    head: ["train"]
vocabularies:
  signal:
    about: What trains see.
    terms: ["signal"]
"""
    with pytest.raises(ConfigError) as error:
        load({"own.yaml": own}, RULE_KINDS)
    assert "own.yaml:2" in str(error.value)
    assert "did you mean 'signal'?" in str(error.value)
