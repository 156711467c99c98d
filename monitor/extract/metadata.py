"""What a page says about itself: title, author, dates with their origin, language, address."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from monitor.domain.moment import Precision, StatedDate
from monitor.extract.dates import day_in_url, moment, stated_date
from monitor.extract.links import absolute
from monitor.extract.text import plain

_PUBLISHED = (
    "article:published_time", "og:published_time", "datepublished", "dc.date.issued", "dc.date",
    "dcterms.created", "dcterms.date", "parsely-pub-date", "sailthru.date", "pubdate",
    "publish_date", "publication_date", "date",
)  # fmt: skip
_MODIFIED = ("article:modified_time", "og:updated_time", "datemodified", "dcterms.modified")
_MAX_JSON_CHARS = 200_000
_MAX_NODES = 500
_MIN_TITLE_CHARS = 8
_LINES_BELOW = 6
_WORDS_IN_LINE = 12
_LINE_TAGS = frozenset({"p", "div", "span", "h2", "h3", "h4", "h5", "em", "small", "strong"})
_SITE_PART = re.compile(r"\s+[|»•·–—-]\s+[^|»•·–—]{2,60}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """A page about itself; absent values are "" or None, dates name where they were read."""

    title: str
    url: str
    author: str = ""
    language: str = ""
    published: StatedDate | None = None
    published_at: datetime | None = None
    modified_at: datetime | None = None


def metadata(page: HtmlElement, url: str) -> Metadata:
    """The page's statements about itself, best source first: JSON-LD, meta elements, the visible
    <time>, the heading and the lines below it, the address."""
    metas = _metas(page)
    linked = _json_ld(page)
    stated, origin = _published(page, metas, linked)
    day = stated_date(stated, origin) if stated else None
    modified = linked.get("dateModified", "") or _first(metas, _MODIFIED)
    return Metadata(
        title=_title(page, metas, linked),
        url=_own_address(page, url),
        author=_author(metas, linked),
        language=(page.get("lang") or metas.get("og:locale", "")).replace("_", "-")[:35],
        published=day or day_in_url(url),
        published_at=moment(stated),
        modified_at=moment(modified),
    )


def _metas(page: HtmlElement) -> dict[str, str]:
    found: dict[str, str] = {}
    for meta in page.iter("meta"):
        name = meta.get("property") or meta.get("name") or meta.get("itemprop") or ""
        content = (meta.get("content") or "").strip()
        if name and content:
            found.setdefault(name.lower(), content[:2000])
    return found


def _first(metas: dict[str, str], names: tuple[str, ...]) -> str:
    return next((metas[name] for name in names if name in metas), "")


def _published(page: HtmlElement, metas: dict[str, str], linked: dict[str, str]) -> tuple[str, str]:
    """The words that state the day of publication, and where they stand."""
    if linked.get("datePublished"):
        return linked["datePublished"], "JSON-LD datePublished"
    for name in _PUBLISHED:
        if name in metas:
            return metas[name], f"meta {name}"
    for time in page.iter("time"):
        stated = time.get("datetime") or plain(time.text_content(), max_chars=100)
        if stated_date(stated):
            return stated, "time element"
    return _near_heading(page), "line below the heading"


def _near_heading(page: HtmlElement) -> str:
    """A short line with a day among the first ones below the heading, as agencies date releases."""
    heading = next((h for h in page.iter("h1", "h2") if _is_heading(h)), None)
    if heading is None:
        return ""
    for element in itertools.islice(heading.itersiblings(), _LINES_BELOW):
        line = plain(element.text_content(), max_chars=200) if element.tag in _LINE_TAGS else ""
        stated = stated_date(line)
        if stated and stated.precision is Precision.DAY and len(line.split()) <= _WORDS_IN_LINE:
            return line
    return ""


def _is_heading(element: HtmlElement) -> bool:
    return len(plain(element.text_content())) >= _MIN_TITLE_CHARS


def _title(page: HtmlElement, metas: dict[str, str], linked: dict[str, str]) -> str:
    """The headline, without the name of the site."""
    stated = metas.get("og:title", "") or linked.get("headline", "")
    if not stated:
        heading = next((plain(h.text_content()) for h in page.iter("h1")), "")
        # A logo often sits in an h1; too short a heading gives way to the document's title.
        stated = heading if len(heading) >= _MIN_TITLE_CHARS else ""
    if not stated:
        stated = next((t.text_content() for t in page.iter("title")), "")
    title = plain(stated, max_chars=500)
    shorter = _SITE_PART.sub("", title)
    return shorter if len(shorter) >= 20 else title


def _author(metas: dict[str, str], linked: dict[str, str]) -> str:
    name = linked.get("author", "") or _first(metas, ("author", "article:author", "dc.creator"))
    return "" if name.startswith(("http:", "https:")) else plain(name, max_chars=200)


def _own_address(page: HtmlElement, url: str) -> str:
    """The canonical link when it stays on the site and is more than its front page."""
    for link in page.iter("link"):
        if "canonical" not in (link.get("rel") or "").lower().split():
            continue
        found = absolute(url, link.get("href") or "")
        if found and _site(found) == _site(url) and len(urlsplit(found).path) > 1:
            return found
    return url


def _site(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")


def _json_ld(page: HtmlElement) -> dict[str, str]:
    """headline, datePublished, dateModified and author of the first article-like node."""
    for script in page.iter("script"):
        if "ld+json" not in (script.get("type") or ""):
            continue
        for node in _nodes(script.text or ""):
            if "datePublished" in node or "headline" in node:
                return _statements(node)
    return {}


def _nodes(text: str) -> Iterator[dict[str, object]]:
    """All objects of the script, outer ones first, boundedly many; none when it is broken."""
    try:
        waiting = [json.loads(text)] if len(text) <= _MAX_JSON_CHARS else []
    except (ValueError, RecursionError):
        return
    for _ in range(_MAX_NODES):
        if not waiting:
            return
        node = waiting.pop(0)
        if isinstance(node, dict):
            yield node
            waiting.extend(v for v in node.values() if isinstance(v, dict | list))
        elif isinstance(node, list):
            waiting.extend(node[:50])


def _statements(node: dict[str, object]) -> dict[str, str]:
    found = {
        name: str(node[name])[:2000]
        for name in ("headline", "datePublished", "dateModified")
        if isinstance(node.get(name), str)
    }
    author = node.get("author")
    first = author[0] if isinstance(author, list) and author else author
    name = first.get("name") if isinstance(first, dict) else first
    return found | ({"author": name[:200]} if isinstance(name, str) else {})
