"""Bytes to text: which character set, and what said so; decoding never fails."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(
    rb"""<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]+)|<meta[^>]*?charset\s*=\s*["']?\s*([\w.:-]+)""",
    re.IGNORECASE,
)
#: Labels that browsers read as another set (WHATWG Encoding, section 4.2).
_LABELS = {
    "iso-8859-1": "cp1252",
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "utf8": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    "x-sjis": "cp932",
    "shift_jis": "cp932",
    "gb2312": "gb18030",
    "gbk": "gb18030",
}
#: Python codecs for text that are no character sets of documents; some even run over bytes twice.
_NO_CHARSETS = frozenset({
    "utf-7", "utf_7", "unicode_escape", "raw_unicode_escape", "idna", "punycode", "undefined",
    "mbcs", "oem",
})  # fmt: skip
_SNIFF_BYTES = 4096
_GUESS_BYTES = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """Text and the rule that chose its character set: "bom", "header", "meta", "utf-8", "guess"."""

    text: str
    charset: str
    origin: str


def decoded(body: bytes, declared: str | None = None) -> Decoded:
    """The text of a document.

    Order (HTML, section 13.2.3): byte order mark, transport header (`declared`), declaration in
    the first 4 kB, strict UTF-8, a statistical guess, Windows-1252. A set that does not fit the
    bytes gives way to the next one; where none fits, wrong bytes become U+FFFD.
    """
    for mark, name in _BOMS:
        if body.startswith(mark):
            return Decoded(
                text=body[len(mark) :].decode(name, "replace"), charset=name, origin="bom"
            )
    candidates = ((declared, "header"), (_in_document(body), "meta"), ("utf-8", "utf-8"))
    for label, origin in candidates:
        text = _strict(body, label)
        if text is not None and label:
            return Decoded(text=text, charset=_codec(label) or "utf-8", origin=origin)
    return _guessed(body)


def _in_document(body: bytes) -> str | None:
    found = _DECLARED.search(body[:_SNIFF_BYTES])
    if found is None:
        return None
    label = (found.group(1) or found.group(2)).decode("ascii", "replace")
    # A declaration readable as ASCII cannot be UTF-16 (HTML, section 13.2.3.3).
    return "utf-8" if label.lower().startswith("utf-16") else label


def _codec(label: str | None) -> str | None:
    name = (label or "").strip().strip("\"'").lower()
    try:
        info = codecs.lookup(_LABELS.get(name, name))
    except (LookupError, ValueError):
        return None
    usable = getattr(info, "_is_text_encoding", True)
    return info.name if usable and info.name.replace("-", "_") not in _NO_CHARSETS else None


def _strict(body: bytes, label: str | None) -> str | None:
    name = _codec(label)
    if name is None:
        return None
    try:
        return body.decode(name)
    except (UnicodeError, ValueError):
        return None


def _guessed(body: bytes) -> Decoded:
    from charset_normalizer import from_bytes  # noqa: PLC0415  # seldom needed, slow to import

    best = from_bytes(body[:_GUESS_BYTES]).best()
    name = best.encoding if best is not None else "cp1252"
    return Decoded(text=body.decode(name, "replace"), charset=name, origin="guess")
