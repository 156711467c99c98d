"""The trigger scan never misses a word that extraction would show, however it is marked up."""

from __future__ import annotations

import html

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.detect.bill_forms import bill_forms
from monitor.detect.triggers import TriggerScan

ANCHORS = (
    "287(g)", "1357(g)", "immigration", "sanctuary", "detainer", "ice", "igsa", "wso",
    "secure communities",
)  # fmt: skip
WATCHED = ("SB 1164", "HB 444", "Arizona ICE Act", "Trust Act")
SCAN = TriggerScan.build(ANCHORS, WATCHED)

#: Text that holds no term, with letters, signs and entities that could fool a scan.
FILLER = st.lists(
    st.sampled_from(
        ["police", "notice", "service price", "it&rsquo;s", "AT&amp;T", "caf\u00e9", "Oct. 28, 7",
         "\u2014", "a < b", "office", "278 people", "<br/>", "sancti", "deta", "&nbsp;", "\n\t"]
    ),
    max_size=12,
).map(" ".join)  # fmt: skip
#: What may stand inside a word without showing.
SPLITS = st.sampled_from(
    ["", "", "", "<b>", "</b>", "<wbr>", "<!-- a > b -->", "&shy;", "\u00ad", "\u200b", "&#8203;",
     "&zwnj;", "&#x200B;", '<a title="x > y">', "<a title='<i>x</i>'>", "<span\nclass=x>",
     "<script>if(a<b){c('\"')}</script>", "<style>p>a{}</style>", "<em></em>", "<?pi?>"]
)  # fmt: skip
BLANKS = st.sampled_from(
    [" ", "\n", "&nbsp;", "\u00a0", "&#160;", "&thinsp;", "<br>", " <b> ", "\r\n\t"]
)
TERMS = ("287(g)", "1357(g)", "immigration", "sanctuary", "detainer", "ICE", "IGSA", "WSO",
         "Secure Communities", "SB 1164", "S.B. No. 1164", "Senate Bill 1164", "House Bill 444",
         "Arizona ICE Act", "TRUST Act", "287 (g)", "287g", "287-g", "I.C.E.")  # fmt: skip


def _letter(char: str, form: int) -> str:
    """A character as itself, in another case, as an entity, or in a wide form."""
    wide = chr(ord(char) + 0xFEE0) if char.isalnum() else char
    forms = (char, char.upper(), char.lower(), f"&#{ord(char)};", f"&#x{ord(char):x};",
             f"&#0{ord(char)};", wide, {"(": "&lpar;", ")": "&rpar;"}.get(char, char))  # fmt: skip
    return forms[form]


@st.composite
def marked_up(draw: st.DrawFn) -> str:
    """A term with tags, entities, line breaks and invisible signs inside."""
    term = draw(st.sampled_from(TERMS))
    plain = draw(st.booleans())
    pieces = []
    for char in term:
        if char == " ":
            pieces.append(draw(BLANKS))
            continue
        pieces.append(char if plain else _letter(char, draw(st.integers(0, 7))))
        pieces.append(draw(SPLITS))
    return "".join(pieces)


@given(FILLER, marked_up(), FILLER, st.sampled_from(["utf-8", "utf-16", "utf-8-sig"]))
@settings(max_examples=500, deadline=None)
def test_no_markup_hides_a_term(before: str, term: str, after: str, charset: str) -> None:
    page = f"<html><body><p>{before} {term} {after}</p></body></html>"
    assert SCAN.relevant(page.encode(charset))


@given(marked_up())
@settings(max_examples=200, deadline=None)
def test_a_feed_that_escapes_markup_hides_nothing(term: str) -> None:
    entry = f"<item><description>{html.escape(term)}</description></item>"
    assert SCAN.relevant(entry.encode())


@given(marked_up())
@settings(max_examples=100, deadline=None)
def test_old_charsets_hide_nothing(term: str) -> None:
    page = f'<meta charset="windows-1252"><p>{term}'
    assert SCAN.relevant(page.encode("windows-1252", "xmlcharrefreplace"))


@given(FILLER)
@settings(max_examples=200, deadline=None)
def test_pages_without_a_term_are_not_read(text: str) -> None:
    page = f"<html><script>var ice='a<b'.i+ce</script><p>{text}</p></html>"
    assert not SCAN.relevant(page.replace("var ice=", "var x=").replace(".i+ce", "").encode())


@pytest.mark.parametrize(
    "body",
    [
        b"%PDF-1.7 anything",
        b"PK\x03\x04 a workbook",
        "nothing here".encode("utf-16"),
        b'<meta charset="utf-7"><p>nothing here',
        b'<?xml version="1.0" encoding="shift_jis"?><p>nothing here',
        b"\x1b$B in a stateful charset",
    ],
)
def test_what_cannot_be_judged_is_read(body: bytes) -> None:
    assert SCAN.relevant(body)


