"""XLSX bytes to tables: values by calamine, links and hidden rows from the sheet's own XML.

Fast readers lose cell hyperlinks and the hidden flag of rows; both matter to a roster. So the
values come from python-calamine, and one pass over each sheet's XML adds what it leaves out.
Bounds stand before any parsing: a workbook is a zip of XML, and both can be bombs.
"""

from __future__ import annotations

import functools
import io
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from lxml import etree
from python_calamine import CalamineError, CalamineWorkbook

from monitor.domain.errors import ExtractError

#: An ICE workbook of 2,500 rows is 1.5 MB unpacked; these bounds are two orders above it.
MAX_MEMBERS = 2_000
MAX_UNPACKED_BYTES = 128 * 1024 * 1024
MAX_RATIO = 250
MAX_ROWS = 200_000
MAX_LINK_CELLS = 100_000
#: From the first to the last cell of a sheet, empty ones too: the reader makes room for all of
#: them at once, and ends the process where there is none.
MAX_CELLS = 5_000_000

Cell = int | float | str | bool | time | date | datetime | timedelta
_REL = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_DOCTYPE = tuple(
    mark.encode(code)
    for mark in ("<!DOCTYPE", "<!ENTITY")
    for code in ("utf-8", "utf-16-le", "utf-16-be")
)
_PLACE = re.compile(rb"\sr\s*=\s*[\"']([A-Za-z]{0,3})([0-9]{1,12})[\"']")
_FORMULA_LINK = re.compile(r'^\s*=?\s*HYPERLINK\(\s*"([^"]+)"', re.IGNORECASE)

