"""Kind `new_hampshire`: bills of the New Hampshire General Court by the files it publishes.

Schema: gc.nh.gov/dynamicdatadump/, text files without headers, a row a line, cells between bars.
Which cell is what follows from their use by openstates/openstates-scrapers, scrapers/nh/bills.py:
LSRs.txt (39 cells) lists the bills of the session, Docket.txt (7) all that was done with them,
LsrsOnly.txt (8) their sponsors and the number of their page. The General Court replaces the files
as a whole, and asks programs to stay away from 6 to 21 o'clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, replace
from datetime import date, datetime

from pydantic import Field, HttpUrl

from monitor.domain.errors import ExtractError
from monitor.domain.item import Item, Reading
from monitor.domain.snapshot import Request, Snapshot
from monitor.domain.source import Source
from monitor.domain.vocabulary import Stage
from monitor.extract import bill_text, docket
from monitor.extract.bill import Bill, Version, bill_item, spelled
from monitor.extract.bill_stages import Action, timeline
from monitor.extract.bill_text import Texts
from monitor.extract.charset import decoded
from monitor.extract.cursor import packed, rows, unpacked
from monitor.extract.docket import Line
from monitor.extract.json_api import Strict
from monitor.extract.sessions import first_of_two
from monitor.extract.text import plain
from monitor.kinds import Options, ReadContext, SourceKind, WebAddress

_VERSION = 1
_MAX_BYTES = 60_000_000
_MAX_ROWS = 300_000
_BILLS, _PAGES, _DOCKET = "LSRs.txt", "LsrsOnly.txt", "Docket.txt"
_CELLS = {_BILLS: 39, _PAGES: 8, _DOCKET: 7}
_OURS = "ours"
_YEAR = re.compile(r"20\d\d")
#: "HB561", "CACR2"; in a special session the longer form begins with SS.
_NUMBER = re.compile(r"(?:[HS](?:B|R|CR|JR)|CACR)\d{1,4}")
#: Petitions and addresses are no bills.
_OTHER = re.compile(r"(?:PET|HA|SA|AR)\d+")
_PAGE = "billinfo.aspx?id={}&inflect=2"
#: The text as it stands now; there is no address for each version.
_TEXT = "pdf.aspx?id={}&q=billVersion"
_SEARCH = "advanced.aspx"
_NEW_TEXT = (Stage.INTRODUCED, Stage.PASSED_ONE_CHAMBER, Stage.PASSED_BOTH, Stage.SIGNED_INTO_LAW)


class NewHampshireOptions(Options):
    """Options of New Hampshire's files."""

    base: WebAddress = Field(
        default=HttpUrl("https://gc.nh.gov/dynamicdatadump/"), description="where the files are"
    )
    pages: WebAddress = Field(
        default=HttpUrl("https://gc.nh.gov/bill_Status/"),
        description="where the pages and texts of bills are",
    )
    watch: tuple[str, ...] = Field(
        default=(), description="bill numbers that are ours whatever their titles say: SB 62"
    )
    texts: int = Field(
        default=3, ge=0, le=50, description="texts of bills that went on asked for per check"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ours:
    """A bill that may be ours, as the list of bills tells it."""

    year: str  #: under which the docket has it: that of the list, not of the filing
    request: str  #: number of the legislative service request: "0001"
    filed: str  #: the same with the year of filing: "25-0001"
    number: str  #: "HB561"
    special: str  #: "S" in a special session
    title: str
    page: str = ""  #: number of its page, once known


def first(
    source: Source, options: NewHampshireOptions, cursor: str, now: datetime
) -> tuple[Request, ...]:
    """The list of bills; it leads to the docket, and to their pages where one is not known."""
    return (_file(source, options, _BILLS),)


def _file(source: Source, options: NewHampshireOptions, name: str) -> Request:
    return Request(
        url=f"{str(options.base).rstrip('/')}/{name}",
        purpose="main" if name == _BILLS else "file",
        accept="text/plain, text/*",
        # The docket goes on while the list of bills stays as it is.
        conditional=False,
        expect=source.expect.with_room(_MAX_BYTES),
    )


def read(snapshot: Snapshot, context: ReadContext[NewHampshireOptions]) -> Reading:
    """The list of bills, the numbers of their pages, or the docket, which makes the items."""
    if snapshot.request.purpose == bill_text.TEXT:
        item, following = bill_text.text_read(snapshot, context.source.id)
        return Reading(items=(item,), next_requests=following, cursor=context.cursor)
    strict, (ours, texts) = Strict(), _load(context.cursor)
    match snapshot.request.url.rsplit("/", 1)[-1]:
        case "LsrsOnly.txt":
            found = {row[0]: row[2] for row in _rows(snapshot, _PAGES, strict) if row[2].isdigit()}
            known = [replace(bill, page=found.get(bill.filed, bill.page)) for bill in ours]
            return Reading(cursor=_dump(known, texts), problems=strict.problems)
        case "Docket.txt":
            return _docket(ours, texts, strict, snapshot, context)
        case _:
            return _list(ours, texts, strict, snapshot, context)


def _load(cursor: str) -> tuple[list[_Ours], Texts]:
    names, state = _Ours.__slots__, unpacked(cursor, _VERSION)
    found = (row for row in rows(state, _OURS) if len(row) == len(names))
    return [_Ours(**dict(zip(names, r, strict=True))) for r in found], bill_text.load(state)


def _dump(bills: Iterable[_Ours], texts: Texts) -> str:
    ours = [list(astuple(bill)) for bill in bills]
    return packed({"v": _VERSION, _OURS: ours, **bill_text.dump(texts)})


def _rows(snapshot: Snapshot, name: str, strict: Strict) -> Iterator[list[str]]:
    """The rows of a file that have as many cells as they should.

    Raises ExtractError for what is no such file: a page of words, or other columns throughout.
    """
    cells, where = _CELLS[name], snapshot.request.url
    words = decoded(snapshot.body, snapshot.charset).text.replace("\ufeff", "")
    lines = [line for line in words.replace("\r\n", "\n").split("\n") if line.strip()]
    found = [row for line in lines[:_MAX_ROWS] if len(row := line.split("|")) == cells]
    if lines and not found:
        opening = plain(words[:2000], max_chars=80)
        raise ExtractError(
            f"{where}: no row of {cells} cells ({opening!r}); the format has changed"
        )
    if len(found) < len(lines[:_MAX_ROWS]):
        odd = len(lines[:_MAX_ROWS]) - len(found)
        strict.note(f"shape_changed: {odd} rows of {name} have other than {cells} cells")
    if len(lines) > _MAX_ROWS:
        strict.note(f"too_many: {_MAX_ROWS} rows of {name} were read")
    return ([cell.strip() for cell in row] for row in found)


def _list(
    known: list[_Ours],
    texts: Texts,
    strict: Strict,
    snapshot: Snapshot,
    context: ReadContext[NewHampshireOptions],
) -> Reading:
    """Who may be ours by title; once ours is always ours while the list has it."""
    listed = list(_rows(snapshot, _BILLS, strict))
    # The General Court is known to publish the file empty now and then.
    least = max(1, context.source.expect.min_items)
    if len(listed) < least:
        reason = f"{len(listed)} bills and requests for bills, expected at least {least}"
        return Reading(cursor=context.cursor, rejected=reason)
    found = list(_listed(listed, strict))
    pages = {bill.filed: bill.page for bill in known}
    watched = {"".join(number.split()).upper() for number in context.options.watch}
    ours = [
        replace(bill, page=pages.get(bill.filed, ""))
        for bill in found
        if bill.filed in pages
        or bill.number in watched
        or context.relevant(f"{bill.number}\n{bill.title}".encode())
    ]
    names = (*((_PAGES,) if any(not b.page for b in ours) else ()), *((_DOCKET,) if ours else ()))
    return Reading(
        cursor=_dump(ours, texts),
        next_requests=tuple(_file(context.source, context.options, name) for name in names),
        problems=strict.problems,
        skipped=len(found) - len(ours),
    )


def _listed(found: Iterable[list[str]], strict: Strict) -> Iterator[_Ours]:
    """The numbered bills. Requests that are no bill yet have no number."""
    for row in found:
        year, request, title, number = row[0], row[1], row[2], row[10].upper()
        if not number or _OTHER.fullmatch(number):
            continue
        if not (_YEAR.fullmatch(year) and row[3] in ("H", "S") and _NUMBER.fullmatch(number)):
            strict.note(f"category_unknown: row {'|'.join(row[:11])[:80]!r}")
            continue
        special = "S" if row[9].upper().startswith("SS") else ""
        yield _Ours(
            year=year,
            request=request.zfill(4),
            filed=row[8],
            number=number,
            special=special,
            title=title,
        )


def _docket(
    ours: list[_Ours],
    texts: Texts,
    strict: Strict,
    snapshot: Snapshot,
    context: ReadContext[NewHampshireOptions],
) -> Reading:
    lines: dict[tuple[str, str], list[tuple[datetime, Line]]] = {
        (bill.year, bill.request): [] for bill in ours
    }
    for row in _rows(snapshot, _DOCKET, strict):
        known = lines.get((row[0], row[1].zfill(4)))
        if known is None:
            continue
        entered = _entered(row[2])
        if entered is None:
            strict.note("date_unreadable: a line of the docket without a day")
            continue
        known.append((entered, Line(entered=entered.date(), body=row[4].upper(), words=row[5])))
    items: list[tuple[Bill, Item]] = []
    today = snapshot.captured_at.date()
    for one in ours:
        told = sorted(lines[(one.year, one.request)], key=lambda pair: pair[0])
        bill = _bill(one, [line for _, line in told], context.options, today)
        item, odd = bill_item(
            bill,
            source_id=context.source.id,
            today=today,
            locator=f"bill {bill.number}",
            extractor="new_hampshire 1",
        )
        items.append((bill, item))
        for complaint in odd:
            strict.note(complaint)
    asked, texts = bill_text.new_texts(items, texts, context.options.texts)
    return Reading(
        items=tuple(item for _, item in items),
        next_requests=asked,
        cursor=_dump(ours, texts),
        problems=strict.problems,
    )


def _entered(words: str) -> datetime | None:
    """ "1/9/2025 10:44:26 AM"; the clock only orders the lines."""
    try:
        return datetime.strptime(words, "%m/%d/%Y %I:%M:%S %p")  # noqa: DTZ007
    except ValueError:
        return None


def _bill(bill: _Ours, lines: list[Line], options: NewHampshireOptions, today: date) -> Bill:
    # A bill kept for the second year is listed under that year, and is the same bill.
    term = first_of_two(date(int(bill.year), 7, 1))
    actions = docket.actions_of(lines)
    pages = str(options.pages).rstrip("/")
    # A text tells with the step it came with: one that is only announced has none yet.
    past = [action for action in actions if action.day <= today]
    return Bill(
        jurisdiction="NH",
        session=f"{term}-{term + 1}{' special' if bill.special else ''}",
        number=spelled("NH", bill.number),
        title=bill.title,
        special=bool(bill.special),
        year=term,
        actions=actions,
        versions=_versions(bill, past, pages),
        resolution=bill.number[1] != "B",
        bill_id=f"gc.nh {bill.filed}",
        url=f"{pages}/{_PAGE.format(bill.page) if bill.page else _SEARCH}",
    )


def _versions(bill: _Ours, actions: Iterable[Action], pages: str) -> tuple[Version, ...]:
    """The text of now, under an address that differs with each step, which may have changed it."""
    steps = [step for step in timeline(actions) if step.stage in _NEW_TEXT]
    if not (bill.page and steps):
        return ()
    stage, day = str(steps[-1].stage), steps[-1].day
    address = f"{pages}/{_TEXT.format(bill.page)}#{stage}"
    return (Version(name=stage.replace("_", " "), url=address, day=day),)


KIND = SourceKind(
    name="new_hampshire",
    summary="Bills of the New Hampshire General Court by the files it publishes, without a key: "
    "the session's list and the docket of both chambers. A bill kept for the second year of the "
    "term stays the same bill. The General Court asks programs to stay away from 6 to 21 o'clock.",
    options=NewHampshireOptions,
    first=first,
    read=read,
    example="""\
- id: example_new_hampshire
  kind: new_hampshire
  name: New Hampshire General Court, bills
  publisher: New Hampshire General Court
  tier: official
  document_kind: bill
  states: [NH]
  sees: [state_mandate_introduced, state_limit_introduced, state_limit_enacted]
  schedule: {every: 6h, window: 21:15-05:45, time_zone: America/New_York}
  options: {}
""",
)
