"""Whether a source is on: as configured, as the probe or a person decided, and with its keys."""

from __future__ import annotations

from dataclasses import replace

from monitor.domain.source import Source


def switched(source: Source, decided: bool | None, present: frozenset[str]) -> Source:
    """The source with `enabled` as it is in force; `present` are the variables that are set,
    `decided` is what the probe or a person said.

    A source that needs a key is off without it, whatever else is said, and on with it unless a
    person switched it off.
    """
    if not present.issuperset(source.needs_env):
        on = False
    elif decided is not None:
        on = decided
    else:
        on = source.enabled or bool(source.needs_env)
    return source if on == source.enabled else replace(source, enabled=on)
