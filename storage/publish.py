"""The published dataset: one SQLite file, CSV files, dictionary, checksums, changelog.

Made from the log alone, so it can hold no subscriber, no delivery, no token, no captured text; of
quotes at most 300 characters; of events only those worth an alert or reviewed by a person. The
SQLite file is replaced in place through the backup API, so that a reader such as Datasette sees
the new content at once (a renamed file would leave it on the old one).
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Row, select

from monitor.domain.event import Event, Evidence
from monitor.domain.moment import StatedDate
from monitor.domain.roster import Agreement
from monitor.domain.vocabulary import RecordKind, Worth
from storage.chain import record_of
from storage.codec import canonical, loads, moment_text
from storage.engine import Database, translated
from storage.part import chunks
from storage.published import SCHEMA, TABLES, Table, dictionary_markdown, package
from storage.tables import AGREEMENT, EVENT, RECORD

MAX_QUOTE_CHARS = 300
DATABASE = "dataset.db"
_PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What was written: the directory, the counts, the last record in it."""

    directory: Path
    events: int
    records: int
    last_sequence: int


def publish(db: Database, directory: Path, at: datetime) -> Published:
    """Write the dataset as of now into the directory. Raises StoreFull, StoreError."""
    with translated(str(directory)):
        directory.mkdir(parents=True, exist_ok=True)
        releases = _releases(directory / DATABASE)
        with tempfile.TemporaryDirectory(dir=directory, prefix=".new") as scratch:
            fresh = Path(scratch) / DATABASE
            with closing(sqlite3.connect(fresh, isolation_level=None)) as made:
                made.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + SCHEMA)
                made.execute("BEGIN")
                result = _fill(db, made, directory, at, releases)
                made.execute("COMMIT")
                made.execute("INSERT INTO events_fts(events_fts) VALUES ('rebuild')")
                _write_files(made, directory, at)
                _replace(made, directory / DATABASE)
        _write_checksums(directory)
    return result


def _fill(
    db: Database, made: sqlite3.Connection, directory: Path, at: datetime, releases: list[Any]
) -> Published:
    sequence, records = _copy_log(db, made)
    _insert(made, "agreements", map(_agreement, _agreements(db)))
    events = int(made.execute("SELECT count(*) FROM events").fetchone()[0])
    # a run repeated at the same moment takes its own place
    releases = [release for release in releases if release[0] != moment_text(at)]
    before = releases[-1][1] if releases else 0
    kinds = made.execute(
        "SELECT count(*), sum(kind = 'opened'), sum(kind = 'retracted'), sum(kind = 'merged'), "
        "sum(kind = 'amended') FROM records WHERE sequence > ?",
        (before,),
    ).fetchone()
    counted = [number or 0 for number in kinds]
    newest = (moment_text(at), sequence, events, *counted)
    _insert(made, "releases", [*releases, newest])
    facts = (("as_of", moment_text(at)), ("last_sequence", str(sequence)), ("format", "1"))
    _insert(made, "about", facts)
    return Published(directory=directory, events=events, records=records, last_sequence=sequence)


def _releases(path: Path) -> list[Any]:
    """The releases that the file in place tells of; none where there is no such file."""
    if not path.exists():
        return []
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as held:
        try:
            return held.execute("SELECT * FROM releases ORDER BY published_at").fetchall()
        except sqlite3.DatabaseError:
            return []  # not ours or damaged: it is written anew as a whole


def _copy_log(db: Database, made: sqlite3.Connection) -> tuple[int, int]:
    """Events, their evidence and records; returns the last sequence and the number of records."""
    number = last = 0
    for rows in _pages(db):
        events = {row.id: loads(Event, row.body) for row in rows}
        records = _records(db, list(events))
        reviewed = {r.event_id for r in records if r.kind == RecordKind.REVIEWED}
        public = {i: e for i, e in events.items() if e.worth is Worth.ALERT or i in reviewed}
        _insert(made, "events", map(_event, public.values()))
        _insert(made, "evidence", (_evidence(e.id, v) for e in public.values() for v in e.evidence))
        shown = [row for row in records if row.event_id in public]
        _insert(made, "records", map(_record, shown))
        number += len(shown)
        last = max([last, *(row.sequence for row in records)])
    return last, number


def _pages(db: Database) -> Iterator[list[Any]]:
    joined = EVENT.join(RECORD, RECORD.c.sequence == EVENT.c.last_sequence)
    query = select(EVENT.c.sequence, EVENT.c.id, RECORD.c.event.label("body")).select_from(joined)
    after = 0
    while True:
        page = query.where(EVENT.c.sequence > after).order_by(EVENT.c.sequence).limit(_PAGE)
        with db.read() as connection:
            rows = list(connection.execute(page))
        if not rows:
            return
        yield rows
        after = rows[-1].sequence


def _records(db: Database, ids: list[str]) -> list[Row[Any]]:
    query = select(RECORD).order_by(RECORD.c.sequence)
    with db.read() as connection:
        return [
            row
            for some in chunks(ids)
            for row in connection.execute(query.where(RECORD.c.event_id.in_(some)))
        ]


