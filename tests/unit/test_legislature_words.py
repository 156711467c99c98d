"""What the clerks of single legislatures write, read as stages or as nothing."""

from datetime import date

import pytest

from monitor.domain.vocabulary import Stage
from monitor.extract import docket
from monitor.extract.bill_stages import CARRIED, Action, stage_of_words, timeline
from monitor.extract.docket import Line
from monitor.sources import virginia

DAY = date(2026, 3, 6)
PASSED, BOTH = Stage.PASSED_ONE_CHAMBER, Stage.PASSED_BOTH


@pytest.mark.parametrize(
    ("body", "words", "stage"),
    [
        ("H", "Committee Report: Ought to Pass 03/06/2026 (Vote 18-0; CC) HC 9  P. 3",
         Stage.IN_COMMITTEE),
        ("H", "Majority Committee Report: Ought to Pass with Amendment # 2026-0503h (Vote 9-8; RC)",
         Stage.IN_COMMITTEE),
        ("H", "Minority Committee Report: Ought to Pass", None),
        ("H", "Committee Report: Inexpedient to Legislate 03/06/2026 (Vote 12-1; CC)", None),
        ("H", "Inexpedient to Legislate: MA VV 03/06/2026 HJ 7  P. 5", Stage.DIED),
        ("H", "Inexpedient to Legislate: MF RC 150-180 03/06/2026 HJ 7", None),
        ("S", "Inexpedient to Legislate, MA, VV === BILL KILLED ===; 03/06/2026; SJ 6", Stage.DIED),
        ("H", "Indefinitely Postpone (Rep. Roe): MA RC 200-140 03/06/2026", Stage.DIED),
        ("H", "Died on Table, Session ended 10/10/2026 HJ 22", Stage.DIED),
        ("H", "Ought to Pass: MA DV 201-140 03/06/2026 HJ 7  P. 5", PASSED),
        ("H", "Ought to Pass with Amendment 2026-0503h: MF RC 100-240 03/06/2026", None),
        ("H", "Amendment # 2026-0503h: AA VV 03/06/2026 HJ 7", None),
        ("S", "Ought to Pass: MA, VV; OT3rdg; 03/06/2026; SJ 6", PASSED),
        ("S", "OT3rdg; 03/06/2026", PASSED),
        ("S", "Ought to Pass: MA, VV; 03/06/2026; SJ 6", None),
        ("S", "Pending Motion OT3rdg; 03/06/2026; SJ 6", None),
        ("S", "Ought to Pass with Amendment, MA, VV; Refer to Finance Rule 4-5; SJ 6", None),
        ("H", "House Concurs with Senate Amendment 2026-1961s (Rep. Roe): MA VV 05/30/2026", BOTH),
        ("H", "House Concurs with Senate Amendment 2026-1961s (Rep. Roe): MF RC 172-180", None),
        ("H", "House Non-Concurs with Senate Amendment 2026-1961s and Requests CofC: MA VV", None),
        ("S", "Enrolled Adopted, VV, (In recess 06/26/2026); SJ 18", BOTH),
        ("S", "Enrolled Bill Amendment # 2026-2700e Adopted, VV, (In recess of 06/25/2026)", None),
        ("S", "Signed by the Governor on 07/10/2026; Chapter 0210; Effective 09/08/2026",
         Stage.SIGNED_INTO_LAW),
        ("S", "Law Without Signature 08/19/2026; Chapter 344; Effective 08/19/2026",
         Stage.WITHOUT_SIGNATURE),
        ("H", "Enacted in accordance with Article 44 PartII of the N.H. Constitution without the "
         "signature of the governor. Chapter 343;I. sec 4 eff 12/1/26", Stage.WITHOUT_SIGNATURE),
        ("H", "Vetoed by Governor Roe 07/15/2026", Stage.VETOED),
        ("H", "Veto Sustained 08/19/2026: RC 152-167 Lacking Necessary Two-Thirds Vote", None),
        ("H", "Refer for Interim Study: MA VV 03/06/2026 HJ 7", None),
        ("H", "==CANCELLED== Executive Session: 03/06/2026 10:00 am GP 230", None),
        ("S", "Introduced and Adopted, VV; 12/04/2024;  SJ 1", PASSED),
    ],
)  # fmt: skip
def test_new_hampshires_clerks(body: str, words: str, stage: Stage | None) -> None:
    (action,) = docket.actions_of([Line(entered=DAY, body=body, words=words)])
    assert action.stage == stage


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("Introduced 01/07/2025 and referred to Judiciary", "2026-03-06"),  # a slip in the year
        ("Ought to Pass: MA VV 03/05/2026", "2026-03-05"),
        ("Ought to Pass: MA VV 02/30/2026", "2026-03-06"),
        ("Retained in Committee", "2026-03-06"),
        ("Committee Report: Ought to Pass 03/12/2026 (Vote 18-0; CC)", "2026-03-06"),
        ("Signed into law. Chapter 343;I. sec 4 eff. 03/09/2026", "2026-03-06"),
    ],
)
def test_the_day_of_a_line(words: str, wanted: str) -> None:
    (action,) = docket.actions_of([Line(entered=DAY, body="H", words=words)])
    assert action.day.isoformat() == wanted


