"""One run of a program as a whole process: processor time, wall time, memory, what it noticed."""

from __future__ import annotations

import os
import resource
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.peers.programs import Program

_TIMEOUT_S = 900


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
    """A fresh directory for the program."""
    directory.mkdir(parents=True)
    program.prepare(directory, urls)


def run(program: Program, directory: Path, work: str, units: int) -> Run:
    """Run it once; `noticed` is what it knows afterwards, below 0 where that cannot be told."""
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
    with (directory / "out").open("wb") as out:
        process = subprocess.Popen(
            list(program.command(directory)),
            env=environment,
            cwd=directory if program.name != "this program" else None,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        used = _wait(process)
    output = (directory / "out").read_text("utf-8", "replace")
    return Run(
        program=program.name,
        language=program.language,
        work=work,
        units=units,
        cpu_s=used.ru_utime + used.ru_stime,
        wall_s=time.perf_counter() - begun,
        peak_mb=used.ru_maxrss / 1024,
        noticed=program.noticed(directory, output),
    )


def _wait(process: subprocess.Popen[bytes]) -> resource.struct_rusage:
    """Reap it with what it and its own children used; killed when it takes for ever."""
    deadline = time.monotonic() + _TIMEOUT_S
    while True:
        done, _, used = os.wait4(process.pid, os.WNOHANG)
        if done:
            process.returncode = 0
            return used
        if time.monotonic() > deadline:
            process.kill()
        time.sleep(0.01)
