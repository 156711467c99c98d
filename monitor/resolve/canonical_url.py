"""One address for one page: what publishers, mailers and mirrors add to a URL is taken off again.

For comparing, never for fetching: the result may not answer (its scheme is always https and a
"www." is dropped). Idempotent, total over strings, and linear in the length of the address.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

#: Query parameters that say where a reader came from, never which page this is.
_TRACKING = frozenset({
    "fbclid", "gclid", "dclid", "gbraid", "wbraid", "msclkid", "yclid", "twclid", "ttclid",
    "igshid", "igsh", "mc_cid", "mc_eid", "mkt_tok", "_hsenc", "_hsmi", "vero_id", "oly_enc_id",
    "oly_anon_id", "ref", "ref_src", "ref_url", "referrer", "source", "src", "smid", "smtyp",
    "sref", "cmpid", "cmp", "ncid", "ocid", "icid", "s_cid", "spm",
    "sharetype", "outputtype", "amp", "amp_js_v", "usqp", "guccounter", "guce_referrer",
    "guce_referrer_sig", "fb_action_ids", "fb_ref", "feature", "rss", "taid", "traffic_source",
    "__twitter_impression", "fbclid_", "nr_email_referer", "st_source", "soc_src", "soc_trk",
})  # fmt: skip
_TRACKING_PREFIXES = ("utm_", "pk_", "mtm_", "hsa_", "ga_", "_ga", "wt.", "itm_", "stm_")
#: Redirectors that carry the address of the page in a parameter.
_WRAPPERS = {
    ("google.com", "/url"): ("q", "url"),
    ("facebook.com", "/l.php"): ("u",),
    ("l.facebook.com", "/l.php"): ("u",),
    ("safelinks.protection.outlook.com", "/"): ("url",),
    ("flip.it", "/redirect"): ("url",),
}
_AMP_TAIL = re.compile(r"(?:/amp|\.amp|/amp\.html|\.amp\.html)$", re.IGNORECASE)
_INDEX = re.compile(r"/(?:index|default)\.(?:html?|php|aspx?|jsp)$", re.IGNORECASE)
_ARCHIVE = re.compile(r"^/(?:web/)?\d{4,14}(?:[a-z]{2}_)?/(https?:/{1,2}.+)$", re.IGNORECASE)
_AMP_CACHE = re.compile(r"^/(?:c|v|i)/(?:s/)?(.+)$")
_SAFE_PATH = "/:@!$&'()*+,;=-._~"
_UNWRAPPINGS = 4


@lru_cache(maxsize=8192)  # the addresses of an event's evidence are asked for with each telling
def canonical_url(url: str) -> str:
    """The address that stands for this page; the text itself, trimmed, where it is no web address.

    Dropped: scheme, "www.", "m." and "amp." hosts, default ports, user names, fragments, tracking
    parameters, AMP and index endings, trailing and doubled slashes. Undone: redirect wrappers and
    web archives. Kept, sorted: every other query parameter.
    """
    text = url.strip()
    for _ in range(_UNWRAPPINGS):
        parts = _split(text)
        if parts is None:
            return text
        inner = _unwrapped(*parts)
        if inner is None:
            break
        text = inner
    parts = _split(text)
    return text if parts is None else _settled(*parts)


def _settled(host: str, path: str, query: str) -> str:
    """Endings can hide one another ("/amp/index.html"), so rebuild until nothing changes."""
    result = _rebuilt(host, path, query)
    for _ in range(_UNWRAPPINGS * 2):
        parts = _split(result)
        if parts is None:
            return result
        again = _rebuilt(*parts)
        if again == result:
            return result
        result = again
    return result


def _split(text: str) -> tuple[str, str, str] | None:
    """Host (with a port that is not the default), raw path and query; None: no web address."""
    try:
        parts = urlsplit(
            text if "://" in text[:12] else f"https:{text}" if text[:2] == "//" else ""
        )
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https") or not host:
        return None
    host = _ascii(host.rstrip("."))
    if not host:
        return None
    if port not in (None, 80, 443):
        host = f"{host}:{port}"
    return host, parts.path, parts.query


def _ascii(host: str) -> str:
    try:
        return host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return quote(host.lower(), safe=".-_%:[]")


def _unwrapped(host: str, path: str, query: str) -> str | None:
    """The address inside a redirector, an AMP cache or a web archive."""
    plain = host.removeprefix("www.")
    if plain.endswith("web.archive.org") or plain.startswith("archive."):
        found = _ARCHIVE.match(path)
        if found:
            return re.sub(r"^(https?:)/+", r"\1//", found[1]) + (f"?{query}" if query else "")
    if plain.endswith(".cdn.ampproject.org"):
        found = _AMP_CACHE.match(path)
        return f"https://{found[1]}" + (f"?{query}" if query else "") if found else None
    if plain == "google.com" and path.startswith("/amp/"):
        return "https://" + path.removeprefix("/amp/").removeprefix("s/")
    for (domain, at), names in _WRAPPERS.items():
        if (plain == domain or plain.endswith(f".{domain}")) and path.rstrip("/") == at.rstrip("/"):
            values = dict(parse_qsl(query))
            inner = next((values[name] for name in names if name in values), "")
            return inner if inner.startswith(("http://", "https://")) else None
    return None


def _rebuilt(host: str, path: str, query: str) -> str:
    for prefix in ("www.", "amp.", "m.", "mobile."):
        if host.startswith(prefix) and host.count(".") >= 2:
            host = host.removeprefix(prefix)
    address = f"https://{host}{_path(path)}"
    kept = _query(query)
    return f"{address}?{kept}" if kept else address


def _path(path: str) -> str:
    plain = quote(_unquoted(path), safe=_SAFE_PATH + "%")
    plain = re.sub(r"/{2,}", "/", plain)
    plain = _AMP_TAIL.sub("", _INDEX.sub("", plain.rstrip("/"))).rstrip("/")
    return plain.removeprefix("/amp") if plain.startswith("/amp/") else plain


def _unquoted(path: str) -> str:
    """Percent signs undone where they hide plain letters only; "%2F" and "%25" stay."""
    return re.sub(
        r"%([0-9a-fA-F]{2})",
        lambda m: unquote(m[0]) if re.match(r"[A-Za-z0-9\-._~]", unquote(m[0])) else m[0].upper(),
        path,
    )


def _query(query: str) -> str:
    pairs = parse_qsl(query, keep_blank_values=True)
    kept = sorted((name, value) for name, value in pairs if not _tracks(name))
    return "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in kept)


def _tracks(name: str) -> bool:
    plain = name.lower()
    return plain in _TRACKING or plain.startswith(_TRACKING_PREFIXES)
