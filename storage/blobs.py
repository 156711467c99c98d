"""The archive: bodies by the SHA-256 of their bytes, compressed, on disk beside the database.

A body is on the disk, name and content synced, before a row names it. A crash leaves at most a
body that no row names, which the next prune removes, never a row without its body. Bodies of one
transaction can be written together at its end, so that each directory is synced once for them all.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Protocol

import zstandard

from monitor.domain.errors import StoreError
from monitor.domain.ident import BodyHash, body_hash
from storage.engine import translated

#: A tenth larger than level 6 at a fifth of its time.
LEVEL = 3
#: No body is larger than the largest that a fetch may bring; more is damage or an attack.
MAX_BODY_BYTES = 512 * 1024 * 1024
#: So much, packed, waits at most to be written together.
HELD_BYTES = 16 * 1024 * 1024
_ADDRESS = re.compile(r"[0-9a-f]{64}")
_PART = ".part"
#: Directories in which bodies lie: as they are written now, and as they once were.
_DEPTHS = ("??", "??/??")


class Archive(Protocol):
    """Bodies by address."""

    def put(self, body: bytes, address: BodyHash | None = None) -> BodyHash:
        """Keep the bytes; a body that is there already is left alone.

        `address` is given where it was made from these bytes before.
        """
        ...

    def together(self) -> AbstractContextManager[None]:
        """What this thread puts until its end is durable at its end; nothing of it after an error.

        Raises StoreFull, StoreError at the end. It may be entered again within.
        """
        ...

    def get(self, address: str) -> bytes | None:
        """The bytes, None when they are not there. Raises StoreError when they are damaged."""
        ...

    def remove(self, address: str) -> bool:
        """Drop a body; False when it was not there."""
        ...

    def addresses(self) -> Iterator[BodyHash]:
        """All bodies that are there, by address."""
        ...

    def sweep(self, before_s: float) -> int:
        """Remove what writers that died before this moment left; how much."""
        ...


class MemoryArchive:
    """Bodies in memory, for databases in memory."""

    def __init__(self) -> None:
        self._bodies: dict[str, bytes] = {}

    def put(self, body: bytes, address: BodyHash | None = None) -> BodyHash:
        """Keep the bytes compressed."""
        address = address or body_hash(body)
        if address not in self._bodies:
            self._bodies[address] = compress(body)
        return address

    def together(self) -> AbstractContextManager[None]:
        """Nothing is ever half there."""
        return nullcontext()

    def get(self, address: str) -> bytes | None:
        """The bytes, None when they are not there."""
        packed = self._bodies.get(address)
        return None if packed is None else decompress(packed)

    def remove(self, address: str) -> bool:
        """Drop a body."""
        return self._bodies.pop(address, None) is not None

    def addresses(self) -> Iterator[BodyHash]:
        """All bodies, by address."""
        return iter([BodyHash(address) for address in sorted(self._bodies)])

    def sweep(self, before_s: float) -> int:
        """Nothing is ever half there."""
        return 0


class _Packers(threading.local):
    """This thread's compressor: making one takes longer than packing a text with it."""

    packer: zstandard.ZstdCompressor | None = None


_PACKERS = _Packers()


class _Held(threading.local):
    """Packed bodies by address that wait for the end of this thread's transaction."""

    bodies: dict[str, bytes] | None = None


