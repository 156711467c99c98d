"""What came of a request: status, headers and body against the expectation. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from monitor.domain.ident import BodyHash, body_hash
from monitor.domain.snapshot import (
    NOTE,
    Blocked,
    FetchFailed,
    NotModified,
    Outcome,
    Rejected,
    Snapshot,
    Validators,
)
from monitor.egress.caps import BadEncoding, TooLarge, expand
from monitor.egress.exchange import Broken, Received
from monitor.fetch import blocks, charset
from monitor.ports import FetchJob

MAX_RETRY_AFTER = timedelta(hours=24)
#: A host that says "too many requests" without saying for how long.
DEFAULT_SILENCE = timedelta(seconds=60)
_ANSWERS = frozenset((200, 201, 203))
#: What a server says of what is not there any more (RFC 9110, sections 15.5.5 and 15.5.11).
_GONE = frozenset((404, 410))
#: Never stored: cookies and credentials, and what only concerned the connection.
_UNKEPT = frozenset(
    ("set-cookie", "set-cookie2", "authorization", "www-authenticate", "proxy-authenticate",
     "proxy-authorization", "connection", "keep-alive", "transfer-encoding")
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """How an answer was reached; `scrub` removes the secrets that went along from bytes."""

    final_url: str
    redirects: tuple[tuple[int, str], ...] = ()
    robots: str = ""
    conditional: bool = False  #: validators were sent
    elapsed_ms: int = 0  #: over all hops
    scrub: Callable[[bytes], bytes] = bytes


def judge(job: FetchJob, answer: Received, how: Circumstances, now: datetime) -> Outcome:
    """The outcome of an answer that is no redirect."""
    if answer.status == 304:
        return _unchanged(job, answer, how, now)
    try:
        whole = expand(
            answer.body, answer.header("content-encoding") or "", job.request.expect.max_bytes
        )
    except TooLarge as error:
        return failed(job, now, "too_large", str(error), how, answer)
    except BadEncoding as error:
        return failed(job, now, "bad_encoding", str(error), how, answer)
    body = how.scrub(whole)
    hashed = body_hash(body)
    if answer.status in _ANSWERS and job.request.conditional and hashed == job.last_hash:
        return _not_modified(job, answer, how, now)
    block = blocks.recognised(
        status=answer.status,
        headers=dict(answer.headers),
        body=body,
        final_url=how.final_url,
        media_type=media_type(answer),
    )
    if block is None and answer.status in _ANSWERS:
        return _expected(job, _snapshot(job, answer, body, how, now, hashed, echoed=body != whole))
    if job.request.tells_gone and _says_gone(answer.status, block):
        seen = _snapshot(job, answer, body, how, now, hashed, echoed=body != whole)
        note = ((NOTE, f"soft_404: {block.detail}"),) if block else ()
        return replace(seen, headers=(*seen.headers, *note))
    return _no_answer(job, answer, how, now, block)


def _says_gone(status: int, block: blocks.Block | None) -> bool:
    return status in _GONE if block is None else block.family == "soft_404"


def _no_answer(
    job: FetchJob, answer: Received, how: Circumstances, now: datetime, block: blocks.Block | None
) -> Blocked | FetchFailed:
    if block is None:
        detail = f"{how.final_url} answered {answer.status}"
        return failed(job, now, "http_status", detail, how, answer)
    return Blocked(
        source_id=job.source_id,
        request=job.request,
        captured_at=now,
        status=answer.status,
        family=block.family,
        detail=block.detail,
        retry_after=retry_after(answer, now),
    )


def failed(
    job: FetchJob,
    now: datetime,
    reason: str,
    detail: str,
    how: Circumstances,
    answer: Received | None = None,
) -> FetchFailed:
    """A failure with what is known of it; secrets are scrubbed from the detail."""
    return FetchFailed(
        source_id=job.source_id,
        request=job.request,
        captured_at=now,
        reason=reason,
        detail=_text(detail, how),
        status=answer.status if answer else None,
        retry_after=retry_after(answer, now) if answer else None,
        elapsed_ms=how.elapsed_ms,
    )


def body_bytes(outcome: Outcome) -> int:
    """What an outcome's body takes in memory."""
    match outcome:
        case Snapshot(body=body) | Rejected(snapshot=Snapshot(body=body)):
            return len(body)
        case _:
            return 0


