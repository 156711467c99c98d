"""Kind `listing`: index pages that link articles; new ones are read, old ones looked at again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit

import re2
from lxml.html import HtmlElement
from pydantic import Field, model_validator

from monitor.domain.errors import ExtractError
from monitor.domain.item import Item, Reading
from monitor.domain.snapshot import Request, Snapshot
from monitor.domain.source import Source
from monitor.extract import followup
from monitor.extract.article import Article, read_article
from monitor.extract.charset import decoded
from monitor.extract.cursor import Json, packed, rows, unpacked
from monitor.extract.dates import stated_date
from monitor.extract.followup import Followup
from monitor.extract.links import absolute, is_front_page, same_page, without_tracking
from monitor.extract.patterns import Pattern, Selector
from monitor.extract.region import selected, without
from monitor.extract.text import block_text, plain, tree
from monitor.kinds import Options, ReadContext, SourceKind, WebAddress

_VERSION = 1
_INDEX = "index"
_MAX_LISTED = 300
_REMEMBERED = 1000
#: An article must be missing from so many index readings before it counts as taken down.
_MISSES = 3
#: Index pages of one check follow each other within this time.
_IMPORT = timedelta(minutes=20)


class ListingOptions(Options):
    """Options of a listing."""

    url: WebAddress = Field(description="address of the index page")
    rows: Selector = Field(
        default="body", description="CSS selector of one entry of the index; body: every link"
    )
    link: Selector = Field(default="a", description="CSS selector of the link inside an entry")
    date: Selector | None = Field(
        default=None, description="CSS selector of the date inside an entry"
    )
    href: Pattern = Field(default=".", description="RE2 pattern that article addresses match")
    exclude: tuple[Selector, ...] = Field(
        default=("nav", "header", "footer"), description="CSS selectors of parts without articles"
    )
    pages: int = Field(
        default=1,
        ge=1,
        le=20,
        description="index pages read in one check; the next one only while all links are new",
    )
    page_parameter: str = Field(
        default="", max_length=40, description="query parameter of further pages, e.g. page"
    )
    first_page: int = Field(default=0, ge=0, le=1, description="number of the first page")
    max_follow: int = Field(default=20, ge=0, le=200, description="articles fetched per check")
    recheck: int = Field(
        default=10, ge=0, le=100, description="how many recent articles are looked at again"
    )
    recheck_every: int = Field(
        default=24, ge=1, le=720, description="hours between two looks at one article"
    )
    complete: bool = Field(
        default=False, description="the index always lists everything, so absence is deletion"
    )

    @model_validator(mode="after")
    def _paged(self) -> ListingOptions:
        if self.pages > 1 and not self.page_parameter:
            raise ValueError("`pages` above 1 needs `page_parameter`")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """An article that the index listed; `missing` counts index readings without it, `item` is "1"
    once it was stored: then its edits always count, with or without a trigger."""

    key: str
    url: str
    title: str = ""
    published: str = ""
    missing: int = 0
    item: str = ""


def first(
    source: Source, options: ListingOptions, cursor: str, now: datetime
) -> tuple[Request, ...]:
    """The index page, articles still waiting, and the recent articles whose turn it is."""
    state = unpacked(cursor, _VERSION)
    waiting = [f for f in followup.load(state) if f.waits(now)]
    newest = waiting[-options.max_follow :] if options.max_follow else []
    again = [
        replace(_followup(known).request(), again=True)
        for known in _known(state)[: options.recheck]
        if _due(known.key, source, options, now)
    ]
    return (_index_request(source, options, 0), *(f.request() for f in newest), *again)


def read(snapshot: Snapshot, context: ReadContext[ListingOptions]) -> Reading:
    """New links of an index page as requests, or one article as an item."""
    if snapshot.request.purpose == followup.ARTICLE:
        return _article(snapshot, context)
    return _index(snapshot, context)


def _index_request(source: Source, options: ListingOptions, number: int) -> Request:
    url = str(options.url)
    if number:
        parts = urlsplit(url)
        query = urlencode({options.page_parameter: options.first_page + number})
        query = f"{parts.query}&{query}" if parts.query else query
        url = parts._replace(query=query).geturl()
    return Request(
        url=url,
        purpose="main" if number == 0 else _INDEX,
        accept="text/html,application/xhtml+xml,*/*;q=0.5",
        context=(("page", str(number)),),
        expect=source.expect,
    )


def _due(key: str, source: Source, options: ListingOptions, now: datetime) -> bool:
    """True once in `recheck_every` hours, at a time that differs from article to article; told
    from the clock alone, since an unchanged page is never read and leaves no trace here."""
    every = max(source.schedule.every, timedelta(minutes=1))
    slots = max(1, int(timedelta(hours=options.recheck_every) / every))
    own = int(hashlib.sha256(key.encode()).hexdigest()[:8], 16)
    return int(now.timestamp() // every.total_seconds()) % slots == own % slots


def _index(snapshot: Snapshot, context: ReadContext[ListingOptions]) -> Reading:
    asked = snapshot.request.url
    if is_front_page(snapshot.final_url) and not is_front_page(asked):
        return Reading(rejected=f"{asked} led to the front page {snapshot.final_url}: moved?")
    state = unpacked(context.cursor, _VERSION)
    known, pending = _known(state), list(followup.load(state))
    listed = _listed(snapshot, context.options)
    number = int(dict(snapshot.request.context).get("page", "0") or 0)
    least = context.source.expect.min_items
    if number == 0 and len(listed) < max(least, 1):
        words = f"{len(listed)} article links on {asked}, expected at least {max(least, 1)}"
        return Reading(cursor=context.cursor, rejected=words)
    before = {k.key for k in known}
    fresh = [entry for entry in listed if entry.key not in before]
    kept, gone = _missed(known, {e.key for e in listed}, context.options, number)
    new = [
        replace(_followup(entry), since=snapshot.captured_at.isoformat())
        for entry in reversed(fresh)
    ]
    importing = _importing(state, snapshot)
    room = followup.import_room(context.options.max_follow) if importing else followup.MAX_PENDING
    pending, crowded = followup.fitting([*pending, *new], room)
    items: tuple[Item, ...] = ()
    if importing:
        items = tuple(_index_item(f, context) for f in crowded if _titled(f, context))
    else:
        # What the cursor has no room for is not remembered, so that it is new again next time.
        left = {f.key for f in crowded}
        fresh = [entry for entry in fresh if entry.key not in left]
    order = [*kept, *fresh] if number else [*fresh, *kept]
    # Only a page full of news can have pushed news on to the next one.
    further = len(fresh) == len(listed) and number + 1 < context.options.pages
    older = (_index_request(context.source, context.options, number + 1),) if further else ()
    follow = (f.request() for f in new[::-1][: context.options.max_follow])
    return Reading(
        items=items,
        next_requests=(*older, *follow),
        cursor=_cursor(order, pending, _since(state, snapshot)),
        listed=tuple(e.key for e in listed),
        complete=context.options.complete and context.options.pages == 1,
        gone=gone,
        problems=tuple(f"taken_down: {key} is no longer listed" for key in gone),
    )


def _since(state: Json, snapshot: Snapshot) -> str:
    """When the index was read for the first time."""
    return str(state.get("since") or snapshot.captured_at.isoformat())


def _importing(state: Json, snapshot: Snapshot) -> bool:
    """True in the first check, further index pages included."""
    begun = datetime.fromisoformat(_since(state, snapshot))
    return snapshot.captured_at - begun < _IMPORT


def _titled(entry: Followup, context: ReadContext[ListingOptions]) -> bool:
    return context.relevant(entry.title.encode())


def _listed(snapshot: Snapshot, options: ListingOptions) -> list[_Known]:
    """The articles an index page lists, each once, in its order."""
    page = tree(decoded(snapshot.body, snapshot.charset).text, what=snapshot.request.url)
    without(page, options.exclude)
    href, own = re2.compile(options.href), same_page(snapshot.final_url)
    found: dict[str, _Known] = {}
    for row in selected(page, options.rows):
        for anchor in selected(row, options.link):
            url = absolute(snapshot.final_url, anchor.get("href") or "")
            if url is None or not href.search(url) or same_page(url) == own:
                continue
            entry = _listed_entry(row, anchor, url, options)
            # A teaser often links twice, first by its picture: the link with words names it.
            if entry.key not in found or not found[entry.key].title:
                found[entry.key] = entry
    return list(found.values())[:_MAX_LISTED]


def _listed_entry(
    row: HtmlElement, anchor: HtmlElement, url: str, options: ListingOptions
) -> _Known:
    words = ""
    if options.date is not None:
        for element in selected(row, options.date)[:1]:
            words = element.get("datetime") or block_text(element)
    day = stated_date(words)
    return _Known(
        key=same_page(url),
        url=without_tracking(url),
        title=plain(anchor.text_content() or anchor.get("title") or "", max_chars=300),
        published=day.day.isoformat() if day else "",
    )


def _missed(
    known: list[_Known], listed: set[str], options: ListingOptions, number: int
) -> tuple[list[_Known], tuple[str, ...]]:
    """The known articles with their misses counted, and the keys of those that are gone.

    Only an article between others that are still listed can be missed: what stands below the
    last one may just have moved to the next page. Judged on the first index page alone.
    """
    if number:
        return known, ()
    places = [n for n, entry in enumerate(known) if entry.key in listed]
    last = places[-1] if places else -1
    kept: list[_Known] = []
    gone: list[str] = []
    for place, entry in enumerate(known):
        if entry.key in listed:
            kept.append(replace(entry, missing=0))
        elif place >= last:
            kept.append(entry)
        elif entry.missing + 1 >= _MISSES:
            gone.append(entry.key)
        else:
            kept.append(replace(entry, missing=entry.missing + 1))
    return kept, tuple(gone)


def _article(snapshot: Snapshot, context: ReadContext[ListingOptions]) -> Reading:
    """The article as an item. Pages led elsewhere and unreadable ones are told from the index."""
    state = unpacked(context.cursor, _VERSION)
    entry = followup.announced(snapshot)
    first_look = any(f.key == entry.key for f in followup.load(state))
    known, rest = _known(state), followup.without(followup.load(state), entry.key)
    stored, since = any(k.item and k.key == entry.key for k in known), _since(state, snapshot)
    relevant = context.relevant(snapshot.body) or context.relevant(entry.title.encode())
    if not (relevant or stored):
        return Reading(cursor=_cursor(known, rest, since), skipped=1)
    known = [replace(k, item="1") if k.key == entry.key else k for k in known]
    cursor = _cursor(known, rest, since)
    fault = _astray(snapshot)
    if fault is None:
        try:
            article = read_article(
                snapshot.body,
                url=snapshot.final_url,
                charset=snapshot.charset,
                media_type=snapshot.media_type,
            )
            item = _article_item(entry, article, context)
            return Reading(items=(item,), cursor=cursor, problems=article.problems)
        except ExtractError as cause:
            fault = f"unreadable_article: {cause}"
    # At a later look the article as stored stays what it is: a lost page is no edit.
    items = (_index_item(entry, context),) if first_look else ()
    return Reading(items=items, cursor=cursor, problems=(fault,))


def _astray(snapshot: Snapshot) -> str | None:
    """Why the page that answered is not the article asked for."""
    asked, final = snapshot.request.url, snapshot.final_url
    if is_front_page(final) and not is_front_page(asked):
        return f"redirected_to_front: {asked} led to {final}"
    return None


def _article_item(entry: Followup, article: Article, context: ReadContext[ListingOptions]) -> Item:
    return Item(
        source_id=context.source.id,
        key=entry.key,
        url=article.url,
        title=article.title or entry.title,
        text=article.text,
        kind=context.source.document_kind,
        published=article.published or entry.stated(),
        published_at=article.published_at,
        modified_at=article.modified_at,
        author=article.author,
        language=article.language,
        locator="article",
        extractor=article.extractor,
    )


def _index_item(entry: Followup, context: ReadContext[ListingOptions]) -> Item:
    return Item(
        source_id=context.source.id,
        key=entry.key,
        url=entry.url,
        title=entry.title,
        kind=context.source.document_kind,
        published=entry.stated(),
        locator="index",
        extractor="listing 1",
    )


def _followup(entry: _Known) -> Followup:
    return Followup(
        key=entry.key,
        url=entry.url,
        title=entry.title,
        published=entry.published,
        origin="index page" if entry.published else "",
    )


def _known(state: Json) -> list[_Known]:
    return [
        _Known(key=r[0], url=r[1], title=r[2], published=r[3], missing=int(r[4]), item=r[5])
        for r in rows(state, "known")
        if len(r) == 6 and r[4].isdigit()
    ]


def _cursor(known: list[_Known], pending: list[Followup] | tuple[Followup, ...], since: str) -> str:
    listed = [
        [k.key, k.url, k.title, k.published, str(k.missing), k.item] for k in known[:_REMEMBERED]
    ]
    return packed({"v": _VERSION, "since": since, "known": listed, **followup.dump(pending)})


KIND = SourceKind(
    name="listing",
    summary="Index pages that link articles, for sites without a feed. New articles are read; the "
    "most recent ones are looked at again from time to time, so that silent edits show as new "
    "revisions; an article missing between others that are still listed, three times, counts as "
    "taken down.",
    options=ListingOptions,
    first=first,
    read=read,
    example="""\
- id: example_releases
  kind: listing
  name: Example Sheriff, news releases
  tier: official
  states: [FL]
  sees: [agreement_signed, agreement_terminated, detainer_policy_change]
  schedule: {every: 2h}
  expect: {min_items: 3}
  options:
    url: https://sheriff.example.gov/news
    rows: .views-row
    date: time
    href: /news/
    pages: 2
    page_parameter: page
""",
)
