"""Kind `congress`: bills of Congress by the Congress.gov API v3, those updated since last time.

Schema: LibraryOfCongress/api.congress.gov, README.md (keys, limit, offset, rate limit) and
Documentation/BillEndpoint.md, SummariesEndpoint.md; the interface has no search, so titles and
summaries of what changed are read, and only what may be ours is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from pydantic import Field, HttpUrl

from monitor.domain.item import Reading
from monitor.domain.snapshot import Request, Snapshot
from monitor.domain.source import Source
from monitor.extract import congress_api, quota
from monitor.extract.bill import bill_item
from monitor.extract.congress_api import BILLS, SUMMARIES, Listed
from monitor.extract.cursor import packed, rows, unpacked
from monitor.extract.data_gov import answered, hourly
from monitor.extract.json_api import Record, Strict, text, whole
from monitor.extract.quota import Usage
from monitor.extract.sessions import congresses
from monitor.kinds import Options, ReadContext, SourceKind, WebAddress

_VERSION = 1
_KEY = "CONGRESS_API_KEY"
_PAGE_SIZE = 250
#: Asked for again: updates become visible some hours after the time they carry.
_OVERLAP = timedelta(days=1)
#: A bill that was not answered for so long is given up, and said so.
_PATIENCE = timedelta(days=7)
#: Calls of the hour that are left alone: lists under way, and whoever shares the key.
_RESERVE = 20
_BILL = "bill"


class CongressOptions(Options):
    """Options of Congress.gov."""

    base: WebAddress = Field(
        default=HttpUrl("https://api.congress.gov/v3/"), description="address of the interface"
    )
    congress: int = Field(
        default=0, ge=0, le=300, description="a Congress by number; 0: the current one by the date"
    )
    back_days: int = Field(
        default=30, ge=1, le=400, description="how far back the first import looks"
    )
    watch: tuple[str, ...] = Field(
        default=(), description="bills that are ours whatever their titles say: HR 32, S 1234"
    )
    summaries: bool = Field(
        default=True, description="read new summaries too: they say what short titles do not"
    )
    max_pages: int = Field(
        default=100, ge=1, le=500, description="pages of 250 bills read of one list"
    )
    max_bills: int = Field(
        default=20, ge=1, le=200, description="changed bills asked per check, up to 6 calls each"
    )
    monthly_budget: int = Field(
        default=12_000, ge=10, le=3_000_000, description="calls of this source in a calendar month"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """What is known between checks; a bill is named "119 HR 32"."""

    usage: Usage
    since: dict[str, str]  #: list, as "bills 119" -> from which moment to ask
    seen: dict[str, str]  #: entry of a bill that is ours -> its stamp
    due: dict[str, str]  #: bill to be read -> day it was found

    def dump(self) -> str:
        """For the cursor."""
        return packed(
            {
                "v": _VERSION,
                **quota.dump(self.usage),
                "since": [list(pair) for pair in sorted(self.since.items())],
                "seen": [list(pair) for pair in sorted(self.seen.items())],
                "due": [list(pair) for pair in self.due.items()],
            }
        )


def _load(cursor: str) -> _State:
    state = unpacked(cursor, _VERSION)

    def pairs(name: str) -> dict[str, str]:
        return {row[0]: row[1] for row in rows(state, name) if len(row) == 2}

    return _State(
        usage=quota.load(state), since=pairs("since"), seen=pairs("seen"), due=pairs("due")
    )


def first(
    source: Source, options: CongressOptions, cursor: str, now: datetime
) -> tuple[Request, ...]:
    """What was updated since, for each Congress still at work, and bills still to be read.

    Nothing once the month's budget is used up.
    """
    state = _load(cursor)
    if state.usage.spent(now, source.schedule.every) >= options.monthly_budget:
        return ()
    start = _moment(now - timedelta(days=options.back_days))
    numbers = (options.congress,) if options.congress else congresses(now.date())
    lists = [f"{op} {n}" for n in numbers for op in (BILLS, SUMMARIES)[: 1 + options.summaries]]
    asked = [_list(source, options, name, state.since.get(name, start), 0, "") for name in lists]
    return (*asked, *_details(source, options, list(state.due)[: options.max_bills]))


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _list(
    source: Source, options: CongressOptions, name: str, since: str, offset: int, started: str
) -> Request:
    """A page of a list, newest first: what is updated meanwhile comes twice and is never missed.

    `started` is the moment of the first page.
    """
    op, _, congress = name.partition(" ")
    values = {
        "fromDateTime": since,
        "sort": "updateDate desc",
        "limit": str(_PAGE_SIZE),
        "offset": str(offset),
        "format": "json",
    }
    path = f"{'bill' if op == BILLS else op}/{congress}?{urlencode(values)}"
    context = (
        ("list", name), ("since", since), ("offset", str(offset)), ("started", started)
    )  # fmt: skip
    return _request(source, options, path, "page" if offset else "main", context)


def _details(source: Source, options: CongressOptions, names: Iterable[str]) -> tuple[Request, ...]:
    """The records of bills; each leads to its titles, actions, summaries, texts and relations."""
    return tuple(_part(source, options, name, "", "{}") for name in names)


def _part(
    source: Source, options: CongressOptions, name: str, step: str, known: str, offset: int = 0
) -> Request:
    congress, kind, number = name.split()
    path = f"bill/{congress}/{kind.lower()}/{number}" + (f"/{step}" if step else "")
    values = {"limit": str(_PAGE_SIZE), "offset": str(offset)} if step else {}
    context = (("bill", name), ("step", step), ("known", known), ("offset", str(offset)))
    query = urlencode({**values, "format": "json"})
    return _request(source, options, f"{path}?{query}", _BILL, context)


def _request(
    source: Source,
    options: CongressOptions,
    path: str,
    purpose: str,
    context: tuple[tuple[str, str], ...],
) -> Request:
    return Request(
        url=f"{str(options.base).rstrip('/')}/{path}",
        purpose=purpose,
        accept="application/json",
        secret_headers=(("X-Api-Key", _KEY),),
        context=context,
        # A part of a bill leads to the next one, be it as it was.
        conditional=purpose != _BILL,
        expect=source.expect,
    )


def read(snapshot: Snapshot, context: ReadContext[CongressOptions]) -> Reading:
    """A page of bills or of summaries, or one part of a bill; the last part makes the item."""
    asked, state = dict(snapshot.request.context), _load(context.cursor)
    record = answered(snapshot, _KEY)
    poll = asked.get("list", "").startswith(BILLS) and asked.get("offset") == "0"
    usage = state.usage.with_call(snapshot.captured_at, poll=poll)
    state, step = replace(state, usage=usage), _detail if asked.get("bill") else _page
    return _within(step(record, Strict(), state, snapshot, context), usage, snapshot, context)


def _within(
    reading: Reading, usage: Usage, snapshot: Snapshot, context: ReadContext[CongressOptions]
) -> Reading:
    """The reading, asking for no more than the month's budget and the hour's limit allow.

    Bills not asked for are due at the next check, pages come with the next list.
    """
    budget = context.options.monthly_budget
    spent = usage.spent(snapshot.captured_at, context.source.schedule.every)
    left, said = hourly(snapshot.headers)
    return replace(
        reading,
        next_requests=reading.next_requests[: max(0, min(budget - spent, left - _RESERVE))],
        problems=(*reading.problems, *said, *quota.warning(spent, budget)),
    )


def _page(
    record: Record,
    strict: Strict,
    state: _State,
    snapshot: Snapshot,
    context: ReadContext[CongressOptions],
) -> Reading:
    asked = dict(snapshot.request.context)
    name = asked.get("list", BILLS)
    found = congress_api.entries(record, name.partition(" ")[0], strict, where=snapshot.request.url)
    ours = [one for one in found if _is_ours(one, state, context)]
    today = snapshot.captured_at.date().isoformat()
    fresh = {one.name: today for one in ours if state.seen.get(one.key) != one.stamp}
    following, cut = _following(record, asked, snapshot, context)
    kept, given_up = _patient(state, snapshot)
    moved = {} if following else {name: _reached(asked, snapshot)}
    state = replace(
        state,
        since={**state.since, **moved},
        seen={**state.seen, **{one.key: one.stamp for one in ours}},
        due={**fresh, **kept},
    )
    wanted = list(fresh)[: context.options.max_bills]
    return Reading(
        cursor=state.dump(),
        next_requests=(*following, *_details(context.source, context.options, wanted)),
        problems=(*strict.problems, *given_up, *cut),
        skipped=len(found) - len(ours),
    )


def _is_ours(one: Listed, state: _State, context: ReadContext[CongressOptions]) -> bool:
    known = one.name in state.seen or f"{one.name} summary" in state.seen
    watched = {_folded(number) for number in context.options.watch}
    return (
        known
        or _folded(one.name.partition(" ")[2]) in watched
        or context.relevant(f"{one.name}\n{one.words}".encode())
    )


def _folded(number: str) -> str:
    return "".join(number.split()).replace(".", "").upper()


def _patient(state: _State, snapshot: Snapshot) -> tuple[dict[str, str], list[str]]:
    """Bills still waited for; those that no check could read in a week are given up."""
    oldest = (snapshot.captured_at - _PATIENCE).date().isoformat()
    kept = {name: day for name, day in state.due.items() if day >= oldest}
    return kept, [
        f"given_up: bill {n} could not be read" for n in sorted(state.due.keys() - kept.keys())
    ]


def _following(
    record: Record,
    asked: dict[str, str],
    snapshot: Snapshot,
    context: ReadContext[CongressOptions],
) -> tuple[tuple[Request, ...], tuple[str, ...]]:
    """The next page of this list, and a complaint when there are more than are read."""
    if not _goes_on(record):
        return (), ()
    offset, most = int(asked.get("offset", "0") or 0) + _PAGE_SIZE, context.options.max_pages
    if offset >= most * _PAGE_SIZE:
        pages = record.get("pagination")
        count = whole(pages, "count") if isinstance(pages, dict) else 0
        return (), (f"too_many: {count} entries, {most} pages were read; raise max_pages",)
    started = asked.get("started") or _moment(snapshot.captured_at)
    name, since = asked.get("list", ""), asked.get("since", "")
    return (_list(context.source, context.options, name, since, offset, started),), ()


def _goes_on(record: Record) -> bool:
    """Whether the interface names a next page; its address is made here, never followed."""
    pages = record.get("pagination")
    return isinstance(pages, dict) and bool(text(pages, "next"))


def _reached(asked: dict[str, str], snapshot: Snapshot) -> str:
    """From when to ask next time: a day before this list was begun."""
    started = asked.get("started") or _moment(snapshot.captured_at)
    return _moment(datetime.fromisoformat(started) - _OVERLAP)


def _detail(
    record: Record,
    strict: Strict,
    state: _State,
    snapshot: Snapshot,
    context: ReadContext[CongressOptions],
) -> Reading:
    """Keep this part of the bill and ask for the next; after the last one it is an item."""
    asked, where = dict(snapshot.request.context), snapshot.request.url
    name, step = asked["bill"], asked.get("step", "")
    strict.record(record, congress_api.ANSWER)
    parts = congress_api.with_part(asked.get("known", "{}"), step, record, where=where)
    more = bool(step) and _goes_on(record)
    following = step if more else congress_api.next_step(parts, step)
    if not following:
        return _finished(parts, name, strict, state, snapshot, context)
    offset = int(asked.get("offset", "0") or 0) + _PAGE_SIZE if more else 0
    request = _part(context.source, context.options, name, following, json.dumps(parts), offset)
    return Reading(cursor=state.dump(), next_requests=(request,), problems=strict.problems)


def _finished(
    parts: dict[str, object],
    name: str,
    strict: Strict,
    state: _State,
    snapshot: Snapshot,
    context: ReadContext[CongressOptions],
) -> Reading:
    bill = congress_api.assembled(parts, strict)
    due = {other: day for other, day in state.due.items() if other != name}
    cursor = replace(state, due=due).dump()
    if bill is None:
        return Reading(cursor=cursor, problems=strict.problems)
    item, odd = bill_item(
        bill,
        source_id=context.source.id,
        today=snapshot.captured_at.date(),
        locator=f"bill {bill.number}",
        extractor="congress 1",
    )
    return Reading(items=(item,), cursor=cursor, problems=(*strict.problems, *odd))


KIND = SourceKind(
    name="congress",
    summary="Bills of Congress by the Congress.gov API v3 (free key in CONGRESS_API_KEY, from "
    "api.congress.gov/sign-up). What was updated since the last check, by titles and by new "
    "summaries; only bills that changed and may be ours are asked for, with titles, actions, "
    "summaries, texts and identical bills. The Congress follows from the date. Calls are counted "
    "per month against `monthly_budget`, and the hour's limit is read from the answers.",
    options=CongressOptions,
    first=first,
    read=read,
    example="""\
- id: example_congress
  kind: congress
  name: Congress.gov, bills
  publisher: Library of Congress
  tier: official
  document_kind: bill
  sees: [state_mandate_introduced, state_limit_introduced]
  schedule: {every: 6h}
  politeness: {max_requests: 200}
  needs_env: [CONGRESS_API_KEY]
  enabled: false
  options: {}
""",
)
