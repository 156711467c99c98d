"""The terms of vocabularies that are put together to one symbol, as a trie of words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Trie:
    """Symbol terms, word by word; "" leads to the symbol that ends there."""

    rows: dict[str, Any]

    @classmethod
    def of(cls, terms: Mapping[tuple[str, ...], str]) -> Trie:
        """From (words -> symbol)."""
        rows: dict[str, Any] = {}
        for words, symbol in terms.items():
            node = rows
            for word in words:
                node = node.setdefault(word, {})
            node[""] = symbol
        return cls(rows)

    def found(self, words: Sequence[str]) -> Iterator[tuple[int, int, str]]:
        """(word, number of words, symbol) of the terms among these words, in order.

        Of those that begin at one word the longest counts, and none begins inside another.
        """
        behind, rows, count = 0, self.rows, len(words)
        for at, word in enumerate(words):
            node = rows.get(word)
            if node is None or at < behind:
                continue
            symbol, i = "", at
            while node is not None:
                i += 1
                if "" in node:
                    symbol, behind = node[""], i
                node = node.get(words[i]) if i < count and words[i] else None
            if symbol:
                yield at, behind - at, symbol
