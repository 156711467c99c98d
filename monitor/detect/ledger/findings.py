"""Told outcomes as findings: the roster's facts in the words of events, neutral and dated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from monitor.detect.ledger.oddities import Oddity
from monitor.domain.claim import Finding, Jurisdiction, Quote
from monitor.domain.moment import StatedDate
from monitor.domain.roster import LedgerOutcome, OutcomeKind, RosterRow
from monitor.domain.states import CODES_BY_NAME
from monitor.domain.vocabulary import Direction, EventType, Model, Stage, Worth

RULE = "roster-ledger"
RULE_VERSION = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What an outcome says in the words of events."""

    event_type: EventType
    stage: Stage
    direction: Direction


_SIGNED = Reading(
    event_type=EventType.AGREEMENT_SIGNED, stage=Stage.LISTED, direction=Direction.TOWARD
)
_AMENDED = Reading(
    event_type=EventType.AGREEMENT_MODIFIED, stage=Stage.AMENDED, direction=Direction.NEUTRAL
)
_READINGS: Mapping[OutcomeKind, Reading] = {
    OutcomeKind.SIGNED: _SIGNED,
    OutcomeKind.SIGNED_ADDITIONAL_MODEL: _SIGNED,
    OutcomeKind.RESIGNED: _SIGNED,
    OutcomeKind.RESTORED: Reading(
        event_type=EventType.AGREEMENT_MODIFIED,
        stage=Stage.RESUMED,
        direction=Direction.TOWARD,
    ),
    OutcomeKind.REMOVED: Reading(
        event_type=EventType.AGREEMENT_TERMINATED,
        stage=Stage.REMOVED,
        direction=Direction.AWAY,
    ),
    OutcomeKind.PENDING_ADDED: Reading(
        event_type=EventType.AGREEMENT_PENDING,
        stage=Stage.APPLIED,
        direction=Direction.TOWARD,
    ),
    OutcomeKind.MODEL_SWITCHED: _AMENDED,
    OutcomeKind.REDATED: _AMENDED,
    OutcomeKind.RENAMED: _AMENDED,
    OutcomeKind.ROW_OVERWRITTEN: _AMENDED,
    OutcomeKind.STATE_CORRECTED: _AMENDED,
    OutcomeKind.COUNTY_CORRECTED: _AMENDED,
    OutcomeKind.MOA_POSTED: _AMENDED,
    OutcomeKind.MOA_WITHDRAWN: _AMENDED,
    OutcomeKind.MOA_REPLACED: _AMENDED,
    OutcomeKind.ADDENDUM_ADDED: _AMENDED,
    OutcomeKind.ADDENDUM_POSTED: _AMENDED,
    OutcomeKind.ADDENDUM_REMOVED: _AMENDED,
    OutcomeKind.MASS_EDIT: _AMENDED,
}

#: What a kind of outcome did, for people; the details stand beside it.
_WORDS: Mapping[OutcomeKind, str] = {
    OutcomeKind.SIGNED_ADDITIONAL_MODEL: "agency already listed with another model",
    OutcomeKind.RESIGNED: "listed again with a new date after an absence",
    OutcomeKind.RESTORED: "back on the list unchanged after it was removed",
    OutcomeKind.REMOVED: "no longer on ICE's list",
    OutcomeKind.MODEL_SWITCHED: "model changed",
    OutcomeKind.REDATED: "date changed",
    OutcomeKind.RENAMED: "name changed",
    OutcomeKind.ROW_OVERWRITTEN: "the row now names another agency",
    OutcomeKind.STATE_CORRECTED: "state corrected",
    OutcomeKind.COUNTY_CORRECTED: "county corrected",
    OutcomeKind.MOA_POSTED: "agreement document posted",
    OutcomeKind.MOA_WITHDRAWN: "link to the agreement document taken away",
    OutcomeKind.MOA_REPLACED: "link to the agreement document changed",
    OutcomeKind.ADDENDUM_ADDED: "addendum posted",
    OutcomeKind.ADDENDUM_POSTED: "addendum posted",
    OutcomeKind.ADDENDUM_REMOVED: "addendum taken away",
    OutcomeKind.MASS_EDIT: "one column edited in many rows",
}


def finding(outcome: LedgerOutcome) -> Finding | None:
    """The finding of a told outcome; None for what is recorded only.

    `event_key` and `keys` are left empty for the step that decides which event it is.
    """
    reading = _READINGS.get(outcome.outcome)
    if reading is None or not outcome.told:
        return None
    row = outcome.after or outcome.before
    text = row_text(row) if row else outcome.reason
    return Finding(
        event_type=reading.event_type,
        stage=reading.stage,
        direction=reading.direction,
        jurisdiction=_jurisdiction(row),
        agency=row.agency if row else None,
        agency_id=row.agency_id or None if row else None,
        model=row.model if row and row.model is not Model.UNKNOWN else None,
        occurred=_occurred(outcome),
        quote=Quote(text=text, start=0, end=len(text)),
        rule=RULE,
        rule_version=RULE_VERSION,
        worth=Worth.ALERT,
        note=note(outcome),
        attributes=_attributes(outcome),
    )


