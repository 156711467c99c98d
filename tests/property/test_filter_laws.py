"""Laws of the filter grammar over generated expressions and events."""

from __future__ import annotations

from datetime import UTC, date, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.domain.claim import Jurisdiction
from monitor.domain.errors import FilterError
from monitor.domain.event import Event
from monitor.domain.filter import Filter, Term, matches, parse, search_tokens, show
from monitor.domain.filter_fields import DATE_FIELDS, FIELDS, closed_values
from monitor.domain.ident import EventId, SourceId
from monitor.domain.states import STATES
from monitor.domain.vocabulary import Direction, EventType, Model, Rung, Stage, Tier, Worth

TODAY = date(2025, 8, 15)
UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
WORDS = st.text(min_size=1, max_size=20)
DAYS = st.dates(min_value=date(1990, 1, 1), max_value=date(2090, 1, 1)).map(date.isoformat)


def _quoted(text: str) -> str:
    return '"' + "".join("\\" + c if c in '\\"“”„‟' else c for c in text) + '"'


@st.composite
def _terms(draw: st.DrawFn) -> str:
    field = draw(st.sampled_from(FIELDS))
    sign = draw(st.sampled_from(["", "-"]))
    if field in DATE_FIELDS:
        return f"{sign}{field}:{draw(DAYS | st.sampled_from(['7d', '2w', 'today', '2025']))}"
    if field == "county":
        value = f"{draw(st.integers(1001, 99999)):05d}"
    elif field == "near":
        value = f"{draw(st.integers(10000, 99999))}~{draw(st.integers(1, 900))}km"
    elif field == "source":
        value = "s" + draw(st.text("abcxyz09_.-", max_size=20))
    elif closed_values(field):
        return f"{sign}{field}:" + ",".join(
            draw(st.lists(st.sampled_from(closed_values(field)), min_size=1, max_size=4))
        )
    else:
        value = _quoted("a" + draw(WORDS))
    return f"{sign}{field}:{value}" if field != "text" else f"{sign}{value}"


EXPRESSIONS = st.lists(_terms(), max_size=6).map(" ".join)


@UNTIMED
@given(EXPRESSIONS)
def test_what_is_shown_parses_to_the_same_filter(expression: str) -> None:
    parsed = parse(expression, TODAY)
    assert parse(show(parsed), date(1999, 1, 1)) == parsed
    assert show(parse(show(parsed), TODAY)) == show(parsed)


@UNTIMED
@given(st.text(max_size=200))
def test_any_text_parses_or_is_refused_with_a_position_inside(text: str) -> None:
    try:
        parsed = parse(text, TODAY)
    except FilterError as error:
        assert 0 <= error.position <= len(text)
    else:
        assert parse(show(parsed), TODAY) == parsed


@UNTIMED
@given(st.text(max_size=100))
def test_tokens_are_idempotent_and_plain(text: str) -> None:
    tokens = search_tokens(text)
    assert search_tokens(" ".join(tokens)) == tokens
    assert all(token.isascii() and token.isalnum() for token in tokens)


@st.composite
def _events(draw: st.DrawFn) -> Event:
    moment = draw(st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1))).replace(tzinfo=UTC)
    return Event(
        id=EventId("e"),
        event_type=draw(st.sampled_from(EventType)),
        stage=draw(st.sampled_from(Stage)),
        direction=draw(st.sampled_from(Direction)),
        status=draw(st.sampled_from(Rung)),
        tier=draw(st.sampled_from(Tier)),
        worth=draw(st.sampled_from(Worth)),
        jurisdiction=Jurisdiction(state=draw(st.none() | st.sampled_from(sorted(STATES)))),
        agency=draw(st.none() | st.text(max_size=30)),
        model=draw(st.none() | st.sampled_from(Model)),
        captured_at=moment,
        recorded_at=moment,
        updated_at=moment,
        title=draw(st.text(max_size=60)),
        source_id=SourceId("s"),
    )


@UNTIMED
@given(EXPRESSIONS.filter(lambda e: "near:" not in e), _events())
def test_all_terms_hold_and_negation_is_the_complement(expression: str, event: Event) -> None:
    parsed = parse(expression, TODAY)
    each = [matches(Filter(terms=(term,)), event) for term in parsed.terms]
    assert matches(parsed, event) == all(each)
    for term, holds in zip(parsed.terms, each, strict=True):
        other = Term(field=term.field, values=term.values, negated=not term.negated)
        assert matches(Filter(terms=(other,)), event) != holds


@UNTIMED
@given(st.text(min_size=1, max_size=40), _events())
def test_a_quoted_title_is_always_found(text: str, event: Event) -> None:
    tokens = search_tokens(event.title)
    if tokens:
        assert matches(parse(f'"{" ".join(tokens)}"', TODAY), event)
        assert not matches(parse(f'-"{" ".join(tokens)}"', TODAY), event)
