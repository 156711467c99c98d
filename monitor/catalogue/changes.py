"""What a new feeds.yaml changes, in lines for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import TypeVar

from monitor.catalogue.load import Catalogue
from monitor.domain.source import Source
from monitor.domain.subscription import Subscription

BlockT = TypeVar("BlockT", Source, Subscription)
_UNTOLD = frozenset({"line"})


def catalogue_changes(before: Catalogue, after: Catalogue) -> tuple[str, ...]:
    """One line per source or subscription that came, went or changed, then the rules."""
    lines = [
        *_changes("source", before.sources, after.sources),
        *_changes("subscription", before.subscriptions, after.subscriptions),
    ]
    if _rules(before) != _rules(after):
        lines.append("own rules changed")
    if before.watch != after.watch:
        lines.append("watched bills changed")
    return tuple(lines)


def _rules(catalogue: Catalogue) -> str:
    return "\n".join(row for row in catalogue.own_rules.splitlines() if row.strip())


def _changes(word: str, before: Sequence[BlockT], after: Sequence[BlockT]) -> list[str]:
    old, new = {b.id: b for b in before}, {b.id: b for b in after}
    lines = [f"{word} {name} added" for name in new if name not in old]
    lines += [f"{word} {name} removed" for name in old if name not in new]
    for name, block in new.items():
        names = _differing(old[name], block) if name in old else ()
        if names:
            lines.append(f"{word} {name} changed: {', '.join(names)}")
    return lines


def _differing(before: BlockT, after: BlockT) -> tuple[str, ...]:
    return tuple(
        f.name
        for f in fields(before)
        if f.name not in _UNTOLD and getattr(before, f.name) != getattr(after, f.name)
    )
