"""Backup and restore: one file that holds the database of one moment and the bodies it names.

The file is a ZIP: ``manifest.json`` (format, schema, time, SHA-256 and size of every part),
``monitor.db`` (always SQLite, whatever the database is) and ``archive/ab/<address>.zst``.
It is made while the program runs. A restore believes nothing: names, sizes, kinds and hashes are
checked before anything is put in place, and it goes into an empty place only.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sqlite3
import stat
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from monitor.domain.errors import StoreError
from storage.blobs import DiskArchive, sync_directory
from storage.codec import moment_text
from storage.engine import Database, connect_sqlite, translated
from storage.migrate import NEWEST, RELEASED, migrate_database
from storage.move import StoreNotEmpty, copy, require_empty
from storage.restoring import begun, scratch, unfinished
from storage.store import SqlStore, open_store
from storage.tables import SNAPSHOT

FORMAT = 1
DATABASE, MANIFEST = "monitor.db", "manifest.json"
#: Larger than any installation that this program serves; a bomb is refused before it is unpacked.
MAX_TOTAL_BYTES = 1 << 40
MAX_MANIFEST_BYTES = 512 << 20
_BODY = re.compile(r"archive/([0-9a-f]{2})/(\1[0-9a-f]{62})\.zst")
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What a backup file holds."""

    path: Path
    schema: str
    made_at: str
    bodies: int
    size_bytes: int  #: of the parts, unpacked
    missing: int = 0  #: bodies that rows name and the archive had not


def backup(store: SqlStore, path: Path, at: datetime) -> Backup:
    """Write a backup, readable by its owner only. An existing file is replaced at the end.

    Raises StoreFull or StoreError; then no file is left.
    """
    with translated(str(path)):
        path.parent.mkdir(parents=True, exist_ok=True)
        with scratch(path.with_name(f".{path.name}.work")) as place:
            copied, part = place / DATABASE, place / "part"
            _copy_database(store.db, copied)
            made = _write(store, copied, part, path, at)
            part.replace(path)
            sync_directory(path.parent)
    return made


def _copy_database(db: Database, target: Path) -> None:
    """One moment of the database as an SQLite file."""
    if db.path is not None:
        reading = closing(connect_sqlite(str(db.path), read_only=True))
        with reading as source, closing(sqlite3.connect(target)) as copied:
            source.backup(copied)
            copied.execute("PRAGMA journal_mode=DELETE")
        return
    other = Database(f"sqlite:///{target}")
    try:
        migrate_database(other)
        copy(db, other, lambda _name, _rows: None)
    finally:
        other.close()
    with closing(sqlite3.connect(target)) as copied:
        copied.execute("PRAGMA journal_mode=DELETE")


def _write(store: SqlStore, copied: Path, part: Path, path: Path, at: datetime) -> Backup:
    parts: dict[str, dict[str, Any]] = {}
    missing = 0
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        with zipfile.ZipFile(file, "w", allowZip64=True) as packed:
            packed.write(copied, DATABASE, zipfile.ZIP_DEFLATED, 6)
            parts[DATABASE] = _described(copied)
            for address in _addresses(copied):
                body = _packed_body(store, address)
                if body is None:
                    missing += 1
                    continue
                name = f"archive/{address[:2]}/{address}.zst"
                packed.writestr(name, body)
                parts[name] = {"sha256": hashlib.sha256(body).hexdigest(), "size": len(body)}
            manifest = {"format": FORMAT, "schema": NEWEST, "made_at": moment_text(at)}
            text = json.dumps(manifest | {"parts": parts}, indent=0, sort_keys=True)
            packed.writestr(MANIFEST, text, zipfile.ZIP_DEFLATED)
        file.flush()
        os.fsync(file.fileno())
    return Backup(
        path=path,
        schema=NEWEST,
        made_at=moment_text(at),
        bodies=len(parts) - 1,
        size_bytes=sum(one["size"] for one in parts.values()),
        missing=missing,
    )


def _described(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"sha256": digest, "size": path.stat().st_size}


