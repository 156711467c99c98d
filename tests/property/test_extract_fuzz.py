"""Parsers of outside bytes: any input gives values within bounds or an ExtractError, never more."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.catalogue.load import parse_catalogue
from monitor.domain.errors import ExtractError
from monitor.domain.ident import SourceId
from monitor.domain.snapshot import Request, Snapshot
from monitor.domain.source import Source
from monitor.extract.article import read_article
from monitor.extract.charset import decoded
from monitor.extract.cursor import packed, rows, unpacked
from monitor.extract.dates import moment, stated_date
from monitor.extract.links import absolute, same_page, without_tracking
from monitor.extract.pdf import page_of, pdf_text
from monitor.extract.text import block_text, clean, fragment_text, plain, tree
from monitor.kinds import ReadContext
from monitor.registry import SOURCE_KINDS

URL = "https://news.example.org/a"
PIECES = [
    *("<p>", "</p>", "<div class='x'>", "<table><tr><td>", "<!--", "-->", "<script>", "</"),
    *("<![CDATA[", "&#0;", "&#xD800;", "&amp", "<br>", "<a href='//[::1'>", "<time", "\x00"),
]
MARKUP = st.lists(
    st.one_of(
        st.sampled_from(PIECES),
        st.text(max_size=20),
    ),
    max_size=25,
).map("".join)
BYTES = st.one_of(st.binary(max_size=600), MARKUP.map(lambda t: t.encode("utf-8", "replace")))
PDF = st.binary(max_size=400).map(lambda b: b"%PDF-1.7\n" + b)


@given(BYTES, st.sampled_from([None, "utf-8", "x", "utf-7", "rot13", "idna", "\x00", "utf-16"]))
def test_decoding_never_fails(body: bytes, label: str | None) -> None:
    got = decoded(body, label)
    assert got.origin in ("bom", "header", "meta", "utf-8", "guess")
    assert len(got.text) <= max(1, len(body)) * 2


@settings(max_examples=60)
@given(BYTES, st.sampled_from(["", "text/html", "text/plain", "application/pdf", "image/png"]))
def test_articles_are_read_or_refused(body: bytes, media_type: str) -> None:
    try:
        got = read_article(body, url=URL, media_type=media_type)
    except ExtractError as error:
        assert URL in str(error)
    else:
        assert got.text == clean(got.text) and got.extractor


@settings(max_examples=60)
@given(PDF)
def test_pdfs_are_read_or_refused(body: bytes) -> None:
    try:
        got = pdf_text(body)
    except ExtractError:
        return
    assert got.page_count >= 0


@given(MARKUP)
def test_text_is_clean_whatever_the_markup(markup: str) -> None:
    for text in (fragment_text(markup), plain(markup)):
        assert text == clean(text)
        assert not any(c in text for c in "\x00\r\t\u202e\u200b")
    try:
        page = tree(markup, what="fuzz")
    except ExtractError:
        return
    assert "<script" not in block_text(page)


@given(st.text(max_size=300))
def test_clean_is_idempotent_and_masks_mailboxes(text: str) -> None:
    assert clean(clean(text)) == clean(text)
    assert "jane@example.org" not in clean(f"{text} jane@example.org {text}")


@given(st.text(max_size=80))
def test_dates_never_fail_and_stay_in_bounds(text: str) -> None:
    day, at = stated_date(text), moment(text)
    assert day is None or 1985 <= day.day.year <= 2100
    assert at is None or at.tzinfo is UTC


@given(st.text(max_size=120), st.text(max_size=60))
def test_addresses_never_fail(base: str, href: str) -> None:
    got = absolute("https://a.example.org/" + base, href)
    assert got is None or got.startswith(("http://", "https://"))
    if got is not None:
        assert without_tracking(without_tracking(got)) == without_tracking(got)
        assert same_page(got) == same_page(without_tracking(got))


@given(st.lists(st.lists(st.text(max_size=20), max_size=4), max_size=200), st.text(max_size=40))
def test_cursors_come_back_or_are_named(table: list[list[str]], junk: str) -> None:
    state: dict[str, object] = {"v": 1, "rows": table}
    assert rows(unpacked(packed(state), 1), "rows") == table
    assert unpacked(packed(state), 2) == {}
    for bad in (junk, "z:" + junk):
        try:
            unpacked(bad, 1)
        except ExtractError as error:
            assert "cursor" in str(error)


@settings(max_examples=40)
@given(BYTES, st.sampled_from(["main", "article", "table", "index"]), st.booleans())
@pytest.mark.parametrize("name", sorted(SOURCE_KINDS))
def test_no_kind_crashes_on_any_bytes(name: str, body: bytes, purpose: str, pdf: bool) -> None:
    kind = SOURCE_KINDS[name]
    example = parse_catalogue(
        f"sources:\n{kind.example}", kinds=SOURCE_KINDS, today=date(2025, 6, 5)
    )
    options = example.sources[0].options
    source = Source(id=SourceId("fuzz"), kind=name, name="Fuzz", options=options)
    snapshot = Snapshot(
        source_id=source.id,
        request=Request(url=URL, purpose=purpose),
        final_url=URL,
        status=200,
        headers=(),
        body=(b"%PDF-1.4" if pdf else b"") + body,
        captured_at=datetime(2025, 6, 5, tzinfo=UTC),
    )
    context = ReadContext(source=source, options=options, cursor="", relevant=lambda _: True)
    try:
        kind.read(snapshot, context)
    except ExtractError as error:
        assert str(error)


def test_pages_of_a_pdf_text() -> None:
    assert [page_of("a\n\f\nb\n\f\nc", at) for at in (0, 4, 8)] == [1, 2, 3]
