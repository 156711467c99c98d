"""A bill as one item, however a source tells it: identity, history, versions, dates.

The item's key is "jurisdiction|session|number". Its fields hold what the source states; the
history stands in `stages`, one line an event: "2025-02-13 signed_into_law Approved by Governor".
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from monitor.domain.ident import SourceId
from monitor.domain.item import Item
from monitor.domain.moment import StatedDate
from monitor.domain.vocabulary import DocumentKind, Stage
from monitor.extract.bill_stages import (
    LINE_ITEM,
    Action,
    carried_over,
    mark_of_words,
    timeline,
)
from monitor.extract.text import clean

#: The field that tells a structured bill from a page about one.
STAGES = "stages"
_NUMBER = re.compile(r"([A-Za-z][A-Za-z. ]*?)[\s.]*0*(\d+)\s*-?\s*([A-Za-z]{1,2})?$")
#: Where aggregators write one letter for what the state and everybody else write as two.
_TWO_LETTERS = frozenset({"FL", "NC", "ID"})
_LAW = (Stage.SIGNED_INTO_LAW, Stage.WITHOUT_SIGNATURE, Stage.VETO_OVERRIDDEN)
_EFFECTIVE = re.compile(
    r"\beff(?:ective|\.)?(?: date)?:? (?:on )?"
    r"(?:(\d{1,2})/(\d{1,2})/(\d{4})|(\d{4})-(\d\d)-(\d\d))",
    re.IGNORECASE,
)
MAX_VERSIONS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One text of the bill: introduced, engrossed, enrolled …"""

    name: str
    url: str
    day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What one source says of one bill; `number` in the state's spelling."""

    jurisdiction: str  #: two letters; "US" for Congress
    session: str  #: as the source names it, e.g. "2025" or "2025C"
    number: str
    title: str
    summary: str = ""
    special: bool = False
    year: int = 0  #: in which the session begins; 0: not stated
    actions: tuple[Action, ...] = ()
    status: str = ""
    undated: tuple[Stage, str] | None = None  #: what the status alone tells, without its day
    as_of: date | None = None  #: until when the source's own list speaks, where it has no days
    versions: tuple[Version, ...] = ()
    companions: tuple[str, ...] = ()
    resolution: bool = False
    bill_id: str = ""  #: the provider's own
    url: str = ""


def spelled(jurisdiction: str, number: str) -> str:
    """The number as its state writes it: "S0002C" of Florida gives "SB 2-C", "HB1105" "HB 1105".

    What has no such form comes back as it is.
    """
    found = _NUMBER.fullmatch(" ".join(number.split()))
    if found is None:
        return number.strip()
    letters = found.group(1).replace(".", "").replace(" ", "").upper()
    if jurisdiction in _TWO_LETTERS and letters in ("H", "S"):
        letters += "B"
    suffix = f"-{found.group(3).upper()}" if found.group(3) else ""
    return f"{letters} {found.group(2)}{suffix}"


def bill_key(bill: Bill) -> str:
    """The identity of a bill within its source."""
    return f"{bill.jurisdiction}|{bill.session}|{bill.number}"


def bill_item(
    bill: Bill, *, source_id: SourceId, today: date, locator: str, extractor: str
) -> tuple[Item, tuple[str, ...]]:
    """The bill as an item, and what is odd about it. `today` only bounds dates in the future."""
    actions, problems = _plausible(bill, today)
    steps = timeline(actions)
    # Of several actions on one day the one listed last is the newest.
    last = sorted(actions, key=lambda action: action.day)[-1] if actions else None
    values = _values(bill, actions, steps, last)
    item = Item(
        source_id=source_id,
        key=bill_key(bill),
        url=bill.url,
        title=f"{bill.jurisdiction} {bill.number}: {bill.title}"[:600],
        text=clean("\n".join(dict.fromkeys(x for x in (bill.title, bill.summary) if x))),
        kind=DocumentKind.BILL,
        published=_published(bill, last),
        # A history without a step is one too: then the bill tells nothing yet.
        fields=tuple(sorted((n, value) for n, value in values.items() if value or n == STAGES)),
        links=tuple(version.url for version in bill.versions[:MAX_VERSIONS] if version.url),
        locator=locator,
        extractor=extractor,
    )
    return item, problems


