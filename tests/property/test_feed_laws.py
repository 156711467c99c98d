"""Feeds: parsing only what is new gives what parsing everything gives; nothing crashes."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.errors import ExtractError
from monitor.domain.ident import SourceId
from monitor.domain.item import Reading
from monitor.domain.snapshot import Request, Snapshot
from monitor.domain.source import Source
from monitor.extract import feed as feed_module
from monitor.extract.feed import Entry, read_feed
from monitor.extract.feed_split import entry_hash, split
from monitor.kinds import ReadContext
from monitor.sources.feed import FeedOptions, read
from tests.wildfeeds import DEFECTS, WildFeed, wild_feeds

URL = "https://news.example.org/feed/"
NAMES = [f.name for f in fields(Entry) if f.name != "raw_hash"]
TEXTS = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=40)
PIECES = st.one_of(
    TEXTS.map(lambda t: t.replace("&", "&amp;").replace("<", "&lt;")),
    st.sampled_from(
        [
            "<![CDATA[</item></entry><item>]]>",
            "<!-- <item> </entry> -->",
            "&amp;lt;item&amp;gt;",
            "<b>bold</b>",
            "é&#8217;ü",
            "<![CDATA[<!DOCTYPE html>]]>",
        ]
    ),
)
WILD = wild_feeds(240)


def element(name: str, pieces: list[str]) -> str:
    return f"<{name}>{''.join(pieces)}</{name}>"


@st.composite
def entry_texts(draw: st.DrawFn, kind: str) -> str:
    number = draw(st.integers(0, 9999))
    texts = st.lists(PIECES, max_size=3)
    body = element("title", draw(texts)) + element(
        "summary" if kind == "entry" else "description", draw(texts)
    )
    if draw(st.booleans()):
        link = f"https://news.example.org/{number}"
        body += f'<link href="{link}"/>' if kind == "entry" else f"<link>{link}</link>"
    if draw(st.booleans()):
        body += element("id" if kind == "entry" else "guid", [f"g{number}"])
    return f"<{kind}>{body}</{kind}>"


@st.composite
def feeds(draw: st.DrawFn) -> bytes:
    kind = draw(st.sampled_from(["item", "entry"]))
    entries = draw(st.lists(entry_texts(kind), min_size=1, max_size=6))
    gap = draw(st.sampled_from(["", "\n", " <!-- ad --> "]))
    if kind == "entry":
        whole = (
            f'<feed xmlns="http://www.w3.org/2005/Atom"><title>N</title>{gap.join(entries)}</feed>'
        )
    else:
        whole = f'<rss version="2.0"><channel><title>N</title>{gap.join(entries)}</channel></rss>'
    return f'<?xml version="1.0" encoding="utf-8"?>{whole}'.encode()


def values(entries: tuple[Entry, ...]) -> list[tuple[object, ...]]:
    return [tuple(getattr(entry, name) for name in NAMES) for entry in entries]


@settings(max_examples=150, deadline=None)
@given(feeds(), st.sets(st.integers(0, 5)))
def test_delta_equals_whole(body: bytes, seen: set[int]) -> None:
    parts = split(body)
    assert parts is not None
    raw = list(dict.fromkeys(parts.entries))
    known = frozenset(entry_hash(e) for n, e in enumerate(raw) if n in seen)
    delta = read_feed(body, url=URL, known=known)
    whole = feed_module._whole(body, URL, None, "", frozenset())
    wanted = {entry_hash(e): v for e, v in zip(parts.entries, values(whole.entries), strict=True)}
    got = dict(zip([e.raw_hash for e in delta.entries], values(delta.entries), strict=True))
    assert got == {h: v for h, v in wanted.items() if h not in known}


@settings(max_examples=60, deadline=None)
@given(feeds(), feeds())
def test_reading_twice_finds_nothing_new(first: bytes, second: bytes) -> None:
    once = reading(second, reading(first, "").cursor)
    again = reading(second, once.cursor)
    assert again.items == () and again.next_requests == ()


def reading(body: bytes, cursor: str) -> Reading:
    source = Source(
        id=SourceId("wild"),
        kind="feed",
        name="Wild",
        options=FeedOptions.model_validate({"url": URL, "follow": "never"}),
    )
    snapshot = Snapshot(
        source_id=source.id,
        request=Request(url=URL),
        final_url=URL,
        status=200,
        headers=(),
        body=body,
        captured_at=datetime(2025, 6, 5, tzinfo=UTC),
    )
    assert isinstance(source.options, FeedOptions)
    context = ReadContext(
        source=source, options=source.options, cursor=cursor, relevant=lambda _: True
    )
    return read(snapshot, context)


def test_there_are_enough_defects() -> None:
    assert len(WILD) >= 200 and len({d for w in WILD for d in w.defects}) == len(DEFECTS)


@pytest.mark.parametrize("wild", WILD, ids=lambda w: f"{w.form}: {' + '.join(w.defects)}")
def test_defective_feeds_give_items_or_a_named_outcome(wild: WildFeed) -> None:
    try:
        got = reading(wild.body, "")
    except ExtractError as error:
        assert URL in str(error) and len(str(error)) < 1000
        return
    assert got.items or got.problems
    again = reading(wild.body, got.cursor)
    assert again.items == (), "the second look at the same bytes must find nothing new"
    for item in got.items:
        assert not item.url.startswith("javascript:")
        assert "<script" not in item.title


@settings(max_examples=120, deadline=None)
@given(
    st.one_of(st.binary(max_size=400), st.text(alphabet="<>/!-[]item&;:=\"' \n").map(str.encode))
)
def test_bytes_of_any_kind_never_crash_the_feed_reader(body: bytes) -> None:
    for start in (b"", b"<rss><channel><item>", b'{"version":"https://jsonfeed.org/","items":['):
        try:
            read_feed(start + body, url=URL)
        except ExtractError as error:
            assert str(error)
