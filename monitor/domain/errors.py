"""The tree of errors; expected failures are values, these are for what should not go on.

MonitorError
├── ConfigError        settings, feeds.yaml, rule packs: the operator can fix it
├── FilterError        a filter expression, with position and suggestion
├── StoreError         the database or the archive
│   ├── StoreLocked    somebody else holds it; try again
│   ├── StoreFull      no space; nothing was half written
│   └── Conflict       a stored number with another content: never overwritten
├── ExtractError       a document that could not be read; costs that document only
├── GateError          an address that must not be reached
└── ChannelError       a channel that cannot be used as configured
"""

from __future__ import annotations


class MonitorError(Exception):
    """Base of all errors of the program; the message says what, where, and what to do."""


class ConfigError(MonitorError):
    """Settings, catalogue or rule pack are wrong; `problems` holds one line each, all at once."""

    def __init__(self, message: str, problems: tuple[str, ...] = ()) -> None:
        super().__init__("\n".join((message, *problems)))
        self.problems = problems


class FilterError(MonitorError):
    """A filter expression is wrong at `position` (0-based); `suggestion` may name a better word."""

    def __init__(self, message: str, *, position: int, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.position = position
        self.suggestion = suggestion


class StoreError(MonitorError):
    """The database or the archive failed."""


class StoreLocked(StoreError):
    """The database is held by another process for longer than the busy timeout."""


class StoreFull(StoreError):
    """No space is left; the transaction was rolled back whole."""


class Conflict(StoreError):
    """The same key exists with another content; stored facts are never overwritten."""


class ExtractError(MonitorError):
    """A document could not be read within its bounds."""


class GateError(MonitorError):
    """An address is refused by the egress gate."""


class ChannelError(MonitorError):
    """A channel cannot be used as it is configured."""
