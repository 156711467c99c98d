"""One filter, one answer: command line, API, page, feeds, exports, subscription and SQL of both
databases agree with predicates written down here in plain Python.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random

import httpx
import pytest
from lxml import html
from typer.testing import CliRunner

from monitor.cli.main import app as cli
from monitor.domain.event import Event
from monitor.domain.ident import SubscriptionId
from monitor.domain.subscription import Subscription
from monitor.domain.vocabulary import Direction, EventType, Model, Rung, Tier, Worth
from monitor.notify.audience import audience
from monitor.notify.routing import route
from tests.conftest import PostgresServer
from tests.facts import record
from tests.website import NOW, STATES, Website, gazetteer, website

Predicate = Callable[[Event], bool]
NUMBER = 200
EVERY = 8  #: the slow surfaces see each eighth filter; the long form all
_APART = re.compile("[^a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """An expression and, told apart from it, what it means."""

    expression: str
    holds: tuple[Predicate, ...]
    names_worth: bool

    def wants(self, event: Event) -> bool:
        """Every term holds, and what waits for a review is asked for by name only."""
        shown = self.names_worth or event.worth is Worth.ALERT
        return shown and all(holds(event) for holds in self.holds)


def words(*parts: str | None) -> list[str]:
    """The words of some texts; the test data has no accents."""
    text = " ".join(part for part in parts if part).lower().replace("'", "").replace("’", "")
    return _APART.sub(" ", text).split()


def day(event: Event) -> date:
    """When it happened, else was published, else was captured."""
    stated = event.occurred or event.published
    return stated.day if stated else event.captured_at.date()


def _states(dice: Random) -> tuple[str, Predicate]:
    chosen = dice.sample(STATES, dice.randrange(1, 4))
    return f"state:{','.join(chosen)}", lambda e: e.jurisdiction.state in chosen


def _type(dice: Random) -> tuple[str, Predicate]:
    kind = dice.choice((EventType.AGREEMENT_SIGNED, EventType.AGREEMENT_TERMINATED, *EventType))
    return f"type:{kind.value}", lambda e: e.event_type is kind


def _bare(dice: Random) -> tuple[str, Predicate]:
    word, kind = dice.choice(
        (("signed", EventType.AGREEMENT_SIGNED), ("ended", EventType.AGREEMENT_TERMINATED))
    )
    return word, lambda e: e.event_type is kind


def _model(dice: Random) -> tuple[str, Predicate]:
    some = dice.sample(tuple(Model), 2)
    return f"model:{','.join(m.value for m in some)}", lambda e: e.model in some


def _status(dice: Random) -> tuple[str, Predicate]:
    rung = dice.choice(tuple(Rung))
    return f"status:{rung.value}", lambda e: e.status is rung


def _tier(dice: Random) -> tuple[str, Predicate]:
    tier = dice.choice(tuple(Tier))
    return f"tier:{tier.value}", lambda e: e.tier is tier


def _direction(dice: Random) -> tuple[str, Predicate]:
    way = dice.choice(tuple(Direction))
    return f"direction:{way.value}", lambda e: e.direction is way


def _since(dice: Random) -> tuple[str, Predicate]:
    month = dice.randrange(3, 9)
    return f"since:2025-{month:02d}", lambda e: day(e) >= date(2025, month, 1)


def _until(dice: Random) -> tuple[str, Predicate]:
    last = date(2025, dice.randrange(3, 9), 15)
    return f"until:{last}", lambda e: day(e) <= last


def _recorded(dice: Random) -> tuple[str, Predicate]:
    first = date(2025, dice.randrange(3, 9), dice.randrange(1, 28))
    return f"recorded_since:{first}", lambda e: e.recorded_at.date() >= first


def _source(dice: Random) -> tuple[str, Predicate]:
    name = dice.choice(("herald", "ice-roster"))
    return f"source:{name}", lambda e: e.source_id == name


def _text(dice: Random) -> tuple[str, Predicate]:
    phrase = dice.choice(("county", "sheriffs office", "287 g", "tx", "no such words", "lake"))

    def holds(e: Event) -> bool:
        place = e.jurisdiction
        parts = (e.title, e.quote, e.agency, place.place, e.bill, place.state)
        return any(f" {phrase} " in f" {' '.join(words(part))} " for part in parts)

    return f'"{phrase}"', holds


def _agency(dice: Random) -> tuple[str, Predicate]:
    some = dice.choice(("office county", "lake", "sheriffs", "police"))
    return f'agency:"{some}"', lambda e: set(some.split()) <= set(words(e.agency))


def _near(dice: Random) -> tuple[str, Predicate]:
    km = dice.choice((50, 200, 800))
    inside = {county.fips for county in gazetteer().near("Dallas, TX", km)}
    return f'near:"Dallas, TX~{km}km"', lambda e: e.jurisdiction.county in inside


def _worth(dice: Random) -> tuple[str, Predicate]:
    some = dice.choice(((Worth.ALERT,), (Worth.REVIEW,), (Worth.ALERT, Worth.REVIEW)))
    return f"worth:{','.join(w.value for w in some)}", lambda e: e.worth in some


MAKERS = (
    _states, _type, _bare, _model, _status, _tier, _direction, _since, _until, _recorded, _source,
    _text, _agency, _near, _worth,
)  # fmt: skip


def questions(number: int = NUMBER) -> list[Question]:
    """The same questions in every run: none, one to three terms, a fifth of them negated."""
    dice = Random(77)
    found = [Question(expression="", holds=(), names_worth=False)]
    while len(found) < number:
        chosen = [(maker, *maker(dice)) for maker in dice.choices(MAKERS, k=dice.randrange(1, 4))]
        signs = [dice.random() < 0.2 for _ in chosen]
        found.append(
            Question(
                expression=" ".join(
                    ("-" if no else "") + text
                    for (_, text, _), no in zip(chosen, signs, strict=True)
                ),
                holds=tuple(
                    _complement(holds) if no else holds
                    for (_, _, holds), no in zip(chosen, signs, strict=True)
                ),
                names_worth=any(maker is _worth for maker, _, _ in chosen),
            )
        )
    return found


def _complement(holds: Predicate) -> Predicate:
    return lambda event: not holds(event)


def everything(site: Website) -> list[Event]:
    """All events as they stand, newest first; merged ones are no answer to anything."""
    newest: dict[str, Event] = {}
    for one in site.store.records(limit=1000):
        newest[one.event.id] = one.event
    order = {one.event.id: one.sequence for one in reversed(site.store.records(limit=1000))}
    standing = [event for event in newest.values() if event.merged_into is None]
    return sorted(standing, key=lambda event: order[event.id], reverse=True)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Website]:
    """The same log behind each database."""
    url = ""
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.new_database(request.getfixturevalue("postgres_template"))
    with website(tmp_path_factory.mktemp("answers"), database_url=url) as made:
        yield made


def test_sql_api_and_subscriptions_agree_with_plain_python(site: Website) -> None:
    asked, known = questions(), everything(site)
    query, client = site.site.parts.query, site.client()
    told = subscribed(asked, known)
    answers = set()
    for number, one in enumerate(asked):
        expected = [event.id for event in known if one.wants(event)]
        answers.add(tuple(expected))
        found = query.each(query.ask(one.expression))
        assert [event.id for event in found] == expected, one.expression
        assert api_ids(client, one.expression) == expected, one.expression
        assert told[number] == set(expected), one.expression
    assert len(answers) > 60


def test_pages_feeds_and_exports_agree_with_plain_python(site: Website) -> None:
    check_slow_surfaces(site, questions()[::EVERY])


def test_the_command_line_agrees_with_plain_python(
    site: Website, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    check_command_line(site, monkeypatch, tmp_path, questions()[:: EVERY // 2])


@pytest.mark.long
def test_every_surface_agrees_on_every_filter(
    site: Website, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    check_slow_surfaces(site, questions())
    check_command_line(site, monkeypatch, tmp_path, questions())


def subscribed(asked: list[Question], known: list[Event]) -> list[set[str]]:
    """What each question would be told of, were it a subscription and everything new."""
    wanted = [
        Subscription(
            id=SubscriptionId(f"s{number}"), filter=one.expression, channel="file",
            destination=f"d{number}", max_per_day=10_000,
        )
        for number, one in enumerate(asked)
    ]  # fmt: skip

    def near(place: str, km: int) -> tuple[str, ...]:
        return tuple(county.fips for county in gazetteer().near(place, km))

    listening = audience(wanted, NOW, near)
    assert not listening.problems
    told: list[set[str]] = [set() for _ in asked]
    for delivery in route([record(event) for event in known], listening, now=NOW):
        told[int(delivery.subscription_id[1:])] |= set(delivery.event_ids)
    return told


def api_ids(client: httpx.Client, expression: str) -> list[str]:
    """The ids that the API gives, page by page."""
    found: list[str] = []
    query = {"q": expression, "limit": "200", "fields": "id"}
    while True:
        body = client.get("/api/v1/events", params=query).raise_for_status().json()
        found += [item["id"] for item in body["items"]]
        if body["next_cursor"] is None:
            return found
        query["cursor"] = body["next_cursor"]


def page_ids(client: httpx.Client, expression: str) -> list[str]:
    """The ids that the pages show, following their links."""
    found: list[str] = []
    path: str = str(httpx.URL("/events", params={"q": expression}))
    while path:
        tree = html.fromstring(client.get(path).raise_for_status().text)
        found += [a.get("href")[3:] for a in tree.cssselect(".events .headline a")]
        following = tree.cssselect('a[rel="next"]')
        path = following[0].get("href") if following else ""
    return found


def check_slow_surfaces(site: Website, asked: list[Question]) -> None:
    """Pages, count, CSV, NDJSON and feeds."""
    client, known = site.client(), everything(site)
    for one in asked:
        q, expected = {"q": one.expression}, [event.id for event in known if one.wants(event)]
        assert page_ids(client, one.expression) == expected, one.expression
        assert client.get("/api/v1/events/count", params=q).json()["value"] == len(expected)
        lines = client.get("/events.ndjson", params=q).text.splitlines()
        assert [json.loads(line)["id"] for line in lines] == expected, one.expression
        rows = csv.DictReader(io.StringIO(client.get("/events.csv", params=q).text))
        assert [row["id"] for row in rows] == expected, one.expression
        feed = client.get("/events.json", params=q).json()
        fed = {item["id"].rsplit("/", 1)[1] for item in feed["items"]}
        # a feed holds the newest fifty and corrections of older matches, nothing else
        assert set(expected[:50]) <= fed <= set(expected), one.expression


def check_command_line(
    site: Website, monkeypatch: pytest.MonkeyPatch, directory: Path, asked: list[Question]
) -> None:
    """`monitor events` over the same database, one process."""
    url, known = site.store.db.url, everything(site)
    monkeypatch.setenv("MONITOR_DATABASE_URL", url.render_as_string(hide_password=False))
    monkeypatch.setenv("MONITOR_DATA_DIR", str(directory))
    runner = CliRunner()
    for one in asked:
        line = ["events", "--limit", "500", "--format", "ndjson", "--", one.expression]
        result = runner.invoke(cli, line, catch_exceptions=False)
        found = [json.loads(shown)["id"] for shown in result.stdout.splitlines()]
        assert found == [event.id for event in known if one.wants(event)], one.expression
