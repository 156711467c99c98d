"""Identifiers: content ids over length-prefixed parts; no random ids anywhere."""

from __future__ import annotations

import hashlib
from typing import NewType

SourceId = NewType("SourceId", str)  #: the `id:` of a block in feeds.yaml
SnapshotId = NewType("SnapshotId", str)
ItemId = NewType("ItemId", str)
ClaimId = NewType("ClaimId", str)
EventId = NewType("EventId", str)
RecordId = NewType("RecordId", str)
SubscriptionId = NewType("SubscriptionId", str)
DeliveryId = NewType("DeliveryId", str)
BodyHash = NewType("BodyHash", str)  #: SHA-256 (hex) of bytes as received


def content_id(*parts: str) -> str:
    """32 hex digits of SHA-256 over the parts, each prefixed by its byte length."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode()
        digest.update(str(len(data)).encode() + b":" + data)
    return digest.hexdigest()[:32]


def body_hash(body: bytes) -> BodyHash:
    """The address of a body in the archive."""
    return BodyHash(hashlib.sha256(body).hexdigest())
