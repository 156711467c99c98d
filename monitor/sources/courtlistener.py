"""Kind `courtlistener`: opinions or dockets found by CourtListener's search API v4.

Schema: CourtListener REST API v4, search results of type o (opinion clusters) and r (dockets with
their documents).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Literal
from urllib.parse import urlencode, urljoin

from pydantic import Field, HttpUrl

from monitor.domain.errors import ExtractError
from monitor.domain.item import Item, Reading
from monitor.domain.moment import StatedDate
from monitor.domain.snapshot import Request, Snapshot
from monitor.domain.source import Source
from monitor.domain.vocabulary import DocumentKind
from monitor.extract import quota
from monitor.extract.cursor import packed, unpacked
from monitor.extract.json_api import Record, Strict, day, joined, parsed_record, shape, text
from monitor.extract.text import clean, fragment_text
from monitor.kinds import Options, ReadContext, SourceKind, WebAddress

_VERSION = 1
_TOKEN = "COURTLISTENER_TOKEN"  # noqa: S105 - the name of the variable
_SITE = "https://www.courtlistener.com"
#: A ruling can be added days after it was filed.
_LATE = timedelta(days=10)
_OPINION = shape(
    "opinion cluster",
    "cluster_id caseName court dateFiled absolute_url opinions",
    known="attorney caseNameFull citation citeCount court_citation_string dateArgued "
    "dateReargued dateReargumentDenied docket_id judge lexisCite meta neutralCite "
    "non_participating_judge_ids panel_ids panel_names posture scdb_id sibling_ids source "
    "suitNature",
    optional="court_id docketNumber status syllabus procedural_history",
)
_TEXT = shape(
    "opinion",
    "snippet",
    known="author_id cites download_url id joined_by_ids local_path meta ordering_key per_curiam "
    "sha1 type",
)
_DOCKET = shape(
    "docket",
    "docket_id caseName court dateFiled docket_absolute_url recap_documents",
    known="absolute_url assignedTo assigned_to_id attorney attorney_id caseNameFull chapter "
    "court_citation_string dateArgued firm firm_id jurisdictionType juryDemand meta pacer_case_id "
    "party party_id referredTo referred_to_id trustee_str date_created timestamp more_docs",
    optional="court_id docketNumber cause suitNature dateTerminated",
)
_ENTRY = shape(
    "docket document",
    "description",
    known="absolute_url attachment_number cites docket_entry_id docket_id document_number "
    "document_type entry_date_filed entry_number filepath_local id is_available meta page_count "
    "pacer_doc_id",
    optional="short_description snippet",
)


class CourtlistenerOptions(Options):
    """Options of CourtListener."""

    query: str = Field(
        default='"287(g)" OR "1357(g)" OR "immigration detainer" OR "sanctuary jurisdiction"',
        min_length=3,
        max_length=500,
        description="search query; quoted phrases, OR",
    )
    records: Literal["opinions", "dockets"] = Field(
        default="opinions", description="rulings, or cases with their newest documents"
    )
    base: WebAddress = Field(
        default=HttpUrl("https://www.courtlistener.com/api/rest/v4/"),
        description="address of the interface",
    )
    courts: tuple[str, ...] = Field(
        default=(), description="only these courts by CourtListener's ids: ca5 txwd"
    )
    back_days: int = Field(default=30, ge=1, le=400, description="how far back it looks at first")
    max_pages: int = Field(default=3, ge=1, le=20, description="pages of 20 read in one check")
    monthly_budget: int = Field(
        default=1500, ge=10, le=100_000, description="calls of this source in a calendar month"
    )


def first(
    source: Source, options: CourtlistenerOptions, cursor: str, now: datetime
) -> tuple[Request, ...]:
    """The newest results; nothing once the month's budget is used up."""
    state = unpacked(cursor, _VERSION)
    if quota.load(state).spent(now, source.schedule.every) >= options.monthly_budget:
        return ()
    reached = state.get("since")
    since = reached if isinstance(reached, str) else ""
    after = since or (now - timedelta(days=options.back_days)).date().isoformat()
    values = [
        ("q", options.query),
        ("type", "o" if options.records == "opinions" else "r"),
        ("order_by", "dateFiled desc"),
        ("filed_after", after),
        *((("court", " ".join(options.courts)),) if options.courts else ()),
    ]
    url = f"{str(options.base).rstrip('/')}/search/?{urlencode(values)}"
    return (_request(source, url, "main", 1),)


def _request(source: Source, url: str, purpose: str, number: int) -> Request:
    return Request(
        url=url,
        purpose=purpose,
        accept="application/json",
        secret_headers=(("Authorization", _TOKEN),) if _TOKEN in source.needs_env else (),
        context=(("page", str(number)),),
        expect=source.expect,
    )


