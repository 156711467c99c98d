"""An upgrade of an extractor derives texts anew, silently and noted; what was published is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.bootstrap.compose import App
from monitor.bootstrap.keeping import sql_store
from monitor.demo.server import DemoServer
from monitor.demo.world import Page
from monitor.domain.item import Revision
from monitor.registry import reader
from monitor.sources import page as page_kind
from tests.apps import SetClock, app_on, check, events
from tests.integration.test_small_disk import FEEDS
from tests.integration.test_watching import HTML
from tests.lives import HereReader

FAIR = "The office held a fair for children in the park on a sunny Sunday afternoon in spring."
SIGNED = "The Harlow County Sheriff's Office in Texas signed a 287(g) agreement with ICE today."


@dataclass(slots=True)
class World:
    app: App
    clock: SetClock
    site: DemoServer
    patch: pytest.MonkeyPatch

    def upgrade(self, version: str, *, shows_menu: bool) -> None:
        """The page extractor in another version; one that shows the menu gives other texts."""
        self.patch.setattr(page_kind, "EXTRACTOR", version)
        self.patch.setattr(page_kind, "NOISE", () if shows_menu else ("nav",))

    def publish(self, words: str, noise: int) -> None:
        body = (
            f"<html><body><!-- {noise} --><main><nav>Agreement signed? Ask here.</nav><h1>News</h1>"
            f"<p>{words}</p></main></body></html>"
        )
        self.site.show({"/policy": Page(body=body.encode(), media_type=HTML)})
        self.clock.at += timedelta(hours=2)
        check(self.app, "policy")
        self.app.deliver()

    def revisions(self) -> list[Revision]:
        (newest,) = self.app.store.items("policy")
        return list(self.app.store.item_revisions(newest.item.id))

    def notes(self) -> list[str]:
        found = self.app.store.health("policy")
        return [entry.message for entry in reversed(found) if entry.kind == "rederived"]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    at = datetime(2025, 4, 1, 12, 0, tzinfo=UTC)
    with DemoServer() as site, app_on(tmp_path, FEEDS.format(base=site.base), at) as (app, clock):
        app.__dict__["workers"] = HereReader(read=reader(app.pack.value.anchors(), ()))
        made = World(app, clock, site, monkeypatch)
        made.upgrade("page one", shows_menu=False)
        made.publish(FAIR, 0)
        yield made


def test_a_text_that_only_the_upgrade_changed_is_told_to_nobody(world: World) -> None:
    world.upgrade("page two", shows_menu=True)
    world.publish(FAIR, 1)
    assert [r.item.extractor for r in world.revisions()] == ["page one", "page two"]
    assert events(world.app) == []
    (note,) = world.notes()
    assert "page one -> page two" in note
    assert "1 by us alone and told to nobody, 0 changed by the source" in note
    assert sql_store(world.app).verify() == ()


def test_what_was_published_at_the_same_time_is_told(world: World) -> None:
    world.upgrade("page two", shows_menu=True)
    world.publish(SIGNED, 1)
    (event,) = events(world.app)
    assert event.agency == "Harlow County Sheriff's Office"
    assert not event.silent
    assert "0 by us alone and told to nobody, 1 changed by the source as well" in world.notes()[0]
    assert len(world.app.store.deliveries()) == 1


def test_what_is_published_long_after_an_upgrade_that_changed_no_text_is_told(
    world: World,
) -> None:
    """The stored text still names the extractor of before the upgrade."""
    world.upgrade("page two", shows_menu=False)
    world.publish(FAIR, 1)
    assert len(world.revisions()) == 1
    world.publish(SIGNED, 2)
    assert len(events(world.app)) == 1
    world.upgrade("page three", shows_menu=True)
    world.publish(SIGNED, 3)
    world.publish(FAIR, 4)
    assert [r.kind.value for r in world.app.store.records()] == ["opened", "disputed"]


def test_without_the_capture_nothing_is_claimed_and_a_person_is_told(world: World) -> None:
    store = sql_store(world.app)
    (seen,) = {r.snapshot_id for r in world.revisions()}
    held = store.snapshot(seen)
    assert held is not None
    store.archive.remove(held.body_hash)
    world.upgrade("page two", shows_menu=True)
    world.publish(SIGNED, 1)
    assert events(world.app) == []
    (entry,) = [e for e in store.health("policy") if e.kind == "rederived"]
    assert "1 could not be compared" in entry.message
    assert entry.tell_operator
