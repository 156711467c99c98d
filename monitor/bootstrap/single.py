"""What one process does at a time: `monitor run` a data directory, delivery a database."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from monitor.domain.errors import ConfigError
from monitor.settings import Settings


@contextmanager
def alone(data_dir: Path) -> Iterator[None]:
    """Hold the directory's lock; it is free again when this process ends, however it ends.

    Raises ConfigError when another process holds it.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "run.lock").open("w", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigError(
                f"another `monitor run` works in {data_dir}; stop it, or set MONITOR_DATA_DIR"
            ) from error
        yield


@contextmanager
def delivering(settings: Settings) -> Iterator[bool]:
    """Whether no other process delivers from this database until this ends.

    Whoever held the lock before has ended its calls, or died.
    """
    if settings.database_url.startswith("postgres"):
        from monitor.jobs import election
        from monitor.jobs.engine import queue_url

        with election.delivering(queue_url(settings.database_url)) as mine:
            yield mine
        return
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with (settings.data_dir / "deliver.lock").open("w", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            mine = False
        else:
            mine = True
        yield mine
