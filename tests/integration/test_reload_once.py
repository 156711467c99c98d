"""Several workers see one change of a file: one entry in health, on each database."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.domain.errors import ConfigError
from monitor.services.reload import Watched
from tests.mailroom import SetClock

if TYPE_CHECKING:
    from storage.store import SqlStore


class Files:
    """The same file on several machines, each in a directory of its own."""

    def __init__(self, store: SqlStore, directory: Path) -> None:
        self.clock = SetClock()
        self.store = store
        self.paths = [directory / f"machine{n}" / "feeds.yaml" for n in range(4)]
        self.write("one")
        self.watched = self.started()

    def started(self) -> list[Watched[str]]:
        return [self.watch(path) for path in self.paths]

    def write(self, text: str) -> None:
        for path in self.paths:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)

    def watch(self, path: Path) -> Watched[str]:
        def load() -> str:
            text = path.read_text()
            if text == "broken":
                raise ConfigError("line 1: no source")
            return text

        return Watched(
            name=str(path),
            load=load,
            fingerprint=path.read_text,
            compare=lambda old, new: (f"{old} is {new} now",),
            health=self.store,
            clock=self.clock,
        )

    def change(self, text: str, refresh: Callable[[], None]) -> list[str]:
        """What is told of this change."""
        before = len(self.store.health())
        self.write(text)
        refresh()
        entries = self.store.health()
        return [entry.kind for entry in entries[: len(entries) - before]]

    def at_once(self) -> None:
        with ThreadPoolExecutor(4) as pool:
            for future in [pool.submit(watched.refresh) for watched in self.watched]:
                future.result()

    def in_turn(self) -> None:
        for watched in self.watched:
            watched.refresh()
            self.clock.pass_(timedelta(seconds=5))


def test_one_entry_for_one_change(store: SqlStore, tmp_path: Path) -> None:
    files = Files(store, tmp_path)
    assert files.change("two", files.at_once) == ["reloaded"]
    assert [watched.value for watched in files.watched] == ["two"] * 4
    assert files.change("two", files.at_once) == []
    assert files.change("broken", files.in_turn) == ["reload_refused"]
    assert [watched.value for watched in files.watched] == ["two"] * 4
    assert files.change("two", files.in_turn) == ["reloaded"]
    assert files.change("broken", files.at_once) == ["reload_refused"]


def test_the_same_change_after_a_restart_is_told_again(store: SqlStore, tmp_path: Path) -> None:
    files = Files(store, tmp_path)
    assert files.change("two", files.in_turn) == ["reloaded"]
    files.write("one")
    files.clock.pass_(timedelta(hours=2))
    files.watched = files.started()
    assert files.change("two", files.in_turn) == ["reloaded"]


def test_a_fact_is_swapped_by_one(store: SqlStore) -> None:
    assert store.swap_fact("f", None, "a")
    assert not store.swap_fact("f", None, "b")
    assert not store.swap_fact("f", "b", "c")
    with ThreadPoolExecutor(4) as pool:
        won = list(pool.map(lambda n: store.swap_fact("f", "a", f"n{n}"), range(4)))
    assert sum(won) == 1
    assert store.fact("f") == f"n{won.index(True)}"
