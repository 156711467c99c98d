"""Memoranda of agreement: what is read, what is never returned."""

from __future__ import annotations

import io
from datetime import date

import pypdfium2
import pytest

from monitor.domain.errors import ExtractError
from monitor.domain.vocabulary import Model
from monitor.extract.moa import disagreements, read_moa
from monitor.resolve.agency import agency_key, relation
from tests.rosters import SHARED

MOA = SHARED / "moa"
needs_documents = pytest.mark.skipif(
    not MOA.is_dir(), reason="the agreements (../shared/data/moa) are not on this machine"
)


@needs_documents
@pytest.mark.parametrize(
    ("name", "model", "source", "revision", "agency"),
    [
        ("287gJEM_FL_DOC_FL_08-21-2020", "JEM", "text", None, "Florida Department of Corrections"),
        ("287gWSO_FinneyCoKs2020-03-17", "WSO", "text", None, "Finney County Sheriff's Office"),
        ("ArcadiaPDFL_TFM_MOA_030425", "TFM", "text", date(2025, 2, 12), None),
        (
            *("FranklinCoAL_TFM_MOA_031825", "TFM", "text", date(2025, 3, 7)),
            "Franklin County Sheriff's Office, Alabama",
        ),
        (
            *("GraysonCountyDCKY_JEM_MOA_030425", "JEM", "text", date(2025, 2, 15)),
            "Grayson County Detention Center",
        ),
        ("NobleCountyIN_WSO_MOA_031225", "WSO", "pages", None, "Noble County Sheriff's Office"),
        ("VirginiaStatePolice_TFM_MOA_02.28.25", "TFM", "pages", date(2025, 2, 12), None),
        ("WashingtonCoSheriffsOfficeUT_TFM_MOA_03.20.2025", "TFM", "pages", None, None),
        (
            *("okaloosaCoCommishBoard_WSO_MOA_02262025", "WSO", "text", date(2025, 2, 15)),
            "Okaloosa County Board of County Commissioners",
        ),
    ],
)
def test_what_a_memorandum_says(
    name: str, model: str, source: str, revision: date | None, agency: str | None
) -> None:
    reading = read_moa((MOA / f"{name}.pdf").read_bytes())
    assert reading.model is not None
    assert (reading.model.value, reading.model_from) == (model, source)
    assert reading.revision == revision
    assert reading.agency == agency
    assert "@" not in repr(reading)


@needs_documents
def test_a_row_and_its_document_are_compared() -> None:
    body = (MOA / "FranklinCoAL_TFM_MOA_031825.pdf").read_bytes()
    reading = read_moa(body)
    assert reading.agency is not None
    mine = agency_key("AL", "Franklin County Sheriff's Office")
    related = relation(mine, agency_key("AL", reading.agency)) is not None
    assert related
    day = date(2025, 3, 18)
    assert disagreements(reading, model=Model.TFM, signed=day, related=related) == ()
    wrong = disagreements(reading, model=Model.WSO, signed=date(2024, 3, 18), related=False)
    assert len(wrong) == 3


def test_a_scan_without_text_is_a_reading_too() -> None:
    document = pypdfium2.PdfDocument.new()
    for _ in range(14):
        document.new_page(612, 792)
    target = io.BytesIO()
    document.save(target)
    reading = read_moa(target.getvalue())
    assert (reading.pages, reading.text_pages, reading.legible) == (14, 0, False)
    assert (reading.model, reading.model_from) == (Model.TFM, "pages")
    assert disagreements(reading, model=Model.WSO, signed=None, related=None) == ()


@pytest.mark.parametrize("body", [b"", b"<!doctype html>", b"PK\x03\x04", b"%PDF-1.7 broken"])
def test_what_is_no_pdf_says_so(body: bytes) -> None:
    with pytest.raises(ExtractError):
        read_moa(body)
