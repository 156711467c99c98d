"""PDF to text by page, bounded; document properties are never read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.domain.errors import ExtractError
from monitor.extract.text import MAX_CHARS, clean

if TYPE_CHECKING:
    import pypdfium2

PDF_MAGIC = b"%PDF-"
MAX_PAGES = 300
#: A page with less text than this is a scan or blank.
MIN_PAGE_CHARS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfText:
    """The text of the pages read; `page_count` counts all pages of the document."""

    pages: tuple[str, ...]  #: in order, "" for a page without text
    page_count: int
    problems: tuple[str, ...] = ()
    extractor: str = "pypdfium2"

    @property
    def text(self) -> str:
        """All pages, parted by a form feed on a line of its own."""
        return clean("\f".join(self.pages))


def pdf_text(
    body: bytes, *, what: str = "PDF", max_pages: int = MAX_PAGES, max_chars: int = MAX_CHARS
) -> PdfText:
    """The text layer of a PDF.

    A scan gives pages without text and a problem "no_text_layer", not an error. Raises
    ExtractError for what is no PDF, is damaged, or is locked by a password.
    """
    if not body[:1024].lstrip().startswith(PDF_MAGIC):
        raise ExtractError(f"{what}: not a PDF")
    import pypdfium2  # noqa: PLC0415  # loads a shared library of 8 MB, only for PDFs

    try:
        document = pypdfium2.PdfDocument(body)
    except (pypdfium2.PdfiumError, ValueError) as cause:
        raise ExtractError(f"{what}: PDF is damaged or locked ({cause})") from cause
    try:
        count = len(document)
        pages = _pages(document, min(count, max_pages), max_chars)
    finally:
        document.close()
    return PdfText(
        pages=pages,
        page_count=count,
        problems=_problems(what, pages, count),
        extractor=f"pypdfium2 {pypdfium2.PYPDFIUM_INFO}",
    )


def page_of(text: str, offset: int) -> int:
    """The 1-based page that character `offset` of PdfText.text lies on."""
    return text.count("\f", 0, offset) + 1


def _pages(document: pypdfium2.PdfDocument, count: int, max_chars: int) -> tuple[str, ...]:
    pages: list[str] = []
    room = max_chars
    for number in range(count):
        if room <= 0:
            break
        text = _page(document, number)[:room]
        room -= len(text)
        pages.append(text)
    return tuple(pages)


def _page(document: pypdfium2.PdfDocument, number: int) -> str:
    import pypdfium2  # noqa: PLC0415

    try:
        page = document[number]
        layer = page.get_textpage()
        try:
            # \ufffe is what pdfium puts for a hyphen at a line's end.
            return clean(layer.get_text_bounded().replace("\ufffe\r\n", "").replace("\ufffe", ""))
        finally:
            layer.close()
            page.close()
    except pypdfium2.PdfiumError:
        return ""


def _problems(what: str, pages: tuple[str, ...], count: int) -> tuple[str, ...]:
    bare = sum(len(page) < MIN_PAGE_CHARS for page in pages)
    found = []
    if pages and bare == len(pages):
        found.append(f"no_text_layer: {what} is a scan of {count} pages, its words are not read")
    elif bare:
        found.append(f"pages_without_text: {what}, {bare} of {count} pages")
    if len(pages) < count:
        found.append(f"pdf_cut: {what}, read {len(pages)} of {count} pages")
    return tuple(found)
