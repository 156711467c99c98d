"""Guards: what makes words that look like an event a plan, a history, a wish or another thing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from monitor.detect.clauses.line import Line
from monitor.detect.phrase import Phrases, any_of

#: No phrases: never found.
NONE = Phrases(None)


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
    unless_fresh: bool = False
    everywhere: bool = True
    weakens: bool = False


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
    fresh: bool = False  #: the act's clause dates it to the days before publication
    opening: bytes = b""  #: the first words of the line, the text and the title


@dataclass(frozen=True, slots=True)
class Guards:
    """Guards that look together; one pattern for each place tells at once when none applies."""

    each: tuple[Guard, ...]
    before: Phrases
    after: Phrases
    sentence: Phrases
    title: Phrases
    opening: Phrases
    opens: frozenset[str]
    look_near: bool

    @classmethod
    def of(cls, each: tuple[Guard, ...]) -> Guards:
        """Join the patterns of guards."""
        return cls(
            each,
            any_of(guard.before for guard in each),
            any_of(guard.after for guard in each),
            any_of(guard.sentence for guard in each),
            any_of(guard.title for guard in each),
            any_of(guard.opening for guard in each),
            frozenset().union(*(guard.opens for guard in each)),
            any(bool(guard.document) for guard in each),
        )

    def _quiet(self, around: Surroundings, clause: _Clause) -> bool:
        """True when no guard can have anything to say."""
        return not (
            self.look_near
            or clause.opener in self.opens
            or self.before.found(clause.before)
            or self.after.found(clause.following)
            or around.line.found(self.sentence)
            or self.opening.found(around.opening)
            or (around.title is not None and around.title.found(self.title))
        )

    def first_stop(self, around: Surroundings) -> Stop | None:
        """The first guard that forbids the match, else the first that weakens it, else None."""
        clause = _Clause(around)
        return None if self._quiet(around, clause) else _first_stop(self.each, around, clause)


def _first_stop(guards: Iterable[Guard], around: Surroundings, clause: _Clause) -> Stop | None:
    weak: Stop | None = None
    for guard in guards:
        if guard.unless_fresh and around.fresh:
            continue
        words = _stops(guard, around, clause)
        if words is None:
            continue
        stop = Stop(guard.name, words, guard.weakens)
        if not guard.weakens:
            return stop
        weak = weak or stop
    return weak


class _Clause:
    """The pieces of the line that guards look at, cut once per match."""

    __slots__ = ("before", "following", "opener", "preceding")

    def __init__(self, around: Surroundings) -> None:
        line = around.line
        clause = line.clause(around.first)
        self.opener = clause.opener
        self.before = _cut(line, clause.start, clause.end)
        self.preceding = _cut(line, 0, around.first)
        self.following = _cut(line, around.last + 1, around.last + 9)


def _cut(line: Line, start: int, end: int) -> bytes:
    return line.view.part(start, end)


def _stops(guard: Guard, around: Surroundings, clause: _Clause) -> str | None:
    words = _found(guard, around, clause)
    if words is None or guard.unless.found(clause.preceding) is not None:
        return None
    return words


def _found(guard: Guard, around: Surroundings, clause: _Clause) -> str | None:
    if clause.opener in guard.opens:
        return clause.opener
    return (
        guard.before.found(clause.before)
        or guard.after.found(clause.following)
        or around.line.found(guard.sentence)
        or guard.opening.found(around.opening)
        or (around.title.found(guard.title) if around.title else None)
        or (_in_lines(guard.document, around.near) if guard.document else None)
    )


def _in_lines(phrases: Phrases, lines: tuple[Line, ...]) -> str | None:
    return next((words for line in lines if (words := line.found(phrases))), None)
