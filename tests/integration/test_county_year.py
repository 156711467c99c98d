"""A year of one county: agenda item, vote, release, three outlets, pending row, participating row,
MOA link, and an end by order. Legistar's Web API, feeds and workbooks come from the loopback; the
county is real, everything that happens in it is invented."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from email.utils import format_datetime
from pathlib import Path

from monitor.bootstrap.compose import App
from monitor.demo import workbooks
from monitor.domain.event import Event
from monitor.domain.roster import RosterRow
from monitor.domain.vocabulary import EventType, Model, Rung, Stage
from tests.apiserver import Answer, ApiServer, Asked
from tests.apps import SetClock, app_on, check, events

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
STATES = {"TX": "Texas", "FL": "Florida", "GA": "Georgia"}
TITLE = (
    "Consider and act upon a 287(g) Memorandum of Agreement between the Upshur County Sheriff's "
    "Office and U.S. Immigration and Customs Enforcement"
)


def row(name: str, state: str, signed: date, model: Model = Model.WSO) -> RosterRow:
    agency = f"{name} County Sheriff's Office"
    return RosterRow(
        state=state, agency=agency, agency_id="", model=model, signed=signed,
        county=f"{name} County",
    )  # fmt: skip


LISTED = [
    row(name, state, date(2025, 2, 3))
    for state, names in {
        "TX": ("Smith", "Comal", "Gregg", "Wood", "Goliad", "Rockwall"),
        "FL": ("Lee", "Clay", "Nassau", "Bay", "Collier", "Hardee"),
        "GA": ("Hall", "Cobb", "Floyd", "Oconee"),
    }.items()
    for name in names
]
UPSHUR = row("Upshur", "TX", date(2025, 3, 17), Model.TFM)
STORIES = {  # source: (day from which it stands in the feed, title, text)
    "sheriff": [
        ("2025-03-17", "Sheriff signs 287(g) agreement",
         "The Upshur County Sheriff's Office in Gilmer, Texas, signed a 287(g) task force model "
         "agreement with U.S. Immigration and Customs Enforcement on March 17, 2025."),
        ("2026-01-15", "Sheriff ends 287(g) agreement",
         "The Upshur County Sheriff's Office in Gilmer, Texas, terminated its 287(g) agreement "
         "with U.S. Immigration and Customs Enforcement on January 15, 2026, by order of the "
         "sheriff."),
    ],
    "herald": [
        ("2025-03-18", "Upshur County joins ICE program",
         "GILMER, Texas - The Upshur County Sheriff's Office signed a 287(g) agreement with ICE on "
         "Monday, officials said."),
    ],
    "desk": [
        ("2025-03-18", "East Texas sheriff signs on with ICE",
         "The Upshur County Sheriff's Office has signed a 287(g) agreement with ICE, becoming the "
         "latest agency in Texas to do so."),
    ],
    "wire": [
        ("2025-03-19", "Sheriff's deputies to work with ICE",
         "Upshur County, Texas: the sheriff's office signed a 287(g) agreement with Immigration "
         "and Customs Enforcement on March 17."),
    ],
}  # fmt: skip


class County:
    """The loopback: what stands where on a day."""

    def __init__(self) -> None:
        self.today = "2025-03-03"
        self.rows = list(LISTED)
        self.pending: list[RosterRow] = [row("Marion", "TX", date(2025, 2, 20))]
        self.published = "2025-03-03"

    def serve(self, asked: Asked) -> Answer:
        name = asked.path.strip("/").partition(".")[0]
        if name in STORIES:
            return self.feed(name)
        if asked.path.endswith("/events"):
            return Answer(self.meetings())
        if asked.path.endswith("/eventitems"):
            return Answer(self.agenda())
        return self.roster(asked.path)

    def feed(self, name: str) -> Answer:
        items = ""
        for day, title, text in STORIES[name]:
            if day <= self.today:
                at = format_datetime(datetime.fromisoformat(f"{day}T14:00:00+00:00"))
                items += (
                    f"<item><title>{title}</title><link>https://{name}.example.org/{day}</link>"
                    f"<guid>{name}-{day}</guid><pubDate>{at}</pubDate>"
                    f"<description>{text}</description></item>"
                )
        items += (
            f"<item><title>Fair</title><guid>{name}-0</guid><description>x</description></item>"
        )
        xml = f"<rss version='2.0'><channel><title>{name}</title>{items}</channel></rss>"
        return Answer(xml, media_type="application/rss+xml")

    def meetings(self) -> list[dict[str, object]]:
        if self.today < "2025-03-06":
            return []
        changed = "2025-03-11T22:00:00" if self.today >= "2025-03-11" else "2025-03-06T12:00:00"
        return [
            {
                "EventId": 310, "EventGuid": "g", "EventLastModifiedUtc": changed,
                "EventRowVersion": "", "EventBodyId": 1, "EventBodyName": "Commissioners Court",
                "EventDate": "2025-03-11T00:00:00", "EventTime": "9:00 AM",
                "EventInSiteURL": "https://upshur.example.gov/meeting/310", "EventAgendaFile": None,
                "EventAgendaLastPublishedUTC": "2025-03-06T12:00:00",
                "EventMinutesLastPublishedUTC": None, "EventItems": [],
            }
        ]  # fmt: skip

    def agenda(self) -> list[dict[str, object]]:
        voted = self.today >= "2025-03-11"
        return [
            {
                "EventItemId": 9, "EventItemTitle": TITLE, "EventItemMatterFile": "25-031",
                "EventItemActionName": "Approved" if voted else None,
                "EventItemPassedFlagName": "Pass" if voted else None,
                "EventItemTally": "4:1" if voted else None, "EventItemMatterAttachments": [],
            },
            {"EventItemId": 10, "EventItemTitle": "Road repairs", "EventItemMatterFile": "25-032"},
        ]  # fmt: skip

    def roster(self, path: str) -> Answer:
        stamp = self.published.replace("-", "")
        at = datetime.fromisoformat(f"{self.published}T13:00:00+00:00")
        if path == "/287g":
            links = "".join(
                f"<a href='/{name}Agencies{stamp}.xlsx'>{name}</a>"
                for name in ("participating", "pending")
            )
            return Answer(f"<html><body><p>287(g)</p>{links}</body></html>", media_type="text/html")
        make, rows = (
            (workbooks.pending, self.pending)
            if "pending" in path
            else (workbooks.participating, self.rows)
        )
        return Answer(make(rows, at, STATES), media_type=XLSX)


def feeds_yaml(base: str) -> str:
    common = (
        "    schedule: {every: 14d}\n    politeness: {min_delay_s: 0}\n"
        "    sees: [agreement_signed]\n"
    )
    blocks = (
        "version: 1\nsources:\n  - id: ice_roster\n    kind: table\n    name: ICE's lists\n"
        f"    tier: roster\n{common}    options:\n      url: {base}/287g\n"
        "      reads: roster\n      moa: false\n"
        "      links:\n        - {name: participating, href: participating}\n"
        "        - {name: pending, href: pending}\n"
        "  - id: upshur_agendas\n    kind: legistar\n    name: Upshur County Commissioners Court\n"
        f"    tier: official\n    document_kind: agenda\n    states: [TX]\n"
        f"    county: '48459'\n{common}"
        f"    options: {{client: upshur, place: 'Upshur County, Texas', base: '{base}/v1/'}}\n"
    )
    for name in STORIES:
        official = name == "sheriff"
        blocks += (
            f"  - id: {name}\n    kind: feed\n    name: {name.title()}\n    states: [TX]\n"
            f"    tier: {'official' if official else 'press'}\n"
            f"    document_kind: {'release' if official else 'news'}\n{common}"
            f"    options: {{url: '{base}/{name}.xml', follow: never}}\n"
        )
    return blocks + "subscriptions:\n  - {id: all, channel: file, destination: all.jsonl}\n"


@contextmanager
def running(folder: Path, county: County) -> Iterator[tuple[App, SetClock]]:
    with ApiServer(county.serve) as api:
        at = datetime(2025, 3, 3, 15, tzinfo=UTC)
        with app_on(folder, feeds_yaml(api.base), at) as (app, clock):
            yield app, clock


def live(app: App, clock: SetClock, county: County, day: str, *, workbook: bool = False) -> None:
    county.today = day
    county.published = day if workbook else county.published
    clock.at = datetime.fromisoformat(f"{day}T18:00:00+00:00")
    check(app)
    while app.deliver():
        pass


def shown(event: Event) -> tuple[str, str, str]:
    day = str(event.occurred.day) if event.occurred else ""
    return event.event_type.value, event.stage.value, day


def test_one_thread_from_the_agenda_to_the_end(tmp_path: Path) -> None:
    county = County()
    with running(tmp_path, county) as (app, clock):
        live(app, clock, county, "2025-03-03")
        for day in ("2025-03-06", "2025-03-11", "2025-03-17", "2025-03-18", "2025-03-19"):
            live(app, clock, county, day)
        county.pending.append(UPSHUR)
        live(app, clock, county, "2025-03-21", workbook=True)
        county.pending.remove(UPSHUR)
        county.rows.append(UPSHUR)
        live(app, clock, county, "2025-04-01", workbook=True)
        moa = replace(UPSHUR, moa="https://www.ice.gov/doclib/287gMOA/upshur.pdf", moa_text="MOA")
        county.rows[-1] = moa
        live(app, clock, county, "2025-04-20", workbook=True)
        live(app, clock, county, "2026-01-15")
        county.rows.remove(moa)
        # An absence counts once three different publications over a week agree on it.
        for day, other in (
            ("2026-01-20", "Titus"),
            ("2026-01-26", "Camp"),
            ("2026-02-01", "Morris"),
        ):
            county.rows.append(row(other, "TX", date.fromisoformat(day)))
            live(app, clock, county, day, workbook=True)
        thread = events(app, "county:48459")
        by_stage = {event.stage: event for event in thread}
        assert len(by_stage) == len(thread) == 6
        considered, voted, signed, ended = (
            by_stage[stage]
            for stage in (
                Stage.CONSIDERED, Stage.APPROVED_BY_GOVERNING_BODY, Stage.SIGNED, Stage.TERMINATED,
            )
        )  # fmt: skip
        applied, moa_posted = by_stage[Stage.APPLIED], by_stage[Stage.AMENDED]
        assert {shown(event) for event in (considered, voted, signed, ended)} == {
            ("agreement_pending", "considered", "2025-03-11"),
            ("agreement_signed", "approved_by_governing_body", "2025-03-11"),
            ("agreement_signed", "signed", "2025-03-17"),
            ("agreement_terminated", "terminated", "2026-01-15"),
        }
        # The vote, the signature and the listing are kept apart; the ladder climbs by publisher.
        assert sources(voted) == ["upshur_agendas"]
        assert sources(signed) == ["desk", "herald", "ice_roster", "sheriff", "wire"]
        assert (voted.status, signed.status) == (Rung.OFFICIAL, Rung.ON_ROSTER)
        assert signed.model is Model.TFM
        assert sources(ended) == ["ice_roster", "sheriff"]
        assert applied.event_type is EventType.AGREEMENT_PENDING
        assert moa_posted.event_type is EventType.AGREEMENT_MODIFIED
        # One thread: each is linked with another of the six, and all hang together.
        linked = {event.id: {other for _, other in event.links} for event in thread}
        reached = {thread[0].id}
        for _ in thread:
            reached |= {i for i, others in linked.items() if others & reached}
            reached |= {o for i in reached for o in linked.get(i, ())}
        assert reached == {event.id for event in thread}
        # In the order in which it became known; each was told once, on the day it was.
        known = sorted(thread, key=lambda event: event.recorded_at)
        assert [(event.stage, f"{event.recorded_at:%Y-%m-%d}") for event in known] == [
            (Stage.CONSIDERED, "2025-03-06"), (Stage.APPROVED_BY_GOVERNING_BODY, "2025-03-11"),
            (Stage.SIGNED, "2025-03-17"), (Stage.APPLIED, "2025-03-21"),
            (Stage.AMENDED, "2025-04-20"), (Stage.TERMINATED, "2026-01-15"),
        ]  # fmt: skip
        assert told(tmp_path, thread) == [event.id for event in known]
        assert ladder(app, signed) == [
            ("opened", "official", "2025-03-17"), ("corroborated", "official", "2025-03-18"),
            ("corroborated", "official", "2025-03-18"), ("corroborated", "official", "2025-03-19"),
            ("climbed", "on_roster", "2025-04-01"),
        ]  # fmt: skip
        assert ladder(app, ended) == [
            ("opened", "official", "2026-01-15"), ("climbed", "on_roster", "2026-02-01"),
        ]  # fmt: skip
        facts = dict(signed.attributes)
        assert (facts["signed_by_ice"], facts["from_pending"]) == ("2025-03-17", "yes")
        assert "absent since 2026-01-20" in ended.note
        assert dict(moa_posted.attributes)["moa"] == moa.moa
        assert app.store.verify() == ()


def ladder(app: App, event: Event) -> list[tuple[str, str, str]]:
    """(kind of record, rung after it, day) of an event's records."""
    return [
        (record.kind.value, record.event.status.value, f"{record.recorded_at:%Y-%m-%d}")
        for record in app.store.records(event_id=event.id)
    ]


def told(folder: Path, thread: list[Event]) -> list[str]:
    """The events of the thread that messages opened, in order."""
    lines = (folder / "var" / "outgoing" / "all.jsonl").read_text().splitlines()
    ids = {event.id for event in thread}
    alerts = [message for message in map(json.loads, lines) if message["kind"] == "alert"]
    opened = [one["event_id"] for message in alerts for one in message["events"]]
    return [event_id for event_id in opened if event_id in ids]


def sources(event: Event) -> list[str]:
    return sorted({str(evidence.source_id) for evidence in event.evidence})
