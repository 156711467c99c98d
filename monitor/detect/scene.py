"""A document laid out for rules: its lines, read when asked for, and what matches in them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from operator import attrgetter
from types import MappingProxyType

from monitor.detect.clauses.guards import Stop
from monitor.detect.clauses.line import Line, LineReader, Passage
from monitor.detect.clauses.symbols import Trie
from monitor.detect.document import Document
from monitor.detect.language.folding import Folded, fold
from monitor.detect.language.sentences import Sentence, sentences, walls_apart
from monitor.detect.lexicon import ALL_MET, Lexicon
from monitor.detect.phrase import Phrases
from monitor.detect.slots.agency import AgencyReader
from monitor.detect.slots.governor_names import Governors, governors_named
from monitor.detect.slots.names import GazetteerNames
from monitor.detect.slots.place import PlaceReader
from monitor.detect.story import Story, Telling, find_story
from monitor.domain.vocabulary import DocumentKind

#: Offsets, ascending, of the words in a folded text that name the field.
Anchored = Callable[[str], Sequence[int]]

#: Sentences before a match in which an antecedent or a missing word is looked for.
NEAR = 3
#: Lines of one document that are analysed; the longest real document has about 2,000.
MAX_LINES = 3_000
#: Sentences at the top among which the title is looked for: pages repeat it there.
_TOP = 3
#: Lines before a line within which its paragraph's beginning is looked for.
_BEGINS = 12
_NO_GOVERNORS: Governors = MappingProxyType({})
_PARAGRAPH = attrgetter("paragraph")
_WITH_TITLE = frozenset({"title", "near", "around", "story", "document", "paragraph"})
#: How documents of a kind are told; others are lists of items.
_TELLINGS = {
    DocumentKind.NEWS: Telling.SENTENCES,
    DocumentKind.RELEASE: Telling.SENTENCES,
    DocumentKind.PAGE: Telling.MIXED,
    DocumentKind.BILL: Telling.MIXED,
}


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
    _reader: LineReader
    _title_reader: LineReader
    _anchored: Anchored
    _spans: tuple[Sentence, ...] | None = None
    _anchors: Sequence[int] | None = None
    _lines: dict[int, Line] = field(default_factory=dict)
    _title: Line | None = None
    _opening: bytes | None = None
    _opening_met: int = 0
    _openings: dict[int, Passage] = field(default_factory=dict)
    _story: Story | None = None

    @property
    def spans(self) -> tuple[Sentence, ...]:
        """The sentences of the text, without those at the top that only repeat the title."""
        if self._spans is None:
            text = self.body.text
            told = walls_apart(list(islice(sentences(text), MAX_LINES)))
            self._spans = _told_once(self.title_text.text, text, told)
        return self._spans

    @property
    def anchors(self) -> Sequence[int]:
        """Offsets in the folded text of the words that name the field, ascending."""
        if self._anchors is None:
            self._anchors = self._anchored(self.body.text)
        return self._anchors

    @property
    def title_anchored(self) -> bool:
        """Whether the title names the field."""
        return bool(self._anchored(self.title_text.text))

    def anchored_lines(self) -> set[int]:
        """Indexes of the sentences in which an anchor begins."""
        spans = self.spans
        starts = [span.start for span in spans]
        found = ((bisect_right(starts, offset) - 1, offset) for offset in self.anchors)
        # what only repeats the title is no sentence of the text
        return {index for index, offset in found if index >= 0 and offset < spans[index].end}

    def _is_anchored(self, start: int, end: int) -> bool:
        """Whether an anchor begins between two offsets of the folded text."""
        at = bisect_left(self.anchors, start)
        return at < len(self.anchors) and self.anchors[at] < end

    def line(self, index: int) -> Line:
        """The line of a sentence."""
        line = self._lines.get(index)
        if line is None:
            line = self._lines[index] = self._reader.line(self.spans[index])
        return line

    @property
    def title(self) -> Line | None:
        """The title as a line; None when there is none."""
        if self._title is None and self.title_text.text.strip():
            length = min(len(self.title_text.text), 400)
            self._title = self._title_reader.line(Sentence(0, length, -1))
            parts = list(sentences(self.title_text.text[:length]))
            self._title.breaks = tuple(part.start for part in parts[1:])
        return self._title

    @property
    def story(self) -> Story:
        """Which paragraphs tell what the title announces."""
        if self._story is None:
            telling = _TELLINGS.get(self.document.kind, Telling.ITEMS)
            self._story = find_story(
                self.title_text.text, self.body.text, self.spans, self._is_anchored, telling
            )
        return self._story

    def title_of(self, index: int) -> Line | None:
        """The title, for a line of the story that it announces."""
        return self.title if self.in_story(index) else None

    def in_story(self, index: int) -> bool:
        """Whether a line is of the story that the title announces; the title (-1) is."""
        return index < 0 or self.story.holds(self.spans[index].paragraph)

    def paragraph(self, index: int) -> int:
        """The number of a line's paragraph."""
        return self.spans[index].paragraph

    def paragraph_start(self, index: int) -> int:
        """The first line of a line's paragraph."""
        return bisect_left(self.spans, self.spans[index].paragraph, key=_PARAGRAPH)

    def beside(self, index: int, before: int, after: int) -> range:
        """The lines of a line's paragraph from so many before it to so many after it."""
        spans = self.spans
        own = spans[index].paragraph
        first, last = index, index
        while first > max(0, index - before) and spans[first - 1].paragraph == own:
            first -= 1
        while last + 1 < min(len(spans), index + after + 1) and spans[last + 1].paragraph == own:
            last += 1
        return range(first, last + 1)

    def of_paragraphs(self, indexes: Collection[int], most: int) -> set[int]:
        """The lines, among the first so many, of the paragraphs that these lines are of."""
        known = {self.paragraph(i) for i in indexes if 0 <= i < len(self.spans)}
        return {i for i in range(min(most, len(self.spans))) if self.paragraph(i) in known}

    def opening_lines(self, count: int) -> list[int]:
        """Indexes of up to `count` first lines of the story."""
        first = self.story.begin
        holds = self.story.holds
        lines = range(first, min(first + count, len(self.spans)))
        return [index for index in lines if holds(self.spans[index].paragraph)]

    def above(self, count: int) -> Iterator[Line]:
        """Up to `count` lines right before the story's beginning that are of it all the same."""
        begin = self.story.begin
        holds = self.story.holds
        lines = range(max(0, begin - count), begin)
        return (self.line(index) for index in lines if holds(self.spans[index].paragraph))

    def between(self, count: int) -> Iterator[Line]:
        """Up to `count` lines from the story's beginning on, to its last line, links left out."""
        lines = self.opening_lines(count)
        inside = range(lines[0], min(lines[-1], lines[0] + count) + 1) if lines else range(0)
        links = self.story.links
        return (self.line(i) for i in inside if self.spans[i].paragraph not in links)

    def begins(self, count: int) -> Iterator[Line]:
        """Up to `count` first lines of the story, read."""
        return map(self.line, self.opening_lines(count))

    def same_paragraph(self, one: int, other: int) -> bool:
        """Whether two lines stand in one paragraph; False for an index that is none."""
        spans = self.spans
        known = 0 <= one < len(spans) and 0 <= other < len(spans)
        return known and spans[one].paragraph == spans[other].paragraph

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
            self._reader.lexicon,
        )
        return reader.line(Sentence(0, length, -1))

    def near(self, index: int, before: int = NEAR) -> tuple[Line, ...]:
        """The line and up to `before` lines before it in its paragraph, nearest first; no title."""
        if index < 0:
            return (self.title,) if self.title else ()
        spans = self.spans
        own = spans[index].paragraph
        first = max(-1, index - before - 1)
        return tuple(self.line(i) for i in range(index, first, -1) if spans[i].paragraph == own)

    def following(self, index: int) -> Iterator[Line]:
        """Up to two lines after a line in its paragraph."""
        for after in range(index + 1, index + 3):
            if index >= 0 and self.same_paragraph(index, after):
                yield self.line(after)

    def within(self, scope: str, index: int) -> Iterator[Line]:
        """Lines of a scope around a line: sentence, near, story, paragraph, title, document."""
        title = self.title if scope == "document" else self.title_of(index)
        if scope in _WITH_TITLE and title is not None:
            yield title
        match scope:
            case "sentence":
                yield title if index < 0 and title is not None else self.line(max(index, 0))
            case "near" | "around":
                yield from self._near_or_beginning(index)
                yield from self._beside(index, scope)
            case "story":
                yield from self._near_or_beginning(index)
                yield from self._whole_story(index)
            case "following":
                yield from self.following(index)
            case "paragraph" if index >= 0:
                yield from self._paragraph(index)
            case "paragraph" | "document":
                yield from self.begins(80)

    def _whole_story(self, index: int) -> Iterable[Line]:
        return self.begins(80) if self.in_story(index) else ()

    def _beside(self, index: int, scope: str) -> Iterator[Line]:
        """Two lines before and three after a line, of other paragraphs of its story too."""
        if scope != "around" or index < 0 or not self.in_story(index):
            return
        for other in range(max(0, index - 2), min(len(self.spans), index + 4)):
            if other != index and self.in_story(other):
                yield self.line(other)

    def _near_or_beginning(self, index: int) -> Iterable[Line]:
        return self.near(index) if index >= 0 else self.begins(4)

    def _paragraph(self, index: int) -> Iterator[Line]:
        number = self.spans[index].paragraph
        for i in range(max(0, index - 12), min(len(self.spans), index + 12)):
            if self.spans[i].paragraph == number:
                yield self.line(i)

    def opening(self, line: Line, index: int) -> Passage:
        """The first words of line, paragraph, text and title, each after a START symbol."""
        if line.outside is not None and index < 0 and line is not self._title:
            return self._opened(line, index)
        if index not in self._openings:
            self._openings[index] = self._opened(line, index)
        return self._openings[index]

    def _opened(self, line: Line, index: int, words: int = 9) -> Passage:
        if self._opening is None:
            lines = list(self.begins(1))
            lines += [self.title] if self.title else []
            self._opening = b"".join(b" START" + one.view.part(0, words) for one in lines)
            self._opening_met = self._met(self._opening)
        own = b" START" + line.view.part(0, 3)
        first = max(self.paragraph_start(index), index - _BEGINS) if index > 0 else index
        if 0 < first < index:
            own += b" START" + self.line(first).view.part(0, words)
        return Passage(own + self._opening, self._met(own) | self._opening_met)

    def _met(self, view: bytes) -> int:
        """The demands of phrases that a view's words meet."""
        lexicon = self._reader.lexicon
        return lexicon.read(view.decode().split())[0] if lexicon else ALL_MET

    def holds(self, phrases: Phrases, scope: str, index: int) -> bool:
        """Whether one of the phrases is in a line of the scope."""
        return any(line.found(phrases) for line in self.within(scope, index))


