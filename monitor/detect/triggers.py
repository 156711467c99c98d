"""Whether a document is worth extracting at all: a scan of its raw bytes for trigger words.

It may only ever err on the side of reading. Markup can stand inside a word ("287<b>(g)</b>",
"sanc&shy;tuary", "287&#40;g&#41;"), so two automata look for the words with anything between their
letters that may stand there: one over the bytes as they are, which excludes most documents at the
cost of reading them once, and one over the text that they show. What is not plain text in a charset
that holds ASCII is let through.

Every step is one pass over the bytes: time is bounded by size, whatever the markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import re2

from monitor.detect.bill_forms import bill_forms
from monitor.detect.trigger_markup import folded, shown_forms
from monitor.detect.trigger_patterns import close_look, first_look

_KEEP = b"0123456789abcdefghijklmnopqrstuvwxyz"
_LOWER = bytes(range(256)).lower()
_DROP = bytes(b for b in range(256) if bytes([b]).lower() not in [bytes([k]) for k in _KEEP])
#: What names the charset of a document, and its name behind that.
_CHARSET_NAMED = (b"charset", b"encoding")
_CHARSET = re.compile(rb"""\s*=\s*["']?\s*([a-z0-9_:.-]+)""")
#: Charsets in which every ASCII letter is its own byte and that byte nothing else.
_ASCII_BASED = re.compile(
    rb"(?:utf-?8|us-ascii|ascii|iso-?8859-?\d+|latin-?\d|windows-125\d|cp125\d|koi8-[ru]|"
    rb"macintosh|x-mac-\w+|euc-\w+|gb2312)",
    re.IGNORECASE,
)
_NOT_TEXT = (b"%PDF", b"PK\x03\x04", b"\x1f\x8b", b"\xd0\xcf\x11\xe0", b"\xff\xfe", b"\xfe\xff")


def squeezed(text: str) -> bytes:
    """Letters and digits of a text alone, in lower case ASCII: "287 (g)" gives b"287g"."""
    return folded(text).encode("ascii", "ignore").translate(_LOWER, _DROP)


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerScan:
    """The compiled scan; `relevant` is thread-safe and keeps nothing."""

    possible: re2._Regexp | None  #: in raw bytes: finds whatever the close look could find
    certain: re2._Regexp | None  #: in shown text

    @classmethod
    def build(cls, anchors: Iterable[str], watched: Iterable[str] = ()) -> TriggerScan:
        """A scan for anchor words and phrases, and for watched bill numbers and names of acts.

        A bill number ("SB 1164") is also found in its long form ("Senate Bill No. 1164"). A mere
        number counts where it may be the section of a law: "287(g)", "section 287", "287 program".
        """
        terms = {term.strip() for term in anchors} | {
            form for term in watched for form in bill_forms(term.strip())
        }
        words = {squeezed(term) for term in _needed(terms)} - {b""}
        return cls(possible=first_look(words), certain=close_look(words))

    def relevant(self, raw: bytes | memoryview) -> bool:
        """False only where no term can be in the text of this document, however it is marked up."""
        if not raw:
            return False
        if _undecidable(bytes(raw[:2048])):
            return True
        return bool(self.possible and self.possible.search(raw)) and self.close_look(bytes(raw))

    def close_look(self, raw: bytes) -> bool:
        """The same for text in a charset that holds ASCII, by undoing what may hide a word."""
        certain = self.certain
        return certain is not None and any(map(certain.search, shown_forms(raw)))


def _needed(terms: Iterable[str]) -> list[str]:
    """The terms without those that hold another term as whole words, which is found anyway."""
    worded = {tuple(folded(term).lower().split()) for term in terms} - {()}
    return sorted(
        " ".join(words)
        for words in worded
        if not any(
            words[i:j] in worded
            for i in range(len(words))
            for j in range(i + 1, len(words) + 1)
            if (i, j) != (0, len(words))
        )
    )


def _undecidable(head: bytes) -> bool:
    """Not text, or text in a charset in which letters may hide from a scan of bytes; by how it
    begins."""
    if b"\x00" in head or head.startswith(_NOT_TEXT) or b"\x1b" in head:
        return True
    return not all(map(_ASCII_BASED.fullmatch, _charsets(head.lower())))


def _charsets(head: bytes) -> Iterator[bytes]:
    """The charsets that are named, by finding first what names them: a tenth of the time."""
    for name in _CHARSET_NAMED:
        at = head.find(name)
        while at >= 0:
            at += len(name)
            found = _CHARSET.match(head, at)
            if found is not None:
                yield found[1]
            at = head.find(name, at)
