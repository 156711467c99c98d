"""The pure rules of fetching: queues, backoff, charset, block pages, robots, Retry-After."""

from __future__ import annotations

import html
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.domain.ident import SourceId
from monitor.domain.snapshot import Expectation, FetchFailed, Rejected, Request, Snapshot
from monitor.domain.source import Politeness
from monitor.egress.exchange import Broken, Received
from monitor.fetch import blocks, charset
from monitor.fetch.backoff import next_retry
from monitor.fetch.outcome import Circumstances, judge, retry_after, silence
from monitor.fetch.politeness import HostQueues
from monitor.fetch.redirect import moved_to
from monitor.fetch.robots import RobotsFiles, robots_file
from monitor.ports import FetchJob

NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)


def received(status: int = 200, body: bytes = b"", **headers: str) -> Received:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Received(
        status=status, headers=named, body=body, remote_address="192.0.2.1", elapsed_ms=1
    )


# -- queues ---------------------------------------------------------------------------------------


def test_the_strictest_limit_of_a_host_holds_and_hosts_go_side_by_side() -> None:
    queues: HostQueues[str] = HostQueues()
    queues.limit("a", "one", 2.0, 4)
    queues.limit("a", "two", 5.0, 1)
    queues.limit("b", "three", 0.0, 2)
    for item in ("a1", "a2"):
        queues.push("a", item, 0.0)
    for item in ("b1", "b2", "b3"):
        queues.push("b", item, 0.0)
    started = [queues.pop(0.0) for _ in range(4)]
    assert started == [("a", "a1"), ("b", "b1"), ("b", "b2"), None]
    queues.done("a", 1.0)
    assert queues.pop(5.9) is None
    assert queues.next_at(5.9) == 6.0
    assert queues.pop(6.0) == ("a", "a2")
    queues.done("b", 6.0)
    assert queues.pop(6.0) == ("b", "b3")


def test_many_sources_of_a_host_share_the_strictest_of_their_limits() -> None:
    queues: HostQueues[int] = HostQueues()
    for number in range(50):
        queues.limit("a", f"source {number}", 1.0 + number % 7, 2 + number % 3)
    queues.push("a", 1, 0.0)
    queues.push("a", 2, 0.0)
    assert queues.pop(0.0) == ("a", 1)
    assert queues.pop(6.9) is None
    assert queues.pop(7.0) == ("a", 2)
    queues.push("a", 3, 7.0)
    assert queues.pop(99.0) is None  # two at once


def test_a_limit_that_was_lowered_is_lowered() -> None:
    queues: HostQueues[int] = HostQueues()
    queues.limit("a", "one", 60.0, 1)
    queues.limit("a", "one", 1.0, 1)
    queues.push("a", 1, 0.0)
    queues.push("a", 2, 0.0)
    assert queues.pop(0.0) == ("a", 1)
    queues.done("a", 0.5)
    assert queues.pop(1.5) == ("a", 2)


def test_silence_holds_for_what_was_listed_already_and_drain_empties() -> None:
    queues: HostQueues[int] = HostQueues()
    queues.push("a", 1, 0.0)
    queues.push("a", 2, 0.0)
    queues.silence("a", 100.0)
    assert queues.pop(50.0) is None
    assert queues.silence_left_s("a", 40.0) == 60.0
    assert queues.drain("a") == (1, 2)
    assert queues.pop(200.0) is None
    queues.push("a", 3, 200.0, first=True)
    assert queues.pop(200.0) == ("a", 3)


# -- backoff --------------------------------------------------------------------------------------


def test_f2_backoff_grows_to_a_day_and_no_further() -> None:
    source = SourceId("county")
    pauses = [next_retry(source, n, NOW) - NOW for n in range(1, 60)]
    assert timedelta(minutes=3, seconds=45) <= pauses[0] <= timedelta(minutes=5)
    assert all(pause <= timedelta(hours=24) for pause in pauses)
    assert all(pause >= timedelta(hours=18) for pause in pauses[12:])
    assert next_retry(source, 3, NOW) == next_retry(source, 3, NOW)
    spread = {next_retry(SourceId(f"s{n}"), 3, NOW) for n in range(50)}
    assert len(spread) > 45


