"""Many pages in one transaction: the same crash safety, the disk waited for once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from monitor.domain.errors import StoreFull
from monitor.domain.ident import body_hash
from storage import blobs
from storage.blobs import DiskArchive
from storage.store import SqlStore
from tests.integration.test_store_faults import page

PAGES = 5


def bodies(archive: DiskArchive) -> set[str]:
    return set(archive.addresses())


def expected(count: int) -> set[str]:
    return {body_hash(b"body %d" % number) for number in range(count)}


def test_bodies_are_on_the_disk_before_the_rows_and_named_by_them_alone(
    store: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each file is synced before it gets its name, each directory after, all before the commit."""
    archive = DiskArchive(tmp_path / "archive")
    steps: list[str] = []
    synced, named = blobs._sync, blobs._into_place

    def sync(path: Path) -> None:
        steps.append("file" if path.suffix == ".part" else "directory")
        synced(path)

    def name(part: Path, path: Path) -> None:
        steps.append("name")
        named(part, path)

    monkeypatch.setattr(blobs, "_sync", sync)
    monkeypatch.setattr(blobs, "_into_place", name)
    with store.turn():
        for number in range(PAGES):
            store.commit_page(page(number))
            assert store.body(body_hash(b"body %d" % number)) == b"body %d" % number
        assert bodies(archive) == set() and steps == []
        assert store.last_sequence() == PAGES  # what it wrote itself
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(store.body, body_hash(b"body 0")).result() is None
            if not store.db.in_memory:
                assert pool.submit(store.last_sequence).result() == 0
    last_file = len(steps) - steps[::-1].index("file")
    assert "name" not in steps[:last_file] and steps[-1] == "directory"
    assert steps.count("file") == steps.count("name") == PAGES
    assert bodies(archive) == expected(PAGES)
    assert (store.last_sequence(), store.verify()) == (PAGES, ())


def test_what_is_not_stored_leaves_no_body(store: SqlStore, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), store.turn():
        store.commit_page(page(0))
        raise ZeroDivisionError
    assert bodies(DiskArchive(tmp_path / "archive")) == set()
    assert store.last_sequence() == 0
    store.commit_page(page(0))
    assert bodies(DiskArchive(tmp_path / "archive")) == expected(1)
    assert store.verify() == ()


def test_bodies_that_cannot_be_written_take_the_whole_transaction_back(
    store: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(part: Path, path: Path) -> None:
        raise OSError(28, "No space left on device")

    def write() -> None:
        with store.turn():
            for number in range(PAGES):
                store.commit_page(page(number))

    with monkeypatch.context() as patched:
        patched.setattr(blobs, "_into_place", full)
        with pytest.raises(StoreFull):
            write()
    assert (store.last_sequence(), store.deliveries()) == (0, ())
    assert not [path for path in (tmp_path / "archive").rglob("*") if path.is_file()]
    write()
    assert (store.last_sequence(), store.verify()) == (PAGES, ())


def test_what_waits_to_be_written_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blobs, "HELD_BYTES", 100)
    archive = DiskArchive(tmp_path)
    with archive.together():
        put = [archive.put(bytes([number]) * 1000) for number in range(20)]
        assert len(bodies(archive)) > 10
        assert [archive.get(address) for address in put] == [bytes([n]) * 1000 for n in range(20)]
        assert archive.remove(put[-1]) and archive.get(put[-1]) is None
    assert bodies(archive) == set(put[:-1])
