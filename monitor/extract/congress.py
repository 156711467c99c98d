"""Bills of Congress as the Library of Congress describes them, in its API and in bulk XML.

Field names: LibraryOfCongress/api.congress.gov, Documentation/BillEndpoint.md, and the same names
in BILLSTATUS 3.0.0 (usgpo/bill-status, user guide and samples). Codes of actions:
congress.gov/help/field-values/action-codes, which is complete for what the Library enters
(`sourceSystem` 9); codes of the House have no such list, so there the words decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from monitor.domain.vocabulary import Stage
from monitor.extract.bill import Bill, Version
from monitor.extract.bill_stages import PARTIAL, Action
from monitor.extract.json_api import Record, Strict, day, joined, shape, text, whole
from monitor.extract.text import fragment_text
from monitor.extract.xml_api import inner

#: Types of measures, in the order of the published list, and how Congress.gov names them.
TYPES: Mapping[str, str] = {
    "HR": "house-bill",
    "S": "senate-bill",
    "HJRES": "house-joint-resolution",
    "SJRES": "senate-joint-resolution",
    "HCONRES": "house-concurrent-resolution",
    "SCONRES": "senate-concurrent-resolution",
    "HRES": "house-resolution",
    "SRES": "senate-resolution",
}
#: What needs no president and makes no law; a joint resolution is a bill by another name.
_RESOLUTIONS = frozenset({"HCONRES", "SCONRES", "HRES", "SRES"})
#: Codes of the Library of Congress that move a measure, with the chamber that acts.
_CODES: Mapping[str, tuple[Stage, str]] = {
    "1000": (Stage.INTRODUCED, "lower"),
    "5000": (Stage.IN_COMMITTEE, "lower"),
    "8000": (Stage.PASSED_ONE_CHAMBER, "lower"),
    "10000": (Stage.INTRODUCED, "upper"),
    "14000": (Stage.IN_COMMITTEE, "upper"),
    "17000": (Stage.PASSED_ONE_CHAMBER, "upper"),
    "28000": (Stage.PASSED_BOTH, ""),
    "29000": (Stage.SIGNED_INTO_LAW, ""),
    "30000": (Stage.POCKET_VETO, ""),
    "31000": (Stage.VETOED, ""),
    "36000": (Stage.SIGNED_INTO_LAW, ""),
    "37000": (Stage.SIGNED_INTO_LAW, ""),
    "38000": (Stage.WITHOUT_SIGNATURE, ""),
    "39000": (Stage.VETO_OVERRIDDEN, ""),
    "41000": (Stage.SIGNED_INTO_LAW, ""),
    "42000": (Stage.SIGNED_INTO_LAW, ""),
    "43000": (Stage.WITHOUT_SIGNATURE, ""),
    "44000": (Stage.VETO_OVERRIDDEN, ""),
}
#: One chamber's vote over a veto; the second one makes the law.
_OVER_VETO = frozenset({"32000", "34000"})
_LIBRARY = "9"
#: The words of House and Senate for the same steps; the first that matches counts.
_WORDS: tuple[tuple[re.Pattern[str], Stage, str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), stage, chamber)
    for pattern, stage, chamber in (
        (r"^pocket vetoed by president", Stage.POCKET_VETO, ""),
        (r"^vetoed by president", Stage.VETOED, ""),
        (r"^signed by president", Stage.SIGNED_INTO_LAW, ""),
        (r"^became (?:public|private) law", Stage.SIGNED_INTO_LAW, ""),
        (r"^presented to president", Stage.PASSED_BOTH, ""),
        (r"^passed (?:/agreed to in )?senate\b(?! over veto)", Stage.PASSED_ONE_CHAMBER, "upper"),
        (
            r"^on passage passed|^on motion to suspend the rules and (?:pass|agree)\b.*agreed to",
            Stage.PASSED_ONE_CHAMBER,
            "lower",
        ),
        (r"^introduced in house", Stage.INTRODUCED, "lower"),
        (r"^introduced in senate", Stage.INTRODUCED, "upper"),
    )
)
_AMENDED = re.compile(r"\bas amended\b|\bwith (?:an )?amendments?\b", re.IGNORECASE)
_KINDS_OF_ACTION = frozenset({
    "", "BecameLaw", "Calendars", "Committee", "Discharge", "Floor", "IntroReferral", "NotUsed",
    "President", "ResolvingDifferences", "Veto",
})  # fmt: skip
_RESERVED = "reserved for the "
_MAX_SUMMARY_CHARS = 20_000
_SAME = "identical bill"

_HEAD = "number type congress title"
_BILL = shape(
    "bill",
    _HEAD,
    known="updateDate updateDateIncludingText originChamber originChamberCode introducedDate "
    "constitutionalAuthorityStatementText committees committeeReports relatedBills actions "
    "sponsors cosponsors cboCostEstimates laws notes policyArea subjects summaries titles "
    "amendments textVersions latestAction isByRequest calendarNumbers recordedVotes",
    optional="legislationUrl",
)
_ACTION = shape(
    "action",
    "actionDate text",
    known="actionTime committees committee recordedVotes calendarNumber calendar links",
    optional="type actionCode sourceSystem",
)
_SUMMARY = shape(
    "summary", "text", known="versionCode actionDate actionDesc updateDate lastSummaryUpdateDate"
)
_TITLE = shape(
    "title",
    "title",
    known="titleType chamberCode chamberName billTextVersionName billTextVersionCode "
    "titleTypeCode updateDate sourceSystem parentTitleType",
)
_TEXT = shape("text version", "", optional="date type formats")
_FORMAT = shape("text format", "url", known="type")
_RELATED = shape(
    "related bill",
    "number type congress",
    known="url title latestAction latestTitle",
    optional="relationshipDetails",
)
_RELATION = shape("relationship", "type", known="identifiedBy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What is said of one measure, each part as records of the Library's shapes."""

    detail: Record
    actions: tuple[object, ...] = ()
    summaries: tuple[object, ...] = ()
    titles: tuple[object, ...] = ()
    texts: tuple[object, ...] = ()
    related: tuple[object, ...] = ()


