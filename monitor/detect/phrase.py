"""The phrase language: readable patterns over a sentence's view, compiled to linear-time RE2.

{agency} <(signed|inked)> ... {agreement}      names in braces, the act in angle brackets
(a|b c)  [perhaps]  terminat*  sign~           choice, option, stem, all forms of a verb
...  ....                                      gap, gap across clauses
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_

import re2

from monitor.detect.language.inflection import forms
from monitor.detect.language.patterns import LatePattern, late
from monitor.detect.language.tokens import BREAKERS
from monitor.detect.language.words import word_set

GAP = 6  #: words that "..." may stand for
WIDE_GAP = 14  #: words that "...." may stand for, clause openers among them
_MAX_EXPANSION = 4_000


class PhraseProblem(ValueError):
    """A phrase cannot be read; the message says where."""


@dataclass(frozen=True, slots=True)
class Word:
    """One literal word, or its first letters when `stem`."""

    text: str
    stem: bool = False


@dataclass(frozen=True, slots=True)
class Name:
    """A vocabulary by name."""

    name: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Up to `most` words of any kind; `wide` ones cross clause openers."""

    most: int
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Sequence_:
    """Parts one after another."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several; with `optional` also none."""

    options: tuple[Node, ...]
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Act:
    """The words that say what happened: guards look from here."""

    body: Node


Node = Word | Name | Gap | Sequence_ | Choice | Act


def parse(phrase: str) -> Node:
    """Read a phrase. Raises PhraseProblem for an unclosed bracket or an empty phrase."""
    tokens = _lex(phrase)
    node, at = _sequence(tokens, 0, "")
    if at != len(tokens):
        raise PhraseProblem(f"unexpected '{tokens[at]}' in: {phrase}")
    if not node.parts:
        raise PhraseProblem("the phrase is empty")
    return node


def _lex(phrase: str) -> list[str]:
    spaced = phrase
    for mark in "()[]<>|":
        spaced = spaced.replace(mark, f" {mark} ")
    return spaced.split()


_CLOSING = {"(": ")", "[": "]", "<": ">"}


def _sequence(tokens: list[str], at: int, closing: str) -> tuple[Sequence_, int]:
    parts: list[Node] = []
    while at < len(tokens) and tokens[at] != "|" and tokens[at] not in ")]>":
        token = tokens[at]
        if token in _CLOSING:
            part, at = _group(tokens, at)
        else:
            part, at = _atom(token), at + 1
        parts.append(part)
    return Sequence_(tuple(parts)), at


def _group(tokens: list[str], at: int) -> tuple[Node, int]:
    opening = tokens[at]
    closing = _CLOSING[opening]
    options: list[Node] = []
    while True:
        option, at = _sequence(tokens, at + 1, closing)
        options.append(option)
        if at >= len(tokens):
            raise PhraseProblem(f"'{opening}' is not closed by '{closing}'")
        if tokens[at] != "|":
            break
    if tokens[at] != closing:
        raise PhraseProblem(f"'{opening}' is closed by '{tokens[at]}'")
    if any(not option.parts for option in options if isinstance(option, Sequence_)):
        raise PhraseProblem(f"an empty choice inside '{opening}{closing}'")
    body = Choice(tuple(options), optional=opening == "[")
    return (Act(body) if opening == "<" else body), at + 1


def _atom(piece: str) -> Node:
    if piece == "...":
        return Gap(GAP)
    if piece == "....":
        return Gap(WIDE_GAP, wide=True)
    if piece.startswith("..") and piece[2:].isdigit() and int(piece[2:]) <= 40:
        return Gap(int(piece[2:]))
    if piece.startswith("{") and piece.endswith("}"):
        return Name(piece[1:-1])
    if piece.endswith("~") and piece[:-1].replace("-", "").isalpha() and piece.isascii():
        return Choice(tuple(Word(form) for form in forms(piece[:-1].lower())))
    if piece.endswith("*") and len(piece) > 3 and piece[:-1].isascii():
        return Word(piece[:-1].lower(), stem=True)
    if any(mark in piece for mark in "{}*~\\"):
        raise PhraseProblem(f"'{piece}' is neither a word, a verb~, a {{name}}, a stem* nor a gap")
    return Word(piece.lower())


