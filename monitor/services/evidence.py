"""Evidence bundles: everything an event rests on in one file that proves itself without us.

`gather` reads the store, `write` makes the file's bytes, `problems` proves such a file offline.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.domain.chain import StoredCapture, StoredCheckpoint, StoredRecord
from monitor.domain.errors import MonitorError
from monitor.domain.event import Event, Record
from monitor.domain.ident import EventId, SnapshotId
from monitor.domain.item import Item, Revision
from monitor.domain.snapshot import Snapshot
from monitor.resolve.ladder import SEEN_IN
from monitor.services import warc
from monitor.services.bundle import pack, sealed
from monitor.services.cover import html_cover, text_cover
from monitor.stores import Store

#: Records between one of the event and its checkpoint that a bundle carries for each of them.
MAX_BRIDGE = 20_000
WARNING = (
    "The captures in this bundle are copies of other people's publications, kept as evidence and "
    "sealed: they may hold personal data and protected works. Do not publish them; quote at most "
    "what is needed."
)


class NoEvidence(MonitorError):
    """There is nothing to bundle; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What a bundle is made of."""

    event: Event
    records: tuple[Record, ...]
    stored: tuple[StoredRecord, ...]  #: those of the event
    bridges: tuple[StoredRecord, ...]  #: those that lead from them to their checkpoints
    checkpoints: tuple[StoredCheckpoint, ...]
    snapshots: tuple[Snapshot, ...]
    captures: tuple[StoredCapture, ...]
    missing: tuple[str, ...]  #: snapshots whose bytes are not in the archive
    revisions: tuple[Revision, ...]

    @property
    def uncovered(self) -> int:
        """Records that no checkpoint covers yet."""
        last = max((mark.sequence for mark in self.checkpoints), default=0)
        return sum(record.sequence > last for record in self.stored)


def gather(store: Store, event_id: str) -> Gathered:
    """All that the log and the archive hold of an event. Raises NoEvidence for an unknown one."""
    event = store.event(EventId(event_id))
    if event is None:
        raise NoEvidence(f"no event {event_id!r}; `monitor events` lists them with their ids")
    stored = _all_of(store, event.id)
    checkpoints = _checkpoints(store, stored)
    records = tuple(store.records(event_id=event.id, limit=len(stored)))
    ids = dict.fromkeys(id for record in records for id in _captures(record))
    found = {i: store.snapshot(i) for i in ids}
    captures = [store.stored_capture(i) for i in ids]
    return Gathered(
        event=event,
        records=records,
        stored=stored,
        bridges=_bridges(store, stored, checkpoints),
        checkpoints=checkpoints,
        snapshots=tuple(s for s in found.values() if s is not None),
        captures=tuple(capture for capture in captures if capture is not None),
        missing=tuple(i for i, snapshot in found.items() if snapshot is None),
        revisions=_revisions(store, records),
    )


def _captures(record: Record) -> Iterator[SnapshotId]:
    """What the event rests on after it, and what shows that a source took its words back."""
    yield from (SnapshotId(evidence.snapshot_id) for evidence in record.event.evidence)
    yield from (SnapshotId(now) for name, _, now in record.changed if name == SEEN_IN)


def _all_of(store: Store, event_id: EventId) -> tuple[StoredRecord, ...]:
    found: list[StoredRecord] = []
    while True:
        after = found[-1].sequence if found else 0
        page = store.stored_records(event_id=event_id, after_sequence=after)
        found += page
        if len(page) < 1000:
            return tuple(found)


def _checkpoints(store: Store, stored: Sequence[StoredRecord]) -> tuple[StoredCheckpoint, ...]:
    found: dict[int, StoredCheckpoint] = {}
    for record in stored:
        covered = any(mark.sequence >= record.sequence for mark in found.values())
        mark = None if covered else store.checkpoint_covering(record.sequence)
        if mark is not None:
            found[mark.number] = mark
    return tuple(found.values())


def _bridges(
    store: Store, stored: Sequence[StoredRecord], marks: Sequence[StoredCheckpoint]
) -> tuple[StoredRecord, ...]:
    """The records of the same chains from each record to the checkpoint that covers it."""
    own = {record.sequence for record in stored}
    found: dict[int, StoredRecord] = {}
    for record in stored:
        mark = next((m for m in marks if m.sequence >= record.sequence), None)
        after, room = record.sequence, MAX_BRIDGE
        while mark is not None and after < mark.sequence and room > 0:
            page = store.stored_records(chain=record.chain, after_sequence=after)
            fresh = [r for r in page if r.sequence <= mark.sequence]
            found |= {r.sequence: r for r in fresh if r.sequence not in own}
            room -= len(fresh)
            if len(fresh) < len(page) or not page:
                break
            after = page[-1].sequence
    return tuple(found[sequence] for sequence in sorted(found))


def _revisions(store: Store, records: Sequence[Record]) -> tuple[Revision, ...]:
    wanted = dict.fromkeys(
        (record.claim.item_id, record.claim.revision) for record in records if record.claim
    )
    found = (store.revision(item, number) for item, number in wanted)
    return tuple(revision for revision in found if revision is not None)


def write(gathered: Gathered, *, at: datetime, program: str) -> bytes:
    """The bytes of the bundle: for one moment and one log always the same but for WARC ids."""
    facts: dict[str, object] = {
        "event": gathered.event.id,
        "made_at": at.isoformat(),
        "program": program,
        "warning": WARNING,
        "missing_captures": list(gathered.missing),
        "records_without_checkpoint": gathered.uncovered,
    }
    members = {
        "event.json": _newest_event(gathered),
        "records.jsonl": _lines(map(_record_line, _ordered(gathered))),
        "checkpoints.jsonl": _lines(map(_checkpoint_line, gathered.checkpoints)),
        "captures.jsonl": _lines(
            {"id": c.id, "hash": c.hash, "text": c.body} for c in gathered.captures
        ),
        "claims.json": _json(_claims(gathered)),
        "captures.warc.gz": warc.write(gathered.snapshots, program),
        "cover.txt": text_cover(gathered.event, gathered.records, facts).encode(),
        "cover.html": html_cover(gathered.event, gathered.records, facts).encode(),
    } | {text_name(r): r.item.text.encode("utf-8", "replace") for r in gathered.revisions}
    return pack(sealed(members, facts))


def text_name(revision: Revision) -> str:
    """Under which name the text of a revision stands in a bundle."""
    return f"texts/{revision.item.id}-{revision.number}.txt"


def _newest_event(gathered: Gathered) -> bytes:
    return gathered.stored[-1].event.encode()


def _ordered(gathered: Gathered) -> list[tuple[StoredRecord, bool]]:
    both = [(r, True) for r in gathered.stored] + [(r, False) for r in gathered.bridges]
    return sorted(both, key=lambda pair: pair[0].sequence)


def _record_line(pair: tuple[StoredRecord, bool]) -> dict[str, object]:
    record, own = pair
    return {
        "sequence": record.sequence,
        "chain": record.chain,
        "previous_hash": record.previous_hash,
        "hash": record.hash,
        "event": record.event,
        "body": record.body,
        "of_event": own,
    }


def _checkpoint_line(mark: StoredCheckpoint) -> dict[str, object]:
    return {
        "number": mark.number,
        "sequence": mark.sequence,
        "hash": mark.hash,
        "body": mark.body,
    }


def _claims(gathered: Gathered) -> list[dict[str, object]]:
    """Each claim with where it stands and what read it: locator, rule, extractor, versions."""
    items = {(r.item.id, r.number): r.item for r in gathered.revisions}
    found: list[dict[str, object]] = []
    for record in gathered.records:
        claim = record.claim
        if claim is None:
            continue
        item = items.get((claim.item_id, claim.revision))
        quote = claim.finding.quote
        found.append(
            {
                "claim": claim.id,
                "record": record.id,
                "snapshot": claim.snapshot_id,
                "source": claim.source_id,
                "text": f"texts/{claim.item_id}-{claim.revision}.txt" if item else None,
                "locator": claim.locator,
                "start": quote.start,
                "end": quote.end,
                "quote": quote.text,
                "verbatim": item is not None
                and _verbatim(item, quote.start, quote.end, quote.text),
                "rule": claim.finding.rule,
                "rule_version": claim.finding.rule_version,
                "extractor": item.extractor if item else "",
            }
        )
    return found


def _verbatim(item: Item, start: int, end: int, quote: str) -> bool:
    return start >= 0 and item.text[start:end] == quote


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True) + "\n").encode()


def _lines(values: Iterable[dict[str, object]]) -> bytes:
    return "".join(json.dumps(value, sort_keys=True) + "\n" for value in values).encode()
