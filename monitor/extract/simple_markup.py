"""Text of plain, well-nested markup without a document tree: most entries of feeds are such.

What it reads, it reads as the tree would be read; of anything else it says nothing.
"""

from __future__ import annotations

import html
import re

_INLINE = frozenset(
    ["a", "abbr", "b", "cite", "code", "em", "i", "small", "span", "strong", "sub", "sup", "u"]
)
#: These end at the next block: a parser closes them where their own end tag comes too late.
_OF_LINES = frozenset(["h1", "h2", "h3", "h4", "h5", "h6", "p"])
_LISTS = frozenset({"ol", "ul"})
_OF_BLOCKS = (
    frozenset(["article", "blockquote", "div", "figcaption", "figure", "li", "section"]) | _LISTS
)
_VOID = {"br": "\n", "hr": "\n", "img": ""}
_MOST_DEPTH = 40

_TAG = re.compile(r"""(/?)([a-z][a-z0-9]*)(?:\s[a-z][a-z-]*=(?:"[^"]*"|'[^']*'))*\s?(/?)""")
_SIGN = re.compile(r"&(?!(?:amp|gt|lt|quot|nbsp|[lr][sd]quo|[mn]dash|hellip|#39|#82\d\d);)")
#: What a tree cannot hold, or only after a repair.
_ODD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_PLAIN = bytes(range(0x20, 0x7F)) + b"\n"


def is_plain_ascii(text: str) -> bool:
    """Whether the text is ASCII without control characters but for ends of lines."""
    return text.isascii() and not text.encode("ascii").translate(None, _PLAIN)


def simple_text(markup: str) -> str | None:
    """The text with a line break where a block begins or ends, not yet cleaned.

    None for markup that is not simple: other tags, tags that do not nest, references to odd signs.
    """
    signs = "&" in markup
    if (signs and _SIGN.search(markup)) or not (is_plain_ascii(markup) or not _ODD.search(markup)):
        return None
    text, *rest = markup.replace("\n", " ").replace("\r", " ").split("<")
    parts = [text]
    inside: list[str] = []
    for piece in rest:
        tag, closed, text = piece.partition(">")
        said = _tag(tag, inside) if closed else None
        if said is None:
            return None
        parts += (said, text)
    if inside:
        return None
    return html.unescape("".join(parts)) if signs else "".join(parts)


def _tag(words: str, inside: list[str]) -> str | None:
    """What stands for a tag; None where it does not nest. Opens or closes it in `inside`."""
    match = _TAG.fullmatch(words)
    if match is None:
        return None
    end, tag, void = match.groups()
    if tag in _VOID:
        return None if end else _VOID[tag]
    if void or not (tag in _INLINE or tag in _OF_LINES or tag in _OF_BLOCKS):
        return None
    if end:
        if not inside or inside.pop() != tag:
            return None
    elif not _may_open(tag, inside):
        return None
    else:
        inside.append(tag)
    return "" if tag in _INLINE else "\n"


def _may_open(tag: str, inside: list[str]) -> bool:
    if len(inside) >= _MOST_DEPTH or (tag in inside and tag in _INLINE):
        return False
    if tag in _INLINE:
        return True
    if any(outer in _OF_LINES or outer in _INLINE for outer in inside):
        return False
    return tag != "li" or (bool(inside) and inside[-1] in _LISTS)
