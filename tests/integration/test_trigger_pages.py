"""Scan and extraction on whole pages: what extraction and rules find, the scan has let through."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.html_embed_score import PLACES, page, unread
from bench.labelled import rows
from monitor.bootstrap import knowledge
from monitor.detect.pack import Pack
from monitor.detect.triggers import TriggerScan
from monitor.domain.errors import ExtractError
from monitor.extract.article import read_article
from monitor.settings import read_settings

DOCUMENTS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "documents"


@pytest.fixture(scope="module")
def pack() -> Pack:
    return knowledge.load_pack(read_settings({}), None)


@pytest.fixture(scope="module")
def scan(pack: Pack) -> TriggerScan:
    return TriggerScan.build(pack.anchors())


def test_every_labelled_text_set_in_a_page_is_read(scan: TriggerScan) -> None:
    if not DOCUMENTS.exists():
        pytest.skip("the labelled documents are not on this machine (../shared/data/documents)")
    given_rows = rows(DOCUMENTS)
    for place in PLACES:
        assert unread(given_rows, scan, place) == []


WORDS = st.lists(
    st.sampled_from(
        ["sheriff", "287(g)", "ICE", "immi<b>gration</b>", "sanc&shy;tuary", "de&#116;ainer",
         "jail", "signed<br>an", "agreement", "<i>mig</i>rant", "council",
         "po<em>lice</em>", "I.C.E.", "1357\u00a0(g)", "office", "depor\u200btation",
         "ｉｍｍｉｇｒａｎｔ",
         "welcom&#105;ng"]
    ),
    min_size=1,
    max_size=12,
)  # fmt: skip


@given(st.lists(WORDS, min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_a_page_whose_text_holds_an_anchor_is_read(
    pack: Pack, scan: TriggerScan, paragraphs: list[list[str]]
) -> None:
    frame = page({"id": "a", "title": "News", "text": "x", "published": None}, "middle").decode()
    inner = "".join(f"<p>{' '.join(words)}</p>" for words in paragraphs)
    body = f"{frame.split('<body>', 1)[0]}<body><main><article>{inner}</article></main>".encode()
    try:
        text = read_article(body, url="https://example.org/a").text
    except ExtractError:
        return
    if pack.anchored(text):
        assert scan.relevant(body)
