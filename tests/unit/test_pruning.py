"""What trafilatura prunes is the same with the tests asked once."""

from __future__ import annotations

import pytest
from lxml import etree, html
from trafilatura import xpaths

from monitor.extract.pruning import OnceTested, extractor, once_tested

SPACES = {"re": "http://exslt.org/regular-expressions"}
PATH = """
    .//*[self::div or self::section][
    re:test(@id, '^comment|thread$') or
    re:test(@class, 'post-comments')][not(.//h1)]
    """
PAGES = [
    "<div><p>nothing</p></div>",
    "<div id=comments><p>said</p></div>",
    "<p id=comments>of another kind</p>",
    "<section><div class='a post-comments'>said</div><div id=a-thread><h1>x</h1></div></section>",
    "<div id='Comment' class='post'>other letters</div>",
    "<section class='post-comments' id=x>one<div id='comment-1'>in another</div></section>",
]


@pytest.mark.parametrize("page", PAGES)
def test_a_path_finds_what_it_finds_in_its_own_form(page: str) -> None:
    path = etree.XPath(PATH, namespaces=SPACES)
    tree = html.document_fromstring(page)
    assert isinstance(once_tested(path), OnceTested)
    assert once_tested(path)(tree) == path(tree)
    for container in tree.iter("div", "section"):  # a path never finds where it begins
        assert once_tested(path)(container) == path(container)


@pytest.mark.parametrize(
    "path",
    [
        ".//*[self::div][re:test(@id, 'a') or @class='b']",
        ".//*[self::div][re:test(@id, 'a', 'i')]",
        ".//*[self::div][not(re:test(@id, 'a'))]",
        ".//*[self::div][re:test(@id|@class, 'a')]",
        ".//*[self::div][re:test(@id, 'a')] | .//p",
        ".//*[self::div][re:test(@id, 'a')][@x] | .//p[@y]",
        ".//*[self::div][contains(@class, 'a')]",
    ],
)
def test_a_path_of_another_form_is_left_as_it_is(path: str) -> None:
    compiled = etree.XPath(path, namespaces=SPACES)
    assert once_tested(compiled) is compiled


def test_the_installed_extractor_is_asked_the_cheap_way() -> None:
    extractor()
    assert isinstance(xpaths.RAW_TREE_PRUNE_XPATH[0], OnceTested)
    assert isinstance(xpaths.REMOVE_COMMENTS_AND_LISTS_XPATH[0], OnceTested)


def test_comments_below_an_article_are_no_part_of_it() -> None:
    told = "The sheriff signed an agreement with the agency on Tuesday, his office said. " * 6
    said = "I said so on the first day. " * 9
    page = f"""<html><body><article><p>{told}</p>
    <div class='post-comments'><p>{said}</p></div></article></body></html>"""

    def text(given: str) -> str:
        read = extractor().bare_extraction(
            given, fast=True, include_comments=False, with_metadata=False
        )
        return str(read.text)

    assert "agreement" in text(page)
    assert "I said so" not in text(page)
    assert "I said so" in text(page.replace("post-comments", "post"))
