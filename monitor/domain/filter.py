"""The one filter grammar: parsing, canonical printing, evaluation in memory.

A filter is a row of terms, parted by white space; an event matches when every term holds.
A term is `field:value` or `field:value,value` (values are alternatives), free text, or either
with a leading `-`, which is the exact complement: `-state:TX` also keeps events of no state.
A value with white space or a comma stands in double quotes; `\\"` and `\\\\` are a quote and a
backslash inside them; curly quotes count as straight ones. Field names and values of closed
lists do not depend on case.

Meaning of every field, which storage compiles to SQL word for word:

type        event.event_type is one of them. Short forms: signed, ended, pending, rejected,
            modified, agreement, sanctuary, detainer, mandate, limit, law, lawsuit, ruling, court,
            federal, designation, incentive, program, statistic, cooperation, oversight.
            `signed`, `ended`, `pending`, `rejected`, `sanctuary` also work alone.
state       jurisdiction.state; `federal` means that there is none.
county      jurisdiction.county, five FIPS digits (names where a gazetteer is at hand).
place       every word of the value is a word of jurisdiction.place, in any order.
near        "48113~50km" or "Dallas, TX~50km"; `expand_near` makes it a list of counties first.
agency      every word of the value is a word of event.agency, in any order.
model       event.model: JEM, WSO, TFM, TTFM, unknown.
bill        bill_key(event.bill) is one of them: "S.B. 4" is sb4.
status tier direction stage worth instrument target
            the event's field of that name (vocabulary.py); target is local_agencies or ice.
source      event.source_id, the source of the opening claim.
since until             event_day(event) >= / <= that day: occurred, else published, else captured
                        (UTC). Both ends are included; `until:2025` is its last day.
recorded_since recorded_until   the same over the UTC day of event.recorded_at.
text        free text: the words of one term stand side by side in the words of search_text(event)
            (title, quote, agency, place, bill, state code). Each bare word is a term of its own;
            a quoted text is one phrase.

Days are absolute (2025, 2025-06, 2025-06-01) or relative (7d, 2w, 3m, 1y, today, yesterday);
relative ones become ISO days when parsed, with the given `today`.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from monitor.domain.errors import FilterError
from monitor.domain.event import Event
from monitor.domain.filter_fields import (
    BARE_TYPES,
    DATE_FIELDS,
    FEDERAL,
    FIELDS,
    CountyFinder,
    ValueProblem,
    closed_values,
    closest,
    read_value,
)
from monitor.domain.filter_text import (
    bill_key,
    event_day,
    has_phrase,
    has_words,
    normal_phrase,
    search_text,
    search_tokens,
)

__all__ = [
    "Filter",
    "Term",
    "bill_key",
    "event_day",
    "expand_near",
    "matches",
    "normal_phrase",
    "parse",
    "search_text",
    "search_tokens",
    "show",
]

MAX_EXPRESSION_CHARS = 4000
MAX_TERMS = 60
MAX_VALUES = 4000  #: of one term; `near` may expand to many counties


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One condition: `field:value,value`; values are alternatives. field "text" is free text."""

    field: str
    values: tuple[str, ...]
    negated: bool = False
    position: int = dataclasses.field(default=0, compare=False)  #: in the expression, 0-based


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """All terms must hold; no terms is everything."""

    terms: tuple[Term, ...] = ()

    def names(self, field: str) -> bool:
        """Whether a term of this field is among the terms."""
        return any(term.field == field for term in self.terms)


