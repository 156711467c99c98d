"""`monitor replay`: the log comes out of stored captures again, record by record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from monitor.bootstrap import upkeep
from monitor.bootstrap.compose import App
from monitor.bootstrap.holding import decide, held_lines
from monitor.bootstrap.keeping import sql_store
from monitor.bootstrap.replaying import replay
from monitor.demo.server import DemoServer
from monitor.demo.world import Page, text_pages
from monitor.domain.vocabulary import Model
from monitor.settings import read_settings
from tests.integration.test_whole_way import LISTED, NEW, TEXTS, feeds_yaml, roster_pages, row


class TickingClock:
    """Goes on by a millisecond whenever somebody looks."""

    def __init__(self) -> None:
        self.at = datetime(2025, 4, 1, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        self.at += timedelta(milliseconds=1)
        return self.at


def installation(directory: Path, site: DemoServer, clock: TickingClock) -> App:
    (directory / "feeds.yaml").write_text(feeds_yaml(site.base), encoding="utf-8")
    settings = read_settings(
        {
            "MONITOR_DATA_DIR": str(directory / "var"),
            "MONITOR_FEEDS": str(directory / "feeds.yaml"),
            "MONITOR_ALLOW_NETWORKS": "127.0.0.1/32",
        }
    )
    return App(settings, clock)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """An installation after some weeks: first import, a signing told by many, people's decisions,
    an implausible workbook that a person took over, a removal."""
    directory = tmp_path_factory.mktemp("replayed")
    clock = TickingClock()
    with DemoServer() as site:
        app = installation(directory, site, clock)
        upkeep.seed_subscriptions(app)
        _live(app, clock, site)
        yield app
        app.close()


def _live(app: App, clock: TickingClock, site: DemoServer) -> None:
    rows = [*LISTED]
    show(site, rows, clock.at)
    check(app)
    clock.at = datetime(2025, 4, 5, 15, 0, tzinfo=UTC)
    show(site, rows := [*rows, NEW], clock.at)
    check(app)
    signed = [e for e in app.query.events(app.query.ask("type:signed")).items if not e.silent]
    app.review.accept(signed[0].id, actor="editor")
    clock.at += timedelta(days=1)
    app.review.dispute(signed[1].id, actor="editor", reason="the county says otherwise")
    for day in range(4):
        clock.at += timedelta(days=3)
        late = row("Polk County Sheriff's Office", "TX", Model.WSO, date(2025, 4, 8), county="Polk")
        show(site, [*rows[1:], late][: len(rows) + (day > 1)], clock.at)
        check(app)
    app.review.restore(signed[1].id, actor="editor", reason="settled")
    app.store.checkpoint(clock.now())


def show(site: DemoServer, rows: list, at: datetime) -> None:
    pages: dict[str, Page] = {
        **text_pages(TEXTS, at.date(), site.base),
        **roster_pages(rows, at, site.base),
    }
    site.show(pages)


def check(app: App) -> None:
    app.check(app.sources(), lambda _: None)


def test_with_the_same_rules_the_log_comes_out_the_same(lived: App) -> None:
    done = replay(lived)
    assert done.differences == []
    assert done.notes == []
    assert done.identical == done.records == lived.store.last_sequence() >= 10
    assert done.copied == 3
    assert done.takings > 5
    assert lived.store.verify() == ()


def test_other_rules_are_told_record_by_record(lived: App, tmp_path: Path) -> None:
    """A rule pack of the operator's own opens events that the stored log does not have."""
    feeds = lived.settings.feeds.read_text(encoding="utf-8")
    other = tmp_path / "feeds.yaml"
    other.write_text(feeds.replace("tier: press", "tier: official"), encoding="utf-8")
    changed = App(
        read_settings(
            {
                "MONITOR_DATA_DIR": str(lived.settings.data_dir),
                "MONITOR_FEEDS": str(other),
                "MONITOR_ALLOW_NETWORKS": "127.0.0.1/32",
            }
        ),
        lived.clock,
    )
    try:
        done = replay(changed)
    finally:
        changed.close()
    assert done.differences
    assert "event" in done.differences[0].fields
    assert lived.store.verify() == ()


def test_a_pruned_capture_is_copied_and_named(lived: App) -> None:
    store = sql_store(lived)
    first = next(iter(store.takings())).taking.snapshot_id
    held = store.snapshot(first)
    assert held is not None
    store.archive.remove(held.body_hash)
    try:
        done = replay(lived)
    finally:
        store.archive.put(held.body)
    assert any(first in note and "pruned" in note for note in done.notes)
    with store.db.read() as connection:
        count = connection.execute(text("SELECT count(*) FROM taking")).scalar()
    assert done.takings == count


@pytest.mark.long
def test_bundled_history_and_what_a_person_took_over_are_repeated(tmp_path: Path) -> None:
    clock = TickingClock()
    clock.at = datetime(2026, 2, 2, 12, 0, tzinfo=UTC)
    with DemoServer() as site:
        app = installation(tmp_path, site, clock)
        upkeep.prepare(app, lambda _: None)
        show(site, LISTED, clock.at)
        check(app)
        clock.at += timedelta(days=1)
        show(site, LISTED[:3], clock.at)
        check(app)
        (held,) = held_lines(app)
        assert held.startswith("ice_roster")
        decide(app, "ice_roster", accept=True)
        clock.at += timedelta(days=1)
        show(site, [*LISTED[:3], NEW], clock.at)
        check(app)
        done = replay(app)
        assert done.differences == []
        assert done.notes == []
        assert done.identical == done.records > 0
        decisions = [one.taking.decision for one in app.store.takings()]
        assert decisions[0] == "history"
        assert "accepted" in decisions
        app.close()
