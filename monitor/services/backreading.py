"""Back-reading: years of archived pages through the same steps as news, telling nobody.

A process reads a part: it scans the raw bytes, extracts what holds a trigger word, reads it with
the rules, and gives back the pages that say something. Its owner commits them and notes the part
as done, so that a run that was broken off goes on where it was.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from monitor.detect.document import Document, document_of
from monitor.detect.watched import WatchList
from monitor.domain.claim import Finding
from monitor.domain.errors import ExtractError
from monitor.domain.health import HealthEntry
from monitor.domain.ident import SourceId, content_id
from monitor.domain.item import Item, Reading
from monitor.domain.snapshot import Request, Snapshot
from monitor.domain.source import Source, SourceState
from monitor.extract.article import read_article
from monitor.extract.links import without_tracking
from monitor.ports import Clock
from monitor.services.archives import PART_BYTES, Part, halves, is_warc, pieces, wanted_pages_of
from monitor.services.finding import Knowledge, findings_of
from monitor.services.intake import Intake
from monitor.services.warc_record import ArchivedPage
from monitor.stores import Store

#: Parts that are read or wait to be committed, for each process.
AHEAD = 3
#: Pages that are stored in one transaction; others who write wait for it.
TOGETHER = 32
#: Pieces of a part that each scanning thread gets: the fewer, the longer one waits for the last.
_PIECES = 4
_MOST_PROBLEMS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A page that says something, as a capture and the item on it."""

    snapshot: Snapshot
    item: Item
    findings: tuple[Finding, ...] = ()  #: what the rules said of it in the process


