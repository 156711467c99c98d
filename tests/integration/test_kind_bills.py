"""LegiScan and Open States end to end, and a session in which three sources tell one bill.

The loopback answers have the providers' forms (LegiScan API User Manual; openstates/api-v3,
api/schemas.py); bills, numbers of sessions and days are invented.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.bootstrap.compose import App
from monitor.domain.vocabulary import Direction, Rung, Stage
from monitor.services.quota import quota_rows
from tests.apiserver import Answer, ApiServer, Asked
from tests.apps import SetClock, app_on, check, events

KEYS = {"LEGISCAN_API_KEY": "legiscan-secret-0123456789", "OPENSTATES_API_KEY": "os-secret-98765"}
PROGRESS = {
    "introduced": 1, "committee": 10, "one": 2, "both": 3, "signed": 4, "vetoed": 5, "died": 6,
    "overridden": 7,
}  # fmt: skip
CLASSES = {
    "introduced": ["introduction"], "committee": ["committee-passage"], "one": ["passage"],
    "both": ["passage"], "signed": ["executive-signature"], "vetoed": ["executive-veto"],
    "died": ["failure"], "overridden": ["veto-override-passage"],
}  # fmt: skip
WORDS = {
    "introduced": "Introduced and referred to Judiciary",
    "committee": "Reported favorably by committee",
    "one": "Read third time and passed",
    "both": "Enrolled",
    "signed": "Approved by Governor",
    "vetoed": "Vetoed by Governor",
    "died": "Died in committee",
    "overridden": "Veto overridden",
}
FL = {
    "id": 501, "state": "FL", "number": "S0168", "session": 77, "year": 2025, "special": 0,
    "title": "Enforcement of Federal Immigration Law",
    "text": "Requires each county sheriff to enter into a 287(g) agreement with ICE.",
}  # fmt: skip
DE = {
    "id": 902, "state": "DE", "number": "HB182", "session": 88, "year": 2025, "special": 0,
    "title": "An Act relating to law enforcement and civil immigration enforcement",
    "text": "Prohibits law enforcement agencies from entering into 287(g) agreements.",
}  # fmt: skip


class Session:
    """What the interfaces know of bills; each provider sees actions up to its own day."""

    def __init__(self) -> None:
        self.actions: dict[int, list[tuple[str, str]]] = {501: [], 902: []}
        self.bills: dict[int, dict[str, Any]] = {501: FL, 902: DE}
        self.lag = {"legiscan": 0, "openstates": 0}
        self.today = "2025-01-01"
        self.special = Answer("", status=0)

    def known(self, provider: str, bill: int) -> list[tuple[str, str]]:
        last = (datetime.fromisoformat(self.today) - timedelta(days=self.lag[provider])).date()
        return [(d, w) for d, w in self.actions[bill] if d <= last.isoformat()]

    def serve(self, asked: Asked) -> Answer:
        if self.special.status:
            return self.special
        if asked.path == "/bills":
            return self.openstates(asked)
        if asked.path == "/signed.rss":
            return self.feed()
        return self.legiscan(asked)

    # -- LegiScan ------------------------------------------------------------------------------

    def legiscan(self, asked: Asked) -> Answer:
        if asked.one("key") != KEYS["LEGISCAN_API_KEY"]:
            message = "Invalid API Key - please register at https://legiscan.com/legiscan"
            return Answer({"status": "ERROR", "alert": {"message": message}})
        match asked.one("op"):
            case "getSessionList":
                rows = [
                    self.session(b) for b in self.bills.values() if b["state"] == asked.one("state")
                ]
                return Answer(
                    {"status": "OK", "sessions": list({r["session_id"]: r for r in rows}.values())}
                )
            case "getMasterList":
                return Answer(self.masterlist(asked.one("id")))
            case "getSearch":
                return Answer(
                    {"status": "OK", "searchresult": {"summary": {"page": "1 of 1", "count": 0}}}
                )
        return Answer({"status": "OK", "bill": self.legiscan_bill(int(asked.one("id")))})

    def session(self, bill: dict[str, Any]) -> dict[str, Any]:
        return {
            "session_id": bill["session"], "state_id": 1, "year_start": bill["year"],
            "year_end": bill["year"], "prefile": 0, "sine_die": 0, "prior": 0,
            "special": bill["special"], "session_tag": "", "session_title": "", "session_name": "",
            "name": "", "dataset_hash": "", "session_hash": "",
        }  # fmt: skip

    def masterlist(self, session: str) -> dict[str, Any]:
        bills = [b for b in self.bills.values() if str(b["session"]) == session]
        rows = {
            str(n): {
                "bill_id": b["id"], "number": b["number"], "title": b["title"],
                "description": b["text"], "change_hash": self.hash(b["id"]), "url": "u",
                "status": 1, "status_date": None, "last_action": "", "last_action_date": None,
            }
            for n, b in enumerate(bills)
        }  # fmt: skip
        return {"status": "OK", "masterlist": {"session": self.session(bills[0]), **rows}}

    def hash(self, bill: int) -> str:
        return f"h{len(self.known('legiscan', bill))}"

    def legiscan_bill(self, number: int) -> dict[str, Any]:
        b, actions = self.bills[number], self.known("legiscan", number)
        return {
            "bill_id": number, "change_hash": self.hash(number), "session_id": b["session"],
            "session": self.session(b), "url": f"https://legiscan.example/{number}",
            "state_link": "", "completed": 0, "status": 1, "status_date": None,
            "progress": [{"date": d, "event": PROGRESS[w]} for d, w in actions],
            "state": b["state"], "state_id": 1, "bill_number": b["number"], "bill_type": "B",
            "bill_type_id": "1", "body": "S", "body_id": 1, "current_body": "S",
            "current_body_id": 1, "title": b["title"], "description": b["text"], "committee": [],
            "pending_committee_id": 0, "referrals": [], "sponsors": [],
            "sasts": b.get("sasts", []),
            "subjects": [], "texts": [], "votes": [], "amendments": [], "supplements": [],
            "calendar": [],
            "history": [
                {"date": d, "action": WORDS[w], "chamber": "", "chamber_id": 0, "importance": 1}
                for d, w in actions
            ],
        }  # fmt: skip

    # -- Open States ---------------------------------------------------------------------------

    def openstates(self, asked: Asked) -> Answer:
        if asked.headers.get("X-API-KEY") != KEYS["OPENSTATES_API_KEY"]:
            return Answer({"detail": "Invalid API Key"}, status=401)
        rows = [self.openstates_bill(n) for n in self.bills if self.known("openstates", n)]
        page, size = int(asked.one("page")), 1
        shown = rows[(page - 1) * size : page * size]
        pages = {"per_page": size, "page": page, "max_page": max(1, len(rows)), "total_items": 2}
        return Answer({"results": shown, "pagination": pages})

    def openstates_bill(self, number: int) -> dict[str, Any]:
        b, actions = self.bills[number], self.known("openstates", number)
        chambers = {"introduced": "lower", "committee": "lower", "one": "lower", "both": "upper"}
        return {
            "id": f"ocd-bill/{number}", "session": f"{b['year']}{'S1' if b['special'] else ''}",
            "jurisdiction": {
                "id": f"ocd-jurisdiction/country:us/state:{b['state'].lower()}/government",
                "name": b["state"], "classification": "state",
            },
            "from_organization": {"id": "o", "name": "House", "classification": "lower"},
            "identifier": b["number"].replace("S0168", "SB 168").replace("HB182", "HB 182"),
            "title": b["title"], "classification": ["bill"], "subject": [], "extras": {},
            "created_at": "2025-01-01T00:00:00+00:00",
            "updated_at": f"{self.today}T09:00:00+00:00",
            "openstates_url": f"https://openstates.example/{number}",
            "abstracts": [{"abstract": b["text"], "note": ""}], "other_identifiers": [],
            "versions": [],
            "actions": [
                {
                    "organization": {
                        "id": "o", "name": "x", "classification": chambers.get(w, "executive"),
                    },
                    "description": WORDS[w], "date": d, "classification": CLASSES[w], "order": n,
                }
                for n, (d, w) in enumerate(actions)
            ],
        }  # fmt: skip

    # -- the state's own feed ------------------------------------------------------------------

    def feed(self) -> Answer:
        items = ""
        for day, word in self.actions[902]:
            if word == "signed" and day <= self.today:
                at = format_datetime(datetime.fromisoformat(f"{day}T18:00:00+00:00"))
                items += (
                    "<item><title>HB 182 signed by the Governor</title>"
                    "<link>https://legis.example.gov/hb182</link><guid>hb182-signed</guid>"
                    f"<pubDate>{at}</pubDate><description>Governor Meyer of Delaware signed House "
                    "Bill 182, which prohibits law enforcement agencies from entering into 287(g) "
                    "agreements.</description></item>"
                )
        filler = (
            "<item><title>HB 1 introduced</title><link>https://legis.example.gov/hb1</link>"
            "<guid>hb1</guid><description>Names a state dog.</description></item>"
        )
        xml = f"<rss version='2.0'><channel><title>x</title>{items}{filler}</channel></rss>"
        return Answer(xml, media_type="application/rss+xml")


def feeds_yaml(base: str) -> str:
    common = (
        "    schedule: {every: 7d}\n    politeness: {min_delay_s: 0}\n"
        "    sees: [state_mandate_passed]\n"
    )
    blocks = "version: 1\nsources:\n"
    for state in ("FL", "DE"):
        blocks += (
            f"  - id: legiscan_{state.lower()}\n    kind: legiscan\n    name: LegiScan {state}\n"
            f"    tier: aggregator\n    document_kind: bill\n    states: [{state}]\n{common}"
            "    needs_env: [LEGISCAN_API_KEY]\n"
            f"    options: {{state: {state}, base: '{base}/'}}\n"
        )
    blocks += (
        "  - id: openstates\n    kind: openstates\n    name: Open States\n    tier: aggregator\n"
        f"    document_kind: bill\n{common}    needs_env: [OPENSTATES_API_KEY]\n"
        f"    options: {{base: '{base}/'}}\n"
        "  - id: de_signed\n    kind: feed\n    name: Delaware, signed\n    tier: official\n"
        f"    document_kind: bill\n    states: [DE]\n{common}"
        f"    options: {{url: '{base}/signed.rss', follow: never}}\n"
        "subscriptions:\n  - {id: all, channel: file, destination: all.jsonl}\n"
    )
    return blocks


@contextmanager
def running(folder: Path, session: Session) -> Iterator[tuple[App, SetClock, ApiServer]]:
    with ApiServer(session.serve) as api:
        at = datetime(2025, 1, 2, 12, tzinfo=UTC)
        with app_on(folder, feeds_yaml(api.base), at, KEYS) as (app, clock):
            yield app, clock, api


@pytest.fixture
def session() -> Session:
    return Session()


def live(app: App, clock: SetClock, session: Session, day: str) -> None:
    """Check everything in the afternoon of a day."""
    session.today = day
    clock.at = datetime.fromisoformat(f"{day}T15:00:00+00:00")
    check(app)


def test_a_session_in_two_states_told_by_three_sources(tmp_path: Path, session: Session) -> None:
    session.lag = {"legiscan": 1, "openstates": 3}
    session.actions[501] = [
        ("2025-01-14", "introduced"), ("2025-01-21", "committee"), ("2025-01-28", "one"),
        ("2025-02-06", "both"), ("2025-02-13", "signed"),
    ]  # fmt: skip
    session.actions[902] = [
        ("2025-01-15", "introduced"), ("2025-01-30", "one"), ("2025-02-11", "both"),
        ("2025-02-20", "signed"),
    ]  # fmt: skip
    with running(tmp_path, session) as (app, clock, _):
        live(app, clock, session, "2025-01-02")
        acted = {day for actions in session.actions.values() for day, _ in actions}
        steps = {datetime.fromisoformat(d) + timedelta(days=n) for d in acted for n in (0, 1, 3)}
        days = sorted(f"{step:%Y-%m-%d}" for step in steps)
        for day in days:
            live(app, clock, session, day)
            while app.deliver():
                pass
        florida = events(app, "state:FL")
        assert [(e.stage, str(e.occurred.day)) for e in florida if e.occurred] == [
            (Stage.INTRODUCED, "2025-01-14"),
            (Stage.IN_COMMITTEE, "2025-01-21"),
            (Stage.PASSED_ONE_CHAMBER, "2025-01-28"),
            (Stage.PASSED_BOTH, "2025-02-06"),
            (Stage.SIGNED_INTO_LAW, "2025-02-13"),
        ]
        assert {e.event_type.value.rpartition("_")[0] for e in florida} == {"state_mandate"}
        assert {e.direction for e in florida} == {Direction.TOWARD}
        assert {e.bill for e in florida} == {"SB 168"}
        assert all(e.status is Rung.OFFICIAL for e in florida)
        for event in florida:
            assert {e.source_id for e in event.evidence} == {"legiscan_fl", "openstates"}
        law = florida[-1]
        assert law.passed is not None and str(law.passed.day) == "2025-02-06"
        assert law.links[0] == ("follows", florida[-2].id)
        delaware = events(app, "state:DE")
        assert [(e.event_type.value, str(e.occurred.day)) for e in delaware if e.occurred] == [
            ("state_limit_introduced", "2025-01-15"),
            ("state_limit_passed", "2025-01-30"),
            ("state_limit_passed", "2025-02-11"),
            ("state_limit_enacted", "2025-02-20"),
        ]
        assert {e.source_id for e in delaware[-1].evidence} == {
            "legiscan_de", "openstates", "de_signed",
        }  # fmt: skip
        assert len(events(app)) == 9
        # Each is opened once; the second source corroborates it without another message.
        told = (tmp_path / "var" / "outgoing" / "all.jsonl").read_text().splitlines()
        alerts = [one for line in told for one in json.loads(line)["events"]]
        opened = [one["event_id"] for one in alerts]
        assert sorted(opened) == sorted(event.id for event in [*florida, *delaware])
        # Nothing is told twice, however often the whole session is listed again.
        before = app.query.events(app.query.ask("")).items
        live(app, clock, session, "2025-02-27")
        assert app.query.events(app.query.ask("")).items == before
        assert app.store.verify() == ()


def test_a_wrong_key_a_page_and_a_changed_format_are_named_and_lose_nothing(
    tmp_path: Path, session: Session
) -> None:
    session.actions[501] = [("2025-01-14", "introduced")]
    with running(tmp_path, session) as (app, clock, api):
        live(app, clock, session, "2025-01-02")
        session.special = Answer(
            "<!doctype html><html><body>Scheduled maintenance</body></html>", media_type="text/html"
        )
        live(app, clock, session, "2025-01-15")
        session.special = Answer(
            {"status": "ERROR", "alert": {"message": "Monthly query limit exceeded"}}
        )
        live(app, clock, session, "2025-01-16")
        session.special = Answer({"status": "OK", "bills": []})
        live(app, clock, session, "2025-01-17")
        assert not events(app)
        said = " ".join(entry.message for entry in app.store.health())
        assert "Monthly query limit exceeded" in said
        assert "has no masterlist; its format has changed" in said
        session.special = Answer("", status=0)
        live(app, clock, session, "2025-01-18")
        (event,) = events(app)
        assert str(event.occurred.day) == "2025-01-14"  # type: ignore[union-attr]
        assert event.silent is False
        # Keys go along at the socket and are stored nowhere.
        assert all(a.one("key") for a in api.asked if a.one("op"))
        files = [f for f in (tmp_path / "var").rglob("*") if f.is_file()]
        secrets = [key.encode() for key in KEYS.values()]
        assert not [f for f in files for secret in secrets if secret in f.read_bytes()]


def test_one_number_in_a_regular_and_a_special_session_are_two_bills(
    tmp_path: Path, session: Session
) -> None:
    session.bills[503] = {**FL, "id": 503, "session": 78, "special": 1}
    session.actions[501] = [("2025-01-14", "introduced"), ("2025-02-13", "signed")]
    session.actions[503] = [("2025-03-01", "introduced"), ("2025-03-20", "vetoed")]
    with running(tmp_path, session) as (app, clock, _):
        live(app, clock, session, "2025-01-02")
        for day in ("2025-01-16", "2025-02-14", "2025-03-05", "2025-03-25"):
            live(app, clock, session, day)
        told = [(e.stage, e.direction) for e in events(app, "state:FL")]
        assert told == [
            (Stage.INTRODUCED, Direction.TOWARD),
            (Stage.SIGNED_INTO_LAW, Direction.TOWARD),
            (Stage.INTRODUCED, Direction.TOWARD),
            (Stage.VETOED, Direction.AWAY),
        ]


def test_companion_bills_are_linked_and_never_one(tmp_path: Path, session: Session) -> None:
    """One names the other; the other's title says nothing of what it does."""
    twin = {"type_id": 1, "type": "Same As", "sast_bill_number": "H0017", "sast_bill_id": 504}
    session.bills[501] = {**FL, "sasts": [twin]}
    session.bills[504] = {**FL, "id": 504, "number": "H0017", "title": "Immigration",
                          "text": "An act relating to immigration."}  # fmt: skip
    session.bills.pop(902)
    session.actions[501] = [("2025-01-14", "introduced"), ("2025-01-28", "one")]
    session.actions[504] = [
        ("2025-01-15", "introduced"),
        ("2025-01-29", "one"),
        ("2025-03-03", "died"),
    ]
    with running(tmp_path, session) as (app, clock, _):
        live(app, clock, session, "2025-01-02")
        for day in ("2025-01-14", "2025-01-15", "2025-01-28", "2025-01-29", "2025-03-03"):
            live(app, clock, session, day)
        told = events(app, "state:FL")
        by_stage = {(event.bill, event.stage): event for event in told}
        assert len(by_stage) == len(told) == 5
        for stage in (Stage.INTRODUCED, Stage.PASSED_ONE_CHAMBER):
            one, other = by_stage["SB 168", stage], by_stage["HB 17", stage]
            assert ("companion", one.id) in other.links
            assert {e.source_id for e in other.evidence} == {"legiscan_fl", "openstates"}
        died = by_stage["HB 17", Stage.DIED]
        assert died.event_type.value == "state_mandate_blocked"
        assert dict(died.links)["companion"] == by_stage["SB 168", Stage.PASSED_ONE_CHAMBER].id
        assert dict(died.links)["follows"] == by_stage["HB 17", Stage.PASSED_ONE_CHAMBER].id
        assert app.store.verify() == ()


