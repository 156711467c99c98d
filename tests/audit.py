"""Known vulnerabilities of the locked packages: `make audit`, or `python -m tests.audit [LOCK …]`.

Asks the advisories of the package index by pip-audit, a development dependency. Before a word of
it is believed, the source must know the advisory of an old release that has one: an index that
answers "not found" to everything looks like a clean bill. Exit: 0 clean, 1 something was found,
2 not audited, with what to do.
"""

# ruff: noqa: T201
from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CLEAN, FOUND, NOT_AUDITED = 0, 1, 2
#: A release with published advisories (CVE-2020-28493): the question with a known answer.
PROBE = "jinja2==2.11.2"
TIMEOUT_S = 900
HELP = """\
The lock files were NOT audited: {reason}.
Run `make audit` on a machine that reaches the package index, or hand the lock files to any scanner
that reads requirements files (they hold exact versions and hashes), e.g.
  pip-audit --require-hashes --disable-pip -r requirements.lock
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What pip-audit said of some packages."""

    audited: int = 0
    skipped: tuple[str, ...] = ()
    found: tuple[str, ...] = ()  #: "name version: advisory (fixed in …)"
    problem: str = ""  #: why there is no answer


def read(output: str, errors: str) -> Answer:
    """The answer in pip-audit's JSON; its last line of errors where there is none."""
    try:
        packages = list(json.loads(output)["dependencies"])
    except (ValueError, KeyError, TypeError):
        lines = errors.strip().splitlines() or ["pip-audit said nothing"]
        return Answer(problem=lines[-1][:300])
    audited = [one for one in packages if "skip_reason" not in one]
    return Answer(
        audited=len(audited),
        skipped=tuple(one["name"] for one in packages if "skip_reason" in one),
        found=tuple(
            f"{one['name']} {one['version']}: {vulnerability['id']} (fixed in "
            f"{', '.join(vulnerability.get('fix_versions') or ['no release yet'])})"
            for one in audited
            for vulnerability in one.get("vulns", ())
        ),
    )


def ask(lock: Path, *options: str) -> Answer:
    """Audit one requirements file."""
    command = [
        sys.executable, "-m", "pip_audit", "--disable-pip", "--progress-spinner", "off",
        "--format", "json", "--timeout", "15", "--requirement", str(lock), *options,
    ]  # fmt: skip
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=TIMEOUT_S
        )
    except subprocess.TimeoutExpired:
        return Answer(problem=f"no answer within {TIMEOUT_S} s")
    return read(done.stdout, done.stderr)


def unfit(probe: Answer) -> str:
    """Why the source of advisories cannot be believed; "" when it can."""
    if probe.problem:
        return f"the source of advisories cannot be reached ({probe.problem})"
    if not probe.found:
        return f"the source of advisories knows none for {PROBE}, which has some"
    return ""


def verdict(answers: Sequence[tuple[str, Answer]]) -> tuple[int, list[str]]:
    """(exit code, lines to print) over all lock files."""
    lines, code = [], CLEAN
    for name, answer in answers:
        if answer.problem:
            lines.append(f"{name}: {HELP.format(reason=answer.problem)}")
            code = max(code, NOT_AUDITED) if code != FOUND else FOUND
            continue
        lines.append(f"{name}: {answer.audited} packages audited, {len(answer.found)} advisories")
        lines += [f"  {one}" for one in answer.found]
        if answer.skipped:
            lines.append(f"  not audited, unknown to the source: {', '.join(answer.skipped)}")
        if answer.found:
            code = FOUND
    return code, lines


def main(arguments: list[str]) -> int:
    """Probe the source, then audit the lock files."""
    parser = argparse.ArgumentParser(prog="python -m tests.audit", description=__doc__)
    parser.add_argument("locks", nargs="*", type=Path, default=[Path("requirements.lock")])
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as directory:
        known = Path(directory) / "probe.txt"
        known.write_text(f"{PROBE}\n", encoding="utf-8")
        reason = unfit(ask(known, "--no-deps"))
    if reason:
        print(HELP.format(reason=reason))
        return NOT_AUDITED
    code, lines = verdict([(str(lock), ask(lock, "--require-hashes")) for lock in chosen.locks])
    print("\n".join(lines))
    return code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
