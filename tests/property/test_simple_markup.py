"""Simple markup is read without a tree exactly as the tree would be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.extract.simple_markup import simple_text
from monitor.extract.text import block_text, clean, tree

TAGS = ["p", "div", "ul", "ol", "li", "b", "a", "span", "em", "i", "h2", "blockquote", "section"]
PIECES = [
    *(f"<{tag}>" for tag in TAGS),
    *(f"</{tag}>" for tag in TAGS),
    "<br>",
    "<br />",
    "<hr/>",
    '<img src="/a.png" alt="287(g)">',
    "<a href='/m'>",
    '<p class="lead" id="x">',
    "&amp;",
    "&amp;lt;",
    "&lt;b&gt;",
    "&nbsp;",
    "&rsquo;",
    "&#8217;",
    "&#39;",
    "&#146;",
    "&copy;",
    "<td>",
    "<script>",
    "<!-- x -->",
    " ",
    "\n",
    "\t\n ",
    "word",
    "Sheriff signs.",
    "ß“”",
    "\u2028",
    "\x0b",
    "a@b.example",
    "<",
    ">",
    "&",
]


def by_tree(markup: str) -> str:
    return block_text(tree(f"<div>{markup}</div>", what="entry"))


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_any_pieces(markup: str) -> None:
    simple = simple_text(markup)
    if simple is not None:
        assert clean(simple) == by_tree(markup)


def nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(inner, max_size=4).map("".join)
    return st.tuples(st.sampled_from(TAGS), several).map(lambda t: f"<{t[0]}>{t[1]}</{t[0]}>")


@given(st.lists(st.recursive(st.sampled_from([*PIECES[26:40], "x "]), nested), max_size=5))
def test_what_nests(pieces: list[str]) -> None:
    markup = "".join(pieces)
    simple = simple_text(markup)
    if simple is not None:
        assert clean(simple) == by_tree(markup)


@pytest.mark.parametrize(
    "markup",
    [
        "<p>The council met.</p><p>It <b>voted</b> &amp; left.</p>",
        '<div class="x"><ul><li>one</li><li><a href="/m">two</a></li></ul>tail</div>',
        "plain words<br>and &#8220;quoted&#8221; ones",
    ],
)
def test_what_feeds_carry_is_simple(markup: str) -> None:
    simple = simple_text(markup)
    assert simple is not None and clean(simple) == by_tree(markup)


@pytest.mark.parametrize(
    "markup",
    ["<p>a<p>b", "<b><i>x</b></i>", "<p><div>x</div></p>", "<table><td>x", "<a><a>x</a></a>", "x<"],
)
def test_what_needs_a_parser_is_left_to_it(markup: str) -> None:
    assert simple_text(markup) is None
