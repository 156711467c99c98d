"""The machine the program runs on: its clocks and the data files of the package."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.resources import files
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from monitor.domain.errors import ConfigError
from monitor.settings import Settings

#: New objects between two looks for unreachable rings among them: what a check makes goes by its
#: own, and looking as often as Python does by itself is a tenth of the work.
_YOUNG_OBJECTS = 20_000


@contextmanager
def for_good(*, begins: bool = False) -> Iterator[None]:
    """What is imported or loaded in here stays until the process ends, and is never looked through
    for garbage: that is a fifth of the start, and half of reading a large catalogue.

    The process `begins` with it where it is this program alone; elsewhere nothing is changed.
    """
    # By the threshold: counting what is never looked through takes longer than a small import.
    if not (begins or gc.get_threshold()[0] == _YOUNG_OBJECTS):
        yield
        return
    before = gc.isenabled()
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        if before:
            gc.enable()
            gc.set_threshold(_YOUNG_OBJECTS, 10, 10)


class SystemClock:
    """The wall clock."""

    def now(self) -> datetime:
        """The present moment, aware UTC."""
        return datetime.now(UTC)


def monotonic() -> float:
    """Seconds of a clock that never goes back."""
    return time.monotonic()


def require_zone(settings: Settings) -> None:
    """Raises ConfigError when MONITOR_TIME_ZONE names no zone that this machine knows."""
    name = settings.get("MONITOR_TIME_ZONE")
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConfigError(
            f"MONITOR_TIME_ZONE: {name!r} is no IANA time zone; write America/Chicago"
        ) from error


def body_memory_bytes(settings: Settings) -> int:
    """The bound on bodies under way. Raises ConfigError for what is no number of megabytes."""
    text = settings.get("MONITOR_BODY_MEMORY_MB")
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 100_000):
        raise ConfigError(
            f"MONITOR_BODY_MEMORY_MB must be a number of megabytes, 1 or more; it is {text!r}"
        )
    return int(text) * 1_000_000


def data_text(name: str) -> str:
    """A text file of monitor.data, e.g. "counties.csv"."""
    return files("monitor.data").joinpath(name).read_text(encoding="utf-8")


def data_bytes(name: str) -> bytes:
    """A binary file of monitor.data."""
    return files("monitor.data").joinpath(name).read_bytes()


def data_names(directory: str, suffix: str) -> list[str]:
    """Names of the files of a directory of monitor.data, sorted."""
    found = files("monitor.data").joinpath(directory).iterdir()
    return sorted(entry.name for entry in found if entry.name.endswith(suffix))
