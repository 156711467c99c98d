"""Detection that recalls its last answers.

A decision rests on what the log held; where several take readings in at once, a page is decided
anew when another wrote first. Its words are the same: they need not be read again.
"""

from __future__ import annotations

from collections import OrderedDict

from monitor.detect.document import Document
from monitor.domain.claim import Finding
from monitor.services.finding import Knowledge
from monitor.services.intake import Find

#: As many documents as a page usually brings.
KEPT = 128


class Recall:
    """A `Find` in front of another one; for one thread."""

    def __init__(self, find: Find) -> None:
        """`find` gives the same for the same document and knowledge."""
        self._find = find
        self._kept: OrderedDict[str, tuple[Document, Knowledge, tuple[Finding, ...]]]
        self._kept = OrderedDict()

    def __call__(self, document: Document, knowledge: Knowledge) -> tuple[Finding, ...]:
        """What the document says."""
        held = self._kept.get(document.id)
        if held is not None and held[0] == document and _same(held[1], knowledge):
            return held[2]
        found = self._find(document, knowledge)
        self._kept[document.id] = (document, knowledge, found)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return found


def _same(one: Knowledge, other: Knowledge) -> bool:
    """Whether nothing was reloaded between; packs are large and are never changed in place."""
    return (
        one.pack is other.pack and one.gazetteer is other.gazetteer and one.watched == other.watched
    )
