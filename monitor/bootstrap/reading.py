"""The worker processes that read snapshots, with the rules' trigger scan in them."""

from __future__ import annotations

from monitor.bootstrap import knowledge
from monitor.bootstrap.machine import monotonic
from monitor.detect.rule import Pack
from monitor.domain.errors import ConfigError
from monitor.ports import SourceStore
from monitor.services.intake import Tables
from monitor.services.row_tables import RowTables
from monitor.services.tabling import Tabling
from monitor.services.workers import WorkerPool
from monitor.settings import Settings


def worker_pool(settings: Settings, pack: Pack) -> WorkerPool:
    """As many bounded workers as MONITOR_WORKERS says; they start when first needed."""
    size = settings.get("MONITOR_WORKERS")
    if not size.isdigit() or not 1 <= int(size) <= 64:
        raise ConfigError(f"MONITOR_WORKERS must be a number from 1 to 64; it is {size!r}")
    return WorkerPool(
        call="monitor.registry:reader",
        setup=(pack.anchors(), ()),
        monotonic=monotonic,
        size=int(size),
    )


def tables(store: SourceStore) -> Tables:
    """What tables of a reading say: roster ledger or row comparison."""
    rows = RowTables(store=store, gazetteer=knowledge.gazetteer)
    return Tabling(store=store, knowledge=knowledge.ledger, rows=rows)
