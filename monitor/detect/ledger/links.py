"""Links as the publisher meant them: gateway wrappers off, mailbox names gone."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import parse_qs, quote, unquote, urlsplit, urlunsplit

_SAFE = "%/:@!$&'()*+,;=~-._"
_MAILBOX = re.compile(r"[\w.+-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
_MAX_WRAPS = 5


def without_mailboxes(text: str) -> str:
    """The text with every mailbox name replaced; staff addresses never leave the capture."""
    return _MAILBOX.sub("[mailbox]", text)


def _unwrap_once(url: str) -> str:
    """One wrapper off, or the same string."""
    lowered = url.lower()
    for scheme in ("chrome-extension:", "edge-extension:", "moz-extension:", "viewer:"):
        if lowered.startswith(scheme):
            start = max(lowered.rfind("https:/"), lowered.rfind("http:/"))
            return url[start:] if start > 0 else ""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if host == "web.archive.org":
        return re.sub(r"^.*?/web/\d+[a-z_]*/", "", url)
    if host.startswith("urldefense"):
        return _undefended(parts.path, parts.query)
    wrapped = parse_qs(parts.query)
    for name in ("url", "u", "q", "target", "dest"):
        inner = wrapped.get(name, [""])[0]
        if inner.lower().startswith(("http:", "https:")):
            return inner
    return url


def _undefended(path: str, query: str) -> str:
    """The address inside a urldefense link: v3 keeps it between underscores, v2 encodes it."""
    found = re.match(r"/v3/__(.+?)__;", path)
    if found:
        return found.group(1)
    encoded = parse_qs(query).get("u", [""])[0]
    return unquote(encoded.replace("-", "%").replace("_", "/"))


@lru_cache(maxsize=16_384)
def unwrap(target: str | None) -> str | None:
    """The address behind gateway, viewer and archive wrappers, https and percent-encoded.

    None for no link, a mail link, or what is no web address. Query and fragment of documents
    are dropped: on a published PDF they only ever carried tracking and mailbox names.
    """
    url = (target or "").strip().replace("\\", "/")
    for _ in range(_MAX_WRAPS):
        try:
            inner = _unwrap_once(url)
        except ValueError:
            return None
        if inner == url:
            break
        url = inner.strip()
    return _plain(url)


def _plain(url: str) -> str | None:
    if url.startswith("/") and not url.startswith("//"):
        url = f"https://www.ice.gov{url}"
    found = re.match(r"(?i)(https?):/{1,3}([^/].*)$", url)
    if not found:
        return None
    try:
        parts = urlsplit(f"https://{found.group(2)}")
        port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    except ValueError:
        return None
    if not parts.hostname or "." not in parts.hostname:
        return None
    # On a port of its own a server speaks what the link says; else http and https are one address.
    scheme = found.group(1).lower() if port else "https"
    path = re.sub(r"/{2,}", "/", quote(parts.path, safe=_SAFE))
    return without_mailboxes(urlunsplit((scheme, parts.hostname.lower() + port, path, "", "")))


@lru_cache(maxsize=16_384)
def link_form(target: str | None) -> str:
    """How a link was written: "" for plainly, else what had to be undone (for cosmetic edits)."""
    url = (target or "").strip().lower()
    if not url or (url.startswith("https://") and unwrap(target) == (target or "").strip()):
        return ""
    host = url.split("/")[2] if url.count("/") >= 2 else ""
    if "safelinks" in host or "urldefense" in host:
        return "gateway"
    if "-extension:" in url:
        return "viewer"
    if url.startswith("http://"):
        return "http"
    return "other"


@lru_cache(maxsize=16_384)
def file_key(url: str | None) -> str:
    """The document's base name, letters and digits only, lower case; "" for no link."""
    if not url:
        return ""
    name = unquote(urlsplit(url).path.rpartition("/")[2]).casefold().removesuffix(".pdf")
    return re.sub(r"[^0-9a-z]", "", name)
