"""Two further tables from feeds.yaml alone: a CSV of jurisdictions, a page of contracts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.bootstrap.compose import App
from monitor.demo.server import DemoServer
from monitor.demo.world import Page
from monitor.domain.event import Event
from monitor.domain.vocabulary import EventType, Stage, Worth
from tests.loopback import SetClock, check, events, program

FEEDS = """
version: 1
sources:
  - id: sanctuary_list
    kind: table
    name: List of sanctuary jurisdictions
    tier: official
    sees: [federal_designation]
    politeness: {{min_delay_s: 0, respect_robots: false}}
    options:
      url: {base}/sanctuary.csv
      where: document
      reads: rows
      rows:
        key: [state, name]
        columns: {{state: State, name: Jurisdiction, sort: Type}}
        state: state
        place: name
        added: {{type: federal_designation, stage: listed, worth: alert}}
        removed: {{type: federal_designation, stage: delisted, worth: alert}}
        confirm_removal: 3
  - id: county_contracts
    kind: table
    name: Contracts of the county
    tier: official
    states: [TX]
    sees: [other_cooperation]
    politeness: {{min_delay_s: 0, respect_robots: false}}
    options:
      url: {base}/contracts
      where: page
      reads: rows
      rows:
        key: [number]
        columns: {{number: Contract No., partner: Vendor or Partner, subject: Subject, ends: Ends}}
        watch: [partner, subject, ends]
        agency: partner
        added: {{type: other_cooperation, stage: signed, direction: toward_cooperation}}
        changed: {{type: other_cooperation, stage: amended}}
