"""A filter as SQL, with the meaning that monitor.domain.filter.matches gives it.

Every value is a bound parameter. Columns hold "" where an event has no value, so a negated term
is the exact complement and no condition is ever unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Join, bindparam, column, not_, select, table, text
from sqlalchemy.ext.compiler import compiles

from monitor.domain.errors import FilterError
from monitor.domain.filter import Filter, Term
from storage.search import fts5_expression, tsquery_expression
from storage.tables import EVENT

_TEXT_COLUMNS = {"text": "body", "agency": "agency", "place": "place"}
_COLUMNS = {
    "type": EVENT.c.event_type,
    "state": EVENT.c.state,
    "county": EVENT.c.county,
    "model": EVENT.c.model,
    "bill": EVENT.c.bill,
    "status": EVENT.c.status,
    "tier": EVENT.c.tier,
    "direction": EVENT.c.direction,
    "stage": EVENT.c.stage,
    "worth": EVENT.c.worth,
    "instrument": EVENT.c.instrument,
    "target": EVENT.c.target,
    "source": EVENT.c.source_id,
}
#: Fields whose index is in order of the log.
_LEADING = ("type", "state", "model", "status", "tier", "stage", "county", "bill", "source")
MAX_BRANCHES = 12
_DAYS = {
    "since": EVENT.c.day,
    "until": EVENT.c.day,
    "recorded_since": EVENT.c.recorded_day,
    "recorded_until": EVENT.c.recorded_day,
}
_FTS5 = table("event_text", column("rowid"), column("event_text"))
_TSVECTORS = table("event_text", column("sequence"))


class CrossJoin(Join):
    """A join whose left side SQLite reads first: the text index streams in order of the log."""

    inherit_cache = True


@compiles(CrossJoin)
def _cross_join(element: CrossJoin, compiler: Any, **options: Any) -> str:
    options["asfrom"] = True
    left, right = (compiler.process(side, **options) for side in (element.left, element.right))
    options["asfrom"] = False
    condition = compiler.process(element.onclause, **options)
    return f"{left} CROSS JOIN {right} ON {condition}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A filter for one database: where to read, in which order, under which conditions."""

    source: FromClause
    order: ColumnElement[int]  #: the sequence of the event, in the table that is read first
    conditions: tuple[ColumnElement[bool], ...]
    #: The conditions again, one alternative value each: every branch is read in order from an
    #: index, where all of them at once would have to be sorted. One branch where none is needed.
    branches: tuple[tuple[ColumnElement[bool], ...], ...] = ((),)
    #: SQLite only: MATCH text of the events to leave out, where no other text is asked for. A page
    #: asks for it around its own rows instead of gathering all that it finds (`kept`).
    left_out: str = ""
    kept: tuple[ColumnElement[bool], ...] = ()  #: the conditions without it


def plan(filter: Filter, *, sqlite: bool) -> Plan:
    """The filter compiled. Raises FilterError for an unexpanded `near`."""
    others = [t for t in filter.terms if t.field not in _TEXT_COLUMNS]
    positive = [t for t in filter.terms if t.field in _TEXT_COLUMNS and not t.negated]
    negated = [t for t in filter.terms if t.field in _TEXT_COLUMNS and t.negated]
    compiled = _sqlite_plan if sqlite else _postgresql_plan
    split = None if positive or negated else _split(others)
    whole = compiled([_column_term(t) for t in others], positive, negated)
    if split is None:
        whole = replace(whole, branches=(whole.conditions,))
        if sqlite and negated and not positive:
            left_out = " OR ".join(f"({_match_text([term])})" for term in negated)
            return replace(whole, left_out=left_out, kept=tuple(map(_column_term, others)))
        return whole
    rest = [_column_term(t) for t in others if t is not split]
    branches = tuple(
        compiled([_COLUMNS[split.field] == value, *rest], positive, negated).conditions
        for value in split.values
    )
    return replace(whole, branches=branches)


def _split(terms: Sequence[Term]) -> Term | None:
    """The term with alternatives to read one by one; None where a single value leads already."""
    indexed = [t for t in terms if t.field in _LEADING and not t.negated]
    if any(len(t.values) == 1 for t in indexed):
        return None
    few = [t for t in indexed if len(t.values) <= MAX_BRANCHES]
    return min(few, key=lambda t: len(t.values), default=None)


def _column_term(term: Term) -> ColumnElement[bool]:
    found: ColumnElement[bool]
    if term.field in _DAYS:
        day, value = _DAYS[term.field], term.values[0]
        found = day >= value if term.field.endswith("since") else day <= value
    elif term.field in _COLUMNS:
        # "" in the table is "no value", which no written value means
        found = _COLUMNS[term.field].in_([value for value in term.values if value])
    else:
        message = f"{term.field}: needs a gazetteer; use expand_near before asking the store"
        raise FilterError(message, position=term.position)
    return not_(found) if term.negated else found


def _sqlite_plan(
    columns: list[ColumnElement[bool]], positive: Sequence[Term], negated: Sequence[Term]
) -> Plan:
    if not positive:
        for term in negated:
            hits = select(_FTS5.c.rowid).where(_matches(_match_text([term])))
            columns.append(EVENT.c.sequence.not_in(hits))
        return Plan(source=EVENT, order=EVENT.c.sequence, conditions=tuple(columns))
    source = CrossJoin(_FTS5, EVENT, EVENT.c.sequence == _FTS5.c.rowid)
    left_out = "".join(f" NOT ({_match_text([term])})" for term in negated)
    columns.insert(0, _matches(f"({_match_text(positive)}){left_out}"))
    return Plan(source=source, order=_FTS5.c.rowid, conditions=tuple(columns))


def _matches(expression: str) -> ColumnElement[bool]:
    return _FTS5.c.event_text.op("MATCH", is_comparison=True)(
        bindparam("match", expression, unique=True)
    )


def _match_text(terms: Sequence[Term]) -> str:
    """One FTS5 MATCH text for all of these terms."""
    return " AND ".join(f"({fts5_expression(_TEXT_COLUMNS[t.field], t.values)})" for t in terms)


def _postgresql_plan(
    columns: list[ColumnElement[bool]], positive: Sequence[Term], negated: Sequence[Term]
) -> Plan:
    columns += [_tsquery(term) for term in positive]
    columns += [not_(_tsquery(term)) for term in negated]
    source: FromClause = EVENT
    if positive or negated:
        source = EVENT.join(_TSVECTORS, _TSVECTORS.c.sequence == EVENT.c.sequence)
    return Plan(source=source, order=EVENT.c.sequence, conditions=tuple(columns))


def _tsquery(term: Term) -> ColumnElement[bool]:
    name = _TEXT_COLUMNS[term.field]
    vector: ColumnElement[Any] = column(name, _selectable=_TSVECTORS)
    query: ColumnElement[str] = bindparam(
        "tsquery", tsquery_expression(name, term.values), unique=True
    )
    return vector.op("@@", is_comparison=True)(text_cast(query))


def text_cast(value: ColumnElement[Any]) -> ColumnElement[Any]:
    """The bound text as a tsquery literal."""
    return value.op("::", precedence=15)(text("tsquery"))
