"""States that the address of a document names."""

from __future__ import annotations

import re2

from monitor.detect.slots.state_names import STATE_NAMES

_URL_WORD = re2.compile(r"[a-z]+")
_OFFICIAL_HOST = re2.compile(r"(?:^|[./])([a-z]{2})\.(?:gov|us)(?:/|$)")
_NAMES_IN_URL = {
    tuple(names[0].split()): code for code, names in STATE_NAMES.items() if code != "WA"
}


def states_of_url(url: str) -> set[str]:
    """States named in an address: `.../texas/...`, `governor.wv.gov`."""
    low = url.lower()[:500]
    found: set[str] = {
        code.upper() for code in _OFFICIAL_HOST.findall(low) if code.upper() in STATE_NAMES
    }
    words = _URL_WORD.findall(low)
    for i in range(len(words)):
        for length in (2, 1):
            code = _NAMES_IN_URL.get(tuple(words[i : i + length]))
            if code and len(words[i : i + length]) == length:
                found.add(code)
                break
    if "VA" in found and "WV" in found and "west-virginia" in low:
        found.discard("VA")
    return found
