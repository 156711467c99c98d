"""S4: a document that dies, hangs, eats memory or lies costs that document alone."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from monitor.domain.errors import ExtractError, MonitorError
from monitor.domain.ident import SourceId
from monitor.domain.snapshot import Request, Snapshot
from monitor.domain.source import Source
from monitor.services.worker_limits import WorkerLimits
from monitor.services.workers import WorkerPool

JOBS = "tests.integration.worker_jobs"
#: Of what is no matter of time; a busy machine takes its time over anything.
LIMITS = WorkerLimits(wall_s=60.0, cpu_s=1, memory_bytes=400_000_000)
SHORT = replace(LIMITS, wall_s=6.0)


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    made = WorkerPool(call=f"{JOBS}:act", monotonic=time.monotonic, size=1, limits=LIMITS)
    yield made
    made.close()


def snapshot(body: bytes) -> Snapshot:
    return Snapshot(
        source_id=SourceId("s"),
        request=Request(url="https://example.org/feed"),
        final_url="https://example.org/feed",
        status=200,
        headers=(),
        body=body,
        captured_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("what", "amount", "told"),
    [
        ("die", signal.SIGKILL, "SIGKILL"),
        ("die", signal.SIGSEGV, "SIGSEGV"),
        ("exit", 0, "code 3"),
        ("hang", 60, "longer than 6 s"),
        ("spin", 0, "more than 1 s of processor time"),
        ("eat", 2_000_000_000, "400 MB"),
        ("fail", 0, "page 3 is not readable"),
        ("break", 0, "KeyError"),
        ("nest", 0, "nested too deeply"),
        ("evil", 0, "no value"),
        ("write", 0, "temporary directory"),
    ],
)
def test_it_costs_one_document(what: str, amount: float, told: str) -> None:
    limits = SHORT if what == "hang" else LIMITS
    pool = WorkerPool(call=f"{JOBS}:act", monotonic=time.monotonic, size=1, limits=limits)
    assert isinstance(pool.run("pid"), int)
    with pytest.raises(ExtractError, match=told):
        pool.run(what, amount)
    assert isinstance(pool.run("pid"), int), "the next document is read"
    assert not os.path.exists("/tmp/monitor-worker-escaped")
    assert len(pool.processes()) == 1
    pool.close()


def test_failures_that_are_the_documents_keep_the_worker(pool: WorkerPool) -> None:
    born = pool.run("pid")
    for what in ("fail", "break", "nest"):
        with pytest.raises(ExtractError):
            pool.run(what)
    assert pool.run("print") == len("noisenoise")
    assert pool.run("pid") == born
    assert pool.run("moment") == datetime(2026, 1, 1, tzinfo=UTC)


def test_a_worker_killed_between_documents_costs_none(pool: WorkerPool) -> None:
    for _ in range(3):
        born = pool.run("pid")
        assert isinstance(born, int)
        os.kill(born, signal.SIGKILL)
        time.sleep(0.05)
        assert pool.run("pid") != born


def test_recycled_after_documents_and_growth() -> None:
    limits = WorkerLimits(documents=2, growth_bytes=30_000_000)
    pool = WorkerPool(call=f"{JOBS}:act", monotonic=time.monotonic, size=1, limits=limits)
    first, second, third = (pool.run("pid") for _ in range(3))
    assert first == second != third
    grown = pool.run("leak", 60_000_000)
    assert pool.run("pid") != grown
    pool.close()
    assert pool.processes() == ()


def test_the_environment_stays_outside(pool: WorkerPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONITOR_SLACK_TOKEN", "canary")
    names = pool.run("environment")
    assert isinstance(names, list)
    assert "MONITOR_SLACK_TOKEN" not in names


def test_readings_come_back_whole_from_many_threads() -> None:
    pool = WorkerPool(call=f"{JOBS}:read", monotonic=time.monotonic, size=2, limits=LIMITS)
    source = Source(id=SourceId("county"), kind="feed", name="County", options={"a": 1})

    def one(number: int) -> str:
        body = b"die" if number % 10 == 7 else str(number).encode()
        try:
            reading = pool.read(source, snapshot(body), "c")
        except ExtractError as error:
            assert "county: https://example.org/feed: the worker died" in str(error)
            return "lost"
        assert reading.listed == ("county",)
        return reading.cursor

    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(one, range(40)))
    assert results == ["lost" if n % 10 == 7 else f"c{n}" for n in range(40)]
    assert len(pool.processes()) <= 2
    pool.close()


def test_setup_runs_once_in_each_worker() -> None:
    pool = WorkerPool(
        call=f"{JOBS}:make", monotonic=time.monotonic, size=1, setup=("rules: ",), limits=LIMITS
    )
    first, second = pool.run("a"), pool.run("b")
    assert isinstance(first, tuple) and isinstance(second, tuple)
    assert (first[0], second[0]) == ("rules: a", "rules: b")
    assert first[1] == second[1]
    pool.close()


def test_idle_workers_end_by_themselves() -> None:
    now = [0.0]
    limits = WorkerLimits(idle_s=0.2)
    pool = WorkerPool(call=f"{JOBS}:act", monotonic=lambda: now[0], size=1, limits=limits)
    born = pool.run("pid")
    for _ in range(1200):
        if not pool.processes():
            break
        time.sleep(0.05)
    assert pool.processes() == ()
    now[0] = 1.0
    assert pool.run("pid") != born
    pool.close()


def test_what_cannot_start_says_so_and_close_is_final() -> None:
    pool = WorkerPool(call="no.such.module:read", monotonic=time.monotonic)
    with pytest.raises(MonitorError, match=r"no\.such\.module"):
        pool.run(1)
    pool.close()
    with pytest.raises(ExtractError, match="stopped"):
        pool.run(1)


def test_close_ends_a_document_under_way() -> None:
    pool = WorkerPool(call=f"{JOBS}:act", monotonic=time.monotonic, size=1)
    pool.run("pid")
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(pool.run, "hang", 50)
        time.sleep(0.2)
        pool.close()
        with pytest.raises(ExtractError):
            running.result(timeout=60)
    assert pool.processes() == ()
