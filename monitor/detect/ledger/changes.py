"""What changed between a row and itself: one outcome a column, named as people would."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from rapidfuzz import fuzz

from monitor.detect.ledger.links import file_key
from monitor.detect.ledger.match import MOA_TIER, content, key_of
from monitor.detect.ledger.normalise import same_words
from monitor.domain.roster import OutcomeKind, RosterRow
from monitor.domain.vocabulary import Model
from monitor.resolve.agency import AgencyKind, relation

#: Kinds that a subscriber to everything hears of; the rest is recorded. Corrections of a cell that
#: say nothing new about the world (type, placeholder, typing) are not told, nor is what only
#: waits to be confirmed.
TOLD = frozenset(
    {
        OutcomeKind.SIGNED,
        OutcomeKind.SIGNED_ADDITIONAL_MODEL,
        OutcomeKind.RESIGNED,
        OutcomeKind.MODEL_SWITCHED,
        OutcomeKind.REMOVED,
        OutcomeKind.REDATED,
        OutcomeKind.RENAMED,
        OutcomeKind.ROW_OVERWRITTEN,
        OutcomeKind.STATE_CORRECTED,
        OutcomeKind.COUNTY_CORRECTED,
        OutcomeKind.MOA_POSTED,
        OutcomeKind.MOA_WITHDRAWN,
        OutcomeKind.MOA_REPLACED,
        OutcomeKind.ADDENDUM_ADDED,
        OutcomeKind.ADDENDUM_POSTED,
        OutcomeKind.ADDENDUM_REMOVED,
        OutcomeKind.PENDING_ADDED,
        OutcomeKind.MASS_EDIT,
    }
)

_YEAR = timedelta(days=300)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One column's change: which outcome, of which column, and what is worth saying of it."""

    kind: OutcomeKind
    column: str
    note: str = ""


def edits(before: RosterRow, after: RosterRow, tier: str = "") -> tuple[Edit, ...]:
    """Every change from one reading of a row to the next, in the order of the columns.

    Another model is another agreement: its date and documents are its own, not changes.
    """
    if content(before) == content(after):
        return ()
    if _switched(before, after):
        return (*_name_edits(before, after, tier), *_model_edits(before, after))
    return (
        *_place_edits(before, after),
        *_name_edits(before, after, tier),
        *_type_edits(before, after),
        *_county_edits(before, after),
        *_model_edits(before, after),
        *_signed_edits(before, after),
        *_moa_edits(before, after),
        *_addendum_edits(before, after),
    )


def _switched(before: RosterRow, after: RosterRow) -> bool:
    return before.model is not after.model and Model.UNKNOWN not in {before.model, after.model}


def _raw(row: RosterRow, column: str) -> str:
    return dict(row.raw).get(column, "")


def _cosmetic(before: RosterRow, after: RosterRow, column: str) -> Iterator[Edit]:
    """The value is the same and the cell is written otherwise."""
    if _raw(before, column) != _raw(after, column):
        yield Edit(kind=OutcomeKind.COSMETIC, column=column)


def _place_edits(before: RosterRow, after: RosterRow) -> Iterator[Edit]:
    if before.state != after.state:
        yield Edit(
            kind=OutcomeKind.STATE_CORRECTED,
            column="state",
            note=f"was {before.state}, now {after.state}",
        )
    else:
        yield from _cosmetic(before, after, "state")


def _name_edits(before: RosterRow, after: RosterRow, tier: str) -> Iterator[Edit]:
    mine, theirs = key_of(before), key_of(after)
    if mine.strict == theirs.strict:
        if before.agency != after.agency or _raw(before, "agency") != _raw(after, "agency"):
            yield Edit(kind=OutcomeKind.COSMETIC, column="agency")
        return
    note = f"was {before.agency}, now {after.agency}"
    overwritten = overwrites(before, after, tier)
    kind = OutcomeKind.ROW_OVERWRITTEN if overwritten else OutcomeKind.RENAMED
    yield Edit(kind=kind, column="agency", note=note)


def overwrites(before: RosterRow, after: RosterRow, tier: str) -> bool:
    """A row kept its document and came to name a body that has nothing in common with the old."""
    return tier == MOA_TIER and not shares_a_word(before, after)


def shares_a_word(before: RosterRow, after: RosterRow) -> bool:
    """The two names are related, or both of the state's police, or share a naming word.

    "Agriculture" and "Aggricultural" count as one word.
    """
    mine, theirs = key_of(before), key_of(after)
    if relation(mine, theirs) is not None:
        return True
    if mine.kind is theirs.kind is AgencyKind.STATE_POLICE:
        return True
    return any(fuzz.ratio(left, right) >= 80 for left in mine.naming for right in theirs.naming)


