"""E-mail over SMTP with verified STARTTLS or TLS.

SMTP cannot be asked whether a mail arrived, and does not discard a second copy of a Message-ID:
after an ambiguous answer (the line broke once the message was under way, RFC 1047) a mail is not
sent again, its delivery is listed as unknown.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from typing import Literal, cast

from jinja2 import Environment, PackageLoader, StrictUndefined
from pydantic import Field, SecretStr, model_validator

from monitor.domain.errors import ChannelError
from monitor.domain.subscription import (
    Ambiguous,
    CannotAsk,
    Delivery,
    Gone,
    InstallBroken,
    Lookup,
    PayloadBug,
    SendOutcome,
    Sent,
    Transient,
)
from monitor.kinds import ChannelKind, Options
from monitor.notify.mail import Letterhead, mail
from monitor.notify.message import Message

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class EmailOptions(Options):
    """The mail server and the sender; the environment gives them (docs/channels.md)."""

    host: str
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: SecretStr = SecretStr("")
    ca_file: Path | None = None  #: of the authority that signed the server's certificate
    sender: str  #: "Name <address>"
    bounce_address: str = ""  #: envelope sender; the delivery id is added before the @
    timeout_s: float = 30.0

    @model_validator(mode="after")
    def _plain_only_here(self) -> EmailOptions:
        if self.security == "none" and self.host not in _LOOPBACK:
            raise ValueError("security none is for a server on this machine; use starttls or tls")
        return self


def mail_templates() -> Environment:
    """The package's mail templates; everything shown is escaped."""
    return Environment(
        loader=PackageLoader("monitor.channels", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@dataclass(slots=True)
class EmailChannel:
    """Sends one mail per delivery over one connection each."""

    options: EmailOptions
    name: str = "email"
    can_ask: bool = False
    can_edit: bool = False
    templates: Environment = field(default_factory=mail_templates)
    _context: ssl.SSLContext | None = None

    def send(self, delivery: Delivery, message: object) -> SendOutcome:
        """Build and hand over the mail; the steps tell what an error means."""
        letterhead = Letterhead(sender=self.options.sender)
        try:
            built = mail(delivery, cast(Message, message), letterhead, self.templates)
        except ChannelError as error:
            return Gone(reason=str(error))
        except ValueError as error:
            return PayloadBug(reason=f"the mail cannot be built: {error}")
        connected = self._connected()
        if not isinstance(connected, smtplib.SMTP):
            return connected
        try:
            return _handed_over(connected, self._envelope_sender(delivery), delivery, built)
        finally:
            connected.close()

    def find(self, delivery: Delivery) -> Lookup:
        """SMTP has no way to ask."""
        del delivery
        return CannotAsk(reason="SMTP cannot be asked")

    def _envelope_sender(self, delivery: Delivery) -> str:
        local, _, domain = self.options.bounce_address.rpartition("@")
        if local:
            return f"{local}+{delivery.id}@{domain}"
        return parseaddr(self.options.sender)[1]

    def _connected(self) -> smtplib.SMTP | SendOutcome:
        where = f"mail server {self.options.host}:{self.options.port}"
        try:
            return self._open()
        except ssl.SSLError as error:
            return InstallBroken(reason=f"{where}: TLS failed, {error.reason or error}")
        except smtplib.SMTPNotSupportedError:
            return InstallBroken(reason=f"{where} offers no STARTTLS or no login; check settings")
        except smtplib.SMTPAuthenticationError as error:
            broken = error.smtp_code >= 500
            reason = f"{where} refused the login with {error.smtp_code}"
            return InstallBroken(reason=reason) if broken else Transient(reason=reason)
        except (smtplib.SMTPException, OSError) as error:
            return Transient(reason=f"{where}: {_short(error)}")

    def _open(self) -> smtplib.SMTP:
        options = self.options
        connection: smtplib.SMTP
        if options.security == "tls":
            connection = smtplib.SMTP_SSL(
                options.host, options.port, timeout=options.timeout_s, context=self._verified()
            )
        else:
            connection = smtplib.SMTP(options.host, options.port, timeout=options.timeout_s)
        try:
            if options.security == "starttls":
                connection.starttls(context=self._verified())
            if options.user:
                connection.login(options.user, options.password.get_secret_value())
        except (smtplib.SMTPException, OSError):
            connection.close()
            raise
        return connection

    def _verified(self) -> ssl.SSLContext:
        """A context that verifies name and chain; loading the trusted roots takes a while."""
        if self._context is None:
            trusted = self.options.ca_file
            self._context = ssl.create_default_context(cafile=str(trusted) if trusted else None)
        return self._context


def _handed_over(
    connection: smtplib.SMTP, sender: str, delivery: Delivery, built: EmailMessage
) -> SendOutcome:
    """MAIL, RCPT, DATA one by one: until DATA nothing can have been accepted."""
    recipient = parseaddr(delivery.destination)[1]
    try:
        connection.ehlo_or_helo_if_needed()
        code, answer = connection.mail(sender)
        if code != 250:
            return _sender_refused(code, answer)
        code, answer = connection.rcpt(recipient)
        if code not in (250, 251):
            return _recipient_refused(code, answer)
    except (smtplib.SMTPException, OSError) as error:
        return Transient(reason=f"before the message: {_short(error)}")
    try:
        code, answer = connection.data(built.as_bytes())
    except smtplib.SMTPDataError as error:
        return _data_refused(error.smtp_code, error.smtp_error)
    except (smtplib.SMTPException, OSError) as error:
        return Ambiguous(reason=f"while the message was under way: {_short(error)}")
    if code == 250:
        return Sent(external_id=str(built["Message-ID"]))
    return _data_refused(code, answer)


def _sender_refused(code: int, answer: bytes) -> SendOutcome:
    reason = f"the sender was refused with {code} {_words(answer)}"
    return InstallBroken(reason=reason) if code >= 500 else Transient(reason=reason)


def _recipient_refused(code: int, answer: bytes) -> SendOutcome:
    reason = f"the recipient was refused with {code} {_words(answer)}"
    if code == 530:  # authentication or STARTTLS required: not the recipient's fault
        return InstallBroken(reason=reason)
    return Gone(reason=reason) if code >= 500 else Transient(reason=reason)


def _data_refused(code: int, answer: bytes | str) -> SendOutcome:
    reason = f"the message was refused with {code} {_words(answer)}"
    return PayloadBug(reason=reason) if code >= 500 else Transient(reason=reason)


def _words(answer: bytes | str) -> str:
    """The enhanced status code (RFC 3463) alone: the rest may name the recipient."""
    text = answer.decode("ascii", "replace") if isinstance(answer, bytes) else answer
    first = text.split(" ", 1)[0]
    return first if first[:1].isdigit() and first.count(".") == 2 else ""


def _short(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{type(error).__name__} {error.smtp_code}"
    if isinstance(error, (socket.gaierror, OSError)):
        return error.strerror or type(error).__name__
    return type(error).__name__


KIND = ChannelKind(
    name="email",
    summary=(
        "Sends mails in text and HTML over SMTP with verified STARTTLS or TLS. What climbs or is "
        "corrected waits for the next digest, since a mail cannot be edited."
    ),
    options=EmailOptions,
    open=EmailChannel,
    example="channel: email\ndestination: reader@example.org\n",
)
