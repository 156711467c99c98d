"""Rosters in a few words: rows, tables in ICE's layout, steps of a ledger, workbooks as bytes."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

from openpyxl import Workbook

from monitor.detect.ledger.knowledge import LedgerKnowledge, ledger_knowledge
from monitor.detect.ledger.state import LedgerState, LedgerStep
from monitor.detect.ledger.step import step
from monitor.domain.item import Table, TableRow
from monitor.domain.roster import LedgerOutcome
from monitor.resolve.gazetteer import Gazetteer

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "data"
START = datetime(2025, 3, 3, 15, tzinfo=UTC)
FULL = (
    *("STATE", "LAW ENFORCEMENT AGENCY", "TYPE", "COUNTY"),
    *("SUPPORT TYPE", "SIGNED", "MOA", "ADDENDUM"),
)
PENDING = FULL[:5]
MODELS = {
    "JEM": "Jail Enforcement Model",
    "WSO": "Warrant Service Officer",
    "TFM": "Task Force Model",
}
BASE = "https://www.ice.gov/doclib/287gMOA/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row as ICE would write it; `moa` and `addendum` are file names or None."""

    state: str = "TEXAS"
    agency: str
    type: str = "County"
    county: str = "#N/A"
    model: str = "Task Force Model"
    signed: str = "2025-02-26"
    moa: str | None = None
    moa_text: str | None = None
    addendum: str | None = None
    addendum_text: str | None = None

    def cells(self) -> tuple[str, ...]:
        """The cells in the order of FULL."""
        moa = self.moa_text if self.moa_text is not None else "link" if self.moa else "link pending"
        addendum = self.addendum_text or ("link" if self.addendum else "")
        place = (self.state, self.agency, self.type, self.county, self.model)
        return (*place, self.signed, moa, addendum)

    def links(self) -> tuple[str | None, ...]:
        """The links in the order of FULL."""
        return (*((None,) * 6), _address(self.moa), _address(self.addendum))


def _address(name: str | None) -> str | None:
    return name if name is None or "://" in name else BASE + name


def sheriff(county: str, state: str = "TEXAS", **more: str | None) -> Line:
    """A sheriff's row; "Polk" gives Polk County Sheriff's Office of Polk County."""
    line = Line(state=state, agency=f"{county} County Sheriff's Office", county=f"{county} County")
    return replace(line, **more)


def day(number: float) -> datetime:
    """The moment so many days after the first publication."""
    return START + timedelta(days=number)


def table(
    lines: Iterable[Line],
    at: float,
    *,
    name: str = "",
    header: Sequence[str] = FULL,
    hidden: Sequence[int] = (),
) -> Table:
    """A participating (or, with PENDING as header, pending) table saved so many days on."""
    columns = [FULL.index(text) if text in FULL else -1 for text in header]
    rows = tuple(
        TableRow(
            number=number,
            cells=tuple(line.cells()[c] if c >= 0 else "" for c in columns),
            links=tuple(line.links()[c] if c >= 0 else None for c in columns),
            hidden=number in hidden,
        )
        for number, line in enumerate(lines, 2)
    )
    return Table(
        name="Sheet1",
        header=tuple(header),
        rows=rows,
        modified_at=day(at),
        file_name=f"{name or f'file{at}'}.xlsx",
    )


@cache
def knowledge() -> LedgerKnowledge:
    """What the shipped package knows."""
    data = ROOT / "monitor" / "data"
    texts = [(data / n).read_text(encoding="utf-8") for n in ("counties.csv", "places.csv")]
    aliases = (data / "agency_aliases.yaml").read_text(encoding="utf-8")
    return ledger_knowledge(aliases, Gazetteer.parse(*texts))


def take(state: LedgerState, one: Table) -> LedgerStep:
    """One table through the ledger with the shipped knowledge."""
    known = knowledge()
    return step(
        state,
        one,
        now=one.modified_at or START,
        rules=known.rules,
        counties=known.counties,
        places=known.places,
    )


def play(tables: Iterable[Table], state: LedgerState | None = None) -> list[LedgerStep]:
    """All steps of a fresh ledger (or from `state`) over tables in order."""
    current = state or LedgerState()
    found = []
    for one in tables:
        result = take(current, one)
        current = result.state
        found.append(result)
    return found


def flat(outcomes: Iterable[LedgerOutcome]) -> list[LedgerOutcome]:
    """Outcomes with the members of mass edits in their place."""
    found: list[LedgerOutcome] = []
    for outcome in outcomes:
        found.append(outcome)
        found.extend(flat(outcome.members))
    return found


def kinds(result: LedgerStep) -> list[str]:
    """The kinds of a step's outcomes, in order."""
    return [outcome.outcome.value for outcome in result.outcomes]


def workbook(one: Table, *, blank_after: Sequence[int] = (), extra_sheet: bool = False) -> bytes:
    """A table as XLSX bytes: links as relationships, dates as dates, hidden rows hidden."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Sheet1"
    sheet.append(list(one.header))
    for line in one.rows:
        sheet.append([_typed(cell) for cell in line.cells])
        at = sheet.max_row
        sheet.row_dimensions[at].hidden = line.hidden
        for column, link in enumerate(line.links, 1):
            if link:
                sheet.cell(row=at, column=column).hyperlink = link
        if line.number in blank_after:
            sheet.append([" "] + [None] * (len(one.header) - 1))
    if extra_sheet:
        book.create_sheet("Sheet2").append(["Total", "JEM", "TFM", "WSO"])
    target = io.BytesIO()
    book.save(target)
    saved = (one.modified_at or START).strftime("%Y-%m-%dT%H:%M:%SZ")
    return with_part(
        target.getvalue(),
        "docProps/core.xml",
        lambda text: re.sub(r"(<dcterms:modified[^>]*>)[^<]*", rf"\g<1>{saved}", text),
    )


def with_part(body: bytes, name: str, change: Callable[[str], str]) -> bytes:
    """A workbook with one of its XML parts rewritten; the library stamps its own save time."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(target, "w") as new:
        for member in old.infolist():
            data = old.read(member)
            if member.filename == name:
                data = change(data.decode()).encode()
            new.writestr(member.filename, data, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _typed(cell: str) -> object:
    try:
        return date.fromisoformat(cell)
    except ValueError:
        return cell
