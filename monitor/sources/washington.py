"""Kind `washington`: bills of the Washington State Legislature by its web services.

Schema: wslwebservices.leg.wa.gov, LegislationService (operations as XML by GET):
GetLegislationIntroducedSince, GetLegislativeStatusChangesByDateRange and
GetLegislativeStatusChangesByBillNumber, with the types Legislation, LegislativeStatus and
Companion of its WSDL and data dictionary; LegislativeDocumentService, GetDocumentsByClass.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from pydantic import Field, HttpUrl

from monitor.domain.item import Reading
from monitor.domain.snapshot import Request, Snapshot
from monitor.domain.source import Source
from monitor.extract import bill_text
from monitor.extract.bill import Bill, Version, bill_item
from monitor.extract.bill_text import Texts
from monitor.extract.cursor import packed, rows, unpacked
from monitor.extract.json_api import Record, Strict, joined, shape, text
from monitor.extract.sessions import washington
from monitor.extract.washington import actions_of, number_of, versions_of
from monitor.extract.xml_api import inner, listed, parsed_xml
from monitor.kinds import Options, ReadContext, SourceKind, WebAddress

_VERSION = 1
_MAX_BYTES = 60_000_000  #: the list of a whole session has some ten million
#: Days asked for again: an action is entered with its own day, sometimes days later.
_OVERLAP = timedelta(days=7)
#: Bills of a biennium are prefiled from this month of the year before.
_PREFILED = (12, 1)
_INTRODUCED, _CHANGES, _HISTORY = "introduced", "changes", "history"
_DOCUMENTS = "documents"
_LEGISLATION = shape(
    "legislation",
    "Biennium BillId BillNumber OriginalAgency",
    known="SubstituteVersion EngrossedVersion ShortLegislationType Active DisplayNumber "
    "StateFiscalNote LocalFiscalNote Appropriations RequestedByGovernor "
    "RequestedByBudgetCommittee RequestedByDepartment RequestedByOther Request IntroducedDate "
    "CurrentStatus Sponsor PrimeSponsorID",
    optional="ShortDescription LongDescription LegalTitle Companions",
)
_STATUS = shape(
    "legislative status",
    "BillId HistoryLine ActionDate",
    known="PartialVeto Veto AmendmentsExist",
    optional="Status AmendedByOppositeBody",
)
_DOCUMENT = shape(
    "document",
    "BillId HtmUrl HtmCreateDate",
    known="Biennium LongFriendlyName Description Type Class HtmLastModifiedDate PdfUrl "
    "PdfCreateDate PdfLastModifiedDate",
    optional="Name ShortFriendlyName",
)
_COMPANION = shape("companion", "BillId", known="Biennium Status")
_RESOLUTIONS = ("JM", "JR", "CR", "R")
_DAY = timedelta(days=1)


class WashingtonOptions(Options):
    """Options of Washington's web services."""

    biennium: str = Field(
        default="", pattern=r"^(20\d\d-\d\d)?$", description="2025-26; empty: by the date"
    )
    base: WebAddress = Field(
        default=HttpUrl("https://wslwebservices.leg.wa.gov/LegislationService.asmx/"),
        description="address of the service",
    )
    documents: WebAddress = Field(
        default=HttpUrl("https://wslwebservices.leg.wa.gov/LegislativeDocumentService.asmx/"),
        description="address of the service that lists the texts of a bill",
    )
    texts: bool = Field(default=True, description="whether the texts of our bills are read")
    watch: tuple[str, ...] = Field(
        default=(), description="bill numbers that are ours whatever their titles say: HB 1234"
    )
    max_bills: int = Field(default=30, ge=1, le=300, description="histories asked per check")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """One of our bills, by all its versions: titles and companions that any of them names."""

    number: str  #: "HB 1000"
    titles: tuple[str, ...]
    companions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """What is known between checks, of one biennium; a new one starts from nothing."""

    biennium: str
    since: str = ""  #: day of the last list of introduced legislation
    bills: dict[str, _Known]
    due: dict[str, str]  #: number whose history is to be read -> day it was found
    versions: tuple[tuple[str, Version], ...] = ()  #: by number, until the history is read
    texts: Texts

    def dump(self) -> str:
        """For the cursor."""
        bills = [[b.number, "\n".join(b.titles), *b.companions] for b in self.bills.values()]
        due = [list(pair) for pair in self.due.items()]
        texts = [[n, v.name, v.url, v.day.isoformat() if v.day else ""] for n, v in self.versions]
        return packed({"v": _VERSION, "biennium": self.biennium, "since": self.since,
                       "bills": bills, "due": due, "versions": texts,
                       **bill_text.dump(self.texts)})  # fmt: skip


