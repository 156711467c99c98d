"""Own documents in the style of retellings, labelled before the rules saw them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitor.detect.document import Document
from monitor.detect.engine import findings
from monitor.domain.moment import StatedDate
from monitor.domain.vocabulary import DocumentKind, EventType, Worth
from tests.detection import gazetteer, shipped_pack

FOLDER = Path(__file__).resolve().parents[1] / "data" / "language" / "rounds"
PUBLISHED = StatedDate(day=date(2026, 3, 12))  # a Thursday


def rows() -> Iterator[Any]:
    for path in sorted(FOLDER.glob("*.yaml")):
        for number, row in enumerate(yaml.safe_load(path.read_text())):
            marks = [pytest.mark.xfail(reason=row["known"], strict=True)] if "known" in row else []
            yield pytest.param(row, id=f"{path.stem}-{number}", marks=marks)


@pytest.mark.parametrize("row", list(rows()))
def test_document(row: dict[str, Any]) -> None:
    document = Document(
        id="d",
        url=row.get("url", ""),
        title=row["title"],
        published=StatedDate(day=row["published"]) if "published" in row else PUBLISHED,
        kind=DocumentKind(row.get("kind", "news")),
        text=row["text"],
    )
    found = findings(document, shipped_pack(), gazetteer())
    told = {(one.event_type, one.jurisdiction.state) for one in found if one.worth is Worth.ALERT}
    assert told == {(EventType(name), state) for name, state in row["want"]}
