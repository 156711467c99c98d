"""Text as rules read it: one block per line, clean white space, no mailboxes, bounded."""

from __future__ import annotations

import html
import re
import unicodedata
from functools import cache

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from monitor.domain.errors import ExtractError
from monitor.extract.links import absolute
from monitor.extract.simple_markup import is_plain_ascii, simple_text

MAX_CHARS = 400_000
#: What stands for a mailbox: people's addresses never reach derived rows.
MAILBOX = "[mailbox]"

_MAILBOX = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}")
_TAG = re.compile(r"<[A-Za-z/!][^>]{0,2000}>")
#: Soft hyphens, zero-width marks and bidi controls: invisible, and a way to lie about words.
_DROPPED = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
#: Control characters, and white space other than a space or the end of a line.
_BLANKS = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
)
#: What XML cannot hold, as itself or as a reference: the tree takes it in, and then its owner
#: fails when a neighbour is taken out. Pasted texts are full of vertical tabs.
_NO_XML = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]"
    r"|&#0*(?:[1-8]|1[124-9]|2[0-9]|3[01]|6553[45])(?![0-9]);?"
    r"|&#[xX]0*(?:[1-8bBcCeEfF]|1[0-9a-fA-F]|[fF]{3}[eEfF])(?![0-9a-fA-F]);?"
)
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd",
    "details", "dialog", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer",
    "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "legend", "li",
    "main", "nav", "ol", "option", "p", "pre", "section", "summary", "table", "tbody",
    "tfoot", "thead", "title", "tr", "ul"
})  # fmt: skip
_CELLS = frozenset({"td", "th"})
_SILENT = frozenset({
    "audio", "canvas", "embed", "head", "iframe", "map", "math", "noscript", "object",
    "script", "select", "style", "svg", "template", "textarea", "video"
})  # fmt: skip


def clean(text: str, *, max_chars: int = MAX_CHARS) -> str:
    """The text with NFC letters, single spaces, no blank lines, no control or invisible
    characters, mailboxes masked, at most `max_chars` characters. Idempotent below the bound."""
    text = text[: max_chars * 2]
    if not text.isascii():
        text = unicodedata.normalize("NFC", _DROPPED.sub("", text))
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.replace("\u2028", "\n")
    if not is_plain_ascii(text):
        text = _BLANKS.sub(" ", text.replace("\f", "\n"))
    if "@" in text:
        text = _MAILBOX.sub(MAILBOX, text)
    while "  " in text:
        text = text.replace("  ", " ")
    lines = [line.strip(" ") for line in text.split("\n")]
    return "\n".join(filter(None, lines))[:max_chars].rstrip(" \n")


def plain(fragment: str, *, max_chars: int = 1000) -> str:
    """A title or a name on one line: markup dropped, entities resolved."""
    text = fragment[: max_chars * 20]
    if _TAG.search(text):
        text = _TAG.sub(" ", text)
    return clean(html.unescape(text), max_chars=max_chars).replace("\n", " ")


def tree(markup: str, *, what: str) -> HtmlElement:
    """The document tree of HTML text. Raises ExtractError when there is nothing to parse."""
    try:
        if "&#" in markup or not is_plain_ascii(markup):
            markup = _NO_XML.sub(" ", markup)
        return document_fromstring(markup.encode("utf-8", "replace"), parser=_parser())
    except (etree.LxmlError, ValueError, AssertionError) as cause:
        raise ExtractError(f"{what}: no HTML document in {len(markup)} characters") from cause


@cache  # making one takes half as long as reading an entry with it; threads wait for each other
def _parser() -> HTMLParser:
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    # One class for all elements: lxml.html's own table of classes is asked in Python for each.
    parser.set_element_class_lookup(etree.ElementDefaultClassLookup(element=HtmlElement))
    return parser


def block_text(element: HtmlElement, *, bullets: bool = False) -> str:
    """The element's visible text, one block per line; list items begin with "- " on request."""
    parts: list[str] = []
    silent = 0
    for event, node in etree.iterwalk(element, events=("start", "end")):
        tag = node.tag if isinstance(node.tag, str) else ""
        if event == "start":
            silent += tag in _SILENT
            if not silent:
                parts.append(_opening(tag, bullets) + (node.text or ""))
            continue
        if not silent:
            parts.append(_closing(tag))
        silent -= tag in _SILENT
        if not silent and node is not element:
            parts.append(node.tail or "")
    return clean("".join(map(_flat, parts)).replace("\u2028", "\n"))


def _flat(part: str) -> str:
    """White space inside source text is a space; our own line breaks are marked by U+2028."""
    return part.replace("\n", " ").replace("\r", " ")


def _opening(tag: str, bullets: bool) -> str:
    if tag == "li" and bullets:
        return "\u2028- "
    return "\u2028" if tag in _BLOCKS or tag == "br" else ""


def _closing(tag: str) -> str:
    if tag in _CELLS:
        return " | "
    return "\u2028" if tag in _BLOCKS else ""


def fragment_text(markup: str, *, what: str = "entry") -> str:
    """The text of an HTML fragment; text without markup passes through. Never raises."""
    if "<" not in markup and "&" not in markup:
        return clean(markup)
    simple = simple_text(markup)
    if simple is not None:
        return clean(simple)
    try:
        return block_text(tree(f"<div>{markup}</div>", what=what))
    except ExtractError:
        return clean(html.unescape(_TAG.sub(" ", markup)))


def page_links(element: HtmlElement, base: str, *, limit: int = 2000) -> tuple[str, ...]:
    """Absolute http(s) addresses the element links to, in document order, each once."""
    seen: dict[str, None] = {}
    for anchor in element.iter("a"):
        url = absolute(base, anchor.get("href") or "")
        if url is not None:
            seen.setdefault(url)
        if len(seen) >= limit:
            break
    return tuple(seen)
