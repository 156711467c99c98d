"""A mailbox on 127.0.0.1 that speaks as much IMAP4rev1 as reading new mail needs (RFC 3501)."""

from __future__ import annotations

import re
import socketserver
import ssl
import threading
from dataclasses import dataclass, field


@dataclass(slots=True)
class FakeImap:
    """Mails by UID; `refuse` names commands that are answered NO, `cut` one that ends the line."""

    user: str = "monitor"
    password: str = 'se"cret \\ word'
    validity: int = 7
    mails: dict[int, bytes] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    refuse: set[str] = field(default_factory=set)
    cut: str = ""
    commands: list[str] = field(default_factory=list)
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
            if name == self.cut:
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
                return b"" if rest == f'LOGIN {self.user} "{quoted}"' else None
            case "SELECT":
                text = f"* {len(self.mails)} EXISTS\r\n* OK [UIDVALIDITY {self.validity}] is it\r\n"
                return text.encode() if rest == 'SELECT "INBOX"' else None
            case "SEARCH":
                return self._search(int(re.findall(r"UID (\d+):\*", rest)[0]))
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

    def _fetch(self, uid: int, size: int) -> bytes:
        if uid not in self.mails:
            return b""
        mail = self.mails[uid][:size]
        head = f"* 1 FETCH (UID {uid} BODY[]<0> {{{len(mail)}}}\r\n".encode()
        return head + mail + b")\r\n"
