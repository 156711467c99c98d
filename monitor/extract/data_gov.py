"""What interfaces behind api.data.gov have in common: a key in a header, errors, hourly limits.

api.data.gov/docs: the key as `X-Api-Key`, `X-RateLimit-Limit` and `X-RateLimit-Remaining` in each
answer (a rolling hour), errors as {"error": {"code", "message"}}.
"""

from __future__ import annotations

from collections.abc import Iterable

from monitor.domain.errors import ExtractError
from monitor.domain.snapshot import Snapshot
from monitor.extract.json_api import Record, parsed_record, text
from monitor.extract.quota import LOW

#: Where an answer states no limit.
UNLIMITED = 1_000_000


def answered(snapshot: Snapshot, variable: str) -> Record:
    """The answer. Raises ExtractError with its words for an error told with status 200."""
    record = parsed_record(snapshot)
    error = record.get("error")
    if error is None:
        return record
    found = error if isinstance(error, dict) else {"message": error}
    raise ExtractError(
        f"{snapshot.request.url}: refused: {text(found, 'code')} {text(found, 'message')[:200]!r}; "
        f"check {variable}, a free key of api.data.gov"
    )


def hourly(headers: Iterable[tuple[str, str]]) -> tuple[int, tuple[str, ...]]:
    """Calls left of the hour, UNLIMITED where none is stated, and a word when they run low."""
    values = dict(headers)
    left, limit = values.get("x-ratelimit-remaining", ""), values.get("x-ratelimit-limit", "")
    if not left.isdecimal():
        return UNLIMITED, ()
    low = limit.isdecimal() and int(left) < (1 - LOW) * int(limit)
    return int(left), (f"quota: {left} of {limit} calls of this hour are left",) if low else ()
