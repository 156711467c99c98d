"""RSS, Atom, RDF and JSON Feed to entries; only entries not seen before are parsed."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from datetime import datetime

from monitor.domain.errors import ExtractError
from monitor.domain.moment import StatedDate
from monitor.extract.charset import decoded
from monitor.extract.dates import moment, stated_date
from monitor.extract.feed_bytes import plain_bytes
from monitor.extract.feed_direct import plain_rss
from monitor.extract.feed_split import Split, declares_entities, entry_hash, split
from monitor.extract.json_feed import JsonEntry, json_entries, looks_like_json
from monitor.extract.links import absolute
from monitor.extract.text import plain

MAX_ENTRIES = 5000
_HTML = re.compile(rb"^\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)
_FEED = re.compile(rb"<(?:[\w.-]+:)?(?:rss|feed|rdf|channel)\b", re.IGNORECASE)
_SNIFF_BYTES = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry as published; markup is kept, addresses are absolute, texts bounded."""

    raw_hash: str  #: of the entry's bytes, or of its fields where the bytes could not be told apart
    guid: str = ""
    link: str = ""
    title: str = ""
    summary: str = ""  #: markup
    content: str = ""  #: markup; the longest full text the entry carries, "" when none
    author: str = ""
    language: str = ""
    published: StatedDate | None = None
    published_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def content_hash(self) -> str:
        """Of what a reader would call content: counters and reordered attributes stay out."""
        return _digest(self.link, self.title, self.summary, self.content)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedReading:
    """`hashes` names all entries in document order; `entries` are those not in `known`."""

    format: str  #: "rss20", "atom10", "rss10", "json", … as feedparser names it
    title: str
    hashes: tuple[str, ...]
    entries: tuple[Entry, ...]
    partial: bool  #: only new entries were parsed
    passed_over: tuple[str, ...] = ()  #: hashes of new entries that were not worth parsing
    problems: tuple[str, ...] = ()


def read_feed(
    body: bytes,
    *,
    url: str,
    charset: str | None = None,
    media_type: str = "",
    known: Container[str] = frozenset(),
    worth: Callable[[bytes], bool] | None = None,
) -> FeedReading:
    """The feed's entries that are not in `known` (raw hashes of earlier readings), in order.

    `worth` looks at an entry's raw bytes and may spare it the parsing. Raises ExtractError for
    HTML, for XML with DOCTYPE or ENTITY, and for what is no feed.
    """
    if looks_like_json(body, media_type):
        return _json(body, url, charset, known)
    body, charset = plain_bytes(body, charset)
    _refuse(body, url)
    parts = split(body)
    if parts is not None:
        hashes = tuple(map(entry_hash, parts.entries))
        found = zip(hashes, parts.entries, strict=True)
        fresh = {h: entry for h, entry in found if h not in known}  # equal ones once
        passed = {h: e for h, e in fresh.items() if worth is None or worth(e)}
        reading = _delta(parts, hashes, fresh, passed, (url, charset, media_type))
        if reading is not None:
            return reading
    return _whole(body, url, charset, media_type, known)


def _refuse(body: bytes, url: str) -> None:
    head = body[:_SNIFF_BYTES]
    if not body.strip():
        raise ExtractError(f"{url}: empty answer instead of a feed")
    if _HTML.match(head) and not _FEED.search(head):
        raise ExtractError(f"{url}: an HTML page instead of a feed; look for its feed address")
    if declares_entities(body):
        raise ExtractError(f"{url}: refused, XML with DOCTYPE or ENTITY declarations")


def _delta(
    parts: Split,
    hashes: tuple[str, ...],
    fresh: dict[str, bytes],
    passed: dict[str, bytes],
    how: tuple[str, str | None, str],
) -> FeedReading | None:
    """Head, tail and the new entries through feedparser; None when its count differs from ours.

    `hashes` are those of all entries in order; `how` is address, charset and media type.
    """
    chosen = dict(list(passed.items())[:MAX_ENTRIES])
    feed = _read(parts.only(tuple(chosen.values())), *how) if chosen else _NOTHING
    if len(feed.entries) != len(chosen):
        return None
    entries = tuple(
        _entry(e, raw_hash=h, url=how[0], language=feed.language)
        for h, e in zip(chosen, feed.entries, strict=True)
    )
    return FeedReading(
        format=feed.format,
        title=feed.title,
        hashes=hashes,
        entries=entries,
        partial=len(chosen) < len(parts.entries),
        passed_over=tuple(h for h in fresh if h not in passed),
        problems=_too_many(len(passed)),
    )


def _whole(
    body: bytes, url: str, charset: str | None, media_type: str, known: Container[str]
) -> FeedReading:
    """Everything through feedparser; entries are told apart by the hash of their fields."""
    feed = _parsed(body, url, charset, media_type)
    if not feed.entries and not feed.format:
        raise ExtractError(f"{url}: neither RSS, Atom nor JSON Feed ({feed.fault})")
    found = feed.entries[:MAX_ENTRIES]
    named = [_with_hash(_entry(e, raw_hash="", url=url, language=feed.language)) for e in found]
    return FeedReading(
        format=feed.format,
        title=feed.title,
        hashes=tuple(entry.raw_hash for entry in named),
        entries=tuple(entry for entry in named if entry.raw_hash not in known),
        partial=False,
        problems=_too_many(len(feed.entries)),
    )