def test_retry_after_is_never_undercut_and_is_capped() -> None:
    source = SourceId("county")
    assert next_retry(source, 1, NOW, timedelta(hours=3)) == NOW + timedelta(hours=3)
    assert next_retry(source, 1, NOW, timedelta(days=300)) <= NOW + timedelta(hours=24)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("99999999999999999999", 86_400),
        ("Sat, 01 Aug 2026 12:10:00 GMT", 600),
        ("Sat, 01 Aug 2026 12:10:00", 600),
        ("Fri, 31 Jul 2026 12:10:00 GMT", 0),
        ("Sat, 01 Jan 9999 12:10:00 GMT", 86_400),
        ("soon", None),
        ("-5", None),
        ("", None),
        ("Sat, 99 Aug 2026 99:99:99 GMT", None),
        ("1" * 60_000, 86_400),
    ],
)
def test_retry_after_in_seconds_and_dates(value: str, seconds: int | None) -> None:
    wanted = None if seconds is None else timedelta(seconds=seconds)
    assert retry_after(received(429, retry_after=value), NOW) == wanted
    assert silence(received(200, retry_after=value), NOW) is None
    assert silence(received(429), NOW) == timedelta(seconds=60)


# -- charset --------------------------------------------------------------------------------------

SPANISH = "Doña Ana firmó el acuerdo"


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (SPANISH.encode(), "text/html; charset=utf-8", ("utf-8", "header")),
        (SPANISH.encode(), "text/html; charset=ISO-8859-1", ("utf-8", "header")),
        (SPANISH.encode("cp1252"), "text/html; charset=ISO-8859-1", ("cp1252", "header")),
        (SPANISH.encode("cp1252"), "text/html; charset=utf-8", ("cp1252", "guess")),
        (b"\xef\xbb\xbf" + SPANISH.encode(), "text/html; charset=latin1", ("utf-8", "bom")),
        (b"\xff\xfe" + SPANISH.encode("utf-16-le"), "text/plain", ("utf-16-le", "bom")),
        (b'<meta charset="utf-8">' + SPANISH.encode(), "text/html", ("utf-8", "meta")),
        (
            b'<?xml version="1.0" encoding="windows-1252"?>' + SPANISH.encode("cp1252"),
            "application/rss+xml",
            ("cp1252", "meta"),
        ),
        (SPANISH.encode(), "text/html", ("utf-8", "guess")),
        (b"plain", "text/html; charset=utf-7", ("utf-8", "guess")),
        (b"plain", "text/html; charset=unicode_escape", ("utf-8", "guess")),
        (b"plain", "text/html; charset=no-such", ("utf-8", "guess")),
        ("協定".encode("shift_jis"), "text/html; charset=Shift_JIS", ("shift_jis", "header")),
        (b"%PDF-1.7 \xff\x00", "application/pdf", (None, "")),
        (b"PK\x03\x04\x00", "text/html", (None, "")),
        (b"\x00\x01\x02", "application/octet-stream", (None, "")),
    ],
)
def test_charset_and_its_origin(
    body: bytes, content_type: str, expected: tuple[str | None, str]
) -> None:
    assert charset.decide(body, content_type) == expected


def test_an_undeclared_windows_1252_page_reads_right() -> None:
    body = "“Cooperación” — señal".encode("cp1252")
    name, _ = charset.decide(body, "text/html")
    assert charset.decoded(body, name) == "“Cooperación” — señal"


# -- block pages ----------------------------------------------------------------------------------

ARTICLE = (
    b"<!doctype html><html><head><title>%s</title></head><body><h1>%s</h1><p>"
    + b"The board of commissioners voted to sign the agreement with the federal agency. " * 30
    + b"</p>%s</body></html>"
)


@pytest.mark.parametrize(
    ("title", "extra"),
    [
        (b"ICE access denied: detainees wait for counsel - The Paper", b""),
        (b"404 people were detained in May | Paper", b""),
        (b"Page not found: how agencies hide their agreements", b""),
        (b"Sheriff's jail maintenance contract ends", b"undergoing maintenance"),
        (b"Security check at the county jail", b"complete the security check"),
        (b"News", b"<script src='/_Incapsula_Resource?SWJIYLWA=1'></script>"),
        (b"News", b"<script src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'></script>"),
        (b"Contact", b"<div class='g-recaptcha'></div>"),
        (b"News", b"<div>We use cookies <button>Accept all</button><button>Reject all</button>"),
        (b"News", b"<script>window.bmak={}</script>"),
        (b"How Cloudflare blocked the tracker", b"Just a moment later"),
    ],
)
def test_ordinary_pages_pass(title: bytes, extra: bytes) -> None:
    page = ARTICLE % (title, title, extra)
    assert (
        blocks.recognised(
            status=200,
            headers={"server": "cloudflare", "x-datadome": "protected"},
            body=page,
            final_url="https://paper.example/story",
            media_type="text/html",
        )
        is None
    )


