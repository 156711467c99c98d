"""A file of JSON lines in the data directory: for archives, other programs and trying out.

A line is found again by its delivery id; a torn last line, left by a crash, is closed before the
next one is written and counts as not delivered.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from monitor.domain.subscription import (
    CannotAsk,
    Delivery,
    Found,
    Gone,
    Lookup,
    NotFound,
    SendOutcome,
    Sent,
    Transient,
)
from monitor.kinds import ChannelKind, Options
from monitor.notify.envelope import envelope


class FileOptions(Options):
    """Where files may be written."""

    directory: Path = Path("var/outgoing")  #: destinations are names of files in it


@dataclass(slots=True)
class FileChannel:
    """Appends one JSON line per delivery."""

    options: FileOptions
    name: str = "file"
    can_ask: bool = True
    can_edit: bool = False

    def send(self, delivery: Delivery, message: object) -> SendOutcome:
        """Append the line and wait until it is on the disk."""
        path = self._path(delivery)
        if path is None:
            return Gone(reason=f"{delivery.destination!r} is no plain file name")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _append(path, payload(delivery, message))
        except OSError as error:
            return Transient(reason=f"cannot write {path.name}: {error.strerror}")
        return Sent(external_id=path.name)

    def find(self, delivery: Delivery) -> Lookup:
        """Whether a whole line carries the delivery's id."""
        path = self._path(delivery)
        if path is None:
            return NotFound()
        try:
            with path.open("rb") as file:
                found = any(_carries(line, delivery.id) for line in file)
        except FileNotFoundError:
            return NotFound()
        except OSError as error:
            return CannotAsk(reason=f"cannot read {path.name}: {error.strerror}", later=True)
        return Found(external_id=path.name) if found else NotFound()

    def _path(self, delivery: Delivery) -> Path | None:
        name = delivery.destination
        if not name or name in (".", "..") or set("/\\\0") & set(name):
            return None
        return self.options.directory / name


def payload(delivery: Delivery, message: object) -> bytes:
    """The line: the envelope of docs/webhook.schema.json, ASCII, ending in a line break."""
    return json.dumps(envelope(delivery, message), sort_keys=True).encode() + b"\n"


def _append(path: Path, line: bytes) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        size = os.fstat(descriptor).st_size
        torn = size and os.pread(descriptor, 1, size - 1) != b"\n"
        os.write(descriptor, b"\n" + line if torn else line)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _carries(line: bytes, delivery_id: str) -> bool:
    if not line.endswith(b"\n") or delivery_id.encode() not in line:
        return False
    try:
        return bool(json.loads(line).get("id") == delivery_id)
    except ValueError:
        return False


KIND = ChannelKind(
    name="file",
    summary="Appends one JSON line per message to a file in the data directory.",
    options=FileOptions,
    open=FileChannel,
    example="channel: file\ndestination: alerts.jsonl\n",
)