def _load(cursor: str, biennium: str) -> _State:
    state = unpacked(cursor, _VERSION)
    if state.get("biennium") != biennium:
        return _State(biennium=biennium, bills={}, due={}, texts={})
    since = state.get("since")
    found = (row for row in rows(state, "bills") if len(row) >= 2)
    return _State(
        biennium=biennium,
        since=since if isinstance(since, str) else "",
        bills={r[0]: _Known(number=r[0], titles=tuple(r[1].split("\n")), companions=tuple(r[2:]))
               for r in found},
        due={row[0]: row[1] for row in rows(state, "due") if len(row) == 2},
        versions=tuple(_version(*row) for row in rows(state, "versions") if len(row) == 4),
        texts=bill_text.load(state),
    )  # fmt: skip


def _version(number: str, name: str, url: str, on: str) -> tuple[str, Version]:
    return number, Version(name=name, url=url, day=date.fromisoformat(on) if on else None)


def first(
    source: Source, options: WashingtonOptions, cursor: str, now: datetime
) -> tuple[Request, ...]:
    """What was introduced since, whose status changed, and histories still to be read."""
    biennium = options.biennium or washington(now.date())[0]
    state = _load(cursor, biennium)
    opened = date(int(biennium[:4]) - 1, *_PREFILED)
    today = now.date()
    since = date.fromisoformat(state.since) - _OVERLAP if state.since else opened
    window = {"biennium": biennium, "beginDate": today - _OVERLAP, "endDate": today + _DAY}
    return (
        _call(source, options, _INTRODUCED, biennium, sinceDate=since),
        _call(source, options, _CHANGES, biennium, **window),
        *_histories(source, options, state, list(state.due)[: options.max_bills], today),
    )


_OPERATIONS = {
    _INTRODUCED: "GetLegislationIntroducedSince",
    _CHANGES: "GetLegislativeStatusChangesByDateRange",
    _HISTORY: "GetLegislativeStatusChangesByBillNumber",
    _DOCUMENTS: "GetDocumentsByClass",
}


def _call(
    source: Source, options: WashingtonOptions, op: str, session: str, **values: object
) -> Request:
    service = options.documents if op == _DOCUMENTS else options.base
    number = str(values.get("billNumber", values.get("namedLike", "")))
    return Request(
        url=f"{str(service).rstrip('/')}/{_OPERATIONS[op]}?{urlencode(values)}",
        purpose=op if number else "main",
        accept="text/xml, application/xml",
        # A title may be new where the history is as it was.
        conditional=not number,
        context=(("op", op), ("biennium", session), ("bill", number)),
        expect=source.expect.with_room(_MAX_BYTES),
    )


def _histories(
    source: Source,
    options: WashingtonOptions,
    state: _State,
    numbers: Iterable[str],
    today: date,
) -> tuple[Request, ...]:
    """The documents of each of these bills, then its history, which makes the item."""
    session, asked = state.biennium, []
    begin = date(int(session[:4]) - 1, *_PREFILED)
    for digits in (number.partition(" ")[2] for number in numbers):
        if options.texts:
            named = {"biennium": session, "documentClass": "Bills", "namedLike": digits}
            asked.append(_call(source, options, _DOCUMENTS, session, **named))
        asked.append(_call(source, options, _HISTORY, session, biennium=session, billNumber=digits,
                           beginDate=begin, endDate=today + _DAY))  # fmt: skip
    return tuple(asked)