_QUOTES = '"“”„‟'
_SPACE = re.compile(r"\s*")
_FIELD = re.compile(r"([A-Za-z_]+):")
_QUOTED = re.compile(rf"[{_QUOTES}]((?:[^\\{_QUOTES}]|\\.)*)[{_QUOTES}]", re.DOTALL)
_BARE_VALUE = re.compile(rf"[^\s,{_QUOTES}]+")
_BARE_WORD = re.compile(rf"[^\s{_QUOTES}]+")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def parse(text: str, today: date, counties: CountyFinder | None = None) -> Filter:
    """The filter that an expression means, in canonical form.

    Terms stand in the order of FIELDS, free text last as written; doubled terms are kept once.
    `counties` resolves names after `county:`. Raises FilterError with position and suggestion.
    """
    if len(text) > MAX_EXPRESSION_CHARS:
        message = f"the filter is longer than {MAX_EXPRESSION_CHARS} characters; make it shorter"
        raise FilterError(message, position=MAX_EXPRESSION_CHARS)
    terms: list[Term] = []
    at = _skip_space(text, 0)
    while at < len(text):
        term, at = _read_term(text, at, today, counties)
        terms.append(term)
        if len(terms) > MAX_TERMS:
            raise FilterError(f"more than {MAX_TERMS} conditions", position=term.position)
        at = _skip_space(text, at)
    return _canonical(terms)


def show(filter: Filter) -> str:
    """The canonical expression: parse(show(f), any day) == f for every parsed filter."""
    return " ".join(_show_term(term) for term in filter.terms)


def matches(filter: Filter, event: Event) -> bool:
    """Whether the event satisfies every term. Raises FilterError for an unexpanded `near`."""
    return all(_holds(term, event) != term.negated for term in filter.terms)


def expand_near(filter: Filter, counties_near: Callable[[str, int], tuple[str, ...]]) -> Filter:
    """`near` terms as `county` terms; the callable gives FIPS within (place, radius in km).

    Raises FilterError where it knows no such place (it answers with nothing).
    """
    return _canonical([_expand(term, counties_near) for term in filter.terms])


def _expand(term: Term, counties_near: Callable[[str, int], tuple[str, ...]]) -> Term:
    if term.field != "near":
        return term
    found: list[str] = []
    for value in term.values:
        place, _, radius = value.rpartition("~")
        inside = counties_near(place, int(radius.removesuffix("km")))
        if not inside:
            raise FilterError(f"near: no place {place!r} is known", position=term.position)
        found += inside
    return dataclasses.replace(term, field="county", values=tuple(sorted(set(found))))


def _canonical(terms: list[Term]) -> Filter:
    ordered = sorted(
        dict.fromkeys(terms),
        key=lambda t: (FIELDS.index(t.field), () if t.field == "text" else (t.negated, t.values)),
    )
    return Filter(terms=tuple(ordered))


def _skip_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _read_term(
    text: str, start: int, today: date, counties: CountyFinder | None
) -> tuple[Term, int]:
    negated = text[start] == "-"
    at = start + negated
    if at >= len(text) or text[at].isspace():
        raise FilterError("a lone '-'; write the condition to leave out after it", position=start)
    field = _FIELD.match(text, at)
    if field is None:
        word, end = _read_text(text, at)
        return _text_term(word, text[at] in _QUOTES, start, negated), end
    name = _known_field(field[1], at)
    written, end = _read_values(text, field.end(), name)
    values = _values(name, written, today, counties)
    return Term(field=name, values=values, negated=negated, position=start), end


def _known_field(name: str, at: int) -> str:
    if name.lower() in FIELDS:
        return name.lower()
    near = closest(name.lower(), FIELDS)
    hint = f"; did you mean {near}:?" if near else ""
    raise FilterError(
        f"no field is called {name!r}{hint} (to look for the words, put them in quotes)",
        position=at,
        suggestion=near,
    )


def _read_text(text: str, at: int) -> tuple[str, int]:
    if text[at] in _QUOTES:
        return _read_quoted(text, at)
    match = _BARE_WORD.match(text, at)
    return (match[0], match.end()) if match else ("", at + 1)


def _read_quoted(text: str, at: int) -> tuple[str, int]:
    match = _QUOTED.match(text, at)
    if match is None:
        raise FilterError("a quote is opened and not closed", position=at, suggestion='"')
    return _ESCAPED.sub(r"\1", match[1]), match.end()


