"""A loopback HTTP server that plays every failure; by hand: `python -m tests.faultserver`.

Each fault is a path (see FAULTS; `/` lists them), and `/as?fault=PATH` is a sound feed until
`/break` is asked for, then that fault, then sound again after `/mend`. Sockets are handled raw, so
that what goes over the wire is exactly what is written here. Nothing listens on anything but
loopback. To watch the program meet a fault, add a source with such an address to a feeds.yaml of
its own and run it with MONITOR_ALLOW_NETWORKS=127.0.0.1/32.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import gzip
import io
import json
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import brotli
import zstandard

BLOCKS = Path(__file__).parent / "data" / "blocks"
PAGE = b"<!doctype html><title>News</title><p>The county signed an agreement.</p>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A request that arrived."""

    at: float
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    host: str


class Abort(Exception):
    """The fault has done with the connection: close it."""


@dataclass(slots=True)
class Wire:
    """One request being answered."""

    connection: socket.socket
    seen: Seen
    server: FaultServer
    query: dict[str, str] = field(default_factory=dict)

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def answer(
        self,
        status: int,
        body: bytes = b"",
        *headers: tuple[str, str],
        kind: str = "text/html; charset=utf-8",
    ) -> None:
        """A correct answer that keeps the connection."""
        lines = [f"HTTP/1.1 {status} X", f"Content-Type: {kind}"]
        if status != 304:
            lines.append(f"Content-Length: {len(body)}")
        lines.extend(f"{name}: {value}" for name, value in headers)
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def stall(self) -> None:
        """Stand still until the server closes."""
        self.server.closing.wait(120)
        raise Abort

    def reset(self) -> None:
        """Close with RST."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Abort


Fault = Callable[[Wire], None]
FAULTS: dict[str, tuple[str, Fault]] = {}


def fault(path: str, what: str) -> Callable[[Fault], Fault]:
    def keep(function: Fault) -> Fault:
        FAULTS[path] = (what, function)
        return function

    return keep


# -- well-behaved ---------------------------------------------------------------------------------


@fault("/ok", "a page of ?bytes= bytes")
def ok(wire: Wire) -> None:
    wire.answer(200, PAGE.ljust(int(wire.query.get("bytes", "0")), b"."))


@fault("/feed", "a feed with honest validators, ?n= distinguishes feeds")
def feed(wire: Wire) -> None:
    etag = f'"{wire.server.version}-{wire.query.get("n", "0")}"'
    if wire.seen.headers.get("if-none-match") == etag:
        wire.answer(304, b"", ("ETag", etag))
        return
    body = rss(wire.server.version, f"guid-{wire.server.version}", f"a{wire.server.version}")
    wire.answer(
        200,
        body,
        ("ETag", etag),
        ("Last-Modified", "Mon, 02 Feb 2026 10:00:00 GMT"),
        kind="application/rss+xml",
    )


@fault("/same", "equal bytes without validators")
def same(wire: Wire) -> None:
    wire.answer(200, PAGE)


@fault("/coded", "a page in the coding ?coding=")
def coded(wire: Wire) -> None:
    coding = wire.query["coding"]
    encoders = {
        "gzip": gzip.compress,
        "deflate": zlib.compress,
        "br": brotli.compress,
        "zstd": zstandard.compress,
    }
    wire.answer(200, encoders[coding](PAGE), ("Content-Encoding", coding))


@fault("/echo", "the request as JSON, with cookies set")
def echo(wire: Wire) -> None:
    seen = wire.seen
    body = json.dumps({"path": seen.path, "headers": seen.headers, "method": seen.method})
    wire.answer(
        200,
        body.encode(),
        ("Set-Cookie", "session=1"),
        ("Link", f"<{seen.path}>; rel=next"),
        kind="application/json",
    )


@fault("/status", "the status ?code=")
def status(wire: Wire) -> None:
    wire.answer(int(wire.query["code"]), b"<title>Error</title>no")


# -- time and connection --------------------------------------------------------------------------


@fault("/stall/status", "accepts, reads, says nothing")
def stall_status(wire: Wire) -> None:
    wire.stall()


@fault("/stall/headers", "stands still within the headers")
def stall_headers(wire: Wire) -> None:
    wire.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n")
    wire.stall()


@fault("/stall/body", "stands still within the body")
def stall_body(wire: Wire) -> None:
    wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + PAGE)
    wire.stall()


@fault("/drip", "200 bytes a second, for ever")
def drip(wire: Wire) -> None:
    wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while not wire.server.closing.wait(0.1):
        wire.send(b"." * 20)
    raise Abort


@fault("/truncated", "closes before Content-Length is reached")
def truncated(wire: Wire) -> None:
    wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + PAGE)
    raise Abort


@fault("/truncated/chunked", "closes within a chunk")
def truncated_chunked(wire: Wire) -> None:
    wire.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n" + PAGE)
    raise Abort


@fault("/truncated/gzip", "a gzip body without its end, of the length announced")
def truncated_gzip(wire: Wire) -> None:
    wire.answer(200, gzip.compress(PAGE * 50)[:-20], ("Content-Encoding", "gzip"))


@fault("/reset", "resets the connection instead of answering")
def reset(wire: Wire) -> None:
    wire.reset()


@fault("/reset/body", "resets the connection within the body")
def reset_body(wire: Wire) -> None:
    wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + PAGE)
    time.sleep(0.05)
    wire.reset()


@fault("/empty", "closes without a byte")
def empty(wire: Wire) -> None:
    raise Abort


@fault("/wrong-length", "announces fewer bytes than it sends")
def wrong_length(wire: Wire) -> None:
    wire.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 20\r\n\r\n" + PAGE)
    raise Abort


# -- sizes ----------------------------------------------------------------------------------------


def _zeros(mebibytes: int) -> Iterator[bytes]:
    for _ in range(mebibytes):
        yield bytes(1 << 20)


@functools.cache
def bomb(coding: str, mebibytes: int = 64) -> bytes:
    """A few kilobytes that expand to so much."""
    if coding == "zstd":
        flow = zstandard.ZstdCompressor(level=3).compressobj()
        return b"".join(flow.compress(z) for z in _zeros(mebibytes)) + flow.flush()
    if coding == "br":
        press = brotli.Compressor(quality=5)
        return b"".join(press.process(z) for z in _zeros(mebibytes)) + press.finish()
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31 if coding == "gzip" else 15)
    return b"".join(squeeze.compress(z) for z in _zeros(mebibytes)) + squeeze.flush()


@fault("/bomb", "a decompression bomb in the coding ?coding= (gzip, deflate, br, zstd)")
def bombs(wire: Wire) -> None:
    coding = wire.query["coding"]
    size = int(wire.query.get("mebibytes", "64"))
    wire.answer(200, bomb(coding, size), ("Content-Encoding", coding))


@fault("/bomb/zip", "a workbook whose only sheet expands to ?mebibytes= MiB")
def bomb_zip(wire: Wire) -> None:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w") as member,
    ):
        for zeros in _zeros(int(wire.query.get("mebibytes", "64"))):
            member.write(zeros)
    wire.answer(200, out.getvalue(), kind="application/zip")


@functools.cache
def filler(size: int, coding: str = "") -> bytes:
    """So many bytes of a page, packed on request."""
    body = PAGE.ljust(size, b".")
    return gzip.compress(body) if coding else body


@fault("/body", "a page of ?bytes=, packed when ?coding=gzip; sent without a copy")
def sized(wire: Wire) -> None:
    coding = wire.query.get("coding", "")
    body = filler(int(wire.query["bytes"]), coding)
    packed = b"Content-Encoding: gzip\r\n" if coding else b""
    length = b"Content-Length: %d\r\n" % len(body)
    wire.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n" + packed + length + b"\r\n")
    wire.send(body)


@fault("/body/stall", "?bytes= of a body of twice as many, then stands still")
def sized_stall(wire: Wire) -> None:
    size = int(wire.query["bytes"])
    wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (2 * size))
    wire.send(filler(size))
    wire.stall()


@fault("/big", "a body without end and without length")
def big(wire: Wire) -> None:
    wire.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
    while not wire.server.closing.is_set():
        wire.send(b"." * 65_536)
    raise Abort


@fault("/big/announced", "announces 10 GB")
def big_announced(wire: Wire) -> None:
    wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n" + PAGE)
    wire.stall()


@fault("/headers/huge", "one header of ?bytes= bytes")
def headers_huge(wire: Wire) -> None:
    wire.answer(200, PAGE, ("X-Huge", "h" * int(wire.query.get("bytes", "90000"))))


@fault("/headers/many", "headers without end")
def headers_many(wire: Wire) -> None:
    wire.send(b"HTTP/1.1 200 OK\r\n")
    while not wire.server.closing.is_set():
        wire.send(b"X-Many: " + b"h" * 100 + b"\r\n")
    raise Abort


@fault("/headers/bad", "a line that is no header, and a NUL")
def headers_bad(wire: Wire) -> None:
    wire.send(b"HTTP/1.1 200 OK\r\nthis is no header\r\nX-Nul: a\0b\r\nContent-Length: 0\r\n\r\n")
    raise Abort


@fault("/protocol", "speaks another protocol")
def protocol(wire: Wire) -> None:
    wire.send(b"SSH-2.0-OpenSSH_9.2\r\n")
    raise Abort


# -- redirects ------------------------------------------------------------------------------------


@fault("/redirect", "redirects to ?to= with ?code=")
def redirect(wire: Wire) -> None:
    wire.answer(int(wire.query.get("code", "302")), b"", ("Location", wire.query["to"]))


@fault("/redirect/loop", "redirects to itself")
def redirect_loop(wire: Wire) -> None:
    wire.answer(302, b"", ("Location", "/redirect/loop"))


@fault("/redirect/endless", "redirects to another address each time")
def redirect_endless(wire: Wire) -> None:
    number = int(wire.query.get("n", "0")) + 1
    wire.answer(302, b"", ("Location", f"/redirect/endless?n={number}"))


@fault("/redirect/nowhere", "302 without Location")
def redirect_nowhere(wire: Wire) -> None:
    wire.answer(302, b"")


# -- validators and limits ------------------------------------------------------------------------


@fault("/liar", "one ETag for ever, 304 to whoever sends it, other bytes each time")
def liar(wire: Wire) -> None:
    if wire.seen.headers.get("if-none-match") == '"forever"':
        wire.answer(304, b"", ("ETag", '"forever"'))
        return
    count = wire.server.count("/liar")
    wire.answer(200, PAGE + str(count).encode(), ("ETag", '"forever"'))


@fault("/always-304", "304 to everybody")
def always_304(wire: Wire) -> None:
    wire.answer(304)


@fault("/429", "too many requests; ?after= seconds, ?date= seconds from now as a date")
def too_many(wire: Wire) -> None:
    headers: list[tuple[str, str]] = []
    if "after" in wire.query:
        headers.append(("Retry-After", wire.query["after"]))
    if "date" in wire.query:
        moment = datetime.now(UTC) + timedelta(seconds=float(wire.query["date"]))
        headers.append(("Retry-After", format_datetime(moment, usegmt=True)))
    wire.answer(int(wire.query.get("code", "429")), b"slow down", *headers)


# -- content --------------------------------------------------------------------------------------


@fault("/wrong-charset", "says UTF-8, is windows-1252")
def wrong_charset(wire: Wire) -> None:
    wire.answer(200, "<title>Doña Ana</title>“signed”".encode("cp1252"))


@fault("/block", "the block page ?name= as ?code= (files of tests/data/blocks)")
def block(wire: Wire) -> None:
    body = (BLOCKS / f"{Path(wire.query['name']).name}.html").read_bytes()
    wire.answer(int(wire.query.get("code", "200")), body)


@fault("/feed/flip", "a feed whose entries get other guids at each request")
def feed_flip(wire: Wire) -> None:
    count = wire.server.count("/feed/flip")
    wire.answer(
        200, rss("same", f"guid-{count}", f"a{wire.server.version}"), kind="application/rss+xml"
    )


@fault("/feed/empty", "a feed that is sound and lists nothing")
def feed_empty(wire: Wire) -> None:
    head = b'<?xml version="1.0"?><rss version="2.0"><channel><title>Quiet</title>'
    wire.answer(200, head + b"<link>http://x.example/</link></channel></rss>")


@fault("/feed/html", "a page where a feed should be")
def feed_html(wire: Wire) -> None:
    wire.answer(200, PAGE, kind="application/rss+xml")


@fault("/feed/entities", "a feed with an entity bomb")
def feed_entities(wire: Wire) -> None:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    head = f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY l0 "ha">{levels}]>'
    body = head + "<rss><channel><title>&l9;</title></channel></rss>"
    wire.answer(200, body.encode(), kind="application/rss+xml")


@fault("/pdf/loop", "a PDF whose page tree contains itself")
def pdf_loop(wire: Wire) -> None:
    body = (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[2 0 R 2 0 R]/Count 2000000000>>endobj\n"
        b"trailer<</Root 1 0 R/Size 3>>\n%%EOF"
    )
    wire.answer(200, body, kind="application/pdf")


@fault("/pdf/deep", "a PDF of two hundred thousand nested arrays")
def pdf_deep(wire: Wire) -> None:
    nest = b"[" * 200_000 + b"]" * 200_000
    body = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj" + nest + b"endobj\n"
    wire.answer(200, body + b"trailer<</Root 1 0 R/Size 3>>\n%%EOF", kind="application/pdf")


@fault("/feed/xxe", "a feed that wants a file, by an external entity")
def feed_xxe(wire: Wire) -> None:
    head = b'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    wire.answer(200, head + rss("x", "x").split(b"?>", 1)[1].replace(b"County", b"&x;"))


@fault("/feed/xinclude", "a feed that wants a file and an address, by XInclude")
def feed_xinclude(wire: Wire) -> None:
    include = b'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" parse="text" href="%s"/>'
    address = wire.server.url("/included").encode()
    both = include % b"file:///etc/passwd" + include % address
    body = rss("x", f"guid-{wire.server.version}", f"a{wire.server.version}")
    wire.answer(200, body.replace(b"</item>", both + b"</item>"), kind="application/rss+xml")


@fault("/roster", "a page that links to the workbook with ?flaw=")
def roster(wire: Wire) -> None:
    link = f"<p><a href='/roster.xlsx?flaw={wire.query['flaw']}'>Participating agencies</a></p>"
    wire.answer(200, f"<!doctype html><title>Roster</title>{link}".encode())


@fault("/roster.xlsx", "a workbook with ?flaw= (none, doctype, external, far, bomb)")
def xlsx(wire: Wire) -> None:
    wire.answer(200, workbook(wire.query.get("flaw", "none"), wire.server.url("/linked")))


@functools.cache
def workbook(flaw: str, address: str) -> bytes:
    """A small workbook, sound but for one flaw."""
    from openpyxl import Workbook  # noqa: PLC0415  # half a second, only for workbooks

    book = Workbook()
    book.active.append(["STATE", "LAW ENFORCEMENT AGENCY"])
    book.active.append(["TEXAS", "Hood County Sheriff's Office"])
    sound, out = io.BytesIO(), io.BytesIO()
    book.save(sound)
    sheet = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(sound) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name != sheet or flaw in ("none", "external"):
                new.writestr(name, old.read(name))
        for name, body in _flawed(flaw, old.read(sheet), address):
            new.writestr(name, body)
    return out.getvalue()


def _flawed(flaw: str, sheet: bytes, address: str) -> list[tuple[str, bytes]]:
    """Members of a workbook that carry its flaw."""
    place = "xl/worksheets/sheet1.xml"
    match flaw:
        case "doctype":
            entity = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><worksheet'
            return [(place, sheet.replace(b"<worksheet", entity, 1))]
        case "far":
            return [(place, sheet.replace(b'r="A2"', b'r="XFD1048576"'))]
        case "bomb":
            return [(place, sheet.replace(b"</sheetData>", b" " * 200_000_000 + b"</sheetData>"))]
        case "external":
            schema = "http://schemas.openxmlformats.org"
            relations = (
                f'<Relationships xmlns="{schema}/package/2006/relationships"><Relationship '
                f'Id="rId1" Type="{schema}/officeDocument/2006/relationships/externalLinkPath" '
                f'Target="{address}" TargetMode="External"/></Relationships>'
            )
            return [("xl/externalLinks/_rels/externalLink1.xml.rels", relations.encode())]
        case _:
            return []


@fault("/as", "a sound feed, or ?fault= while /break is in force; ?n= distinguishes feeds")
def as_told(wire: Wire) -> None:
    if not wire.server.broken:
        wire.query.pop("fault", None)
        feed(wire)
        return
    parts = urlsplit(wire.query["fault"])
    wire.query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    FAULTS[parts.path][1](wire)


@fault("/break", "from now on /as plays its fault")
def break_all(wire: Wire) -> None:
    wire.server.broken = True
    wire.answer(200, b"broken")


@fault("/mend", "/as is sound again, with a new entry")
def mend_all(wire: Wire) -> None:
    wire.server.broken = False
    wire.server.version += "+"
    wire.answer(200, b"mended")


@fault("/robots.txt", "what FaultServer.robots says, 404 when it says nothing")
def robots(wire: Wire) -> None:
    server = wire.server
    moved = [("Location", server.robots_location)] if server.robots_location else []
    wire.answer(server.robots_status, server.robots.encode(), *moved, kind="text/plain")


def rss(title: str, guid: str, slug: str = "a") -> bytes:
    """A feed of one entry."""
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>'
        f"<title>{title}</title><item><guid>{guid}</guid>"
        "<title>County signs 287(g) agreement with ICE</title>"
        f"<link>http://127.0.0.1/{slug}</link></item></channel></rss>"
    ).encode()


class FaultServer:
    """Serves FAULTS on a free loopback port until closed; use as a context manager."""

    def __init__(
        self, address: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
    ) -> None:
        self.closing = threading.Event()
        self.robots = ""
        self.robots_status = 404
        self.robots_location = ""
        self.version = "1"
        self.broken = False
        self.tls = tls
        self.seen: list[Seen] = []
        self.connections = 0
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self.listener = socket.create_server((address, port), backlog=512)
        self.address, self.port = self.listener.getsockname()[:2]
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, path: str, host: str = "") -> str:
        """The address of a path; `host` may name another loopback address or name."""
        scheme = "https" if self.tls else "http"
        return f"{scheme}://{host or self.address}:{self.port}{path}"

    def count(self, path: str) -> int:
        """How many requests came for a path, query aside."""
        with self._lock:
            return sum(urlsplit(seen.path).path == path for seen in self.seen)

    def requests(self) -> list[Seen]:
        """All requests so far but those for robots.txt."""
        with self._lock:
            return [seen for seen in self.seen if seen.path != "/robots.txt"]

    def close(self) -> None:
        """Stop listening and cut every connection."""
        self.closing.set()
        self.listener.close()
        with self._lock:
            open_now = list(self._open)
        for connection in open_now:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> FaultServer:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _accept(self) -> None:
        while not self.closing.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(120)
        with contextlib.suppress(OSError, Abort, ValueError), connection:
            if self.tls is not None:
                connection = self.tls.wrap_socket(connection, server_side=True)
            with self._lock:
                self._open.add(connection)
            try:
                self._converse(connection)
            finally:
                with self._lock:
                    self._open.discard(connection)
                connection.close()

    def _converse(self, connection: socket.socket) -> None:
        reader = connection.makefile("rb")
        while line := reader.readline(65_536):
            method, target, _ = line.decode("latin-1").split(" ", 2)
            headers = {}
            while (line := reader.readline(65_536)) not in (b"\r\n", b"\n", b""):
                name, _, value = line.decode("latin-1").partition(":")
                headers[name.strip().lower()] = value.strip()
            body = reader.read(int(headers.get("content-length", "0")))
            seen = Seen(
                at=time.monotonic(),
                method=method,
                path=target,
                headers=headers,
                body=body,
                host=headers.get("host", ""),
            )
            with self._lock:
                self.seen.append(seen)
            self._play(connection, seen)

    def _play(self, connection: socket.socket, seen: Seen) -> None:
        parts = urlsplit(seen.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        wire = Wire(connection, seen, self, query)
        found = FAULTS.get(parts.path)
        if found is not None:
            found[1](wire)
        elif parts.path == "/":
            listing = "\n".join(f"{path:24} {what}" for path, (what, _) in FAULTS.items())
            wire.answer(200, listing.encode(), kind="text/plain; charset=utf-8")
        else:
            wire.answer(404, b"<title>Not found</title>")


def refused_url() -> str:
    """An address on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        return f"http://127.0.0.1:{closed.getsockname()[1]}/"


