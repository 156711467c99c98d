"""Bills from structured sources: the text says whether one is ours, its history says the stages.

Pure. The engine reads title and summary for the topic (mandate or limit), under the rules that
look at the field `bill_matter`; each line of the item's `stages` then gives one finding. Prose in
a bill, or about it, never moves it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from monitor.detect.document import Document
from monitor.detect.slots.bill import normal_bill
from monitor.detect.textdiff import change_between
from monitor.domain.claim import Finding, Jurisdiction, Quote
from monitor.domain.item import Change, Item
from monitor.domain.moment import StatedDate
from monitor.domain.vocabulary import Direction, DocumentKind, EventType, Instrument, Stage, Worth

STAGES = "stages"
#: The jurisdiction of a bill of Congress in its item; its events are federal, without a state.
CONGRESS = "US"
#: Instead of the day, where only a status without a day tells the stage.
UNDATED = "undated"
#: The field, and its only value, under which rules read what a bill is about.
MATTER = "bill_matter"
MATTER_VALUE = "measure"

_FAMILIES = ("state_mandate", "state_limit")
_STEP: dict[Stage, str] = {
    Stage.PREFILED: "introduced",
    Stage.INTRODUCED: "introduced",
    Stage.IN_COMMITTEE: "introduced",
    Stage.PASSED_ONE_CHAMBER: "passed",
    Stage.PASSED_BOTH: "passed",
    Stage.ENROLLED: "passed",
    Stage.SIGNED_INTO_LAW: "enacted",
    Stage.WITHOUT_SIGNATURE: "enacted",
    Stage.VETO_OVERRIDDEN: "enacted",
    Stage.VETOED: "blocked",
    Stage.POCKET_VETO: "blocked",
    Stage.DIED: "blocked",
}
_TURNED = {Direction.TOWARD: Direction.AWAY, Direction.AWAY: Direction.TOWARD}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of a bill's history as stored in the item's field."""

    day: date | None  #: None where the source tells the stage without its day
    stage: Stage
    mark: str  #: "line-item veto" or ""
    text: str


def is_structured(document: Document) -> bool:
    """Whether the document is a bill with a history in its fields."""
    return document.kind is DocumentKind.BILL and any(n == STAGES for n, _ in document.fields)


def matter(document: Document) -> Document:
    """The document as the rules on a bill's matter see it: words only, no status, no changes.

    A bill of Congress is read without its number, since a state's "HR 32" is a resolution, and as
    of Congress, since the states that its title may name are not where it is made.
    """
    plain = replace(document, fields=((MATTER, MATTER_VALUE),), change=None)
    values = dict(document.fields)
    if values.get("jurisdiction") != CONGRESS:
        return plain
    title = document.title.removeprefix(f"{CONGRESS} {values.get('bill', '')}: ")
    return replace(plain, title=title, source_states=(CONGRESS,))


def staged(document: Document, found: Sequence[Finding]) -> tuple[Finding, ...]:
    """One finding for each stage of the bill, in order; none where no rule says it is ours."""
    ours = next((one for one in found if _is_matter(one)), None)
    if ours is None:
        return ()
    values = dict(document.fields)
    steps = steps_of(values.get(STAGES, ""))
    return tuple(_finding(ours, step, values) for step in steps if step.stage in _STEP)


def steps_of(stages: str) -> tuple[Step, ...]:
    """The lines of the field `stages`; lines of another form are left out."""
    return tuple(step for line in stages.splitlines() if (step := _step(line)) is not None)


def redline(old: Item, new: Item) -> Change:
    """What two versions of a bill's text have that the other has not: sentences and links."""
    return change_between(old, new)


def _is_matter(finding: Finding) -> bool:
    family = finding.event_type.value.startswith(_FAMILIES)
    return family and finding.quote.start < 0 and finding.quote.text == MATTER_VALUE


def _step(line: str) -> Step | None:
    day, _, rest = line.partition(" ")
    word, _, text = rest.partition(" ")
    mark = ""
    if text.startswith("[") and "]" in text:
        mark, _, text = text[1:].partition("] ")
    try:
        on = None if day == UNDATED else date.fromisoformat(day)
        return Step(day=on, stage=Stage(word), mark=mark, text=text)
    except ValueError:
        return None


def _finding(ours: Finding, step: Step, values: dict[str, str]) -> Finding:
    family = next(f for f in _FAMILIES if ours.event_type.value.startswith(f))
    outcome = _STEP[step.stage]
    resolution = values.get("instrument") == "resolution"
    return replace(
        ours,
        event_type=EventType(f"{family}_{outcome}"),
        stage=step.stage,
        direction=_direction(ours.direction, outcome),
        jurisdiction=_jurisdiction(ours.jurisdiction, values.get("jurisdiction", "")),
        bill=normal_bill(values["bill"]) if values.get("bill") else ours.bill,
        instrument=Instrument.RESOLUTION if resolution else Instrument.BILL,
        occurred=StatedDate(day=step.day, origin="action") if step.day else None,
        passed=_stated(values.get("passed", "")) if outcome == "enacted" else None,
        effective=_stated(values.get("effective", "")) if outcome == "enacted" else None,
        quote=Quote(text=step.text, start=-1, end=-1),
        worth=Worth.REVIEW if resolution else ours.worth,
        note=step.mark or ours.note,
        attributes=_attributes(ours, values),
    )


def _jurisdiction(found: Jurisdiction, legislature: str) -> Jurisdiction:
    """That of the legislature; a bill of Congress is federal."""
    if legislature == CONGRESS:
        return Jurisdiction()
    return replace(found, state=legislature or found.state)


def _direction(toward: Direction, outcome: str) -> Direction:
    """A blocked mandate points away from cooperation, a blocked limit towards it."""
    return _TURNED.get(toward, toward) if outcome == "blocked" else toward


def _stated(day: str) -> StatedDate | None:
    return StatedDate(day=date.fromisoformat(day), origin="action") if day else None


def _attributes(ours: Finding, values: dict[str, str]) -> tuple[tuple[str, str], ...]:
    named = {name: values[name] for name in ("session", "companion", "bill_id") if values.get(name)}
    return tuple(sorted({**dict(ours.attributes), **named}.items()))
