"""`monitor detect --jsonl`: documents in, claims out, with one event key per event of the file.

A measuring port: no store, no network. Documents are read one by one; then all claims are taken
in together, as one check would, so that tellings of one event share their key.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from monitor.decide import bind
from monitor.detect.document import Document
from monitor.detect.watched import FAMILIES, MOST, WatchedBill, WatchList, watched_findings
from monitor.domain.claim import Claim, Finding
from monitor.domain.errors import ConfigError
from monitor.domain.ident import ClaimId, SnapshotId, SourceId
from monitor.domain.item import Item, Revision
from monitor.domain.moment import Precision, StatedDate
from monitor.domain.source import Source
from monitor.domain.vocabulary import DocumentKind, Tier, Worth
from monitor.resolve.policy import Policy
from monitor.resolve.resolution import grouped
from monitor.resolve.telling import span_of

#: Reads one document; the caller binds rule pack and gazetteer.
Detect = Callable[[Document], tuple[Finding, ...]]
Progress = Callable[[int], None]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: What is published "in 2025" may be of any of its days.
_YEAR = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    document: Document
    claims: tuple[Claim, ...]


def detected(
    lines: Iterable[str], detect: Detect, progress: Progress | None = None
) -> Iterator[str]:
    """One JSON object per input line, in input order: `{"id", "claims": [...]}`.

    Raises ConfigError, naming the line, for a line that is not a document.
    """
    read = [_read(document, detect, progress, n) for n, document in enumerate(documents(lines), 1)]
    watched = _told_bills(claim.finding for one in read for claim in one.claims)
    read = [_watched(one, watched, detect) for one in read]
    keys = event_keys([claim for one in read for claim in one.claims])
    for one in read:
        claims = [_shown(claim, keys.get(claim.id, "")) for claim in one.claims]
        yield json.dumps({"id": one.document.id, "claims": claims}, ensure_ascii=False)


def event_keys(claims: Sequence[Claim]) -> Mapping[ClaimId, str]:
    """The event key of every claim; claims of one event share theirs, whichever came first.

    Claims that name their subject go first and earlier ones before later ones, so that a vague
    telling meets the events it may be about.
    """
    ordered = sorted(claims, key=_precedence)
    if not ordered:
        return {}
    return grouped(ordered, _read_at(ordered), Policy(source=_source(ordered[0].source_id)))


def _precedence(claim: Claim) -> tuple[bool, date, str, int]:
    finding = claim.finding
    named = bool(finding.agency or finding.bill or finding.jurisdiction.place)
    stated = finding.occurred or claim.published
    day = span_of(stated)[1] if stated else date.max
    return not named, day, claim.source_id, claim.slot


def documents(lines: Iterable[str]) -> Iterator[Document]:
    """The documents of a JSON Lines file; empty lines are skipped. Raises ConfigError."""
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _document(line, number)


def _document(line: str, number: int) -> Document:
    try:
        row: dict[str, Any] = json.loads(line)
        return Document(
            id=str(row["id"]),
            url=str(row.get("url") or ""),
            title=str(row.get("title") or ""),
            published=stated_date(row.get("published")),
            kind=DocumentKind(row.get("source_kind") or "news"),
            text=str(row.get("text") or ""),
        )
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"line {number} is not a document ({error}); expected an object with id, url, title, "
            "published (ISO date or null), source_kind and text"
        ) from error


def _read_at(claims: Sequence[Claim]) -> datetime:
    """A time after all publications of the file: a page published after its capture is a lie."""
    days = [claim.published.day for claim in claims if claim.published]
    newest = min(max(days, default=_EPOCH.date()), date(9000, 1, 1))
    return max(_EPOCH, datetime(newest.year, newest.month, newest.day, tzinfo=UTC) + _YEAR)


def stated_date(text: str | None) -> StatedDate | None:
    """A date as files state it: "2025", "2025-08", "2025-08-13" or a full ISO time."""
    if not text:
        return None
    parts = text[:10].split("-")
    precision = (Precision.YEAR, Precision.MONTH, Precision.DAY)[len(parts) - 1]
    numbers = [int(part) for part in parts] + [1, 1]
    return StatedDate(day=date(*numbers[:3]), precision=precision, origin="published")


def _read(document: Document, detect: Detect, progress: Progress | None, number: int) -> _Read:
    read = _claimed(document, detect(document))
    if progress is not None:
        progress(number)
    return read


def _claimed(document: Document, found: tuple[Finding, ...]) -> _Read:
    item = Item(
        source_id=SourceId(document.id),
        key=document.id,
        url=document.url or document.id,
        title=document.title,
        text=document.text,
        kind=document.kind,
        published=document.published,
    )
    revision = Revision(
        item=item, number=1, snapshot_id=SnapshotId(document.id), captured_at=_EPOCH
    )
    return _Read(document=document, claims=bind(_source(item.source_id), revision, found))


def _told_bills(findings: Iterable[Finding]) -> WatchList:
    """The bills that the file's documents tell of, as a running service follows those of its log;
    a bill of which the file says two contrary things is none."""
    families: dict[tuple[str, str], set[str]] = {}
    for one in findings:
        family = next((f for f in FAMILIES if one.event_type.value.startswith(f)), "")
        state = one.jurisdiction.state
        if family and state and one.bill and one.worth is Worth.ALERT:
            for number in one.bill.split("/"):
                families.setdefault((state, number.strip()), set()).add(family)
    told = (
        WatchedBill(state=state, number=number, family=family)
        for (state, number), (family, *others) in families.items()
        if not others
    )
    return WatchList(tuple(told)[:MOST])


def _watched(one: _Read, watched: WatchList, detect: Detect) -> _Read:
    """With what the document says of a bill whose matter another document of the file gives."""
    found = tuple(claim.finding for claim in one.claims)
    more = watched_findings(one.document, watched, detect, found)
    return _claimed(one.document, (*found, *more)) if more else one


def _source(source_id: SourceId) -> Source:
    """Each document is its own publisher here; all have the same rank."""
    return Source(id=source_id, kind="file", name=source_id, options=None, tier=Tier.PRESS)


def _shown(claim: Claim, key: str) -> dict[str, object]:
    finding = claim.finding
    where = finding.jurisdiction
    occurred = finding.occurred
    return {
        "event_type": finding.event_type.value,
        "stage": finding.stage.value,
        "direction": finding.direction.value,
        "state": where.state,
        "county": where.county,
        "place": where.place,
        "agency": finding.agency,
        "model": finding.model.value if finding.model else None,
        "bill": finding.bill,
        "instrument": finding.instrument.value if finding.instrument else None,
        "occurred_on": _written(occurred) if occurred else None,
        "event_key": key,
        "quote": finding.quote.text,
        "start": finding.quote.start,
        "end": finding.quote.end,
        "rule": finding.rule,
        "worth": finding.worth.value,
    }


def _written(stated: StatedDate) -> str:
    """As exactly as it was stated: a year, a month or a day."""
    length = {Precision.YEAR: 4, Precision.MONTH: 7}.get(stated.precision, 10)
    return stated.day.isoformat()[:length]
