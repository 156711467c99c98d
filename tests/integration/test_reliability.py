"""F1, F2, F4, F6, F7, clock jumps and a read-only disk, through the whole check."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from monitor.bootstrap import doctor
from monitor.bootstrap.compose import App
from monitor.bootstrap.operations import probe_sources
from monitor.demo.server import DemoServer
from monitor.domain.errors import StoreError
from monitor.domain.health import HealthEntry
from monitor.domain.ident import SourceId
from monitor.domain.snapshot import Request
from monitor.domain.source import SourceState
from monitor.services.check_state import conditional
from monitor.services.health import Standing
from monitor.settings import read_settings
from storage.engine import Database
from storage.store import open_store
from tests.conftest import database_name
from tests.facts import NOW, event, record
from tests.faultserver import FaultServer
from tests.integration.test_watching import A, B, SetClock, app, check, policy, revisions, site

__all__ = ["app", "site"]


def test_f1_a_source_whose_validators_lied_is_asked_in_full_every_fourth_time() -> None:
    request = Request(url="https://a.example/feed")
    honest = SourceState(source_id=SourceId("a"))
    liar = replace(honest, lying_validators=True)

    def full(state: SourceState) -> int:
        return sum(not conditional(replace(state, checks=n), request) for n in range(96))

    assert (full(honest), full(liar)) == (2, 24)
    assert not conditional(honest, replace(request, conditional=False))


def test_f1_304_counts_as_alive(app: tuple[App, SetClock], site: DemoServer) -> None:
    monitor, clock = app
    site.show({"/policy": policy(A)})
    check(monitor, "policy")
    clock.at += timedelta(hours=3)
    done = check(monitor, "policy")
    assert done.outcome == "not_modified"
    assert done.state.succeeded_at == clock.at
    assert done.state.failures == 0


def test_f2_f4_trouble_is_told_once_late_and_its_end_once(
    app: tuple[App, SetClock], site: DemoServer
) -> None:
    monitor, clock = app
    site.show({"/policy": policy(A)})
    check(monitor, "policy")
    fresh, stored = clock.at, revisions(monitor, "policy")
    told: list[HealthEntry] = []
    retries = []
    site.show({})
    for _ in range(8):
        clock.at += timedelta(hours=3)
        done = check(monitor, "policy")
        assert done.outcome == "failed:http_status"
        assert done.state.succeeded_at == fresh, "only accepted bytes make a source fresh"
        assert done.state.retry_at is not None
        retries.append(done.state.retry_at - clock.at)
        told += monitor.health.tell()
    assert [entry.kind for entry in told] == ["alarm_failing"]
    assert all(timedelta(0) < wait <= timedelta(hours=24) for wait in retries)
    assert retries[-1] > retries[0]
    assert revisions(monitor, "policy") == stored, "an error page is never a deletion"
    clock.at += timedelta(days=1)
    site.show({"/policy": policy(A)})
    done = check(monitor, "policy")
    assert [problem for problem in done.problems if "answers again" in problem]
    assert [entry.kind for entry in monitor.health.tell()] == ["alarm_over"]
    assert monitor.health.tell() == ()
    report = next(r for r in monitor.health.reports() if r.source.id == "policy")
    assert report.standing in (Standing.OK, Standing.QUIET)
    assert report.as_of == clock.at


def test_f2_the_first_transient_failure_alarms_nobody(
    app: tuple[App, SetClock], site: DemoServer
) -> None:
    monitor, clock = app
    site.show({"/policy": policy(A)})
    check(monitor, "policy")
    clock.at += timedelta(hours=3)
    site.show({})
    check(monitor, "policy")
    assert monitor.health.tell() == ()


def test_f6_new_rules_rebaseline_nothing(app: tuple[App, SetClock], site: DemoServer) -> None:
    monitor, clock = app
    site.show({"/policy": policy(A)})
    check(monitor, "policy")
    states, stored = monitor.store.source_states(), revisions(monitor, "policy")
    sequence = monitor.store.last_sequence()
    feeds = monitor.settings.feeds
    feeds.write_text(feeds.read_text().replace("Sheriff's policy", "The sheriff's policy"))
    assert monitor.reload()
    assert monitor.store.source_states() == states
    assert revisions(monitor, "policy") == stored
    clock.at += timedelta(hours=3)
    check(monitor, "policy")
    assert monitor.store.last_sequence() == sequence
    assert monitor.store.source_states()["policy"].baseline


def test_f7_the_first_import_delivers_nothing_and_says_how_much(
    app: tuple[App, SetClock], site: DemoServer
) -> None:
    monitor, _ = app
    site.show({"/policy": policy(A)})
    done = check(monitor, "policy")
    assert any("first import, 1 items" in problem for problem in done.problems)
    assert monitor.store.deliveries() == ()


def test_a_clock_that_jumps_back_and_forth_loses_and_repeats_nothing(
    app: tuple[App, SetClock], site: DemoServer
) -> None:
    monitor, clock = app
    site.show({"/policy": policy(A)})
    check(monitor, "policy")
    for jump, words in (
        (timedelta(days=-400), A),
        (timedelta(hours=1), B),
        (timedelta(days=4000), B),
        (timedelta(days=-4000), A),
    ):
        clock.at += jump
        site.show({"/policy": policy(words)})
        check(monitor, "policy")
        monitor.health.tell()
        monitor.store.checkpoint(clock.at)
    texts = [revision.item.text for revision in revisions(monitor, "policy")]
    assert [A in text for text in texts] == [True, False, True]
    assert monitor.store.verify() == ()


READ_ONLY = """
import os, sys
sys.path.insert(0, {root!r})
from pathlib import Path
from monitor.domain.errors import StoreError
from storage.store import open_store
from tests.facts import event, record
open_store("sqlite://", None).append([record(event(7))])
os.setgroups([]); os.setgid(65534); os.setuid(65534)
try:
    store = open_store("sqlite:///{place}/monitor.sqlite", Path({place!r}))
    store.append([record(event(7))])
