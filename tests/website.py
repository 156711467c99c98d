"""A small site on 127.0.0.1: a store with a believable log and roster, and one hostile event."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import httpx
import uvicorn

from monitor.domain.claim import Jurisdiction
from monitor.domain.commit import LedgerCommit, PageCommit
from monitor.domain.event import Event, Evidence, Record
from monitor.domain.ident import EventId, SourceId, SubscriptionId, content_id
from monitor.domain.moment import Precision, StatedDate
from monitor.domain.roster import (
    Agreement,
    LedgerOutcome,
    OutcomeKind,
    RosterCounts,
    RosterRow,
    RowState,
)
from monitor.domain.snapshot import Snapshot
from monitor.domain.source import Source, SourceState
from monitor.domain.subscription import Digest, Subscription
from monitor.domain.vocabulary import (
    Direction,
    EventType,
    Model,
    RecordKind,
    Rung,
    Stage,
    Tier,
    Worth,
)
from monitor.jobs.engine import DeadJob, JobCount, QueueStanding
from monitor.notify.audience import audience
from monitor.notify.digest import Reach, digest
from monitor.notify.windows import Window
from monitor.resolve.gazetteer import Gazetteer
from monitor.services.health import HealthService
from monitor.services.query import QueryService
from monitor.services.review import Review
from monitor.web.app import create_app
from monitor.web.options import WebOptions
from monitor.web.parts import Site, WebParts
from storage.store import SqlStore, open_store
from tests.facts import claim, record, revision, snapshot

DATA = Path(__file__).parents[1] / "monitor" / "data"
START = datetime(2025, 3, 3, 12, tzinfo=UTC)
NOW = datetime(2025, 9, 15, 15, 30, tzinfo=UTC)
STATES = ("TX", "FL", "GA", "TN", "NC", "OK", "AL", "PA", "VA", "KS")
HOSTILE = '<script>alert(1)</script> "><img src=x onerror=alert(2)> =cmd|calc @here \u202egnp'
SECRET = "s" * 40
READER, EDITOR, ADMIN = "reader@desk.example", "editor@desk.example", "admin@desk.example"


class StillClock:
    """A clock that stands, unless a test moves it."""

    def __init__(self, moment: datetime = NOW) -> None:
        self.moment = moment

    def now(self) -> datetime:
        """The moment it shows."""
        return self.moment


@dataclass
class Website:
    """A running site with what a test may look into."""

    url: str
    store: SqlStore
    site: Site
    clock: StillClock
    app: object
    opened: tuple[Event, ...]
    hostile: EventId
    merged: EventId
    retracted: EventId

    def client(self, **more: object) -> httpx.Client:
        """A client of a stranger."""
        return httpx.Client(base_url=self.url, timeout=30, **more)  # type: ignore[arg-type]

    def signed_in(self, address: str) -> httpx.Client:
        """A client of a person with a role, by a one-time link."""
        client = self.client()
        token = self.site.auth.login_token(address)
        answer = client.post("/login/redeem", data={"token": token}, headers={"Origin": self.url})
        assert answer.status_code == 303, answer.text
        return client

    def session(self, address: str) -> str:
        """A session cookie's value for a browser."""
        token = self.site.auth.login_token(address)
        assert token is not None
        session = self.site.auth.redeem(token)
        assert session is not None
        return session


@cache
def gazetteer() -> Gazetteer:
    """The shipped one."""
    return Gazetteer.parse(
        (DATA / "counties.csv").read_text("utf-8"), (DATA / "places.csv").read_text("utf-8")
    )


def sources() -> tuple[Source, ...]:
    """Two sources."""
    return (
        Source(
            id=SourceId("ice-roster"), kind="table", name="ICE participating agencies",
            options=None, publisher="U.S. Immigration and Customs Enforcement", tier=Tier.ROSTER,
        ),
        Source(
            id=SourceId("herald"), kind="feed", name="The Herald", options=None,
            publisher="The Herald",
        ),
    )  # fmt: skip


