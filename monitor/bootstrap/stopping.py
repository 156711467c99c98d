"""The word to stop, given by a signal."""

from __future__ import annotations

import select
import socket
from contextlib import suppress
from typing import Protocol


class Stop(Protocol):
    """What tells a loop to end; a threading.Event is one."""

    def is_set(self) -> bool:
        """Whether it was told."""
        ...

    def wait(self, timeout_s: float, /) -> object:
        """Wait until it is told, this long at most."""
        ...


class SignalledStop:
    """A Stop that a signal's handler may set.

    It takes no lock. A handler that calls threading.Event.set() waits for ever where the code that
    it interrupted, or another handler, holds the event's own lock.
    """

    def __init__(self) -> None:
        self._told = False
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)

    def set(self) -> None:
        """Tell it; once more does nothing."""
        self._told = True
        with suppress(OSError):  # it is full or closed: nobody waits any more
            self._writer.send(b".")

    def close(self) -> None:
        """Give back what waiting needs; it may still be told."""
        self._reader.close()
        self._writer.close()

    def is_set(self) -> bool:
        """Whether it was told."""
        return self._told

    def wait(self, timeout_s: float, /) -> None:
        """Wait until it is told, this long at most."""
        select.select([self._reader], [], [], timeout_s)
