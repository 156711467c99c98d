"""The content of a large feeds.yaml as it was read last, so that a start need not parse it again.

One file in the data directory, found by the digest of the text; everything in it is checked like
the file itself. What is damaged, of another text or of another version is not there; what cannot
be written is not kept. Small files are read faster than they are looked up.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

import yaml

from monitor.catalogue.document import FORMAT, Document, kept, restored

#: From so many characters on reading costs more than all else of a start.
LARGE_CHARS = 100_000
NAME = "catalogue.read"


def remembered(directory: Path, text: str, file_name: str) -> Document | None:
    """The document of this text; None where it is not kept."""
    if len(text) < LARGE_CHARS:
        return None
    try:
        mark, _, body = (directory / NAME).read_bytes().partition(b"\n")
        if mark != _mark(text, body):
            return None
        return restored(body.decode(), text, file_name)
    except (OSError, ValueError):
        return None


def remember(directory: Path, document: Document) -> None:
    """Keep what was read; the file is whole or the one before."""
    if len(document.text) < LARGE_CHARS:
        return
    body = kept(document).encode()
    part = directory / f"{NAME}.new"  # two that write at once spoil the file, which its mark shows
    with suppress(OSError):
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)  # its owner's alone
        with os.fdopen(handle, "wb") as file:
            file.write(_mark(document.text, body) + b"\n" + body)
        part.replace(directory / NAME)


def _mark(text: str, body: bytes) -> bytes:
    """Of the text, of what reads it, and of what was read: a file cut short has another one."""
    digest = hashlib.sha256(f"{FORMAT} {yaml.__version__} {len(text)}\n{text}".encode())
    digest.update(body)
    return digest.hexdigest().encode()