"""
LISTED = (
    *(("Illinois", "Cook County", "County"), ("Illinois", "Chicago", "City")),
    *(("Colorado", "Denver", "City"), ("Oregon", "Multnomah County", "County")),
    *(("Washington", "Seattle", "City"), ("New Mexico", "Santa Fe", "City")),
)
BOSTON = ("Massachusetts", "Boston", "City")
CONTRACTS = (
    ("2025-01", "Harlow Paving LLC", "Road repair", "2026-01-31"),
    ("2025-02", "Immigration and Customs Enforcement", "Detention beds (IGSA)", "2025-12-31"),
    ("2025-03", "Blue Mesa Catering", "Jail meals", "2027-06-30"),
    ("2025-04", "U.S. Marshals Service", "Transport", "2026-06-30"),
)


class Site:
    """Shows the two tables and checks them."""

    def __init__(self, server: DemoServer, app: App, clock: SetClock) -> None:
        self.server, self.app, self.clock = server, app, clock

    def csv(self, rows: Sequence[Sequence[str]], header: str = "State,Jurisdiction,Type") -> None:
        lines = [header, *(",".join(row) for row in rows)]
        self._show("/sanctuary.csv", "\r\n".join(lines).encode(), "text/csv", "sanctuary_list")

    def page(self, rows: Sequence[Sequence[str]], noise: str = "") -> None:
        head = (
            "<tr><th>Contract No.</th><th>Vendor or Partner</th><th>Subject</th><th>Ends</th></tr>"
        )
        body = "".join(
            "<tr>" + "".join(f"<td {noise}>{noise and ' '}{c}</td>" for c in row) + "</tr>"
            for row in rows
        )
        html = f"<html><body><h1>Contracts</h1><table>{head}{body}</table></body></html>"
        self._show("/contracts", html.encode(), "text/html", "county_contracts")

    def _show(self, path: str, body: bytes, media_type: str, source_id: str) -> None:
        self.clock.at += timedelta(hours=6)
        self.server.show({path: Page(body=body, media_type=media_type)})
        check(self.app, source_id)

    def told(self) -> list[tuple[EventType, Stage, str | None]]:
        return [(e.event_type, e.stage, e.jurisdiction.place or e.agency) for e in self.events()]

    def events(self) -> list[Event]:
        return sorted(events(self.app), key=lambda event: (event.recorded_at, event.id))

    def held(self) -> list[str]:
        return [e.message for e in self.app.store.health() if e.kind == "held" and e.tell_operator]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    clock = SetClock()
    with (
        DemoServer() as server,
        program(tmp_path, FEEDS.format(base=server.base), clock) as app,
    ):
        yield Site(server, app, clock)


LISTING = (EventType.FEDERAL_DESIGNATION, Stage.LISTED, "Boston")
DELISTING = (EventType.FEDERAL_DESIGNATION, Stage.DELISTED, "Denver")


def test_a_jurisdiction_is_listed_at_once_and_delisted_once_confirmed(site: Site) -> None:
    site.csv(LISTED)
    assert site.told() == []
    site.csv([*LISTED, BOSTON])
    assert site.told() == [LISTING]
    (event,) = site.events()
    assert (event.jurisdiction.state, event.worth, event.silent) == ("MA", Worth.ALERT, False)
    without = [row for row in (*LISTED, BOSTON) if row[1] != "Denver"]
    for number in range(3):
        assert site.told() == [LISTING]
        site.csv([*without[number:], *without[:number]])
    assert site.told() == [LISTING, DELISTING]


def test_a_row_that_comes_back_in_time_was_never_delisted(site: Site) -> None:
    site.csv(LISTED)
    site.csv(LISTED[:-1])
    site.csv([*LISTED[:-1], BOSTON])
    site.csv([*LISTED, BOSTON])
    site.csv(LISTED)
    site.csv([*LISTED, BOSTON])
    assert site.told() == [LISTING]


def test_an_unchanged_list_without_the_row_confirms_its_absence(site: Site) -> None:
    """The publisher need not publish anything else: asking again and finding the same counts."""
    site.csv(LISTED)
    without = [row for row in LISTED if row[1] != "Denver"]
    site.csv(without)
    site.csv(without)
    assert site.told() == []
    site.csv(without)
    assert site.told() == [DELISTING]


def test_order_white_space_and_case_tell_nothing(site: Site) -> None:
    site.csv(LISTED)
    site.csv([tuple(f"  {cell} " for cell in row) for row in reversed(LISTED)])
    site.csv([(a.upper(), b, c.lower()) for a, b, c in LISTED])
    site.csv([(c, b, a) for a, b, c in LISTED], "Type,Jurisdiction,State")
    assert site.told() == []
    assert site.held() == []


def test_a_shortened_list_is_held_and_a_good_one_resolves_it(site: Site) -> None:
    site.csv(LISTED)
    site.csv(LISTED[:2])
    assert len(site.held()) == 1
    site.csv(LISTED)
    assert site.told() == []
    for _ in range(2):
        site.csv(LISTED[:2])
    assert site.told() == []


def test_a_list_that_lost_its_key_column_changes_nothing(site: Site) -> None:
    site.csv(LISTED)
    site.csv(LISTED[:5], "State,Name of place,Type")
    site.csv([*LISTED, BOSTON])
    assert site.told() == [LISTING]
    assert any("columns are missing: name" in e.message for e in site.app.store.health())


def test_contracts_of_a_county_are_worth_a_review(site: Site) -> None:
    site.page(CONTRACTS)
    site.page(CONTRACTS[::-1], noise="class=x")
    assert site.told() == []
    fresh = ("2025-05", "ICE Homeland Security Investigations", "Task force", "2026-12-31")
    site.page([*CONTRACTS, fresh])
    (event,) = site.events()
    assert (event.event_type, event.stage, event.worth) == (
        EventType.OTHER_COOPERATION, Stage.SIGNED, Worth.REVIEW,
    )  # fmt: skip
    assert "Task force" in event.quote
    renewed = [(*row[:3], "2028-12-31") if row[0] == "2025-02" else row for row in CONTRACTS]
    site.page([*renewed, fresh])
    notes = {e.note for e in site.events() if e.stage is Stage.AMENDED}
    assert notes == {"ends: was 2025-12-31, now 2028-12-31"}
