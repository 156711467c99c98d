"""`monitor run` as people run it: a process that serves its pages and ends when told."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.demo.server import DemoServer
from monitor.demo.world import text_pages
from tests.integration.test_whole_way import TEXTS, feeds_yaml


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(directory: Path, port: int, feeds: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {
        "MONITOR_DATA_DIR": str(directory / "var"),
        "MONITOR_FEEDS": str(feeds),
        "MONITOR_LISTEN": f"127.0.0.1:{port}",
        "MONITOR_ALLOW_NETWORKS": "127.0.0.1/32",
    }


def started(
    directory: Path, port: int, feeds: Path, probe: str = "--no-probe"
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "monitor", "run", probe],
        env=environment(directory, port, feeds),
        cwd=directory,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def answer(port: int, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as found:
            return int(found.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def wait_until(condition, limit_s: float = 120.0) -> bool:
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.2)
    return False


@pytest.fixture
def site() -> Iterator[DemoServer]:
    with DemoServer() as server:
        yield server


def test_it_starts_serves_checks_and_ends_cleanly(tmp_path: Path, site: DemoServer):
    feeds = tmp_path / "feeds.yaml"
    feeds.write_text(feeds_yaml(site.base), encoding="utf-8")
    site.show(text_pages(TEXTS, datetime.now(UTC).date(), site.base))
    port = free_port()
    process = started(tmp_path, port, feeds)
    try:
        assert wait_until(lambda: answer(port, "/healthz") in (200, 503))
        assert answer(port, "/") == 200
        assert wait_until(lambda: answer(port, "/api/v1/events?q=larkmoor") == 200)
    finally:
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    assert "stopped" in output


def running_without_network(tmp_path: Path) -> subprocess.Popen[str]:
    """The bot, once its pages answer."""
    feeds = tmp_path / "feeds.yaml"
    feeds.write_text(feeds_yaml("http://127.0.0.1:9"), encoding="utf-8")
    port = free_port()
    process = started(tmp_path, port, feeds)
    try:
        assert wait_until(lambda: answer(port, "/") == 200)
    except BaseException:
        process.kill()
        raise
    return process


def test_it_ends_however_often_it_is_told(tmp_path: Path):
    process = running_without_network(tmp_path)
    try:
        for _ in range(200):  # a terminal, make and a hasty finger: one handler interrupts another
            process.send_signal(signal.SIGTERM)
            process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0, output
    assert "stopped" in output


def test_an_interrupt_ends_the_first_probing(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes requests, never answers
        silent.settimeout(60)
        feeds = tmp_path / "feeds.yaml"
        feeds.write_text(feeds_yaml(f"http://127.0.0.1:{silent.getsockname()[1]}"))
        process = started(tmp_path, free_port(), feeds, "--probe")
        try:
            connection, _ = silent.accept()
            with connection:
                process.send_signal(signal.SIGINT)
                output, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode not in (0, None)
    assert "Traceback" not in output, output
    assert "watching" not in output


def test_without_any_network_it_keeps_running(tmp_path: Path):
    process = running_without_network(tmp_path)
    try:
        time.sleep(3)
        assert process.poll() is None
    finally:
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output


def test_a_broken_catalogue_ends_it_with_every_fault_named(tmp_path: Path):
    feeds = tmp_path / "feeds.yaml"
    feeds.write_text("version: 1\nsources:\n  - id: A!\n    kind: fed\n", encoding="utf-8")
    process = started(tmp_path, free_port(), feeds)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 2
    assert "feeds.yaml:3" in output
    assert "feed" in output
    assert "Traceback" not in output


def test_it_refuses_to_listen_publicly_without_address_and_secret(tmp_path: Path):
    feeds = tmp_path / "feeds.yaml"
    feeds.write_text(feeds_yaml("http://127.0.0.1:9"), encoding="utf-8")
    made = environment(tmp_path, 1, feeds) | {"MONITOR_LISTEN": "0.0.0.0:8999"}
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "run", "--no-probe"],
        env=made,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 2
    assert "MONITOR_SECRET" in done.stderr


def test_a_second_run_in_the_same_directory_is_refused(tmp_path: Path):
    feeds = tmp_path / "feeds.yaml"
    feeds.write_text(feeds_yaml("http://127.0.0.1:9"), encoding="utf-8")
    port = free_port()
    first = started(tmp_path, port, feeds)
    try:
        assert wait_until(lambda: answer(port, "/") == 200)
        second = started(tmp_path, free_port(), feeds)
        output, _ = second.communicate(timeout=120)
        assert second.returncode == 2
        assert "another `monitor run`" in output
        assert first.poll() is None
    finally:
        first.send_signal(signal.SIGTERM)
        first.communicate(timeout=120)
