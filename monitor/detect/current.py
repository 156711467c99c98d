"""Which lines of a story are about what goes on here: not about years gone, nor other states.

An article tells in passing what once happened elsewhere. What a document leaves unsaid (in which
state, what a measure does) must not be taken from there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from monitor.detect.clauses.line import Line
from monitor.detect.language.dates import When
from monitor.detect.language.words import word_set
from monitor.detect.scene import Scene
from monitor.detect.slots.agency import place_of
from monitor.domain.moment import StatedDate

#: First lines of a story of which the first that names a state does so for the story.
_HEAD = 3
#: Words with which a clause is set against what stands before it.
_ANEW = word_set("now again new newly this today currently")


def told_now(scene: Scene, lines: Iterable[Line]) -> Iterator[Line]:
    """Of some lines those that do not name only years gone."""
    published = scene.document.published
    return (line for line in lines if not looks_back(line, published))


def current_lines(scene: Scene) -> Iterator[Line]:
    """The title and the story's lines, without those that name only years gone."""
    return told_now(scene, scene.within("document", -1))


def own_lines(scene: Scene, lines: Iterable[Line]) -> Iterator[Line]:
    """Of some lines those that are about now, and name no other state than title or first lines."""
    head = [*((scene.title,) if scene.title else ()), *scene.begins(_HEAD)]
    own: set[str] = next(filter(None, map(named_states, head)), set())
    for line in told_now(scene, lines):
        named = named_states(line)
        if not own or not named or named & own:
            yield line


def looks_back(line: Line, published: StatedDate | None) -> bool:
    """Whether all days that a line names are of years before the last one.

    What has gone on since then goes on: "the office has screened 9,000 people since 2008".
    """
    if published is None or "WHEN" not in line.words:
        return False
    days = [token.value for token in line.tokens if isinstance(token.value, When)]
    last = published.day.year - 1
    gone = bool(days) and all(day.year is not None and day.year < last for day in days)
    return gone and not any(token.word == "since" for token in line.tokens)


def gone_with(line: Line, before: Line, published: StatedDate | None) -> str | None:
    """The words that date the first part of a sentence to years gone, and its second part with it.

    `Lawmakers approved it in 2017; the governor signed it.`
    """
    joined = bool(before.tokens) and before.tokens[-1].word == ";" and "WHEN" not in line.words
    if not joined or not looks_back(before, published):
        return None
    if any(token.word in _ANEW for token in line.tokens):
        return None
    return next(token.value.words for token in before.tokens if isinstance(token.value, When))


def named_states(line: Line) -> set[str]:
    """States that the line names itself, alone or beside a place."""
    named = filter(None, map(place_of, line.tokens))
    return {one.states[0] for one in named if one.kind == "state" or one.stated}
