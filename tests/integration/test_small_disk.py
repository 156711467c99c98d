"""A real disk that is full or read-only: a small tmpfs under database, archive, backup and bot."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.demo.server import DemoServer
from monitor.domain.errors import StoreError, StoreFull
from monitor.domain.subscription import DeliveryState
from monitor.services.check import NOT_STORED
from storage.backup import backup, drill, inspect
from storage.blobs import DiskArchive
from storage.store import open_store
from tests.apps import app_on, check, events
from tests.facts import NOW
from tests.integration.test_store_faults import page
from tests.integration.test_watching import HTML, Page

MEGABYTES = 6


def mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a few megabytes."""
    if os.getuid() != 0:
        pytest.skip("mounting a disk needs root")
    place = tmp_path / "disk"
    place.mkdir()
    mount("-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", str(place))
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """Not a byte is free on the disk meanwhile."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        chunk = 1 << 16
        while chunk:
            try:
                if file.write(b"x" * chunk) < chunk:
                    chunk //= 2
            except OSError:
                chunk //= 2
    try:
        yield
    finally:
        ballast.unlink()


def test_database_and_archive_on_a_full_disk_store_nothing_by_halves(disk: Path) -> None:
    store = open_store(f"sqlite:///{disk}/monitor.db", disk)
    stored = 0
    with pytest.raises(StoreFull, match="no space is left"):
        while True:
            store.commit_page(page(stored))
            stored += 1
    assert store.last_sequence() == stored > 10
    assert store.verify() == ()
    with full(disk), pytest.raises(StoreFull):
        DiskArchive(disk / "archive").put(os.urandom(50_000))
    assert list(disk.rglob("*.part")) == []
    store.close()
    subprocess.run(["mount", "-o", f"remount,size={2 * MEGABYTES}m", str(disk)], check=True)
    store = open_store(f"sqlite:///{disk}/monitor.db", disk)
    store.commit_page(page(stored))
    assert store.last_sequence() == stored + 1
    assert len(store.deliveries(limit=100_000)) == stored + 1
    assert store.verify() == ()
    store.close()


def test_a_backup_onto_a_full_disk_leaves_the_one_before(disk: Path, tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/monitor.db", tmp_path)
    for number in range(5):
        store.commit_page(page(number))
    file = disk / "one.backup"
    before = backup(store, file, NOW)
    store.commit_page(page(5))
    with full(disk), pytest.raises(StoreFull):
        backup(store, file, NOW)
    assert [path.name for path in disk.iterdir()] == ["one.backup"]
    assert inspect(file).made_at == before.made_at
    assert drill(file, tmp_path / "drill").problems == ()
    assert backup(store, file, NOW).bodies == 6
    store.close()


FEEDS = """version: 1
sources:
  - id: policy
    kind: page
    name: Sheriff
    tier: official
    document_kind: release
    states: [TX]
    sees: [agreement_signed]
    politeness: {{min_delay_s: 0}}
    options: {{url: "{base}/policy"}}
subscriptions:
  - {{id: all, channel: file, destination: all.jsonl}}
"""


def told(words: str) -> dict[str, Page]:
    body = f"<html><body><main><h1>News</h1><p>{words}</p></main></body></html>"
    return {"/policy": Page(body=body.encode(), media_type=HTML)}


def test_a_bot_on_a_full_disk_goes_on_where_it_was(disk: Path) -> None:
    with DemoServer() as site, app_on(
        disk, FEEDS.format(base=site.base), datetime(2025, 4, 1, 12, 0, tzinfo=UTC)
    ) as (app, clock):  # fmt: skip
        site.show(told("The office held a fair for children in the park on Sunday afternoon."))
        assert check(app, "policy")["policy"].state.baseline
        site.show(told("The Harlow County Sheriff's Office in Texas signed a 287(g) agreement."))
        clock.at += timedelta(hours=2)
        with full(disk):
            done = check(app, "policy")["policy"]
            assert done.outcome == NOT_STORED
            assert "no space is left" in done.problems[0]
            assert events(app) == []
        assert check(app, "policy")["policy"].events == 1
        with full(disk), pytest.raises(StoreFull):
            app.deliver()
        assert not (disk / "var" / "outgoing" / "all.jsonl").exists()
        for _ in range(4):
            clock.at += timedelta(hours=3)
            app.deliver()
        assert (disk / "var" / "outgoing" / "all.jsonl").read_text().count("\n") == 1
        assert [d.state for d in app.store.deliveries()] == [DeliveryState.SENT]
        assert app.store.verify() == ()


def test_a_disk_that_turns_read_only_is_told_and_used_again(disk: Path) -> None:
    store = open_store(f"sqlite:///{disk}/monitor.db", disk)
    store.commit_page(page(0))
    store.close()
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    with pytest.raises(StoreError, match=r"monitor\.db"):
        open_store(f"sqlite:///{disk}/monitor.db", disk).commit_page(page(1))
    with pytest.raises(StoreError, match="Read-only file system"):
        DiskArchive(disk / "archive").put(b"new")
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    store = open_store(f"sqlite:///{disk}/monitor.db", disk)
    assert store.last_sequence() == 1
    store.commit_page(page(1))
    assert store.verify() == ()
    store.close()
