"""How far a bill has come, from what legislatures and aggregators say in status and actions.

Sources of the vocabularies: LegiScan API manual (progress events 1-12), the action
classifications of openstates-core (common.py, BILL_ACTION classification), and the wording of
state legislatures' own histories. Pure; prose about a bill never comes here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from monitor.domain.vocabulary import Stage

#: Marks of an action beside its stage.
LINE_ITEM = "line-item veto"
CARRIED = "carried over"
PARTIAL = "with amendments"

#: LegiScan's progress events. A referral (9) and a negative report (11) move nothing.
LEGISCAN: Mapping[int, Stage] = {
    1: Stage.INTRODUCED,
    2: Stage.PASSED_ONE_CHAMBER,
    3: Stage.PASSED_BOTH,
    4: Stage.SIGNED_INTO_LAW,
    5: Stage.VETOED,
    6: Stage.DIED,
    7: Stage.VETO_OVERRIDDEN,
    8: Stage.SIGNED_INTO_LAW,
    10: Stage.IN_COMMITTEE,
}
LEGISCAN_KNOWN = frozenset(range(13))

#: Open States' action classifications that move a bill.
OPENSTATES: Mapping[str, Stage] = {
    "filing": Stage.PREFILED,
    "introduction": Stage.INTRODUCED,
    "committee-passage": Stage.IN_COMMITTEE,
    "committee-passage-favorable": Stage.IN_COMMITTEE,
    "passage": Stage.PASSED_ONE_CHAMBER,
    "concurrence": Stage.PASSED_BOTH,
    "enrolled": Stage.PASSED_BOTH,
    "executive-receipt": Stage.PASSED_BOTH,
    "executive-signature": Stage.SIGNED_INTO_LAW,
    "became-law": Stage.SIGNED_INTO_LAW,
    "executive-veto": Stage.VETOED,
    "veto-override-passage": Stage.VETO_OVERRIDDEN,
    "failure": Stage.DIED,
    "withdrawal": Stage.DIED,
}
#: Classifications that say something else, or nothing about the stage.
OPENSTATES_KNOWN = frozenset(OPENSTATES) | {
    "substitution", "reading-1", "reading-2", "reading-3", "amendment-introduction",
    "amendment-passage", "amendment-withdrawal", "amendment-failure", "amendment-amendment",
    "amendment-deferral", "committee-failure", "committee-passage-unfavorable", "referral",
    "referral-committee", "deferral", "receipt", "executive-veto-line-item",
    "veto-override-failure", "carried-over", "conference",
}  # fmt: skip

#: A bill that goes on: "Continued pursuant to House Rule 22 to 2027".
_ON = (
    r"(?:carried|held|laid|continued) over|carryover|"
    r"continued (?:pursuant .{0,40})?to (?:20\d\d|next)"
)
_GOVERNOR = r"(?:the )?(?:gov(?:ernor|\b)|executive|mayor|president of the united states)"
#: The first that matches counts, so that "veto overridden" is no veto and "ought not" no report.
_WORDS: tuple[tuple[str, Stage | None], ...] = (
    (r"line[ -]item veto|partial(?:ly)? veto|(?:vetoed|veto) in part|item(?:s)? vetoed",
     Stage.SIGNED_INTO_LAW),
    (r"overrid\w* (?:failed|fails|not)|failed to override|veto sustained|fail\w* .{0,20}override",
     None),
    (r"veto(?:es)? overrid\w+|overrid\w+ (?:the )?(?:governor'?s )?veto|override .{0,30}(?:passed|"
     r"successful)|notwithstanding the (?:objections|veto)|passed over (?:the )?veto",
     Stage.VETO_OVERRIDDEN),
    (r"pocket[ -]?veto", Stage.POCKET_VETO),
    (r"\bveto(?:ed)?\b", Stage.VETOED),
    (r"without (?:the )?(?:governor'?s? |executive )?(?:signature|approval|signing)",
     Stage.WITHOUT_SIGNATURE),
    (rf"(?:signed|approved) by {_GOVERNOR}|{_GOVERNOR}(?:'s action)?:? ?-? ?(?:signed|approved)|"
     r"signed into law|chaptered|became (?:law|act|public|pub)|(?:is )?now act|act no\.? ?\d|"
     r"(?:public|session) (?:act|law|chapter)\.? ?(?:no\.? ?)?\d|\bpub\. ?(?:act|ch|l)|"
     r"chapter \d+,|^chapter (?:no\.? ?)?\d|^enacted|assigned chapter|"
     r"(?:ch|chapter) ?(?:ses\.?|sl|slaw)",
     Stage.SIGNED_INTO_LAW),
    (rf"(?:sent|delivered|presented|transmitted|forwarded|conveyed) to {_GOVERNOR}|to {_GOVERNOR}"
     r"|enrolled|passed both|signed by (?:the )?(?:speaker|president)|concur(?:s|red) in .{0,40}"
     r"amendment|conference report (?:adopted|agreed)|returned passed|ordered enrolled",
     Stage.PASSED_BOTH),
    (_ON, None),
    (r"\bdied\b|sine die|indefinitely postponed|inexpedient to legislate|failed to pass|"
     r"\bwithdrawn\b(?! from)|stricken from|\bfailed\b(?! (?:to )?(?:amend|adopt))|"
     r"passed by indefinitely|left in .{0,40}committee|bill is dead", Stage.DIED),
    (r"ought not|do not pass|unfavorabl\w+|without recommendation", None),
    (r"(?:reported|report) (?:out )?(?:favorabl\w+|do pass|with recommend)|favorable report|"
     r"do pass\b|ought to pass|recommend(?:ed|s) (?:passage|do pass|as)|(?:reported|passed) (?:out "
     r"of|from|by) .{0,60}committee|committee (?:report|substitute) (?:adopted|favorable)|"
     r"favorable (?:by|with)|reported from", Stage.IN_COMMITTEE),
    (r"(?:third|3rd|final) reading.{0,40}passed|passed .{0,20}(?:third|3rd) reading|read (?:a |"
     r"the )?third time.{0,40}passed|passed (?:the )?(?:house|senate|assembly)|"
     r"(?:house|senate|assembly)[:,]? (?:read .{0,30})?passed|"
     r"^passed\b(?! (?:by\b|to .{0,40}committee))|engrossed|"
     r"passed; yeas|final passage",
     Stage.PASSED_ONE_CHAMBER),
    (r"pre-?filed", Stage.PREFILED),
    (r"introduced|first reading|read (?:the )?first time|read 1st time|1st reading|^filed|"
     r"referred to|read first", Stage.INTRODUCED),
)  # fmt: skip
_PATTERNS = tuple((re.compile(pattern, re.IGNORECASE), stage) for pattern, stage in _WORDS)
_LINE_ITEM = re.compile(_WORDS[0][0], re.IGNORECASE)
_CARRIED = re.compile(_ON, re.IGNORECASE)
_AMENDED = re.compile(r"\bas amended|with (?:senate |house )?amendment", re.IGNORECASE)
_MAX_CHARS = 400

_LAW = frozenset({Stage.SIGNED_INTO_LAW, Stage.WITHOUT_SIGNATURE, Stage.VETO_OVERRIDDEN})
_PASSAGE = Stage.PASSED_ONE_CHAMBER


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One line of a bill's history; `stage` None: it moves nothing."""

    day: date
    text: str
    stage: Stage | None = None
    chamber: str = ""  #: "lower", "upper" or "" where the source does not say
    mark: str = ""  #: LINE_ITEM, CARRIED, PARTIAL or ""


