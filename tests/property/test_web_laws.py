"""Laws of the small pure parts of the pages."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.errors import FilterError
from monitor.domain.filter import parse, show
from monitor.domain.states import STATES
from monitor.resolve.gazetteer import Gazetteer
from monitor.web.limits import Limit, network_of
from monitor.web.map import STEPS, county_map, state_map, step_bounds
from monitor.web.moments import read_moment
from monitor.web.pages_staff import redline
from monitor.web.syndication import atom, csv_lines, json_feed, safe_cell
from monitor.web.views import CHART_HEIGHT, bars, facet_groups, passage, weeks_filled
from tests.facts import NOW, event
from tests.website import gazetteer

COUNTS = st.dictionaries(st.sampled_from(sorted(STATES)), st.integers(0, 10_000))


@given(st.text(max_size=300), st.text(max_size=300))
def test_a_redline_holds_both_texts(before: str, after: str) -> None:
    runs = redline(before, after)
    assert "".join(text for kind, text in runs if kind != "new") == before
    assert "".join(text for kind, text in runs if kind != "gone") == after


@given(st.text(max_size=100) | st.integers() | st.floats(allow_nan=False) | st.none())
def test_no_cell_starts_a_formula(value: object) -> None:
    cell = safe_cell(value)
    if isinstance(value, str):
        assert not cell.lstrip(" ").startswith(tuple("=+-@|%\t\r\n"))
        assert "\x00" not in cell


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_survives_every_feed_format(title: str, quote: str) -> None:
    made = [event(1, title=title, quote=quote, agency=title, url=quote)]
    addresses = {"title": title, "page_url": "http://h/p", "feed_url": "http://h/f"}
    link = "http://h/e/{}".format
    tree = ET.fromstring(atom(made, link=link, **addresses))
    assert len(tree.findall("{http://www.w3.org/2005/Atom}entry")) == 1
    assert json_feed(made, link=link, **addresses)
    rows = list(csv.reader(io.StringIO("".join(csv_lines(made, link)))))
    assert [len(row) for row in rows] == [len(rows[0])] * 2


@given(COUNTS)
def test_maps_show_every_number_once(counts: dict[str, int]) -> None:
    area = state_map(counts)
    shown = {shape.key: shape.value for shape in area.shapes} | {k: n for k, _, n in area.elsewhere}
    assert {k: n for k, n in shown.items() if n} == {k: n for k, n in counts.items() if n}
    assert all((shape.step == 0) == (shape.value == 0) for shape in area.shapes)
    ordered = sorted((shape.value, shape.step) for shape in area.shapes)
    assert [step for _, step in ordered] == sorted(step for _, step in ordered)
    bounds = step_bounds(counts)
    assert list(bounds) == sorted(set(bounds))
    assert len(bounds) <= STEPS


def test_county_maps_know_the_counties_of_their_state() -> None:
    places: Gazetteer = gazetteer()
    names = {county.fips: county.name for county in places.counties("TX")}
    area = county_map("48", {"48113": 3, "48999": 1}, names)
    assert area is not None
    assert len(area.shapes) == 254
    assert {shape.name for shape in area.shapes} <= set(names.values())
    assert area.elsewhere == (("48999", "48999", 1),)
    assert county_map("66", {}, {}) is None  # Guam has no outline


@given(st.lists(st.tuples(st.text(max_size=8), st.integers(0, 10**6)), max_size=60))
def test_bars_stay_inside_the_drawing(series: list[tuple[str, int]]) -> None:
    for bar in bars(series):
        assert 0 <= bar.height <= CHART_HEIGHT
        assert abs(bar.y + bar.height - CHART_HEIGHT) < 0.1


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.integers(0, 51))
def test_weeks_without_events_are_shown_as_none(until: date, back: int) -> None:
    week = (until - timedelta(weeks=back)).isocalendar()
    filled = weeks_filled([(f"{week.year}-W{week.week:02d}", 7)], until)
    assert len(filled) == len({label for label, _ in filled}) == 52
    assert [label for label, _ in filled] == sorted(label for label, _ in filled)
    assert filled[51 - back][1] == 7
    assert sum(number for _, number in filled) == 7


@given(st.text(max_size=50))
def test_moments_are_read_or_refused(text: str) -> None:
    try:
        moment = read_moment("as_of", text)
    except FilterError:
        return
    assert moment is None or moment.tzinfo is not None


@given(st.text(max_size=30))
def test_every_peer_has_a_network(host: str) -> None:
    assert network_of(host)


@given(st.lists(st.integers(0, 100), max_size=60))
def test_a_limit_is_never_passed_within_its_span(minutes: list[int]) -> None:
    limit = Limit(3, timedelta(minutes=10))
    allowed: list[datetime] = []
    for minute in sorted(minutes):
        moment = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
        if limit.allows("key", moment):
            allowed.append(moment)
        recent = [one for one in allowed if moment - one <= timedelta(minutes=10)]
        assert len(recent) <= 3
    assert limit.allows("other", NOW)


@given(st.text(max_size=2000), st.integers(0, 2000), st.integers(0, 300))
def test_a_passage_is_a_piece_of_the_text(text: str, start: int, length: int) -> None:
    start = min(start, len(text))
    found = passage(text, start, min(len(text), start + length))
    inner = found.before.removeprefix("…") + found.quote + found.after.removesuffix("…")
    assert inner in text or text.startswith("…") or text.endswith("…")


def test_a_facet_is_chosen_and_taken_back() -> None:
    today = NOW.date()
    facets = {"state": (("TX", 3), ("FL", 1)), "type": (("agreement_signed", 2),)}
    asked = parse('state:TX "task force"', today)
    groups = dict(facet_groups(asked, facets))
    chosen = {facet.label: facet for facet in groups["state"]}
    assert (chosen["Texas"].chosen, chosen["Florida"].chosen) == (True, False)
    assert "state" not in chosen["Texas"].href
    assert "state%3AFL" in chosen["Florida"].href
    assert "state%3ATX" not in chosen["Florida"].href
    assert "task" in groups["type"][0].href
    assert show(asked) == 'state:TX "task force"'
