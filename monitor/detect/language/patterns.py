"""Patterns that are compiled when first searched for: a process meets few of a pack's thousand."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import re2

#: What RE2 makes of one repetition of any word, and of one class of characters, at most.
_REPEATED, _CLASS = 40, 30
#: Steps of a program that RE2 holds in any case; it refuses some 87,000.
_SURE = 50_000
_REPEAT = re.compile(r"\{0,(\d+)\}")

#: Half-open spans of a match and of its groups; (-1, -1) for a group that has no part in it.
Spans: TypeAlias = Sequence[tuple[int, int]]


@dataclass(slots=True, eq=False)
class LatePattern:
    """A pattern over views, that is sure to be accepted."""

    source: bytes
    _find: Callable[[bytes, int], Spans | None] | None = field(default=None, repr=False)

    def spans(self, view: bytes, at: int = 0) -> Spans | None:
        """The first place from an offset on where it matches."""
        find = self._find
        if find is None:
            find = self._find = _finder(re2.compile(self.source))
        return find(view, at)


def _finder(made: Any) -> Callable[[bytes, int], Spans | None]:
    """A search without the match object and the generator that the library makes for each.

    They are more than half of the cost of a search in a sentence. Where a release of the library
    keeps its engine elsewhere, its own search serves.
    """
    engine, anywhere = getattr(made, "_regexp", None), getattr(re2, "_Anchor", None)
    if engine is None or anywhere is None:
        return lambda view, at: _spans(made.search(view, at))
    match, anchor = engine.Match, anywhere.UNANCHORED

    def found(view: bytes, at: int) -> Spans | None:
        spans: Spans = match(anchor, view, at, len(view))
        return spans if spans[0][0] >= 0 else None

    return found


def _spans(match: Any) -> Spans | None:
    """The spans of a match object."""
    return match and [match.span(group) for group in range(match.re.groups + 1)]


def late(source: str) -> LatePattern:
    """The pattern, compiled now only where RE2 may refuse it. Raises re2.error when it does."""
    repeated = sum(map(int, _REPEAT.findall(source)))
    steps = 2 * len(source) + _REPEATED * repeated + _CLASS * source.count("[^")
    pattern = LatePattern(source.encode())
    if not source.isascii() or steps > _SURE:
        pattern.spans(b"")
    return pattern
