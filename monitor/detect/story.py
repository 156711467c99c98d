"""Which paragraphs of a text tell the story of its title, and where that story begins.

A page holds more than its story: other news, background on programs, boxes of links. What such a
paragraph lacks must not be borrowed from a title that it has nothing to do with.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from itertools import islice
from math import fsum
from typing import NamedTuple

from monitor.detect.language.sentences import Sentence
from monitor.detect.language.words import word_set

#: Paragraphs that are compared with the title; stories lie within them.
MAX_PARAGRAPHS = 400
#: A paragraph begins the story when it says this share of what the one nearest to the title says.
_BEGINS = 0.6
#: ... and belongs to it, by the title's words alone, from this share on.
_BELONGS = 0.34
#: Texts of so few paragraphs hold one story.
_SMALL = 3
#: Weights of names, and of words of public life, in a comparison; of paragraphs off the field.
_NAME, _PUBLIC, _ASIDE = 3.0, 0.4, 0.7
#: ... of paragraphs that name somebody, a place, a day or a bill: they tell of a happening.
_TELLS = 1.5
_ACRONYM = 5  #: letters of the longest acronym
#: The longest headline; where so many paragraphs are told in sentences, it is not told in them.
_HEADLINE_CHARS, _TOLD = 120, 3
_FULL_STOPS = (".", "!", "?", ":", ";", ",")
#: ... and what may close after one.
_CLOSING = "\"')"


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """A word in lower case without a common ending, to compare words of titles and texts."""
    for ending in ("'s", "ing", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


_APART = str.maketrans(dict.fromkeys('.,;:!?"()[]{}/|*_<>', " "))
_SMALL_WORDS = word_set(
    "the a an and or of to in on for with by from at as is are was were be been has have had its "
    "his her their this that it he she they will would could may not no new more than who which "
    "what how why when where after before over under into about says said say s amid up out"
)
_NO_NAMES = _SMALL_WORDS | word_set(
    "county sheriff sheriffs police department office city state federal government ice council "
    "commissioners commission board court judge governor gov senate house bill law monday tuesday "
    "wednesday thursday friday saturday sunday january february march april may june july august "
    "september october november december i we our you u.s us immigration customs enforcement "
    "section nationality act democrats republicans democratic republican"
)
#: Words of any news of towns and states, as stems: they tie no paragraph to a title.
_PUBLIC_LIFE = frozenset(
    stem(word)
    for word in word_set(
        "county counties city cities state states sheriff sheriffs police office department law "
        "laws bill bills council commissioner commissioners commission board court judge governor "
        "gov agency agencies officer officers deputy deputies federal government local public "
        "lawmakers legislature senate house committee vote votes voted pass passes passed sign "
        "signs signed approve approves approved take takes help helps make makes get say new year "
        "years program plan people community communities agreement agreements deal resolution "
        "policy work working join joins meeting support call calls back act leaders officials "
        "residents enforcement news move moves news week day first five"
    )
)


class Telling(Enum):
    """How documents are written."""

    SENTENCES = auto()  #: news: a line without a full stop is a headline, a caption, a link
    MIXED = auto()  #: pages: such a line may be the matter itself
    ITEMS = auto()  #: agendas and laws: all lines may be


@dataclass(frozen=True, slots=True)
class Story:
    """Where the title's story begins, and which paragraphs belong to it."""

    begin: int = 0  #: index of the first line of the first paragraph of the story
    #: Numbers of the paragraphs of the story; None: all of them.
    paragraphs: frozenset[int] | None = None
    #: Numbers of the paragraphs that only point to other stories.
    links: frozenset[int] = frozenset()
    #: Numbers of the paragraphs that say as much of the title as the first of the story; None:
    #: the title tells nothing about the text.
    openings: frozenset[int] | None = frozenset()

    def holds(self, paragraph: int) -> bool:
        """Whether the paragraph is part of the story."""
        return self.paragraphs is None or paragraph in self.paragraphs


class _Paragraph(NamedTuple):
    number: int
    first: int  #: index of its first line
    text: str
    shared: frozenset[str]  #: stems of its words that the title has too
    names: frozenset[str]  #: those that stand in the midst of a sentence of the text
    anchored: bool


def find_story(
    title: str,
    text: str,
    spans: Sequence[Sentence],
    anchored: Callable[[int, int], bool],
    telling: Telling,
) -> Story:
    """The story that a title announces, in a folded text with these sentences.

    `anchored` tells whether anything between two offsets of the text names the field. Where the
    title has no words in common with the text, or the text is short, everything is the story.
    """
    blocks = list(islice(_blocks(spans), MAX_PARAGRAPHS))
    if len(blocks) <= _SMALL:
        return Story()
    apart = text.translate(_APART)  # as many characters: offsets stay what they are
    stems, names = _stems(_words(title)), _names_within(text, apart, spans)
    words = set(apart.split())
    shared, shown = _shared(words, stems), _shown(words, names)
    reader = _Reader(text, apart, spans, shared, shown, shared.keys() | shown.keys(), anchored)
    paragraphs = [reader.paragraph(first, after) for first, after in blocks]
    headlines = _headlines(paragraphs) if telling is not Telling.ITEMS else frozenset()
    told = [one for one in paragraphs if one.number not in headlines]
    score = _scores(told, names)
    best = max(score.values(), default=0.0)
    if not best:
        links = headlines if telling is Telling.SENTENCES else frozenset()
        return Story(links=links, openings=None)
    titled = _capitals(_words(title))
    if not any(_is_akin(one, titled) for one in told):
        return Story(paragraphs=frozenset(), openings=None)
    openings = [one for one in told if score[one.number] >= _BEGINS * best]
    begin = openings[0]
    known = names & (begin.names | titled)
    near = {one.number for one in paragraphs if score.get(one.number, 0) >= _BELONGS * best}
    near |= {one.number for one in paragraphs if one.names & known}
    of_field = {one.number for one in paragraphs if one.anchored}
    links = headlines if telling is Telling.SENTENCES else headlines & (of_field - near)
    paragraphs_of = frozenset((near | of_field) - links)
    return Story(begin.first, paragraphs_of, links, frozenset(one.number for one in openings))


