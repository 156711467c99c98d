"""Kind `govinfo`: bills of Congress by GovInfo, from feeds and bulk files that need no key.

Schema: the feeds bills.xml and billstatus-batch.xml (usgpo/rss, usgpo/bulk-data), the BILLSTATUS
files 3.0.0 (usgpo/bill-status, user guide and samples), and, with a key, the collections service
(usgpo/api, README.md and samples/collections/BILLS-sample.json). The feed of texts has titles,
which tell what may be ours; the feed of batches names the files that changed; only those of our
bills are fetched.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

from pydantic import Field, HttpUrl

from monitor.domain.errors import ExtractError
from monitor.domain.item import Reading
from monitor.domain.snapshot import Request, Snapshot
from monitor.domain.source import Source
from monitor.extract import dates
from monitor.extract.bill import bill_item
from monitor.extract.congress import TYPES, bill_of, parts_of
from monitor.extract.cursor import packed, rows, unpacked
from monitor.extract.data_gov import answered, hourly
from monitor.extract.json_api import Record, Strict, joined, shape, text
from monitor.extract.text import plain
from monitor.extract.xml_api import inner, parsed_xml
from monitor.kinds import Options, ReadContext, SourceKind, WebAddress

_VERSION = 1
_KEY = "GOVINFO_API_KEY"
_PAGE_SIZE = 1000
_OVERLAP = timedelta(days=1)
#: A file that was not there for so long is given up, and said so; texts come before their status.
_PATIENCE = timedelta(days=7)
_TITLES, _BATCHES, _COLLECTION, _STATUS = "titles", "batches", "collection", "status"
_KINDS = "|".join(sorted((kind.lower() for kind in TYPES), key=len, reverse=True))
_PACKAGE = re.compile(rf"\bBILLS-(\d{{2,3}})({_KINDS})(\d{{1,5}})[a-z]+\d?\b")
_FILE = re.compile(rf"\bBILLSTATUS-(\d{{2,3}})({_KINDS})(\d{{1,5}})\.xml\b")
_ENTRY = shape(
    "feed entry",
    "title",
    known="author category comments creator date enclosure source encoded",
    optional="link guid description pubDate",
)
_PACKAGES = shape("answer", "packages", known="count message previousPage", optional="nextPage")
_LISTED = shape(
    "package", "packageId title lastModified", known="packageLink docClass congress dateIssued"
)


class GovinfoOptions(Options):
    """Options of GovInfo."""

    base: WebAddress = Field(
        default=HttpUrl("https://www.govinfo.gov/"), description="address of feeds and bulk files"
    )
    collections: bool = Field(
        default=False,
        description="list texts by the collections service, which needs GOVINFO_API_KEY, instead "
        "of the feed, which holds the newest 100",
    )
    api: WebAddress = Field(
        default=HttpUrl("https://api.govinfo.gov/"), description="address of the service"
    )
    back_days: int = Field(
        default=30, ge=1, le=400, description="how far back the first import of the service looks"
    )
    watch: tuple[str, ...] = Field(
        default=(), description="bills that are ours whatever their titles say: 119 HR 32"
    )
    max_bills: int = Field(default=25, ge=1, le=200, description="changed bills asked per check")


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """What is known between checks; a bill is named "119 HR 32"."""

    since: str = ""  #: from which moment to ask the service
    batch: str = ""  #: moment of the newest batch that was read
    ours: dict[str, str]  #: bill -> package of its newest text
    due: dict[str, str]  #: bill whose status is to be read -> day it was found

    def dump(self) -> str:
        """For the cursor."""
        return packed(
            {
                "v": _VERSION,
                "since": self.since,
                "batch": self.batch,
                "ours": [list(pair) for pair in sorted(self.ours.items())],
                "due": [list(pair) for pair in self.due.items()],
            }
        )


def _load(cursor: str) -> _State:
    state = unpacked(cursor, _VERSION)
    since, batch = state.get("since"), state.get("batch")
    return _State(
        since=since if isinstance(since, str) else "",
        batch=batch if isinstance(batch, str) else "",
        ours={row[0]: row[1] for row in rows(state, "ours") if len(row) == 2},
        due={row[0]: row[1] for row in rows(state, "due") if len(row) == 2},
    )


def first(
    source: Source, options: GovinfoOptions, cursor: str, now: datetime
) -> tuple[Request, ...]:
    """What texts are new, which files of status changed, and files still to be read."""
    state = _load(cursor)
    if options.collections:
        since = state.since or _moment(now - timedelta(days=options.back_days))
        texts = _collection(source, options, since, "*", "")
    else:
        texts = _feed(source, options, "bills", _TITLES)
    watched = [name for name in map(_name, options.watch) if name and name not in state.ours]
    due = [*state.due, *(name for name in watched if name not in state.due)]
    asked = _statuses(source, options, due[: options.max_bills])
    return (texts, _feed(source, options, "billstatus-batch", _BATCHES), *asked)


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _name(words: str) -> str:
    """ "119 HR 32" of "119 H.R. 32"; "" for anything else."""
    found = re.fullmatch(r"(\d{2,3})\s*([A-Z]+)\s*(\d{1,5})", words.upper().replace(".", ""))
    if found is None or found.group(2) not in TYPES:
        return ""
    return f"{found.group(1)} {found.group(2)} {int(found.group(3))}"


def _named(found: re.Match[str]) -> str:
    return f"{found.group(1)} {found.group(2).upper()} {int(found.group(3))}"


def _feed(source: Source, options: GovinfoOptions, name: str, op: str) -> Request:
    return Request(
        url=f"{_base(options)}/rss/{name}.xml",
        accept="application/rss+xml, application/xml",
        context=(("op", op),),
        expect=source.expect,
    )


def _base(options: GovinfoOptions) -> str:
    return str(options.base).rstrip("/")


def _collection(
    source: Source, options: GovinfoOptions, since: str, mark: str, started: str
) -> Request:
    """A page of the texts added or changed since; `started` is the moment of the first page."""
    query = urlencode({"offsetMark": mark, "pageSize": str(_PAGE_SIZE)})
    return Request(
        url=f"{str(options.api).rstrip('/')}/collections/BILLS/{since}?{query}",
        purpose="main" if mark == "*" else "page",
        accept="application/json",
        secret_headers=(("X-Api-Key", _KEY),),
        context=(("op", _COLLECTION), ("since", since), ("started", started)),
        expect=source.expect,
    )


def _statuses(source: Source, options: GovinfoOptions, names: Iterable[str]) -> tuple[Request, ...]:
    return tuple(_status(source, options, name) for name in names)


def _status(source: Source, options: GovinfoOptions, name: str) -> Request:
    congress, kind, number = name.lower().split()
    path = f"bulkdata/BILLSTATUS/{congress}/{kind}/BILLSTATUS-{congress}{kind}{number}.xml"
    return Request(
        url=f"{_base(options)}/{path}",
        purpose=_STATUS,
        accept="application/xml, text/xml",
        context=(("op", _STATUS), ("bill", name)),
        conditional=False,
        expect=source.expect,
    )


def read(snapshot: Snapshot, context: ReadContext[GovinfoOptions]) -> Reading:
    """New texts, a list of changed files, or the status of one bill."""
    state = _load(context.cursor)
    match dict(snapshot.request.context).get("op", _TITLES):
        case "status":
            return _bill(state, snapshot, context)
        case "batches":
            return _batches(state, snapshot, context)
        case "collection":
            return _packages(state, snapshot, context)
        case _:
            return _titles(state, snapshot, context)


def _entries(snapshot: Snapshot, strict: Strict) -> list[Record]:
    """The entries of a feed. Raises ExtractError for what is none."""
    channel = parsed_xml(snapshot, "rss").get("channel")
    if not isinstance(channel, dict):
        raise ExtractError(f"{snapshot.request.url}: a feed without a channel")
    found = strict.records(inner({"channel": channel}, "channel"), _ENTRY)
    if not found:
        strict.note(f"no_entries: {snapshot.request.url} lists nothing")
    return found


def _titles(state: _State, snapshot: Snapshot, context: ReadContext[GovinfoOptions]) -> Reading:
    strict = Strict()
    entries = _entries(snapshot, strict)
    texts: list[tuple[str, str, str]] = []
    for one in entries:
        where = " ".join(text(one, name) for name in ("guid", "link", "description"))
        found = _PACKAGE.search(html.unescape(where))
        if found is not None:
            texts.append((_named(found), found.group(0), plain(text(one, "title"))))
    if entries and not texts:
        strict.note("field_vanished: no entry of the feed names a package")
    return _texts(texts, state, strict, snapshot, context)


def _packages(state: _State, snapshot: Snapshot, context: ReadContext[GovinfoOptions]) -> Reading:
    asked, strict = dict(snapshot.request.context), Strict()
    record = answered(snapshot, _KEY)
    if not isinstance(record.get("packages"), list):
        raise ExtractError(f"{snapshot.request.url}: no packages; the format has changed")
    strict.record(record, _PACKAGES)
    texts: list[tuple[str, str, str]] = []
    for one in strict.records(record["packages"], _LISTED):
        found = _PACKAGE.fullmatch(text(one, "packageId"))
        if found is not None:
            stamp = f"{found.group(0)} {text(one, 'lastModified')}"
            texts.append((_named(found), stamp, text(one, "title")))
    mark = parse_qs(urlsplit(text(record, "nextPage")).query).get("offsetMark", [""])[0]
    started = asked.get("started") or _moment(snapshot.captured_at)
    following: tuple[Request, ...] = ()
    if mark:
        since = asked.get("since", "")
        following = (_collection(context.source, context.options, since, mark, started),)
    else:
        state = replace(state, since=_moment(datetime.fromisoformat(started) - _OVERLAP))
    left, said = hourly(snapshot.headers)
    reading = _texts(texts, state, strict, snapshot, context)
    return replace(
        reading,
        next_requests=(*following[:left], *reading.next_requests),
        problems=(*reading.problems, *said),
    )


def _texts(
    texts: list[tuple[str, str, str]],
    state: _State,
    strict: Strict,
    snapshot: Snapshot,
    context: ReadContext[GovinfoOptions],
) -> Reading:
    """Of (bill, text, title), what may be ours; a text not seen before has its status read."""
    watched = {_name(words) for words in context.options.watch}
    ours = [
        (name, stamp)
        for name, stamp, title in texts
        if name in state.ours
        or name in watched
        or context.relevant(joined((name.partition(" ")[2], title)).encode())
    ]
    # The newest stands first in the feed.
    newest = dict(reversed(ours))
    fresh = [name for name, stamp in newest.items() if state.ours.get(name) != stamp]
    state = replace(state, ours={**state.ours, **newest})
    reading = _due(fresh, state, strict, snapshot, context)
    return replace(reading, skipped=len({name for name, _, _ in texts} - newest.keys()))


def _batches(state: _State, snapshot: Snapshot, context: ReadContext[GovinfoOptions]) -> Reading:
    """Our bills among the files of the batches that came since; all of them at first."""
    strict = Strict()
    watched = {_name(words) for words in context.options.watch}
    changed: dict[str, None] = {}
    reached = state.batch
    for one in _entries(snapshot, strict):
        at = dates.moment(text(one, "pubDate"))
        if at is None:
            strict.note("date_unreadable: a batch without a moment")
            continue
        if _moment(at) <= state.batch:
            continue
        if at <= snapshot.captured_at + _OVERLAP:
            reached = max(reached, _moment(at))
        found = map(_named, _FILE.finditer(html.unescape(text(one, "description"))))
        changed.update(dict.fromkeys(n for n in found if n in state.ours or n in watched))
    return _due(changed, replace(state, batch=reached), strict, snapshot, context)


def _due(
    names: Iterable[str],
    state: _State,
    strict: Strict,
    snapshot: Snapshot,
    context: ReadContext[GovinfoOptions],
) -> Reading:
    """Ask for the status of these bills; what the check has no room for waits for the next."""
    today = snapshot.captured_at.date()
    oldest = (today - _PATIENCE).isoformat()
    kept = {name: day for name, day in state.due.items() if day >= oldest}
    for name in sorted(state.due.keys() - kept.keys()):
        strict.note(f"given_up: the status of {name} could not be read")
    fresh = [name for name in names if name not in kept]
    state = replace(state, due={**kept, **dict.fromkeys(fresh, today.isoformat())})
    return Reading(
        cursor=state.dump(),
        next_requests=_statuses(
            context.source, context.options, fresh[: context.options.max_bills]
        ),
        problems=strict.problems,
    )


def _bill(state: _State, snapshot: Snapshot, context: ReadContext[GovinfoOptions]) -> Reading:
    strict = Strict()
    detail = parsed_xml(snapshot, "billStatus").get("bill")
    if not isinstance(detail, dict):
        raise ExtractError(f"{snapshot.request.url}: no bill in it; the format has changed")
    bill = bill_of(parts_of(detail), strict)
    name = dict(snapshot.request.context).get("bill", "")
    due = {other: day for other, day in state.due.items() if other != name}
    cursor = replace(state, due=due, ours={name: "", **state.ours} if name else state.ours).dump()
    if bill is None:
        return Reading(cursor=cursor, problems=strict.problems)
    item, odd = bill_item(
        bill,
        source_id=context.source.id,
        today=snapshot.captured_at.date(),
        locator=f"bill {bill.number}",
        extractor="govinfo 1",
    )
    return Reading(items=(item,), cursor=cursor, problems=(*strict.problems, *odd))


KIND = SourceKind(
    name="govinfo",
    summary="Bills of Congress by GovInfo without a key: its feed of new texts tells by their "
    "titles which may be ours, its feed of batches which files of status changed, and only those "
    "of our bills are fetched (BILLSTATUS, with actions, summaries and identical bills). With "
    "`collections` and a free key in GOVINFO_API_KEY the texts are listed by the collections "
    "service, which reaches further back than the feed's 100.",
    options=GovinfoOptions,
    first=first,
    read=read,
    example="""\
- id: example_govinfo
  kind: govinfo
  name: GovInfo, bills of Congress
  publisher: GovInfo
  tier: official
  document_kind: bill
  sees: [state_mandate_introduced, state_limit_introduced]
  schedule: {every: 2h}
  options: {watch: ['119 HR 32']}
""",
)
