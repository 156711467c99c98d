"""What interfaces with a quota have been asked this month, by key, with a forecast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.domain.errors import ExtractError
from monitor.domain.ident import SourceId
from monitor.domain.source import Source, SourceState
from monitor.extract import quota
from monitor.extract.cursor import unpacked
from monitor.stores import SourceStore

_CURSOR_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaRow:
    """One key: calls of the month (never too few while the schedule is kept), and what is left."""

    variable: str  #: the environment variable that holds the key; "" without a key
    sources: tuple[SourceId, ...]
    enabled: int  #: of these, sources that are switched on
    month: str  #: "2025-06"
    spent: int
    budget: int
    forecast: int  #: calls by the end of the month if it goes on like this

    @property
    def short(self) -> bool:
        """Whether the forecast is above the budget."""
        return self.forecast > self.budget


def quota_rows(
    sources: Sequence[Source], store: SourceStore, now: datetime
) -> tuple[QuotaRow, ...]:
    """One row for each key of sources that keep a budget, by name of the variable."""
    states = store.source_states([source.id for source in sources])
    budgeted = [source for source in sources if _budget(source)]
    by_key: dict[str, list[Source]] = {}
    for source in budgeted:
        by_key.setdefault(", ".join(source.needs_env), []).append(source)
    return tuple(_row(key, group, states, now) for key, group in sorted(by_key.items()))


def _row(
    variable: str, group: Sequence[Source], states: dict[SourceId, SourceState], now: datetime
) -> QuotaRow:
    used = [_spent(source, states.get(source.id), now) for source in group]
    return QuotaRow(
        variable=variable,
        sources=tuple(sorted(source.id for source in group)),
        enabled=sum(source.enabled for source in group),
        month=quota.month_of(now),
        spent=sum(used),
        budget=sum(map(_budget, group)),
        forecast=quota.forecast(sum(used), now),
    )


def _budget(source: Source) -> int:
    found = getattr(source.options, "monthly_budget", 0)
    return found if isinstance(found, int) else 0


def _spent(source: Source, state: SourceState | None, now: datetime) -> int:
    """Calls of this source; none while it was never checked or is switched off."""
    if state is None or not state.cursor:
        return 0
    try:
        usage = quota.load(unpacked(state.cursor, _CURSOR_VERSION))
    except ExtractError:
        return 0
    if not source.enabled:
        return usage.calls if usage.month == quota.month_of(now) else 0
    return usage.spent(now, source.schedule.every)