def _text_term(word: str, quoted: bool, start: int, negated: bool) -> Term:
    if not quoted and word.lower() in BARE_TYPES:
        types = read_value("type", word, date.min, None)
        return Term(field="type", values=types, negated=negated, position=start)
    phrase = normal_phrase(word)
    if not phrase:
        raise FilterError(f"{word!r} has no letter or digit to look for", position=start)
    return Term(field="text", values=(phrase,), negated=negated, position=start)


def _read_values(text: str, at: int, field: str) -> tuple[list[tuple[str, int]], int]:
    values: list[tuple[str, int]] = []
    while True:
        if at < len(text) and text[at] in _QUOTES:
            value, end = _read_quoted(text, at)
        else:
            match = _BARE_VALUE.match(text, at)
            if match is None:
                raise FilterError(f"{field}: a value is missing here", position=at)
            value, end = match[0], match.end()
        values.append((value, at))
        if end >= len(text) or text[end] != ",":
            return values, end
        at = end + 1


def _values(
    field: str, written: list[tuple[str, int]], today: date, counties: CountyFinder | None
) -> tuple[str, ...]:
    if field in DATE_FIELDS and len(written) > 1:
        raise FilterError(f"{field} takes one day", position=written[1][1])
    found: list[str] = []
    for value, at in written:
        try:
            found += read_value(field, value, today, counties)
        except ValueProblem as problem:
            hint = f"; did you mean {problem.suggestion}?" if problem.suggestion else ""
            raise FilterError(
                f"{problem}{hint}", position=at, suggestion=problem.suggestion
            ) from problem
    if len(found) > MAX_VALUES:
        raise FilterError(f"{field}: more than {MAX_VALUES} values", position=written[0][1])
    return _in_order(field, found)


def _in_order(field: str, values: list[str]) -> tuple[str, ...]:
    known = closed_values(field)
    rank = {value: number for number, value in enumerate(known)}
    return tuple(sorted(set(values), key=lambda value: (rank.get(value, 0), value)))


def _show_term(term: Term) -> str:
    sign = "-" if term.negated else ""
    if term.field == "text" and len(term.values) == 1:
        word = term.values[0]
        plain = " " not in word and word not in BARE_TYPES
        return sign + (word if plain else f'"{word}"')
    return f"{sign}{term.field}:" + ",".join(_show_value(value) for value in term.values)


def _show_value(value: str) -> str:
    if _BARE_VALUE.fullmatch(value):
        return value
    escaped = re.sub(rf"([\\{_QUOTES}])", r"\\\1", value)
    return f'"{escaped}"'


def _holds(term: Term, event: Event) -> bool:
    if term.field in DATE_FIELDS:
        return _within(term.field, term.values[0], event)
    match term.field:
        case "text":
            tokens = search_tokens(search_text(event))
            return any(has_phrase(tokens, phrase) for phrase in term.values)
        case "agency":
            return any(has_words(event.agency, phrase) for phrase in term.values)
        case "place":
            return any(has_words(event.jurisdiction.place, phrase) for phrase in term.values)
        case "near":
            message = "near: needs a gazetteer; use expand_near before evaluating"
            raise FilterError(message, position=term.position)
        case _:
            return _single(term.field, event) in term.values


def _within(field: str, value: str, event: Event) -> bool:
    recorded = field.startswith("recorded")
    day = (event.recorded_at.date() if recorded else event_day(event)).isoformat()
    return day >= value if field.endswith("since") else day <= value


def _single(field: str, event: Event) -> str | None:
    match field:
        case "type":
            return event.event_type
        case "state":
            return event.jurisdiction.state or FEDERAL
        case "county":
            return event.jurisdiction.county
        case "bill":
            return bill_key(event.bill) if event.bill else None
        case "source":
            return event.source_id
        case _:
            value: str | None = getattr(event, field)
            return value
