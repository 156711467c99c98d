"""Texts of a bill's versions, as the rules read them and as people are told of them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from monitor.detect.document import Document
from monitor.detect.textdiff import change_between
from monitor.domain.claim import Finding
from monitor.domain.item import Item

#: The field that makes an item the text of one version (monitor.extract.bill_text).
TEXT_OF = "text_of"
#: Paragraphs of a long text that the rules are given: those with an anchor, and their neighbours.
MOST_LINES = 60
_SHOWN_CHARS = 70
_AROUND = 4


def is_text(fields: Sequence[tuple[str, str]]) -> bool:
    """Whether an item with these fields is the text of a version."""
    return any(name == TEXT_OF for name, _ in fields)


def condensed(document: Document, anchored: Callable[[str], Sequence[int]]) -> Document:
    """The document with what the rules could look at alone, as they read a text's beginning only.

    Without its title: the name of a version ("Engrossed", "As Passed House") is no word of it.
    `anchored` gives the offsets of anchor words in a paragraph.
    """
    lines = document.text.split("\n")
    kept: set[int] = set()
    for number, line in enumerate(lines):
        if len(kept) < MOST_LINES and anchored(line):
            kept.update(range(max(0, number - 1), min(len(lines), number + 2)))
    text = "\n".join(lines[n] for n in sorted(kept))
    return replace(document, title="", text=text, change=None)


def noted(findings: Sequence[Finding], before: Item | None, after: Item) -> tuple[Finding, ...]:
    """The findings of a version's text with what it changed in the one before; others as they
    are."""
    if before is None or not is_text(after.fields):
        return tuple(findings)
    words = redline_note(before, after)
    return tuple(replace(one, note=one.note or words) for one in findings)


def redline_note(before: Item, after: Item) -> str:
    """What two versions' texts differ in, in one line; "" where they say the same."""
    change = change_between(before, after)
    if not (change.added or change.removed):
        return ""
    names = (dict(before.fields).get(TEXT_OF, ""), dict(after.fields).get(TEXT_OF, ""))
    was, now = _where_they_part(
        change.removed[0] if change.removed else "", change.added[0] if change.added else ""
    )
    said = [f'{word} "{text}"' for word, text in (("was", was), ("now", now)) if text]
    more = len(change.added) + len(change.removed) - len(said)
    tail = f" and {more} more" if more else ""
    return f"bill text, {names[0]} to {names[1]}: {', '.join(said)}{tail}"


def _where_they_part(was: str, now: str) -> tuple[str, str]:
    """The words around which two sentences differ, with a few before and behind."""
    old, new = was.split(), now.split()
    if not (old and new):
        return _short(old), _short(new)
    same = next((n for n, (x, y) in enumerate(zip(old, new, strict=False)) if x != y), 0)
    left = min(len(old), len(new)) - same
    ends = zip(reversed(old), reversed(new), strict=False)
    tail = min(left, next((n for n, (x, y) in enumerate(ends) if x != y), 0))
    start, behind = max(0, same - _AROUND), max(0, tail - _AROUND)
    return _short(old[start : len(old) - behind]), _short(new[start : len(new) - behind])


def _short(words: Sequence[str]) -> str:
    text = " ".join(words)
    return text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 1].rstrip() + "…"
