"""Texts of a bill's versions: fetched in order, kept, held side by side, and read for what the
bill does where title and summary do not say. Open States' form; the bill is invented."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.bootstrap.compose import App
from monitor.bootstrap.replaying import replay
from monitor.domain.ident import ItemId
from monitor.domain.item import Revision
from monitor.domain.vocabulary import Direction, Rung, Stage
from monitor.web.pages_staff import redline
from tests.apiserver import Answer, ApiServer, Asked
from tests.apps import SetClock, app_on, check, events

FEEDS = """\
version: 1
sources:
  - id: openstates
    kind: openstates
    name: Open States
    tier: aggregator
    document_kind: bill
    sees: [state_mandate_introduced]
    schedule: {every: 14d}
    politeness: {min_delay_s: 0}
    needs_env: [OPENSTATES_API_KEY]
    options: {base: 'BASE/', MORE}
subscriptions:
  - {id: all, filter: '', channel: file, destination: all.jsonl}
"""
BODY = """\
 1  BE IT ENACTED BY THE GENERAL ASSEMBLY OF GEORGIA:
 2  SECTION 1. Title 42 of the Official Code of Georgia is amended by adding a
 3  new Code section to read as follows:
 4  (a) Each sheriff shall enter into an agreement with United States Immigration and
 5  Customs Enforcement under 8 U.S.C. 1357(g) not later than DAY.
 6  (b) A sheriff who fails to do so forfeits state funds.
 7  (c) The department shall publish a list of the agreements each year on its web
 8  site and send it to the General Assembly.
 9  SECTION 2. All laws and parts of laws in conflict with this Act are repealed.
10  SECTION 3. This Act takes effect upon approval.
"""


class Provider:
    """One bill whose title says little, and the texts of its versions."""

    def __init__(self) -> None:
        self.actions = [("2025-01-14", "introduction", "Read first time")]
        self.versions = ["Introduced"]
        self.texts = {
            "Introduced": BODY.replace("DAY", "January 1, 2026"),
            "Engrossed": BODY.replace("DAY", "July 1, 2026"),
            "Enrolled": BODY.replace("DAY", "July 1, 2026").replace("state funds", "all funds"),
        }
        self.title = "An act relating to immigration and sheriffs"
        self.down = False
        self.base = ""

    def serve(self, asked: Asked) -> Answer:
        if asked.path == "/bills":
            return Answer(self.bills())
        if self.down:
            return Answer("busy", status=500)
        text = f"<html><body><main><pre>{self.texts[asked.path[6:]]}</pre></main></body></html>"
        return Answer(text, media_type="text/html")

    def bills(self) -> dict[str, Any]:
        at = f"{self.actions[-1][0]}T20:00:00+00:00"
        bill = {
            "id": "ocd-bill/9", "session": "2025", "identifier": "SB 9", "title": self.title,
            "jurisdiction": {"id": "ocd-jurisdiction/country:us/state:ga/government",
                             "name": "Georgia", "classification": "state"},
            "from_organization": {"id": "o", "name": "Senate", "classification": "upper"},
            "classification": ["bill"], "subject": [], "extras": {}, "abstracts": [],
            "created_at": at, "updated_at": at, "other_identifiers": [],
            "actions": [
                {"id": f"a{n}", "order": n, "date": day, "description": words,
                 "classification": [word], "related_entities": [],
                 "organization": {"id": "o", "name": "Senate", "classification": "upper"}}
                for n, (day, word, words) in enumerate(self.actions)
            ],
            "versions": [
                {"id": name, "note": name, "date": f"2025-0{n + 1}-14", "classification": "",
                 "links": [{"url": f"{self.base}/text/{name}", "media_type": "text/html"}]}
                for n, name in enumerate(self.versions)
            ],
            "openstates_url": "https://openstates.org/ga/bills/2025/SB9/",
        }  # fmt: skip
        pages = {"per_page": 20, "page": 1, "max_page": 1, "total_items": 1}
        return {"results": [bill], "pagination": pages}


@contextmanager
def running(
    folder: Path, provider: Provider, more: str = "texts: 3"
) -> Iterator[tuple[App, SetClock, ApiServer]]:
    with ApiServer(provider.serve) as api:
        provider.base = api.base
        at = datetime(2025, 1, 10, 15, tzinfo=UTC)
        feeds = FEEDS.replace("BASE", api.base).replace("MORE", more)
        key = {"OPENSTATES_API_KEY": "key-0123456789", "MONITOR_WORKERS": "1"}
        with app_on(folder, feeds, at, key) as (app, clock):
            yield app, clock, api


def on(app: App, clock: SetClock, day: str) -> None:
    clock.at = datetime.fromisoformat(f"{day}T15:00:00+00:00")
    app.reload()
    check(app)
    while app.deliver():
        pass


def texts_of(app: App) -> tuple[Revision, ...]:
    """The revisions of the bill's text."""
    (item_id,) = {r.item.id for r in app.store.items() if r.item.key.endswith("|text")}
    return app.store.item_revisions(ItemId(item_id))


