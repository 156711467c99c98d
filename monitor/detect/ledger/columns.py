"""Columns by header synonyms, never by position; the kind of a list told by its columns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Column(StrEnum):
    """The columns a roster can have; the first three it must have."""

    STATE = "state"
    AGENCY = "agency"
    MODEL = "model"
    TYPE = "type"
    COUNTY = "county"
    SIGNED = "signed"
    MOA = "moa"
    ADDENDUM = "addendum"


class ListKind(StrEnum):
    """Which of ICE's two lists a table is."""

    PARTICIPATING = "participating"
    PENDING = "pending"


REQUIRED = (Column.STATE, Column.AGENCY, Column.MODEL)

#: Header words after folding (lower case, letters only), most usual first.
_SYNONYMS: Mapping[Column, tuple[str, ...]] = {
    Column.STATE: ("state", "st", "stateterritory", "stateorterritory", "jurisdiction"),
    Column.AGENCY: (
        "lawenforcementagency",
        "agency",
        "lea",
        "lawenforcementagencyname",
        "agencyname",
        "participatingagency",
        "pendingagency",
    ),
    Column.MODEL: ("supporttype", "model", "programmodel", "agreementtype", "support", "program"),
    Column.TYPE: ("type", "agencytype", "typeofagency", "jurisdictiontype"),
    Column.COUNTY: ("county", "countyparish", "countyorparish", "countyname", "parish"),
    Column.SIGNED: ("signed", "datesigned", "signeddate", "dateofsigning", "moasigned"),
    Column.MOA: ("moa", "moalink", "moas", "memorandumofagreement", "agreement", "linktomoa"),
    Column.ADDENDUM: ("addendum", "addenda", "addendums", "moaaddendum", "amendment"),
}
_BY_WORD = {word: column for column, words in _SYNONYMS.items() for word in words}


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMap:
    """Where each known column stands (0-based), and which headers are not known."""

    at: Mapping[Column, int]
    extra: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[Column, ...]:
        """The required columns that are not there, in their usual order."""
        return tuple(column for column in REQUIRED if column not in self.at)

    @property
    def kind(self) -> ListKind:
        """A list with a SIGNED column is the participating one, whatever the file is called."""
        return ListKind.PARTICIPATING if Column.SIGNED in self.at else ListKind.PENDING

    @property
    def names(self) -> tuple[str, ...]:
        """The known columns in the order of the sheet, then the extra headers."""
        known = sorted(self.at, key=lambda column: self.at[column])
        return (*(column.value for column in known), *self.extra)


def map_columns(header: Sequence[str]) -> ColumnMap:
    """Map headers by what they say; the first of two equal headers wins, the other is extra."""
    at: dict[Column, int] = {}
    extra: list[str] = []
    for position, text in enumerate(header):
        column = _BY_WORD.get(re.sub(r"[^a-z]", "", text.casefold()))
        if column is None or column in at:
            extra.append(" ".join(text.split()))
        else:
            at[column] = position
    unnamed = re.compile(r"column \d+$")
    return ColumnMap(at=at, extra=tuple(name for name in extra if not unnamed.match(name)))


def kind_named(file_name: str) -> ListKind | None:
    """The kind that the publisher's file name claims, or None where it claims neither."""
    name = file_name.casefold()
    claims = [kind for kind in ListKind if kind.value in name]
    return claims[0] if len(claims) == 1 else None
