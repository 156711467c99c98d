"""The filter grammar: what an expression means, and what is said about a wrong one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from monitor.domain.claim import Jurisdiction
from monitor.domain.errors import FilterError
from monitor.domain.event import Event
from monitor.domain.filter import (
    Filter,
    Term,
    event_day,
    expand_near,
    matches,
    parse,
    search_text,
    search_tokens,
    show,
)
from monitor.domain.ident import EventId, SourceId
from monitor.domain.moment import StatedDate
from monitor.domain.vocabulary import Direction, EventType, Model, Rung, Stage, Tier, Worth

TODAY = date(2025, 8, 15)
EVENT = Event(
    id=EventId("e1"),
    event_type=EventType.AGREEMENT_SIGNED,
    stage=Stage.LISTED,
    direction=Direction.TOWARD,
    status=Rung.ON_ROSTER,
    tier=Tier.ROSTER,
    worth=Worth.ALERT,
    jurisdiction=Jurisdiction(state="TX", county="48113", place="City of Dallas"),
    agency="Dallas County Sheriff’s Office",
    model=Model.TFM,
    bill="S.B. 8",
    occurred=StatedDate(day=date(2025, 6, 1)),
    published=StatedDate(day=date(2025, 6, 3)),
    captured_at=datetime(2025, 6, 4, tzinfo=UTC),
    recorded_at=datetime(2025, 6, 5, 23, 30, tzinfo=UTC),
    updated_at=datetime(2025, 6, 5, 23, 30, tzinfo=UTC),
    title="Dallas County listed for the task force model",
    quote="The Sheriff signed a 287(g) agreement in Cañon City.",
    source_id=SourceId("ice-roster"),
)

HITS = [
    "", "signed", "type:signed", "type:agreement", "type:AGREEMENT-signed,sanctuary", "state:tx",
    "state:Texas", 'state:"new york",texas', "county:48113", "place:dallas",
    'place:"dallas city"', 'agency:"Dallas Sheriffs"', "agency:“Dallas County”", "model:tfm",
    'model:"task force"', 'bill:"SB 8"', "bill:sb8", "status:roster", "tier:roster",
    "direction:toward", "stage:listed", "worth:alert", "source:ice-roster", "since:2025-06",
    "until:2025-06", "until:2025-06-01", "since:3m", "recorded_since:2025-06-05",
    "recorded_until:2025-06-05", "287(g)", '"task force model"', "task model", "canon cañon",
    "sheriff's", "-state:FL", "-signed -type:signed" , "-flagstaff", "TX", "text:nothing,dallas",
]  # fmt: skip
MISSES = [
    "ended", "state:FL", "state:federal", "-state:TX", "county:48115", 'place:"fort dallas"',
    "agency:tarrant", "model:JEM", "bill:sb4", "tier:press", "since:2025-06-02",
    "until:2025-05-31", "until:2024", "since:7d", "recorded_since:2025-06-06",
    "recorded_until:2025-06-04", '"model task"', "instrument:bill", "target:ice", "dalla",
    "source:ice", "worth:review", '-"task force"',
]  # fmt: skip


@pytest.mark.parametrize("expression", HITS)
def test_holds(expression: str) -> None:
    if expression == "-signed -type:signed":
        assert not matches(parse(expression, TODAY), EVENT)
        return
    assert matches(parse(expression, TODAY), EVENT)


@pytest.mark.parametrize("expression", MISSES)
def test_does_not_hold(expression: str) -> None:
    assert not matches(parse(expression, TODAY), EVENT)


def test_negation_keeps_events_without_the_field() -> None:
    federal = replace(EVENT, jurisdiction=Jurisdiction(), agency=None, model=None, bill=None)
    for expression in ("-state:TX", "-agency:dallas", "-model:TFM", "-bill:sb8", "state:federal"):
        assert matches(parse(expression, TODAY), federal), expression


def test_day_falls_back_to_published_then_captured() -> None:
    assert event_day(EVENT) == date(2025, 6, 1)
    assert event_day(replace(EVENT, occurred=None)) == date(2025, 6, 3)
    assert event_day(replace(EVENT, occurred=None, published=None)) == date(2025, 6, 4)


@pytest.mark.parametrize(
    ("word", "day"),
    [
        ("7d", "2025-08-08"), ("2w", "2025-08-01"), ("3m", "2025-05-15"), ("1y", "2024-08-15"),
        ("today", "2025-08-15"), ("yesterday", "2025-08-14"), ("2025", "2025-01-01"),
        ("2024-2", "2024-02-01"),
    ],
)  # fmt: skip
def test_relative_days_become_iso(word: str, day: str) -> None:
    assert show(parse(f"since:{word}", TODAY)) == f"since:{day}"


def test_until_means_the_last_day_and_months_clamp() -> None:
    assert show(parse("until:2024-02", TODAY)) == "until:2024-02-29"
    assert show(parse("until:2024", TODAY)) == "until:2024-12-31"
    assert show(parse("since:1m", date(2025, 3, 31))) == "since:2025-02-28"


def test_canonical_form_does_not_depend_on_writing() -> None:
    one = parse('county:48113,48001 STATE:fl,Texas  "Task   Force" signed signed', TODAY)
    two = parse("type:signed state:TX,FL,TX county:48001,48113 text:task-force", TODAY)
    assert one == two
    assert show(one) == 'type:agreement_signed state:FL,TX county:48001,48113 "task force"'


def test_bare_short_forms_are_types_and_quoted_ones_are_words() -> None:
    assert parse("signed", TODAY) == parse("type:agreement_signed", TODAY)
    word = parse('"signed"', TODAY)
    assert word == Filter(terms=(Term(field="text", values=("signed",)),))
    assert parse(show(word), TODAY) == word


@pytest.mark.parametrize(
    ("expression", "position", "suggestion"),
    [
        ("stat:TX", 0, "state"),
        ("state:TX mdel:TFM", 9, "model"),
        ("state:TX,Texsa", 9, "TX"),
        ("type:agreement_singed", 5, "agreement_signed"),
        ("state:", 6, None),
        ("state:TX,", 9, None),
        ('agency:"Dallas', 7, '"'),
        ('TX "open', 3, '"'),
        ("since:soon", 6, None),
        ("since:2025-13", 6, None),
        ("since:2025-02-30", 6, None),
        ("since:2024,2025", 11, None),
        ("county:Dallas", 7, None),
        ("since:9999y", 6, None),
        ("- state:TX", 0, None),
        ("TX ???", 3, None),
        ('agency:"!!"', 7, None),
        ("near:nowhere", 5, None),
        ("source:../etc", 7, None),
    ],
)
def test_errors_say_where_and_what_instead(
    expression: str, position: int, suggestion: str | None
) -> None:
    with pytest.raises(FilterError) as caught:
        parse(expression, TODAY)
    assert caught.value.position == position
    assert caught.value.suggestion == suggestion


def test_bounds_on_hostile_input() -> None:
    for expression in ("a" * 5000, "a " * 100):
        with pytest.raises(FilterError):
            parse(expression, TODAY)


def test_county_names_go_through_the_given_finder() -> None:
    def find(name: str) -> tuple[str, ...]:
        return ("48113", "01047") if name == "Dallas" else ()

    assert show(parse("county:Dallas", TODAY, find)) == "county:01047,48113"
    with pytest.raises(FilterError):
        parse("county:Nowhere", TODAY, find)


def test_near_must_be_expanded_before_it_is_evaluated() -> None:
    near = parse('near:"Dallas, TX~50km"', TODAY)
    assert show(near) == 'near:"Dallas, TX~50km"'
    with pytest.raises(FilterError):
        matches(near, EVENT)
    expanded = expand_near(
        near, lambda place, km: ("48113",) if (place, km) == ("Dallas, TX", 50) else ()
    )
    assert show(expanded) == "county:48113"
    assert matches(expanded, EVENT)
    with pytest.raises(FilterError):
        expand_near(parse("near:48113~60km", TODAY), lambda place, km: ())


def test_tokens() -> None:
    assert search_tokens("Sheriff’s Office, ＣＡÑON City: 287(g)") == (
        "sheriffs", "office", "canon", "city", "287", "g",
    )  # fmt: skip
    assert "TX" in search_text(EVENT).splitlines()
