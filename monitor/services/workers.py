"""Bounded worker processes: a hostile document costs that document, never the program.

Each worker is a fresh interpreter without the environment's secrets, bounded in memory and
processor time by the kernel and in time by its owner. It runs one document at a time, is replaced
when it dies, hangs, grows or has done its share, and goes away when idle.
"""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import is_dataclass
from enum import Enum
from multiprocessing.connection import Connection
from typing import Any

from pydantic import BaseModel

from monitor.domain.errors import ExtractError, MonitorError
from monitor.domain.item import Reading
from monitor.domain.snapshot import Snapshot
from monitor.domain.source import Source
from monitor.services.worker_limits import ALARM_LATE_S, WorkerLimits

#: A new worker imports its parsers first, which takes seconds on a small machine.
_START_S = 120.0
_STOP_S = 2.0
#: One piece over the pipe, both ways; an answer is no larger than this.
_PIPE_S = 60.0
_MAX_ANSWER_BYTES = 256_000_000


class WorkerPool:
    """Runs a callable in worker processes; safe to call from several threads.

    Implements monitor.ports.Workers when the callable is `read(source, snapshot, cursor)`.
    """

    def __init__(
        self,
        *,
        call: str,
        monotonic: Callable[[], float],
        size: int = 2,
        setup: tuple[object, ...] | None = None,
        limits: WorkerLimits | None = None,
    ) -> None:
        """`call` is "package.module:function", imported in the worker.

        With `setup`, that function is called once in each new worker with these arguments and
        gives the callable for the documents; without, it is the callable itself. Workers start
        when first needed.
        """
        self._call = call
        self._setup = setup
        self._limits = limits or WorkerLimits()
        self._monotonic = monotonic
        self._slots = threading.BoundedSemaphore(size)
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._all: set[_Worker] = set()
        self._closed = False

    def renew(self, setup: tuple[object, ...] | None) -> None:
        """Use another setup from the next document on; workers with the old one go when idle."""
        with self._lock:
            self._setup = setup
            stale, self._idle = self._idle, []
            self._all.difference_update(stale)
        for worker in stale:
            worker.stop()

    def read(self, source: Source, snapshot: Snapshot, cursor: str) -> Reading:
        """The kind's reading of the snapshot. Raises ExtractError, which names the document."""
        try:
            reading = self.run(source, snapshot, cursor)
        except ExtractError as error:
            if snapshot.request.url in str(error):
                raise
            raise ExtractError(f"{source.id}: {snapshot.request.url}: {error}") from error
        if not isinstance(reading, Reading):
            raise MonitorError(f"{self._call} gave {type(reading).__name__}, not a Reading")
        return reading

    def run(self, *arguments: object) -> object:
        """The callable's result for these arguments, made in a worker.

        Raises ExtractError when the callable raises, or when the worker died or was killed at
        its bounds while doing it; MonitorError when no worker can be started.
        """
        with self._slots:
            worker = self._take()
            keep = False
            try:
                result = worker.do(arguments, self._limits)
                keep = not worker.spent(self._limits)
                return result
            except _Raised as raised:
                keep = not worker.spent(self._limits)
                raise ExtractError(str(raised)) from raised
            finally:
                self._give_back(worker, keep)

    def processes(self) -> tuple[int, ...]:
        """Process ids of the workers that run now, for health and tests."""
        with self._lock:
            return tuple(worker.process.pid for worker in self._all if worker.alive)

    def close(self) -> None:
        """Stop all workers; a document that is being read ends with ExtractError."""
        with self._lock:
            self._closed = True
            workers, self._idle = list(self._all), []
            self._all.clear()
        for worker in workers:
            worker.stop()

    def _take(self) -> _Worker:
        """A living worker: an idle one, the most recently used first, or a new one."""
        now = self._monotonic()
        with self._lock:
            if self._closed:
                raise ExtractError("the workers are stopped; the document is read at the next run")
            dead = [w for w in self._idle if not self._usable(w, now)]
            self._idle = [w for w in self._idle if w not in dead]
            self._all.difference_update(dead)
            worker = self._idle.pop() if self._idle else None
        for stale in dead:
            stale.stop()
        return worker or self._start()

    def _usable(self, worker: _Worker, now: float) -> bool:
        # A worker ends itself after idle_s; one that is about to is not given a document.
        return worker.alive and now - worker.used_at < self._limits.idle_s - ALARM_LATE_S

    def _start(self) -> _Worker:
        worker = _Worker(self._call, self._setup, self._limits)
        with self._lock:
            if not self._closed:
                self._all.add(worker)
                return worker
        worker.stop()
        raise ExtractError("the workers are stopped; the document is read at the next run")

    def _give_back(self, worker: _Worker, keep: bool) -> None:
        worker.used_at = self._monotonic()
        with self._lock:
            if keep and worker in self._all and worker.setup is self._setup:
                self._idle.append(worker)
                return
            self._all.discard(worker)
        worker.stop()


class _Raised(Exception):
    """The callable raised; the worker is well."""


