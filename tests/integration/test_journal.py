"""MONITOR_LOG=json: whatever happens, each line of the real processes is one JSON object."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.bootstrap.journal import Redaction
from tests.integration.test_run_process import environment, free_port
from tests.integration.test_whole_way import feeds_yaml

SECRET = "xoxb-canary/5+secret value"
PASSWORD = "canary%2Fpass"

#: The program as started, in a process where libraries warn, log and fail as they like.
NOISY = """
    import logging, sys, threading, warnings
    from monitor.bootstrap.compose import App
    from monitor.cli.main import main

    class Leaving:
        def __del__(self):
            raise ValueError("while it was collected")

    def make_noise():
        warnings.warn("an old call with {secret}")
        logging.getLogger("library").error("gave %s\\nand a line", {secret!r})
        logging.getLogger("library").warning("wrong %d", "arguments")
        leaving = Leaving()
        del leaving
        raise RuntimeError("nobody caught {secret}")

    def broken(self):
        threading.Thread(target=make_noise, name="noise").start()
        raise ZeroDivisionError("in the middle of {secret}")

    App.digests = App.deliver = broken
    sys.argv = ["monitor", {verb}]
    main()
"""


def noisy(verb: str, environ: dict[str, str], directory: Path) -> subprocess.Popen[str]:
    code = textwrap.dedent(NOISY).format(secret=SECRET, verb=verb)
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env=environ | {"MONITOR_LOG": "json", "MONITOR_SLACK_TOKEN": SECRET, "PYTHONDEVMODE": "1"},
        cwd=directory,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ended_after(process: subprocess.Popen[str], *words: str) -> str:
    """All output of a process that is told to end once it said these words."""
    assert process.stdout is not None
    output = ""
    try:
        while not all(word in output for word in words):
            read = process.stdout.readline()
            assert read, output
            output += read
    finally:
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=120)
    return output + rest


def lines_of(output: str) -> list[dict[str, Any]]:
    """Every line parsed; each says when, how bad, who and what."""
    lines = [json.loads(line) for line in output.splitlines()]
    for line in lines:
        assert {"time", "level", "logger", "message"} <= set(line), line
        assert datetime.fromisoformat(line["time"]).utcoffset() is not None
        assert all(isinstance(value, str) for value in line.values())
    return lines


def require_noise_told(lines: list[dict[str, Any]]) -> None:
    """All that went wrong is there, with where it happened, and no secret is."""
    said = {line["message"]: line for line in lines}
    assert "gave [secret]\nand a line" in said
    assert said["gave [secret]\nand a line"]["logger"] == "library"
    assert "wrong %d" in said
    warned = [line for line in lines if line["logger"] == "py.warnings"]
    assert any("an old call with [secret]" in line["message"] for line in warned)
    (thread,) = {m for m in said if m.startswith("not caught in noise")}
    assert "RuntimeError: nobody caught [secret]" in said[thread]["exception"]
    assert any("while it was collected" in line.get("exception", "") for line in lines)
    assert not [line for line in lines if "canary" in json.dumps(line)]


def test_every_line_of_a_run_is_json(tmp_path: Path) -> None:
    feeds = tmp_path / "feeds.yaml"
    feeds.write_text(feeds_yaml("http://127.0.0.1:9"), encoding="utf-8")
    port = free_port()
    process = noisy('"run", "--no-probe"', environment(tmp_path, port, feeds), tmp_path)
    output = ended_after(process, '"kind": "failed"', "not caught in noise", "deliver: Zero")
    assert process.returncode == 0, output
    lines = lines_of(output)
    require_noise_told(lines)
    job = next(line for line in lines if line["message"].startswith("deliver: ZeroDivisionError"))
    assert (job["job"], job["level"]) == ("deliver", "error")
    assert "in broken" in job["exception"]
    checked = [line for line in lines if line.get("kind") == "failed"]
    assert all(line["source"] for line in checked)
    assert {line["level"] for line in checked} == {"warning"}
    assert lines[-1]["message"] == "stopped"


def test_every_line_of_a_worker_is_json(tmp_path: Path, postgres_url: str) -> None:
    feeds = tmp_path / "feeds.yaml"
    feeds.write_text(feeds_yaml("http://127.0.0.1:9"), encoding="utf-8")
    environ = environment(tmp_path, free_port(), feeds) | {"MONITOR_DATABASE_URL": postgres_url}
    process = noisy('"worker", "--heartbeat", "0.5"', environ, tmp_path)
    output = ended_after(process, "not caught in noise", '"deliver: Zero', "digests: Zero")
    lines = lines_of(output)
    require_noise_told(lines)
    failed = [line for line in lines if line["message"].startswith("deliver: ZeroDivisionError")]
    assert (failed[0]["job"], failed[0]["level"]) == ("deliver", "error")
    assert "in broken" in failed[0]["exception"]
    assert lines[-1]["message"].endswith("stopped")


def test_an_error_before_anything_starts_is_json_as_well(tmp_path: Path) -> None:
    feeds = tmp_path / "feeds.yaml"
    feeds.write_text("version: 1\nsources:\n  - id: A!\n    kind: fed\n", encoding="utf-8")
    process = noisy('"run", "--no-probe"', environment(tmp_path, 1, feeds), tmp_path)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 2
    assert any("feeds.yaml:3" in line["message"] for line in lines_of(output))


@pytest.mark.parametrize(
    "text",
    [
        "token xoxb-canary/5+secret value used",
        "https://x/?t=xoxb-canary%2F5%2Bsecret%20value",
        "https://x/?t=xoxb-canary%2F5%2Bsecret+value",
        "https://x/xoxb-canary/5%2Bsecret%20value",
        "postgresql://monitor:canary%2Fpass@db/x",
        "password canary/pass refused",
    ],
)
def test_secrets_are_taken_out_in_every_spelling(text: str) -> None:
    redact = Redaction([SECRET, f"postgresql://monitor:{PASSWORD}@db/x", "abc", ""])
    assert "canary" not in redact(text)
    assert "[secret]" in redact(text)
    assert redact("abc of it") == "abc of it"
