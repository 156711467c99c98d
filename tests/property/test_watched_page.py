"""Watched pages: what means something is told, what does not is silent."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from monitor.domain.ident import SourceId
from monitor.domain.item import Reading
from monitor.domain.snapshot import Request, Snapshot
from monitor.domain.source import Source
from monitor.kinds import ReadContext
from monitor.sources.page import PageOptions, first, read

NOW = datetime(2025, 6, 5, 12, tzinfo=UTC)
URL = "https://sheriff.example.gov/policy"
WORDS = st.text(alphabet="abcdefghij ", min_size=3, max_size=40).map(str.strip).filter(bool)
SENTENCES = st.lists(WORDS.map(lambda w: f"Policy {w}."), min_size=3, max_size=8)


def source(**options: object) -> Source:
    return Source(
        id=SourceId("policy"),
        kind="page",
        name="Policy",
        options=PageOptions.model_validate({"url": URL, **options}),
    )


def reading(markup: str | bytes, src: Source | None = None, **changes: object) -> Reading:
    chosen = src or source()
    assert isinstance(chosen.options, PageOptions)
    (request,) = first(chosen, chosen.options, "", NOW)
    body = markup.encode() if isinstance(markup, str) else markup
    snapshot = Snapshot(
        source_id=chosen.id,
        request=request,
        final_url=request.url,
        status=200,
        headers=(),
        body=body,
        captured_at=NOW,
    )
    context = ReadContext(source=chosen, options=chosen.options, cursor="", relevant=lambda _: True)
    return read(replace(snapshot, **changes), context)  # type: ignore[arg-type]


def page(sentences: list[str], seed: int | None = None) -> str:
    """A page with these sentences; a seed shakes everything that means nothing."""
    dice = random.Random(seed)
    still = seed is None

    def space() -> str:
        return " " if still else dice.choice([" ", "\n", "\t  ", "&nbsp;", "\r\n "])

    def attributes() -> str:
        pairs = ["class='p'", f"data-v='{0 if still else dice.random()}'", "lang='en'"]
        if not still:
            dice.shuffle(pairs)
        return " ".join(pairs)

    teaser = "A" if still else dice.choice(["B", "C", "D"])
    year = 2024 if still else dice.choice([2025, 2026])
    paragraphs = "".join(
        f"<p {attributes()}>{space().join(s.split())}{space()}</p>{space()}" for s in sentences
    )
    links = ["<li><a href='/a?utm_source=x'>MOA</a></li>", "<li><a href='/b'>Order</a></li>"]
    return (
        f"<html><head><title>Policy</title></head><body><nav>{teaser}</nav>"
        f"<main><h1>Immigration policy</h1>{paragraphs}<ul>{''.join(links)}</ul>"
        f"<div class='related'>Read {teaser}</div>"
        f"<p>Last{space()}updated: June {dice.randint(1, 9)}, {year}</p></main>"
        f"<aside>{teaser}</aside><footer>© {year} County. Today is {teaser}</footer></body></html>"
    )


@settings(max_examples=60, deadline=None)
@given(SENTENCES, st.integers(0, 10**6))
def test_what_means_nothing_tells_nothing(sentences: list[str], seed: int) -> None:
    still, shaken = reading(page(sentences)), reading(page(sentences, seed))
    assert [i.digest for i in still.items] == [i.digest for i in shaken.items]
    assert still.items[0].text == shaken.items[0].text


@settings(max_examples=40, deadline=None)
@given(SENTENCES, WORDS, st.integers(0, 10**6))
def test_a_new_sentence_is_always_a_change(sentences: list[str], word: str, seed: int) -> None:
    before = reading(page(sentences)).items[0]
    after = reading(page([*sentences, f"New {word} rule."], seed)).items[0]
    assert before.id == after.id and before.digest != after.digest


def test_a_b_a_b_are_four_contents_of_one_item() -> None:
    a, b = ["Policy one holds for all."], ["Policy two holds for all."]
    items = [reading(page(s, n)).items[0] for n, s in enumerate([a, b, a, b])]
    assert len({i.id for i in items}) == 1
    assert [x.digest == y.digest for x, y in itertools.pairwise(items)] == [False] * 3
    assert items[0].digest == items[2].digest


def test_list_items_and_links_are_told_apart() -> None:
    (item,) = reading(page(["Policy one holds for everybody here."])).items
    assert "- MOA" in item.text.splitlines()
    assert item.links == ("https://sheriff.example.gov/a", "https://sheriff.example.gov/b")


def test_a_new_link_is_a_change() -> None:
    markup = page(["Policy one holds for everybody here."])
    other = markup.replace("href='/b'", "href='/c'")
    assert reading(markup).items[0].digest != reading(other).items[0].digest


def test_a_sentence_that_only_begins_like_a_stamp_stays() -> None:
    text = "Updated agreements with ICE were signed by the sheriff"
    (item,) = reading(page([text, "Revised policy on detainers follows below."])).items
    assert text in item.text and "Revised policy" in item.text


def test_vanished_selector_is_a_problem_and_never_a_change() -> None:
    src = source(select=["#policy", "main"])
    got = reading(page(["Policy one holds for everybody here."]), src)
    assert len(got.items) == 1 and got.problems[0].startswith("selector_vanished: #policy")
    alone = reading(page(["x"]), source(select=["#policy"]))
    assert alone.items == () and alone.problems and alone.rejected is None


def test_selected_parts_are_items_of_their_own() -> None:
    markup = "<div id='a'>" + "Part one. " * 9 + "</div><div id='b'>" + "Part two. " * 9 + "</div>"
    got = reading(markup, source(select=["#a", "#b"]))
    assert [i.locator for i in got.items] == ["#a", "#b"] and got.items[0].id != got.items[1].id


def test_own_filters() -> None:
    src = source(remove=[".hits"], ignore=[r"Visitors: \d+"])
    base = "<main><p>The policy of this office is as follows here.</p>{}</main>"
    one = reading(base.format("<p class=hits>7</p><p>Visitors: 12</p>"), src).items[0]
    two = reading(base.format("<p class=hits>8</p><p>Visitors: 13</p>"), src).items[0]
    assert one.digest == two.digest


def test_pages_led_astray_or_empty_are_rejected() -> None:
    markup = page(["Policy one holds for everybody here."])
    assert reading(markup, final_url="https://sheriff.example.gov/").rejected
    assert reading("<html><body><main>Hi</main></body></html>").rejected


@pytest.mark.parametrize(
    "options", [{"select": ["p["]}, {"ignore": ["("]}, {"ignore": [r"(a)\1"]}, {"url": "x"}]
)
def test_bad_options_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        source(**options)


def test_request_is_plain() -> None:
    src = source()
    assert isinstance(src.options, PageOptions)
    assert [r.url for r in first(src, src.options, "", NOW)] == [URL]
    assert isinstance(first(src, src.options, "", NOW)[0], Request)
