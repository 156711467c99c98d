"""Addresses from outside: one parser for all of them, and the table of networks never reached.

The parser is strict and its output canonical: what is vetted here is, byte for byte, what is
handed to the HTTP library, so two parsers can never disagree about the host.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import (
    AddressValueError,
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from urllib.parse import quote, urljoin

import idna

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

MAX_URL_CHARS = 8_192
_MAX_HOST_CHARS = 254  # RFC 1035, section 2.3.4, and a final dot
_PORTS = {"http": 80, "https": 443}
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[^\]/?#]*\]|[^:/?#\[\]]*)(?::(?P<port>[^/?#]*))?"
    r"(?P<path>/[^?#]*)?(?P<query>\?[^#]*)?(?:#.*)?",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE)
_DOTTED_QUAD = re.compile(r"(?:0|[1-9][0-9]{0,2})(?:\.(?:0|[1-9][0-9]{0,2})){3}")
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\\\u2028\u2029]")
#: Left as they are in a path or query; everything else is percent-encoded as UTF-8.
_PATH_SAFE = "/%:@!$&'()*+,;=-._~"
_QUERY_SAFE = _PATH_SAFE + "?[]"

# The ports on which something other than HTTP answers ("bad ports" of the Fetch standard,
# fetch.spec.whatwg.org/#port-blocking): a request sent there is read as that protocol's commands.
# fmt: off
BAD_PORTS = frozenset((
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101,
    102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427,
    465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990,
    993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6379, 6566, 6665, 6666,
    6667, 6668, 6669, 6679, 6697, 10080,
))
# fmt: on

# IANA special-purpose registries (RFC 6890 and what was added since), in words an operator reads.
_SPECIAL_V4: tuple[tuple[str, str], ...] = (
    ("0.0.0.0/8", "this network"),
    ("10.0.0.0/8", "private"),
    ("100.64.0.0/10", "shared by carriers"),
    ("127.0.0.0/8", "loopback"),
    ("169.254.0.0/16", "link-local, where clouds serve credentials"),
    ("172.16.0.0/12", "private"),
    ("192.0.0.0/24", "protocol assignments"),
    ("192.0.2.0/24", "documentation"),
    ("192.31.196.0/24", "AS112"),
    ("192.52.193.0/24", "AMT"),
    ("192.88.99.0/24", "6to4 relay"),
    ("192.168.0.0/16", "private"),
    ("192.175.48.0/24", "AS112"),
    ("198.18.0.0/15", "benchmarking"),
    ("198.51.100.0/24", "documentation"),
    ("203.0.113.0/24", "documentation"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved"),
)
_SPECIAL_V6: tuple[tuple[str, str], ...] = (
    ("::1/128", "loopback"),
    ("::/128", "unspecified"),
    ("::ffff:0:0/96", "IPv4 in IPv6 clothes"),
    ("fc00::/7", "private"),
    ("fe80::/10", "link-local"),
    ("fec0::/10", "site-local"),
    ("ff00::/8", "multicast"),
    ("2001::/23", "protocol assignments and Teredo"),
    ("2001:db8::/32", "documentation"),
    ("2002::/16", "6to4, which hides an IPv4 address"),
    ("2620:4f:8000::/48", "AS112"),
    ("3fff::/20", "documentation"),
)
_SPECIAL: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(text), meaning) for text, meaning in _SPECIAL_V4 + _SPECIAL_V6
)
_GLOBAL_V6 = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """An address that must not be reached, or a name that does not resolve.

    `reason` is one of monitor.domain.health.FAILURES: "gate", "dns".
    """

    reason: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A parsed address in canonical form, without fragment; made by parse_target alone."""

    scheme: str
    host: str  #: lower case, ASCII; IPv6 without brackets
    port: int
    path: str  #: path and query, percent-encoded, begins with "/"
    literal: Address | None  #: the host, when it is an address and not a name
    origin: str  #: scheme, host and port: the unit of robots.txt and of credentials
    url: str  #: what the HTTP library gets; the port stands in it when it is not the default


