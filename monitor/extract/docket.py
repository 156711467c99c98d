"""What the dockets of the New Hampshire General Court say of a bill: pure.

The words are those of the clerks of both chambers in gc.nh.gov/dynamicdatadump/Docket.txt. The
House writes "Ought to Pass: MA VV 03/06/2025 HJ 7 P. 5", the Senate "Ought to Pass: MA, VV;
OT3rdg; 03/27/2025; SJ 9": MA is a motion adopted, MF one that failed, OT3rdg the order to a third
reading, which is the Senate's passage.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from monitor.domain.vocabulary import Stage
from monitor.extract.bill_stages import CARRIED, PARTIAL, Action

_CHAMBERS = {"H": "lower", "S": "upper"}
#: "==CANCELLED==", "=== BILL KILLED ===" beside the words.
_FLAG = re.compile(r"=+\s*([A-Z][A-Z ]*?)\s*=+")
_DAY = re.compile(r"\b(\d{1,2})/(\d{1,2})/(\d{4})\b")
_EFFECTIVE = re.compile(r"\beff(?:ective)?\b", re.IGNORECASE)
#: A clerk's slip in the year is further off than a day announced ahead or entered late.
_SLIP = timedelta(days=60)
_ADOPTED = re.compile(r"[:,)] ?MA\b")
_THIRD = re.compile(r"\bOT ?3rdg\b", re.IGNORECASE)
_RESCINDED = re.compile(r"rescinded OT ?3rdg|pending motion", re.IGNORECASE)
_REFERRED = re.compile(r"^referred to (?!.*interim study)", re.IGNORECASE)
_WAIVED = re.compile(r"\breferral waived|\bwaived referral", re.IGNORECASE)
_AMENDED = re.compile(r"with amendment", re.IGNORECASE)
_MOTION = r"^(?:sen\. .{1,40}? moved )?"
#: Kinds of lines that announce something: their days are not yet those of the bill.
_REPORT = re.compile(
    r"^(?:majority |minority )?committee (?:majority |minority )?report|^interim study report|"
    r"hearing:|session:|^to be introduced",
    re.IGNORECASE,
)
#: The first that matches counts.
_WORDS = tuple(
    (re.compile(pattern, re.IGNORECASE), stage)
    for pattern, stage in (
        (r"^minority|^committee minority", None),
        (r"^(?:majority )?committee (?:majority )?report\W+ought to pass", Stage.IN_COMMITTEE),
        (r"^(?:majority )?committee|^interim study|hearing:|session:", None),
        (r"^to be introduced", Stage.PREFILED),
        (r"^introduced and adopted", Stage.PASSED_ONE_CHAMBER),
        (r"^introduced\b", Stage.INTRODUCED),
        (r"^enrolled\b(?! bill)", Stage.PASSED_BOTH),
        (r"^signed by (?:the )?governor", Stage.SIGNED_INTO_LAW),
        (r"^law without signature|without the signature of the governor", Stage.WITHOUT_SIGNATURE),
        (r"^vetoed by (?:the )?governor", Stage.VETOED),
        (r"\bveto overridden\b", Stage.VETO_OVERRIDDEN),
        (r"^died\b", Stage.DIED),
    )
)
#: What a chamber does by a motion, which may fail.
_MOTIONS = tuple(
    (re.compile(_MOTION + pattern, re.IGNORECASE), stage)
    for pattern, stage in (
        (r"ought to pass\b", Stage.PASSED_ONE_CHAMBER),
        (
            r"(?:to )?(?:house )?concurs? with (?:the )?(?:senate|house) amendment",
            Stage.PASSED_BOTH,
        ),
        (r"(?:inexpedient to legislate|indefinitely postponed?)\b", Stage.DIED),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of the docket."""

    entered: date  #: on which the clerk wrote it
    body: str  #: "H" or "S"
    words: str


def day_of(words: str) -> date | None:
    """The first day that is stated, as "1/9/2025" or "01/09/2025"; None: none, or no such day."""
    found = _DAY.search(words)
    if found is None:
        return None
    month, day, year = (int(part) for part in found.groups())
    try:
        return date(year, month, day)
    except ValueError:
        return None


def actions_of(lines: Iterable[Line]) -> tuple[Action, ...]:
    """The actions of a bill in the order of the docket.

    The House sends a bill that it passed on to a second committee where it costs money (House
    Rule 47): its passage is then the one after that, unless the referral is waived. The Senate's
    order to a third reading can be rescinded. Each chamber votes on a veto, and the second
    vote overrides it (Constitution of New Hampshire, Part II, Article 44).
    """
    actions: list[Action] = []
    held: list[int] = []
    over: set[str] = set()
    for line in lines:
        action = _action(line)
        if action.stage is Stage.VETO_OVERRIDDEN:
            over.add(action.chamber)
            action = action if len(over) == 2 else replace(action, stage=None)
        if line.body == "S" and _RESCINDED.search(action.text):
            _hold(actions, "upper", on=action.day)
        elif line.body == "H" and _REFERRED.search(action.text):
            held = _hold(actions, "lower")
        elif line.body == "H" and _WAIVED.search(action.text):
            for number in held:
                actions[number] = replace(actions[number], stage=Stage.PASSED_ONE_CHAMBER)
        actions.append(action)
    return tuple(actions)


def _hold(actions: list[Action], chamber: str, on: date | None = None) -> list[int]:
    """Take back the passages by a chamber, all or those of a day; where they stand."""
    held = [
        number
        for number, known in enumerate(actions)
        if known.stage is Stage.PASSED_ONE_CHAMBER
        and known.chamber == chamber
        and on in (None, known.day)
    ]
    for number in held:
        actions[number] = replace(actions[number], stage=None)
    return held


def _action(line: Line) -> Action:
    flags = {found.group(1) for found in _FLAG.finditer(line.words)}
    words = " ".join(_FLAG.sub(" ", line.words).split())
    chamber = _CHAMBERS.get(line.body, "")
    action = Action(day=_when(words, line.entered), text=words, chamber=chamber)
    if "CANCELLED" in flags:
        return action
    if words.lower().startswith("retained in committee"):
        return replace(action, mark=CARRIED)
    mark = PARTIAL if _AMENDED.search(words) else ""
    return replace(action, stage=_stage(words, line.body), mark=mark)


def _when(words: str, entered: date) -> date:
    """The day that the line states for what was done, unless it announces or slips."""
    effective = _EFFECTIVE.search(words)
    stated = day_of(words[: effective.start()] if effective else words)
    announced = _REPORT.search(words) is not None
    slipped = stated is not None and abs(stated - entered) > _SLIP
    return entered if stated is None or announced or slipped else stated


def _stage(words: str, body: str) -> Stage | None:
    for pattern, stage in _WORDS:
        if pattern.search(words):
            return stage
    third = body == "S" and _THIRD.search(words) and not _RESCINDED.search(words)
    if third and (words[:2].upper() == "OT" or _ADOPTED.search(words)):
        return Stage.PASSED_ONE_CHAMBER
    if not _ADOPTED.search(words):
        return None
    moved = next((stage for pattern, stage in _MOTIONS if pattern.search(words)), None)
    # In the Senate the motion is not the passage: the bill may go to Finance, or on the table.
    return None if moved is Stage.PASSED_ONE_CHAMBER and body == "S" else moved
