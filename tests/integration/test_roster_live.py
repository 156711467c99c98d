"""The ledger in service: the packaged history absorbed, held lists decided, ICE's own errors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from monitor.bootstrap import holding, knowledge
from monitor.bootstrap.compose import App
from monitor.bootstrap.history import load_history
from monitor.bootstrap.machine import data_text
from monitor.demo import workbooks
from monitor.demo.server import DemoServer
from monitor.demo.world import Page
from monitor.detect.ledger.bundled import History, parse_history
from monitor.domain.errors import ConfigError
from monitor.domain.roster import OutcomeKind, RosterRow, RowState
from monitor.domain.states import STATES
from monitor.domain.vocabulary import EventType, Model, Stage, Worth
from monitor.services.check import Checked
from tests.loopback import XLSX, SetClock, check, events, program

FEEDS = """
version: 1
sources:
  - id: lists
    kind: table
    name: Lists
    tier: roster
    sees: [agreement_signed]
    politeness: {{min_delay_s: 0, respect_robots: false}}
    options:
      url: {base}/287g
      reads: roster
      moa: false
      links: [{{name: participating, href: participating}}]
"""


class Site:
    """The list page with its newest workbook."""

    def __init__(self, server: DemoServer, app: App, clock: SetClock) -> None:
        self.server, self.app, self.clock = server, app, clock

    def publish(self, rows: Sequence[RosterRow], days: float = 1) -> Checked:
        """A new workbook with exactly these rows, checked so many days later."""
        self.clock.at += timedelta(days=days)
        name = f"/participating{self.clock.at:%m%d%Y%H}.xlsx"
        book = workbooks.participating(rows, self.clock.at, state_names())
        html = f"<html><body><a href='{name}'>Participating</a></body></html>"
        page = Page(body=html.encode(), media_type="text/html")
        self.server.show({"/287g": page, name: Page(body=book, media_type=XLSX)})
        return check(self.app, "lists")

    def told(self) -> Counter[tuple[EventType, Stage]]:
        """What was told, by type and stage."""
        return Counter((e.event_type, e.stage) for e in events(self.app) if e.worth is Worth.ALERT)

    def operator(self, kind: str) -> list[str]:
        """What the operator was told."""
        entries = self.app.store.health(limit=1000)
        return [e.message for e in entries if e.kind == kind and e.tell_operator]


@cache
def state_names() -> dict[str, str]:
    gazetteer = knowledge.gazetteer()
    return {code: gazetteer.state_name(code) or code for code in STATES}


@cache
def packaged() -> History:
    known = knowledge.ledger()
    return parse_history(data_text("roster_history.csv"), known.counties, known.rules.aliases)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    clock = SetClock(datetime(2026, 2, 2, 15, tzinfo=UTC))
    with (
        DemoServer() as server,
        program(tmp_path, FEEDS.format(base=server.base), clock) as app,
    ):
        yield Site(server, app, clock)


def sheriff(county: str, state: str = "TX", model: Model = Model.WSO, **more: object) -> RosterRow:
    row = RosterRow(
        state=state,
        agency=f"{county} County Sheriff's Office",
        agency_id="",
        model=model,
        county=f"{county} County",
        signed=date(2026, 1, 20),
    )
    return replace(row, **more)  # type: ignore[arg-type]


LIST = [
    sheriff(county, state)
    for state, counties in {
        "TX": ("Smith", "Comal", "Gregg", "Wood", "Goliad", "Rockwall", "Bell", "Webb", "Polk"),
        "FL": ("Lee", "Clay", "Nassau", "Bay", "Collier", "Hardee", "Pasco", "Citrus"),
        "GA": ("Hall", "Cobb", "Floyd", "Oconee", "Bartow", "Banks", "Dade", "Polk"),
    }.items()
    for county in counties
]
SIGNED = (EventType.AGREEMENT_SIGNED, Stage.LISTED)
REMOVED = (EventType.AGREEMENT_TERMINATED, Stage.REMOVED)


def test_the_first_live_list_over_the_history_is_absorbed(site: Site) -> None:
    count = load_history(site.app)
    rows = list(packaged().state.rows)
    assert count > len(rows) > 1000
    fresh = [
        sheriff(c, s)
        for s, c in [("TX", "Loving"), ("NE", "Arthur"), ("MT", "Petroleum"), ("ID", "Camas")]
    ]
    live = [*fresh, *rows[20:]]
    live[40:46] = [replace(row, signed=date(2026, 1, 5)) for row in live[40:46]]
    site.publish(live)
    assert events(site.app) == []
    (outcome,) = [
        o
        for o in site.app.store.ledger_outcomes(limit=100_000)
        if o.outcome is OutcomeKind.ABSORBED
    ]
    kinds = Counter(member.outcome for member in outcome.members)
    gone = 20 + sum(
        entry.agreement.state is RowState.UNCONFIRMED for entry in packaged().state.entries.values()
    )
    assert kinds[OutcomeKind.REMOVED] == gone > 20
    assert kinds[OutcomeKind.SIGNED] + kinds[OutcomeKind.SIGNED_ADDITIONAL_MODEL] == 4
    (message,) = site.operator("absorbed")
    assert f"{gone} removed" in message and "told to nobody" in message
    view = site.app.query.roster(datetime(2026, 1, 25, tzinfo=UTC))
    assert view.not_observed is not None
    assert view.not_observed[1].date() == date(2026, 2, 3)
    assert site.app.query.roster(datetime(2025, 6, 1, tzinfo=UTC)).not_observed is None
    assert site.app.query.roster().not_observed is None
    counts = site.app.store.roster_counts()
    assert counts is not None
    assert (counts.active, counts.ended) == (len(live), counts.ever_listed - len(live))

    # From here on the ledger tells as always, once.
    site.publish([sheriff("Kenedy"), *live])
    for number in range(1, 4):
        site.publish([sheriff("Kenedy"), *live[number:], *live[:number]], days=4)
    assert site.told() == Counter({SIGNED: 1})
    assert len(site.operator("absorbed")) == 1


def test_an_error_of_the_publisher_is_found_when_it_appears_and_not_before(site: Site) -> None:
    base = "https://www.ice.gov/doclib/287gMOA/"
    old = sheriff("Marion", moa=f"{base}SmithCoTX_TFM_MOA.pdf", signed=date(2027, 1, 1))
    site.publish([*LIST, old])
    assert events(site.app) == []
    wrong = sheriff("Panola", moa=f"{base}PanolaCo_TFM_MOA.pdf", signed=date(2026, 3, 9))
    site.publish([*LIST, old, wrong])
    waiting = [event for event in events(site.app) if event.worth is Worth.REVIEW]
    assert {event.agency for event in waiting} == {"Panola County Sheriff's Office"}
    notes = " / ".join(event.note for event in waiting)
    assert "file says TFM, row says WSO" in notes
    assert "after the list of 2026-02-04" in notes
    assert site.told() == Counter({SIGNED: 1})
    site.publish([*reversed(LIST), old, wrong])
    assert len(events(site.app)) == 1 + len(waiting)


@pytest.fixture
def held(site: Site) -> Site:
    site.publish(LIST)
    site.publish(LIST[:8])
    assert site.told() == Counter()
    assert len(site.operator("held")) == 1
    (line,) = holding.held_lines(site.app)
    assert "participating02042026" in line
    return site


def test_an_accepted_list_counts_and_its_removals_are_confirmed(held: Site) -> None:
    assert "taken over" in holding.decide(held.app, "lists", accept=True)
    assert holding.held_lines(held.app) == []
    counts = held.app.store.roster_counts()
    assert counts is not None and (counts.active, counts.unconfirmed) == (8, len(LIST) - 8)
    for number in range(1, 4):
        held.publish([*LIST[:8], *(sheriff(c) for c in ("Kenedy", "Loving", "King")[:number])], 4)
    assert held.told() == Counter({SIGNED: 3, REMOVED: len(LIST) - 8})


def test_accepting_tells_what_the_held_list_brought(site: Site) -> None:
    site.publish(LIST)
    site.publish([*LIST[:8], sheriff("Kenedy")])
    assert site.told() == Counter()
    holding.decide(site.app, "lists", accept=True)
    assert site.told() == Counter({SIGNED: 1})


def test_a_rejected_list_changes_nothing(held: Site) -> None:
    assert "dropped" in holding.decide(held.app, "lists", accept=False)
    assert holding.held_lines(held.app) == []
    held.publish([*LIST, sheriff("Kenedy")])
    assert held.told() == Counter({SIGNED: 1})
    with pytest.raises(ConfigError, match="nothing is held"):
        holding.decide(held.app, "lists", accept=True)


def test_the_next_good_list_resolves_a_held_one(held: Site) -> None:
    held.publish([*LIST, sheriff("Kenedy")])
    assert holding.held_lines(held.app) == []
    assert held.told() == Counter({SIGNED: 1})
    counts = held.app.store.roster_counts()
    assert counts is not None and counts.active == len(LIST) + 1
