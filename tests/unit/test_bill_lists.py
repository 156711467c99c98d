"""A sentence that lists bills tells of each of them."""

from __future__ import annotations

import pytest

from monitor.detect.bill_lists import each_bill, listed_with
from monitor.domain.vocabulary import EventType, Stage
from tests.tellings import finding


@pytest.mark.parametrize(
    ("bill", "sentence", "others"),
    [
        ("SB 12", "The governor signed SB 12 and SB 40 on Monday.", ("SB 40",)),
        ("HB 3", "She signed SB 12, HB 3, and House Bill 77 into law.", ("SB 12", "HB 77")),
        ("SB 12", "The governor signed SB 12. SB 40 is still in committee.", ()),
        ("SB 12", "The governor signed SB 12 and vetoed SB 40.", ()),
        ("HB 444", "The governor signed HB 444/SB 245.", ()),
        ("SB 12", "The governor signed a bill.", ()),
        ("", "The governor signed SB 12 and SB 40.", ()),
    ],
)
def test_bills_listed_together(bill: str, sentence: str, others: tuple[str, ...]) -> None:
    assert listed_with(bill, sentence) == others


def test_each_bill_is_told_once() -> None:
    told = finding(
        EventType.STATE_LIMIT_ENACTED,
        Stage.SIGNED_INTO_LAW,
        state="OR",
        bill="SB 12",
        quote="signed SB 12 and SB 40",
    )
    assert [one.bill for one in each_bill([told])] == ["SB 12", "SB 40"]
    again = each_bill(each_bill([told]))
    assert [one.bill for one in again] == ["SB 12", "SB 40"]
