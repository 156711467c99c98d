"""Open States' records. Field names: openstates/api-v3, api/schemas.py and api/pagination.py."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from monitor.domain.errors import ExtractError
from monitor.domain.vocabulary import Stage
from monitor.extract.bill import Bill, Version, spelled
from monitor.extract.bill_stages import (
    LINE_ITEM,
    OPENSTATES,
    OPENSTATES_KNOWN,
    Action,
    chamber_of_words,
    mark_of_words,
    stage_of_words,
)
from monitor.extract.json_api import Record, Strict, day, moment, shape, strings, text, whole

_PAGE = shape("pagination", "page max_page", known="per_page total_items")
_BILL = shape(
    "bill",
    "id session jurisdiction identifier title updated_at",
    known="from_organization subject extras created_at first_action_date "
    "latest_action_date latest_passage_date other_titles sponsorships documents "
    "votes sources citations",
    optional="classification abstracts actions versions related_bills openstates_url "
    "other_identifiers latest_action_description",
)
_PLACE = shape("jurisdiction", "id", known="name classification")
_ACTION = shape(
    "action",
    "description date classification",
    known="id order related_entities",
    optional="organization",
)
_BODY = shape("organization", "classification", known="id name")
_VERSION = shape("version", "note", known="id classification", optional="date links")
_LINK = shape("link", "url", known="media_type id")
_ABSTRACT = shape("abstract", "abstract", known="note")
_RELATED = shape(
    "related bill", "identifier", known="legislative_session", optional="relation_type"
)
_STATE = re.compile(r"/(?:state|district|territory):([a-z]{2})(?:/|$)")
_YEAR = re.compile(r"(?:19|20)\d\d")
_SPECIAL = re.compile(
    r"special|called|extraordinary|[12]\d{3}[A-F]\b|[12]\d{3}S\d|\bSS\d?", re.IGNORECASE
)
#: Texas numbers its called sessions after the regular one: 89 is regular, 891 its first.
_CALLED = re.compile(r"\d\d[1-9]")
#: Stages that only words tell: the classification says less.
_FINER = frozenset({Stage.WITHOUT_SIGNATURE, Stage.POCKET_VETO})
_MOST_CHARS = 4000
#: Bills are withdrawn from calendars and motions fail every day; neither ends a bill.
_NO_DEATH = re.compile(r"withdrawn from|amendment|motion|reconsider", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class BillsPage:
    """One page of the list."""

    bills: tuple[tuple[Bill, datetime | None], ...]  #: with the moment of the row's last update
    number: int
    last: int


def bills_page(record: Record, strict: Strict) -> BillsPage:
    """The bills of a page. Raises ExtractError when the answer is no such page."""
    results, pages = record.get("results"), record.get("pagination")
    if not isinstance(results, list) or not isinstance(pages, dict):
        says = text(record, "detail")[:200]
        raise ExtractError(f"Open States answered without results {says!r}; its format has changed")
    page = strict.record(pages, _PAGE) or {}
    found = ((one, bill_of(one, strict)) for one in strict.records(results, _BILL))
    return BillsPage(
        bills=tuple((bill, moment(one, "updated_at")) for one, bill in found if bill is not None),
        number=whole(page, "page", 1),
        last=whole(page, "max_page", 1),
    )


def bill_of(one: Record, strict: Strict) -> Bill | None:
    """A bill; None, complained about, where its jurisdiction cannot be told."""
    place = strict.record(one.get("jurisdiction"), _PLACE) or {}
    state = _state(text(place, "id"))
    if not state or not text(one, "identifier"):
        strict.note(f"category_unknown: jurisdiction {text(place, 'id')[:80]!r}")
        return None
    session = text(one, "session")
    year = _YEAR.search(session)
    actions = tuple(_actions(one, strict))
    return Bill(
        jurisdiction=state,
        session=session,
        number=spelled(state, text(one, "identifier")),
        title=text(one, "title"),
        summary=_summary(one, strict),
        special=bool(_SPECIAL.search(session) or (state == "TX" and _CALLED.fullmatch(session))),
        year=int(year.group(0)) if year else (actions[0].day.year if actions else 0),
        actions=actions,
        status=text(one, "latest_action_description"),
        versions=tuple(_versions(one, strict)),
        companions=_companions(one, state, strict),
        resolution=any("resolution" in kind for kind in strings(one.get("classification"))),
        bill_id=f"openstates {text(one, 'id')}",
        url=text(one, "openstates_url"),
    )


def _state(jurisdiction: str) -> str:
    found = _STATE.search(jurisdiction)
    if found:
        return found.group(1).upper()
    return "US" if jurisdiction.startswith("ocd-jurisdiction/country:us/government") else ""


def _summary(one: Record, strict: Strict) -> str:
    abstracts = strict.records(one.get("abstracts"), _ABSTRACT)
    return "\n".join(text(row, "abstract") for row in abstracts)[:_MOST_CHARS]


def _actions(one: Record, strict: Strict) -> Iterable[Action]:
    for row in strict.records(one.get("actions"), _ACTION):
        when = day(row, "date")
        kinds = strings(row.get("classification"))
        for kind in kinds:
            if kind not in OPENSTATES_KNOWN:
                strict.note(f"category_unknown: action classification {kind[:60]!r}")
        if when is None:
            strict.note("date_unreadable: an action without a day")
            continue
        words, body = text(row, "description"), row.get("organization")
        chamber = text(body, "classification") if isinstance(body, dict) else ""
        line_item = "executive-veto-line-item" in kinds
        yield Action(
            day=when,
            text=words,
            stage=_stage(kinds, words),
            chamber=chamber if chamber in ("lower", "upper") else chamber_of_words(words),
            mark=LINE_ITEM if line_item else mark_of_words(words),
        )


def _stage(kinds: tuple[str, ...], words: str) -> Stage | None:
    """The furthest stage that the classifications say; words only for what they cannot."""
    if "executive-veto-line-item" in kinds:
        return Stage.SIGNED_INTO_LAW
    told = stage_of_words(words)
    known = [OPENSTATES[kind] for kind in kinds if kind in OPENSTATES]
    if Stage.DIED in known and _NO_DEATH.search(words):
        return None
    if told in _FINER and known:
        return told
    if not known and kinds and "carried-over" in kinds:
        return None
    return max(known, key=_ORDER.index) if known else None


_ORDER = tuple(dict.fromkeys(OPENSTATES.values()))


def _versions(one: Record, strict: Strict) -> Iterable[Version]:
    for row in strict.records(one.get("versions"), _VERSION):
        links = strict.records(row.get("links"), _LINK)
        url = text(links[0], "url") if links else ""
        yield Version(name=text(row, "note"), url=url, day=day(row, "date"))


def _companions(one: Record, state: str, strict: Strict) -> tuple[str, ...]:
    rows = strict.records(one.get("related_bills"), _RELATED)
    return tuple(
        sorted(
            {
                spelled(state, text(row, "identifier"))
                for row in rows
                if text(row, "relation_type") in ("", "companion")
            }
        )
    )
