"""Words of phrases that no line shows, because a symbol stands in their place."""

from __future__ import annotations

from collections.abc import Iterator

from monitor.detect.clauses.symbols import Trie
from monitor.detect.phrase import Act, Choice, Node, PhraseProblem, Sequence_, Terms, Word, expand

#: Ways to read some parts together that are looked at; of more, each part is read alone.
_MOST = 64
_NO_NAMES = Terms(frozenset(), {})


def require_shown(node: Node, symbols: Trie) -> None:
    """Raise PhraseProblem where a phrase asks for words that lines show as a symbol.

    A line that says "the county council" shows "the county BODY": a phrase with "council" can
    never match it, however right it reads. All such words are named at once.
    """
    hidden = {
        " ".join(words[at : at + length]): symbol
        for words in _literal(node)
        for at, length, symbol in symbols.found(words)
    }
    if hidden:
        told = (
            f"'{said}' never matches: lines show it as {symbol}; write {{{symbol.lower()}}}"
            for said, symbol in hidden.items()
        )
        raise PhraseProblem("; ".join(told))


def _literal(node: Node) -> Iterator[tuple[str, ...]]:
    """The runs of words that a phrase spells out, in all its readings."""
    match node:
        case Sequence_(parts=parts):
            yield from _runs(parts)
        case Choice(options=options):
            for option in options:
                yield from _literal(option)
        case Act(body=body):
            yield from _literal(body)
        case Word(text=text, stem=False):
            yield (text,)
        case _:
            return


def _runs(parts: tuple[Node, ...]) -> Iterator[tuple[str, ...]]:
    start = 0
    for end in range(len(parts) + 1):
        if end < len(parts) and _spelled(parts[end]):
            continue
        yield from _together(parts[start:end])
        yield from _literal(parts[end]) if end < len(parts) else ()
        start = end + 1


def _spelled(node: Node) -> bool:
    """Whether a part is made of whole words only."""
    match node:
        case Word(stem=stem):
            return not stem
        case Choice(options=options):
            return all(map(_spelled, options))
        case Sequence_(parts=parts):
            return all(map(_spelled, parts))
        case _:
            return False


def _together(parts: tuple[Node, ...]) -> Iterator[tuple[str, ...]]:
    readings = expand(Sequence_(parts), _NO_NAMES) if _count(parts) <= _MOST else ()
    if readings or not parts:
        yield from readings
    else:
        for part in parts:
            yield from _literal(part)


def _count(parts: tuple[Node, ...]) -> int:
    """How many ways there are to read whole words together."""
    ways = 1
    for part in parts:
        match part:
            case Choice(options=options, optional=optional):
                ways *= sum(_count((option,)) for option in options) + optional
            case Sequence_(parts=inner):
                ways *= _count(inner)
            case _:
                pass
    return ways