def parts_of(detail: Record) -> Parts:
    """The parts of a measure that one record holds whole, as in BILLSTATUS."""
    return Parts(
        detail=detail,
        actions=tuple(inner(detail, "actions")),
        summaries=tuple(inner(detail, "summaries", "summary")),
        titles=tuple(inner(detail, "titles")),
        texts=tuple(inner(detail, "textVersions")),
        related=tuple(inner(detail, "relatedBills")),
    )


def measure(one: Record) -> str:
    """ "119 HR 32", the identity of a measure; "" where a part of it is missing or unknown."""
    kind, number = text(one, "type").upper(), text(one, "number")
    congress = text(one, "congress")
    known = kind in TYPES and number.isdecimal() and congress.isdecimal()
    return f"{congress} {kind} {int(number)}" if known else ""


def is_reserved(one: Record) -> bool:
    """A number kept free for a bill to come: "Reserved for the Speaker." """
    return text(one, "title").lower().startswith(_RESERVED)


def bill_of(parts: Parts, strict: Strict) -> Bill | None:
    """The measure; None, complained about, where it is not named."""
    one = strict.record(parts.detail, _BILL) or {}
    name = measure(one)
    if not name:
        strict.note(f"category_unknown: measure {text(one, 'type')[:20]!r}")
        return None
    congress, kind, number = name.split()
    return Bill(
        jurisdiction="US",
        session=congress,
        number=f"{kind} {number}",
        title=text(one, "title"),
        summary=_summary(parts, strict),
        year=1789 + 2 * (int(congress) - 1),
        actions=tuple(actions_of(parts.actions, strict)),
        status=_latest(one),
        versions=tuple(_versions(parts, strict)),
        companions=_companions(parts, congress, strict),
        resolution=kind in _RESOLUTIONS,
        bill_id=f"congress {congress} {kind}{number}",
        url=text(one, "legislationUrl") or address(congress, kind, number),
    )


