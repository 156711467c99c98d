"""The worker process: `python -m monitor.services.worker_process DESCRIPTOR CALL`.

Imports what it is for, bounds itself, then reads one document after the other from its owner's
pipe until that closes, or nothing comes for the idle time.
"""

from __future__ import annotations

import gc
import importlib
import os
import pickle
import resource
import select
import signal
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from monitor.domain.errors import ExtractError
from monitor.services.worker_limits import ALARM_LATE_S, WorkerLimits

#: New objects between two looks for unreachable rings; a document is dropped without them.
_YOUNG_OBJECTS = 20_000


def _resolved(call: str, setup: tuple[object, ...] | None) -> Callable[..., object]:
    module_name, _, name = call.partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module_name), name)
    return function if setup is None else function(*setup)


def _serve(descriptor: int, call: str) -> None:
    """The worker's life: get ready, then one document after the other until the pipe closes."""
    pipe = Connection(descriptor)
    requests = open(descriptor, "rb", closefd=False)  # noqa: SIM115 - the pipe's
    setup, limits = pickle.load(requests)  # noqa: S301 - from the process that owns us
    gc.disable()
    try:
        function = _resolved(call, setup)
    except Exception as error:  # the boundary: the owner is told
        pipe.send_bytes(pickle.dumps(("broken", f"{type(error).__name__}: {error}", 0)))
        return
    gc.freeze()  # what is imported stays, and is never looked through for garbage
    gc.enable()
    gc.set_threshold(_YOUNG_OBJECTS, 10, 10)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    pipe.send_bytes(pickle.dumps(("ready", None, _rss_bytes())))
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    while waiting.poll(limits.idle_s * 1000):
        try:
            arguments = pickle.load(requests)  # noqa: S301 - as above
        except (EOFError, pickle.UnpicklingError):  # the owner is gone, perhaps in mid-sentence
            return
        _bound(limits)
        answer = _answer(function, arguments, limits)
        signal.setitimer(signal.ITIMER_REAL, 0)
        pipe.send_bytes(answer)


def _bound(limits: WorkerLimits) -> None:
    """Bounds for the next document: processor time from here, and an alarm if our owner is gone."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent_s = int(used.ru_utime + used.ru_stime)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (spent_s + 1 + limits.cpu_s, hard))
    signal.setitimer(signal.ITIMER_REAL, limits.wall_s + ALARM_LATE_S)


def _answer(
    function: Callable[..., object], arguments: tuple[object, ...], limits: WorkerLimits
) -> bytes:
    try:
        result = function(*arguments)
        return pickle.dumps(("ok", result, _rss_bytes()), pickle.HIGHEST_PROTOCOL)
    except ExtractError as error:
        told = str(error)
    except MemoryError:
        told = f"reading needed more than {limits.memory_bytes // 1_000_000} MB of memory"
    except RecursionError:
        told = "the document is nested too deeply"
    except Exception as error:  # the boundary: one document, one message
        told = f"{type(error).__name__}: {error}"[:500]
    return pickle.dumps(("raised", told, _rss_bytes()))


def _rss_bytes() -> int:
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0  # no such file outside of Linux: replaced by count alone


if __name__ == "__main__":
    _serve(int(sys.argv[1]), sys.argv[2])
