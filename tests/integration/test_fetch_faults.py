"""Every failure has a named outcome; nothing hangs, grows, or passes for content."""

from __future__ import annotations

import itertools
import resource
import shutil
import ssl
import time
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from monitor.domain.ident import SourceId
from monitor.domain.snapshot import (
    Blocked,
    Expectation,
    FetchFailed,
    NotModified,
    Outcome,
    Rejected,
    Request,
    Snapshot,
    Validators,
)
from monitor.domain.source import Politeness
from monitor.egress.body_memory import FREE_BYTES
from monitor.egress.gate import Gate
from monitor.fetch.client import Capacity, Client
from monitor.ports import FetchJob
from tests.faultserver import (
    BLOCKS,
    PAGE,
    FaultServer,
    bomb,
    certificate,
    refused_url,
    silent_port,
)

LOOPBACK = ip_network("127.0.0.0/8")


class WallClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    for coding in ("gzip", "deflate", "br", "zstd"):
        bomb(coding)  # built before anybody waits for it
    with FaultServer() as running:
        yield running


@pytest.fixture
def client() -> Iterator[Client]:
    made = make_client()
    yield made
    made.close()


def make_client(**options: object) -> Client:
    gate = options.pop("gate", None) or Gate(monotonic=time.monotonic, allowed_networks=[LOOPBACK])
    return Client(
        gate=gate,
        clock=WallClock(),
        monotonic=time.monotonic,
        user_agent="policy-monitor/0 (test@example.org)",
        **options,
    )


def job(url: str, *, timeout_s: float = 5.0, **parts: object) -> FetchJob:
    request_parts = {
        name: parts.pop(name)
        for name in list(parts)
        if name in {"expect", "method", "body", "headers", "secret_query", "secret_headers"}
    }
    polite = parts.pop(
        "politeness",
        Politeness(min_delay_s=0.0, concurrency=8, timeout_s=timeout_s, respect_robots=False),
    )
    return FetchJob(
        source_id=SourceId(str(parts.pop("source_id", "s"))),
        request=Request(url=url, **request_parts),
        politeness=polite,
        **parts,
    )


def fetch(client: Client, work: FetchJob) -> Outcome:
    ((_, outcome),) = list(client.fetch([work]))
    return outcome


FAILURES = [
    ("/stall/status", "timeout_read"),
    ("/stall/headers", "timeout_read"),
    ("/stall/body", "timeout_read"),
    ("/drip", "timeout_total"),
    ("/truncated", "truncated"),
    ("/truncated/chunked", "truncated"),
    ("/truncated/gzip", "bad_encoding"),
    ("/reset", "reset"),
    ("/reset/body", "reset"),
    ("/empty", "reset"),
    ("/big", "too_large"),
    ("/big/announced", "too_large"),
    ("/headers/huge", "bad_header"),
    ("/headers/many", "bad_header"),
    ("/headers/bad", "bad_header"),
    ("/protocol", "protocol"),
    ("/redirect/loop", "redirect_loop"),
    ("/redirect/endless", "redirect_loop"),
    ("/redirect/nowhere", "bad_header"),
    ("/redirect?to=http://169.254.169.254/latest/", "redirect_refused"),
    ("/redirect?to=http://[::1]/", "redirect_refused"),
    ("/redirect?to=http://10.0.0.1/&code=307", "redirect_refused"),
    ("/redirect?to=file:///etc/passwd", "redirect_refused"),
    ("/redirect?to=http://u:p@127.0.0.1/", "redirect_refused"),
    ("/redirect?to=//2130706433/", "redirect_refused"),
    ("/bomb?coding=gzip", "too_large"),
    ("/bomb?coding=deflate", "too_large"),
    ("/bomb?coding=br", "too_large"),
    ("/bomb?coding=zstd", "too_large"),
    ("/always-304", "protocol"),
    ("/status?code=404", "http_status"),
    ("/status?code=500", "http_status"),
    ("/status?code=204", "http_status"),
]


