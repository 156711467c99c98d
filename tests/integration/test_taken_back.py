"""Releases that change or vanish after publication, told as such; noise that tells nothing."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.bootstrap.compose import App
from monitor.bootstrap.keeping import evidence, sql_store, verify_bundle
from monitor.bootstrap.replaying import replay
from monitor.demo.server import DemoServer
from monitor.demo.world import Page
from monitor.domain.event import Record
from monitor.domain.vocabulary import EventType, RecordKind, Rung
from tests.apps import SetClock, app_on, check, events
from tests.integration.test_whole_way import LISTED, roster_pages
from tests.loopback import pdf

HTML = "text/html; charset=utf-8"
START = datetime(2025, 4, 7, 12, 0, tzinfo=UTC)
SIGNED = (
    "The Harlow County Sheriff's Office in Texas signed a 287(g) agreement with ICE on April 7."
)
SAID = "signed a 287(g) agreement with ICE on April 7."
ASKED = "The Harlow County Sheriff's Office in Texas has asked ICE for a 287(g) agreement."
FILLER = "The office thanks all of its partners in the county for their work. " * 6
FEEDS = """version: 1
sources:
  - id: releases
    kind: listing
    name: Harlow County Sheriff
    tier: official
    document_kind: release
    states: [TX]
    sees: [agreement_signed]
    schedule: {{every: 1h}}
    politeness: {{min_delay_s: 0}}
    options: {{url: "{base}/news", rows: .row, recheck: 9, recheck_every: 2}}
  - id: program
    kind: page
    name: ICE, the program
    tier: official
    document_kind: release
    sees: [program_statistic]
    politeness: {{min_delay_s: 0}}
    options: {{url: "{base}/program"}}
  - id: ice_roster
    kind: table
    name: ICE's lists
    tier: roster
    sees: [agreement_signed]
    politeness: {{min_delay_s: 0}}
    options:
      url: {base}/287g
      reads: roster
      links: [{{name: participating, href: participating}}]
subscriptions:
  - {{id: all, channel: file, destination: all.jsonl}}