@contextlib.contextmanager
def silent_port() -> Iterator[int]:
    """A port that accepts connections and never reads or writes, for stalls in the handshake."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


_CA = """[ca]
default_ca = own
[own]
database = {place}/index
new_certs_dir = {place}
serial = {place}/serial
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
"""


def certificate(directory: Path, flaw: str) -> tuple[Path, Path]:
    """(certificate, key) that is "self-signed", "expired" or of a "wrong-host"; made by openssl.

    Raises FileNotFoundError where openssl is not installed.
    """
    place = directory / flaw
    place.mkdir()
    (place / "conf").write_text(_CA.format(place=place))
    (place / "index").touch()
    (place / "serial").write_text("01\n")
    crt, key, asked = place / "crt", place / "key", place / "csr"
    name = "DNS:other.example" if flaw == "wrong-host" else "IP:127.0.0.1"
    until = datetime.now(UTC) + timedelta(days=-1 if flaw == "expired" else 2)
    new = "openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=faults"
    own = f"openssl ca -batch -selfsign -notext -startdate 20200101000000Z -config {place}/conf"
    for command in (
        [*new.split(), "-keyout", str(key), "-out", str(asked),
         "-addext", f"subjectAltName={name}"],
        [*own.split(), "-enddate", f"{until:%Y%m%d%H%M%SZ}", "-keyfile", str(key),
         "-in", str(asked), "-out", str(crt)],
    ):  # fmt: skip
        subprocess.run(command, check=True, capture_output=True)
    return crt, key


def tls_of(directory: Path, flaw: str) -> ssl.SSLContext:
    """A server's TLS with a certificate of this flaw."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate(directory, flaw))
    return context


def main(arguments: list[str]) -> int:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.faultserver",
        description=__doc__,
        epilog="\n".join(f"{path:20} {what}" for path, (what, _) in FAULTS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=8299, help="on 127.0.0.1 (8299)")
    flaws = ("self-signed", "expired", "wrong-host")
    parser.add_argument("--tls", choices=flaws, help="https, with a certificate of this flaw")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as directory:
        tls = tls_of(Path(directory), chosen.tls) if chosen.tls else None
        with FaultServer(port=chosen.port, tls=tls) as server:
            print(f"faults are listed at {server.url('/')}; Ctrl-C ends it")  # noqa: T201
            with contextlib.suppress(KeyboardInterrupt):
                server.closing.wait()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
