"""What is noted of a reading beside its items: its problems, and texts that only we changed.

An upgrade of an extractor changes texts, not what was published. Where the stored text was made by
another extractor, the capture that it came from is read anew, so that two texts of one extractor
are compared: what differs then was published, and what does not is told to nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from monitor.decide import rederived
from monitor.domain.errors import ExtractError
from monitor.domain.health import HealthEntry
from monitor.domain.ident import ItemId
from monitor.domain.item import Item, Reading, Revision
from monitor.domain.snapshot import Snapshot
from monitor.domain.source import Source
from monitor.stores import Store

#: Reads a stored capture with the extractors of today. Raises ExtractError.
Reread = Callable[[Source, Snapshot], Reading]


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewed:
    """The stored revisions as today's extractors read them where that matters, and the notes."""

    known: Mapping[ItemId, Revision]
    health: tuple[HealthEntry, ...]


def renewed(
    source: Source,
    snapshot: Snapshot,
    revisions: Sequence[Revision],
    known: Mapping[ItemId, Revision],
    store: Store,
    reread: Reread | None,
) -> Renewed:
    """`known` with the texts that new revisions are to be held against. Raises StoreError.

    A stored text stays as it is, and the new revision silent, where its capture read anew gives
    the new text, and where that capture is gone or cannot be read any more; one health entry a
    page says how many there were of each.
    """
    fresh: dict[ItemId, Revision] = {}
    same = lost = 0
    extractors = set()
    for revision in revisions:
        last = known.get(revision.item.id)
        if last is None or revision.gone or not rederived(revision, last):
            continue
        extractors.add((last.item.extractor, revision.item.extractor))
        item = _read_anew(source, last, store, reread)
        if item is None:
            lost += 1
        elif item.digest == revision.item.digest:
            same += 1
        else:
            fresh[item.id] = replace(last, item=replace(item, extractor=revision.item.extractor))
    if not extractors:
        return Renewed(known=known, health=())
    steps = ", ".join(f"{was} -> {now}" for was, now in sorted(extractors))
    message = (
        f"{source.id}: texts were derived anew ({steps}): {same} by us alone and told to nobody, "
        f"{len(fresh)} changed by the source as well"
    )
    if lost:
        message += f", {lost} could not be compared (their captures are gone); look at them"
    entry = HealthEntry(
        at=snapshot.captured_at,
        kind="rederived",
        source_id=source.id,
        url=snapshot.request.url,
        message=message,
        tell_operator=bool(lost),
    )
    return Renewed(known={**known, **fresh}, health=(entry,))


def _read_anew(source: Source, last: Revision, store: Store, reread: Reread | None) -> Item | None:
    snapshot = store.snapshot(last.snapshot_id) if reread is not None else None
    if snapshot is None or reread is None:
        return None
    try:
        reading = reread(source, snapshot)
    except ExtractError:
        return None
    return next((item for item in reading.items if item.id == last.item.id), None)


def problems(source: Source, snapshot: Snapshot, reading: Reading) -> tuple[HealthEntry, ...]:
    """What the kind's reader could not make sense of."""
    return tuple(
        HealthEntry(
            at=snapshot.captured_at,
            kind="reading",
            source_id=source.id,
            url=snapshot.request.url,
            message=f"{source.id}: {problem}",
        )
        for problem in reading.problems
    )
