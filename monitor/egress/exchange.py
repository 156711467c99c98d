"""One HTTP request and its answer over libcurl, pinned to vetted addresses and bounded.

The only home of the curl options that make a request safe: own redirects only, no proxy, no
netrc, no cookies, TLS verified, caps on headers, body and every span of time. Used by the
fetcher (many at once) and by posts (one at a time).
"""

from __future__ import annotations

import errno as os_errors
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import certifi
import pycurl

from monitor.egress.body_memory import BodyMemory
from monitor.egress.gate import Gate, Vetted

MAX_HEADER_BYTES = 65_536
#: Slower than this over the whole stall time counts as standing still (bytes a second).
_STALL_BYTES_PER_S = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one exchange."""

    connect_s: float = 10.0  #: name known, until TCP and TLS stand
    stall_s: float = 30.0  #: nothing, or nearly nothing, arrives for so long
    total_s: float = 120.0
    body_bytes: int = 20_000_000  #: as sent, before content decoding


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """An answer as it came; the body's content coding is not undone."""

    status: int
    headers: tuple[tuple[str, str], ...]  #: lower-case names, in order
    body: bytes
    remote_address: str
    elapsed_ms: int

    def header(self, name: str) -> str | None:
        """The first value of a header, by its lower-case name."""
        for key, value in self.headers:
            if key == name:
                return value
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """No answer; `reason` is one of monitor.domain.health.FAILURES."""

    reason: str
    detail: str
    elapsed_ms: int = 0
    may_have_arrived: bool = False  #: the request may have been read by the server


