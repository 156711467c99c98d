"""Documents without any anchor are not laid out for the rules, and nothing is lost by that."""

from __future__ import annotations

import pytest

from monitor.detect.engine import findings
from monitor.services.finding import _speaks
from tests.detection import document, gazetteer, shipped_pack

QUIET = "The council bought a snow plough on Tuesday. The vote was 5-2."
LOUD = "Dallas County commissioners voted 3-2 to end the county's 287(g) agreement with ICE."


@pytest.mark.parametrize(
    ("title", "text", "speaks"),
    [
        ("A plough", QUIET, False),
        ("A plough", LOUD, True),
        ("County ends 287(g) agreement", QUIET, True),
        ("A plough", QUIET + "\n" + LOUD.replace("287(g)", "287<b>(g)</b>"), True),
        ("A plough", QUIET + "\n" + LOUD.replace("ICE", "I\u00adCE"), True),
        ("", "", False),
    ],
)
def test_only_documents_that_name_the_field_are_read(title: str, text: str, speaks: bool) -> None:
    made = document(text, title)
    assert _speaks(made, shipped_pack()) is speaks
    if not speaks:
        assert not findings(made, shipped_pack(), gazetteer())
