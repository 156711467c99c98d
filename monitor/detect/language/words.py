"""Sets of words, written as running text, and the type of matches."""

from __future__ import annotations

from typing import Any, TypeAlias

#: A match of an RE2 pattern; the library ships no types.
Match: TypeAlias = Any


def word_set(text: str) -> frozenset[str]:
    """The words of a running text."""
    return frozenset(text.split())
