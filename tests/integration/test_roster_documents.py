"""Posted agreements end to end: fetched once, kept by their hash, held against their rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from monitor.bootstrap.compose import App
from monitor.demo import workbooks
from monitor.demo.server import DemoServer
from monitor.demo.world import Page
from monitor.domain.event import Event
from monitor.domain.ident import SourceId, body_hash
from monitor.domain.roster import RosterRow
from monitor.domain.vocabulary import Model, Worth
from tests.loopback import XLSX, Pages, SetClock, check, events, pdf, program
from tests.rosters import SHARED

STATES = {"TX": "Texas", "AL": "Alabama", "IN": "Indiana", "KS": "Kansas", "FL": "Florida"}
FEEDS = """
version: 1
sources:
  - id: lists
    kind: table
    name: Lists
    tier: roster
    sees: [agreement_signed]
    schedule: {{every: 12h}}
    politeness: {{min_delay_s: 0, respect_robots: false}}
    options:
      url: {base}/287g
      reads: roster
      recheck: 0
      links: [{{name: participating, href: participating}}]
"""
LISTS = SourceId("lists")
PERSON = "jane.roe@agency.example"
WORDS = "Officers may serve warrants in the jail of the county under the rules of this agreement. "


class Site:
    """The list page with its newest workbook and the posted documents."""

    def __init__(self, server: DemoServer, app: App, clock: SetClock) -> None:
        self.server, self.app, self.clock = server, app, clock
        self.asked: Counter[str] = Counter()
        self.rows: list[RosterRow] = []
        self.documents: dict[str, bytes] = {}
        self.list: dict[str, Page] = {}

    def row(self, agency: str, model: Model, file: str | None = None, state: str = "TX",
            signed: date = date(2025, 4, 2)) -> RosterRow:  # fmt: skip
        moa = f"{self.server.base}/moa/{file}" if file else None
        return RosterRow(
            state=state, agency=agency, agency_id="", model=model, signed=signed, moa=moa
        )

    def publish(self, *rows: RosterRow) -> None:
        """A new workbook with these rows added, checked a day later."""
        self.clock.at += timedelta(days=1)
        self.rows += rows
        name = f"/participating{self.clock.at:%m%d%Y}.xlsx"
        book = workbooks.participating(self.rows, self.clock.at, STATES)
        html = f"<html><body><a href='{name}'>Participating</a></body></html>"
        self.list = {
            "/287g": Page(body=html.encode(), media_type="text/html"),
            name: Page(body=book, media_type=XLSX),
        }
        self.check()

    def check(self) -> None:
        pages: Mapping[str, Page] = {
            f"/moa/{name}": Page(body=body, media_type="application/pdf")
            for name, body in self.documents.items()
        }
        self.server.show(Pages({**self.list, **pages}, self.asked))
        check(self.app, "lists")

    def notes(self) -> dict[str, str]:
        """What is worth a review, by agency."""
        return {str(event.agency): event.note for event in self.waiting()}

    def waiting(self) -> list[Event]:
        return [event for event in events(self.app) if event.worth is Worth.REVIEW]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    clock = SetClock(datetime(2025, 4, 1, 12, tzinfo=UTC))
    with (
        DemoServer() as server,
        program(tmp_path, FEEDS.format(base=server.base), clock) as app,
    ):
        made = Site(server, app, clock)
        names = ("Smith", "Comal", "Gregg", "Wood", "Goliad", "Rockwall", "Bell", "Webb")
        made.publish(*(made.row(f"{n} County Sheriff's Office", Model.WSO, f"{n}_WSO.pdf",
                                signed=date(2025, 3, 3)) for n in names))  # fmt: skip
        yield made


def agreement(heading: str, agency: str, day: str = "04/02/2025") -> bytes:
    first = [
        *("MEMORANDUM OF AGREEMENT", f"287(g) {heading}"),
        f"between the Department of Homeland Security (DHS), and the {agency} hereinafter",
        *("the law enforcement agency, for whom Jane Roe answers", PERSON, WORDS, WORDS),
        f"Date signed: {day}",
    ]
    return pdf([first, [WORDS]])


def test_a_new_link_is_fetched_once_and_kept_without_its_persons(site: Site) -> None:
    name = "Upshur County Sheriff's Office"
    body = agreement("Warrant Service Officer", name)
    site.documents["UpshurCo_WSO_MOA.pdf"] = body
    site.publish(site.row(name, Model.WSO, "UpshurCo_WSO_MOA.pdf"))
    site.check()
    assert site.asked["/moa/UpshurCo_WSO_MOA.pdf"] == 1
    # The first list is where the ledger starts: its documents are not asked for.
    assert site.asked["/moa/Smith_WSO.pdf"] == 0
    assert site.waiting() == []
    assert site.app.store.body(body_hash(body)) == body
    (kept,) = [r for r in site.app.store.items(LISTS) if r.item.key.startswith("moa:")]
    fields = dict(kept.item.fields)
    assert (fields["model"], fields["agency"]) == ("WSO", name)
    assert "Roe" not in repr(kept) and PERSON not in repr(kept)
    everything = repr(list(site.app.store.stored_records())) + repr(events(site.app))
    assert "Roe" not in everything and PERSON not in everything


def test_a_document_of_another_model_and_agency_waits_for_a_person(site: Site) -> None:
    site.documents["UpshurCo_MOA.pdf"] = agreement("Task Force Model", "Marion Police Department")
    site.publish(site.row("Upshur County Sheriff's Office", Model.WSO, "UpshurCo_MOA.pdf"))
    (event,) = site.waiting()
    assert "document is a TFM, row says WSO" in event.note
    assert "document names Marion Police Department" in event.note
    assert event.agency == "Upshur County Sheriff's Office"


def test_one_file_under_two_agencies_waits_for_a_person(site: Site) -> None:
    body = agreement("Warrant Service Officer", "Upshur County Sheriff's Office")
    site.documents |= {"UpshurCo_MOA.pdf": body, "scan0017.pdf": body}
    site.publish(site.row("Upshur County Sheriff's Office", Model.WSO, "UpshurCo_MOA.pdf"))
    site.publish(site.row("Marion Police Department", Model.WSO, "scan0017.pdf"))
    note = site.notes()["Marion Police Department"]
    assert "the same file is linked for Upshur County Sheriff's Office, TX, WSO" in note
    assert "document names Upshur" in note
    assert len(site.waiting()) == 1


def test_a_file_replaced_under_its_address_is_found_by_asking_again(site: Site) -> None:
    names = ("Upshur", "Marion", "Panola", "Rusk", "Camp")
    rows = []
    for name in names:
        agency = f"{name} County Sheriff's Office"
        site.documents[f"{name}_WSO.pdf"] = agreement("Warrant Service Officer", agency)
        rows.append(site.row(agency, Model.WSO, f"{name}_WSO.pdf"))
    site.publish(*rows)
    first = Counter({f"/moa/{name}_WSO.pdf": 1 for name in names})
    assert Counter({k: n for k, n in site.asked.items() if "/moa/" in k}) == first
    site.documents["Rusk_WSO.pdf"] = agreement(
        "Warrant Service Officer", "Rusk County Sheriff's Office", "04/09/2025"
    )
    for _ in range(3):
        before = Counter(site.asked)
        site.clock.at += timedelta(hours=12)
        site.check()
        moved = {k for k in site.asked if "/moa/" in k and site.asked[k] > before[k]}
        assert len(moved) <= 2
    assert all(site.asked[f"/moa/{name}_WSO.pdf"] == 2 for name in names)
    (event,) = site.waiting()
    assert event.agency == "Rusk County Sheriff's Office"
    assert "replaced" in event.note
    (kept,) = [r for r in site.app.store.items(LISTS) if r.item.key.endswith("Rusk_WSO.pdf")]
    assert kept.number == 2


def test_a_document_that_is_no_pdf_is_a_health_entry(site: Site) -> None:
    site.documents["Upshur_WSO.pdf"] = b"<html><body>Not found</body></html>" * 40
    site.publish(site.row("Upshur County Sheriff's Office", Model.WSO, "Upshur_WSO.pdf"))
    assert site.waiting() == []
    assert any("/moa/Upshur_WSO.pdf" in e.url for e in site.app.store.health(LISTS))


PUBLISHED = {
    "FranklinCoAL_TFM_MOA_031825.pdf": ("AL", "Franklin County Sheriff's Office", Model.TFM,
                                        date(2025, 3, 25)),
    "NobleCountyIN_WSO_MOA_031225.pdf": ("IN", "Noble County Sheriff's Office", Model.WSO,
                                         date(2025, 3, 26)),
    "KansasBureauOfInv_TFM_MOA_02182025.pdf": ("KS", "Kansas Bureau Of Investigation", Model.TFM,
                                               date(2025, 2, 18)),
    "okaloosaCoCommishBoard_WSO_MOA_02262025.pdf": ("FL", "Okaloosa County Sheriff's Office",
                                                    Model.WSO, date(2025, 2, 26)),
}  # fmt: skip


@pytest.mark.skipif(
    not (SHARED / "moa").is_dir(),
    reason="the agreements (../shared/data/moa) are not on this machine",
)
def test_published_agreements_agree_with_their_rows_and_not_with_others(site: Site) -> None:
    rows = []
    for file, (state, agency, model, signed) in PUBLISHED.items():
        site.documents[file] = (SHARED / "moa" / file).read_bytes()
        rows.append(site.row(agency, model, file, state, signed))
    site.publish(*rows)
    assert site.notes() == {}
    site.documents["Camp_MOA.pdf"] = site.documents["FranklinCoAL_TFM_MOA_031825.pdf"]
    site.publish(site.row("Camp Police Department", Model.WSO, "Camp_MOA.pdf"))
    note = site.notes()["Camp Police Department"]
    assert "document is a TFM, row says WSO" in note
    assert "document names Franklin County Sheriff's Office, Alabama" in note
