"""Which charset a body is in, and how that was decided; the decision is kept with the capture.

Order: byte order mark, the header's label, the document's own declaration, then a guess. A label
counts only if the bytes can be read with it; ISO-8859-1 and ASCII mean windows-1252, as in every
browser (Encoding Standard, encoding.spec.whatwg.org/#names-and-labels).
"""

from __future__ import annotations

import codecs
import re

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"),
         (codecs.BOM_UTF16_BE, "utf-16-be"))  # fmt: skip
_HEADER = re.compile(r"charset\s{0,9}=\s{0,9}[\"']?\s{0,9}([\w.:-]+)", re.IGNORECASE)
_META = re.compile(
    rb"<meta[^>]{0,300}?charset\s{0,9}=\s{0,9}[\"']?\s{0,9}([\w.:-]+)", re.IGNORECASE
)
_XML = re.compile(
    rb"^\s*<\?xml[^>]{0,200}?encoding\s{0,9}=\s{0,9}[\"']([\w.:-]+)[\"']", re.IGNORECASE
)
_DECLARATION_BYTES = 4_096
_GUESS_BYTES = 65_536
#: Codecs a server may name; Python knows others (utf-7, unicode_escape, zlib) that are no charsets.
_KNOWN = re.compile(
    r"utf-8|utf-16(-[lb]e)?|cp125[0-8]|cp866|cp874|cp932|cp949|iso8859-\d+|koi8-[ru]|"
    r"mac-roman|gb2312|gbk|gb18030|big5|shift_jis|euc[_-]jp|euc[_-]kr"
)
_TEXT_TYPES = ("text/", "application/xml", "application/json", "application/xhtml")
_BINARY_MAGIC = (b"%PDF", b"PK\x03\x04", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\xd0\xcf\x11\xe0")


def decide(body: bytes, content_type: str) -> tuple[str | None, str]:
    """(charset as a Python codec name, its origin: "bom", "header", "meta", "guess").

    (None, "") for binary content.
    """
    for mark, charset in _BOMS:
        if body.startswith(mark):
            return charset, "bom"
    if not _is_text(body, content_type):
        return None, ""
    named = _HEADER.search(content_type)
    if named and (fitting := _fitting(named[1], body)):
        return fitting, "header"
    head = body[:_DECLARATION_BYTES]
    declared = _XML.match(head) or _META.search(head)
    if declared and (fitting := _fitting(declared[1].decode("ascii", "replace"), body)):
        return fitting, "meta"
    return _guess(body), "guess"


def decoded(body: bytes, charset: str | None) -> str:
    """The body as text, damaged characters replaced; "" for binary."""
    if charset is None:
        return ""
    return body.decode(charset, "replace").removeprefix("\ufeff")


def _is_text(body: bytes, content_type: str) -> bool:
    if body.startswith(_BINARY_MAGIC):
        return False
    media = content_type.partition(";")[0].strip().lower()
    if media.startswith(_TEXT_TYPES) or media.endswith(("+xml", "+json")):
        return True
    return b"\x00" not in body[:_DECLARATION_BYTES]


def _fitting(label: str, body: bytes) -> str | None:
    """The codec of a label, when it is a charset and reads these bytes."""
    try:
        name = codecs.lookup(label.strip()).name
    except (LookupError, ValueError):
        return None
    if name in ("iso8859-1", "ascii"):
        # Single-byte labels read anything; bytes that are sound UTF-8 beyond ASCII are not
        # there by chance, the label is a server's default.
        return "utf-8" if not body.isascii() and _reads("utf-8", body) else "cp1252"
    return name if _KNOWN.fullmatch(name) and _reads(name, body) else None


def _reads(charset: str, body: bytes) -> bool:
    try:
        body.decode(charset)
    except (UnicodeDecodeError, LookupError):
        return False
    return True


def _guess(body: bytes) -> str:
    """UTF-8, then windows-1252 (what undeclared English and Spanish pages are), then by letters."""
    for charset in ("utf-8", "cp1252"):
        if _reads(charset, body):
            return charset
    from charset_normalizer import from_bytes  # noqa: PLC0415  # 5 MB, and few bodies need a guess

    best = from_bytes(body[:_GUESS_BYTES]).best()
    name = codecs.lookup(best.encoding).name if best else "cp1252"
    return name if _KNOWN.fullmatch(name) and _reads(name, body) else "cp1252"