class _Worker:
    """One process and the pipe to it; used by one thread at a time."""

    def __init__(self, call: str, setup: tuple[object, ...] | None, limits: WorkerLimits) -> None:
        ours, theirs = socket.socketpair()
        # A process that was stopped or taken over could leave a read or write half done for ever.
        for option in (socket.SO_SNDTIMEO, socket.SO_RCVTIMEO):
            ours.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", int(_PIPE_S), 0))
        with theirs:
            self.process = _spawned(theirs.fileno(), call)
        self._pipe = Connection(ours.detach())
        self.setup = setup
        self.used_at = 0.0
        self._done = 0
        self._rss_at_start = self._rss = 0
        self._begin(call, setup, limits)

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def do(self, arguments: tuple[object, ...], limits: WorkerLimits) -> object:
        """One document. Raises _Raised, or ExtractError when the worker is lost."""
        self._done += 1
        try:
            self._hand_over(arguments)
            if not self._pipe.poll(limits.wall_s):
                self.process.kill()
                raise ExtractError(f"reading took longer than {limits.wall_s:g} s and was stopped")
            kind, value, self._rss = _loads(self._pipe.recv_bytes(_MAX_ANSWER_BYTES))
        except (EOFError, OSError) as error:
            raise ExtractError(self._death(limits)) from error
        except (pickle.UnpicklingError, ValueError, TypeError, AttributeError) as error:
            raise ExtractError(f"the worker's answer was unsound: {error}") from error
        if kind != "ok":
            raise _Raised(str(value))
        return value

    def _hand_over(self, values: tuple[object, ...]) -> None:
        """Send values; a body goes into the pipe from where it lies, without a copy of it."""
        pickle.Pickler(_Sending(self._pipe.fileno()), pickle.HIGHEST_PROTOCOL).dump(values)

    def spent(self, limits: WorkerLimits) -> bool:
        """Whether it has done its share or grown too much."""
        grown = self._rss - self._rss_at_start
        return self._done >= limits.documents or grown > limits.growth_bytes

    def stop(self) -> None:
        """End the process and reap it."""
        self._pipe.close()
        self.process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(_STOP_S)

    def _begin(self, call: str, setup: tuple[object, ...] | None, limits: WorkerLimits) -> None:
        """Send what the worker is for and wait until it has imported it."""
        try:
            self._hand_over((setup, limits))
            ready = self._pipe.poll(_START_S)
            kind, value, self._rss_at_start = (
                _loads(self._pipe.recv_bytes(_MAX_ANSWER_BYTES))
                if ready
                else ("late", "it did not get ready", 0)
            )
        except (EOFError, OSError):
            kind, value = "dead", self._death(limits)
        if kind != "ready":
            self.stop()
            raise MonitorError(
                f"no extraction worker can be started for {call}: {value}; "
                "check the installation and the machine's free memory"
            )

    def _death(self, limits: WorkerLimits) -> str:
        """How the process ended, in words."""
        try:
            code = self.process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            return "the worker closed its pipe"
        if code == -signal.SIGXCPU:
            return f"reading used more than {limits.cpu_s} s of processor time and was stopped"
        if code == -signal.SIGALRM:
            return f"reading took longer than {limits.wall_s:g} s and was stopped"
        if code < 0:
            return f"the worker died of {signal.Signals(-code).name} while reading"
        return f"the worker ended with code {code} while reading"


def _spawned(descriptor: int, call: str) -> subprocess.Popen[bytes]:
    # An own session keeps Ctrl-C away from it; an empty environment keeps secrets from parsers.
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell
        [sys.executable, "-B", "-m", "monitor.services.worker_process", str(descriptor), call],
        pass_fds=(descriptor,),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "LANG": "C.UTF-8"},
    )


class _Sending:
    """A pipe to pickle into. Nothing waits in it: what failed must not be sent later, when the
    descriptor's number may be another file's."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, data: bytes | memoryview) -> int:
        """All of it. Raises OSError, BlockingIOError when nobody reads."""
        left = memoryview(data)
        while left:
            left = left[os.write(self._descriptor, left) :]
        return len(data)


_PLAIN = {
    ("builtins", "set"),
    ("builtins", "frozenset"),
    ("builtins", "bytearray"),
    ("builtins", "complex"),
    ("datetime", "date"),
    ("datetime", "datetime"),
    ("datetime", "time"),
    ("datetime", "timedelta"),
    ("datetime", "timezone"),
    ("decimal", "Decimal"),
}


class _Unpickler(pickle.Unpickler):
    """Values only: a parser that was taken over must not reach its owner through its answer."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _PLAIN:
            return super().find_class(module, name)
        if module.partition(".")[0] == "monitor":
            found = super().find_class(module, name)
            if isinstance(found, type) and (
                is_dataclass(found) or issubclass(found, Enum | BaseModel)
            ):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is no value")


def _loads(data: bytes) -> tuple[str, Any, int]:
    kind, value, rss = _Unpickler(io.BytesIO(data)).load()
    return str(kind), value, int(rss)
