"""Coverage: who could see what, how fast, and where nobody looks."""

from __future__ import annotations

from datetime import timedelta

from monitor.domain.ident import SourceId
from monitor.domain.source import Schedule, Source
from monitor.domain.vocabulary import EventType, Tier
from monitor.services.coverage import FEDERAL, STATES, Cell, coverage, markdown, state_rows

SIGNED = EventType.AGREEMENT_SIGNED


def source(name: str, **parts: object) -> Source:
    hours = parts.pop("hours", 1)
    values = {"tier": Tier.PRESS, "sees": (SIGNED.value,), **parts}
    return Source(
        id=SourceId(name),
        kind="feed",
        name=name,
        options=None,
        schedule=Schedule(every=timedelta(hours=float(str(hours)))),
        **values,  # type: ignore[arg-type]
    )


def cell(cells: tuple[Cell, ...], state: str, event_type: EventType = SIGNED) -> Cell:
    return next(c for c in cells if c.state == state and c.event_type == event_type)


def test_own_and_wide_sources_best_tier_first() -> None:
    cells = coverage(
        [
            source("tx_press", states=("TX",), hours=2),
            source("tx_agency", states=("TX",), tier=Tier.OFFICIAL, hours=6),
            source("ice", tier=Tier.ROSTER, hours=3),
        ]
    )
    texas, ohio = cell(cells, "TX"), cell(cells, "OH")
    assert texas.own == ("tx_agency", "tx_press") and texas.wide == ("ice",)
    assert texas.delay == timedelta(hours=2) and texas.tier is Tier.ROSTER
    assert ohio.own == () and ohio.wide == ("ice",) and not ohio.gap


def test_what_is_off_or_keyed_counts_apart() -> None:
    sources = [
        source("keyed", states=("GA",), needs_env=("KEY",), enabled=False),
        source("off", states=("GA",), enabled=False),
        source("search", discovery=True),
    ]
    georgia = cell(coverage(sources), "GA")
    assert georgia.gap and georgia.keyed == ("keyed",) and georgia.delay is None
    running = cell(coverage(sources, lambda s: s.id == "keyed"), "GA")
    assert running.own == ("keyed",) and running.keyed == ()


def test_federal_types_have_a_row_of_their_own() -> None:
    cells = coverage([source("ice", sees=(EventType.FEDERAL_PROGRAM_CHANGE.value,))])
    assert cell(cells, FEDERAL, EventType.FEDERAL_PROGRAM_CHANGE).wide == ("ice",)
    assert cell(cells, FEDERAL, EventType.FEDERAL_INCENTIVE).gap
    assert all(c.state != FEDERAL for c in cells if c.event_type is SIGNED)


def test_every_state_and_named_territory_has_a_row() -> None:
    rows = state_rows(coverage([source("gu", states=("GU",))]))
    assert [r.state for r in rows] == [*STATES, "GU", FEDERAL]
    guam = rows[-2]
    assert guam.own == ("gu",) and not guam.official
    assert SIGNED not in guam.gaps and EventType.LAWSUIT_FILED in guam.gaps
    assert guam.press_only == (SIGNED,) and guam.national_only == ()


def test_states_without_own_sources_say_so() -> None:
    rows = state_rows(coverage([source("wide"), source("tx", states=("TX",))]))
    ohio = next(r for r in rows if r.state == "OH")
    assert ohio.own == () and ohio.national_only == (SIGNED,)
    table = markdown(rows)
    assert "| OH | none | no | none | everything | 20 of 21 types |" in table
    assert "| TX | tx | no | none | nothing | 20 of 21 types |" in table


def test_the_table_is_markdown_with_one_line_a_state() -> None:
    table = markdown(state_rows(coverage([source("x", states=("TX",))])))
    lines = table.splitlines()
    assert len(lines) == 2 + len(STATES) + 1
    assert all(line.count("|") == 7 for line in lines)
