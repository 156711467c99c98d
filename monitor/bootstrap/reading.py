"""The worker processes that read snapshots, with the rules' trigger scan in them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from monitor.bootstrap import knowledge
from monitor.bootstrap.machine import monotonic
from monitor.detect.rule import Pack
from monitor.detect.slots.bill import normal_bill
from monitor.detect.watched import WatchedBill, WatchList
from monitor.domain.errors import ConfigError
from monitor.domain.item import Reading
from monitor.domain.snapshot import Snapshot
from monitor.domain.source import Source, SourceState
from monitor.services.intake import Tabled, Tables
from monitor.services.workers import WorkerPool
from monitor.settings import Settings
from monitor.stores import SourceStore


def scan_setup(pack: Pack, watched: WatchList) -> tuple[object, ...]:
    """What workers build their trigger scan from: anchors of the rules, and what is watched."""
    return (pack.anchors(), watched.words())


def worker_pool(settings: Settings, setup: tuple[object, ...]) -> WorkerPool:
    """As many bounded workers as MONITOR_WORKERS says; they start when first needed."""
    size = settings.get("MONITOR_WORKERS")
    if not size.isdigit() or not 1 <= int(size) <= 64:
        raise ConfigError(f"MONITOR_WORKERS must be a number from 1 to 64; it is {size!r}")
    return WorkerPool(
        call="monitor.registry:reader",
        setup=setup,
        monotonic=monotonic,
        size=int(size),
    )


def tables(store: SourceStore) -> Tables:
    """What tables of a reading say: roster ledger or row comparison; made for the first table."""

    @cache
    def tabling() -> Tables:
        from monitor.services.row_tables import RowTables
        from monitor.services.tabling import Tabling

        rows = RowTables(store=store, gazetteer=knowledge.gazetteer)
        return Tabling(store=store, knowledge=knowledge.ledger, rows=rows)

    def said(
        source: Source, state: SourceState, snapshot: Snapshot, reading: Reading
    ) -> tuple[Tabled, ...]:
        return tabling()(source, state, snapshot, reading) if reading.tables else ()

    return said


def watched_by_sources(sources: Sequence[Source]) -> tuple[WatchedBill, ...]:
    """Bill numbers that a source's own options call ours; what they do is not said there."""
    return tuple(
        WatchedBill(state=str(getattr(source.options, "state", "")), number=normal_bill(number))
        for source in sources
        for number in getattr(source.options, "watch", ())
    )
