"""Health: what went wrong or came back, as entries a person can act on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from monitor.domain.ident import SourceId

#: Closed list of reasons of FetchFailed.
FAILURES = (
    "refused",
    "dns",
    "timeout_connect",
    "timeout_read",
    "timeout_total",
    "reset",
    "truncated",
    "tls",
    "too_large",
    "bad_encoding",
    "redirect_loop",
    "redirect_refused",
    "gate",
    "http_status",
    "bad_header",
    "interrupted",
    "offline",
    "protocol",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthEntry:
    """One observation; `kind` is a short closed word, `message` says what, where, what to do."""

    at: datetime
    kind: str  #: "ok", "not_modified", "failed", "blocked", "rejected", "held", "schema_changed", …
    message: str
    source_id: SourceId | None = None
    url: str = ""
    elapsed_ms: int = 0
    tell_operator: bool = False
