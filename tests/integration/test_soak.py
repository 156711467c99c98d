"""Simulated days at accelerated time: nothing leaks. The whole form is `make soak`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bench.soak import slope, soak

SOURCES, DAYS = (2000, 30) if os.environ.get("MONITOR_SOAK") else (60, 9)


@pytest.mark.long
@pytest.mark.timeout(0 if os.environ.get("MONITOR_SOAK") else 900)
def test_simulated_days_leave_no_handle_and_no_memory(tmp_path: Path) -> None:
    days = list(soak(SOURCES, DAYS, tmp_path))
    settled = days[2:]
    assert days[-1].records > days[1].records, "nothing happened: this proves nothing"
    assert max(day.handles for day in settled) - min(day.handles for day in settled) <= 8
    assert max(day.threads for day in settled) - min(day.threads for day in settled) <= 4
    assert len({day.children for day in settled}) == 1
    assert slope([day.rss_mb for day in days]) < 1.5, [day.rss_mb for day in days]


def test_the_slope_is_that_of_the_last_two_thirds() -> None:
    assert slope([100.0, 50.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]) > 0.9
    assert slope([5.0] * 9) == 0.0
