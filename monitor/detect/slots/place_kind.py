"""A named place: what kind it is, and the states it may lie in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A named place. `kind` is state, county or city; `states` are the possible ones."""

    kind: str
    name: str
    states: tuple[str, ...] = ()
    stated: bool = False  #: the state stands beside the name

    @property
    def state(self) -> str | None:
        """The state when there is one reading only."""
        return self.states[0] if len(self.states) == 1 else None
