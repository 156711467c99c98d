"""Agencies that share one act: `A and B signed`, `was signed by A, B and C`."""

from __future__ import annotations

from monitor.detect.clauses.line import Line
from monitor.detect.language.words import word_set
from monitor.detect.slots.agency import Agency


def group_before(line: Line, act: int) -> tuple[Agency, ...]:
    """The coordinated agencies nearest before the act, inside its own half of the sentence."""
    for at in range(act - 1, -1, -1):
        if isinstance(line.tokens[at].value, Agency):
            return _spread(line, at, -1)
        if line.tokens[at].word in {";"}:
            return ()
    return ()


def group_after(line: Line, act: int) -> tuple[Agency, ...]:
    """The coordinated agencies nearest after the act."""
    for at in range(act + 1, len(line.tokens)):
        if isinstance(line.tokens[at].value, Agency):
            return _spread(line, at, 1)
    return ()


#: Words between agencies of one list: "police in A and B and sheriffs in C".
_BETWEEN = word_set(", and the & police sheriffs departments in of as well also plus")
#: ... and where each has its own: "task force for the State Police, jail model for Corrections".
_EACH_WITH = frozenset({"TASKFORCEMODEL", "JAILMODEL", "WARRANTMODEL", "TRIBALMODEL", "for"})


def _spread(line: Line, at: int, step: int) -> tuple[Agency, ...]:
    """Agencies joined to this one by commas and "and"."""
    found: list[Agency] = []
    gap = 0
    each = _EACH_WITH if any(token.symbol in _EACH_WITH for token in line.tokens) else frozenset()
    while 0 <= at < len(line.tokens) and len(found) < 60:
        token = line.tokens[at]
        if isinstance(token.value, Agency):
            found.append(token.value)
            gap = 0
        elif (token.word in _BETWEEN or (token.symbol or token.word) in each) and gap < 4:
            gap += 1
        else:
            break
        at += step
    return tuple(dict.fromkeys(found if step > 0 else reversed(found)))
