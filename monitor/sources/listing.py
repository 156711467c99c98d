"""Kind `listing`: index pages that link articles; new ones are read, old ones looked at again."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit

import re2
from lxml.html import HtmlElement
from pydantic import Field, model_validator

from monitor.domain.errors import ExtractError
from monitor.domain.item import Item, Reading
from monitor.domain.snapshot import NOTE, Request, Snapshot
from monitor.domain.source import Source
from monitor.extract import followup, listed
from monitor.extract.article import Article, read_article
from monitor.extract.charset import decoded
from monitor.extract.cursor import Json, packed, unpacked
from monitor.extract.dates import stated_date
from monitor.extract.followup import Followup
from monitor.extract.links import absolute, is_front_page, same_page, without_tracking
from monitor.extract.listed import LOST_AFTER, LOST_BY_STATUS, Listed
from monitor.extract.patterns import Pattern, Selector
from monitor.extract.region import selected, without
from monitor.extract.text import block_text, plain, tree
from monitor.kinds import Options, ReadContext, SourceKind, WebAddress

_VERSION = 1
_INDEX = "index"
_MAX_LISTED = 300
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


def first(
    source: Source, options: ListingOptions, cursor: str, now: datetime
) -> tuple[Request, ...]:
    """The index page, articles still waiting, and the recent articles whose turn it is."""
    state = unpacked(cursor, _VERSION)
    waiting = [f for f in followup.load(state) if f.waits(now)]
    newest = waiting[-options.max_follow :] if options.max_follow else []
    again = [
        _look(known)
        for known in listed.load(state)[: options.recheck]
        if 0 < known.lost < LOST_AFTER or _due(known.key, source, options, now)
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
    known, pending = listed.load(state), list(followup.load(state))
    found = _listed(snapshot, context.options)
    number = int(dict(snapshot.request.context).get("page", "0") or 0)
    least = context.source.expect.min_items
    if number == 0 and len(found) < max(least, 1):
        words = f"{len(found)} article links on {asked}, expected at least {max(least, 1)}"
        return Reading(cursor=context.cursor, rejected=words)
    before = {k.key for k in known}
    fresh = [entry for entry in found if entry.key not in before]
    kept, ask = listed.missed(known, {e.key for e in found}, judged=number == 0)
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
    further = len(fresh) == len(found) and number + 1 < context.options.pages
    older = (_index_request(context.source, context.options, number + 1),) if further else ()
    follow = (f.request() for f in new[::-1][: context.options.max_follow])
    return Reading(
        items=items,
        next_requests=(*older, *follow, *(_look(entry) for entry in ask)),
        cursor=_cursor(order, pending, _since(state, snapshot)),
        listed=tuple(e.key for e in found),
        complete=context.options.complete and context.options.pages == 1,
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


def _listed(snapshot: Snapshot, options: ListingOptions) -> list[Listed]:
    """The articles an index page lists, each once, in its order."""
    page = tree(decoded(snapshot.body, snapshot.charset).text, what=snapshot.request.url)
    without(page, options.exclude)
    href, own = re2.compile(options.href), same_page(snapshot.final_url)
    found: dict[str, Listed] = {}
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
) -> Listed:
    words = ""
    if options.date is not None:
        for element in selected(row, options.date)[:1]:
            words = element.get("datetime") or block_text(element)
    day = stated_date(words)
    return Listed(
        key=same_page(url),
        url=without_tracking(url),
        title=plain(anchor.text_content() or anchor.get("title") or "", max_chars=300),
        published=day.day.isoformat() if day else "",
    )


def _article(snapshot: Snapshot, context: ReadContext[ListingOptions]) -> Reading:
    """The article as an item. Pages led elsewhere and unreadable ones are told from the index."""
    state = unpacked(context.cursor, _VERSION)
    entry = followup.announced(snapshot)
    weight = _nothing_there(snapshot)
    if weight and snapshot.request.tells_gone:
        return _not_there(snapshot, entry.key, state, weight)
    first_look = any(f.key == entry.key for f in followup.load(state))
    known, rest = listed.load(state), followup.without(followup.load(state), entry.key)
    stored, since = any(k.item and k.key == entry.key for k in known), _since(state, snapshot)
    relevant = context.relevant(snapshot.body) or context.relevant(entry.title.encode())
    if not (relevant or stored):
        return Reading(cursor=_cursor(known, rest, since), skipped=1)
    known = [replace(k, item="1", lost=0) if k.key == entry.key else k for k in known]
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


def _look(entry: Listed) -> Request:
    """A second look at an article, which may find that it is not there."""
    return replace(_followup(entry).request(), again=True, tells_gone=True)


def _nothing_there(snapshot: Snapshot) -> int:
    """What the answer counts against the article being there; 0 for an article."""
    said = any(n == NOTE and words.startswith("soft_404") for n, words in snapshot.headers)
    led_away = _astray(snapshot) is not None
    return LOST_BY_STATUS.get(snapshot.status, 1 if said or led_away else 0)


def _not_there(snapshot: Snapshot, key: str, state: Json, weight: int) -> Reading:
    """A known article of which nothing is at its own address: not gone before the third look."""
    known = listed.load(state)
    before = next((entry for entry in known if entry.key == key), None)
    if before is None or before.lost >= LOST_AFTER:
        return Reading()
    after = listed.found_nothing(before, weight)
    known = [after if entry.key == key else entry for entry in known]
    cursor = _cursor(known, followup.load(state), _since(state, snapshot))
    words = f"{snapshot.request.url} is not there ({_astray(snapshot) or snapshot.status})"
    if after.lost < LOST_AFTER:
        return Reading(cursor=cursor, problems=(f"not_there: {words}; looked at again soon",))
    return Reading(cursor=cursor, gone=(key,), problems=(f"taken_down: {words}",))


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


def _followup(entry: Listed) -> Followup:
    return Followup(
        key=entry.key,
        url=entry.url,
        title=entry.title,
        published=entry.published,
        origin="index page" if entry.published else "",
    )


def _cursor(known: list[Listed], pending: list[Followup] | tuple[Followup, ...], since: str) -> str:
    return packed({"v": _VERSION, "since": since, **listed.dump(known), **followup.dump(pending)})


KIND = SourceKind(
    name="listing",
    summary="Index pages that link articles, for sites without a feed. New articles are read; the "
    "most recent ones are looked at again from time to time, so that silent edits show as new "
    "revisions. An article that is not at its own address at three looks in a row, or at one look "
    "after the index left it out three times, counts as taken down and is told.",
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
