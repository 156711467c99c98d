"""The listing kind: new articles, paging, second looks, take-downs, pages led astray."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from monitor.domain.ident import SourceId
from monitor.domain.item import Reading
from monitor.domain.snapshot import Expectation, Request, Snapshot
from monitor.domain.source import Source
from monitor.kinds import ReadContext
from monitor.sources.listing import ListingOptions, first, read

NOW = datetime(2025, 6, 5, 12, tzinfo=UTC)
URL = "https://sheriff.example.gov/news"
TEXT = "<p>" + "The sheriff ended the 287(g) agreement with ICE, effective today. " * 8 + "</p>"
ARTICLE = f"<html><title>Sheriff</title><body><article>{TEXT}</article></body></html>".encode()
MENU = "<nav><a href='/news/about'>About</a></nav>"


def source(**options: object) -> Source:
    given = {"url": URL, "rows": ".row", "date": "time", "href": "/news/", **options}
    return Source(
        id=SourceId("sheriff"),
        kind="listing",
        name="Sheriff",
        options=ListingOptions.model_validate(given),
    )


def index(*slugs: str) -> bytes:
    rows = "".join(
        f"<div class='row'><a href='/news/{s}?utm_source=x'><img></a><a href='/news/{s}'>About {s}"
        f"</a><time datetime='2025-06-0{n % 9 + 1}'></time></div>"
        for n, s in enumerate(slugs)
    )
    return f"<html><body>{MENU}{rows}</body></html>".encode()


def reading(
    body: bytes,
    cursor: str = "",
    request: Request | None = None,
    src: Source | None = None,
    final_url: str = "",
    trigger: bytes = b"",
    status: int = 200,
) -> Reading:
    chosen = src or source()
    assert isinstance(chosen.options, ListingOptions)
    asked = request or first(chosen, chosen.options, cursor, NOW)[0]
    snapshot = Snapshot(
        source_id=chosen.id,
        request=asked,
        final_url=final_url or asked.url,
        status=status,
        headers=(),
        body=body,
        captured_at=NOW,
    )
    context = ReadContext(
        source=chosen, options=chosen.options, cursor=cursor, relevant=lambda raw: trigger in raw
    )
    return read(snapshot, context)


def test_new_articles_are_followed_and_read() -> None:
    got = reading(index("a", "b"))
    assert [r.url for r in got.next_requests] == [f"{URL}/a", f"{URL}/b"]
    article = reading(ARTICLE, got.cursor, got.next_requests[0])
    (item,) = article.items
    assert item.key == "sheriff.example.gov/news/a"
    assert item.published is not None and item.published.day.isoformat() == "2025-06-01"
    assert "287(g)" in item.text
    assert reading(index("a", "b"), article.cursor).next_requests == ()


def test_only_new_links_are_followed() -> None:
    once = reading(index("a", "b"))
    later = reading(index("c", "a", "b"), once.cursor)
    assert [r.url for r in later.next_requests] == [f"{URL}/c"]


def test_second_looks_come_once_in_their_interval() -> None:
    cursor = reading(index("a", "b", "c")).cursor
    for request in reading(index("a", "b", "c")).next_requests:
        cursor = reading(ARTICLE, cursor, request).cursor
    src = source(recheck=2, recheck_every=24)
    assert isinstance(src.options, ListingOptions)
    asked = [
        request.url
        for hour in range(48)
        for request in first(src, src.options, cursor, NOW + timedelta(hours=hour))
        if request.purpose == "article" and request.again
    ]
    assert sorted(asked) == [f"{URL}/a"] * 2 + [f"{URL}/b"] * 2


def test_silent_edit_is_the_same_item() -> None:
    got = reading(index("a"))
    one = reading(ARTICLE, got.cursor, got.next_requests[0])
    two = reading(ARTICLE.replace(b"today", b"in July"), one.cursor, got.next_requests[0])
    assert one.items[0].id == two.items[0].id and one.items[0].digest != two.items[0].digest


def asked_again(got: Reading) -> list[str]:
    return [r.url for r in got.next_requests if r.again and r.tells_gone]


def test_an_article_missing_three_times_between_others_is_looked_for_at_its_own_address() -> None:
    cursor = reading(index("a", "b", "c")).cursor
    asked = []
    for _ in range(7):
        got = reading(index("a", "c"), cursor)
        cursor = got.cursor
        asked.append(asked_again(got))
        assert got.gone == ()
    assert asked == [[], [], [f"{URL}/b"], [], [], [f"{URL}/b"], []]
    assert asked_again(reading(index("a", "b", "c"), cursor)) == [f"{URL}/b"]


@pytest.mark.parametrize(
    ("status", "unlisted", "looks"), [(404, 0, 3), (410, 0, 2), (404, 3, 1), (410, 3, 1)]
)
def test_what_is_not_at_its_own_address_is_gone_and_once(
    status: int, unlisted: int, looks: int
) -> None:
    first_seen = reading(index("a", "b", "c"))
    cursor = reading(ARTICLE, first_seen.cursor, first_seen.next_requests[1]).cursor
    for _ in range(unlisted):
        cursor = reading(index("a", "c"), cursor).cursor
    look = replace(first_seen.next_requests[1], again=True, tells_gone=True)
    gone = []
    for _ in range(5):
        got = reading(b"not found", cursor, look, status=status)
        cursor = got.cursor or cursor
        gone.append(got.gone)
        assert got.items == ()
    expected = [()] * (looks - 1) + [("sheriff.example.gov/news/b",)]
    assert gone == expected + [()] * (5 - looks)
    back = reading(ARTICLE, cursor, look)
    assert len(back.items) == 1, "what comes back is read"
    if not unlisted:
        assert reading(b"not found", back.cursor, look, status=404).gone == ()


def test_a_page_that_leads_to_the_front_counts_like_one_that_is_not_there() -> None:
    got = reading(index("a", "b", "c"))
    cursor = reading(ARTICLE, got.cursor, got.next_requests[1]).cursor
    look = replace(got.next_requests[1], again=True, tells_gone=True)
    seen = []
    for _ in range(3):
        away = reading(ARTICLE, cursor, look, final_url="https://sheriff.example.gov/")
        cursor = away.cursor
        seen.append(away.gone)
    assert seen == [(), (), ("sheriff.example.gov/news/b",)]


def test_a_window_that_moves_on_takes_nothing_down() -> None:
    cursor = reading(index("a", "b", "c")).cursor
    for slugs in (("d", "a", "b"), ("e", "d", "a"), ("f", "e", "d"), ("f", "e", "d")):
        got = reading(index(*slugs), cursor)
        cursor = got.cursor
        assert got.gone == ()


def test_reappearance_forgets_the_miss() -> None:
    cursor = reading(index("a", "b", "c")).cursor
    for slugs in (("a", "c"), ("a", "c"), ("a", "b", "c"), ("a", "c"), ("a", "c")):
        got = reading(index(*slugs), cursor)
        cursor = got.cursor
        assert got.gone == ()


def test_further_pages_are_read_while_everything_is_new() -> None:
    src = source(pages=3, page_parameter="page")
    one = reading(index("a", "b"), src=src)
    assert [r.url for r in one.next_requests] == [f"{URL}?page=1", f"{URL}/a", f"{URL}/b"]
    two = reading(index("c", "d"), one.cursor, one.next_requests[0], src)
    assert [r.url for r in two.next_requests] == [f"{URL}?page=2", f"{URL}/c", f"{URL}/d"]
    three = reading(index("e"), two.cursor, two.next_requests[0], src)
    assert [r.url for r in three.next_requests] == [f"{URL}/e"]
    assert two.gone == three.gone == ()
    later = reading(index("new", "a"), three.cursor, src=src)
    assert [r.url for r in later.next_requests] == [f"{URL}/new"]
    with pytest.raises(ValidationError, match="page_parameter"):
        source(pages=2)


def test_index_without_articles_is_rejected_and_keeps_the_cursor() -> None:
    once = reading(index("a", "b"))
    got = reading(b"<html><body>Just a moment</body></html>", once.cursor)
    assert got.rejected and got.cursor == once.cursor and got.gone == ()


def test_expected_number_of_links() -> None:
    src = replace(source(), expect=Expectation(min_items=5))
    assert reading(index("a", "b"), src=src).rejected


def test_index_led_to_the_front_page_is_rejected() -> None:
    assert reading(index("a"), final_url="https://sheriff.example.gov/").rejected


def test_lost_article_is_no_edit() -> None:
    got = reading(index("a"))
    one = reading(ARTICLE, got.cursor, got.next_requests[0])
    front = "https://sheriff.example.gov/"
    lost = reading(ARTICLE, one.cursor, got.next_requests[0], final_url=front)
    assert lost.items == () and lost.problems[0].startswith("redirected_to_front")
    at_first = reading(ARTICLE, got.cursor, got.next_requests[0], final_url=front)
    assert [i.text for i in at_first.items] == [""] and at_first.items[0].title == "About a"


def test_irrelevant_article_is_counted() -> None:
    got = reading(index("a"))
    other = reading(b"<p>School</p>", got.cursor, got.next_requests[0], trigger=b"287(g)")
    assert other.skipped == 1 and other.items == ()


def test_an_edit_that_takes_the_trigger_out_is_still_a_revision() -> None:
    got = reading(index("a"))
    one = reading(ARTICLE, got.cursor, got.next_requests[0], trigger=b"287(g)")
    body = b"<p>" + b"This release was withdrawn. " * 20 + b"</p>"
    two = reading(body, one.cursor, got.next_requests[0], trigger=b"287(g)")
    assert [i.id for i in two.items] == [one.items[0].id]


def test_a_first_import_reads_the_newest_and_keeps_the_rest_as_known() -> None:
    slugs = [f"s{n}" for n in range(100)]
    src = source(max_follow=5)
    got = reading(index(*slugs), src=src, trigger=b"s77")
    assert len(got.next_requests) == 5 and [i.title for i in got.items] == ["About s77"]
    later = reading(index("new", *slugs), got.cursor, src=src)
    assert [r.url for r in later.next_requests] == [f"{URL}/new"]


def test_complete_list_names_what_is_listed() -> None:
    got = reading(index("a", "b"), src=source(complete=True))
    assert got.complete and got.listed == (
        "sheriff.example.gov/news/a",
        "sheriff.example.gov/news/b",
    )
