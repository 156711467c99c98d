"""The stage that a printed version of a bill is headed by."""

from __future__ import annotations

import pytest

from monitor.domain.vocabulary import Stage
from tests.detection import read

LAW = "No county may enter into an agreement with ICE under 287(g)."


@pytest.mark.parametrize(
    ("heading", "stage"),
    [
        ("BILL AS INTRODUCED", Stage.IN_COMMITTEE),
        ("BILL AS INTRODUCED AND PASSED BY SENATE", Stage.PASSED_ONE_CHAMBER),
        ("AS PASSED BY HOUSE AND SENATE", Stage.PASSED_BOTH),
    ],
)
def test_the_heading_goes_before_an_older_list_of_steps(heading: str, stage: Stage) -> None:
    text = f"{heading} S.44 2025. Referred to Committee on Judiciary, February 4, 2025. {LAW}"
    found = read(text, "Vermont Senate Bill S.44", "bill")
    assert {one.stage for one in found} == {stage}
