"""Who could see what: for each state and event type the sources, their delay, and the gaps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from monitor.domain.source import Source
from monitor.domain.vocabulary import EventType, Tier

FEDERAL = "US"
#: The fifty states and the District; territories are shown when a source names them.
STATES = (
    "AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "DC", "FL", "GA", "HI", "ID", "IL", "IN", "IA",
    "KS", "KY", "LA", "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH", "NJ", "NM",
    "NY", "NC", "ND", "OH", "OK", "OR", "PA", "RI", "SC", "SD", "TN", "TX", "UT", "VT", "VA", "WA",
    "WV", "WI", "WY",
)  # fmt: skip
#: Types that happen to the nation, not to a state.
FEDERAL_TYPES = frozenset(
    {
        EventType.FEDERAL_PROGRAM_CHANGE,
        EventType.FEDERAL_INCENTIVE,
        EventType.PROGRAM_STATISTIC,
        EventType.FEDERAL_DESIGNATION,
    }
)
_OFFICIAL = frozenset({Tier.OFFICIAL, Tier.ROSTER})
_RANK = {tier: rank for rank, tier in enumerate(Tier)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One state and event type. `own` speak about this state alone or among few, `wide` about
    anywhere; `keyed` would see it but wait for a key. Source ids, best tier first."""

    state: str
    event_type: EventType
    own: tuple[str, ...] = ()
    wide: tuple[str, ...] = ()
    keyed: tuple[str, ...] = ()
    delay: timedelta | None = None  #: of the quickest source that is on
    tier: Tier | None = None  #: best tier that looks
    own_official: bool = False  #: one of `own` is an official publisher

    @property
    def gap(self) -> bool:
        """True where nobody looks."""
        return not self.own and not self.wide


@dataclass(frozen=True, slots=True, kw_only=True)
class StateRow:
    """One line of the table for people."""

    state: str
    own: tuple[str, ...]  #: sources that speak about this state, without a key
    keyed: tuple[str, ...]
    official: bool  #: an own source of an official publisher is among them
    gaps: tuple[EventType, ...]  #: types nobody at all could see
    national_only: tuple[EventType, ...]  #: types that only sources about anywhere could see
    press_only: tuple[EventType, ...]  #: types that only the press could show


Running = Callable[[Source], bool]


def coverage(sources: Sequence[Source], running: Running | None = None) -> tuple[Cell, ...]:
    """A cell for each state and type, states in order, `US` last.

    `running` says whether a source is on (configured, its keys present, its probe passed); by
    default what feeds.yaml says. Discovery sources count for nothing: they open no event.
    """
    on = running or configured
    usable = [s for s in sources if not s.discovery]
    named = {state for source in usable for state in source.states}
    states = (*STATES, *sorted(named - set(STATES)))
    types = [t for t in EventType if t not in FEDERAL_TYPES]
    cells = [_cell(state, t, usable, on) for state in states for t in types]
    cells += [_cell(FEDERAL, t, usable, on) for t in EventType if t in FEDERAL_TYPES]
    return tuple(cells)


def configured(source: Source) -> bool:
    """On by feeds.yaml alone, without any key."""
    return source.enabled and not source.needs_env


def state_rows(cells: Iterable[Cell]) -> tuple[StateRow, ...]:
    """The table by state."""
    by_state: dict[str, list[Cell]] = {}
    for cell in cells:
        by_state.setdefault(cell.state, []).append(cell)
    return tuple(_row(state, group) for state, group in by_state.items())


def markdown(rows: Iterable[StateRow]) -> str:
    """The table of docs/coverage.md: honest gaps, what needs a key kept apart."""
    lines = [
        "| state | own sources without a key | official | with a key "
        "| national sources alone look for | nobody looks for |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        alone = "everything" if not row.own else _types(row.national_only)
        cells = (
            row.state,
            ", ".join(row.own) or "none",
            "yes" if row.official else "no",
            ", ".join(row.keyed) or "none",
            "" if row.state == FEDERAL else alone,
            _types(row.gaps),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def summary(rows: Iterable[StateRow]) -> str:
    """The table of the README: who looks at which states, keys kept apart from what needs none."""
    states = [row for row in rows if row.state != FEDERAL]
    groups = (
        ("legislature or agency of the state, no key", [r for r in states if r.official]),
        ("newsroom in the state alone, no key", [r for r in states if r.own and not r.official]),
        ("national sources alone, no key", [r for r in states if not r.own]),
        ("more with a free key", [r for r in states if r.keyed]),
    )
    lines = ["| who looks | states |", "|---|---|"]
    for words, group in groups:
        names = "every state" if len(group) == len(states) else ", ".join(r.state for r in group)
        lines.append(f"| {words} | {names or 'none'} |")
    return "\n".join(lines) + "\n"


def _types(types: tuple[EventType, ...]) -> str:
    """Up to four names, else their number."""
    if len(types) > 4:
        return f"{len(types)} of {len(EventType) - len(FEDERAL_TYPES)} types"
    return ", ".join(types) or "nothing"


def _cell(state: str, event_type: EventType, sources: list[Source], on: Running) -> Cell:
    seeing = [s for s in sources if event_type in s.sees and _speaks_of(s, state)]
    active = sorted((s for s in seeing if on(s)), key=_order)
    waiting = sorted((s for s in seeing if not on(s) and s.needs_env), key=_order)
    return Cell(
        state=state,
        event_type=event_type,
        own=tuple(s.id for s in active if s.states),
        wide=tuple(s.id for s in active if not s.states),
        keyed=tuple(s.id for s in waiting),
        delay=min((s.schedule.every for s in active), default=None),
        tier=min((s.tier for s in active), key=_RANK.__getitem__, default=None),
        own_official=any(s.states and s.tier in _OFFICIAL for s in active),
    )


def _speaks_of(source: Source, state: str) -> bool:
    return not source.states or state in source.states


def _order(source: Source) -> tuple[int, timedelta, str]:
    return (_RANK[source.tier], source.schedule.every, source.id)


def _row(state: str, cells: list[Cell]) -> StateRow:
    federal = state == FEDERAL
    own = dict.fromkeys(n for cell in cells for n in (cell.wide if federal else cell.own))
    keyed = dict.fromkeys(name for cell in cells for name in cell.keyed)
    return StateRow(
        state=state,
        own=tuple(own),
        keyed=tuple(name for name in keyed if name not in own),
        official=any(c.own_official or (federal and c.tier in _OFFICIAL) for c in cells),
        gaps=tuple(c.event_type for c in cells if c.gap),
        national_only=tuple(c.event_type for c in cells if c.wide and not c.own),
        press_only=tuple(c.event_type for c in cells if c.tier is Tier.PRESS),
    )
