"""Texts that have lost their paragraphs are read sentence by sentence."""

from __future__ import annotations

from monitor.detect.language.sentences import sentences, walls_apart

_WALL = " ".join(f"The council met on street {number}." for number in range(40))


def _numbers(text: str) -> list[int]:
    return [one.paragraph for one in walls_apart(list(sentences(text)))]


def test_writers_paragraphs_stay_as_they_are() -> None:
    """Paragraphs of a usual length keep their sentences together."""
    text = "The sheriff signed. Deputies will train.\n\nThe board met. It will vote."
    assert _numbers(text) == [0, 0, 1, 1]


def test_a_wall_of_text_has_a_paragraph_for_each_sentence() -> None:
    """What stands beside a sentence there is no context of its own."""
    assert _numbers(_WALL) == list(range(40))


def test_paragraphs_around_a_wall_are_kept_apart_from_it() -> None:
    """Numbers ascend by one and keep the paragraphs before and behind."""
    text = f"The sheriff signed. Deputies will train.\n\n{_WALL}\n\nThe board met. It will vote."
    numbers = _numbers(text)
    assert numbers[:2] == [0, 0]
    assert numbers[-2] == numbers[-1]
    assert sorted(set(numbers)) == list(range(numbers[-1] + 1))


def test_nothing_is_no_paragraph() -> None:
    """An empty text has none."""
    assert _numbers("") == []
