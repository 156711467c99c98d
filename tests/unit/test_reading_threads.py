"""One thread, and more where something waits long; nothing lost, everything in order."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from monitor.services.reading_threads import LONG_WAIT, ReadingThreads

NOW = datetime(2026, 1, 5, tzinfo=UTC)


def test_tasks_share_one_thread_in_order() -> None:
    threads: ReadingThreads[tuple[str, int]] = ReadingThreads(4)
    futures = [
        threads.submit(lambda n=n: (threading.current_thread().name, n), NOW)  # type: ignore[misc]
        for n in range(50)
    ]
    assert [future.result(60) for future in futures] == [("reading-0", n) for n in range(50)]
    threads.close()


def test_what_waits_long_gets_another_thread() -> None:
    threads: ReadingThreads[str] = ReadingThreads(2)
    held = threading.Event()
    threads.submit(lambda: str(held.wait(60)), NOW)
    second = threads.submit(lambda: "read", NOW)
    threads.grow(NOW + LONG_WAIT)
    assert not second.done()
    threads.grow(NOW + LONG_WAIT + timedelta(seconds=1))
    assert second.result(60) == "read"
    held.set()
    threads.close()


def test_errors_reach_the_future_and_the_thread_goes_on() -> None:
    threads: ReadingThreads[int] = ReadingThreads(1)
    broken = threads.submit(lambda: 1 // 0, NOW)
    with pytest.raises(ZeroDivisionError):
        broken.result(60)
    assert threads.submit(lambda: 7, NOW).result(60) == 7
    threads.close()


def test_closing_cancels_what_waits_and_what_comes_later() -> None:
    threads: ReadingThreads[bool] = ReadingThreads(1)
    begun, held = threading.Event(), threading.Event()

    def task() -> bool:
        begun.set()
        return held.wait(60)

    running = threads.submit(task, NOW)
    waiting = threads.submit(lambda: True, NOW)
    assert begun.wait(60)
    closing = threading.Thread(target=threads.close)
    closing.start()
    held.set()
    closing.join(60)
    assert running.result(0) and waiting.cancelled()
    assert threads.submit(lambda: True, NOW).cancelled()
