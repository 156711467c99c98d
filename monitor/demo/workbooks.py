"""Roster rows rendered as workbooks in ICE's layout, plain or with one of the known traps."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote

from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from monitor.domain.roster import RosterRow
from monitor.domain.vocabulary import Model

PENDING = ("STATE", "LAW ENFORCEMENT AGENCY", "TYPE", "COUNTY", "SUPPORT TYPE")
PARTICIPATING = (*PENDING, "SIGNED", "MOA", "ADDENDUM")

MODELS = {
    Model.JEM: "Jail Enforcement Model",
    Model.WSO: "Warrant Service Officer",
    Model.TFM: "Task Force Model",
    Model.TTFM: "Tribal Task Force Model",
}


def participating(
    rows: Sequence[RosterRow], modified: datetime, state_names: dict[str, str]
) -> bytes:
    """The participating workbook with these rows, saved at `modified`."""
    book, sheet = _sheet(PARTICIPATING)
    for at, row in enumerate(rows, 2):
        sheet.append(_cells(row, state_names))
        if row.moa:
            sheet.cell(row=at, column=7).hyperlink = row.moa
        if row.addendum:
            sheet.cell(row=at, column=8).hyperlink = row.addendum
    return _saved(book, modified)


def pending(rows: Sequence[RosterRow], modified: datetime, state_names: dict[str, str]) -> bytes:
    """The pending workbook with these rows."""
    book, sheet = _sheet(PENDING)
    for row in rows:
        sheet.append(_cells(row, state_names)[:5])
    return _saved(book, modified)


def _sheet(header: Sequence[str]) -> tuple[Workbook, Worksheet]:
    book = Workbook()
    sheet = book.active
    if not isinstance(sheet, Worksheet):
        raise TypeError("a new workbook has no worksheet")
    sheet.title = "Sheet1"
    sheet.append(list(header))
    return book, sheet


def _cells(row: RosterRow, state_names: dict[str, str]) -> list[object]:
    return [
        state_names.get(row.state, row.state).upper(),
        row.agency,
        row.type or "County",
        row.county or "",
        MODELS.get(row.model, "Task Force Model"),
        datetime(row.signed.year, row.signed.month, row.signed.day) if row.signed else None,  # noqa: DTZ001  # a cell holds no zone
        "link" if row.moa else "link pending",
        "link" if row.addendum else "",
    ]


def _saved(book: Workbook, modified: datetime) -> bytes:
    """The file's bytes, with the given time in its properties (openpyxl writes its own)."""
    raw = io.BytesIO()
    book.save(raw)
    stamp = modified.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    out = io.BytesIO()
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for info in source.infolist():
            data = source.read(info)
            if info.filename == "docProps/core.xml":
                data = re.sub(
                    rb"(<dcterms:modified[^>]*>)[^<]*(</dcterms:modified>)",
                    rb"\g<1>" + stamp + rb"\g<2>",
                    data,
                )
            member = zipfile.ZipInfo(info.filename, date_time=(2025, 1, 1, 0, 0, 0))
            member.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(member, data)
    return out.getvalue()


# The traps, each a change that says nothing about the world.


def misspelt_state(names: dict[str, str]) -> dict[str, str]:
    """A whole state misspelt for one publication."""
    return {**names, "PA": "Pennslyvania"}


def partial(rows: Sequence[RosterRow]) -> list[RosterRow]:
    """A short file: two thirds of the agencies are missing."""
    return list(rows[: len(rows) // 3])


def wrapped_links(rows: Sequence[RosterRow]) -> list[RosterRow]:
    """Links behind a mail gateway, with a mailbox name in them."""
    gateway = "https://gcc02.safelinks.protection.outlook.com/?url="
    return [
        replace(row, moa=f"{gateway}{quote(row.moa, safe='')}&data=05%7Csomebody%40example.org")
        if row.moa
        else row
        for row in rows
    ]


def links_lost(rows: Sequence[RosterRow]) -> list[RosterRow]:
    """Every link gone at once."""
    return [replace(row, moa=None) for row in rows]


def shuffled(rows: Sequence[RosterRow]) -> list[RosterRow]:
    """The same rows in another order."""
    return sorted(rows, key=lambda row: (row.agency[::-1], row.state))


def untidy(rows: Sequence[RosterRow]) -> list[RosterRow]:
    """White space, curly apostrophes and trailing blanks."""
    return [replace(row, agency=row.agency.replace("'", "\u2019") + "  ") for row in rows]


def without_column(workbook: bytes, name: str) -> bytes:
    """The workbook with one header renamed: a layout that ICE does not use."""
    book = load_workbook(io.BytesIO(workbook))
    sheet = book.worksheets[0]
    for cell in sheet[1]:
        if cell.value == name:
            cell.value = f"{name} (old)"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
