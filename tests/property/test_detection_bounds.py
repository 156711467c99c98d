"""Whatever the text: no crash, nothing invented, quotes verbatim, the same answer twice."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.detect.language.folding import fold
from monitor.detect.language.sentences import MAX_SENTENCE, sentences
from monitor.detect.textdiff import change_between
from monitor.domain.ident import SourceId
from monitor.domain.item import Item
from tests.detection import read

PIECES = st.sampled_from(
    [
        "The Sauk County Sheriff's Office", " signed ", "a 287(g) agreement", " with ICE", ". ",
        "\n\n", " may ", " not ", ", ", " and ", " who ", "(", ")", "\u202e", "\u200b", "\u2019",
        "<b>", "</b>", "&amp;", "&#40;", " Monday", " SB 2-C", " the governor ", " vetoed ",
        " counties", " County", " city council ", " adopted ", "sanctuary city ordinance", "?",
        " in 2019", "$25 million", " 3-2", "é", "漢字", "\x00", " Polk", " Texas", ";", " if ",
    ]
)  # fmt: skip


@given(st.lists(PIECES, max_size=40).map("".join), st.lists(PIECES, max_size=8).map("".join))
@settings(max_examples=300)
def test_any_mixture_of_our_words(text: str, title: str) -> None:
    found = read(text, title)
    assert found == read(text, title)
    for one in found:
        if one.quote.start >= 0:
            assert text[one.quote.start : one.quote.end] == one.quote.text
        else:
            assert (one.quote.start, one.quote.end, one.quote.text) == (-1, -1, title)


@given(st.text(max_size=400))
def test_folding_and_splitting_any_text(text: str) -> None:
    folded = fold(text)
    assert folded.text.isascii()
    last = 0
    for one in sentences(folded.text):
        assert last <= one.start < one.end <= len(folded.text)
        assert one.end - one.start <= MAX_SENTENCE
        start, end = folded.span(one.start, one.end)
        assert 0 <= start < end <= len(text)
        last = one.end


@given(st.text(max_size=120), st.text(max_size=120))
def test_a_change_is_empty_only_between_equals(one: str, other: str) -> None:
    def item(text: str) -> Item:
        return Item(source_id=SourceId("s"), key="k", url="", text=text)

    change = change_between(item(one), item(other))
    back = change_between(item(other), item(one))
    assert (change.added, change.removed) == (back.removed, back.added)
    assert change_between(item(one), item(one)).added == ()


def test_huge_and_hostile_texts_end_soon_and_invent_nothing() -> None:
    assert read("a" * 3_000_000) == ()
    assert read("," * 1_000_000 + " 287(g)") == ()
    assert read("(" * 300_000 + " 287(g)") == ()
    assert read("<" * 500_000 + "287(g)") == ()
    assert read("287(g) " * 300_000) == ()
    assert len(read("the sheriff signed a 287(g) agreement with ICE and " * 50_000)) == 1
    crowd = ", ".join(f"Smith{n} County Sheriff's Office" for n in range(100_000))
    found = read(f"The 287(g) agreement was signed by {crowd}.")
    assert 0 < len(found) <= 200
    assert {one.jurisdiction.state for one in found} == {None}


def test_words_behind_marks_and_markup_are_whole() -> None:
    marks = "The Sauk County Sheriff\u202e's Office si\u200bgned a 287(\u200bg) agree\u00adment."
    markup = "<p>The <b>Sauk County</b> Sheriff&rsquo;s Office <i>signed</i> a 287&#40;g&#41; deal"
    for text in (marks, markup):
        assert [one.agency for one in read(text)] == ["Sauk County Sheriff's Office"]
