"""Publishing, backup and restore, moving between databases, retention: on real files."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import json
import shutil
import sqlite3
import stat
import warnings
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.domain.claim import Jurisdiction
from monitor.domain.commit import LedgerCommit, PageCommit
from monitor.domain.errors import StoreError
from monitor.domain.filter import Filter
from monitor.domain.health import HealthEntry
from monitor.domain.ident import SubscriptionId
from monitor.domain.roster import RosterCounts
from monitor.domain.source import SourceState
from monitor.domain.subscription import Digest, Subscription
from monitor.domain.vocabulary import RecordKind, Rung, Worth
from monitor.stores import EventQuery
from storage.backup import backup, drill, inspect, restore
from storage.move import move
from storage.publish import inert, publish
from storage.store import SqlStore, open_store
from tests.facts import (
    NOW,
    SOURCE,
    agreement,
    claim,
    delivery,
    event,
    evidence,
    record,
    revision,
    snapshot,
)

DAY = timedelta(days=1)
SECRET = "canary-reader@example.org"
FULL_TEXT = "canary full text of the captured article"


def fill(store: SqlStore) -> None:
    """A little of everything that the store keeps, with canaries where nothing may leak."""
    seen = snapshot(f"<p>{FULL_TEXT}</p>".encode())
    said = claim()
    opened = event(0, evidence=(evidence(seen, said),), quote="=signed " + "x" * 400, amount=12.5)
    draft = event(1, worth=Worth.REVIEW, title="canary draft", jurisdiction=Jurisdiction())
    accepted = event(2, worth=Worth.REVIEW, title="accepted by a person")
    ledger = LedgerCommit(
        ledger="ice-roster",
        state=b"opaque",
        outcomes=(),
        agreements=(agreement(),),
        counts=RosterCounts(active=1, unconfirmed=0, held=0, ended=0),
        published_at=NOW,
    )
    store.commit_page(
        PageCommit(
            source_id=SOURCE,
            snapshots=(seen,),
            revisions=(revision("a", FULL_TEXT),),
            claims=(said,),
            records=(record(opened, claim=said), record(draft), record(accepted)),
            deliveries=(delivery(0, destination=SECRET),),
            state=SourceState(source_id=SOURCE, cursor="1"),
            ledger=ledger,
            health=(HealthEntry(at=NOW, kind="ok", message="fine"),),
        )
    )
    reviewed = record(accepted, RecordKind.REVIEWED, NOW + DAY, chain="people")
    climbed = dataclasses.replace(opened, status=Rung.ON_ROSTER, updated_at=NOW + DAY)
    store.append([reviewed, record(climbed, RecordKind.CLIMBED, NOW + DAY)])
    store.save_subscription(
        Subscription(id=SubscriptionId("desk"), filter="", channel="email", destination=SECRET)
    )
    window = Digest(
        id="d", subscription_id=SubscriptionId("desk"), start=NOW, end=NOW + DAY, made_at=NOW
    )
    store.commit_digest(window, None)
    store.set_fact("told", "yes")
    store.add_label(revision("a", FULL_TEXT).item, "relevant", NOW)
    store.checkpoint(NOW + DAY)


def contents(store: SqlStore) -> list[object]:
    """What a store holds, for comparing two."""
    return [
        store.events(EventQuery(filter=Filter(), include_merged=True)).items,
        store.records(),
        store.checkpoints(),
        list(store.snapshots()),
        list(store.items()),
        store.source_states(),
        store.agreements(),
        store.ledger("ice-roster"),
        store.subscriptions(),
        store.deliveries(),
        store.digests(),
        store.health(),
        store.fact("told"),
        store.labels(),
        store.verify(),
    ]


def test_the_published_dataset_tells_all_that_is_public_and_no_more(
    store: SqlStore, tmp_path: Path
) -> None:
    fill(store)
    place = tmp_path / "public"
    made = publish(store.db, place, NOW + DAY)
    assert (made.events, made.records, made.last_sequence) == (2, 4, 5)
    for path in place.iterdir():
        data = path.read_bytes()
        for canary in (SECRET, FULL_TEXT, "canary draft", "opaque"):
            assert canary.encode() not in data, (path.name, canary)
    with sqlite3.connect(place / "dataset.db") as held:
        status, quote = held.execute(
            "SELECT status, quote FROM events WHERE amount = 12.5"
        ).fetchone()
        tables = {row[0] for row in held.execute("SELECT name FROM sqlite_master")}
        assert held.execute("SELECT count(*) FROM agreements").fetchone() == (1,)
        assert held.execute(
            "SELECT count(*) FROM events_fts WHERE events_fts MATCH 'accepted'"
        ).fetchone() == (1,)
    assert status == "on_roster"
    assert len(quote) == 300
    assert not tables & {"subscription", "delivery", "snapshot", "revision", "digest", "fact"}
    rows = list(csv.DictReader((place / "events.csv").open(encoding="utf-8", newline="")))
    assert {row["quote"][:2] for row in rows} == {"'=", ""}
    assert [f["name"] for f in _fields(place, "events")] == list(rows[0])


def _fields(place: Path, name: str) -> list[dict[str, str]]:
    package = json.loads((place / "datapackage.json").read_text())
    found: list[dict[str, str]] = next(
        r["schema"]["fields"] for r in package["resources"] if r["name"] == name
    )
    assert all(field["description"] for field in found)
    return found


def test_a_release_is_seen_at_once_by_an_open_reader_and_tells_what_changed(
    store: SqlStore, tmp_path: Path
) -> None:
    fill(store)
    place = tmp_path / "public"
    publish(store.db, place, NOW)
    inode = (place / "dataset.db").stat().st_ino
    with sqlite3.connect(f"file:{place}/dataset.db?mode=ro", uri=True) as reader:
        assert reader.execute("SELECT count(*) FROM events").fetchone() == (2,)
        store.append([record(event(7))])
        publish(store.db, place, NOW + DAY)
        assert reader.execute("SELECT count(*) FROM events").fetchone() == (3,)
    assert (place / "dataset.db").stat().st_ino == inode
    changes = (place / "CHANGELOG.md").read_text().splitlines()
    assert "1 new records, of them 1 events opened" in changes[2]
    assert len(changes) == 4
    for line in (place / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((place / name).read_bytes()).hexdigest() == digest


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_no_cell_is_a_formula(cell: str) -> None:
    assert inert(cell) == "'" + cell
    assert inert(-1.5) == -1.5


def test_a_backup_comes_back_whole(store: SqlStore, tmp_path: Path) -> None:
    fill(store)
    path = tmp_path / "safe" / "one.backup"
    made = backup(store, path, NOW)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (made.bodies, made.missing) == (1, 0)
    assert inspect(path) == dataclasses.replace(made, missing=0)
    place = tmp_path / "restored"
    restore(path, f"sqlite:///{place}/monitor.db", place)
    again = open_store(f"sqlite:///{place}/monitor.db", place)
    try:
        assert contents(again) == contents(store)
    finally:
        again.close()
    assert [p.name for p in path.parent.iterdir()] == ["one.backup"]


def test_a_backup_comes_back_into_postgresql(tmp_path: Path, postgres_url: str) -> None:
    store = open_store(f"sqlite:///{tmp_path}/monitor.db", tmp_path)
    fill(store)
    backup(store, tmp_path / "one.backup", NOW)
    restore(tmp_path / "one.backup", postgres_url, tmp_path / "restored")
    again = open_store(postgres_url, tmp_path / "restored")
    assert contents(again) == contents(store)
    other = tmp_path / "other"
    with pytest.raises(StoreError, match="holds rows"):
        restore(tmp_path / "one.backup", postgres_url, other)
    assert list(other.iterdir()) == []
    again.close()
    store.close()


def test_a_restore_drill_proves_the_backup(store: SqlStore, tmp_path: Path) -> None:
    fill(store)
    backup(store, tmp_path / "one.backup", NOW)
    tried = drill(tmp_path / "one.backup", tmp_path / "drill")
    assert (tried.records, tried.problems) == (5, ())


def test_a_backup_is_made_while_the_program_writes(store: SqlStore, tmp_path: Path) -> None:
    fill(store)
    with store.db.write() as connection:
        connection.exec_driver_sql("DELETE FROM fact")
        if store.db.is_sqlite:
            backup(store, tmp_path / "one.backup", NOW)
    if not store.db.is_sqlite:
        backup(store, tmp_path / "one.backup", NOW)
    assert drill(tmp_path / "one.backup", tmp_path / "drill").problems == ()


def test_nothing_is_restored_over_an_installation(store: SqlStore, tmp_path: Path) -> None:
    fill(store)
    backup(store, tmp_path / "one.backup", NOW)
    with pytest.raises(StoreError, match="already"):
        restore(tmp_path / "one.backup", f"sqlite:///{tmp_path}/x.db", tmp_path)


def _rewritten(source: Path, target: Path, change: Callable[[zipfile.ZipFile], None]) -> None:
    shutil.copy(source, target)
    with warnings.catch_warnings(), zipfile.ZipFile(target, "a") as packed:
        warnings.simplefilter("ignore")  # a doubled name is the point
        change(packed)


def _symlink(packed: zipfile.ZipFile) -> None:
    link = zipfile.ZipInfo("archive/ab/" + "abcd" + "0" * 60 + ".zst")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    packed.writestr(link, "/etc/passwd")


def _manifest_with(packed: zipfile.ZipFile, **more: object) -> None:
    text = {"format": 1, "schema": "0001", "made_at": "x", "parts": {}} | more
    packed.writestr("manifest.json", json.dumps(text))


HOSTILE: dict[str, Callable[[zipfile.ZipFile], None]] = {
    "slip": lambda packed: packed.writestr("../../evil", "x"),
    "absolute": lambda packed: packed.writestr("/tmp/evil", "x"),
    "stranger": lambda packed: packed.writestr("feeds.yaml", "x"),
    "symlink": _symlink,
    "doubled": lambda packed: packed.writestr("monitor.db", "x"),
    "two manifests": _manifest_with,
}


@pytest.mark.parametrize("trick", HOSTILE)
def test_a_hostile_backup_changes_nothing(tmp_path: Path, trick: str) -> None:
    store = open_store(f"sqlite:///{tmp_path}/monitor.db", tmp_path)
    fill(store)
    backup(store, tmp_path / "good.backup", NOW)
    store.close()
    _rewritten(tmp_path / "good.backup", tmp_path / "bad.backup", HOSTILE[trick])
    place = tmp_path / "restored"
    with pytest.raises(StoreError, match="refused"):
        restore(tmp_path / "bad.backup", f"sqlite:///{place}/monitor.db", place)
    assert list(place.iterdir()) == []
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("../evil", {"../evil": {"sha256": "0" * 64, "size": 1}}),
        ("monitor.db", {"monitor.db": {"sha256": "0" * 64, "size": 1}}),
        ("monitor.db", {"monitor.db": {"sha256": "0" * 64, "size": 1 << 41}}),
        ("monitor.db", {"monitor.db": {"sha256": "0" * 64, "size": -1}}),
        ("monitor.db", {"monitor.db": {"size": 1}}),
        ("monitor.db", []),
    ],
)
def test_a_manifest_that_lies_is_refused(tmp_path: Path, name: str, parts: object) -> None:
    path = tmp_path / "bad.backup"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(name, b"\0" * 5_000_000)  # a small bomb: 5 MB that were said to be 1 byte
        _manifest_with(packed, parts=parts)
    place = tmp_path / "restored"
    with pytest.raises(StoreError, match="refused"):
        restore(path, f"sqlite:///{place}/monitor.db", place)
    assert list(place.iterdir()) == []


def test_a_damaged_or_newer_backup_is_refused(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/monitor.db", tmp_path)
    fill(store)
    path = tmp_path / "one.backup"
    backup(store, path, NOW)
    store.close()
    data = bytearray(path.read_bytes())
    place = tmp_path / "restored"
    for at in (len(data) // 3, len(data) // 2, len(data) - 40):
        damaged = bytearray(data)
        damaged[at] ^= 0x55
        (tmp_path / "bad.backup").write_bytes(damaged)
        with pytest.raises(StoreError):
            restore(tmp_path / "bad.backup", f"sqlite:///{place}/monitor.db", place)
        assert list(place.iterdir()) == []
    with zipfile.ZipFile(tmp_path / "new.backup", "w") as packed:
        _manifest_with(packed, schema="9999")
    with pytest.raises(StoreError, match="9999"):
        inspect(tmp_path / "new.backup")
    (tmp_path / "text.backup").write_text("hello")
    with pytest.raises(StoreError, match="no backup"):
        inspect(tmp_path / "text.backup")


def test_an_installation_moves_to_postgresql_and_back(tmp_path: Path, postgres_url: str) -> None:
    url = f"sqlite:///{tmp_path}/monitor.db"
    store = open_store(url, tmp_path)
    fill(store)
    told: list[str] = []
    rows = move(url, postgres_url, lambda name, _: told.append(name))
    moved = open_store(postgres_url, tmp_path)
    try:
        assert contents(moved) == contents(store)
        assert rows["record"] == 5
        assert "event" in told
        assert move(url, postgres_url) == rows  # as after one that was killed at its very end
        fresh = [delivery(9), delivery(10)]
        assert moved.enqueue(fresh) == 2  # numbers go on where they stood
        with pytest.raises(StoreError, match="holds rows"):
            move(url, postgres_url)
        moved.add_health([HealthEntry(at=NOW, kind="ok", message="after the move")])
        back = f"sqlite:///{tmp_path}/back.db"
        move(postgres_url, back)
        returned = open_store(back, tmp_path)
        assert contents(returned) == contents(moved)
        returned.close()
    finally:
        moved.close()
        store.close()


def test_retention_keeps_evidence_and_what_is_newest(store: SqlStore) -> None:
    old = [snapshot(f"old {n}".encode(), NOW + timedelta(hours=n)) for n in range(4)]
    newest = snapshot(b"new", NOW + DAY * 90)
    said = claim()
    told = event(0, evidence=(evidence(old[0], said),))
    read = dataclasses.replace(revision("a"), snapshot_id=old[1].id)
    superseded = dataclasses.replace(revision("b"), snapshot_id=old[2].id)
    edited = dataclasses.replace(revision("told", "edited", 2), snapshot_id=old[3].id)
    claimed = dataclasses.replace(said, item_id=edited.item.id)
    store.commit_page(
        PageCommit(
            source_id=SOURCE,
            snapshots=(*old, newest),
            revisions=(
                read,
                superseded,
                revision("b", "newer", 2),
                edited,
                dataclasses.replace(revision("told", "edited again", 3), snapshot_id=newest.id),
            ),
            claims=(claimed,),
            records=(record(told, claim=claimed),),
            health=(HealthEntry(at=NOW, kind="ok", message="long ago"),),
        )
    )
    pruned = store.prune(NOW + DAY * 30, NOW + DAY)
    assert (pruned.snapshots, pruned.bodies, pruned.health) == (1, 1, 1)
    assert store.body(old[3].body_hash) == b"old 3", "the version that took it back"
    assert store.body(old[0].body_hash) == b"old 0"
    assert store.snapshot(old[1].id) == old[1]
    assert store.snapshot(old[2].id) is None
    assert [s.body for s in store.snapshots()] == [b"old 0", b"old 1", b"old 3", b"new"]
    assert store.verify() == ()
    again = store.prune(NOW + DAY * 30)
    assert (again.snapshots, again.bodies) == (0, 0)
