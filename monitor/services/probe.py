"""One polite live check of sources: does it answer, and can it be read? Nothing is taken in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.domain.errors import ExtractError
from monitor.domain.ident import SourceId
from monitor.domain.item import Reading
from monitor.domain.snapshot import (
    Blocked,
    FetchFailed,
    NotModified,
    Outcome,
    Rejected,
    Request,
    Snapshot,
)
from monitor.domain.source import Source, SourceState
from monitor.ports import Clock, Fetcher, FetchJob, Workers
from monitor.stores import SourceStore

#: Outcomes that say something about the source itself, not about the line or the day.
#: A list without entries is none of them: a new feed and a quiet council look like that.
DEFINITE = frozenset({"failed:http_status", "unreadable", "rejected", "no_request"})

FirstRequests = Callable[[Source, str, datetime], tuple[Request, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """What a probe of one source came to."""

    source_id: SourceId
    passed: bool
    outcome: str
    found: int = 0  #: items, tables and linked pages together
    detail: str = ""


def probe(
    sources: Sequence[Source],
    *,
    fetcher: Fetcher,
    workers: Workers,
    clock: Clock,
    first: FirstRequests,
) -> Iterator[Probed]:
    """One result a source, as they come: its first request only, read but not stored."""
    waiting: dict[SourceId, Source] = {}
    for source in sources:
        requests = [r for r in first(source, "", clock.now()) if r.purpose == "main"]
        if not requests:
            yield Probed(
                source_id=source.id, passed=False, outcome="no_request", detail="asks for nothing"
            )
            continue
        waiting[source.id] = source
        fetcher.submit(
            FetchJob(source_id=source.id, request=requests[0], politeness=source.politeness)
        )
    while waiting and fetcher.pending:
        for job, outcome in fetcher.poll(1.0):
            probed = waiting.pop(job.source_id, None)
            if probed is not None:
                yield _judged(probed, outcome, workers)


def _judged(source: Source, outcome: Outcome, workers: Workers) -> Probed:
    match outcome:
        case Snapshot():
            return _read(source, outcome, workers)
        case NotModified():
            return Probed(source_id=source.id, passed=True, outcome="not_modified")
        case Blocked(family=family, detail=detail):
            return _failed(source, f"blocked:{family}", detail)
        case FetchFailed(reason="http_status", status=status, detail=detail) if _passing(status):
            return _failed(source, "failed:busy", detail)
        case FetchFailed(reason=reason, detail=detail):
            return _failed(source, f"failed:{reason}", detail)
        case Rejected(reason=reason, detail=detail):
            return _failed(source, f"rejected:{reason}", detail)


def _passing(status: int | None) -> bool:
    """Whether an HTTP status tells of the hour and not of the address."""
    return status is None or status >= 500 or status in (408, 425, 429)


def _read(source: Source, snapshot: Snapshot, workers: Workers) -> Probed:
    try:
        reading = workers.read(source, snapshot, "")
    except ExtractError as error:
        return _failed(source, "unreadable", str(error))
    if reading.rejected is not None:
        return _failed(source, "rejected", reading.rejected)
    found = _found(reading)
    if found == 0:
        return _failed(source, "empty", "; ".join(reading.problems) or "nothing to read in it")
    return Probed(source_id=source.id, passed=True, outcome="read", found=found)


def _found(reading: Reading) -> int:
    return len(reading.items) + len(reading.tables) + len(reading.next_requests) + reading.skipped


def _failed(source: Source, outcome: str, detail: str) -> Probed:
    return Probed(source_id=source.id, passed=False, outcome=outcome, detail=detail[:300])


def switch(
    store: SourceStore,
    probed: Sequence[Probed],
    states: Mapping[SourceId, SourceState],
    now: datetime,
) -> None:
    """Decide at run time what is on; feeds.yaml is not touched.

    What passed is switched on; what answered but is not what it should be (a missing page, a page
    that cannot be read) is switched off, with the reason that `monitor doctor` shows; what could
    not be reached, refused us or listed nothing stays as it is.
    """
    changed = [
        replace(
            states.get(one.source_id) or SourceState(source_id=one.source_id),
            enabled_at_run_time=one.passed,
            switched_why=f"the probe of {now:%Y-%m-%d} found {one.outcome}"
            + (f": {one.detail}" if one.detail else ""),
        )
        for one in probed
        if one.passed or one.outcome in DEFINITE
    ]
    store.commit_states(changed)