@pytest.mark.timeout(60)
def test_each_fault_has_its_reason(server: FaultServer, client: Client) -> None:
    """All at once, as in a real round: one bad server must not touch the others."""
    jobs = {server.url(path): reason for path, reason in FAILURES}
    jobs[refused_url()] = "refused"
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    expect = Expectation(max_bytes=2_000_000)
    polite = Politeness(min_delay_s=0, concurrency=64, timeout_s=1.5, respect_robots=False)
    with silent_port() as port:
        jobs[f"https://127.0.0.1:{port}/"] = "timeout_connect"
        work = [job(url, expect=expect, politeness=polite) for url in jobs]
        outcomes = {done.request.url: outcome for done, outcome in client.fetch(work)}
    reasons = {
        url: outcome.reason if isinstance(outcome, FetchFailed) else repr(outcome)[:200]
        for url, outcome in outcomes.items()
    }
    assert reasons == jobs
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 150_000
    assert client.pending == 0


def test_good_answers_of_every_coding(server: FaultServer, client: Client) -> None:
    for coding in ("gzip", "deflate", "br", "zstd"):
        outcome = fetch(client, job(server.url(f"/coded?coding={coding}")))
        assert isinstance(outcome, Snapshot)
        assert outcome.body == PAGE
        assert outcome.remote_address == "127.0.0.1"
        assert (outcome.charset, outcome.charset_origin) == ("utf-8", "header")


def test_wrong_charset_is_recorded_as_guessed(server: FaultServer, client: Client) -> None:
    outcome = fetch(client, job(server.url("/wrong-charset")))
    assert isinstance(outcome, Snapshot)
    assert outcome.charset_origin == "guess"
    assert outcome.charset is not None
    assert "Doña Ana" in outcome.body.decode(outcome.charset)


def test_bytes_beyond_the_announced_length_are_no_answer_to_the_next_request(
    server: FaultServer, client: Client
) -> None:
    cut = fetch(client, job(server.url("/wrong-length")))
    assert isinstance(cut, Snapshot) and cut.body == PAGE[:20]
    following = fetch(client, job(server.url("/ok")))
    assert isinstance(following, Snapshot) and following.body == PAGE


def test_expectations_reject_and_keep_the_body(server: FaultServer, client: Client) -> None:
    cases = {
        "too_short": Expectation(min_bytes=10_000),
        "media_type": Expectation(media_types=("application/pdf",)),
        "must_contain": Expectation(must_contain=("roster of agencies",)),
        "magic": Expectation(magic=(b"%PDF",)),
    }
    for reason, expect in cases.items():
        outcome = fetch(client, job(server.url("/ok"), expect=expect))
        assert isinstance(outcome, Rejected)
        assert outcome.reason == reason
        assert outcome.snapshot is not None and outcome.snapshot.body == PAGE
    met = Expectation(
        min_bytes=10, media_types=("text/",), must_contain=("SIGNED an",), magic=(b"<!doc",)
    )
    assert isinstance(fetch(client, job(server.url("/ok"), expect=met)), Snapshot)


@pytest.mark.parametrize("name", sorted(path.stem for path in BLOCKS.glob("*.html")))
def test_block_pages_served_as_200_are_blocked(
    server: FaultServer, client: Client, name: str
) -> None:
    outcome = fetch(client, job(server.url(f"/block?name={name}")))
    assert isinstance(outcome, Blocked)
    family = name.partition("_")[0]
    families = {"soft": ("soft_404",), "captcha": ("captcha", "human", "aws_waf"),
                "denied": ("f5",)}  # fmt: skip
    assert outcome.family in families.get(family, (family,))


