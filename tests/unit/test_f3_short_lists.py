"""F3: lists shaped like the four short ones that were published: nobody is told of a departure.

Rows missing on one day and back after so many, of so many: 1,012 of 1,582; 870; 492; and 55, which
no ratio catches. Made-up names; the shapes are public.
"""

from __future__ import annotations

import csv
import random
from dataclasses import replace
from datetime import date, timedelta

import pytest

from monitor.domain.roster import OutcomeKind
from tests.rosters import ROOT, Line, flat, play, sheriff, table


def roster(count: int) -> list[Line]:
    """Sheriffs of real counties, one each."""
    with (ROOT / "monitor" / "data" / "counties.csv").open(encoding="utf-8") as file:
        lines = (line for line in file if not line.startswith("#"))
        named = [
            row
            for row in csv.DictReader(lines)
            if row["name"].endswith(" County") and not row["status"]
        ]
    states = {"TX": "TEXAS", "GA": "GEORGIA", "VA": "VIRGINIA", "KY": "KENTUCKY", "MO": "MISSOURI",
              "KS": "KANSAS", "IL": "ILLINOIS", "NC": "NORTH CAROLINA", "IA": "IOWA",
              "TN": "TENNESSEE", "NE": "NEBRASKA", "IN": "INDIANA", "OH": "OHIO",
              "MN": "MINNESOTA", "MI": "MICHIGAN", "MS": "MISSISSIPPI", "OK": "OKLAHOMA",
              "AR": "ARKANSAS", "WI": "WISCONSIN", "FL": "FLORIDA", "PA": "PENNSYLVANIA",
              "AL": "ALABAMA", "SD": "SOUTH DAKOTA", "CO": "COLORADO"}  # fmt: skip
    found = [
        sheriff(row["name"].removesuffix(" County"), states[row["state"]])
        for row in named
        if row["state"] in states
    ]
    assert len(found) >= count
    return [replace(row, signed=signed(n)) for n, row in enumerate(found[:count])]


def signed(number: int) -> str:
    """A day of its own within its state, near enough: no row looks like another one corrected."""
    return (date(2020, 1, 1) + timedelta(days=number)).isoformat()


@pytest.mark.parametrize(
    ("total", "missing", "days"),
    [(1_582, 1_012, 9), (1_100, 870, 7), (700, 492, 8), (1_540, 55, 11)],
    ids=["2026-01-01", "2025-10-25", "2025-06-10", "2026-02-28"],
)
def test_a_short_list_tells_no_departure(total: int, missing: int, days: int) -> None:
    """Mixed with signings, as they were."""
    new = 12
    every = roster(total + new)
    before, after = every[:total], every
    dice = random.Random(total)
    left_out = set(dice.sample(range(total), missing))
    short = [row for number, row in enumerate(before) if number not in left_out]
    steps = play(
        [
            table(before, 0),
            table(before, 3),
            table([*short, *every[total:]], 6),
            table(after, 6 + days),
            table(after, 9 + days),
        ]
    )
    told = [o for result in steps for o in flat(result.outcomes)]
    assert [o for o in told if o.outcome is OutcomeKind.REMOVED] == []
    counts = steps[-1].counts
    assert (counts.active, counts.unconfirmed, counts.ended) == (total + new, 0, 0)
    later = [o for result in steps[1:] for o in flat(result.outcomes)]
    assert len([o for o in later if o.outcome is OutcomeKind.SIGNED]) == new
    during = steps[2].counts
    assert during.active + during.unconfirmed + during.held + during.ended == during.ever_listed
    if missing > 100:
        assert [o.outcome for o in steps[2].outcomes] == [OutcomeKind.HELD]