@pytest.mark.parametrize(
    "body",
    [
        b'<meta property="og:title" content="Sheriff joins 287&#40;g&#41;">',
        b'<script type="application/ld+json">{"articleBody":"sanct\\u0075ary"}</script>',
        b'<img alt="sanctuary&#32;city">',
    ],
)
def test_descriptions_and_embedded_data_count(body: bytes) -> None:
    assert SCAN.relevant(body)


@pytest.mark.parametrize(
    "unit", [b"<!--", b'<a "', b"<script", b"&#", b"<", b"='<", b"\\u0041", b"i ", b"<a '\">"]
)
def test_hostile_markup_is_scanned_in_one_pass(unit: bytes) -> None:
    SCAN.relevant(unit * (2_000_000 // len(unit)))


def test_a_watched_bill_is_known_in_its_long_form() -> None:
    assert "Senate Bill No. 1164" in bill_forms("SB 1164")
    assert bill_forms("Arizona ICE Act") == ("Arizona ICE Act",)


def test_words_inside_other_words_do_not_count_when_short() -> None:
    assert not SCAN.relevant(b"<p>police notice: office price, TWSO, icep</p>")
    assert SCAN.relevant(b"<p>(ICE)</p>")


@pytest.mark.parametrize(
    "text",
    [
        "section 287", "&sect; 287", "\u00a7287", "Sec.\n287", "8 U.S.C. 1357",
        "the \u201c287\u201d list",
        '"<b>287</b>"', "&quot;287&quot;", "287 program", "287<br>\n(g)", "287 &#40;<i>G</i>",
        "a 287 agreement", "278(g)", "288-g",
    ],
)  # fmt: skip
def test_a_number_counts_where_it_may_be_the_section_of_a_law(text: str) -> None:
    scan = TriggerScan.build(["287", "278", "288", "1357"])
    assert scan.relevant(f"<p>It is {text}, he said.</p>".encode())


@pytest.mark.parametrize(
    "text",
    [
        "287 people", "$1,287.50", "No. 287", "287 games", "x287g", "287 grams", "id=287",
        '<img width="287" src="/287/g.jpg" alt="bridge">', "<td>287</td><td>288</td>",
        "<script>f(287,g)</script>", "<style>.g287{g:287}</style>", "<!-- 287(g) -->",
        '<a href="/287(g)">', "call 555-287-1357",
    ],
)  # fmt: skip
def test_a_number_among_numbers_does_not(text: str) -> None:
    scan = TriggerScan.build(["287", "278", "288", "1357"])
    assert not scan.relevant(f"<p>It is {text}, he said.</p>".encode())


@pytest.mark.parametrize(
    "text",
    [
        "<script>i(c,e); OneTrust.active; var immigration=1</script>", "configs article",
        '<a href="/us-immigration/sanctuary">', "<!-- immigration -->", "noimmigration",
        '<div class="immigration" data-x="{&quot;ice&quot;:1}">', "<style>.sanctuary{}</style>",
    ],
)  # fmt: skip
def test_what_no_reader_sees_does_not_count(text: str) -> None:
    assert not SCAN.relevant(f"<html><p>Bridge {text} work</p></html>".encode())


def test_no_terms_no_reading() -> None:
    assert not TriggerScan.build(()).relevant(b"<p>anything</p>")


_PIECES = st.sampled_from(
    [*"287icegsanctuary", *"<>&;/'\"!-= \n\\", "<b>", "</b>", "<!--", "-->", "<script>",
     "</script>", "<style>", "</style>", "&shy;", "&nbsp", "&#40;", "&#x69;", "&amp;", "é", "Ç",
     "º", "½", "ﬁ",
     "\u200b", "\u2014", "𝐢", "😀", "\\u0069", "ice", "287", "sanc", "tuary", "immi", "gration",
     "<meta ", "<img alt=", '<a t="', "<![CDATA[", "&lt;", "&#60;", "\\n", "section ", "§",
     "&quot;",
     "“287”", "program", "s.b. ", "1164", "<s>", "&eacute;", "&amp;#105;", "移", "ſ", "™"]
)  # fmt: skip


@settings(max_examples=1500)
@given(st.lists(_PIECES, max_size=24).map("".join))
def test_the_first_look_excludes_nothing_that_a_close_look_finds(text: str) -> None:
    raw = text.encode()
    assert SCAN.relevant(raw) or not (raw and SCAN.close_look(raw))
