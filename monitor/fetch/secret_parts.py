"""Secrets of a request: filled in at the socket, and cut out of everything that comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote, quote_plus

from monitor.domain.snapshot import Request
from monitor.egress.address import Target
from monitor.egress.exchange import header_line

#: Shorter values would cut ordinary words out of documents; no real key is so short.
_MIN_SCRUB_CHARS = 6
_MIN_PART_CHARS = 12
_CUT = b"***"


class Revealing(Protocol):
    """A secret of the settings."""

    def reveal(self) -> str:
        """The value."""
        ...


class MissingSecret(Exception):
    """The environment lacks a variable that the request names."""


@dataclass(frozen=True, slots=True)
class SecretParts:
    """What is added to the first request of a chain; its repr shows nothing."""

    query: tuple[tuple[str, str], ...] = ()
    header_lines: tuple[bytes, ...] = ()
    traces: tuple[bytes, ...] = ()  #: every spelling of the values

    def __repr__(self) -> str:
        return f"SecretParts({len(self.query) + len(self.header_lines)} parts)"

    def url_of(self, target: Target) -> str:
        """The target's URL with the secret parameters; "" when there are none."""
        if not self.query:
            return ""
        added = "&".join(f"{quote(name, safe='')}={quote(v, safe='')}" for name, v in self.query)
        return f"{target.url}{'&' if '?' in target.path else '?'}{added}"

    def occur_in(self, text: str) -> bool:
        """Whether a secret stands in the text, in any spelling."""
        data = text.encode("utf-8", "replace")
        return any(trace in data for trace in self.traces)

    def scrub(self, data: bytes) -> bytes:
        """The bytes without the secrets; the same object when none occurs."""
        for trace in self.traces:
            if trace in data:
                data = data.replace(trace, _CUT)
        return data


_NO_SECRETS = SecretParts()


def secret_parts(request: Request, secrets: Mapping[str, Revealing]) -> SecretParts:
    """The secrets a request names. Raises MissingSecret, naming the variable."""
    if not (request.secret_query or request.secret_headers):
        return _NO_SECRETS
    query = tuple((name, _value(variable, secrets)) for name, variable in request.secret_query)
    headers = tuple((name, _value(variable, secrets)) for name, variable in request.secret_headers)
    return SecretParts(
        query=query,
        header_lines=tuple(header_line(name, value) for name, value in headers),
        traces=_traces([value for _, value in query + headers]),
    )


def _value(variable: str, secrets: Mapping[str, Revealing]) -> str:
    secret = secrets.get(variable)
    value = secret.reveal() if secret is not None else ""
    if not value:
        raise MissingSecret(f"the environment variable {variable} is not set; set it, or disable")
    if any(char in value for char in "\r\n\0"):
        raise MissingSecret(f"the environment variable {variable} holds a line break; correct it")
    return value


def _traces(values: list[str]) -> tuple[bytes, ...]:
    # "Token abc" as a header value is a scheme and a secret: the part alone must vanish too.
    wholes = [value for value in values if len(value) >= _MIN_SCRUB_CHARS]
    parts = [part for value in values for part in value.split() if len(part) >= _MIN_PART_CHARS]
    spellings = [
        spelling.encode()
        for part in wholes + parts
        for spelling in (part, quote(part, safe=""), quote(part), quote_plus(part))
    ]
    return tuple(sorted(set(spellings), key=len, reverse=True))
