"""feedparser's own test documents: each gives entries or a named outcome; delta equals whole."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
import warnings
from collections import Counter
from pathlib import Path

import feedparser
import pytest

from monitor.domain.errors import ExtractError
from monitor.extract import feed as feed_module
from monitor.extract.feed import Entry, read_feed
from monitor.extract.feed_bytes import plain_bytes
from monitor.extract.feed_direct import plain_rss
from monitor.extract.feed_split import Split, entry_hash, split

pytestmark = pytest.mark.long

URL = "http://127.0.0.1:8097/feed"
CACHE = Path(tempfile.gettempdir()) / f"policy-monitor-feedparser-{feedparser.__version__}"
NAMES = [name for name in Entry.__slots__ if name != "raw_hash"]


@pytest.fixture(scope="module")
def documents() -> list[Path]:
    """The documents of the source distribution of the installed feedparser."""
    if not list(CACHE.glob("*.tar.gz")):
        name = f"feedparser=={feedparser.__version__}"
        call = [sys.executable, "-m", "pip", "download", "-q", "--no-deps"]
        done = subprocess.run(
            [*call, "--no-binary", "feedparser", "-d", str(CACHE), name],
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        if not list(CACHE.glob("*.tar.gz")):
            pytest.skip(f"feedparser's source distribution cannot be had: {done.stderr[-200:]}")
    with tarfile.open(next(CACHE.glob("*.tar.gz"))) as archive:
        archive.extractall(CACHE, filter="data")
    found = [p for p in CACHE.glob("feedparser-*/tests/*/**/*") if p.suffix in (".xml", ".json")]
    assert len(found) > 2000
    return sorted(found)


def values(entry: Entry) -> tuple[object, ...]:
    return tuple(getattr(entry, name) for name in NAMES)


def shapes(parts: Split) -> list[tuple[bytes, bytes]]:
    """Feeds in which the document's first entry stands alone, first, in the middle and last."""
    entry = parts.entries[0]
    name = entry[1:].split(b">", 1)[0].split()[0]
    fill = [b"<%s><title>filler %d</title></%s>" % (name, n, name) for n in range(3)]
    orders = ([entry], [entry, *fill], [fill[0], entry, *fill[1:]], [*fill, entry])
    return [(parts.only(tuple(order)), entry) for order in orders]


def test_every_document_gives_entries_or_a_named_outcome(documents: list[Path]) -> None:
    outcomes: Counter[str] = Counter()
    for path in documents:
        try:
            reading = read_feed(path.read_bytes(), url=URL)
            outcomes["entries" if reading.hashes else "no entries"] += 1
        except ExtractError as error:
            assert URL in str(error)
            outcomes["refused" if "refused" in str(error) else "no feed"] += 1
    assert outcomes["entries"] > 1000
    assert outcomes["refused"] < 20 and outcomes["no feed"] < 60, outcomes


def test_parsing_only_what_is_new_gives_what_parsing_everything_gives(
    documents: list[Path],
) -> None:
    compared = 0
    different = []
    for path in documents:
        parts = split(path.read_bytes())
        if parts is None:
            continue
        for body, entry in shapes(parts):
            if not same(body, entry):
                different.append(path.name)
            compared += 1
    assert compared > 3000
    assert not different, different[:20]


def test_plain_documents_read_from_their_tree_give_what_feedparser_gives(
    documents: list[Path],
) -> None:
    compared = 0
    for path in documents:
        body, charset = plain_bytes(path.read_bytes(), None)
        try:
            feed_module._refuse(body, URL)
        except ExtractError:
            continue
        direct = plain_rss(body, charset)
        if direct is None:
            continue
        compared += 1
        parsed = feed_module._parsed(body, URL, charset, "")
        assert (parsed.format, parsed.language) == ("rss20", direct.language), path.name
        both = [
            [feed_module._entry(e, raw_hash="", url=URL, language=direct.language) for e in entries]
            for entries in (direct.entries, parsed.entries)
        ]
        assert both[0] == both[1], path.name
    assert compared > 200


def same(body: bytes, entry: bytes) -> bool:
    """The entry parsed alone, its neighbours known, equals the entry parsed among them."""
    parts = split(body)
    assert parts is not None
    known = frozenset(entry_hash(e) for e in parts.entries if e != entry)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            delta = read_feed(body, url=URL, known=known).entries
            whole = feed_module._whole(body, URL, None, "", frozenset()).entries
        except ExtractError as error:
            return "refused" in str(error)
    return [values(e) for e in delta] == [values(whole[parts.entries.index(entry)])]
