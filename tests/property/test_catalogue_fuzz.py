"""feeds.yaml in any state: a catalogue, or ConfigError with lines; never another fault."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.catalogue.changes import catalogue_changes
from monitor.catalogue.load import Catalogue, parse_catalogue
from monitor.domain.errors import ConfigError
from monitor.registry import SOURCE_KINDS

SHIPPED = (Path(__file__).parents[2] / "feeds.yaml").read_text()
#: A slice of the shipped file that stands on its own: templates, several kinds, subscriptions.
SMALL = (
    SHIPPED[: SHIPPED.index("  # --- Other federal")] + SHIPPED[SHIPPED.index("subscriptions:") :]
)
TODAY = date(2025, 6, 5)
WORDS = st.sampled_from(
    [
        *("sources:", "- id: x", "kind: feed", "options:", "url: https://a.org/", "&a", "*a"),
        *("<<: *a", "[", "]", "{", "}", "? x", "|", ">", "!!set", "---", "\t", "'", '"', "#"),
        *("null", "0x1", "-"),
    ]
)


def parsed(text: str) -> Catalogue | None:
    try:
        return parse_catalogue(text, kinds=SOURCE_KINDS, today=TODAY)
    except ConfigError as error:
        assert "feeds.yaml" in str(error)
        return None


@given(st.one_of(st.text(max_size=200), st.lists(WORDS, max_size=30).map("\n  ".join)))
def test_any_text(text: str) -> None:
    parsed(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4)
        ),
        max_leaves=12,
    )
)
def test_any_value_in_any_place(value: object) -> None:  # fmt: skip
    import json  # noqa: PLC0415

    shown = json.dumps(value)
    for text in (
        f"sources: {shown}",
        f"sources: [{{id: ab, kind: feed, options: {shown}}}]",
        f"sources: [{{id: ab, kind: {shown}, sees: {shown}, schedule: {shown}}}]",
        f"defaults: {shown}\ntemplates: {shown}\nsubscriptions: [{shown}]\nrules: {shown}",
    ):
        parsed(text)


@settings(max_examples=60)
@given(st.integers(0, 10**9))
def test_the_shipped_file_damaged(seed: int) -> None:
    dice = random.Random(seed)
    lines = SMALL.splitlines()
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(lines))
        line = lines[at]
        lines[at] = dice.choice(
            [line[:-1], line + " x", " " + line, line.replace(":", ""), "", line.upper(), line[2:]]
        )
    parsed("\n".join(lines))


def test_the_slice_itself_is_sound() -> None:
    got = parsed(SMALL)
    assert got is not None and len(got.sources) >= 4
    assert catalogue_changes(got, got) == ()


@pytest.mark.parametrize("kind", sorted(SOURCE_KINDS))
def test_unknown_options_of_every_kind_are_told_with_the_nearest_word(kind: str) -> None:
    """Whatever the example's options say, one is added whose name ends in a letter too many."""
    name = next(iter(SOURCE_KINDS[kind].options.model_fields))
    wrong = f"{name}{name[-1]}"
    head, _, _ = SOURCE_KINDS[kind].example.partition("  options:")
    text = f"sources:\n{head.rstrip()}\n  options: {{{wrong}: x}}\n"
    said = rf"options\.{wrong}: unknown key; did you mean {name}\?"
    with pytest.raises(ConfigError, match=said):
        parse_catalogue(text, kinds=SOURCE_KINDS, today=TODAY)
