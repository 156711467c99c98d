"""Fuzzed: rule packs and workbooks are read or refused by name, never anything else."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.bootstrap import knowledge
from monitor.bootstrap.machine import data_text
from monitor.demo import workbooks
from monitor.detect.pack import load
from monitor.detect.rule import Pack
from monitor.domain.errors import ConfigError, ExtractError
from monitor.domain.roster import RosterRow
from monitor.domain.vocabulary import Model
from monitor.extract.table import read_tables
from monitor.registry import RULE_KINDS

SHIPPED = {
    name: data_text(f"rules/{name}")
    for name in ("vocabularies.yaml", "guards.yaml", "federal.yaml")
}
GOVERNORS = knowledge.governors()
BOOK = workbooks.participating(
    [
        RosterRow(
            state="TX",
            agency=f"{name} County Sheriff's Office",
            agency_id="",
            model=Model.WSO,
            signed=date(2025, 3, 3),
            county=f"{name} County",
        )
        for name in ("Smith", "Comal", "Gregg")
    ],
    datetime(2025, 4, 1, tzinfo=UTC),
    {"TX": "Texas"},
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)


def loaded(texts: dict[str, str]) -> None:
    """A pack, or ConfigError that names a file."""
    try:
        pack = load(texts, RULE_KINDS, GOVERNORS)
    except ConfigError as error:
        assert any(name in str(error) for name in texts), str(error)
        return
    assert isinstance(pack, Pack)


@settings(max_examples=60)
@given(st.text(max_size=300))
def test_any_text_is_a_pack_or_named(text: str) -> None:
    loaded({"own.yaml": text})


@settings(max_examples=60)
@given(VALUES)
def test_any_value_is_a_pack_or_named(value: object) -> None:
    loaded({"own.yaml": yaml.safe_dump(value)})
    loaded({"own.yaml": yaml.safe_dump({"rules": [value], "vocabularies": value})})


@settings(max_examples=25)
@given(st.data())
def test_a_shipped_pack_with_damage_is_a_pack_or_named(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(SHIPPED)))
    text = SHIPPED[name]
    start = data.draw(st.integers(0, len(text) - 1))
    length = data.draw(st.integers(0, 60))
    more = data.draw(st.text(alphabet=" \n:-[]{}'\"&*!|>%@`#,abc0", max_size=12))
    loaded({**SHIPPED, name: text[:start] + more + text[start + length :]})


def members() -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(BOOK)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def read(book: bytes) -> None:
    """Tables, or ExtractError."""
    try:
        tables = read_tables(book, "", "fuzz.xlsx")
    except ExtractError as error:
        assert str(error)
        return
    assert all(len(row.cells) <= 20_000 for table in tables for row in table.rows)


@settings(max_examples=150)
@given(st.data())
def test_a_workbook_with_any_damage_is_read_or_refused(data: st.DataObject) -> None:
    parts = members()
    name = data.draw(st.sampled_from(sorted(parts)))
    start = data.draw(st.integers(0, len(parts[name])))
    length = data.draw(st.integers(0, 40))
    more = data.draw(
        st.binary(max_size=20)
        | st.sampled_from(
            [b"<row r='999999999'>", b"<c r='ZZZ1'>", b"<!DOCTYPE x>", b"&x;", b"\xff"]
        )
    )
    parts[name] = parts[name][:start] + more + parts[name][start + length :]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for each, content in parts.items():
            packed.writestr(each, content)
    read(buffer.getvalue())


@settings(max_examples=100)
@given(st.data())
def test_a_damaged_container_is_read_or_refused(data: st.DataObject) -> None:
    book = bytearray(BOOK)
    for _ in range(data.draw(st.integers(1, 6))):
        book[data.draw(st.integers(0, len(book) - 1))] = data.draw(st.integers(0, 255))
    read(bytes(book[: data.draw(st.integers(0, len(book)))]))