def test_validators_304_and_equal_bytes(server: FaultServer, client: Client) -> None:
    first = fetch(client, job(server.url("/feed?n=7")))
    assert isinstance(first, Snapshot)
    assert first.validators.etag is not None and first.validators.last_modified is not None
    second = fetch(client, job(server.url("/feed?n=7"), validators=first.validators))
    assert isinstance(second, NotModified)
    assert second.validators.etag == first.validators.etag
    page = fetch(client, job(server.url("/same")))
    assert isinstance(page, Snapshot)
    again = fetch(client, job(server.url("/same"), last_hash=page.body_hash))
    assert isinstance(again, NotModified)


def test_f1_a_liar_shows_itself_to_an_unconditional_request(
    server: FaultServer, client: Client
) -> None:
    first = fetch(client, job(server.url("/liar")))
    assert isinstance(first, Snapshot)
    told = fetch(client, job(server.url("/liar"), validators=first.validators))
    assert isinstance(told, NotModified)
    full = fetch(client, job(server.url("/liar"), last_hash=first.body_hash))
    assert isinstance(full, Snapshot)
    assert full.validators == first.validators and full.body_hash != first.body_hash


def test_redirects_are_followed_noted_and_scrubbed(server: FaultServer, client: Client) -> None:
    inner = "/redirect?to=/ok&code=301"
    outcome = fetch(client, job(server.url(f"/redirect?code=308&to={inner.replace('&', '%26')}")))
    assert isinstance(outcome, Snapshot)
    assert outcome.final_url == server.url("/ok")
    assert [status for status, _ in outcome.redirects] == [308, 301]


def test_a_redirect_in_raw_utf8_arrives(server: FaultServer, client: Client) -> None:
    outcome = fetch(client, job(server.url("/redirect?to=/echo%3Fq%3D%C3%B1")))
    assert isinstance(outcome, Snapshot)
    assert outcome.final_url == server.url("/echo?q=%C3%B1")


def test_retry_after_silences_the_host_for_all_sources() -> None:
    with FaultServer() as own:
        client = make_client()
        first = fetch(client, job(own.url("/429?after=120")))
        assert isinstance(first, FetchFailed)
        assert (first.status, first.retry_after) == (429, timedelta(seconds=120))
        other = fetch(client, job(own.url("/ok")))
        assert isinstance(other, FetchFailed)
        assert other.reason == "http_status" and other.retry_after is not None
        assert other.retry_after > timedelta(seconds=100)
        assert own.count("/ok") == 0, "the second source must not be asked at all"
        client.close()


def test_what_waits_for_a_host_is_answered_when_it_falls_silent() -> None:
    with FaultServer() as own:
        client = make_client()
        polite = Politeness(min_delay_s=0, concurrency=1, respect_robots=False)
        urls = [own.url("/429?after=300"), *(own.url(f"/ok?bytes={n}") for n in range(5))]
        outcomes = list(client.fetch([job(url, politeness=polite) for url in urls]))
        assert len(outcomes) == 6
        assert own.count("/ok") == 0
        client.close()


def test_429_with_a_date_and_without_anything() -> None:
    for path, low, high in (("/429?date=600", 590, 601), ("/429", None, None)):
        with FaultServer() as own:
            client = make_client()
            outcome = fetch(client, job(own.url(path)))
            assert isinstance(outcome, FetchFailed)
            if low is None:
                assert outcome.retry_after is None
            else:
                assert outcome.retry_after is not None
                assert low <= outcome.retry_after.total_seconds() <= high
            silent = fetch(client, job(own.url("/ok")))
            assert isinstance(silent, FetchFailed) and silent.retry_after is not None
            client.close()


