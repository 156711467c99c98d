"""Kind `table`: keyed tables in workbooks, CSV files and HTML, found by their link on a page."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit

import re2
from lxml.html import HtmlElement
from pydantic import Field

from monitor.domain.errors import ExtractError
from monitor.domain.item import Item, Reading, Table
from monitor.domain.snapshot import Expectation, Request, Snapshot
from monitor.domain.source import Source
from monitor.domain.vocabulary import Direction, DocumentKind, EventType, Stage, Worth
from monitor.extract.charset import decoded
from monitor.extract.cursor import Json, packed, rows, unpacked
from monitor.extract.followed import MOA, Followed, followed, kept
from monitor.extract.links import absolute
from monitor.extract.moa import read_moa
from monitor.extract.patterns import Pattern
from monitor.extract.table import read_tables
from monitor.extract.text import plain, tree
from monitor.kinds import Options, ReadContext, SourceKind, WebAddress

_VERSION = 1
_TABLE = "table"
_MAX_LINKS = 8
_DOCUMENTS_A_CHECK = 2  #: posted agreements that are asked for again
_ZIP = b"PK\x03\x04"


class LinkOptions(Options):
    """Which links of the page lead to a table; href and text must both match where given."""

    name: str = Field(default="", description="what the table is, e.g. participating")
    href: Pattern = Field(default=r"\.(xlsx|csv)($|\?)", description="RE2 pattern of the address")
    text: Pattern = Field(default=".*", description="RE2 pattern of the link's words")
    required: bool = Field(default=True, description="a page without such a link is a problem")


class EventOptions(Options):
    """What a told change of a row means."""

    type: EventType = Field(description="event type, e.g. federal_designation")
    stage: Stage = Field(description="stage, e.g. listed or delisted")
    direction: Direction = Field(default=Direction.NEUTRAL, description="which way it points")
    worth: Worth = Field(default=Worth.REVIEW, description="alert or review")


class RowsOptions(Options):
    """How the rows of any other table are told apart, and what a change of them means."""

    key: tuple[str, ...] = Field(min_length=1, description="columns that tell one row from another")
    columns: dict[str, str] = Field(
        default_factory=dict, description="our name: header text; empty: headers as they are"
    )
    watch: tuple[str, ...] = Field(default=(), description="columns whose change matters; all")
    state: str = Field(default="", description="column that names the state")
    county: str = Field(default="", description="column that names the county")
    place: str = Field(default="", description="column that names the town")
    agency: str = Field(default="", description="column that names the agency")
    added: EventOptions | None = Field(default=None, description="what a new row tells")
    removed: EventOptions | None = Field(default=None, description="what a row that left tells")
    changed: EventOptions | None = Field(default=None, description="what a changed row tells")
    least_share: float = Field(
        default=0.7, gt=0, le=1, description="a shorter table is held until the next confirms it"
    )
    confirm_removal: int = Field(default=3, ge=1, le=50, description="absences before a row left")


class TableOptions(Options):
    """Options of a table."""

    url: WebAddress = Field(description="address of the page with the links, or of the table")
    where: Literal["links", "document", "page"] = Field(
        default="links",
        description="links: workbooks or CSV files linked on the page; document: the address is "
        "the file itself; page: the HTML tables of the page",
    )
    links: tuple[LinkOptions, ...] = Field(
        default=(LinkOptions(),), description="which links; several files count one by one"
    )
    recheck: Annotated[int, Field(ge=0, le=720)] = Field(
        default=6,
        description="hours after which a file whose link did not change is asked for again",
    )
    reads: Literal["roster", "rows"] = Field(
        default="rows",
        description="roster: ICE's lists, read by the ledger; rows: any keyed table",
    )
    rows: RowsOptions | None = Field(default=None, description="for reads: rows, what to compare")
    moa: bool = Field(
        default=True, description="for reads: roster, follow links to newly posted agreements"
    )
    min_rows: int = Field(default=1, ge=0, description="a table with fewer rows is rejected")


def first(source: Source, options: TableOptions, cursor: str, now: datetime) -> tuple[Request, ...]:
    """The page or file, and now and then what is known already: ICE replaces files in place."""
    page = Request(
        url=str(options.url),
        accept="*/*" if options.where == "document" else "text/html,*/*;q=0.5",
        expect=source.expect,
    )
    state = unpacked(cursor, _VERSION)
    documents = _documents_due(state, source, now)
    if options.where != "links" or not _recheck_due(source, options, now):
        return (page, *documents)
    known = rows(state, "links")
    again = (replace(_request(r[0], r[1]), again=True) for r in known if len(r) == 2)
    return (page, *again, *documents)


def read(snapshot: Snapshot, context: ReadContext[TableOptions]) -> Reading:
    """Links of the page as next requests, or the tables of a file."""
    if snapshot.request.purpose == MOA:
        return _memorandum(snapshot, context)
    if context.options.where == "links" and snapshot.request.purpose != _TABLE:
        return _links(snapshot, context)
    return _tables(snapshot, context)


def _recheck_due(source: Source, options: TableOptions, now: datetime) -> bool:
    """True in one check of each `recheck` hours, told from the clock alone."""
    if options.recheck == 0:
        return False
    span = timedelta(hours=options.recheck).total_seconds()
    return now.timestamp() % span < max(source.schedule.every.total_seconds(), 60.0)


def _documents_due(source_state: Json, source: Source, now: datetime) -> tuple[Request, ...]:
    """The posted agreements whose turn it is: two a check, none more often than once a day.

    The turn is told from the clock alone, so that a check that finds nothing new moves it on too.
    """
    documents = followed(source_state)
    every_s = max(source.schedule.every.total_seconds(), 60.0)
    turns = max(-(-len(documents) // _DOCUMENTS_A_CHECK), int(86_400 // every_s), 1)
    start = int(now.timestamp() // every_s) % turns * _DOCUMENTS_A_CHECK
    due = documents[start : start + _DOCUMENTS_A_CHECK]
    return tuple(replace(one.request(), again=True) for one in due)


def _links(snapshot: Snapshot, context: ReadContext[TableOptions]) -> Reading:
    state = unpacked(context.cursor, _VERSION)
    page = tree(decoded(snapshot.body, snapshot.charset).text, what=snapshot.request.url)
    found: dict[str, str] = {}
    problems = []
    for wanted in context.options.links:
        urls = _matching(page, snapshot.final_url, wanted)
        if not urls and wanted.required:
            problems.append(_no_link(wanted, snapshot.request.url))
        for url in urls[:_MAX_LINKS]:
            found.setdefault(url, wanted.name)
    if not found:
        return Reading(rejected="; ".join(problems) or "no link to a table", problems=())
    return Reading(
        next_requests=tuple(_request(name, url) for url, name in found.items()),
        cursor=packed(
            {**state, "v": _VERSION, "links": [[name, url] for url, name in found.items()]}
        ),
        problems=tuple(problems),
    )


def _matching(page: HtmlElement, base: str, wanted: LinkOptions) -> list[str]:
    """Addresses of the links that match, each once, in the order of the page."""
    href, text = re2.compile(wanted.href), re2.compile(wanted.text)
    urls: dict[str, None] = {}
    for anchor in page.iter("a"):
        url = absolute(base, anchor.get("href") or "")
        words = plain(anchor.text_content() or anchor.get("title") or "", max_chars=300)
        if url and href.search(unquote(url)) and text.search(words):
            urls.setdefault(url)
    return list(urls)


def _request(name: str, url: str) -> Request:
    workbook = urlsplit(url).path.lower().endswith(".xlsx")
    return Request(
        url=url,
        purpose=_TABLE,
        context=(("name", name),),
        expect=Expectation(min_bytes=10, magic=(_ZIP,) if workbook else ()),
    )


def _tables(snapshot: Snapshot, context: ReadContext[TableOptions]) -> Reading:
    file_name = _file_name(snapshot)
    tables = read_tables(snapshot.body, snapshot.media_type, file_name)
    wanted = max(context.options.min_rows, context.source.expect.min_items)
    filled = tuple(t for t in tables if len(t.rows) >= wanted)
    if not filled:
        most = max((len(t.rows) for t in tables), default=0)
        raise ExtractError(f"{file_name}: no table with {wanted} rows, the longest has {most}")
    name = dict(snapshot.request.context).get("name", "")
    return Reading(
        tables=tuple(_named(t, name) for t in filled),
        cursor=context.cursor,
        problems=tuple(f"table: {file_name}: {note}" for t in filled for note in t.notes),
    )


def _memorandum(snapshot: Snapshot, context: ReadContext[TableOptions]) -> Reading:
    """A posted agreement as an item: what is legible of it, never the persons it names.

    The item's key is the address and its content the bytes' hash, so that a file replaced under
    the same address is a revision. The row that linked it comes along in the request.
    """
    row = dict(snapshot.request.context)
    state = unpacked(context.cursor, _VERSION)
    known = followed(state)
    here = Followed.of(snapshot)
    twin = next((one for one in known if one.body == here.body and one.differs(here)), None)
    found = read_moa(snapshot.body)
    fields = {
        **row,
        "body": snapshot.body_hash,
        "pages": str(found.pages),
        "text_pages": str(found.text_pages),
        "legible": "yes" if found.legible else "no",
        "model": found.model.value if found.model else "",
        "model_from": found.model_from,
        "revision": found.revision.isoformat() if found.revision else "",
        "agency": found.agency or "",
        "dates": ",".join(day.isoformat() for day in found.dates),
        "same_as": f"{twin.row_text()}: {twin.url}" if twin else "",
    }
    item = Item(
        source_id=context.source.id,
        key=f"moa:{snapshot.request.url}",
        url=snapshot.request.url,
        title=f"Agreement of {row.get('row_agency', 'an agency')}",
        kind=DocumentKind.PAGE,
        fields=tuple(sorted((name, value) for name, value in fields.items() if value)),
        extractor=MOA,
    )
    return Reading(items=(item,), cursor=packed({**state, "v": _VERSION, MOA: kept(known, here)}))


def _named(table: Table, name: str) -> Table:
    """The table under the name the link gives it; its columns decide what it really is."""
    if not name:
        return table
    return replace(table, name=name)


def _file_name(snapshot: Snapshot) -> str:
    """The publisher's base name: from the answer's header, else from the address."""
    stated = dict(snapshot.headers).get("content-disposition", "")
    found = re.search(r'filename="?([^";]{1,200})', stated)
    path = urlsplit(snapshot.final_url).path
    return (found.group(1) if found else unquote(path.rpartition("/")[2])).strip()[:200]


def _no_link(wanted: LinkOptions, url: str) -> str:
    name = f" to the table {wanted.name}" if wanted.name else ""
    return f"link_vanished: no link{name} on {url} (href {wanted.href}, text {wanted.text})"


KIND = SourceKind(
    name="table",
    summary="Keyed tables: XLSX or CSV files found by their links on a page (file names may change "
    "daily, several links count one by one), a file at a fixed address, or the HTML tables of a "
    "page. Rows are compared by their key, never by position; a page that lost its link is a "
    "health entry and nothing else.",
    options=TableOptions,
    first=first,
    read=read,
    example="""\
- id: example_roster
  kind: table
  name: Example roster of agreements
  tier: roster
  sees: [agreement_signed, agreement_terminated, agreement_pending]
  schedule: {every: 3h}
  options:
    url: https://agency.example.gov/agreements
    links:
      - {name: participating, href: "participating.*[.]xlsx", text: "(?i)participating"}
      - {name: pending, href: "pending.*[.]xlsx", required: false}
""",
)
