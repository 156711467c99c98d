"""S4, S5: documents made to hang, swell or reach out, read by the real parsers in real workers."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Iterator

import openpyxl
import pytest

from monitor.domain.errors import ExtractError
from monitor.services.worker_limits import WorkerLimits
from monitor.services.workers import WorkerPool
from tests.faultserver import FaultServer

LIMITS = WorkerLimits(wall_s=20.0, cpu_s=15, memory_bytes=1_000_000_000)


def pool_for(call: str) -> WorkerPool:
    return WorkerPool(call=call, monotonic=time.monotonic, size=1, limits=LIMITS)


@pytest.fixture(scope="module")
def pdf_pool() -> Iterator[WorkerPool]:
    made = pool_for("monitor.extract.pdf:pdf_text")
    yield made
    made.close()


@pytest.fixture(scope="module")
def workbook_pool() -> Iterator[WorkerPool]:
    made = pool_for("monitor.extract.workbook:read_workbook")
    yield made
    made.close()


def ends(pool: WorkerPool, body: bytes) -> str:
    """What became of it: "read", or the error's words; the pool must serve the next one."""
    try:
        pool.run(body)
    except ExtractError as error:
        return str(error)
    return "read"


def pdf(*objects: bytes) -> bytes:
    numbered = b"\n".join(b"%d 0 obj%sendobj" % (n, o) for n, o in enumerate(objects, 1))
    return b"%PDF-1.4\n" + numbered + b"\ntrailer<</Root 1 0 R/Size 9>>\n%%EOF"


CATALOG = b"<</Type/Catalog/Pages 2 0 R>>"
ONE_KID = b"<</Type/Pages/Kids[%d 0 R]/Count 1>>"


@pytest.mark.parametrize(
    "body",
    [
        pdf(CATALOG, b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 2000000000>>"),
        pdf(CATALOG, ONE_KID % 3, ONE_KID % 2),
        pdf(CATALOG, b"[" * 200_000 + b"]" * 200_000),
        pdf(
            CATALOG,
            ONE_KID % 3,
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9e30 9e30]/Contents 4 0 R>>",
            b"<</Length 400000>>stream\n" + b"q " * 200_000 + b"\nendstream ",
        ),
        b"%PDF-1.7\n" + bytes(1_000_000),
        b"%PDF-1.7",
    ],
    ids=["own_kid", "cycle", "nested", "deep_stack", "zeros", "only_magic"],
)
def test_pdfs(pdf_pool: WorkerPool, body: bytes) -> None:
    assert ends(pdf_pool, body)
    assert "not a PDF" in ends(pdf_pool, b"hello")


def workbook(**replaced: bytes) -> bytes:
    """A sound workbook, some of whose parts are replaced or added."""
    book = openpyxl.Workbook()
    book.active.append(["STATE", "LAW ENFORCEMENT AGENCY"])
    book.active.append(["TEXAS", "Hood County Sheriff's Office"])
    sound, out = io.BytesIO(), io.BytesIO()
    book.save(sound)
    parts = {name: name for name in replaced}
    with zipfile.ZipFile(sound) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, body in replaced.items():
            new.writestr(name, body)
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
ENTITIES = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">'
    b'<!ENTITY c SYSTEM "file:///etc/passwd">]><worksheet><sheetData><row><c t="str"><v>&b;&c;</v>'
    b"</c></row></sheetData></worksheet>"
)


def test_a_sound_workbook_is_read(workbook_pool: WorkerPool) -> None:
    assert ends(workbook_pool, workbook()) == "read"


def test_workbook_bombs_and_entities_are_refused(workbook_pool: WorkerPool) -> None:
    for body in (
        workbook(**{SHEET: bytes(600_000_000)}),
        workbook(**{SHEET: ENTITIES}),
        workbook(**{"xl/sharedStrings.xml": ENTITIES}),
        b"PK\x03\x04" + bytes(1_000),
        workbook()[:-400],
    ):
        assert ends(workbook_pool, body) != "read"
    assert ends(workbook_pool, workbook()) == "read"


def test_a_workbook_that_links_outside_reaches_nothing(workbook_pool: WorkerPool) -> None:
    with FaultServer() as server:
        target = server.url("/ok").encode()
        relations = (
            b'<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/'
            b'package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.'
            b"openxmlformats.org/officeDocument/2006/relationships/externalLinkPath"
            b'" Target="' + target + b'" TargetMode="External"/></Relationships>'
        )
        ends(
            workbook_pool, workbook(**{"xl/externalLinks/_rels/externalLink1.xml.rels": relations})
        )
        assert server.seen == []


def test_tables_made_to_hang() -> None:
    """Nested markup, endless spans and unclosed tags end within the bounds of a worker."""
    pool = pool_for("monitor.extract.table:read_tables")
    bodies = (
        b"<table>" * 20_000,
        b"<table><tr><td colspan=99999999 rowspan=99999999>x</td></tr></table>" * 50,
        b"<table><tr>" + b"<td rowspan=60000>x" * 3_000 + b"</tr></table>",
        b",".join([b"x"] * 2_000_000),
        b'"' * 1_000_000,
    )
    for body in bodies:
        for media in ("text/html", "text/csv"):
            try:
                pool.run(body, media, "roster.html" if media == "text/html" else "roster.csv")
            except ExtractError as error:
                assert str(error)
    assert len(pool.processes()) <= 1
    pool.close()
