"""Every stored value reads back as it was written, whatever it holds."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.claim import Claim
from monitor.domain.errors import StoreError
from monitor.domain.event import Event, Record
from monitor.domain.health import HealthEntry
from monitor.domain.item import Item
from monitor.domain.roster import Agreement, LedgerOutcome, RosterCounts
from monitor.domain.snapshot import Snapshot
from monitor.domain.source import SourceState
from monitor.domain.subscription import Digest, Subscription
from storage.captures import snapshot_of, snapshot_text
from storage.chain import link_hash, record_of, record_texts
from storage.codec import dumps, loads, moment_of, moment_text
from tests.facts import NOW, event, record

STORED = (
    Agreement, Claim, Digest, Event, HealthEntry, Item, LedgerOutcome, Record, RosterCounts,
    Snapshot, SourceState, Subscription,
)  # fmt: skip
_MOMENTS = st.datetimes(
    min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.just(UTC)
)
_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    int: st.integers(),
    bool: st.booleans(),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bytes: st.binary(max_size=8),
    datetime: _MOMENTS,
    date: st.dates(),
    time: st.times(),
    timedelta: st.timedeltas(min_value=timedelta(days=-1000), max_value=timedelta(days=1000)),
}


def values(kind: Any, depth: int = 0) -> st.SearchStrategy[Any]:
    """Any value of a stored type, every field drawn."""
    while hasattr(kind, "__supertype__"):
        kind = kind.__supertype__
    if kind in _PLAIN:
        return _PLAIN[kind]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(list(kind))
    if dataclasses.is_dataclass(kind):
        if depth > 4:
            return st.nothing()
        hints = typing.get_type_hints(kind)
        fields = [f for f in dataclasses.fields(kind) if f.init]
        return st.builds(kind, **{f.name: values(hints[f.name], depth + 1) for f in fields})
    return _container(kind, depth)


def _container(kind: Any, depth: int) -> st.SearchStrategy[Any]:
    arguments = typing.get_args(kind)
    if typing.get_origin(kind) in (types.UnionType, typing.Union):
        inner = [values(a, depth) for a in arguments if a is not type(None)]
        return st.none() | inner[0]
    if arguments[-1] is Ellipsis:
        if depth > 3:
            return st.just(())
        return st.lists(values(arguments[0], depth), max_size=2).map(tuple)
    return st.tuples(*(values(a, depth) for a in arguments))


@pytest.mark.parametrize("kind", STORED)
def test_what_is_stored_reads_back(kind: type) -> None:
    @given(values(kind))
    def check(value: Any) -> None:
        text = dumps(value)
        assert text.isascii()
        assert loads(kind, text) == value
        assert dumps(loads(kind, text)) == text

    check()


@given(values(Record))
def test_a_record_is_whole_in_its_two_texts(value: Record) -> None:
    event_text, rest = record_texts(value)
    again = record_of(
        event_text,
        rest,
        sequence=value.sequence,
        previous_hash=value.previous_hash,
        hash=value.hash,
    )
    assert again == value


@given(values(Snapshot))
def test_a_capture_is_whole_in_text_and_body(value: Snapshot) -> None:
    assert snapshot_of(snapshot_text(value), value.body) == value


@given(_MOMENTS, _MOMENTS)
def test_stored_moments_sort_like_time(one: datetime, other: datetime) -> None:
    assert (moment_text(one) < moment_text(other)) == (one < other)
    assert moment_of(moment_text(one)) == one
    assert len(moment_text(one)) == 27


def test_a_moment_of_another_zone_is_stored_in_utc() -> None:
    eastern = NOW.astimezone(timezone(timedelta(hours=-5)))
    assert moment_text(eastern) == moment_text(NOW)
    with pytest.raises(ValueError, match="naive"):
        moment_text(NOW.replace(tzinfo=None))


def test_defaults_are_left_out_so_that_new_fields_change_no_stored_line() -> None:
    written = json.loads(dumps(event()))
    assert "silent" not in written
    assert "model" not in written
    assert loads(Event, dumps(event())).silent is False


@pytest.mark.parametrize("text", ["{}", "[]", "nonsense", '{"id": 1, "unheard": 2}', "null"])
def test_what_is_no_such_value_is_named(text: str) -> None:
    with pytest.raises(StoreError, match="Event"):
        loads(Event, text)


def test_numbers_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="number"):
        dumps(event(amount=float("nan")))


def test_a_link_binds_every_part() -> None:
    event_text, rest = record_texts(record(event()))
    base = link_hash("0" * 64, 1, event_text, rest)
    changed = {
        link_hash("1" + "0" * 63, 1, event_text, rest),
        link_hash("0" * 64, 2, event_text, rest),
        link_hash("0" * 64, 1, event_text.replace("Dallas", "Dalles"), rest),
        link_hash("0" * 64, 1, event_text, rest.replace("true", "false")),
    }
    assert len(changed | {base}) == 5
