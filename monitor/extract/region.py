"""Parts of a page by CSS selector, without the noise around them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import re2
from lxml.cssselect import CSSSelector
from lxml.html import HtmlElement

from monitor.extract.dates import stated_date
from monitor.extract.links import without_tracking
from monitor.extract.text import block_text, page_links

#: Where a page keeps what it is about; the first that exists is taken.
MAIN = ("main", "[role=main]", "article", "#content", "#main-content", "body")
#: What changes without meaning: navigation, teasers, sharing, cookie notices.
NOISE = (
    "nav", "header", "footer", "aside", "form", "[role=navigation]", "[role=banner]",
    "[role=contentinfo]", "[role=complementary]", "[aria-hidden=true]", ".breadcrumb",
    ".breadcrumbs", ".sidebar", ".related", ".related-posts", ".related-content", ".teasers",
    ".carousel", ".slider", ".share", ".sharing", ".social", ".social-media", ".cookie",
    ".cookie-banner", ".skip-link", ".usa-banner", ".pager", ".pagination", ".view-count",
)  # fmt: skip
_STAMP = re2.compile(
    r"(?i)^\W*(?:(?:this )?page )?(?:was )?(?:last )?"
    r"(?:updated|reviewed|modified|revised|published|posted|retrieved|printed|edited)\b(.{0,80})$"
)
_CLOCK = re2.compile(r"(?i)\d{1,2}:\d\d|\bago\b|\btoday\b|\byesterday\b")
_COPYRIGHT = re2.compile(r"(?i)^\W*(?:copyright|©|\(c\)).{0,120}$")
_TIME_OF_DAY = re2.compile(r"(?i)^\W*(?:today is |current time:? ?)[\w ,:./-]{4,60}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """The text and links of one part of a page; `found` is False when the selector is gone."""

    selector: str
    found: bool
    text: str = ""
    links: tuple[str, ...] = ()


def selected(page: HtmlElement, selector: str) -> list[HtmlElement]:
    """Elements a valid selector finds, in document order."""
    found = _compiled(selector)(page)
    elements = found if isinstance(found, list) else []
    return [element for element in elements if isinstance(element, HtmlElement)]


@lru_cache(maxsize=512)
def _compiled(selector: str) -> CSSSelector:
    return CSSSelector(selector, translator="html")


def without(page: HtmlElement, selectors: tuple[str, ...]) -> None:
    """Take the elements of these selectors out of the page."""
    for selector in selectors:
        for element in selected(page, selector):
            if element.getparent() is not None:
                element.drop_tree()


def region(page: HtmlElement, selector: str, base: str, *, ignore: tuple[str, ...] = ()) -> Region:
    """Text (one block per line, list items with "- ") and links of all elements of a selector.

    Lines that only date or sign the page ("Last updated …") are left out, and what the RE2
    patterns in `ignore` match; links are sorted and stripped of tracking, so that their order and
    decoration tell nothing.
    """
    elements = _outermost(selected(page, selector))
    if not elements:
        return Region(selector=selector, found=False)
    text = "\n".join(block_text(element, bullets=True) for element in elements)
    links = {without_tracking(u) for e in elements for u in page_links(e, base)}
    return Region(
        selector=selector, found=True, text=_quiet(text, ignore), links=tuple(sorted(links))
    )


def main_region(page: HtmlElement, base: str, *, ignore: tuple[str, ...] = ()) -> Region:
    """The page's main part."""
    for selector in MAIN:
        found = region(page, selector, base, ignore=ignore)
        if found.found and found.text:
            return found
    return Region(selector="body", found=False)


def _outermost(elements: list[HtmlElement]) -> list[HtmlElement]:
    """Elements that lie in no other one of the list, so that no text counts twice."""
    chosen = set(elements)
    return [e for e in elements if not any(above in chosen for above in e.iterancestors())]


def _quiet(text: str, ignore: tuple[str, ...]) -> str:
    patterns = [re2.compile(pattern) for pattern in ignore]
    lines = []
    for line in text.split("\n"):
        for pattern in patterns:
            line = pattern.sub("", line)  # noqa: PLW2901  # each filter sees what the last left
        line = " ".join(line.split())  # noqa: PLW2901
        if line.strip("-| ") and not _stamps(line):
            lines.append(line.rstrip(" |"))
    return "\n".join(lines)


def _stamps(line: str) -> bool:
    """True for a line that only says when the page was touched, or signs it."""
    if _COPYRIGHT.match(line) or _TIME_OF_DAY.match(line):
        return True
    found = _STAMP.match(line)
    if found is None or len(found.group(1).split()) > 8:
        return False
    return stated_date(found.group(1)) is not None or bool(_CLOCK.search(found.group(1)))
