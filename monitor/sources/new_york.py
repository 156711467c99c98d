"""Kind `new_york`: bills by the New York Senate's Open Legislation API.

Schema: nysenate/OpenLegislation, docs/api/bills.rst (bill summary view, search response).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from urllib.parse import urlencode

from pydantic import Field, HttpUrl

from monitor.domain.errors import ExtractError
from monitor.domain.item import Item, Reading
from monitor.domain.snapshot import Request, Snapshot
from monitor.domain.source import Source
from monitor.domain.vocabulary import Stage
from monitor.extract.bill import Bill, bill_item, spelled
from monitor.extract.bill_stages import Action
from monitor.extract.json_api import Record, Strict, day, joined, parsed_record, shape, text, whole
from monitor.extract.sessions import new_york
from monitor.kinds import Options, ReadContext, SourceKind, WebAddress

_KEY = "NYSENATE_API_KEY"
_PAGE_SIZE = 100
_ANSWER = shape(
    "answer", "result total", known="success message responseType offsetStart offsetEnd limit"
)
_FOUND = shape("search result", "result", known="rank highlights")
_BILL = shape(
    "bill",
    "basePrintNo session title summary status milestones billType",
    known="basePrintNoStr printNo activeVersion year publishedDateTime sponsor signed adopted "
    "vetoed programInfo reprintOf amendments votes vetoMessages approvalMessage "
    "additionalSponsors pastCommittees actions previousVersions committeeAgendas calendars "
    "billInfoRefs",
    optional="substitutedBy",
)
_MILESTONE = shape("milestone", "statusType statusDesc actionDate", known="committeeName billCalNo")
_STAGES: dict[str, tuple[Stage | None, str]] = {
    "INTRODUCED": (Stage.INTRODUCED, ""),
    "IN_SENATE_COMM": (Stage.INTRODUCED, "upper"),
    "IN_ASSEMBLY_COMM": (Stage.INTRODUCED, "lower"),
    "SENATE_FLOOR": (Stage.IN_COMMITTEE, "upper"),
    "ASSEMBLY_FLOOR": (Stage.IN_COMMITTEE, "lower"),
    "PASSED_SENATE": (Stage.PASSED_ONE_CHAMBER, "upper"),
    "PASSED_ASSEMBLY": (Stage.PASSED_ONE_CHAMBER, "lower"),
    "DELIVERED_TO_GOV": (Stage.PASSED_BOTH, ""),
    "SIGNED_BY_GOV": (Stage.SIGNED_INTO_LAW, ""),
    "POCKET_APPROVAL": (Stage.WITHOUT_SIGNATURE, ""),
    "VETOED": (Stage.VETOED, ""),
    "STRICKEN": (Stage.DIED, ""),
    "LOST": (Stage.DIED, ""),
    "SUBSTITUTED": (None, ""),
    "ADOPTED": (Stage.PASSED_ONE_CHAMBER, ""),
}


class NewYorkOptions(Options):
    """Options of Open Legislation."""

    session: int = Field(
        default=0,
        ge=0,
        le=2099,
        description="one session alone, by its first year: 2025; 0: the current one by the date",
    )
    term: str = Field(
        default='"287(g)" OR "immigration enforcement" OR "immigration detainer" OR '
        '"civil immigration"',
        min_length=3,
        max_length=500,
        description="full-text search, quoted phrases, OR",
    )
    base: WebAddress = Field(
        default=HttpUrl("https://legislation.nysenate.gov/api/3/"),
        description="address of the interface",
    )


def first(
    source: Source, options: NewYorkOptions, cursor: str, now: datetime
) -> tuple[Request, ...]:
    """The search in each session still at work, newest action first."""
    sessions = (options.session,) if options.session else new_york(now.date())
    return tuple(_page(source, options, session, 1) for session in sessions)


def _page(source: Source, options: NewYorkOptions, session: int, offset: int) -> Request:
    values = {
        "term": options.term,
        "sort": "status.actionDate:DESC",
        "limit": str(_PAGE_SIZE),
        "offset": str(offset),
    }
    base = str(options.base).rstrip("/")
    return Request(
        url=f"{base}/bills/{session}/search?{urlencode(values)}",
        purpose="main" if offset == 1 else "page",
        accept="application/json",
        secret_query=(("key", _KEY),),
        context=(("session", str(session)), ("offset", str(offset))),
        expect=source.expect,
    )


def read(snapshot: Snapshot, context: ReadContext[NewYorkOptions]) -> Reading:
    """The bills of a page that may be ours; the first page asks for the others."""
    record, strict = parsed_record(snapshot), Strict()
    result = record.get("result")
    if record.get("success") is not True or not isinstance(result, dict):
        says = text(record, "message")[:200]
        raise ExtractError(f"{snapshot.request.url}: Open Legislation refuses: {says!r}")
    strict.record(record, _ANSWER)
    rows = strict.records(result.get("items"), _FOUND)
    bills = [b for row in rows if (b := strict.record(row.get("result"), _BILL)) is not None]
    made = [_item(one, strict, snapshot, context) for one in bills]
    ours = [(item, odd) for item, odd in made if _relevant(item, context)]
    asked = dict(snapshot.request.context)
    offset = int(asked.get("offset", "1") or 1)
    session = int(asked.get("session", "0") or 0) or _session(snapshot, context.options)
    further = range(1 + _PAGE_SIZE, whole(record, "total") + 1, _PAGE_SIZE) if offset == 1 else ()
    return Reading(
        items=tuple(item for item, _ in ours),
        next_requests=tuple(_page(context.source, context.options, session, n) for n in further),
        cursor="1",
        problems=(*strict.problems, *(line for _, odd in ours for line in odd)),
        skipped=len(made) - len(ours),
    )


def _session(snapshot: Snapshot, options: NewYorkOptions) -> int:
    return options.session or new_york(snapshot.captured_at.date())[0]


def _relevant(item: Item, context: ReadContext[NewYorkOptions]) -> bool:
    return context.relevant(f"{item.title}\n{item.text}".encode())


def _item(
    one: Record, strict: Strict, snapshot: Snapshot, context: ReadContext[NewYorkOptions]
) -> tuple[Item, tuple[str, ...]]:
    number = text(one, "basePrintNo")
    return bill_item(
        _bill(one, strict),
        source_id=context.source.id,
        today=snapshot.captured_at.date(),
        locator=f"bill {number}",
        extractor="new_york 1",
    )


def _bill(one: Record, strict: Strict) -> Bill:
    number, session = text(one, "basePrintNo"), text(one, "session")
    kind, status, other = one.get("billType"), one.get("status"), one.get("substitutedBy")
    milestones = one.get("milestones")
    items = milestones.get("items") if isinstance(milestones, dict) else None
    replaced = text(other, "basePrintNo") if isinstance(other, dict) else ""
    return Bill(
        jurisdiction="NY",
        session=session,
        number=spelled("NY", number),
        title=text(one, "title"),
        summary=joined((text(one, "summary"),)),
        year=int(session) if session.isdigit() else 0,
        actions=tuple(_actions(items, strict)),
        status=text(status, "statusDesc") if isinstance(status, dict) else "",
        companions=(spelled("NY", replaced),) if replaced else (),
        resolution=isinstance(kind, dict) and kind.get("resolution") is True,
        bill_id=f"nysenate {number}-{session}",
        url=f"https://www.nysenate.gov/legislation/bills/{session}/{number}",
    )


def _actions(items: object, strict: Strict) -> Iterable[Action]:
    for row in strict.records(items, _MILESTONE):
        word, on = text(row, "statusType"), day(row, "actionDate")
        if word not in _STAGES:
            strict.note(f"category_unknown: milestone {word[:60]!r}")
        if on is not None:
            stage, chamber = _STAGES.get(word, (None, ""))
            yield Action(day=on, text=text(row, "statusDesc"), stage=stage, chamber=chamber)


KIND = SourceKind(
    name="new_york",
    summary="New York bills by the Senate's Open Legislation API (free key in NYSENATE_API_KEY, "
    "from legislation.nysenate.gov): one full-text search over a session, with the milestones of "
    "each bill. A bill that was substituted names the other one. The session follows from the "
    "date.",
    options=NewYorkOptions,
    first=first,
    read=read,
    example="""\
- id: example_new_york
  kind: new_york
  name: New York Senate, Open Legislation
  publisher: New York State Senate
  tier: official
  document_kind: bill
  states: [NY]
  sees: [state_mandate_introduced, state_limit_introduced, state_limit_enacted]
  schedule: {every: 3h}
  needs_env: [NYSENATE_API_KEY]
  enabled: false
  options: {}
""",
)
