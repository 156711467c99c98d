"""Archives of web pages on disk: WARC files and saved folders, read in parts of bounded size.

A part of a WARC file is a range of bytes: a record belongs to the part in which it begins, so parts
can be read by different processes and together give every record once. A part of a folder is a
range in the sorted list of its files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from isal import igzip_lib, isal_zlib

from monitor.services.warc_record import MAX_RECORD_BYTES, ArchivedPage, content_of, record_spans

#: Compressed bytes, or files, of one part.
PART_BYTES = 8_000_000
PART_FILES = 200
_CHUNK = 1 << 16
#: So much of a packed file is held. A member is given to the unpacker in pieces of twice the size
#: of the one before: two pieces are joined again, and what it leaves of one is copied.
_WINDOW = 1 << 20
_LEAST_PIECE = 1 << 13
_GZIP = b"\x1f\x8b\x08"
_Broken: type[Exception] = igzip_lib.IsalError  # type: ignore[assignment]  # its stub is wrong
_GZIP_BITS = 31  #: a gzip member with its header and checksum
_WARC = b"WARC/1."
_PAGES = (".html", ".htm", ".xhtml", ".pdf", ".txt")
_MEDIA = {".pdf": "application/pdf", ".txt": "text/plain"}
_SAVED_FROM = re.compile(rb"<!--\s*saved from url=\(\d+\)(https?://[^\s>]{4,2000})")
_HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One bounded piece of an archive: bytes [start, end) of a WARC file, or files of a folder."""

    archive: str
    start: int
    end: int


def is_warc(path: Path) -> bool:
    """Whether the name is that of a WARC file."""
    return path.name.endswith((".warc", ".warc.gz"))


def parts_of(path: Path) -> tuple[Part, ...]:
    """The parts of a WARC file or folder, in order. Raises OSError."""
    if not is_warc(path):
        return _cut(path, len(saved_files(path)), PART_FILES)
    size = path.stat().st_size
    return _cut(path, size, size if _is_one_member(path) else PART_BYTES)


def _cut(path: Path, size: int, step: int) -> tuple[Part, ...]:
    return pieces(Part(archive=str(path.resolve()), start=0, end=size), step)


