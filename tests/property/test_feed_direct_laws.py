"""What is read straight from a feed's tree is what feedparser reads."""

from __future__ import annotations

import warnings
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.extract import feed as feed_module
from monitor.extract.feed import Entry
from monitor.extract.feed_direct import plain_rss
from monitor.extract.text import plain

URL = "http://127.0.0.1:8097/feed"
NAMESPACES = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom" '
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns:wfw="http://wellformedweb.org/CommentAPI/" '
    'xmlns:slash="http://purl.org/rss/1.0/modules/slash/"'
)

WORDS = st.lists(
    st.sampled_from([
        "Sheriff", "signs", "287(g)", "<b>bold</b>", "<p>a & b</p>", "&amp;", "&nbsp;", "&lt;i&gt;",
        "caf\u00e9", "caf\u00c3\u00a9", "\u0093quoted\u0094", "\u2019s", " ", "\n", "\t", "a@b.org",
        "http://x.example/?a=1&b=2", "]]", "\u00a0", "x",
    ]),
    max_size=5,
).map(" ".join)  # fmt: skip
LINKS = st.sampled_from([
    "http://x.example/1", "https://x.example/?a=1&b=2", " https://x.example/2 ", "/relative", "",
    "http:///x.example/3", "tag:x.example,2026:4", "12345", "https://x.example/&copy;", "HTTP://X.example",
    "mailto:a@b.org", "https://x.example/a b",
])  # fmt: skip
DATES = st.sampled_from(["Mon, 05 Jan 2026 10:00:00 GMT", "2026-01-05T10:00:00Z", "soon", ""])
PLAIN = ("title", "description", "content:encoded", "dc:creator", "author", "comments", "category")
OTHER = (
    "media:title",
    "media:credit",
    "atom:link",
    "dc:date",
    "slash:comments",
    "Title",
    "summary",
)


@st.composite
def written(draw: st.DrawFn, text: str) -> str:
    """The text as character data in one of the usual ways."""
    if draw(st.booleans()) and "]]" not in text:
        return f"<![CDATA[{text}]]>"
    return escape(text)


@st.composite
def elements(draw: st.DrawFn) -> str:
    """One element of an item."""
    name = draw(
        st.sampled_from([*PLAIN * 4, *OTHER, "link", "link", "guid", "guid", "pubDate", "odd"])
    )
    if name == "odd":
        return draw(
            st.sampled_from([
                '<enclosure url="http://x.example/a.mp3" type="audio/mpeg" length="1"/>',
                "<!-- a comment -->", "<?pi x?>", "<title>a<!-- b -->c</title>",
                "<description>one <b>two</b></description>", '<title type="html">t</title>',
                '<media:thumbnail url="http://x.example/a.jpg"/>', "<source url='u'>Paper</source>",
                '<media:content url="u"><media:title>T</media:title></media:content>',
                '<link xml:base="http://other.example/">x</link>', "loose text",
            ])
        )  # fmt: skip
    if name == "link":
        return f"<link>{draw(written(draw(LINKS)))}</link>"
    if name == "guid":
        mark = draw(
            st.sampled_from(
                ["", ' isPermaLink="false"', ' isPermaLink="true"', ' ispermalink="TRUE"']
            )
        )
        return f"<guid{mark}>{draw(written(draw(LINKS)))}</guid>"
    if name == "pubDate":
        return f"<pubDate>{draw(DATES)}</pubDate>"
    return f"<{name}>{draw(written(draw(WORDS)))}</{name}>"


@st.composite
def feeds(draw: st.DrawFn) -> str:
    """An RSS feed, mostly plain."""
    head = draw(st.lists(st.sampled_from([
        "<title>Paper</title>", "<title>P &amp;amp; Q</title>", "<language>en_US</language>",
        "<link>http://x.example/</link>", "<image><title>I</title><url>u</url></image>",
        "<atom:link href='http://x.example/f' rel='self'/>", "<dc:language>es</dc:language>",
        "<description>all the news</description>",
    ]), max_size=4))  # fmt: skip
    items = draw(st.lists(st.lists(elements(), max_size=6).map("".join), min_size=1, max_size=3))
    version = draw(st.sampled_from(["2.0", "2.0", "2.0.1", "0.91"]))
    entries = "".join(f"<item>{item}</item>" for item in items)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="{version}" {NAMESPACES}><channel>'
        f"{''.join(head)}{entries}</channel></rss>"
    )


def read(entries: tuple[object, ...], language: str) -> list[Entry]:
    return [
        feed_module._entry(e, raw_hash="", url=URL, language=language)  # type: ignore[arg-type]
        for e in entries
    ]


@given(text=feeds())
def test_generated_feeds_give_the_same_entries(text: str) -> None:
    body = text.encode()
    direct = plain_rss(body, None)
    if direct is None:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parsed = feed_module._parsed(body, URL, None, "application/rss+xml")
    assert parsed.format == "rss20"
    assert plain(direct.title) == parsed.title
    assert direct.language == parsed.language
    assert read(direct.entries, direct.language) == read(parsed.entries, parsed.language)


@pytest.mark.parametrize(
    "item",
    [
        "<title>a</title><title>b</title>",
        "<title type='html'>a</title>",
        "<description>a <b>c</b></description>",
        "<link>/relative</link>",
        "<itunes:author xmlns:itunes='http://www.itunes.com/DTDs/PodCast-1.0.dtd'>a</itunes:author>",
        "<title>caf\u00c3\u00a9</title>",
        "<title>\u0093a\u0094</title>",
        "<dc:date>2026-01-05</dc:date>",
        "<unknown>a</unknown>",
    ],
)
def test_doubts_are_left_to_feedparser(item: str) -> None:
    whole = f'<rss version="2.0" {NAMESPACES}><channel><item>{item}</item></channel></rss>'
    assert plain_rss(whole.encode(), None) is None


def test_a_usual_feed_is_plain() -> None:
    item = (
        "<title>Sheriff signs</title><link>https://x.example/1</link><comments>https://x.example/c"
        "</comments><dc:creator><![CDATA[A. Writer]]></dc:creator><pubDate>Mon, 5 Jan 2026 10:00:00"
        " GMT</pubDate><category>News</category><guid isPermaLink='false'>g1</guid><description>"
        "<![CDATA[<p>short</p>]]></description><content:encoded><![CDATA[<p>long caf\u00e9</p>]]>"
        "</content:encoded><slash:comments>0</slash:comments>"
    )
    feed = (
        f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0" {NAMESPACES}><channel>'
        f"<title>T</title><language>en-US</language><item>{item}</item></channel></rss>"
    )
    found = plain_rss(feed.encode(), "utf-8")
    assert found is not None
    assert found.entries[0]["content"] == [{"value": "<p>long caf\u00e9</p>"}]
    assert plain_rss(feed.encode(), "iso-8859-1") is None
    assert plain_rss(feed.encode("utf-16"), None) is None
