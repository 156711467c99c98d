"""Own sentences for every kind of phrasing that announces, or only seems to announce, an event."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitor.domain.vocabulary import EventType, Worth
from tests.detection import read

FOLDER = Path(__file__).resolve().parents[1] / "data" / "language"


def cases() -> Iterator[Any]:
    for path in sorted(FOLDER.glob("*.yaml")):
        for entry in yaml.safe_load(path.read_text()):
            types = entry["type"] if isinstance(entry["type"], list) else [entry["type"]]
            for expected in ("fires", "silent"):
                texts = entry.get(expected, [])
                if texts:
                    name = f"{path.stem}: {entry['line']}, {expected}"
                    yield pytest.param(tuple(types), expected, texts, id=name)


@pytest.mark.parametrize(("types", "expected", "texts"), list(cases()))
def test_line(types: tuple[str, ...], expected: str, texts: list[Any]) -> None:
    wrong = []
    for text in texts:
        parts = {"text": text} if isinstance(text, str) else text
        found = read(parts["text"], parts.get("title", ""), parts.get("kind", "news"))
        told = {one.event_type.value for one in found if one.worth is Worth.ALERT}
        if bool(told & set(types)) != (expected == "fires"):
            wrong.append(f"{parts} -> {sorted(told)}")
    assert wrong == []


def test_types_of_the_cases_exist() -> None:
    for case in cases():
        assert {EventType(name) for name in case.values[0]}
