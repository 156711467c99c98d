"""A story that gives only the number of a bill that is followed is read, also without a restart.

Open States' answers have its form (openstates/api-v3, api/schemas.py); bills and days are invented.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest

from monitor.bootstrap.compose import App
from monitor.bootstrap.replaying import replay
from monitor.detect.watched import MOST
from monitor.domain.errors import ConfigError
from monitor.domain.event import Event
from monitor.domain.source import Source
from monitor.domain.vocabulary import Rung, Stage
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
    schedule: {every: 7d}
    politeness: {min_delay_s: 0}
    needs_env: [OPENSTATES_API_KEY]
    options: {base: 'BASE/'}
  - id: courier
    kind: feed
    name: Courier
    tier: press
    states: [TX]
    sees: [state_mandate_enacted]
    schedule: {every: 7d}
    politeness: {min_delay_s: 0}
    options: {url: 'BASE/courier.xml', follow: never}
  - id: legislature
    kind: feed
    name: Signed bills
    tier: official
    document_kind: release
    states: [TX]
    sees: [state_mandate_enacted]
    schedule: {every: 7d}
    politeness: {min_delay_s: 0}
    options: {url: 'BASE/signed.xml', follow: never}
"""
SIGNED = "Senate Bill 1234 was signed."


class World:
    """What the interface and the two feeds say."""

    def __init__(self) -> None:
        self.actions = [("2025-01-14", "introduction", "Read first time")]
        self.stories: dict[str, list[tuple[str, str, str]]] = {"courier": [], "signed": []}

    def serve(self, asked: Asked) -> Answer:
        if asked.path == "/bills":
            return Answer(self.bills())
        return Answer(self.feed(asked.path.strip("/.xml")), media_type="application/rss+xml")

    def bills(self) -> dict[str, object]:
        at = f"{self.actions[-1][0]}T20:00:00+00:00"
        bill = {
            "id": "ocd-bill/1", "session": "2025", "identifier": "SB 1234",
            "title": "Enforcement of federal immigration law",
            "jurisdiction": {"id": "ocd-jurisdiction/country:us/state:tx/government",
                             "name": "Texas", "classification": "state"},
            "from_organization": {"id": "o", "name": "Senate", "classification": "upper"},
            "classification": ["bill"], "subject": [], "extras": {},
            "created_at": at, "updated_at": at,
            "abstracts": [{"abstract": "Requires each sheriff to enter into a 287(g) agreement "
                                       "with ICE.", "note": ""}],
            "actions": [
                {"id": f"a{n}", "order": n, "date": day, "description": words,
                 "classification": [word], "related_entities": [],
                 "organization": {"id": "o", "name": "Senate", "classification": "upper"}}
                for n, (day, word, words) in enumerate(self.actions)
            ],
            "versions": [], "other_identifiers": [], "first_action_date": "2025-01-14",
            "latest_action_date": self.actions[-1][0], "latest_passage_date": "",
            "latest_action_description": self.actions[-1][2],
            "openstates_url": "https://openstates.org/tx/bills/2025/SB1234/",
        }  # fmt: skip
        pages = {"per_page": 20, "page": 1, "max_page": 1, "total_items": 1}
        return {"results": [bill], "pagination": pages}

    def feed(self, name: str) -> str:
        items = "".join(
            f"<item><title>{title}</title><link>https://{name}.example.org/{day}</link>"
            f"<guid>{name}-{n}</guid><pubDate>{stamp(day)}</pubDate>"
            f"<description>{text}</description></item>"
            for n, (day, title, text) in enumerate(
                [("2025-01-01", "Fair", "A fair."), *self.stories[name]]
            )
        )
        return f"<rss version='2.0'><channel><title>{name}</title>{items}</channel></rss>"


def stamp(day: str) -> str:
    return format_datetime(datetime.fromisoformat(f"{day}T14:00:00+00:00"))


@contextmanager
def running(folder: Path, world: World, more: str = "") -> Iterator[tuple[App, SetClock]]:
    with ApiServer(world.serve) as api:
        at = datetime(2025, 1, 16, 15, tzinfo=UTC)
        feeds = FEEDS.replace("BASE", api.base) + more
        with app_on(folder, feeds, at, {"OPENSTATES_API_KEY": "key-0123456789"}) as (app, clock):
            yield app, clock


def on(app: App, clock: SetClock, day: str, *sources: str) -> list[Event]:
    """Events after a check in the afternoon of a day, as a running installation reloads."""
    clock.at = datetime.fromisoformat(f"{day}T15:00:00+00:00")
    app.reload()
    check(app, *sources)
    return events(app)


def law_of(told: list[Event]) -> Event:
    (law,) = [event for event in told if event.stage is Stage.SIGNED_INTO_LAW]
    return law


