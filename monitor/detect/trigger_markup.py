"""The text that a document shows, taken from its bytes for the trigger scan. Pure.

Not shown are comments, styles and scripts but those that hold linked data; of tags, all but those
that carry text (descriptions, what an image shows). Where browsers and parsers read markup in two
ways, both forms are given.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache

from monitor.detect.language.folding import fold_char

#: What stands for markup that was taken out; it parts nothing and joins nothing.
MARK = b"\x01"
#: Attributes of pictures and fields that are text.
SPEAKING_ATTRIBUTES = ("alt", "value", "title", "placeholder")
_UNSHOWN = (
    rb"<!--(?:>|->|[^-]*+(?:-(?!->)[^-]*+)*+-->)"
    rb"|<(script(?![^>]*?ld(?:\+|&[^;>]*+;)json)|style)(?=[\s/>])[^>]*+>"
    rb"[^<]*+(?:<(?!/\1)[^<]*+)*+</\1[^>]*+>"
)
_OPENING = rb"<(?!meta[\s/>])(?:[a-z/?]|![^-\[>])"
#: To the next bracket, whatever quotes there are.
_TAG = re.compile(_UNSHOWN + b"|" + _OPENING + rb"[^>]*+>", re.IGNORECASE)
#: Tags in which quotes make no difference.
_EVEN_TAG = re.compile(
    _UNSHOWN + b"|" + _OPENING + rb"""(?:[^<>"']++|"[^"<>]*+"|'[^'<>]*+')*+>""", re.IGNORECASE
)
_TAG_START = re.compile(_OPENING, re.IGNORECASE)
_NEXT_IN_TAG = re.compile(rb"""[>"']""")
_ENDS = tuple(
    (re.compile(opening, re.IGNORECASE), re.compile(closing, re.IGNORECASE), instead)
    for opening, closing, instead in (
        (rb"<!--", rb"-->", MARK),
        (rb"<script", rb"</script", b"<b"),
        (rb"<style", rb"</style", b"<b"),
    )
)
_PICTURE = re.compile(rb"<(?:img|input)(?=[\s/])[^<>]*+>", re.IGNORECASE)
_SPEAKING = re.compile(
    rf"""\b(?:{"|".join(SPEAKING_ATTRIBUTES)})\s*+=\s*+("[^"]*+"|'[^']*+'|[^\s>]++)""".encode(),
    re.IGNORECASE,
)
#: To the next bracket, whatever quotes there are.
_TAG = re.compile(_UNSHOWN + b"|" + _OPENING + rb"[^>]*+>", re.IGNORECASE)
#: With everything inside quotes.
_QUOTED = rb"""(?:[^>"']++|"[^"]*+"|'[^']*+')*+>"""
_QUOTED_TAG = re.compile(
    _UNSHOWN + b"|" + _OPENING + b"(?:" + _QUOTED + rb"|[^>]*+>)", re.IGNORECASE
)
#: A bracket in an attribute's value: then it matters whose quotes are counted.
_BRACKET_IN_QUOTES = re.compile(rb"""=\s*+(?:"[^"<>]*+[<>]|'[^'<>]*+[<>])""")
#: Brackets that are written as entities or escapes: markup one level down, as in feeds.
_ESCAPED_BRACKET = re.compile(
    rb"&(?:(?:amp|#0*+38|#x0*+26);?)*+(?:lt|#0*+60|#x0*+3c)|\\u003c", re.IGNORECASE
)
_ESCAPE = re.compile(rb"\\(?:u([0-9a-f]{4})|[bfnrt])", re.IGNORECASE)
_NOT_ASCII = re.compile("[^\x00-\x7f]+")
#: Signs that folding reads as letters or digits, but that stand beside a word, not for a letter.
BESIDE = "\u00aa\u00b2\u00b3\u00b9\u00ba\u00bc\u00bd\u00be\u2116\u2120\u2121\u2122"
_LEVELS = 3


def shown_forms(raw: bytes) -> Iterator[bytes]:
    """The text in the forms in which it may be whole, in ASCII, cheapest first."""
    for shown in _without_markup(raw):
        text = spoken(_unescaped(shown))
        yield text
        if _ESCAPED_BRACKET.search(shown):
            yield from map(spoken, _without_markup(text))


def _without_markup(raw: bytes) -> Iterator[bytes]:
    end = raw.rfind(b">") + 1  # behind it is no markup that ends
    rest = raw[end:]
    body = _PICTURE.sub(_said, _ended(raw[:end]))
    yield _TAG.sub(MARK, body) + rest
    if _BRACKET_IN_QUOTES.search(body):
        yield _without_quoted_tags(_EVEN_TAG.sub(MARK, body)) + rest


def _ended(raw: bytes) -> bytes:
    """Openings that nothing closes made harmless: what follows them is text, and looking for
    the end of each of them would take time that grows with their number."""
    for opening, closing, instead in _ENDS:
        if not opening.search(raw):
            continue
        last = max((found.start() for found in closing.finditer(raw)), default=0)
        if opening.search(raw, last):
            raw = raw[:last] + opening.sub(instead, raw[last:])
    return raw


def _without_quoted_tags(raw: bytes) -> bytes:
    """Tags taken out with everything inside their quotes, tags in quotes included."""
    pieces: list[bytes] = []
    at = 0
    while found := _TAG_START.search(raw, at):
        end = _tag_end(raw, found.start())
        if end < 0:
            return MARK.join(pieces)  # what follows is in the other form
        pieces.append(raw[at : found.start()])
        at = end
    return MARK.join((*pieces, raw[at:]))


def _tag_end(raw: bytes, start: int) -> int:
    """Where the tag ends, -1 where a quote in it is never closed."""
    at = start + 1
    while found := _NEXT_IN_TAG.search(raw, at):
        if found[0] == b">":
            return found.end()
        at = raw.find(found[0], found.end()) + 1
        if at == 0:
            return -1
    return -1


def _said(tag: re.Match[bytes]) -> bytes:
    """What a picture says, and its bracket, which may end a comment or another tag as well."""
    words = (value.strip(b"\"'") for value in _SPEAKING.findall(tag[0]))
    return MARK + b" ".join(words) + (b"-->" if tag[0].endswith(b"-->") else b">")


def spoken(raw: bytes) -> bytes:
    """Entities and letters outside ASCII as the ASCII that they are read as, or as a mark."""
    if b"&" not in raw and raw.isascii():
        return raw
    text = _decoded(raw)
    for _ in range(_LEVELS):
        if "&" in text:
            text = html.unescape(text)
    if text.isascii():
        return text.encode()
    return _NOT_ASCII.sub(lambda m: _read(m[0]), text).encode("ascii")


@lru_cache(maxsize=8192)
def _read(run: str) -> str:
    """What has no letter of ASCII in it parts nothing: it becomes a mark."""
    letters = speaking_letters()
    return "".join(letters.get(char, "\x01") for char in run)


def folded(text: str) -> str:
    """Letters without their accents, in ASCII; other signs become "?" or vanish."""
    return text if text.isascii() else _NOT_ASCII.sub(lambda m: _fold_run(m[0]), text)


def _fold_run(run: str) -> str:
    return "".join(map(fold_char, run))


@cache
def speaking_codes() -> tuple[int, ...]:
    """Code points outside ASCII that folding reads as a letter or digit, ascending."""
    return tuple(
        code
        for first, last in _SPEAKING_BLOCKS
        for code in range(first, last + 1)
        if fold_char(chr(code)).isalnum() and chr(code) not in BESIDE
    )


@cache
def speaking_letters() -> Mapping[str, str]:
    """Signs outside ASCII and how they are read."""
    signs = {chr(code): fold_char(chr(code)) for code in speaking_codes()}
    quotes = dict.fromkeys("\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u00ab\u00bb", '"')
    return signs | quotes | {"\u00a7": " section "}


#: Where in Unicode they are.
_SPEAKING_BLOCKS = (
    (0x80, 0x2FF), (0x1D00, 0x1EFF), (0x2070, 0x24FF), (0x2C60, 0x2C7F), (0x3200, 0x33FF),
    (0xA7F0, 0xA7FF), (0xFB00, 0xFB06), (0xFF10, 0xFF5A), (0x10780, 0x107BF),
    (0x1D400, 0x1D7FF), (0x1F100, 0x1F1FF), (0x1FBF0, 0x1FBF9),
)  # fmt: skip


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _unescaped(raw: bytes) -> bytes:
    r"""Letters that embedded data writes as \u0041, and its line breaks."""
    if b"\\" not in raw:
        return raw
    return _ESCAPE.sub(
        lambda m: chr(int(m[1], 16)).encode("utf-8", "ignore") if m[1] else b" ", raw
    )
