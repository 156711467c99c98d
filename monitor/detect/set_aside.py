"""Documents set aside whole: they use the field's words for something else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from monitor.detect.clauses.line import Line
from monitor.detect.phrase import Phrases
from monitor.detect.scene import Scene

#: Lines after the title that belong to the head.
_HEAD = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """A compiled block of `set_aside`: title and head must hold its phrases, `unless` lifts it."""

    name: str
    title: Phrases
    head: Phrases
    unless_title: Phrases
    unless_head: Phrases
    unless_document: Phrases

    def words(self, scene: Scene) -> str | None:
        """The words in the head for which the document is set aside, if it is."""
        title = scene.title
        if title is None or title.found(self.title) is None:
            return None
        head = (title, *scene.begins(_HEAD))
        words = _found(self.head, head)
        if words is None or title.found(self.unless_title) is not None:
            return None
        if _found(self.unless_head, head) is not None:
            return None
        return None if scene.holds(self.unless_document, "document", -1) else words


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """Why a document is not read: the block's name, and the words that it found."""

    name: str
    words: str


def set_aside(scene: Scene, blocks: Iterable[SetAside]) -> Aside | None:
    """The first block that sets the document aside."""
    for block in blocks:
        words = block.words(scene)
        if words is not None:
            return Aside(name=block.name, words=words)
    return None


def _found(phrases: Phrases, lines: Iterable[Line]) -> str | None:
    return next((words for line in lines if (words := line.found(phrases)) is not None), None)
