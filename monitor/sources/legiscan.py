"""Kind `legiscan`: the bills of a state by LegiScan's Pull API, only changed ones asked for.

Schema: LegiScan API User Manual (getSessionList, getMasterList, getSearch, getBill).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from pydantic import Field, HttpUrl

from monitor.domain.item import Reading
from monitor.domain.snapshot import Request, Snapshot
from monitor.domain.source import Source
from monitor.extract import bill_text, legiscan, quota
from monitor.extract.bill import bill_item
from monitor.extract.bill_text import Texts
from monitor.extract.cursor import packed, rows, unpacked
from monitor.extract.json_api import Record, Strict
from monitor.extract.quota import Usage
from monitor.kinds import Options, ReadContext, SourceKind, WebAddress

_VERSION = 1
_KEY = "LEGISCAN_API_KEY"
_LIST, _SEARCH, _BILL, _SESSIONS = "getMasterList", "getSearch", "getBill", "getSessionList"


class LegiscanOptions(Options):
    """Options of LegiScan."""

    state: str = Field(pattern="^[A-Z]{2}$", description="two letters; US for Congress")
    base: WebAddress = Field(
        default=HttpUrl("https://api.legiscan.com/"), description="address of the interface"
    )
    searches: tuple[str, ...] = Field(
        default=(),
        max_length=5,
        description="full-text searches besides the list's titles; one call each per check",
    )
    relevance: int = Field(
        default=60, ge=0, le=100, description="search results below this relevance are left out"
    )
    watch: tuple[str, ...] = Field(
        default=(), description="bill numbers that are ours whatever their titles say: SB 245"
    )
    texts: int = Field(
        default=3,
        ge=0,
        le=50,
        description="texts of new versions asked for per check, for the redline; 0: none",
    )
    max_bills: int = Field(default=20, ge=1, le=200, description="changed bills asked per check")
    monthly_budget: int = Field(
        default=700, ge=10, le=30_000, description="calls of this source in a calendar month"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """What is known between checks."""

    usage: Usage
    sessions: tuple[str, ...] = ()  #: that still change
    hashes: dict[str, str]  #: bill id -> change hash of what was read
    due: dict[str, str]  #: bill id -> change hash of what is still to be read
    texts: Texts  #: bill -> address of the newest version's text that was asked for

    def dump(self) -> str:
        """For the cursor."""
        return packed(
            {
                "v": _VERSION,
                **quota.dump(self.usage),
                "sessions": [[number] for number in self.sessions],
                "hashes": [list(pair) for pair in sorted(self.hashes.items())],
                "due": [list(pair) for pair in self.due.items()],
                **bill_text.dump(self.texts),
            }
        )


def _load(cursor: str) -> _State:
    state = unpacked(cursor, _VERSION)
    return _State(
        usage=quota.load(state),
        sessions=tuple(row[0] for row in rows(state, "sessions") if row),
        hashes={r[0]: r[1] for r in rows(state, "hashes") if len(r) == 2},
        due={r[0]: r[1] for r in rows(state, "due") if len(r) == 2},
        texts=bill_text.load(state),
    )


def first(
    source: Source, options: LegiscanOptions, cursor: str, now: datetime
) -> tuple[Request, ...]:
    """The lists of the sessions, once a day which sessions there are, and bills still to be read.

    Nothing once the month's budget is used up.
    """
    state = _load(cursor)
    if state.usage.spent(now, source.schedule.every) >= options.monthly_budget:
        return ()
    asked = [_call(source, options, _LIST, id=number) for number in state.sessions]
    if not state.sessions or _daily(source, now):
        asked.append(_call(source, options, _SESSIONS, state=options.state))
    if state.sessions:
        asked += [_search(source, options, words) for words in options.searches]
    return (*asked, *_bills(source, options, list(state.due)[: options.max_bills]))


def _daily(source: Source, now: datetime) -> bool:
    """True in one check a day, told from the clock alone."""
    span = timedelta(days=1).total_seconds()
    return now.timestamp() % span < max(source.schedule.every.total_seconds(), 60.0)


def _call(source: Source, options: LegiscanOptions, op: str, **values: str) -> Request:
    return Request(
        url=f"{str(options.base).rstrip('/')}/?{urlencode({'op': op, **values})}",
        # What every check asks again is "main"; a bill waits for its answer.
        purpose="bill" if op == _BILL else "main",
        accept="application/json",
        secret_query=(("key", _KEY),),
        context=(("op", op),),
        expect=source.expect,
    )


def _search(source: Source, options: LegiscanOptions, words: str) -> Request:
    return _call(source, options, _SEARCH, state=options.state, query=words, year="2")


def _bills(source: Source, options: LegiscanOptions, ids: Iterable[str]) -> tuple[Request, ...]:
    return tuple(_call(source, options, _BILL, id=bill_id) for bill_id in ids)


def read(snapshot: Snapshot, context: ReadContext[LegiscanOptions]) -> Reading:
    """Sessions, a list, search results, one bill, or the text of one."""
    if snapshot.request.purpose == bill_text.TEXT:
        item, following = bill_text.text_read(snapshot, context.source.id)
        return Reading(items=(item,), next_requests=following, cursor=context.cursor)
    op = dict(snapshot.request.context).get("op", _SESSIONS)
    record, strict, state = legiscan.answered(snapshot), Strict(), _load(context.cursor)
    usage = state.usage.with_call(snapshot.captured_at, poll=op == _LIST)
    state = replace(state, usage=usage)
    match op:
        case "getBill":
            return _bill(record, strict, state, snapshot, context)
        case "getMasterList":
            return _list(record, strict, state, snapshot, context)
        case "getSearch":
            found = legiscan.found(record, strict, context.options.relevance)
            return _wanted(dict(found), state, strict, snapshot, context)
        case _:
            return _sessions(record, strict, state, snapshot, context)


def _sessions(
    record: Record,
    strict: Strict,
    state: _State,
    snapshot: Snapshot,
    context: ReadContext[LegiscanOptions],
) -> Reading:
    numbers = tuple(s.number for s in legiscan.sessions(record, strict) if not s.prior)
    if not numbers:
        strict.note(f"no_session: LegiScan names no current session of {context.options.state}")
    new = [number for number in numbers if number not in state.sessions]
    asked = [_call(context.source, context.options, _LIST, id=number) for number in new]
    if not state.sessions:
        asked += [_search(context.source, context.options, w) for w in context.options.searches]
    return Reading(
        cursor=replace(state, sessions=numbers or state.sessions).dump(),
        next_requests=tuple(asked),
        problems=strict.problems,
    )


def _list(
    record: Record,
    strict: Strict,
    state: _State,
    snapshot: Snapshot,
    context: ReadContext[LegiscanOptions],
) -> Reading:
    bills = legiscan.listed(record, strict)
    if len(bills) < context.source.expect.min_items:
        reason = f"{len(bills)} bills, expected at least {context.source.expect.min_items}"
        return Reading(cursor=context.cursor, rejected=reason)
    watched = {"".join(number.split()).upper() for number in context.options.watch}
    ours = {
        bill.bill_id: bill.change_hash
        for bill in bills
        if bill.bill_id in state.hashes
        or bill.number.upper() in watched
        or context.relevant(bill.words.encode())
    }
    reading = _wanted(ours, state, strict, snapshot, context)
    return replace(reading, skipped=len(bills) - len(ours))


def _wanted(
    ours: dict[str, str],
    state: _State,
    strict: Strict,
    snapshot: Snapshot,
    context: ReadContext[LegiscanOptions],
) -> Reading:
    """Ask for those of our bills whose change hash is not the one that was read."""
    fresh = {i: h for i, h in ours.items() if state.hashes.get(i) != h and state.due.get(i) != h}
    spent = state.usage.spent(snapshot.captured_at, context.source.schedule.every)
    left = max(0, context.options.monthly_budget - spent)
    now = list(fresh)[: min(context.options.max_bills, left)]
    return Reading(
        cursor=replace(state, due={**state.due, **fresh}).dump(),
        next_requests=_bills(context.source, context.options, now),
        problems=(*strict.problems, *quota.warning(spent, context.options.monthly_budget)),
    )


def _bill(
    record: Record,
    strict: Strict,
    state: _State,
    snapshot: Snapshot,
    context: ReadContext[LegiscanOptions],
) -> Reading:
    bill, change_hash = legiscan.bill_of(record, strict)
    bill_id = bill.bill_id.rpartition(" ")[2]
    item, odd = bill_item(
        bill,
        source_id=context.source.id,
        today=snapshot.captured_at.date(),
        locator="bill",
        extractor="legiscan 1",
    )
    due = {i: h for i, h in state.due.items() if i != bill_id}
    asked, texts = bill_text.new_texts(
        ((bill, item),), state.texts, context.options.texts, host_of_provider="legiscan.com"
    )
    hashes = {**state.hashes, bill_id: change_hash}
    return Reading(
        items=(item,),
        next_requests=asked,
        cursor=replace(state, hashes=hashes, due=due, texts=texts).dump(),
        problems=(*strict.problems, *odd),
    )


KIND = SourceKind(
    name="legiscan",
    summary="Bills of one state by LegiScan's Pull API (free key in LEGISCAN_API_KEY, from "
    "legiscan.com/legiscan). The lists of its sessions, special ones too, are compared by "
    "`change_hash`; only bills that changed and may be ours are asked for, and the texts of their "
    "new versions at the state's own addresses. Calls are counted per "
    "month against `monthly_budget`; used up, the source pauses until the next.",
    options=LegiscanOptions,
    first=first,
    read=read,
    example="""\
- id: example_legiscan
  kind: legiscan
  name: LegiScan, Florida
  publisher: LegiScan
  tier: aggregator
  document_kind: bill
  states: [FL]
  sees: [state_mandate_introduced, state_mandate_passed, state_mandate_enacted]
  schedule: {every: 6h}
  needs_env: [LEGISCAN_API_KEY]
  enabled: false
  options: {state: FL, searches: ['"287(g)"']}
""",
)