def test_only_bills_whose_hash_changed_are_asked_for_and_calls_are_counted(
    tmp_path: Path, session: Session
) -> None:
    session.actions[501] = [("2025-01-14", "introduced"), ("2025-01-20", "one")]
    with running(tmp_path, session) as (app, clock, api):
        for day in ("2025-01-02", "2025-01-15", "2025-01-16", "2025-01-21", "2025-01-22"):
            live(app, clock, session, day)
        bills = [a for a in api.asked if a.one("op") == "getBill" and a.one("id") == "501"]
        assert len(bills) == 3  # at first, when introduced, when passed
        rows = {row.variable: row for row in quota_rows(app.sources(), app.store, clock.now())}
        legiscan = rows["LEGISCAN_API_KEY"]
        really = sum(1 for a in api.asked if a.one("op"))
        assert legiscan.sources == ("legiscan_de", "legiscan_fl")
        assert 3 < legiscan.spent <= really + 2 * 4
        assert legiscan.budget == 1400
        assert legiscan.forecast >= legiscan.spent


MARYLAND = """\
version: 1
sources:
  - id: md
    kind: maryland
    name: Maryland
    tier: official
    document_kind: bill
    states: [MD]
    sees: [state_limit_enacted]
    schedule: {every: 7d}
    politeness: {min_delay_s: 0}
    options: {session: 2025RS, base: 'BASE/'}
"""


