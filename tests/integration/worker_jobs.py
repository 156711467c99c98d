"""What workers are made to do in tests; imported in the worker process by name."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from datetime import UTC, datetime

from monitor.domain.errors import ExtractError
from monitor.domain.item import Reading
from monitor.domain.snapshot import Snapshot
from monitor.domain.source import Source

_KEPT: list[bytes] = []


def read(source: Source, snapshot: Snapshot, cursor: str) -> Reading:
    """A reading that tells what arrived."""
    if snapshot.body == b"die":
        os.kill(os.getpid(), signal.SIGKILL)
    return Reading(cursor=cursor + snapshot.body.decode(), listed=(source.id,))


def act(what: str, amount: float = 0) -> object:
    """One of the things that hostile documents make parsers do."""
    return _ACTS[what](amount)


def make(prefix: str):
    """A callable made once in each worker."""
    born = os.getpid()
    return lambda text: (prefix + text, born)


def _die(amount: float) -> object:
    os.kill(os.getpid(), int(amount))
    return time.sleep(30)


def _spin(amount: float) -> object:
    while True:
        amount += 1


def _eat(amount: float) -> object:
    return len(bytearray(int(amount)))


def _leak(amount: float) -> object:
    _KEPT.append(os.urandom(int(amount)))
    return os.getpid()


def _fail(amount: float) -> object:
    raise ExtractError("page 3 is not readable")


def _break(amount: float) -> object:
    raise KeyError("unexpected")


def _nest(amount: float) -> object:
    return _nest(amount)


def _write(amount: float) -> object:
    with tempfile.TemporaryFile() as file:
        return file.write(b"x")


class _Evil:
    def __reduce__(self) -> tuple[object, ...]:
        return os.system, ("touch /tmp/monitor-worker-escaped",)


_ACTS = {
    "pid": lambda amount: os.getpid(),
    "die": _die,
    "hang": time.sleep,
    "spin": _spin,
    "eat": _eat,
    "leak": _leak,
    "fail": _fail,
    "break": _break,
    "nest": _nest,
    "evil": lambda amount: _Evil(),
    "exit": lambda amount: os._exit(3),
    "environment": lambda amount: sorted(os.environ),
    "write": _write,
    "print": lambda amount: sys.stdout.write("noise") + sys.stderr.write("noise"),
    "moment": lambda amount: datetime(2026, 1, 1, tzinfo=UTC),
}
