"""The event log made again from stored captures, and held beside the one that is stored.

Captures are read and taken in again in the order, at the moments and under the circumstances in
which they were (see `Taking`); records that did not come from a capture, those of people above
all, are copied where they stood. With the same rules the log comes out the same, record by
record, hashes included; with other rules the differences are what the rules would have changed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from monitor.domain.chain import StoredRecord
from monitor.domain.commit import PageCommit, StoredTaking, Taking
from monitor.domain.errors import ExtractError, MonitorError
from monitor.domain.event import Record
from monitor.domain.ident import SourceId
from monitor.domain.snapshot import Snapshot
from monitor.domain.source import Source, SourceState
from monitor.ports import Workers
from monitor.services.intake import Intake, cursor_hash
from monitor.stores import Store

#: Cursors of one source that readings left behind and later takings may start from.
CURSORS_KEPT = 50
_PAGE = 500

Progress = Callable[[int], None]
#: Does again what `Taking.decision` says was done without a capture being read.
Decide = Callable[[Taking], object]


@dataclass(slots=True, kw_only=True)
class ReplayClock:
    """Shows the moment of the taking that is being repeated."""

    at: datetime

    def now(self) -> datetime:
        """The moment that was set last."""
        return self.at


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One record that came out otherwise: what was stored, what the replay made; "" for none."""

    sequence: int
    stored: str
    replayed: str
    fields: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Replayed:
    """What a replay came to."""

    records: int = 0  #: stored
    identical: int = 0
    takings: int = 0
    copied: int = 0  #: records that no capture made: those of people, decisions, the canary
    notes: list[str] = field(default_factory=list)  #: captures that could not be read again
    differences: list[Difference] = field(default_factory=list)


class Replay:
    """One replay; `target` is a fresh store."""

    def __init__(
        self,
        *,
        stored: Store,
        target: Store,
        clock: ReplayClock,
        intake: Intake,
        workers: Workers,
        sources: Callable[[SourceId], Source | None],
        decide: Decide,
    ) -> None:
        """`clock` is the one that `intake` reads."""
        self._stored = stored
        self._target = target
        self._clock = clock
        self._intake = intake
        self._workers = workers
        self._sources = sources
        self._decide = decide
        self._cursors: dict[SourceId, dict[str, str]] = {}
        self._done = Replayed()

    def run(self, progress: Progress | None = None) -> Replayed:
        """Repeat everything and compare. Raises StoreError; differences are no error."""
        reached = 0
        for stored in self._stored.takings():
            self._copy(reached, stored.sequence)
            self._repeat(stored)
            reached = stored.sequence + stored.records
            self._done.takings += 1
            if progress is not None:
                progress(self._done.takings)
        self._copy(reached, self._stored.last_sequence())
        self._compare()
        return self._done

    def _copy(self, after: int, until: int) -> None:
        """Records that no taking made, as they are; one that exists already is left alone."""
        while after < until:
            some = self._stored.records(
                after_sequence=after, until_sequence=until, limit=min(_PAGE, until - after)
            )
            if not some:
                return
            after = some[-1].sequence
            for record in some:
                self._append(record)

    def _append(self, record: Record) -> None:
        bare = dataclasses.replace(record, sequence=0, previous_hash="", hash="")
        try:
            self._target.append([bare])
            self._done.copied += 1
        except MonitorError as error:
            self._done.notes.append(f"record {record.sequence} was not copied: {error}")

    def _repeat(self, stored: StoredTaking) -> None:
        taking = stored.taking
        self._clock.at = taking.at
        if taking.decision:
            self._decide(taking)
            return
        if taking.silent:
            self._take_over(stored, "it came from an archive of old pages, not from a check")
            return
        source = self._sources(taking.source_id)
        snapshot = self._stored.snapshot(taking.snapshot_id)
        if source is None or snapshot is None:
            why = "its source is not in feeds.yaml" if source is None else "its bytes were pruned"
            self._take_over(stored, why)
            return
        try:
            self._read(source, snapshot, taking)
        except ExtractError as error:
            self._take_over(stored, f"it cannot be read any more: {error}")

    def _read(self, source: Source, snapshot: Snapshot, taking: Taking) -> None:
        known = self._cursors.setdefault(source.id, {})
        cursor = taking.cursor or known.get(taking.cursor_hash, "")
        if cursor_hash(cursor) != taking.cursor_hash:
            self._note(taking, "the place its reading started from is not known")
        reading = self._workers.read(source, snapshot, cursor)
        left = reading.cursor or cursor
        known[cursor_hash(left)] = left
        while len(known) > CURSORS_KEPT:
            known.pop(next(iter(known)))
        state = SourceState(
            source_id=source.id,
            cursor=cursor,
            baseline=taking.baseline,
            succeeded_at=taking.succeeded_at,
        )
        self._intake.take(source, state, snapshot, reading)

    def _take_over(self, stored: StoredTaking, why: str) -> None:
        """What a capture once gave, copied, so that what follows finds what it found then."""
        taking = stored.taking
        self._note(taking, f"{why}; what it gave is copied")
        revisions = self._stored.snapshot_revisions(taking.snapshot_id)
        if revisions:
            self._target.commit_page(PageCommit(source_id=taking.source_id, revisions=revisions))
        self._copy(stored.sequence, stored.sequence + stored.records)

    def _note(self, taking: Taking, why: str) -> None:
        self._done.notes.append(
            f"{taking.source_id}: capture {taking.snapshot_id} of {taking.at:%Y-%m-%d %H:%M}: {why}"
        )

    def _compare(self) -> None:
        was, made = _all_records(self._stored), _all_records(self._target)
        while True:
            one, other = next(was, None), next(made, None)
            if one is None and other is None:
                return
            self._done.records += one is not None
            if one == other:
                self._done.identical += 1
                continue
            self._done.differences.append(_difference(one, other))


def _all_records(store: Store) -> Iterator[StoredRecord]:
    after = 0
    while True:
        page = store.stored_records(after_sequence=after, limit=_PAGE)
        yield from page
        if len(page) < _PAGE:
            return
        after = page[-1].sequence


def _difference(one: StoredRecord | None, other: StoredRecord | None) -> Difference:
    present = one or other
    if present is None:
        raise ValueError("two absent records do not differ")
    names = ("sequence", "chain", "event", "body", "previous_hash")
    return Difference(
        sequence=present.sequence,
        stored=one.body if one else "",
        replayed=other.body if other else "",
        fields=tuple(
            name for name in names if one and other and getattr(one, name) != getattr(other, name)
        ),
    )