#: What the zip reader raises for damaged, foreign and lying containers.
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, RuntimeError, OSError,
    EOFError, ValueError, OverflowError, struct.error,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One sheet: cells by row from the first row on, links by (row, column), both 1-based."""

    name: str
    rows: tuple[tuple[str, ...], ...]
    links: Mapping[tuple[int, int], str] = field(default_factory=dict)
    hidden_rows: frozenset[int] = frozenset()
    hidden: bool = False


def read_workbook(body: bytes) -> tuple[tuple[Sheet, ...], datetime | None]:
    """All sheets in order, hidden ones too, and the document's own modified time (UTC).

    Raises ExtractError for what is no workbook, is out of bounds, or carries a DOCTYPE.
    """
    parts = _unpack(body)
    try:
        book = CalamineWorkbook.from_object(io.BytesIO(body))
        metadata = list(book.sheets_metadata)
        values = [book.get_sheet_by_name(meta.name).to_python(skip_empty_area=False)
                  if "WorkSheet" in str(meta.typ) else [] for meta in metadata]  # fmt: skip
    except (CalamineError, ValueError, OSError) as cause:
        raise ExtractError(f"workbook cannot be read: {cause}; look at the capture") from cause
    paths = _sheet_paths(parts)
    sheets = tuple(
        _sheet(meta.name, rows, parts, paths.get(meta.name, ""), "Visible" not in str(meta.visible))
        for meta, rows in zip(metadata, values, strict=True)
    )
    return sheets, _modified(parts)


def _sheet(
    name: str, rows: list[list[Cell]], parts: Mapping[str, bytes], path: str, hidden: bool
) -> Sheet:
    if len(rows) > MAX_ROWS:
        raise ExtractError(f"sheet {name!r} has {len(rows)} rows, more than {MAX_ROWS}")
    links, hidden_rows, errors = _marks(parts, path)
    grid = [[cell_text(cell) for cell in row] for row in rows]
    for (row, column), text in errors.items():
        if row <= len(grid) and column <= len(grid[row - 1]):
            grid[row - 1][column - 1] = text
    return Sheet(
        name=name,
        rows=tuple(map(tuple, grid)),
        links=links,
        hidden_rows=hidden_rows,
        hidden=hidden,
    )


def cell_text(cell: Cell) -> str:
    """A cell as text: ISO for days and times, integers without a fraction, text untouched."""
    match cell:
        case str():
            return cell
        case bool():
            return "TRUE" if cell else "FALSE"
        case float() if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        case datetime() if cell.time() == time():
            return cell.date().isoformat()
        case datetime() | date() | time():
            return cell.isoformat()
        case _:
            return str(cell)


def _unpack(body: bytes) -> dict[str, bytes]:
    """The XML members of the package, within bounds."""
    if not body.startswith(b"PK"):
        raise ExtractError("not a workbook: the bytes do not start as a zip does")
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as package:
            members = package.infolist()
            _check_bounds(members, len(body))
            wanted = [m for m in members if m.filename.lower().endswith((".xml", ".rels"))]
            parts = {m.filename.lstrip("/"): package.read(m) for m in wanted}
    except _DAMAGED as cause:
        raise ExtractError(f"workbook is damaged: {cause}; fetch it again") from cause
    for name, data in parts.items():
        if any(mark in data for mark in _DOCTYPE):
            raise ExtractError(f"workbook part {name} declares a DOCTYPE or entity: refused")
        if "worksheets/" in name.lower():
            _check_area(name, data)
    return parts


def _check_bounds(members: list[zipfile.ZipInfo], size_bytes: int) -> None:
    unpacked = sum(member.file_size for member in members)
    if len(members) > MAX_MEMBERS:
        raise ExtractError(f"workbook has {len(members)} members, more than {MAX_MEMBERS}")
    if unpacked > MAX_UNPACKED_BYTES:
        raise ExtractError(f"workbook unpacks to {unpacked} bytes, more than {MAX_UNPACKED_BYTES}")
    if unpacked > 1_000_000 and unpacked > MAX_RATIO * max(size_bytes, 1):
        raise ExtractError(f"workbook unpacks to {unpacked // size_bytes} times its size: refused")


def _check_area(name: str, data: bytes) -> None:
    """Refuse a sheet whose cells claim places far apart."""
    places = {found.groups() for found in _PLACE.finditer(data)}
    rows = max((int(row) for _, row in places), default=0)
    columns = max((_column(letters) for letters, _ in places), default=0)
    if rows * max(columns, 1) > MAX_CELLS:
        raise ExtractError(
            f"workbook part {name} claims {rows} rows of {columns} columns, more than "
            f"{MAX_CELLS} cells: refused"
        )


def _column(letters: bytes) -> int:
    """The number of a column: A is 1, AA is 27, none is 0."""
    return functools.reduce(lambda sum, letter: sum * 26 + (letter & 31), letters, 0)


def _parse(data: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as cause:
        raise ExtractError(f"workbook XML is malformed: {cause}") from cause


def _relations(parts: Mapping[str, bytes], path: str) -> dict[str, str]:
    """Relation id -> target of one part; empty where it has none."""
    folder, _, leaf = path.rpartition("/")
    data = parts.get(f"{folder}/_rels/{leaf}.rels".lstrip("/"))
    if data is None:
        return {}
    return {str(node.get("Id", "")): str(node.get("Target", "")) for node in _parse(data)}


def _sheet_paths(parts: Mapping[str, bytes]) -> dict[str, str]:
    """Sheet name -> path of its XML within the package."""
    data = parts.get("xl/workbook.xml")
    if data is None:
        return {}
    targets = _relations(parts, "xl/workbook.xml")
    paths: dict[str, str] = {}
    for node in _parse(data).iter("{*}sheet"):
        target = targets.get(str(node.get(_REL, "")), "")
        paths[str(node.get("name", ""))] = (
            target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        )
    return paths


def _marks(
    parts: Mapping[str, bytes], path: str
) -> tuple[dict[tuple[int, int], str], frozenset[int], dict[tuple[int, int], str]]:
    """Links by cell, the numbers of hidden rows, and error cells (`#N/A`) of one sheet."""
    data = parts.get(path)
    if data is None:
        return {}, frozenset(), {}
    targets = _relations(parts, path)
    root = _parse(data)
    hidden = frozenset(
        int(row.get("r", "0")) for row in root.iter("{*}row") if row.get("hidden") in {"1", "true"}
    )
    links = _formula_links(root)
    for node in root.iter("{*}hyperlink"):
        target = targets.get(str(node.get(_REL, "")), "")
        if target:
            links.update(dict.fromkeys(_cells(str(node.get("ref", ""))), target))
        if len(links) > MAX_LINK_CELLS:
            raise ExtractError(f"sheet has more than {MAX_LINK_CELLS} linked cells: refused")
    return links, hidden, _errors(root)


def _errors(root: etree._Element) -> dict[tuple[int, int], str]:
    """Cells of type error by place: fast readers give them as blank."""
    from openpyxl.utils.cell import coordinate_to_tuple  # noqa: PLC0415  # a third of a second

    found: dict[tuple[int, int], str] = {}
    for node in root.iter("{*}c"):
        if node.get("t") == "e":
            shown = node.find("{*}v")
            found[coordinate_to_tuple(str(node.get("r")))] = (
                shown is not None and shown.text
            ) or ""
    return found


def _formula_links(root: etree._Element) -> dict[tuple[int, int], str]:
    """Links written as =HYPERLINK("address", …); others of that form cannot be resolved."""
    from openpyxl.utils.cell import coordinate_to_tuple  # noqa: PLC0415  # a third of a second

    links: dict[tuple[int, int], str] = {}
    for node in root.iter("{*}f"):
        found = _FORMULA_LINK.match(node.text or "")
        parent = node.getparent()
        if found and parent is not None:
            links[coordinate_to_tuple(str(parent.get("r")))] = found.group(1)
    return links


def _cells(ref: str) -> list[tuple[int, int]]:
    """The (row, column) pairs of "G12" or "G12:G14", bounded."""
    from openpyxl.utils.cell import range_boundaries  # noqa: PLC0415  # as above
    from openpyxl.utils.exceptions import CellCoordinatesException  # noqa: PLC0415

    try:
        left, top, right, bottom = range_boundaries(ref)
    except (ValueError, CellCoordinatesException):
        return []
    if left is None or top is None or right is None or bottom is None:
        return []
    if (right - left + 1) * (bottom - top + 1) > MAX_LINK_CELLS:
        raise ExtractError(f"link over the range {ref} is out of bounds: refused")
    return [(row, col) for row in range(top, bottom + 1) for col in range(left, right + 1)]


def _modified(parts: Mapping[str, bytes]) -> datetime | None:
    """dcterms:modified of the package, in UTC; the only trustworthy order of publications."""
    data = parts.get("docProps/core.xml")
    if data is None:
        return None
    for node in _parse(data).iter("{http://purl.org/dc/terms/}modified"):
        try:
            moment = datetime.fromisoformat((node.text or "").strip())
        except ValueError:
            return None
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return None