def test_a_short_release_with_a_newsletter_form_passes() -> None:
    text = b"The sheriff signed a memorandum of agreement on Tuesday, the office said. " * 6
    widget = b"<div class='g-recaptcha'></div><p>We use cookies. Accept all Reject all</p>"
    page = b"<html><title>Sheriff signs agreement</title><body>" + text + widget + b"</body></html>"
    assert (
        blocks.recognised(
            status=200, headers={}, body=page, final_url="https://a.gov/", media_type="text/html"
        )
        is None
    )


NEGATIVES = Path(__file__).parents[3] / "shared" / "data" / "negatives" / "press_releases.jsonl"


@pytest.mark.skipif(not NEGATIVES.exists(), reason="needs ../shared/data, which is not here")
def test_of_a_thousand_real_releases_only_the_interruptions_are_blocked() -> None:
    """Some of the collected releases are interruption pages that a collector took for content."""
    blocked = []
    for line in NEGATIVES.read_text(encoding="utf-8").splitlines():
        release = json.loads(line)
        title = html.escape(release.get("title") or "")
        page = f"<html><title>{title} | Office</title><p>{html.escape(release['text'])}</p></html>"
        block = blocks.recognised(
            status=200,
            headers={},
            body=page.encode(),
            final_url="https://a.gov/",
            media_type="text/html",
        )
        if block is not None:
            blocked.append(title)
    assert set(blocked) == {"Pardon Our Interruption"}


def test_headers_hosts_and_statuses() -> None:
    def family(status: int = 200, url: str = "https://a.gov/", **headers: str) -> str | None:
        block = blocks.recognised(
            status=status,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
            body=b"<html><title>404 Not Found</title></html>" if status == 404 else b"",
            final_url=url,
            media_type="text/html",
        )
        return block and block.family

    assert family(403, cf_mitigated="challenge") == "cloudflare"
    assert family(202, x_amzn_waf_action="challenge") == "aws_waf"
    assert family(url="https://unblock.federalregister.gov/") == "unblock"
    assert family(url="https://consent.news.example/x") == "consent"
    assert family(404) is None, "a 404 that says so is an ordinary failure"
    assert family(url="https://unblocked.example/") is None


@pytest.mark.parametrize("media", ["application/pdf", "application/json", "application/rss+xml"])
def test_what_is_no_page_is_not_judged_by_words(media: str) -> None:
    body = b'{"title": "Access Denied", "x": "errors.edgesuite.net reference #"}'
    assert (
        blocks.recognised(
            status=200, headers={}, body=body, final_url="https://a.gov/", media_type=media
        )
        is None
    )


