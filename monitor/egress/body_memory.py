"""One bound on the bodies of all exchanges under way, beside each body's own cap.

A hundred servers that each send as much as they may would fill the memory of a small machine
together. So the part of a body that passes a small allowance is drawn from a common budget;
whoever finds it empty stands still until another is done. The oldest of the large bodies always
goes on, up to its own cap, so that two halves never wait for each other.
"""

from __future__ import annotations

from collections.abc import Hashable

DEFAULT_BYTES = 32_000_000
#: What every body may take without asking: a page or a feed, hardly ever a document.
FREE_BYTES = 262_144


class BodyMemory:
    """The budget of one loop of exchanges; used from its thread alone."""

    def __init__(self, limit_bytes: int = DEFAULT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._held: dict[Hashable, int] = {}  #: large bodies, oldest first
        self._held_bytes = 0
        self._waiting: dict[Hashable, None] = {}

    @property
    def limit_bytes(self) -> int:
        """What all bodies together may take, allowances and the oldest body aside."""
        return self._limit_bytes

    def take(self, owner: Hashable, size_bytes: int) -> bool:
        """Whether the owner's body may grow to this size; if not, it must stand still."""
        if size_bytes <= FREE_BYTES:
            return True
        more = size_bytes - FREE_BYTES - self._held.get(owner, 0)
        oldest = next(iter(self._held), owner)
        if self._held_bytes + more > self._limit_bytes and owner != oldest:
            self._waiting[owner] = None
            return False
        self._held[owner] = self._held.get(owner, 0) + more
        self._held_bytes += more
        self._waiting.pop(owner, None)
        return True

    def release(self, owner: Hashable) -> tuple[Hashable, ...]:
        """The owner is done: its bytes are free. Those that may try again, the oldest first."""
        self._waiting.pop(owner, None)
        freed = self._held.pop(owner, 0)
        self._held_bytes -= freed
        if not freed:
            return ()
        # The oldest body goes on whatever is free, so it is asked first.
        first = [owner for owner in self._held if owner in self._waiting]
        return tuple(dict.fromkeys((*first, *self._waiting)))
