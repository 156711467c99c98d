"""LegiScan's records. Field names: LegiScan API User Manual (Pull API, v1.91) and datasets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from monitor.domain.errors import ExtractError
from monitor.domain.snapshot import Snapshot
from monitor.domain.vocabulary import Stage
from monitor.extract.bill import Bill, Version, spelled
from monitor.extract.bill_stages import (
    CARRIED,
    LEGISCAN,
    LEGISCAN_KNOWN,
    LINE_ITEM,
    Action,
    read_action,
)
from monitor.extract.json_api import (
    MAX_ENTRIES,
    Record,
    Strict,
    day,
    parsed_record,
    shape,
    text,
    whole,
)

_SESSION = shape(
    "session",
    "session_id year_start special",
    known="state_id year_end prefile sine_die prior session_tag session_title session_name "
    "dataset_hash session_hash name",
    optional="prior",
)
_LISTED = shape(
    "masterlist entry",
    "bill_id number change_hash title",
    known="url status_date status last_action_date last_action",
    optional="description",
)
_BILL = shape(
    "bill",
    "bill_id change_hash session state bill_number bill_type title description status progress "
    "history texts url",
    known="session_id completed status_date state_id bill_type_id body body_id current_body "
    "current_body_id committee pending_committee_id referrals sponsors subjects votes amendments "
    "supplements calendar",
    optional="sasts state_link",
)
_PROGRESS = shape("progress", "date event")
_HISTORY = shape("history", "date action", known="chamber_id importance", optional="chamber")
_TEXT = shape(
    "text",
    "date type url",
    known="doc_id type_id mime mime_id text_size text_hash alt_bill_text alt_mime alt_mime_id "
    "alt_state_link alt_text_size alt_text_hash",
    optional="state_link",
)
_SAST = shape("same as", "type sast_bill_number", known="type_id sast_bill_id")
_FOUND = shape(
    "search result",
    "bill_id change_hash relevance",
    known="state bill_number url text_url research_url last_action_date last_action title",
)
_STATUS = {1: "introduced", 2: "engrossed", 3: "enrolled", 4: "passed", 5: "vetoed", 6: "failed"}
#: LegiScan names the measures of Congress like those of a state: its HB is an H.R.
_CONGRESS = {
    "HB": "HR", "SB": "S", "HJR": "HJRES", "SJR": "SJRES", "HCR": "HCONRES", "SCR": "SCONRES",
    "HR": "HRES", "SR": "SRES",
}  # fmt: skip
#: The history's own words say more than the progress event of the same day.
_FINER = frozenset(
    {Stage.WITHOUT_SIGNATURE, Stage.VETO_OVERRIDDEN, Stage.POCKET_VETO, Stage.PREFILED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session whose list is asked for."""

    number: str  #: LegiScan's session_id
    prior: bool  #: archived, changes no more


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One bill of a list: enough to tell whether it changed and whether it may be ours."""

    bill_id: str
    number: str
    change_hash: str
    words: str


def answered(snapshot: Snapshot) -> Record:
    """The answer of a successful call.

    Raises ExtractError with LegiScan's own words for an error told with status 200 (a wrong key,
    a used-up quota, an unknown bill) and for anything that is not JSON.
    """
    record = parsed_record(snapshot)
    if record.get("status") == "OK":
        return record
    alert = record.get("alert")
    words = text(alert, "message") if isinstance(alert, dict) else ""
    raise ExtractError(
        f"{snapshot.request.url}: LegiScan refuses: {words[:200] or 'no reason given'}; "
        "check LEGISCAN_API_KEY and the quota at legiscan.com"
    )


def sessions(record: Record, strict: Strict) -> tuple[Session, ...]:
    """The sessions of a getSessionList answer."""
    return tuple(
        Session(number=text(one, "session_id"), prior=whole(one, "prior") == 1)
        for one in strict.records(record.get("sessions"), _SESSION)
    )


def listed(record: Record, strict: Strict) -> tuple[Listed, ...]:
    """The bills of a getMasterList answer. Raises ExtractError when it holds no list."""
    rows = record.get("masterlist")
    if not isinstance(rows, dict):
        raise ExtractError("LegiScan's answer has no masterlist; its format has changed")
    return tuple(
        Listed(
            bill_id=text(one, "bill_id"),
            number=text(one, "number"),
            change_hash=text(one, "change_hash"),
            words=f"{text(one, 'number')}\n{text(one, 'title')}\n{text(one, 'description')}",
        )
        for one in _numbered(rows, strict, "masterlist")
    )


def _numbered(rows: Mapping[str, object], strict: Strict, name: str) -> Iterable[Record]:
    """The records under the keys "0", "1" …; LegiScan sends objects where others send lists."""
    wanted = _LISTED if name == "masterlist" else _FOUND
    entries = [value for key, value in rows.items() if key.isdigit()]
    if len(entries) > MAX_ENTRIES:
        strict.note(f"too_many: {len(entries)} entries of {name}, {MAX_ENTRIES} were read")
    for value in entries[:MAX_ENTRIES]:
        one = strict.record(value, wanted)
        if one is not None and text(one, "bill_id"):
            yield one


def found(record: Record, strict: Strict, relevance: int) -> tuple[tuple[str, str], ...]:
    """(bill id, change hash) of the search results that are relevant enough (0-100)."""
    rows = record.get("searchresult")
    if not isinstance(rows, dict):
        raise ExtractError("LegiScan's answer has no searchresult; its format has changed")
    return tuple(
        (text(one, "bill_id"), text(one, "change_hash"))
        for one in _numbered(rows, strict, "searchresult")
        if whole(one, "relevance") >= relevance
    )


def bill_of(record: Record, strict: Strict) -> tuple[Bill, str]:
    """The bill of a getBill answer and its change hash. Raises ExtractError where it has none."""
    one = strict.record(record.get("bill"), _BILL)
    if one is None or not text(one, "bill_number"):
        raise ExtractError("LegiScan's answer has no bill; its format has changed")
    state = text(one, "state").upper()
    session = strict.record(one.get("session"), _SESSION) or {}
    status = whole(one, "status")
    bill = Bill(
        jurisdiction=state,
        session=text(session, "session_id"),
        number=_spelled(state, text(one, "bill_number")),
        title=text(one, "title"),
        summary=text(one, "description"),
        special=whole(session, "special") == 1,
        year=whole(session, "year_start"),
        actions=tuple(_actions(one, strict)),
        status=_STATUS.get(status, "prefiled" if status == 0 else f"status {status}"),
        versions=tuple(_versions(one, strict)),
        companions=_companions(one, state, strict),
        resolution="R" in text(one, "bill_type").upper(),
        bill_id=f"legiscan {text(one, 'bill_id')}",
        url=text(one, "state_link") or text(one, "url"),
    )
    return bill, text(one, "change_hash")


def _actions(one: Record, strict: Strict) -> Iterable[Action]:
    """Progress events in the words of that day's history; finer words of the history itself."""
    history = [
        read_action(when, text(row, "action"), _chamber(text(row, "chamber")))
        for row in strict.records(one.get("history"), _HISTORY)
        if (when := day(row, "date")) is not None
    ]
    for row in strict.records(one.get("progress"), _PROGRESS):
        when, event = day(row, "date"), whole(row, "event", -1)
        if event not in LEGISCAN_KNOWN:
            strict.note(f"category_unknown: progress event {row.get('event')!r}")
        if when is not None and event in LEGISCAN:
            yield _progress(when, LEGISCAN[event], history)
    yield from map(_finer, history)


