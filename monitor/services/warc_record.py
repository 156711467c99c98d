"""One WARC record to the page it holds (ISO 28500:2017); what is no page gives None."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
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


def page_of(record: bytes) -> ArchivedPage | None:
    """The page in a response, resource or conversion record, None for anything else."""
    head, _, content = record.partition(b"\r\n\r\n")
    fields = _fields(head)
    kind = fields.get("warc-type")
    url = fields.get("warc-target-uri", "").strip("<>")
    captured_at = _moment(fields.get("warc-date", ""))
    if captured_at is None or not url.startswith(("http://", "https://")):
        return None
    if kind == "response":
        return _from_response(url, captured_at, content)
    media_type = fields.get("content-type", "").partition(";")[0].strip().lower()
    if kind in ("resource", "conversion") and media_type in _TEXTUAL:
        return ArchivedPage(
            url=url, captured_at=captured_at, body=content, media_type=media_type or "text/plain"
        )
    return None


def _from_response(url: str, captured_at: datetime, content: bytes) -> ArchivedPage | None:
    head, _, body = content.partition(b"\r\n\r\n")
    status = _STATUS.match(head)
    if status is None or status[1] != b"200":
        return None
    fields = _fields(head)
    named = fields.get("content-type", "")
    media_type = named.partition(";")[0].strip().lower()
    if media_type not in _TEXTUAL:
        return None
    unpacked = _unpacked(body, fields)
    if not unpacked:
        return None
    charset = _CHARSET.search(named)
    return ArchivedPage(
        url=url,
        captured_at=captured_at,
        body=unpacked,
        media_type=media_type or "text/html",
        charset=charset[1].lower() if charset else None,
        headers=tuple((n, v) for n, v in fields.items() if n in ("content-type", "last-modified")),
    )


def _fields(head: bytes) -> dict[str, str]:
    """Header fields by lower-case name; of a repeated one the last."""
    found = {}
    for line in head.split(b"\r\n")[1:]:
        name, separator, value = line.partition(b":")
        if separator:
            found[name.strip().decode("latin-1").lower()] = value.strip().decode("utf-8", "replace")
    return found


def _moment(text: str) -> datetime | None:
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)


def _unpacked(body: bytes, fields: dict[str, str]) -> bytes | None:
    """Transfer and content coding undone; archives differ in whether they are still there."""
    if "chunked" in fields.get("transfer-encoding", "").lower():
        body = _joined(body)
    coding = fields.get("content-encoding", "").strip().lower()
    try:
        match coding:
            case "gzip" | "x-gzip" if body.startswith(b"\x1f\x8b"):
                return zlib.decompressobj(31).decompress(body, MAX_RECORD_BYTES)
            case "deflate" if body[:1] == b"\x78":
                return zlib.decompressobj().decompress(body, MAX_RECORD_BYTES)
            case "br":
                return _from_brotli(body)
            case "zstd" if body.startswith(b"\x28\xb5\x2f\xfd"):
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
