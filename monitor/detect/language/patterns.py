"""Patterns that are compiled when first searched for: a process meets few of a pack's thousand."""

from __future__ import annotations

import re
from dataclasses import dataclass

import re2

from monitor.detect.language.words import Match, Pattern

#: What RE2 makes of one repetition of any word, and of one class of characters, at most.
_REPEATED, _CLASS = 40, 30
#: Steps of a program that RE2 holds in any case; it refuses some 87,000.
_SURE = 50_000
_REPEAT = re.compile(r"\{0,(\d+)\}")


@dataclass(slots=True, eq=False)
class LatePattern:
    """A pattern that is sure to be accepted."""

    source: bytes
    _made: Pattern | None = None

    def search(self, view: bytes, at: int = 0) -> Match | None:
        """The first place from an offset on where it matches."""
        made = self._made
        if made is None:
            made = self._made = re2.compile(self.source)
        return made.search(view, at)


def late(source: str) -> Pattern:
    """The pattern, compiled now only where RE2 may refuse it. Raises re2.error when it does."""
    repeated = sum(map(int, _REPEAT.findall(source)))
    steps = 2 * len(source) + _REPEATED * repeated + _CLASS * source.count("[^")
    if source.isascii() and steps <= _SURE:
        return LatePattern(source.encode())
    return re2.compile(source.encode())
