"""The mailbox that mails come back to, read by IMAP: what is new since the last look.

Nothing is deleted and no flag changes but \\Seen on mails that were for us, so a person may use the
same mailbox. UIDs only grow within one UIDVALIDITY (RFC 3501 section 2.3.1.1): the last one read
is all that is remembered.
"""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, model_validator

from monitor.domain.errors import ChannelError
from monitor.kinds import Options

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
#: A bounce says what it says at its beginning; a mail may be any size.
MAX_MAIL_BYTES = 1_000_000


class MailboxOptions(Options):
    """Where mails come back to; the environment gives it (docs/channels.md)."""

    host: str
    port: int = Field(default=993, ge=1, le=65535)
    security: Literal["tls", "starttls", "none"] = "tls"
    user: str
    password: SecretStr
    folder: str = Field(default="INBOX", pattern=r'^[^"\\\r\n]{1,200}$')
    ca_file: Path | None = None  #: of the authority that signed the server's certificate
    timeout_s: float = 30.0

    @model_validator(mode="after")
    def _plain_only_here(self) -> MailboxOptions:
        if self.security == "none" and self.host not in _LOOPBACK:
            raise ValueError("security none is for a server on this machine; use tls or starttls")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far a mailbox was read: the last UID within a UIDVALIDITY."""

    validity: int = 0
    uid: int = 0


#: Takes a mail and its position; says whether it was one for us, which marks it as read.
Take = Callable[[bytes, Position], bool]


def read_new(
    options: MailboxOptions,
    position: Position,
    take: Take,
    *,
    at_most: int = 200,
) -> int:
    """Give each mail after the position to `take`, oldest first; how many there were.

    `take` gets the first MAX_MAIL_BYTES of a mail and its position, which it should store: the
    mail is given again until a look begins after it. Raises ChannelError when the mailbox cannot
    be reached or read.
    """
    where = f"mailbox {options.host}:{options.port}"
    try:
        with _opened(options) as connection:
            return _read(connection, options.folder, position, take, at_most)
    except ssl.SSLError as error:
        raise ChannelError(f"{where}: TLS failed, {error.reason or error}") from error
    except imaplib.IMAP4.error as error:
        raise ChannelError(
            f"{where} refused ({type(error).__name__}); check MONITOR_IMAP_USER, "
            "MONITOR_IMAP_PASSWORD and MONITOR_IMAP_FOLDER"
        ) from error
    except OSError as error:
        raise ChannelError(f"{where}: {error.strerror or type(error).__name__}") from error


@contextmanager
def _opened(options: MailboxOptions) -> Iterator[imaplib.IMAP4]:
    trusted = str(options.ca_file) if options.ca_file else None
    if options.security == "tls":
        connection: imaplib.IMAP4 = imaplib.IMAP4_SSL(
            options.host,
            options.port,
            ssl_context=ssl.create_default_context(cafile=trusted),
            timeout=options.timeout_s,
        )
    else:
        connection = imaplib.IMAP4(options.host, options.port, timeout=options.timeout_s)
    try:
        if options.security == "starttls":
            connection.starttls(ssl.create_default_context(cafile=trusted))
        connection.login(options.user, _quoted_password(options))
        yield connection
    finally:
        for close in (connection.logout, connection.shutdown):  # logout leaves a broken line open
            with suppress(imaplib.IMAP4.error, OSError):
                close()


def _quoted_password(options: MailboxOptions) -> str:
    """imaplib quotes it; line breaks would end the command."""
    password = options.password.get_secret_value()
    if "\r" in password or "\n" in password:
        raise ChannelError("MONITOR_IMAP_PASSWORD holds a line break")
    return password


def _read(
    connection: imaplib.IMAP4,
    folder: str,
    position: Position,
    take: Take,
    at_most: int,
) -> int:
    _checked(connection.select(f'"{folder}"'))
    validity = _number(connection.response("UIDVALIDITY")[1])
    last = position.uid if position.validity == validity else 0
    uids = _uids_after(connection, last)[:at_most]
    for uid in uids:
        if take(_content(connection, uid), Position(validity=validity, uid=uid)):
            _checked(connection.uid("STORE", str(uid), "+FLAGS.SILENT", r"(\Seen)"))
    return len(uids)


def _uids_after(connection: imaplib.IMAP4, last: int) -> list[int]:
    """UIDs above the last, ascending; "n:*" always names the newest one, even when it is older."""
    (found, *_) = _checked(connection.uid("SEARCH", f"UID {last + 1}:*"))
    return sorted(uid for uid in map(int, (found or b"").split()) if uid > last)


def _content(connection: imaplib.IMAP4, uid: int) -> bytes:
    """The beginning of a mail; empty when somebody deleted it meanwhile."""
    parts = _checked(connection.uid("FETCH", str(uid), f"(BODY.PEEK[]<0.{MAX_MAIL_BYTES}>)"))
    return next((bytes(part[1]) for part in parts if isinstance(part, tuple)), b"")


def _checked(answer: tuple[str, list[Any]]) -> list[Any]:
    """The data of an answer (imaplib: bytes, pairs with a literal, None)."""
    status, data = answer
    if status != "OK":
        raise imaplib.IMAP4.error(status)
    return data


def _number(data: list[bytes | None]) -> int:
    return int(data[0]) if data and data[0] and data[0].isdigit() else 0
