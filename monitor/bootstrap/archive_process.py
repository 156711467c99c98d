"""What a process that reads archives calls: rules and scan are built once in it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import cache

from monitor.bootstrap import knowledge
from monitor.bootstrap.machine import for_good
from monitor.detect.document import Document
from monitor.detect.pack import load
from monitor.detect.rules import change, field, phrase
from monitor.detect.triggers import TriggerScan
from monitor.detect.watched import WatchList
from monitor.domain.claim import Finding
from monitor.services.archives import Part
from monitor.services.backreading import PartReading, Shelf, read_part
from monitor.services.finding import Knowledge, findings_of

#: A scanning thread needs the interpreter for a moment with each page, ten times a millisecond at
#: most: by Python's own interval it would wait for the extraction for 5 ms each time.
_SWITCH_S = 0.0001


def reader(
    rules: Mapping[str, str], governors: str, watched: WatchList, shelf: Shelf, threads: int = 1
) -> Callable[[Part], PartReading]:
    """`rules` are the rule files by name; what is given reads one part of an archive, scanning
    it in so many threads (see `read_part`)."""
    if threads > 1:
        sys.setswitchinterval(_SWITCH_S)
    with for_good():
        return built(rules, governors, watched, shelf, threads)[1]


def built(
    rules: Mapping[str, str], governors: str, watched: WatchList, shelf: Shelf, threads: int = 1
) -> tuple[Callable[[], Knowledge], Callable[[Part], PartReading]]:
    """(what detection knows, what reads one part)."""
    kinds = {kind.name: kind for kind in (change.KIND, field.KIND, phrase.KIND)}
    pack = load(dict(rules), kinds, governors)
    scan = TriggerScan.build(pack.anchors(), watched.words())

    @cache
    def known() -> Knowledge:
        return Knowledge(pack=pack, gazetteer=knowledge.gazetteer(), watched=watched)

    def detecting(document: Document) -> tuple[Finding, ...]:
        return findings_of(document, known())

    def read(part: Part) -> PartReading:
        return read_part(part, shelf, scan.relevant, detecting, pack.version, threads)

    return known, read
