"""The command starts with what the verb needs, and knows all verbs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest
import typer

from monitor.cli.main import GROUPS, app, application, groups_for
from monitor.kinds import SourceKind
from monitor.registry import CHANNEL_KINDS, RULE_KINDS, SOURCE_KINDS


def _verbs(made: typer.Typer) -> set[str]:
    return set(typer.main.get_command(made).commands)  # type: ignore[attr-defined]


@pytest.mark.parametrize("group", GROUPS)
def test_the_table_of_verbs_is_what_the_modules_add(group: str) -> None:
    assert _verbs(application([group])) == set(GROUPS[group])


def test_the_whole_command_has_every_verb_once() -> None:
    listed = [verb for verbs in GROUPS.values() for verb in verbs]
    assert len(listed) == len(set(listed))
    assert _verbs(app) == set(listed)


@pytest.mark.parametrize(
    ("arguments", "groups"),
    [
        (["check", "--format", "csv"], ("running",)),
        (["ledger", "replay", "x"], ("measuring",)),
        ([], tuple(GROUPS)),
        (["--help"], tuple(GROUPS)),
        (["chekc"], tuple(GROUPS)),
    ],
)
def test_a_known_verb_needs_one_module(arguments: list[str], groups: tuple[str, ...]) -> None:
    assert groups_for(arguments) == groups


@pytest.mark.parametrize("kinds", [SOURCE_KINDS, RULE_KINDS, CHANNEL_KINDS])
def test_every_kind_is_named_as_its_module(kinds: Mapping[str, SourceKind[Any]]) -> None:
    assert [kind.name for kind in kinds.values()] == list(kinds)
    assert "no_such_kind" not in kinds
    assert kinds.get("no_such_kind") is None


def test_reading_feeds_imports_nothing_for_other_documents() -> None:
    """Libraries behind other kinds, channels and the command stay out of the worker."""
    script = (
        "import sys; from monitor.registry import reader, SOURCE_KINDS; reader(('x',), ());"
        "SOURCE_KINDS['feed']; print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, text=True
    )
    heavy = {"sqlalchemy", "trafilatura", "pypdfium2", "openpyxl", "slack_sdk", "rich", "typer"}
    assert not heavy & set(done.stdout.split())
