"""Congress.gov, GovInfo and single legislatures end to end: paging, limits, errors, changes.

The loopback answers have the providers' forms: Congress.gov API v3 (BillEndpoint.md), GovInfo's
feeds and BILLSTATUS 3.0.0, the services and files of the legislatures. Bills, words
and days are invented.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from monitor.bootstrap.compose import App
from monitor.domain.event import Event
from monitor.domain.ident import SourceId
from monitor.domain.vocabulary import Stage
from monitor.services.quota import quota_rows
from tests.apiserver import Answer, ApiServer, Asked
from tests.apps import SetClock, app_on, check, events

KEY = {"CONGRESS_API_KEY": "congress-secret-0123456789"}
HR = {"type": "HR", "number": "9990", "title": "Sheriffs and Immigration Detainers Act",
      "about": "To require sheriffs to honor immigration detainers."}  # fmt: skip
STEPS = {
    "introduced": ("1000", "Introduced in House", "IntroReferral"),
    "reported": ("5000", "Reported by the Committee on the Judiciary.", "Committee"),
    "house": ("8000", "Passed/agreed to in House: On passage Passed by recorded vote.", "Floor"),
    "senate": ("17000", "Passed/agreed to in Senate: Passed Senate without amendment.", "Floor"),
    "presented": ("28000", "Presented to President.", "President"),
    "law": ("36000", "Became Public Law No: 119-99.", "BecameLaw"),
}


class Capitol:
    """What the Library of Congress and GovInfo know of the measures of a Congress."""

    def __init__(self) -> None:
        self.today = "2025-01-10"
        self.history: list[tuple[str, str]] = []
        self.summary = ""
        self.filler = 0
        self.remaining = 4900
        self.special = Answer("", status=0)
        self.status_file = True

    @property
    def steps(self) -> list[tuple[str, str]]:
        return [(day, word) for day, word in self.history if day <= self.today]

    def serve(self, asked: Asked) -> Answer:
        if self.special.status:
            return self.special
        if asked.path.startswith("/v3/"):
            return self.library(asked)
        if asked.path == "/rss/bills.xml":
            return self.texts()
        if asked.path == "/rss/billstatus-batch.xml":
            return self.batches()
        return self.bill_status(asked)

    # -- Congress.gov --------------------------------------------------------------------------

    def library(self, asked: Asked) -> Answer:
        if asked.headers.get("X-Api-Key") != KEY["CONGRESS_API_KEY"]:
            error = {"code": "API_KEY_INVALID", "message": "An invalid api_key was supplied."}
            return Answer({"error": error}, status=403)
        self.remaining -= 1
        limits = {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": str(self.remaining)}
        path = asked.path.removeprefix("/v3/").split("/")
        if path[1] != "119":
            key = "bills" if path[0] == "bill" else path[0]
            return Answer({key: [], "pagination": {"count": 0}}, headers=limits)
        if len(path) == 2:
            return Answer(self.page(path[0], asked), headers=limits)
        return Answer(self.part(path[4] if len(path) > 4 else ""), headers=limits)

    def page(self, which: str, asked: Asked) -> dict[str, Any]:
        key = "bills" if which == "bill" else "summaries"
        rows = self.listed() if which == "bill" else self.summaries()
        start, size = int(asked.one("offset")), int(asked.one("limit"))
        pages: dict[str, Any] = {"count": len(rows)}
        if start + size < len(rows):
            pages["next"] = "https://api.congress.gov/v3/never-followed"
        request = {"contentType": "application/json", "format": "json"}
        return {key: rows[start : start + size], "pagination": pages, "request": request}

    def listed(self) -> list[dict[str, Any]]:
        def row(number: str, title: str, action: str, at: str) -> dict[str, Any]:
            return {
                "congress": 119, "type": "HR", "number": number, "title": title,
                "originChamber": "House", "originChamberCode": "H", "updateDate": at[:10],
                "updateDateIncludingText": at, "url": f"https://api.congress.gov/v3/{number}",
                "latestAction": {"actionDate": at[:10], "text": action},
            }  # fmt: skip

        day = self.steps[-1][0] if self.steps else ""
        ours = (
            [row(HR["number"], HR["title"], self.steps[-1][1], f"{day}T20:00:00Z")] if day else []
        )
        reserved = {**row("6", "Reserved for the Speaker.", "", "2025-01-03T00:00:00Z")}
        reserved["latestAction"] = None
        others = [row(str(n), "A bill on bridges", "x", "2025-01-04") for n in range(self.filler)]
        return [*others, *ours, reserved]

    def summaries(self) -> list[dict[str, Any]]:
        if not self.summary:
            return []
        bill = {"congress": 119, "type": "HR", "number": HR["number"], "title": HR["title"]}
        return [{"bill": bill, "text": f"<p>{self.summary}</p>", "updateDate": self.today}]

    def actions(self) -> list[dict[str, Any]]:
        return [
            {
                "actionDate": day, "actionCode": STEPS[word][0], "text": STEPS[word][1],
                "type": STEPS[word][2],
                "sourceSystem": {"code": 9, "name": "Library of Congress"},
            }
            for day, word in reversed(self.steps)
        ]  # fmt: skip

    def part(self, part: str) -> dict[str, Any]:
        counted = {"count": 1, "url": "u"}
        detail = {
            "congress": 119, "type": "HR", "number": HR["number"], "title": HR["title"],
            "introducedDate": self.steps[0][0], "actions": counted, "titles": counted,
            "latestAction": {"actionDate": self.steps[-1][0], "text": "x"},
        }  # fmt: skip
        if self.summary:
            detail["summaries"] = counted
        title = {"title": HR["about"], "titleType": "Official Title as Introduced"}
        summary = {"text": self.summary, "actionDate": "2025-02-01", "versionCode": "00"}
        parts: dict[str, dict[str, Any]] = {
            "": {"bill": detail},
            "actions": {"actions": self.actions()},
            "titles": {"titles": [title]},
            "summaries": {"summaries": [summary]},
        }
        return parts[part]

    # -- GovInfo -------------------------------------------------------------------------------

    def texts(self) -> Answer:
        items = "<item><title>H.R. 1 (IH) - Bridges</title><guid>BILLS-119hr1ih</guid></item>"
        if self.steps:
            items += f"<item><title>H.R. 9990 (IH) - {HR['title']}</title><guid>BILLS-119hr9990ih"
            items += "</guid><pubDate>Tue, 04 Feb 2025 04:58:04 -0500</pubDate></item>"
        return Answer(_rss(items), media_type="application/rss+xml")

    def batches(self) -> Answer:
        items = ""
        for day, _ in reversed(self.steps):
            at = datetime.fromisoformat(f"{day}T21:00:00+00:00")
            files = "".join(
                f"<a href=https://www.govinfo.gov/bulkdata/BILLSTATUS/119/hr/BILLSTATUS-{name}.xml>"
                f"BILLSTATUS-{name}.xml</a>"
                for name in ("119hr1", "119hr9990", "119sres2")
            )
            files = files.replace("<", "&lt;").replace(">", "&gt;")
            items += f"<item><title>Batch</title><description>{files}</description>"
            items += f"<pubDate>{at:%a, %d %b %Y %H:%M:%S} +0000</pubDate></item>"
        return Answer(_rss(items), media_type="application/rss+xml")

    def bill_status(self, asked: Asked) -> Answer:
        if not asked.path.endswith("/119/hr/BILLSTATUS-119hr9990.xml") or not self.status_file:
            return Answer("", status=404)
        actions = "".join(
            f"<item><actionDate>{a['actionDate']}</actionDate><text>{a['text']}</text><type>"
            f"{a['type']}</type><actionCode>{a['actionCode']}</actionCode><sourceSystem><code>9"
            "</code><name>Library of Congress</name></sourceSystem></item>"
            for a in self.actions()
        )
        xml = (
            "<?xml version='1.0' encoding='utf-8'?><billStatus><version>3.0.0</version><bill>"
            f"<number>9990</number><type>HR</type><congress>119</congress><title>{HR['title']}"
            f"</title><actions>{actions}</actions><titles><item><title>{HR['about']}</title>"
            "</item></titles></bill></billStatus>"
        )
        return Answer(xml, media_type="application/xml")


def _rss(items: str) -> str:
    return f"<rss version='2.0'><channel><title>x</title>{items}</channel></rss>"


def block(kind: str, options: str, more: str = "") -> str:
    return (
        f"  - id: {kind}\n    kind: {kind}\n    name: {kind}\n    tier: official\n"
        f"    document_kind: bill\n    sees: [state_mandate_passed]\n{more}"
        "    schedule: {every: 6h}\n    politeness: {min_delay_s: 0, max_requests: 300}\n"
        f"    options: {options}\n"
    )


@contextmanager
def running(
    folder: Path, blocks: str, serve: Any, on: str = "2025-01-10"
) -> Iterator[tuple[App, SetClock, ApiServer]]:
    with ApiServer(serve) as api:
        feeds = "version: 1\nsources:\n" + blocks.replace("BASE", api.base)
        at = datetime.fromisoformat(f"{on}T12:00:00+00:00").astimezone(UTC)
        with app_on(folder, feeds, at, KEY) as (app, clock):
            yield app, clock, api


CONGRESS = block("congress", "{base: 'BASE/v3/'}", "    needs_env: [CONGRESS_API_KEY]\n")
GOVINFO = block("govinfo", "{base: 'BASE/'}")


def at(clock: SetClock, day: str, capitol: Capitol | None = None) -> None:
    clock.at = datetime.fromisoformat(f"{day}T23:00:00+00:00")
    if capitol is not None:
        capitol.today = day


def said(app: App) -> str:
    return "\n".join(entry.message for entry in app.store.health())


def test_a_bill_of_congress_by_two_publishers_is_one_event_a_stage(tmp_path: Path) -> None:
    capitol = Capitol()
    capitol.history = [
        ("2025-02-03", "introduced"), ("2025-03-20", "reported"), ("2025-04-10", "house"),
        ("2025-05-20", "senate"), ("2025-06-02", "presented"), ("2025-06-10", "law"),
    ]  # fmt: skip
    capitol.filler = 300
    with running(tmp_path, CONGRESS + GOVINFO, capitol.serve) as (app, clock, api):
        check(app)
        assert events(app) == []
        for day, _ in capitol.history:
            at(clock, day, capitol)
            check(app)
        told = events(app)
        clock.at += timedelta(days=1)
        check(app)
        assert events(app) == told
        assert [(e.stage, str(e.occurred.day)) for e in told if e.occurred] == [
            (Stage.INTRODUCED, "2025-02-03"),
            (Stage.IN_COMMITTEE, "2025-03-20"),
            (Stage.PASSED_ONE_CHAMBER, "2025-04-10"),
            (Stage.PASSED_BOTH, "2025-05-20"),
            (Stage.SIGNED_INTO_LAW, "2025-06-10"),
        ]
        assert {(e.jurisdiction.state, e.bill) for e in told} == {(None, "HR 9990")}
        assert {e.event_type.value.rpartition("_")[0] for e in told} == {"state_mandate"}
        assert all({x.source_id for x in e.evidence} == {"congress", "govinfo"} for e in told)
        # A page of 250 is followed by another, whose address is made here.
        assert {a.one("offset") for a in api.asked if a.path == "/v3/bill/119"} == {"0", "250"}
        assert not [a for a in api.asked if "never-followed" in a.path]
        details = [a for a in api.asked if a.path == "/v3/bill/119/hr/9990"]
        assert len(details) == len(capitol.history)
        assert not [a for a in api.asked if "/hr/1" in a.path]
        # The key goes along in a header and is stored nowhere.
        assert not [a for a in api.asked if KEY["CONGRESS_API_KEY"] in json.dumps(a.query)]
        files = [f for f in (tmp_path / "var").rglob("*") if f.is_file()]
        assert not [f for f in files if KEY["CONGRESS_API_KEY"].encode() in f.read_bytes()]
        (row,) = [r for r in quota_rows(app.sources(), app.store, clock.now()) if r.variable]
        assert row.variable == "CONGRESS_API_KEY" and 0 < row.spent <= row.budget


def test_a_short_title_is_found_by_its_summary(tmp_path: Path) -> None:
    capitol = Capitol()
    capitol.history = [("2025-02-03", "introduced")]
    with running(tmp_path, CONGRESS, capitol.serve) as (app, clock, api):
        title, HR["title"] = HR["title"], "SAFE Act"
        try:
            at(clock, "2025-02-04", capitol)
            check(app)
            assert events(app) == []
            capitol.summary = "This bill requires sheriffs to honor immigration detainers."
            at(clock, "2025-02-20", capitol)
            check(app)
            assert [e.bill for e in events(app)] == ["HR 9990"]
            clock.at += timedelta(hours=6)
            check(app)
            asked = len(api.asked)
            clock.at += timedelta(hours=6)
            check(app)
            # Listed again within the day of overlap, it is not asked for again: two lists each of
            # this Congress and of the last.
            assert [a.path for a in api.asked[asked:]] == [
                "/v3/bill/119", "/v3/summaries/119", "/v3/bill/118", "/v3/summaries/118",
            ]  # fmt: skip
        finally:
            HR["title"] = title


ERRORS = (
    (Answer({"error": {"code": "API_KEY_DISABLED", "message": "disabled"}}), "DISABLED"),
    (Answer({"error": {"code": "API_KEY_INVALID"}}, status=403), "403"),
    (Answer("<html>Down for maintenance</html>", media_type="text/html"), "page"),
    (Answer({"measures": []}), "no list of bills"),
)


def test_what_is_no_list_is_named_and_nothing_is_lost(tmp_path: Path) -> None:
    capitol = Capitol()
    capitol.history = [("2025-02-03", "introduced")]
    options = "{base: 'BASE/v3/', summaries: false}"
    text = block("congress", options, "    needs_env: [CONGRESS_API_KEY]\n")
    with running(tmp_path, text, capitol.serve) as (app, clock, _):
        check(app)
        at(clock, "2025-02-04", capitol)
        for answer, words in ERRORS:
            capitol.special = answer
            assert check(app)["congress"].items == 0
            assert words in said(app)
            clock.at += timedelta(days=1)
        capitol.special = Answer("", status=0)
        clock.at += timedelta(days=1)
        check(app)
        (event,) = events(app)
        assert str(event.occurred.day) == "2025-02-03"  # type: ignore[union-attr]


def test_an_hour_that_runs_low_leaves_bills_for_the_next_check(tmp_path: Path) -> None:
    capitol = Capitol()
    capitol.history = [("2025-02-03", "introduced")]
    with running(tmp_path, CONGRESS, capitol.serve) as (app, clock, api):
        check(app)
        at(clock, "2025-02-04", capitol)
        capitol.remaining = 22
        check(app)
        assert "calls of this hour are left" in said(app)
        assert capitol.remaining >= 0 and events(app) == []
        capitol.remaining = 4000
        clock.at += timedelta(hours=6)
        check(app)
        assert len(events(app)) == 1
        assert [a for a in api.asked if a.path.endswith("/hr/9990/actions")]


def test_a_status_that_comes_after_its_text_is_waited_for(tmp_path: Path) -> None:
    capitol = Capitol()
    capitol.history = [("2025-02-03", "introduced")]
    with running(tmp_path, GOVINFO, capitol.serve) as (app, clock, _):
        check(app)
        capitol.status_file = False
        at(clock, "2025-02-04", capitol)
        check(app)
        assert events(app) == []
        capitol.special = Answer("<!DOCTYPE html><html><body>Busy</body></html>")
        clock.at += timedelta(hours=6)
        check(app)
        assert "page instead of XML" in said(app)
        capitol.special, capitol.status_file = Answer("", status=0), True
        clock.at += timedelta(hours=6)
        check(app)
        (event,) = events(app)
        assert (event.stage, event.bill) == (Stage.INTRODUCED, "HR 9990")


def collections(asked: Asked) -> Answer:
    """Two pages of the collections service, the second by the mark that the first one names."""
    if not asked.path.startswith("/collections/BILLS/"):
        return Answer(_rss(""), media_type="application/rss+xml")
    if not asked.headers.get("X-Api-Key"):
        return Answer({"error": {"code": "API_KEY_MISSING", "message": "no"}}, status=403)
    second = asked.one("offsetMark") != "*"
    title = HR["title"] if second else "Bridges"
    number = "9990" if second else "1"
    package = {
        "packageId": f"BILLS-119hr{number}ih", "lastModified": "2025-01-09T00:00:00Z",
        "packageLink": "u", "docClass": "hr", "title": title, "congress": "119",
        "dateIssued": "2025-01-08",
    }  # fmt: skip
    following = "https://api.govinfo.gov/collections/BILLS/x?offsetMark=AoJ%2Bw&pageSize=1000"
    more = {} if second else {"nextPage": following}
    answer = {"count": 2, "message": None, "previousPage": None, "packages": [package], **more}
    return Answer(answer)


def test_the_collections_service_is_paged_by_its_marks(tmp_path: Path) -> None:
    text = block("govinfo", "{base: 'BASE/', api: 'BASE/', collections: true}",
                 "    needs_env: [GOVINFO_API_KEY]\n")  # fmt: skip
    with ApiServer(collections) as api:
        feeds = "version: 1\nsources:\n" + text.replace("BASE", api.base)
        when = datetime(2025, 1, 10, 12, tzinfo=UTC)
        with app_on(tmp_path, feeds, when, {"GOVINFO_API_KEY": "gov-secret-0123"}) as (app, _):
            check(app)
        marks = [a.one("offsetMark") for a in api.asked if a.path.startswith("/collections")]
        assert marks == ["*", "AoJ+w"]
        assert [a.path for a in api.asked if a.path.startswith("/bulkdata")] == [
            "/bulkdata/BILLSTATUS/119/hr/BILLSTATUS-119hr9990.xml"
        ]


# -- Washington --------------------------------------------------------------------------------


#: What the title does not say.
SHERIFFS = """\
AN ACT relative to sheriffs and 287(g) agreements.
1 New Section; Sheriffs. Amend RSA 104 by inserting after section 2 the following new section:
104:2-a Agreements. Each sheriff shall enter into an agreement with United States Immigration and
Customs Enforcement under 8 U.S.C. 1357(g) not later than January 1, 2026.
2 Effective Date. This act shall take effect 60 days after its passage.
"""


class Olympia:
    """Legislation and its history; a new biennium begins with the prefiling in December."""

    def __init__(self) -> None:
        self.legislation = [("2025-26", "HB 1990", "2025-01-20", "Concerning 287(g) agreements.")]
        self.history = {"1990": [("2025-01-20", "First reading, referred to Community Safety.")]}
        self.changed: list[str] = []
        self.page = ""

    def serve(self, asked: Asked) -> Answer:
        if self.page:
            return Answer(self.page, media_type="text/html")
        operation = asked.path.rpartition("/")[2]
        if operation == "GetLegislationIntroducedSince":
            since = asked.one("sinceDate")
            rows = "".join(
                f"<Legislation><Biennium>{biennium}</Biennium><BillId>{bill}</BillId><BillNumber>"
                f"{bill[-4:]}</BillNumber><OriginalAgency>House</OriginalAgency><LongDescription>"
                f"{title}</LongDescription></Legislation>"
                for biennium, bill, day, title in self.legislation
                if day >= since
            )
            return self.array("Legislation", rows)
        if operation == "GetLegislativeStatusChangesByDateRange":
            return self.array("LegislativeStatus", "".join(self.line(b, "2025-01-01", "x")
                                                           for b in self.changed))  # fmt: skip
        if operation == "GetDocumentsByClass":
            return self.documents(asked)
        if operation.endswith(".htm"):
            page = f"<html><body><main><pre>{SHERIFFS}</pre></main></body></html>"
            return Answer(page, media_type="text/html")
        number = asked.one("billNumber")
        begin = asked.one("beginDate")
        lines = [line for line in self.history.get(number, []) if line[0] >= begin]
        rows = "".join(self.line(f"HB {number}", day, words) for day, words in lines)
        return self.array("LegislativeStatus", rows)

    def documents(self, asked: Asked) -> Answer:
        number, host = asked.one("namedLike"), asked.headers["Host"]
        row = (
            f"<LegislativeDocument><Name>{number}</Name><BillId>HB {number}</BillId><HtmUrl>http://"
            f"{host}/{asked.one('biennium')}/House Bills/{number}.htm</HtmUrl><HtmCreateDate>"
            f"{asked.one('biennium')[:4]}-01-20T09:00:00</HtmCreateDate></LegislativeDocument>"
        )
        return self.array("LegislativeDocument", row)

    def line(self, bill: str, day: str, words: str) -> str:
        return (
            f"<LegislativeStatus><BillId>{bill}</BillId><HistoryLine>{words}</HistoryLine>"
            f"<ActionDate>{day}T00:00:00</ActionDate></LegislativeStatus>"
        )

    def array(self, name: str, rows: str) -> Answer:
        xml = f'<ArrayOf{name} xmlns="http://WSLWebServices.leg.wa.gov/">{rows}</ArrayOf{name}>'
        return Answer(xml, media_type="text/xml")


def stages(found: list[Event]) -> list[tuple[Stage, str]]:
    return [(e.stage, str(e.occurred.day) if e.occurred else "") for e in found]


def test_washington_over_two_bienniums_and_one_number_in_both(tmp_path: Path) -> None:
    olympia = Olympia()
    options = "{base: 'BASE/LegislationService.asmx/', documents: 'BASE/Documents.asmx/'}"
    text = block("washington", options, "    states: [WA]\n")
    with running(tmp_path, text, olympia.serve, "2025-01-10") as (app, clock, api):
        check(app)
        olympia.changed = ["HB 1990"]
        at(clock, "2025-02-01")
        check(app)
        olympia.history["1990"].append(("2025-03-05", "Third reading, passed; yeas, 60; nays, 36."))
        olympia.changed = ["SHB 1990", "HB 1001"]
        at(clock, "2025-03-06")
        check(app)
        olympia.page = "<html><body>The service is unavailable</body></html>"
        at(clock, "2025-03-08")
        check(app)
        assert "page instead of XML" in said(app)
        olympia.page = ""
        olympia.history["1990"].append(("2026-03-20", "Governor signed."))
        olympia.history["1990"].append(("2026-04-20", "Third reading, passed; yeas, 1; nays, 0."))
        at(clock, "2026-03-21")
        check(app)
        assert stages(events(app, "state:WA")) == [
            (Stage.INTRODUCED, "2025-01-20"),
            (Stage.PASSED_ONE_CHAMBER, "2025-03-05"),
            (Stage.SIGNED_INTO_LAW, "2026-03-20"),
        ]
        # The scheduled line lies in the future: it moves nothing and is told as odd.
        assert "future_date" in said(app)
        asked = len(api.asked)
        clock.at += timedelta(hours=6)
        check(app)
        histories = [a for a in api.asked[asked:] if a.one("billNumber")]
        assert len(histories) <= 1
        # The same number in the next biennium is another bill.
        olympia.legislation = [("2027-28", "HB 1990", "2026-12-07", "Limiting 287(g) agreements.")]
        olympia.history["1990"] = [("2026-12-07", "Prefiled for introduction.")]
        at(clock, "2026-12-08")
        check(app)
        assert stages(events(app, "state:WA"))[-1] == (Stage.PREFILED, "2026-12-07")
        keys = {r.item.key for r in app.store.listed_revisions(SourceId("washington")).values()}
        bills = {"WA|2025-26|HB 1990", "WA|2027-28|HB 1990"}
        assert keys == bills | {f"{key}|text" for key in bills}


# -- Virginia ----------------------------------------------------------------------------------

HEADER = "Bill_id,Bill_description,Carried_over,Introduction_date," + ",".join(
    f"Full_text_doc{n},Full_text_date{n}" for n in range(1, 7)
)


class Richmond:
    """The files of each session; a bill that was carried over is listed again in the next."""

    def __init__(self) -> None:
        self.bills = {"20261": ["HB990,Sheriffs; immigration detainers and 287(g),N,1/6/2026"]}
        self.history = {"20261": ["HB990,1/6/2026,H Prefiled and ordered printed"]}
        self.last = ""

    def serve(self, asked: Asked) -> Answer:
        _, _, session, name = asked.path.split("/")
        if session not in self.bills:
            return Answer("BlobNotFound", status=404)
        match name:
            case "BILLS.CSV":
                rows = [row + "," * 12 for row in self.bills[session]]
                return self.csv(HEADER, [*rows, f"HB1,Bridges {self.last},N,1/6/2026{',' * 12}"])
            case "HISTORY.CSV":
                header = "Bill_id,History_date,History_description,History_refid"
                return self.csv(header, [row + "," for row in self.history[session]])
        text = "<b>Sheriffs.</b> Requires sheriffs to sign 287(g) agreements."
        return self.csv("SUM_BILNO,SUMMARY_TEXT", [f"HB0990,{text}", "HB0001,<b>Bridges.</b>"])

    def csv(self, header: str, rows: list[str]) -> Answer:
        return Answer("\r\n".join((header, *rows)), media_type="application/octet-stream")

    def tell(self, session: str, line: str) -> None:
        self.history[session].append(line)
        self.last = line


def test_virginia_from_prefiling_through_a_carry_over(tmp_path: Path) -> None:
    richmond = Richmond()
    text = block("virginia", "{base: 'BASE/lisfiles/'}", "    states: [VA]\n")
    with running(tmp_path, text, richmond.serve, "2025-12-20") as (app, clock, api):
        check(app)
        at(clock, "2026-01-07")
        check(app)
        richmond.tell("20261", "HB990,1/27/2026,H Read third time and passed House (51-Y 48-N)")
        at(clock, "2026-01-28")
        check(app)
        asked = len(api.asked)
        clock.at += timedelta(hours=6)
        check(app)
        assert len(api.asked) == asked + 1  # the list alone, which did not change
        # Only bills and history change: the summary of the last reading stays.
        revisions = app.store.listed_revisions(SourceId("virginia"))
        assert {r.item.key for r in revisions.values()} == {"VA|20261|HB 990"}
        richmond.tell("20261", "HB990,2/9/2026,S Continued to next session in Courts of Justice")
        at(clock, "2026-02-10")
        check(app)
        (newest,) = app.store.listed_revisions(SourceId("virginia")).values()
        assert dict(newest.item.fields)["status"] == "carried over"
        assert "sign 287(g) agreements" in newest.item.text
        # On 1 December the files of the next session are asked for, and may not be there yet.
        at(clock, "2026-12-01")
        check(app)
        assert "20271" in api.asked[-1].path and "404" in said(app)
        richmond.bills["20271"] = ["HB990,Sheriffs; immigration detainers and 287(g),N,1/6/2026"]
        richmond.history["20271"] = [*richmond.history["20261"], "HB990,2/2/2027,S Passed Senate"]
        at(clock, "2027-02-03")
        check(app)
        told = events(app, "state:VA")
        assert stages(told)[-1] == (Stage.PASSED_BOTH, "2027-02-02")
        assert len({(e.stage, e.occurred) for e in told}) == len(told)
        keys = {r.item.key for r in app.store.listed_revisions(SourceId("virginia")).values()}
        assert keys == {"VA|20261|HB 990", "VA|20271|HB 990"}


# -- North Carolina ----------------------------------------------------------------------------


class Raleigh:
    """The list of a session with the last action of each bill, and their histories."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self.entries = 40

    def serve(self, asked: Asked) -> Answer:
        if asked.path == "/BillHistory/2025/H990/RSS":
            rows = "".join(
                f"<item><title>{words}</title><pubDate>{_eastern(day)}</pubDate></item>"
                for day, words in self.lines
            )
            return Answer(_rss(rows), media_type="text/xml")
        if asked.path == "/Sessions/2025/Bills/House/PDF/H990v1.pdf":
            page = f"<html><body><main><pre>{SHERIFFS}</pre></main></body></html>"
            return Answer(page, media_type="text/html")
        if asked.path != "/Legislation/Bills/LastActionByYear/2025/All/RSS":
            return Answer("", status=404)
        rows = ""
        for day, words in self.lines[-1:]:
            rows += self.bill("H990", "HB 990 - Sheriffs and 287(g) Agreements.", day, words)
        rows += "".join(self.bill(f"S{n}", f"SB {n} - Bridges.", "2025-01-28", "Filed")
                        for n in range(1, self.entries))  # fmt: skip
        return Answer(_rss(rows), media_type="text/xml")

    def bill(self, short: str, title: str, day: str, words: str) -> str:
        return (
            f"<item><link>https://www.ncleg.gov/BillLookup/2025/{short}</link><title>{title}"
            f"</title><description>Last action: {words}</description>"
            f"<pubDate>{_eastern(day)}</pubDate></item>"
        )


