"""The shipped rules and gazetteer, loaded once for all tests of detection."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

from monitor.detect.document import Document
from monitor.detect.engine import findings
from monitor.detect.pack import load
from monitor.detect.rule import Pack
from monitor.domain.claim import Finding
from monitor.domain.moment import StatedDate
from monitor.domain.vocabulary import DocumentKind
from monitor.registry import RULE_KINDS
from monitor.resolve.gazetteer import Gazetteer

DATA = Path(__file__).resolve().parents[1] / "monitor" / "data"
DAY = StatedDate(day=date(2025, 6, 12))  # a Thursday


@cache
def shipped_pack() -> Pack:
    """The pack as the package ships it."""
    files = {path.name: path.read_text() for path in sorted((DATA / "rules").glob("*.yaml"))}
    return load(files, RULE_KINDS, (DATA / "rules" / "governors.csv").read_text())


@cache
def gazetteer() -> Gazetteer:
    """The gazetteer as the package ships it."""
    return Gazetteer.parse((DATA / "counties.csv").read_text(), (DATA / "places.csv").read_text())


def document(text: str, title: str = "", kind: str = "news", url: str = "") -> Document:
    """A document published on a known Thursday."""
    return Document(id="d", url=url, title=title, published=DAY, kind=DocumentKind(kind), text=text)


def read(text: str, title: str = "", kind: str = "news", url: str = "") -> tuple[Finding, ...]:
    """What the shipped rules find."""
    return findings(document(text, title, kind, url), shipped_pack(), gazetteer())
