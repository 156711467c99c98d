"""docs/performance.md from what the benchmarks printed: `python -m bench.document FILE…`.

    (python -m bench; python -m bench.peers) > measured.txt && python -m bench.document measured.txt

Everything between the marks of the page is replaced; what stands outside is written by hand.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

PAGE = Path("docs/performance.md")
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
Row = dict[str, object]


def sections(lines: Iterable[str]) -> Iterator[tuple[str, list[Row | str]]]:
    """(name, rows) of each benchmark, in order; a line that is no JSON object stays a line."""
    name, rows = "", []
    for line in lines:
        if line.startswith("# "):
            if rows:
                yield name, rows
            name, rows = line[2:].strip(), []
        elif line.strip():
            rows.append(_row(line.strip()))
    if rows:
        yield name, rows


def _row(line: str) -> Row | str:
    try:
        read = json.loads(line)
    except ValueError:
        return line
    return read if isinstance(read, dict) else line


def tables(rows: list[Row | str]) -> Iterator[str]:
    """Rows with the same columns as one table; lines as they are."""
    at = 0
    while at < len(rows):
        row = rows[at]
        if isinstance(row, str):
            yield f"    {row}\n"
            at += 1
            continue
        columns = list(row)
        same = at
        while same < len(rows) and isinstance(rows[same], dict) and list(rows[same]) == columns:
            same += 1
        yield "\n" + _line(columns) + _line(["---"] * len(columns))
        for one in rows[at:same]:
            assert isinstance(one, dict)
            yield _line([_cell(value) for value in one.values()])
        yield "\n"
        at = same


def _line(cells: Iterable[object]) -> str:
    return "| " + " | ".join(map(str, cells)) + " |\n"


def _cell(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {number}" for name, number in value.items())
    return str(value).replace("|", "\\|")


def machine() -> dict[str, object]:
    """Processor, number of cores, Python."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    return {"cpu": model, "cores": os.cpu_count(), "python": platform.python_version()}


def _about() -> str:
    about = machine()
    return (
        f"Measured {datetime.now(UTC):%Y-%m-%d} on {about['cores']} cores ({about['cpu']}), "
        f"{platform.system()}, Python {about['python']}.\n"
    )


def replace_sections(lines: Iterable[str]) -> None:
    """Put these sections into the page's measured part: in place of those of the same name, or
    at its end; the others stay. Sections of other programs carry their own day and machine."""
    text = PAGE.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    measured, _, after = rest.partition(END)
    first, *parts = measured.split("\n### ")
    held = {part.partition("\n")[0]: part.partition("\n")[2].strip("\n") for part in parts}
    for name, rows in sections(lines):
        if name:
            held[name] = _about() + "".join(tables(rows)).rstrip("\n")
    body = "".join(f"\n### {name}\n\n{part}\n\n" for name, part in held.items())
    PAGE.write_text(f"{before}{BEGIN}{first.rstrip()}\n\n{body}{END}{after}", encoding="utf-8")


def main() -> None:
    """Rewrite the measured part of the page."""
    lines = [line for name in sys.argv[1:] for line in Path(name).read_text("utf-8").splitlines()]
    made = [_about()]
    for name, rows in sections(lines):
        made.append(f"\n### {name}\n" if name else "")
        made += tables(rows)
    text = PAGE.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n\n{''.join(made)}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
