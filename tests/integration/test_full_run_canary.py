"""S12, S8: canaries through a full run: no secret in any output, no hostile text alive in one.

Fetch, log, archive, mail, Slack, file, pages, feeds, dataset, backup and evidence bundle of one
installation, whose watched pages echo hostile text and whose every secret is a canary.
"""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
import zstandard
from warcio.archiveiterator import ArchiveIterator

from monitor.bootstrap import doctor, keeping, upkeep
from monitor.bootstrap.compose import App
from monitor.bootstrap.pages import web_app
from monitor.demo.server import DemoServer
from monitor.demo.world import Page, text_pages
from monitor.settings import VARIABLES, read_settings
from tests import namespace
from tests.fakeslack import FakeSlack
from tests.fakesmtp import FakeSmtp
from tests.integration.test_whole_way import LISTED, NEW, TEXTS, feeds_yaml, roster_pages

ROOT = Path(__file__).parents[2]
CANARY = "c4n4ryS3cret"
HOSTILE = (
    "<script>alert(1)</script> <!channel> @here \u202e=cmd|'/c calc'!A1 "
    "<https://evil.example|click> \r\nBcc: victim@example.org"
)


class SetClock:
    def __init__(self) -> None:
        self.at = datetime(2025, 4, 1, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


@dataclass(frozen=True)
class Run:
    """One installation after a full run, and all that came out of it."""

    directory: Path
    outputs: dict[str, bytes]
    pages: dict[str, httpx.Response]


def secrets(slack: FakeSlack) -> dict[str, str]:
    names = [n for n in VARIABLES if any(w in n for w in ("TOKEN", "SECRET", "PASSWORD"))]
    given = {name: f"{CANARY}-{name.lower()}-{'x' * 30}" for name in names}
    given["MONITOR_SLACK_TOKEN"] = slack.token
    del given["MONITOR_SLACK_APP_TOKEN"]
    return {**given, "OPENSTATES_API_KEY": f"{CANARY}-openstates", "LEGISCAN_KEY": f"{CANARY}-legi"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    directory = tmp_path_factory.mktemp("canary")
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.DEBUG)
    slack = FakeSlack(channels={"C1": []}, token=f"xoxb-{CANARY}").start()
    smtp = FakeSmtp().start()
    try:
        with DemoServer() as site:
            yield _lived(directory, site, slack, smtp, said)
    finally:
        logging.getLogger().removeHandler(handler)
        logging.getLogger().setLevel(logging.WARNING)
        slack.stop()
        smtp.stop()


def _lived(
    directory: Path, site: DemoServer, slack: FakeSlack, smtp: FakeSmtp, said: io.StringIO
) -> Run:
    feeds = feeds_yaml(site.base)
    keyed = (
        "  - {id: keyed, kind: openstates, name: Keyed, tier: official, "
        f"sees: [state_mandate_introduced], needs_env: [OPENSTATES_API_KEY], "
        f"politeness: {{min_delay_s: 0}}, options: {{base: '{site.base}/openstates/'}}}}\n"
    )
    feeds = feeds.replace("subscriptions:", keyed + "subscriptions:")
    feeds += "  - {id: now, channel: email, destination: now@example.org}\n"
    (directory / "feeds.yaml").write_text(feeds, encoding="utf-8")
    clock = SetClock()
    settings = read_settings(
        {
            **secrets(slack),
            "MONITOR_DATA_DIR": str(directory / "var"),
            "MONITOR_FEEDS": str(directory / "feeds.yaml"),
            "MONITOR_ALLOW_NETWORKS": "127.0.0.1/32",
            "MONITOR_SLACK_API": slack.url,
            "MONITOR_SMTP_HOST": "127.0.0.1",
            "MONITOR_SMTP_PORT": str(smtp.port),
            "MONITOR_SMTP_SECURITY": "none",
            "MONITOR_MAIL_FROM": "monitor@example.org",
            "MONITOR_OPERATOR": "email:operator@example.org",
        }
    )
    app = App(settings, clock)
    try:
        outputs = _work(app, clock, site, directory)
        pages = _pages(app)
    finally:
        app.close()
    outputs["log"] = said.getvalue().encode()
    outputs["slack"] = repr(slack.visible("C1")).encode()
    outputs["mail"] = b"\n\n".join(message.as_bytes() for message in smtp.messages())
    return Run(directory=directory, outputs=outputs, pages=pages)


def _work(app: App, clock: SetClock, site: DemoServer, directory: Path) -> dict[str, bytes]:
    upkeep.seed_subscriptions(app)
    site.show(_shown(site, clock.at, new=False))
    app.check(app.sources(), lambda _: None)
    clock.at = datetime(2025, 4, 5, 15, 0, tzinfo=UTC)
    site.show(_shown(site, clock.at, new=True))
    done: list[str] = []
    app.check(app.sources(), lambda one: done.append(repr(one)))
    for _ in range(8):
        app.deliver()
        clock.at += timedelta(seconds=2)
    clock.at += timedelta(days=8)
    app.digests()
    app.deliver()
    upkeep.tell_operator(app)
    app.deliver()
    upkeep.nightly(app)
    keeping.backup(app, directory / "backup.zip")
    event = next(e for e in app.query.events(app.query.ask("type:signed")).items if not e.silent)
    keeping.evidence(app, event.id, directory / "evidence.zip")
    assert app.store.verify() == ()
    return {
        "checks": "\n".join(done).encode(),
        "doctor": repr(doctor.findings(app)).encode(),
        "settings": repr(app.settings).encode(),
        "health": repr(app.store.health()).encode(),
        "deliveries": repr(app.store.deliveries()).encode(),
    }


def _shown(site: DemoServer, at: datetime, *, new: bool) -> dict[str, Page]:
    rows = [*LISTED, NEW] if new else LISTED
    pages = {**text_pages(TEXTS, at.date(), site.base), **roster_pages(rows, at, site.base)}
    if not new:
        return pages
    hostile = HOSTILE.replace("&", "&amp;").replace("<", "&lt;").replace("\r\n", "&#13;&#10;")
    return {
        path: Page(
            body=page.body.replace(b"</title>", hostile.encode() + b"</title>"),
            media_type=page.media_type,
        )
        if page.media_type != "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        else page
        for path, page in pages.items()
    }


def _pages(app: App) -> dict[str, httpx.Response]:
    """What a stranger sees, asked over ASGI; the whole walk of routes has its own test."""
    site = web_app(app)
    found: dict[str, httpx.Response] = {}
    paths = ("/", "/events", "/roster", "/healthz", "/feed.atom", "/feed.json", "/feed.csv",
             "/api/v1/events", "/metrics", "/health", "/nonsense?a=<script>")  # fmt: skip

    async def ask() -> None:
        transport = httpx.ASGITransport(app=site)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1:8287"
        ) as client:
            for path in paths:
                found[path] = await client.get(path)

    anyio.run(ask)
    return found


