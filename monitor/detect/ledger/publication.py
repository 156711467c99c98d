"""A table read as one publication of a list: rows in order, identity by content, oddities noted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from monitor.detect.ledger.columns import Column, ColumnMap, ListKind, kind_named, map_columns
from monitor.detect.ledger.links import link_form, unwrap, without_mailboxes
from monitor.detect.ledger.normalise import (
    clean,
    county_name,
    model_of,
    signed_day,
    state_code,
    type_of,
)
from monitor.domain.ident import content_id
from monitor.domain.item import Table, TableRow
from monitor.domain.roster import RosterRow
from monitor.domain.states import CODES_BY_NAME
from monitor.domain.vocabulary import Model
from monitor.resolve.agency import clean_name

_STATE_PRINTED = {code: name.upper() for name, code in CODES_BY_NAME.items()}
_MODEL_PRINTED = {
    Model.JEM: "Jail Enforcement Model",
    Model.WSO: "Warrant Service Officer",
    Model.TFM: "Task Force Model",
}


class CountyLike(Protocol):
    """What the ledger needs of a county."""

    @property
    def fips(self) -> str:
        """Five digits."""


class Counties(Protocol):
    """What the ledger needs of a gazetteer."""

    def county(self, state: str, text: str) -> CountyLike | None:
        """The county of a state that a printed name means, or None."""


class NoCounties:
    """A gazetteer that knows nothing: counties then compare by their printed names."""

    def county(self, state: str, text: str) -> CountyLike | None:
        """None, always."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """One reading of one list.

    `fingerprint` is over the normalised cells and links, without order: equal means equal content.
    `raw_fingerprint` is over the cells as written, in order: equal means saved again.
    `unread` are the rows whose state or model stayed unknown: held, never dropped.
    """

    kind: ListKind
    modified_at: datetime
    stem: str
    fingerprint: str
    raw_fingerprint: str
    rows: tuple[RosterRow, ...]
    unread: tuple[RosterRow, ...] = ()
    columns: tuple[str, ...] = ()
    hidden: int = 0
    notes: tuple[str, ...] = ()
    misnamed: bool = False  #: the file name claims the other list


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A table that is no list of agreements: required columns are missing."""

    stem: str
    missing: tuple[str, ...]


def choose_table(tables: Iterable[Table]) -> Table | None:
    """The table that has the required columns; of several the longest. None where none has."""
    fitting = [table for table in tables if not map_columns(table.header).missing]
    return max(fitting, key=lambda table: len(table.rows), default=None)


def read_publication(
    table: Table, *, now: datetime, counties: Counties
) -> Publication | Unreadable:
    """Read a table as a publication; `now` stands in where the document gives no time."""
    stem = table.file_name.removesuffix(".xlsx")
    columns = map_columns(table.header)
    if columns.missing:
        return Unreadable(stem=stem, missing=tuple(c.value for c in columns.missing))
    modified_at = table.modified_at or now
    reader = _RowReader(columns=columns, modified_at=modified_at, counties=counties)
    read = [reader.row(line) for line in table.rows]
    rows = tuple(row for row in read if _is_read(row, columns.kind))
    claimed = kind_named(table.file_name)
    return Publication(
        kind=columns.kind,
        modified_at=modified_at,
        stem=stem,
        fingerprint=fingerprint(read, columns),
        raw_fingerprint=_raw_fingerprint(table),
        rows=rows,
        unread=tuple(row for row in read if not _is_read(row, columns.kind)),
        columns=columns.names,
        hidden=sum(1 for line in table.rows if line.hidden),
        notes=table.notes,
        misnamed=claimed is not None and claimed is not columns.kind,
    )


def _is_read(row: RosterRow, kind: ListKind) -> bool:
    """A pending row may leave its model open; a participating one may not."""
    return bool(row.state) and (row.model is not Model.UNKNOWN or kind is ListKind.PENDING)


def value(row: RosterRow) -> RosterRow:
    """The row without what does not belong to its content: position, repaired cells, identity."""
    return replace(row, number=0, raw=(), agency_id="", county_fips=None)


