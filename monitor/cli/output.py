"""How results are shown: a table on a terminal, JSON, NDJSON or CSV for a program."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, NoReturn, TextIO, cast

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

from monitor.bootstrap.journal import Journal, present, printable

#: Exit codes: told apart so that a script can act on them.
OK, FINDING, FAILURE = 0, 1, 2

#: A spreadsheet runs cells that begin like this; they are written behind an apostrophe.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class Format(StrEnum):
    """Output formats."""

    AUTO = "auto"
    TABLE = "table"
    JSON = "json"
    NDJSON = "ndjson"
    CSV = "csv"


Row = Mapping[str, object]


def show(
    rows: Iterable[Row],
    columns: Sequence[str],
    format: Format = Format.AUTO,
    *,
    title: str = "",
    out: TextIO | None = None,
) -> int:
    """Print rows in the wanted format; `columns` choose and order what tables and CSV show.

    Returns how many rows there were. AUTO is a table on a terminal and NDJSON in a pipe.
    """
    stream = out or sys.stdout
    chosen = format
    if chosen is Format.AUTO:
        chosen = Format.TABLE if stream.isatty() else Format.NDJSON
    match chosen:
        case Format.JSON:
            listed = [dict(row) for row in rows]
            json.dump(listed, stream, ensure_ascii=False, indent=2, default=str)
            stream.write("\n")
            return len(listed)
        case Format.CSV:
            return _csv(rows, columns, stream)
        case Format.TABLE:
            return _table(rows, columns, title, stream)
        case _:
            return _ndjson(rows, stream)


def _ndjson(rows: Iterable[Row], stream: TextIO) -> int:
    count = 0
    for row in rows:
        stream.write(json.dumps(dict(row), ensure_ascii=False, default=str) + "\n")
        count += 1
    return count


def _csv(rows: Iterable[Row], columns: Sequence[str], stream: TextIO) -> int:
    writer = csv.writer(stream)
    writer.writerow(columns)
    count = 0
    for row in rows:
        writer.writerow([safe_cell(_plain(row.get(column))) for column in columns])
        count += 1
    return count


def safe_cell(value: str) -> str:
    """A CSV cell that no spreadsheet takes for a formula."""
    return "'" + value if value.startswith(_FORMULA_STARTS) else value


def _table(rows: Iterable[Row], columns: Sequence[str], title: str, stream: TextIO) -> int:
    from rich.console import Console  # only where a person looks
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None, title_justify="left", header_style="bold", box=None)
    for column in columns:
        table.add_column(column, overflow="fold")
    count = 0
    for row in rows:
        table.add_row(*(Text(printable(_plain(row.get(column)))) for column in columns))
        count += 1
    Console(file=stream, highlight=False).print(table)
    return count


def _plain(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, (list, tuple)):
        return ", ".join(str(part) for part in value)
    return str(value)


class Unwatched:
    """A progress bar that nobody sees."""

    def __enter__(self) -> Unwatched:
        """The bar itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to take away."""

    def add_task(self, description: str, *, total: float | None) -> TaskID:
        """The one task's id."""
        return cast("TaskID", 0)

    def advance(self, task: TaskID, advance: float = 1) -> None:
        """Shown to nobody."""

    def update(self, task: TaskID, **_: object) -> None:
        """Shown to nobody."""


def progress() -> Progress | Unwatched:
    """A progress bar on stderr; silent when nobody watches."""
    if not sys.stderr.isatty():
        return Unwatched()
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )


def say(text: str) -> None:
    """One line for the person at the terminal, on stderr; JSON with MONITOR_LOG=json."""
    journal = present() or Journal(as_json=os.environ.get("MONITOR_LOG") == "json")
    journal.say(text)


def fail(text: str, code: int = FAILURE) -> NoReturn:
    """End with an error that a person understands."""
    for line in text.splitlines():
        say(line)
    raise SystemExit(code)
