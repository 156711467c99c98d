"""Guards: what makes words that look like an event a plan, a history, a wish or another thing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_

from monitor.detect.clauses.line import Line, Passage
from monitor.detect.clauses.tense import is_fresh
from monitor.detect.phrase import NONE, Phrases, any_of
from monitor.domain.moment import StatedDate

#: Words before "after" with which it tells no cause.
_LONG = frozenset(["even", "long", "soon", "years", "months", "weeks", "days"])


@dataclass(frozen=True, slots=True)
class Guard:
    """A compiled guard; `before` phrases end where the act begins."""

    name: str
    before: Phrases = NONE
    opens: frozenset[str] = frozenset()
    after: Phrases = NONE
    sentence: Phrases = NONE
    title: Phrases = NONE
    opening: Phrases = NONE
    document: Phrases = NONE
    unless: Phrases = NONE
    unless_sentence: Phrases = NONE
    act: str = ""  #: the guard is for acts whose first word ends so
    unless_fresh: bool = False
    everywhere: bool = True
    weakens: bool = False

    def hints(self) -> int:
        """The hints to all phrases for which it stops."""
        looks = (self.before, self.after, self.sentence, self.title, self.opening, self.document)
        return reduce(or_, (phrases.hints for phrases in looks))


@dataclass(frozen=True, slots=True)
class Stop:
    """A guard that stopped (or weakened) a match, and the words that made it."""

    guard: str
    words: str
    weakens: bool = False


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A match in its line: tokens of the act, the title, and the lines before it."""

    line: Line
    first: int  #: token of the act's first word
    last: int  #: token of the act's last word
    title: Line | None
    near: tuple[Line, ...]
    opening: Passage  #: the first words of the line, the text and the title
    published: StatedDate | None = None

    @property
    def met(self) -> int:
        """The demands of phrases that the words in any of it meet."""
        lines = (self.line, *((self.title,) if self.title else ()), *self.near)
        return reduce(or_, (line.met for line in lines), self.opening.met)

    @property
    def fresh(self) -> bool:
        """Whether the act's clause dates it to the days before publication."""
        return is_fresh(self.line, self.first, self.published) or self._headlined

    @property
    def _headlined(self) -> bool:
        """`Deputies to hold people for ICE after sheriff signs agreement`: headlines tell the news
        as the cause, in the present."""
        clause = self.line.clause(self.first)
        if self.line is not self.title or clause.opener != "after":
            return False
        ahead = {token.word for token in self.line.tokens[max(0, clause.start - 2) : clause.start]}
        return ahead.isdisjoint(_LONG) and self.line.tokens[self.first].word.endswith("s")


@dataclass(frozen=True, slots=True)
class Guards:
    """Guards that look together; one pattern for each place tells at once when none applies."""

    each: tuple[tuple[int, Guard], ...]  #: with the hints to its phrases
    before: Phrases
    after: Phrases
    sentence: Phrases
    title: Phrases
    opening: Phrases
    document: Phrases
    opens: frozenset[str]

    @property
    def look_near(self) -> bool:
        """Whether some guard looks at the lines before."""
        return bool(self.document)

    @classmethod
    def of(cls, each: tuple[Guard, ...]) -> Guards:
        """Join the patterns of guards."""
        return cls(
            tuple((guard.hints(), guard) for guard in each),
            any_of(guard.before for guard in each),
            any_of(guard.after for guard in each),
            any_of(guard.sentence for guard in each),
            any_of(guard.title for guard in each),
            any_of(guard.opening for guard in each),
            any_of(guard.document for guard in each),
            frozenset().union(*(guard.opens for guard in each)),
        )

    def _quiet(self, around: Surroundings, clause: _Clause) -> bool:
        """True when no guard can have anything to say."""
        return not (
            clause.opener in self.opens
            or clause.found(self.before, _BEFORE)
            or clause.found(self.after, _FOLLOWING)
            or around.line.found(self.sentence)
            or around.opening.found(self.opening)
            or (around.title is not None and around.title.found(self.title))
            or _in_lines(self.document, around.near)
        )

    def first_stop(self, around: Surroundings) -> Stop | None:
        """The first guard that forbids the match, else the first that weakens it, else None."""
        clause = _Clause(around)
        return None if self._quiet(around, clause) else _first_stop(self.each, around, clause)


def _first_stop(
    guards: Iterable[tuple[int, Guard]], around: Surroundings, clause: _Clause
) -> Stop | None:
    weak: Stop | None = None
    met = around.met
    for hints, guard in guards:
        if not hints & met and clause.opener not in guard.opens:
            continue
        if guard.unless_fresh and around.fresh:
            continue
        if not around.line.tokens[around.first].word.endswith(guard.act):
            continue
        words = _stops(guard, around, clause)
        if words is None:
            continue
        stop = Stop(guard.name, words, guard.weakens)
        if not guard.weakens:
            return stop
        weak = weak or stop
    return weak


#: The clause before the act, all before the act, the words after it.
_BEFORE, _PRECEDING, _FOLLOWING = range(3)


class _Clause:
    """The pieces of the line that guards look at."""

    __slots__ = ("_cut", "_met", "_pieces", "_view", "opener")

    def __init__(self, around: Surroundings) -> None:
        clause = around.line.clause(around.first)
        self.opener = clause.opener
        self._view, self._met = around.line.view, around.line.met
        self._pieces = (
            (clause.start, clause.end), (0, around.first), (around.last + 1, around.last + 9),
        )  # fmt: skip
        self._cut: list[bytes | None] = [None, None, None]

    def found(self, phrases: Phrases, piece: int) -> str | None:
        """The words of a phrase in a piece, which is only cut where the line may hold one."""
        if not phrases.hints & self._met:
            return None
        view = self._cut[piece]
        if view is None:
            view = self._cut[piece] = self._view.part(*self._pieces[piece])
        return phrases.found(view)


def _stops(guard: Guard, around: Surroundings, clause: _Clause) -> str | None:
    words = _found(guard, around, clause)
    if words is None or clause.found(guard.unless, _PRECEDING) is not None:
        return None
    if around.line.found(guard.unless_sentence) is not None:
        return None
    return words


def _found(guard: Guard, around: Surroundings, clause: _Clause) -> str | None:
    if clause.opener in guard.opens:
        return clause.opener
    found: str | None = None
    if guard.before is not NONE:
        found = clause.found(guard.before, _BEFORE)
    if found is None and guard.after is not NONE:
        found = clause.found(guard.after, _FOLLOWING)
    if found is None and guard.sentence is not NONE:
        found = _in_sentence(guard.sentence, around)
    return found or _found_around(guard, around)


def _found_around(guard: Guard, around: Surroundings) -> str | None:
    """The words of a phrase in the openings, the title, or the lines before."""
    found: str | None = None
    if guard.opening is not NONE:
        found = around.opening.found(guard.opening)
    if found is None and guard.title is not NONE and around.title is not None:
        found = around.title.found(guard.title)
    if found is None and guard.document is not NONE:
        found = _in_lines(guard.document, around.near)
    return found


def _in_sentence(phrases: Phrases, around: Surroundings) -> str | None:
    """`Board ends agreement. What's next?`: of such a title only the act's own sentence counts."""
    words = around.line.found(phrases)
    several = words is not None and around.line.breaks
    return around.line.own(around.first).found(phrases) if several else words


def _in_lines(phrases: Phrases, lines: tuple[Line, ...]) -> str | None:
    return next((words for line in lines if (words := line.found(phrases))), None)
