"""The programs of the race: how each is set up, run once, and asked what it noticed."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from storage.blobs import decompress

#: A text of an entry with so many characters is the whole one.
_FULL_CHARS = 3000
_INSTALL_S = 600
#: Module to look for and what pip installs.
PIP = (
    ("reader", ("reader", "sgmllib3k")),
    ("feed2exec", ("feed2exec",)),
    ("rss2email", ("rss2email",)),
    ("urlwatch", ("urlwatch",)),
    ("webchanges", ("webchanges",)),
)
#: Program and Debian package.
APT = (("newsboat", "newsboat"), ("sfeed_update", "sfeed"), ("nginx", "nginx-light"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One racer over a list of addresses, in a directory of its own."""

    name: str
    command: Callable[[Path], Sequence[str]]
    prepare: Callable[[Path, Sequence[str]], None]
    noticed: Callable[[Path, str], int]  #: (directory, output) -> entries or pages known so far
    kept: Callable[[Path], int] | None = None  #: entries kept with their full text
    language: str = "Python"
    environment: dict[str, str] = field(default_factory=dict)


def _count(database: Path, query: str) -> int:
    if not database.exists():
        return -1
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        return int(connection.execute(query).fetchone()[0])


# -- this program ------------------------------------------------------------------------------


def _own_feeds(directory: Path, urls: Sequence[str]) -> None:
    _own(directory, urls, "feed", "follow: never, keep: all")


def _own_pages(directory: Path, urls: Sequence[str]) -> None:
    _own(directory, urls, "page", "min_chars: 40")


