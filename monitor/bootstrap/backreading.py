"""`monitor backfill`: archives into the log, in processes of this machine or over the workers."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from monitor.bootstrap import knowledge
from monitor.bootstrap.history import roster_source
from monitor.bootstrap.machine import monotonic
from monitor.domain.errors import ConfigError
from monitor.domain.item import Reading
from monitor.domain.snapshot import Request, Snapshot
from monitor.domain.source import Source, SourceState
from monitor.domain.vocabulary import DocumentKind, Tier
from monitor.registry import first_requests
from monitor.services.archives import Part, is_warc, parts_of, saved_files
from monitor.services.backreading import (
    ARCHIVE,
    BackReading,
    PartDone,
    PartReading,
    Remembered,
    Shelf,
    shelf_for,
)
from monitor.services.worker_limits import WorkerLimits
from monitor.services.workers import WorkerPool

if TYPE_CHECKING:
    from monitor.bootstrap.compose import App

#: One part, not one document, is what the bounds hold for.
LIMITS = WorkerLimits(wall_s=900.0, cpu_s=800, documents=200)

#: More scan faster than one extracts what they find, where one page in a hundred is relevant.
MOST_THREADS = 3


def plan(paths: Sequence[Path]) -> tuple[tuple[Part, ...], tuple[Path, ...]]:
    """(parts of WARC files and saved folders, folders of workbooks). Raises ConfigError."""
    parts: list[Part] = []
    rosters: list[Path] = []
    for path in paths:
        try:
            for archive in _archives(path):
                parts += parts_of(archive)
        except OSError as error:
            raise ConfigError(f"{path} cannot be read ({error}); name a file or folder") from error
        if path.is_dir() and next(path.rglob("*.xlsx"), None):
            rosters.append(path)
    if not parts and not rosters:
        raise ConfigError(
            f"{', '.join(map(str, paths))}: no WARC file, saved page or workbook; give .warc or "
            ".warc.gz files, folders of .html files, or folders of .xlsx files"
        )
    return tuple(parts), tuple(rosters)


def _archives(path: Path) -> list[Path]:
    if path.is_file() and not is_warc(path):
        raise ConfigError(f"{path} is no WARC file: its name must end in .warc or .warc.gz")
    if not path.is_dir():
        path.stat()  # a path that is not there is told by the system's own words
        return [path]
    files = sorted(p for p in path.rglob("*") if is_warc(p))
    return [*files, *([path] if saved_files(path) else [])]


def shelf(app: App, source_id: str | None) -> Shelf:
    """Whose pages an archive holds: all of one source, or each of the source of its host."""
    now = app.clock.now()
    if source_id is not None:
        (source,) = app.chosen_sources([source_id])
        return shelf_for((), _without_options(source))
    hosts = (
        (urlsplit(request.url).hostname or "", source)
        for source in app.catalogue.value.sources
        for request in first_requests(source, "", now)[:1]
    )
    other = Source(
        id=ARCHIVE,
        kind="page",
        name="Archived pages of hosts that no source covers",
        options=None,
        tier=Tier.PRESS,
        document_kind=DocumentKind.NEWS,
    )
    return shelf_for(hosts, other)


def _without_options(source: Source) -> Source:
    (kept,) = shelf_for([("", source)], source).by_host.values()
    return kept


def scanning_threads(processes: int, cores: int) -> int:
    """Threads that scan in each of the processes: one more is extracting at the time."""
    return min(MOST_THREADS, max(1, cores // processes))


@contextmanager
def back_reading(
    app: App, chosen: Shelf, processes: int, threads: int | None = None
) -> Iterator[BackReading]:
    """The service over so many bounded processes, each scanning in so many threads: None for as
    many as there are cores for."""
    threads = threads or scanning_threads(processes, len(os.sched_getaffinity(0)))
    watched = app.watch.current()
    remembered = Remembered(watched)
    rules = knowledge.rule_texts(app.settings, app.catalogue.value)
    pool = WorkerPool(
        call="monitor.bootstrap.archive_process:reader",
        setup=(*rules, watched, chosen, threads),
        monotonic=monotonic,
        size=processes,
        limits=LIMITS,
    )

    def read(part: Part) -> PartReading:
        reading = pool.run(part)
        assert isinstance(reading, PartReading)  # noqa: S101 - what the process is for
        return reading

    try:
        yield BackReading(
            store=app.store,
            clock=app.clock,
            intake=app.intake(silent=True, find=remembered.find),
            reader=read,
            shelf=chosen,
            remembered=remembered,
        )
    finally:
        pool.close()


class QueuedReading:
    """Parts as jobs of the shared queue; the process that reads is kept between them."""

    def __init__(self, app: App) -> None:
        """Nothing starts before the first part."""
        self._app = app
        self._stack = ExitStack()
        self._guard = threading.Lock()
        self._service: BackReading | None = None

    def read_part(self, archive: str, start: int, end: int) -> PartDone:
        """One part; a part that was read before is left alone."""
        with self._guard:
            if self._service is None:
                made = back_reading(self._app, shelf(self._app, None), 1, 1)
                self._service = self._stack.enter_context(made)
        return self._service.read(Part(archive=archive, start=start, end=end))

    def close(self) -> None:
        """Stop the process."""
        self._stack.close()


def defer(app: App, parts: Sequence[Part]) -> int:
    """Put the parts on the shared queue; how many were new. Raises ConfigError on SQLite."""
    from monitor.jobs.engine import NOBODY, Engine, queue_url

    engine = Engine(queue_url(app.settings.database_url), NOBODY)
    engine.prepare()
    by_archive: dict[str, list[tuple[int, int]]] = {}
    for part in parts:
        by_archive.setdefault(part.archive, []).append((part.start, part.end))
    with engine.opened():
        return sum(engine.defer_back_read(name, given) for name, given in by_archive.items())


def read_rosters(app: App, folder: Path) -> Iterator[tuple[str, int]]:
    """Workbooks of a folder through the ledger, oldest first, silently: (file, events of it).

    Publications older than the newest one the ledger knows change nothing. Raises ConfigError
    where the catalogue has no roster.
    """
    from monitor.services.ledger_replay import read_publications

    source = roster_source(app)
    if source is None:
        raise ConfigError("the catalogue has no table of the roster tier for these workbooks")
    intake = app.intake(silent=True)
    for path, table in read_publications(folder):
        modified = table.modified_at or datetime.fromtimestamp(path.stat().st_mtime, UTC)
        snapshot = Snapshot(
            source_id=source.id,
            request=Request(url=f"https://archive.invalid/{path.name}", purpose="archive"),
            final_url=f"https://archive.invalid/{path.name}",
            status=200,
            headers=(),
            body=path.read_bytes(),
            captured_at=modified,
        )
        state = SourceState(source_id=source.id)
        taken = intake.take(source, state, snapshot, Reading(tables=(table,)))
        yield path.name, taken.events