def test_a_story_with_the_number_alone_is_read_once_the_bill_is_followed(tmp_path: Path) -> None:
    world = World()
    with running(tmp_path, world) as (app, clock):
        on(app, clock, "2025-01-16", "courier", "legislature")
        world.stories["courier"] = [("2025-01-17", "Governor acts", SIGNED)]
        assert not on(app, clock, "2025-01-17", "courier"), "nobody follows that number yet"
        on(app, clock, "2025-01-18", "openstates")
        pool = app.workers
        # The set changed: the same workers' pool looks for the number from now on.
        world.stories["courier"].append(("2025-02-20", "Governor acts on bills", SIGNED))
        told = on(app, clock, "2025-02-20", "courier")
        assert app.workers is pool
        law = law_of(told)
        assert law.event_type.value == "state_mandate_enacted"
        assert (law.bill, law.jurisdiction.state, law.status) == ("SB 1234", "TX", Rung.REPORTED)
        assert law.evidence[0].quote.rstrip(".") == SIGNED.rstrip(".")
        assert law.links[0][0] == "follows"
        # Other tellings join the same event; prose never makes it official, an action does.
        world.stories["signed"] = [
            ("2025-02-21", "SB 1234 was signed by the Governor", "Chapter 12.")
        ]
        assert law_of(on(app, clock, "2025-02-21", "legislature")).status is Rung.REPORTED
        world.actions.append(("2025-02-20", "executive-signature", "Signed by the Governor"))
        told = on(app, clock, "2025-02-22", "openstates")
        law = law_of(told)
        assert law.status is Rung.OFFICIAL
        assert {e.source_id for e in law.evidence} == {"courier", "legislature", "openstates"}
        assert len(told) == 2
        again = replay(app)
        assert (again.differences, again.notes) == ([], [])
        # A number comes again in later sessions: what nothing was heard of is let go.
        world.stories["courier"].append(("2027-02-20", "Another year", SIGNED))
        assert len(on(app, clock, "2027-02-20", "courier")) == 2


def test_feeds_yaml_may_watch_numbers_and_names_of_acts(tmp_path: Path) -> None:
    world = World()
    more = (
        "watch:\n  - {state: TX, bill: SB 8, matter: mandate}\n"
        "  - {state: NJ, bill: S3672, matter: limit, names: [Safe Homes Act]}\n"
    )
    with running(tmp_path, world) as (app, clock):
        on(app, clock, "2025-01-16", "courier")
        world.stories["courier"] = [("2025-02-01", "News", "Gov. Abbott vetoed S.B. 8 on Friday.")]
        assert not on(app, clock, "2025-02-01", "courier")
        feeds = tmp_path / "feeds.yaml"
        feeds.write_text(feeds.read_text() + more)
        text = "TRENTON, N.J. - The Senate passed the Safe Homes Act on Monday, 22-15."
        world.stories["courier"] += [
            ("2025-02-03", "Newer", "Gov. Abbott vetoed S.B. 8 on Friday, and signed SB 9."),
            ("2025-02-04", "Trenton", text),
        ]
        told = on(app, clock, "2025-02-04", "courier")
        assert {(e.event_type.value, e.bill, e.jurisdiction.state) for e in told} == {
            ("state_mandate_blocked", "SB 8", "TX"),
            ("state_limit_passed", "S 3672", "NJ"),
        }
        feeds.write_text(feeds.read_text().replace("matter: limit", "matter: limits"))
        app.reload()
        assert len(app.watch.current().bills) == 2, "a wrong file changes nothing"
        said = [e.message for e in app.store.health() if e.kind == "reload_refused"]
        assert said
        assert "watch[1].matter" in said[0]


@pytest.mark.parametrize(
    "block",
    ["{state: TX, matter: mandate}", "{state: QQ, bill: SB 8, matter: limit}",
     "{state: TX, bill: 'SB', matter: limit}", "{state: TX, names: [Act], matter: limit}"],
)  # fmt: skip
def test_a_wrong_entry_is_named(tmp_path: Path, block: str) -> None:
    wrong = running(tmp_path, World(), f"watch:\n  - {block}\n")
    with pytest.raises(ConfigError) as caught, wrong:
        pass
    assert any("watch[0]" in problem for problem in caught.value.problems)


def test_thousands_of_bills_are_bounded_and_still_found(tmp_path: Path) -> None:
    numbers = ", ".join(f"SB {n}" for n in range(1, 700))
    world = World()
    with running(tmp_path, world) as (app, _):
        source = app.catalogue.value.sources[0]
        many = Source(
            id=source.id, kind="legiscan", name="x",
            options=type("O", (), {"state": "FL", "watch": tuple(numbers.split(", "))})(),
        )  # fmt: skip
        object.__setattr__(app.catalogue.value, "sources", (many,))
        current = app.watch.current()
        assert len(current.bills) == MOST
        assert app.watch.current() is current