def _addresses(database: Path) -> Iterator[str]:
    """The bodies that the copied database names and that retention did not drop."""
    copied = Database(f"sqlite:///{database}", read_only=True)
    query = select(SNAPSHOT.c.body_hash).distinct().where(SNAPSHOT.c.pruned.is_(False))
    try:
        with copied.read() as connection:
            yield from connection.execute(query.order_by(SNAPSHOT.c.body_hash)).scalars().all()
    finally:
        copied.close()


def _packed_body(store: SqlStore, address: str) -> bytes | None:
    if not isinstance(store.archive, DiskArchive):
        raise StoreError("a database in memory has no archive on disk and cannot be backed up")
    return store.archive.packed(address)


def inspect(path: Path) -> Backup:
    """What the file holds, its manifest and names checked. Raises StoreError for a strange one."""
    with _opened(path) as packed:
        manifest = _manifest(packed, path)
        return _summary(path, manifest)


def restore(path: Path, url: str, data_dir: Path) -> Backup:
    """Put a backup in place: the database behind `url` and ``data_dir/archive`` must be empty.

    Everything is unpacked and proved beside its place first; a failure leaves the place as it was.
    A restore that was killed goes on when it is run again. Raises StoreError when the file is
    damaged, hostile, or newer than the program.
    """
    with translated(str(data_dir)):
        data_dir.mkdir(parents=True, exist_ok=True)
        with scratch(data_dir / ".restore") as unpacked, _opened(path) as packed:
            manifest = _manifest(packed, path)
            again = begun(data_dir, manifest["digest"])
            if not (again and _database_stands(url)):
                if again:  # bodies without their database: of the restore that was killed
                    shutil.rmtree(data_dir / "archive", ignore_errors=True)
                _require_free(url, data_dir)
                for name, said in manifest["parts"].items():
                    _unpack(packed, name, said, unpacked)
                _require_sound(unpacked / DATABASE)
            with unfinished(data_dir, manifest["digest"]):
                _put_in_place(unpacked, url, data_dir)
    return _summary(path, manifest)


def _database_stands(url: str) -> bool:
    """Whether the database, which comes last and in one step, is in place."""
    database = Database(url)
    try:
        if database.path is not None:
            return database.path.exists()
        migrate_database(database)
        with database.read() as connection:
            require_empty(database, connection)
    except StoreNotEmpty:
        return True
    finally:
        database.close()
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """A restore tried out: what came back and what was wrong with it."""

    backup: Backup
    records: int
    problems: tuple[str, ...]


def drill(path: Path, scratch: Path) -> Drill:
    """Restore into an empty directory of one's own and prove all of it."""
    url = f"sqlite:///{scratch / DATABASE}"
    restored = restore(path, url, scratch)
    store = open_store(url, scratch)
    try:
        return Drill(backup=restored, records=store.last_sequence(), problems=store.verify())
    finally:
        store.close()


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise StoreError(f"{path}: is no backup ({error}); give a file made by backup") from error


def _manifest(packed: zipfile.ZipFile, path: Path) -> dict[str, Any]:
    """The manifest, proved against the list of members."""
    members = packed.infolist()
    names = [member.filename for member in members]
    if names.count(MANIFEST) != 1 or packed.getinfo(MANIFEST).file_size > MAX_MANIFEST_BYTES:
        raise _refused(path, "it has no manifest")
    try:
        manifest = json.loads(_read(packed, MANIFEST, MAX_MANIFEST_BYTES))
        parts = {str(n): (str(p["sha256"]), int(p["size"])) for n, p in manifest["parts"].items()}
        said = (int(manifest["format"]), str(manifest["schema"]), str(manifest["made_at"]))
    except (ValueError, TypeError, KeyError, AttributeError, zipfile.BadZipFile) as error:
        raise _refused(path, f"its manifest cannot be read: {error}") from error
    if said[0] != FORMAT or said[1] not in RELEASED:
        raise _refused(path, f"format {said[0]}, schema {said[1]} is not known to this program")
    if sorted(names) != sorted([MANIFEST, *parts]) or DATABASE not in parts:
        raise _refused(path, "its members are not those of its manifest")
    for member in members:
        _require_plain(member, path)
    if sum(size for _, size in parts.values()) > MAX_TOTAL_BYTES:
        raise _refused(path, "it claims to be larger than any installation")
    digest = hashlib.sha256(packed.read(MANIFEST)).hexdigest()
    return {"parts": parts, "schema": said[1], "made_at": said[2], "digest": digest}


