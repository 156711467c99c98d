"""A session in which nobody agrees in time: a mandate and a limit from filing to law, each told by
the state's own feed, by LegiScan and by Open States, days apart and in another order. The forms are
the providers' (see test_kind_bills); bills and days are invented."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from monitor.bootstrap.compose import App
from monitor.domain.event import Event
from monitor.domain.vocabulary import Direction, Rung, Stage
from tests.apiserver import Answer, ApiServer, Asked
from tests.apps import SetClock, app_on, check, events
from tests.integration.test_kind_bills import KEYS, Session

FLORIDA = {
    "introduced": "Senator Gruters filed Senate Bill 168, which requires each county sheriff in "
    "Florida to enter into a 287(g) agreement with ICE.",
    "committee": "The Florida Senate Judiciary Committee approved Senate Bill 168, which requires "
    "each county sheriff to enter into a 287(g) agreement.",
    "one": "The Florida Senate passed Senate Bill 168, which requires each county sheriff to enter "
    "into a 287(g) agreement.",
    "both": "The Florida Legislature passed Senate Bill 168, which requires each county sheriff to "
    "enter into a 287(g) agreement.",
    "signed": "The Governor of Florida signed Senate Bill 168, which requires each county sheriff "
    "to enter into a 287(g) agreement.",
}
DELAWARE = {
    "introduced": "Representative Lambert introduced House Bill 182 in Delaware, which prohibits "
    "law enforcement agencies from entering into 287(g) agreements.",
    "one": "The Delaware House passed House Bill 182, which prohibits law enforcement agencies "
    "from entering into 287(g) agreements.",
    "both": "The Delaware General Assembly passed House Bill 182, which prohibits law enforcement "
    "agencies from entering into 287(g) agreements.",
    "signed": "The Governor of Delaware signed House Bill 182, which prohibits law enforcement "
    "agencies from entering into 287(g) agreements.",
}
ACTED = {
    501: [
        ("2025-01-14", "introduced"), ("2025-01-21", "committee"), ("2025-01-28", "one"),
        ("2025-02-06", "both"), ("2025-02-13", "signed"),
    ],
    902: [
        ("2025-01-15", "introduced"), ("2025-01-30", "one"), ("2025-02-11", "both"),
        ("2025-02-20", "signed"),
    ],
}  # fmt: skip
STAGES = {
    "introduced": Stage.INTRODUCED, "committee": Stage.IN_COMMITTEE,
    "one": Stage.PASSED_ONE_CHAMBER, "both": Stage.PASSED_BOTH, "signed": Stage.SIGNED_INTO_LAW,
}  # fmt: skip


class Disagreeing(Session):
    """Florida's feed is first and Delaware's last; Open States is sometimes a week late."""

    def __init__(self) -> None:
        super().__init__()
        self.actions = {501: list(ACTED[501]), 902: list(ACTED[902])}
        self.lag = {"legiscan": 2, "openstates": 8}

    def serve(self, asked: Asked) -> Answer:
        if asked.path == "/fl.rss":
            return self.own(501, FLORIDA, 0)
        if asked.path == "/de.rss":
            return self.own(902, DELAWARE, 4)
        return super().serve(asked)

    def own(self, bill: int, words: dict[str, str], late_days: int) -> Answer:
        """The state's own feed: a line for each action, published so many days later."""
        items = ""
        for day, word in self.actions[bill]:
            at = datetime.fromisoformat(f"{day}T21:00:00+00:00") + timedelta(days=late_days)
            if f"{at:%Y-%m-%d}" <= self.today:
                items += (
                    f"<item><title>{self.bills[bill]['number']}: {word}</title>"
                    f"<link>https://legis.example.gov/{bill}/{word}</link>"
                    f"<guid>{bill}-{word}</guid><pubDate>{format_datetime(at)}</pubDate>"
                    f"<description>{words[word]}</description></item>"
                )
        filler = "<item><title>HB 1</title><guid>1</guid><description>A dog.</description></item>"
        xml = f"<rss version='2.0'><channel><title>x</title>{items}{filler}</channel></rss>"
        return Answer(xml, media_type="application/rss+xml")


