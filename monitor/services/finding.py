"""What detection says of a document that a source brought: rules, and bills that are followed."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.detect.bill_text import condensed, is_text
from monitor.detect.document import Document
from monitor.detect.engine import findings as text_findings
from monitor.detect.language.folding import MAX_CHARS, fold
from monitor.detect.rule import Pack
from monitor.detect.watched import NOTHING_WATCHED, WatchList, watched_findings
from monitor.domain.claim import Finding
from monitor.extract.simple_markup import is_plain_ascii
from monitor.resolve.gazetteer import Gazetteer


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What detection knows; replaced as a whole when rules are reloaded."""

    pack: Pack
    gazetteer: Gazetteer
    watched: WatchList = NOTHING_WATCHED  #: bills whose number alone is enough


def findings_of(document: Document, knowledge: Knowledge) -> tuple[Finding, ...]:
    """What the rules find, and what is told of bills that are followed by their number alone."""

    def rules(one: Document) -> tuple[Finding, ...]:
        return text_findings(one, knowledge.pack, knowledge.gazetteer)

    if is_text(document.fields):
        document = condensed(document, knowledge.pack.anchored)
    found = rules(document) if _speaks(document, knowledge.pack) else ()
    return (*found, *watched_findings(document, knowledge.watched, rules, found))


def _speaks(document: Document, pack: Pack) -> bool:
    """Whether any rule could say anything: looked at before the document is laid out for them.

    Fields and changes are always read (see the engine's own `relevant`).
    """
    if document.fields or document.change is not None:
        return True
    texts = (document.title[:2_000], document.text[:MAX_CHARS])
    return any(pack.anchored(_folded(text)) for text in texts)


def _folded(text: str) -> str:
    """The text as rules see it; what is plain already at a tenth of the cost."""
    if is_plain_ascii(text) and "<" not in text and "&" not in text:
        return text
    return fold(text).text
