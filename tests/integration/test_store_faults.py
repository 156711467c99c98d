"""Damage, crashes, full and locked disks: nothing half written, nothing changed unseen."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import text

from monitor.domain.commit import PageCommit
from monitor.domain.errors import Conflict, StoreError, StoreFull, StoreLocked
from monitor.domain.ident import body_hash
from monitor.domain.vocabulary import RecordKind, Rung
from storage.blobs import DiskArchive
from storage.engine import LOCK_LOG, Database
from storage.store import SqlStore, open_store
from tests.facts import NOW, SOURCE, claim, delivery, event, evidence, record, revision, snapshot

ROOT = Path(__file__).parents[2]


def page(number: int) -> PageCommit:
    """A page with one of everything; `number` tells pages apart."""
    seen, said = snapshot(b"body %d" % number), claim(number)
    opened = event(number, evidence=(evidence(seen, said),))
    return PageCommit(
        source_id=SOURCE,
        snapshots=(seen,),
        revisions=(revision(f"item-{number}"),),
        claims=(said,),
        records=(record(opened, claim=said),),
        deliveries=(delivery(number),),
    )


#: SQL that somebody with the file at hand might run, and what verify() must then name.
TAMPERING = {
    "UPDATE record SET event = replace(event, 'Agreement 1', 'Agreement X')": "not the one",
    "UPDATE record SET body = replace(body, 'opened', 'absorbed')": "not the one that was hashed",
    "UPDATE record SET hash = '0' WHERE sequence = 3": "record 3",
    "UPDATE record SET told = NOT told WHERE sequence = 1": "columns differ",
    "UPDATE record SET chain = 'people' WHERE sequence = 1": "columns differ",
    "DELETE FROM record WHERE sequence = 2": "missing",
    "DELETE FROM record WHERE sequence = 4": "missing or were added",
    "UPDATE event SET state = 'FL' WHERE sequence = 1": "state differ",
    "UPDATE event SET last_sequence = 1 WHERE sequence = 2": "otherwise than its records",
    "DELETE FROM event WHERE sequence = 1": "the event table holds",
    "DELETE FROM event_key WHERE sequence = 1": "keys differ",
    "DELETE FROM chain": "chain",
    "UPDATE checkpoint SET body = replace(body, '\"chains\":[', '\"chains\":[[],')": "checkpoint 1",
    "UPDATE snapshot SET body = replace(body, '200', '201')": "snapshot",
    "UPDATE snapshot SET body = replace(body, 'herald.example/a', 'forged.example/a')": "snapshot",
    "UPDATE snapshot SET source_id = 'other'": "snapshot",
    "UPDATE snapshot SET body = '{', hash = ''": "snapshot",
    "UPDATE revision SET digest = '0' WHERE number = 1": "revision 1",
    "UPDATE revision SET body = (SELECT max(body) FROM revision)": "revision 1",
}


@pytest.mark.parametrize("statement", TAMPERING)
def test_what_is_changed_from_outside_is_named(store: SqlStore, statement: str) -> None:
    for number in range(3):
        store.commit_page(page(number))
    store.checkpoint(NOW)
    store.append([record(event(0, status=Rung.OFFICIAL), RecordKind.CLIMBED, NOW)])
    assert store.verify() == ()
    with store.db.write() as connection:
        connection.execute(text(statement.replace(":", r"\:")))
    problems = store.verify()
    assert any(TAMPERING[statement] in problem for problem in problems), problems


def test_a_changed_search_index_is_named(store: SqlStore) -> None:
    store.commit_page(page(0))
    with store.db.write() as connection:
        connection.execute(text("DELETE FROM event_text"))
    assert any("searchable text" in problem for problem in store.verify())


def test_a_flipped_byte_in_the_archive_is_named(store: SqlStore, tmp_path: Path) -> None:
    store.commit_page(page(0))
    store.commit_page(page(1))
    address = body_hash(b"body 0")
    path = DiskArchive(tmp_path / "archive").path(address)
    whole = path.read_bytes()
    for at in range(0, len(whole), 3):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        problems = store.verify()
        assert len(problems) == 1, (at, problems)
        assert "snapshot" in problems[0]
    path.unlink()
    assert "missing from the archive" in store.verify()[0]


def test_an_archive_takes_no_strange_address(tmp_path: Path) -> None:
    archive = DiskArchive(tmp_path)
    for address in ("../../etc/passwd", "", "A" * 64, "0" * 63, "0" * 64 + "/.."):
        with pytest.raises(StoreError, match="no address"):
            archive.get(address)


def killed_child(url: str, place: Path, pages: int, after_s: float) -> int:
    """Commit pages in a forked process; kill it some time after it told of so many.

    Returns how many it said were stored.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            _commit_for_ever(url, place, writing)
        finally:
            os._exit(1)
    os.close(writing)
    told = 0
    with os.fdopen(reading, "rb", buffering=0) as said:
        while told < pages:
            told += len(said.read(1))
        time.sleep(after_s)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        told += len(said.read() or b"")
    return told


