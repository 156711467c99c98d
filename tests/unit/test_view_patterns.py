"""Views are searched with the engine at once, or by the library; words have their places."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from monitor.detect.language.patterns import LatePattern, _matcher
from monitor.detect.language.tokens import MAX_TOKENS, words_between

VIEW = b" the AGENCY signed a PROGRAM AGREEMENT with ICE on WHEN and signed another AGREEMENT "
SOURCES = (
    b" AGENCY( signed)(?: [^ |][^ ]*){0,6}? AGREEMENT ",
    b"(?:( signed)|( inked)) another ",
    b" signed ",
    b" (never|not) ",
)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("at", [0, 13, 40, len(VIEW)])
def test_a_search_tells_the_same_either_way(source: bytes, at: int) -> None:
    """Where a release of the library keeps its engine elsewhere, nothing is told differently."""
    pattern, library = LatePattern(source), SimpleNamespace(search=re2.compile(source).search)
    other = LatePattern(source, _matcher(library))
    spans, same = pattern.spans(VIEW, at), other.spans(VIEW, at)
    assert (spans and list(spans)) == (same and list(same))


@given(st.text("aB1 .'-,;:()?!\"[]{}*_|~^\\\n\t$%/sS", max_size=80), st.integers(0, 5))
def test_every_word_stands_where_it_was_read(text: str, start: int) -> None:
    """Offsets lead back to the word, in order, and no mark of a list is part of one."""
    tokens = words_between(text, start, len(text))
    assert [text[t.start : t.end].lower() for t in tokens] == [t.word for t in tokens]
    assert all(one.end <= other.start for one, other in pairwise(tokens))
    assert not any(set(token.word) & set('"[]{}*_|~^\\ \n\t') for token in tokens)


def test_a_run_of_words_is_read_up_to_a_bound() -> None:
    """Words that come apart count as what they come apart into."""
    assert len(words_between("no " * 700, 0, 2_100)) == MAX_TOKENS
    assert len(words_between("a " + "sheriff's " * 400, 0, 4_002)) == MAX_TOKENS + 1
