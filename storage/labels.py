"""Items that a person labelled: the measure of rules."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, insert, select

from monitor.domain.item import Item
from storage.part import Part, clean, pack, unpack
from storage.tables import LABEL


class LabelPart(Part):
    """LabelStore over SQL; a changed verdict is a new row, nothing is overwritten."""

    def add_label(self, item: Item, verdict: str, at: datetime, note: str = "") -> None:
        """Store a verdict: "relevant", "not_relevant" or an event type."""
        row = {
            "item_id": item.id,
            "verdict": clean(verdict),
            "at": at,
            "note": clean(note),
            "body": pack(item),
        }
        with self.db.write() as connection:
            connection.execute(insert(LABEL).inline(), [row])

    def labels(self) -> tuple[tuple[Item, str], ...]:
        """All labelled items with their newest verdict, by item id."""
        newest = select(func.max(LABEL.c.number)).group_by(LABEL.c.item_id)
        query = (
            select(LABEL.c.body, LABEL.c.verdict)
            .where(LABEL.c.number.in_(newest))
            .order_by(LABEL.c.item_id)
        )
        with self.db.read() as connection:
            rows = connection.execute(query).all()
        return tuple((unpack(Item, body), verdict) for body, verdict in rows)