def _published(bill: Bill, last: Action | None) -> StatedDate | None:
    if bill.as_of is not None:
        return StatedDate(day=bill.as_of, origin="status as of")
    return StatedDate(day=last.day, origin="last action") if last else None


def _plausible(bill: Bill, today: date) -> tuple[list[Action], tuple[str, ...]]:
    """Actions that can have happened; scheduled ones are left out, absurd ones complained of."""
    latest = today + timedelta(days=1)
    past = [action for action in bill.actions if action.day <= latest]
    far = [a for a in bill.actions if a.day > latest and a.stage is not None]
    problems = tuple(
        f"future_date: {bill.jurisdiction} {bill.number} is told to be {a.stage} on {a.day}"
        for a in far[:3]
    )
    return past, problems


def _values(
    bill: Bill, actions: list[Action], steps: tuple[Action, ...], last: Action | None
) -> dict[str, str]:
    by_stage: dict[Stage | None, Action] = {step.stage: step for step in steps}
    law = next((by_stage[stage] for stage in _LAW if stage in by_stage), None)
    passed = by_stage.get(Stage.PASSED_BOTH)
    return {
        "bill": bill.number,
        "bill_id": bill.bill_id,
        "companion": ", ".join(bill.companions),
        "effective": effective_day(actions),
        "instrument": "resolution" if bill.resolution else "bill",
        "jurisdiction": bill.jurisdiction,
        "last_action": last.text if last else "",
        "last_action_date": last.day.isoformat() if last else "",
        "passed": passed.day.isoformat() if passed else "",
        "session": session_word(bill),
        "signed": law.day.isoformat() if law else "",
        STAGES: "\n".join((*map(_line, steps), *_undated_line(bill, by_stage))),
        "status": "carried over" if carried_over(actions) else bill.status,
        "versions": "\n".join(map(_version_line, bill.versions[:MAX_VERSIONS])),
    }


def session_word(bill: Bill) -> str:
    """How sessions compare across sources: "2025", "2025 special" or, for those of Congress,
    "2025 congress", since a state's HR 32 is none of Congress; "" where nothing is said."""
    year = str(bill.year) if bill.year else ""
    kind = "congress" if bill.jurisdiction == "US" else "special" if bill.special else ""
    return f"{year} {kind}".strip()


def effective_day(actions: list[Action]) -> str:
    """The day on which the law takes effect, as an action states it; "" where none does."""
    for action in reversed(sorted(actions, key=lambda a: a.day)):
        found = _EFFECTIVE.search(action.text)
        if found:
            month, day, year, iso_year, iso_month, iso_day = found.groups()
            parts = (iso_year or year, iso_month or month, iso_day or day)
            try:
                return date(*map(int, parts)).isoformat()
            except ValueError:
                continue
    return ""


def _line(step: Action) -> str:
    stage = step.stage.value if step.stage else ""
    mark = f" [{step.mark}]" if step.mark and step.mark != "with amendments" else ""
    return f"{step.day.isoformat()} {stage}{mark} {' '.join(step.text.split())[:300]}"


def _undated_line(bill: Bill, known: Collection[Stage | None]) -> tuple[str, ...]:
    """The last stage where only the status tells it: without a day, and never that of the poll."""
    if bill.undated is None or bill.undated[0] in known:
        return ()
    stage, words = bill.undated
    mark = " [line-item veto]" if mark_of_words(words) == LINE_ITEM else ""
    return (f"undated {stage.value}{mark} {' '.join(words.split())[:300]}",)


def _version_line(version: Version) -> str:
    day = version.day.isoformat() if version.day else "undated"
    return f"{day} {version.name} {version.url}".strip()
