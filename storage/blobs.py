"""The archive: bodies by the SHA-256 of their bytes, compressed, on disk beside the database.

A body is on the disk, name and content synced, before a row names it. A crash leaves at most a
body that no row names, which the next prune removes, never a row without its body.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
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
_ADDRESS = re.compile(r"[0-9a-f]{64}")
_PART = ".part"


class Archive(Protocol):
    """Bodies by address."""

    def put(self, body: bytes) -> BodyHash:
        """Keep the bytes; a body that is there already is left alone."""
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

    def put(self, body: bytes) -> BodyHash:
        """Keep the bytes compressed."""
        address = body_hash(body)
        if address not in self._bodies:
            self._bodies[address] = compress(body)
        return address

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


class DiskArchive:
    """Bodies as files: ``ROOT/ab/cd/<address>.zst``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, address: str) -> Path:
        """Where a body lies. Raises StoreError for what is no address."""
        if not _ADDRESS.fullmatch(address):
            raise StoreError(f"{address!r} is no address of a body: it takes 64 hex digits")
        return self.root / address[:2] / address[2:4] / f"{address}.zst"

    def put(self, body: bytes) -> BodyHash:
        """Write, sync, rename, sync the directory. Raises StoreFull, StoreError."""
        address = body_hash(body)
        path = self.path(address)
        if path.exists():
            return address
        with translated(str(self.root)):
            _make_directory(path.parent, self.root)
            _write_synced(path, compress(body))
        return address

    def get(self, address: str) -> bytes | None:
        """The bytes, proved against their address."""
        path = self.path(address)
        with translated(str(self.root)):
            try:
                packed = path.read_bytes()
            except FileNotFoundError:
                return None
        body = decompress(packed)
        if hashlib.sha256(body).hexdigest() != address:
            raise StoreError(f"{path}: the stored body is not the one captured; restore a backup")
        return body

    def remove(self, address: str) -> bool:
        """Drop a body."""
        with translated(str(self.root)):
            try:
                self.path(address).unlink()
            except FileNotFoundError:
                return False
        return True

    def addresses(self) -> Iterator[BodyHash]:
        """All bodies, by address; half-written files of a crash are passed over."""
        for path in sorted(self.root.glob("??/??/*.zst")):
            if _ADDRESS.fullmatch(path.stem):
                yield BodyHash(path.stem)

    def sweep(self, before_s: float) -> int:
        """Remove half-written files that a crash left: those last written before this moment of
        the machine's clock (seconds since 1970), so that no process still writes them."""
        found = [path for path in self.root.glob(f"??/??/*{_PART}") if _written_s(path) < before_s]
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
    return zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compress(data)


def decompress(packed: bytes, limit_bytes: int = MAX_BODY_BYTES) -> bytes:
    """The bytes of a frame. Raises StoreError when it is damaged or claims more than the limit."""
    try:
        size = zstandard.frame_content_size(packed)
        if size > limit_bytes:
            raise StoreError(f"a stored body claims {size} bytes; the limit is {limit_bytes}")
        return zstandard.ZstdDecompressor().decompress(packed, max_output_size=limit_bytes)
    except zstandard.ZstdError as error:
        raise StoreError(f"a stored body is damaged ({error}); restore a backup") from error


def _make_directory(directory: Path, root: Path) -> None:
    """Make it and sync every directory that came into being."""
    made: list[Path] = []
    at = directory
    while not at.exists():
        made.append(at)
        at = at.parent
    for path in reversed(made):
        path.mkdir(exist_ok=True, mode=0o700)
        sync_directory(path.parent)


def _write_synced(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.stem}.", suffix=_PART)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _into_place(Path(name), path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    sync_directory(path.parent)
    # What a process left that was killed while it wrote the same body.
    for left in path.parent.glob(f"{path.stem}.*{_PART}"):
        left.unlink(missing_ok=True)


def _into_place(part: Path, path: Path) -> None:
    try:
        part.replace(path)
    except FileNotFoundError:  # another process put the same body and cleared up after itself
        if not path.exists():
            raise


def sync_directory(directory: Path) -> None:
    """Make a rename in the directory durable."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def put_all(archive: Archive, bodies: Iterable[bytes]) -> None:
    """Keep all of them."""
    for body in bodies:
        archive.put(body)