def master_list(status: str, as_of: str) -> list[dict[str, object]]:
    readings = {
        f"{part}{house}": None
        for part in ("FirstReadingDate", "ReportDate", "ThirdReadingDate")
        for house in ("HouseOfOrigin", "OppositeHouse")
    }
    return [
        {
            "BillNumber": "HB0990", "Title": "Immigration Enforcement Agreements",
            "Synopsis": "Prohibiting sheriffs from entering into 287(g) agreements.",
            "Status": status, "CrossfileBillNumber": "", "PassedByMGA": True,
            "StatusCurrentAsOf": f"{as_of}T17:00:00", **readings,
            "FirstReadingDateHouseOfOrigin": "2025-02-01", "ReportActionHouseOfOrigin": "",
            "ThirdReadingDateHouseOfOrigin": "2025-03-14",
            "ThirdReadingActionHouseOfOrigin": "Passed",
            "ThirdReadingDateOppositeHouse": "2025-04-04",
            "ThirdReadingActionOppositeHouse": "Passed",
        }
    ]  # fmt: skip


def test_a_signing_without_a_day_is_told_once_and_never_dated_by_the_poll(tmp_path: Path) -> None:
    answer = Answer(master_list("Returned Passed", "2025-04-05"))
    with ApiServer(lambda _: answer) as api:
        feeds = MARYLAND.replace("BASE", api.base)
        with app_on(tmp_path, feeds, datetime(2025, 4, 5, 12, tzinfo=UTC)) as (app, clock):
            check(app)
            for day, status in (
                ("2025-04-10", "Returned Passed"),
                ("2025-05-07", "Approved by the Governor - Chapter 431"),
                ("2025-05-08", "Approved by the Governor - Chapter 431"),
            ):
                answer = Answer(master_list(status, day))
                clock.at = datetime.fromisoformat(f"{day}T15:00:00+00:00")
                check(app)
            (law,) = events(app, "type:state_limit_enacted")
            assert (law.stage, law.occurred, law.bill) == (Stage.SIGNED_INTO_LAW, None, "HB 990")
            assert law.published is not None and str(law.published.day) == "2025-05-07"
            assert law.silent is False
            assert str(law.passed.day) == "2025-04-04"  # type: ignore[union-attr]
            assert len(events(app)) == 4


def test_stages_of_one_day_stay_apart_whoever_tells_them(tmp_path: Path, session: Session) -> None:
    session.lag = {"legiscan": 0, "openstates": 1}
    day = "2025-01-28"
    session.actions[501] = [(day, "introduced"), (day, "one"), (day, "both")]
    with running(tmp_path, session) as (app, clock, _):
        for at in ("2025-01-02", day, "2025-01-29"):
            live(app, clock, session, at)
        told = events(app, "state:FL")
        assert sorted(e.stage for e in told) == sorted(
            [Stage.INTRODUCED, Stage.PASSED_ONE_CHAMBER, Stage.PASSED_BOTH]
        )
        assert all(len({x.source_id for x in e.evidence}) == 2 for e in told)