def broken(job: FetchJob, problem: Broken, how: Circumstances, now: datetime) -> FetchFailed:
    """The outcome of a request without an answer."""
    detail = f"{how.final_url}: {problem.detail}"
    return failed(job, now, problem.reason, detail, how)


def retry_after(answer: Received, now: datetime) -> timedelta | None:
    """The Retry-After of an answer, seconds or date, between 0 and 24 hours; None without one."""
    text = (answer.header("retry-after") or "")[:100].strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:9])), MAX_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):  # all seen from hostile dates
        return None
    # RFC 9110 dates are always GMT; a date that names no zone is read as such.
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(aware - now, timedelta(0)), MAX_RETRY_AFTER)


def silence(answer: Received, now: datetime) -> timedelta | None:
    """How long the whole host wants to be left alone after this answer; None: it does not."""
    if answer.status == 429:
        return retry_after(answer, now) or DEFAULT_SILENCE
    return retry_after(answer, now) if answer.status == 503 else None


def media_type(answer: Received) -> str:
    """The media type without parameters, lower case; "" when the answer names none."""
    return (answer.header("content-type") or "").partition(";")[0].strip().lower()


def _unchanged(job: FetchJob, answer: Received, how: Circumstances, now: datetime) -> Outcome:
    if not how.conditional:
        detail = f"{how.final_url} answered 304 to a request that sent no validators"
        return failed(job, now, "protocol", detail, how, answer)
    return _not_modified(job, answer, how, now)


def _not_modified(
    job: FetchJob, answer: Received, how: Circumstances, now: datetime
) -> NotModified:
    fresh = _validators(answer)
    return NotModified(
        source_id=job.source_id,
        request=job.request,
        captured_at=now,
        validators=job.validators if fresh == _NONE else fresh,
        elapsed_ms=how.elapsed_ms,
    )


_NONE = Validators()


def _validators(answer: Received) -> Validators:
    return Validators(etag=answer.header("etag"), last_modified=answer.header("last-modified"))


def _snapshot(
    job: FetchJob,
    answer: Received,
    body: bytes,
    how: Circumstances,
    now: datetime,
    hashed: BodyHash,
    *,
    echoed: bool,
) -> Snapshot:
    name, origin = charset.decide(body, answer.header("content-type") or "")
    headers = tuple((key, _text(value, how)) for key, value in answer.headers if key not in _UNKEPT)
    if echoed:
        headers = (*headers, (NOTE, "a secret that the server echoed was cut out"))
    return Snapshot(
        source_id=job.source_id,
        request=job.request,
        final_url=_text(how.final_url, how),
        status=answer.status,
        headers=headers,
        body=body,
        media_type=media_type(answer),
        charset=name,
        charset_origin=origin,
        validators=_validators(answer),
        redirects=tuple((status, _text(url, how)) for status, url in how.redirects),
        remote_address=answer.remote_address,
        robots=how.robots,
        elapsed_ms=how.elapsed_ms,
        captured_at=now,
        hashed=hashed,
    )


def _expected(job: FetchJob, snapshot: Snapshot) -> Snapshot | Rejected:
    problem = _unmet(snapshot)
    if problem is None:
        return snapshot
    reason, detail = problem
    return Rejected(
        source_id=job.source_id,
        request=job.request,
        captured_at=snapshot.captured_at,
        reason=reason,
        detail=detail,
        snapshot=snapshot,
    )


def _unmet(snapshot: Snapshot) -> tuple[str, str] | None:
    """The first expectation that the body fails, as (reason, detail)."""
    expect, body = snapshot.request.expect, snapshot.body
    if len(body) < expect.min_bytes:
        return "too_short", f"{len(body)} bytes, at least {expect.min_bytes} are expected"
    if expect.media_types and not snapshot.media_type.startswith(expect.media_types):
        shown = snapshot.media_type or "no media type"
        return "media_type", f"{shown}, expected {' or '.join(expect.media_types)}"
    if expect.magic and not body.startswith(expect.magic):
        return "magic", f"the body begins with {body[:8]!r}, which is no such document"
    if expect.must_contain:
        text = charset.decoded(body, snapshot.charset).casefold()
        for phrase in expect.must_contain:
            if phrase.casefold() not in text:
                return "must_contain", f"the page does not say {phrase!r}"
    return None


def _text(text: str, how: Circumstances) -> str:
    return how.scrub(text.encode("utf-8", "replace")).decode("utf-8", "replace")
