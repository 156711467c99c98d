"""Reading ICE's lists: cells, links, columns, containers, with every trap seen in the files."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import date

import pytest

from monitor.detect.ledger.columns import ListKind, map_columns
from monitor.detect.ledger.links import file_key, link_form, unwrap, without_mailboxes
from monitor.detect.ledger.normalise import county_name, model_of, signed_day, state_code, type_of
from monitor.detect.ledger.publication import Publication, choose_table, read_publication
from monitor.domain.errors import ExtractError
from monitor.domain.item import Table
from monitor.domain.vocabulary import Model
from monitor.extract.table import read_tables
from tests.rosters import FULL, PENDING, START, day, knowledge, sheriff, table, with_part, workbook

SAFE = (
    "https://gcc02.safelinks.protection.outlook.com/?url=https%3A%2F%2Fwww.ice.gov%2Fdoclib%2F"
    "287gMOA%2FPolkTX_TFM.pdf&data=05%7C02%7Cjane.roe%40agency.example%7Cabc"
)


def read(one: Table) -> Publication:
    found = read_publication(one, now=START, counties=knowledge().counties)
    assert isinstance(found, Publication)
    return found


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        *(("GEORGIA ", "GA"), ("Alabama", "AL"), ("UTAh", "UT"), ("UTAHJ", "UT")),
        *(("WEST VIRIGINIA", "WV"), ("WEST VIRIGINA", "WV"), ("PENNSLYVANIA", "PA")),
        *(("MCHIGAN", "MI"), ("WESt VIRGINIA", "WV"), ("VIRGINA", "VA"), ("GUAM", "GU")),
        *(("NORTHERN MARIANA ISLANDS", "MP"), ("tx", "TX"), ("NORTH\u00a0CAROLINA", "NC")),
        *(("", None), ("ATLANTIS", None), ("CAROLINA", None), ("DAKOTA", None)),
    ],
)
def test_states(cell: str, code: str | None) -> None:
    assert state_code(cell) == code


@pytest.mark.parametrize(
    ("cell", "model"),
    [
        *(("Jail Enforcement Model ", Model.JEM), ("Jail Enforcment Model ", Model.JEM)),
        *(("Warrant Services Officer", Model.WSO), ("Warrant Service Office", Model.WSO)),
        *(("Task Force Officer ", Model.TFM), ("Tribal Task Force Model", Model.TTFM)),
        *(("", Model.UNKNOWN), ("Hybrid Model", Model.UNKNOWN)),
        ("Jail and Task Force Model", Model.UNKNOWN),
    ],
)
def test_models_are_folded_and_never_guessed(cell: str, model: Model) -> None:
    assert model_of(cell) is model


@pytest.mark.parametrize(
    ("cell", "found", "repaired"),
    [
        ("2025-05-08", date(2025, 5, 8), False),
        ("05/08/2025", date(2025, 5, 8), True),
        ("05/082025", date(2025, 5, 8), True),
        ("7/72025", date(2025, 7, 7), True),
        ("8/282025", date(2025, 8, 28), True),
        ("5025-09-01", date(2025, 9, 1), True),
        ("5/31/20025", date(2025, 5, 31), True),
        ("45810", date(2025, 6, 2), True),
        ("", None, False),
        ("pending", None, True),
        ("13/45/2025", None, True),
    ],
)
def test_days_are_repaired_where_one_reading_is_left(
    cell: str, found: date | None, repaired: bool
) -> None:
    assert signed_day(cell, date(2025, 9, 30)) == (found, repaired)


def test_types_and_counties() -> None:
    assert [type_of(c) for c in ("County ", "Muncipality", "Municipal", "State Agency", "#NA")] == [
        "County",
        "Municipality",
        "Municipality",
        "State",
        "",
    ]
    cells = ("#N/A", "#NA", "N/A", "", "County", "\nSchuylkill County", "Lake  County ")
    assert [county_name(c) for c in cells] == [
        *(None, None, None, None, None),
        *("Schuylkill County", "Lake County"),
    ]


@pytest.mark.parametrize(
    ("target", "address"),
    [
        (SAFE, "https://www.ice.gov/doclib/287gMOA/PolkTX_TFM.pdf"),
        (
            "chrome-extension://efaidnbmnnnibpcajpcglclefindmkaj/https:/www.ice.gov/doclib/a b.pdf",
            "https://www.ice.gov/doclib/a%20b.pdf",
        ),
        ("https:/www.ice.gov/doclib/a.pdf", "https://www.ice.gov/doclib/a.pdf"),
        ("http://www.ice.gov/doclib/a.pdf", "https://www.ice.gov/doclib/a.pdf"),
        ("/doclib/a.pdf", "https://www.ice.gov/doclib/a.pdf"),
        (
            "https://urldefense.com/v3/__https://www.ice.gov/doclib/a.pdf__;!!abc$",
            "https://www.ice.gov/doclib/a.pdf",
        ),
        (
            "https://web.archive.org/web/20210113002027/https://www.ice.gov/doclib/a.pdf",
            "https://www.ice.gov/doclib/a.pdf",
        ),
        ("mailto:jane.roe@agency.example", None),
        ("javascript:alert(1)", None),
        ("file:///c:/users/jane/a.pdf", None),
        (None, None),
        ("", None),
    ],
)
def test_links_are_unwrapped(target: str | None, address: str | None) -> None:
    assert unwrap(target) == address


def test_the_form_of_a_link_is_kept_without_what_it_carried() -> None:
    assert link_form(SAFE) == "gateway"
    assert link_form("https://www.ice.gov/doclib/a.pdf") == ""
    assert file_key("https://www.ice.gov/x/St_Cloud%20PD.TFM.pdf") == "stcloudpdtfm"
    assert without_mailboxes("ask Jane.Roe%40agency.example now") == "ask [mailbox] now"


def test_mailboxes_never_reach_a_row() -> None:
    line = replace(
        sheriff("Polk"),
        moa=SAFE,
        moa_text="write to jane.roe@agency.example",
        addendum_text="https://mail.example/?u=jane.roe@agency.example",
    )
    (row,) = read(table([line], 0)).rows
    assert row.moa == "https://www.ice.gov/doclib/287gMOA/PolkTX_TFM.pdf"
    assert "jane" not in repr(row)


def test_columns_are_mapped_by_what_they_say() -> None:
    shuffled = ("MOA", "SIGNED", "Support  Type", "County", "Law Enforcement Agency", "State")
    columns = map_columns(shuffled)
    assert not columns.missing
    assert columns.kind is ListKind.PARTICIPATING
    assert map_columns(PENDING).kind is ListKind.PENDING
    extra = map_columns((*FULL, "Extracted Link", "column 10"))
    assert extra.extra == ("Extracted Link",)
    assert map_columns(("Total", "JEM", "TFM", "WSO")).missing


def test_an_inserted_column_changes_no_row() -> None:
    lines = [sheriff("Polk"), sheriff("Bell")]
    without = read(table(lines, 0, header=tuple(h for h in FULL if h != "ADDENDUM")))
    moved = read(table(lines, 0, header=("NOTE", *FULL[4:], *FULL[:4])))
    assert without.fingerprint == read(table(lines, 0)).fingerprint
    assert moved.fingerprint == without.fingerprint


def test_a_workbook_is_read_whole() -> None:
    """Hidden rows, a blank row inside, a stray tab, links as relationships, dates as dates."""
    lines = [sheriff("Polk", moa="Polk_TFM.pdf"), sheriff("Bell"), sheriff("Webb", signed="")]
    body = workbook(table(lines, 2, hidden=[3]), blank_after=[2], extra_sheet=True)
    found = choose_table(read_tables(body, "", "participatingAgencies01012025am.xlsx"))
    assert found is not None
    assert found.modified_at == day(2)
    read_back = read(found)
    assert [row.agency.split()[0] for row in read_back.rows] == ["Polk", "Bell", "Webb"]
    assert read_back.rows[0].signed == date(2025, 2, 26)
    assert read_back.rows[0].moa == "https://www.ice.gov/doclib/287gMOA/Polk_TFM.pdf"
    assert read_back.rows[0].county_fips == "48373"
    assert read_back.hidden == 1
    assert any("Sheet2" in note for note in found.notes)


def test_an_error_cell_keeps_its_words() -> None:
    body = workbook(table([replace(sheriff("Polk"), county="#N/A")], 0))
    with zipfile.ZipFile(io.BytesIO(body)) as package:
        assert 't="e"' in package.read("xl/worksheets/sheet1.xml").decode()
    (found,) = read_tables(body, "", "a.xlsx")
    assert found.rows[0].cells[3] == "#N/A"


def test_a_formula_link_is_a_link() -> None:
    body = workbook(
        table([sheriff("Polk", moa_text='=HYPERLINK("https://www.ice.gov/a.pdf","link")')], 0)
    )
    (found,) = read_tables(body, "", "a.xlsx")
    assert found.rows[0].links[6] == "https://www.ice.gov/a.pdf"


@pytest.mark.parametrize("mark", ["<!DOCTYPE x>", '<!DOCTYPE x [<!ENTITY a "b">]>'])
def test_a_doctype_is_refused(mark: str) -> None:
    body = with_part(
        workbook(table([sheriff("Polk")], 0)),
        "xl/workbook.xml",
        lambda text: text.replace("<workbook", mark + "<workbook", 1),
    )
    with pytest.raises(ExtractError, match="DOCTYPE"):
        read_tables(body, "", "a.xlsx")


def test_a_bomb_is_refused_before_it_is_parsed() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("xl/worksheets/sheet1.xml", b" " * 300_000_000)
    with pytest.raises(ExtractError, match="unpacks"):
        read_tables(target.getvalue(), "", "a.xlsx")


@pytest.mark.parametrize(
    "body", [b"", b"PK\x03\x04 not really a zip", b"<!doctype html><p>challenge</p>", b"\x00\x01"]
)
def test_what_is_no_table_says_so_or_gives_none(body: bytes) -> None:
    try:
        assert read_tables(body, "application/octet-stream", "a.xlsx") == ()
    except ExtractError as error:
        assert str(error)


def test_csv_in_its_dialects() -> None:
    text = 'State;Agency\r\nTexas;"Polk; County"\r\n\r\nOhio;Größe\r\n'
    for body in (text.encode(), b"\xef\xbb\xbf" + text.encode(), text.encode("utf-16")):
        (found,) = read_tables(body, "text/csv", "a.csv")
        assert found.header == ("State", "Agency")
        assert [row.cells[1] for row in found.rows] == ["Polk; County", "Größe"]
    (old,) = read_tables(text.encode("cp1252"), "text/csv", "a.csv")
    assert old.rows[1].cells[1] == "Größe"


def test_html_tables_with_spans_and_links() -> None:
    page = b"""<html><table><caption>Contracts</caption>
      <tr><th>County</th><th>Year</th><th>Paper</th></tr>
      <tr><td rowspan=2>Polk</td><td>2024</td><td><a href="/a.pdf">a</a></td></tr>
      <tr><td>2025</td><td>none</td></tr></table><table></table></html>"""
    (found,) = read_tables(page, "text/html", "page")
    assert found.name == "Contracts"
    assert [row.cells for row in found.rows] == [("Polk", "2024", "a"), ("Polk", "2025", "none")]
    assert found.rows[0].links[2] == "/a.pdf"


def test_a_misnamed_file_is_told_by_its_columns() -> None:
    swapped = read(table([sheriff("Polk")], 0, name="pendingAgencies09222025pm"))
    assert swapped.kind is ListKind.PARTICIPATING
    assert swapped.misnamed
    assert not read(table([sheriff("Polk")], 0, name="a")).misnamed


def test_a_row_nobody_can_place_is_kept() -> None:
    lines = [sheriff("Polk"), sheriff("Bell", "ATLANTIS"), sheriff("Webb", model="Hybrid")]
    found = read(table(lines, 0))
    assert len(found.rows) == 1
    assert [row.agency.split()[0] for row in found.unread] == ["Bell", "Webb"]