def test_min_delay_holds_across_sources_and_calls() -> None:
    with FaultServer() as own:
        client = make_client()
        polite = Politeness(min_delay_s=0.3, concurrency=1, respect_robots=False)
        eager = Politeness(min_delay_s=0.0, concurrency=4, respect_robots=False)
        fetch(client, job(own.url("/ok?bytes=1"), politeness=polite))
        more = [
            job(own.url(f"/ok?bytes={n}"), politeness=eager, source_id=f"other-{n}") for n in (2, 3)
        ]
        list(client.fetch(more))
        moments = [seen.at for seen in own.requests()]
        gaps = [later - sooner for sooner, later in itertools.pairwise(moments)]
        assert len(moments) == 3
        assert all(gap >= 0.29 for gap in gaps), gaps
        client.close()


def test_robots_is_asked_once_obeyed_and_recorded() -> None:
    with FaultServer() as own:
        own.robots, own.robots_status = (
            "User-agent: *\nDisallow: /\n\nUser-agent: policy-monitor\n"
            "Disallow: /feed/\nAllow: /\nDisallow: /*?bytes=66$\n",
            200,
        )
        client = make_client()
        polite = Politeness(min_delay_s=0.0, concurrency=4)
        urls = [own.url(path) for path in ("/ok", "/feed", "/feed/flip", "/ok?bytes=66")]
        outcomes = {
            done.request.url: outcome
            for done, outcome in client.fetch([job(url, politeness=polite) for url in urls])
        }
        allowed = outcomes[urls[0]]
        assert isinstance(allowed, Snapshot) and "robots.txt of 20" in allowed.robots
        assert isinstance(outcomes[urls[1]], Snapshot)
        for url in urls[2:]:
            outcome = outcomes[url]
            assert isinstance(outcome, Blocked) and outcome.family == "robots"
        assert own.count("/robots.txt") == 1
        assert own.count("/feed/flip") == 0
        client.close()


@pytest.mark.parametrize(
    ("status", "kind"), [(404, Snapshot), (403, Snapshot), (503, FetchFailed), (200, Snapshot)]
)
def test_robots_that_is_not_there_or_broken(status: int, kind: type) -> None:
    with FaultServer() as own:
        own.robots_status = status
        own.robots = "<html>Access denied</html>"
        client = make_client()
        outcome = fetch(client, job(own.url("/ok"), politeness=Politeness(min_delay_s=0.0)))
        assert isinstance(outcome, kind)
        assert own.count("/ok") == (1 if kind is Snapshot else 0)
        client.close()


def test_s2_rebinding_reaches_nothing_but_the_vetted_address() -> None:
    """The name answers well once, then with an address that is not allowed."""
    with FaultServer() as good, FaultServer("127.0.0.2", good.port) as private:
        answers = iter([["127.0.0.1"], ["127.0.0.2"], ["127.0.0.2"]])
        now = [0.0]
        gate = Gate(
            monotonic=lambda: now[0],
            allowed_networks=[ip_network("127.0.0.1/32")],
            resolver=lambda host, port: next(answers),
        )
        client = make_client(gate=gate)
        url = good.url("/ok", host="rebind.example")
        first = fetch(client, job(url))
        assert isinstance(first, Snapshot) and first.remote_address == "127.0.0.1"
        now[0] = 1_000.0
        second = fetch(client, job(url))
        assert isinstance(second, FetchFailed) and second.reason == "gate"
        assert private.seen == []
        assert [seen.host for seen in good.seen] == [f"rebind.example:{good.port}"]
        client.close()


def test_a_socket_to_an_address_that_was_not_vetted_is_refused() -> None:
    """The second lock: even if a pin were lost, libcurl's own choice is checked at the socket."""
    with FaultServer() as own:

        class Careless(Gate):
            def permits(self, address: str) -> bool:
                return False

        gate = Careless(monotonic=time.monotonic, allowed_networks=[LOOPBACK])
        client = make_client(gate=gate)
        outcome = fetch(client, job(own.url("/ok")))
        assert isinstance(outcome, FetchFailed) and outcome.reason == "gate"
        assert own.seen == []
        client.close()