def _eastern(day: str) -> str:
    return f"{datetime.fromisoformat(day):%a, %d %b %Y} 00:00:00 EST"


def test_north_carolina_told_once_a_stage_from_a_list_of_the_whole_session(tmp_path: Path) -> None:
    raleigh = Raleigh()
    text = block("north_carolina", "{base: 'BASE/', histories: 'BASE/', pages: 'BASE/'}",
                 "    states: [NC]\n    expect: {min_items: 30}\n")  # fmt: skip
    with running(tmp_path, text, raleigh.serve, "2025-01-20") as (app, clock, api):
        check(app)
        raleigh.lines.append(("2025-01-28", "House Chamber: Filed"))
        at(clock, "2025-01-29")
        check(app)
        raleigh.lines += [
            ("2025-03-01", "House Chamber: Passed 2nd &amp; 3rd Reading"),
            ("2025-04-01", "Senate Chamber: Passed 3rd Reading"),
            ("2025-04-02", "Ordered Enrolled"), ("2025-04-10", "Became Law W/o Signature"),
        ]  # fmt: skip
        raleigh.entries = 3
        at(clock, "2025-04-11")
        check(app)
        assert "expected at least 30" in said(app)
        raleigh.entries = 40
        clock.at += timedelta(days=1)
        check(app)
        assert stages(events(app, "state:NC")) == [
            (Stage.INTRODUCED, "2025-01-28"),
            (Stage.PASSED_ONE_CHAMBER, "2025-03-01"),
            (Stage.PASSED_BOTH, "2025-04-02"),
            (Stage.WITHOUT_SIGNATURE, "2025-04-10"),
        ]
        histories = [a for a in api.asked if a.path.startswith("/BillHistory")]
        assert len(histories) == 2


