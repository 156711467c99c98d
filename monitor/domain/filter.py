"""The one filter grammar: types; parsing, printing and evaluation."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass


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
