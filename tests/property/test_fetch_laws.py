"""Laws of the gate and the queues that must hold for whatever comes from outside."""

from __future__ import annotations

import contextlib
from ipaddress import IPv4Address, IPv6Address

from hypothesis import given
from hypothesis import strategies as st

from monitor.egress.address import Refused, Target, join_target, parse_target, special_use
from monitor.egress.caps import BadEncoding, TooLarge, expand
from monitor.egress.gate import Gate
from monitor.fetch import blocks, charset
from monitor.fetch.politeness import HostQueues

URLISH = st.text(alphabet="htps:/@\\.[]0123456789abcdefx%?#&= \t\u3002\uff11é-_", max_size=60).map(
    lambda tail: "http://" + tail
)


@given(st.one_of(URLISH, st.text(max_size=80)))
def test_parsing_is_idempotent_and_its_output_plain(url: str) -> None:
    target = parse_target(url)
    if isinstance(target, Refused):
        return
    assert parse_target(target.url) == target
    assert target.url.isascii()
    assert not set(target.url) & set(' \\\t\r\n\0"<>')
    assert "@" not in target.origin


@given(URLISH, st.text(max_size=60))
def test_joined_redirects_are_canonical_too(url: str, location: str) -> None:
    base = parse_target(url)
    if isinstance(base, Target):
        joined = join_target(base, location)
        assert isinstance(joined, Refused) or parse_target(joined.url) == joined


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_the_gate_never_lets_a_private_address_pass(address: IPv4Address | IPv6Address) -> None:
    """Against the standard library's own idea, which knows fewer special ranges than the table."""
    gate = Gate(monotonic=lambda: 0.0)
    if gate.permits(str(address)):
        assert special_use(address) is None
        nat64 = isinstance(address, IPv6Address) and str(address).startswith("64:ff9b::")
        assert address.is_global or nat64
        assert not address.is_multicast


@given(
    st.binary(max_size=300),
    st.sampled_from(["gzip", "deflate", "br", "zstd", "gzip, br", "x", "identity"]),
)
def test_expansion_of_garbage_has_three_ends(body: bytes, coding: str) -> None:
    with contextlib.suppress(BadEncoding, TooLarge):
        assert len(expand(body, coding, 1_000)) <= 1_000


@given(st.binary(max_size=400), st.text(max_size=60))
def test_any_bytes_get_a_charset_that_python_reads(body: bytes, content_type: str) -> None:
    name, origin = charset.decide(body, content_type)
    assert (name is None) == (origin == "")
    assert isinstance(charset.decoded(body, name), str)
    blocks.recognised(
        status=200, headers={}, body=body, final_url="https://a/", media_type="text/html"
    )


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["push", "pop", "done", "wait", "silence", "limit"]),
        st.sampled_from(["a", "b", "c"]),
        st.integers(0, 5),
    ),
    max_size=60,
)


@given(STEPS)
def test_queues_keep_every_item_and_every_promise(steps: list[tuple[str, str, int]]) -> None:
    queues: HostQueues[int] = HostQueues()
    now, number = 0.0, 0
    limits = {name: (0.0, 1) for name in "abc"}
    pushed: dict[str, list[int]] = {name: [] for name in "abc"}
    popped: dict[str, list[int]] = {name: [] for name in "abc"}
    active = dict.fromkeys("abc", 0)
    silent_until = dict.fromkeys("abc", 0.0)
    for what, name, amount in steps:
        if what == "push":
            number += 1
            pushed[name].append(number)
            queues.push(name, number, now)
        elif what == "limit":
            limits[name] = (float(amount), 1 + amount % 3)
            queues.limit(name, "s", *limits[name])
        elif what == "silence":
            silent_until[name] = max(silent_until[name], now + amount)
            queues.silence(name, now + amount)
        elif what == "wait":
            now += amount
        elif what == "done" and active[name]:
            active[name] -= 1
            queues.done(name, now)
        elif what == "pop" and (turn := queues.pop(now)) is not None:
            host, item = turn
            popped[host].append(item)
            active[host] += 1
            assert active[host] <= max(1, limits[host][1], 3)
            assert now >= silent_until[host]
    for _ in range(1_000):  # let everything end: nothing may be stuck
        now += 10.0
        for name in "abc":
            while active[name]:
                active[name] -= 1
                queues.done(name, now)
        turn = queues.pop(now + 10.0)
        if turn is None and all(popped[n] == pushed[n] for n in "abc"):
            break
        if turn is not None:
            popped[turn[0]].append(turn[1])
            active[turn[0]] += 1
    assert popped == pushed