# -- New Hampshire -----------------------------------------------------------------------------


class Concord:
    """The files of the General Court, each as a whole."""

    def __init__(self) -> None:
        self.year = "2025"
        self.lines: list[str] = []
        self.special: dict[str, Answer] = {}
        self.text = SHERIFFS

    def serve(self, asked: Asked) -> Answer:
        name = asked.path.rpartition("/")[2]
        if name == "pdf.aspx":
            assert asked.one("id") == "77"
            page = f"<html><body><main><pre>{self.text}</pre></main></body></html>"
            return Answer(page, media_type="text/html")
        return self.special.get(name) or Answer(self.files()[name], media_type="text/plain")

    def files(self) -> dict[str, str]:
        title = "relative to sheriffs and 287(g) agreements."
        bills = [self.bill("0045", title, "S", "SB  0062", "SB62")]
        bills += [
            self.bill(f"1{n:03}", "bridges", "H", f"HB  {n:04}", f"HB{n}") for n in range(1, 40)
        ]
        rows = (line.split("|") for line in self.lines)
        # The rows of a bill that is kept move to the second year with it.
        docket = [
            f"{self.year}|0045|{day} 9:00:01 AM|SB62|{body}|{words}|" for day, body, words in rows
        ]
        return {
            "LSRs.txt": "\ufeff" + "\r\n".join(bills),
            "Docket.txt": "\r\n".join([*docket, "2025|1001|1/9/2025 9:00:00 AM|HB1|H|Hearing|"]),
            "LsrsOnly.txt": f"25-0045|944|77|2025|Sponsor|SB62|S|{title}",
        }

    def bill(self, request: str, title: str, body: str, long: str, number: str) -> str:
        cells = [self.year, request, title, body, *"1000", f"25-{request}", long, number]
        return "|".join([*cells, *[""] * (39 - len(cells))])


