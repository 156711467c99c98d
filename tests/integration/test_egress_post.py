"""S1, S2 on the way out: a subscriber's address gets one bounded POST, or none."""

from __future__ import annotations

import time
from ipaddress import ip_network

import pytest

from monitor.egress.gate import Gate
from monitor.egress.post import PostResult, post
from tests.faultserver import FaultServer, refused_url


def gate() -> Gate:
    return Gate(monotonic=time.monotonic, allowed_networks=[ip_network("127.0.0.1/32")])


def send(url: str, timeout_s: float = 1.0, through: Gate | None = None) -> PostResult:
    headers = [("Content-Type", "application/json"), ("X-Signature", "abc")]
    return post(url, b'{"text": "x"}', headers, timeout_s, through or gate())


def test_a_post_arrives_whole() -> None:
    with FaultServer() as server:
        result = send(server.url("/echo"))
        assert result.status == 200 and not result.reason
        (seen,) = server.seen
        assert (seen.method, seen.body) == ("POST", b'{"text": "x"}')
        assert seen.headers["x-signature"] == "abc" and "expect" not in seen.headers


@pytest.mark.parametrize(
    ("path", "reason", "may_have_arrived"),
    [
        ("/stall/status", "timeout_read", True),
        ("/truncated", "truncated", True),
        ("/empty", "reset", True),
        ("/big", "too_large", True),
        ("/headers/many", "bad_header", True),
    ],
)
def test_what_became_of_it_is_told(path: str, reason: str, may_have_arrived: bool) -> None:
    with FaultServer() as server:
        result = send(server.url(path))
        assert (result.status, result.reason) == (None, reason)
        assert result.may_have_arrived is may_have_arrived


def test_redirects_are_not_followed() -> None:
    with FaultServer() as server:
        result = send(server.url(f"/redirect?code=307&to={server.url('/echo')}"))
        assert result.status == 307
        assert server.count("/echo") == 0


def test_nothing_is_sent_to_refused_addresses() -> None:
    with FaultServer("127.0.0.2") as private:
        for url in (private.url("/echo"), "http://169.254.169.254/", "file:///etc/passwd"):
            result = send(url)
            assert (result.status, result.reason) == (None, "gate")
            assert not result.may_have_arrived
        rebinding = Gate(
            monotonic=time.monotonic,
            allowed_networks=[ip_network("127.0.0.1/32")],
            resolver=lambda host, port: ["127.0.0.2", "10.0.0.1"],
        )
        assert send(private.url("/echo", host="hook.example"), through=rebinding).reason == "gate"
        assert private.seen == []
    result = send(refused_url())
    assert (result.reason, result.may_have_arrived) == ("refused", False)


def test_header_injection_is_an_error() -> None:
    with pytest.raises(ValueError, match="line break"):
        post("http://127.0.0.1:8080/", b"", [("X", "a\r\nY: b")], 1.0, gate())