def read(snapshot: Snapshot, context: ReadContext[WashingtonOptions]) -> Reading:
    """New legislation, changes of status, or the documents, history or text of one bill."""
    if snapshot.request.purpose == bill_text.TEXT:
        item, following = bill_text.text_read(snapshot, context.source.id)
        return Reading(items=(item,), next_requests=following, cursor=context.cursor)
    asked, strict = dict(snapshot.request.context), Strict()
    current = washington(snapshot.captured_at.date())[0]
    biennium = asked.get("biennium") or context.options.biennium or current
    state = _load(context.cursor, biennium)
    match asked.get("op", _INTRODUCED):
        case "history":
            return _history(state, strict, snapshot, context)
        case "documents":
            return _documents(state, strict, snapshot)
        case "changes":
            return _changes(state, strict, snapshot, context)
        case _:
            return _introduced(state, strict, snapshot, context)


def _rows(snapshot: Snapshot, root: str, item: str) -> list[object]:
    return listed(parsed_xml(snapshot, root), item) or []


def _introduced(
    state: _State, strict: Strict, snapshot: Snapshot, context: ReadContext[WashingtonOptions]
) -> Reading:
    """Legislation whose titles may be ours; each version of a bill comes with its own."""
    found = strict.records(_rows(snapshot, "ArrayOfLegislation", "Legislation"), _LEGISLATION)
    named = [(number_of(text(one, "BillId")), one) for one in found]
    named = [(n, one) for n, one in named if n and text(one, "Biennium") == state.biennium]
    watched = {number_of(words) for words in context.options.watch}
    bills = dict(state.bills)
    for number, one in named:
        ours = number in bills or number in watched or context.relevant(_words(number, one))
        if ours:
            bills[number] = _merged(bills.get(number), number, one, strict)
    fresh = [number for number, known in bills.items() if state.bills.get(number) != known]
    today = snapshot.captured_at.date()
    state = replace(state, bills=bills, since=today.isoformat())
    reading = _asked(fresh, state, strict, snapshot, context)
    return replace(reading, skipped=len({number for number, _ in named} - bills.keys()))


def _words(number: str, one: Record) -> bytes:
    return joined((number, *_titles(one))).encode()


def _titles(one: Record) -> tuple[str, ...]:
    names = ("LongDescription", "LegalTitle", "ShortDescription")
    return tuple(words for name in names if (words := text(one, name)))


def _merged(known: _Known | None, number: str, one: Record, strict: Strict) -> _Known:
    """What is known of the bill and what this version adds; its own titles stand first."""
    rows_of = strict.records(inner(one, "Companions", "Companion"), _COMPANION)
    companions = {number_of(text(row, "BillId")) for row in rows_of} - {""}
    earlier = known or _Known(number=number, titles=())
    return _Known(
        number=number,
        titles=tuple(dict.fromkeys((*_titles(one), *earlier.titles))),
        companions=tuple(sorted(companions | set(earlier.companions))),
    )


def _changes(
    state: _State, strict: Strict, snapshot: Snapshot, context: ReadContext[WashingtonOptions]
) -> Reading:
    """Our bills whose status changed within the last days."""
    found = strict.records(
        _rows(snapshot, "ArrayOfLegislativeStatus", "LegislativeStatus"), _STATUS
    )
    numbers = dict.fromkeys(number_of(text(one, "BillId")) for one in found)
    fresh = [number for number in numbers if number in state.bills]
    return _asked(fresh, state, strict, snapshot, context)