def _everywhere(text: str) -> Sequence[int]:
    return range(len(text))


def lay_out(
    document: Document,
    symbols: Trie,
    names: GazetteerNames,
    anchored: Anchored = _everywhere,
    lexicon: Lexicon | None = None,
    governors: Governors = _NO_GOVERNORS,
) -> Scene:
    """Fold a document; its sentences and lines are read when rules ask for them.

    `anchored` finds the words that name the field at all; by default all of them do. Lines know
    from the lexicon, where one is given, which phrases they cannot hold.
    """
    title, body = fold(document.title[:2_000]), fold(document.text)
    known: dict[str, tuple[str, ...]] = {}
    seen: set[str] = set()
    heads = governors_named(title.text, body.text, governors)
    readers = [_reader(text.text, symbols, names, known, seen, heads) for text in (body, title)]
    readers[1].outside = document.title
    readers[0].lexicon = readers[1].lexicon = lexicon
    return Scene(document, title, body, readers[0], readers[1], anchored)


def _told_once(title: str, text: str, spans: Sequence[Sentence]) -> tuple[Sentence, ...]:
    """The sentences without those at the top that only repeat the title."""
    words = " ".join(title.lower().split())
    own = [" ".join(text[one.start : one.end].lower().split()) for one in spans[:_TOP]]
    echoes = {n for n, told in enumerate(own) if told in words and 2 * len(told) > len(words)}
    if len(echoes) == len(spans):
        return tuple(spans)
    return tuple(span for n, span in enumerate(spans) if n not in echoes)


def _reader(
    text: str,
    symbols: Trie,
    names: GazetteerNames,
    known: dict[str, tuple[str, ...]],
    seen: set[str],
    heads: frozenset[str],
) -> LineReader:
    places = PlaceReader(names, text, known, seen, heads)
    return LineReader(text, symbols, places, AgencyReader(text))