def _type_edits(before: RosterRow, after: RosterRow) -> Iterator[Edit]:
    if same_words(before.type, after.type):
        if before.type != after.type or _raw(before, "type") != _raw(after, "type"):
            yield Edit(kind=OutcomeKind.COSMETIC, column="type")
        return
    yield Edit(
        kind=OutcomeKind.TYPE_CORRECTED,
        column="type",
        note=f"was {before.type or 'blank'}, now {after.type or 'blank'}",
    )


def _county_edits(before: RosterRow, after: RosterRow) -> Iterator[Edit]:
    if same_words(before.county, after.county):
        if before.county != after.county or _raw(before, "county") != _raw(after, "county"):
            yield Edit(kind=OutcomeKind.COSMETIC, column="county")
    elif before.county is None:
        yield Edit(kind=OutcomeKind.COUNTY_FILLED, column="county", note=f"now {after.county}")
    elif after.county is None:
        yield Edit(kind=OutcomeKind.COUNTY_BLANKED, column="county", note=f"was {before.county}")
    else:
        yield Edit(
            kind=OutcomeKind.COUNTY_CORRECTED,
            column="county",
            note=f"was {before.county}, now {after.county}",
        )


def _model_edits(before: RosterRow, after: RosterRow) -> Iterator[Edit]:
    if not _switched(before, after):
        yield from _cosmetic(before, after, "model")
    else:
        yield Edit(
            kind=OutcomeKind.MODEL_SWITCHED,
            column="model",
            note=f"was {before.model.value}, now {after.model.value}",
        )


def _signed_edits(before: RosterRow, after: RosterRow) -> Iterator[Edit]:
    """A date typed wrong and put right is a correction; another date is a new date."""
    was, now = before.signed, after.signed
    if was == now:
        if _raw(before, "signed") != _raw(after, "signed"):
            yield Edit(kind=OutcomeKind.SIGNED_CORRECTED, column="signed", note="typing corrected")
        return
    if was is None or now is None:
        note = f"was {was}" if was else f"now {now}"
        yield Edit(kind=OutcomeKind.SIGNED_CORRECTED, column="signed", note=note)
        return
    note = f"was {was}, now {now}"
    impossible = bool(_raw(before, "signed")) or was.year > 2100
    kind = OutcomeKind.SIGNED_CORRECTED if impossible else OutcomeKind.REDATED
    if abs(now - was) >= _YEAR:
        note += "; differs by about a year"
    yield Edit(kind=kind, column="signed", note=note)


def _moa_edits(before: RosterRow, after: RosterRow) -> Iterator[Edit]:
    if before.moa and after.moa:
        if before.moa.casefold() != after.moa.casefold():
            note = "another address of one file" if _one_file(before, after) else "another file"
            yield Edit(kind=OutcomeKind.MOA_REPLACED, column="moa", note=note)
        elif _raw(before, "moa") != _raw(after, "moa") or _raw(before, "link form") != _raw(
            after, "link form"
        ):
            yield Edit(kind=OutcomeKind.COSMETIC, column="moa")
    elif after.moa:
        yield Edit(kind=OutcomeKind.MOA_POSTED, column="moa")
    elif before.moa:
        yield Edit(kind=OutcomeKind.MOA_WITHDRAWN, column="moa")
    elif not same_words(before.moa_text, after.moa_text):
        note = f"was {before.moa_text or 'blank'}, now {after.moa_text or 'blank'}"
        yield Edit(kind=OutcomeKind.MOA_TEXT_CHANGED, column="moa", note=note)
    elif before.moa_text != after.moa_text or _raw(before, "moa") != _raw(after, "moa"):
        yield Edit(kind=OutcomeKind.COSMETIC, column="moa")


def _one_file(before: RosterRow, after: RosterRow) -> bool:
    return file_key(before.moa) == file_key(after.moa)


def _addendum_edits(before: RosterRow, after: RosterRow) -> Iterator[Edit]:
    """A first link is an addendum; a link where words announced one is its posting."""
    if before.addendum == after.addendum:
        if before.addendum_text != after.addendum_text or _raw(before, "addendum") != _raw(
            after, "addendum"
        ):
            yield Edit(kind=OutcomeKind.COSMETIC, column="addendum")
    elif before.addendum is None:
        posted = "pending" in before.addendum_text.casefold()
        kind = OutcomeKind.ADDENDUM_POSTED if posted else OutcomeKind.ADDENDUM_ADDED
        yield Edit(kind=kind, column="addendum")
    elif after.addendum is None:
        yield Edit(kind=OutcomeKind.ADDENDUM_REMOVED, column="addendum")
    else:
        yield Edit(kind=OutcomeKind.ADDENDUM_POSTED, column="addendum", note="another file")
