"""Posted agreements held against the row that links them: findings for a person. Pure."""

from __future__ import annotations

from monitor.domain.claim import Finding, Jurisdiction, Quote
from monitor.domain.item import Item
from monitor.domain.vocabulary import Direction, EventType, Model, Stage, Worth

RULE, RULE_VERSION = "moa", "1"
#: Fields of the item that come from the row, by what they are.
ROW_FIELDS = ("row_state", "row_county", "row_agency", "row_agency_id", "row_model", "row_signed")


def memorandum_findings(item: Item, previous: Item | None) -> tuple[Finding, ...]:
    """What a posted agreement says that its row does not; each is worth a review.

    A file replaced under the same address, and a document of another model than the row's.
    """
    fields = dict(item.fields)
    notes = []
    if previous is not None and dict(previous.fields).get("body") != fields.get("body"):
        notes.append("the document under this address was replaced by another one")
    read, row = fields.get("model", ""), fields.get("row_model", "")
    if read and row and read != row and previous is None:
        notes.append(f"ICE's list says {row}, the linked document reads as {read}")
    return tuple(_finding(item, fields, note) for note in notes)


def _finding(item: Item, fields: dict[str, str], note: str) -> Finding:
    model = fields.get("row_model", "")
    return Finding(
        event_type=EventType.AGREEMENT_MODIFIED,
        stage=Stage.AMENDED,
        direction=Direction.NEUTRAL,
        jurisdiction=Jurisdiction(
            state=fields.get("row_state") or None, county=fields.get("row_county") or None
        ),
        agency=fields.get("row_agency") or None,
        agency_id=fields.get("row_agency_id") or None,
        model=Model(model) if model in set(Model) else None,
        quote=Quote(text=note, start=-1, end=-1),
        rule=RULE,
        rule_version=RULE_VERSION,
        worth=Worth.REVIEW,
        note=note,
        attributes=(("moa", item.url), ("outcome", "moa_document")),
    )
