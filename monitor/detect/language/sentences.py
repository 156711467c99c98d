"""Sentences and paragraphs of folded text, robust to abbreviations, captions and line wraps."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from monitor.detect.language.words import word_set

MAX_SENTENCE = 1_500  #: a longer run is cut here; no news sentence is this long
#: A line that is longer than this was not broken to fit a page; a full one fills this share.
_WIDEST, _FULL = 200, 0.75
_AROUND = 5  #: lines looked at on both sides
_BLANKS = " \t\n\f\r"
#: Where sentences may end: full stops before a blank, line breaks, bars between blanks. All of it
#: is possessive and begins where such a run begins, so that it takes one pass over any text.
_STOP = re.compile(
    r"""[.!?;\n|](?:(?<=\n)[ \t\n\f\r]*+|(?<=\|)(?=[ \t\n\f\r])|(?<=[.!?;])"""
    r"""(?<![.!?;][.!?;])[.!?;]*+["')\]]*+[ \t\n\f\r]++)"""
)
_ABBREVIATIONS = word_set(
    "gov govs sens reps sgt lt col capt maj gen sen rep rev dr mr mrs ms jr sr st ste mt ft no "
    "nos sec art v "
    "vs jan feb mar apr jun jul aug sept sep oct nov dec atty supt dep dept div ave blvd pub "
    "ch inc co corp u.s u.s.c d.c a.m p.m i.c.e e.g i.e n.c s.c n.j n.y n.m n.h n.d s.d w.va "
    "va tenn ala ark ariz calif colo conn del fla ga ill ind kan ky la mass md mich minn miss "
    "mo mont neb nev okla ore pa tex vt wash wis wyo comp subd par reg res stat h.b s.b h.r "
    "l.d a.b s.j e.d w.d c.d m.d cal app cir super supp pct cpl det hon twp cmdr sess approx"
)
#: `P.J. Smith`, without the last full stop.
_INITIALS = re.compile(r"[a-z](?:\.[a-z])+")
#: Abbreviations that also end sentences: a capitalised function word after them starts a new one.
_MAY_END = word_set("u.s u.s.c d.c a.m p.m inc co corp n.c s.c n.j n.y i.c.e")
_STARTERS = word_set(
    "the a an in on at it he she they his her their this that these those but and after "
    "before when while if as for under since according last earlier both some many no"
)


class Sentence(NamedTuple):  # a text has many: made in a third of the time of a dataclass
    """A half-open span of the folded text and the number of its paragraph."""

    start: int
    end: int
    paragraph: int


def sentences(text: str) -> Iterator[Sentence]:
    """Sentences in order, none empty, none longer than MAX_SENTENCE."""
    start, paragraph = 0, 0
    for at, after in _stops(text):
        kind = _break_kind(text, start, at, after)
        if not kind:
            continue
        end = at if "|" in text[at:after] else after
        yield from _cut(text, start, end, paragraph)
        start = after
        paragraph += kind == "paragraph"
    yield from _cut(text, start, len(text), paragraph)


#: No writer's paragraph has so many sentences: there the breaks between paragraphs are lost.
_WALL = 25


def walls_apart(found: Sequence[Sentence]) -> Sequence[Sentence]:
    """The sentences, each a paragraph of its own where a text has lost its paragraphs."""
    lengths = Counter(one.paragraph for one in found)
    walls = {paragraph for paragraph, length in lengths.items() if length >= _WALL}
    if not walls:
        return found
    begins = (
        int(one.paragraph != before.paragraph or one.paragraph in walls)
        for before, one in pairwise(found)
    )
    numbers = accumulate(begins, initial=0)
    return [
        Sentence(one.start, one.end, number) for one, number in zip(found, numbers, strict=True)
    ]


def _stops(text: str) -> Iterator[tuple[int, int]]:
    """Spans of what may end a sentence, with the blanks around it, in order."""
    done = 0
    while match := _STOP.search(text, done):
        at, after = match.span()
        if text[at] == "|":
            if at == done or text[at - 1] not in _BLANKS:
                done = after
                continue
            at, after = at - 1, after + 1
        elif text[at] == "\n":
            while at > done and text[at - 1] in _BLANKS:
                at -= 1
        yield at, after
        done = after


def _break_kind(text: str, start: int, at: int, after: int) -> str:
    if "\n" in text[at:after]:
        return _line_break(text, start, at, after)
    if text[at:after].strip() == "|":
        return "paragraph"
    return "" if _goes_on(text, start, at, after) else "sentence"


def _line_break(text: str, start: int, at: int, after: int) -> str:
    """A blank line or a finished or short line ends a paragraph; a wrapped one goes on."""
    if text.count("\n", at, after) > 1 or after >= len(text):
        return "paragraph"
    if text[at] in ".!?" and not _goes_on(text, start, at, after):
        return "paragraph"
    line = text[max(text.rfind("\n", start, at), start) : at].strip()
    if line[-1:] in ".!?:;\"'":
        return "paragraph"
    if len(line) <= 30 or not _is_wrapped(text, at, after, len(line)):
        return "paragraph"
    following = text[after : after + 1]
    if following.islower() or following in "(,0123456789$":
        return ""
    return "" if len(line) >= 60 and not line.isupper() and following not in "-*" else "paragraph"


def _is_wrapped(text: str, at: int, after: int, length: int) -> bool:
    """Whether the line ends because it was full, as the lines around it show.

    Extracted pages have one paragraph a line, of any length; there a line's end is a paragraph's.
    """
    width = max(map(len, _lines_around(text, at, after)))
    word = text[after : after + 40].split(maxsplit=1)[:1]
    return width <= _WIDEST and length + 1 + len("".join(word)) >= _FULL * width


def _lines_around(text: str, at: int, after: int) -> Iterator[str]:
    """The line that ends here and a few on both sides of it."""
    end = at
    for _ in range(_AROUND):
        start = text.rfind("\n", max(0, end - _WIDEST - 2), end)
        yield text[max(start + 1, end - _WIDEST - 1, 0) : end]
        if start < 0:
            break
        end = start
    start = after
    for _ in range(_AROUND):
        end = text.find("\n", start, start + _WIDEST + 2)
        yield text[start : end if end >= 0 else start + _WIDEST + 1]
        if end < 0:
            break
        start = end + 1


def _goes_on(text: str, start: int, at: int, after: int) -> bool:
    """True when the full stop belongs to an abbreviation, an initial or a number."""
    following = text[after : after + 1]
    if not following:
        return False
    if following.islower() and text[at] == ".":
        return True
    if text[at] != ".":
        return False
    space = max(text.rfind(" ", start, at), text.rfind("(", start, at), start - 1)
    word = text[space + 1 : at].lower().lstrip("\"'(")
    if len(word) == 1 and word.isalpha() and word != "i":
        return True
    initials = _INITIALS.fullmatch(word) is not None
    if not initials and word not in _ABBREVIATIONS:
        return False
    if initials or word in _MAY_END:
        return text[after : after + 14].split(" ", 1)[0].lower().strip(",") not in _STARTERS
    return True


def _cut(text: str, start: int, end: int, paragraph: int) -> Iterator[Sentence]:
    while end - start > MAX_SENTENCE:
        space = text.rfind(" ", start, start + MAX_SENTENCE)
        middle = space if space > start else start + MAX_SENTENCE
        yield Sentence(start, middle, paragraph)
        start = middle
    piece = text[start:end].rstrip()
    bare = piece.lstrip()
    if bare:
        end = start + len(piece)
        yield Sentence(end - len(bare), end, paragraph)