class DiskArchive:
    """Bodies as files: ``ROOT/ab/<address>.zst``.

    One level of directories: two would be a directory of its own, four kilobytes on the disk and
    two more waits for it, for nearly each body until there are some hundred thousand. Bodies that
    were written two levels deep (``ROOT/ab/cd/``) stay where they are and are found there.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._held = _Held()

    def path(self, address: str) -> Path:
        """Where a body lies. Raises StoreError for what is no address."""
        if not _ADDRESS.fullmatch(address):
            raise StoreError(f"{address!r} is no address of a body: it takes 64 hex digits")
        return self.root / address[:2] / f"{address}.zst"

    def _places(self, address: str) -> tuple[Path, Path]:
        """Where a body lies: as they are written now, and as they once were."""
        path = self.path(address)
        return path, path.parent / address[2:4] / path.name

    def put(self, body: bytes, address: BodyHash | None = None) -> BodyHash:
        """Write, sync, rename, sync the directory. Raises StoreFull, StoreError."""
        address = address or body_hash(body)
        held = self._held.bodies
        if (held and address in held) or any(path.exists() for path in self._places(address)):
            return address
        if held is None:
            self._write({address: compress(body)})
            return address
        held[address] = compress(body)
        if sum(map(len, held.values())) > HELD_BYTES:
            self._write(held)
            held.clear()
        return address

    @contextmanager
    def together(self) -> Iterator[None]:
        """What this thread puts until its end is written and synced at its end."""
        if self._held.bodies is not None:
            yield
            return
        held: dict[str, bytes] = {}
        self._held.bodies = held
        try:
            yield
            self._write(held)
        finally:
            self._held.bodies = None

    def _write(self, packed: Mapping[str, bytes]) -> None:
        files = {self.path(address): data for address, data in packed.items()}
        with translated(str(self.root)):
            _make_directories({path.parent for path in files})
            _write_synced(files)

    def get(self, address: str) -> bytes | None:
        """The bytes, proved against their address."""
        held = self._held.bodies
        if held and address in held:
            return decompress(held[address])
        packed = self.packed(address)
        if packed is None:
            return None
        body = decompress(packed)
        if hashlib.sha256(body).hexdigest() != address:
            raise StoreError(
                f"{self.path(address)}: the stored body is not the one captured; restore a backup"
            )
        return body

    def packed(self, address: str) -> bytes | None:
        """The bytes as they lie on the disk, not proved."""
        for path in self._places(address):
            with translated(str(self.root)), contextlib.suppress(FileNotFoundError):
                return path.read_bytes()
        return None

    def remove(self, address: str) -> bool:
        """Drop a body."""
        if self._held.bodies and self._held.bodies.pop(address, None) is not None:
            return True
        removed = False
        for path in self._places(address):
            with translated(str(self.root)), contextlib.suppress(FileNotFoundError):
                path.unlink()
                removed = True
        return removed

    def addresses(self) -> Iterator[BodyHash]:
        """All bodies, by address; half-written files of a crash are passed over."""
        found = {path.stem for depth in _DEPTHS for path in self.root.glob(f"{depth}/*.zst")}
        yield from (BodyHash(name) for name in sorted(found) if _ADDRESS.fullmatch(name))

    def sweep(self, before_s: float) -> int:
        """Remove half-written files that a crash left: those last written before this moment of
        the machine's clock (seconds since 1970), so that no process still writes them."""
        parts = (path for depth in _DEPTHS for path in self.root.glob(f"{depth}/*{_PART}"))
        found = [path for path in parts if _written_s(path) < before_s]
        for path in found:
            path.unlink(missing_ok=True)
        return len(found)


def _written_s(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # finished meanwhile
        return float("inf")


def compress(data: bytes) -> bytes:
    """One zstd frame with checksum."""
    packer = _PACKERS.packer
    if packer is None:
        packer = _PACKERS.packer = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
    return packer.compress(data)


def decompress(packed: bytes, limit_bytes: int = MAX_BODY_BYTES) -> bytes:
    """The bytes of a frame. Raises StoreError when it is damaged or claims more than the limit."""
    try:
        size = zstandard.frame_content_size(packed)
        if size > limit_bytes:
            raise StoreError(f"a stored body claims {size} bytes; the limit is {limit_bytes}")
        return zstandard.ZstdDecompressor().decompress(packed, max_output_size=limit_bytes)
    except zstandard.ZstdError as error:
        raise StoreError(f"a stored body is damaged ({error}); restore a backup") from error


def _make_directories(wanted: Iterable[Path]) -> None:
    """Make them and sync every directory in which one came into being."""
    missing: set[Path] = set()
    for directory in wanted:
        for path in (directory, *directory.parents):
            if path in missing or path.exists():
                break
            missing.add(path)
    for path in sorted(missing):  # a directory before what is in it
        path.mkdir(exist_ok=True, mode=0o700)
    for parent in sorted({path.parent for path in missing}):
        sync_directory(parent)


def _write_synced(files: Mapping[Path, bytes]) -> None:
    """Write all, sync all, give them their names, sync their directories."""
    parts: dict[Path, Path] = {}
    try:
        for path, data in files.items():
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.stem}.", suffix=_PART)
            parts[path] = Path(name)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
        for part in parts.values():
            _sync(part)
        for path, part in parts.items():
            _into_place(part, path)
    except BaseException:
        for part in parts.values():
            with contextlib.suppress(OSError):
                part.unlink()
        raise
    for directory in {path.parent for path in files}:
        sync_directory(directory)
        _clear_up(directory, {path.stem for path in files})


def _clear_up(directory: Path, addresses: set[str]) -> None:
    """Remove what a process left that was killed while it wrote one of these bodies."""
    for name in os.listdir(directory):
        if name.endswith(_PART) and name.partition(".")[0] in addresses:
            (directory / name).unlink(missing_ok=True)


def _into_place(part: Path, path: Path) -> None:
    try:
        part.replace(path)
    except FileNotFoundError:  # another process put the same body and cleared up after itself
        if not path.exists():
            raise


def sync_directory(directory: Path) -> None:
    """Make a rename in the directory durable."""
    _sync(directory)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def put_all(archive: Archive, bodies: Iterable[bytes]) -> None:
    """Keep all of them."""
    for body in bodies:
        archive.put(body)