def queue() -> QueueStanding:
    """A queue on which everything is to be seen at once, one hostile name among it."""
    early, late = NOW - timedelta(hours=9), NOW + timedelta(minutes=4)
    long_host = "www." + "countysheriffofsomewhere" * 5 + "." + "example"

    def jobs(task: str, state: str, count: int, *about: str, **more: Any) -> JobCount:
        return JobCount(
            queue="", task=task, state=state, count=count, oldest=early, about=about, **more
        )

    return QueueStanding(
        counts=(
            jobs("worker", "alive", 2, "bot-1:4242 (3 jobs)", "bot-2:77"),
            jobs("worker", "draining", 1, "bot-3:1001 (1 job)"),
            jobs("worker", "silent", 1, "bot-4:12"),
            jobs("check", "waiting", 1312, "a.example", "b.example", long_host, "c.example"),
            jobs("check", "retried", 2, HOSTILE, "d.example", tries=4, next_at=late),
            jobs("back_read", "dead", 1, "/data/crawl-2019.warc.gz", tries=6),
        ),
        dead=(
            DeadJob(
                number=7071,
                task="back_read",
                arguments='{"archive": "/data/crawl-2019.warc.gz", "start": 0, "end": 8000000}',
                at=NOW - timedelta(hours=1),
            ),
            DeadJob(
                number=6002,
                task="check",
                arguments=json.dumps({"host": long_host, "sources": [HOSTILE] * 40}),
                at=early,
            ),
        ),
    )


def make_event(number: int, dice: Random, places: Gazetteer) -> Event:
    """A believable event."""
    state = dice.choice(STATES)
    county = dice.choice(places.counties(state))
    at = START + timedelta(hours=30 * number)
    signed = dice.random() < 0.7
    roster = dice.random() < 0.6
    model = dice.choice((Model.TFM, Model.TFM, Model.JEM, Model.WSO))
    agency = f"{county.name} Sheriff's Office"
    verb = "is listed by ICE with a" if signed else "gave notice to end its"
    day = StatedDate(day=at.date() - timedelta(days=dice.randrange(5)))
    text = f"{agency} {verb} 287(g) {model.value} agreement"
    source = SourceId("ice-roster" if roster else "herald")
    proof = _evidence(number, at, source, text)
    return Event(
        id=EventId(content_id("site event", str(number))),
        event_type=EventType.AGREEMENT_SIGNED if signed else EventType.AGREEMENT_TERMINATED,
        stage=Stage.LISTED if signed else Stage.NOTICE_GIVEN,
        direction=Direction.TOWARD if signed else Direction.AWAY,
        status=Rung.ON_ROSTER if roster else dice.choice((Rung.REPORTED, Rung.OFFICIAL)),
        tier=Tier.ROSTER if roster else Tier.PRESS,
        worth=Worth.REVIEW if number % 25 == 7 else Worth.ALERT,
        jurisdiction=Jurisdiction(state=state, county=county.fips, place=county.name),
        agency=agency,
        agency_id=content_id(state, agency)[:16],
        model=model,
        occurred=day if dice.random() < 0.7 else None,
        published=StatedDate(day=at.date(), precision=Precision.DAY),
        captured_at=at,
        recorded_at=at,
        updated_at=at,
        title=text,
        quote=f"The {agency} {'entered' if signed else 'will leave'} the program, officials said.",
        url=proof.url,
        source_id=source,
        event_key=f"site-{number}",
        evidence=(proof,),
    )


def _evidence(number: int, at: datetime, source: SourceId, title: str) -> Evidence:
    shot = capture(number, at)
    return Evidence(
        claim_id=claim(number).id,
        source_id=source,
        snapshot_id=shot.id,
        body_hash=shot.body_hash,
        url=f"https://herald.example/{number}",
        title=title,
        publisher="The Herald" if source == "herald" else "ICE",
        tier=Tier.PRESS if source == "herald" else Tier.ROSTER,
        locator="chars 10-80",
        quote=f"evidence {number}",
        rule="agreement",
        published=StatedDate(day=at.date()),
        captured_at=at,
    )


def capture(number: int, at: datetime) -> Snapshot:
    """The bytes behind an event."""
    return snapshot(f"<h1>page {number}</h1><script>alert(9)</script>".encode(), at)


