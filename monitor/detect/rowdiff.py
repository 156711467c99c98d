"""Differences of any keyed table: which rows came, went and changed, told as the source asks.

The roster has an engine of its own; this one watches the rest (a sanctuary list, a contract
table) with what feeds.yaml says of them: which columns, which of them name a row, what to tell.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from monitor.domain.ident import content_id
from monitor.domain.item import Table, TableRow


class RowChangeKind(StrEnum):
    """What happened to a row."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowRules:
    """What a source says of its table.

    `columns` maps our names to header texts ("agency": "Name of agency"); empty takes every header
    by its own text. `key` names the columns that tell one row from another. `watch` are the columns
    whose change matters, empty for all; `tell` the kinds that are told. `least_share` guards: a
    table with fewer rows than that share of the last one is held until the next confirms it.
    """

    key: tuple[str, ...]
    columns: Mapping[str, str] = field(default_factory=dict)
    watch: tuple[str, ...] = ()
    tell: frozenset[RowChangeKind] = frozenset(RowChangeKind)
    least_share: float = 0.7
    confirm_removal: int = 1  #: absences in a row before a removal is told


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedRow:
    """One row by our column names; `links` as (column, address); `missing` counts absences."""

    key: tuple[str, ...]
    values: tuple[tuple[str, str], ...]
    links: tuple[tuple[str, str], ...] = ()
    number: int = 0
    missing: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TableState:
    """The table as last accepted; `held` is the fingerprint of one that waits."""

    rows: tuple[KeyedRow, ...] = ()
    fingerprint: str = ""
    held: str = ""
    started: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RowChange:
    """A row's change; `columns` as (column, was, now), links under "column link"."""

    kind: RowChangeKind
    key: tuple[str, ...]
    row: KeyedRow
    columns: tuple[tuple[str, str, str], ...] = ()
    told: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TableStep:
    """The result of one reading of a table."""

    state: TableState
    changes: tuple[RowChange, ...] = ()
    problems: tuple[str, ...] = ()
    baseline: bool = False


def table_step(state: TableState, table: Table, rules: RowRules) -> TableStep:
    """Compare a reading with the one last accepted. Order, white space and case tell nothing.

    The first reading is a baseline. A reading without the key columns, or far shorter than the
    last one, changes nothing and is a problem; the same short one again is believed.
    """
    at, missing = _columns(table.header, rules)
    if missing:
        return TableStep(state=state, problems=(f"columns are missing: {', '.join(missing)}",))
    rows, problems = _keyed(table.rows, at, rules)
    mark = content_id(*sorted(content_id(*map(_folded, _content(row))) for row in rows))
    if mark == state.fingerprint and not any(row.missing for row in state.rows):
        return TableStep(state=replace(state, held=""), problems=problems)
    if not state.started:
        first = TableState(rows=rows, fingerprint=mark, started=True)
        return TableStep(state=first, problems=problems, baseline=True)
    if len(rows) < len(state.rows) * rules.least_share and state.held != mark:
        held = replace(state, held=mark)
        problem = f"{len(rows)} rows after {len(state.rows)}: held until the next reading"
        return TableStep(state=held, problems=(*problems, problem))
    return _compared(state, rows, mark, rules, problems)


def _compared(
    state: TableState,
    rows: tuple[KeyedRow, ...],
    mark: str,
    rules: RowRules,
    problems: tuple[str, ...],
) -> TableStep:
    before = {_fold_key(row.key): row for row in state.rows}
    after = {_fold_key(row.key): row for row in rows}
    changes = [change for row in rows if (change := _change(before, row, rules))]
    waiting: list[KeyedRow] = []
    for key, row in before.items():
        if key in after:
            continue
        absent = replace(row, missing=row.missing + 1)
        if absent.missing < rules.confirm_removal:
            waiting.append(absent)
        else:
            changes.append(RowChange(kind=RowChangeKind.REMOVED, key=row.key, row=row))
    state = TableState(rows=(*rows, *waiting), fingerprint=mark, started=True)
    told = tuple(replace(change, told=change.kind in rules.tell) for change in changes)
    return TableStep(state=state, changes=told, problems=problems)


