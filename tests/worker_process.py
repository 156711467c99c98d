"""A worker with a fast clock: `python -m tests.worker_process SPEED REAL_START`.

The clock of all workers of a test runs SPEED times as fast from one moment on, so that pauses of
minutes pass in a second. Everything else is the worker as it is installed.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from monitor.bootstrap.compose import App
from monitor.bootstrap.workers import run_worker
from monitor.settings import process_environment, read_settings

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FastClock:
    """START at `real_start`, and so many times as fast from there on."""

    speed: float
    real_start: float

    def now(self) -> datetime:
        return START + timedelta(seconds=(time.time() - self.real_start) * self.speed)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    clock = FastClock(float(sys.argv[1]), float(sys.argv[2]))
    app = App(read_settings(process_environment()), clock)
    try:
        run_worker(app, take_part=True, heartbeat_s=0.5, say=_say)
    finally:
        app.close()


if __name__ == "__main__":
    main()
