"""Due times derive from state: regular, late, backed off, in windows; and how silence counts."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.errors import ConfigError
from monitor.domain.ident import SourceId
from monitor.domain.rhythm import holidays, silence_after, silent_for, working_days
from monitor.domain.source import Schedule, Source, SourceState
from monitor.scheduler import CATCH_UP, FIRST_CHECK, LONGEST_PAUSE, cron_trigger, next_due

NOW = datetime(2025, 6, 4, 15, 0, tzinfo=UTC)


def source(**schedule: object) -> Source:
    return Source(
        id=SourceId("s"), kind="feed", name="S", options=None, schedule=Schedule(**schedule)
    )


def state(ago: timedelta, **more: object) -> SourceState:
    return SourceState(source_id=SourceId("s"), checked_at=NOW - ago, **more)


def test_a_new_source_is_due_soon():
    due = next_due(source(), None, NOW)
    assert NOW <= due <= NOW + FIRST_CHECK


def test_regular_due_time_lies_an_interval_after_the_last_check_with_jitter():
    due = next_due(source(every=timedelta(hours=1)), state(timedelta(minutes=10)), NOW)
    assert timedelta(minutes=50) <= due - NOW <= timedelta(minutes=52)


def test_after_a_downtime_sources_spread_instead_of_stampeding():
    plan = Schedule(every=timedelta(hours=1))
    sources = [
        Source(id=SourceId(f"s{n}"), kind="feed", name="S", options=None, schedule=plan)
        for n in range(200)
    ]
    past = NOW - timedelta(days=3)
    dues = [next_due(s, SourceState(source_id=s.id, checked_at=past), NOW) for s in sources]
    assert all(NOW <= due <= NOW + CATCH_UP for due in dues)
    assert len({due.replace(microsecond=0) for due in dues}) > 100


def test_retry_after_delays_but_never_for_more_than_a_day():
    plan = source(every=timedelta(hours=1))
    late = state(timedelta(0), failures=2, retry_at=NOW + timedelta(hours=5))
    assert next_due(plan, late, NOW) >= NOW + timedelta(hours=5)
    never = state(timedelta(0), failures=9, retry_at=NOW + timedelta(days=30))
    assert next_due(plan, never, NOW) <= NOW + LONGEST_PAUSE


def test_a_retry_sooner_than_the_schedule_changes_nothing():
    plan = source(every=timedelta(hours=6))
    soon = state(timedelta(0), retry_at=NOW + timedelta(minutes=1))
    assert next_due(plan, soon, NOW) >= NOW + timedelta(hours=6)


def test_daily_window_is_of_the_sources_own_zone():
    plan = source(
        every=timedelta(minutes=30),
        window_start=time(9, 0),
        window_end=time(17, 0),
        time_zone="America/Los_Angeles",
        jitter=timedelta(0),
    )
    due = next_due(plan, state(timedelta(minutes=30)), NOW)  # 08:00 there
    assert due == datetime(2025, 6, 4, 16, 0, tzinfo=UTC)


def test_windows_survive_the_change_of_clocks():
    plan = source(
        every=timedelta(minutes=30),
        window_start=time(9, 0),
        window_end=time(10, 0),
        time_zone="America/New_York",
        jitter=timedelta(0),
    )
    before = datetime(2025, 11, 1, 20, 0, tzinfo=UTC)  # the clocks go back that night
    due = next_due(plan, SourceState(source_id=SourceId("s"), checked_at=before), before)
    assert due == datetime(2025, 11, 2, 14, 0, tzinfo=UTC)


def test_cron_and_bad_cron():
    plan = source(cron="0 9 * * mon-fri", time_zone="America/Chicago", jitter=timedelta(0))
    due = next_due(plan, state(timedelta(minutes=1)), NOW)
    assert due == datetime(2025, 6, 5, 14, 0, tzinfo=UTC)
    with pytest.raises(ConfigError, match="five fields"):
        cron_trigger("every day", "UTC")


@given(st.integers(0, 100_000), st.integers(1, 2000), st.one_of(st.none(), st.integers(0, 200_000)))
def test_a_due_time_is_never_in_the_past_and_never_more_than_a_day_late(
    ago_min: int, every_min: int, retry_min: int | None
):
    plan = source(every=timedelta(minutes=every_min))
    retry = None if retry_min is None else NOW + timedelta(minutes=retry_min)
    due = next_due(plan, state(timedelta(minutes=ago_min), retry_at=retry), NOW)
    assert due >= NOW
    assert due - NOW <= max(timedelta(minutes=every_min + 5), LONGEST_PAUSE + timedelta(minutes=5))


def test_silence_counts_working_days_only():
    assert working_days(date(2025, 12, 19), date(2026, 1, 5)) == 1
    assert working_days(date(2025, 6, 6), date(2025, 6, 9)) == 1
    assert date(2025, 11, 27) in holidays(2025)
    assert date(2026, 7, 3) in holidays(2026)  # the fourth is a Saturday


def test_silence_is_longer_than_the_longest_ordinary_gap():
    daily = [NOW - timedelta(days=n) for n in range(40, 0, -1)]
    assert silence_after(daily) == 6
    weekly = [NOW - timedelta(days=7 * n) for n in range(20, 0, -1)]
    limit = silence_after(weekly)
    assert limit is not None
    assert 7 <= limit <= 9
    assert silence_after(daily[:3]) is None
    assert silent_for(daily, NOW) == 1
