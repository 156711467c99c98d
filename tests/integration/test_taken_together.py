"""Pages read at the same time are stored in one transaction; a fault costs the one that has it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.bootstrap.compose import App
from monitor.demo.server import DemoServer
from monitor.demo.world import Page
from monitor.detect.document import Document
from monitor.detect.rule import Pack
from monitor.domain.commit import PageCommit
from monitor.domain.errors import StoreFull
from monitor.domain.event import Record
from monitor.domain.ident import SourceId
from monitor.services import finding
from monitor.services.check import NOT_STORED
from storage.sources import SourcePart
from tests.apps import SetClock, app_on, check, events
from tests.integration.test_watching import HTML

COUNTIES = ("Harlow", "Bexar", "Gregg", "Upshur", "Wise", "Rusk")
SOURCE = """
  - id: {id}
    kind: page
    name: {id} sheriff
    tier: official
    document_kind: release
    states: [TX]
    sees: [agreement_signed]
    politeness: {{min_delay_s: 0, concurrency: 4}}
    options: {{url: "{base}/{id}"}}"""
FAIR = "The office held a fair for children in the park on a sunny Sunday afternoon in spring."


def show(site: DemoServer, sentence: str) -> None:
    bodies = {
        f"/{county.lower()}": f"<html><body><main><h1>{county} news</h1><p>"
        f"{sentence.format(county)}</p></main></body></html>"
        for county in COUNTIES
    }
    site.show({at: Page(body=body.encode(), media_type=HTML) for at, body in bodies.items()})


class Room:
    """Six pages that were read once, of which each then tells of a signing."""

    def __init__(self, app: App, clock: SetClock, site: DemoServer) -> None:
        self.app, self.clock, self.site = app, clock, site

    def check(self) -> dict[str, str]:
        self.clock.at += timedelta(hours=2)
        done = check(self.app, *(county.lower() for county in COUNTIES))
        return {source: checked.outcome for source, checked in done.items()}

    def told(self) -> list[str]:
        return sorted(str(event.agency).split()[0] for event in events(self.app))


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with DemoServer() as site:
        sources = "".join(SOURCE.format(id=c.lower(), base=site.base) for c in COUNTIES)
        feeds = f"version: 1\nsources:{sources}\n"
        with app_on(tmp_path, feeds, datetime(2025, 4, 1, 12, 0, tzinfo=UTC)) as (app, clock):
            made = Room(app, clock, site)
            show(site, FAIR)
            made.check()
            show(site, "The {} County Sheriff's Office in Texas signed a 287(g) agreement today.")
            yield made


@contextmanager
def turns(app: App, patch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many pages each transaction over several of them stored."""
    counts: list[int] = []
    inside: list[int] = []
    turn, commit = type(app.store).turn, SourcePart.commit_page

    @contextmanager
    def counted(store: SourcePart) -> Iterator[None]:
        inside.append(0)
        with turn(store):  # type: ignore[arg-type]
            yield
        counts.append(inside.pop())

    def stored(store: SourcePart, page: PageCommit) -> tuple[Record, ...]:
        records = commit(store, page)
        if inside:
            inside[-1] += 1
        return records

    with patch.context() as patched:
        patched.setattr(type(app.store), "turn", counted)
        patched.setattr(SourcePart, "commit_page", stored)
        yield counts


def test_what_is_read_at_once_is_stored_at_once(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    with turns(room.app, monkeypatch) as counts:
        room.check()
    assert room.told() == sorted(COUNTIES)
    assert max(counts) > 1
    assert room.app.store.verify() == ()


def test_a_page_that_breaks_detection_costs_that_page(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    speaks = finding._speaks

    def breaks(document: Document, pack: Pack) -> bool:
        if "Gregg" in document.text:
            raise ZeroDivisionError("a fault of a rule")
        return speaks(document, pack)

    monkeypatch.setattr(finding, "_speaks", breaks)
    outcomes = room.check()
    assert room.told() == sorted(set(COUNTIES) - {"Gregg"})
    assert [s for s, outcome in outcomes.items() if outcome != "changed"] == ["gregg"]
    assert "a fault of a rule" in room.app.store.health(SourceId("gregg"))[0].message
    monkeypatch.undo()
    room.check()
    assert room.told() == sorted(COUNTIES)
    assert room.app.store.verify() == ()


def test_a_source_that_cannot_be_stored_is_due_again_and_the_others_are_not(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = SourcePart.commit_page

    def full(store: SourcePart, page: PageCommit) -> tuple[Record, ...]:
        if page.source_id == "wise":
            raise StoreFull("no space is left")
        return commit(store, page)

    monkeypatch.setattr(SourcePart, "commit_page", full)
    outcomes = room.check()
    assert [s for s, outcome in outcomes.items() if outcome == NOT_STORED] == ["wise"]
    assert room.told() == sorted(set(COUNTIES) - {"Wise"})
    monkeypatch.undo()
    room.check()
    assert room.told() == sorted(COUNTIES)
    assert room.app.store.verify() == ()


def test_a_transaction_lost_at_its_end_is_done_page_by_page(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of what was decided in it is remembered: cursors, watched bills, sequences."""
    turn = type(room.app.store).turn
    lost: list[None] = []

    @contextmanager
    def loses(store: SourcePart) -> Iterator[None]:
        with turn(store):  # type: ignore[arg-type]
            yield
            lost.append(None)
            raise StoreFull("no space is left")

    monkeypatch.setattr(type(room.app.store), "turn", loses)
    outcomes = room.check()
    assert lost and set(outcomes.values()) == {"changed"}
    assert room.told() == sorted(COUNTIES)
    assert room.app.store.last_sequence() == len(COUNTIES)
    assert room.app.store.verify() == ()
