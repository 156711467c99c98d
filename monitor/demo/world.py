"""The demo's world: what each address serves on each day, as values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from html import escape
from typing import Any

import yaml

from monitor.domain.errors import ConfigError

#: Status of the invented bill -> Open States' classification and chamber.
_ACTIONS = {
    "Introduced": ("introduction", "lower"),
    "In Committee": ("committee-passage", "lower"),
    "Passed House": ("passage", "lower"),
    "Passed Senate": ("passage", "upper"),
    "Signed by Governor": ("executive-signature", "executive"),
}
NOON = time(12, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One page of an invented publisher; `outlet` names the feed that announces it."""

    day: date
    outlet: str
    slug: str
    title: str
    paragraphs: tuple[str, ...]

    @property
    def path(self) -> str:
        """Its address below the server."""
        return f"/{self.outlet}/{self.day:%Y/%m/%d}/{self.slug}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """An invented publisher."""

    name: str
    title: str
    tier: str
    kind: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One line of the invented bill's history."""

    day: date
    status: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """The invented bill."""

    number: str
    state: str
    title: str
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """All invented texts."""

    outlets: tuple[Outlet, ...]
    articles: tuple[Article, ...]
    bill: Bill


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What an address serves."""

    body: bytes
    media_type: str
    status: int = 200


def read_texts(text: str) -> Texts:
    """The texts of texts.yaml. Raises ConfigError when the file is damaged."""
    try:
        data: dict[str, Any] = yaml.safe_load(text)
        return Texts(
            outlets=tuple(Outlet(name=name, **fields) for name, fields in data["outlets"].items()),
            articles=tuple(
                Article(**{**entry, "paragraphs": tuple(entry["paragraphs"])})
                for entry in data["articles"]
            ),
            bill=Bill(
                **{**data["bill"], "actions": tuple(Action(**a) for a in data["bill"]["actions"])}
            ),
        )
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise ConfigError(f"texts.yaml of the demo is damaged: {error}") from error


def text_pages(texts: Texts, day: date, base: str) -> Mapping[str, Page]:
    """Every address of the invented publishers as it stands on that day."""
    published = [article for article in texts.articles if article.day <= day]
    pages = {article.path: _article_page(article) for article in published}
    for outlet in texts.outlets:
        mine = [article for article in published if article.outlet == outlet.name]
        pages[f"/{outlet.name}/feed.xml"] = _feed_page(outlet, mine[-20:], base)
    pages["/bills"] = _bill_page(texts.bill, day)
    return pages


def _article_page(article: Article) -> Page:
    paragraphs = "\n".join(f"<p>{escape(text)}</p>" for text in article.paragraphs)
    html = f"""<!doctype html>
<html lang="en"><head><title>{escape(article.title)}</title>
<meta property="article:published_time" content="{article.day.isoformat()}T12:00:00Z"></head>
<body><nav><a href="/">Home</a> <a href="/weather">Weather</a></nav>
<article><h1>{escape(article.title)}</h1>
{paragraphs}
<p>This page is part of a demonstration; the people and agencies in it are invented.</p>
</article><footer>All invented.</footer></body></html>"""
    return Page(body=html.encode(), media_type="text/html; charset=utf-8")


def _feed_page(outlet: Outlet, articles: Sequence[Article], base: str) -> Page:
    entries = "\n".join(
        f"<item><title>{escape(a.title)}</title><link>{escape(base + a.path)}</link>"
        f"<guid isPermaLink='false'>{escape(a.outlet)}:{escape(a.slug)}</guid>"
        f"<pubDate>{datetime.combine(a.day, NOON):%a, %d %b %Y %H:%M:%S} GMT</pubDate>"
        f"<description>{escape(a.paragraphs[0][:120])}…</description></item>"
        for a in reversed(articles)
    )
    feed = (
        f"<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel>"
        f"<title>{escape(outlet.title)}</title><link>{base}/{outlet.name}</link>"
        f"<description>demo</description>{entries}</channel></rss>"
    )
    return Page(body=feed.encode(), media_type="application/rss+xml")


def _bill_page(bill: Bill, day: date) -> Page:
    """The bill as Open States' interface would list it: one page of one bill."""
    actions = [action for action in bill.actions if action.day <= day]
    updated = f"{actions[-1].day if actions else day}T09:00:00+00:00"
    listed = {
        "id": "ocd-bill/demo",
        "session": f"{bill.actions[0].day.year}",
        "jurisdiction": {
            "id": f"ocd-jurisdiction/country:us/state:{bill.state.lower()}/government",
            "name": bill.state,
            "classification": "state",
        },
        "identifier": bill.number,
        "title": bill.title,
        "classification": ["bill"],
        "updated_at": updated,
        "actions": [_action(action, order) for order, action in enumerate(actions)],
    }
    page = {
        "results": [listed] if actions else [],
        "pagination": {"per_page": 20, "page": 1, "max_page": 1, "total_items": len(actions[:1])},
    }
    return Page(body=json.dumps(page).encode(), media_type="application/json")


def _action(action: Action, order: int) -> dict[str, object]:
    kind, chamber = _ACTIONS[action.status]
    return {
        "organization": {"id": "demo", "name": "demo", "classification": chamber},
        "description": action.text,
        "date": action.day.isoformat(),
        "classification": [kind],
        "order": order,
    }
