"""Discovery on a real server: feeds that answer, workbooks, tables, agendas, refusals."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network

import pytest

from monitor.catalogue.load import parse_catalogue
from monitor.domain.errors import ExtractError
from monitor.domain.source import Politeness
from monitor.egress.gate import Gate
from monitor.fetch.client import Client
from monitor.registry import SOURCE_KINDS
from monitor.services.discover import Discovery, as_json, discover, sitemap_addresses

FEED = b"""<rss version="2.0"><channel><title>County news</title>
<item><title>One</title><guid>1</guid></item><item><title>Two</title><guid>2</guid></item>
</channel></rss>"""
HOME = b"""<html><head><title>Harlow County</title>
<link rel="alternate" type="application/rss+xml" href="/news.rss">
<link rel="alternate" type="application/rss+xml" href="/dead.rss">
<link rel="alternate" type="application/rss+xml" href="http://elsewhere.example.org/feed"></head>
<body><a href="https://harlowtx.legistar.com/Calendar.aspx">Agendas</a>
<a href="/files/list%20of%20agreements.xlsx">List</a>
<a href="https://harlow.granicus.com/ViewPublisher.php?view_id=3">Video</a>
<table><tr><th>Name</th></tr><tr><td>a</td></tr><tr><td>b</td></tr><tr><td>c</td></tr>
<tr><td>d</td></tr></table></body></html>"""
PAGES = {
    "/": ("text/html; charset=utf-8", HOME),
    "/news.rss": ("application/rss+xml", FEED),
    "/feed/": ("text/html", b"<html><body><p>Not a feed</p></body></html>"),
    "/robots.txt": ("text/plain", b"User-agent: *\nSitemap: https://harlow.example.gov/map.xml\n"),
    "/data.bin": ("application/octet-stream", b"\x00\x01\x02" * 50),
}
GENTLE = Politeness(min_delay_s=0.0, concurrency=4, timeout_s=5.0)


class Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        kind, body = PAGES.get(self.path, ("text/plain", b"gone"))
        self.send_response(200 if self.path in PAGES else 404)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


class WallClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def look(url: str) -> Discovery:
    client = Client(
        gate=Gate(monotonic=time.monotonic, allowed_networks=[ip_network("127.0.0.0/8")]),
        clock=WallClock(),
        monotonic=time.monotonic,
        user_agent="policy-monitor/0 (test@example.org)",
    )
    try:
        return discover(url, client, GENTLE)
    finally:
        client.close()


def test_a_site_is_searched(base: str) -> None:
    got = look(f"{base}/")
    by_what = {offer.what: offer for offer in got.offers}
    assert set(by_what) == {"feed", "workbooks", "table", "legistar", "granicus", "sitemap"}
    assert by_what["feed"].url == f"{base}/news.rss" and by_what["feed"].entries == 2
    assert by_what["legistar"].url == "https://webapi.legistar.com/v1/harlowtx/events"
    assert by_what["sitemap"].url == "https://harlow.example.gov/map.xml"
    assert got.problems == ()
    assert json.loads(as_json(got))["offers"][0]["what"] == "feed"


def test_every_block_can_be_pasted_into_feeds_yaml(base: str) -> None:
    blocks = [offer.block for offer in look(f"{base}/").offers if offer.block]
    assert len(blocks) == 5
    for block in blocks:
        got = parse_catalogue(f"sources:\n{block}", kinds=SOURCE_KINDS, today=date(2025, 6, 5))
        assert len(got.sources) == 1


def test_a_feed_address_is_its_own_offer(base: str) -> None:
    (offer,) = look(f"{base}/news.rss").offers
    assert offer.what == "feed" and "2 entries" in offer.evidence


@pytest.mark.parametrize("path", ["/missing", "/data.bin"])
def test_what_cannot_be_watched_is_said(base: str, path: str) -> None:
    got = look(base + path)
    assert got.offers == () and got.problems


def test_sitemaps_are_read_and_entities_refused() -> None:
    body = b"<urlset><url><loc> https://a.gov/1 </loc></url><url><loc>ftp://a</loc></url></urlset>"
    assert sitemap_addresses(body) == ("https://a.gov/1",)
    with pytest.raises(ExtractError, match="DOCTYPE"):
        sitemap_addresses(b"<!DOCTYPE x [<!ENTITY a 'b'>]>" + body)
