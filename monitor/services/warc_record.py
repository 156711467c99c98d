"""One WARC record to the page it holds (ISO 28500:2017); what is no page gives None."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import brotli
import zstandard

#: A record larger than this is no page that anybody reads.
MAX_RECORD_BYTES = 20_000_000
_MAX_HEAD = 64_000
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,15})", re.IGNORECASE)
_STATUS = re.compile(rb"HTTP/\d(?:\.\d)? +(\d{3})")
_CHARSET = re.compile(r"charset=[\"']?([A-Za-z0-9_.:-]{2,40})")
_KEPT = (b"content-type", b"last-modified")
_FIELD = re.compile(rb"\r\n[ \t]*([^:\r\n]*[^:\s])[ \t]*:[ \t]*([^\r\n]*)")
#: Header fields that say that the body is not as the server made it.
_CODED = frozenset({b"transfer-encoding", b"content-encoding"})
_TEXTUAL = ("text/html", "application/xhtml+xml", "application/pdf", "text/plain", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedPage:
    """A page as somebody captured it: its body, unpacked."""

    url: str
    captured_at: datetime
    body: bytes
    media_type: str = ""
    charset: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A page that is still where it was unpacked; most are looked at there and left."""

    url: str
    captured_at: datetime
    body: memoryview
    media_type: str
    charset: str | None = None
    headers: tuple[tuple[str, str], ...] = ()

    def page(self) -> ArchivedPage:
        """The page with its body copied out."""
        return ArchivedPage(
            url=self.url,
            captured_at=self.captured_at,
            body=bytes(self.body),
            media_type=self.media_type,
            charset=self.charset,
            headers=self.headers,
        )


def record_spans(block: bytes, *, whole: bool = True) -> Iterator[tuple[int, int]]:
    """(begin, end) of the records in a block; without `whole` an end may lie beyond the block."""
    at = block.find(b"WARC/1.")
    while at >= 0:
        head_end = block.find(b"\r\n\r\n", at, at + _MAX_HEAD)
        length = _LENGTH.search(block, at, head_end + 2) if head_end >= 0 else None
        if length is None:
            return
        end = head_end + 4 + int(length[1])
        if whole and end > len(block):
            end = len(block)
        yield at, end
        at = block.find(b"WARC/1.", end)


def page_of(block: bytes, start: int = 0, end: int | None = None) -> ArchivedPage | None:
    """The page in a response, resource or conversion record, None for anything else.

    The record is `block` from `start` to `end`; the page's body alone is copied out of it.
    """
    found = content_of(block, start, len(block) if end is None else end)
    return None if found is None else found.page()


def content_of(block: bytes, start: int, end: int) -> Content | None:
    """The same with the body where it stands."""
    fields, content = _fields(block, start, end)
    kind = fields.get(b"warc-type")
    url = _text(fields.get(b"warc-target-uri", b"")).strip("<>")
    captured_at = _moment(_text(fields.get(b"warc-date", b"")))
    if captured_at is None or not url.startswith(("http://", "https://")):
        return None
    if kind == b"response":
        return _from_response(url, captured_at, block, content, end)
    media_type = _media_type(fields)
    if kind in (b"resource", b"conversion") and media_type in _TEXTUAL:
        return Content(
            url=url,
            captured_at=captured_at,
            body=memoryview(block)[content:end],
            media_type=media_type or "text/plain",
        )
    return None


def _from_response(
    url: str, captured_at: datetime, block: bytes, start: int, end: int
) -> Content | None:
    status = _STATUS.match(block, start)
    if status is None or status[1] != b"200":
        return None
    fields, content = _fields(block, start, end)
    media_type = _media_type(fields)
    if media_type not in _TEXTUAL:
        return None
    body = memoryview(block)[content:end]
    if not _CODED.isdisjoint(fields):
        body = memoryview(_unpacked(bytes(body), fields) or b"")
    if not body:
        return None
    charset = _CHARSET.search(_text(fields.get(b"content-type", b"")))
    return Content(
        url=url,
        captured_at=captured_at,
        body=body,
        media_type=media_type or "text/html",
        charset=charset[1].lower() if charset else None,
        headers=tuple((_text(n), _text(fields[n])) for n in _KEPT if n in fields),
    )


def _fields(block: bytes, start: int, end: int) -> tuple[dict[bytes, bytes], int]:
    """(header fields by lower-case name, of a repeated one the last; where the content begins)."""
    head_end = block.find(b"\r\n\r\n", start, end)
    head_end = end if head_end < 0 else head_end
    found = _FIELD.findall(block, start, head_end)
    return {name.lower(): value.rstrip() for name, value in found}, min(head_end + 4, end)


def _media_type(fields: Mapping[bytes, bytes]) -> str:
    return _text(fields.get(b"content-type", b"").partition(b";")[0].strip().lower())


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _moment(text: str) -> datetime | None:
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)


def _unpacked(body: bytes, fields: Mapping[bytes, bytes]) -> bytes | None:
    """Transfer and content coding undone; archives differ in whether they are still there."""
    if b"chunked" in fields.get(b"transfer-encoding", b"").lower():
        body = _joined(body)
    coding = fields.get(b"content-encoding", b"").lower()
    try:
        match coding:
            case b"gzip" | b"x-gzip" if body.startswith(b"\x1f\x8b"):
                return zlib.decompressobj(31).decompress(body, MAX_RECORD_BYTES)
            case b"deflate" if body[:1] == b"\x78":
                return zlib.decompressobj().decompress(body, MAX_RECORD_BYTES)
            case b"br":
                return _from_brotli(body)
            case b"zstd" if body.startswith(b"\x28\xb5\x2f\xfd"):
                reader = zstandard.ZstdDecompressor().stream_reader(body)
                return reader.read(MAX_RECORD_BYTES)
            case _:
                return body
    except (zlib.error, zstandard.ZstdError):
        return None


def _from_brotli(body: bytes) -> bytes:
    try:
        unpacked: bytes = brotli.Decompressor().process(body, output_buffer_limit=MAX_RECORD_BYTES)
    except brotli.error:
        return body  # unpacked by whoever wrote the archive, the header left as it was
    return unpacked


def _joined(body: bytes) -> bytes:
    """The chunks of a chunked body; a body that is none (any more) as it is."""
    pieces: list[bytes] = []
    at = 0
    while True:
        line_end = body.find(b"\r\n", at, at + 20)
        try:
            size = int(body[at:line_end].partition(b";")[0], 16) if line_end > 0 else -1
        except ValueError:
            size = -1
        if size < 0:
            return b"".join(pieces) or body
        if size == 0:
            return b"".join(pieces)
        pieces.append(body[line_end + 2 : line_end + 2 + size])
        at = line_end + 2 + size + 2
