"""docs/performance.md from what the benchmarks printed: `python -m bench.document FILE…`.

    (python -m bench; python -m bench.peers) > measured.txt && python -m bench.document measured.txt

Everything between the marks of the page is replaced; what stands outside is written by hand.
"""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from bench.peers.__main__ import machine

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


def main() -> None:
    """Rewrite the measured part of the page."""
    lines = [line for name in sys.argv[1:] for line in Path(name).read_text("utf-8").splitlines()]
    about = machine()
    made = [
        f"Measured {datetime.now(UTC):%Y-%m-%d} on {about['cores']} cores ({about['cpu']}), "
        f"{platform.system()}, Python {about['python']}.\n"
    ]
    for name, rows in sections(lines):
        made.append(f"\n### {name}\n" if name else "")
        made += tables(rows)
    text = PAGE.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n\n{''.join(made)}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
