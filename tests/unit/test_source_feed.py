"""The feed kind: identity, edits, follow-ups, refusals."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.domain.errors import ExtractError
from monitor.domain.ident import SourceId
from monitor.domain.item import Reading
from monitor.domain.snapshot import Expectation, Request, Snapshot
from monitor.domain.source import Source
from monitor.kinds import ReadContext
from monitor.sources.feed import KIND, FeedOptions, first, read

NOW = datetime(2025, 6, 5, 12, tzinfo=UTC)
URL = "https://news.example.org/feed/"
LONG = "The sheriff signed a 287(g) agreement with ICE on Tuesday, the county said. " * 30
PAGE = f"<html><title>Sheriff signs</title><body><article><p>{LONG}</p></article></body></html>"


def source(**options: object) -> Source:
    return Source(
        id=SourceId("example"),
        kind="feed",
        name="Example",
        options=FeedOptions.model_validate({"url": URL, **options}),
    )


def entry(guid: str = "g1", link: str = "https://news.example.org/a", **parts: str) -> str:
    title = parts.get("title", "County signs 287(g) agreement")
    body = parts.get("content", LONG)
    guid_element = f"<guid isPermaLink='false'>{guid}</guid>" if guid else ""
    link_element = f"<link>{link}</link>" if link else ""
    return (
        f"<item><title>{title}</title>{link_element}{guid_element}"
        f"<pubDate>Thu, 05 Jun 2025 09:00:00 -0400</pubDate>"
        f"<description>short</description>"
        f"<content:encoded><![CDATA[<p>{body}</p>]]></content:encoded>"
        f"{parts.get('extra', '')}</item>"
    )


def rss(*entries: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
        f"<title>News</title><language>en-US</language>{''.join(entries)}</channel></rss>"
    ).encode()


def snapshot(body: bytes, request: Request | None = None, **changes: object) -> Snapshot:
    asked = request or Request(url=URL)
    base = Snapshot(
        source_id=SourceId("example"),
        request=asked,
        final_url=asked.url,
        status=200,
        headers=(),
        body=body,
        captured_at=NOW,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def reading(body: bytes, cursor: str = "", src: Source | None = None, **changes: object) -> Reading:
    return read(snapshot(body, **changes), context(cursor, src))  # type: ignore[arg-type]


def context(
    cursor: str = "", src: Source | None = None, trigger: bytes = b""
) -> ReadContext[FeedOptions]:
    chosen = src or source()
    assert isinstance(chosen.options, FeedOptions)
    return ReadContext(
        source=chosen,
        options=chosen.options,
        cursor=cursor,
        relevant=lambda raw: trigger in raw,
    )


def test_full_entry_becomes_an_item_with_date_and_text() -> None:
    got = reading(rss(entry()))
    (item,) = got.items
    assert item.key == "g1"
    assert item.title == "County signs 287(g) agreement"
    assert item.text.startswith("The sheriff signed a 287(g) agreement")
    assert item.published_at == datetime(2025, 6, 5, 13, tzinfo=UTC)
    assert item.language == "en-US"
    assert got.next_requests == ()


def test_unchanged_feed_gives_nothing_and_the_same_cursor() -> None:
    once = reading(rss(entry()))
    again = reading(rss(entry()), once.cursor)
    assert again.items == () and again.cursor == once.cursor


def test_edit_is_the_same_item_with_another_digest() -> None:
    once = reading(rss(entry()))
    edited = reading(rss(entry(content=LONG + "Correction: it was Monday.")), once.cursor)
    assert [i.id for i in edited.items] == [i.id for i in once.items]
    assert edited.items[0].digest != once.items[0].digest


def test_comment_counters_are_no_edit() -> None:
    once = reading(rss(entry(extra="<comments>1</comments>")))
    assert reading(rss(entry(extra="<comments>2</comments>")), once.cursor).items == ()


def test_flipping_guid_keeps_the_item() -> None:
    once = reading(rss(entry(guid="https://x/?p=1&r=17")))
    flipped = reading(rss(entry(guid="https://x/?p=1&r=18", title="New title")), once.cursor)
    assert [i.key for i in flipped.items] == [once.items[0].key]
    third = reading(rss(entry(guid="zzz", title="Third")), flipped.cursor)
    assert [i.key for i in third.items] == [once.items[0].key]


def test_constant_guid_falls_back_to_links() -> None:
    links = [f"https://news.example.org/{n}" for n in range(3)]
    got = reading(rss(*(entry(guid="news", link=link, title=link) for link in links)))
    assert len({i.key for i in got.items}) == 3
    later = reading(
        rss(entry(guid="news", link="https://news.example.org/9", title="other")), got.cursor
    )
    assert later.items[0].key not in {i.key for i in got.items}


def test_shared_link_is_no_identity() -> None:
    got = reading(
        rss(*(entry(guid=f"g{n}", link="https://news.example.org/", title=str(n)) for n in "ab"))
    )
    assert {i.key for i in got.items} == {"ga", "gb"}


def test_neither_guid_nor_link_uses_content() -> None:
    got = reading(rss(entry(guid="", link="", title="one"), entry(guid="", link="", title="two")))
    assert len({i.key for i in got.items}) == 2
    assert reading(rss(entry(guid="", link="", title="two")), got.cursor).items == ()


def test_summary_is_followed_and_the_article_becomes_the_item() -> None:
    got = reading(rss(entry(content="short")))
    assert got.items == ()
    (request,) = got.next_requests
    assert request.purpose == "article" and request.url == "https://news.example.org/a"
    article = read(snapshot(PAGE.encode(), request), context(got.cursor))
    (item,) = article.items
    assert item.key == "g1" and item.text.startswith("The sheriff signed")
    assert item.title == "County signs 287(g) agreement"
    assert item.published_at == datetime(2025, 6, 5, 13, tzinfo=UTC)
    assert first(source(), context().options, article.cursor, NOW)[1:] == ()


def test_article_that_never_came_is_asked_for_again_then_told_from_the_summary() -> None:
    got = reading(rss(entry(content="short")))
    options = context().options
    again = first(source(), options, got.cursor, NOW + timedelta(hours=3))
    assert [r.purpose for r in again] == ["main", "article"]
    late = NOW + timedelta(days=3)
    assert len(first(source(), options, got.cursor, late)) == 1
    given_up = reading(rss(entry(content="short")), got.cursor, captured_at=late)
    assert [i.text for i in given_up.items] == ["short"]
    assert given_up.problems[0].startswith("article_not_had")
    after = reading(rss(entry(content="short")), given_up.cursor, captured_at=late)
    assert after.items == ()


def test_more_entries_than_the_budget_wait_in_the_cursor() -> None:
    entries = [
        entry(guid=str(n), link=f"https://news.example.org/{n}", content="s") for n in range(9)
    ]
    src = source(max_follow=4)
    got = reading(rss(*entries), src=src)
    assert len(got.next_requests) == 4
    cursor = got.cursor
    for request in got.next_requests:
        cursor = read(snapshot(PAGE.encode(), request), context(cursor, src)).cursor
    options = context(src=src).options
    assert len(first(src, options, cursor, NOW)) == 5
    assert len({r.url for r in first(src, options, cursor, NOW)[1:]}) == 4


def test_irrelevant_article_is_counted_and_not_followed_again() -> None:
    got = reading(rss(entry(content="short", title="School board meets")))
    page = b"<html><body><p>" + b"The school board met. " * 50 + b"</p></body></html>"
    article = read(snapshot(page, got.next_requests[0]), context(got.cursor, trigger=b"287"))
    assert article.items == () and article.skipped == 1
    assert (
        reading(rss(entry(content="short", title="School board meets")), article.cursor).items == ()
    )
    assert len(first(source(), context().options, article.cursor, NOW)) == 1


def test_trigger_in_the_title_is_always_relevant() -> None:
    got = reading(rss(entry(content="short", title="287(g) vote")))
    page = b"<html><body><p>" + b"The board met. " * 50 + b"</p></body></html>"
    assert read(snapshot(page, got.next_requests[0]), context(got.cursor, trigger=b"287")).items


def test_unreadable_article_is_told_from_the_summary() -> None:
    got = reading(rss(entry(content="short")))
    bad = read(snapshot(b"\x00\x01" * 400, got.next_requests[0]), context(got.cursor))
    assert bad.items[0].text == "short" and bad.problems[0].startswith("unreadable_article")


def test_article_that_redirects_to_the_front_page_is_not_read() -> None:
    got = reading(rss(entry(content="short")))
    lost = snapshot(PAGE.encode(), got.next_requests[0], final_url="https://news.example.org/")
    away = read(lost, context(got.cursor))
    assert away.items[0].text == "short" and away.problems[0].startswith("redirected_to_front")


def test_relative_links_and_xml_base() -> None:
    atom = b"""<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"
      xml:base="https://city.example.gov/news/"><title>City</title><entry><id>tag:1</id>
      <title>Vote</title><link href="2025/vote?utm_source=rss"/>
      <updated>2025-06-04T10:00:00Z</updated><summary>s</summary></entry></feed>"""
    got = reading(atom)
    assert got.next_requests[0].url == "https://city.example.gov/news/2025/vote"


def test_json_feed() -> None:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "J",
        "items": [
            {
                "id": 7,
                "url": "/x",
                "title": "T",
                "content_html": f"<p>{LONG}</p>",
                "date_published": "2025-06-05T09:00:00-04:00",
            }
        ],
    }
    (item,) = reading(json.dumps(feed).encode()).items
    assert item.key == "7" and item.url == "https://news.example.org/x"
    assert item.published_at == datetime(2025, 6, 5, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty answer"),
        (b"<!DOCTYPE html><html><body>Not found</body></html>", "HTML page"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><rss version="2.0"><channel/></rss>', "refused"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><rss><channel/></rss>'.encode("utf-16"), "refused"),
        (b'{"items": [', "broken JSON"),
        (b'{"items": []}', "no JSON Feed"),
        (b"just words", "neither RSS"),
        (b"/etc/passwd", "neither RSS"),
    ],
)
def test_what_is_no_feed_is_named(body: bytes, words: str) -> None:
    with pytest.raises(ExtractError, match=words):
        reading(body)


def test_doctype_inside_cdata_is_text() -> None:
    got = reading(rss(entry(content=LONG + "&lt;!DOCTYPE html>")))
    assert len(got.items) == 1
    quoted = rss(entry()).replace(b"<![CDATA[", b"<![CDATA[<!DOCTYPE html><!ENTITY x>")
    assert len(reading(quoted).items) == 1


def test_too_few_entries_are_rejected_and_move_nothing() -> None:
    src = replace(source(), expect=Expectation(min_items=2))
    once = reading(rss(entry(), entry(guid="2", link="https://x.org/2")), src=src)
    short = reading(rss(entry()), once.cursor, src=src)
    assert short.rejected and short.cursor == once.cursor and short.items == ()


def test_empty_feed_is_a_problem_not_an_error() -> None:
    assert reading(rss()).problems[0].startswith("no_entries")


def test_damaged_cursor_is_named() -> None:
    with pytest.raises(ExtractError, match="cursor"):
        reading(rss(entry()), "{nonsense")


def test_mailboxes_are_masked() -> None:
    got = reading(rss(entry(content=LONG + "Contact jane.doe@sheriff.example.gov for more.")))
    assert "jane.doe" not in got.items[0].text and "[mailbox]" in got.items[0].text


def test_kind_record_is_complete() -> None:
    assert KIND.name == "feed" and KIND.example and KIND.options is FeedOptions


def test_an_edit_that_takes_the_trigger_out_is_still_a_revision() -> None:
    once = read(snapshot(rss(entry())), context(trigger=b"287(g)"))
    assert once.items
    edited = entry(content="The earlier report was wrong and is withdrawn. " * 60, title="Note")
    later = read(snapshot(rss(edited)), context(once.cursor, trigger=b"287(g)"))
    assert [i.id for i in later.items] == [once.items[0].id] and later.skipped == 0


def test_an_article_edit_that_takes_the_trigger_out_is_still_a_revision() -> None:
    got = reading(rss(entry(content="short")))
    one = read(snapshot(PAGE.encode(), got.next_requests[0]), context(got.cursor))
    withdrawn = b"<html><body><p>" + b"This report was withdrawn. " * 30 + b"</p></body></html>"
    two = read(snapshot(withdrawn, got.next_requests[0]), context(one.cursor, trigger=b"zzz"))
    assert [i.id for i in two.items] == [one.items[0].id]


def test_full_texts_without_trigger_are_passed_over_unparsed() -> None:
    other = entry(
        guid="g2", link="https://news.example.org/b", title="Fair", content="Fair. " * 900
    )
    got = read(snapshot(rss(other, entry())), context(trigger=b"287(g)"))
    assert [i.key for i in got.items] == ["g1"] and got.skipped == 1
    again = read(snapshot(rss(other, entry())), context(got.cursor, trigger=b"287(g)"))
    assert again.items == () and again.skipped == 0


@pytest.mark.parametrize("padding", ["<img srcset='" + "a" * 4000 + "'>", "&nbsp; " * 700])
@pytest.mark.parametrize("escaped", [False, True])
def test_teasers_bloated_by_markup_are_still_followed(padding: str, escaped: bool) -> None:
    body = f"Read the story. {padding}"
    teaser = entry(content=body, title="School board")
    if escaped:
        teaser = teaser.replace("<![CDATA[", "").replace("]]>", "")
        teaser = teaser.replace(f"<p>{body}</p>", f"<p>{body}</p>".replace("<", "&lt;"))
        teaser = (
            teaser.replace("'>", "'&gt;").replace("/p>", "/p&gt;").replace("&nbsp;", "&amp;nbsp;")
        )
        teaser = teaser.replace("'false'&gt;", "'false'>")
    got = read(snapshot(rss(teaser)), context(trigger=b"287(g)"))
    assert len(got.next_requests) == 1


def page_of_entries(*numbers: int) -> bytes:
    links = {n: f"https://news.example.org/{n}" for n in numbers}
    return rss(*(entry(guid=f"g{n}", link=link, title=str(n)) for n, link in links.items()))


def test_after_a_downtime_older_pages_are_read_until_something_is_known() -> None:
    src = source(pages=3)
    once = reading(page_of_entries(1, 2), src=src)
    assert once.next_requests == () and once.problems == ()
    later = reading(page_of_entries(7, 8), once.cursor, src=src)
    assert [r.url for r in later.next_requests] == [f"{URL}?paged=2"]
    request = later.next_requests[0]
    older = read(snapshot(page_of_entries(2, 3), request), context(later.cursor, src))
    assert [i.key for i in older.items] == ["g3"] and older.next_requests == ()
    assert reading(page_of_entries(7, 8), older.cursor, src=src).problems == ()


def test_a_gap_is_told() -> None:
    once = reading(page_of_entries(1, 2))
    assert reading(page_of_entries(2, 3), once.cursor).problems == ()
    assert reading(page_of_entries(8, 9), once.cursor).problems[0].startswith("gap: ")


def fair(*numbers: int, vote: int) -> bytes:
    return rss(
        *(
            entry(
                guid=f"g{n}",
                link=f"https://news.example.org/{n}",
                content="s",
                title="287(g) vote" if n == vote else "Fair",
            )
            for n in numbers
        )
    )


def test_a_first_import_follows_the_newest_and_tells_the_rest_from_summaries() -> None:
    got = read(snapshot(fair(*range(250), vote=240)), context(trigger=b"287(g)"))
    assert len(got.next_requests) == 20
    assert [i.key for i in got.items] == ["g240"] and got.skipped == 250 - 60 - 1
    assert len(first(source(), context().options, got.cursor, NOW)) == 1 + 20


def test_more_announcements_than_the_cursor_holds_are_told_from_their_summaries() -> None:
    once = read(snapshot(fair(1, vote=0)), context(trigger=b"287(g)"))
    body = fair(*range(1, 300), vote=290)
    got = read(snapshot(body), context(once.cursor, trigger=b"287(g)"))
    assert [i.key for i in got.items] == ["g290"] and got.skipped == 299 - 200 - 1


def test_entries_without_a_trigger_are_kept_where_all_are_asked_for() -> None:
    body = rss(entry(content="The council bought a snow plough. " * 60))
    for keep, kept in (("relevant", 0), ("all", 1)):
        src = source(follow="never", keep=keep)
        found = read(snapshot(body), context("", src, trigger=b"287(g) agreement with"))
        assert len(found.items) == kept, keep
        assert found.skipped == 1 - kept
        again = read(snapshot(body), context(found.cursor, src, trigger=b"287(g) agreement with"))
        assert not again.items
    assert found.items[0].text.startswith("The council bought")
