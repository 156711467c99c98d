"""What news tells at its head, and what it only tells further down: background, most of the time.

News stands in the title and in the first sentences of the story. An act of another kind or state
that is told only further down is what came before, what others did elsewhere, or what somebody is
quoted with: worth a look, not an alert, unless its words date it to these days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

from monitor.detect.clauses.tense import is_recent
from monitor.detect.language.words import word_set
from monitor.detect.phrase import Phrases
from monitor.detect.scene import Scene, Sighting
from monitor.detect.story import stem
from monitor.domain.claim import Finding
from monitor.domain.vocabulary import DocumentKind, EventType, Worth

#: Kinds that are told as news, the news first; a watched page that changed tells it anywhere.
_NEWS = frozenset({DocumentKind.NEWS, DocumentKind.RELEASE, DocumentKind.PAGE})
#: Sentences of a story that are its head, and letters of the shortest that counts as one.
HEAD = 3
_SENTENCE = 24
#: What the federal side does: figures of its program belong to such news.
_FEDERAL = frozenset({
    EventType.FEDERAL_DESIGNATION, EventType.FEDERAL_INCENTIVE, EventType.FEDERAL_PROGRAM_CHANGE,
    EventType.PROGRAM_STATISTIC,
})  # fmt: skip

#: What stories before an event, or of those who object to it, are about.
_ON_THE_WAY = frozenset({
    EventType.AGREEMENT_PENDING, EventType.SANCTUARY_PROPOSED, EventType.STATE_MANDATE_INTRODUCED,
    EventType.STATE_LIMIT_INTRODUCED, EventType.STATE_MANDATE_PASSED, EventType.STATE_LIMIT_PASSED,
    EventType.PROGRAM_STATISTIC, EventType.FEDERAL_DESIGNATION,
})  # fmt: skip
#: Words for those who are not named, and how far before an act they stand.
_OTHERS = word_set("some several many most other others various numerous dozens elsewhere also")
_REACH = 8
#: Letters of words that are in most titles.
_SHORT = 3
#: Words that open a title which asks or explains.
_ASKS = word_set("how why what when where who should can could will would is are do does did")
#: What news of one kind goes on to tell of the same state: who else is on the way, and which
#: ruling made a jail change its ways.
_GOES_WITH = {
    EventType.AGREEMENT_PENDING: {EventType.AGREEMENT_SIGNED, EventType.AGREEMENT_PENDING},
    EventType.COURT_RULING: {EventType.DETAINER_POLICY_CHANGE, EventType.COURT_RULING},
}


@dataclass(frozen=True, slots=True)
class Placed:
    """A finding and where the story tells it; by default in the title."""

    finding: Finding
    first: bool = True  #: in one of the first sentences
    opens: frozenset[int] = frozenset()  #: in the first sentences of these likely beginnings
    recent: bool = True  #: its words date it to the days before publication
    named: bool = True  #: the title speaks of such an act
    of_others: bool = False  #: told of "several", "other", "many": of no one

    @property
    def heads(self) -> bool:
        """Whether the head of the story may tell it."""
        return self.first or bool(self.opens)


@dataclass(frozen=True, slots=True)
class Heading:
    """What a title says about the story below it."""

    titled: bool  #: it names the field
    preview: bool  #: it speaks of what is to come, or asks


class Lead:
    """Where sightings stand in one scene's story."""

    def __init__(self, scene: Scene) -> None:
        """Keep the scene; its story is found when it is asked for."""
        kind = scene.document.kind
        changed = kind is DocumentKind.PAGE and scene.document.change is not None
        self._is_news = kind in _NEWS and not changed
        self._scene = scene
        self._head: frozenset[int] | None = None

    def placed(self, sighting: Sighting, finding: Finding) -> Placed:
        """The finding with its place; what is not told as news is all as if in the title."""
        if sighting.index < 0 or not self._is_news:
            return Placed(finding)
        recent = is_recent(sighting.line, sighting.first, self._scene.document.published)
        index = sighting.index
        named = self._names(sighting)
        others = _is_of_others(sighting)
        return Placed(finding, self._is_first(index), self._opens(index), recent, named, others)

    def _names(self, sighting: Sighting) -> bool:
        """Whether the title has a word of the act in some form, as it asks of a veto."""
        title = self._scene.title
        if title is None:
            return False
        act = sighting.line.tokens[sighting.first : sighting.last + 1]
        words = {stem(token.word) for token in title.tokens if not token.symbol}
        return any(stem(token.word) in words for token in act if len(token.word) > _SHORT)

    def heading(self, preview: Phrases) -> Heading:
        """What the title of news is; other documents have names, no headlines."""
        title = self._scene.title
        if title is None or not self._is_news:
            return Heading(self._scene.title_anchored, False)
        asks = (title.question and not title.breaks) or title.tokens[0].word in _ASKS
        return Heading(self._scene.title_anchored, asks or title.found(preview) is not None)

    def _is_first(self, index: int) -> bool:
        """Whether a line is among the first of the text or of its story."""
        if self._head is None:
            lines = range(len(self._scene.spans))
            told = [*islice(filter(self._tells, lines), HEAD)]
            of_story = islice(filter(self._scene.in_story, lines), HEAD)
            self._head = frozenset([*of_story, *range(told[-1] + 1 if told else 0)])
        return index < HEAD or index in self._head or self._scene.story.openings is None

    def _tells(self, index: int) -> bool:
        """Whether a line is more than a dateline or a label (`May 31.`, `Blog, Texas.`)."""
        span = self._scene.spans[index]
        return span.end - span.start >= _SENTENCE

    def _opens(self, index: int) -> frozenset[int]:
        """The paragraph where the line is one of its first and the story may begin there."""
        number, openings = self._scene.paragraph(index), self._scene.story.openings or ()
        first = not self._scene.same_paragraph(index - HEAD, index)
        return frozenset([number] if first and number in openings else ())


