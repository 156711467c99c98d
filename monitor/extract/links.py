"""Addresses in documents: made absolute, cleaned, compared."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

MAX_URL_CHARS = 2000
#: Parameters that say how a reader came, never what is shown.
TRACKING = frozenset({
    "fbclid", "gclid", "dclid", "msclkid", "mc_cid", "mc_eid", "igshid", "ref_src", "cmpid",
    "ocid", "ncid", "taid",
})  # fmt: skip
#: An absolute address of which no part changes when it is joined, split or put together again.
_PLAIN = re.compile(r"https?://[a-z0-9.-]*[a-z0-9]/[A-Za-z0-9/._~+-]*")


def absolute(base: str, href: str) -> str | None:
    """The http(s) address `href` means on a page at `base`; None for anything else.

    Addresses with a user name, broken ones and those over 2,000 characters are None too.
    """
    href = "".join(href.split())
    if _PLAIN.fullmatch(href):  # most of a feed: nothing to resolve
        return href if len(href) <= MAX_URL_CHARS else None
    if not href or href.startswith("#"):
        return None
    try:
        url = urljoin(base, href)
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        return None
    del port
    return url if len(url) <= MAX_URL_CHARS else None


def without_tracking(url: str) -> str:
    """The address without fragment and tracking parameters; host in lower case."""
    if _PLAIN.fullmatch(url):
        return url
    try:
        parts = urlsplit(url)
        query = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return url
    kept = [(k, v) for k, v in query if not _tracks(k)]
    changed = parts.query if len(kept) == len(query) else urlencode(kept)
    return urlunsplit((parts.scheme.lower(), parts.netloc.lower(), parts.path, changed, ""))


@lru_cache(2048)  # a feed asks for each of its links some five times
def same_page(url: str) -> str:
    """A key under which addresses of one page compare equal: no scheme, www, trailing slash."""
    parts = urlsplit(without_tracking(url))
    host = parts.netloc.removeprefix("www.").removesuffix(":80").removesuffix(":443")
    path = parts.path.rstrip("/") or "/"
    return f"{host}{path}" + (f"?{parts.query}" if parts.query else "")


def _tracks(name: str) -> bool:
    return name.lower().startswith("utm_") or name.lower() in TRACKING


def is_front_page(url: str) -> bool:
    """True for an address without path and query: where sites send readers of lost pages."""
    parts = urlsplit(url)
    return parts.path in ("", "/", "/index.html", "/home") and not parts.query