def told(*lines: tuple[str, str]) -> list[tuple[Stage | None, int]]:
    """The stages of a docket and on which day of March each came."""
    rows = [
        Line(entered=date(2026, 3, number), body=body, words=words)
        for number, (body, words) in enumerate(lines, 1)
    ]
    return [(action.stage, action.day.day) for action in timeline(docket.actions_of(rows))]


def test_a_bill_sent_to_a_second_committee_has_not_passed() -> None:
    first = [("H", "Ought to Pass: MA VV"), ("H", "Referred to Finance HJ 7  P. 5")]
    assert told(*first) == []
    assert told(*first, ("H", "Referral Waived by Committee Chair per House Rule 47(f)")) == [
        (PASSED, 1)
    ]
    again = ("H", "Ought to Pass with Amendment 2026-0503h: MA VV")
    assert told(*first, again, ("S", "Ought to Pass: MA, VV; OT3rdg")) == [(PASSED, 3), (BOTH, 4)]


def test_an_order_to_a_third_reading_that_was_rescinded_is_no_passage() -> None:
    ordered = Line(entered=DAY, body="S", words="Ought to Pass: MA, VV; OT3rdg")
    back = Line(entered=DAY, body="S", words="The Chair rescinded OT3rdg")
    assert not timeline(docket.actions_of([ordered, back]))


def test_one_chamber_alone_overrides_no_veto() -> None:
    vetoed = ("H", "Vetoed by Governor Roe")
    house = ("H", "Veto Overridden: RC 231-88 by Required Two-Thirds Vote")
    senate = (
        "S",
        "Notwithstanding the Governor's Veto, Shall HB 1102 Become Law: RC 16Y-8N, Veto "
        "Overridden by necessary two-thirds vote",
    )
    assert told(vetoed, house) == [(Stage.VETOED, 1)]
    assert told(vetoed, house, house) == [(Stage.VETOED, 1)]
    assert told(vetoed, house, senate) == [(Stage.VETOED, 1), (Stage.VETO_OVERRIDDEN, 3)]


def test_a_bill_kept_in_committee_goes_on() -> None:
    (kept,) = docket.actions_of([Line(entered=DAY, body="H", words="Retained in Committee")])
    assert kept == Action(day=DAY, text="Retained in Committee", chamber="lower", mark=CARRIED)


@pytest.mark.parametrize(
    ("words", "stage", "chamber"),
    [
        ("H Prefiled and ordered printed; Offered 01/08/25", Stage.PREFILED, "lower"),
        ("H Subcommittee recommends reporting (5-Y 3-N)", None, "lower"),
        ("S Passed by for the day", None, "upper"),
        ("S Passed by indefinitely in Courts of Justice (9-Y 6-N)", Stage.DIED, "upper"),
        ("H Left in Public Safety", Stage.DIED, "lower"),
        ("H Read third time and passed House (51-Y 48-N)", PASSED, "lower"),
        ("S Passed Senate with amendment (21-Y 19-N)", PASSED, "upper"),
        ("H Senate amendment agreed to by House (52-Y 47-N)", BOTH, "lower"),
        ("G Approved by Governor-Chapter 321 (effective 7/1/25)", Stage.SIGNED_INTO_LAW, ""),
        (" Vetoed by Governor", Stage.VETOED, ""),
        ("H House sustained Governor's veto", None, "lower"),
    ],
)
def test_virginias_clerks(words: str, stage: Stage | None, chamber: str) -> None:
    action = virginia.action_of(DAY, words)
    assert (action.stage, action.chamber) == (stage, chamber)


@pytest.mark.parametrize(
    "words",
    [
        "Passed by for the day",
        "Passed to Rules Committee for second reading",
        "Continued pursuant to House Rule 22 to 2027",
        "Committee action: Ought Not to Pass",
    ],
)
def test_words_that_sound_like_a_passage(words: str) -> None:
    assert stage_of_words(words) is None
