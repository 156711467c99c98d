"""What the publisher of one watched page tries, through the whole program (docs/attack-notes.md).

The attacker owns one feed and all pages behind it; a victim publishes beside him. On 127.0.0.2
stands what he must not reach: only 127.0.0.1 is allowed, as a public address would be.
"""

from __future__ import annotations

import gzip
import json
import re
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import pytest
import yaml
from typer.testing import CliRunner

from monitor.bootstrap import keeping, upkeep
from monitor.bootstrap.compose import App
from monitor.bootstrap.operations import discover_site
from monitor.cli.main import app as program
from monitor.demo.server import DemoServer
from monitor.demo.world import Page
from monitor.domain.event import Event
from monitor.domain.ident import SourceId
from monitor.domain.subscription import DeliveryKind
from monitor.egress.gate import Gate
from monitor.fetch.client import Client
from monitor.settings import read_settings
from tests.fakeslack import FakeSlack
from tests.faultserver import FaultServer
from tests.integration.test_whole_way import LISTED, feeds_yaml, roster_pages

FEED = "application/rss+xml"
HTML = "text/html; charset=utf-8"
COUNTIES = (
    "Anderson", "Andrews", "Angelina", "Aransas", "Archer", "Armstrong", "Atascosa", "Austin",
    "Bailey", "Bandera", "Bastrop", "Baylor", "Bee", "Bell", "Bexar", "Blanco", "Borden", "Bosque",
    "Bowie", "Brazoria", "Brazos", "Brewster", "Briscoe", "Brooks", "Brown", "Burleson", "Burnet",
    "Caldwell", "Calhoun", "Callahan", "Cameron", "Camp", "Carson", "Cass", "Castro", "Chambers",
    "Cherokee", "Childress", "Clay", "Cochran",
)  # fmt: skip
VICTIM = "Upshur"


