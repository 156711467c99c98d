"""Datelines and comparisons: places of a sentence that it is not about."""

from __future__ import annotations

from itertools import pairwise

from monitor.detect.clauses.line import Line
from monitor.detect.current import named_states
from monitor.detect.language.words import word_set
from monitor.detect.slots.agency import place_of
from monitor.detect.slots.place_kind import Place
from monitor.detect.slots.state_names import CAPITAL_DATELINES

#: Characters in which a text's dateline stands, and what ends its place.
_DATELINE = 40
_DATELINE_ENDS = ("\u2014", "\u2013", " - ", "(", ": ")
_DASHES = frozenset(["-", "\u2013", "\u2014", "--"])
#: Tokens of a sentence in which a court told from its seat is named.
_COURT = 24
#: `the most after Florida`, `second only to Texas`: others, to compare with.
_THAN = word_set("after behind than to unlike")
_MOST = word_set("most second third more fewer highest largest only next")
#: What a state's 's or a dateline may set in it, and how near behind a name its own state stands.
_NAMES, _BEHIND = frozenset({"AGENCY", "PLACE"}), 5
#: Words by which something is likened to what another state has.
_LIKE = frozenset(
    [("akin", "to"), ("similar", "to"), ("modeled", "on"), ("modeled", "after"),
     ("patterned", "after"), ("copied", "from"), ("inspired", "by"), ("example", "of"),
     ("lead", "of"), ("footsteps", "of")]
)  # fmt: skip


def state_of_seat(text: str) -> str | None:
    """`CONCORD (AP) -`: the state whose seat a text is written from."""
    head = text[:_DATELINE].lstrip()
    ends = [at for at in map(head.find, _DATELINE_ENDS) if at > 0]
    name = head[: min(ends)].strip() if ends else ""
    return CAPITAL_DATELINES.get(name.lower()) if name[:1].isupper() else None


def is_dateline(line: Line, i: int) -> bool:
    """Whether a place stands before the dash that opens a story."""
    return not i and len(line.tokens) > 1 and line.tokens[1].word in _DASHES


def is_elsewhere(line: Line, i: int, title: Line | None) -> bool:
    """`ATLANTA - A court struck down Florida's law`: the dateline is not what it is about."""
    place, following = line.tokens[i].value, "".join(t.word for t in line.tokens[i + 1 : i + 2])
    if i or not isinstance(place, Place) or following not in {*_DASHES, ":"}:
        return False
    if any(token.symbol == "GOVERNOR" for token in line.tokens[2:8]):
        return True  # a governor acts for the state, wherever it is told from
    if following not in _DASHES:
        return False
    others = [
        token.value
        for at, token in enumerate(line.tokens)
        if at and isinstance(token.value, Place) and not _is_likened(line, at)
    ]
    if any(one.state and one.state not in place.states for one in others):
        return True
    return of_its_court(line, i, title)


def of_its_court(line: Line, i: int, title: Line | None) -> bool:
    """`NEW ORLEANS - The court let the law stand` under a title on Texas: the court's seat."""
    place = place_of(line.tokens[i])
    if place is None or title is None or line is title or not is_dateline(line, i):
        return False
    if not any(token.symbol == "COURT" for token in line.tokens[2:_COURT]):
        return False
    named = named_states(title)
    return bool(named) and place.state not in named


def is_beside(line: Line, i: int, title: Line | None) -> bool:
    """Whether a place is only a court's seat or what another is compared with."""
    words = [token.word for token in line.tokens[max(0, i - 3) : i]]
    compared = bool(words) and words[-1] in _THAN and not _MOST.isdisjoint(words[:-1])
    return compared or _is_likened(line, i) or of_its_court(line, i, title)


def _is_likened(line: Line, i: int) -> bool:
    return tuple(token.word for token in line.tokens[max(0, i - 2) : i]) in _LIKE


def state_said_first(line: Line, title: Line | None) -> str | None:
    """The state that a line sets its names in, whatever other states it speaks of.

    `AMES, Iowa - The Polk County sheriff`, `Iowa's Polk County`; but none where a name has a state
    right behind it: `KANSAS CITY, Mo. - The Johnson County sheriff in Kansas`.
    """
    if any(_has_state_behind(line, i) for i in range(len(line.tokens))):
        return None
    for i, token in enumerate(line.tokens):
        place = place_of(token)
        if place is None or not place.state:
            continue
        behind = line.tokens[i + 1 : i + 3]
        owns = place.kind == "state" and len(behind) == 2 and behind[0].word == "'s"
        if is_dateline(line, i) and not of_its_court(line, i, title):
            return place.state
        if owns and behind[1].symbol in _NAMES:
            return place.state
    return None


def _has_state_behind(line: Line, i: int) -> bool:
    if line.tokens[i].symbol not in _NAMES:
        return False
    for before, token in pairwise(line.tokens[i + 1 : i + 1 + _BEHIND]):
        place = place_of(token)
        if before.word in {"in", "of", ","} and place is not None and place.kind == "state":
            return True
    return False


def nearest_state(line: Line, act: int, title: Line | None) -> str | None:
    """The state nearest to the act in its own sentence."""
    rows = []
    for i, token in enumerate(line.tokens):
        place = place_of(token)
        if place is not None and place.state and not is_beside(line, i, title):
            rows.append((abs(i - act) + (0 if i < act else 0.5), place.state))
    return min(rows)[1] if rows else None
