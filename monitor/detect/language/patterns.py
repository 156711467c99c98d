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
#: What RE2 may use to search by one pattern; with its own 8 MiB the widest ones fall back to a
#: search that is many times slower. Only states that texts lead to take any of it.
_MEMORY_BYTES = 16 * 2**20
_REPEAT = re.compile(r"\{0,(\d+)\}")

#: How the library's engine is told to look everywhere; None where this release keeps it elsewhere.
_ANYWHERE = getattr(getattr(re2, "_Anchor", None), "UNANCHORED", None)
#: Half-open spans of a match and of its groups; (-1, -1) for a group that has no part in it.
Spans: TypeAlias = Sequence[tuple[int, int]]


@dataclass(slots=True, eq=False)
class LatePattern:
    """A pattern over views, that is sure to be accepted."""

    source: bytes
    _match: Callable[[Any, bytes, int, int], Spans] | None = field(default=None, repr=False)

    def spans(self, view: bytes, at: int = 0) -> Spans | None:
        """The first place from an offset on where it matches."""
        match = self._match
        if match is None:
            match = self._match = _matcher(re2.compile(self.source, _options()))
        found = match(_ANYWHERE, view, at, len(view))
        return found if found[0][0] >= 0 else None


def _options() -> Any:
    options = re2.Options()
    options.max_mem = _MEMORY_BYTES
    return options


def _matcher(made: Any) -> Callable[[Any, bytes, int, int], Spans]:
    """A search without the match object and the generator that the library makes for each.

    They are more than half of the cost of a search in a sentence. Where a release of the library
    keeps its engine elsewhere, its own search serves.
    """
    engine = getattr(made, "_regexp", None)
    if engine is None or _ANYWHERE is None:
        return lambda _, view, at, end: _spans(made.search(view, at, end))
    match: Callable[[Any, bytes, int, int], Spans] = engine.Match
    return match


def _spans(match: Any) -> Spans:
    """The spans of a match object."""
    groups = range(match.re.groups + 1) if match else ()
    return [match.span(group) for group in groups] or [(-1, -1)]


def late(source: str) -> LatePattern:
    """The pattern, compiled now only where RE2 may refuse it. Raises re2.error when it does."""
    repeated = sum(map(int, _REPEAT.findall(source)))
    steps = 2 * len(source) + _REPEATED * repeated + _CLASS * source.count("[^")
    pattern = LatePattern(source.encode())
    if not source.isascii() or steps > _SURE:
        pattern.spans(b"")
    return pattern
