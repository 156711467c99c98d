"""robots.txt (RFC 9309): what it allows, as a decision that is kept with each capture."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from protego import Protego

from monitor.egress.caps import BadEncoding, TooLarge, expand
from monitor.egress.exchange import Broken, Received

T = TypeVar("T")

MAX_BYTES = 512_000  # RFC 9309, section 2.5: at least 500 KiB must be read
KEEP_S = 86_400.0  # section 2.4: not longer than 24 hours
KEEP_FAILURE_S = 900.0
MAX_CRAWL_DELAY_S = 60.0
MAX_ORIGINS = 5_000


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


@dataclass(slots=True)
class _Origin(Generic[T]):
    file: RobotsFile | None = None
    until: float = 0.0
    waiting: list[T] = field(default_factory=list)


class RobotsFiles(Generic[T]):
    """The files of all origins asked lately, and who waits for one. Times are monotonic."""

    def __init__(self) -> None:
        self._origins: dict[str, _Origin[T]] = {}

    def file(self, origin: str, now: float) -> RobotsFile | None:
        """The origin's file; None when it must be asked for."""
        entry = self._origins.get(origin)
        return entry.file if entry and entry.until > now else None

    def wait(self, origin: str, item: T, now: float) -> bool:
        """Let `item` wait for the origin's file; True for the first, whose caller asks for it."""
        if origin not in self._origins:
            self._make_room(now)
            self._origins[origin] = _Origin()
        waiting = self._origins[origin].waiting
        waiting.append(item)
        return len(waiting) == 1

    def store(
        self, origin: str, answer: Received | Broken, moment: datetime, now: float
    ) -> tuple[RobotsFile, tuple[T, ...]]:
        """Remember the answer; gives the file and those that waited for it, in order."""
        entry = self._origins.setdefault(origin, _Origin())
        entry.file = robots_file(answer, moment, entry.file)
        entry.until = now + entry.file.keep_s
        waiting, entry.waiting = tuple(entry.waiting), []
        return entry.file, waiting

    def _make_room(self, now: float) -> None:
        if len(self._origins) < MAX_ORIGINS:
            return
        kept = {o: e for o, e in self._origins.items() if e.waiting or e.until > now}
        if len(kept) >= MAX_ORIGINS:
            kept = {o: e for o, e in kept.items() if e.waiting}
        self._origins = kept


def robots_file(answer: Received | Broken, now: datetime, known: RobotsFile | None) -> RobotsFile:
    """The file as answered.

    2xx: its rules. 4xx: no rules, everything is allowed (section 2.3.1.3). No answer, 429 and
    5xx: nothing is allowed (2.3.1.4), but what is `known` from before goes on to hold.
    """
    day = now.date().isoformat()
    match answer:
        case Received() if 200 <= answer.status < 300:
            return _parsed(_decoded(answer), day)
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


def _decoded(answer: Received) -> bytes:
    """The file's bytes; a body that cannot be decoded is no rules, like a page."""
    try:
        return expand(answer.body, answer.header("content-encoding") or "", MAX_BYTES)
    except (BadEncoding, TooLarge):
        return b"<"


def _closed(problem: Broken, status: int | None, known: RobotsFile | None) -> RobotsFile:
    if known is not None and known.closed is None:
        return RobotsFile(rules=known.rules, note=known.note, keep_s=KEEP_FAILURE_S)
    return RobotsFile(closed=problem, closed_status=status, keep_s=KEEP_FAILURE_S)
