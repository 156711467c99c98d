"""S1: every hostile address is refused on every path: source, redirect hop, robots.txt, POST."""

from __future__ import annotations

import time
from collections.abc import Iterator
from ipaddress import ip_network
from urllib.parse import quote

import pytest

from monitor.domain.snapshot import FetchFailed
from monitor.egress.gate import Gate
from monitor.egress.post import post
from monitor.fetch.client import Client
from tests.faultserver import FaultServer
from tests.integration.test_fetch_faults import fetch, job, make_client
from tests.unit.test_egress_address import HOSTILE, private_resolver

HOME = "127.0.0.9"


@pytest.fixture(scope="module")
def home() -> Iterator[FaultServer]:
    with FaultServer(HOME) as server:
        yield server


def guarded() -> Gate:
    """Allows the test's own server and nothing else; every name resolves to private addresses."""
    return Gate(
        monotonic=time.monotonic,
        allowed_networks=[ip_network(f"{HOME}/32")],
        resolver=private_resolver,
    )


@pytest.fixture
def client() -> Iterator[Client]:
    made = make_client(gate=guarded())
    yield made
    made.close()


def test_s1_as_a_source(client: Client) -> None:
    for url in HOSTILE:
        outcome = fetch(client, job(url))
        assert isinstance(outcome, FetchFailed), url
        assert outcome.reason == "gate", url


def test_s1_as_a_redirect_hop(home: FaultServer, client: Client) -> None:
    for url in HOSTILE:
        before = len(home.seen)
        outcome = fetch(client, job(home.url(f"/redirect?to={quote(url, safe='')}")))
        assert isinstance(outcome, FetchFailed), url
        # What is no absolute address leads, relatively, back to the server that said so.
        assert outcome.reason in ("redirect_refused", "http_status", "redirect_loop"), url
        assert all(seen.host == f"{HOME}:{home.port}" for seen in home.seen[before:])


def test_s1_as_a_webhook() -> None:
    gate = guarded()
    for url in HOSTILE:
        result = post(url, b"{}", [], 1.0, gate)
        assert (result.status, result.reason) == (None, "gate"), url


def test_s1_a_robots_file_that_redirects_inside_is_not_followed() -> None:
    with FaultServer(HOME) as own, FaultServer("127.0.0.8") as inside:
        gate = guarded()
        made = make_client(gate=gate)
        polite = job(own.url("/ok")).politeness
        own.robots_status = 302
        own.robots_location = inside.url("/robots.txt")
        work = job(own.url("/ok"), politeness=type(polite)(min_delay_s=0.0))
        outcome = fetch(made, work)
        assert isinstance(outcome, FetchFailed) and "robots.txt" in outcome.detail
        assert inside.seen == []
        made.close()