def test_the_environments_proxies_are_ignored(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultServer() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "https_proxy"):
            monkeypatch.setenv(name, proxy.url(""))
        client = make_client()
        assert isinstance(fetch(client, job(server.url("/ok"))), Snapshot)
        assert proxy.seen == []
        client.close()


def test_a_netrc_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password canary\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    with FaultServer() as own:
        client = make_client()
        fetch(client, job(own.url("/echo")))
        assert "authorization" not in own.seen[0].headers
        client.close()


def test_names_that_do_not_resolve(client: Client) -> None:
    outcome = fetch(client, job("http://does-not-exist.invalid/"))
    assert isinstance(outcome, FetchFailed) and outcome.reason == "dns"


CANARY = "c4n4ry-0123456789 /+%"


class Canary:
    def reveal(self) -> str:
        return CANARY


def test_s12_secrets_go_over_the_wire_and_nowhere_else() -> None:
    spellings = [CANARY, "c4n4ry-0123456789", "c4n4ry-0123456789%20%2F%2B%25"]
    with FaultServer() as own, FaultServer("127.0.0.2") as elsewhere:
        client = make_client(secrets={"API_KEY": Canary()})
        parts = {
            "secret_query": (("api_key", "API_KEY"),),
            "secret_headers": (("X-Api-Key", "API_KEY"),),
        }
        paths = ["/echo?a=1", "/echo", "/status?code=500", "/truncated", "/redirect/loop"]
        paths.append(f"/redirect?to={elsewhere.url('/echo')}")
        for path in paths:
            outcome = fetch(client, job(own.url(path), headers=(("X-Own", "1"),), **parts))
            shown = repr(outcome)
            assert not any(spelling in shown for spelling in spellings), shown
        first = own.seen[0]
        assert first.headers["x-api-key"] == CANARY
        assert first.path == "/echo?a=1&api_key=c4n4ry-0123456789%20%2F%2B%25"
        (dropped,) = elsewhere.seen
        assert "x-api-key" not in dropped.headers and "x-own" not in dropped.headers
        assert "api_key" not in dropped.path
        client.close()


def test_s12_a_redirect_that_carries_the_secret_away_is_refused() -> None:
    with FaultServer() as own, FaultServer("127.0.0.2") as thief:
        client = make_client(secrets={"KEY": Canary()})
        url = own.url(f"/redirect?to={thief.url('/echo')}%3Fstolen%3Dc4n4ry-0123456789")
        outcome = fetch(client, job(url, secret_headers=(("X-Key", "KEY"),)))
        assert isinstance(outcome, FetchFailed) and outcome.reason == "redirect_refused"
        assert thief.seen == []
        client.close()


def test_a_missing_secret_is_named_and_nothing_is_sent() -> None:
    with FaultServer() as own:
        client = make_client()
        outcome = fetch(client, job(own.url("/echo"), secret_headers=(("X-Key", "NO_KEY"),)))
        assert isinstance(outcome, FetchFailed) and "NO_KEY" in outcome.detail
        assert own.seen == []
        client.close()


def test_no_cookie_is_kept_sent_or_stored(server: FaultServer, client: Client) -> None:
    first = fetch(client, job(server.url("/echo")))
    second = fetch(client, job(server.url("/echo")))
    for outcome in (first, second):
        assert isinstance(outcome, Snapshot)
        assert "set-cookie" not in dict(outcome.headers)
        assert b'"cookie"' not in outcome.body
        assert b"policy-monitor/0 (test@example.org)" in outcome.body


def test_connections_are_reused(client: Client) -> None:
    with FaultServer() as own:
        for _ in range(10):
            assert isinstance(fetch(client, job(own.url("/ok"))), Snapshot)
        assert own.connections == 1


