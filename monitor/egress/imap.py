"""IMAP connections to the mailboxes that the settings name: TLS verified, answers and time bounded.

Hosts never come from a source or a subscriber, so no gate is asked; everything that a server says
is still taken as hostile (RFC 3501; RFC 5092 for addresses of mails).
"""

from __future__ import annotations

import imaplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from monitor.kinds import Options

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
#: A server that announces a larger piece than any that is asked for is not believed.
MAX_LITERAL_BYTES = 32_000_000


class Account(Options):
    """Where a mailbox is and who reads it; the environment gives it."""

    host: str
    port: int = Field(default=993, ge=1, le=65535)
    security: Literal["tls", "starttls", "none"] = "tls"
    user: str
    password: SecretStr
    ca_file: Path | None = None  #: of the authority that signed the server's certificate
    timeout_s: float = 30.0

    @field_validator("password")
    @classmethod
    def _one_line(cls, value: SecretStr) -> SecretStr:
        shown = value.get_secret_value()
        if not shown.isascii() or any(char in shown for char in "\r\n\0"):
            raise ValueError("the password must be one line of ASCII; IMAP's LOGIN takes no other")
        return value

    @model_validator(mode="after")
    def _plain_only_here(self) -> Account:
        if self.security == "none" and self.host not in _LOOPBACK:
            raise ValueError("security none is for a server on this machine; use tls or starttls")
        return self

    @property
    def where(self) -> str:
        """The server, for messages."""
        return f"mailbox {self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why a mailbox could not be read; `reason` is one of monitor.domain.health.FAILURES."""

    reason: str
    detail: str


class _Bounded(imaplib.IMAP4):
    def read(self, size: int) -> bytes:
        """A literal of this announced size."""
        if size > MAX_LITERAL_BYTES:
            raise self.abort(f"a piece of {size} bytes was announced")
        return super().read(size)


class _BoundedTls(_Bounded, imaplib.IMAP4_SSL):
    pass


def connect(account: Account) -> imaplib.IMAP4:
    """A connection, logged in. Raises imaplib.IMAP4.error and OSError; see `trouble_of`."""
    trusted = str(account.ca_file) if account.ca_file else None
    if account.security == "tls":
        connection: imaplib.IMAP4 = _BoundedTls(
            account.host,
            account.port,
            ssl_context=ssl.create_default_context(cafile=trusted),
            timeout=account.timeout_s,
        )
    else:
        connection = _Bounded(account.host, account.port, timeout=account.timeout_s)
    try:
        if account.security == "starttls":
            connection.starttls(ssl.create_default_context(cafile=trusted))
        connection.login(account.user, account.password.get_secret_value())
    except (imaplib.IMAP4.error, OSError):
        close(connection)
        raise
    return connection


def close(connection: imaplib.IMAP4) -> None:
    """Log out and let go; never raises."""
    for end in (connection.logout, connection.shutdown):  # logout leaves a broken line open
        with suppress(imaplib.IMAP4.error, OSError):
            end()


@contextmanager
def bounded(connection: imaplib.IMAP4, total_s: float) -> Iterator[None]:
    """Cut the line when what is done inside takes longer, however slowly the server drips."""

    def cut() -> None:
        with suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(total_s, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def data(answer: tuple[str, list[Any]]) -> list[Any]:
    """The data of an answer (imaplib: bytes, pairs with a literal, None).

    Raises imaplib.IMAP4.error for a refusal.
    """
    status, found = answer
    if status != "OK":
        raise imaplib.IMAP4.error(status)
    return found


def number(found: list[Any]) -> int:
    """A response code's number; 0 where there is none."""
    return int(found[0]) if found and found[0] and bytes(found[0]).isdigit() else 0


def trouble_of(error: Exception, account: Account) -> Trouble:
    """An error of this module or of imaplib in words that show no secret."""
    match error:
        case ssl.SSLError():
            return Trouble(reason="tls", detail=f"TLS failed, {error.reason or error}")
        case TimeoutError():
            return Trouble(reason="timeout_read", detail=f"no answer in {account.timeout_s:g} s")
        case socket.gaierror():
            return Trouble(reason="dns", detail=f"{account.host} does not resolve")
        case ConnectionRefusedError():
            return Trouble(reason="refused", detail="nothing listens there")
        case OSError():
            return Trouble(reason="reset", detail=error.strerror or type(error).__name__)
        case imaplib.IMAP4.abort():
            return Trouble(reason="reset", detail="the connection ended midway")
        case _:
            return Trouble(reason="refused", detail="the server refused")