def _own(directory: Path, urls: Sequence[str], kind: str, option: str) -> None:
    lines = ["version: 1", "sources:"]
    for number, url in enumerate(urls):
        lines += [
            f"  - id: source_{number}",
            f"    kind: {kind}",
            f"    name: Source {number}",
            "    tier: press",
            "    sees: [agreement_signed]",
            "    politeness: {min_delay_s: 0, concurrency: 4, respect_robots: false}",
            f"    options: {{url: '{url}', {option}}}",
        ]
    (directory / "feeds.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def own(directory: Path, prepare: Callable[[Path, Sequence[str]], None]) -> Program:
    """This program's `monitor check` over all sources."""
    return Program(
        name="this program",
        command=lambda d: [sys.executable, "-m", "monitor", "check", "--format", "csv"],
        prepare=prepare,
        noticed=lambda d, out: _count(
            d / "var" / "monitor.sqlite", "SELECT count(*) FROM revision"
        ),
        kept=lambda d: _own_texts(d / "var" / "monitor.sqlite"),
        environment={
            "MONITOR_DATA_DIR": str(directory / "var"),
            "MONITOR_FEEDS": str(directory / "feeds.yaml"),
            "MONITOR_ALLOW_NETWORKS": "127.0.0.0/8",
        },
    )


def _own_texts(database: Path) -> int:
    """Items whose stored text is a full one."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        bodies = connection.execute("SELECT body FROM revision").fetchall()
    return sum(
        len(json.loads(decompress(body)).get("text", "")) > _FULL_CHARS for (body,) in bodies
    )


# -- readers of feeds ----------------------------------------------------------------------------

_READER = """\
import sys
from reader import make_reader
reader = make_reader(sys.argv[1] + "/reader.db")
if len(sys.argv) > 2:
    for line in open(sys.argv[2]):
        reader.add_feed(line.strip())
else:
    reader.update_feeds(workers=8, scheduled=False)
"""


def _reader(venv: Path) -> Program:
    def prepare(directory: Path, urls: Sequence[str]) -> None:
        (directory / "run.py").write_text(_READER)
        (directory / "urls").write_text("\n".join(urls))
        command = [str(venv / "python"), "run.py", str(directory), "urls"]
        subprocess.run(command, cwd=directory, check=True)

    return Program(
        name="reader",
        command=lambda d: [str(venv / "python"), "run.py", str(d)],
        prepare=prepare,
        noticed=lambda d, out: _count(d / "reader.db", "SELECT count(*) FROM entries"),
        kept=lambda d: _count(
            d / "reader.db",
            "SELECT count(*) FROM entries WHERE "
            f"length(coalesce(summary, '')) + length(coalesce(content, '')) > {_FULL_CHARS}",
        ),
    )


def _feed2exec(venv: Path) -> Program:
    def prepare(directory: Path, urls: Sequence[str]) -> None:
        blocks = [
            f"[f{n}]\nurl = {url}\noutput = feed2exec.plugins.null\nargs = \n"
            for n, url in enumerate(urls)
        ]
        (directory / "feeds.ini").write_text("\n".join(blocks))

    return Program(
        name="feed2exec",
        command=lambda d: [
            str(venv / "feed2exec"),
            "--config",
            str(d / "feeds.ini"),
            "--database",
            str(d / "db.sqlite"),
            "fetch",
        ],
        prepare=prepare,
        noticed=lambda d, out: _count(d / "db.sqlite", "SELECT count(*) FROM feedcache"),
    )


def _rss2email(venv: Path) -> Program:
    def prepare(directory: Path, urls: Sequence[str]) -> None:
        blocks = [
            "[DEFAULT]\nfrom = a@example.org\nto = b@example.org\nsame-server-fetch-interval = 0\n"
        ]
        blocks += [f"[feed.f{n}]\nurl = {url}\n" for n, url in enumerate(urls)]
        (directory / "rss2email.cfg").write_text("\n".join(blocks))

    def seen(directory: Path, output: str) -> int:
        data = directory / "data.json"
        if not data.exists():
            return -1
        return sum(len(f.get("seen", {})) for f in json.loads(data.read_text())["feeds"])

    return Program(
        name="rss2email",
        command=lambda d: [
            str(venv / "r2e"),
            "-c",
            str(d / "rss2email.cfg"),
            "-d",
            str(d / "data.json"),
            "run",
            "--no-send",
        ],
        prepare=prepare,
        noticed=seen,
    )


def _newsboat(program: str) -> Program:
    def prepare(directory: Path, urls: Sequence[str]) -> None:
        (directory / "urls").write_text("\n".join(urls) + "\n")
        (directory / "config").write_text("reload-threads 8\nmax-items 0\n")

    return Program(
        name="newsboat",
        language="C++, Rust",
        command=lambda d: [
            program,
            *("-u", str(d / "urls")),
            *("-c", str(d / "cache.db")),
            *("-C", str(d / "config")),
            *("-x", "reload"),
        ],
        prepare=prepare,
        noticed=lambda d, out: _count(d / "cache.db", "SELECT count(*) FROM rss_item"),
        kept=lambda d: _count(
            d / "cache.db",
            f"SELECT count(*) FROM rss_item WHERE length(content) > {_FULL_CHARS}",
        ),
    )


def _sfeed(program: str) -> Program:
    def prepare(directory: Path, urls: Sequence[str]) -> None:
        rows = [f"\tfeed f{n} '{url}'" for n, url in enumerate(urls)]
        text = f"sfeedpath={directory}/feeds\nmaxjobs=8\nfeeds() {{\n" + "\n".join(rows) + "\n}\n"
        (directory / "sfeedrc").write_text(text)

    def lines(directory: Path, output: str) -> int:
        return sum(path.read_bytes().count(b"\n") for path in (directory / "feeds").glob("f*"))

    return Program(
        name="sfeed_update",
        language="C, shell",
        command=lambda d: [program, str(d / "sfeedrc")],
        prepare=prepare,
        noticed=lines,
        kept=lambda d: sum(
            len(line) > _FULL_CHARS
            for path in (d / "feeds").glob("f*")
            for line in path.read_bytes().splitlines()
        ),
    )


# -- watchers of pages ---------------------------------------------------------------------------


def _watcher(name: str, venv: Path, extra: Callable[[Path], Sequence[str]]) -> Program:
    def prepare(directory: Path, urls: Sequence[str]) -> None:
        blocks = [f"name: p{n}\nurl: {url}\nfilter:\n  - html2text" for n, url in enumerate(urls)]
        (directory / "jobs.yaml").write_text("\n---\n".join(blocks) + "\n")
        (directory / "config.yaml").write_text(
            textwrap.dedent("""\
                display: {new: true, error: true, unchanged: false}
                report:
                  text: {line_length: 75, details: true, footer: false}
                  stdout: {enabled: true, color: false}
                """)
        )

    return Program(
        name=name,
        command=lambda d: [str(venv / name), *extra(d)],
        prepare=prepare,
        noticed=lambda d, out: len(set(re.findall(r"(?i)changed: (p\d+)", out))),
    )


def _urlwatch(venv: Path) -> Program:
    return _watcher(
        "urlwatch",
        venv,
        lambda d: [
            *("--urls", str(d / "jobs.yaml")),
            *("--config", str(d / "config.yaml")),
            *("--hooks", str(d / "hooks.py")),
            *("--cache", str(d / "cache.db")),
        ],
    )


def _webchanges(venv: Path) -> Program:
    return _watcher(
        "webchanges",
        venv,
        lambda d: [
            *("--jobs", str(d / "jobs.yaml")),
            *("--config", str(d / "config.yaml")),
            *("--database", str(d / "cache.db")),
        ],
    )


def feed_programs(venv: Path) -> list[Program]:
    """Readers of feeds that are installed."""
    found = []
    newsboat, sfeed = _found("newsboat"), _found("sfeed_update")
    found += [_newsboat(newsboat)] if newsboat else []
    found += [_sfeed(sfeed)] if sfeed else []
    made = {"python": _reader, "feed2exec": _feed2exec, "r2e": _rss2email}
    return found + [make(venv) for name, make in made.items() if (venv / name).exists()]


def page_programs(venv: Path) -> list[Program]:
    """Watchers of pages that are installed."""
    made = {"urlwatch": _urlwatch, "webchanges": _webchanges}
    return [make(venv) for name, make in made.items() if (venv / name).exists()]


def install(directory: Path) -> Path:
    """An environment with the Python programs, and Debian's packages where apt works; its bin.

    BENCH_PEERS_VENV names an environment that is kept and used again. What cannot be installed
    is named and left out.
    """
    given = os.environ.get("BENCH_PEERS_VENV")
    home = Path(given) if given else directory
    if not (home / "bin" / "python").exists():
        _succeeds(sys.executable, "-m", "venv", str(home))
    for name, packages in PIP:
        if not (_has(home, name) or _pip(home, packages)):
            left_out(name, "cannot be installed from PyPI here")
    missing = [(name, package) for name, package in APT if _found(name) is None]
    if missing:
        _succeeds("apt-get", "update", "-q")
    for name, package in missing:
        if not _apt(package):
            left_out(name, f"Debian's package {package} cannot be installed here")
    return home / "bin"


def left_out(name: str, why: str) -> None:
    """Say that a program does not race, or not in this size."""
    print(json.dumps({"program": name, "left_out": why}), flush=True)


def _found(program: str) -> str | None:
    return shutil.which(program) or shutil.which(program, path="/usr/sbin")


def _has(home: Path, module: str) -> bool:
    return _succeeds(str(home / "bin" / "python"), "-c", f"import {module}")


def _pip(home: Path, packages: Sequence[str]) -> bool:
    return _succeeds(str(home / "bin" / "python"), "-m", "pip", "install", "-q", *packages)


def _apt(package: str) -> bool:
    return _succeeds("apt-get", "install", "-y", "-q", "--no-install-recommends", package)


def _succeeds(*command: str) -> bool:
    """Whether the command exists, ends in time and with success; its words are not shown."""
    if shutil.which(command[0]) is None or (command[0] == "apt-get" and os.geteuid() != 0):
        return False
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=_INSTALL_S)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
