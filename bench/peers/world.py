"""What all programs read: feeds and pages on loopback, served by nginx or by this process."""

from __future__ import annotations

import random
import shutil
import socket
import subprocess
import sys
import textwrap
import time
import urllib.request
from dataclasses import dataclass
from html import escape
from pathlib import Path

ENTRIES = 50
NEW = 20
PAGES = 500
CHANGED = 10
_WORDS = ("county", "sheriff", "council", "budget", "road", "school", "vote", "river", "board")


def feed(newest: int, subject: str = "road", entries: int = ENTRIES) -> bytes:
    """A feed of so many entries with about 6 kB of HTML each, newest first.

    `subject` is one word of every entry; of "immigration" the monitor's rules read each one.
    FEEDNAME stands where each feed differs from all others.
    """
    items = []
    for number in range(newest, newest - entries, -1):
        dice = random.Random(number)
        text = " ".join(
            " ".join(dice.choice(_WORDS) for _ in range(15)).capitalize() + "." for _ in range(60)
        )
        html = escape(
            f"<p>The {subject} debate in FEEDNAME went on. {text}</p><p><a href='/m'>more</a></p>"
        )
        items.append(
            f"<item><title>Entry {number} of FEEDNAME</title>"
            f"<link>http://news.example/FEEDNAME/{number}</link>"
            f"<guid isPermaLink='false'>FEEDNAME-{number}</guid>"
            f"<pubDate>Mon, 05 Jan 2026 {number // 60 % 24:02d}:{number % 60:02d}:00 GMT</pubDate>"
            f"<description>{html}</description></item>"
        )
    head = (
        "<?xml version='1.0'?><rss version='2.0'><channel><title>FEEDNAME</title>"
        "<link>http://news.example/FEEDNAME</link><description>d</description>"
    )
    return (head + "".join(items) + "</channel></rss>").encode()


def page(number: int, state: int) -> bytes:
    """A watched page of some 20 kB; `state` changes one sentence of its text."""
    dice = random.Random(number)
    rows = "".join(f"<p>{' '.join(dice.choice(_WORDS) for _ in range(60))}.</p>" for _ in range(40))
    return (
        f"<html><head><title>Page {number}</title></head><body><main><h1>Policy {number}</h1>"
        f"<p>The immigration policy was revised {state} times.</p>{rows}</main></body></html>"
    ).encode()


@dataclass(slots=True)
class World:
    """A directory of documents and the server of it."""

    root: Path
    port: int
    server: subprocess.Popen[bytes]
    name: str

    def feeds(self, newest: int, count: int, subject: str = "road", entries: int = ENTRIES) -> None:
        """So many feeds show their entries up to this number."""
        template = feed(newest, subject, entries)
        for number in range(count):
            content = template.replace(b"FEEDNAME", b"feed%04d" % number)
            path = self.root / "feed" / f"{number}.xml"
            if not (path.exists() and path.read_bytes() == content):
                _write(path, content)

    def pages(self, state: int, changed: int = PAGES) -> None:
        """So many pages get this state."""
        for number in range(changed):
            _write(self.root / f"page{number}.html", page(number, state))

    def feed_url(self, number: int) -> str:
        """Feed of this number."""
        return f"http://127.0.0.1:{self.port}/feed/{number}.xml"

    def page_url(self, number: int) -> str:
        """Page of this number."""
        return f"http://127.0.0.1:{self.port}/page{number}.html"

    def stop(self) -> None:
        """End the server."""
        self.server.terminate()
        self.server.wait(10)


def _write(path: Path, content: bytes) -> None:
    new = path.with_suffix(".new")
    new.write_bytes(content)
    new.replace(path)


def start(scratch: Path) -> World:
    """Serve an empty directory on a free port; nginx where it is installed."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    root = scratch / "www"
    (root / "feed").mkdir(parents=True)
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    server = _nginx(nginx, scratch, root, port) if nginx else _python(root, port)
    world = World(root=root, port=port, server=server, name="nginx" if nginx else "http.server")
    world.feeds(ENTRIES, 1)
    for _ in range(100):
        try:
            urllib.request.urlopen(world.feed_url(0), timeout=1).read()
            return world
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the loopback server does not answer")


def _nginx(program: str, scratch: Path, root: Path, port: int) -> subprocess.Popen[bytes]:
    config = scratch / "nginx.conf"
    config.write_text(
        textwrap.dedent(f"""\
            daemon off; master_process off; pid {scratch}/nginx.pid; error_log /dev/null;
            events {{ worker_connections 1024; }}
            http {{
              access_log off; keepalive_requests 100000;
              types {{ application/rss+xml xml; text/html html; }}
              client_body_temp_path {scratch}/t1; proxy_temp_path {scratch}/t2;
              fastcgi_temp_path {scratch}/t3; uwsgi_temp_path {scratch}/t4;
              scgi_temp_path {scratch}/t5;
              server {{
                listen 127.0.0.1:{port}; root {root};
              }}
            }}
            """)
    )
    return subprocess.Popen([program, "-c", str(config), "-p", str(scratch)])


def _python(root: Path, port: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "bench.peers.server", str(root), str(port)])
