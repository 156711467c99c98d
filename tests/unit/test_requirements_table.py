"""docs/security-tests.md: every S and F letter has tests, and every test it names exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs" / "security-tests.md"
LETTERS = {*(f"S{n}" for n in range(1, 20)), *(f"F{n}" for n in range(1, 13))}
_ROW = re.compile(r"^\| ([SF]\d+) \| [^|]+ \| (.+) \|$", re.MULTILINE)
_ID = re.compile(r"`(tests/[\w/]+\.py)::([\w*]+)`")


def rows() -> dict[str, list[tuple[str, str]]]:
    text = TABLE.read_text(encoding="utf-8")
    return {letter: _ID.findall(tests) for letter, tests in _ROW.findall(text)}


def functions_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}


def test_every_letter_has_a_test() -> None:
    assert set(rows()) == LETTERS
    assert [letter for letter, tests in rows().items() if not tests] == []


def test_every_test_named_exists() -> None:
    missing = [
        f"{letter}: {path}::{name}"
        for letter, tests in rows().items()
        for path, name in tests
        if not (ROOT / path).is_file() or (name != "*" and name not in functions_of(ROOT / path))
    ]
    assert missing == []
