"""A feed's bytes so that what is searched in them is what the parser reads.

The parser believes byte order marks, XML declarations and headers, and knows encodings in which
markup has no ASCII form (UTF-16 without a mark, UTF-7, EBCDIC): a DOCTYPE could hide in one. It
also searches the first line for an encoding in cubic time.
"""

from __future__ import annotations

import codecs
import re

#: What an XML declaration may take; what is longer is none.
_DECLARATION_BYTES = 400
_ENCODING = re.compile(rb"encoding\s*=\s*[\"']?([^\"'\s?>]*)", re.IGNORECASE)
_ASCII = bytes(range(0x20, 0x7F))
_EBCDIC = b"\x4c\x6f\xa7\x94"
_MARKS = (
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
)
#: Which of the first four bytes are NUL where no mark tells (XML 1.0, appendix F).
_PATTERNS = {
    b"\1\1\1\0": "utf-32-be",
    b"\0\1\1\1": "utf-32-le",
    b"\1\0\1\0": "utf-16-be",
    b"\0\1\0\1": "utf-16-le",
}


def plain_bytes(body: bytes, charset: str | None) -> tuple[bytes, str | None]:
    """The feed in an encoding whose markup is ASCII, and the charset to read it by.

    UTF-16, UTF-32 and EBCDIC become UTF-8; declared encodings that are no supersets of ASCII are
    not believed; the declaration stands on a line of its own.
    """
    wide = _wide(body)
    if wide is not None:
        mark, name = wide
        return _own_line(body[len(mark) :].decode(name, "replace").encode()), "utf-8"
    mark = codecs.BOM_UTF8 if body.startswith(codecs.BOM_UTF8) else b""
    believed = charset if charset and _superset_of_ascii(charset) else None
    return mark + _own_line(body[len(mark) :]), believed


def _wide(body: bytes) -> tuple[bytes, str] | None:
    """(mark, codec) of a feed in UTF-16, UTF-32 or EBCDIC."""
    for mark, name in _MARKS:
        if body.startswith(mark):
            return mark, name
    if body.startswith(_EBCDIC):
        return b"", "cp037"
    unmarked = _PATTERNS.get(bytes(byte == 0 for byte in body[:4]))
    return (b"", unmarked) if unmarked else None


def _own_line(body: bytes) -> bytes:
    """The body with its declaration, made harmless, on a line of its own."""
    if not body.startswith(b"<?"):
        return body
    end = body.find(b"?>", 0, _DECLARATION_BYTES)
    if end < 0:
        return b"<?\n" + body[2:]
    declaration = body[: end + 2].replace(b"\n", b" ")
    named = [found.decode("ascii", "replace") for found in _ENCODING.findall(declaration)]
    if len(named) > 1 or not all(_superset_of_ascii(name) for name in named):
        declaration = b'<?xml version="1.0"?>'
    return declaration + b"\n" + body[end + 2 :].removeprefix(b"\n")


def _superset_of_ascii(label: str) -> bool:
    """Whether ASCII bytes mean themselves; a label nobody knows is believed, as it is ignored."""
    try:
        return _ASCII.decode(label.strip().strip("\"'")) == _ASCII.decode("ascii")
    except LookupError:
        return True
    except (UnicodeError, ValueError):
        return False
