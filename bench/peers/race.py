"""One run of a program as a whole process: processor time, wall time, memory, what it noticed."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.peers.programs import Program

_TIMEOUT_S = 900


class Failed(Exception):
    """A program that ended badly; the words are its last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one process and its children used."""

    program: str
    language: str
    work: str
    units: int
    cpu_s: float
    wall_s: float
    peak_mb: float
    noticed: int


def setup(program: Program, directory: Path, urls: Sequence[str]) -> None:
    """A fresh directory for the program. Raises Failed."""
    directory.mkdir(parents=True)
    try:
        program.prepare(directory, urls)
    except (OSError, subprocess.SubprocessError) as error:
        raise Failed(f"{program.name} could not be set up: {error}") from error


def run(program: Program, directory: Path, work: str, units: int) -> Run:
    """Run it once; `noticed` is what it knows afterwards, below 0 where that cannot be told.

    Raises Failed.
    """
    home = directory / "home"
    home.mkdir(exist_ok=True)
    environment = {
        **os.environ,
        "HOME": str(home),
        "XDG_DATA_HOME": str(home),
        **program.environment,
    }
    environment["XDG_CONFIG_HOME"] = str(home)
    begun = time.perf_counter()
    used = _used(list(program.command(directory)), directory, environment, program.name)
    output = (directory / "out").read_text("utf-8", "replace")
    return Run(
        program=program.name,
        language=program.language,
        work=work,
        units=units,
        cpu_s=used["cpu_s"],
        wall_s=time.perf_counter() - begun,
        peak_mb=used["peak_mb"],
        noticed=_asked(lambda: program.noticed(directory, output)),
    )


def kept(program: Program, directory: Path) -> int | str:
    """Entries kept with their full text; "" where a program keeps none."""
    asked = program.kept
    return "" if asked is None else _asked(lambda: asked(directory))


def _asked(ask: Callable[[], int]) -> int:
    """What a program knows now; -1 where another version of it keeps that elsewhere."""
    try:
        return ask()
    except (OSError, ValueError, KeyError, sqlite3.Error):
        return -1


def _used(
    command: list[str], directory: Path, environment: dict[str, str], name: str
) -> dict[str, float]:
    """What the command and its own children used. Raises Failed."""
    told, tell = os.pipe()
    root = Path(__file__).parents[2]
    with (directory / "out").open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-S", str(Path(__file__).with_name("launch.py")), str(tell), *command],
            env=environment,
            cwd=root if name == "this program" else directory,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            pass_fds=(tell,),
            start_new_session=True,
        )
        os.close(tell)
        try:
            process.wait(_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # the program as well, or it would race on
            process.wait()
    with os.fdopen(told, "rb") as pipe:
        used: dict[str, float] = json.loads(pipe.read() or b"{}")
    if not used:
        raise Failed(f"{name} took longer than {_TIMEOUT_S} s")
    if used["code"] not in (0, 1):  # 1: something to report
        words = (directory / "out").read_text("utf-8", "replace")[-600:]
        last = " ".join(words.split())[-300:]
        raise Failed(f"{name} failed ({used['code']:g}): {last}")
    return used
