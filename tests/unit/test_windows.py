"""Digest windows and quiet hours across DST, late, missed and double runs."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.errors import ConfigError
from monitor.domain.subscription import Cadence
from monitor.notify.windows import due_window, next_boundary, quiet_until, zone
from tests.mailroom import subscription

DAILY = subscription(cadence=Cadence.DAILY, at=time(8), created_at=None)


def test_days_of_23_and_25_hours_are_one_window_each() -> None:
    spring = due_window(datetime(2025, 3, 9, 20, tzinfo=UTC), DAILY, None)
    autumn = due_window(datetime(2025, 11, 2, 20, tzinfo=UTC), DAILY, None)
    assert spring is not None
    assert autumn is not None
    assert spring.end - spring.start == timedelta(hours=23)
    assert autumn.end - autumn.start == timedelta(hours=25)


def test_a_wall_time_that_is_skipped_still_closes_its_window() -> None:
    skipped = subscription(cadence=Cadence.DAILY, at=time(2, 30), created_at=None)
    window = due_window(datetime(2025, 3, 9, 20, tzinfo=UTC), skipped, None)
    assert window is not None
    assert window.end == datetime(2025, 3, 9, 8, 30, tzinfo=UTC)


def test_a_missed_run_is_caught_up_in_one_window_and_a_second_run_finds_none() -> None:
    last = datetime(2025, 6, 2, 13, tzinfo=UTC)
    window = due_window(datetime(2025, 6, 6, 9, tzinfo=UTC), DAILY, last)
    assert window is not None
    assert (window.start, window.end) == (last, datetime(2025, 6, 5, 13, tzinfo=UTC))
    assert due_window(datetime(2025, 6, 6, 9, tzinfo=UTC), DAILY, window.end) is None


def test_weekly_means_its_own_day() -> None:
    weekly = subscription(cadence=Cadence.WEEKLY, weekday=2, at=time(8), created_at=None)
    window = due_window(datetime(2025, 6, 6, 9, tzinfo=UTC), weekly, None)
    assert window is not None
    assert window.end == datetime(2025, 6, 4, 13, tzinfo=UTC)
    assert window.end - window.start == timedelta(days=7)


@given(
    st.datetimes(
        min_value=datetime(2024, 1, 1),
        max_value=datetime(2027, 1, 1),
        timezones=st.just(UTC),
    ),
    st.sampled_from(list(Cadence)),
    st.times(),
    st.integers(0, 6),
    st.sampled_from(("America/Chicago", "America/St_Johns", "Europe/London", "UTC")),
)
def test_windows_tile_time_without_gap_or_overlap(
    moment: datetime, cadence: Cadence, at: time, weekday: int, place: str
) -> None:
    wanted = subscription(
        cadence=cadence, at=at, weekday=weekday, time_zone=place, created_at=moment
    )
    end = moment
    for _ in range(6):
        boundary = next_boundary(end, wanted)
        assert boundary > end
        assert due_window(boundary - timedelta(microseconds=1), wanted, end) is None
        window = due_window(boundary, wanted, end)
        assert window is not None
        assert (window.start, window.end) == (end, boundary)
        end = boundary


@pytest.mark.parametrize(
    ("hour", "until"),
    [(3, 12), (4, 12), (11, 12), (12, None), (20, None)],
)
def test_quiet_hours_cross_midnight(hour: int, until: int | None) -> None:
    wanted = subscription(quiet_start=time(22), quiet_end=time(7))
    moment = datetime(2025, 6, 3, hour, tzinfo=UTC)
    expected = datetime(2025, 6, 3, until, tzinfo=UTC) if until else None
    assert quiet_until(moment, wanted) == expected


def test_an_unknown_zone_is_an_error_that_says_so() -> None:
    with pytest.raises(ConfigError, match="Mars/Olympus"):
        zone("Mars/Olympus")