def test_new_hampshire_keeps_a_bill_for_the_second_year(tmp_path: Path) -> None:
    concord = Concord()
    options = "{base: 'BASE/dump/', pages: 'BASE/bills/'}"
    text = block("new_hampshire", options, "    states: [NH]\n")
    with running(tmp_path, text, concord.serve, "2025-01-05") as (app, clock, api):
        check(app)
        at(clock, "2025-01-10")
        concord.lines.append("1/9/2025|S|Introduced 01/09/2025 and Referred to Judiciary;  SJ 3")
        check(app)
        at(clock, "2025-03-27")
        concord.lines.append("3/27/2025|S|Ought to Pass: MA, VV; OT3rdg; 03/27/2025; SJ 9")
        check(app)
        asked = len(api.asked)
        concord.lines.append("5/15/2025|H|Retained in Committee")
        at(clock, "2025-05-16")
        check(app)
        # Numbers of pages and texts are asked once; the docket is read while the list stands still.
        assert [a.path for a in api.asked[asked:]] == ["/dump/LSRs.txt", "/dump/Docket.txt"]
        found = app.store.listed_revisions(SourceId("new_hampshire")).values()
        (kept,) = (revision for revision in found if not revision.item.key.endswith("|text"))
        assert dict(kept.item.fields)["status"] == "carried over"
        assert kept.item.url.endswith("id=77&inflect=2")
        # Nothing is published, and then a page of words: nothing moves.
        told = events(app, "state:NH")
        concord.special = {"LSRs.txt": Answer("", media_type="text/plain")}
        clock.at += timedelta(hours=6)
        check(app)
        html = "<html><body>The site is closed for maintenance.</body></html>"
        concord.special = {"Docket.txt": Answer(html, media_type="text/html")}
        clock.at += timedelta(hours=6)
        check(app)
        assert "Docket.txt" in said(app) and "format has changed" in said(app)
        concord.special = {}
        concord.year = "2026"
        at(clock, "2026-01-08")
        check(app)
        assert events(app, "state:NH") == told
        concord.lines += [
            "1/8/2026|H|Ought to Pass: MA VV 01/08/2026 HJ 1  P. 5",
            "2/12/2026|S|Enrolled Adopted, VV, (In recess 02/05/2026);  SJ 4",
            "2/20/2026|S|Vetoed by Governor Roe 02/20/2026",
        ]
        at(clock, "2026-02-21")
        check(app)
        assert stages(events(app, "state:NH")) == [
            (Stage.INTRODUCED, "2025-01-09"),
            (Stage.PASSED_ONE_CHAMBER, "2025-03-27"),
            (Stage.PASSED_BOTH, "2026-01-08"),
            (Stage.VETOED, "2026-02-20"),
        ]
        revisions = app.store.listed_revisions(SourceId("new_hampshire"))
        keys = {revision.item.key for revision in revisions.values()}
        assert keys == {"NH|2025-2026|SB 62", "NH|2025-2026|SB 62|text"}
