"""Lives of a whole installation that end in SIGKILL: run by tests/integration/test_killed_*.py.

`python -m tests.lives` is a fork server: it loads rules and gazetteer once, then forks a child
for each line of JSON on its standard input, waits for it, and answers with one line: its exit
code and how many steps it did. A step is anything that reaches disk or database: a statement, a
commit, a file synced, renamed, linked or removed. The child dies before the chosen one, or after
so many microseconds, wherever it then is. With `here` the server lives that life itself, so that
its children find warm what a first life makes: modules, patterns, the gazetteer.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from monitor.bootstrap import knowledge, upkeep
from monitor.bootstrap.compose import App
from monitor.bootstrap.keeping import backup
from monitor.catalogue.load import Catalogue
from monitor.detect.rule import Pack
from monitor.domain.errors import MonitorError
from monitor.domain.item import Reading
from monitor.domain.snapshot import Snapshot
from monitor.domain.source import Source
from monitor.registry import reader
from monitor.settings import read_settings
from storage import backup as backups
from storage.migrate import migrate
from storage.move import move
from storage.store import open_store

ROUTINES = (
    "check",
    "deliver",
    "nightly",
    "digest",
    "deliver",
    "backup",
    "wait",
    "deliver",
    "check",
)


@dataclass(slots=True)
class SetClock:
    at: datetime

    def now(self) -> datetime:
        return self.at


@dataclass(slots=True)
class Fuse:
    """Counts steps; kills the process before step `last`, None never."""

    last: int | None
    done: int = 0

    def step(self, *_: object, **__: object) -> None:
        if self.last is not None and self.done >= self.last:
            os.kill(os.getpid(), signal.SIGKILL)
        self.done += 1

    def lay(self) -> None:
        """Put the fuse before every step of this process."""
        event.listen(Engine, "before_cursor_execute", self.step)
        event.listen(Engine, "commit", self.step)
        for name in ("fsync", "replace", "rename", "unlink", "link", "mkdir", "rmdir"):
            setattr(os, name, self._mined(getattr(os, name)))

    def _mined(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def mined(*arguments: object, **named: object) -> object:
            self.step()
            return call(*arguments, **named)

        return mined


@dataclass(slots=True)
class HereReader:
    """The kinds' own readers in this process; a killed child leaves no grandchildren."""

    read: Callable[[Source, Snapshot, str], Reading]

    def close(self) -> None:
        """Nothing to stop."""


def installation(work: dict[str, Any]) -> App:
    """The program on the directory and database of a life."""
    given = {
        "MONITOR_DATA_DIR": work["directory"],
        "MONITOR_FEEDS": work["feeds"],
        "MONITOR_ALLOW_NETWORKS": "127.0.0.1/32",
    }
    if work["url"]:
        given["MONITOR_DATABASE_URL"] = work["url"]
    app = App(read_settings(given), SetClock(datetime.fromisoformat(work["at"])))
    app.__dict__["pack"] = _Loaded(value=PACK)
    app.__dict__["catalogue"] = _Loaded(
        value=knowledge.load_catalogue(Path(work["feeds"]), app.clock)
    )
    app.__dict__["workers"] = HereReader(read=READER)
    return app


@dataclass(slots=True)
class _Loaded:
    value: Pack | Catalogue


def live(work: dict[str, Any]) -> None:
    """One life: seed, then the routines in their order; or one operation on the store."""
    if "operation" in work:
        OPERATIONS[work["operation"]](work)
        return
    app = installation(work)
    clock = app.clock
    assert isinstance(clock, SetClock)
    upkeep.seed_subscriptions(app)
    calls: dict[str, Callable[[], object]] = {
        "check": lambda: app.check(app.sources(), lambda _: None),
        "deliver": app.deliver,
        "nightly": lambda: upkeep.nightly(app),
        "digest": partial(_digest, app, clock),
        "wait": partial(_wait, clock),
        "backup": lambda: backup(app, Path(work["directory"]) / "backup.zip"),
    }
    for name in work.get("routines", ROUTINES):
        calls[name]()
    app.close()


def _back_up(work: dict[str, Any]) -> None:
    store = open_store(work["url"], Path(work["directory"]))
    backups.backup(store, Path(work["file"]), datetime.fromisoformat(work["at"]))
    store.close()


def _prune(work: dict[str, Any]) -> None:
    store = open_store(work["url"], Path(work["directory"]))
    at = datetime.fromisoformat(work["at"])
    store.prune(at, at)
    store.close()


OPERATIONS: dict[str, Callable[[dict[str, Any]], object]] = {
    "migrate": lambda work: migrate(work["url"]),
    "backup": _back_up,
    "restore": lambda work: backups.restore(
        Path(work["file"]), work["url"], Path(work["directory"])
    ),
    "move": lambda work: move(work["source"], work["url"]),
    "prune": _prune,
}


def _digest(app: App, clock: SetClock) -> None:
    clock.at += timedelta(days=1)
    app.digests()


def _wait(clock: SetClock) -> None:
    """Long enough that an attempt of a process that died is nobody's any more."""
    clock.at += timedelta(hours=2)


def _child(work: dict[str, Any], report: int) -> None:
    fuse = Fuse(last=work.get("steps"))
    fuse.lay()
    if work.get("after_us"):
        # its default is to end the process there and then, without a word to it
        signal.setitimer(signal.ITIMER_REAL, work["after_us"] / 1e6)
    try:
        live(work)
        os.write(report, str(fuse.done).encode())
        os._exit(0)
    except MonitorError as error:
        os.write(report, f"{type(error).__name__}: {error}".encode()[:4000])
        os._exit(3)
    except BaseException as error:
        os.write(report, f"{type(error).__name__}: {error}".encode()[:4000])
        os._exit(4)


def serve() -> None:
    """Fork one child for each line of standard input."""
    for line in sys.stdin:
        work = json.loads(line)
        if work.get("here"):
            live(work)
            gc.collect()
            gc.freeze()
            _answer(0, "")
            continue
        ours, theirs = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(ours)
            _child(work, theirs)
        os.close(theirs)
        with os.fdopen(ours, "rb") as told:
            said = told.read().decode(errors="replace")
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        _answer(code, said)


def _answer(code: int, said: str) -> None:
    sys.stdout.write(json.dumps([code, said]) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    PACK = knowledge.load_pack(read_settings({}), None)
    READER = reader(PACK.anchors(), ())
    knowledge.gazetteer()
    knowledge.ledger()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    serve()