@dataclass(frozen=True, slots=True, kw_only=True)
class PartReading:
    """What a part holds."""

    found: tuple[Found, ...] = ()
    pages: int = 0
    relevant: int = 0  #: pages with a trigger word, which were extracted
    problems: tuple[str, ...] = ()
    rules: str = ""  #: version of the rules that were used

    def __add__(self, other: PartReading) -> PartReading:
        return PartReading(
            found=(*self.found, *other.found),
            pages=self.pages + other.pages,
            relevant=self.relevant + other.relevant,
            problems=(*self.problems, *other.problems)[:_MOST_PROBLEMS],
            rules=self.rules or other.rules,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PartDone:
    """What came of a part: counts alone."""

    part: Part
    pages: int
    relevant: int
    found: int
    events: int


#: In the process: what does this page say?
Detecting = Callable[[Document], tuple[Finding, ...]]
#: In the owner: reads a part in a bounded process. Raises ExtractError when the process is lost.
PartReader = Callable[[Part], PartReading]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Whose page is it: sources by host, and one for pages of hosts that no source covers."""

    by_host: Mapping[str, Source]
    other: Source

    def source_of(self, url: str) -> Source:
        """The source that covers the page's host, or a parent of it."""
        host = (urlsplit(url).hostname or "").removeprefix("www.")
        while host:
            if host in self.by_host:
                return self.by_host[host]
            host = host.partition(".")[2]
        return self.other


def read_part(
    part: Part,
    shelf: Shelf,
    relevant: Callable[[memoryview], bool],
    detecting: Detecting,
    rules: str,
    threads: int = 1,
) -> PartReading:
    """Scan, extract, detect: the work of a process on one part. Raises OSError.

    With more than one thread the part is unpacked and scanned in so many beside the one that
    extracts: both set the interpreter free, extraction does not.
    """
    pages = extracted = 0
    found: list[Found] = []
    problems: list[str] = []
    for passed, page in _scanned(part, relevant, threads):
        pages += passed
        if isinstance(page, str):
            problems.append(page)
        if not isinstance(page, ArchivedPage):
            continue
        extracted += 1
        try:
            one = _found(page, shelf, detecting)
        except ExtractError as error:
            problems.append(str(error))
            continue
        if one is not None:
            found.append(one)
    return PartReading(
        found=tuple(found),
        pages=pages,
        relevant=extracted,
        problems=tuple(problems[:_MOST_PROBLEMS]),
        rules=rules,
    )


#: How many pages were looked at up to this one, and this one, None for pages that say nothing.
_Scanned = tuple[int, ArchivedPage | str | None]


def _scanned(
    part: Part, relevant: Callable[[memoryview], bool], threads: int
) -> Iterator[_Scanned]:
    """The part's pages in their order."""

    def scan(piece: Part) -> Iterator[_Scanned]:
        for page in wanted_pages_of(piece, relevant):
            yield int(not isinstance(page, str)), page

    def scan_all(piece: Part) -> list[_Scanned]:
        seen = list(scan(piece))
        said = [one for one in seen if one[1] is not None]
        return [*said, (sum(count for count, page in seen if page is None), None)]

    # Files of a folder are listed for each piece, and a file packed at once has one piece.
    if threads == 1 or not is_warc(Path(part.archive)) or part.end - part.start > PART_BYTES:
        yield from scan(part)
        return
    small = pieces(part, max(1, (part.end - part.start) // (threads * _PIECES)))
    with ThreadPoolExecutor(threads, thread_name_prefix="scan") as pool:
        for found in pool.map(scan_all, small):
            yield from found


def _found(page: ArchivedPage, shelf: Shelf, detecting: Detecting) -> Found | None:
    article = read_article(
        page.body, url=page.url, charset=page.charset, media_type=page.media_type
    )
    source = shelf.source_of(page.url)
    item = Item(
        source_id=source.id,
        key=without_tracking(article.url),
        url=without_tracking(article.url),
        title=article.title,
        text=article.text,
        kind=source.document_kind,
        published=article.published,
        published_at=article.published_at,
        modified_at=article.modified_at,
        author=article.author,
        language=article.language,
        locator="article",
        extractor=article.extractor,
    )
    findings = detecting(document_of(item, source.states))
    if not findings:
        return None
    return Found(snapshot=_snapshot(page, source), item=item, findings=findings)


def _snapshot(page: ArchivedPage, source: Source) -> Snapshot:
    return Snapshot(
        source_id=source.id,
        request=Request(url=page.url, purpose="archive"),
        final_url=page.url,
        status=200,
        headers=page.headers,
        body=page.body,
        media_type=page.media_type,
        charset=page.charset,
        captured_at=page.captured_at,
    )


class Remembered:
    """What processes found in pages, so that it is not looked for again when they are taken in."""

    def __init__(self, watched: WatchList) -> None:
        """`watched` are the bills that the processes knew of."""
        self._watched = watched.bills
        self._rules = ""
        self._found: dict[str, Found] = {}

    def hold(self, reading: PartReading) -> None:
        """Keep what was found in this part, and nothing else."""
        self._rules = reading.rules
        self._found = {found.item.id: found for found in reading.found}

    def find(self, document: Document, knowledge: Knowledge) -> tuple[Finding, ...]:
        """What the document says; read anew where rules or bills are others by now, or where it
        is another version of something known."""
        found = self._found.get(document.id)
        if (
            found is None
            or document.change is not None
            or (document.title, document.text) != (found.item.title, found.item.text)
            or (knowledge.pack.version, knowledge.watched.bills) != (self._rules, self._watched)
        ):
            return findings_of(document, knowledge)
        return found.findings


class BackReading:
    """Reads parts through processes and commits what they found; used from one thread."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        intake: Intake,
        reader: PartReader,
        shelf: Shelf,
        remembered: Remembered,
    ) -> None:
        """`intake` must be a silent one; it may ask `remembered` what documents say."""
        self._store = store
        self._clock = clock
        self._intake = intake
        self._reader = reader
        self._remembered = remembered
        self._sources = {s.id: s for s in (*shelf.by_host.values(), shelf.other)}

    def done(self, part: Part) -> PartDone | None:
        """What came of the part in an earlier run."""
        stored = self._store.fact(_fact(part))
        return PartDone(part=part, **json.loads(stored)) if stored else None

    def read_all(self, parts: Iterable[Part], processes: int) -> Iterator[PartDone]:
        """Read parts side by side, a bounded number ahead; committed in order, so that two runs
        over one archive log the same."""
        waiting = iter(parts)
        running: deque[tuple[Part, Future[PartReading]]] = deque()
        with ThreadPoolExecutor(processes, thread_name_prefix="part") as threads:
            while True:
                while len(running) < processes * AHEAD and (part := next(waiting, None)):
                    running.append((part, threads.submit(self._bounded, part)))
                if not running:
                    return
                part, future = running.popleft()
                yield self._commit(part, future.result())

    def read(self, part: Part) -> PartDone:
        """One part, unless it was read before."""
        return self.done(part) or self._commit(part, self._bounded(part))

    def _bounded(self, part: Part) -> PartReading:
        """A page that costs its process its life costs that page, not the part."""
        try:
            return self._reader(part)
        except ExtractError as error:
            smaller = halves(part)
            if not smaller:
                where = f"{part.archive} from {part.start} to {part.end}"
                return PartReading(problems=(f"{where} cannot be read: {error}",))
            return self._bounded(smaller[0]) + self._bounded(smaller[1])

    def _commit(self, part: Part, reading: PartReading) -> PartDone:
        """Store what was found, and with the last of it that the part was read."""
        self._remembered.hold(reading)
        events = 0
        found = deque(reading.found)
        while len(found) > TOGETHER:
            with self._intake.together():
                events += sum(self._take(found.popleft()) for _ in range(TOGETHER))
        with self._intake.together() if found else nullcontext():
            events += sum(map(self._take, found))
            done = PartDone(
                part=part,
                pages=reading.pages,
                relevant=reading.relevant,
                found=len(reading.found),
                events=events,
            )
            self._note(reading, done)
        return done

    def _note(self, reading: PartReading, done: PartDone) -> None:
        if reading.problems:
            self._store.add_health([self._entry(done.part, reading)])
        counts = {n: getattr(done, n) for n in ("pages", "relevant", "found", "events")}
        self._store.set_fact(_fact(done.part), json.dumps(counts))

    def _take(self, found: Found) -> int:
        """Take a page in; one that is known in the same or a later form says nothing new."""
        item = found.item
        known = self._store.known_revisions(item.source_id, [item.id]).get(item.id)
        if known is not None and (
            known.item.digest == item.digest or known.captured_at >= found.snapshot.captured_at
        ):
            return 0
        source = self._sources[item.source_id]
        state = SourceState(source_id=source.id)
        return self._intake.take(source, state, found.snapshot, Reading(items=(item,))).events

    def _entry(self, part: Part, reading: PartReading) -> HealthEntry:
        shown = "; ".join(reading.problems[:5])
        return HealthEntry(
            at=self._clock.now(),
            kind="reading",
            message=f"backfill of {Path(part.archive).name}: {len(reading.problems)} pages could "
            f"not be read: {shown}"[:1000],
        )


def _fact(part: Part) -> str:
    path = Path(part.archive)
    size = path.stat().st_size if path.is_file() else 0
    return f"backread:{content_id(part.archive, str(size))}:{part.start}-{part.end}"


def shelf_for(sources: Iterable[tuple[str, Source]], other: Source) -> Shelf:
    """A shelf from (host, source) pairs; of several sources of a host the first, without options.

    The options are the kind's own and of no use to an archive.
    """
    by_host: dict[str, Source] = {}
    for host, source in sources:
        by_host.setdefault(host.removeprefix("www."), replace(source, options=None))
    return Shelf(by_host=by_host, other=other)


#: For pages of hosts that no source covers.
ARCHIVE = SourceId("archive")
