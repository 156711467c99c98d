"""What the person at the terminal reads while the monitor runs: each health entry, once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from monitor.bootstrap.journal import about
from monitor.domain.health import HealthEntry
from monitor.ports import Clock
from monitor.stores import HealthStore

#: An entry is stored a little after the moment it carries; so far back is looked again.
OVERLAP = timedelta(minutes=2)
#: Said where they happen.
_SAID_ALREADY = frozenset({"internal"})
_TROUBLE = frozenset({"failed", "blocked", "rejected", "reading", "given_up"})


class Console:
    """Says what was stored since it was made, oldest first."""

    def __init__(self, health: HealthStore, clock: Clock, say: Callable[[str], None]) -> None:
        self._health = health
        self._clock = clock
        self._say = say
        self._seen = frozenset(health.health(since=clock.now() - OVERLAP, limit=500))

    def look(self) -> int:
        """Say what is new; how many entries that were."""
        found = self._health.health(since=self._clock.now() - OVERLAP, limit=500)
        new = [entry for entry in reversed(found) if entry not in self._seen]
        for entry in new:
            self._tell(entry)
        self._seen = frozenset(found)
        return len(new)

    def _tell(self, entry: HealthEntry) -> None:
        if entry.kind in _SAID_ALREADY:
            return
        level = "warning" if entry.tell_operator or entry.kind in _TROUBLE else "info"
        with about(source=entry.source_id or "", kind=entry.kind, level=level):
            for line in entry.message.splitlines():
                self._say(line)