class Exchange:
    """A reusable curl handle: `prepare`, run by whoever owns the loop, `outcome`."""

    __slots__ = ("_allowed", "_chunks", "_gate", "_header_bytes", "_lines", "_memory",
                 "_set", "_size", "_stop", "cap_bytes", "curl", "held_back", "tag")  # fmt: skip

    def __init__(
        self,
        gate: Gate,
        *,
        user_agent: str,
        ca_file: str | None = None,
        memory: BodyMemory | None = None,
    ) -> None:
        """`ca_file` replaces the bundled certificate authorities (PEM). `memory` is the budget
        that this one's body shares with others; its owner must resume those held back."""
        self._gate = gate
        self._memory = memory
        self.curl: Any = pycurl.Curl()
        self.tag: object = None  #: whatever the owner of the loop wants to find again
        self._set: dict[int, object] = {}  #: options as they stand, to set only what differs
        self.cap_bytes = 0
        self._clear()
        self._fixed_options(user_agent, ca_file or certifi.where())

    def _clear(self) -> None:
        self._allowed: tuple[str, ...] = ()
        self._lines: list[bytes] = []
        self._chunks: list[bytes] = []
        self._size = 0
        self._header_bytes = 0
        self._stop: tuple[str, str] | None = None
        self.held_back = False  #: its body stands still until others are done

    def _fixed_options(self, user_agent: str, ca_file: str) -> None:
        option = self.curl.setopt
        option(pycurl.NOSIGNAL, 1)
        option(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
        option(pycurl.REDIR_PROTOCOLS, pycurl.PROTO_HTTPS)
        option(pycurl.FOLLOWLOCATION, 0)
        option(pycurl.PROXY, "")  # an empty string also switches off the environment's proxies
        option(pycurl.NOPROXY, "*")
        option(pycurl.NETRC, pycurl.NETRC_IGNORED)
        option(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
        option(pycurl.PATH_AS_IS, 1)
        option(pycurl.SSL_VERIFYPEER, 1)
        option(pycurl.SSL_VERIFYHOST, 2)
        option(pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_2)
        option(pycurl.CAINFO, ca_file)
        option(pycurl.USERAGENT, user_agent)
        option(pycurl.LOW_SPEED_LIMIT, _STALL_BYTES_PER_S)
        option(pycurl.OPENSOCKETFUNCTION, self._open_socket)
        option(pycurl.HEADERFUNCTION, self._on_header)
        option(pycurl.WRITEFUNCTION, self._on_body)

    def prepare(
        self,
        vetted: Vetted,
        *,
        headers: Sequence[bytes],
        limits: Limits,
        method: str = "GET",
        body: bytes = b"",
        url: str = "",
    ) -> None:
        """Set up one request; `headers` are lines made by header_line().

        `url` replaces the target's URL when a secret parameter is added to it; it must have the
        same origin, which the caller's code guarantees.
        """
        self._clear()
        self._allowed = vetted.addresses
        self.cap_bytes = limits.body_bytes
        self.curl.setopt(pycurl.URL, url or vetted.target.url)
        self.curl.setopt(pycurl.HTTPHEADER, list(headers))
        if method == "POST":
            self.curl.setopt(pycurl.POST, 1)
            self.curl.setopt(pycurl.POSTFIELDS, body)
            self._set[pycurl.HTTPGET] = 0
        else:
            self._option(pycurl.HTTPGET, 1)
        self._option(pycurl.RESOLVE, vetted.pins)
        self._option(pycurl.CONNECTTIMEOUT_MS, max(1, int(limits.connect_s * 1000)))
        self._option(pycurl.LOW_SPEED_TIME, max(1, round(limits.stall_s)))
        self._option(pycurl.TIMEOUT_MS, max(1, int(limits.total_s * 1000)))
        self._option(pycurl.MAXFILESIZE_LARGE, limits.body_bytes)

    def outcome(self, error: int | None = None, message: str = "") -> Received | Broken:
        """What came of the request that ended; `error` is libcurl's code."""
        info = self.curl.getinfo
        elapsed_ms = int(info(pycurl.TOTAL_TIME) * 1000)
        if error is not None:
            reason = self._reason(error, message)
            return Broken(
                reason=reason,
                detail=self._detail(message),
                elapsed_ms=elapsed_ms,
                may_have_arrived=info(pycurl.REQUEST_SIZE) > 0,
            )
        return Received(
            status=info(pycurl.RESPONSE_CODE),
            headers=_headers(self._lines),
            body=b"".join(self._chunks),
            remote_address=info(pycurl.PRIMARY_IP),
            elapsed_ms=elapsed_ms,
        )

    def release(self) -> None:
        """Forget the answer, so that an idle handle holds no body."""
        self._clear()
        self.tag = None

    def resume(self) -> None:
        """Go on with a body that was held back; it may be held back again at once."""
        self.held_back = False
        self.curl.pause(pycurl.PAUSE_CONT)

    def close(self) -> None:
        """Free the handle."""
        self.curl.close()

    def _option(self, option: int, value: Any) -> None:
        """Set an option unless it has that value already."""
        if self._set.get(option) != value:
            self.curl.setopt(option, value)
            self._set[option] = value

    def _open_socket(self, purpose: int, address: Any) -> Any:
        family, kind, protocol, sockaddr = address
        host = sockaddr[0] if isinstance(sockaddr, tuple) else ""
        # Both: the address is one of those vetted for this very request, and the table of
        # networks, asked once more about what is really connected to, lets it pass.
        if purpose != pycurl.SOCKTYPE_IPCXN or host not in self._allowed:
            self._stop = ("gate", f"{host or 'the address'} was not vetted for this request")
            return pycurl.SOCKET_BAD
        if not self._gate.permits(host):
            self._stop = ("gate", f"{host} must not be connected to")
            return pycurl.SOCKET_BAD
        return socket.socket(family, kind, protocol)

    def _on_header(self, line: bytes) -> int | None:
        self._header_bytes += len(line)
        if self._header_bytes > MAX_HEADER_BYTES:
            self._stop = ("bad_header", f"the headers pass {MAX_HEADER_BYTES} bytes")
            return 0
        if not self._chunks:  # what comes after the body are trailers, which nothing here needs
            self._lines.append(line)
        return None

    def _on_body(self, chunk: bytes) -> int | None:
        size = self._size + len(chunk)
        if size > self.cap_bytes:
            self._stop = ("too_large", f"the body passes {self.cap_bytes} bytes")
            return 0
        if self._memory is not None and not self._memory.take(self, size):
            self.held_back = True
            return int(pycurl.WRITEFUNC_PAUSE)  # libcurl keeps the chunk and gives it again
        self._size = size
        self._chunks.append(chunk)
        return None

    def _detail(self, message: str) -> str:
        if self._stop:
            return self._stop[1]
        if self.held_back:
            return f"{message}; held back while other bodies took MONITOR_BODY_MEMORY_MB"
        return message

    def _reason(self, error: int, message: str) -> str:
        if self._stop is not None:
            return self._stop[0]
        if error == pycurl.E_OPERATION_TIMEDOUT:
            return self._which_timeout(message)
        if error == pycurl.E_COULDNT_CONNECT:
            return _CONNECT_ERRORS.get(self.curl.getinfo(pycurl.OS_ERRNO), "refused")
        if any(words in message for words in _HEADER_COMPLAINTS):
            return "bad_header"
        return _REASONS.get(error, "tls" if "SSL" in message else "protocol")

    def _which_timeout(self, message: str) -> str:
        if not self.curl.getinfo(pycurl.REQUEST_SIZE):
            return "timeout_connect"
        if "too slow" in message or not self._lines:
            return "timeout_read"
        return "timeout_total"


#: libcurl has no code of its own for these.
_HEADER_COMPLAINTS = ("response headers", "header line", "Header without colon", "Nul byte")

_CONNECT_ERRORS = {
    os_errors.ECONNREFUSED: "refused",
    os_errors.ETIMEDOUT: "timeout_connect",
    os_errors.ENETUNREACH: "offline",
    os_errors.ENETDOWN: "offline",
    os_errors.EHOSTUNREACH: "offline",
    os_errors.EADDRNOTAVAIL: "offline",
    os_errors.ECONNRESET: "reset",
}

_REASONS = {
    pycurl.E_COULDNT_RESOLVE_HOST: "dns",
    pycurl.E_COULDNT_RESOLVE_PROXY: "dns",
    pycurl.E_PARTIAL_FILE: "truncated",
    pycurl.E_GOT_NOTHING: "reset",
    pycurl.E_SEND_ERROR: "reset",
    pycurl.E_RECV_ERROR: "reset",
    pycurl.E_FILESIZE_EXCEEDED: "too_large",
    pycurl.E_BAD_CONTENT_ENCODING: "bad_encoding",
    pycurl.E_SSL_CONNECT_ERROR: "tls",
    pycurl.E_PEER_FAILED_VERIFICATION: "tls",
    pycurl.E_SSL_CERTPROBLEM: "tls",
    pycurl.E_SSL_CIPHER: "tls",
    pycurl.E_SSL_CACERT_BADFILE: "tls",
    pycurl.E_SSL_ISSUER_ERROR: "tls",
    pycurl.E_SSL_INVALIDCERTSTATUS: "tls",
    pycurl.E_ABORTED_BY_CALLBACK: "interrupted",
}


def header_line(name: str, value: str) -> bytes:
    """One header as libcurl wants it. Raises ValueError for a line break: an injection."""
    if any(char in name or char in value for char in "\r\n\0"):
        raise ValueError(f"header {name!r} holds a line break")
    return f"{name}: {value}".encode("latin-1", "replace")


def _headers(lines: Sequence[bytes]) -> tuple[tuple[str, str], ...]:
    """Names and values after the last status line (1xx answers come before the real one)."""
    found: list[tuple[str, str]] = []
    for line in lines:
        if line.startswith(b"HTTP/"):
            found.clear()
            continue
        name, separator, value = line.partition(b":")
        if separator:
            found.append((name.strip().lower().decode("latin-1"), _value(value)))
    return tuple(found)


def _value(value: bytes) -> str:
    return value.strip().decode("latin-1").replace("\x00", "")
