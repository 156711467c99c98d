"""The log's hash chains as anybody can prove them: from stored texts alone, without a store.

A record's hash is SHA-256 over its predecessor's hash, its sequence and its two stored texts; a
checkpoint is SHA-256 over a text that names the end of every chain and the checkpoint before.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from monitor.domain.ident import SnapshotId

#: What the first record of a chain, and the first checkpoint, follows.
START = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRecord:
    """A record as it stands in the table: the texts are what its hash binds."""

    sequence: int
    chain: str
    previous_hash: str
    hash: str
    event: str  #: canonical JSON of the event after the record
    body: str  #: canonical JSON of the rest


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCheckpoint:
    """A checkpoint as it stands in the table; `sequence` is the newest record that it covers."""

    number: int
    at: datetime
    sequence: int
    hash: str
    body: str  #: canonical JSON: at, chains as [name, sequence, length, hash], previous


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCapture:
    """A capture's stored text (everything but its bytes) and the SHA-256 it was stored under."""

    id: SnapshotId
    hash: str
    body: str


def link_hash(previous_hash: str, sequence: int, event: str, body: str) -> str:
    """SHA-256 (hex) over the four parts, each on its own line."""
    data = f"{previous_hash}\n{sequence}\n{event}\n{body}\n"
    return hashlib.sha256(data.encode()).hexdigest()


def text_hash(text: str) -> str:
    """SHA-256 (hex) of a text."""
    return hashlib.sha256(text.encode()).hexdigest()
