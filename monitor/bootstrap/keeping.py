"""Backup, restore, moving, publishing, pruning: what is done with the store as a whole."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.domain.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from monitor.bootstrap.compose import App
    from storage.store import SqlStore

#: Captures that no event rests on are kept so long; health entries likewise.
KEEP_CAPTURES = timedelta(days=90)
KEEP_HEALTH = timedelta(days=400)
#: A file of the archive that was half written so long ago is nobody's any more.
HALF_WRITTEN_S = 24 * 3600


def sql_store(app: App) -> SqlStore:
    """The store as the one that there is."""
    from storage.store import SqlStore

    if not isinstance(app.store, SqlStore):
        raise StoreError("this store cannot be copied as a whole")
    return app.store


def publish(app: App) -> str:
    """Write the published dataset; a sentence about it."""
    from storage.publish import publish as write

    directory = app.settings.data_dir / "published"
    made = write(sql_store(app).db, directory, app.clock.now())
    return f"{made.events} events and {made.records} records published in {directory}"


def prune(app: App) -> str:
    """Forget what nothing rests on; a sentence about it."""
    now, store = app.clock.now(), sql_store(app)
    gone = store.prune(now - KEEP_CAPTURES, now - KEEP_HEALTH)
    left = store.archive.sweep(time.time() - HALF_WRITTEN_S)
    return (
        f"{gone.snapshots} captures, {gone.bodies} bodies, {gone.health} health entries forgotten, "
        f"{left} half-written files of crashes removed"
    )


def evidence(app: App, event_id: str, file: Path | None) -> str:
    """Write an event's evidence bundle; a sentence about it. Raises NoEvidence, StoreError."""
    from monitor.bootstrap.compose import VERSION
    from monitor.services.evidence import WARNING, gather, write

    gathered = gather(app.store, event_id)
    data = write(gathered, at=app.clock.now(), program=f"policy-monitor/{VERSION}")
    target = file or Path(f"evidence-{event_id}.zip")
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as written:
        written.write(data)
    notes = [f"{len(gathered.missing)} captures are pruned"] if gathered.missing else []
    notes += [f"{gathered.uncovered} records wait for tonight's checkpoint"] * bool(
        gathered.uncovered
    )
    about = f"{target}: {len(gathered.stored)} records, {len(gathered.snapshots)} captures"
    return "; ".join([about, *notes]) + f". {WARNING}"


def verify_bundle(file: Path) -> tuple[str, ...]:
    """What is wrong with an evidence bundle; needs no store. Raises ConfigError for no file."""
    from monitor.services.bundle import MAX_BUNDLE_BYTES
    from monitor.services.proof import problems

    try:
        if file.stat().st_size > MAX_BUNDLE_BYTES:
            return (f"{file}: is larger than any bundle",)
        return problems(file.read_bytes())
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror}); give a bundle") from error


def backup(app: App, path: Path) -> str:
    """Write a backup; a sentence about it."""
    from storage.backup import backup as write

    made = write(sql_store(app), path, app.clock.now())
    return f"{made.path}: {made.bodies} bodies, {made.size_bytes >> 20} MB unpacked"


def restore(path: Path, data_dir: Path, url: str) -> str:
    """Put a backup in place of nothing and prove it; a sentence about it.

    Raises ConfigError while another process works in the directory, StoreError for a backup that
    is refused, and where what stands there now does not prove itself.
    """
    from monitor.bootstrap.single import alone
    from storage.backup import restore as put
    from storage.store import open_store

    with alone(data_dir):
        made = put(path, url, data_dir)
        store = open_store(url, data_dir)
        try:
            problems, records = store.verify(), store.last_sequence()
        finally:
            store.close()
    if problems:
        raise StoreError(f"{data_dir}: restored, but not intact:\n" + "\n".join(problems))
    return f"{path} of {made.made_at} stands in {data_dir}: {records} records, proved"


def drill(path: Path) -> tuple[str, tuple[str, ...]]:
    """Restore to a temporary place and prove it; (a sentence with the time, problems)."""
    from storage.backup import drill as attempt

    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="restore-drill-") as scratch:
        tried = attempt(path, Path(scratch))
    seconds = time.monotonic() - start
    return f"{tried.records} records restored and proved in {seconds:.1f} s", tried.problems


def move(app: App, target_url: str, progress: Callable[[str, int], None]) -> str:
    """Copy the database to another one; a sentence about it."""
    from storage.move import move as copy

    copied = copy(app.settings.database_url, target_url, progress)
    return (
        f"{sum(copied.values())} rows of {len(copied)} tables copied; set MONITOR_DATABASE_URL to "
        "the new address, and keep the archive directory where it is"
    )