def test_jobs_are_taken_lazily_and_posts_have_a_body(server: FaultServer, client: Client) -> None:
    taken = []

    def endless() -> Iterator[FetchJob]:
        for number in range(5_000):
            taken.append(number)
            yield job(server.url("/ok"))

    results = client.fetch(endless())
    next(results)
    assert len(taken) < 5_000
    results.close()
    other = make_client()
    outcome = fetch(other, job(server.url("/echo"), method="POST", body=b"q=287g"))
    assert isinstance(outcome, Snapshot)
    assert b'"method": "POST"' in outcome.body and b'"content-length": "6"' in outcome.body
    other.close()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificates")
@pytest.mark.parametrize("flaw", ["self-signed", "expired", "wrong-host"])
def test_s15_tls_is_verified(tmp_path: Path, flaw: str) -> None:
    """Unknown to the client each is refused; known to it, only what is otherwise right is not."""
    crt, _ = certificate(tmp_path, flaw)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(crt, crt.parent / "key")
    with FaultServer(tls=context) as own:
        stranger, knowing = make_client(), make_client(ca_file=str(crt))
        unknown = fetch(stranger, job(own.url("/ok")))
        plain = fetch(stranger, job(own.url("/ok").replace("s", "", 1)))
        assert isinstance(unknown, FetchFailed) and unknown.reason == "tls"
        assert isinstance(plain, FetchFailed)
        known = fetch(knowing, job(own.url("/ok")))
        if flaw == "self-signed":
            assert isinstance(known, Snapshot)
        else:
            assert isinstance(known, FetchFailed) and known.reason == "tls"
        assert own.count("/ok") == (1 if flaw == "self-signed" else 0), "nothing before TLS stands"
        stranger.close()
        knowing.close()


def test_validators_from_a_hostile_store_cannot_inject_headers(
    server: FaultServer, client: Client
) -> None:
    hostile = Validators(etag='"x"\r\nX-Injected: 1')
    outcome = fetch(client, job(server.url("/echo"), validators=hostile))
    assert isinstance(outcome, FetchFailed) and outcome.reason == "bad_header"


@pytest.mark.timeout(120)
def test_a_hundred_large_bodies_at_once_take_no_more_than_the_bound() -> None:
    """Each is within its own cap; together they are ten times the bound, packed or not."""
    size, bound = 1_500_000, 10_000_000
    for coding in ("", "gzip"):
        with FaultServer() as own:
            path = "/body?bytes={}&n={}" + (f"&coding={coding}" if coding else "")
            client = make_client(capacity=Capacity(connections=100, body_bytes=bound))
            polite = Politeness(min_delay_s=0, concurrency=100, timeout_s=30, respect_robots=False)
            jobs = [
                job(own.url(path.format(size, n)), politeness=polite, source_id=f"s{n}")
                for n in range(100)
            ]
            fetched = 0
            tracemalloc.start()
            for _, outcome in client.fetch(jobs):
                assert isinstance(outcome, Snapshot), outcome
                assert len(outcome.body) == size
                fetched += 1
                del outcome
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            client.close()
        assert fetched == 100
        # Twice the bound: on the way and ready; a last body over each; an allowance for all.
        assert peak < 2 * bound + 4 * size + 100 * FREE_BYTES, (coding, peak)


def test_small_pages_are_not_held_back_by_large_bodies_that_stall() -> None:
    """Hogs fill the bound and stand still; a page of another host comes through meanwhile."""
    with FaultServer() as hogs, FaultServer("127.0.0.2") as other:
        client = make_client(capacity=Capacity(body_bytes=1_000_000))
        for n in range(4):
            client.submit(job(hogs.url(f"/body/stall?bytes=900000&n={n}"), source_id=f"hog{n}"))
        waiting = [outcome for _ in range(5) for _, outcome in client.poll(0.2)]
        assert waiting == []
        client.submit(job(other.url("/ok?bytes=200000"), source_id="page"))
        outcomes = [(done.source_id, outcome) for done, outcome in client.poll(5.0)]
        assert [(name, type(outcome)) for name, outcome in outcomes] == [("page", Snapshot)]
        client.close()
