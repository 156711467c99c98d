"""What differs between two revisions of a page: sentences, list items and links."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from monitor.detect.language.folding import fold
from monitor.detect.language.sentences import sentences
from monitor.domain.item import Change, Item

#: Pieces told of one change; a rewritten page is told by its beginning.
MAX_PIECES = 2_000


def change_between(old: Item, new: Item) -> Change:
    """Sentences and links that one revision has more often than the other, in text order.

    A piece that only moved, or differs in white space, case, quotes or dashes, is no change.
    """
    before, after = _pieces(old.text), _pieces(new.text)
    return Change(
        added=_surplus(after, before),
        removed=_surplus(before, after),
        links_added=_surplus(_plain(new.links), _plain(old.links)),
        links_removed=_surplus(_plain(old.links), _plain(new.links)),
    )


def _pieces(text: str) -> tuple[tuple[str, str], ...]:
    """(what is compared, as printed) of each sentence or list item."""
    folded = fold(text)
    found = []
    for span in sentences(folded.text):
        start, end = folded.span(span.start, span.end)
        key = " ".join(folded.text[span.start : span.end].lower().split())
        found.append((key.strip(" -*."), text[start:end]))
    return tuple(found)


def _plain(values: Iterable[str]) -> tuple[tuple[str, str], ...]:
    return tuple((value, value) for value in values)


def _surplus(
    mine: tuple[tuple[str, str], ...], theirs: tuple[tuple[str, str], ...]
) -> tuple[str, ...]:
    left = Counter(key for key, _ in theirs)
    found: list[str] = []
    for key, printed in mine:
        if left[key] > 0:
            left[key] -= 1
        elif key and len(found) < MAX_PIECES:
            found.append(printed)
    return tuple(found)