@dataclass(frozen=True, slots=True)
class Terms:
    """What names stand for: a symbol of the view, or the phrases of a vocabulary."""

    symbols: frozenset[str]  #: names that stand in the view as upper-case symbols
    vocabularies: Mapping[str, tuple[Node, ...]]
    #: What was asked of a name before: its pattern, and the words of which it has one.
    patterns: dict[str, str] = field(default_factory=dict, repr=False)
    keys: dict[str, frozenset[str]] = field(default_factory=dict, repr=False)

    def resolve(self, name: str) -> tuple[Node, ...] | str:
        """The symbol, or the vocabulary's phrases. Raises PhraseProblem for an unknown name."""
        if name in self.symbols:
            return name.upper()
        if name in self.vocabularies:
            return self.vocabularies[name]
        raise PhraseProblem(f"unknown vocabulary '{name}'")


def pattern(node: Node, terms: Terms) -> str:
    """RE2 source over a view, in which each token is one space and its text."""
    match node:
        case Word(text=text, stem=stem):
            mark = r"\|" if text in BREAKERS else ""
            return " " + mark + _escape(text) + ("[^ ]*" if stem else "")
        case Gap(most=most, wide=wide):
            return f"(?:{' [^ ]+' if wide else ' [^ |][^ ]*'}){{0,{most}}}?"
        case Sequence_(parts=parts):
            return "".join(pattern(part, terms) for part in parts)
        case Choice(options=options, optional=optional):
            body = "|".join(pattern(option, terms) for option in options)
            return f"(?:{body})" + ("?" if optional else "")
        case Act(body=body_node):
            return f"({pattern(body_node, terms)})"
        case Name(name=name):
            if name not in terms.patterns:
                terms.patterns[name] = _named(terms.resolve(name), terms)
            return terms.patterns[name]


def _named(meaning: tuple[Node, ...] | str, terms: Terms) -> str:
    if isinstance(meaning, str):
        return " " + meaning
    return "(?:" + "|".join(pattern(option, terms) for option in meaning) + ")"


def compiled(node: Node, terms: Terms) -> LatePattern:
    """The phrase as a bytes pattern.

    Raises PhraseProblem when the expression would grow beyond what RE2 accepts.
    """
    source = pattern(node, terms) + " "
    if not source.isascii():
        raise PhraseProblem(f"cannot be compiled: words are written in ASCII, not {source!r}")
    return _late(source)


@dataclass(frozen=True, slots=True, eq=False)
class Phrases:
    """Phrases of which any will do, as one pattern; empty ones never match.

    `hints` has a bit for each, met by the words that it cannot do without: of a text that meets
    none of them, none of the phrases is part.
    """

    union: LatePattern | None
    source: str = ""
    hints: int = 0

    def __bool__(self) -> bool:
        """Whether there is any phrase."""
        return self.union is not None

    def found(self, view: bytes) -> str | None:
        """The words of the first place where one of them stands, or None."""
        if self.union is None:
            return None
        spans = self.union.spans(view)
        if spans is None:
            return None
        start, end = spans[0]
        return " ".join(view[start:end].decode("ascii").replace("|", "").split())


#: No phrases: never found.
NONE = Phrases(None)


def united(nodes: Sequence[Node], terms: Terms, hints: int, *, end: bool = False) -> Phrases:
    """Compile phrases into one. Raises PhraseProblem for any that cannot be read."""
    if not nodes:
        return NONE
    bodies = [pattern(node, terms) for node in nodes]
    return _of_source("(?:" + "|".join(bodies) + ")" + (" $" if end else " "), hints)


def any_of(many: Iterable[Phrases]) -> Phrases:
    """One pattern for all of them: what it does not find, none of them finds."""
    some = [phrases for phrases in many if phrases]
    hints = reduce(or_, (phrases.hints for phrases in some), 0)
    return _of_source("|".join(one.source for one in some), hints) if some else NONE


def _of_source(source: str, hints: int) -> Phrases:
    return Phrases(_late(source), source, hints)


def _late(source: str) -> LatePattern:
    try:
        return late(source)
    except re2.error as error:
        raise PhraseProblem(f"cannot be compiled: {error}") from error


