"""Requests and what came of them: a fetch has an outcome, never an exception to interpret."""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field, replace
from datetime import datetime, timedelta

from monitor.domain.ident import BodyHash, SnapshotId, SourceId, body_hash, content_id

#: A header that we add ourselves: what was done to the body, or seen in it.
NOTE = "x-monitor-note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What a server gave us to ask "has it changed?" (RFC 9110, section 8.8)."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What a body must satisfy to count as an answer; anything else is Rejected."""

    min_bytes: int = 0
    max_bytes: int = 20_000_000
    media_types: tuple[str, ...] = ()  #: prefixes such as "text/html"; empty accepts any
    must_contain: tuple[str, ...] = ()  #: phrases, compared without case in the decoded body
    magic: tuple[bytes, ...] = ()  #: the body must start with one of these
    min_items: int = 0  #: checked by the reader, after parsing

    def with_room(self, size_bytes: int) -> Expectation:
        """The same of a body that may be at least so large."""
        return replace(self, max_bytes=max(self.max_bytes, size_bytes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One GET (or POST with `body`) that a kind asks for; it never carries a secret.

    `secret_query`/`secret_headers` map a parameter or header to the NAME of an environment
    variable; the fetcher fills them in at the socket and they are stored nowhere.
    """

    url: str
    purpose: str = "main"  #: meaning is the kind's own: "main", "article", "page", "table", "moa"
    method: str = "GET"
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    accept: str = "*/*"
    secret_query: tuple[tuple[str, str], ...] = ()
    secret_headers: tuple[tuple[str, str], ...] = ()
    context: tuple[
        tuple[str, str], ...
    ] = ()  #: carried to read(), e.g. title and date of the entry
    conditional: bool = True  #: send stored validators; False: read even what is as last time
    again: bool = False  #: a second look at something known: not waited for, not tried again
    #: read() takes "not found" as well: snapshots with 404 or 410, or with 200 and such a NOTE
    tells_gone: bool = False
    expect: Expectation = field(default_factory=Expectation)
    known: Validators = field(default_factory=Validators)  #: where the state remembers none


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One capture: bytes as received (after transfer and content decoding), and how they came."""

    source_id: SourceId
    request: Request
    final_url: str
    status: int
    headers: tuple[tuple[str, str], ...]  #: lower-case names, no cookies, no credentials
    body: bytes
    media_type: str = ""
    charset: str | None = None  #: decided charset, None for binary
    charset_origin: str = ""  #: "header", "bom", "meta", "guess"
    validators: Validators = field(default_factory=Validators)
    redirects: tuple[tuple[int, str], ...] = ()  #: (status, target) per hop
    remote_address: str = ""
    robots: str = ""  #: the recorded decision, e.g. "allowed by * (robots.txt of 2026-08-01)"
    elapsed_ms: int = 0
    captured_at: datetime
    body_hash: BodyHash = field(init=False)
    id: SnapshotId = field(init=False)
    hashed: InitVar[BodyHash | None] = None  #: given where it was made from these bytes just before

    def __post_init__(self, hashed: BodyHash | None) -> None:
        """Derive hash and id; the id holds source, address, moment and bytes."""
        object.__setattr__(self, "body_hash", hashed or body_hash(self.body))
        object.__setattr__(
            self,
            "id",
            SnapshotId(
                content_id(
                    self.source_id, self.request.url, self.captured_at.isoformat(), self.body_hash
                )
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """304, or bytes equal to the last ones: the source is alive and says nothing new."""

    source_id: SourceId
    request: Request
    captured_at: datetime
    validators: Validators = field(default_factory=Validators)
    elapsed_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """A challenge, consent or error page instead of the content; no claim is made of it."""

    source_id: SourceId
    request: Request
    captured_at: datetime
    status: int
    family: (
        str  #: "akamai", "cloudflare", "captcha", "consent", "maintenance", "soft_404", "robots" …
    )
    detail: str = ""
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchFailed:
    """No usable answer: network, TLS, time, size, HTTP status."""

    source_id: SourceId
    request: Request
    captured_at: datetime
    reason: str  #: one of monitor.domain.health.FAILURES
    detail: str = ""
    status: int | None = None
    retry_after: timedelta | None = None
    elapsed_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A body that fails the source's own expectations; kept for a person, never a baseline."""

    source_id: SourceId
    request: Request
    captured_at: datetime
    reason: str
    detail: str = ""
    snapshot: Snapshot | None = None


Outcome = Snapshot | NotModified | Blocked | FetchFailed | Rejected
