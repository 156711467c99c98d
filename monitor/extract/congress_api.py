"""Answers of the Congress.gov API v3: entries of its lists, and a bill part by part.

Schema: LibraryOfCongress/api.congress.gov, Documentation/BillEndpoint.md and SummariesEndpoint.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from monitor.domain.errors import ExtractError
from monitor.extract.bill import Bill
from monitor.extract.congress import Parts, bill_of, is_reserved, measure
from monitor.extract.json_api import Record, Strict, joined, shape, text, whole
from monitor.extract.text import fragment_text

BILLS, SUMMARIES = "bills", "summaries"
#: The parts of a bill after its own record, in the order they are asked: step, key of the answer.
STEPS: Mapping[str, str] = {
    "titles": "titles",
    "actions": "actions",
    "summaries": "summaries",
    "text": "textVersions",
    "relatedbills": "relatedBills",
}
ANSWER = shape(
    "answer",
    "",
    known="request pagination bills summaries bill titles actions textVersions relatedBills",
)
_LISTED = shape(
    "bill list entry",
    "congress number type title updateDateIncludingText",
    known="originChamber originChamberCode updateDate url",
    optional="latestAction",
)
_SUMMARY = shape(
    "summary list entry",
    "bill text updateDate",
    known="actionDate actionDesc currentChamber currentChamberCode versionCode "
    "lastSummaryUpdateDate",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One entry: which bill, what it would change with, and words that tell what it is about."""

    name: str  #: "119 HR 32"
    key: str  #: the name, or the name and " summary"
    stamp: str
    words: str


def entries(record: Record, op: str, strict: Strict, *, where: str) -> list[Listed]:
    """The entries of a page; numbers kept free are left out.

    Raises ExtractError when the answer holds no such list.
    """
    found = record.get(op)
    if not isinstance(found, list):
        raise ExtractError(f"{where}: no list of {op}; the format has changed")
    strict.record(record, ANSWER)
    return list(_summarised(found, strict) if op == SUMMARIES else _bills(found, strict))


def _bills(found: list[object], strict: Strict) -> Iterable[Listed]:
    for one in strict.records(found, _LISTED):
        latest, name = one.get("latestAction"), measure(one)
        action = text(latest, "text") if isinstance(latest, dict) else ""
        stamp = joined((text(one, "updateDateIncludingText"), action))
        if not name:
            strict.note(f"category_unknown: measure {text(one, 'type')[:20]!r}")
        elif not is_reserved(one):
            yield Listed(name=name, key=name, stamp=stamp, words=text(one, "title"))


def _summarised(found: list[object], strict: Strict) -> Iterable[Listed]:
    for one in strict.records(found, _SUMMARY):
        bill = one.get("bill")
        name = measure(bill) if isinstance(bill, dict) else ""
        if name and isinstance(bill, dict):
            words = joined((text(bill, "title"), fragment_text(text(one, "text"))))
            stamp = text(one, "updateDate")
            yield Listed(name=name, key=f"{name} summary", stamp=stamp, words=words)


def with_part(known: str, step: str, record: Record, *, where: str) -> dict[str, object]:
    """What is known of a bill, this answer added; further pages of a part come behind it.

    Raises ExtractError when the answer does not hold the part.
    """
    key = STEPS.get(step, "bill")
    part, wanted = record.get(key), dict if key == "bill" else list
    if not isinstance(part, wanted):
        raise ExtractError(f"{where}: no {key} in it; the format has changed")
    parts = _loaded(known)
    before = parts.get(key)
    if isinstance(part, list) and isinstance(before, list):
        part = [*before, *part]
    return {**parts, key: part}


def _loaded(known: str) -> dict[str, object]:
    try:
        found = json.loads(known)
    except ValueError:
        found = {}
    return found if isinstance(found, dict) else {}


def next_step(parts: Mapping[str, object], step: str) -> str:
    """The part after `step` of which there is any, "" after the last; actions are always asked."""
    detail, names = parts.get("bill"), list(STEPS)
    for name in names[names.index(step) + 1 if step in names else 0 :]:
        counted = detail.get(_counted(name)) if isinstance(detail, dict) else None
        if name == "actions" or (isinstance(counted, dict) and whole(counted, "count") > 0):
            return name
    return ""


def _counted(step: str) -> str:
    """Under which name the bill's record counts the part."""
    return {"text": "textVersions", "relatedbills": "relatedBills"}.get(step, step)


def assembled(parts: Mapping[str, object], strict: Strict) -> Bill | None:
    """The bill of all its parts; None, complained about, where it is not named."""

    def rows(key: str) -> tuple[object, ...]:
        value = parts.get(key)
        return tuple(value) if isinstance(value, list) else ()

    detail = parts.get("bill")
    return bill_of(
        Parts(
            detail=detail if isinstance(detail, dict) else {},
            actions=rows("actions"),
            summaries=rows("summaries"),
            titles=rows("titles"),
            texts=rows("textVersions"),
            related=rows("relatedBills"),
        ),
        strict,
    )