class SetClock:
    def __init__(self) -> None:
        self.at = datetime(2025, 4, 5, 15, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


class Trap:
    """An internal service: whoever asks it anything has been led inside."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        trap = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                trap.seen.append(self.path)
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"internal-secret")

            do_POST = do_HEAD = do_GET

            def log_message(self, format: str, *args: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.2", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.2:{self.server.server_address[1]}/internal"


@pytest.fixture
def trap() -> Iterator[Trap]:
    made = Trap()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def site() -> Iterator[DemoServer]:
    with DemoServer() as server:
        yield server


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    server = FakeSlack(channels={"C1": []}).start()
    yield server
    server.stop()


@pytest.fixture
def app(tmp_path: Path, site: DemoServer, slack: FakeSlack) -> Iterator[tuple[App, SetClock]]:
    blocks = "".join(
        f"  - {{id: {name}, kind: feed, name: {name}, tier: {tier}, states: [TX], "
        f"sees: [agreement_signed], document_kind: {kind}, politeness: {{min_delay_s: 0}}, "
        f"options: {{url: '{site.base}/{name}/feed.xml', follow: always}}}}\n"
        for name, tier, kind in (("attacker", "press", "news"), ("victim", "official", "release"))
    )
    (tmp_path / "feeds.yaml").write_text(
        "version: 1\nsources:\n"
        + blocks
        + "subscriptions:\n  - {id: all, channel: file, destination: all.jsonl}\n"
        "  - {id: desk, channel: slack, destination: C1}\n",
        encoding="utf-8",
    )
    clock = SetClock()
    made = App(
        read_settings(
            {
                "MONITOR_DATA_DIR": str(tmp_path / "var"),
                "MONITOR_FEEDS": str(tmp_path / "feeds.yaml"),
                "MONITOR_ALLOW_NETWORKS": "127.0.0.1/32",
                "MONITOR_SLACK_TOKEN": slack.token,
                "MONITOR_SLACK_API": slack.url,
                "MONITOR_WORKERS": "1",
            }
        ),
        clock,
    )
    upkeep.seed_subscriptions(made)
    show(site, made, clock, attacker=feed([]), victim=feed([]))
    run(made, clock)
    yield made, clock
    made.close()


def entry(slug: str, title: str, *, link: str = "", guid: str = "", more: str = "") -> str:
    return (
        f"<item><title>{escape(title)}</title><guid isPermaLink='false'>{escape(guid or slug)}"
        f"</guid><link>{escape(link or f'{{base}}/a/{slug}')}</link>{more}"
        f"<pubDate>{{date}}</pubDate><description>{escape(title)}</description></item>"
    )


def feed(entries: list[str], head: str = "") -> str:
    body = "".join(entries) or entry("old", "Weather for the weekend")
    return (
        f"<?xml version='1.0'?>{head}<rss version='2.0'><channel><title>News</title>"
        f"<link>{{base}}/</link>{body}</channel></rss>"
    )


def signing(county: str, extra: str = "") -> str:
    return (
        f"The {county} County Sheriff's Office signed a 287(g) Task Force Model agreement with "
        f"U.S. Immigration and Customs Enforcement on April 4, 2025. {extra}"
    )


def article(words: str, head: str = "") -> Page:
    body = (
        f"<html><head><title>News</title>{head}</head><body><article><h1>News</h1>"
        f"<p>{words}</p><p>{'The office serves the county. ' * 20}</p></article></body></html>"
    )
    return Page(body=body.encode(), media_type=HTML)


def show(
    site: DemoServer,
    app: App,
    clock: SetClock,
    *,
    attacker: str | bytes,
    victim: str = "",
    articles: dict[str, Page] | None = None,
) -> None:
    """Both feeds and the articles behind them as of now."""

    def filled(text: str | bytes) -> bytes:
        if isinstance(text, bytes):
            return text
        stated = clock.at.strftime("%a, %d %b %Y %H:%M:%S +0000")
        return text.replace("{base}", site.base).replace("{date}", stated).encode()

    pages = {"/a/old": article("It will rain."), **(articles or {})}
    pages["/attacker/feed.xml"] = Page(body=filled(attacker), media_type=FEED)
    if victim:
        pages["/victim/feed.xml"] = Page(body=filled(victim), media_type=FEED)
    site.show(pages)


def run(app: App, clock: SetClock) -> None:
    """One check of everybody, and delivery until all is said."""
    app.check(app.sources(), lambda _: None)
    for _ in range(6):
        app.deliver()
        clock.at += timedelta(seconds=2)


def victims(clock: SetClock) -> tuple[str, dict[str, Page]]:
    return (
        feed([entry("upshur", f"{VICTIM} County Sheriff signs 287(g) agreement with ICE")]),
        {"/a/upshur": article(signing(VICTIM))},
    )


def signed(app: App) -> list[Event]:
    return list(app.query.events(app.query.ask("type:signed")).items)


def lines(app: App) -> list[dict[str, object]]:
    path = app.settings.data_dir / "outgoing" / "all.jsonl"
    return [json.loads(x) for x in path.read_text().splitlines()] if path.exists() else []


def everything_stored(app: App) -> str:
    found = [repr(revision.item) for revision in app.store.items()]
    found += [snapshot.body.decode(errors="replace") for snapshot in app.store.snapshots()]
    return "".join(found)


def test_he_cannot_lead_the_monitor_inside(
    app: tuple[App, SetClock], site: DemoServer, trap: Trap
) -> None:
    """Links, redirects, alternates, canonical and refresh addresses, images: all ways he has."""
    monitor, clock = app
    clock.at += timedelta(hours=3)
    inside = [
        trap.url, "http://169.254.169.254/latest/meta-data/", "http://[::ffff:127.0.0.2]/",
        trap.url.replace("127.0.0.2", "2130706434"), trap.url.replace("127.0.0.2", "0x7f000002"),
        trap.url.replace("127.0.0.2", "127.2"), trap.url.replace("http://", "http://a@"),
        "file:///etc/passwd", "gopher://127.0.0.2/", "dict://127.0.0.2:11211/", "//127.0.0.2/",
        "http://metadata.google.internal/", "http://localhost:1/",
    ]  # fmt: skip
    head = "".join(
        f"<link rel='{rel}' href='{trap.url}'>"
        for rel in ("canonical", "amphtml", "alternate", "next")
    )
    head += f"<meta http-equiv='refresh' content='0;url={trap.url}'><base href='{trap.url}'>"
    head += f"<script src='{trap.url}'></script><link rel='stylesheet' href='{trap.url}'>"
    entries = [entry(f"in{n}", signing("Hale"), link=url) for n, url in enumerate(inside)]
    extra = (
        f"<enclosure url='{trap.url}' length='1' type='text/html'/><comments>{trap.url}</comments>"
    )
    entries.append(entry("page", signing("Hale"), more=extra))
    victim, articles = victims(clock)
    words = signing("Hale", f"<iframe src='{trap.url}'></iframe><img src='{trap.url}'>")
    articles["/a/page"] = article(words, head)
    show(site, monitor, clock, attacker=feed(entries), victim=victim, articles=articles)
    run(monitor, clock)
    clock.at += timedelta(hours=3)
    run(monitor, clock)
    assert trap.seen == []
    stored = everything_stored(monitor)
    assert "internal-secret" not in stored
    assert "root:x:" not in stored
    assert any(e.agency and VICTIM in e.agency for e in signed(monitor))


def test_he_cannot_read_a_file_by_xml(app: tuple[App, SetClock], site: DemoServer) -> None:
    monitor, clock = app
    clock.at += timedelta(hours=3)
    head = "<!DOCTYPE rss [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
    show(site, monitor, clock, attacker=feed([entry("x", "&x;")], head).replace("&amp;x;", "&x;"))
    run(monitor, clock)
    state = monitor.store.source_states()["attacker"]
    assert state.failures == 1
    assert "root:x:" not in everything_stored(monitor)


@pytest.mark.parametrize("weapon", ["bomb", "deep", "binary", "endless_title"])
def test_he_cannot_make_the_others_lose_an_event(
    app: tuple[App, SetClock], site: DemoServer, weapon: str
) -> None:
    monitor, clock = app
    clock.at += timedelta(hours=3)
    weapons: dict[str, str | bytes] = {
        "bomb": gzip.compress(b"<rss><channel>" + b"<item/>" * 4_000_000),
        "deep": "<?xml version='1.0'?>" + "<a>" * 200_000,
        "binary": bytes(range(256)) * 4000,
        "endless_title": feed([entry("t", "A" * 3_000_000)]),
    }
    victim, articles = victims(clock)
    show(site, monitor, clock, attacker=weapons[weapon], victim=victim, articles=articles)
    run(monitor, clock)
    (event,) = [e for e in signed(monitor) if e.agency and VICTIM in e.agency]
    assert not event.silent
    assert sum(VICTIM in json.dumps(line) for line in lines(monitor)) == 1


def test_he_cannot_have_it_said_twice(app: tuple[App, SetClock], site: DemoServer) -> None:
    """One signing under new ids, addresses, titles and words, again and again."""
    monitor, clock = app
    for turn in range(4):
        clock.at += timedelta(hours=3)
        slug = f"again-{turn}"
        title = f"{'Breaking: ' * turn}Hale County sheriff signs 287(g) agreement"
        item = entry(slug, title, guid=f"g{turn}", link=f"{{base}}/a/{slug}?utm_source=x{turn}")
        words = signing("Hale", f"Update {turn}: nothing else is known.")
        show(site, monitor, clock, attacker=feed([item]), articles={f"/a/{slug}": article(words)})
        run(monitor, clock)
    alerts = [d for d in monitor.store.deliveries() if d.kind is DeliveryKind.ALERT]
    by_subscription = sorted(d.subscription_id for d in alerts)
    assert by_subscription == ["all", "desk"], [e.title for e in signed(monitor)]


def test_he_cannot_call_everybody_or_show_a_script(
    app: tuple[App, SetClock], site: DemoServer, slack: FakeSlack
) -> None:
    monitor, clock = app
    clock.at += timedelta(hours=3)
    evil = "<!channel> <!everyone> <@U1> @here <script>alert(1)</script> <https://evil.example|ICE>"
    item = entry("evil", f"Hale County sheriff signs 287(g) agreement {evil}")
    words = escape(signing("Hale", evil))
    show(site, monitor, clock, attacker=feed([item]), articles={"/a/evil": article(words)})
    run(monitor, clock)
    (event,) = [e for e in signed(monitor) if e.agency and "Hale" in e.agency]
    assert event.source_id == "attacker"
    shown = slack.visible("C1")
    assert "Hale County" in json.dumps(shown)
    parsed = list(_parsed_by_slack(shown))
    assert parsed
    for alive in ("<!channel>", "<!everyone>", "<@U1>", "<https://evil.example", "<script"):
        assert [text for text in parsed if alive in text] == []


def _parsed_by_slack(value: object) -> Iterator[str]:
    """Texts in which Slack reads mentions and links: mrkdwn objects and the fallback text."""
    match value:
        case {"type": "mrkdwn", "text": str(text)}:
            yield text
        case dict():
            if value.get("type", "message") == "message" and isinstance(value.get("text"), str):
                yield str(value["text"])
            for part in value.values():
                yield from _parsed_by_slack(part)
        case list() | tuple():
            for part in value:
                yield from _parsed_by_slack(part)


def test_a_flood_is_a_few_messages_and_a_digest(
    app: tuple[App, SetClock], site: DemoServer, slack: FakeSlack
) -> None:
    """Forty invented signings in a morning: bursts, the day's budget, then the digest; a true
    one of another publisher in the middle of it is not drowned."""
    monitor, clock = app
    sent = 0
    for turn in range(20):
        clock.at += timedelta(minutes=10)
        some = COUNTIES[turn * 2 : turn * 2 + 2]
        entries = [entry(c, f"{c} County sheriff signs 287(g) agreement") for c in some]
        articles = {f"/a/{c}": article(signing(c)) for c in some}
        victim = ""
        if turn == 19:
            victim, more = victims(clock)
            articles |= more
        show(site, monitor, clock, attacker=feed(entries), victim=victim, articles=articles)
        run(monitor, clock)
    posts = [d for d in monitor.store.deliveries() if d.subscription_id == "desk"]
    sent = len([d for d in posts if d.kind in (DeliveryKind.ALERT, DeliveryKind.BURST)])
    true = next(e for e in signed(monitor) if e.source_id == "victim")
    at_once = {i for d in posts for i in d.event_ids}
    assert true.id in at_once, "invented ones used up the room of the true one"
    assert len(signed(monitor)) >= 35
    assert sent <= 20, "more than a day's budget"
    clock.at += timedelta(days=1)
    monitor.digests()
    run(monitor, clock)
    told = {i for d in monitor.store.deliveries() for i in d.event_ids}
    assert {e.id for e in signed(monitor) if not e.silent} <= told, "an event was lost"


def test_he_cannot_hush_a_signing_by_telling_it_back_dated(
    app: tuple[App, SetClock], site: DemoServer
) -> None:
    """His page of "two months ago" tells of it silently; the office's release must still page."""
    monitor, clock = app
    for back in ("Mon, 20 Jan 2025 10:00:00 +0000", "Tue, 04 Mar 2025 10:00:00 +0000"):
        clock.at += timedelta(hours=3)
        slug = f"back-{back[5:7]}"
        early = entry(slug, f"{VICTIM} County Sheriff signs 287(g) agreement with ICE")
        shown = feed([early.replace("{date}", back)])
        show(
            site, monitor, clock, attacker=shown, articles={f"/a/{slug}": article(signing(VICTIM))}
        )
        run(monitor, clock)
    clock.at += timedelta(hours=3)
    victim, articles = victims(clock)
    show(site, monitor, clock, attacker=feed([]), victim=victim, articles=articles)
    run(monitor, clock)
    told = [line for line in lines(monitor) if VICTIM in json.dumps(line)]
    assert told, "nobody was told"
    alerts = [d for d in monitor.store.deliveries() if d.kind is DeliveryKind.ALERT]
    assert sorted(d.subscription_id for d in alerts) == ["all", "desk"]


@pytest.mark.parametrize("way", ["link", pytest.param("guid", marks=pytest.mark.long), "canonical"])
def test_he_cannot_take_the_place_of_another_ones_page(
    app: tuple[App, SetClock], site: DemoServer, way: str
) -> None:
    """His entry stands first under the victim's address, id, or canonical link, saying nothing."""
    monitor, clock = app
    clock.at += timedelta(hours=3)
    theirs = f"{site.base}/a/upshur"
    head = f"<link rel='canonical' href='{theirs}'>" if way == "canonical" else ""
    mine = entry(
        "mine",
        "Weather for the weekend",
        link=theirs if way == "link" else "",
        guid=theirs if way == "guid" else "",
    )
    quiet = article("It will rain over all of Texas, says the 287(g) weather office.", head)
    articles = {"/a/mine": quiet, "/a/upshur": quiet}
    show(site, monitor, clock, attacker=feed([mine]), articles=articles)
    run(monitor, clock)
    clock.at += timedelta(hours=3)
    victim, true = victims(clock)
    show(site, monitor, clock, attacker=feed([mine]), victim=victim, articles=articles | true)
    run(monitor, clock)
    (event,) = [e for e in signed(monitor) if e.agency and VICTIM in e.agency]
    assert "victim" in {evidence.source_id for evidence in event.evidence}
    assert sum(VICTIM in json.dumps(line) for line in lines(monitor)) == 1


ALIKE = ("Up\u0455hur", "Upshur\u200b", "U\u0440shur", "UPSHUR", "Upshur\u0301")


def test_a_name_that_only_looks_alike_changes_nothing_of_the_others_event(
    app: tuple[App, SetClock], site: DemoServer
) -> None:
    """He tells of the same with another day and model, under letters that look the same."""
    monitor, clock = app
    clock.at += timedelta(hours=3)
    victim, articles = victims(clock)
    show(site, monitor, clock, attacker=feed([]), victim=victim, articles=articles)
    run(monitor, clock)
    (before,) = [e for e in signed(monitor) if e.agency and VICTIM in e.agency]
    entries, pages = [], {}
    for number, name in enumerate(ALIKE):
        lie = signing(name).replace("Task Force Model", "Jail Enforcement Model")
        pages[f"/a/alike{number}"] = article(lie.replace("April 4, 2025", "April 1, 2025"))
        title = f"{name} County sheriff signs 287(g) agreement with ICE"
        entries.append(entry(f"alike{number}", title))
    clock.at += timedelta(hours=3)
    show(site, monitor, clock, attacker=feed(entries), articles=pages)
    run(monitor, clock)
    after = next(e for e in signed(monitor) if e.id == before.id)
    for fact in ("occurred", "model", "agency", "status", "tier", "quote", "url", "title"):
        assert getattr(after, fact) == getattr(before, fact), fact


def test_dates_of_the_future_hide_nothing_and_hold_no_place(
    app: tuple[App, SetClock], site: DemoServer
) -> None:
    """He dates his entries 2099: digests go by the log's own time, and the true one is in them."""
    monitor, clock = app
    clock.at += timedelta(hours=3)
    late = "Fri, 04 Apr 2099 10:00:00 +0000"
    entries = [
        entry(c, f"{c} County sheriff signs 287(g) agreement").replace("{date}", late)
        for c in COUNTIES[:5]
    ]
    pages = {
        f"/a/{c}": article(signing(c).replace("April 4, 2025", "April 4, 2099"))
        for c in COUNTIES[:5]
    }
    show(site, monitor, clock, attacker=feed(entries), articles=pages)
    run(monitor, clock)
    clock.at += timedelta(hours=3)
    victim, articles = victims(clock)
    show(site, monitor, clock, attacker=feed([]), victim=victim, articles=articles)
    run(monitor, clock)
    (true,) = [e for e in signed(monitor) if e.agency and VICTIM in e.agency]
    assert not true.silent
    assert sum(VICTIM in json.dumps(line) for line in lines(monitor)) == 1
    newest = monitor.query.events(monitor.query.ask("")).items[0]
    assert newest.id == true.id, [(e.title, e.occurred, e.published) for e in signed(monitor)]
    assert all(e.occurred is None or e.occurred.day.year < 2090 for e in signed(monitor))


def test_endless_edits_are_a_few_messages(
    app: tuple[App, SetClock], site: DemoServer, slack: FakeSlack
) -> None:
    """He opens an event and then changes its day back and forth, ten times in a day."""
    monitor, clock = app
    title = "Hale County sheriff signs 287(g) agreement with ICE"
    for turn in range(10):
        clock.at += timedelta(hours=2)
        words = signing("Hale").replace("April 4, 2025", f"April {turn % 2 + 3}, 2025")
        item = entry("edited", f"{title}{' now' * (turn % 2)}")
        show(site, monitor, clock, attacker=feed([item]), articles={"/a/edited": article(words)})
        run(monitor, clock)
    sent = [d for d in monitor.store.deliveries() if d.subscription_id == "desk"]
    assert sum(d.kind is DeliveryKind.ALERT for d in sent) == 1
    assert len(sent) <= 6, [(d.kind.value, d.created_at) for d in sent]


def test_a_sentence_behind_a_mountain_of_text_is_told_as_cut(
    app: tuple[App, SetClock], site: DemoServer
) -> None:
    """A page so long that its end is not read says so: a signing there is not passed over."""
    monitor, clock = app
    clock.at += timedelta(hours=3)
    mountain = "The office serves the county. " * 40_000
    page = Page(
        body=f"<html><body><article><h1>287(g) news</h1><p>{mountain}</p><p>{signing('Hale')}</p>"
        "</article></body></html>".encode(),
        media_type=HTML,
    )
    item = entry("long", "287(g) news of the county")
    show(site, monitor, clock, attacker=feed([item]), articles={"/a/long": page})
    run(monitor, clock)
    found = any(e.agency and "Hale" in e.agency for e in signed(monitor))
    told = [e.message for e in monitor.store.health(SourceId("attacker")) if "cut:" in e.message]
    assert found or len(told) == 1


IDS = ["../../../etc/passwd", "/etc/shadow", "a\x00b", "%2e%2e%2f", "C:\\con", "-rf", "x" * 9000]


def test_ids_are_never_paths(app: tuple[App, SetClock], site: DemoServer, tmp_path: Path) -> None:
    monitor, clock = app
    clock.at += timedelta(hours=3)
    entries = [
        entry(f"id{n}", f"{COUNTIES[n]} County sheriff signs 287(g) agreement", guid=guid)
        for n, guid in enumerate(IDS)
        if "\x00" not in guid
    ]
    pages = {f"/a/id{n}": article(signing(COUNTIES[n])) for n in range(len(IDS))}
    show(site, monitor, clock, attacker=feed(entries), articles=pages)
    run(monitor, clock)
    event = next(e for e in signed(monitor) if e.source_id == "attacker")
    keeping.evidence(monitor, event.id, tmp_path / "bundle.zip")
    with zipfile.ZipFile(tmp_path / "bundle.zip") as packed:
        assert all(SAFE_NAME.fullmatch(name) for name in packed.namelist()), packed.namelist()
    made = [p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()]
    assert all(SAFE_NAME.fullmatch(name) for name in made), made
    assert {p.name for p in tmp_path.iterdir()} <= {"var", "feeds.yaml", "bundle.zip"}


SAFE_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)*")
ESCAPES = "\x1b]0;owned\x07\x1b[2J\x9b31m\x1b[8m\u202e\x08\x08"


