"""What the shipped catalogue asks for by its own schedule stays within the budgets it states."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from bench.catalogue_cost import SPAN, START, Cost, added, polls
from monitor.bootstrap import knowledge
from monitor.bootstrap.machine import SystemClock
from monitor.domain.source import Schedule, Source

SOURCES = knowledge.load_catalogue(Path(__file__).parents[2] / "feeds.yaml", SystemClock()).sources


def test_no_key_is_used_up_by_polling_alone() -> None:
    for source in SOURCES:
        if source.needs_env and getattr(source.options, "monthly_budget", 0):
            cost = Cost()
            added(cost, source)
            month = cost.requests * (timedelta(days=31) / SPAN)
            assert month < 0.8 * cost.budget, f"{source.id}: {month:.0f} of {cost.budget} calls"


def test_a_week_is_lived_by_schedule_window_and_jitter() -> None:
    base = SOURCES[0]

    def times(schedule: Schedule) -> int:
        source = Source(
            id=base.id, kind=base.kind, name="x", options=base.options, schedule=schedule
        )
        return len(list(polls(source)))

    still = timedelta(0)
    assert times(Schedule(every=timedelta(hours=1), jitter=still)) == 7 * 24 - 1
    assert 7 * 23 < times(Schedule(every=timedelta(hours=1), jitter=timedelta(minutes=2))) < 7 * 24
    assert times(Schedule(cron="0 9 * * mon-fri", jitter=still)) == 5
    assert START.weekday() == 0