def _agreements(db: Database) -> list[Agreement]:
    query = select(AGREEMENT.c.body).where(AGREEMENT.c.newest.is_(True)).order_by(AGREEMENT.c.id)
    with db.read() as connection:
        return [loads(Agreement, body) for body in connection.execute(query).scalars()]


def _insert(made: sqlite3.Connection, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    marks = ", ".join("?" * len(TABLES[table].columns))
    made.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608


def _event(event: Event) -> tuple[Any, ...]:
    place = event.jurisdiction
    return (
        event.id, event.event_type.value, event.stage.value, event.direction.value,
        event.status.value, event.tier.value, place.state, place.county, place.place, event.agency,
        event.agency_id, event.model and event.model.value, event.bill,
        event.instrument and event.instrument.value, event.target,
        *_stated(event.occurred), _day(event.passed), _day(event.effective),
        *_stated(event.published), moment_text(event.captured_at), moment_text(event.recorded_at),
        moment_text(event.updated_at), event.title, event.quote[:MAX_QUOTE_CHARS], event.url,
        event.source_id, event.amount, event.unit, event.note, event.merged_into,
    )  # fmt: skip


def _evidence(event_id: str, evidence: Evidence) -> tuple[Any, ...]:
    captured = evidence.captured_at
    return (
        event_id, evidence.source_id, evidence.publisher, evidence.tier.value, evidence.url,
        evidence.title, evidence.quote[:MAX_QUOTE_CHARS], evidence.locator, evidence.rule,
        _day(evidence.published), moment_text(captured) if captured else None, evidence.body_hash,
    )  # fmt: skip


def _record(row: Row[Any]) -> tuple[Any, ...]:
    record = record_of(
        row.event, row.body, sequence=row.sequence, previous_hash=row.previous_hash, hash=row.hash
    )
    changed = [
        [name, was[:MAX_QUOTE_CHARS], now[:MAX_QUOTE_CHARS]] for name, was, now in record.changed
    ]
    return (
        record.sequence, record.id, record.event.id, record.kind.value, record.chain,
        moment_text(record.recorded_at), record.event.status.value, record.reason,
        canonical(changed), record.previous_hash, record.hash,
    )  # fmt: skip


def _agreement(agreement: Agreement) -> tuple[Any, ...]:
    row = agreement.row
    moments = (agreement.first_listed_at, agreement.last_seen_at, agreement.ended_at)
    return (
        agreement.id, agreement.state.value, row.state, row.agency, row.agency_id, row.type,
        row.county, row.county_fips, row.model.value, row.signed and row.signed.isoformat(),
        row.moa, row.addendum, *(m and moment_text(m) for m in moments),
        " ".join(day.isoformat() for day in agreement.signed_history),
    )  # fmt: skip


def _day(stated: StatedDate | None) -> str | None:
    return stated.day.isoformat() if stated else None


def _stated(stated: StatedDate | None) -> tuple[str | None, str | None]:
    return (_day(stated), stated.precision.value if stated else None)


def _write_files(made: sqlite3.Connection, directory: Path, at: datetime) -> None:
    for name, table in TABLES.items():
        _replace_file(directory / f"{name}.csv", partial(_csv, made, name, table))
    texts = {
        "DICTIONARY.md": dictionary_markdown(),
        "datapackage.json": json.dumps(package(moment_text(at)), indent=1) + "\n",
        "CHANGELOG.md": _changelog(made),
    }
    for name, text in texts.items():
        _replace_file(directory / name, lambda file, text=text: file.write(text))


def _replace_file(path: Path, write: Any) -> None:
    part = path.with_name(f".{path.name}.part")
    with part.open("w", encoding="utf-8", newline="") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _csv(made: sqlite3.Connection, name: str, table: Table, file: Any) -> None:
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow([column.name for column in table.columns])
    for row in made.execute(f"SELECT * FROM {name} ORDER BY rowid"):  # noqa: S608
        writer.writerow([inert(cell) for cell in row])


def inert(cell: Any) -> Any:
    """A cell that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r", "\n"):
        return "'" + cell
    return cell


def _changelog(made: sqlite3.Connection) -> str:
    lines = ["# Changes of the dataset", ""]
    query = "SELECT * FROM releases ORDER BY published_at DESC"
    for at, sequence, events, records, opened, retracted, merged, amended in made.execute(query):
        lines.append(
            f"- {at[:16].replace('T', ' ')} UTC: {events} events up to record {sequence}; "
            f"{records} new records, of them {opened} events opened, {amended} amended, "
            f"{merged} merged, {retracted} retracted."
        )
    return "\n".join(lines) + "\n"


def _replace(made: sqlite3.Connection, path: Path) -> None:
    with closing(sqlite3.connect(path, timeout=30)) as target:
        made.backup(target)


def _write_checksums(directory: Path) -> None:
    names = sorted(p.name for p in directory.iterdir() if p.is_file() and _is_part(p.name))
    lines = [f"{_digest(directory / name)}  {name}\n" for name in names]
    _replace_file(directory / "SHA256SUMS", lambda file: file.writelines(lines))


def _is_part(name: str) -> bool:
    return name.endswith((".csv", ".md", ".json")) or name == DATABASE


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