def fingerprint(rows: Iterable[RosterRow], columns: ColumnMap) -> str:
    """Content id over the rows as a multiset, and over which list it is."""
    lines = sorted(
        content_id(
            row.state,
            row.agency,
            row.type,
            row.county or "",
            row.model.value,
            row.signed.isoformat() if row.signed else "",
            row.moa or "",
            row.moa_text.casefold(),
            row.addendum or "",
            row.addendum_text.casefold(),
        )
        for row in rows
    )
    return content_id(columns.kind.value, *lines)


def _raw_fingerprint(table: Table) -> str:
    parts = ["\x1f".join(table.header)]
    parts += ["\x1f".join((*row.cells, *(link or "" for link in row.links))) for row in table.rows]
    return content_id(*parts)


@dataclass(slots=True)
class _RowReader:
    """Reads the rows of one table; keeps county look-ups of the table."""

    columns: ColumnMap
    modified_at: datetime
    counties: Counties
    _known: dict[tuple[str, str], str | None] | None = None

    def row(self, line: TableRow) -> RosterRow:
        """One row with values normalised and repaired cells kept beside them."""
        cells = {column: _cell(line, at) for column, at in self.columns.at.items()}
        state = state_code(cells[Column.STATE]) or ""
        model = model_of(cells[Column.MODEL])
        county = county_name(cells.get(Column.COUNTY, ""))
        signed, repaired = signed_day(cells.get(Column.SIGNED, ""), self.modified_at.date())
        moa, moa_text = self._link(line, Column.MOA)
        addendum, addendum_text = self._link(line, Column.ADDENDUM)
        row = RosterRow(
            state=state,
            agency=clean_name(cells[Column.AGENCY]),
            agency_id="",
            type=type_of(cells.get(Column.TYPE, "")),
            county=county,
            county_fips=self._fips(state, county),
            model=model,
            signed=signed,
            moa=moa,
            moa_text=moa_text,
            addendum=addendum,
            addendum_text=addendum_text,
            number=line.number,
        )
        return replace(row, raw=self._raw(row, cells, line, repaired))

    def _link(self, line: TableRow, column: Column) -> tuple[str | None, str]:
        """The unwrapped link of a cell and its words; an address written as text is a link."""
        at = self.columns.at.get(column)
        if at is None:
            return None, ""
        text, target = _cell(line, at), line.links[at] if at < len(line.links) else None
        if "://" in text or text.strip().lower().startswith(("http", "www.")):
            return unwrap(target) or unwrap(text.strip()), "link"
        return unwrap(target), without_mailboxes(clean(text))

    def _fips(self, state: str, county: str | None) -> str | None:
        if not state or county is None:
            return None
        known = self._known if self._known is not None else {}
        self._known = known
        if (state, county) not in known:
            found = self.counties.county(state, county)
            known[(state, county)] = found.fips if found else None
        return known[(state, county)]

    def _raw(
        self, row: RosterRow, cells: dict[Column, str], line: TableRow, repaired: bool
    ) -> tuple[tuple[str, str], ...]:
        """The cells as written where they differ from what was made of them."""
        printed = {
            Column.STATE: _STATE_PRINTED.get(row.state, ""),
            Column.AGENCY: row.agency,
            Column.TYPE: row.type,
            Column.COUNTY: row.county or "",
            Column.MODEL: _MODEL_PRINTED.get(row.model, ""),
            Column.MOA: row.moa_text,
            Column.ADDENDUM: row.addendum_text,
        }
        kept = [
            (column.value, _scrub(cells[column]))
            for column, text in printed.items()
            if column in cells and cells[column] != text
        ]
        if repaired:
            kept.append((Column.SIGNED.value, cells[Column.SIGNED]))
        at = self.columns.at.get(Column.MOA)
        form = link_form(line.links[at]) if at is not None and at < len(line.links) else ""
        if form:
            kept.append(("link form", form))
        return tuple(kept)


def _cell(line: TableRow, at: int) -> str:
    """A cell, blank where the row is shorter than the header."""
    return line.cells[at] if at < len(line.cells) else ""


def _scrub(cell: str) -> str:
    """A raw cell without mailbox names; addresses written as text are not kept at all."""
    return "[address]" if "://" in cell else without_mailboxes(cell)
