"""robots.txt (RFC 9309): what it allows, as a decision that is kept with each capture."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from protego import Protego

from monitor.egress.exchange import Broken, Received

MAX_BYTES = 512_000  # RFC 9309, section 2.5: at least 500 KiB must be read
KEEP_S = 86_400.0  # section 2.4: not longer than 24 hours
KEEP_FAILURE_S = 900.0
MAX_CRAWL_DELAY_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotsFile:
    """What an origin's robots.txt said; `rules` None: everything, or nothing, by `closed`."""

    rules: Protego | None = None
    note: str = ""  #: for the record, e.g. "robots.txt of 2026-08-01"
    closed: Broken | None = None  #: could not be read, so nothing may be asked for now
    closed_status: int | None = None
    keep_s: float = KEEP_S

    def allows(self, url: str, user_agent: str) -> bool:
        """Whether this product may fetch the URL."""
        return self.rules is None or bool(self.rules.can_fetch(url, user_agent))

    def crawl_delay_s(self, user_agent: str) -> float:
        """The pause it asks for, at most a minute; 0 when it asks for none."""
        delay = self.rules.crawl_delay(user_agent) if self.rules else None
        return min(float(delay), MAX_CRAWL_DELAY_S) if delay and delay > 0 else 0.0


def robots_file(
    answer: Received | Broken, body: bytes, now: datetime, known: RobotsFile | None
) -> RobotsFile:
    """The file as answered; `body` is the answer's, decoded.

    2xx: its rules. 4xx: no rules, everything is allowed (section 2.3.1.3). No answer, 429 and
    5xx: nothing is allowed (2.3.1.4), but what is `known` from before goes on to hold.
    """
    day = now.date().isoformat()
    match answer:
        case Received(status=status) if 200 <= status < 300:
            return _parsed(body, day)
        case Received(status=status) if 300 <= status < 500 and status != 429:
            return RobotsFile(note=f"no robots.txt ({status} on {day})")
        case Received(status=status):
            problem = Broken(
                reason="http_status",
                detail=f"robots.txt answered {status}, so nothing is fetched for now (RFC 9309); "
                "set respect_robots: false for a source whose site is broken in this way",
            )
            return _closed(problem, status, known)
        case Broken():
            problem = Broken(reason=answer.reason, detail=f"robots.txt: {answer.detail}")
            return _closed(problem, None, known)


def _parsed(body: bytes, day: str) -> RobotsFile:
    text = body[:MAX_BYTES].decode("utf-8", "replace").removeprefix("\ufeff")
    if text.lstrip()[:1] == "<":
        return RobotsFile(note=f"robots.txt was a page, without rules, on {day}")
    return RobotsFile(rules=Protego.parse(text), note=f"robots.txt of {day}")


def _closed(problem: Broken, status: int | None, known: RobotsFile | None) -> RobotsFile:
    if known is not None and known.closed is None:
        return RobotsFile(rules=known.rules, note=known.note, keep_s=KEEP_FAILURE_S)
    return RobotsFile(closed=problem, closed_status=status, keep_s=KEEP_FAILURE_S)
