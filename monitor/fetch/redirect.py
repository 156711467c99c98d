"""Where a redirect leads and what may go along; the loop that follows it is ours alone."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.domain.snapshot import Snapshot
from monitor.egress.address import Refused, Target, join_target

MAX_REDIRECTS = 5
STATUSES = frozenset((301, 302, 303, 307, 308))
_PERMANENT = frozenset((301, 308))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """The next request of a chain."""

    target: Target
    method: str
    same_origin: bool  #: headers of the source and its secrets may go along


@dataclass(frozen=True, slots=True, kw_only=True)
class NoHop:
    """A chain that ends here; `reason` is one of monitor.domain.health.FAILURES."""

    reason: str
    detail: str


def next_hop(
    target: Target, *, method: str, status: int, location: str | None, visited: tuple[str, ...]
) -> Hop | NoHop:
    """The hop that a 3xx answer asks for. `visited` are the URLs asked so far, oldest first."""
    if location is None:
        return NoHop(reason="bad_header", detail=f"{status} without a Location header")
    following = join_target(target, _as_utf8(location))
    if isinstance(following, Refused):
        return NoHop(reason="redirect_refused", detail=f"redirect refused: {following.detail}")
    if following.url in visited:
        return NoHop(reason="redirect_loop", detail=f"redirected back to {following.url}")
    if len(visited) > MAX_REDIRECTS:
        return NoHop(reason="redirect_loop", detail=f"more than {MAX_REDIRECTS} redirects")
    same_origin = following.origin == target.origin
    if method == "POST" and status in (307, 308) and not same_origin:
        return NoHop(reason="redirect_refused", detail="a POST is not repeated on another host")
    kept = method if status in (307, 308) else "GET"
    return Hop(target=following, method=kept, same_origin=same_origin)


def _as_utf8(location: str) -> str:
    """A header value that is raw UTF-8, as servers send it against the rules, read as such."""
    try:
        return location.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return location


def moved_to(snapshot: Snapshot) -> str | None:
    """Where the source moved for good: the target of the leading permanent redirects."""
    moved = None
    for status, url in snapshot.redirects:
        if status not in _PERMANENT:
            break
        moved = url
    return moved
