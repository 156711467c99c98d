"""Hot reload: a valid new catalogue or rule pack takes effect, an invalid one changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from monitor.domain.errors import ConfigError
from monitor.domain.health import HealthEntry
from monitor.ports import Clock, HealthStore

T = TypeVar("T")


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
        self._seen = seen
        try:
            value = self._load()
        except ConfigError as error:
            self._tell("reload_refused", f"{self._name} was not taken over: {error}", True)
            return None
        changes = self._compare(self.value, value)
        self.value = value
        self._tell("reloaded", f"{self._name} taken over: " + ("; ".join(changes) or "no change"))
        return Reloaded(value=value, changes=changes)

    def _tell(self, kind: str, message: str, operator: bool = False) -> None:
        entry = HealthEntry(
            at=self._clock.now(), kind=kind, message=message, tell_operator=operator
        )
        self._health.add_health([entry])
