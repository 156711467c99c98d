"""Kind `virginia`: bills of the Virginia General Assembly by the files of its LIS.

Schema: lis.virginia.gov/data-files, the files BILLS.CSV, Summaries.csv and HISTORY.CSV of a
session at lis.blob.core.windows.net/lisfiles/{session}/, with the columns of their headers. LIS
replaces each file as a whole; BILLS.CSV holds every bill's last actions, so that nothing changes
in the others while it stands still.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime

from pydantic import Field, HttpUrl

from monitor.domain.errors import ExtractError
from monitor.domain.item import Item, Reading
from monitor.domain.snapshot import Request, Snapshot
from monitor.domain.source import Source
from monitor.domain.vocabulary import Stage
from monitor.extract.bill import Bill, Version, bill_item, spelled
from monitor.extract.bill_stages import CARRIED, PARTIAL, Action, read_action
from monitor.extract.charset import decoded
from monitor.extract.cursor import packed, rows, unpacked
from monitor.extract.json_api import Record, Shape, Strict, shape, text
from monitor.extract.sessions import virginia
from monitor.extract.text import fragment_text, plain
from monitor.kinds import Options, ReadContext, SourceKind, WebAddress

_VERSION = 1
_MAX_BYTES = 60_000_000
_MAX_ROWS = 300_000
_BILLS, _SUMMARIES, _HISTORY = "BILLS.CSV", "Summaries.csv", "HISTORY.CSV"
#: Rows of the cursor: bills that wait for their history, and summaries of those that are ours.
_WAITING, _ABOUT = "waiting", "about"
_TEXTS = tuple(f"Full_text_doc{n} Full_text_date{n}" for n in range(1, 7))
_BILL = shape(
    "row of BILLS.CSV",
    "Bill_id Bill_description Carried_over Introduction_date " + " ".join(_TEXTS),
    known="Patron_id Patron_name Last_house_committee_id Last_house_action "
    "Last_house_action_date Last_senate_committee_id Last_senate_action Last_senate_action_date "
    "Last_conference_action Last_conference_action_date Last_governor_action "
    "Last_governor_action_date Emergency Passed_house Passed_senate Passed Failed Approved Vetoed "
    "Last_house_actid Last_senate_actid Last_conference_actid Last_governor_actid Chapter_id "
    "Last_actid",
)
_SUMMARY = shape(
    "row of Summaries.csv", "SUM_BILNO SUMMARY_TEXT", known="SUMMARY_DOCID SUMMARY_TYPE"
)
_LINE = shape(
    "row of HISTORY.CSV", "Bill_id History_date History_description", known="History_refid"
)
_NUMBER = re.compile(r"([HS][BJR])0*(\d{1,4})")
_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}|\d\d)")
_CHAMBERS = {"H": "lower", "S": "upper"}
#: The letter of who acts stands before the words; lines of the clerks have none.
_ACTOR = re.compile(r"^([HSGC])? (?=\S)")
#: What a subcommittee recommends, is put off for a day or stands for the second reading moves
#: nothing; a veto is told by the governor's own line.
_NO_STEP = re.compile(
    r"subcommittee|^passed by (?:for the day|temporarily)|^bill text as passed|^rereferred|"
    r"\bengrossed\b|^conference report|^(?:house|senate) sustained|governor's action deadline",
    re.IGNORECASE,
)
#: The General Assembly's own words, where they say another thing than elsewhere.
_WORDS = tuple(
    (re.compile(pattern, re.IGNORECASE), stage)
    for pattern, stage in (
        (r"^left in |^tabled in |\bdefeated by (?:house|senate)\b|^failed to (?:report|pass)|"
         r"^passed by (?:indefinitely|with letter)|^stricken ", Stage.DIED),
        (r"^(?:house|senate) (?:amendments?|substitutes?) agreed to by", Stage.PASSED_BOTH),
        (r"^(?:read third time and )?agreed to by (?:house|senate)\b", Stage.PASSED_ONE_CHAMBER),
        (r"^presented and ordered printed", Stage.INTRODUCED),
    )
)  # fmt: skip
_CONTINUED = re.compile(r"^continued\b.* to (?:next session|20\d\d)", re.IGNORECASE)
_CHANGED = re.compile(r"^passed .*\bwith (?:amendments?|substitute)", re.IGNORECASE)


class VirginiaOptions(Options):
    """Options of Virginia's files."""

    session: str = Field(
        default="", pattern=r"^(20\d\d[1-9])?$", description="20261; empty: by the date"
    )
    special: tuple[str, ...] = Field(
        default=(), max_length=4, description="special sessions besides: 20262 is the year's first"
    )
    base: WebAddress = Field(
        default=HttpUrl("https://lis.blob.core.windows.net/lisfiles/"),
        description="where the files of the sessions are",
    )


def first(
    source: Source, options: VirginiaOptions, cursor: str, now: datetime
) -> tuple[Request, ...]:
    """The lists of bills; each leads to its summaries and its history when it changed."""
    current = (options.session,) if options.session else virginia(now.date())
    wanted = dict.fromkeys((*current, *options.special))
    return tuple(_file(source, options, session, _BILLS) for session in wanted)