def _blocks(spans: Sequence[Sentence]) -> Iterator[tuple[int, int]]:
    """The first sentence of each paragraph and the one after its last."""
    first = 0
    for at, span in enumerate(spans):
        if span.paragraph != spans[first].paragraph:
            yield first, at
            first = at
    if spans:
        yield first, len(spans)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads paragraphs of a text by the words that matter in it."""

    text: str
    apart: str  #: the text with blanks for all that stands between words
    spans: Sequence[Sentence]
    shared: Mapping[str, str]  #: word as printed -> its stem, where the title has it
    names: Mapping[str, str]  #: word as printed -> the name that it is
    known: Set[str]  #: the words of both
    anchored: Callable[[int, int], bool]

    def paragraph(self, first: int, after: int) -> _Paragraph:
        """The paragraph of these sentences."""
        start, end = self.spans[first].start, self.spans[after - 1].end
        shared, names = self.shared, self.names
        words = [word for word in self.apart[start:end].split() if word in self.known]
        return _Paragraph(
            self.spans[first].paragraph,
            first,
            self.text[start:end],
            frozenset([shared[word] for word in words if word in shared]),
            frozenset([names[word] for word in words if word in names]),
            self.anchored(start, end),
        )


def _shared(words: Iterable[str], stems: frozenset[str]) -> dict[str, str]:
    return {word: stem for word in words if (stem := _folded(word)) in stems}


def _shown(words: Iterable[str], names: frozenset[str]) -> dict[str, str]:
    capitals = (word for word in words if word[0].isupper())
    return {word: name for word in capitals if (name := _name(word)) in names}


def _scores(paragraphs: Sequence[_Paragraph], names: frozenset[str]) -> dict[int, float]:
    """Paragraph number -> the title's words in it.

    Names weigh more than words, words of public life less, and all the more the fewer paragraphs
    they are in; a paragraph that does not name the field counts for less.
    """
    count: dict[str, int] = defaultdict(int)
    for one in paragraphs:
        for word in one.shared:
            count[word] += 1
    stems = frozenset(map(stem, names))
    weight = {
        word: (_NAME if word in stems else _PUBLIC if word in _PUBLIC_LIFE else 1.0) / found
        for word, found in count.items()
    }
    return {
        one.number: fsum(weight[word] for word in one.shared)
        * (1.0 if one.anchored else _ASIDE)
        * (_TELLS if one.names else 1.0)
        for one in paragraphs
    }


def _words(text: str) -> set[str]:
    return set(text.translate(_APART).split())


def _is_akin(one: _Paragraph, titled: frozenset[str]) -> bool:
    """Whether a paragraph shares more with the title than words of any town's news."""
    return one.anchored or bool(one.names & titled or one.shared - _PUBLIC_LIFE)


def _stems(words: Iterable[str]) -> frozenset[str]:
    return frozenset(map(_folded, words)) - {""}


@lru_cache(maxsize=8192)
def _folded(word: str) -> str:
    """The stem, "" for a small word; an acronym keeps its capitals, as ICE is not ice."""
    if word.lower() in _SMALL_WORDS:
        return ""
    return word if word.isupper() and 1 < len(word) <= _ACRONYM else stem(word.lower())


def _capitals(words: Iterable[str]) -> frozenset[str]:
    """Words printed with a capital that may be names, in lower case."""
    return frozenset(map(_name, [word for word in words if word[0].isupper()])) - {""}


@lru_cache(maxsize=8192)
def _name(word: str) -> str:
    low = word.lower().removesuffix("'s").strip("'-")
    return low if len(low) > 2 and low not in _NO_NAMES else ""


def _names_within(text: str, apart: str, spans: Sequence[Sentence]) -> frozenset[str]:
    """Words that have a capital in the midst of a sentence: names, wherever they stand."""
    rows = ((text.find(" ", one.start, one.end), one.end) for one in spans)
    inner = [apart[first:end] for first, end in rows if first >= 0]
    return _capitals(set(" ".join(inner).split()))


def _headlines(paragraphs: Sequence[_Paragraph]) -> frozenset[int]:
    """Paragraphs that are headlines, captions or headings: no full stop, among sentences."""
    short = frozenset(one.number for one in paragraphs if _is_headline(one.text))
    return short if len(paragraphs) - len(short) >= _TOLD else frozenset()


def _is_headline(text: str) -> bool:
    stops = text.rstrip(_CLOSING)[-1:] in _FULL_STOPS or ". " in text
    return len(text) <= _HEADLINE_CHARS and not stops