def everything(run: Run) -> Iterator[tuple[str, bytes]]:
    """Every byte that the run left anywhere, archives opened."""
    yield from run.outputs.items()
    for path, answer in run.pages.items():
        yield f"page {path}", answer.content + repr(answer.headers).encode()
    for path in sorted(run.directory.rglob("*")):
        if path.is_file() and path.suffix != ".yaml":
            yield from _opened(path.name, path.read_bytes())


def _opened(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    yield name, data
    if name.endswith(".zst"):
        yield f"{name} opened", zstandard.ZstdDecompressor().decompressobj().decompress(data)
    if name.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            for member in packed.namelist():
                yield from _opened(f"{name}:{member}", packed.read(member))
    if name.endswith(".warc.gz"):
        for record in ArchiveIterator(io.BytesIO(data)):
            yield f"{name}:{record.rec_type}", record.content_stream().read()


def test_s12_no_secret_is_in_any_output(run: Run) -> None:
    seen = dict(everything(run))
    assert len(seen) > 40
    assert b"'keyed'" in seen["checks"]
    assert [name for name, data in seen.items() if CANARY.encode() in data] == []


def test_s12_packed_columns_hold_no_secret_either(run: Run) -> None:
    """Revisions are compressed in the database, so the file alone does not show them."""
    settings = read_settings({"MONITOR_DATA_DIR": str(run.directory / "var")})
    app = App(settings, SetClock())
    try:
        texts = [repr(revision) for revision in app.store.items()]
        texts += [repr(state) for state in app.store.source_states().values()]
        texts += [repr(record) for record in app.store.records(limit=10_000)]
    finally:
        app.close()
    assert texts
    assert [text[:100] for text in texts if CANARY in text] == []


def test_s8_hostile_titles_are_inert_wherever_they_come_out(run: Run) -> None:
    hits = [name for name, data in everything(run) if b"alert(1)" in data]
    assert hits, "the hostile title went nowhere: this test proves nothing"
    for path, answer in run.pages.items():
        assert b"<script>alert" not in answer.content, path
        assert "\u202e".encode() not in answer.content, path
    slack = run.outputs["slack"].decode()
    assert "<!channel>" not in slack
    assert "<https://evil.example" not in slack
    mail = run.outputs["mail"].decode()
    assert "\nBcc:" not in mail
    assert "<script>alert" not in mail
    with zipfile.ZipFile(run.directory / "evidence.zip") as packed:
        assert b"<script>alert" not in packed.read("cover.html")


def in_a_namespace(*arguments: str) -> dict[str, Any]:
    """These tests in a network namespace of their own: what became of them, and who was called."""
    if reason := namespace.available():
        pytest.skip(f"no network namespace of our own: {reason}")
    done = subprocess.run(
        ["unshare", "-rn", sys.executable, "-m", "tests.namespace", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=550,
        env={**os.environ, "PYTEST_ADDOPTS": ""},
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    assert found["code"] == 0, done.stdout[-3000:]
    assert found["probe"], "the watch saw nothing of what certainly left: it proves nothing"
    return found


@pytest.mark.timeout(600)
def test_s1_a_full_run_calls_nobody_who_is_not_named() -> None:
    """Every packet counted, whoever sent it: the program, its workers, libcurl, a parser.

    The run of this file (checks, log, mail, Slack, pages, dataset, backup, bundle), then pages
    that try to lead it inside; beside loopback there is only a tunnel in which all else ends.
    """
    found = in_a_namespace(
        "tests/integration/test_full_run_canary.py::test_s12_no_secret_is_in_any_output",
        "tests/integration/test_attacker.py::test_he_cannot_lead_the_monitor_inside",
    )
    assert found["outward"] == []
    assert set(found["inward"]) == {"127.0.0.1"}, "127.0.0.2 is what must not be reached"
    assert found["inward"]["127.0.0.1"] > 5


@pytest.mark.long
@pytest.mark.timeout(600)
def test_s1_a_whole_life_calls_nobody_who_is_not_named() -> None:
    """The long form: every attack, the program as a process with its pages, the Slack app."""
    found = in_a_namespace(
        "-m", "not long",
        "tests/integration/test_attacker.py",
        "tests/integration/test_run_process.py",
        "tests/integration/test_slack_app.py",
    )  # fmt: skip
    assert found["outward"] == []
    assert set(found["inward"]) <= {"127.0.0.1", "::1"}


def test_an_endpoint_is_read_from_packets() -> None:
    """The watch's own eyes: beginnings of TCP and UDP of both families, nothing else."""
    four = bytes([0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 169, 254, 169, 254])
    syn = bytes([0, 9, 0, 80, *bytes(8), 0x50, 0x02, *bytes(6)])
    assert namespace.endpoint(four + syn) == ("tcp", "169.254.169.254", 80)
    assert namespace.endpoint(four + syn[:13] + b"\x10" + syn[14:]) is None
    six = bytes([0x60, *bytes(5), 17, 64, *bytes(16), *bytes(15), 1])
    assert namespace.endpoint(six + bytes([0, 9, 0, 53, 0, 8, 0, 0])) == ("udp", "::1", 53)
    assert namespace.endpoint(b"") is None
