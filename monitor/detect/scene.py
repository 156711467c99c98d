"""A document laid out for rules: its lines, read when asked for, and what matches in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from monitor.detect.clauses.guards import Stop
from monitor.detect.clauses.line import Line, LineReader, Trie
from monitor.detect.document import Document
from monitor.detect.language.folding import Folded, fold
from monitor.detect.language.sentences import Sentence, sentences
from monitor.detect.phrase import Phrases
from monitor.detect.slots.agency import AgencyReader
from monitor.detect.slots.names import GazetteerNames
from monitor.detect.slots.place import PlaceReader

#: Sentences before a match in which an antecedent or a missing word is looked for.
NEAR = 3
#: Lines of one document that are analysed; the longest real document has about 2,000.
MAX_LINES = 3_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A rule's match: the line and its tokens; `stop` says why it does not count."""

    line: Line
    index: int  #: of the line in its scene; -1 for the title
    first: int
    last: int
    start_token: int
    end_token: int
    topic: str | None = None
    stop: Stop | None = None


@dataclass(slots=True)
class Scene:
    """One document: folded title and text, sentence spans, and lines read on demand."""

    document: Document
    title_text: Folded
    body: Folded
    spans: tuple[Sentence, ...]
    _reader: LineReader
    _title_reader: LineReader
    _lines: dict[int, Line] = field(default_factory=dict)
    _title: Line | None = None
    _opening: bytes | None = None
    lines_of_rule: dict[int, list[int]] = field(default_factory=dict)
    """Rule number -> indexes of lines (-1: title) that hold one of its certain words."""

    def line(self, index: int) -> Line:
        """The line of a sentence."""
        if index not in self._lines:
            self._lines[index] = self._reader.line(self.spans[index])
        return self._lines[index]

    @property
    def title(self) -> Line | None:
        """The title as a line; None when there is none."""
        if self._title is None and self.title_text.text.strip():
            length = min(len(self.title_text.text), 400)
            self._title = self._title_reader.line(Sentence(0, length, -1))
        return self._title

    def same_paragraph(self, one: int, other: int) -> bool:
        """Whether two lines stand in one paragraph; False for an index that is none."""
        known = 0 <= one < len(self.spans) and 0 <= other < len(self.spans)
        return known and self.spans[one].paragraph == self.spans[other].paragraph

    def line_outside(self, text: str) -> Line | None:
        """A piece of text beside the document's own (a field, a removed sentence) as a line."""
        folded = fold(text[:2_000])
        length = min(len(folded.text), 1_000)
        if not folded.text.strip():
            return None
        places, agencies = self._reader.places, AgencyReader(folded.text)
        reader = LineReader(
            folded.text,
            self._reader.symbols,
            PlaceReader(places.names, folded.text, places.known, places.seen),
            agencies,
            text,
        )
        return reader.line(Sentence(0, length, -1))

    def near(self, index: int, before: int = NEAR) -> tuple[Line, ...]:
        """The line and up to `before` lines before it in its paragraph, nearest first; no title."""
        if index < 0:
            return (self.title,) if self.title else ()
        own = self.spans[index].paragraph
        first = max(-1, index - before - 1)
        return tuple(
            self.line(i) for i in range(index, first, -1) if self.spans[i].paragraph == own
        )

    def within(self, scope: str, index: int) -> Iterator[Line]:
        """Lines of a scope around a line: sentence, near, paragraph, title, document."""
        title = self.title
        if scope in {"title", "near", "document", "paragraph"} and title is not None:
            yield title
        if scope == "sentence":
            yield title if index < 0 and title is not None else self.line(max(index, 0))
        elif scope == "near":
            yield from self.near(index) if index >= 0 else self._first(4)
        elif scope == "paragraph" and index >= 0:
            yield from self._paragraph(index)
        elif scope in {"document", "paragraph"}:
            yield from self._first(80)

    def _first(self, count: int) -> Iterator[Line]:
        for index in range(min(count, len(self.spans))):
            yield self.line(index)

    def _paragraph(self, index: int) -> Iterator[Line]:
        number = self.spans[index].paragraph
        for i in range(max(0, index - 12), min(len(self.spans), index + 12)):
            if self.spans[i].paragraph == number:
                yield self.line(i)

    def opening(self, line: Line, index: int, words: int = 9) -> bytes:
        """The first words of line, paragraph, text and title, each after a START symbol."""
        if self._opening is None:
            lines = [self.line(0)] if self.spans else []
            lines += [self.title] if self.title else []
            self._opening = b"".join(b" START" + one.view.part(0, words) for one in lines)
        own = b" START" + line.view.part(0, 3)
        first = index
        while first > 0 and index - first < 12 and self.same_paragraph(first - 1, index):
            first -= 1
        if 0 < first < index:
            own += b" START" + self.line(first).view.part(0, words)
        return own + self._opening

    def holds(self, phrases: Phrases, scope: str, index: int) -> bool:
        """Whether one of the phrases is in a line of the scope."""
        return any(line.found(phrases) for line in self.within(scope, index))


def lay_out(document: Document, symbols: Trie, names: GazetteerNames) -> Scene:
    """Fold a document and find its sentences; lines are read when rules ask for them."""
    title, body = fold(document.title[:2_000]), fold(document.text)
    spans = []
    for span in sentences(body.text):
        spans.append(span)
        if len(spans) >= MAX_LINES:
            break
    known: dict[str, tuple[str, ...]] = {}
    seen: set[str] = set()
    readers = [_reader(text.text, symbols, names, known, seen) for text in (body, title)]
    readers[1].outside = document.title
    return Scene(document, title, body, tuple(spans), readers[0], readers[1])


def _reader(
    text: str,
    symbols: Trie,
    names: GazetteerNames,
    known: dict[str, tuple[str, ...]],
    seen: set[str],
) -> LineReader:
    return LineReader(text, symbols, PlaceReader(names, text, known, seen), AgencyReader(text))