def _file(source: Source, options: VirginiaOptions, session: str, name: str) -> Request:
    return Request(
        url=f"{str(options.base).rstrip('/')}/{session}/{name}",
        purpose="main" if name == _BILLS else "file",
        accept="text/csv, application/octet-stream",
        # The list may tell more of a bill whose history is as it was.
        conditional=name != _HISTORY,
        expect=source.expect.with_room(_MAX_BYTES),
    )


def read(snapshot: Snapshot, context: ReadContext[VirginiaOptions]) -> Reading:
    """The list of bills, their summaries, or the history, which makes the items."""
    strict = Strict()
    # The address says which file of which session it is: …/20261/HISTORY.CSV
    *_, session, name = ("", "", *snapshot.request.url.split("/"))
    match name:
        case "Summaries.csv":
            return _summaries(session, strict, snapshot, context)
        case "HISTORY.CSV":
            return _history(session, strict, snapshot, context)
        case _:
            return _list(session, strict, snapshot, context)


def _rows(snapshot: Snapshot, wanted: Shape, strict: Strict) -> list[Record]:
    """The rows of a file by its header. Raises ExtractError for what is no such file."""
    words = decoded(snapshot.body, snapshot.charset).text.removeprefix("\ufeff")
    reader = csv.DictReader(io.StringIO(words, newline=""), skipinitialspace=True)
    where = snapshot.request.url
    try:
        header = [(name or "").strip() for name in reader.fieldnames or ()]
        if not wanted.read & set(header):
            opening = plain(words[:2000], max_chars=80)
            raise ExtractError(f"{where}: no {wanted.name} ({opening!r}); the format has changed")
        reader.fieldnames = header
        found = [_whole(row) for _, row in zip(range(_MAX_ROWS), reader, strict=False)]
    except csv.Error as cause:
        raise ExtractError(f"{where}: no CSV ({cause})") from cause
    if found:
        strict.record(found[0], wanted)
    if len(found) == _MAX_ROWS:
        strict.note(f"too_many: {_MAX_ROWS} rows of {wanted.name} were read")
    return [*found]


def _whole(row: Mapping[str | None, object]) -> dict[str, object]:
    """The named cells; what stands beyond the header has no name."""
    return {name: value for name, value in row.items() if name is not None}


def number_of(words: str) -> str:
    """ "HB1" of "HB0001"; "" for anything that is no bill or resolution."""
    found = _NUMBER.fullmatch(words.strip().upper())
    return f"{found.group(1)}{int(found.group(2))}" if found else ""


def day_of(words: str) -> date | None:
    """The day of "1/20/2026" or "01/17/24"."""
    found = _DATE.fullmatch(words.strip())
    if found is None:
        return None
    month, day, year = (int(part) for part in found.groups())
    try:
        return date(year + 2000 if year < 100 else year, month, day)
    except ValueError:
        return None


def _list(
    session: str, strict: Strict, snapshot: Snapshot, context: ReadContext[VirginiaOptions]
) -> Reading:
    """Keep all bills until the history of the same check is read."""
    found = _rows(snapshot, _BILL, strict)
    bills = [[n, *_kept(row)] for row in found if (n := number_of(text(row, "Bill_id")))]
    least = context.source.expect.min_items
    if len(bills) < least:
        reason = f"{len(bills)} bills, expected at least {least}"
        return Reading(cursor=context.cursor, rejected=reason)
    # Special sessions publish no summaries.
    names = (_SUMMARIES, _HISTORY) if session.endswith("1") else (_HISTORY,)
    source, options = context.source, context.options
    return Reading(
        cursor=_with(context.cursor, _WAITING, session, bills),
        next_requests=tuple(_file(source, options, session, name) for name in names),
        problems=strict.problems,
    )


def _kept(row: Record) -> list[str]:
    """Title, whether carried over, introduction, and the texts with their days."""
    pairs = (name.split() for name in _TEXTS)
    texts = (f"{text(row, doc)} {text(row, on)}" for doc, on in pairs if text(row, doc))
    title, carried = text(row, "Bill_description"), text(row, "Carried_over")
    return [title, carried, text(row, "Introduction_date"), *texts]


def _with(cursor: str, name: str, session: str, values: list[list[str]]) -> str:
    """The cursor with these rows of a session under a name; what other sessions have is kept."""
    state = unpacked(cursor, _VERSION)
    kept = {key: rows(state, key) for key in (_WAITING, _ABOUT)}
    others = [row for row in kept[name] if row[:1] != [session]]
    return packed({"v": _VERSION, **kept, name: [*others, *([session, *row] for row in values)]})


def _of(cursor: str, name: str, session: str, least: int) -> list[list[str]]:
    """The rows of a session that _with() kept."""
    found = rows(unpacked(cursor, _VERSION), name)
    return [row[1:] for row in found if row[:1] == [session] and len(row) > least]


