"""Memoranda of agreement: what a PDF says of model, template, dates and agency, where legible.

The contact persons of the appendix, their mailboxes and telephone numbers are never returned: only
the fields below leave this module, and the agency's name must look like a body's, not a person's.
Template facts (page counts, "Revised" dates, headings) come from a survey of 347 agreements.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from monitor.domain.errors import ExtractError
from monitor.domain.vocabulary import Model

if TYPE_CHECKING:
    import pypdfium2

MAX_BYTES = 40 * 1024 * 1024
MAX_PAGES = 200
_MAX_PAGE_CHARACTERS = 50_000

_HEADINGS = (
    ("jail enforcement model", Model.JEM),
    ("warrant service officer", Model.WSO),
    ("task force model", Model.TFM),
    ("task force officer", Model.TFM),
)
#: What the purpose clauses of two templates say; the third has none of its own.
_PURPOSES = (
    ("facilitating the custodial transfer", Model.WSO),
    ("identifying and processing removable aliens", Model.JEM),
)
#: Pages of the templates of 2019, 2020 and 2025; twelve was two models' length.
_PAGES = {14: Model.TFM, 10: Model.WSO, 11: Model.JEM}
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_BODY = re.compile(
    r"\b(?:sheriff|police|department|office|county|constable|corrections|patrol|investigation|"
    r"marshal|jail|detention|commission|guard|university|attorney|authority|division|bureau)",
    re.IGNORECASE,
)
_NAME = r"(?P<name>[A-Z][^()_\"“”@:;]{3,120}?)"
_AGENCY = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\(DHS\),? and,? ?(?:the )?{_NAME},? (?:hereinafter|pursuant to which|under the juris)",
        rf"\(DHS\),? and,? ?(?:the )?{_NAME} \((?:[A-Z]{{2,8}}|Department|Agency|LEA)\)",
        rf"delegates to nominated, {_NAME},? trained",
        rf"employees of the {_NAME},? \(hereinafter",
        r"(?P<name>(?:[A-Z][\w.'’-]+ ){1,5}(?:Sheriff['’]s (?:Office|Department)|Police Dep\w+))",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MoaReading:
    """What could be read of one document; None and () where it could not."""

    pages: int
    text_pages: int  #: pages with any text
    legible: bool  #: the first page reads as English
    model: Model | None = None
    model_from: str = ""  #: "text", or "pages" where only the template's length tells
    revision: date | None = None  #: the template's "Revised" day
    agency: str | None = None
    dates: tuple[date, ...] = ()  #: typed or digital dates of signing, oldest first


def read_moa(body: bytes) -> MoaReading:
    """Read a memorandum. Raises ExtractError for what is no PDF or out of bounds."""
    pages = _texts(body)
    first = _plain(pages[0]) if pages else ""
    whole = " ".join(map(_plain, pages))
    model, source = _model(whole, len(pages))
    return MoaReading(
        pages=len(pages),
        text_pages=sum(1 for page in pages if page.strip()),
        legible=_legible(first),
        model=model,
        model_from=source,
        revision=_revision(whole),
        agency=_agency(first),
        dates=_dates(whole),
    )


def _texts(body: bytes) -> list[str]:
    """The text of every page, within bounds."""
    if b"%PDF" not in body[:1024]:
        raise ExtractError("not a PDF: the bytes do not start as one; look at the capture")
    if len(body) > MAX_BYTES:
        raise ExtractError(f"PDF of {len(body)} bytes is larger than {MAX_BYTES}")
    import pypdfium2  # noqa: PLC0415  # loads a shared library of 8 MB, only for PDFs

    try:
        document = pypdfium2.PdfDocument(body)
        try:
            if len(document) > MAX_PAGES:
                raise ExtractError(f"PDF of {len(document)} pages is longer than {MAX_PAGES}")
            return [_page_text(document, number) for number in range(len(document))]
        finally:
            document.close()
    except pypdfium2.PdfiumError as cause:
        raise ExtractError(f"PDF cannot be read: {cause}; fetch it again") from cause


def _page_text(document: pypdfium2.PdfDocument, number: int) -> str:
    page = document[number]
    text = page.get_textpage()
    try:
        count = min(int(text.count_chars()), _MAX_PAGE_CHARACTERS)
        return str(text.get_text_range(0, count)) if count > 0 else ""
    finally:
        text.close()
        page.close()


def _plain(text: str) -> str:
    return " ".join(text.replace("\ufffe", "").split())


def _legible(text: str) -> bool:
    """Most of it is plain letters: a broken character map gives anything but."""
    letters = sum(1 for c in text if c.isascii() and (c.isalpha() or c == " "))
    return len(text) > 200 and letters / len(text) > 0.8


def _model(text: str, pages: int) -> tuple[Model | None, str]:
    lowered = text.casefold()
    heading = lowered[:700]
    for words, model in _HEADINGS:
        if words in heading:
            return model, "text"
    for words, model in _PURPOSES:
        if words in lowered:
            return model, "text"
    counted = Counter({model: 0 for _, model in _HEADINGS})
    for words, model in _HEADINGS:
        counted[model] += lowered.count(words)
    (best, most), (_, second) = counted.most_common(2)
    if most > second:
        return best, "text"
    by_length = _PAGES.get(pages)
    return by_length, "pages" if by_length else ""


def _revision(text: str) -> date | None:
    """The footer's day, by most pages: optical reading spoils some of them."""
    found = Counter(
        day
        for month, number, year in re.findall(
            r"Revised:?\s*(\d{2})/(\d{2})/(20\d{2})(?!\d)", text, re.IGNORECASE
        )
        if (day := _day(int(year), int(month), int(number)))
    )
    return found.most_common(1)[0][0] if found else None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return found if 1996 <= found.year <= 2100 else None


