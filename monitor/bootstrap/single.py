"""One `monitor run` a data directory: two would ask every host twice as often."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from monitor.domain.errors import ConfigError


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
