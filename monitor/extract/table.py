"""Bytes to tables: XLSX, CSV and HTML, with links, hidden rows and the document's own time."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from lxml import html as lxml_html
from lxml.etree import ParserError

from monitor.domain.errors import ExtractError
from monitor.domain.item import Table, TableRow
from monitor.extract.workbook import MAX_ROWS, Sheet, read_workbook

MAX_COLUMNS = 200
MAX_SPAN = 50
_HEADER_WITHIN = 20

Grid = Sequence[Sequence[str]]
Links = dict[tuple[int, int], str]


def read_tables(body: bytes, media_type: str, file_name: str) -> tuple[Table, ...]:
    """All tables of a document, in order; which of them matters is told by its columns.

    The form is told by the first bytes, then by `media_type`, last by `file_name`'s ending.
    Raises ExtractError where nothing can be read or a bound is passed.
    """
    if body.startswith(b"PK"):
        return _workbook_tables(body, file_name)
    head = body[:2048].lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html")) or "html" in media_type or b"<table" in head:
        return _html_tables(body, file_name)
    if "spreadsheetml" in media_type or file_name.lower().endswith(".xlsx"):
        raise ExtractError(f"{file_name or 'document'} is not a workbook: it is no zip")
    if "csv" in media_type or "text/" in media_type or file_name.lower().endswith((".csv", ".tsv")):
        return (_csv_table(body, file_name),)
    raise ExtractError(f"no table form known for {media_type or 'unknown type'} ({file_name})")


def _workbook_tables(body: bytes, file_name: str) -> tuple[Table, ...]:
    sheets, modified_at = read_workbook(body)
    tables = []
    for position, sheet in enumerate(sheets):
        grid = _grid_table(sheet.rows, sheet.links, sheet.name, sheet.hidden_rows)
        if not grid.header:
            continue
        tables.append(
            Table(
                name=grid.name,
                header=grid.header,
                rows=grid.rows,
                modified_at=modified_at,
                file_name=file_name,
                notes=_notes(sheet, sheets, position),
            )
        )
    return tuple(tables)


def _notes(sheet: Sheet, sheets: Sequence[Sheet], position: int) -> tuple[str, ...]:
    """What is odd about the container, for the operator."""
    notes = []
    if sheet.hidden_rows:
        notes.append(f"hidden rows: {len(sheet.hidden_rows)}")
    if sheet.hidden:
        notes.append("hidden sheet")
    others = [s.name for s in sheets if s is not sheet and any(map(any, s.rows))]
    if others and position == 0:
        notes.append("further sheets: " + ", ".join(others))
    return tuple(notes)


def _grid_table(
    grid: Grid, links: Links | object, name: str, hidden: frozenset[int] = frozenset()
) -> Table:
    """A table from a grid of cells: header found, blank rows and empty columns left out."""
    at = links if isinstance(links, dict) else {}
    top = _header_row(grid)
    if top is None:
        return Table(name=name, header=(), rows=())
    width = min(_width(grid[top:]), MAX_COLUMNS)
    header = tuple(_header_cell(grid[top], column) for column in range(width))
    rows = tuple(
        TableRow(
            number=number,
            cells=tuple(row[c] if c < len(row) else "" for c in range(width)),
            links=tuple(at.get((number, c + 1)) for c in range(width)),
            hidden=number in hidden,
        )
        for number, row in enumerate(grid[top + 1 :], top + 2)
        if any(cell.strip() for cell in row)
    )
    return Table(name=name, header=header, rows=rows)


def _header_row(grid: Grid) -> int | None:
    """The first row that is at least half as full as the fullest of the first rows."""
    filled = [sum(1 for cell in row if cell.strip()) for row in grid[:_HEADER_WITHIN]]
    most = max(filled, default=0)
    return next((i for i, n in enumerate(filled) if n and n * 2 >= most), None)


def _width(grid: Grid) -> int:
    """Columns up to the last that has a header or any cell."""
    return max((i + 1 for row in grid for i, cell in enumerate(row) if cell.strip()), default=0)


def _header_cell(row: Sequence[str], column: int) -> str:
    text = " ".join(row[column].split()) if column < len(row) else ""
    return text or f"column {column + 1}"


def decode(body: bytes) -> str:
    """Text of a CSV: UTF-8 (with or without mark), UTF-16 by its mark, else Windows-1252."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", errors="replace")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("cp1252", errors="replace")


