"""Answers of interfaces with any part changed: read, refused by name, or complained of; no more."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.detect import bills
from monitor.domain.errors import ExtractError
from monitor.domain.ident import SourceId
from monitor.domain.snapshot import Request, Snapshot
from monitor.domain.source import Source
from monitor.kinds import ReadContext
from monitor.registry import SOURCE_KINDS

CASES = Path(__file__).parents[1] / "data/sources"
NAMES = (
    "congress", "courtlistener", "federal_register", "legiscan", "legistar", "maryland", "new_york",
    "openstates", "oregon",
)  # fmt: skip
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**12),
    st.floats(allow_nan=False),
    st.text(max_size=30),
    st.sampled_from(["9999-99-99", "0000-00-00", "effective 13/45/2025", "2025-06-05T25:00:00Z"]),
    st.just([]),
    st.just({}),
    st.just([None, 1, "x"]),
    st.just({"results": None}),
)


def paths(value: object, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of a JSON value."""
    found = [at]
    if isinstance(value, dict):
        for key, inner in value.items():
            found += paths(inner, (*at, key))
    if isinstance(value, list):
        for index, inner in enumerate(value):
            found += paths(inner, (*at, index))
    return found


def changed(value: Any, at: tuple[Any, ...], junk: object) -> Any:
    """The value with one place replaced; a place that is gone by now changes nothing."""
    if not at:
        return junk
    whole = deepcopy(value)
    inner = whole
    try:
        for step in at[:-1]:
            inner = inner[step]
        inner[at[-1]] = junk
    except (TypeError, KeyError, IndexError):
        return value
    return whole


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=120)
@given(data=st.data())
def test_any_part_may_change(name: str, data: st.DataObject) -> None:
    kind = SOURCE_KINDS[name]
    case = yaml.safe_load(next((CASES / name).glob("*.yaml")).read_text())
    options = kind.options.model_validate(case["options"])
    source = Source(id=SourceId("fuzz"), kind=name, name="Fuzz", options=options)
    now = datetime(2025, 6, 5, 14, tzinfo=UTC)
    cursor, offered = "", kind.first(source, options, "", now)
    for step in case["steps"]:
        url = step.get("request", {}).get("url", offered[0].url if offered else "")
        request = next((r for r in offered if r.url == url), Request(url=url or "https://x.org/"))
        if step.get("media_type", "").startswith("text/"):
            continue  # a document that was followed, no answer of the interface
        body = json.loads(step["body"])
        places = paths(body)
        for _ in range(data.draw(st.integers(0, 3))):
            body = changed(body, data.draw(st.sampled_from(places)), data.draw(JUNK))
        snapshot = Snapshot(
            source_id=source.id, request=request, final_url=request.url, status=200, headers=(),
            body=json.dumps(body).encode(), captured_at=now,
        )  # fmt: skip
        context: ReadContext[Any] = ReadContext(
            source=source, options=options, cursor=cursor, relevant=lambda _: True
        )
        try:
            reading = kind.read(snapshot, context)
        except ExtractError as error:
            assert str(error)
            continue
        cursor, offered = reading.cursor or cursor, reading.next_requests or offered
        base = str(options.base).split("/")[2]  # type: ignore[attr-defined]
        # Texts of bills lie at the states' own addresses, which the gate vets like any other.
        asked = [r for r in reading.next_requests if r.purpose != "bill_text"]
        assert all(r.url.split("/")[2] == base for r in asked)
        for item in reading.items:
            bills.steps_of(dict(item.fields).get("stages", ""))
            assert all(isinstance(part, str) for pair in item.fields for part in pair)
        # Whatever was stored, the next check can begin.
        kind.first(source, options, cursor, now)
