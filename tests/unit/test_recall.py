"""What was read once is not read again, unless document or rules are others."""

from __future__ import annotations

from dataclasses import replace

from monitor.detect.document import Document
from monitor.detect.watched import WatchList
from monitor.domain.claim import Finding
from monitor.domain.vocabulary import DocumentKind
from monitor.services.finding import Knowledge
from monitor.services.recall import KEPT, Recall


class Reader:
    """Counts what it is asked to read."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def __call__(self, document: Document, knowledge: Knowledge) -> tuple[Finding, ...]:
        self.read.append(document.text)
        return ()


def _document(number: int = 0, text: str = "one") -> Document:
    return Document(
        id=f"d{number}", url="", title="", published=None, kind=DocumentKind.NEWS, text=text
    )


def test_the_same_document_is_read_once() -> None:
    reader = Reader()
    recall = Recall(reader)
    knowledge = Knowledge(pack=object(), gazetteer=object(), watched=WatchList(()))  # type: ignore[arg-type]
    for _ in range(3):
        assert recall(_document(), replace(knowledge)) == ()
    assert reader.read == ["one"]
    recall(_document(text="two"), knowledge)
    recall(_document(text="two"), replace(knowledge, pack=object()))  # type: ignore[arg-type]
    assert reader.read == ["one", "two", "two"]


def test_it_keeps_no_more_than_a_page() -> None:
    reader = Reader()
    recall = Recall(reader)
    knowledge = Knowledge(pack=object(), gazetteer=object(), watched=WatchList(()))  # type: ignore[arg-type]
    for number in range(KEPT + 1):
        recall(_document(number), knowledge)
    recall(_document(KEPT), knowledge)
    assert len(reader.read) == KEPT + 1
    recall(_document(0), knowledge)
    assert len(reader.read) == KEPT + 2