"""


def html(body: str) -> Page:
    return Page(body=f"<html><head><title>News</title></head><body>{body}</body></html>".encode(),
                media_type=HTML)  # fmt: skip


def index(*slugs: str) -> Page:
    rows = "".join(f"<div class='row'><a href='/news/{s}'>Release {s}</a></div>" for s in slugs)
    return html(rows)


def release(words: str, noise: int = 0) -> Page:
    return html(
        f"<nav>Menu {noise}</nav><article><h1>Release</h1><p>{words}</p><p>{FILLER}</p></article>"
        f"<aside>Most read: story {noise}</aside><footer>Visitors: {noise}</footer>"
    )


def document(words: str) -> Page:
    lines = [words, *(FILLER[n : n + 90] for n in range(0, 360, 90))]
    return Page(body=pdf([lines]), media_type="application/pdf")


OTHERS = {f"/news/{s}": release("The sheriff held a fair for children.") for s in "ab"}


@dataclass(slots=True)
class World:
    """The program over a site, some hours at a time."""

    app: App
    clock: SetClock
    site: DemoServer

    def show(self, *slugs: str, pages: Mapping[str, Page]) -> None:
        self.site.show({"/news": index(*slugs), **OTHERS, **pages})

    def hours(self, number: int) -> None:
        for _ in range(number):
            self.clock.at += timedelta(hours=1)
            check(self.app, "releases")
        self.app.deliver()

    def publish(self, page: Page) -> None:
        """After a first import with other news, a release in the middle of the index."""
        self.show("a", "b", pages={})
        check(self.app, "releases")
        self.show("a", "x", "b", pages={"/news/x": page})
        self.hours(1)
        assert [r.kind for r in self.records()] == [RecordKind.OPENED]

    def records(self) -> list[Record]:
        found = self.app.store.records(limit=100)
        return [r for r in found if r.event.event_type is EventType.AGREEMENT_SIGNED]

    def told(self) -> list[dict[str, Any]]:
        path = self.app.settings.data_dir / "outgoing" / "all.jsonl"
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with DemoServer() as site, app_on(
        tmp_path, FEEDS.format(base=site.base), START, {"MONITOR_WORKERS": "1"}
    ) as (app, clock):  # fmt: skip
        yield World(app, clock, site)


@pytest.mark.parametrize("make", [release, document], ids=["page", "pdf"])
def test_a_silent_edit_is_told_with_the_words_before_and_now(world: World, make: Any) -> None:
    world.publish(make(SIGNED))
    world.show("a", "x", "b", pages={"/news/x": make(ASKED)})
    world.hours(3)
    edited = world.records()[-1]
    assert (edited.kind, edited.event.status) == (RecordKind.DISPUTED, Rung.DISPUTED)
    words = json.dumps(world.told()[1:])
    assert "/news/x was changed" in words
    assert SAID in words
    assert "not in the text any more" in words
    if make is release:
        require_sound(world)


@pytest.mark.parametrize("status", [404, 410, 200], ids=["404", "410", "soft 404"])
def test_a_release_taken_down_at_its_own_address_is_told_once_with_its_evidence(
    world: World, tmp_path: Path, status: int
) -> None:
    world.publish(release(SIGNED))
    gone = Page(body=b"<html><title>Page not found</title><h1>Page not found</h1></html>",
                media_type=HTML, status=status)  # fmt: skip
    world.show("a", "x", "b", pages={"/news/x": gone})
    world.hours(8)
    opened, vanished = world.records()
    assert vanished.kind is RecordKind.AMENDED
    assert vanished.reason.startswith("no longer published at")
    assert vanished.event.status is opened.event.status, "that a page is gone denies nothing"
    (message,) = world.told()[1:]
    assert SAID in json.dumps(message)
    assert "no longer published" in json.dumps(message)
    world.app.store.checkpoint(world.clock.now())
    evidence(world.app, opened.event.id, tmp_path / "bundle.zip")
    assert verify_bundle(tmp_path / "bundle.zip") == ()
    with zipfile.ZipFile(tmp_path / "bundle.zip") as bundle:
        captures = gzip.decompress(bundle.read("captures.warc.gz"))
    assert captures.count(b"WARC-Type: response") == 2
    assert b"HTTP/1.1 %d" % status in captures and b"Page not found" in captures
    if status == 404:
        world.hours(8)
        assert len(world.records()) == 2
        require_sound(world)


def test_a_release_that_comes_back_is_read_again(world: World) -> None:
    world.publish(release(SIGNED))
    world.show("a", "b", pages={})
    world.hours(4)
    assert [r.kind for r in world.records()] == [RecordKind.OPENED, RecordKind.AMENDED]
    world.show("a", "x", "b", pages={"/news/x": release(SIGNED)})
    world.hours(3)
    revisions = world.app.store.item_revisions(world.records()[0].claim.item_id)  # type: ignore[union-attr]
    assert [r.gone for r in revisions] == [False, True, False]
    assert len(events(world.app, "type:signed")) == 1


def test_what_only_left_the_index_was_not_taken_down(world: World) -> None:
    """Filed elsewhere, but there: the index alone decides nothing."""
    world.publish(release(SIGNED))
    world.show("a", "b", pages={"/news/x": release(SIGNED)})
    world.hours(12)
    assert [r.kind for r in world.records()] == [RecordKind.OPENED]
    assert len(world.told()) == 1


def test_an_accident_takes_nothing_down(world: World) -> None:
    """Not there for one look, or an error for days: neither is a deletion."""
    world.publish(release(SIGNED))
    for status, hours in ((404, 1), (500, 9), (404, 1), (403, 9), (429, 9), (404, 1)):
        broken = Page(body=b"<html><title>Error</title></html>", media_type=HTML, status=status)
        world.show("a", "x", "b", pages={"/news/x": broken})
        world.hours(hours)
        world.show("a", "x", "b", pages={"/news/x": release(SIGNED)})
        world.hours(2)
    assert [r.kind for r in world.records()] == [RecordKind.OPENED]
    assert len(world.told()) == 1


def test_noise_around_a_release_tells_nothing(world: World) -> None:
    world.publish(release(SIGNED))
    for noise in range(1, 5):
        spaced = SIGNED.replace(" in Texas ", "\n  in   Texas ")
        world.show("a", "x", "b", pages={"/news/x": release(spaced, noise)})
        world.hours(2)
    assert [r.kind for r in world.records()] == [RecordKind.OPENED]
    item = world.records()[0].claim.item_id  # type: ignore[union-attr]
    assert len(world.app.store.item_revisions(item)) == 1


def test_a_figure_that_the_roster_of_that_day_contradicts_shows_both(world: World) -> None:
    lists = roster_pages(LISTED, START, world.site.base)
    day = f"{date(2025, 4, 7):%B %-d, %Y}"

    def stated(number: int) -> Page:
        words = f"As of {day}, ICE has signed {number} 287(g) agreements covering 3 states."
        return html(f"<main><h1>287(g)</h1><p>{words}</p><p>{FILLER}</p></main>")

    world.site.show({**lists, "/program": html(f"<main><p>{FILLER}</p></main>")})
    check(world.app, "ice_roster")
    check(world.app, "program")
    world.site.show({**lists, "/program": stated(41)})
    world.clock.at += timedelta(hours=3)
    check(world.app, "program")
    world.app.deliver()
    (event,) = [e for e in events(world.app) if e.amount == 41.0]
    assert event.note == f"says 41 agreements; the roster of 2025-04-07 lists {len(LISTED)} (-25)"
    assert event.note in json.dumps(world.told())


def require_sound(world: World) -> None:
    """Log and archive verify, and the log comes out of the captures again."""
    assert sql_store(world.app).verify() == ()
    done = replay(world.app)
    assert (done.differences, done.notes) == ([], [])
