"""Threads that wait for reading processes: one, and more where something waits long."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timedelta
from typing import Generic, TypeVar

#: A second process takes half a second of processor time to start, in which the first reads some
#: eighty feeds: it is started once a task has waited this long.
LONG_WAIT = timedelta(seconds=5)

T = TypeVar("T")


class ReadingThreads(Generic[T]):
    """Runs tasks in order of submission; each thread keeps one process busy at a time.

    Used by one thread; results are futures.
    """

    def __init__(self, most: int) -> None:
        """`most` threads at the same time."""
        self._most = most
        self._threads: list[threading.Thread] = []
        self._waiting: deque[tuple[Future[T], Callable[[], T], datetime]] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def submit(self, task: Callable[[], T], now: datetime) -> Future[T]:
        """Run it when its turn comes; after close() it is cancelled at once."""
        future: Future[T] = Future()
        with self._changed:
            if self._closed:
                future.cancel()
                return future
            self._waiting.append((future, task, now))
            self._changed.notify()
        self.grow(now)
        return future

    def grow(self, now: datetime) -> None:
        """Start another thread where a task has waited long."""
        with self._changed:
            late = bool(self._waiting) and now - self._waiting[0][2] > LONG_WAIT
            if len(self._threads) < self._most and (late or not self._threads):
                name = f"reading-{len(self._threads)}"
                self._threads.append(threading.Thread(target=self._work, name=name, daemon=True))
                self._threads[-1].start()

    def close(self) -> None:
        """Cancel what waits and wait for what runs."""
        with self._changed:
            self._closed = True
            for future, _, _ in self._waiting:
                future.cancel()
            self._waiting.clear()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._waiting:
                    if self._closed:
                        return
                    self._changed.wait()
                future, task, _ = self._waiting.popleft()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(task())
            except BaseException as error:  # the boundary: the future's owner is told
                future.set_exception(error)