def fill(store: SqlStore, places: Gazetteer, number: int = 150) -> Website:
    """Fill the store; the site of the answer does not run yet."""
    dice = Random(7)
    events = [make_event(n, dice, places) for n in range(number)]
    bill = replace(
        events[3], id=EventId(content_id("bill")), event_type=EventType.STATE_MANDATE_PASSED,
        stage=Stage.PASSED_ONE_CHAMBER, bill="SB 8", agency=None, agency_id=None, model=None,
        jurisdiction=Jurisdiction(state="TX"), title="Texas SB 8 passed the Senate",
        event_key="bill",
    )  # fmt: skip
    hostile = replace(
        events[4], id=EventId(content_id("hostile")), title=HOSTILE, quote=HOSTILE * 4,
        agency=HOSTILE, agency_id=None, url="javascript:alert(1)", event_key="hostile",
        recorded_at=NOW - timedelta(hours=3), updated_at=NOW - timedelta(hours=3),
        jurisdiction=Jurisdiction(state="TX", place=HOSTILE), note=HOSTILE, evidence=tuple(
            replace(e, url="javascript:alert(3)", title=HOSTILE, quote=HOSTILE, publisher=HOSTILE)
            for e in events[4].evidence
        ),
    )  # fmt: skip
    federal = replace(
        events[5], id=EventId(content_id("federal")), event_type=EventType.PROGRAM_STATISTIC,
        stage=Stage.REPORTED, jurisdiction=Jurisdiction(), agency=None, agency_id=None, model=None,
        title="ICE reports 1,000 agreements", amount=1000.0, unit="agreements", event_key="federal",
        direction=Direction.NEUTRAL,
    )  # fmt: skip
    events += [bill, hostile, federal]
    opened: list[Record] = []
    for start in range(0, len(events), 50):
        some = events[start : start + 50]
        records = tuple(record(e, claim=claim(start + n)) for n, e in enumerate(some))
        shots = tuple(capture(20, events[20].captured_at) for _ in range(start == 0))
        opened += store.commit_page(
            PageCommit(source_id=SourceId("herald"), records=records, snapshots=shots)
        )
    gone, survivor, wrong = events[10], events[11], events[12]
    later = NOW - timedelta(days=2)
    joined = replace(gone, merged_into=survivor.id, updated_at=later)
    taken_back = replace(wrong, status=Rung.RETRACTED, updated_at=later)
    why = "the county corrected itself"
    changed = (("status", "official", "retracted"),)
    store.append(
        [
            record(joined, RecordKind.MERGED, later, reason="one event"),
            record(taken_back, RecordKind.RETRACTED, later, reason=why, changed=changed),
        ]
    )
    first = revision("bill", "The act.\nSheriffs may enter agreements with ICE.")
    second = revision("bill", "The act.\nSheriffs shall enter agreements with ICE.", 2, at=NOW)
    store.commit_page(PageCommit(source_id=SourceId("herald"), revisions=(first,)))
    store.commit_page(PageCommit(source_id=SourceId("herald"), revisions=(second,)))
    _fill_roster(store, places, dice)
    fresh = NOW - timedelta(hours=1)
    read = {"checked_at": fresh, "succeeded_at": fresh, "last_outcome": "changed"}
    store.commit_states([SourceState(source_id=one.id, **read) for one in sources()])  # type: ignore[arg-type]
    store.commit_digest(_digest(opened[-13:]), None)
    return Website(
        url="", store=store, site=None, clock=StillClock(), app=None,  # type: ignore[arg-type]
        opened=tuple(one.event for one in opened), hostile=hostile.id, merged=gone.id,
        retracted=wrong.id,
    )  # fmt: skip


