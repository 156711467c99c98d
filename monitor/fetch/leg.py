"""One job on its way: the hop it is at, what goes along, how long it may still take."""

from __future__ import annotations

from dataclasses import dataclass, replace

from monitor.domain.snapshot import Expectation, Request
from monitor.egress.address import Target
from monitor.egress.caps import ACCEPT_ENCODING
from monitor.egress.exchange import Limits, header_line
from monitor.fetch import robots
from monitor.fetch.outcome import Circumstances
from monitor.fetch.redirect import Hop
from monitor.fetch.secret_parts import SecretParts
from monitor.ports import FetchJob

#: A job may take this many times its timeout over all hops; the timeout itself bounds standing
#: still, so that a large document over a slow line arrives and a drip does not hold on for ever.
TOTAL_FACTOR = 4
CONNECT_S = 10.0

_ACCEPT_ENCODING = header_line("Accept-Encoding", ACCEPT_ENCODING)
_PLAIN_LINES = 2


@dataclass(slots=True, kw_only=True, eq=False)
class Leg:
    """A job on its way; `target` is the present hop's."""

    job: FetchJob
    target: Target
    method: str
    secrets: SecretParts
    started_at: float
    own_headers: bool = True  #: the source's headers and secrets go along (same origin so far)
    is_robots: bool = False
    robots: str = ""  #: the recorded decision
    conditional: bool = False  #: validators were sent
    redirects: tuple[tuple[int, str], ...] = ()
    visited: tuple[str, ...] = ()
    deadline: float | None = None

    def headers(self) -> list[bytes]:
        """The lines of this hop's request. Raises ValueError for a line break in a value."""
        request, validators = self.job.request, self.job.validators
        lines = [header_line("Accept", request.accept), _ACCEPT_ENCODING]
        if request.conditional and self.method == "GET":
            if validators.etag:
                lines.append(header_line("If-None-Match", validators.etag))
            if validators.last_modified:
                lines.append(header_line("If-Modified-Since", validators.last_modified))
        self.conditional = len(lines) > _PLAIN_LINES
        if self.own_headers:
            lines.extend(header_line(name, value) for name, value in request.headers)
            lines.extend(self.secrets.header_lines)
        if self.method == "POST":
            lines.append(b"Expect:")  # no waiting for "100 Continue"
        return lines

    def limits(self, now: float) -> Limits:
        """Bounds of this hop; the first one sets the deadline of all."""
        timeout_s = self.job.politeness.timeout_s
        if self.deadline is None:
            self.deadline = now + TOTAL_FACTOR * timeout_s
        return Limits(
            connect_s=min(CONNECT_S, timeout_s),
            stall_s=timeout_s,
            total_s=max(0.001, self.deadline - now),
            body_bytes=self.job.request.expect.max_bytes,
        )

    def url(self) -> str:
        """The URL with the secret parameters, on the first hop only; "" for the target's own."""
        return "" if self.redirects else self.secrets.url_of(self.target)

    def body(self) -> bytes:
        """The body of a POST that is still one after its redirects."""
        return self.job.request.body if self.method == "POST" else b""

    def move(self, status: int, hop: Hop) -> None:
        """Go on to the next hop."""
        self.redirects = (*self.redirects, (status, hop.target.url))
        self.target, self.method = hop.target, hop.method
        # Once a chain has left the origin it never gets credentials again, even if it comes back.
        self.own_headers = self.own_headers and hop.same_origin

    def circumstances(self, now: float) -> Circumstances:
        """How the answer was reached, for the outcome."""
        return Circumstances(
            final_url=self.target.url,
            redirects=self.redirects,
            robots=self.robots,
            conditional=self.conditional,
            elapsed_ms=int((now - self.started_at) * 1000),
            scrub=self.secrets.scrub,
        )


def robots_leg(leg: Leg, now: float) -> Leg:
    """The request for the robots.txt that this leg has to wait for."""
    request = Request(
        url=f"{leg.target.origin}/robots.txt",
        purpose="robots",
        expect=Expectation(max_bytes=robots.MAX_BYTES),
    )
    politeness = replace(leg.job.politeness, respect_robots=False)
    return Leg(
        job=FetchJob(source_id=leg.job.source_id, request=request, politeness=politeness),
        target=replace(leg.target, path="/robots.txt", url=request.url),
        method="GET",
        secrets=SecretParts(),
        started_at=now,
        is_robots=True,
    )