def read_action(day: date, text: str, chamber: str = "") -> Action:
    """An action from its words alone."""
    return Action(
        day=day,
        text=text,
        stage=stage_of_words(text),
        chamber=chamber or chamber_of_words(text),
        mark=mark_of_words(text),
    )


def stage_of_words(text: str) -> Stage | None:
    """The stage that an action or status says in words; None: it says nothing of the kind."""
    piece = text[:_MAX_CHARS]
    return next((stage for pattern, stage in _PATTERNS if pattern.search(piece)), None)


def mark_of_words(text: str) -> str:
    """LINE_ITEM, CARRIED or PARTIAL where the words say so, else ""."""
    piece = text[:_MAX_CHARS]
    if _LINE_ITEM.search(piece):
        return LINE_ITEM
    if _CARRIED.search(piece):
        return CARRIED
    return PARTIAL if _AMENDED.search(piece) else ""


def chamber_of_words(text: str) -> str:
    """The chamber that is named first: "lower", "upper" or ""."""
    found = re.search(r"\b(house|assembly|senate)\b|^\(?([hs])\)?\b", text[:60], re.IGNORECASE)
    if found is None:
        return ""
    return "upper" if found.group(0).strip("() ").lower() in ("senate", "s") else "lower"


def timeline(actions: Iterable[Action]) -> tuple[Action, ...]:
    """The actions that moved the bill, each stage once, in the order of their days.

    The second chamber's passage is the passage by both, unless it changed the bill (then
    concurrence or enrolment is). A death is dropped when the bill went on or was carried over; a
    law told with a veto of single items stays a law.
    """
    ordered = sorted(actions, key=lambda action: action.day)
    kept: dict[Stage, Action] = {}
    for action in _passages(ordered):
        if action.stage is not None:
            kept.setdefault(action.stage, action)
    _drop_undone(kept, ordered)
    return tuple(sorted(kept.values(), key=lambda a: (a.day, _RANK.get(a.stage or _PASSAGE, 0))))


