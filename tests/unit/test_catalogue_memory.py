"""A large feeds.yaml that is kept as it was read: never another catalogue than the text says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from monitor.bootstrap import catalogue_memory, knowledge
from monitor.bootstrap.machine import SystemClock
from monitor.catalogue.document import read_document
from monitor.catalogue.load import Catalogue
from monitor.domain.errors import ConfigError

ONE = """\
  - id: s{n}
    kind: feed
    name: Source {n}, "quoted" and é
    tier: press
    sees: [agreement_signed]
    schedule: {{every: 1h}}
    options: {{url: 'http://a.example/{n}', follow: never, max_follow: 3}}
"""


def text(count: int) -> str:
    return "version: 1\nsources:\n" + "".join(ONE.format(n=n) for n in range(count))


@pytest.fixture
def feeds(tmp_path: Path) -> Path:
    path = tmp_path / "feeds.yaml"
    path.write_text(text(700), encoding="utf-8")
    return path


def load(feeds: Path) -> Catalogue:
    return knowledge.load_catalogue(feeds, SystemClock(), feeds.parent)


def kept(feeds: Path) -> Path:
    return feeds.parent / catalogue_memory.NAME


def test_what_is_kept_gives_the_same_catalogue(feeds: Path) -> None:
    first = load(feeds)
    assert kept(feeds).stat().st_mode & 0o077 == 0
    written = kept(feeds).stat().st_mtime_ns
    assert catalogue_memory.remembered(feeds.parent, feeds.read_text("utf-8"), "x") is not None
    assert load(feeds) == first == knowledge.load_catalogue(feeds, SystemClock())
    assert kept(feeds).stat().st_mtime_ns == written


def test_a_changed_text_is_read_anew_and_its_problems_have_lines(feeds: Path) -> None:
    load(feeds)
    feeds.write_text(text(701), encoding="utf-8")
    assert len(load(feeds).sources) == 701
    feeds.write_text(text(701).replace("id: s650", "id: s649"), encoding="utf-8")
    for _ in range(2):
        with pytest.raises(ConfigError) as told:
            load(feeds)
        assert f"feeds.yaml:{3 + 650 * 7}: " in told.value.problems[0]


def test_a_problem_that_arises_later_is_told_with_its_line(feeds: Path) -> None:
    """What was sound when it was kept need not be sound for another version."""
    load(feeds)
    wrong = text(700).replace("tier: press", "tier: pres", 1)
    document = read_document(wrong, str(feeds))
    feeds.write_text(wrong, encoding="utf-8")
    catalogue_memory.remember(feeds.parent, document)
    with pytest.raises(ConfigError) as told:
        load(feeds)
    assert "feeds.yaml:6: " in told.value.problems[0]


@pytest.mark.parametrize("damage", [b"", b"x", b"\n{}", None])
def test_a_damaged_file_is_not_there(feeds: Path, damage: bytes | None) -> None:
    first = load(feeds)
    whole = kept(feeds).read_bytes()
    kept(feeds).write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    assert load(feeds) == first
    assert kept(feeds).read_bytes() == whole


def test_where_nothing_can_be_written_nothing_is_kept(feeds: Path, tmp_path: Path) -> None:
    nowhere = tmp_path / "file"
    nowhere.write_text("")
    assert len(knowledge.load_catalogue(feeds, SystemClock(), nowhere).sources) == 700
    assert os.listdir(tmp_path).count(catalogue_memory.NAME) == 0


def test_a_small_catalogue_is_not_kept(feeds: Path) -> None:
    feeds.write_text(text(20), encoding="utf-8")
    load(feeds)
    assert not kept(feeds).exists()
