"""The mailbox that mails come back to, read by IMAP: what is new since the last look.

Nothing is deleted and no flag changes but \\Seen on mails that were for us, so a person may use the
same mailbox. UIDs only grow within one UIDVALIDITY (RFC 3501 section 2.3.1.1): the last one read
is all that is remembered.
"""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pydantic import Field

from monitor.domain.errors import ChannelError
from monitor.egress.imap import Account, close, connect, data, number

#: A bounce says what it says at its beginning; a mail may be any size.
MAX_MAIL_BYTES = 1_000_000


class MailboxOptions(Account):
    """Where mails come back to; the environment gives it (docs/channels.md)."""

    folder: str = Field(default="INBOX", pattern=r'^[^"\\\r\n]{1,200}$')


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
    connection = connect(options)
    try:
        yield connection
    finally:
        close(connection)


def _read(
    connection: imaplib.IMAP4,
    folder: str,
    position: Position,
    take: Take,
    at_most: int,
) -> int:
    data(connection.select(f'"{folder}"'))
    validity = number(connection.response("UIDVALIDITY")[1])
    last = position.uid if position.validity == validity else 0
    uids = _uids_after(connection, last)[:at_most]
    for uid in uids:
        if take(_content(connection, uid), Position(validity=validity, uid=uid)):
            data(connection.uid("STORE", str(uid), "+FLAGS.SILENT", r"(\Seen)"))
    return len(uids)


def _uids_after(connection: imaplib.IMAP4, last: int) -> list[int]:
    """UIDs above the last, ascending; "n:*" always names the newest one, even when it is older."""
    (found, *_) = data(connection.uid("SEARCH", f"UID {last + 1}:*"))
    return sorted(uid for uid in map(int, (found or b"").split()) if uid > last)


def _content(connection: imaplib.IMAP4, uid: int) -> bytes:
    """The beginning of a mail; empty when somebody deleted it meanwhile."""
    parts = data(connection.uid("FETCH", str(uid), f"(BODY.PEEK[]<0.{MAX_MAIL_BYTES}>)"))
    return next((bytes(part[1]) for part in parts if isinstance(part, tuple)), b"")