def _asked(
    numbers: Iterable[str],
    state: _State,
    strict: Strict,
    snapshot: Snapshot,
    context: ReadContext[WashingtonOptions],
) -> Reading:
    """Ask for these histories; what this check has no room for waits for the next."""
    today = snapshot.captured_at.date()
    fresh = [number for number in numbers if number not in state.due]
    state = replace(state, due={**state.due, **dict.fromkeys(fresh, today.isoformat())})
    options = context.options
    wanted = fresh[: options.max_bills]
    return Reading(
        cursor=state.dump(),
        next_requests=_histories(context.source, options, state, wanted, today),
        problems=strict.problems,
    )


def _documents(state: _State, strict: Strict, snapshot: Snapshot) -> Reading:
    """The texts of a bill, kept for its history, which is read next."""
    known = _of(state, snapshot)
    found = strict.records(
        _rows(snapshot, "ArrayOfLegislativeDocument", "LegislativeDocument"), _DOCUMENT
    )
    if known is not None:
        others = (pair for pair in state.versions if pair[0] != known.number)
        ours = ((known.number, version) for version in versions_of(found, known.number))
        state = replace(state, versions=(*others, *ours))
    return Reading(cursor=state.dump(), problems=strict.problems)


def _of(state: _State, snapshot: Snapshot) -> _Known | None:
    asked = dict(snapshot.request.context).get("bill", "")
    return next((b for n, b in state.bills.items() if n.partition(" ")[2] == asked), None)


def _history(
    state: _State, strict: Strict, snapshot: Snapshot, context: ReadContext[WashingtonOptions]
) -> Reading:
    known = _of(state, snapshot)
    found = strict.records(
        _rows(snapshot, "ArrayOfLegislativeStatus", "LegislativeStatus"), _STATUS
    )
    if known is None:
        return Reading(cursor=state.dump(), problems=strict.problems)
    versions = tuple(version for number, version in state.versions if number == known.number)
    state = replace(
        state,
        due={number: on for number, on in state.due.items() if number != known.number},
        versions=tuple(pair for pair in state.versions if pair[0] != known.number),
    )
    bill = replace(_bill(known, found, state.biennium, strict), versions=versions)
    item, odd = bill_item(
        bill,
        source_id=context.source.id,
        today=snapshot.captured_at.date(),
        locator=f"bill {known.number}",
        extractor="washington 2",
    )
    asked, texts = bill_text.new_texts([(bill, item)], state.texts, int(context.options.texts))
    return Reading(
        items=(item,),
        next_requests=asked,
        cursor=replace(state, texts=texts).dump(),
        problems=(*strict.problems, *odd),
    )


def _bill(known: _Known, found: list[Record], biennium: str, strict: Strict) -> Bill:
    kind, _, number = known.number.partition(" ")
    year = int(biennium[:4])
    return Bill(
        jurisdiction="WA",
        session=biennium,
        number=known.number,
        title=known.titles[0] if known.titles else known.number,
        summary=joined(known.titles[1:]),
        year=year,
        actions=tuple(actions_of(found, kind, strict)),
        status=text(found[-1], "Status") if found else "",
        companions=known.companions,
        resolution=kind[1:] in _RESOLUTIONS,
        bill_id=f"wsl {biennium} {known.number}",
        url=f"https://app.leg.wa.gov/billsummary?BillNumber={number}&Year={year}&Initiative=false",
    )


KIND = SourceKind(
    name="washington",
    summary="Bills of the Washington State Legislature by its web services, without a key: "
    "legislation introduced since the last check is told by its titles, substitutes with their "
    "own; of those that may be ours the history is asked whenever their status changed. The "
    "biennium follows from the date.",
    options=WashingtonOptions,
    first=first,
    read=read,
    example="""\
- id: example_washington
  kind: washington
  name: Washington State Legislature, bills
  publisher: Washington State Legislature
  tier: official
  document_kind: bill
  states: [WA]
  sees: [state_mandate_introduced, state_limit_introduced, state_limit_enacted]
  schedule: {every: 6h, time_zone: America/Los_Angeles}
  options: {}
""",
)
