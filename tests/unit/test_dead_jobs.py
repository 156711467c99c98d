"""Jobs that died, in words: what each was about, and one notice where many died at once."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from monitor.bootstrap.scheduling import MOST_DEAD_TOLD, dead_entries
from monitor.jobs.engine import MOST_ABOUT, DeadJob

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)


def dead(number: int, **arguments: object) -> DeadJob:
    return DeadJob(number=number, task="back_read", arguments=json.dumps(arguments), at=AT)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"host": "a.example", "sources": ["one", "two"]}, "a.example: one, two"),
        ({"archive": "x.warc.gz", "start": 8, "end": 16}, "x.warc.gz, bytes 8 to 16"),
        ({"name": "deliver"}, "deliver"),
        ({"of": "later versions"}, '{"of": "later versions"}'),
    ],
)
def test_what_it_was_about(arguments: dict[str, object], words: str) -> None:
    assert dead(1, **arguments).about == words


def test_what_it_was_about_is_bounded() -> None:
    assert len(dead(1, host="a", sources=["source"] * 1000).about) == MOST_ABOUT + 1


def test_few_are_told_one_by_one_and_many_together() -> None:
    some = [dead(number, name=f"routine {number}") for number in range(40)]
    few = dead_entries(some[:MOST_DEAD_TOLD])
    assert [entry.message.partition(" failed")[0] for entry in few] == [
        f"job {number}: back read routine {number}" for number in range(MOST_DEAD_TOLD)
    ]
    (many,) = dead_entries(some)
    assert many.message.startswith("40 jobs failed (the first are job 0: back read routine 0, ")
    assert all(entry.tell_operator for entry in (*few, many))
    assert dead_entries([]) == []