def halves(part: Part) -> tuple[Part, ...]:
    """The part as two smaller ones; nothing when it is as small as a record."""
    smallest = _CHUNK if is_warc(Path(part.archive)) else 1
    found = pieces(part, max(smallest, (part.end - part.start + 1) // 2))
    return found if len(found) > 1 else ()


def pieces(part: Part, size: int) -> tuple[Part, ...]:
    """The part as smaller ones of at most so many bytes or files, in order."""
    return tuple(
        Part(archive=part.archive, start=at, end=min(at + size, part.end))
        for at in range(part.start, part.end, max(1, size))
    )


def saved_files(folder: Path) -> list[Path]:
    """The pages in a folder and below it, sorted by path."""
    return sorted(p for p in folder.rglob("*") if p.suffix.lower() in _PAGES and p.is_file())


#: Whether a page is wanted, by its bytes, which it must not keep.
Wanted = Callable[[memoryview], bool]


def pages_of(part: Part) -> Iterator[ArchivedPage | str]:
    """The pages of a part; a string is a problem with what stands there. Raises OSError."""
    return (page for page in wanted_pages_of(part, _any) if page is not None)


def _any(_body: memoryview) -> bool:
    return True


def wanted_pages_of(part: Part, wanted: Wanted) -> Iterator[ArchivedPage | str | None]:
    """The same, None for a page that is not wanted: it is looked at where it was unpacked."""
    path = Path(part.archive)
    if not is_warc(path):
        for file in saved_files(path)[part.start : part.end]:
            page = _saved_page(path, file)
            unwanted = isinstance(page, ArchivedPage) and not wanted(memoryview(page.body))
            yield None if unwanted else page
        return
    with path.open("rb") as stream:
        blocks = (
            _members(stream, part.start, part.end)
            if path.suffix == ".gz"
            else _plain(stream, part.start, part.end)
        )
        for block in blocks:
            for start, end in record_spans(block):
                found = content_of(block, start, end)
                if found is not None:
                    yield found.page() if wanted(found.body) else None


def _members(stream: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    """What the gzip members that begin in [start, end) hold, one by one; damaged ones are left."""
    at = _member_from(stream, start, end)
    while at is not None and at < end:
        packed = _Packed(stream, at)
        while packed.at < end:
            content = packed.member()
            if content is None:
                break
            yield content
        else:
            return
        at = _member_from(stream, packed.at + 1, end)


class _Packed:
    """A packed file, read member by member; `at` is where the next one begins."""

    def __init__(self, stream: BinaryIO, at: int) -> None:
        stream.seek(at)
        self.at = at
        self._stream = stream
        self._window = memoryview(b"")
        self._read = 0  #: so much of the window belongs to members that were read
        self._piece = _LEAST_PIECE

    def member(self) -> bytes | None:
        """What it holds, of one that holds more than any page the beginning; None for none."""
        inflating = _member()
        pieces: list[bytes] = []
        size = used = 0
        try:
            while not inflating.eof:
                data = self._next()
                if not data:
                    return None
                used += len(data)
                piece = inflating.decompress(data)
                size += len(piece)
                if size <= MAX_RECORD_BYTES:
                    pieces.append(piece)
        except _Broken:
            return None
        beyond = len(inflating.unused_data)
        self._read -= beyond
        self.at += used - beyond
        self._piece = max(_LEAST_PIECE, 2 * (used - beyond))
        return b"".join(pieces)

    def _next(self) -> memoryview:
        """The next piece of the file; empty at its end."""
        if self._read == len(self._window):
            self._window, self._read = memoryview(self._stream.read(_WINDOW)), 0
        piece = self._window[self._read : self._read + self._piece]
        self._read += len(piece)
        return piece


def _member() -> isal_zlib.Decompress:
    return isal_zlib.decompressobj(wbits=_GZIP_BITS)


def _member_from(stream: BinaryIO, start: int, end: int) -> int | None:
    """Where the first member that begins in [start, end) and holds a WARC record begins."""
    at = start
    while at < end:
        stream.seek(at)
        window = stream.read(1 << 20)
        if len(window) < len(_GZIP):
            return None
        found = window.find(_GZIP)
        while found >= 0 and at + found < end:
            if _starts_record(stream, at + found):
                return at + found
            found = window.find(_GZIP, found + 1)
        at += len(window) - len(_GZIP) + 1
    return None


def _starts_record(stream: BinaryIO, at: int) -> bool:
    stream.seek(at)
    try:
        return _member().decompress(stream.read(1024), 64).startswith(_WARC)
    except _Broken:
        return False


def _is_one_member(path: Path) -> bool:
    """Whether the whole file was compressed at once; then it cannot be cut."""
    if path.suffix != ".gz":
        return False
    with path.open("rb") as stream:
        inflating = _member()
        try:
            head = inflating.decompress(stream.read(1 << 20), 4 << 20)
        except _Broken:
            return False
    return not inflating.eof and head.count(b"\r\n" + _WARC) > 1


def _plain(stream: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    """Records of an uncompressed file that begin in [start, end), one by one."""
    at = _record_from(stream, start, end)
    while at is not None and at < end:
        stream.seek(at)
        head = stream.read(_CHUNK)
        spans = list(record_spans(head, whole=False))
        if not spans:
            at = _record_from(stream, at + 1, end)
            continue
        length = spans[0][1]
        if length <= MAX_RECORD_BYTES:
            stream.seek(at)
            yield stream.read(length)
        at = _record_from(stream, at + length, end)


def _record_from(stream: BinaryIO, start: int, end: int) -> int | None:
    at = start
    while at < end:
        stream.seek(at)
        window = stream.read(1 << 20)
        if len(window) < len(_WARC):
            return None
        found = window.find(_WARC)
        if found >= 0:
            return at + found if at + found < end else None
        at += len(window) - len(_WARC) + 1
    return None


def _saved_page(folder: Path, file: Path) -> ArchivedPage | str:
    """A saved file; its address stands in it, or in its path as mirrors lay it out."""
    if file.stat().st_size > MAX_RECORD_BYTES:
        return f"{file}: larger than {MAX_RECORD_BYTES} bytes; not read"
    body = file.read_bytes()
    saved = _SAVED_FROM.search(body[:2048])
    relative = file.relative_to(folder).as_posix()
    host = next((p for p in relative.split("/")[:-1] if _HOST.fullmatch(p)), None)
    if saved:
        url = saved[1].decode("utf-8", "replace")
    elif host:
        url = "https://" + relative[relative.index(host) :]
    else:
        url = f"https://archive.invalid/{relative}"
    return ArchivedPage(
        url=url,
        captured_at=datetime.fromtimestamp(int(file.stat().st_mtime), UTC),
        body=body,
        media_type=_MEDIA.get(file.suffix.lower(), "text/html"),
    )


def count_pages(found: Iterable[ArchivedPage | str]) -> int:
    """How many pages there are, problems not counted."""
    return sum(isinstance(one, ArchivedPage) for one in found)