def test_terminals_get_no_escape_sequences(
    app: tuple[App, SetClock], site: DemoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In titles, addresses, ids, and in the words of his server; tables, JSON and CSV."""
    monitor, clock = app
    clock.at += timedelta(hours=3)
    evil = f"Hale County sheriff signs 287(g) agreement {ESCAPES}"
    item = entry("esc", "TITLE", guid="GUID", link="{base}/a/esc?x=LINK")
    xml = feed([item]).replace("TITLE", _xml_safe(evil)).replace("GUID", "g\u009b31m")
    html = article(signing("Hale", escape(ESCAPES)))
    show(site, monitor, clock, attacker=xml.replace("LINK", "\u009b31m"), articles={"/a/esc": html})
    run(monitor, clock)
    clock.at += timedelta(hours=3)
    show(site, monitor, clock, attacker=f"<html>{ESCAPES}".encode())
    said: list[str] = []
    monitor.check(monitor.sources(), lambda done: said.extend(done.problems))
    event = next(e for e in signed(monitor) if e.source_id == "attacker")
    for name in ("MONITOR_DATA_DIR", "MONITOR_FEEDS"):
        monkeypatch.setenv(name, str(monitor.settings.values[name]))
    for verb in (["events"], ["show", event.id], ["sources"], ["stats"], ["search", "Hale"]):
        for form in ("table", "json", "ndjson", "csv"):
            done = CliRunner().invoke(program, [*verb, "--format", form])
            said.append(done.output)
    assert any("Hale" in text for text in said)
    for text in said:
        assert not (set(text) - set("\n\r\t")) & CONTROLS, repr(text)[:400]


CONTROLS = {chr(n) for n in (*range(0x20), *range(0x7F, 0xA0))} | {"\u202e"}


def _xml_safe(text: str) -> str:
    """What XML lets through: C1 controls and bidi marks, escapes as references are refused."""
    return "".join(c for c in escape(text) if c >= " ")


INSIDE = (
    "http://127.0.0.2:{port}/internal",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::ffff:127.0.0.2]:{port}/internal",
    "http://[64:ff9b::7f00:2]:{port}/internal",
    "http://0.0.0.0:{port}/internal",
    "http://2130706434:{port}/internal",
    "http://0177.0.0.2:{port}/internal",
    "http://127.0.0.2.:{port}/internal",
    "file:///etc/passwd",
)


def test_cells_lists_and_redirects_lead_nowhere_inside(tmp_path: Path, trap: Trap) -> None:
    """Links in a workbook's cells, on a page of releases, and behind redirects of every status."""
    port = trap.server.server_address[1]
    inside = [url.format(port=port) for url in INSIDE]
    with DemoServer() as site, FaultServer() as hops:
        at = datetime(2025, 4, 1, 12, 0, tzinfo=UTC)
        rows = [replace(row, moa=url) for row, url in zip(LISTED * 5, inside, strict=False)]
        bounced = [
            hops.url(f"/redirect?code={code}&to={quote(url, safe='')}")
            for url in inside
            for code in (301, 303, 308)
        ]
        links = "".join(
            f"<div class='row'><a href='{escape(url)}'>287(g) release {n}</a></div>"
            for n, url in enumerate((*inside, *bounced))
        )
        releases = Page(body=f"<html><body>{links}</body></html>".encode(), media_type=HTML)
        site.show({**roster_pages(rows, at, site.base), "/news": releases})
        own = (
            "  - {id: news, kind: listing, name: News, tier: press, sees: [agreement_signed], "
            f"politeness: {{min_delay_s: 0, respect_robots: false}}, options: {{url: "
            f"'{site.base}/news', rows: .row}}}}\n"
        )
        made = feeds_yaml(site.base).replace("subscriptions:", own + "subscriptions:")
        (tmp_path / "feeds.yaml").write_text(made, encoding="utf-8")
        names = {"MONITOR_DATA_DIR": str(tmp_path / "var"), "MONITOR_WORKERS": "1"}
        names |= {"MONITOR_FEEDS": str(tmp_path / "feeds.yaml")}
        monitor = App(
            read_settings({**names, "MONITOR_ALLOW_NETWORKS": "127.0.0.1/32"}), SetClock()
        )
        for _ in range(2):
            monitor.check(monitor.sources(), lambda _: None)
        assert hops.count("/redirect") > 20, "the lure was not taken: this proves nothing"
        assert trap.seen == []
        assert "internal-secret" not in everything_stored(monitor)
        assert "root:x:" not in everything_stored(monitor)
        refused = [e for e in monitor.store.health(limit=1000) if "gate" in e.message]
        assert refused, "what is refused is a health entry"
        monitor.close()


def test_a_site_puts_no_block_of_its_own_into_what_is_pasted() -> None:
    """`monitor sources discover` prints blocks for feeds.yaml; titles must not become some."""
    evil = "News&#10;  - id: evil&#10;    kind: feed&#133;  - {id: worse}&#8232;  - {id: worst}"
    row = "<div class='row'><a href='/r{}'>Release {} of the sheriff's office</a></div>"
    body = (
        f"<html><head><title>{evil}</title><link rel='alternate' type='application/rss+xml' "
        f"title='{evil}' href='/feed.xml'></head><body><main>"
        + "".join(row.format(n, n) for n in range(12))
        + f"<table><caption>{evil}</caption><tr><th>STATE<th>AGENCY</tr><tr><td>TX<td>A</table>"
    )
    with DemoServer() as site:
        xml = feed([]).replace("<title>News</title>", f"<title>{evil}</title>")
        site.show(
            {
                "/": Page(body=body.encode(), media_type=HTML),
                "/feed.xml": Page(body=xml.encode(), media_type=FEED),
            }
        )
        gate = Gate(monotonic=time.monotonic, allowed_networks=[ip_network("127.0.0.0/8")])
        client = Client(
            gate=gate, clock=SetClock(), monotonic=time.monotonic, user_agent="policy-monitor/0"
        )
        text, _ = discover_site(SimpleNamespace(fetcher=client), f"{site.base}/")  # type: ignore[arg-type]
        client.close()
    found = yaml.safe_load(f"sources:\n{text}")["sources"]
    assert found, "nothing was offered: this proves nothing"
    assert {"evil", "worse", "worst"}.isdisjoint({block["id"] for block in found})
    assert len(found) == text.count("\n# ") + 1
