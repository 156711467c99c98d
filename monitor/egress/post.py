"""One bounded POST through the gate, for channels whose address comes from a subscriber."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pycurl

from monitor.egress.address import Refused
from monitor.egress.exchange import Broken, Exchange, Limits, header_line
from monitor.egress.gate import Gate

MAX_ANSWER_BYTES = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class PostResult:
    """What came of a POST; a redirect is a status like any other and is not followed.

    `status` None: no answer; then `reason` is one of monitor.domain.health.FAILURES, and
    `may_have_arrived` tells a request that was never sent from one whose fate is unknown.
    """

    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()  #: lower-case names
    body: bytes = b""  #: at most 64 KiB, as sent
    reason: str = ""
    detail: str = ""
    may_have_arrived: bool = False
    elapsed_ms: int = 0


def post(
    url: str,
    body: bytes,
    headers: Sequence[tuple[str, str]],
    timeout_s: float,
    gate: Gate,
    *,
    user_agent: str = "policy-monitor",
    ca_file: str | None = None,
) -> PostResult:
    """Send one POST and wait for its answer; never raises for what a server does.

    An answer past 64 KiB is cut off by the cap and reported as "too_large" with
    `may_have_arrived`, since the request was read. Raises ValueError for a line break in a
    header, which would be an injection.
    """
    lines = [header_line(name, value) for name, value in headers]
    vetted = gate.vet(url)
    if isinstance(vetted, Refused):
        return PostResult(reason=vetted.reason, detail=vetted.detail)
    exchange = Exchange(gate, user_agent=user_agent, ca_file=ca_file)
    try:
        exchange.prepare(
            vetted,
            headers=[*lines, b"Expect:"],
            limits=Limits(
                connect_s=min(10.0, timeout_s),
                stall_s=timeout_s,
                total_s=timeout_s,
                body_bytes=MAX_ANSWER_BYTES,
            ),
            method="POST",
            body=body,
        )
        return _run(exchange)
    finally:
        exchange.close()


def _run(exchange: Exchange) -> PostResult:
    try:
        exchange.curl.perform()
        answer = exchange.outcome()
    except pycurl.error as error:
        answer = exchange.outcome(error.args[0], str(error.args[1]))
    if isinstance(answer, Broken):
        return PostResult(
            reason=answer.reason,
            detail=answer.detail,
            may_have_arrived=answer.may_have_arrived,
            elapsed_ms=answer.elapsed_ms,
        )
    return PostResult(
        status=answer.status,
        headers=answer.headers,
        body=answer.body,
        elapsed_ms=answer.elapsed_ms,
    )
