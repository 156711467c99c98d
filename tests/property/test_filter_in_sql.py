"""Any filter finds in SQL what it finds in memory, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cache
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.event import Event
from monitor.domain.filter import Filter, Term, matches, parse, show
from monitor.domain.filter_fields import closed_values
from monitor.stores import EventQuery
from storage import queries
from storage.store import SqlStore, open_store
from tests.conftest import PostgresServer
from tests.facts import NOW, record, varied_event

NUMBER = 250
OPEN = {
    "state": ("TX", "FL", "GA", "federal", "WY"),
    "county": ("48113", "12111", "01001"),
    "place": ("pierce", "fort pierce", "saint lucie", "dallas", "x"),
    "agency": ("sheriff", "dona ana", "county sheriffs office", "lucie st", "police", "x"),
    "bill": ("sb4", "hb1105", "sb5"),
    "source": ("herald", "ice-roster", "none"),
    "text": ("signed", "agreement ice", "287 g", "dona", "sheriff s", "sheriffs", "tx", "x y"),
}
DAYS = ("2024-12-31", "2025-01-01", "2025-04-11", "2025-06-02", "2025-06-08", "2026-01-01")


def values(field: str) -> st.SearchStrategy[tuple[str, ...]]:
    """Alternatives of one term, now and then more than a branch each is read for."""
    if field.endswith(("since", "until")):
        return st.sampled_from(DAYS).map(lambda day: (day,))
    pool = OPEN.get(field) or closed_values(field)
    return st.lists(st.sampled_from(pool), min_size=1, max_size=14, unique=True).map(tuple)


FIELDS = (
    *OPEN, "type", "model", "status", "tier", "direction", "stage", "worth", "instrument",
    "target", "since", "until", "recorded_since", "recorded_until",
)  # fmt: skip
TERMS = st.sampled_from(FIELDS).flatmap(
    lambda field: st.builds(Term, field=st.just(field), values=values(field), negated=st.booleans())
)
FILTERS = st.lists(TERMS, max_size=4).map(lambda terms: Filter(terms=tuple(terms)))


@cache
def drawn_events() -> list[Event]:
    """The same events for both databases, in order of the log."""
    dice = Random(42)
    return [varied_event(n, dice, NOW + timedelta(hours=n)) for n in range(NUMBER)]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(request: pytest.FixtureRequest) -> Iterator[SqlStore]:
    """A store that holds the drawn events."""
    url = "sqlite://"
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.new_database(request.getfixturevalue("postgres_template"))
    store = open_store(url, None)
    store.append([record(event) for event in drawn_events()])
    yield store
    store.close()


@settings(max_examples=150, derandomize=True)
@given(asked=FILTERS, limit=st.integers(1, 300), oldest_first=st.booleans())
def test_sql_and_memory_agree(
    filled: SqlStore, asked: Filter, limit: int, oldest_first: bool
) -> None:
    events = drawn_events()
    expected = [event.id for event in events if matches(asked, event)]
    if not oldest_first:
        expected.reverse()
    query = EventQuery(filter=asked, limit=limit, oldest_first=oldest_first)
    page = filled.events(query)
    assert [event.id for event in page.items] == expected[:limit]
    assert (page.next_cursor is None) == (len(expected) <= limit)
    assert filled.count_events(query).value == len(expected)
    assert sum(n for _, n in filled.facets(query)["type"]) == len(expected)


LEFT_OUT = st.lists(
    st.builds(Term, field=st.just("text"), values=values("text"), negated=st.just(True)),
    min_size=1,
    max_size=2,
)


@settings(max_examples=60, derandomize=True)
@given(left_out=LEFT_OUT, asked=st.lists(TERMS, max_size=2), limit=st.integers(1, 5))
def test_text_left_out_is_looked_up_window_by_window(
    filled: SqlStore, left_out: list[Term], asked: list[Term], limit: int
) -> None:
    """Windows of five rows: what a real page meets only where nearly everything is left out."""
    filter = Filter(terms=(*asked, *left_out))
    expected = [event.id for event in reversed(drawn_events()) if matches(filter, event)]
    found: list[str] = []
    query = EventQuery(filter=filter, limit=limit)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(queries, "_WINDOW", 6)
        for _ in range(12):
            page = filled.events(query)
            found += [event.id for event in page.items]
            if page.next_cursor is None:
                break
            query = replace(query, cursor=page.next_cursor)
    assert found == expected[: len(found)]
    assert page.next_cursor is not None or len(found) == len(expected)


@settings(max_examples=50, derandomize=True)
@given(asked=FILTERS)
def test_what_a_filter_prints_finds_the_same(filled: SqlStore, asked: Filter) -> None:
    again = parse(show(asked), NOW.date())
    first, second = (
        [event.id for event in filled.events(EventQuery(filter=one, limit=NUMBER)).items]
        for one in (asked, again)
    )
    assert first == second