def _commit_for_ever(url: str, place: Path, writing: int) -> None:
    store = open_store(url, place)
    number = store.last_sequence()
    while True:
        store.commit_page(page(number))
        os.write(writing, b".")
        number += 1


def after_kills(url: str, place: Path, kills: int, seed: int) -> None:
    """Kill a writer again and again; after each the store is whole and holds all it promised."""
    dice = Random(seed)
    stored = 0
    for _ in range(kills):
        promised = stored + killed_child(url, place, dice.randrange(1, 5), dice.random() * 0.02)
        store = open_store(url, place)
        with store.db.write() as connection:  # a server may still end what the dead one asked for
            store.db.lock(connection, LOCK_LOG)
        assert store.verify() == ()
        stored = store.last_sequence()
        assert promised <= stored <= promised + 1
        assert len(store.deliveries(limit=100_000)) == stored
        assert len(list(store.items())) == stored
        store.close()


def test_a_killed_writer_leaves_whole_pages(store_url: str, tmp_path: Path) -> None:
    after_kills(store_url, tmp_path, kills=25, seed=1)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_writer_killed_many_times_leaves_whole_pages(store_url: str, tmp_path: Path) -> None:
    kills = 250 if os.environ.get("MONITOR_SOAK") == "1" else 80
    after_kills(store_url, tmp_path, kills=kills, seed=2)


