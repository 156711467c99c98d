"""What the Washington State Legislature's services say of a bill: pure.

The words are those of the histories of LegislationService, the documents the type
LegislativeDocument of LegislativeDocumentService.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

from monitor.domain.vocabulary import Stage
from monitor.extract.bill import Version
from monitor.extract.bill_stages import PARTIAL, Action, read_action
from monitor.extract.json_api import Record, Strict, day, text

#: "2E2SHB 1000" is HB 1000 after two substitutes and two engrossments; others are no bills.
_NUMBER = re.compile(r"(?:\d?E)?(?:\d?S)?([HS](?:B|JM|JR|CR|R)) (\d{4})")
_THIRD = re.compile(r"third reading, (?:passed|adopted)|^adopted\b", re.IGNORECASE)
_RETURNED = re.compile(r"\breturned to (?:the )?(house|senate)\b", re.IGNORECASE)
_OTHER = {"lower": "upper", "upper": "lower"}
_CHAMBERS = {"House": "lower", "Senate": "upper"}
#: Lines that speak of rules and readings in words that elsewhere move a bill.
_NO_STEP = re.compile(
    r"^passed to |\bminority;|retained in present status|^rules suspended|relieved of further",
    re.IGNORECASE,
)
#: The service still writes the addresses of the files without TLS.
_FILES = "http://lawfilesext.leg.wa.gov/"


def number_of(words: str) -> str:
    """ "HB 1000" of "2E2SHB 1000"; "" for appointments, initiatives and anything else."""
    found = _NUMBER.fullmatch(" ".join(words.split()))
    return f"{found.group(1)} {int(found.group(2))}" if found else ""


def actions_of(found: Iterable[Record], kind: str, strict: Strict) -> Iterable[Action]:
    """The steps in the order of the history.

    The lines do not name the chamber that acts: a bill starts in its own, goes to the other one
    when passed there, and back where a line says that it was returned.
    """
    chamber = _CHAMBERS["House" if kind.startswith("H") else "Senate"]
    for row in sorted(found, key=lambda one: text(one, "ActionDate")):
        on, words = day(row, "ActionDate"), text(row, "HistoryLine")
        if on is None:
            strict.note("date_unreadable: an action without a day")
            continue
        returned = _RETURNED.search(words)
        if returned:
            chamber = _CHAMBERS[returned.group(1).capitalize()]
        if _THIRD.search(words):
            amended = text(row, "AmendedByOppositeBody").lower() == "true"
            mark = PARTIAL if amended else ""
            yield Action(
                day=on, text=words, stage=Stage.PASSED_ONE_CHAMBER, chamber=chamber, mark=mark
            )
            chamber = _OTHER[chamber]
        elif _NO_STEP.search(words):
            yield Action(day=on, text=words)
        else:
            yield read_action(on, words, chamber)


def versions_of(found: Iterable[Record], number: str) -> tuple[Version, ...]:
    """The texts of a bill among the documents that the service found by its number, oldest first.

    Addresses come with blanks in them: "…/Htm/Bills/House Bills/2196.htm".
    """
    versions = [
        Version(
            name=text(row, "ShortFriendlyName") or text(row, "Name"),
            url=quote(
                text(row, "HtmUrl").replace(_FILES, _FILES.replace(":", "s:")), safe=":/%?&=#"
            ),
            day=day(row, "HtmCreateDate"),
        )
        for row in found
        if number_of(text(row, "BillId")) == number and text(row, "HtmUrl")
    ]
    return tuple(sorted(versions, key=lambda version: (str(version.day or ""), version.url)))


def _address(written: str) -> str:
    secure = written.replace(_FILES, _FILES.replace("http:", "https:"))
    return quote(secure, safe=":/%?&=#")
