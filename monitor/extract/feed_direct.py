"""Plain RSS 2.0 read straight from its tree: what feedparser would say, at a tenth of its cost.

Only what is plain is read here: well-formed UTF-8, one element of each name that counts, no markup
inside them, no base addresses, no namespaces that change what elements mean. Of everything else
`plain_rss` says None, and feedparser reads it. Tests hold both against each other over feedparser's
own documents and over generated feeds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree

Found = dict[str, object]

_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
_CREATOR = "{http://purl.org/dc/elements/1.1/}creator"
_MEDIA = "{http://search.yahoo.com/mrss/}"
_SLASH = "{http://purl.org/rss/1.0/modules/slash/}"
_COMMENTS = "{http://wellformedweb.org/CommentAPI/}"
#: Elements of an item that say nothing of what is read from it.
_BESIDE = frozenset({
    "category", "comments", "enclosure", "source", f"{_MEDIA}content", f"{_MEDIA}thumbnail",
    f"{_MEDIA}credit", f"{_SLASH}comments", f"{_SLASH}section", f"{_COMMENTS}commentRss",
    f"{_COMMENTS}comment", "{com-wordpress:feed-additions:1}post-id",
})  # fmt: skip
#: Elements that are read, each once; names as feedparser keeps them.
_READ = {
    "title": "title",
    "link": "link",
    "guid": "id",
    "pubDate": "published",
    "description": "summary",
    "author": "author",
    _CREATOR: "author",
    _CONTENT: "content",
}
_CHARSETS = frozenset({"utf-8", "utf8"})
#: Also right for bytes that are all ASCII.
_ASCII_CHARSETS = _CHARSETS | {"us-ascii", "ascii", "iso-8859-1", "windows-1252"}
_DECLARED = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([\w.:-]+)")
#: An address that resolving against nothing leaves as it is.
_ADDRESS = re.compile(r"https?://[A-Za-z0-9][^\s]*")
#: What feedparser takes for an entity in a link.
_ENTITY = re.compile(r"&(?:amp|[A-Za-z0-9_]+);")
#: Characters that feedparser reads as Windows-1252.
_WINDOWS_1252 = re.compile("[\x80-\x9f]")
#: Their declaration makes another version of a feed.
_OTHER_VERSIONS = ("http://purl.org/rss/1.0/", "http://my.netscape.com/rdf/simple/0.9/")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainFeed:
    """What the feed says of itself and of its items, by feedparser's names."""

    title: str
    language: str
    entries: tuple[Found, ...]


class _Doubt(Exception):
    """Something that is not plain."""


def plain_rss(body: bytes, charset: str | None) -> PlainFeed | None:
    """The feed's items in order; None for what only feedparser should read.

    The caller has refused DOCTYPE and ENTITY. `charset` is the transport's.
    """
    if not _is_utf8(body, charset):
        return None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(body, parser)
        return _feed(root)
    except (etree.XMLSyntaxError, ValueError, _Doubt):
        return None


def _is_utf8(body: bytes, charset: str | None) -> bool:
    """Whether every reader takes the bytes for UTF-8, or they are ASCII anyway."""
    if not body.startswith(b"<"):
        return False
    found = _DECLARED.search(body[:400])
    named = [charset] if charset else []
    named += [found.group(1).decode("ascii")] if found else []
    allowed = _ASCII_CHARSETS if body.isascii() else _CHARSETS
    return all(name.strip("\"' ").lower() in allowed for name in named)


def _feed(root: etree._Element) -> PlainFeed:
    _require(root.tag == "rss" and root.attrib.keys() == ["version"])
    _require(str(root.get("version")).startswith("2."))
    for prefix, uri in root.nsmap.items():
        _require(prefix is not None and uri.lower() not in _OTHER_VERSIONS)
    _require(len(root) == 1 and root[0].tag == "channel" and not root[0].attrib)
    channel = root[0]
    return PlainFeed(
        title=_of_channel(channel, "title"),
        language=_of_channel(channel, "language"),
        entries=tuple(_item(item) for item in channel.iterchildren("item")),
    )


def _of_channel(channel: etree._Element, name: str) -> str:
    """The text of the channel's only element of this name, "" where it has none."""
    held = [
        element
        for child in channel.iterchildren()
        if child.tag not in ("item", "image")
        for element in child.iter("{*}*")
        if etree.QName(element).localname.lower() == name
    ]
    if not held:
        return ""
    _require(len(held) == 1 and held[0].tag == name and held[0].getparent() is channel)
    _require(not held[0].attrib)
    return _text(held[0])


def _item(item: etree._Element) -> Found:
    """Of two elements of one name sometimes the first counts, sometimes the last: a doubt."""
    _require(not item.attrib)
    texts: dict[str, str] = {}
    link = ""
    for element in item.iterchildren("{*}*"):
        tag = str(element.tag)
        name = _READ.get(tag)
        if name is None:
            _require(tag in _BESIDE and len(element) == 0 and _no_base(element))
            continue
        _require(name not in texts)
        texts[name] = _text(element)
        if tag == "guid":
            link = _guid_as_link(element, texts[name])
        else:
            _require(not element.attrib)
    return _found(texts, link)


def _found(texts: dict[str, str], guid_link: str) -> Found:
    """By feedparser's names: a guid that is an address stands in for a link, a full text for a
    summary."""
    found: Found = dict(texts)
    if "link" in texts:
        _require(_ADDRESS.fullmatch(texts["link"]) is not None)
        _require(not _ENTITY.search(texts["link"]))
    elif guid_link:
        found["link"] = guid_link
    if "content" in texts:
        found["content"] = [{"value": texts["content"]}]
        found.setdefault("summary", texts["content"])
    return found


def _guid_as_link(guid: etree._Element, text: str) -> str:
    """The guid where it may stand in for a link, else ""."""
    _require(all(name.lower() == "ispermalink" for name in guid.attrib))
    _require(len(guid.attrib) < 2)
    if (guid.attrib.values() or ["true"])[0] != "true":
        return ""
    _require("://" not in text or _ADDRESS.fullmatch(text) is not None)
    return text


def _no_base(element: etree._Element) -> bool:
    return not any(name in ("base", "lang") or str(name).startswith("{") for name in element.attrib)


def _text(element: etree._Element) -> str:
    """The element's text as feedparser leaves it."""
    _require(len(element) == 0)
    text = (element.text or "").strip()
    if not text.isascii():
        _require(not _WINDOWS_1252.search(text) and not _is_utf8_twice(text))
    return text


def _is_utf8_twice(text: str) -> bool:
    """Whether the text is UTF-8 read as Latin-1 and written again, which feedparser undoes."""
    try:
        text.encode("iso-8859-1").decode("utf-8")
    except UnicodeError:
        return False
    return True


def _require(plain: bool) -> None:
    if not plain:
        raise _Doubt
