"""Federal Register, CourtListener and Legistar end to end: paging, quotas, errors, changes.

The loopback answers in the providers' forms: federalregister.gov API v1, CourtListener REST v4
(search), Legistar Web API. Documents and cases are invented.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from monitor.bootstrap.compose import App
from monitor.domain.ident import SourceId
from monitor.services.quota import quota_rows
from tests.apiserver import Answer, ApiServer, Asked
from tests.apps import SetClock, app_on, check

TOKEN = {"COURTLISTENER_TOKEN": "Token 0123456789abcdef0123"}
TRAINING = (
    "The agency expands training for officers under the 287(g) program and opens it to more "
    "sheriffs."
)


@contextmanager
def running(
    folder: Path, block: str, serve: Any, environment: dict[str, str] | None = None
) -> Iterator[tuple[App, SetClock, ApiServer]]:
    with ApiServer(serve) as api:
        feeds = "version: 1\nsources:\n" + block.replace("BASE", api.base)
        at = datetime(2025, 6, 2, 12, tzinfo=UTC)
        with app_on(folder, feeds, at, environment) as (app, clock):
            yield app, clock, api


def block(name: str, kind: str, options: str, more: str = "") -> str:
    return (
        f"  - id: {name}\n    kind: {kind}\n    name: {name}\n    tier: official\n"
        "    sees: [court_ruling]\n    politeness: {min_delay_s: 0}\n"
        f"    schedule: {{every: 6h}}\n{more}    options: {{{options}}}\n"
    )


def document(number: str, **more: object) -> dict[str, object]:
    return {
        "document_number": number, "title": "Training of designated officers", "type": "Rule",
        "publication_date": "2025-06-05", "html_url": f"https://fr.example/{number}",
        "abstract": TRAINING, "agency_names": ["ICE"], **more,
    }  # fmt: skip


class Register:
    """Documents move from the inspection desk to publication."""

    def __init__(self) -> None:
        self.filed: list[dict[str, object]] = []
        self.published: list[dict[str, object]] = []

    def serve(self, asked: Asked) -> Answer:
        if asked.path.endswith("current.json"):
            return Answer({
                "count": len(self.filed), "results": self.filed,
                "special_filings_updated_at": None, "regular_filings_updated_at": None,
            })  # fmt: skip
        page = int(asked.one("page") or 1)
        if not self.published:
            return Answer({"description": "none", "count": 0})
        answer = {"count": len(self.published), "results": self.published[page - 1 : page]}
        if page < len(self.published):
            host = asked.headers["Host"]
            answer["next_page_url"] = f"http://{host}/documents.json?page={page + 1}"
        return Answer(answer)


def test_a_document_is_one_item_from_inspection_to_publication(tmp_path: Path) -> None:
    register = Register()
    options = "base: 'BASE/', terms: ['\"287(g)\"']"
    with running(tmp_path, block("fr", "federal_register", options), register.serve) as run:
        app, clock, _ = run
        check(app)
        register.filed = [
            {
                "document_number": "2025-99001", "title": "Training under the 287(g) program",
                "filed_at": "2025-06-03T08:45:00.000-04:00", "publication_date": "2025-06-05",
                "html_url": "https://fr.example/2025-99001", "agency_names": ["ICE"],
            },
            {
                "document_number": "2025-99002", "title": "Withdrawn: 287(g) notice",
                "filed_at": None, "publication_date": None, "html_url": "https://fr.example/w",
            },
        ]  # fmt: skip
        clock.at += timedelta(days=1)
        first = check(app)["fr"]
        assert first.items == 2
        register.published = [document("2025-99001"), document("2025-99003", abstract="x 287(g)")]
        clock.at += timedelta(days=2)
        assert check(app)["fr"].items == 2
        revisions = app.store.listed_revisions(SourceId("fr"))
        by_key = {r.item.key: r for r in revisions.values()}
        assert set(by_key) == {"2025-99001", "2025-99002", "2025-99003"}
        assert by_key["2025-99001"].number == 2
        assert dict(by_key["2025-99001"].item.fields)["register_status"] == "published"
        assert dict(by_key["2025-99002"].item.fields)["register_status"] == "withdrawn"
        # The desk still shows it: nothing falls back.
        register.filed[0]["num_pages"] = 3
        clock.at += timedelta(hours=6)
        check(app)
        newest = app.store.listed_revisions(SourceId("fr"))
        assert {r.item.key: r.number for r in newest.values()}["2025-99001"] == 2


def opinion(number: int, filed: str) -> dict[str, object]:
    return {
        "cluster_id": number, "caseName": f"Doe v. County {number}", "court": "W.D. Tex.",
        "dateFiled": filed, "absolute_url": f"/opinion/{number}/x/",
        "docketNumber": f"5:25-{number}",
        "opinions": [{"snippet": "The <mark>287(g)</mark> agreement stands."}],
    }  # fmt: skip


def test_rulings_page_by_page_within_the_budget(tmp_path: Path) -> None:
    calls: list[str] = []

    def serve(asked: Asked) -> Answer:
        calls.append(asked.headers.get("Authorization", ""))
        if asked.headers.get("Authorization") != TOKEN["COURTLISTENER_TOKEN"]:
            return Answer({"detail": "Invalid token."}, status=401)
        page = int(asked.one("cursor") or 1)
        host = asked.headers["Host"]
        following = f"http://{host}/search/?cursor={page + 1}" if page < 4 else None
        results = [opinion(10 * page + n, "2025-05-30") for n in range(2)]
        return Answer({"count": 8, "next": following, "previous": None, "results": results})

    more = "    needs_env: [COURTLISTENER_TOKEN]\n    document_kind: ruling\n"
    options = "base: 'BASE/', query: '\"287(g)\"', max_pages: 3, monthly_budget: 20"
    text = block("cl", "courtlistener", options, more)
    with running(tmp_path, text, serve, TOKEN) as (app, clock, _):
        assert check(app)["cl"].items == 6
        assert calls == [TOKEN["COURTLISTENER_TOKEN"]] * 3
        for _ in range(60):
            clock.at += timedelta(hours=6)
            check(app)
        (row,) = quota_rows(app.sources(), app.store, clock.now())
        assert row.variable == "COURTLISTENER_TOKEN"
        assert len(calls) <= row.budget == 20 <= row.spent
        said = {e.message for e in app.store.health() if "quota:" in e.message}
        asked = len(calls)
        clock.at = datetime(2025, 7, 1, 6, tzinfo=UTC)
        check(app)
        assert len(calls) > asked  # a new month
        assert said or row.spent >= row.budget
        stored = [f.read_bytes() for f in (tmp_path / "var").rglob("*") if f.is_file()]
        assert not [body for body in stored if b"0123456789abcdef0123" in body]


def test_a_vote_that_appears_without_a_change_of_the_meeting_is_seen(tmp_path: Path) -> None:
    voted = False
    broken = False

    def serve(asked: Asked) -> Answer:
        if broken:
            return Answer({"Message": "Client is not setup"}, status=200)
        if asked.path.endswith("/events"):
            return Answer([
                {
                    "EventId": 7, "EventBodyName": "Board", "EventDate": "2025-06-03T00:00:00",
                    "EventLastModifiedUtc": "2025-05-30T00:00:00", "EventNew": 1,
                }
            ])  # fmt: skip
        item: dict[str, object] = {
            "EventItemId": 1,
            "EventItemTitle": "Approve a 287(g) agreement between the Comal County Sheriff's "
            "Office and ICE",
        }
        if voted:
            item |= {"EventItemActionName": "Approved", "EventItemPassedFlagName": "Pass"}
        return Answer([item])

    options = "base: 'BASE/v1/', client: comal, place: 'Comal County, Texas'"
    more = "    states: [TX]\n    document_kind: agenda\n"
    with running(tmp_path, block("lg", "legistar", options, more), serve) as (app, clock, api):
        assert check(app)["lg"].items == 1
        clock.at += timedelta(days=1, hours=8)
        voted = True
        check(app)
        kinds = {e.stage.value for e in app.query.events(app.query.ask("")).items}
        assert "approved_by_governing_body" in kinds
        assert any("field_unknown: event has 'EventNew'" in e.message for e in app.store.health())
        asked = len(api.asked)
        clock.at += timedelta(days=10)
        check(app)
        assert len(api.asked) == asked + 1  # the list alone
        broken = True
        clock.at += timedelta(days=1)
        check(app)
        newest = app.store.health()[0].message
        assert "Client is not setup" in newest