def weighed(placed: Sequence[Placed], heading: Heading) -> list[Finding]:
    """The findings; of those first told below the head, alerts become worth a review.

    Not so where words date them to these days, or where they go on with what the head tells. Where
    the head tells nothing at all, only a title that names the field makes it an omission. In a
    story before an event, what is told as done but not in the title needs words that date it.
    """
    asides = set(map(id, asides_of(placed, heading)))
    return [
        replace(one.finding, worth=Worth.REVIEW) if id(one) in asides else one.finding
        for one in placed
    ]


def asides_of(placed: Sequence[Placed], heading: Heading) -> list[Placed]:
    """The alerts that the story only tells in passing, in the order given."""
    alerts = [one for one in placed if one.finding.worth is Worth.ALERT]
    head = [one for one in alerts if one.heads]
    return [one for one in alerts if _is_aside(one, head, heading)]


def _is_aside(one: Placed, head: Sequence[Placed], heading: Heading) -> bool:
    """Whether the head tells of something else, or, where it tells nothing, should have."""
    figures = one.finding.event_type is EventType.PROGRAM_STATISTIC
    told = one.recent or one.named
    if heading.preview and not told and one.finding.event_type not in _ON_THE_WAY:
        return True
    others = [other for other in head if other is not one]
    if one.of_others and not one.recent and others:
        return not any(_akin(one.finding, other.finding) for other in others)
    if one.first or (one.recent and not figures):
        return False
    if others:
        return not any(_goes_on(one, other) for other in others)
    return heading.titled and not figures and not one.heads


def _is_of_others(sighting: Sighting) -> bool:
    """`Several sheriffs stopped ...`, `Some courts have found ...`: nobody's news."""
    line, act = sighting.line, sighting.first
    start = max(line.clause(act).start, act - _REACH)
    return any(token.word in _OTHERS for token in line.tokens[start:act])


def _goes_on(one: Placed, other: Placed) -> bool:
    """Whether the head tells the like, or something in the same beginning."""
    return _akin(one.finding, other.finding) or bool(one.opens & other.opens)


def _akin(late: Finding, one: Finding) -> bool:
    """Whether the late telling goes on with what the head tells."""
    states = (late.jurisdiction.state, one.jurisdiction.state)
    if late.event_type in _GOES_WITH:
        told = one.event_type in _GOES_WITH[late.event_type]
        return told and None not in states and states[0] == states[1]
    if late.event_type is EventType.PROGRAM_STATISTIC:
        return one.event_type in _FEDERAL
    return late.event_type is one.event_type and (None in states or states[0] == states[1])
