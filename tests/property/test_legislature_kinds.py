"""XML and CSV of legislatures with any part changed, and lists of fifty thousand entries."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.detect import bills
from monitor.domain.errors import ExtractError
from monitor.domain.ident import SourceId
from monitor.domain.item import Reading
from monitor.domain.snapshot import Request, Snapshot
from monitor.domain.source import Source
from monitor.extract.bill_text import TEXT
from monitor.kinds import ReadContext
from monitor.registry import SOURCE_KINDS

CASES = Path(__file__).parents[1] / "data/sources"
NOW = datetime(2025, 6, 5, 14, tzinfo=UTC)
#: An element, a tag, a cell, a line: what a provider changes.
PIECE = re.compile(r"<(\w+)>[^<]*</\1>|<[^>]+>|\"[^\"]*\"|[^\n]+")
JUNK = st.one_of(
    st.sampled_from([
        "", "<x/>", "</bill>", "&", "<actionDate>2025-99-99</actionDate>", "\x00", ",,,,", '"',
        "<BillId>HB</BillId>", "<!DOCTYPE x [<!ENTITY a 'b'>]>", "13/45/2025", "<item>1</item>",
        "<a><b><c/></b></a>", "9" * 40, "\u2028", "<![CDATA[<b>]]>",
    ]),
    st.text(max_size=20),
)  # fmt: skip


def read(name: str, options: Any, body: bytes, request: Request, cursor: str) -> Reading:
    source = Source(id=SourceId("fuzz"), kind=name, name="Fuzz", options=options)
    snapshot = Snapshot(
        source_id=source.id, request=request, final_url=request.url, status=200, headers=(),
        body=body, captured_at=NOW,
    )  # fmt: skip
    context: ReadContext[Any] = ReadContext(
        source=source, options=options, cursor=cursor, relevant=lambda _: True
    )
    return SOURCE_KINDS[name].read(snapshot, context)


def changed(body: str, data: st.DataObject) -> str:
    for _ in range(data.draw(st.integers(1, 3))):
        pieces = list(PIECE.finditer(body))
        if not pieces:
            break
        piece = data.draw(st.sampled_from(pieces))
        body = body[: piece.start()] + data.draw(JUNK) + body[piece.end() :]
    return body


@pytest.mark.parametrize(
    "name", ["govinfo", "new_hampshire", "north_carolina", "virginia", "washington"]
)
@settings(max_examples=30)
@given(data=st.data())
def test_any_part_may_change(name: str, data: st.DataObject) -> None:
    kind = SOURCE_KINDS[name]
    case = yaml.safe_load(next((CASES / name).glob("*.yaml")).read_text())
    options = kind.options.model_validate(case["options"])
    source = Source(id=SourceId("fuzz"), kind=name, name="Fuzz", options=options)
    cursor, offered = "", kind.first(source, options, "", NOW)
    for step in case["steps"]:
        url = step.get("request", {}).get("url", offered[0].url)
        request = next((r for r in offered if r.url == url), Request(url=url))
        body = changed(step["body"], data)
        try:
            reading = read(name, options, body.encode("utf-8", "replace"), request, cursor)
        except ExtractError as error:
            assert str(error)
            continue
        cursor, offered = reading.cursor or cursor, (*offered, *reading.next_requests)
        hosts = {str(options.base).split("/")[2]}
        hosts |= {str(getattr(options, "histories", options.base)).split("/")[2]}
        hosts |= {str(getattr(options, "pages", options.base)).split("/")[2]}
        # Addresses of texts are Washington's own to state.
        asked = [
            r for r in reading.next_requests if not (name == "washington" and r.purpose == TEXT)
        ]
        assert {r.url.split("/")[2] for r in asked} <= hosts
        for item in reading.items:
            bills.steps_of(dict(item.fields).get("stages", ""))
            assert all(isinstance(part, str) for pair in item.fields for part in pair)
        kind.first(source, options, cursor, NOW)


def test_fifty_thousand_entries_ask_for_a_few_and_keep_the_rest() -> None:
    kind = SOURCE_KINDS["washington"]
    options = kind.options.model_validate({"max_bills": 5})
    rows = "".join(
        "<Legislation><Biennium>2025-26</Biennium><BillId>HB "
        f"{1000 + n % 4000}</BillId><BillNumber>1</BillNumber><OriginalAgency>House"
        f"</OriginalAgency><LongDescription>t{n}</LongDescription></Legislation>"
        for n in range(50_000)
    )
    body = f"<ArrayOfLegislation>{rows}</ArrayOfLegislation>".encode()
    request = Request(url="https://x.example.org/GetLegislationIntroducedSince")
    reading = read("washington", options, body, request, "")
    histories = [r for r in reading.next_requests if r.purpose == "history"]
    assert len(histories) == 5 and not reading.problems
    source = Source(id=SourceId("s"), kind="washington", name="S", options=options)
    asked = kind.first(source, options, reading.cursor, NOW)
    assert len([r for r in asked if r.purpose == "history"]) == 5


def test_fifty_thousand_lines_of_history_make_the_items_of_our_bills() -> None:
    options = SOURCE_KINDS["virginia"].options.model_validate({})
    base = "https://x.example.org/20251/"
    header = "Bill_id,Bill_description,Carried_over,Introduction_date," + ",".join(
        f"Full_text_doc{n},Full_text_date{n}" for n in range(1, 7)
    )
    rows = [f"HB{n},t,N,1/6/2025{',' * 12}" for n in range(1, 4)]
    listed = read(
        "virginia",
        options,
        "\n".join((header, *rows)).encode(),
        Request(url=base + "BILLS.CSV"),
        "",
    )
    lines = [f"HB{n % 5000},1/6/2025,H Referred to Rules,r{n}" for n in range(50_000)]
    body = "\n".join(("Bill_id,History_date,History_description,History_refid", *lines))
    request = Request(url=base + "HISTORY.CSV")
    reading = read("virginia", options, body.encode(), request, listed.cursor)
    assert [item.key for item in reading.items] == [f"VA|20251|HB {n}" for n in range(1, 4)]
    assert not reading.problems
