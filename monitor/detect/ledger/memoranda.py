"""Posted agreements held against the row that links them: findings for a person. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from monitor.domain.claim import Finding, Jurisdiction, Quote
from monitor.domain.item import Item
from monitor.domain.vocabulary import Direction, EventType, Model, Stage, Worth
from monitor.extract.moa import MoaReading, disagreements
from monitor.resolve.agency import agency_key, relation

RULE, RULE_VERSION = "moa", "2"
REPLACED = "the document under this address was replaced by another one"


def memorandum_findings(item: Item, previous: Item | None) -> tuple[Finding, ...]:
    """What a posted agreement says that its row does not, as one finding worth a review.

    A file replaced under the same address, a document of another model, agency or date than the
    row's, and one file that is linked for two agencies.
    """
    fields = dict(item.fields)
    notes = _notes(fields, previous)
    return (_finding(item, fields, "; ".join(notes)),) if notes else ()


def _notes(fields: Mapping[str, str], previous: Item | None) -> tuple[str, ...]:
    replaced = previous is not None and dict(previous.fields).get("body") != fields.get("body")
    if previous is not None and not replaced:
        return ()
    twin = fields.get("same_as", "")
    return (
        *((REPLACED,) if replaced else ()),
        *_against_row(fields),
        *((f"the same file is linked for {twin}",) if twin else ()),
    )


def _against_row(fields: Mapping[str, str]) -> tuple[str, ...]:
    """What the document says otherwise than its row."""
    reading = _reading(fields)
    model = _model(fields.get("row_model", ""))
    if model is None or model is Model.UNKNOWN:
        return ()
    signed = fields.get("row_signed", "")
    return disagreements(
        reading,
        model=model,
        signed=date.fromisoformat(signed) if signed else None,
        related=_related(reading, fields),
    )


def _reading(fields: Mapping[str, str]) -> MoaReading:
    """The document as the reader of the PDF saw it."""
    dates = filter(None, fields.get("dates", "").split(","))
    return MoaReading(
        pages=int(fields.get("pages", "0")),
        text_pages=int(fields.get("text_pages", "0")),
        legible=fields.get("legible") == "yes",
        model=_model(fields.get("model", "")),
        model_from=fields.get("model_from", ""),
        agency=fields.get("agency") or None,
        dates=tuple(map(date.fromisoformat, dates)),
    )


def _related(reading: MoaReading, fields: Mapping[str, str]) -> bool | None:
    """Do the two names belong together? None where a name is not legible or names nothing.

    One shared naming word is enough: a county's board signs for its sheriff.
    """
    if not (reading.legible and reading.agency and fields.get("row_agency")):
        return None
    state = fields.get("row_state", "")
    mine, theirs = agency_key(state, fields["row_agency"]), agency_key(state, reading.agency)
    if not (mine.naming and theirs.naming):
        return None
    return bool(mine.naming & theirs.naming) or relation(mine, theirs) is not None


def _model(text: str) -> Model | None:
    return Model(text) if text in set(Model) else None


def _finding(item: Item, fields: Mapping[str, str], note: str) -> Finding:
    return Finding(
        event_type=EventType.AGREEMENT_MODIFIED,
        stage=Stage.AMENDED,
        direction=Direction.NEUTRAL,
        jurisdiction=Jurisdiction(
            state=fields.get("row_state") or None, county=fields.get("row_county") or None
        ),
        agency=fields.get("row_agency") or None,
        agency_id=fields.get("row_agency_id") or None,
        model=_model(fields.get("row_model", "")),
        quote=Quote(text=note, start=-1, end=-1),
        rule=RULE,
        rule_version=RULE_VERSION,
        worth=Worth.REVIEW,
        note=note,
        attributes=(("moa", item.url), ("outcome", "moa_document")),
    )