@pytest.mark.parametrize("step", ["archive", "snapshots", "records", "deliveries", "commit"])
def test_a_failure_at_any_step_of_a_page_stores_nothing(
    store: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """The process dies (as SystemExit) right before the step; the store is opened again."""
    store.commit_page(page(0))
    targets = {
        "archive": "storage.blobs._write_synced",
        "snapshots": "storage.sources._insert_snapshots",
        "records": "storage.sources.append_records",
        "deliveries": "storage.sources.insert_deliveries",
        "commit": "storage.sources.insert_health",
    }

    def die(*_: object, **__: object) -> None:
        raise SystemExit(9)

    with monkeypatch.context() as patched:
        patched.setattr(targets[step], die)
        with pytest.raises(SystemExit):
            store.commit_page(page(1))
    assert store.last_sequence() == 1
    assert store.verify() == ()
    assert len(store.deliveries()) == 1
    assert [r.sequence for r in store.commit_page(page(1))] == [2]
    assert store.verify() == ()


def test_a_locked_database_is_told_as_such(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/monitor.db"
    store = open_store(url, tmp_path, busy_timeout_s=0.05)
    with sqlite3.connect(tmp_path / "monitor.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreLocked, match="try again"):
            store.commit_page(page(0))
        assert store.last_sequence() == 0  # readers go on
        other.execute("ROLLBACK")
    assert len(store.commit_page(page(0))) == 1
    store.close()


def test_a_locked_postgresql_is_told_as_such(postgres_url: str) -> None:
    store = open_store(postgres_url, None, busy_timeout_s=0.05)
    other = Database(postgres_url)
    with other.write() as connection:
        connection.execute(text("LOCK TABLE record IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(StoreLocked):
            store.commit_page(page(0))
    assert len(store.commit_page(page(0))) == 1
    other.close()
    store.close()


FULL = """
    import resource, signal, sys
    sys.path.insert(0, {root!r})
    from pathlib import Path
    from monitor.domain.errors import StoreFull
    from storage.store import open_store
    from tests.integration.test_store_faults import page
    store = open_store({url!r}, Path({place!r}))
    store.commit_page(page(0))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
    stored = 1
    try:
        while stored < 5000:
            store.commit_page(page(stored))
            stored += 1
    except StoreFull as error:
        assert "nothing was stored" in str(error)
        print(stored)
"""


def full_after(url: str, place: Path, limit: int) -> int:
    """Commit pages until no file may grow beyond the limit; returns how many were stored."""
    code = textwrap.dedent(FULL).format(root=str(ROOT), url=url, place=str(place), limit=limit)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.stdout.strip().isdigit(), done.stderr[-2000:]
    return int(done.stdout)


def test_a_full_disk_stores_nothing_by_halves(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/monitor.db"
    open_store(url, tmp_path).close()
    limit = (tmp_path / "monitor.db").stat().st_size + 200_000
    stored = full_after(url, tmp_path, limit)
    store = open_store(url, tmp_path)
    assert store.last_sequence() == stored > 1
    assert store.verify() == ()
    assert len(store.deliveries(limit=10_000)) == stored
    store.commit_page(page(stored))
    store.close()


def test_an_archive_without_space_says_so(tmp_path: Path) -> None:
    def write() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        with pytest.raises(StoreFull):
            DiskArchive(tmp_path / "archive").put(os.urandom(5000))

    assert _in_child(write) == 0
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def _in_child(run: Callable[[], None]) -> int:
    """Run in a forked child, so that its limits die with it; returns its exit code."""
    child = os.fork()
    if child == 0:
        try:
            run()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_file_that_is_no_database_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "monitor.db").write_bytes(b"hello, world" * 500)
    with pytest.raises(StoreError, match=r"monitor\.db"):
        open_store(f"sqlite:///{tmp_path}/monitor.db", tmp_path)


def test_half_written_bodies_of_a_crash_are_swept(tmp_path: Path) -> None:
    archive = DiskArchive(tmp_path)
    address = archive.put(b"whole")
    half = archive.path(address).parent / "abc.part"
    half.write_bytes(b"half")
    assert list(archive.addresses()) == [address]
    written_s = half.stat().st_mtime
    assert archive.sweep(written_s) == 0, "somebody may be writing it"
    assert archive.sweep(written_s + 1) == 1
    assert not half.exists()
    assert archive.get(address) == b"whole"


def test_a_database_that_went_away_is_used_again_when_it_is_back(postgres_url: str) -> None:
    store = open_store(postgres_url, None)
    store.commit_page(page(0))
    other = Database(postgres_url)
    with other.write() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    store.commit_page(page(1))
    assert store.last_sequence() == 2
    other.close()
    store.close()


def test_a_conflict_leaves_the_log_open(store: SqlStore) -> None:
    store.commit_page(page(0))
    with pytest.raises(Conflict):
        store.commit_page(page(0))
    store.commit_page(page(1))
    assert store.verify() == ()


def test_a_body_two_directories_deep_is_found_listed_and_removed(tmp_path: Path) -> None:
    archive = DiskArchive(tmp_path)
    address = archive.put(b"of before")
    older = archive.path(address).parent / address[2:4]
    older.mkdir()
    archive.path(address).rename(older / f"{address}.zst")
    newer = archive.put(b"of now")
    assert archive.get(address) == b"of before"
    assert archive.put(b"of before") == address
    assert not archive.path(address).exists(), "it is there already"
    assert sorted(archive.addresses()) == sorted([address, newer])
    (older / f"{address}.x.part").write_bytes(b"ha")
    assert archive.sweep(float("inf")) == 1
    assert archive.remove(address)
    assert archive.get(address) is None
    assert not archive.remove(address)


def test_a_body_put_again_takes_what_a_killed_process_left_of_it(tmp_path: Path) -> None:
    archive = DiskArchive(tmp_path)
    address = archive.put(b"whole")
    folder = archive.path(address).parent
    archive.remove(address)
    (folder / f"{address}.x1y2.part").write_bytes(b"ha")
    (folder / "other.part").write_bytes(b"another's")
    assert archive.put(b"whole") == address
    assert sorted(p.name for p in folder.iterdir()) == [f"{address}.zst", "other.part"]
    assert archive.get(address) == b"whole"