def parse_target(url: str) -> Target | Refused:
    """The parts of an absolute http(s) address; Refused for anything in the least unclear.

    Credentials, backslashes, control characters, unusual forms of numbers and ports of other
    protocols are refused, never repaired.
    """
    text = url.strip(" \t\r\n")
    if len(text) > MAX_URL_CHARS:
        return _refused(f"the address is longer than {MAX_URL_CHARS} characters")
    if _FORBIDDEN.search(text):
        return _refused("the address holds a backslash or a control character")
    found = _URL.fullmatch(text)
    if found is None:
        return _refused(_unfit(text))
    if "@" in found["host"] or "@" in (found["port"] or ""):
        return _refused("the address carries a user name; credentials in addresses are not sent")
    scheme = found["scheme"].lower()
    port = _port(found["port"], scheme)
    if isinstance(port, Refused):
        return port
    host = _host(found["host"])
    if isinstance(host, Refused):
        return host
    name, literal = host
    path = quote(found["path"] or "/", safe=_PATH_SAFE)
    query = found["query"] or ""
    if query:
        path += "?" + quote(query[1:], safe=_QUERY_SAFE)
    shown = f"[{name}]" if isinstance(literal, IPv6Address) else name
    origin = f"{scheme}://{shown}" if port == _PORTS[scheme] else f"{scheme}://{shown}:{port}"
    return Target(
        scheme=scheme,
        host=name,
        port=port,
        path=path,
        literal=literal,
        origin=origin,
        url=origin + path,
    )


def join_target(base: Target, location: str) -> Target | Refused:
    """The target of a Location header, relative to `base` (RFC 9110, section 10.2.2)."""
    text = location.strip(" \t\r\n")
    if _FORBIDDEN.search(text):
        return _refused("the redirect holds a backslash or a control character")
    if _SCHEME.match(text):
        return parse_target(text)
    try:
        return parse_target(urljoin(base.url, text))
    except ValueError:
        return _refused("the redirect is not an address")


def special_use(address: Address) -> str | None:
    """What a network is set aside for, None for an ordinary public address."""
    for network, meaning in _SPECIAL:
        if address.version == network.version and address in network:
            return meaning
    if isinstance(address, IPv6Address) and address not in _GLOBAL_V6:
        if address in _NAT64:
            return special_use(IPv4Address(int(address) & 0xFFFFFFFF))
        return "not global unicast"
    return None


def refusal_of(address: Address, allowed: Sequence[Network]) -> Refused | None:
    """Why this address must not be connected to; None when it may."""
    meaning = special_use(address)
    if meaning is None or any(
        address.version == network.version and address in network for network in allowed
    ):
        return None
    return _refused(
        f"{address} is {meaning}; allow its network with MONITOR_ALLOW_NETWORKS "
        "if it is meant to be reached"
    )


def _refused(detail: str) -> Refused:
    return Refused(reason="gate", detail=detail)


def _unfit(text: str) -> str:
    scheme = _SCHEME.match(text)
    if scheme and scheme[0].lower() not in ("http:", "https:"):
        return f"only http and https are fetched, not {scheme[0][:20]!r}"
    return "not an absolute http or https address"


def _port(text: str | None, scheme: str) -> int | Refused:
    if not text:
        return _PORTS[scheme]
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65_535):
        return _refused(f"{text[:20]!r} is no port")
    if int(text) in BAD_PORTS:
        return _refused(f"port {text} belongs to another protocol")
    return int(text)


def _host(text: str) -> tuple[str, Address | None] | Refused:
    if text.startswith("["):
        return _ipv6(text[1:-1])
    name = _ascii_name(text)
    if isinstance(name, Refused):
        return name
    name = name.removesuffix(".")
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        return _ipv4(name)
    if not all(_LABEL.fullmatch(label) for label in name.split(".")):
        return _refused(f"{text[:80]!r} is no host name")
    return name, None


def _ascii_name(text: str) -> str | Refused:
    if len(text) > _MAX_HOST_CHARS:
        return _refused(f"{text[:80]!r} is no host name")
    if text.isascii():
        return text.lower()
    try:
        return idna.encode(text, uts46=True, transitional=False).decode("ascii").lower()
    except idna.IDNAError:
        return _refused(f"{text[:80]!r} is no valid international host name")


def _ipv4(name: str) -> tuple[str, Address] | Refused:
    # Octal, hexadecimal, short and plain-number forms mean different hosts to different parsers.
    if not _DOTTED_QUAD.fullmatch(name):
        return _refused(f"{name[:80]!r} is an unusual form of an IPv4 address")
    try:
        return name, IPv4Address(name)
    except AddressValueError:
        return _refused(f"{name[:80]!r} is no IPv4 address")


def _ipv6(text: str) -> tuple[str, Address] | Refused:
    if "%" in text:
        return _refused("an IPv6 zone names an interface of this machine")
    try:
        address = IPv6Address(text)
    except AddressValueError:
        return _refused(f"[{text[:60]}] is no IPv6 address")
    return str(address), address


def parse_address(text: str) -> Address | None:
    """An IP address as a resolver gives it (a zone is cut off); None for anything else."""
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None
