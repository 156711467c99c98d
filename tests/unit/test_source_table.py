"""The table kind: workbook links that change daily, several files, files replaced in place."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest

from monitor.domain.errors import ExtractError
from monitor.domain.ident import SourceId
from monitor.domain.item import Reading
from monitor.domain.snapshot import Request, Snapshot
from monitor.domain.source import Schedule, Source
from monitor.kinds import ReadContext
from monitor.sources.table import TableOptions, first, read

NOW = datetime(2025, 6, 5, 12, tzinfo=UTC)
URL = "https://agency.example.gov/287g"
LINKS = [
    {"name": "participating", "href": "participating.*[.]xlsx", "text": "(?i)participating"},
    {"name": "pending", "href": "pending.*[.]xlsx", "required": False},
]
PAGE = b"""<html><body><p><a href="/doclib/participatingAgencies06052025am.xlsx">
<span>Participating</span> Agencies</a> <a href="/doclib/pendingAgencies06052025am.xlsx?v=2">Pending
</a> <a href="/doclib/template.pdf">participating template</a></p></body></html>"""
WORKBOOKS = Path(__file__).parents[3] / "shared/data/roster/workbooks"


def source(**options: object) -> Source:
    return Source(
        id=SourceId("roster"),
        kind="table",
        name="Roster",
        options=TableOptions.model_validate({"url": URL, "links": LINKS, **options}),
    )


def reading(
    body: bytes,
    request: Request | None = None,
    src: Source | None = None,
    cursor: str = "",
    **changes: object,
) -> Reading:
    chosen = src or source()
    assert isinstance(chosen.options, TableOptions)
    asked = request or first(chosen, chosen.options, cursor, NOW)[0]
    snapshot = Snapshot(
        source_id=chosen.id,
        request=asked,
        final_url=asked.url,
        status=200,
        headers=(),
        body=body,
        captured_at=NOW,
    )
    context = ReadContext(
        source=chosen, options=chosen.options, cursor=cursor, relevant=lambda _: True
    )
    return read(replace(snapshot, **changes), context)  # type: ignore[arg-type]


def workbook(rows: int = 3) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["STATE", "LAW ENFORCEMENT AGENCY", "SUPPORT TYPE"])
    for number in range(rows):
        sheet.append(["TEXAS", f"County {number} Sheriff", "Task Force Model"])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_both_links_become_requests() -> None:
    got = reading(PAGE)
    assert [(r.url, dict(r.context)["name"]) for r in got.next_requests] == [
        ("https://agency.example.gov/doclib/participatingAgencies06052025am.xlsx", "participating"),
        ("https://agency.example.gov/doclib/pendingAgencies06052025am.xlsx?v=2", "pending"),
    ]
    assert all(r.expect.magic == (b"PK\x03\x04",) for r in got.next_requests)
    assert got.problems == ()


def test_workbook_becomes_a_named_table() -> None:
    request = reading(PAGE).next_requests[0]
    (table,) = reading(workbook(), request).tables
    assert table.name == "participating"
    assert table.file_name == "participatingAgencies06052025am.xlsx"
    assert len(table.rows) == 3


def test_missing_optional_link_is_fine_and_missing_required_one_a_problem() -> None:
    assert reading(PAGE.replace(b"pendingAgencies", b"waiting")).problems == ()
    got = reading(PAGE.replace(b"participatingAgencies", b"list"))
    assert len(got.next_requests) == 1 and got.problems[0].startswith("link_vanished")


def test_page_without_any_link_is_rejected() -> None:
    got = reading(b"<html><body>Access denied</body></html>")
    assert got.rejected and got.next_requests == () and got.cursor == ""


def test_known_files_are_asked_for_again_once_in_a_while() -> None:
    src = replace(source(recheck=6), schedule=Schedule(every=timedelta(hours=1)))
    assert isinstance(src.options, TableOptions)
    cursor = reading(PAGE).cursor
    hours = [
        hour
        for hour in range(24)
        if len(first(src, src.options, cursor, NOW + timedelta(hours=hour))) == 3
    ]
    assert len(hours) == 4


def test_direct_csv_and_html_tables() -> None:
    src = source(where="document", url="https://agency.example.gov/list.csv")
    (table,) = reading(b"State,Agency\nTX,A\nFL,B\n", src=src, media_type="text/csv").tables
    assert table.header == ("State", "Agency") and len(table.rows) == 2
    page = b"<table><tr><th>State</th><th>Agency</th></tr><tr><td>TX</td><td>A</td></tr></table>"
    (html,) = reading(page, src=source(where="page"), media_type="text/html").tables
    assert [r.cells for r in html.rows] == [("TX", "A")]


@pytest.mark.parametrize("body", [b"", b"PK\x03\x04broken", b"<html>sorry</html>", workbook(0)])
def test_what_holds_no_rows_is_named(body: bytes) -> None:
    request = reading(PAGE).next_requests[0]
    with pytest.raises(ExtractError):
        reading(body, request)


def test_file_name_from_the_answer() -> None:
    request = Request(url="https://agency.example.gov/get?id=7", purpose="table")
    headers = (("content-disposition", 'attachment; filename="list.xlsx"'),)
    assert reading(workbook(), request, headers=headers).tables[0].file_name == "list.xlsx"


@pytest.mark.skipif(not WORKBOOKS.is_dir(), reason="../shared/data is not here")
def test_a_published_workbook_is_read_whole() -> None:
    path = min(WORKBOOKS.glob("*participatingAgencies10022025*"), default=None) or min(
        WORKBOOKS.glob("*participatingAgencies*")
    )
    request = reading(PAGE).next_requests[0]
    (table, *_) = reading(path.read_bytes(), request).tables
    assert len(table.rows) > 100 and any(any(r.links) for r in table.rows)
