"""Every parser of outside bytes on damaged documents: values, or an error of the program.

Longer by hand: `python -m tests.fuzz --seconds 60`; what was found that way stands below.
"""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.errors import ConfigError, ExtractError
from monitor.extract.feed import read_feed
from monitor.extract.region import main_region, without
from monitor.extract.text import tree
from tests.fuzz import TARGETS, play

#: The first documents of some targets take long: as many as fit into a second or two each.
EXAMPLES = {"feed": 25, "pdf": 15, "moa": 25, "pack": 12}
LONG = {"feed": 250, "pdf": 150, "moa": 300, "pack": 80}


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_damaged_documents_are_read_or_refused(name: str) -> None:
    @settings(max_examples=EXAMPLES.get(name, 60))
    @given(st.integers(0, 2**31))
    def any_seed(seed: int) -> None:
        assert play(name, seed) in ("read", "refused")

    any_seed()


@pytest.mark.long
@pytest.mark.parametrize("name", sorted(TARGETS))
def test_many_damaged_documents_are_read_or_refused(name: str) -> None:
    for seed in range(LONG.get(name, 600)):
        assert play(name, seed) in ("read", "refused")


@pytest.mark.timeout(60)
@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le", "utf-32-be", "cp037"])
def test_a_first_line_of_encodings_costs_no_cubic_time(codec: str) -> None:
    """feedparser's search for the encoding tried every pair of them: hours for 50 kB."""
    for end in ("?>", ""):
        text = f"<?xml version='1.0'{end}" + " encoding='utf-7'" * 3_000 + f"{end}<rss/>"
        with contextlib.suppress(ExtractError):
            assert read_feed(text.encode(codec), url="u").hashes == ()


DECLARED = '<?xml version="1.0" encoding="{}"?><!DOCTYPE rss [<!ENTITY x "boo">]>'
REST = '<rss version="2.0"><channel><title>&x;</title><item><guid>1</guid></item></channel></rss>'


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "cp037"])
def test_s5_a_doctype_hides_in_no_encoding(codec: str) -> None:
    with pytest.raises(ExtractError, match="DOCTYPE"):
        read_feed((DECLARED.format(codec) + REST).encode(codec), url="u")


@pytest.mark.parametrize("how", ["declaration", "header", "both"])
def test_s5_utf_7_is_not_believed(how: str) -> None:
    body = (DECLARED.format("utf-7" if how != "header" else "utf-8") + REST).encode()
    body = body.replace(b"<!", b"+ADwAIQ-")
    charset = None if how == "declaration" else "utf-7"
    assert "boo" not in repr(read_feed(body, url="u", charset=charset))


@pytest.mark.parametrize("char", ["\x0b", "&#1;", "&#x0B", "\ufffe", "\x1b"])
def test_a_control_character_costs_no_page(char: str) -> None:
    """A vertical tab after a part that is left out made the whole page unreadable."""
    page = tree(f"<main>kept <nav>out</nav>after{char}wards</main>", what="page")
    without(page, ("nav",))
    assert main_region(page, "https://a.example/").text.split() == ["kept", "after", "wards"]


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text",
    ["? [a, b]\n: c\n", "rules: &a [*a]\n", "&a {x: [&b [*a, *a]]}", "{" * 3000, "&a [*a, *a]"],
)
def test_packs_that_hold_themselves_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"own\.yaml"):
        TARGETS["pack"].read(text.encode())