def _require_plain(member: zipfile.ZipInfo, path: Path) -> None:
    """Only the names that backup() writes, and only plain files under them."""
    name = member.filename
    if name not in (DATABASE, MANIFEST) and not _BODY.fullmatch(name):
        raise _refused(path, f"member {name!r} does not belong into a backup")
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise _refused(path, f"member {name!r} is no plain file")


def _read(packed: zipfile.ZipFile, name: str, limit: int) -> bytes:
    with packed.open(name) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise ValueError(f"{name} is larger than {limit} bytes")
    return data


def _unpack(packed: zipfile.ZipFile, name: str, said: tuple[str, int], root: Path) -> None:
    """One part, never more bytes than the manifest says, proved by its hash."""
    digest, left = hashlib.sha256(), said[1]
    target = root / name
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with packed.open(name) as file, target.open("xb") as written:
            while data := file.read(min(_CHUNK, left + 1)):
                left -= len(data)
                if left < 0:
                    break
                digest.update(data)
                written.write(data)
            written.flush()
            os.fsync(written.fileno())
    except (zipfile.BadZipFile, EOFError) as error:
        raise _refused(root, f"part {name} is damaged: {error}") from error
    if left != 0 or digest.hexdigest() != said[0]:
        raise _refused(root, f"part {name} is not the one that was backed up")


def _require_sound(database: Path) -> None:
    with closing(connect_sqlite(str(database), read_only=True)) as held:
        try:
            found = held.execute("PRAGMA integrity_check").fetchone()[0]
        except sqlite3.DatabaseError as error:
            raise _refused(database, f"its database is damaged: {error}") from error
    if found != "ok":
        raise _refused(database, f"its database is damaged: {found}")


def _require_free(url: str, data_dir: Path) -> None:
    """What stands in the directory is told before what its database holds."""
    archive = data_dir / "archive"
    taken = archive.exists() and any(archive.iterdir())
    database = Database(url)
    try:
        if taken or (database.path is not None and database.path.exists()):
            raise StoreError(
                f"{data_dir}: holds an installation already; restore into an empty directory, or "
                "move the old one away first"
            )
        if database.path is None:
            migrate_database(database)
            with database.read() as connection:
                require_empty(database, connection)
    finally:
        database.close()


def _put_in_place(unpacked: Path, url: str, data_dir: Path) -> None:
    """Bodies first, then the database that names them; nothing is unpacked where both stand."""
    if (unpacked / "archive").exists():
        (unpacked / "archive").replace(data_dir / "archive")
        sync_directory(data_dir)
    target = Database(url)
    try:
        if target.path is not None:
            target.path.parent.mkdir(parents=True, exist_ok=True)
            if (unpacked / DATABASE).exists():
                (unpacked / DATABASE).replace(target.path)
                sync_directory(target.path.parent)
            migrate_database(target)
            return
        if not (unpacked / DATABASE).exists():
            return
        source = Database(f"sqlite:///{unpacked / DATABASE}")
        try:
            migrate_database(source)
            migrate_database(target)
            copy(source, target, lambda _name, _rows: None)
        finally:
            source.close()
    finally:
        target.close()


def _summary(path: Path, manifest: dict[str, Any]) -> Backup:
    parts = manifest["parts"]
    return Backup(
        path=path,
        schema=manifest["schema"],
        made_at=manifest["made_at"],
        bodies=len(parts) - 1,
        size_bytes=sum(size for _, size in parts.values()),
    )


def _refused(path: Path, why: str) -> StoreError:
    return StoreError(f"{path}: the backup is refused: {why}; nothing was changed")