except StoreError as error:
    print("told:", error)
"""


@pytest.mark.skipif(os.getuid() != 0, reason="needs to become another user")
def test_a_read_only_disk_is_told_and_changes_nothing() -> None:
    """As another user than the files' owner: the superuser writes anywhere."""
    with tempfile.TemporaryDirectory(prefix="read-only-") as name:
        place = Path(name)
        url = f"sqlite:///{place}/monitor.sqlite"
        store = open_store(url, place)
        store.append([record(event())])
        store.close()
        for path in [*place.rglob("*"), place]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        code = READ_ONLY.format(root=str(Path(__file__).parents[2]), place=name)
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False
        )
        assert "told:" in done.stdout, done.stderr[-2000:]
        assert "monitor.sqlite" in done.stdout
        for path in [place, *place.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
        again = open_store(url, place)
        assert again.last_sequence() == 1
        assert again.verify() == ()
        again.close()


def test_a_database_that_is_away_is_told_and_used_again_when_back(
    postgres_url: str, tmp_path: Path
) -> None:
    """Connections are refused for a while, as after a stop of the server, and then not."""
    name = database_name(postgres_url)
    admin = Database(postgres_url.replace(name, "postgres", 1))
    store = open_store(postgres_url, tmp_path)
    store.append([record(event())])

    def allow(connections: str) -> None:
        with admin.write() as connection:
            connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {connections}"))
            connection.execute(
                text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :n"),
                {"n": name},
            )

    allow("false")
    with pytest.raises(StoreError):
        for _ in range(5):
            store.append([record(event(1))])
    allow("true")
    stored = store.last_sequence()
    store.append([record(event(2), at=NOW)])
    assert store.last_sequence() == stored + 1
    assert store.verify() == ()
    store.close()
    admin.close()


def installation(directory: Path, sources: str) -> tuple[App, SetClock]:
    """A program over these sources alone."""
    (directory / "feeds.yaml").write_text(f"sources:\n{sources}", encoding="utf-8")
    settings = read_settings(
        {
            "MONITOR_DATA_DIR": str(directory / "var"),
            "MONITOR_FEEDS": str(directory / "feeds.yaml"),
            "MONITOR_ALLOW_NETWORKS": "127.0.0.1/32",
            "MONITOR_WORKERS": "1",
        }
    )
    clock = SetClock()
    return App(settings, clock), clock


def feed_block(name: str, url: str, more: str = "") -> str:
    return (
        f"  - {{id: {name}, kind: feed, name: {name}, tier: press, sees: [agreement_signed], {more}"
        f"politeness: {{min_delay_s: 0, respect_robots: false}}, options: {{url: '{url}'}}}}\n"
    )


def test_an_address_that_moved_for_good_is_told_once_and_named_until_it_is_changed(
    tmp_path: Path,
) -> None:
    with FaultServer() as server:
        old, new = server.url("/redirect?code=308&to=/feed"), server.url("/feed")
        temporary = server.url("/redirect?code=302&to=/feed%3Fn%3D1")
        blocks = feed_block("moved", old) + feed_block("elsewhere", temporary)
        monitor, clock = installation(tmp_path, blocks)
        told = []
        for hours in (0, 3, 30, 60):
            server.version = str(hours)
            clock.at += timedelta(hours=hours)
            check(monitor, "moved")
            check(monitor, "elsewhere")
            told += monitor.health.tell()
        told = [entry for entry in told if entry.kind == "moved"]
        assert [entry.source_id for entry in told] == ["moved"]
        assert f"{old} has moved permanently to {new}, seen since 2025-04-01" in told[0].message
        assert "feeds.yaml, line 2" in told[0].message
        looks = [f for f in doctor.findings(monitor) if f.what == "source moved"]
        assert [finding.detail for finding in looks] == [told[0].message]
        feeds = monitor.settings.feeds
        feeds.write_text(feeds.read_text().replace(old, new))
        assert monitor.reload()
        check(monitor, "moved")
        monitor.close()


def test_a_linked_page_that_fails_is_an_alarm_at_the_third_time_only(tmp_path: Path) -> None:
    """The feed's entry links to a port where nobody listens."""
    with FaultServer() as server:
        monitor, clock = installation(tmp_path, feed_block("linking", server.url("/feed")))
        told = []
        for _ in range(3):
            check(monitor, "linking")
            told.append([entry.kind for entry in monitor.health.tell()])
            clock.at += timedelta(hours=3)
        monitor.close()
    assert told == [[], [], ["alarm_partial"]]


def test_doctor_names_each_source_that_is_off_and_why(tmp_path: Path) -> None:
    with FaultServer() as server:
        blocks = (
            feed_block("gone", server.url("/status?code=404"))
            + feed_block("busy", server.url("/status?code=503"))
            + feed_block("quiet", server.url("/feed/empty"))
            + feed_block("page", server.url("/feed/html"))
            + feed_block("resting", server.url("/feed"), "enabled: false, ")
            + feed_block("keyed", server.url("/feed"), "needs_env: [SOME_KEY], ")
        )
        monitor, _ = installation(tmp_path, blocks)
        list(probe_sources(monitor, monitor.chosen_sources(["gone", "busy", "quiet", "page"])))
        on = {str(source.id) for source in monitor.sources() if source.enabled}
        assert on == {"busy", "quiet"}, "an empty list and a busy hour say nothing of an address"
        said = [f"{f.what}: {f.detail}" for f in doctor.findings(monitor)]
        off = [line for line in said if line.startswith(("source off", "sources off", "key"))]
        assert len(off) == 4, off
        assert "gone is off" in off[0] and "failed:http_status" in off[0] and "404" in off[0]
        assert "page is off" in off[1] and "unreadable" in off[1]
        assert "1 are off in feeds.yaml: resting" in off[2]
        assert "keyed is off: set SOME_KEY" in off[3]
        monitor.close()


def test_a_health_text_says_the_address_once(tmp_path: Path) -> None:
    with FaultServer() as server:
        url = server.url("/status?code=500")
        monitor, _ = installation(tmp_path, feed_block("down", url))
        done = check(monitor, "down")
        monitor.close()
    (message,) = done.problems
    assert message.count(url) == 1
    assert message.count("500") == 1 + url.count("500")
