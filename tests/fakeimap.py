"""A mailbox on 127.0.0.1 that speaks as much IMAP4rev1 as reading new mail needs (RFC 3501)."""

from __future__ import annotations

import re
import socket
import socketserver
import ssl
import struct
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field


@dataclass(slots=True)
class FakeImap:
    """Mails by UID; `refuse` names commands that are answered NO, `cut` one that ends the line.

    `reset_after` is the number of mails after which the next one is reset in the middle of its
    bytes; `arrived` the INTERNALDATE by UID, and before which SINCE leaves a mail out.
    """

    user: str = "monitor"
    password: str = 'se"cret \\ word'
    validity: int = 7
    mails: dict[int, bytes] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    refuse: set[str] = field(default_factory=set)
    cut: str = ""
    commands: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    logins: int = 0
    reset_after: int | None = None
    announced: int = 0  #: what a mail is said to be long, whatever it is
    drips: bool = False  #: a mail comes byte by byte and never ends
    arrived: dict[int, str] = field(default_factory=dict)
    vanishing: set[int] = field(default_factory=set)  #: listed, and gone when asked for
    tls: ssl.SSLContext | None = None
    server: socketserver.ThreadingTCPServer | None = None

    def put(self, *mails: bytes) -> None:
        for mail in mails:
            self.mails[max(self.mails, default=0) + 1] = mail

    def start(self) -> FakeImap:
        fake = self

        class Talk(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                fake._talk(self)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True

            def get_request(self) -> tuple:  # type: ignore[type-arg]
                connection, address = super().get_request()
                if fake.tls is not None:
                    connection = fake.tls.wrap_socket(
                        connection, server_side=True, do_handshake_on_connect=False
                    )
                return connection, address

            def handle_error(self, *_: object) -> None:
                pass  # a client that refuses the certificate is what a test is about

        self.server = Server(("127.0.0.1", 0), Talk)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self) -> None:
        if self.server:
            self.server.shutdown()
            self.server.server_close()

    @property
    def port(self) -> int:
        assert self.server is not None
        return int(self.server.server_address[1])

    def _talk(self, talk: socketserver.StreamRequestHandler) -> None:
        talk.wfile.write(b"* OK ready\r\n")
        while line := talk.rfile.readline():
            tag, _, rest = line.decode().rstrip("\r\n").partition(" ")
            name = rest.split(" ")[1 if rest.upper().startswith("UID ") else 0].upper()
            self.commands.append(name)
            self.lines.append(rest)
            if name == self.cut:
                return
            if name == "FETCH" and self.drips and "HEADER.FIELDS" not in rest:
                self._drip(talk)
                return
            if name == "FETCH" and self._resets(rest):
                self._reset(talk, int(re.findall(r"FETCH (\d+)", rest)[0]))
                return
            answer = b"" if name in self.refuse else self._answer(name, rest)
            verdict = b"NO" if name in self.refuse or answer is None else b"OK"
            talk.wfile.write((answer or b"") + tag.encode() + b" " + verdict + b" done\r\n")
            if name == "LOGOUT":
                return

    def _answer(self, name: str, rest: str) -> bytes | None:
        match name:
            case "CAPABILITY":
                return b"* CAPABILITY IMAP4rev1\r\n"
            case "LOGIN":
                quoted = self.password.replace("\\", "\\\\").replace('"', '\\"')
                self.logins += 1
                return b"" if rest == f'LOGIN {self.user} "{quoted}"' else None
            case "SELECT" | "EXAMINE":
                text = (
                    f"* {len(self.mails)} EXISTS\r\n* OK [UIDVALIDITY {self.validity}] is it\r\n"
                    f"* OK [UIDNEXT {max(self.mails, default=0) + 1}] next\r\n"
                )
                return text.encode() if rest == f'{name} "INBOX"' else None
            case "SEARCH" if " SINCE " in rest:
                return self._since(rest.rpartition(" ")[2])
            case "SEARCH":
                return self._search(int(re.findall(r"UID (\d+):\*", rest)[0]))
            case "FETCH" if "HEADER.FIELDS" in rest:
                return b"".join(map(self._head, map(int, rest.split(" ")[2].split(","))))
            case "FETCH":
                found = re.search(r"FETCH (\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)", rest)
                return self._fetch(int(found[1]), int(found[2])) if found else None
            case "STORE":
                found = re.search(r"STORE (\d+) \+FLAGS\.SILENT \(\\Seen\)", rest)
                self.seen |= {int(found[1])} if found else set()
                return b""
            case "LOGOUT":
                return b"* BYE\r\n"
        return None

    def _search(self, first: int) -> bytes:
        """ "n:*" contains the newest mail even when its UID is below n."""
        found = [uid for uid in self.mails if uid >= first] or sorted(self.mails)[-1:]
        return b"* SEARCH" + b"".join(f" {uid}".encode() for uid in found) + b"\r\n"

    def _since(self, day: str) -> bytes:
        """Mails that arrived on this day or later; those without a day always do."""
        first = _day(day)
        found = [u for u in sorted(self.mails) if _day(self.arrived.get(u, day)) >= first]
        return b"* SEARCH" + b"".join(f" {uid}".encode() for uid in found) + b"\r\n"

    def _head(self, uid: int) -> bytes:
        """From and Message-ID; for odd UIDs the size stands behind the literal."""
        if uid not in self.mails:
            return b""
        head = re.split(rb"\r?\n\r?\n", self.mails[uid], maxsplit=1)[0]
        kept = re.findall(rb"(?im)^(?:from|message-id):.*(?:\r?\n[ \t].*)*\r?\n?", head + b"\r\n")
        fields = b"".join(line.rstrip() + b"\r\n" for line in kept)[:3900] + b"\r\n"
        size = f"RFC822.SIZE {len(self.mails[uid])}"
        at = self.arrived.get(uid, "01-Mar-2025")
        before = f'UID {uid} INTERNALDATE "{at} 10:00:00 +0000"' + ("" if uid % 2 else f" {size}")
        behind = f" {size}" if uid % 2 else ""
        name = "BODY[HEADER.FIELDS (FROM MESSAGE-ID)]<0>"
        opening = f"* {uid} FETCH ({before} {name} {{{len(fields)}}}\r\n".encode()
        return opening + fields + f"{behind})\r\n".encode()

    def _drip(self, talk: socketserver.StreamRequestHandler) -> None:
        with suppress(OSError):
            talk.wfile.write(b"* 1 FETCH (UID 1 BODY[]<0> {1000000}\r\n")
            while True:
                talk.wfile.write(b"x")
                time.sleep(0.01)

    def _resets(self, rest: str) -> bool:
        if self.reset_after is None or "HEADER.FIELDS" in rest:
            return False
        self.reset_after -= 1
        return self.reset_after < 0

    def _reset(self, talk: socketserver.StreamRequestHandler, uid: int) -> None:
        """Half of the mail's bytes, then a reset."""
        whole = self._fetch(uid, 1_000_000)
        talk.wfile.write(whole[: len(whole) // 2])
        talk.wfile.flush()
        talk.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        talk.connection.close()

    def _fetch(self, uid: int, size: int) -> bytes:
        if uid not in self.mails or uid in self.vanishing:
            return b""
        mail = self.mails[uid][:size]
        size = self.announced or len(mail)
        head = f"* 1 FETCH (UID {uid} BODY[]<0> {{{size}}}\r\n".encode()
        return head + mail + b")\r\n"


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _day(text: str) -> tuple[int, int, int]:
    day, month, year = text.split("-")
    return int(year), _MONTHS.index(month), int(day)
