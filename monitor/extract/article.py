"""A web page to the article on it: text, title, author, dates, language, own address."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from lxml import etree
from lxml.html import HtmlElement

from monitor.domain.errors import ExtractError
from monitor.domain.moment import StatedDate
from monitor.extract.charset import decoded
from monitor.extract.metadata import Metadata, metadata
from monitor.extract.pdf import PDF_MAGIC, pdf_text
from monitor.extract.pruning import extractor
from monitor.extract.text import MAX_CHARS, block_text, clean, tree

#: Below this the extractor has probably taken the wrong part of the page.
MIN_CHARS = 200
MAX_HTML_CHARS = 4_000_000
#: So many sentences of a document are analysed (monitor.detect.scene); few laws are longer.
MAX_SENTENCES = 3_000
_REGIONS = ("article", "main", "[@role='main']")
_NOISE = frozenset({"nav", "header", "footer", "aside", "form", "button", "menu"})
BLOCKS_EXTRACTOR = "blocks 1"
#: What lxml and trafilatura take for a whole document; anything else they read as a fragment.
_WHOLE = re.compile(r"\s*<(?:html|!doctype)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """What a page says. `text` holds one block per line; PDF pages are parted by a form feed."""

    title: str
    text: str
    url: str  #: the page's own (canonical) address, or the one it was fetched from
    author: str = ""
    language: str = ""
    published: StatedDate | None = None
    published_at: datetime | None = None
    modified_at: datetime | None = None
    extractor: str = ""
    problems: tuple[str, ...] = ()


def read_article(
    body: bytes, *, url: str, charset: str | None = None, media_type: str = ""
) -> Article:
    """The article in an HTML, PDF or plain text document.

    Raises ExtractError when the document is of another kind or holds no text.
    """
    if body[:1024].lstrip().startswith(PDF_MAGIC):
        return _from_pdf(body, url)
    if media_type.startswith(("image/", "audio/", "video/", "application/zip")):
        raise ExtractError(f"{url}: {media_type} holds no text to read")
    if b"\x00" in body[:512] and not body.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ExtractError(f"{url}: binary data instead of a page")
    text = decoded(body, charset).text
    if media_type == "text/plain":
        read = clean(text)
        problems = _cut(read, url, len(text) > MAX_CHARS)
        return Article(title="", text=read, url=url, extractor="plain 1", problems=problems)
    article = _from_html(text[:MAX_HTML_CHARS], url)
    return replace(article, problems=_cut(article.text, url, len(text) > MAX_HTML_CHARS))


def _cut(text: str, url: str, shortened: bool) -> tuple[str, ...]:
    """What to say of a document whose end nobody reads: something may be told there."""
    if not (shortened or len(text) >= MAX_CHARS - 1_000 or _sentences(text) >= MAX_SENTENCES):
        return ()
    return (f"cut: {url} is longer than what is read of one document; look at its end yourself",)


def _sentences(text: str) -> int:
    """At least so many sentences and lines, counted cheaply."""
    return text.count("\n") + text.count(". ") + text.count("! ") + text.count("? ")


def _from_pdf(body: bytes, url: str) -> Article:
    read = pdf_text(body, what=url)
    return Article(
        title="", text=read.text, url=url, extractor=read.extractor, problems=read.problems
    )


def _from_html(markup: str, url: str) -> Article:
    page = tree(markup, what=url)
    about = metadata(page, url)
    text, extractor = _main_text(page, markup, url)
    if not text:
        raise ExtractError(f"{url}: a page without text")
    return _article(about, text, extractor)


def _article(about: Metadata, text: str, extractor: str) -> Article:
    return Article(
        title=about.title,
        text=text,
        url=about.url,
        author=about.author,
        language=about.language,
        published=about.published,
        published_at=about.published_at,
        modified_at=about.modified_at,
        extractor=extractor,
    )


def _main_text(page: HtmlElement, markup: str, url: str) -> tuple[str, str]:
    """The article's text and what found it: trafilatura, or all blocks of the main region."""
    # A whole document is handed over as the tree that it is already; trafilatura copies it.
    found, extractor = _trafilatura(page if _WHOLE.match(markup) else markup, url)
    text = clean(found)
    if len(text) >= MIN_CHARS:
        return text, extractor
    whole = _region_text(page)
    # A short page is short for both; the fallback is for pages that the extractor misjudged.
    return (whole, BLOCKS_EXTRACTOR) if len(whole) > len(text) else (text, extractor)


def _trafilatura(page: HtmlElement | str, url: str) -> tuple[str, str]:
    """The main text that trafilatura finds, "" where it finds none, and its name and version.

    A tree is left as it is.
    """
    trafilatura = extractor()
    try:
        found = trafilatura.bare_extraction(
            page,
            url=url,
            fast=True,
            include_comments=False,
            include_tables=True,
            with_metadata=False,
        )
    except Exception:  # the extractor's own faults are of any class; the fallback reads on
        found = None
    text = getattr(found, "text", None)
    return text if isinstance(text, str) else "", f"trafilatura {trafilatura.__version__} fast"


def _region_text(page: HtmlElement) -> str:
    """All blocks of the first region that holds text; navigation and forms are left out."""
    _drop(page, page.iter(*_NOISE))
    for region in _REGIONS:
        path = f".//*{region}" if region.startswith("[") else f".//{region}"
        for element in page.xpath(path)[:1]:
            text = block_text(element)
            if len(text) >= MIN_CHARS:
                return text
    return block_text(page)


def _drop(page: HtmlElement, elements: Iterable[etree._Element]) -> None:
    for element in list(elements):
        if element is not page and element.getparent() is not None:
            element.drop_tree()  # type: ignore[attr-defined]  # lxml.html adds it