@pytest.mark.parametrize(
    "piece",
    [b"<title", b"<script", b"<!-- --><", b"<h1>", b"<", b" ", b"<!--", b"<title>a", b"\xff"],
)
@pytest.mark.timeout(60)
def test_hostile_pages_cost_linear_time(piece: bytes) -> None:
    """A quadratic pattern would take minutes on these, a linear one milliseconds."""
    page = b"g-recaptcha " + piece * (400_000 // len(piece))
    for media in ("text/html", ""):
        for body in (page, page[12:], page[12:100_000]):
            blocks.recognised(
                status=200, headers={}, body=body, final_url="https://a/", media_type=media
            )
            charset.decide(body[:5_000], "text/html; charset=" + " " * 50_000)


# -- robots ---------------------------------------------------------------------------------------


def test_robots_longest_match_wildcards_and_delay() -> None:
    text = (
        b"User-agent: policy-monitor\nDisallow: /a\nAllow: /a/news\nDisallow: /*.xlsx$\n"
        b"Crawl-delay: 500\n\nUser-agent: *\nDisallow: /\n"
    )
    file = robots_file(received(200, text), NOW, None)
    allowed = {
        path: file.allows(f"https://x.gov{path}", "policy-monitor")
        for path in ("/", "/a", "/a/news/1", "/b.xlsx", "/b.xlsx?x=1")
    }
    assert allowed == {
        "/": True, "/a": False, "/a/news/1": True, "/b.xlsx": False, "/b.xlsx?x=1": True,
    }  # fmt: skip
    assert file.crawl_delay_s("policy-monitor") == 60.0
    assert not file.allows("https://x.gov/", "other")


def test_robots_that_cannot_be_read_closes_unless_it_was_known() -> None:
    known = robots_file(received(200, b"User-agent: *\nDisallow: /x\n"), NOW, None)
    for answer in (received(500), received(429), Broken(reason="reset", detail="reset")):
        closed = robots_file(answer, NOW, None)
        assert closed.closed is not None and "robots.txt" in closed.closed.detail
        kept = robots_file(answer, NOW, known)
        assert kept.closed is None and not kept.allows("https://a/x", "p")
    for status in (401, 403, 404, 410):
        assert robots_file(received(status), NOW, known).allows("https://a/x", "p")


def test_robots_files_expire_and_only_the_first_asks() -> None:
    files: RobotsFiles[str] = RobotsFiles()
    assert files.wait("https://a", "one", 0.0) and not files.wait("https://a", "two", 0.0)
    _, waiting = files.store("https://a", received(404), NOW, 0.0)
    assert waiting == ("one", "two")
    assert files.file("https://a", 86_399.0) is not None
    assert files.file("https://a", 86_401.0) is None


def test_hostile_robots_files_are_read_in_time() -> None:
    lines = b"User-agent: *\nDisallow: /" + b"*a" * 200_000
    file = robots_file(received(200, lines), NOW, None)
    assert file.allows("https://x.gov/" + "a" * 5_000, "p") in (True, False)
    bomb = robots_file(received(200, b"\x1f\x8bnot gzip", content_encoding="gzip"), NOW, None)
    assert bomb.allows("https://x.gov/", "p")


# -- outcomes -------------------------------------------------------------------------------------


def job(**parts: object) -> FetchJob:
    request = Request(url="https://a.gov/x", expect=Expectation(max_bytes=10_000))
    return FetchJob(source_id=SourceId("s"), request=request, politeness=Politeness(), **parts)


HOW = Circumstances(final_url="https://a.gov/x")


def test_a_snapshot_keeps_headers_but_no_cookie() -> None:
    answer = received(
        200, b"text", content_type="text/html", set_cookie="a=b", www_authenticate="Basic", etag="e"
    )
    outcome = judge(job(), answer, HOW, NOW)
    assert isinstance(outcome, Snapshot)
    assert outcome.headers == (("content-type", "text/html"), ("etag", "e"))
    assert outcome.validators.etag == "e" and outcome.captured_at == NOW


@pytest.mark.parametrize("status", [202, 204, 206, 400, 401, 403, 404, 410, 451, 500, 503, 999])
def test_other_statuses_fail_with_their_number(status: int) -> None:
    outcome = judge(job(), received(status, b"text"), HOW, NOW)
    assert isinstance(outcome, FetchFailed)
    assert (outcome.reason, outcome.status) == ("http_status", status)


def test_an_error_page_with_the_last_hash_is_still_an_error() -> None:
    page = judge(job(), received(200, b"text"), HOW, NOW)
    assert isinstance(page, Snapshot)
    outcome = judge(job(last_hash=page.body_hash), received(503, b"text"), HOW, NOW)
    assert isinstance(outcome, FetchFailed)


def test_an_empty_body_fails_an_expectation_of_one_byte() -> None:
    request = Request(url="https://a.gov/x", expect=Expectation(min_bytes=1))
    work = FetchJob(source_id=SourceId("s"), request=request, politeness=Politeness())
    outcome = judge(work, received(200), HOW, NOW)
    assert isinstance(outcome, Rejected) and outcome.reason == "too_short"


def test_permanent_moves_end_at_the_first_temporary_hop() -> None:
    def moved(*hops: tuple[int, str]) -> str | None:
        how = Circumstances(final_url="https://a.gov/z", redirects=hops)
        outcome = judge(job(), received(200, b"text"), how, NOW)
        assert isinstance(outcome, Snapshot)
        return moved_to(outcome)

    assert moved() is None
    assert moved((302, "https://a.gov/y")) is None
    assert moved((301, "https://a.gov/y"), (308, "https://a.gov/z")) == "https://a.gov/z"
    assert moved((301, "https://a.gov/y"), (302, "https://a.gov/z")) == "https://a.gov/y"