def _passages(ordered: list[Action]) -> Iterable[Action]:
    """The actions, the second chamber's passage told as that of both."""
    passed = ""
    for action in ordered:
        if action.stage is not _PASSAGE:
            yield action
            continue
        second = bool(passed and action.chamber and action.chamber != passed)
        passed = passed or action.chamber
        if not second:
            yield action
        elif action.mark != PARTIAL:
            yield replace(action, stage=Stage.PASSED_BOTH)


def _drop_undone(kept: dict[Stage, Action], ordered: list[Action]) -> None:
    """Take out deaths that were none, and one of two words for becoming law."""
    died = kept.get(Stage.DIED)
    if died is not None:
        after = [a for a in ordered if a.day > died.day and a.stage not in (None, Stage.DIED)]
        carried = any(a.mark == CARRIED and a.day >= died.day for a in ordered)
        if after or carried or _LAW & kept.keys():
            del kept[Stage.DIED]
    for special in (Stage.VETO_OVERRIDDEN, Stage.WITHOUT_SIGNATURE):
        if special in kept:
            kept.pop(Stage.SIGNED_INTO_LAW, None)
    if Stage.POCKET_VETO in kept:
        kept.pop(Stage.VETOED, None)


def carried_over(actions: Iterable[Action]) -> bool:
    """Whether the last word on the bill is that it goes on in the next session."""
    ordered = sorted(actions, key=lambda action: action.day)
    return bool(ordered) and ordered[-1].mark == CARRIED


_RANK = {
    stage: rank
    for rank, stage in enumerate(
        (
            Stage.PREFILED,
            Stage.INTRODUCED,
            Stage.IN_COMMITTEE,
            Stage.PASSED_ONE_CHAMBER,
            Stage.PASSED_BOTH,
            Stage.VETOED,
            Stage.POCKET_VETO,
            Stage.VETO_OVERRIDDEN,
            Stage.SIGNED_INTO_LAW,
            Stage.WITHOUT_SIGNATURE,
            Stage.DIED,
        )
    )
}
