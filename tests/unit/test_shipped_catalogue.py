"""The shipped feeds.yaml: it loads, it is broad, and none of its addresses is known to be dead."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from monitor.catalogue.load import Catalogue, parse_catalogue
from monitor.domain.source import Source
from monitor.domain.vocabulary import EventType, Tier
from monitor.registry import SOURCE_KINDS

FEEDS = Path(__file__).parents[2] / "feeds.yaml"
#: Addresses seen dead in public logs, or only ever asserted.
DEAD = (
    "https://www.dhs.gov/news-releases/rss.xml",
    "https://www.dhs.gov/rss.xml",
    "https://www.whitehouse.gov/feed/",
    "https://www.govinfo.gov/rss/cpd.xml",
    "https://downloads.leginfo.legislature.ca.gov/pubinfo_Sun.zip",
    "https://www.congress.gov/rss/search-results.xml",
    "https://www.ice.gov/rss/news.xml",
    "https://www.ice.gov/rss/news/all.xml",
    "https://ilga.gov/rss/rss.asp",
    "https://malegislature.gov/RSS/Bills",
    "https://app.leg.wa.gov/bi/RSS/RSS.ashx",
    "https://www.njleg.state.nj.us/rss/bills",
    "https://www.legislature.ohio.gov/rss/bills",
    "https://leg.wa.gov/bills-meetings-and-session/bills/rss.xml",
    "https://www.justice.gov/feeds/justice-news.xml",
)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return parse_catalogue(FEEDS.read_text(), kinds=SOURCE_KINDS, today=date(2025, 6, 5))


def address(source: Source) -> str:
    """Where it asks; interfaces share an address, their questions tell them apart."""
    options = source.options
    if hasattr(options, "url"):
        return str(options.url)
    return f"{getattr(options, 'base', '')}#{options!r}"


def test_it_is_broad(catalogue: Catalogue) -> None:
    assert len(catalogue.sources) >= 60
    states = {state for source in catalogue.sources for state in source.states}
    assert len(states) >= 39
    assert sum(s.tier is Tier.ROSTER for s in catalogue.sources) == 1
    assert catalogue.subscriptions


def test_every_block_is_complete(catalogue: Catalogue) -> None:
    for source in catalogue.sources:
        assert source.publisher and source.sees and source.name, source.id
        assert set(source.sees) <= set(EventType)
        assert timedelta(minutes=15) <= source.schedule.every <= timedelta(days=1)
        assert source.politeness.min_delay_s >= 2
        assert source.politeness.respect_robots


def test_no_address_is_known_dead_or_stands_twice(catalogue: Catalogue) -> None:
    dead = {url.rstrip("/") for url in DEAD}
    used = [address(source) for source in catalogue.sources]
    assert not dead & {url.rstrip("/") for url in used}
    repeated = {url for url, count in Counter(used).items() if count > 1}
    assert repeated <= {"https://www.ice.gov/identify-and-arrest/287g"}
    assert all(urlsplit(url).scheme in ("http", "https") for url in used)


def test_sources_that_need_a_key_are_off(catalogue: Catalogue) -> None:
    assert all(not source.enabled for source in catalogue.sources if source.needs_env)