def _summaries(
    session: str, strict: Strict, snapshot: Snapshot, context: ReadContext[VirginiaOptions]
) -> Reading:
    """The newest summary of each bill that is ours by it; it begins with the bill's title.

    They are kept, since the file is read only when it changed, and who was ours once stays so.
    """
    known = {row[0]: row[1] for row in _of(context.cursor, _ABOUT, session, 2)}
    newest: dict[str, str] = {}
    for row in _rows(snapshot, _SUMMARY, strict):
        number = number_of(text(row, "SUM_BILNO"))
        if number:
            newest[number] = fragment_text(text(row, "SUMMARY_TEXT"))
    ours = {
        number: words
        for number, words in newest.items()
        if number in known or context.relevant(f"{number}\n{words}".encode())
    }
    return Reading(
        cursor=_with(
            context.cursor, _ABOUT, session, [[*row] for row in {**known, **ours}.items()]
        ),
        problems=strict.problems,
        skipped=len(newest) - len(ours),
    )


def _history(
    session: str, strict: Strict, snapshot: Snapshot, context: ReadContext[VirginiaOptions]
) -> Reading:
    """The items of all bills that may be ours."""
    about = {row[0]: row[1] for row in _of(context.cursor, _ABOUT, session, 2)}
    waiting = _of(context.cursor, _WAITING, session, 4)
    ours = {
        bill[0]: bill
        for bill in waiting
        if bill[0] in about or context.relevant(f"{bill[0]}\n{bill[1]}".encode())
    }
    lines: dict[str, list[Action]] = {number: [] for number in ours}
    for row in _rows(snapshot, _LINE, strict):
        known = lines.get(number_of(text(row, "Bill_id")))
        if known is not None:
            known += _actions(row, strict)
    items: list[Item] = []
    for number, bill in ours.items():
        item, odd = bill_item(
            _bill(session, bill, about.get(number, ""), lines[number]),
            source_id=context.source.id,
            today=snapshot.captured_at.date(),
            locator=f"bill {number}",
            extractor="virginia 1",
        )
        items.append(item)
        for complaint in odd:
            strict.note(complaint)
    once = {**about, **{number: about.get(number, "") for number in ours}}
    cursor = _with(context.cursor, _ABOUT, session, [[*row] for row in once.items()])
    return Reading(
        items=tuple(items),
        cursor=_with(cursor, _WAITING, session, []),
        problems=strict.problems,
        skipped=len(waiting) - len(ours),
    )


def _actions(row: Record, strict: Strict) -> Iterable[Action]:
    on = day_of(text(row, "History_date"))
    raw = row.get("History_description")
    if on is None:
        strict.note("date_unreadable: a line of the history without a day")
    elif isinstance(raw, str) and raw.strip():
        yield action_of(on, raw)


def action_of(on: date, raw: str) -> Action:
    """A line of the history: "H Read third time and passed House (64-Y 34-N 0-A)"."""
    found = _ACTOR.match(raw)
    actor = (found.group(1) or "") if found else ""
    words = raw[found.end() :] if found else raw.strip()
    chamber = _CHAMBERS.get(actor, "")
    if _CONTINUED.search(words):
        return Action(day=on, text=words, chamber=chamber, mark=CARRIED)
    if _NO_STEP.search(words):
        return Action(day=on, text=words, chamber=chamber)
    own = next((stage for pattern, stage in _WORDS if pattern.search(words)), None)
    if own is not None:
        return Action(day=on, text=words, stage=own, chamber=chamber)
    action = read_action(on, words, chamber)
    return replace(action, mark=PARTIAL) if _CHANGED.search(words) else action


def _bill(session: str, row: list[str], summary: str, actions: list[Action]) -> Bill:
    number, title, carried, introduced, *texts = row
    page = f"https://lis.virginia.gov/bill-details/{session}/{number}"
    filed = day_of(introduced)
    if filed and not any(action.stage for action in actions):
        actions = [Action(day=filed, text="Introduced", stage=Stage.INTRODUCED), *actions]
    return Bill(
        jurisdiction="VA",
        session=session,
        number=spelled("VA", number),
        title=title,
        summary=summary,
        special=not session.endswith("1"),
        year=int(session[:4]),
        actions=tuple(actions),
        status="carried over" if carried.upper() == "Y" else "",
        versions=tuple(_version(page, words) for words in texts),
        resolution=number[1] != "B",
        bill_id=f"lis {session} {number}",
        url=page,
    )


def _version(page: str, words: str) -> Version:
    name, _, on = words.partition(" ")
    return Version(name=name, url=f"{page}/text/{name}", day=day_of(on))


KIND = SourceKind(
    name="virginia",
    summary="Bills of the Virginia General Assembly by the files of its LIS, without a key: the "
    "session's list, and when it changed the summaries and the history. The session follows from "
    "the date, special ones are named by an option. A bill that was carried over is listed again "
    "under the next session.",
    options=VirginiaOptions,
    first=first,
    read=read,
    example="""\
- id: example_virginia
  kind: virginia
  name: Virginia General Assembly, bills
  publisher: Virginia General Assembly
  tier: official
  document_kind: bill
  states: [VA]
  sees: [state_mandate_introduced, state_limit_introduced, state_limit_enacted]
  schedule: {every: 6h}
  options: {special: ['20262']}
""",
)
