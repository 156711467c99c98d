"""Silence alarms over the days on which ICE really published: none while it did, then in time."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from monitor.domain.rhythm import silence_after, silent_for

LIST = Path(__file__).parents[3] / "shared" / "data" / "roster" / "workbooks.csv"


@pytest.mark.skipif(not LIST.exists(), reason="the list of real workbooks is not on this machine")
@pytest.mark.parametrize("kind", ["participating", "pending"])
def test_no_alarm_while_a_list_is_alive_and_one_soon_after_it_stops(kind: str):
    with LIST.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == kind]
    changes = sorted({_moment(row["docprops_modified"]) for row in rows})
    alarms = list(_alarms(changes, changes[0], changes[-1] + timedelta(days=30)))
    assert all(day > changes[-1].date() for day in alarms)
    assert alarms
    assert alarms[0] <= date(2026, 1, 16)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).replace(tzinfo=UTC)


def _alarms(changes: list[datetime], start: datetime, end: datetime):
    day = start
    while day < end:
        past = [moment for moment in changes if moment <= day][-60:]
        limit = silence_after(past)
        if limit is not None and silent_for(past, day) > limit:
            yield day.date()
        day += timedelta(days=1)
