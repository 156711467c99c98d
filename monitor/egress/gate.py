"""The egress gate: every address that comes from outside passes here before a socket is opened.

`vet` answers with the very IP addresses a connection may use; `exchange` pins the connection to
them and asks `permits` again when the socket is made, so a name that changes its answer in
between (DNS rebinding) reaches nothing.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from monitor.egress.address import (
    Address,
    Network,
    Refused,
    Target,
    parse_address,
    parse_target,
    refusal_of,
)

#: Names of a host's addresses, in the order to try; raises OSError when it has none.
Resolver = Callable[[str, int], Sequence[str]]

POSITIVE_TTL_S = 300.0
NEGATIVE_TTL_S = 30.0
MAX_ADDRESSES = 4
MAX_CACHED = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Vetted:
    """An address that may be reached, with the only IP addresses that may be connected to."""

    target: Target
    addresses: tuple[str, ...]  #: one or more, in the order to try

    @property
    def pins(self) -> list[str]:
        """libcurl's CURLOPT_RESOLVE entries; none for an IP literal.

        The leading "+" lets the entry expire, so that the next vetting is not overruled by it.
        """
        if self.target.literal is not None:
            return []
        shown = ",".join(f"[{a}]" if ":" in a else a for a in self.addresses)
        return [f"+{self.target.host}:{self.target.port}:{shown}"]


def system_resolver(host: str, port: int) -> Sequence[str]:
    """The addresses the system's resolver gives, in its order (RFC 6724)."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


class Gate:
    """Vets addresses; safe to share between threads (each step is one dictionary operation)."""

    def __init__(
        self,
        *,
        monotonic: Callable[[], float],
        allowed_networks: Sequence[Network] = (),
        resolver: Resolver = system_resolver,
    ) -> None:
        """`allowed_networks` are special ranges the operator wants reached; the rest is refused."""
        self._monotonic = monotonic
        self._allowed = tuple(allowed_networks)
        self._resolver = resolver
        self._known: dict[tuple[str, int], tuple[float, tuple[str, ...] | Refused]] = {}

    def vet(self, url: str) -> Vetted | Refused:
        """The vetted form of an address from outside; may wait for the resolver."""
        target = parse_target(url)
        if isinstance(target, Refused):
            return target
        return self.known(target) or self.resolve(target)

    def known(self, target: Target) -> Vetted | Refused | None:
        """What can be said without asking the resolver; None when it must be asked."""
        if target.literal is not None:
            refusal = refusal_of(target.literal, self._allowed)
            return refusal or Vetted(target=target, addresses=(str(target.literal),))
        entry = self._known.get((target.host, target.port))
        if entry is None or entry[0] <= self._monotonic():
            return None
        return _vetted(target, entry[1])

    def resolve(self, target: Target) -> Vetted | Refused:
        """Ask the resolver, keep the allowed addresses, remember the answer for a while."""
        answer = self._ask(target)
        ttl_s = NEGATIVE_TTL_S if isinstance(answer, Refused) else POSITIVE_TTL_S
        if len(self._known) >= MAX_CACHED:
            self._known.clear()
        self._known[target.host, target.port] = (self._monotonic() + ttl_s, answer)
        return _vetted(target, answer)

    def permits(self, address: str) -> bool:
        """Whether a socket may be connected to this IP address at all."""
        parsed = parse_address(address)
        return parsed is not None and refusal_of(parsed, self._allowed) is None

    def _ask(self, target: Target) -> tuple[str, ...] | Refused:
        try:
            names = self._resolver(target.host, target.port)
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            return Refused(reason="dns", detail=f"{target.host} does not resolve: {reason}")
        addresses = [a for a in map(parse_address, names) if a is not None]
        if not addresses:
            return Refused(reason="dns", detail=f"{target.host} has no address")
        return self._allowed_of(target, addresses)

    def _allowed_of(
        self, target: Target, addresses: Sequence[Address]
    ) -> tuple[str, ...] | Refused:
        refusals = [refusal_of(address, self._allowed) for address in addresses]
        good = tuple(str(a) for a, no in zip(addresses, refusals, strict=True) if no is None)
        if good:
            return good[:MAX_ADDRESSES]
        first = next(no for no in refusals if no is not None)
        return Refused(reason="gate", detail=f"{target.host} resolves to {first.detail}")


def _vetted(target: Target, answer: tuple[str, ...] | Refused) -> Vetted | Refused:
    if isinstance(answer, Refused):
        return answer
    return Vetted(target=target, addresses=answer)
