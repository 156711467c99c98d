"""What deploy/ holds is valid, names only what exists, and its steps work in a clean directory."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import typer
import yaml

from monitor.bootstrap.environment import reference
from monitor.cli.main import app
from monitor.settings import VARIABLES

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def verbs() -> set[str]:
    group = typer.main.get_command(app)
    return set(getattr(group, "commands", {}))


def test_the_reference_of_settings_is_the_one_of_the_program() -> None:
    assert (DEPLOY / "environment.md").read_text() == reference()


@pytest.mark.parametrize("path", [p for p in sorted(DEPLOY.rglob("*")) if p.is_file()])
def test_every_variable_named_exists(path: Path) -> None:
    named = set(re.findall(r"\bMONITOR_[A-Z_]+[A-Z]\b", path.read_text()))
    assert named <= set(VARIABLES)


def test_compose_is_by_its_specification() -> None:
    schema = json.loads((ROOT / "tests/data/compose.schema.json").read_text())
    jsonschema.validate(COMPOSE, schema)
    for name, service in COMPOSE["services"].items():
        assert set(service.get("depends_on", {})) <= set(COMPOSE["services"]), name
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            known = source in COMPOSE["volumes"] or (DEPLOY / source).exists()
            assert known, f"{name}: {volume}"
        if "build" in service:
            assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
            assert service["command"][0] in verbs()


def test_only_loopback_is_published() -> None:
    ports = [p for s in COMPOSE["services"].values() for p in s.get("ports", [])]
    assert ports and all(port.startswith("127.0.0.1:") for port in ports)


def test_the_units_call_verbs_that_exist() -> None:
    called = {
        match[1] for unit in UNITS for match in re.finditer(r"/monitor (\w+)", unit.read_text())
    }
    assert {"run", "worker", "backup"} <= called <= verbs()


def test_the_units_are_valid(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("no systemd-analyze here")
    for unit in UNITS:
        text = unit.read_text().replace("/opt/policy-monitor/.venv/bin/monitor", "/bin/true")
        (tmp_path / unit.name).write_text(text)
    for unit in UNITS:
        done = subprocess.run(
            [program, "verify", "--man=no", str(tmp_path / unit.name)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert str(tmp_path) not in done.stderr, done.stderr


def copied() -> list[str]:
    """Paths that the container file takes from the source tree."""
    text = (DEPLOY / "Containerfile").read_text()
    lines = [line.split()[1:] for line in text.splitlines() if line.startswith("COPY ")]
    return [path for words in lines if not words[0].startswith("--") for path in words[:-1]]


def test_the_container_file_takes_what_there_is() -> None:
    assert {"monitor", "storage", "feeds.yaml", "requirements.lock"} <= set(copied())
    assert [path for path in copied() if not (ROOT / path).exists()] == []


@pytest.mark.long
def test_the_steps_of_the_container_file_in_a_clean_directory(tmp_path: Path) -> None:
    source, target = tmp_path / "src", tmp_path / "installed"
    source.mkdir()
    for path in copied():
        if (ROOT / path).is_dir():
            shutil.copytree(
                ROOT / path, source / path, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            shutil.copy(ROOT / path, source / path)
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", str(target), "."], cwd=source, check=True)
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(target),
        "MONITOR_DATA_DIR": str(tmp_path / "data"),
        "MONITOR_FEEDS": str(source / "feeds.yaml"),
    }
    done = subprocess.run(
        [sys.executable, "-P", "-m", "monitor", "sources", "list", "--format", "json"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(json.loads(done.stdout)) > 10
