"""Extraction: dates with origin and precision, charsets, articles, metadata, PDF bounds."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from monitor.domain.errors import ExtractError
from monitor.domain.moment import Precision
from monitor.extract.article import read_article
from monitor.extract.charset import decoded
from monitor.extract.dates import day_in_url, moment, stated_date
from monitor.extract.pdf import pdf_text
from monitor.extract.text import block_text, clean, tree

MOAS = Path(__file__).parents[3] / "shared/data/moa"
STORY = (
    "<p>The sheriff of Harlow County signed a 287(g) agreement with ICE on Tuesday, officials "
    "said.</p><p>Commissioners voted 3-2 to approve the memorandum after a two-hour hearing.</p>"
    "<ul><li>Six deputies will be trained.</li><li>Training begins in July.</li></ul>"
)


@pytest.mark.parametrize(
    ("text", "day", "precision"),
    [
        ("2025-06-05", date(2025, 6, 5), Precision.DAY),
        ("June 5, 2025", date(2025, 6, 5), Precision.DAY),
        ("Posted on Jun. 5th, 2025 at noon", date(2025, 6, 5), Precision.DAY),
        ("5 June 2025", date(2025, 6, 5), Precision.DAY),
        ("5 de junio de 2025", date(2025, 6, 5), Precision.DAY),
        ("6/5/2025", date(2025, 6, 5), Precision.DAY),
        ("06.05.25", date(2025, 6, 5), Precision.DAY),
        ("20250605", date(2025, 6, 5), Precision.DAY),
        ("Thu, 05 Jun 2025 09:00:00 GMT", date(2025, 6, 5), Precision.DAY),
        ("Sept 2025", date(2025, 9, 1), Precision.MONTH),
        ("2025", date(2025, 1, 1), Precision.YEAR),
    ],
)
def test_stated_dates(text: str, day: date, precision: Precision) -> None:
    got = stated_date(text)
    assert got is not None and (got.day, got.precision) == (day, precision)


@pytest.mark.parametrize(
    "text", ["", "May", "Tuesday", "13/45/2025", "June 5", "20026-01-01", "287(g)", "1:30", "3-2"]
)
def test_what_states_no_date(text: str) -> None:
    assert stated_date(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "2025-06-05T13:00:00Z",
        "2025-06-05 09:00:00-04:00",
        "2025-06-05T09:00:00.000-0400",
        "Thu, 05 Jun 2025 13:00:00 GMT",
        "Thu, 5 Jun 2025 09:00:00 EDT",
        "Thu, 05 Jun 2025 13:00:00 -0000",
        "June 5, 2025, 9:00 a.m. EDT",
        "June 5, 2025 6:00 AM PDT",
    ],
)
def test_moments(text: str) -> None:
    assert moment(text) == datetime(2025, 6, 5, 13, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2025-06-05", "2025-06-05T09:00:00", "June 5, 2025 9:00", "9:00"])
def test_without_a_zone_there_is_no_moment(text: str) -> None:
    assert moment(text) is None


def test_day_in_an_address() -> None:
    got = day_in_url("https://a.org/2025/06/05/story/")
    assert got is not None and got.day == date(2025, 6, 5) and got.origin == "address"
    assert day_in_url("https://a.org/287/06/05") is None


@pytest.mark.parametrize(
    ("body", "declared", "text", "origin"),
    [
        ("é’".encode(), None, "é’", "utf-8"),
        ("é’".encode("cp1252"), "iso-8859-1", "é’", "header"),
        ("é’".encode(), "us-ascii", "é’".encode().decode("cp1252"), "header"),
        (b'<meta charset="windows-1252">\x92', None, '<meta charset="windows-1252">’', "meta"),
        ("\ufeffé".encode(), "latin-1", "é", "bom"),
        ("é".encode("utf-16"), None, "é", "bom"),
        (b"<?xml version='1.0' encoding='koi8-r'?>\xc1", None, None, "meta"),
        (b"\xff\xfe\xff", "utf-8", None, "bom"),
    ],
)
def test_charsets(body: bytes, declared: str | None, text: str | None, origin: str) -> None:
    got = decoded(body, declared)
    assert got.origin == origin
    if text is not None:
        assert got.text == text


def test_codecs_that_are_no_charsets_are_ignored() -> None:
    assert decoded(b"+AGE-", "utf-7").text == "+AGE-"
    assert decoded(rb"\x41", "unicode_escape").text == r"\x41"


def page(head: str = "", body: str = STORY) -> bytes:
    return (
        f"<!DOCTYPE html><html lang='en-US'><head><title>Sheriff signs agreement - The Harlow "
        f"Herald</title>{head}</head><body><nav><a href='/'>Home</a></nav><article><h1>Sheriff "
        f"signs agreement</h1>{body}</article><footer>© Harlow Herald</footer></body></html>"
    ).encode()


def test_article_text_and_title() -> None:
    got = read_article(page(), url="https://herald.example.org/2025/06/05/sheriff")
    assert got.title == "Sheriff signs agreement"
    assert "signed a 287(g) agreement with ICE on Tuesday" in got.text
    assert "Six deputies will be trained." in got.text and "Home" not in got.text
    assert got.language == "en-US" and got.extractor.startswith("trafilatura ")
    assert got.published is not None and got.published.origin == "address"


@pytest.mark.parametrize(
    ("lines", "day"),
    [
        ("<p>For immediate release</p><p>Posted: June 5, 2025</p>", date(2025, 6, 5)),
        ("<div class='date'>Thursday, June 5, 2025</div>", date(2025, 6, 5)),
        ("<p>On June 5, 2025 the sheriff told the county commission in a long letter that he had "
         "changed his mind about the agreement.</p>", None),
        ("<p>In June 2025</p>", None),
        ("<p>x</p>" * 9 + "<p>June 5, 2025</p>", None),
    ],
)  # fmt: skip
def test_a_dated_line_below_the_heading(lines: str, day: date | None) -> None:
    markup = f"<html><body><article><h1>Sheriff signs agreement</h1>{lines}{STORY}</article></body>"
    got = read_article(markup.encode(), url="https://sheriff.example.gov/news/7")
    assert (got.published.day if got.published else None) == day
    if got.published:
        assert got.published.origin == "line below the heading" and got.published_at is None


JSON_LD = """<script type="application/ld+json">{"@graph":[{"@type":"WebSite","name":"Herald"},
{"@type":"NewsArticle","headline":"Sheriff signs 287(g) agreement","datePublished":
"2025-06-05T09:00:00-04:00","dateModified":"2025-06-06T09:00:00-04:00","author":[{"name":"Pat Doe"}]
}]}</script>"""


@pytest.mark.parametrize(
    ("head", "origin", "at"),
    [
        (JSON_LD, "JSON-LD datePublished", datetime(2025, 6, 5, 13, tzinfo=UTC)),
        (
            "<meta property='article:published_time' content='2025-06-05T13:00:00Z'>",
            "meta article:published_time",
            datetime(2025, 6, 5, 13, tzinfo=UTC),
        ),
        ("<meta name='DC.date' content='2025-06-05'>", "meta dc.date", None),
        ("<script type='application/ld+json'>{broken</script><meta name=date content='6/5/2025'>",
         "meta date", None),
    ],
)  # fmt: skip
def test_metadata_names_the_origin_of_the_date(head: str, origin: str, at: datetime | None) -> None:
    got = read_article(page(head), url="https://herald.example.org/a")
    assert got.published is not None
    assert (got.published.day, got.published.origin) == (date(2025, 6, 5), origin)
    assert got.published_at == at


def test_json_ld_gives_author_and_modification() -> None:
    got = read_article(page(JSON_LD), url="https://herald.example.org/a")
    assert got.author == "Pat Doe" and got.modified_at == datetime(2025, 6, 6, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    ("link", "wanted"),
    [
        ("https://herald.example.org/story-7", "https://herald.example.org/story-7"),
        ("/story-7", "https://herald.example.org/story-7"),
        ("https://herald.example.org/", "https://herald.example.org/a?x=1"),
        ("https://elsewhere.example.org/story-7", "https://herald.example.org/a?x=1"),
        ("javascript:alert(1)", "https://herald.example.org/a?x=1"),
    ],
)
def test_canonical_address_is_taken_on_the_own_site_only(link: str, wanted: str) -> None:
    head = f"<link rel='canonical' href='{link}'>"
    assert read_article(page(head), url="https://herald.example.org/a?x=1").url == wanted


def test_short_pages_fall_back_to_their_blocks() -> None:
    got = read_article(
        b"<html><body><div>Vote on 287(g): no.</div></body></html>", url="https://a/"
    )
    assert got.text == "Vote on 287(g): no."


@pytest.mark.parametrize(
    ("body", "media_type", "words"),
    [
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 100, "image/png", "no text to read"),
        (b"\x00\x01\x02\x03" * 30, "", "binary"),
        (b"", "text/html", "no HTML document"),
        (b"<html><body></body></html>", "text/html", "without text"),
        (b"%PDF-1.4 garbage", "application/pdf", "damaged"),
    ],
)
def test_what_is_no_article_is_named(body: bytes, media_type: str, words: str) -> None:
    with pytest.raises(ExtractError, match=words):
        read_article(body, url="https://a.example.org/x", media_type=media_type)


def test_block_text_keeps_blocks_apart_and_words_whole() -> None:
    html = "<div>287<b>(g)</b> pact<p>one\ntwo</p><ul><li>a</li></ul><script>x</script>tail</div>"
    assert block_text(tree(html, what="t"), bullets=True) == "287(g) pact\none two\n- a\ntail"


def test_text_is_bounded() -> None:
    assert len(clean("word " * 500_000)) <= 400_000


@pytest.mark.skipif(not MOAS.is_dir(), reason="../shared/data is not here")
def test_real_pdfs_by_page() -> None:
    for path in sorted(MOAS.glob("*.pdf")):
        got = pdf_text(path.read_bytes(), what=path.name)
        assert len(got.pages) == got.page_count > 5
        assert "@" not in got.text.replace("[mailbox]", "") or "@ice.dhs.gov" not in got.text
    short = pdf_text(path.read_bytes(), what=path.name, max_pages=2)
    assert len(short.pages) == 2 and any(p.startswith("pdf_cut") for p in short.problems)
