"""Every kind of source: golden cases, a valid example, a paragraph in the reference; purity."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitor.catalogue.load import parse_catalogue
from monitor.catalogue.reference import reference
from monitor.domain.ident import SourceId
from monitor.domain.item import Item, Reading
from monitor.domain.snapshot import Request, Snapshot
from monitor.domain.source import Source
from monitor.kinds import ReadContext
from monitor.registry import SOURCE_KINDS

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests/data/sources"
NOW = datetime(2025, 6, 5, 14, tzinfo=UTC)
GOLDEN = sorted(CASES.glob("*/*.yaml"))


def shown(item: Item, names: list[str]) -> dict[str, object]:
    """The named values of an item as plain data."""
    values: dict[str, object] = {}
    for name in names:
        value = getattr(item, name)
        if name == "published":
            value = value.day.isoformat() if value else None
        elif isinstance(value, datetime):
            value = value.isoformat()
        values[name] = list(map(list, value)) if name == "fields" else value
        if isinstance(value, tuple) and name == "links":
            values[name] = list(value)
    return values


def read_step(kind_name: str, step: dict[str, Any], source: Source, cursor: str) -> Reading:
    kind = SOURCE_KINDS[kind_name]
    asked = step.get("request")
    request = kind.first(source, source.options, cursor, NOW)[0]
    if asked:
        request = Request(url=asked["url"], purpose=asked["purpose"])
        request = next((r for r in step["offered"] if r.url == asked["url"]), request)
    body = step["body"]
    snapshot = Snapshot(
        source_id=source.id,
        request=request,
        final_url=step.get("final_url", request.url),
        status=200,
        headers=(),
        body=body.encode(),
        media_type=step.get("media_type", ""),
        captured_at=NOW,
    )
    context: ReadContext[Any] = ReadContext(
        source=source, options=source.options, cursor=cursor, relevant=lambda _: True
    )
    once, twice = kind.read(snapshot, context), kind.read(snapshot, context)
    assert once == twice, "read() must be pure"
    return once


@pytest.mark.parametrize("path", GOLDEN, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_golden(path: Path) -> None:
    case = yaml.safe_load(path.read_text())
    kind = SOURCE_KINDS[path.parent.name]
    cursor, offered = "", tuple[Request, ...]()
    for step in case["steps"]:
        options = kind.options.model_validate({**case["options"], **step.get("context", {})})
        source = Source(id=SourceId("golden"), kind=kind.name, name="Golden", options=options)
        got = read_step(kind.name, {**step, "offered": offered}, source, cursor)
        cursor, offered = got.cursor, (*got.next_requests, *offered)
        assert got.rejected is None
        wanted = step.get("items", [])
        names = list(wanted[0]) if wanted else []
        assert [shown(item, names) for item in got.items] == wanted
        assert [{"url": r.url, "purpose": r.purpose} for r in got.next_requests] == step.get(
            "next_requests", []
        )
        tables = [{"header": list(t.header), "rows": len(t.rows)} for t in got.tables]
        assert tables == step.get("tables", [])
        assert list(got.problems) == step.get("problems", [])


@pytest.mark.parametrize("name", sorted(SOURCE_KINDS))
def test_each_kind_has_a_golden_case_an_example_and_documented_options(name: str) -> None:
    kind = SOURCE_KINDS[name]
    assert kind.name == name
    assert list((CASES / name).glob("*.yaml")), f"no golden case in tests/data/sources/{name}"
    assert len(kind.summary) > 60
    undocumented = [n for n, f in kind.options.model_fields.items() if not f.description]
    assert not undocumented
    got = parse_catalogue(f"sources:\n{kind.example}", kinds=SOURCE_KINDS, today=date(2025, 6, 5))
    assert got.sources[0].kind == name


def test_the_reference_is_up_to_date() -> None:
    written = (ROOT / "docs/feeds-reference.md").read_text()
    assert written == reference(SOURCE_KINDS), "run `monitor sources reference` and store it"
