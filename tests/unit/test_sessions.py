"""Sessions by the date: at the turn of years, of two-year sessions and of Congresses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.ident import SourceId
from monitor.domain.source import Source
from monitor.extract import sessions
from monitor.registry import SOURCE_KINDS
from monitor.resolve.telling import other_session

RULES: tuple[tuple[Callable[[date], tuple[object, ...]], str, tuple[object, ...]], ...] = (
    (sessions.congresses, "2025-01-02", (118,)),
    (sessions.congresses, "2025-01-03", (119, 118)),
    (sessions.congresses, "2025-03-03", (119, 118)),
    (sessions.congresses, "2025-03-04", (119,)),
    (sessions.congresses, "2026-12-31", (119,)),
    (sessions.congresses, "2027-01-02", (119,)),
    (sessions.congresses, "2027-01-03", (120, 119)),
    (sessions.maryland, "2026-01-13", ("2025RS",)),
    (sessions.maryland, "2026-01-14", ("2026RS",)),
    (sessions.maryland, "2026-12-31", ("2026RS",)),
    (sessions.maryland, "2027-01-12", ("2026RS",)),
    (sessions.maryland, "2027-01-13", ("2027RS",)),
    (sessions.new_york, "2025-12-31", (2025,)),
    (sessions.new_york, "2026-01-01", (2025,)),
    (sessions.new_york, "2026-12-31", (2025,)),
    (sessions.new_york, "2027-01-01", (2027, 2025)),
    (sessions.new_york, "2027-02-01", (2027,)),
    (sessions.north_carolina, "2025-01-07", ("2023",)),
    (sessions.north_carolina, "2025-01-08", ("2025",)),
    (sessions.north_carolina, "2027-01-12", ("2025",)),
    (sessions.north_carolina, "2027-01-13", ("2027",)),
    (sessions.oregon, "2026-12-31", ("2026R1",)),
    (sessions.oregon, "2027-01-01", ("2027R1",)),
    (sessions.virginia, "2026-11-30", ("20261",)),
    (sessions.virginia, "2026-12-01", ("20271",)),
    (sessions.virginia, "2027-01-01", ("20271",)),
    (sessions.washington, "2025-12-31", ("2025-26",)),
    (sessions.washington, "2026-11-30", ("2025-26",)),
    (sessions.washington, "2026-12-01", ("2027-28",)),
    (sessions.washington, "2027-01-01", ("2027-28",)),
    (sessions.washington, "2099-06-01", ("2099-00",)),
)


@pytest.mark.parametrize(("rule", "on", "wanted"), RULES)
def test_a_session_of_a_day(
    rule: Callable[[date], tuple[object, ...]], on: str, wanted: tuple[object, ...]
) -> None:
    assert rule(date.fromisoformat(on)) == wanted


@settings(max_examples=25)
@given(st.dates(date(2009, 1, 1), date(2098, 12, 30)))
def test_a_session_never_goes_back_and_changes_at_most_once_a_year(on: date) -> None:
    later = on + timedelta(days=1)
    for rule in {rule for rule, _, _ in RULES}:
        now, then = rule(on), rule(later)
        assert str(then[0]) >= str(now[0])
        days = (date(on.year, 1, 1) + timedelta(days=n) for n in range(365))
        assert len({rule(day)[0] for day in days}) <= 2


@pytest.mark.parametrize(
    ("kind", "options", "on", "wanted"),
    [
        ("maryland", {}, "2027-01-13", ["/2027RS/"]),
        ("maryland", {"special": ["2026S1"]}, "2026-12-20", ["/2026RS/", "/2026S1/"]),
        ("maryland", {"session": "2024RS"}, "2026-12-20", ["/2024RS/"]),
        ("oregon", {"special": ["2025S1"]}, "2027-01-01", ["'2027R1'", "'2025S1'"]),
        ("new_york", {}, "2027-01-15", ["/2027/", "/2025/"]),
        ("virginia", {"special": ["20262"]}, "2026-12-01", ["/20271/", "/20262/"]),
        (
            "feed",
            {"url": "https://x.org/a/2020/b/2025?y=20", "year": "two_year_session"},
            "2028-01-01",
            ["/a/2020/b/2027?y=20"],
        ),
        ("feed", {"url": "https://x.org/2025", "year": "current"}, "2027-01-01", ["/2027"]),
        ("feed", {"url": "https://x.org/2025"}, "2027-01-01", ["/2025"]),
        ("feed", {"url": "https://x.org/feed12025", "year": "current"}, "2027-01-01", ["12025"]),
        ("congress", {"summaries": False}, "2027-01-15", ["bill/120?", "bill/119?"]),
        ("congress", {"congress": 118}, "2027-01-15", ["bill/118?", "summaries/118?"]),
    ],
)
def test_a_kind_asks_for_the_sessions_of_the_day_and_for_special_ones(
    kind: str, options: dict[str, object], on: str, wanted: list[str]
) -> None:
    made = SOURCE_KINDS[kind].options.model_validate(options)
    source = Source(id=SourceId("s"), kind=kind, name="S", options=made)
    now = datetime.fromisoformat(f"{on}T12:00:00+00:00").astimezone(UTC)
    urls = [r.url.replace("%27", "'") for r in SOURCE_KINDS[kind].first(source, made, "", now)]
    assert len(urls) == len(wanted)
    assert all(part in url for part, url in zip(wanted, urls, strict=True))


@pytest.mark.parametrize(
    ("left", "right", "other"),
    [
        ("2025 congress", "2025", True),
        ("2025 congress", "2026 congress", False),
        ("2025 congress", "2027 congress", True),
        ("congress", "2025 congress", False),
        ("", "2025 congress", False),
    ],
)
def test_a_number_of_congress_is_none_of_a_state(left: str, right: str, other: bool) -> None:
    assert other_session(left, right) is other
