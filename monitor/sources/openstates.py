"""Kind `openstates`: bills of all states by the Open States API v3, those updated since last time.

Schema: openstates/api-v3, api/schemas.py (Bill), api/bills.py (parameters), api/pagination.py.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from pydantic import Field, HttpUrl

from monitor.domain.item import Item, Reading
from monitor.domain.moment import require_aware
from monitor.domain.snapshot import Request, Snapshot
from monitor.domain.source import Source
from monitor.extract import bill_text, quota
from monitor.extract.bill import Bill, bill_item
from monitor.extract.bill_text import Texts
from monitor.extract.cursor import packed, unpacked
from monitor.extract.json_api import Strict, parsed_record
from monitor.extract.openstates import BillsPage, bills_page
from monitor.extract.quota import Usage
from monitor.kinds import Options, ReadContext, SourceKind, WebAddress

_VERSION = 1
#: Days asked for again: what a failure cut off comes with the next lists.
_OVERLAP = timedelta(days=2)
_KEY = "OPENSTATES_API_KEY"
_INCLUDE = ("abstracts", "actions", "versions", "other_identifiers")
_QUERY = (
    '"287(g)" OR "immigration detainer" OR "immigration enforcement" OR '
    '"Immigration and Customs Enforcement" OR "federal immigration" OR "sanctuary"'
)


class OpenstatesOptions(Options):
    """Options of Open States."""

    query: str = Field(
        default=_QUERY, min_length=3, max_length=500, description="full-text query, OR and quotes"
    )
    jurisdiction: str = Field(
        default="", max_length=80, description="one state by name or abbreviation; empty: all"
    )
    base: WebAddress = Field(
        default=HttpUrl("https://v3.openstates.org/"), description="address of the interface"
    )
    back_days: int = Field(
        default=30, ge=1, le=400, description="how far back the first import looks"
    )
    max_pages: int = Field(
        default=50, ge=1, le=500, description="pages of 20 bills read of one list"
    )
    texts: int = Field(
        default=3,
        ge=0,
        le=50,
        description="texts of new versions asked for per check, for the redline; 0: none",
    )
    monthly_budget: int = Field(
        default=3000, ge=10, le=1_000_000, description="calls of this source in a calendar month"
    )


def first(
    source: Source, options: OpenstatesOptions, cursor: str, now: datetime
) -> tuple[Request, ...]:
    """The first page of what was updated since; nothing once the month's budget is used up."""
    usage, since, _ = _load(cursor)
    if usage.spent(now, source.schedule.every) >= options.monthly_budget:
        return ()
    start = since or f"{now - timedelta(days=options.back_days):%Y-%m-%d}"
    return (_page(source, options, start, 1),)


def _load(cursor: str) -> tuple[Usage, str, Texts]:
    state = unpacked(cursor, _VERSION)
    since = state.get("since")
    return quota.load(state), since if isinstance(since, str) else "", bill_text.load(state)


def _dump(usage: Usage, since: str, texts: Texts) -> str:
    return packed({"v": _VERSION, **quota.dump(usage), "since": since, **bill_text.dump(texts)})


def _page(source: Source, options: OpenstatesOptions, since: str, number: int) -> Request:
    values = {
        "q": options.query,
        "updated_since": since,
        "sort": "updated_desc",
        "include": _INCLUDE,
        "per_page": "20",
        "page": str(number),
    }
    if options.jurisdiction:
        values["jurisdiction"] = options.jurisdiction
    return Request(
        url=f"{str(options.base).rstrip('/')}/bills?{urlencode(values, doseq=True)}",
        purpose="main" if number == 1 else "page",
        accept="application/json",
        secret_headers=(("X-API-KEY", _KEY),),
        context=(("since", since), ("page", str(number))),
        expect=source.expect,
    )


def read(snapshot: Snapshot, context: ReadContext[OpenstatesOptions]) -> Reading:
    """Bills of one page, or a bill's text; the first page, newest first, asks for the others."""
    strict, (usage, since, texts) = Strict(), _load(context.cursor)
    if snapshot.request.purpose == bill_text.TEXT:
        item, following = bill_text.text_read(snapshot, context.source.id)
        return Reading(items=(item,), next_requests=following, cursor=context.cursor)
    page = bills_page(parsed_record(snapshot), strict)
    usage = usage.with_call(snapshot.captured_at, poll=page.number == 1)
    spent = usage.spent(snapshot.captured_at, context.source.schedule.every)
    budget = context.options.monthly_budget
    found, odd, skipped = _items(page, snapshot, context)
    asked, texts = bill_text.new_texts(found, texts, context.options.texts)
    others, cut = _others(page, dict(snapshot.request.context).get("since", since), context)
    return Reading(
        items=tuple(item for _, item in found),
        next_requests=(*others[: max(0, budget - spent)], *asked),
        cursor=_dump(usage, max(since, _reached(page)), texts),
        problems=(*strict.problems, *odd, *cut, *quota.warning(spent, budget)),
        skipped=skipped,
    )


def _reached(page: BillsPage) -> str:
    """From which day to ask next time. The interface compares moments as text, so it is a day."""
    newest = max((at for _, at in page.bills if at is not None), default=None)
    return f"{newest - _OVERLAP:%Y-%m-%d}" if newest else ""


def _others(
    page: BillsPage, since: str, context: ReadContext[OpenstatesOptions]
) -> tuple[tuple[Request, ...], tuple[str, ...]]:
    if page.number > 1:
        return (), ()
    last = min(page.last, context.options.max_pages)
    asked = tuple(_page(context.source, context.options, since, n) for n in range(2, last + 1))
    if page.last <= last:
        return asked, ()
    return asked, (f"too_many: {page.last} pages since {since}, {last} are read; raise max_pages",)


def _items(
    page: BillsPage, snapshot: Snapshot, context: ReadContext[OpenstatesOptions]
) -> tuple[tuple[tuple[Bill, Item], ...], tuple[str, ...], int]:
    items: list[tuple[Bill, Item]] = []
    problems: list[str] = []
    for bill, updated in page.bills:
        if not context.relevant(_words(bill)):
            continue
        item, odd = bill_item(
            bill,
            source_id=context.source.id,
            today=snapshot.captured_at.date(),
            locator=f"bill {bill.number}",
            extractor="openstates 1",
        )
        modified_at = require_aware(updated) if updated else None
        items.append((bill, replace(item, modified_at=modified_at)))
        problems += odd
    return tuple(items), tuple(problems), len(page.bills) - len(items)


def _words(bill: Bill) -> bytes:
    return f"{bill.jurisdiction} {bill.number}\n{bill.title}\n{bill.summary}".encode()


KIND = SourceKind(
    name="openstates",
    summary="Bills by the Open States API v3 (free key in OPENSTATES_API_KEY, from "
    "open.pluralpolicy.com). One full-text query for all states, or for one: what was updated "
    "since the last check, page by page. Titles that the query finds and no rule could match are "
    "counted and not kept. The texts of new versions are asked for at their own addresses, a few "
    "a check. Calls are counted per month against `monthly_budget`.",
    options=OpenstatesOptions,
    first=first,
    read=read,
    example="""\
- id: example_openstates
  kind: openstates
  name: Open States, all states
  publisher: Open States
  tier: aggregator
  document_kind: bill
  sees: [state_mandate_introduced, state_limit_introduced]
  schedule: {every: 6h}
  politeness: {min_delay_s: 7}
  needs_env: [OPENSTATES_API_KEY]
  enabled: false
  options: {}
""",
)
