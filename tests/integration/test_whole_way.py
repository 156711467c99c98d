"""The whole way: real HTTP in, the pipeline, then file, a fake Slack and a real SMTP server.

The loopback site is the demo's: workbooks in ICE's layout and feeds whose texts are invented.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.bootstrap import knowledge, upkeep
from monitor.bootstrap.compose import App
from monitor.demo import workbooks
from monitor.demo.server import DemoServer
from monitor.demo.world import Page, read_texts, text_pages
from monitor.domain.roster import RosterRow
from monitor.domain.vocabulary import EventType, Model, Rung
from monitor.services.check import Checked
from monitor.settings import read_settings
from tests.fakeslack import FakeSlack
from tests.fakesmtp import FakeSmtp

TEXTS = read_texts((Path(workbooks.__file__).parent / "texts.yaml").read_text(encoding="utf-8"))
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
STATES = {"TX": "Texas", "FL": "Florida", "GA": "Georgia"}


class SetClock:
    def __init__(self) -> None:
        self.at = datetime(2025, 4, 1, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


def row(agency: str, state: str, model: Model, signed: date, **more: Any) -> RosterRow:
    return RosterRow(state=state, agency=agency, agency_id="", model=model, signed=signed, **more)


LISTED = [
    row(f"{name} County Sheriff's Office", state, model, date(2025, 3, 3), county=f"{name} County")
    for state, names in {
        "TX": ("Smith", "Comal", "Gregg", "Wood", "Goliad", "Rockwall"),
        "FL": ("Lee", "Clay", "Nassau", "Bay", "Collier", "Hardee"),
        "GA": ("Hall", "Cobb", "Floyd", "Oconee"),
    }.items()
    for name in names
    for model in (Model.WSO,)
]
NEW = row(
    "Upshur County Sheriff's Office", "TX", Model.TFM, date(2025, 4, 2), county="Upshur County"
)


@pytest.fixture
def site() -> Iterator[DemoServer]:
    with DemoServer() as server:
        yield server


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    server = FakeSlack(channels={"C1": []}).start()
    yield server
    server.stop()


@pytest.fixture
def smtp() -> Iterator[FakeSmtp]:
    server = FakeSmtp().start()
    yield server
    server.stop()


def roster_pages(rows: list[RosterRow], modified: datetime, base: str) -> dict[str, Page]:
    name = f"/doclib/participatingAgencies{modified:%m%d%Y}am.xlsx"
    html = f"<html><body><p>Program.</p><a href='{name}'>Participating agencies</a></body></html>"
    return {
        "/287g": Page(body=html.encode(), media_type="text/html"),
        name: Page(body=workbooks.participating(rows, modified, STATES), media_type=XLSX),
    }


def feeds_yaml(base: str) -> str:
    blocks = [
        "version: 1",
        "sources:",
        "  - id: ice_roster",
        "    kind: table",
        "    name: ICE's lists",
        "    tier: roster",
        "    sees: [agreement_signed]",
        "    politeness: {min_delay_s: 0}",
        "    options:",
        f"      url: {base}/287g",
        "      reads: roster",
        "      links: [{name: participating, href: participating}]",
    ]
    for outlet in TEXTS.outlets:
        blocks += [
            f"  - id: {outlet.name}",
            "    kind: feed",
            f"    name: {outlet.title}",
            f"    tier: {outlet.tier}",
            f"    document_kind: {outlet.kind}",
            "    sees: [agreement_signed]",
            "    politeness: {min_delay_s: 0}",
            *([f"    states: [{outlet.state}]"] if outlet.state else []),
            f"    options: {{url: '{base}/{outlet.name}/feed.xml', follow: always}}",
        ]
    blocks += [
        "subscriptions:",
        "  - {id: everything, channel: file, destination: all.jsonl}",
        "  - {id: texas, channel: slack, destination: C1, filter: 'state:TX'}",
        "  - {id: weekly, channel: email, destination: reader@example.org, cadence: weekly}",
    ]
    return "\n".join(blocks) + "\n"


@pytest.fixture
def app(
    tmp_path: Path, site: DemoServer, slack: FakeSlack, smtp: FakeSmtp
) -> Iterator[tuple[App, SetClock]]:
    (tmp_path / "feeds.yaml").write_text(feeds_yaml(site.base), encoding="utf-8")
    settings = read_settings(
        {
            "MONITOR_DATA_DIR": str(tmp_path / "var"),
            "MONITOR_FEEDS": str(tmp_path / "feeds.yaml"),
            "MONITOR_ALLOW_NETWORKS": "127.0.0.1/32",
            "MONITOR_SLACK_TOKEN": "xoxb-test",
            "MONITOR_SLACK_API": slack.url,
            "MONITOR_SMTP_HOST": "127.0.0.1",
            "MONITOR_SMTP_PORT": str(smtp.port),
            "MONITOR_SMTP_SECURITY": "none",
            "MONITOR_MAIL_FROM": "monitor@example.org",
        }
    )
    clock = SetClock()
    made = App(settings, clock)
    upkeep.seed_subscriptions(made)
    yield made, clock
    made.close()


def check_all(app: App) -> dict[str, Checked]:
    done: dict[str, Checked] = {}
    app.check(app.sources(), lambda one: done.setdefault(one.source_id, one))
    return done


def deliver_all(app: App, clock: SetClock) -> None:
    """Let the second pass that a Slack channel wants between two messages."""
    for _ in range(6):
        app.deliver()
        clock.at += timedelta(seconds=2)


def test_from_feeds_yaml_to_a_digest(
    app: tuple[App, SetClock], site: DemoServer, slack: FakeSlack, smtp: FakeSmtp, tmp_path: Path
):
    monitor, clock = app

    # The first import is silent.
    site.show(
        {
            **text_pages(TEXTS, clock.at.date(), site.base),
            **roster_pages(LISTED, clock.at, site.base),
        }
    )
    first = check_all(monitor)
    assert first["ice_roster"].outcome == "changed"
    assert monitor.deliver() == 0
    assert monitor.store.roster_counts().active == len(LISTED)

    # Nothing new: nothing is said, whatever is asked again.
    clock.at += timedelta(hours=2)
    again = check_all(monitor)
    assert {one.outcome for one in again.values()} <= {"not_modified", "read"}
    assert monitor.deliver() == 0

    # A signing: a release, two outlets, and the roster tell of it.
    clock.at = datetime(2025, 4, 5, 15, 0, tzinfo=UTC)
    rows = [*LISTED, NEW]
    site.show(
        {**text_pages(TEXTS, clock.at.date(), site.base), **roster_pages(rows, clock.at, site.base)}
    )
    check_all(monitor)
    deliver_all(monitor, clock)
    signed = [
        event
        for event in monitor.query.events(monitor.query.ask("type:signed")).items
        if not event.silent
    ]
    by_agency = {event.agency: event for event in signed}
    larkmoor = by_agency["Larkmoor County Sheriff's Office"]
    assert larkmoor.event_type is EventType.AGREEMENT_SIGNED
    assert larkmoor.status is Rung.OFFICIAL
    assert larkmoor.occurred is not None
    assert larkmoor.occurred.day == date(2025, 4, 3)
    assert {e.source_id for e in larkmoor.evidence} == {
        "larkmoor_sheriff",
        "plains_ledger",
        "state_desk",
    }
    upshur = by_agency["Upshur County Sheriff's Office"]
    assert upshur.status is Rung.ON_ROSTER
    assert upshur.jurisdiction.county == "48459"

    # Evidence is stored before anybody hears.
    for event in signed:
        for evidence in event.evidence:
            body = monitor.store.body(evidence.body_hash)
            assert body is not None

    # Each is told once at each place.
    lines = (tmp_path / "var" / "outgoing" / "all.jsonl").read_text().splitlines()
    told = [json.loads(line) for line in lines]
    assert len({one["id"] for one in told}) == len(told)
    shown = json.dumps(slack.visible("C1"))
    assert shown.count("Upshur County Sheriff") >= 1
    assert "Larkmoor" in shown
    assert len(slack.delivery_parts()) == len(set(slack.delivery_parts()))

    # The weekly digest.
    clock.at += timedelta(days=8)
    monitor.digests()
    monitor.deliver()
    (mail,) = smtp.messages()
    text = mail.get_body(("plain",)).get_content()
    assert "Upshur County Sheriff's Office" in text
    assert "Larkmoor County Sheriff's Office" in text
    monitor.digests()
    monitor.deliver()
    assert len(smtp.messages()) == 1

    # Log, chains and archive prove intact.
    assert monitor.store.verify() == ()


def test_a_workbook_without_a_required_column_is_held_and_told(
    app: tuple[App, SetClock], site: DemoServer
):
    monitor, clock = app
    pages = roster_pages(LISTED, clock.at, site.base)
    site.show({**text_pages(TEXTS, clock.at.date(), site.base), **pages})
    check_all(monitor)
    clock.at += timedelta(days=1)
    broken = workbooks.pending(LISTED, clock.at, STATES)
    book = workbooks.without_column(broken, "STATE")
    site.show(
        {
            "/287g": Page(
                body=b"<html><body><a href='/participatingX.xlsx'>list</a></body></html>",
                media_type="text/html",
            ),
            "/participatingX.xlsx": Page(body=book, media_type=XLSX),
        }
    )
    check_all(monitor)
    kinds = {entry.kind for entry in monitor.store.health()}
    assert "held" in kinds
    assert monitor.store.roster_counts().active == len(LISTED)


def test_a_broken_catalogue_changes_nothing_and_says_why(app: tuple[App, SetClock]):
    monitor, _ = app
    before = monitor.sources()
    path = monitor.settings.feeds
    path.write_text(path.read_text() + "  - id: [oops\n")
    assert monitor.reload() is False
    assert monitor.sources() == before
    (entry,) = [e for e in monitor.store.health() if e.kind == "reload_refused"]
    assert entry.tell_operator


def test_a_valid_new_catalogue_takes_effect_and_says_what_changed(app: tuple[App, SetClock]):
    monitor, _ = app
    path = monitor.settings.feeds
    path.write_text(path.read_text().replace("id: weekly", "id: mondays"))
    assert monitor.reload() is True
    upkeep.seed_subscriptions(monitor)
    active = {one.id for one in monitor.store.subscriptions()}
    assert "mondays" in active
    assert "weekly" not in active
    assert any("mondays" in e.message for e in monitor.store.health() if e.kind == "reloaded")


def test_the_shipped_pack_and_gazetteer_load():
    assert knowledge.gazetteer().state_code("Texas") == "TX"
