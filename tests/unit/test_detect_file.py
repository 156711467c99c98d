"""The measuring port: documents in, claims out, keys shared by tellings of one event."""

from __future__ import annotations

import json

import pytest

from monitor.detect.document import Document
from monitor.domain.claim import Finding
from monitor.domain.errors import ConfigError
from monitor.domain.moment import Precision
from monitor.domain.vocabulary import EventType, Model, Stage
from monitor.services.detect_file import detected, documents, stated_date
from tests.tellings import finding

FIELDS = [
    "event_type", "stage", "direction", "state", "county", "place", "agency", "model", "bill",
    "instrument", "occurred_on", "event_key", "quote", "start", "end", "rule", "worth",
]  # fmt: skip


def line(name: str, **fields: object) -> str:
    row = {
        "id": name,
        "url": f"https://{name}.example/a",
        "title": "t",
        "published": "2025-03-05",
        "source_kind": "news",
        "text": name,
    }
    return json.dumps({**row, **fields})


def told(document: Document) -> tuple[Finding, ...]:
    office = {"state": "TX", "agency": "Hale County Sheriff's Office"}
    match document.id:
        case "vague":
            return (finding(EventType.STATE_LIMIT_ENACTED, Stage.SIGNED_INTO_LAW, state="DE"),)
        case "exact":
            return (
                finding(
                    EventType.STATE_LIMIT_ENACTED,
                    Stage.SIGNED_INTO_LAW,
                    state="DE",
                    bill="HB 182",
                    occurred="2025-03",
                ),
            )
        case "one" | "two":
            return (finding(EventType.AGREEMENT_SIGNED, Stage.SIGNED, model=Model.TFM, **office),)
        case "vote":
            return (
                finding(
                    EventType.AGREEMENT_SIGNED,
                    Stage.APPROVED_BY_GOVERNING_BODY,
                    **office,
                    occurred="2025-01-05",
                ),
            )
    return ()


def answers(*lines: str) -> list[dict[str, object]]:
    return [json.loads(answer) for answer in detected(lines, told)]


def test_objects_come_in_input_order_with_exactly_the_named_fields() -> None:
    found = answers(line("two"), "", line("none"), line("one"))
    assert [answer["id"] for answer in found] == ["two", "none", "one"]
    assert [len(answer["claims"]) for answer in found] == [1, 0, 1]
    assert list(found[0]["claims"][0]) == FIELDS


def test_tellings_of_one_event_share_their_key_and_others_do_not() -> None:
    found = answers(line("vague"), line("one"), line("vote"), line("exact"), line("two"))
    vague, one, vote, exact, two = (answer["claims"][0]["event_key"] for answer in found)
    assert vague == exact
    assert one == two
    assert len({vague, one, vote}) == 3


def test_dates_are_written_as_exactly_as_they_were_stated() -> None:
    (answer,) = answers(line("exact"))
    assert answer["claims"][0]["occurred_on"] == "2025-03"


def test_missing_parts_are_null_or_empty_not_an_error() -> None:
    (document,) = documents(['{"id": 7, "text": null, "published": null}'])
    assert (document.id, document.text, document.published) == ("7", "", None)


@pytest.mark.parametrize(
    "broken",
    [
        "{",
        "[]",
        '"x"',
        "{}",
        '{"id":"a","published":"May"}',
        '{"id":"a","source_kind":"tweet"}',
        '{"id":"a","published":"1-2-3-4"}',
    ],
)
def test_a_line_that_is_no_document_is_named(broken: str) -> None:
    with pytest.raises(ConfigError, match="line 2"):
        list(documents([line("a"), broken]))


@pytest.mark.parametrize(
    ("text", "precision"),
    [
        ("2025", Precision.YEAR),
        ("2025-08", Precision.MONTH),
        ("2025-08-13", Precision.DAY),
        ("2025-08-13T10:00:00Z", Precision.DAY),
    ],
)
def test_dates_in_files(text: str, precision: Precision) -> None:
    stated = stated_date(text)
    assert stated is not None
    assert stated.precision is precision
