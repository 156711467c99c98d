"""What news tells at its head, and what it only tells further down: background, most of the time.

News stands in the title and in the first sentences of the story. An act of another kind or state
that is told only further down is what came before, what others did elsewhere, or what somebody is
quoted with: worth a look, not an alert, unless its words date it to these days.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace

from monitor.detect.clauses.tense import is_recent
from monitor.detect.scene import Scene, Sighting
from monitor.domain.claim import Finding
from monitor.domain.vocabulary import DocumentKind, EventType, Worth

#: Kinds that are told as news, the news first.
_NEWS = frozenset({DocumentKind.NEWS, DocumentKind.RELEASE})
#: Sentences of a story that are its head.
HEAD = 3
#: What the federal side does: figures of its program belong to such news.
_FEDERAL = frozenset({
    EventType.FEDERAL_DESIGNATION, EventType.FEDERAL_INCENTIVE, EventType.FEDERAL_PROGRAM_CHANGE,
    EventType.PROGRAM_STATISTIC,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Placed:
    """A finding, the lines of the story before it (-1: the title says it), and how new it is."""

    depth: int
    finding: Finding
    recent: bool = False  #: its words date it to the days before publication
    opens: bool = False  #: it heads a paragraph that the title may be about


class Lead:
    """Where sightings stand in one scene's story."""

    def __init__(self, scene: Scene) -> None:
        """Keep the lines of the story, which begins where the title's matter first is told."""
        self._is_news = scene.document.kind in _NEWS
        self._scene = scene
        self._lines: Sequence[int] | None = None

    def placed(self, sighting: Sighting, finding: Finding) -> Placed:
        """The finding with its place; what is not told as news is all as if in the title."""
        if sighting.index < 0 or not self._is_news:
            return Placed(-1, finding, recent=True)
        if self._lines is None:
            self._lines = self._scene.opening_lines(len(self._scene.spans))
        depth = bisect_left(self._lines, sighting.index)
        published = self._scene.document.published
        recent = is_recent(sighting.line, sighting.first, published)
        return Placed(depth, finding, recent, self._opens(sighting.index))

    def _opens(self, index: int) -> bool:
        openings = self._scene.story.openings
        heads_one = not self._scene.same_paragraph(index - HEAD, index)
        return openings is None or (heads_one and self._scene.paragraph(index) in openings)


def weighed(placed: Sequence[Placed], *, titled: bool) -> list[Finding]:
    """The findings; of those first told below the head, alerts become worth a review.

    Not so where words date them to these days, or where they go on with what the head tells. Where
    the head tells nothing at all, only a title that names the field makes it an omission.
    """
    head = [one.finding for one in placed if one.finding.worth is Worth.ALERT and one.depth < HEAD]
    return [
        replace(one.finding, worth=Worth.REVIEW)
        if one.finding.worth is Worth.ALERT
        and one.depth >= HEAD
        and not one.recent
        and _is_aside(one, head, titled=titled)
        else one.finding
        for one in placed
    ]


def _is_aside(one: Placed, head: Sequence[Finding], *, titled: bool) -> bool:
    """Whether the head tells of something else, or, where it tells nothing, should have."""
    if head:
        return not any(_akin(one.finding, other) for other in head)
    figures = one.finding.event_type is EventType.PROGRAM_STATISTIC
    return titled and not one.opens and not figures


def _akin(late: Finding, one: Finding) -> bool:
    """Whether the late telling goes on with what the head tells."""
    states = (late.jurisdiction.state, one.jurisdiction.state)
    if late.event_type is EventType.PROGRAM_STATISTIC:
        return one.event_type in _FEDERAL or (None not in states and states[0] == states[1])
    return late.event_type is one.event_type and (None in states or states[0] == states[1])
