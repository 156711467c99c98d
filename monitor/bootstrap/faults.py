"""What of the machinery fails just now: said when it begins and once more when it is over."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from monitor.bootstrap.journal import about, fault
from monitor.domain.errors import MonitorError, StoreError
from monitor.domain.health import HealthEntry
from monitor.ports import Clock
from monitor.services.check import NOT_STORED, Checked
from monitor.stores import HealthStore

#: All jobs meet a database that is away; it is one trouble, told once.
DATABASE = "database"


class Faults:
    """Watches jobs by name, from any thread; entries that cannot be stored wait until they can."""

    def __init__(self, health: HealthStore, clock: Clock, say: Callable[[str], None]) -> None:
        self._health = health
        self._clock = clock
        self._say = say
        self._guard = threading.Lock()
        self._met: dict[str, str] = {}  #: job -> the trouble that it met last
        self._since: dict[str, datetime] = {}
        self._unstored: list[HealthEntry] = []

    @contextmanager
    def watch(self, name: str) -> Iterator[None]:
        """A job's boundary: what it raises is told, the next run goes on."""
        with about(job=name):
            try:
                yield
            except Exception as error:
                self._failed(name, error)
            else:
                self._worked(name)

    def _failed(self, name: str, error: Exception) -> None:
        trouble = DATABASE if isinstance(error, StoreError) else name
        with self._guard:
            self._met[name] = trouble
            if trouble in self._since:
                return
            self._since[trouble] = self._clock.now()
        message = f"{name}: {type(error).__name__}: {error}"
        fault(self._say, message, error)
        self._store(message)

    def _worked(self, name: str) -> None:
        trouble = self._met.get(name, "")
        if not trouble or (trouble == DATABASE and not self._answers()):
            return  # a job that needed nothing of the database proves nothing about it
        with self._guard:
            del self._met[name]
            since = self._since.pop(trouble, None)
        if since is not None:
            message = f"{trouble} works again; it failed since {since:%Y-%m-%d %H:%M} UTC"
            self._say(message)
            self._store(message)

    def _answers(self) -> bool:
        try:
            self._health.health(limit=1)
        except MonitorError:
            return False
        return True

    def _store(self, message: str) -> None:
        entry = HealthEntry(
            at=self._clock.now(), kind="internal", message=message, tell_operator=True
        )
        with self._guard:
            waiting, self._unstored = [*self._unstored, entry], []
        try:
            self._health.add_health(waiting)
        except MonitorError as error:
            with self._guard:
                self._unstored = [*waiting, *self._unstored]
            self._say(f"and it could not be recorded yet: {type(error).__name__}")


def require_stored(ended: Sequence[Checked]) -> None:
    """Raises StoreError for checks that ended as if they had never begun; they are due again."""
    told = [
        f"{checked.source_id}: {'; '.join(checked.problems)}"
        for checked in ended
        if checked.outcome == NOT_STORED
    ]
    if told:
        raise StoreError("; ".join(told[:3]) + (f"; and {len(told) - 3} more" if told[3:] else ""))
