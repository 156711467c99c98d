"""The program where it is told by what it does: read as if it were named."""

from __future__ import annotations

import pytest

from monitor.detect.document import Document
from monitor.detect.engine import findings
from monitor.domain.vocabulary import DocumentKind, EventType, Worth
from tests.detection import gazetteer, shipped_pack

SIGNED = [
    "The Boone County Sheriff's Office in Missouri signed an agreement that lets jailers serve "
    "ICE warrants, records show.",
    "The Boone County Sheriff's Office in Missouri joined the federal program that deputizes "
    "local officers as immigration agents.",
    "The Boone County Sheriff's Office in Missouri signed up for the Warrant Service Officer "
    "program.",
    "The agreement that allows Boone County deputies in Missouri to serve ICE warrants was "
    "approved by commissioners.",
]
SILENT = [
    "Boone County in Missouri signed a contract that lets jailers hold ICE detainees.",
    "The Boone County Sheriff's Office in Missouri signed a contract that lets deputies serve "
    "papers for the city court, far from any immigration work.",
    "The Boone County Sheriff's Office in Missouri joined a program that trains officers to help "
    "families, an immigration lawyer said.",
    "The Boone County Sheriff's Office in Missouri joined a drug task force; ICE did not.",
]


def told(text: str) -> set[EventType]:
    document = Document(
        id="d", url="", title="County notes", published=None, kind=DocumentKind.NEWS, text=text
    )
    found = findings(document, shipped_pack(), gazetteer())
    return {one.event_type for one in found if one.worth is Worth.ALERT}


@pytest.mark.parametrize("text", SIGNED)
def test_a_description_is_the_program(text: str) -> None:
    assert told(text) == {EventType.AGREEMENT_SIGNED}


@pytest.mark.parametrize("text", SILENT)
def test_another_program_is_not(text: str) -> None:
    assert told(text) == set()