def _fill_roster(store: SqlStore, places: Gazetteer, dice: Random) -> None:
    """Three publications: 120 agreements, then 40 more and 5 gone."""
    agreements = [_agreement(places, dice, n) for n in range(160)]
    days = (START, datetime(2025, 6, 2, 12, tzinfo=UTC), NOW - timedelta(days=4))
    first = tuple(
        replace(a, first_listed_at=days[0], last_seen_at=days[0]) for a in agreements[:120]
    )
    more = tuple(
        replace(a, first_listed_at=days[1], last_seen_at=days[1]) for a in agreements[120:]
    )
    ended = tuple(
        replace(a, state=RowState.ENDED, missing_since=days[1], ended_at=days[2]) for a in first[:5]
    )
    missing = tuple(
        replace(a, state=RowState.UNCONFIRMED, missing_since=days[2]) for a in first[5:8]
    )
    changes = ((first, (120, 0, 0)), (more, (160, 0, 0)), ((*ended, *missing), (152, 3, 5)))
    for version, (some, (active, unconfirmed, gone)) in enumerate(changes):
        outcomes = tuple(
            LedgerOutcome(
                outcome=OutcomeKind.REMOVED if a.ended_at else OutcomeKind.SIGNED,
                published_at=days[version], told_at=days[version], fingerprint=f"f{version}",
                after=a.row, agreement_id=a.id, told=True,
            )
            for a in some
        )  # fmt: skip
        store.commit_page(
            PageCommit(
                source_id=SourceId("ice-roster"),
                ledger=LedgerCommit(
                    ledger="ice-roster", state=b"", outcomes=outcomes, agreements=some,
                    counts=RosterCounts(active=active, unconfirmed=unconfirmed, held=0, ended=gone),
                    expected_version=version,
                ),
            )
        )  # fmt: skip


def _digest(records: list[Record]) -> Digest:
    """A public one of the last week, the hostile event in it."""
    reader = Subscription(id=SubscriptionId("public"), filter="", channel="file", destination="f")
    (listener,) = audience([reader], NOW).listeners
    window = Window(start=NOW - timedelta(days=7), end=NOW)
    made, _ = digest(listener, window, records, Reach(), now=NOW)
    return replace(made, id="digest-1")


def _agreement(places: Gazetteer, dice: Random, number: int) -> Agreement:
    state = dice.choice(STATES)
    counties = places.counties(state)
    county = counties[number % len(counties)]
    model = dice.choice((Model.TFM, Model.JEM, Model.WSO))
    agency = f"{county.name} Sheriff's Office"
    row = RosterRow(
        state=state, agency=agency, agency_id=content_id(state, agency)[:16], type="County",
        county=county.name, county_fips=county.fips, model=model,
        signed=date(2025, 2, 1) + timedelta(days=dice.randrange(200)),
        moa=f"https://ice.example/moa/{number}.pdf" if dice.random() < 0.8 else None,
    )  # fmt: skip
    return Agreement(
        id=f"{row.agency_id}|{state}|{model.value}|{number}", row=row, state=RowState.ACTIVE,
        first_listed_at=START, last_seen_at=START,
    )  # fmt: skip


OPTIONS = WebOptions(
    base_url="https://monitor.example",
    secret=SECRET,
    readers=(READER,),
    editors=(EDITOR,),
    admins=(ADMIN,),
    cors_origins=("https://partner.example",),
    mail=True,
)
LOCAL = replace(OPTIONS, base_url="")


@contextmanager
def website(
    directory: Path, options: WebOptions = LOCAL, database_url: str = ""
) -> Iterator[Website]:
    """The site, filled and listening on a free port of 127.0.0.1."""
    store = open_store(database_url or f"sqlite:///{directory}/site.db", directory)
    places = gazetteer()
    made = fill(store, places)
    clock = made.clock
    parts = WebParts(
        store=store,
        query=QueryService(store=store, gazetteer=places, clock=clock),
        health=HealthService(store=store, clock=clock, sources=sources),
        review=Review(store=store, clock=clock, route=lambda records, now: ()),
        clock=clock,
        cited=(("2020-09", "150 agreements in 32 states", "press reports"),),
        queue=queue,
    )
    app = create_app(parts, options)
    with serving(app) as url:
        yield replace(made, url=url, app=app, site=app.state.site)
    store.close()


@contextmanager
def serving(app: object) -> Iterator[str]:
    """The application behind a real server on 127.0.0.1."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", lifespan="off")  # type: ignore[arg-type]
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)
