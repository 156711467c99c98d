"""Kind `feed`: RSS, Atom, RDF and JSON Feed; summaries are followed to their articles."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Literal
from urllib.parse import urlencode

from pydantic import Field

from monitor.domain.errors import ExtractError
from monitor.domain.item import Item, Reading
from monitor.domain.snapshot import Request, Snapshot
from monitor.domain.source import Source
from monitor.extract import followup
from monitor.extract.article import Article, read_article
from monitor.extract.cursor import packed, unpacked
from monitor.extract.feed import Entry, read_feed
from monitor.extract.feed_identity import Identities, Keyed, identified
from monitor.extract.followup import Followup
from monitor.extract.links import is_front_page, without_tracking
from monitor.extract.sessions import first_of_two
from monitor.extract.text import clean, fragment_text
from monitor.kinds import Options, ReadContext, SourceKind, WebAddress

_VERSION = 1
_OLDER = "older"
_SUMMARY_CHARS = 600
_MARGIN_CHARS = 800
_LAST_YEAR = re.compile(r"^(.*(?<!\d))20\d\d(?!\d)")
_TAG = re.compile(rb"<[^<>]*>")
_NO_WORDS = bytes(range(33)) + bytes(range(127, 256))
_TEASER_ENDS = ("…", "...", "[…]", "[...]", "[&hellip;]", "read more", "continue reading")


class FeedOptions(Options):
    """Options of a feed."""

    url: WebAddress = Field(description="address of the feed")
    year: Literal["fixed", "current", "two_year_session"] = Field(
        default="fixed",
        description="the last year that stands in the address: as written, that of the day, or "
        "the odd one in which the two-year session of the day began",
    )
    follow: Literal["auto", "always", "never"] = Field(
        default="auto",
        description="fetch the article behind an entry: always, never, or where the entry "
        "carries only a summary",
    )
    keep: Literal["relevant", "all"] = Field(
        default="relevant",
        description="entries and articles stored with their text: those that hold a trigger word, "
        "or all, for searching and for trying new rules on old news",
    )
    max_follow: int = Field(default=20, ge=0, le=200, description="articles fetched per check")
    pages: int = Field(
        default=1,
        ge=1,
        le=20,
        description="feed pages read in one check; the next one only while all entries are new, "
        "as after a downtime",
    )
    page_parameter: str = Field(
        default="paged", max_length=40, description="query parameter of further pages"
    )
    full_text_chars: int = Field(
        default=1200,
        ge=100,
        le=100_000,
        description="an entry with so many characters counts as the full text (follow: auto)",
    )


def first(source: Source, options: FeedOptions, cursor: str, now: datetime) -> tuple[Request, ...]:
    """The feed, and the articles that earlier checks could not get."""
    waiting = [f for f in followup.load(unpacked(cursor, _VERSION)) if f.waits(now)]
    newest = waiting[-options.max_follow :] if options.max_follow else []
    return (_page_request(source, options, 1, now), *(f.request() for f in newest))


def read(snapshot: Snapshot, context: ReadContext[FeedOptions]) -> Reading:
    """Entries of the feed, or the article behind one of them."""
    if snapshot.request.purpose == followup.ARTICLE:
        return _article(snapshot, context)
    return _feed(snapshot, context)


def _page_request(source: Source, options: FeedOptions, number: int, at: datetime) -> Request:
    url = _address(options, at)
    if number > 1:
        url += ("&" if "?" in url else "?") + urlencode({options.page_parameter: number})
    return Request(
        url=url,
        purpose="main" if number == 1 else _OLDER,
        accept="application/atom+xml,application/rss+xml,application/feed+json,"
        "application/xml;q=0.9,text/xml;q=0.9,*/*;q=0.5",
        context=(("page", str(number)),),
        expect=source.expect,
    )


def _address(options: FeedOptions, at: datetime) -> str:
    """The feed's address; a session's year in it follows the date."""
    written = str(options.url)
    if options.year == "fixed":
        return written
    year = at.year if options.year == "current" else first_of_two(at.date())
    return _LAST_YEAR.sub(rf"\g<1>{year}", written)


def _older(
    snapshot: Snapshot, overlap: bool, context: ReadContext[FeedOptions]
) -> tuple[tuple[Request, ...], tuple[str, ...]]:
    """The next page of the feed where this one met nothing known, or the gap as a problem."""
    if overlap:
        return (), ()
    number = int(dict(snapshot.request.context).get("page", "1") or 1)
    if number < context.options.pages:
        at = snapshot.captured_at
        return (_page_request(context.source, context.options, number + 1, at),), ()
    words = f"gap: no entry of {snapshot.request.url} was known; some may have been missed"
    return (), (f"{words}. Ask more often, or set `pages`",)


def _feed(snapshot: Snapshot, context: ReadContext[FeedOptions]) -> Reading:
    state = unpacked(context.cursor, _VERSION)
    known, pending = Identities.load(state), followup.load(state)
    feed = read_feed(
        snapshot.body,
        url=snapshot.final_url,
        charset=snapshot.charset if snapshot.charset_origin == "header" else None,
        media_type=snapshot.media_type,
        known=known.hashes(),
        worth=_Worth(known, context),
    )
    least = context.source.expect.min_items
    if len(feed.hashes) < least:
        reason = f"{len(feed.hashes)} entries, expected at least {least}"
        return Reading(cursor=context.cursor, rejected=reason)
    keyed, remembered = identified(known, feed.hashes, feed.entries, feed.passed_over)
    older, gap = _older(snapshot, _overlaps(known, feed.hashes, keyed), context)
    room = followup.MAX_PENDING if known.known else followup.import_room(context.options.max_follow)
    changed = [k for k in keyed if k.changed]
    sorted_out = _sorted_out(changed, pending, room, snapshot, context)
    items = sorted_out.items
    return Reading(
        items=items,
        next_requests=(*older, *sorted_out.requests),
        cursor=_cursor(remembered.storing(i.key for i in items), sorted_out.waiting),
        problems=(*feed.problems, *_empty(feed.hashes, snapshot), *gap, *sorted_out.problems),
        skipped=sorted_out.skipped + len(feed.passed_over),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _SortedOut:
    """What becomes of the changed entries and of the articles still waited for."""

    items: tuple[Item, ...]
    requests: tuple[Request, ...]  #: of the newest articles; the rest waits for the next check
    waiting: tuple[Followup, ...]
    problems: tuple[str, ...]
    skipped: int


def _sorted_out(
    changed: list[Keyed],
    pending: tuple[Followup, ...],
    room: int,
    snapshot: Snapshot,
    context: ReadContext[FeedOptions],
) -> _SortedOut:
    now = snapshot.captured_at
    follows = [_follows(k.entry, context.options) for k in changed]
    direct = [k for k, away in zip(changed, follows, strict=True) if not away]
    relevant = [k for k in direct if k.stored or _wanted(_words_of(k.entry), context)]
    new = [_announcement(k, now) for k, away in zip(changed, follows, strict=True) if away][::-1]
    given_up = [f for f in pending if not f.waits(now)]
    # More than there is room for: the oldest are told from what the feed says of them.
    waiting, crowded = followup.fitting([*(f for f in pending if f.waits(now)), *new], room)
    told = [f for f in crowded if _wanted(f"{f.title}\n{f.summary}".encode(), context)]
    items = [_entry_item(k, context) for k in relevant]
    items += [_announced_item(f, context) for f in (*given_up, *told)]
    return _SortedOut(
        items=tuple(items),
        requests=tuple(f.request() for f in new[::-1][: context.options.max_follow]),
        waiting=tuple(waiting),
        problems=tuple(map(_lost, given_up)),
        skipped=len(direct) - len(relevant) + len(crowded) - len(told),
    )


def _overlaps(known: Identities, hashes: tuple[str, ...], keyed: tuple[Keyed, ...]) -> bool:
    """False where a feed read before holds nothing that was known: entries went by unseen."""
    if not known.known or not hashes:
        return True
    earlier = {k.key for k in known.known if k.key}
    return bool(known.hashes() & set(hashes)) or any(k.key in earlier for k in keyed)


def _article(snapshot: Snapshot, context: ReadContext[FeedOptions]) -> Reading:
    """The article as an item; without any trigger in page or announcement it is only counted,
    unless an earlier version of it was stored: then its edits always count."""
    state = unpacked(context.cursor, _VERSION)
    entry, known = followup.announced(snapshot), Identities.load(state)
    rest = followup.without(followup.load(state), entry.key)
    told = f"{entry.title}\n{entry.summary}".encode()
    relevant = _wanted(snapshot.body, context) or _wanted(told, context)
    if not relevant and not known.stored(entry.key):
        return Reading(cursor=_cursor(known, rest), skipped=1)
    item, problems = _article_or_summary(snapshot, entry, context)
    cursor = _cursor(known.storing([entry.key]), rest)
    return Reading(items=(item,), cursor=cursor, problems=problems)


def _article_or_summary(
    snapshot: Snapshot, entry: Followup, context: ReadContext[FeedOptions]
) -> tuple[Item, tuple[str, ...]]:
    """The page as an item, or what the feed says where the page is lost or unreadable."""
    asked, final = snapshot.request.url, snapshot.final_url
    if is_front_page(final) and not is_front_page(asked):
        return _announced_item(entry, context), (f"redirected_to_front: {asked} led to {final}",)
    try:
        article = read_article(
            snapshot.body,
            url=final,
            charset=snapshot.charset,
            media_type=snapshot.media_type,
        )
    except ExtractError as cause:
        problem = f"unreadable_article: {cause}; told from the feed's summary"
        return _announced_item(entry, context), (problem,)
    return _article_item(entry, article, context), article.problems


class _Worth:
    """Whether an entry's raw bytes are worth parsing. No: a full text without any trigger that is
    no new version of something stored. Parsing is most of the cost of a feed."""

    def __init__(self, known: Identities, context: ReadContext[FeedOptions]) -> None:
        self._known = known
        self._context = context

    @cached_property
    def _marks(self) -> tuple[bytes, ...]:
        return self._known.marks()

    def __call__(self, raw: bytes) -> bool:
        if _wanted(raw, self._context) or any(mark in raw for mark in self._marks):
            return True
        options = self._context.options
        if options.follow != "auto":
            return options.follow == "always"
        # The margin leaves room for what is text in an entry besides its text.
        return _words_size(raw) < options.full_text_chars + _MARGIN_CHARS


def _words_size(raw: bytes) -> int:
    """How many letters and signs of text an entry holds, rather too few than too many: without
    tags (escaped ones too), white space, entities and everything outside ASCII."""
    if b"&lt;" in raw:
        raw = raw.replace(b"&lt;", b"<").replace(b"&gt;", b">")
    text = _TAG.sub(b"", raw)
    return len(text.translate(None, _NO_WORDS)) - 8 * text.count(b"&")


def _follows(entry: Entry, options: FeedOptions) -> bool:
    """Whether the page behind the entry is to be read instead of the entry."""
    if options.follow == "never" or not entry.link:
        return False
    if options.follow == "always":
        return True
    if len(entry.content) >= options.full_text_chars:
        return len(fragment_text(entry.content)) < options.full_text_chars
    text = fragment_text(entry.summary)
    cut = text.rstrip().lower().endswith(_TEASER_ENDS)
    return cut or len(text) < options.full_text_chars


def _wanted(raw: bytes, context: ReadContext[FeedOptions]) -> bool:
    """Whether a document with these bytes is kept."""
    return context.options.keep == "all" or context.relevant(raw)


def _words_of(entry: Entry) -> bytes:
    summary = "" if entry.summary == entry.content else entry.summary  # one may stand for the other
    return "\n".join((entry.title, summary, entry.content)).encode("utf-8", "replace")


def _announcement(keyed: Keyed, now: datetime) -> Followup:
    entry = keyed.entry
    return Followup(
        key=keyed.key,
        url=without_tracking(entry.link),
        title=entry.title[:300],
        summary=fragment_text(entry.summary)[:_SUMMARY_CHARS],
        published=entry.published.day.isoformat() if entry.published else "",
        origin=entry.published.origin if entry.published else "",
        published_at=entry.published_at.isoformat() if entry.published_at else "",
        author=entry.author[:100],
        since=now.isoformat(),
    )


def _entry_item(keyed: Keyed, context: ReadContext[FeedOptions]) -> Item:
    """An item from the entry itself: its full text, else its summary."""
    entry = keyed.entry
    markup = entry.content if len(entry.content) >= len(entry.summary) else entry.summary
    return Item(
        source_id=context.source.id,
        key=keyed.key,
        url=without_tracking(entry.link) if entry.link else str(context.options.url),
        title=entry.title,
        text=fragment_text(markup),
        kind=context.source.document_kind,
        published=entry.published,
        published_at=entry.published_at,
        modified_at=entry.updated_at,
        author=entry.author,
        language=entry.language,
        locator=f"entry {keyed.key}",
        extractor="feed 1",
    )


def _announced_item(entry: Followup, context: ReadContext[FeedOptions]) -> Item:
    """An item from title and summary, where the article cannot be had."""
    return Item(
        source_id=context.source.id,
        key=entry.key,
        url=entry.url,
        title=entry.title,
        text=clean(entry.summary),
        kind=context.source.document_kind,
        published=entry.stated(),
        published_at=entry.moment(),
        author=entry.author,
        locator=f"entry {entry.key}",
        extractor="feed 1 summary",
    )


def _article_item(entry: Followup, article: Article, context: ReadContext[FeedOptions]) -> Item:
    """The article; the feed's word counts for title and time, the page's for the rest."""
    return Item(
        source_id=context.source.id,
        key=entry.key,
        url=article.url,
        title=entry.title or article.title,
        text=article.text,
        kind=context.source.document_kind,
        published=entry.stated() or article.published,
        published_at=entry.moment() or article.published_at,
        modified_at=article.modified_at,
        author=entry.author or article.author,
        language=article.language,
        locator="article",
        extractor=article.extractor,
    )


def _cursor(known: Identities, pending: list[Followup] | tuple[Followup, ...]) -> str:
    return packed({"v": _VERSION, **known.dump(), **followup.dump(pending)})


def _empty(hashes: tuple[str, ...], snapshot: Snapshot) -> tuple[str, ...]:
    return () if hashes else (f"no_entries: {snapshot.request.url} lists nothing",)


def _lost(entry: Followup) -> str:
    return f"article_not_had: {entry.url} for six hours; told from the feed's summary"


KIND = SourceKind(
    name="feed",
    summary="RSS, Atom, RDF or JSON Feed. Entries are known by guid, else link, else content; an "
    "edited entry is a new revision. Entries that carry only a summary are followed to the "
    "article; entries and articles without any trigger word are counted and not kept.",
    options=FeedOptions,
    first=first,
    read=read,
    example="""\
- id: example_news
  kind: feed
  name: Example News, local government
  publisher: Example News
  tier: press
  states: [TX]
  sees: [agreement_pending, agreement_signed, agreement_terminated]
  schedule: {every: 1h}
  options:
    url: https://news.example.org/feed/
""",
)
