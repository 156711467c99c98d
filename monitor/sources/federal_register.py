"""Kind `federal_register`: documents of the Federal Register, from public inspection on.

Schema: federalregister.gov API v1, `documents` and `public-inspection-documents/current` (the
fields are those of the published documentation and of what the interface answers).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from pydantic import Field, HttpUrl

from monitor.domain.errors import ExtractError
from monitor.domain.item import Item, Reading
from monitor.domain.moment import StatedDate
from monitor.domain.snapshot import Request, Snapshot
from monitor.domain.source import Source
from monitor.extract.cursor import packed, rows, unpacked
from monitor.extract.json_api import (
    Record,
    Strict,
    day,
    joined,
    moment,
    parsed_record,
    shape,
    strings,
    text,
    whole,
)
from monitor.extract.text import clean, fragment_text
from monitor.kinds import Options, ReadContext, SourceKind, WebAddress

_VERSION = 1
_INSPECTION = "inspection"
_PAGE = "page"
_REMEMBERED = 2000
_FIELDS = (
    "abstract", "action", "agency_names", "dates", "document_number", "effective_on", "excerpts",
    "html_url", "pdf_url", "publication_date", "subtype", "title", "type",
)  # fmt: skip
_DOCUMENT = shape(
    "document",
    "document_number title type publication_date html_url",
    known="",
    optional="abstract action agency_names dates effective_on excerpts pdf_url subtype",
)
_FILED = shape(
    "public inspection document",
    "document_number title filed_at publication_date html_url",
    known="agencies agency_letters docket_numbers filing_type json_url "
    "last_public_inspection_issue num_pages page_views pdf_file_name pdf_file_size "
    "pdf_updated_at raw_text_url subject_1 subject_2 subject_3 toc_doc toc_subject type "
    "comment_url regulation_id_numbers",
    optional="agency_names excerpts editorial_note pdf_url",
)


class FederalRegisterOptions(Options):
    """Options of the Federal Register."""

    terms: tuple[str, ...] = Field(
        default=('"287(g)"', '"immigration detainer"', '"sanctuary jurisdictions"'),
        min_length=1,
        max_length=10,
        description="full-text searches over published documents, one call each per check",
    )
    base: WebAddress = Field(
        default=HttpUrl("https://www.federalregister.gov/api/v1/"),
        description="address of the interface",
    )
    inspection: bool = Field(
        default=True, description="look at the public inspection desk too, days before publication"
    )
    back_days: int = Field(default=14, ge=1, le=400, description="how far back documents are asked")


def first(
    source: Source, options: FederalRegisterOptions, cursor: str, now: datetime
) -> tuple[Request, ...]:
    """A search for each term, and the documents on file for public inspection."""
    since = (now - timedelta(days=options.back_days)).date()
    asked = [_search(source, options, term, since) for term in options.terms]
    if options.inspection:
        asked.append(_request(source, f"{_base(options)}/public-inspection-documents/current.json"))
    return tuple(asked)


def _base(options: FederalRegisterOptions) -> str:
    return str(options.base).rstrip("/")


def _search(source: Source, options: FederalRegisterOptions, term: str, since: date) -> Request:
    values = [
        ("conditions[term]", term),
        ("conditions[publication_date][gte]", since.isoformat()),
        ("order", "newest"),
        ("per_page", "100"),
        *(("fields[]", name) for name in _FIELDS),
    ]
    return _request(source, f"{_base(options)}/documents.json?{urlencode(values)}")


def _request(source: Source, url: str, purpose: str = "main") -> Request:
    return Request(url=url, purpose=purpose, accept="application/json", expect=source.expect)


def read(snapshot: Snapshot, context: ReadContext[FederalRegisterOptions]) -> Reading:
    """Documents as published, or on file for inspection: one item by document number."""
    record, strict = parsed_record(snapshot), Strict()
    published = {row[0] for row in rows(unpacked(context.cursor, _VERSION), "published") if row}
    inspected = "public-inspection" in snapshot.request.url
    found = strict.records(_results(record, snapshot), _FILED if inspected else _DOCUMENT)
    named = [one for one in found if text(one, "document_number")]
    if inspected:
        # What was published since is told by its publication alone.
        named = [one for one in named if text(one, "document_number") not in published]
        items = [_filed(one, context) for one in named]
        numbers = published
    else:
        items = [_document(one, context) for one in named]
        numbers = published | {text(one, "document_number") for one in named}
    ours = [item for item in items if context.relevant(f"{item.title}\n{item.text}".encode())]
    remembered = sorted(numbers)[-_REMEMBERED:]
    return Reading(
        items=tuple(ours),
        next_requests=_next_page(record, snapshot, context),
        cursor=packed({"v": _VERSION, "published": [[number] for number in remembered]}),
        problems=strict.problems,
        skipped=len(items) - len(ours),
    )


def _results(record: Record, snapshot: Snapshot) -> object:
    """The list; an answer that counts nothing leaves it out."""
    if "results" in record:
        return record["results"]
    if whole(record, "count", -1) == 0:
        return []
    says = text(record, "errors") or ", ".join(sorted(record))[:100]
    raise ExtractError(f"{snapshot.request.url}: no results but {says!r}; the format has changed")


def _next_page(
    record: Record, snapshot: Snapshot, context: ReadContext[FederalRegisterOptions]
) -> tuple[Request, ...]:
    """The next page, on the same host only."""
    url = text(record, "next_page_url")
    if not url.startswith(_base(context.options)):
        return ()
    return (_request(context.source, url, _PAGE),)


def _document(one: Record, context: ReadContext[FederalRegisterOptions]) -> Item:
    on = day(one, "publication_date")
    words = (text(one, "abstract"), text(one, "action"), text(one, "dates"))
    return Item(
        source_id=context.source.id,
        key=text(one, "document_number"),
        url=text(one, "html_url"),
        title=text(one, "title"),
        text=clean(joined([*words, fragment_text(text(one, "excerpts"))])),
        kind=context.source.document_kind,
        published=StatedDate(day=on, origin="publication_date") if on else None,
        fields=_values(one, "published", ("effective", text(one, "effective_on"))),
        links=tuple(url for url in (text(one, "pdf_url"),) if url),
        locator=f"document {text(one, 'document_number')}",
        extractor="federal_register 1",
    )


def _filed(one: Record, context: ReadContext[FederalRegisterOptions]) -> Item:
    """On file before publication; a withdrawn filing has no days at all."""
    at = moment(one, "filed_at")
    excerpt = one.get("excerpts")
    words = " ".join(strings(excerpt)) if isinstance(excerpt, list) else text(one, "excerpts")
    withdrawn = not text(one, "publication_date")
    return Item(
        source_id=context.source.id,
        key=text(one, "document_number"),
        url=text(one, "html_url"),
        title=text(one, "title"),
        text=clean(joined([fragment_text(words), text(one, "editorial_note")])),
        kind=context.source.document_kind,
        published=StatedDate(day=at.date(), origin="filed_at") if at else None,
        published_at=at,
        fields=_values(
            one,
            "withdrawn" if withdrawn else "on file for public inspection",
            ("to_be_published", text(one, "publication_date")),
        ),
        links=tuple(url for url in (text(one, "pdf_url"),) if url),
        locator=f"document {text(one, 'document_number')}",
        extractor="federal_register 1",
    )


def _values(one: Record, status: str, extra: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    values = {
        "agencies": ", ".join(strings(one.get("agency_names"))),
        "document_number": text(one, "document_number"),
        "document_type": text(one, "type"),
        "register_status": status,
        "subtype": text(one, "subtype"),
        extra[0]: extra[1],
    }
    return tuple(sorted((name, value) for name, value in values.items() if value))


KIND = SourceKind(
    name="federal_register",
    summary="Documents of the Federal Register by its API v1, without a key: full-text searches "
    "over what was published, and what is on file for public inspection. A document is one item "
    "by its number as it moves from inspection to publication.",
    options=FederalRegisterOptions,
    first=first,
    read=read,
    example="""\
- id: example_federal_register
  kind: federal_register
  name: Federal Register, 287(g) and detainers
  publisher: Office of the Federal Register
  tier: official
  document_kind: release
  sees: [federal_program_change, federal_incentive, federal_designation]
  schedule: {every: 2h, window: 06:00-20:00}
  options: {terms: ['"287(g)"', '"immigration detainer"']}
""",
)
