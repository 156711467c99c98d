"""What a site offers for watching: feeds, sitemaps, Legistar clients, workbooks and tables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import yaml
from lxml.html import HtmlElement

from monitor.domain.errors import ExtractError
from monitor.domain.ident import SourceId
from monitor.domain.snapshot import Blocked, FetchFailed, Outcome, Rejected, Request, Snapshot
from monitor.domain.source import Politeness
from monitor.domain.vocabulary import EventType
from monitor.extract.charset import decoded
from monitor.extract.feed import read_feed
from monitor.extract.feed_split import declares_entities
from monitor.extract.links import absolute, same_page
from monitor.extract.text import plain, tree
from monitor.ports import Fetcher, FetchJob

_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json")
#: Where content systems keep feeds; asked only on the site the operator named.
_USUAL = ("feed/", "rss.xml", "feed.xml", "atom.xml", "RSSFeed.aspx?ModID=1&CID=All-newsflash.xml")
_LEGISTAR = re.compile(r"https?://([a-z0-9-]{2,40})\.legistar\.com", re.IGNORECASE)
_GRANICUS = re.compile(
    r"https?://[a-z0-9-]+\.granicus\.com/ViewPublisher\.php\?view_id=(\d+)", re.IGNORECASE
)
_WORKBOOK = re.compile(r"\.(?:xlsx|csv)(?:$|\?)", re.IGNORECASE)
_SITEMAP = re.compile(r"(?im)^\s*sitemap:\s*(\S+)")
_LOCATIONS = re.compile(r"<loc>\s*([^<\s]{1,2000})\s*</loc>", re.IGNORECASE)
_MAX_CANDIDATES = 12
_SOURCE = SourceId("discover")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One thing on the site that can be watched, with how sure that is."""

    what: str  #: "feed", "workbooks", "table", "listing", "legistar", "granicus", "sitemap"
    url: str
    title: str = ""
    evidence: str = ""  #: why it is believed, in words
    entries: int = 0
    block: str = ""  #: for feeds.yaml; "" where no kind of the program reads it from an address


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """All offers of a site, and what went wrong while looking."""

    url: str
    offers: tuple[Offer, ...]
    problems: tuple[str, ...]


def discover(url: str, fetcher: Fetcher, politeness: Politeness | None = None) -> Discovery:
    """Look at one page of a site, its robots.txt, and the usual places of feeds.

    Asks at most 15 addresses of the same site, as gently as any check; nothing is stored.
    """
    gentle = politeness or Politeness()
    page_outcome, robots = _fetch(fetcher, [url, urljoin(url, "/robots.txt")], gentle)
    problems = _problems([page_outcome])
    if not isinstance(page_outcome, Snapshot):
        return Discovery(url=url, offers=(), problems=problems)
    feed = _as_feed(page_outcome)
    if feed is not None:
        return Discovery(url=url, offers=(feed,), problems=problems)
    page = _page(page_outcome)
    if page is None:
        words = f"{url} is neither a feed nor an HTML page"
        return Discovery(url=url, offers=(), problems=(*problems, words))
    candidates = _feed_candidates(page, page_outcome.final_url)
    outcomes = _fetch(fetcher, candidates, gentle)
    feeds = [o for o in map(_as_feed, _snapshots(outcomes)) if o is not None]
    offers = (
        *_distinct(feeds),
        *_on_page(page, page_outcome),
        *_sitemaps(robots),
    )
    return Discovery(url=url, offers=offers, problems=problems)


def _fetch(fetcher: Fetcher, urls: Iterable[str], politeness: Politeness) -> list[Outcome]:
    """Outcomes in the order of the addresses."""
    order = list(dict.fromkeys(urls))
    jobs = [
        FetchJob(
            source_id=_SOURCE, request=Request(url=u, purpose="discover"), politeness=politeness
        )
        for u in order
    ]
    found = {job.request.url: outcome for job, outcome in fetcher.fetch(jobs)}
    return [found[u] for u in order if u in found]


def _snapshots(outcomes: Iterable[Outcome]) -> list[Snapshot]:
    return [o for o in outcomes if isinstance(o, Snapshot)]


def _problems(outcomes: Iterable[Outcome]) -> tuple[str, ...]:
    words = []
    for outcome in outcomes:
        match outcome:
            case FetchFailed(request=request, reason=reason, detail=detail):
                words.append(f"{request.url}: {reason} {detail}".strip())
            case Blocked(request=request, family=family):
                words.append(f"{request.url}: refuses programs ({family})")
            case Rejected(request=request, reason=reason):
                words.append(f"{request.url}: {reason}")
    return tuple(words)


def _page(snapshot: Snapshot) -> HtmlElement | None:
    try:
        page = tree(decoded(snapshot.body, snapshot.charset).text, what=snapshot.request.url)
    except ExtractError:
        return None
    return page if page.find(".//a") is not None or page.find(".//p") is not None else None


def _feed_candidates(page: HtmlElement, base: str) -> list[str]:
    """Feeds the page names, then links that look like feeds, then the usual places."""
    named = [
        absolute(base, link.get("href") or "")
        for link in page.iter("link")
        if (link.get("type") or "").lower() in _FEED_TYPES
    ]
    linked = [
        absolute(base, a.get("href") or "")
        for a in page.iter("a")
        if re.search(r"(?i)(?:rss|atom|/feed/?$|feed\.xml)", a.get("href") or "")
    ]
    usual = [urljoin(base, "/" + path) for path in _USUAL]
    found: dict[str, None] = {}
    for url in (*named, *linked[:6], *usual):
        if url and urlsplit(url).hostname == urlsplit(base).hostname:
            found.setdefault(url)
    return list(found)[:_MAX_CANDIDATES]


