"""One page, one address."""

from __future__ import annotations

import pytest

from monitor.resolve.canonical_url import canonical_url


@pytest.mark.parametrize(
    "url",
    [
        "https://news.example/2025/03/sheriff-signs",
        "http://www.news.example/2025/03/sheriff-signs/",
        "HTTPS://News.Example:443/2025//03/sheriff-signs?utm_source=feed&fbclid=x#comments",
        "https://news.example/2025/03/sheriff-signs/amp/",
        "https://amp.news.example/2025/03/sheriff-signs?outputType=amp",
        "https://m.news.example/2025/03/sheriff-signs/index.html",
        "https://web.archive.org/web/20250301000000id_/http://news.example/2025/03/sheriff-signs",
        "https://www.google.com/url?q=https%3A%2F%2Fnews.example%2F2025%2F03%2Fsheriff-signs&sa=U",
        "https://news-example.cdn.ampproject.org/c/s/news.example/2025/03/sheriff-signs/amp",
        "//news.example/2025/03/%73heriff-signs",
        "https://x.safelinks.protection.outlook.com/?url=https%3A%2F%2Fnews.example%2F2025%2F03%2Fsheriff-signs",
    ],
)
def test_forms_of_one_address(url: str) -> None:
    assert canonical_url(url) == "https://news.example/2025/03/sheriff-signs"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a.example/?p=1", "https://a.example/?p=2"),
        ("https://a.example/News?id=5&cid=1", "https://a.example/News?id=5&cid=2"),
        ("https://a.example/Story", "https://a.example/story"),
        ("https://a.example/a%2Fb", "https://a.example/a/b"),
        ("https://a.example:8443/x", "https://a.example/x"),
        ("https://a.example/x", "https://b.example/x"),
    ],
)
def test_different_pages_keep_different_addresses(one: str, other: str) -> None:
    assert canonical_url(one) != canonical_url(other)


def test_order_of_parameters_does_not_matter() -> None:
    assert canonical_url("https://a.example/?b=2&a=1") == canonical_url(
        "https://a.example/?a=1&b=2"
    )


@pytest.mark.parametrize(
    "text", ["", "tag:a,2025:1", "mailto:a@b.example", "no address", "http://"]
)
def test_what_is_no_web_address_stays(text: str) -> None:
    assert canonical_url(f" {text} ") == text