def _csv_table(body: bytes, file_name: str) -> Table:
    text = decode(body)
    if "\x00" in text:
        raise ExtractError(f"{file_name or 'document'} is binary, not CSV")
    grid: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)):
            grid.append(row)
            if len(grid) > MAX_ROWS:
                raise ExtractError(f"{file_name} has more than {MAX_ROWS} rows")
    except csv.Error as cause:
        raise ExtractError(f"{file_name or 'document'} is not readable CSV: {cause}") from cause
    links = {
        (r, c): cell.strip()
        for r, row in enumerate(grid, 1)
        for c, cell in enumerate(row, 1)
        if cell.strip().lower().startswith(("http://", "https://"))
    }
    table = _grid_table(grid, links, "csv")
    return Table(name="csv", header=table.header, rows=table.rows, file_name=file_name)


def _delimiter(text: str) -> str:
    """The separator that stands most often in the first line; a comma where none does."""
    first = text.lstrip("\ufeff\r\n").split("\n", 1)[0]
    return max(",;\t|", key=lambda mark: (first.count(mark), mark == ","))


def _html_tables(body: bytes, file_name: str) -> tuple[Table, ...]:
    parser = lxml_html.HTMLParser(encoding="utf-8" if _is_utf8(body) else None, no_network=True)
    try:
        root = lxml_html.document_fromstring(body, parser=parser)
    except (ParserError, ValueError) as cause:
        raise ExtractError(f"{file_name or 'page'} holds no HTML: {cause}") from cause
    tables = []
    for position, node in enumerate(root.iter("table"), 1):
        if node.find(".//table") is not None:
            continue
        caption = node.find("./caption")
        name = "" if caption is None else " ".join("".join(map(str, caption.itertext())).split())
        grid, links = _html_grid(node)
        table = _grid_table(grid, links, name or str(node.get("id") or f"table {position}"))
        if table.header:
            tables.append(
                Table(name=table.name, header=table.header, rows=table.rows, file_name=file_name)
            )
    return tuple(tables)


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _html_grid(node: lxml_html.HtmlElement) -> tuple[list[list[str]], Links]:
    """Cells with row and column spans filled in, and the first link of each cell."""
    grid: list[list[str]] = []
    links: Links = {}
    hanging: dict[tuple[int, int], tuple[str, str | None]] = {}
    for number, row in enumerate(node.iter("tr"), 1):
        if number > MAX_ROWS:
            raise ExtractError(f"table has more than {MAX_ROWS} rows")
        line: list[str] = []
        for cell in row.iterchildren("td", "th"):
            _hang(line, links, hanging, number)
            _place(cell, line, hanging, number, links)
        _hang(line, links, hanging, number)
        grid.append(line)
    return grid, links


def _hang(
    line: list[str],
    links: Links,
    hanging: dict[tuple[int, int], tuple[str, str | None]],
    number: int,
) -> None:
    """Fill in the cells that reach down from rows above."""
    while (number, len(line) + 1) in hanging:
        text, link = hanging.pop((number, len(line) + 1))
        line.append(text)
        if link:
            links[(number, len(line))] = link


def _place(
    cell: lxml_html.HtmlElement,
    line: list[str],
    hanging: dict[tuple[int, int], tuple[str, str | None]],
    number: int,
    links: Links,
) -> None:
    text = " ".join(cell.text_content().split())
    anchor = cell.find(".//a[@href]")
    link = None if anchor is None else str(anchor.get("href"))
    for _ in range(_span(cell, "colspan")):
        line.append(text)
        column = len(line)
        if link:
            links[(number, column)] = link
        for below in range(1, _span(cell, "rowspan")):
            hanging[(number + below, column)] = (text, link)


def _span(cell: lxml_html.HtmlElement, name: str) -> int:
    """A span as browsers read it: digits or 1, bounded."""
    text = str(cell.get(name) or "1").strip()
    return min(max(int(text), 1), MAX_SPAN) if text.isascii() and text.isdigit() else 1
