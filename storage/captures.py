"""A capture as it is stored: its text in the database, its bytes in the archive."""

from __future__ import annotations

import dataclasses
import json

from monitor.domain.snapshot import Snapshot
from storage.codec import canonical, decoded, encoder


def snapshot_of(text: str, body: bytes) -> Snapshot:
    """The capture whose stored text this is, with its bytes."""
    bare = decoded(Snapshot, lambda: json.loads(text) | {"body": ""})
    return dataclasses.replace(bare, body=body)


def snapshot_text(snapshot: Snapshot) -> str:
    """Canonical JSON of a capture without its bytes."""
    tree = encoder(Snapshot)(dataclasses.replace(snapshot, body=b""))
    del tree["body"]
    return canonical(tree)
