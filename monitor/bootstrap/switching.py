"""Whether a source is on: as configured, as the probe or a person decided, and with its keys."""

from __future__ import annotations

from dataclasses import replace

from monitor.domain.source import Source, SourceState


def switched(source: Source, state: SourceState | None, present: frozenset[str]) -> Source:
    """The source with `enabled` as it is in force; `present` are the variables that are set.

    A source that needs a key is off without it, whatever else is said, and on with it unless a
    person switched it off.
    """
    if not present.issuperset(source.needs_env):
        return replace(source, enabled=False)
    decided = state.enabled_at_run_time if state is not None else None
    if decided is not None:
        return replace(source, enabled=decided)
    return replace(source, enabled=source.enabled or bool(source.needs_env))
