"""What pages, API and feeds answer: the same events everywhere, and nothing hostile alive."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import feedparser
import httpx
import pytest
from lxml import html

from monitor.domain.vocabulary import Worth
from monitor.web.syndication import CSV_COLUMNS, safe_cell
from monitor.web.views import passage
from tests.website import EDITOR, HOSTILE, READER, SECRET, Website, website

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Website]:
    with website(tmp_path_factory.mktemp("web")) as made:
        yield made


HTML_PATHS = (
    "/", "/events", "/states", "/state/TX", "/county/48113", "/roster", "/agencies", "/sources",
    "/digests", "/digests/digest-1", "/about", "/subscribe", "/login", "/api", "/bill/TX/SB8",
    "/roster/diff?before=2025-04-01&after=2025-09-15", "/events?q=stat:TX",
    "/events?q=%22%3E%3Cscript%3Ealert(4)%3C/script%3E", "/agencies?q=%22%3E%3Cscript%3E",
)  # fmt: skip


def test_hostile_content_is_inert_on_every_page(site: Website) -> None:
    client = site.signed_in(EDITOR)
    for path in (*HTML_PATHS, f"/e/{site.hostile}", "/review"):
        tree = html.fromstring(client.get(path).text)
        sources = {script.get("src") for script in tree.iter("script")}
        assert sources == {"/static/htmx-2.0.11.min.js"}, path
        assert not [s for s in tree.iter("script") if s.text]
        assert not tree.cssselect("img, iframe, object, embed, style, [style]"), path
        for element in tree.iter():
            if not isinstance(element.tag, str):
                continue
            assert not [name for name in element.attrib if name.lower().startswith("on")], path
            href = str(element.get("href", "")).lower()
            assert not href.startswith(("javascript:", "data:", "//")), (path, href)
        text = tree.text_content()
        assert "\u202e" not in text, path
    page = html.fromstring(client.get(f"/e/{site.hostile}").text)
    assert "<script>alert(1)</script>" in page.text_content()


def test_hostile_content_is_inert_in_feeds_and_tables(site: Website) -> None:
    client = site.client()
    rows = list(csv.DictReader(io.StringIO(client.get("/events.csv").text)))
    assert len(rows) > 100
    assert list(rows[0]) == list(CSV_COLUMNS)
    for row in rows:
        assert not [cell for cell in row.values() if cell.lstrip().startswith(tuple("=+-@|%\t"))]
    ours = next(row for row in rows if row["id"] == site.hostile)
    assert ours["source_url"] == ""
    tree = ET.fromstring(client.get("/events.atom").text)
    entry = next(
        e for e in tree.iter(f"{ATOM}entry") if site.hostile in (e.findtext(f"{ATOM}id") or "")
    )
    assert "<script>" in (entry.findtext(f"{ATOM}title") or "")  # text, not markup
    assert {link.get("rel") for link in entry.iter(f"{ATOM}link")} == {"alternate"}
    shown = client.get(f"/api/v1/events/{site.hostile}").json()
    assert shown["source_url"] is None
    assert len(shown["quote"]) <= 300


def _shown(client: httpx.Client, path: str) -> set[str]:
    """Ids of the events that an answer links to."""
    return set(re.findall(r"/e/([0-9A-Za-z_-]{10,64})", client.get(path).raise_for_status().text))


def test_what_waits_for_a_review_is_shown_to_who_asks_for_it(site: Website) -> None:
    waiting = {event.id for event in site.opened if event.worth is Worth.REVIEW}
    assert len(waiting) > 3
    stranger, editor = site.client(), site.signed_in(EDITOR)
    state = [e.jurisdiction.state for e in site.opened if e.worth is Worth.REVIEW][-1]
    lists = ("/", "/events", f"/state/{state}", "/events.atom", "/events.json", "/events.csv",
             "/events.ndjson", "/api/v1/events?limit=200")  # fmt: skip
    for path in lists:
        assert not _shown(stranger, path) & waiting, path
        if path.startswith("/events."):  # the same bytes for everybody: caches may keep them
            assert _shown(editor, path) == _shown(stranger, path)
    for path in (
        "/events?q=worth:review",
        "/events.csv?q=worth:review",
        "/api/v1/events?q=worth:review",
    ):
        assert _shown(stranger, path) == waiting, path
    both = _shown(stranger, "/events.ndjson?q=worth:alert,review")
    assert both == _shown(stranger, "/events.ndjson") | waiting
    assert _shown(editor, f"/state/{state}") & waiting
    counts = [
        int(re.search(r"of ([0-9]+) events", client.get("/events").text)[1])  # type: ignore[index]
        for client in (stranger, editor)
    ]
    assert counts[1] - counts[0] == len(waiting)
    assert "not yet reviewed" in stranger.get(f"/e/{min(waiting)}").text


def test_feeds_are_feeds_to_a_reader(site: Website) -> None:
    client = site.client()
    for path in ("/events.atom", "/events.atom?q=state:TX", '/events.atom?q="no such words"'):
        parsed = feedparser.parse(client.get(path).content)
        assert not parsed.bozo, path
        assert parsed.feed.id.startswith(site.url)
        for entry in parsed.entries:
            assert entry.link == entry.id
            assert entry.updated_parsed >= entry.published_parsed
    feed = client.get("/events.json").json()
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert all(item["content_text"] and item["url"] for item in feed["items"])


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", " =", "\r", "|", "%"])
def test_no_cell_is_a_formula(start: str) -> None:
    assert safe_cell(start + "1+1").startswith("'")
    assert safe_cell("plain - text") == "plain - text"
    assert safe_cell(-3.5) == "-3.5"


def test_captured_bytes_are_plain_text_for_people_with_a_role(site: Website) -> None:
    snapshot_id = site.opened[20].evidence[0].snapshot_id
    assert site.client().get(f"/capture/{snapshot_id}").status_code == 401
    answer = site.signed_in(READER).get(f"/capture/{snapshot_id}")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "<script>" in answer.text


def test_merged_events_redirect_and_corrections_travel(site: Website) -> None:
    client = site.client()
    moved = client.get(f"/e/{site.merged}")
    assert moved.status_code == 301
    assert "was found to be the same" in client.get(moved.headers["location"]).text
    assert client.get(f"/api/v1/events/{site.merged}").json()["id"] in moved.headers["location"]
    page = client.get(f"/e/{site.retracted}").text
    assert "Retracted" in page
    assert "the county corrected itself" in page
    feed = client.get("/events.json").json()["items"]
    ours = next(item for item in feed if item["id"].endswith(site.retracted))
    assert ours["title"].startswith("Retracted: ")
    before = client.get(f"/e/{site.retracted}", params={"known_at": "2025-09-01"}).text
    assert "As this log knew it by 2025-09-01" in before
    assert '<p class="banner retracted"' not in before
    changed = client.get("/api/v1/events", params={"changed_since": "2025-09-13"}).json()
    assert site.retracted in [item["id"] for item in changed["items"]]


def test_answers_can_be_checked_for_change_and_paged_by_link(site: Website) -> None:
    client = site.client()
    for path in ("/api/v1/events?limit=3", "/events.atom", "/api/v1/roster", "/api/v1/records"):
        first = client.get(path)
        again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
    link = client.get("/api/v1/events?limit=3&q=state:TX").headers["link"]
    following = link.split(">")[0].lstrip("<")
    assert "q=state" in following
    assert following.startswith(site.url)
    assert client.get(following).status_code == 200


def test_wrong_questions_are_answered_as_problems(site: Website) -> None:
    client = site.client()
    for query, status in (
        ({"q": "stat:TX"}, 400), ({"cursor": "nonsense"}, 400), ({"as_of": "yesterdayish"}, 400),
        ({"as_of": "2025-06-01T12:00:00"}, 400), ({"fields": "secret"}, 400), ({"limit": 0}, 422),
        ({"limit": 201}, 422), ({"q": "x" * 5000}, 422),
    ):  # fmt: skip
        answer = client.get("/api/v1/events", params=query)
        assert answer.status_code == status, query
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status
    wrong = client.get("/api/v1/events", params={"q": "TX stat:TX"}).json()
    assert (wrong["position"], wrong["suggestion"]) == (3, "state")
    assert client.get("/api/v1/events/00000000").status_code == 404
    assert "did you mean state" in client.get("/events", params={"q": "stat:TX"}).text


def test_roster_of_a_day_and_what_changed(site: Website) -> None:
    client = site.client()
    early = client.get("/api/v1/roster", params={"as_of": "2025-04-01"}).json()
    late = client.get("/api/v1/roster").json()
    assert (early["listed"], late["listed"], late["total"]) == (120, 155, 160)
    assert client.get("/api/v1/roster", params={"as_of": "2024-01-01"}).json()["listed"] == 0
    diff = client.get(
        "/api/v1/roster/diff", params={"before": "2025-04-01", "after": "2025-09-15"}
    ).json()
    assert (len(diff["added"]), len(diff["gone"])) == (40, 5)
    page = client.get("/roster", params={"as_of": "2025-04-01", "q": "state:TX"}).text
    assert "as of 2025-04-01" in page
    assert client.get("/roster", params={"q": "status:official"}).status_code == 400


def test_the_roster_over_time_and_what_others_said_stand_apart(site: Website) -> None:
    series = dict(site.site.parts.query.roster_series())
    assert [series[month] for month in ("2025-03", "2025-06", "2025-09")] == [120, 160, 155]
    page = site.client().get("/roster").text
    assert "Agreements listed at the end of each month, 2025-03 to 2025-09" in page
    assert "150 agreements in 32 states" in page


def test_head_says_what_get_says(site: Website) -> None:
    client = site.client()
    for path in ("/", "/events.csv", "/api/v1/events", "/nope", "/health"):
        head, get = client.head(path), client.get(path)
        assert (head.status_code, head.content) == (get.status_code, b"")
        assert head.headers["content-type"] == get.headers["content-type"]


def test_quotes_in_context_are_for_people_with_a_role(site: Website) -> None:
    text = "The act.\nSheriffs may enter agreements with ICE."
    claim = next(one.claim for one in site.store.records(event_id=site.opened[20].id) if one.claim)
    found = passage(text, 9, 17)
    assert (found.before, found.quote) == ("The act.\n", "Sheriffs")
    assert passage("x" * 1000, 500, 510).before == "…" + "x" * 400
    assert claim.id not in site.client().get(f"/e/{site.opened[20].id}").text
    assert "In context" not in site.client().get(f"/e/{site.opened[20].id}").text


def test_nothing_private_reaches_a_stranger(site: Website) -> None:
    client = site.client()
    paths = (*HTML_PATHS, "/events.csv", "/events.ndjson", "/events.json", "/events.atom",
             "/api/v1/sources", "/api/v1/records", "/api/openapi.json")  # fmt: skip
    for path in paths:
        body = client.get(path).text
        for word in (READER, EDITOR, SECRET, "csrf"):
            assert word not in body, (path, word)
    assert "captured text" not in client.get(f"/e/{site.opened[20].id}").text
    assert client.get("/api/v1/sources").json()["items"][0]["message"] is None


def test_decisions_of_people_are_records_under_their_role(site: Website) -> None:
    client, own = site.signed_in(EDITOR), {"Origin": site.url}
    tree = html.fromstring(client.get("/review").text)
    form = tree.cssselect("section.queue form")[0]
    event_id = form.cssselect('[name="event"]')[0].get("value")
    csrf = form.cssselect('[name="csrf"]')[0].get("value")
    data = {"csrf": csrf, "event": event_id, "verdict": "reject", "reason": "another agency"}
    answer = client.post("/review", data=data, headers=own)
    assert "Rejected" in answer.text
    records = client.get(f"/api/v1/events/{event_id}/records").json()["items"]
    assert records[-1]["actor"] == "editor"
    assert "another agency" in json.dumps(records)
    assert EDITOR not in json.dumps(records)
    assert event_id not in client.get("/review").text
    bad = client.post("/review", data=data | {"event": "nope"}, headers=own)
    assert bad.status_code == 400
    assert "no event" in bad.text


def test_every_decision_on_the_event_page_is_a_record(site: Website) -> None:
    client, own = site.signed_in(EDITOR), {"Origin": site.url}
    event, into = site.opened[30].id, site.opened[31].id
    csrf = client.get(f"/e/{event}").text.split('name="csrf" value="')[1].split('"')[0]
    form = {"csrf": csrf, "event": event, "reason": "seen", "back": "event"}
    for verdict, kind in (
        ("dispute", "disputed"), ("restore", "amended"), ("rename", "amended"), ("merge", "merged"),
    ):  # fmt: skip
        site.clock.moment += timedelta(seconds=1)
        other = {"other": into if verdict == "merge" else "Another Name"}
        answer = client.post("/review", data=form | {"verdict": verdict} | other, headers=own)
        assert answer.status_code == 303, (verdict, answer.text)
        newest = site.store.records(event_id=event)[-1]
        assert newest.kind.value == kind
        assert newest.actor == "editor"
    assert client.get(f"/e/{event}").headers["location"].startswith(f"/e/{into}")
    wrong = client.post("/review", data=form | {"verdict": "split"}, headers=own)
    assert wrong.status_code == 400


def test_a_redline_shows_what_a_new_version_changed(site: Website) -> None:
    from tests.facts import revision  # noqa: PLC0415

    page = site.signed_in(READER).get(f"/versions/{revision('bill').item.id}").text
    assert "<del>may</del><ins>shall</ins>" in page


def test_old_data_says_so(site: Website) -> None:
    assert "Not up to date" not in site.client().get("/").text
    site.clock.moment += timedelta(days=3)
    try:
        assert "Not up to date" in site.client().get("/").text
    finally:
        site.clock.moment -= timedelta(days=3)


def test_reading_is_possible_for_supervisors_and_scrapers(site: Website) -> None:
    assert site.client().get("/healthz").text == "ok\n"
    numbers = site.signed_in(READER).get("/metrics").text
    assert 'monitor_sources{standing="ok"} 2.0' in numbers
    assert HOSTILE not in numbers


def test_the_vendored_script_is_the_one_that_the_docs_name() -> None:
    root = Path(__file__).parents[2]
    script = (root / "monitor/web/static/htmx-2.0.11.min.js").read_bytes()
    named = base64.b64encode(hashlib.sha384(script).digest()).decode()
    assert f"sha384-{named}" in (root / "docs/api.md").read_text("utf-8")


def test_the_health_page_shows_workers_and_jobs(site: Website) -> None:
    page = site.signed_in(EDITOR).get("/health").text
    for words in (
        "2 alive: bot-1:4242 (3 jobs), bot-2:77",
        "1 draining since 2025-09-15 06:30 UTC",
        "<strong>1 silent</strong>",
        "<strong>retried</strong>",
        "2025-09-15 15:34 UTC",
        "back read /data/crawl-2019.warc.gz, bytes 0 to 8000000: job 7071, given up",
    ):
        assert words in page
    assert "<script>alert(1)" not in page
