"""Hash chains over the log: one per source and one for people, and checkpoints over all of them.

A record's hash is SHA-256 over its predecessor's hash, its sequence, and its two stored texts as
they stand in the table; so any program can prove a chain with the texts alone. Nothing of a
subscriber is in a record.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from datetime import datetime

from monitor.domain.chain import START, link_hash, text_hash
from monitor.domain.event import Record
from storage.codec import canonical, decoded, encoder, moment_text

__all__ = [
    "START",
    "Link",
    "checkpoint_text",
    "link_hash",
    "record_of",
    "record_texts",
    "text_hash",
]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """The end of a chain: sequence and hash of its newest record, and how many there are."""

    sequence: int = 0
    hash: str = START
    length: int = 0


def record_texts(record: Record) -> tuple[str, str]:
    """(event, rest): the canonical texts of a record as they are stored and hashed.

    The rest holds no sequence and no hashes, so that it is the same wherever the record stands.
    """
    bare = dataclasses.replace(record, sequence=0, previous_hash="", hash="")
    tree = encoder(Record)(bare)
    event = tree.pop("event")
    return canonical(event), canonical(tree)


def record_of(event: str, rest: str, *, sequence: int, previous_hash: str, hash: str) -> Record:
    """The record of its stored texts. Raises StoreError for texts of no record."""
    return decoded(
        Record,
        lambda: (
            json.loads(rest)
            | {
                "event": json.loads(event),
                "sequence": sequence,
                "previous_hash": previous_hash,
                "hash": hash,
            }
        ),
    )


def checkpoint_text(previous_hash: str, at: datetime, links: Iterable[tuple[str, Link]]) -> str:
    """The text whose SHA-256 is a checkpoint: the one before, the moment, every chain's end."""
    ends = [[name, link.sequence, link.length, link.hash] for name, link in sorted(links)]
    return canonical({"at": moment_text(at), "chains": ends, "previous": previous_hash})
