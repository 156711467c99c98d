"""Names of persons that are words of rules as well are no such words."""

from __future__ import annotations

import pytest

from monitor.domain.vocabulary import Worth
from tests.detection import read


@pytest.mark.parametrize(
    ("title", "text", "types"),
    [
        ("", "Sheriff Bill Moore of Clay County, Texas, signed a 287(g) agreement with ICE.",
         {"agreement_signed"}),
        ("", "Bill Moore, sheriff of Clay County, Texas, ended the 287(g) agreement with ICE.",
         {"agreement_terminated"}),
        ("Sheriff Bill Moore Signs 287(g) Agreement", "The office is in Clay County, Texas.",
         {"agreement_signed"}),
        ("", "Sheriff Will Moore of Clay County, Texas, signed a 287(g) agreement with ICE.",
         {"agreement_signed"}),
        ("", "Sheriff Mark May of Clay County, Texas, signed a 287(g) agreement with ICE.",
         {"agreement_signed"}),
        ("", "Sheriff Law of Clay County, Texas, will no longer honor ICE detainers.",
         {"detainer_policy_change"}),
        ("", "Eleven law enforcement agencies in Kansas signed 287(g) agreements on Tuesday.",
         {"agreement_signed"}),
        (
            "",
            "Attorney General Bill Moore of Texas sued over ICE detainers on Tuesday.",
            {"lawsuit_filed"},
        ),
        (
            "",
            "The New Hampshire General Court on Tuesday passed a bill that makes sheriffs honor "
            "ICE detainers.",
            {"state_mandate_passed"},
        ),
        (
            "",
            "Gov. Ayotte of New Hampshire signed an Executive Order on Tuesday that bars state "
            "police from helping ICE.",
            {"state_limit_enacted"},
        ),
        # what is still a statute, a verb, a month
        ("Sheriff Bill Passes Texas House", "It would make sheriffs sign 287(g) agreements.",
         {"state_mandate_passed"}),
        ("", "The Texas Senate Bill Moore wrote would make jails join 287(g).", set()),
        ("Sheriff Will Sign 287(g) Agreement", "Clay County, Texas, hears of it in June.", set()),
        ("", "The sheriff of Clay County, Texas, may sign a 287(g) agreement with ICE.", set()),
    ],
)  # fmt: skip
def test_who_is_named(title: str, text: str, types: set[str]) -> None:
    found = read(text, title)
    assert {one.event_type.value for one in found if one.worth is Worth.ALERT} == types