def findings(outcomes: tuple[LedgerOutcome, ...]) -> tuple[tuple[Finding, str], ...]:
    """Findings of a step with their locators ("row 17"), in the order of the outcomes."""
    found = []
    for outcome in outcomes:
        told = finding(outcome)
        if told is not None:
            row = outcome.after or outcome.before
            found.append((told, f"row {row.number}" if row and row.number else "sheet"))
    return tuple(found)


def oddity_finding(oddity: Oddity) -> Finding:
    """An error of the publisher as a finding that a person should look at, not an alert."""
    row = oddity.row
    text = row_text(row)
    return Finding(
        event_type=_AMENDED.event_type,
        stage=_AMENDED.stage,
        direction=_AMENDED.direction,
        jurisdiction=_jurisdiction(row),
        agency=row.agency,
        agency_id=row.agency_id or None,
        model=row.model if row.model is not Model.UNKNOWN else None,
        quote=Quote(text=text, start=0, end=len(text)),
        rule=f"{RULE}-oddity",
        rule_version=RULE_VERSION,
        worth=Worth.REVIEW,
        note=f"in ICE's list: {oddity.note}",
        attributes=(
            ("moa", row.moa or ""),
            ("oddity", oddity.kind.value),
            ("outcome", "oddity"),
        ),
    )


def _jurisdiction(row: RosterRow | None) -> Jurisdiction:
    if row is None:
        return Jurisdiction()
    return Jurisdiction(state=row.state or None, county=row.county_fips)


def _occurred(outcome: LedgerOutcome) -> StatedDate | None:
    """SIGNED for signings; for a removal the first publication without the row."""
    if outcome.outcome is OutcomeKind.REMOVED:
        return StatedDate(day=outcome.published_at.date(), origin="first list without the row")
    row = outcome.after
    if row is None or row.signed is None or _READINGS[outcome.outcome] is not _SIGNED:
        return None
    return StatedDate(day=row.signed, origin="SIGNED")


def note(outcome: LedgerOutcome) -> str:
    """A neutral remark: what happened to the row, and "was … now …" where a value changed."""
    parts = [_WORDS.get(outcome.outcome, "")]
    before, after = outcome.before, outcome.after
    if before is not None and after is not None:
        parts.append(was_now(outcome.outcome, before, after))
    elif outcome.outcome in {OutcomeKind.REMOVED, OutcomeKind.MASS_EDIT}:
        parts.append(outcome.reason)
    if outcome.from_pending and outcome.outcome is not OutcomeKind.PENDING_ADDED:
        parts.append("was on the pending list before")
    return "; ".join(part for part in parts if part)


def was_now(kind: OutcomeKind, before: RosterRow, after: RosterRow) -> str:
    """The value that changed, before and after."""
    values: Mapping[OutcomeKind, tuple[object, object]] = {
        OutcomeKind.MODEL_SWITCHED: (before.model.value, after.model.value),
        OutcomeKind.REDATED: (before.signed, after.signed),
        OutcomeKind.RESIGNED: (before.signed, after.signed),
        OutcomeKind.RENAMED: (before.agency, after.agency),
        OutcomeKind.ROW_OVERWRITTEN: (before.agency, after.agency),
        OutcomeKind.STATE_CORRECTED: (before.state, after.state),
        OutcomeKind.COUNTY_CORRECTED: (before.county, after.county),
        OutcomeKind.MOA_REPLACED: (_file(before.moa), _file(after.moa)),
    }
    if kind not in values:
        return ""
    was, now = values[kind]
    return f"was {was or 'blank'}, now {now or 'blank'}"


def _file(url: str | None) -> str:
    return (url or "").rpartition("/")[2]


def row_text(row: RosterRow) -> str:
    """A row as one line of text: what a reader of the workbook sees."""
    state = next((n.title() for n, code in CODES_BY_NAME.items() if code == row.state), row.state)
    cells = [state, row.agency, row.type, row.county or "", row.model.value]
    if row.signed:
        cells.append(f"signed {row.signed.isoformat()}")
    return " | ".join(cell for cell in cells if cell)


def _attributes(outcome: LedgerOutcome) -> tuple[tuple[str, str], ...]:
    row = outcome.after or outcome.before
    values = {
        "agreement_id": outcome.agreement_id,
        "from_pending": "yes" if outcome.from_pending else "",
        "moa": (row.moa or "") if row else "",
        "outcome": outcome.outcome.value,
        "rows": str(len(outcome.members)) if outcome.members else "",
    }
    return tuple(sorted((name, text) for name, text in values.items() if text))