def _dates(text: str) -> tuple[date, ...]:
    """Days of digital and typed signatures; the template's own day is none of them."""
    found: set[date | None] = set()
    for year, month, day in re.findall(r"Date:\s*(20\d{2})\.(\d{2})\.(\d{2})", text):
        found.add(_day(int(year), int(month), int(day)))
    for month, day, year in re.findall(
        r"\bDate(?: signed)?:?[\s_]*(\d{1,2})[/-](\d{1,2})[/-](20\d{2})\b", text, re.IGNORECASE
    ):
        found.add(_day(int(year), int(month), int(day)))
    for name, day, year in re.findall(r"\b([A-Z][a-z]{2,8})\.? (\d{1,2}),? (20\d{2})\b", text):
        if name.casefold() in _MONTHS:
            found.add(_day(int(year), _MONTHS.index(name.casefold()) + 1, int(day)))
    return tuple(sorted(day for day in found if day))


def _agency(text: str) -> str | None:
    """The agency's name on the first page, from the places where templates have it."""
    for pattern in _AGENCY:
        for found in pattern.finditer(text):
            name = found["name"].strip(" ,.'").replace("’", "'")
            if _BODY.search(name) and not re.search(r"\d|\bICE\b|Immigration", name):
                return name
    return None


def disagreements(
    reading: MoaReading, *, model: Model, signed: date | None, related: bool | None
) -> tuple[str, ...]:
    """What a document says otherwise than its row; `related`: do the two names belong together?"""
    found: list[str] = []
    if reading.model_from == "text" and reading.model is not model:
        said = reading.model.value if reading.model else "unknown"
        found.append(f"document is a {said}, row says {model.value}")
    if related is False:
        found.append(f"document names {reading.agency}")
    if signed and reading.dates and _apart(signed, reading.dates) > 31:
        found.append(f"document is dated {reading.dates[-1]}, row says {signed}")
    return tuple(found)


def _apart(signed: date, dates: Sequence[date]) -> int:
    return min(abs((signed - day).days) for day in dates)