def address(congress: str, kind: str, number: str) -> str:
    """The measure's page at Congress.gov."""
    return (
        f"https://www.congress.gov/bill/{_ordinal(int(congress))}-congress/{TYPES[kind]}/{number}"
    )


def _ordinal(number: int) -> str:
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


def _latest(one: Record) -> str:
    latest = one.get("latestAction")
    return text(latest, "text") if isinstance(latest, dict) else ""


def _summary(parts: Parts, strict: Strict) -> str:
    """All titles but its own, and the newest summary of the Congressional Research Service."""
    titles = [text(row, "title") for row in strict.records(list(parts.titles), _TITLE)]
    summaries = strict.records(list(parts.summaries), _SUMMARY)
    newest = max(summaries, key=lambda row: text(row, "actionDate"), default=None)
    words = fragment_text(text(newest, "text")) if newest else ""
    own = text(parts.detail, "title")
    return joined([*(title for title in titles if title != own), words[:_MAX_SUMMARY_CHARS]])


def actions_of(rows: Iterable[object], strict: Strict) -> Iterable[Action]:
    """The steps of the history; the second chamber's vote over a veto is what overrides it."""
    found = [one for row in strict.records(list(rows), _ACTION) if (one := _action(row, strict))]
    over = {action.day for action, code in found if code in _OVER_VETO}
    voted = {code for _, code in found if code in _OVER_VETO}
    overridden = max(over) if voted >= _OVER_VETO else None
    for action, code in found:
        last = code in _OVER_VETO and action.day == overridden
        yield replace(action, stage=Stage.VETO_OVERRIDDEN) if last else action


def _action(row: Record, strict: Strict) -> tuple[Action, str] | None:
    """An action with the Library's code for it, "" for one that House or Senate entered."""
    on: date | None = day(row, "actionDate")
    kind = text(row, "type")
    if kind not in _KINDS_OF_ACTION:
        strict.note(f"category_unknown: action type {kind[:60]!r}")
    if on is None:
        strict.note("date_unreadable: an action without a day")
        return None
    words, system = text(row, "text"), row.get("sourceSystem")
    by_library = isinstance(system, dict) and text(system, "code") == _LIBRARY
    code = text(row, "actionCode") if by_library else ""
    stage, chamber = _CODES.get(code) or _by_words(words)
    mark = PARTIAL if stage is Stage.PASSED_ONE_CHAMBER and _AMENDED.search(words) else ""
    return Action(day=on, text=words, stage=stage, chamber=chamber, mark=mark), code


def _by_words(words: str) -> tuple[Stage | None, str]:
    found = ((stage, chamber) for pattern, stage, chamber in _WORDS if pattern.search(words))
    return next(found, (None, ""))


def _versions(parts: Parts, strict: Strict) -> Iterable[Version]:
    for row in strict.records(list(parts.texts), _TEXT):
        formats = strict.records(inner(row, "formats"), _FORMAT)
        if formats:
            yield Version(name=text(row, "type"), url=text(formats[0], "url"), day=day(row, "date"))


def _companions(parts: Parts, congress: str, strict: Strict) -> tuple[str, ...]:
    """Identical bills of the same Congress; other relations are looser."""
    found = set()
    for row in strict.records(list(parts.related), _RELATED):
        relations = strict.records(inner(row, "relationshipDetails"), _RELATION)
        same = any(text(relation, "type").lower() == _SAME for relation in relations)
        if same and measure(row) and str(whole(row, "congress")) == congress:
            found.add(measure(row).partition(" ")[2])
    return tuple(sorted(found))
