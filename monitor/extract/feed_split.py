"""A raw feed cut into head, entries and tail by its bytes, without parsing it."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    rb"<(?:(?P<quote>!\[CDATA\[|!--)"
    rb"|(?P<end>/?)(?P<name>(?:[A-Za-z_][\w.-]*:)?(?:item|entry))(?=[\s/>])(?P<rest>[^>]*)>)"
)
_QUOTE_ENDS = {b"![CDATA[": b"]]>", b"!--": b"-->"}
_COMMENTS = re.compile(rb"(?:\s|<!--.*?-->)*", re.DOTALL)
_QUOTED = re.compile(rb"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)", re.DOTALL)
_DECLARES = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)[\s\[]", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """`head + entries + tail` is the feed, but for white space and comments between entries."""

    head: bytes
    entries: tuple[bytes, ...]
    tail: bytes

    def only(self, wanted: tuple[bytes, ...]) -> bytes:
        """A feed with the same head and tail that holds only these entries."""
        return b"\n".join((self.head, *wanted, self.tail))


def declares_entities(body: bytes) -> bool:
    """True when markup (not CDATA or a comment) holds a DOCTYPE or ENTITY declaration."""
    if not _DECLARES.search(body):
        return False
    return _DECLARES.search(_QUOTED.sub(b" ", body)) is not None


def entry_hash(entry: bytes) -> str:
    """12 hex digits over the entry's bytes; equal bytes mean nothing new."""
    return hashlib.sha256(entry).hexdigest()[:12]


def split(body: bytes) -> Split | None:
    """The feed in parts; None when in doubt: other encodings than ASCII supersets, nested,
    self-closing or unbalanced entries, anything but white space and comments between them."""
    if b"\x00" in body[:4] or body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return None
    spans = _spans(body)
    if not spans:
        return None
    for (_, end), (start, _) in itertools.pairwise(spans):
        if not _COMMENTS.fullmatch(body, end, start):
            return None
    return Split(
        head=body[: spans[0][0]],
        entries=tuple(body[start:end] for start, end in spans),
        tail=body[spans[-1][1] :],
    )


def _tokens(body: bytes) -> Iterator[re.Match[bytes]]:
    """Opening and closing tags of entries. CDATA and comments are stepped over whole, so that
    markup quoted in them opens nothing; find() does that five times as fast as a pattern."""
    at = 0
    while (token := _TOKEN.search(body, at)) is not None:
        at = token.end()
        if token.group("quote") is None:
            yield token
            continue
        mark = _QUOTE_ENDS[token.group("quote")]
        end = body.find(mark, at)
        if end < 0:
            return
        at = end + len(mark)


def _spans(body: bytes) -> list[tuple[int, int]]:
    """Where each entry begins and ends; empty when they are nested, mixed or unbalanced."""
    spans: list[tuple[int, int]] = []
    opened: int | None = None
    names: set[bytes] = set()
    for token in _tokens(body):
        names.add(token.group("name"))
        closing = bool(token.group("end"))
        if token.group("rest").endswith(b"/") or closing != (opened is not None):
            return []
        if opened is not None:
            spans.append((opened, token.end()))
        opened = None if closing else token.start()
    return spans if opened is None and len(names) == 1 else []
