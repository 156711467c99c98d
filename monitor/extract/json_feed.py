"""JSON Feed 1.0 and 1.1 (jsonfeed.org) to plain values."""

from __future__ import annotations

import json
from dataclasses import dataclass

from monitor.domain.errors import ExtractError


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonEntry:
    """One item of a JSON Feed; absent fields are ""."""

    id: str
    url: str
    title: str
    summary: str
    content: str
    author: str
    language: str
    published: str
    updated: str


def looks_like_json(body: bytes, media_type: str) -> bool:
    """True when the body begins like a JSON object; the media type alone proves nothing."""
    start = body[:200].removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    return start == b"{" or ("json" in media_type and start == b"[")


def json_entries(text: str, url: str) -> tuple[str, tuple[JsonEntry, ...]]:
    """Title and items. Raises ExtractError for broken JSON and for JSON that is no feed."""
    try:
        feed = json.loads(text)
    except (ValueError, RecursionError) as cause:
        raise ExtractError(f"{url}: broken JSON instead of a feed") from cause
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list) or "jsonfeed.org" not in str(feed.get("version", "")):
        raise ExtractError(f"{url}: JSON, but no JSON Feed (no version or no items)")
    language = _string(feed, "language")
    return _string(feed, "title"), tuple(_item(i, language) for i in items if isinstance(i, dict))


def _item(item: dict[str, object], language: str) -> JsonEntry:
    return JsonEntry(
        id=_string(item, "id"),
        url=_string(item, "url") or _string(item, "external_url"),
        title=_string(item, "title"),
        summary=_string(item, "summary"),
        content=_string(item, "content_html") or _string(item, "content_text"),
        author=_author(item),
        language=_string(item, "language") or language,
        published=_string(item, "date_published") or _string(item, "date_modified"),
        updated=_string(item, "date_modified"),
    )


def _author(item: dict[str, object]) -> str:
    authors = item.get("authors")
    first = authors[0] if isinstance(authors, list) and authors else item.get("author")
    return _string(first, "name") if isinstance(first, dict) else ""


def _string(found: dict[str, object], name: str) -> str:
    """A string, or a number as publishers write ids (the specification asks to coerce them)."""
    value = found.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value)
