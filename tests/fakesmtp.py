"""A mail server on 127.0.0.1 (aiosmtpd) that keeps what it accepts and misbehaves on demand."""

from __future__ import annotations

import asyncio
import email
import email.policy
import socket
import ssl
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpFault:
    """At which command what happens: an answer, or the line breaks (`answer` empty).

    `accept`: the mail is taken before the line breaks.
    """

    at: str  #: "MAIL", "RCPT", "DATA"
    answer: str = ""
    accept: bool = False


@dataclass(slots=True)
class FakeSmtp:
    """Mails by recipient; faults are used up in order."""

    mails: list[Envelope] = field(default_factory=list)
    faults: list[SmtpFault] = field(default_factory=list)
    tls: ssl.SSLContext | None = None
    implicit_tls: bool = False
    login: tuple[str, str] | None = None
    throw: Callable[[], SmtpFault | None] = lambda: None
    controller: Controller | None = None

    def start(self) -> FakeSmtp:
        options: dict[str, Any] = {"hostname": "127.0.0.1", "port": _free_port()}
        if self.implicit_tls:
            options["ssl_context"] = self.tls
        elif self.tls is not None:
            options |= {"tls_context": self.tls, "require_starttls": True}
        if self.login:
            wanted = self.login
            options |= {"auth_required": True, "auth_require_tls": not self.implicit_tls}

            def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> Any:
                given = (data.login.decode(), data.password.decode())
                return AuthResult(success=given == wanted, handled=False)

            options["authenticator"] = check
        self.controller = Controller(self, **options)
        self.controller.start()
        return self

    def stop(self) -> None:
        if self.controller:
            self.controller.stop()
            self.controller = None

    @property
    def port(self) -> int:
        assert self.controller is not None
        return int(self.controller.server.sockets[0].getsockname()[1])

    def messages(self) -> list[EmailMessage]:
        return [
            cast(
                EmailMessage, email.message_from_bytes(_content(mail), policy=email.policy.default)
            )
            for mail in self.mails
        ]

    def _fault(self, command: str) -> SmtpFault | None:
        if self.faults and self.faults[0].at == command:
            return self.faults.pop(0)
        return None

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        fault = self._fault("MAIL")
        if fault:
            return await _misbehave(server, fault)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        fault = self._fault("RCPT")
        if fault:
            return await _misbehave(server, fault)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        fault = self._fault("DATA") or self.throw()
        if fault is None or fault.accept:
            self.mails.append(envelope)
        return await _misbehave(server, fault) if fault else "250 OK"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _misbehave(server: SMTP, fault: SmtpFault) -> str:
    if fault.answer:
        return fault.answer
    cast(asyncio.Transport, server.transport).abort()
    await asyncio.sleep(0)
    return "421 gone"


def _content(envelope: Envelope) -> bytes:
    content = envelope.content
    return content if isinstance(content, bytes) else str(content).encode()


def certificate(directory: Path, name: str = "127.0.0.1") -> tuple[Path, Path]:
    """A self-signed certificate for this machine and its key, made by openssl."""
    cert, key = directory / f"{name}.pem", directory / f"{name}.key"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-keyout", str(key), "-out", str(cert), "-subj", f"/CN={name}"]
    command += ["-addext", f"subjectAltName=IP:{name}"]
    subprocess.run(command, check=True, capture_output=True)
    return cert, key


def server_context(cert: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context