def feeds_yaml(base: str) -> str:
    common = (
        "    schedule: {every: 7d}\n    politeness: {min_delay_s: 0}\n    document_kind: bill\n"
        "    sees: [state_mandate_passed]\n"
    )
    blocks = (
        f"version: 1\nsources:\n  - id: openstates\n    kind: openstates\n    name: Open States\n"
        f"    tier: aggregator\n{common}    needs_env: [OPENSTATES_API_KEY]\n"
        f"    options: {{base: '{base}/'}}\n"
    )
    for state in ("FL", "DE"):
        low = state.lower()
        blocks += (
            f"  - id: legiscan_{low}\n    kind: legiscan\n    name: LegiScan {state}\n"
            f"    tier: aggregator\n    states: [{state}]\n{common}"
            "    needs_env: [LEGISCAN_API_KEY]\n"
            f"    options: {{state: {state}, base: '{base}/'}}\n"
            f"  - id: {low}_own\n    kind: feed\n    name: {state}, the legislature's own feed\n"
            f"    tier: official\n    states: [{state}]\n{common}"
            f"    options: {{url: '{base}/{low}.rss', follow: never}}\n"
        )
    return blocks + "subscriptions:\n  - {id: all, channel: file, destination: all.jsonl}\n"


@contextmanager
def running(folder: Path) -> Iterator[tuple[App, SetClock, Disagreeing]]:
    session = Disagreeing()
    with ApiServer(session.serve) as api:
        at = datetime(2025, 1, 2, 12, tzinfo=UTC)
        environment = {**KEYS, "MONITOR_WORKERS": "1"}
        with app_on(folder, feeds_yaml(api.base), at, environment) as (app, clock):
            yield app, clock, session


def told(folder: Path) -> list[str]:
    """The events that messages opened, in order."""
    lines = (folder / "var" / "outgoing" / "all.jsonl").read_text().splitlines()
    alerts = [message for message in map(json.loads, lines) if message["kind"] == "alert"]
    return [one["event_id"] for message in alerts for one in message["events"]]


def steps(found: list[Event]) -> list[tuple[Stage, str]]:
    return [(e.stage, str(e.occurred.day)) for e in found if e.occurred]


def test_one_event_a_stage_in_order_with_all_evidence(tmp_path: Path) -> None:
    with running(tmp_path) as (app, clock, session):
        day = datetime(2025, 1, 2, 22, tzinfo=UTC)
        while day < datetime(2025, 3, 2, tzinfo=UTC):
            session.today, clock.at = f"{day:%Y-%m-%d}", day
            app.reload()
            check(app)
            while app.deliver():
                pass
            day += timedelta(days=1 if day.day % 3 else 2)
        found = {"FL": events(app, "state:FL"), "DE": events(app, "state:DE")}
        for state, bill in (("FL", 501), ("DE", 902)):
            assert steps(found[state]) == [(STAGES[word], on) for on, word in ACTED[bill]]
            for event in found[state]:
                own = f"{state.lower()}_own"
                mine = {f"legiscan_{state.lower()}", "openstates", own}
                assert {e.source_id for e in event.evidence} == mine, event.stage
                assert event.status is Rung.OFFICIAL
                assert not event.silent
            # In the order of the bill, also where a source learned of two stages at once.
            recorded = [event.recorded_at for event in found[state]]
            assert recorded == sorted(recorded)
            for before, after in zip(found[state], found[state][1:], strict=False):
                assert ("follows", before.id) in after.links
            law = found[state][-1]
            assert law.passed is not None
            assert str(law.passed.day) == dict((w, d) for d, w in ACTED[bill])["both"]
        assert {e.direction for e in found["FL"]} == {Direction.TOWARD}
        assert {e.direction for e in found["DE"]} == {Direction.AWAY}
        assert {e.event_type.value[:13] for e in found["FL"]} == {"state_mandate"}
        assert {e.event_type.value[:11] for e in found["DE"]} == {"state_limit"}
        everything = [*found["FL"], *found["DE"]]
        assert len(events(app)) == len(everything) == 9
        assert sorted(told(tmp_path)) == sorted(event.id for event in everything)
        assert app.store.verify() == ()