def test_the_text_says_what_the_title_does_not_and_versions_are_compared(tmp_path: Path) -> None:
    provider = Provider()
    provider.actions, first = [("2025-01-09", "filing", "Prefiled")], provider.actions
    provider.versions = []
    with running(tmp_path, provider) as (app, clock, api):
        on(app, clock, "2025-01-10")
        assert not events(app), "nobody can know yet what it does"
        provider.actions, provider.versions = [*provider.actions, *first], ["Introduced"]
        on(app, clock, "2025-01-15")
        (event,) = events(app, "state:GA")
        assert (event.event_type.value, event.stage) == (
            "state_mandate_introduced", Stage.INTRODUCED,
        )  # fmt: skip
        assert (event.bill, event.direction, event.status) == (
            "SB 9",
            Direction.TOWARD,
            Rung.OFFICIAL,
        )
        (evidence,) = event.evidence
        assert evidence.url == f"{api.base}/text/Introduced"
        snapshot = app.store.snapshot(evidence.snapshot_id)  # type: ignore[arg-type]
        assert snapshot is not None
        assert b"January 1, 2026" in snapshot.body
        # From here on the bill is ours: its next stage comes from the actions, the text beside it.
        provider.actions.append(("2025-02-13", "passage", "Passed Senate"))
        provider.versions = ["Introduced", "Engrossed"]
        on(app, clock, "2025-02-14")
        passed = events(app, "state:GA")[-1]
        assert passed.stage is Stage.PASSED_ONE_CHAMBER
        assert [e.title for e in passed.evidence] == [
            "GA SB 9: An act relating to immigration and sheriffs", "GA SB 9: text, Engrossed",
        ]  # fmt: skip
        redlined(app)
        told = (tmp_path / "var" / "outgoing" / "all.jsonl").read_text()
        assert "bill text, Introduced to Engrossed: was" in told
        assert "January 1, 2026" in told
        assert "July 1, 2026" in told
        asked = [a.path for a in api.asked if a.path.startswith("/text/")]
        assert asked == ["/text/Introduced", "/text/Engrossed"], "each once"
        again = replay(app)
        assert (again.differences, again.notes) == ([], [])


def redlined(app: App) -> None:
    """Two versions' texts side by side: what was, what is, and nothing else."""
    older, newer = texts_of(app)
    runs = redline(older.item.text, newer.item.text)
    assert [text for kind, text in runs if kind == "gone"] == ["January"]
    assert [text for kind, text in runs if kind == "new"] == ["July"]


@pytest.mark.long
def test_a_bill_that_is_met_late_gets_its_last_two_texts_in_order(tmp_path: Path) -> None:
    provider = Provider()
    provider.versions = ["Introduced", "Engrossed", "Enrolled"]
    with running(tmp_path, provider) as (app, clock, api):
        on(app, clock, "2025-04-01")
        older, newer = texts_of(app)
        names = [dict(revision.item.fields)["text_of"] for revision in (older, newer)]
        assert names == ["Engrossed", "Enrolled"]
        on(app, clock, "2025-04-02")
        assert len([a for a in api.asked if a.path.startswith("/text/")]) == 2


def test_a_text_that_cannot_be_had_is_asked_for_again(tmp_path: Path) -> None:
    provider = Provider()
    provider.down = True
    with running(tmp_path, provider) as (app, clock, _):
        on(app, clock, "2025-01-15")
        assert not events(app)
        assert "/text/Introduced" in " ".join(entry.url for entry in app.store.health())
        provider.down = False
        on(app, clock, "2025-01-16")
        assert len(events(app)) == 1


def test_no_text_is_asked_for_without_need(tmp_path: Path) -> None:
    provider = Provider()
    with running(tmp_path, provider, "texts: 0") as (app, clock, api):
        on(app, clock, "2025-01-15")
        assert [a.path for a in api.asked] == ["/bills"]
    provider.title = "An act relating to the state dog"
    (tmp_path / "other").mkdir()
    with running(tmp_path / "other", provider) as (app, clock, api):
        on(app, clock, "2025-01-15")
        assert [a.path for a in api.asked] == ["/bills"]
        assert json.loads(json.dumps(provider.bills()))["results"]