def _as_feed(snapshot: Snapshot) -> Offer | None:
    """An offer when the answer is a feed that the program can read and that has entries."""
    try:
        feed = read_feed(
            snapshot.body,
            url=snapshot.final_url,
            charset=snapshot.charset if snapshot.charset_origin == "header" else None,
            media_type=snapshot.media_type,
        )
    except ExtractError:
        return None
    if not feed.hashes:
        return None
    title = feed.title or urlsplit(snapshot.final_url).hostname or ""
    evidence = f"{feed.format or 'feed'} with {len(feed.hashes)} entries"
    return Offer(
        what="feed",
        url=snapshot.final_url,
        title=title,
        evidence=evidence,
        entries=len(feed.hashes),
        block=_block("feed", snapshot.final_url, title, {"url": snapshot.final_url}),
    )


def _distinct(offers: Iterable[Offer]) -> tuple[Offer, ...]:
    found: dict[str, Offer] = {}
    for offer in offers:
        found.setdefault(same_page(offer.url), offer)
    return tuple(found.values())


def _on_page(page: HtmlElement, snapshot: Snapshot) -> tuple[Offer, ...]:
    base = snapshot.final_url
    title = next((plain(t.text_content()) for t in page.iter("title")), base)
    links = [u for a in page.iter("a") if (u := absolute(base, a.get("href") or ""))]
    text = snapshot.body.decode("latin-1")
    return (
        *_workbooks(links, base, title),
        *_tables(page, base, title),
        *_legistar(text),
        *_granicus(text),
    )


def _workbooks(links: list[str], base: str, title: str) -> tuple[Offer, ...]:
    files = [u for u in dict.fromkeys(links) if _WORKBOOK.search(u)]
    if not files:
        return ()
    evidence = f"links {len(files)} workbook or CSV files, e.g. {files[0]}"
    block = _block("table", base, title, {"url": base, "where": "links"})
    return (
        Offer(
            what="workbooks",
            url=base,
            title=title,
            evidence=evidence,
            entries=len(files),
            block=block,
        ),
    )


def _tables(page: HtmlElement, base: str, title: str) -> tuple[Offer, ...]:
    rows = max((len(t.findall(".//tr")) for t in page.iter("table")), default=0)
    if rows < 5:
        return ()
    block = _block("table", base, title, {"url": base, "where": "page"})
    evidence = f"an HTML table of {rows} rows"
    return (
        Offer(what="table", url=base, title=title, evidence=evidence, entries=rows, block=block),
    )


def _legistar(text: str) -> tuple[Offer, ...]:
    clients = dict.fromkeys(name.lower() for name in _LEGISTAR.findall(text))
    return tuple(
        Offer(
            what="legistar",
            url=(url := f"https://webapi.legistar.com/v1/{client}/events"),
            title=client,
            evidence=f"the page links {client}.legistar.com; its Web API was not asked",
            block=_block("legistar", url, f"{client} agendas", {"client": client}),
        )
        for client in clients
        if client not in ("webapi", "www")
    )


def _granicus(text: str) -> tuple[Offer, ...]:
    found: dict[str, Offer] = {}
    for match in _GRANICUS.finditer(text):
        site = urlsplit(match.group(0)).hostname or ""
        url = f"https://{site}/ViewPublisherRSS.php?view_id={match.group(1)}&mode=agendas"
        found[url] = Offer(
            what="granicus",
            url=url,
            title=site,
            evidence="the page links a Granicus publisher view; its feed was not asked",
            block=_block("feed", url, f"{site} agendas", {"url": url}),
        )
    return tuple(found.values())


def _sitemaps_text(robots: Outcome) -> str:
    return robots.body.decode("utf-8", "replace") if isinstance(robots, Snapshot) else ""


def _sitemaps(robots: Outcome) -> tuple[Offer, ...]:
    return tuple(
        Offer(what="sitemap", url=url, evidence="named in robots.txt")
        for url in dict.fromkeys(_SITEMAP.findall(_sitemaps_text(robots)))
        if absolute(url, url)
    )


def sitemap_addresses(body: bytes, limit: int = 1000) -> tuple[str, ...]:
    """The addresses a sitemap lists. Raises ExtractError for XML with DOCTYPE or ENTITY."""
    if declares_entities(body):
        raise ExtractError("sitemap refused: XML with DOCTYPE or ENTITY declarations")
    found = _LOCATIONS.findall(decoded(body).text)
    return tuple(dict.fromkeys(u for u in found if absolute(u, u)))[:limit]


def _block(kind: str, url: str, name: str, options: dict[str, object]) -> str:
    """A valid block for feeds.yaml; what only a person can know is marked by a comment."""
    parts = urlsplit(url)
    words = re.sub(r"[^a-z0-9]+", "_", f"{parts.hostname or ''}{parts.path}".lower())
    block = {
        "id": words.removeprefix("www_").strip("_")[:60] or "source",
        "kind": kind,
        "name": plain(name, max_chars=150) or (parts.hostname or url),
        "tier": "press",
        "checked": "never",
        "sees": [str(EventType.AGREEMENT_SIGNED), str(EventType.AGREEMENT_TERMINATED)],
        "options": options,
    }
    lines = yaml.safe_dump([block], sort_keys=False, allow_unicode=True, width=1000).splitlines()
    noted = [
        line + "  # official for an agency, court or legislature" if "tier: press" in line else line
        for line in lines
    ]
    return "\n".join(f"  {line}" for line in noted) + "\n"


def as_json(discovery: Discovery) -> str:
    """The discovery for programs."""
    return json.dumps(
        {
            "url": discovery.url,
            "offers": [
                {name: getattr(offer, name) for name in Offer.__slots__}
                for offer in discovery.offers
            ],
            "problems": list(discovery.problems),
        },
        ensure_ascii=False,
    )