def _json(body: bytes, url: str, charset: str | None, known: Container[str]) -> FeedReading:
    title, found = json_entries(decoded(body, charset).text, url)
    hashed = [(entry_hash(repr(entry).encode()), entry) for entry in found]
    fresh = [_from_json(h, e, url) for h, e in hashed if h not in known][:MAX_ENTRIES]
    return FeedReading(
        format="json",
        title=plain(title),
        hashes=tuple(h for h, _ in hashed),
        entries=tuple(fresh),
        partial=len(fresh) < len(hashed),
        problems=_too_many(len(fresh)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parsed:
    format: str
    title: str
    language: str
    entries: tuple[Mapping[str, object], ...]
    fault: str


_NOTHING = _Parsed(format="", title="", language="", entries=(), fault="")


def _read(body: bytes, url: str, charset: str | None, media_type: str) -> _Parsed:
    """A well-formed plain feed straight from its tree, everything else by feedparser."""
    feed = plain_rss(body, charset)
    if feed is None:
        return _parsed(body, url, charset, media_type)
    return _Parsed(
        format="rss20",
        title=plain(feed.title),
        language=feed.language,
        entries=feed.entries,
        fault="",
    )


def _parsed(body: bytes, url: str, charset: str | None, media_type: str) -> _Parsed:
    """feedparser's answer. Always through BytesIO: given bytes it opens a file of that name."""
    import feedparser  # noqa: PLC0415  # a tenth of a second, only for feeds

    kind = media_type or "application/xml"
    # Without a content-location: the parser would resolve guids against it, and they would change
    # with the feed's address. Links are made absolute here, and by xml:base there.
    headers = {"content-type": f"{kind}; charset={charset}" if charset else kind}
    try:
        feed = feedparser.parse(
            io.BytesIO(body),
            response_headers=headers,
            resolve_relative_uris=False,
            sanitize_html=False,
        )
    except Exception as cause:  # the parser's own faults on broken markup are of any class
        raise ExtractError(f"{url}: feed could not be parsed ({type(cause).__name__})") from cause
    return _Parsed(
        format=str(feed.get("version") or ""),
        title=plain(_text(feed.get("feed"), "title")),
        language=_text(feed.get("feed"), "language"),
        entries=tuple(feed.get("entries") or ()),
        fault=plain(str(feed.get("bozo_exception") or "no entries, no known root element")),
    )


def _entry(found: Mapping[str, object], *, raw_hash: str, url: str, language: str) -> Entry:
    stated = _text(found, "published") or _text(found, "created") or _text(found, "updated")
    return Entry(
        raw_hash=raw_hash,
        guid=_text(found, "id").strip()[:1000],
        link=absolute(url, _link(found)) or "",
        title=plain(_text(found, "title")),
        summary=_text(found, "summary")[:100_000],
        content=_content(found)[:1_000_000],
        author=plain(_text(found, "author"), max_chars=200),
        language=language[:35],
        published=stated_date(stated, "feed entry"),
        published_at=moment(stated),
        updated_at=moment(_text(found, "updated")),
    )


def _link(found: Mapping[str, object]) -> str:
    """The entry's page; feedparser lets an enclosure or a guid that is an address stand in."""
    return _text(found, "link") or _text(found, "feedburner_origlink")


def _content(found: Mapping[str, object]) -> str:
    """The longest text among the entry's content elements."""
    contents = found.get("content")
    if not isinstance(contents, list):
        return ""
    texts = [_text(c, "value") for c in contents if isinstance(c, Mapping)]
    return max(texts, key=len, default="")


def _from_json(raw_hash: str, found: JsonEntry, url: str) -> Entry:
    return Entry(
        raw_hash=raw_hash,
        guid=found.id[:1000],
        link=absolute(url, found.url) or "",
        title=plain(found.title),
        summary=found.summary[:100_000],
        content=found.content[:1_000_000],
        author=plain(found.author, max_chars=200),
        language=found.language[:35],
        published=stated_date(found.published, "feed entry"),
        published_at=moment(found.published),
        updated_at=moment(found.updated),
    )


def _with_hash(entry: Entry) -> Entry:
    stated = entry.published.day.isoformat() if entry.published else ""
    # "f" keeps hashes of fields apart from hashes of bytes.
    name = "f" + _digest(entry.guid, entry.content_hash, entry.author, stated)[:11]
    values = {field: getattr(entry, field) for field in Entry.__slots__}
    return Entry(**{**values, "raw_hash": name})


def _text(found: object, name: str) -> str:
    # dict.get: feedparser's own get() lets "published" fall back to "updated", with a warning.
    value = dict.get(found, name) if isinstance(found, dict) else None
    return value if isinstance(value, str) else ""


def _too_many(count: int) -> tuple[str, ...]:
    if count <= MAX_ENTRIES:
        return ()
    return (f"feed_too_long: {count} new entries, read the first {MAX_ENTRIES}; rest next check",)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()[:12]