def _columns(header: Sequence[str], rules: RowRules) -> tuple[dict[str, int], list[str]]:
    """Our column name -> position, by header text; and the key columns that are not there."""
    texts = {_folded(text): position for position, text in reversed(list(enumerate(header)))}
    wanted = dict(rules.columns) or {text: text for text in header}
    at = {name: texts[_folded(text)] for name, text in wanted.items() if _folded(text) in texts}
    needed = [*rules.key, *rules.watch]
    return at, [name for name in needed if name not in at]


def _keyed(
    lines: Sequence[TableRow], at: Mapping[str, int], rules: RowRules
) -> tuple[tuple[KeyedRow, ...], tuple[str, ...]]:
    """Rows by key; rows without a key, and second rows of one key, are problems, never lost."""
    rows: dict[tuple[str, ...], KeyedRow] = {}
    problems: list[str] = []
    for line in lines:
        row = _row(line, at, rules)
        folded = _fold_key(row.key)
        if not any(folded):
            problems.append(f"row {line.number} has no key")
            continue
        twins = sum(1 for key in rows if key[: len(folded)] == folded)
        if twins:
            problems.append(f"row {line.number} repeats the key {' / '.join(row.key)}")
            row = replace(row, key=(*row.key, str(twins + 1)))
        rows[_fold_key(row.key)] = row
    return tuple(rows.values()), tuple(problems)


def _row(line: TableRow, at: Mapping[str, int], rules: RowRules) -> KeyedRow:
    values = tuple((name, _clean(line.cells[position])) for name, position in at.items())
    linked = [
        (name, line.links[position]) for name, position in at.items() if position < len(line.links)
    ]
    texts = dict(values)
    return KeyedRow(
        key=tuple(texts[name] for name in rules.key),
        values=values,
        links=tuple((name, link) for name, link in linked if link),
        number=line.number,
    )


def _change(
    before: Mapping[tuple[str, ...], KeyedRow], row: KeyedRow, rules: RowRules
) -> RowChange | None:
    old = before.get(_fold_key(row.key))
    if old is None:
        return RowChange(kind=RowChangeKind.ADDED, key=row.key, row=row)
    watched = set(rules.watch) or {name for name, _ in row.values}
    columns = tuple(
        (name, was, now)
        for name, was, now in (*_differing(old, row), *_relinked(old, row))
        if name.removesuffix(" link") in watched
    )
    if not columns:
        return None
    return RowChange(kind=RowChangeKind.CHANGED, key=row.key, row=row, columns=columns)


def _differing(old: KeyedRow, new: KeyedRow) -> list[tuple[str, str, str]]:
    was = dict(old.values)
    return [
        (name, was.get(name, ""), now)
        for name, now in new.values
        if _folded(was.get(name, "")) != _folded(now)
    ]


def _relinked(old: KeyedRow, new: KeyedRow) -> list[tuple[str, str, str]]:
    was, now = dict(old.links), dict(new.links)
    names = [name for name, _ in new.values if was.get(name) != now.get(name)]
    return [(f"{name} link", was.get(name, ""), now.get(name, "")) for name in names]


def _content(row: KeyedRow) -> tuple[str, ...]:
    return (*row.key, *(f"{n}={v}" for n, v in row.values), *(f"{n}>{v}" for n, v in row.links))


def _clean(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _folded(text: str) -> str:
    """What two cells are compared by: case, quotes, punctuation and white space undone."""
    plain = re.sub("[\u2018\u2019\u02bc\u00b4\u2032`]", "'", _clean(text)).casefold()
    return plain.strip(" .,;:")


def _fold_key(key: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(_folded, key))
