"""Hot reload: a valid new catalogue or rule pack takes effect, an invalid one changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import Generic, TypeVar

from monitor.domain.errors import ConfigError
from monitor.domain.health import HealthEntry
from monitor.ports import Clock
from monitor.stores import HealthStore

T = TypeVar("T")

#: Workers see one change within seconds of each other.
SAME_CHANGE = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reloaded(Generic[T]):
    """A new value took effect; `changes` says in lines what is different."""

    value: T
    changes: tuple[str, ...]


class Watched(Generic[T]):
    """A configured value and the files it was read from."""

    def __init__(
        self,
        *,
        name: str,
        load: Callable[[], T],
        fingerprint: Callable[[], str],
        compare: Callable[[T, T], tuple[str, ...]],
        health: HealthStore,
        clock: Clock,
    ) -> None:
        """`load` raises ConfigError; `fingerprint` changes when the files do."""
        self._name = name
        self._what = PurePath(name).name  # the same on all machines
        self._load = load
        self._fingerprint = fingerprint
        self._compare = compare
        self._health = health
        self._clock = clock
        self._seen = fingerprint()
        self.value: T = load()

    def refresh(self) -> Reloaded[T] | None:
        """Look at the files once; None when nothing took effect."""
        seen = self._fingerprint()
        if seen == self._seen:
            return None
        change = f"{self._seen} {seen}"
        self._seen = seen
        try:
            value = self._load()
        except ConfigError as error:
            message = f"{self._name} was not taken over: {error}"
            self._tell(change, "reload_refused", message, operator=True)
            return None
        changes = self._compare(self.value, value)
        self.value = value
        message = f"{self._name} taken over: " + ("; ".join(changes) or "no change")
        self._tell(change, "reloaded", message)
        return Reloaded(value=value, changes=changes)

    def _tell(self, change: str, kind: str, message: str, *, operator: bool = False) -> None:
        """Once for one change, whoever of all workers sees it first."""
        now = self._clock.now()
        name = f"reload_told:{self._what}"
        told = self._health.fact(name)
        before, _, at = (told or "").rpartition(" ")
        # After an hour the same change is another one: a restart may have lain between.
        if told and before == change and now - datetime.fromisoformat(at) < SAME_CHANGE:
            return
        if not self._health.swap_fact(name, told, f"{change} {now.isoformat()}"):
            return  # another worker is telling it
        entry = HealthEntry(at=now, kind=kind, message=message, tell_operator=operator)
        self._health.add_health([entry])
