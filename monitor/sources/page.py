"""Kind `page`: one watched page; what is added to it, taken from it, or linked."""

from __future__ import annotations

from datetime import datetime

from lxml.html import HtmlElement
from pydantic import Field

from monitor.domain.errors import ExtractError
from monitor.domain.item import Item, Reading
from monitor.domain.snapshot import Request, Snapshot
from monitor.domain.source import Source
from monitor.extract.charset import decoded
from monitor.extract.links import is_front_page
from monitor.extract.metadata import Metadata, metadata
from monitor.extract.patterns import Pattern, Selector
from monitor.extract.pdf import PDF_MAGIC, pdf_text
from monitor.extract.region import NOISE, Region, main_region, region, without
from monitor.extract.text import tree
from monitor.kinds import Options, ReadContext, SourceKind, WebAddress

EXTRACTOR = "page 1"


class PageOptions(Options):
    """Options of a watched page."""

    url: WebAddress = Field(description="address of the page; a PDF is watched by its text")
    select: tuple[Selector, ...] = Field(
        default=(),
        description="CSS selectors of the parts to watch, each an item of its own; empty: the "
        "main part of the page",
    )
    remove: tuple[Selector, ...] = Field(
        default=(), description="CSS selectors of what is noise on this page"
    )
    ignore: tuple[Pattern, ...] = Field(
        default=(), description="RE2 patterns of text to leave out, e.g. view counts"
    )
    keep_common_noise: bool = Field(
        default=False, description="true: navigation, headers, footers and teasers count as well"
    )
    min_chars: int = Field(
        default=40, ge=1, le=100_000, description="less text than this is no answer"
    )


def first(source: Source, options: PageOptions, cursor: str, now: datetime) -> tuple[Request, ...]:
    """The page."""
    return (
        Request(
            url=str(options.url),
            accept="text/html,application/xhtml+xml,application/pdf;q=0.9,*/*;q=0.5",
            expect=source.expect,
        ),
    )


def read(snapshot: Snapshot, context: ReadContext[PageOptions]) -> Reading:
    """One item per watched part. A vanished selector, a page led elsewhere and a page without
    text are told as problems or rejected; they are never a change."""
    asked = str(context.options.url)
    if is_front_page(snapshot.final_url) and not is_front_page(asked):
        return Reading(rejected=f"{asked} led to the front page {snapshot.final_url}: moved?")
    if snapshot.body[:1024].lstrip().startswith(PDF_MAGIC):
        return _pdf(snapshot, context)
    page = tree(decoded(snapshot.body, snapshot.charset).text, what=asked)
    about = metadata(page, snapshot.final_url)
    without(page, context.options.remove)
    if not context.options.keep_common_noise:
        without(page, NOISE)
    regions = _regions(page, snapshot.final_url, context.options)
    found = [r for r in regions if r.found and len(r.text) >= context.options.min_chars]
    if not found and not context.options.select:
        return Reading(rejected=f"{asked}: less than {context.options.min_chars} characters")
    return Reading(
        items=tuple(_item(r, about, context) for r in found),
        cursor=EXTRACTOR,
        problems=tuple(_problem(r, asked) for r in regions if r not in found),
    )


def _regions(page: HtmlElement, base: str, options: PageOptions) -> tuple[Region, ...]:
    if not options.select:
        return (main_region(page, base, ignore=options.ignore),)
    return tuple(region(page, selector, base, ignore=options.ignore) for selector in options.select)


def _item(found: Region, about: Metadata, context: ReadContext[PageOptions]) -> Item:
    url = str(context.options.url)
    return Item(
        source_id=context.source.id,
        key=f"{url} {found.selector}" if context.options.select else url,
        url=url,
        title=about.title or context.source.name,
        text=found.text,
        kind=context.source.document_kind,
        modified_at=about.modified_at,
        language=about.language,
        links=found.links,
        locator=found.selector,
        extractor=EXTRACTOR,
    )


def _problem(gone: Region, url: str) -> str:
    if not gone.found:
        return f"selector_vanished: {gone.selector} finds nothing on {url}; was the page rebuilt?"
    return f"selector_empty: {gone.selector} on {url} holds almost no text"


def _pdf(snapshot: Snapshot, context: ReadContext[PageOptions]) -> Reading:
    url = str(context.options.url)
    read_pdf = pdf_text(snapshot.body, what=url)
    if len(read_pdf.text) < context.options.min_chars:
        raise ExtractError(f"{url}: a PDF without a text layer; its words cannot be watched")
    item = Item(
        source_id=context.source.id,
        key=url,
        url=url,
        title=context.source.name,
        text=read_pdf.text,
        kind=context.source.document_kind,
        locator=f"pages 1-{read_pdf.page_count}",
        extractor=read_pdf.extractor,
    )
    return Reading(items=(item,), cursor=EXTRACTOR, problems=read_pdf.problems)


KIND = SourceKind(
    name="page",
    summary="One watched page, or parts of it chosen by CSS selectors. Sentences, list items and "
    "links that come or go are told apart; white space, attributes, dates in footers, navigation "
    "and teasers tell nothing. A selector that finds nothing any more is a health entry.",
    options=PageOptions,
    first=first,
    read=read,
    example="""\
- id: example_policy
  kind: page
  name: Example County Sheriff, immigration policy
  tier: official
  document_kind: page
  states: [TX]
  county: "48201"
  sees: [detainer_policy_change, agreement_terminated]
  schedule: {every: 6h}
  options:
    url: https://sheriff.example.gov/policies/immigration
    select: ["#policy-text"]
    remove: [.last-visitors]
    ignore: ["Visitors: [0-9,]+"]
""",
)