def _progress(when: date, stage: Stage, history: list[Action]) -> Action:
    same = [action for action in history if action.day == when]
    words = next((a for a in same if a.stage is stage), same[-1] if same else None)
    line_item = stage is Stage.VETOED and any(a.mark == LINE_ITEM for a in same)
    return Action(
        day=when,
        text=words.text if words else f"LegiScan: {stage.value.replace('_', ' ')}",
        stage=Stage.SIGNED_INTO_LAW if line_item else stage,
        mark=LINE_ITEM if line_item else "",
    )


def _finer(action: Action) -> Action:
    """A line of the history; its stage counts only where progress events know no such stage."""
    keeps = action.stage in _FINER or action.mark in (LINE_ITEM, CARRIED)
    return Action(
        day=action.day,
        text=action.text,
        stage=action.stage if keeps else None,
        chamber=action.chamber,
        mark=action.mark,
    )


def _chamber(letter: str) -> str:
    return {"H": "lower", "A": "lower", "S": "upper"}.get(letter.upper(), "")


def _versions(one: Record, strict: Strict) -> Iterable[Version]:
    for row in strict.records(one.get("texts"), _TEXT):
        url = text(row, "state_link") or text(row, "url")
        yield Version(name=text(row, "type"), url=url, day=day(row, "date"))


def _spelled(state: str, number: str) -> str:
    """The number as its legislature writes it; Congress has words of its own for each type."""
    written = spelled(state, number)
    letters, _, rest = written.partition(" ")
    return f"{_CONGRESS.get(letters, letters)} {rest}" if state == "US" and rest else written


def _companions(one: Record, state: str, strict: Strict) -> tuple[str, ...]:
    rows = strict.records(one.get("sasts"), _SAST)
    return tuple(sorted({_spelled(state, text(row, "sast_bill_number")) for row in rows}))
