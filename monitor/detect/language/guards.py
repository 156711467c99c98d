"""Guards: what makes words that look like an event a plan, a history, a wish or another thing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from monitor.detect.language.line import Line
from monitor.detect.language.tokens import View
from monitor.detect.language.words import Pattern


@dataclass(frozen=True, slots=True)
class Guard:
    """A compiled guard; `before` patterns end where the act begins."""

    name: str
    before: tuple[Pattern, ...] = ()
    opens: frozenset[str] = frozenset()
    after: tuple[Pattern, ...] = ()
    sentence: tuple[Pattern, ...] = ()
    title: tuple[Pattern, ...] = ()
    opening: tuple[Pattern, ...] = ()
    document: tuple[Pattern, ...] = ()
    unless: tuple[Pattern, ...] = ()
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
    opening: bytes = b""  #: the first words of the line, the text and the title


def first_stop(guards: Iterable[Guard], around: Surroundings) -> Stop | None:
    """The first guard that forbids the match, else the first that weakens it, else None."""
    weak: Stop | None = None
    clause = _Clause(around)
    for guard in guards:
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
    return View(line.tokens[start:end]).text


def _stops(guard: Guard, around: Surroundings, clause: _Clause) -> str | None:
    words = _found(guard, around, clause)
    if words is None:
        return None
    if guard.unless and _search(guard.unless, clause.preceding) is not None:
        return None
    return words


def _found(guard: Guard, around: Surroundings, clause: _Clause) -> str | None:
    if clause.opener in guard.opens:
        return clause.opener
    return (
        _search(guard.before, clause.before)
        or _search(guard.after, clause.following)
        or _search(guard.sentence, around.line.view.text)
        or _search(guard.opening, around.opening)
        or (_search(guard.title, around.title.view.text) if around.title else None)
        or _in_lines(guard.document, around.near)
    )


def _in_lines(patterns: tuple[Pattern, ...], lines: tuple[Line, ...]) -> str | None:
    if not patterns:
        return None
    return next((w for line in lines if (w := _search(patterns, line.view.text))), None)


def _search(patterns: tuple[Pattern, ...], view: bytes) -> str | None:
    for pattern in patterns:
        match = pattern.search(view)
        if match is not None:
            return " ".join(match.group(0).decode("ascii").replace("|", "").split())
    return None