def _escape(text: str) -> str:
    return text if text.isalnum() else "".join(c if c.isalnum() else "\\" + c for c in text)


def keys(node: Node, terms: Terms) -> frozenset[str]:
    """Words of which one must be in the view for the phrase to match; empty: none is certain.

    A stem comes as its first letters with a star. The smallest certain set is taken, and the act
    before anything else: it is the rarest.
    """
    match node:
        case Word(text=text, stem=stem):
            return frozenset({f"{_shown(text)}*" if stem else _shown(text)})
        case Gap():
            return frozenset()
        case Act(body=body):
            return keys(body, terms)
        case Choice(options=options, optional=optional):
            return frozenset() if optional else _union(keys(o, terms) for o in options)
        case Name(name=name):
            if name not in terms.keys:
                terms.keys[name] = _keys_of(terms.resolve(name), terms)
            return terms.keys[name]
        case Sequence_(parts=parts):
            return _rarest(parts, terms)


def _keys_of(meaning: tuple[Node, ...] | str, terms: Terms) -> frozenset[str]:
    if isinstance(meaning, str):
        return frozenset({meaning})
    return _union(keys(option, terms) for option in meaning)


def demands(node: Node, terms: Terms) -> frozenset[frozenset[str]]:
    """Sets of words, of each of which one must be in the view for the phrase to match."""
    match node:
        case Act(body=body):
            return demands(body, terms)
        case Sequence_(parts=parts):
            return frozenset().union(*(demands(part, terms) for part in parts))
        case _:
            return frozenset({keys(node, terms)}) - {frozenset()}


def _shown(text: str) -> str:
    return f"|{text}" if text in BREAKERS else text


def _rarest(parts: tuple[Node, ...], terms: Terms) -> frozenset[str]:
    acts = [keys(part, terms) for part in parts if isinstance(part, Act)]
    certain = [found for found in acts if found] or [
        found for found in (keys(part, terms) for part in parts) if found
    ]
    return min(certain, key=lambda found: (_plainness(found), len(found)), default=frozenset())


#: Words of any text, by which a phrase is not told.
_COMMON = word_set(
    "the a an to of in on with by for from and or its his her their is are was will would may "
    "could should must not no out back off down up put over be been being has have had get gets "
    "got do does did who that which when after before as at into about more new two three all "
    "any it they he she"
)


def _plainness(found: frozenset[str]) -> int:
    return len(found & _COMMON)


def _union(sets: Iterator[frozenset[str]]) -> frozenset[str]:
    collected: set[str] = set()
    for found in sets:
        if not found:
            return frozenset()
        collected |= found
    return frozenset(collected)


def expand(node: Node, terms: Terms) -> tuple[tuple[str, ...], ...]:
    """All word sequences of a phrase without gaps and stems (for symbols).

    Raises PhraseProblem for a gap, a stem, or more than 4,000 sequences.
    """
    found = tuple(dict.fromkeys(_expand(node, terms.resolve)))
    if len(found) > _MAX_EXPANSION:
        raise PhraseProblem(f"stands for more than {_MAX_EXPANSION} word sequences")
    return tuple(sequence for sequence in found if sequence)


def _expand(node: Node, resolve: Callable[[str], tuple[Node, ...] | str]) -> list[tuple[str, ...]]:
    match node:
        case Word(text=text, stem=False):
            return [(text,)]
        case Sequence_(parts=parts):
            found: list[tuple[str, ...]] = [()]
            for part in parts:
                found = [a + b for a in found for b in _expand(part, resolve)]
                if len(found) > _MAX_EXPANSION:
                    raise PhraseProblem(f"stands for more than {_MAX_EXPANSION} word sequences")
            return found
        case Choice(options=options, optional=optional):
            many = [sequence for option in options for sequence in _expand(option, resolve)]
            return [*many, ()] if optional else many
        case Name(name=name):
            meaning = resolve(name)
            if isinstance(meaning, str):
                raise PhraseProblem(f"a symbol cannot be made of another symbol ({name})")
            return [sequence for option in meaning for sequence in _expand(option, resolve)]
        case _:
            raise PhraseProblem("a symbol's terms hold plain words only: no gap, stem or act")
