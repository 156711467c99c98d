"""Sets of words, written as running text, and the type of compiled patterns."""

from __future__ import annotations

from typing import Any, TypeAlias

#: A compiled RE2 pattern; the library ships no types.
Pattern: TypeAlias = Any
#: A match of one.
Match: TypeAlias = Any


def word_set(text: str) -> frozenset[str]:
    """The words of a running text."""
    return frozenset(text.split())
