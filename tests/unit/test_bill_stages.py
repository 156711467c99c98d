"""Stages of bills from words, progress events and classifications; histories as timelines."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.detect.bills import redline, steps_of
from monitor.detect.triggers import TriggerScan
from monitor.domain.ident import SourceId
from monitor.domain.item import Item
from monitor.domain.snapshot import Request, Snapshot
from monitor.domain.source import Source
from monitor.domain.vocabulary import Stage
from monitor.extract.bill import Bill, bill_item, spelled
from monitor.extract.bill_stages import (
    CARRIED,
    LINE_ITEM,
    OPENSTATES,
    Action,
    carried_over,
    mark_of_words,
    read_action,
    stage_of_words,
    timeline,
)
from monitor.kinds import ReadContext
from monitor.registry import SOURCE_KINDS
from monitor.resolve.telling import other_session

_LIST = (("op", "getMasterList"),)

#: Words of legislatures' own histories.
WORDS = {
    "Prefiled": Stage.PREFILED,
    "Filed": Stage.INTRODUCED,
    "Read first time": Stage.INTRODUCED,
    "H - Referred to the Committee On Rules": Stage.INTRODUCED,
    "Favorable by Judiciary; YEAS 9 NAYS 2": Stage.IN_COMMITTEE,
    "Reported favorably by Committee on Public Safety": Stage.IN_COMMITTEE,
    "Committee recommends: do pass as amended": Stage.IN_COMMITTEE,
    "Read third time and passed": Stage.PASSED_ONE_CHAMBER,
    "Third Reading Passed (101-38)": Stage.PASSED_ONE_CHAMBER,
    "Passed the House": Stage.PASSED_ONE_CHAMBER,
    "Engrossed": Stage.PASSED_ONE_CHAMBER,
    "Ordered enrolled": Stage.PASSED_BOTH,
    "Delivered to Governor": Stage.PASSED_BOTH,
    "Sent to the Governor": Stage.PASSED_BOTH,
    "Signed by the President of the Senate": Stage.PASSED_BOTH,
    "Approved by the Governor - Chapter 431": Stage.SIGNED_INTO_LAW,
    "Signed by Governor": Stage.SIGNED_INTO_LAW,
    "Governor Signed": Stage.SIGNED_INTO_LAW,
    "Chaptered by Secretary of State": Stage.SIGNED_INTO_LAW,
    "Became Public Law No. 12": Stage.SIGNED_INTO_LAW,
    "Notification that HB1045 is now Act 37": Stage.SIGNED_INTO_LAW,
    "Became law without Governor's signature": Stage.WITHOUT_SIGNATURE,
    "Effective without the Governor's signature": Stage.WITHOUT_SIGNATURE,
    "Vetoed by Governor": Stage.VETOED,
    "Vetoed by the Governor (Policy)": Stage.VETOED,
    "Pocket Veto": Stage.POCKET_VETO,
    "Veto overridden by House and Senate": Stage.VETO_OVERRIDDEN,
    "House Override Veto - Passed": Stage.VETO_OVERRIDDEN,
    "Signed by Governor with line item veto": Stage.SIGNED_INTO_LAW,
    "Died in Committee": Stage.DIED,
    "Sine die adjournment; bill is dead": Stage.DIED,
    "Indefinitely postponed and withdrawn from consideration": Stage.DIED,
    "Inexpedient to Legislate": Stage.DIED,
    "Veto override failed": None,
    "Veto sustained": None,
    "Withdrawn from Com/Cal": None,
    "Carried over to 2026": None,
    "Continued to next session in Courts of Justice": None,
    "Ought Not to Pass": None,
    "Hearing scheduled": None,
    "Fiscal note received": None,
}


@pytest.mark.parametrize(("words", "stage"), WORDS.items())
def test_words(words: str, stage: Stage | None) -> None:
    assert stage_of_words(words) is stage


def told(*actions: tuple[str, str] | tuple[str, str, str]) -> list[tuple[str, Stage | None]]:
    read = [read_action(date.fromisoformat(a[0]), a[1], *a[2:]) for a in actions]
    return [(step.day.isoformat(), step.stage) for step in timeline(read)]


def test_the_second_chamber_is_both_unless_it_amended() -> None:
    start = ("2025-01-01", "Introduced"), ("2025-02-01", "Passed House", "lower")
    assert told(*start, ("2025-03-01", "Passed Senate", "upper"))[-1] == (
        "2025-03-01",
        Stage.PASSED_BOTH,
    )
    amended = (*start, ("2025-03-01", "Passed Senate as amended", "upper"))
    assert told(*amended)[-1] == ("2025-02-01", Stage.PASSED_ONE_CHAMBER)
    assert told(*amended, ("2025-03-09", "Enrolled"))[-1] == ("2025-03-09", Stage.PASSED_BOTH)


def test_a_death_counts_only_where_the_bill_stays_dead() -> None:
    died = ("2025-05-01", "Died in committee")
    assert told(("2025-01-01", "Introduced"), died)[-1][1] is Stage.DIED
    assert told(("2025-01-01", "Introduced"), died, ("2026-01-10", "Passed House"))[-1] == (
        "2026-01-10",
        Stage.PASSED_ONE_CHAMBER,
    )
    carried = [
        read_action(date(2025, 1, 1), "Introduced"),
        read_action(date(2025, 5, 1), "Left in committee; sine die"),
        read_action(date(2025, 5, 2), "Carried over to 2026"),
    ]
    assert [step.stage for step in timeline(carried)] == [Stage.INTRODUCED]
    assert carried_over(carried)


def test_vetoes_end_overrides_and_line_items_do_not() -> None:
    passed = ("2025-03-01", "Enrolled")
    assert told(passed, ("2025-03-10", "Vetoed by Governor"))[-1][1] is Stage.VETOED
    overridden = told(
        passed, ("2025-03-10", "Vetoed by Governor"), ("2025-03-20", "Veto overridden"),
        ("2025-03-21", "Chapter 12"),
    )  # fmt: skip
    assert [stage for _, stage in overridden] == [
        Stage.PASSED_BOTH, Stage.VETOED, Stage.VETO_OVERRIDDEN,
    ]  # fmt: skip
    assert mark_of_words("Line item veto by Governor") == LINE_ITEM
    assert told(passed, ("2025-03-10", "Line item veto by Governor"))[-1][1] is (
        Stage.SIGNED_INTO_LAW
    )
    assert mark_of_words("Carried over to 2026") == CARRIED


@given(
    st.lists(
        st.tuples(st.integers(0, 400), st.sampled_from([*OPENSTATES.values(), None])), max_size=25
    )
)
def test_each_stage_once_in_order_of_days(drawn: list[tuple[int, Stage | None]]) -> None:
    actions = [
        Action(day=date(2025, 1, 1) + timedelta(days=n), text="x", stage=stage)
        for n, stage in drawn
    ]
    steps = timeline(actions)
    assert [s.day for s in steps] == sorted(s.day for s in steps)
    assert len({s.stage for s in steps}) == len(steps)
    assert timeline(steps) == steps
    assert timeline(reversed(actions)) == steps or len({a.day for a in actions}) < len(actions)


@pytest.mark.parametrize(
    ("state", "number", "written"),
    [
        ("FL", "S0002C", "SB 2-C"),
        ("FL", "H0001", "HB 1"),
        ("FL", "SB 2-C", "SB 2-C"),
        ("GA", "HB1105", "HB 1105"),
        ("ME", "LD1971", "LD 1971"),
        ("SC", "H4764", "H 4764"),
        ("NY", "S02235", "S 2235"),
        ("NC", "H318", "HB 318"),
        ("VT", "H.1", "H 1"),
        ("DC", "B26-0044", "B26-0044"),
    ],
)
def test_numbers_in_the_states_spelling(state: str, number: str, written: str) -> None:
    assert spelled(state, number) == written


def bill(**more: object) -> Bill:
    values: dict[str, object] = {
        "jurisdiction": "FL", "session": "1", "number": "SB 1", "title": "t",
        "actions": (read_action(date(2025, 1, 5), "Filed"),),
    }  # fmt: skip
    return Bill(**{**values, **more})  # type: ignore[arg-type]


def item_of(one: Bill, today: date = date(2025, 3, 1)) -> tuple[Item, tuple[str, ...]]:
    return bill_item(one, source_id=SourceId("s"), today=today, locator="bill", extractor="test 1")


def test_days_in_the_future_move_nothing_and_the_day_of_the_poll_is_in_no_key() -> None:
    later = bill(actions=(*bill().actions, read_action(date(2031, 1, 1), "Signed by Governor")))
    item, problems = item_of(later)
    assert "signed_into_law" not in dict(item.fields)["stages"]
    assert problems == ("future_date: FL SB 1 is told to be signed_into_law on 2031-01-01",)
    assert item_of(bill(), date(2025, 3, 1))[0] == item_of(bill(), date(2025, 4, 1))[0]


def test_a_step_comes_back_from_its_line() -> None:
    vetoed = read_action(date(2025, 2, 2), "Signed by Governor with line item veto")
    (step,) = steps_of(dict(item_of(bill(actions=(vetoed,)))[0].fields)["stages"])
    assert (step.day, step.stage, step.mark) == (
        date(2025, 2, 2),
        Stage.SIGNED_INTO_LAW,
        LINE_ITEM,
    )


def test_passed_signed_and_effective_stand_apart() -> None:
    actions = (
        read_action(date(2025, 2, 1), "Enrolled"),
        read_action(date(2025, 2, 20), "Approved by Governor; effective 07/01/2025"),
    )
    fields = dict(item_of(bill(actions=actions))[0].fields)
    assert (fields["passed"], fields["signed"], fields["effective"]) == (
        "2025-02-01", "2025-02-20", "2025-07-01",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("left", "right", "other"),
    [
        ("2025", "2025", False),
        ("2025", "2026", False),
        ("2025", "2027", True),
        ("2025", "2025 special", True),
        ("2025 special", "2025 special", False),
        ("", "2025 special", False),
        ("special", "2025 special", False),
    ],
)
def test_sessions(left: str, right: str, other: bool) -> None:
    assert other_session(left, right) is other


def test_a_redline_of_two_versions_names_what_came_and_went() -> None:
    old = Item(
        source_id=SourceId("s"), key="k", url="u", text="Sheriffs may sign.\nThis act takes effect."
    )
    new = Item(
        source_id=SourceId("s"),
        key="k",
        url="u",
        text="Sheriffs shall sign.\nThis act takes effect.",
    )
    change = redline(old, new)
    assert change.added == ("Sheriffs shall sign.",)
    assert change.removed == ("Sheriffs may sign.",)


def test_a_list_of_fifty_thousand_bills_asks_for_a_few_and_keeps_the_rest_due() -> None:
    kind = SOURCE_KINDS["legiscan"]
    options = kind.options.model_validate({"state": "TX", "max_bills": 20})
    source = Source(id=SourceId("tx"), kind="legiscan", name="Texas", options=options)
    session = {"session_id": 1, "year_start": 2025, "special": 0}
    entry = {"status": 1, "status_date": "", "last_action": "", "last_action_date": "", "url": ""}
    rows = {
        str(n): {
            **entry, "bill_id": n, "number": f"HB{n}", "change_hash": f"{n:032x}",
            "title": "Relating to 287(g)" if n % 500 == 0 else "Relating to roads",
        }
        for n in range(1, 50_001)
    }  # fmt: skip
    body = json.dumps({"status": "OK", "masterlist": {"session": session, **rows}}).encode()
    now = datetime(2025, 3, 1, 13, tzinfo=UTC)
    request = Request(url="https://api.legiscan.com/?op=getMasterList&id=1", context=_LIST)
    snapshot = Snapshot(
        source_id=source.id, request=request, final_url=request.url, status=200, headers=(),
        body=body, captured_at=now,
    )  # fmt: skip
    scan = TriggerScan.build(["287(g)"])
    context = ReadContext(source=source, options=options, cursor="", relevant=scan.relevant)
    reading = kind.read(snapshot, context)
    assert (len(reading.next_requests), reading.skipped) == (20, 49_900)
    later = kind.first(source, options, reading.cursor, now)
    assert [r.url for r in later if r.purpose == "bill"] == [r.url for r in reading.next_requests]
