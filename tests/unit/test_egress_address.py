"""S1, S3: what the gate's parser and table refuse, and what they let pass."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from monitor.egress.address import (
    Refused,
    Target,
    join_target,
    parse_target,
    refusal_of,
    special_use,
)
from monitor.egress.gate import Gate, Vetted

#: What a publisher or subscriber may try. Each must be refused before any socket is opened; the
#: resolver of this test gives every name that does get so far a private address.
HOSTILE = """
http://127.0.0.1/
http://127.1.2.3/
http://127.0.0.1.:80/
http://127.1/
http://2130706433/
http://0x7f000001/
http://0x7f.0.0.1/
http://0177.0.0.1/
http://017700000001/
http://127.0.0.01/
http://127.0.0.1.localdomain.127.0.0.1/
http://0.0.0.0/
http://0/
http://10.0.0.1/
http://10.255.255.255/
http://172.16.0.1/
http://172.31.255.255/
http://192.168.1.1/
http://169.254.169.254/latest/meta-data/
http://169.254.169.254./
http://[::ffff:169.254.169.254]/
http://[::ffff:a9fe:a9fe]/
http://2852039166/
http://0xA9FEA9FE/
http://100.64.0.1/
http://100.127.255.254/
http://192.0.0.1/
http://192.0.2.1/
http://198.18.0.1/
http://198.51.100.7/
http://203.0.113.9/
http://224.0.0.1/
http://240.0.0.1/
http://255.255.255.255/
http://[::1]/
http://[::]/
http://[0:0:0:0:0:0:0:1]/
http://[::ffff:127.0.0.1]/
http://[::ffff:7f00:1]/
http://[::127.0.0.1]/
http://[64:ff9b::7f00:1]/
http://[64:ff9b::a9fe:a9fe]/
http://[64:ff9b:1::1]/
http://[2002:7f00:1::]/
http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/
http://[2001:db8::1]/
http://[3fff::1]/
http://[fc00::1]/
http://[fd12:3456::1]/
http://[fe80::1]/
http://[fe80::1%25eth0]/
http://[fe80::1%eth0]/
http://[fec0::1]/
http://[ff02::1]/
http://[100::1]/
http://[::1
http://::1/
http://localhost/
http://LOCALHOST./
http://sub.localhost/
http://metadata.google.internal/
http://router.local/
http://１２７.０.０.１/
http://①②⑦.⓪.⓪.①/
http://127。0。0。1/
http://example.org@127.0.0.1/
http://127.0.0.1@example.org/
http://user:password@example.org/
http://example.org:80@127.0.0.1/
http://example.org\\@127.0.0.1/
http:\\\\127.0.0.1\\
http:/127.0.0.1/
http:127.0.0.1
//127.0.0.1/
http:///127.0.0.1/
http://
https://
http://exa mple.org/
http://example.org\t.evil/
http://example.org%00.evil/
http://example.org%2f@127.0.0.1/
http://example.org:22/
http://example.org:25/
http://example.org:6379/
http://example.org:0/
http://example.org:99999/
http://example.org:8o/
http://example.org:-1/
http://example.org:８０/
http://-example.org/
http://exam*ple.org/
http://a..b/
http://%31%32%37.0.0.1/
http://0x/
http://1.2.3.4.5/
http://256.1.1.1/
http://1.2.3.999999999999/
file:///etc/passwd
ftp://example.org/
gopher://example.org/
dict://example.org:11211/stat
javascript:alert(1)
data:text/html,x
unix:///run/x.sock
jar:http://example.org!/
view-source:http://example.org/
ssh://example.org
mailto:a@example.org
""".strip().splitlines()

assert len(HOSTILE) > 60

PUBLIC = (
    ("https://example.org", "https://example.org/"),
    ("HTTPS://WWW.Example.ORG:443/A?b=C#frag", "https://www.example.org/A?b=C"),
    ("http://example.org:8080/x", "http://example.org:8080/x"),
    ("http://example.org./x", "http://example.org/x"),
    ("http://8.8.8.8/", "http://8.8.8.8/"),
    ("http://[2606:4700::1111]/", "http://[2606:4700::1111]/"),
    ("http://[64:ff9b::808:808]/", "http://[64:ff9b::808:808]/"),
    ("https://münchen.example/straße?q=ä b", "https://xn--mnchen-3ya.example/stra%C3%9Fe?q=%C3%A4%20b"),
    ("https://example.org/a%20b/%zz?x=[1]&y={z}", "https://example.org/a%20b/%zz?x=[1]&y=%7Bz%7D"),
    ("https://my_host.example.org/", "https://my_host.example.org/"),
    (" https://example.org/a\n", "https://example.org/a"),
    ("https://example.org?q=1", "https://example.org/?q=1"),
)  # fmt: skip


def private_resolver(host: str, port: int) -> list[str]:
    return ["10.1.2.3", "::1"]


@pytest.mark.parametrize("url", HOSTILE)
def test_s1_hostile_addresses_are_refused(url: str) -> None:
    gate = Gate(monotonic=lambda: 0.0, resolver=private_resolver)
    assert isinstance(gate.vet(url), Refused)


@pytest.mark.parametrize(("url", "canonical"), PUBLIC)
def test_public_addresses_pass_in_canonical_form(url: str, canonical: str) -> None:
    gate = Gate(monotonic=lambda: 0.0, resolver=lambda host, port: ["93.184.215.14"])
    vetted = gate.vet(url)
    assert isinstance(vetted, Vetted)
    assert vetted.target.url == canonical
    assert parse_target(canonical) == vetted.target, "canonical means: parses to itself"


@pytest.mark.parametrize("url", ["http://127.0.0.1:8123/x", "http://localhost:8123/x"])
def test_an_allowed_network_opens_that_network_only(url: str) -> None:
    gate = Gate(
        monotonic=lambda: 0.0,
        allowed_networks=[ip_network("127.0.0.1/32")],
        resolver=lambda host, port: ["::1", "127.0.0.1", "127.0.0.2"],
    )
    vetted = gate.vet(url)
    assert isinstance(vetted, Vetted)
    assert vetted.addresses == ("127.0.0.1",)
    assert isinstance(gate.vet("http://127.0.0.2:8123/"), Refused)
    assert isinstance(gate.vet("http://[::ffff:127.0.0.1]:8123/"), Refused)
    assert isinstance(gate.vet("http://10.0.0.1/"), Refused)


def test_every_private_or_reserved_range_python_knows_is_special() -> None:
    for text in ("10.9.8.7", "127.9.9.9", "169.254.1.1", "fc00::7", "fe80::9", "192.168.3.4"):
        assert special_use(ip_address(text)) is not None
    for text in ("1.1.1.1", "93.184.215.14", "172.15.255.255", "172.32.0.0", "2a00:1450::1"):
        address = ip_address(text)
        assert address.is_global and special_use(address) is None
        assert refusal_of(address, ()) is None


BASE = parse_target("https://example.org/a/b?c")


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/x", "https://example.org/x"),
        ("y?z", "https://example.org/a/y?z"),
        ("//other.example/x", "https://other.example/x"),
        ("?q", "https://example.org/a/b?q"),
        ("../up", "https://example.org/up"),
        ("http://example.org/ä", "http://example.org/%C3%A4"),
    ],
)
def test_redirects_are_joined(location: str, url: str) -> None:
    assert isinstance(BASE, Target)
    target = join_target(BASE, location)
    assert isinstance(target, Target)
    assert target.url == url


@pytest.mark.parametrize(
    "location",
    ["\\\\127.0.0.1\\", "/\\127.0.0.1", "file:///etc/passwd", "http://a@b/", "//[::1", "//user@h/"],
)
def test_hostile_redirects_are_refused(location: str) -> None:
    assert isinstance(BASE, Target)
    joined = join_target(BASE, location)
    assert isinstance(joined, Refused)


def test_answers_of_the_resolver_are_kept_and_expire() -> None:
    now = [0.0]
    asked: list[str] = []

    def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        if host == "gone.example":
            raise OSError(-2, "Name or service not known")
        return ["93.184.215.14"]

    gate = Gate(monotonic=lambda: now[0], resolver=resolver)
    gate.vet("https://a.example/1")
    gate.vet("https://a.example/2")
    refused = gate.vet("https://gone.example/")
    assert isinstance(refused, Refused)
    assert refused.reason == "dns" and "gone.example" in refused.detail
    assert asked == ["a.example", "gone.example"]
    now[0] = 60.0
    gate.vet("https://a.example/")
    gate.vet("https://gone.example/")
    assert asked == ["a.example", "gone.example", "gone.example"]
    now[0] = 400.0
    gate.vet("https://a.example/")
    assert asked[-1] == "a.example"
