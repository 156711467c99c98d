"""Many events of one commit told as one: "23 Florida agencies signed"."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from monitor.domain.event import Event
from monitor.notify.words import kind_counted, state_name

#: More events than this for one subscription in one commit become one message with a list.
BURST_ABOVE = 4

#: So many states are named in a burst's headline before it says "n states".
_NAMED_STATES = 3


def burst_headline(events: Sequence[Event]) -> str:
    """What the events have in common, in words: how many, of which kind, where.

    Every number is counted from the events given.
    """
    kinds = Counter(event.event_type for event in events)
    stages = {kind: {one.stage for one in events if one.event_type is kind} for kind in kinds}
    states = Counter(event.jurisdiction.state for event in events)
    where = _where(states)
    if len(kinds) == 1:
        (kind,) = kinds
        return f"{kind_counted(kind, len(events), stages[kind])}{where}"
    listed = ", ".join(
        kind_counted(kind, number, stages[kind]) for kind, number in kinds.most_common(3)
    )
    rest = sum(number for _, number in kinds.most_common()[3:])
    more = f" and {rest} more" if rest else ""
    return f"{len(events)} changes{where}: {listed}{more}"


def _where(states: Counter[str | None]) -> str:
    named = [state_name(state) for state, _ in states.most_common() if state]
    if not named:
        return ""
    if len(named) > _NAMED_STATES:
        return f" in {len(named)} states"
    return " in " + (named[0] if len(named) == 1 else ", ".join(named[:-1]) + " and " + named[-1])