def read(snapshot: Snapshot, context: ReadContext[CourtlistenerOptions]) -> Reading:
    """The results of a page as items, and the next page."""
    record, strict = parsed_record(snapshot), Strict()
    if "results" not in record:
        says = text(record, "detail")[:200] or ", ".join(sorted(record))[:100]
        raise ExtractError(f"{snapshot.request.url}: no results but {says!r}; check {_TOKEN}")
    number = int(dict(snapshot.request.context).get("page", "1") or 1)
    state = unpacked(context.cursor, _VERSION)
    usage = quota.load(state).with_call(snapshot.captured_at, poll=number == 1)
    spent = usage.spent(snapshot.captured_at, context.source.schedule.every)
    opinions = context.options.records == "opinions"
    found = strict.records(record["results"], _OPINION if opinions else _DOCKET)
    make = _ruling if opinions else _docket
    items = tuple(make(one, strict, context) for one in found)
    since = max(str(state.get("since") or ""), _reached(found, snapshot.captured_at))
    return Reading(
        items=items,
        next_requests=_next(record, number, spent, context),
        cursor=packed({"v": _VERSION, **quota.dump(usage), "since": since}),
        problems=(*strict.problems, *quota.warning(spent, context.options.monthly_budget)),
    )


def _reached(found: Iterable[Record], at: datetime) -> str:
    """From which day of filing to ask next time; a day in the future moves nothing."""
    days = [on for one in found if (on := day(one, "dateFiled")) and on <= at.date()]
    return (max(days) - _LATE).isoformat() if days else ""


def _next(
    record: Record, number: int, spent: int, context: ReadContext[CourtlistenerOptions]
) -> tuple[Request, ...]:
    """The next page by its cursor link, on the same host, within pages and budget."""
    url = text(record, "next")
    within = number < context.options.max_pages and spent < context.options.monthly_budget
    if not (within and url.startswith(str(context.options.base).rstrip("/"))):
        return ()
    return (_request(context.source, url, "page", number + 1),)


def _ruling(one: Record, strict: Strict, context: ReadContext[CourtlistenerOptions]) -> Item:
    snippets = [text(row, "snippet") for row in strict.records(one.get("opinions"), _TEXT)]
    words = [text(one, "syllabus"), text(one, "procedural_history"), *snippets]
    return _item(one, f"cluster {text(one, 'cluster_id')}", "absolute_url", words, context)


def _docket(one: Record, strict: Strict, context: ReadContext[CourtlistenerOptions]) -> Item:
    entries = strict.records(one.get("recap_documents"), _ENTRY)
    words = [text(one, "cause"), text(one, "suitNature")]
    for row in entries:
        words += [text(row, "short_description"), text(row, "description"), text(row, "snippet")]
    return _item(one, f"docket {text(one, 'docket_id')}", "docket_absolute_url", words, context)


def _item(
    one: Record,
    key: str,
    address: str,
    words: list[str],
    context: ReadContext[CourtlistenerOptions],
) -> Item:
    """Names of parties and attorneys, other than in the case's own name, are left out."""
    on: date | None = day(one, "dateFiled")
    court, number = text(one, "court"), text(one, "docketNumber")
    values = {
        "case": number,
        "court": court,
        "court_id": text(one, "court_id"),
        "filed": on.isoformat() if on else "",
        "publication_status": text(one, "status"),
        "terminated": text(one, "dateTerminated"),
    }
    return Item(
        source_id=context.source.id,
        key=key,
        url=urljoin(_SITE, text(one, address)),
        title=", ".join(part for part in (text(one, "caseName"), court, number) if part),
        text=clean(joined(fragment_text(part) for part in words)),
        kind=DocumentKind.RULING,
        published=StatedDate(day=on, origin="dateFiled") if on else None,
        fields=tuple(sorted((name, value) for name, value in values.items() if value)),
        locator=key,
        extractor="courtlistener 1",
    )


KIND = SourceKind(
    name="courtlistener",
    summary="Rulings or dockets by CourtListener's search API v4. Works without a key within the "
    "anonymous limit; with `needs_env: [COURTLISTENER_TOKEN]` the variable holds the whole header, "
    '"Token" and the token. Pages follow the interface\'s own links; calls are counted per month '
    "against `monthly_budget`.",
    options=CourtlistenerOptions,
    first=first,
    read=read,
    example="""\
- id: example_rulings
  kind: courtlistener
  name: CourtListener, rulings on detainers
  publisher: Free Law Project
  tier: aggregator
  document_kind: ruling
  sees: [court_ruling]
  schedule: {every: 6h}
  needs_env: [COURTLISTENER_TOKEN]
  enabled: false
  options: {query: '"immigration detainer" OR "287(g)"'}
""",
)
