"""A restore that was killed can be run again.

While bodies and database are put in place, a mark in the data directory says that what stands
there is unfinished; the program refuses to begin work on it. The database comes last and in one
step, so a restore that finds its own mark knows where the killed one ended.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from monitor.domain.errors import StoreError
from storage.blobs import sync_directory

MARK = ".restoring"


@contextmanager
def scratch(place: Path) -> Iterator[Path]:
    """An empty directory, held by one process and removed at the end; leftovers of a killed one go.

    Raises StoreError while another process holds it.
    """
    place.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(place, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreError(f"{place}: another process works there; wait until it ends") from error
        _empty(place)
        try:
            yield place
        finally:
            _empty(place)
            with contextlib.suppress(OSError):
                place.rmdir()
    finally:
        os.close(handle)


def _empty(place: Path) -> None:
    for left in place.iterdir():
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left)
        else:
            left.unlink()


def require_finished(data_dir: Path) -> None:
    """Raises StoreError where a restore into the directory was interrupted."""
    if (data_dir / MARK).exists():
        raise StoreError(
            f"{data_dir}: a restore into it was interrupted; run the same `monitor restore` again, "
            "it goes on where it ended"
        )


def begun(data_dir: Path, digest: str) -> bool:
    """Whether a restore of the same backup was interrupted here. Raises StoreError for another."""
    try:
        found = (data_dir / MARK).read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return False
    if found not in ("", digest):  # empty: killed while the mark was written, nothing is in place
        raise StoreError(
            f"{data_dir}: the restore of another backup was interrupted here; run that one again, "
            f"or empty the directory and its database"
        )
    return True


@contextmanager
def unfinished(data_dir: Path, digest: str) -> Iterator[None]:
    """The mark, from before the first thing is put in place until after the last, durably."""
    mark = data_dir / MARK
    handle = os.open(mark, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(digest)
        file.flush()
        os.fsync(file.fileno())
    sync_directory(data_dir)
    yield
    mark.unlink()
    sync_directory(data_dir)
