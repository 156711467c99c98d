"""A worker that drains: seen as such, its long job left to it however long it takes."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from monitor.bootstrap.shared_queue import queue_standing
from monitor.jobs.engine import NO_WORKERS, NOBODY, Engine, JobCount
from monitor.settings import read_settings
from tests.crew import ROOT, wait_until
from tests.slow_worker import HEARTBEAT_S


@pytest.fixture
def engine(postgres_url: str) -> Engine:
    made = Engine(postgres_url, NOBODY)
    made.prepare()
    return made


@contextmanager
def slow_worker(url: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A worker with the job "deliver" in hand, until the file `end` is there."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.slow_worker", url, str(folder / "end")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def workers(engine: Engine) -> dict[str, JobCount]:
    return {one.state: one for one in engine.workers()}


def sign_of_life(url: str) -> datetime:
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT last_heartbeat FROM procrastinate_workers").fetchall()
    ((at,),) = rows
    assert isinstance(at, datetime)
    return at


def test_a_draining_worker_is_shown_and_keeps_its_job(
    engine: Engine, postgres_url: str, tmp_path: Path
) -> None:
    with engine.opened(), slow_worker(postgres_url, tmp_path) as process:
        engine.defer_routine("deliver")
        wait_until(lambda: "alive" in workers(engine), "a worker")
        wait_until(lambda: workers(engine)["alive"].about == ("slow:1 (1 job)",), "its job")
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: "draining" in workers(engine), "the drain is shown")
        seen = workers(engine)["draining"]
        assert (seen.count, seen.about) == (1, ("slow:1 (1 job)",))
        assert seen.oldest is not None and seen.oldest > datetime(2020, 1, 1, tzinfo=UTC)
        for _ in range(3):  # whoever gives none is taken for dead, and its job runs twice
            last = sign_of_life(postgres_url)
            wait_until(lambda at=last: sign_of_life(postgres_url) > at, "a sign of life")  # type: ignore[misc]
        assert list(workers(engine)) == ["draining"]
        (tmp_path / "end").touch()
        output, _ = process.communicate(timeout=60)
        assert output.split() == ["began", "deliver", "told"]
        assert process.returncode == 0
        assert (engine.workers(), engine.counts()) == (NO_WORKERS, ())


def test_one_killed_while_it_drains_is_dead_like_any_other(
    engine: Engine, postgres_url: str, tmp_path: Path
) -> None:
    with engine.opened(), slow_worker(postgres_url, tmp_path) as process:
        engine.defer_routine("deliver")
        wait_until(lambda: "(1 job)" in str(workers(engine)), "a worker with its job")
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: "draining" in workers(engine), "the drain is shown")
        process.kill()
        process.wait()
        wait_until(lambda: engine.rescue(datetime.now(UTC), HEARTBEAT_S) == 1, "the rescue")
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute(
                "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '2 minutes'"
            )
        assert workers(engine)["silent"].about == ("slow:1",)
    standing = queue_standing(read_settings({"MONITOR_DATABASE_URL": postgres_url}))
    assert standing is not None
    waiting = next(c for c in standing.counts if c.task == "routine")
    assert (waiting.state, waiting.tries, waiting.about) == ("retried", 1, ("deliver",))


def test_where_no_worker_ever_ran_nothing_is_made(postgres_url: str) -> None:
    assert queue_standing(read_settings({"MONITOR_DATABASE_URL": postgres_url})) is None
    with psycopg.connect(postgres_url) as connection:
        found = connection.execute("SELECT to_regclass('procrastinate_jobs')").fetchone()
    assert found == (None,)
