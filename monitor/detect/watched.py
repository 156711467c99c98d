"""Bills that are followed already: a story that gives only the number of one is read as its story.

Pure. "Senate Bill 1234 was signed" says neither what the bill does nor that it concerns us; the
log or the catalogue knows. The paragraph that names the bill is read by the ordinary rules as if
the document's title said what the bill does; nothing else of what is found counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from monitor.detect import bills
from monitor.detect.document import Document
from monitor.detect.slots.bill import Bill, mark_spans
from monitor.domain.claim import Finding, Quote
from monitor.domain.vocabulary import Direction, DocumentKind, EventType, Worth
from monitor.resolve.telling import other_session

#: Families of event types that are about a state's law.
FAMILIES = ("state_mandate", "state_limit")
#: The attribute of a finding whose matter is known from elsewhere: no other bill shares it.
WATCHED = "watched"
#: Bills that are watched at once; the newest.
MOST = 400
#: Paragraphs of one document that are read for this.
MOST_PARAGRAPHS = 12
#: Paragraphs without a bill's number that are read under a title that names one.
MOST_UNNAMED = 3
#: So much of the document is looked at for the state.
_MOST_CHARS = 20_000
_MATTER = {
    "state_mandate": "Law requiring sheriffs to sign 287(g) agreements with ICE",
    "state_limit": "Law prohibiting 287(g) agreements with ICE",
}
_READ = frozenset(
    [DocumentKind.NEWS, DocumentKind.RELEASE, DocumentKind.PAGE, DocumentKind.BILL]
)  # fmt: skip
_DIGITS = re.compile(r"\d+")
_NUMBER = re.compile(r"([A-Z]+)(\d+[A-Z]?)")
#: One chamber's letter alone, as some aggregators and newsrooms write it.
_LETTER = {"S": "SB", "H": "HB", "A": "AB"}


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedBill:
    """A bill or an act by name; `family` "" says only that documents naming it are to be read."""

    state: str  #: two letters
    number: str = ""  #: as the state writes it: "SB 2-C"; "" for an act known by name alone
    family: str = ""  #: "state_mandate", "state_limit" or ""
    names: tuple[str, ...] = ()
    session: str = ""  #: where a structured source told it: "2025", "2025 special"
    vouched: bool = False  #: a structured source or a person says what it does, not the press


@dataclass(frozen=True, slots=True)
class WatchList:
    """What is watched, ready to be looked for."""

    bills: tuple[WatchedBill, ...] = ()
    _by_number: dict[str, tuple[WatchedBill, ...]] = field(init=False, repr=False, compare=False)
    _digits: frozenset[str] = field(init=False, repr=False, compare=False)
    _named: tuple[tuple[str, WatchedBill], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the numbers."""
        known: dict[str, tuple[WatchedBill, ...]] = {}
        for bill in self.bills:
            if bill.number:
                key = folded(bill.number)
                known[key] = (*known.get(key, ()), bill)
        named = tuple((name.casefold(), bill) for bill in self.bills for name in bill.names)
        object.__setattr__(self, "_named", named)
        object.__setattr__(self, "_by_number", known)
        object.__setattr__(
            self, "_digits", frozenset(d for key in known for d in _DIGITS.findall(key))
        )

    def words(self) -> tuple[str, ...]:
        """Numbers and names for the trigger scan, sorted."""
        return tuple(sorted({w for b in self.bills for w in (b.number, *b.names) if w}))

    def numbered(self, number: str) -> tuple[WatchedBill, ...]:
        """The watched bills of this number, in any state; of known matter only."""
        return tuple(b for b in self._by_number.get(folded(number), ()) if b.family)

    def named_in(self, text: str) -> tuple[WatchedBill, ...]:
        """The watched bills that a paragraph names, by number or by name; of known matter only."""
        found: dict[WatchedBill, None] = {}
        if not self._digits.isdisjoint(_DIGITS.findall(text)):
            for token in mark_spans(text, 0, len(text)):
                if isinstance(token.value, Bill) and token.value.kind == "bill":
                    found |= dict.fromkeys(self._by_number.get(folded(token.value.number), ()))
        low = text.casefold() if self._named else ""
        found |= dict.fromkeys(bill for name, bill in self._named if name in low)
        return tuple(bill for bill in found if bill.family)


NOTHING_WATCHED = WatchList()

#: What the rules find in a document.
Rules = Callable[[Document], tuple[Finding, ...]]


def folded(number: str) -> str:
    """A bill's number for comparison: "S 168", "SB168" and "S.B. 0168" are one."""
    bare = re.sub(r"[^A-Z0-9]", "", number.upper())
    match = _NUMBER.fullmatch(bare)
    if match is None:
        return bare
    return f"{_LETTER.get(match[1], match[1])}{match[2].lstrip('0')}"


def watched_findings(
    document: Document, watched: WatchList, rules: Rules, known: Sequence[Finding]
) -> tuple[Finding, ...]:
    """What the document tells of watched bills beyond `known`, what the rules found by themselves.

    The state must be the bill's; where the document names none it is a review, and only while no
    other state's bill of this number is watched.
    """
    if not watched.bills or document.kind not in _READ:
        return ()
    if bills.is_structured(document):
        return () if known else _stages(document, watched, rules)
    told = {(one.event_type, folded(one.bill or "")) for one in known}
    quoted = {(one.event_type, one.quote.text) for one in known}
    found: list[Finding] = []
    for paragraph in _paragraphs(document, watched):
        for bill in paragraph.bills:
            for finding in _read(document, paragraph, bill, rules):
                key = (finding.event_type, folded(finding.bill or ""))
                if key not in told and (key[0], finding.quote.text) not in quoted:
                    told.add(key)
                    found.append(finding)
    return tuple(found)


def _stages(document: Document, watched: WatchList, rules: Rules) -> tuple[Finding, ...]:
    """The stages of a bill whose title and summary do not say what it does, once that is known:
    from the text of one of its versions, or because a person said so."""
    values = dict(document.fields)
    for bill in watched.numbered(values.get("bill", "")):
        same = bill.state == values.get("jurisdiction")
        other = other_session(bill.session, values.get("session", ""))
        if bill.vouched and same and not other:
            return rules(replace(document, text=f"{document.text}\n{_MATTER[bill.family]}"))
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Paragraph:
    start: int  #: in the document's text; -1 for the title
    text: str
    bills: tuple[WatchedBill, ...]


def _paragraphs(document: Document, watched: WatchList) -> Iterator[_Paragraph]:
    """The title and the blocks of the text that name a watched bill, the first ones; under a title
    that names one bill alone the first blocks that name none are about it too."""
    count, start = 0, 0
    titled = watched.named_in(document.title)
    blocks = [(-1, document.title)]
    for line in document.text.split("\n"):
        blocks.append((start, line))
        start += len(line) + 1
    unnamed = MOST_UNNAMED if len(titled) == 1 else 0
    for at, text in blocks:
        named = watched.named_in(text)
        if not named and unnamed and text.strip() and not _names_a_bill(text):
            unnamed -= 1
            named = titled
        if named and count < MOST_PARAGRAPHS:
            count += 1
            yield _Paragraph(start=at, text=text, bills=named)


def _names_a_bill(text: str) -> bool:
    return any(isinstance(token.value, Bill) for token in mark_spans(text, 0, len(text)))


def _read(
    document: Document, paragraph: _Paragraph, bill: WatchedBill, rules: Rules
) -> Iterator[Finding]:
    """What the paragraph says of the bill, once its matter is known."""
    beside = replace(
        document,
        title=f"{_MATTER[bill.family]}. {document.title}" if paragraph.start >= 0 else
        _MATTER[bill.family],
        text=f"{paragraph.text}\n{_around(document, paragraph)}",
        change=None,
    )  # fmt: skip
    alone = len({one.state for one in paragraph.bills if one.number == bill.number}) == 1
    for finding in rules(beside):
        state = finding.jurisdiction.state
        inside = finding.quote.start >= 0 and finding.quote.end <= len(paragraph.text)
        its_own = _is_of(finding, bill) and finding.event_type.value.startswith(FAMILIES)
        if inside and its_own and (state == bill.state or (state is None and alone)):
            yield _finding(finding, paragraph, bill)


def _around(document: Document, paragraph: _Paragraph) -> str:
    """The document without the paragraph and its own headline, which would make another beginning
    of the story."""
    told = {paragraph.text.strip(), document.title.strip()}
    lines = document.text[:_MOST_CHARS].split("\n")
    return "\n".join(line for line in lines if line.strip() not in told)


def _is_of(finding: Finding, bill: WatchedBill) -> bool:
    if finding.bill and bill.number:
        return folded(finding.bill) == folded(bill.number)
    low = finding.quote.text.casefold()
    return any(name.casefold() in low for name in bill.names)


def _finding(finding: Finding, paragraph: _Paragraph, bill: WatchedBill) -> Finding:
    """The finding as one of the document itself; the type is of the bill's own family."""
    outcome = finding.event_type.value.rpartition("_")[2]
    placed = finding.jurisdiction.state is not None
    at = paragraph.start
    quote = finding.quote
    return replace(
        finding,
        event_type=EventType(f"{bill.family}_{outcome}"),
        direction=_direction(bill.family, outcome),
        jurisdiction=replace(finding.jurisdiction, state=bill.state),
        bill=bill.number or finding.bill,
        quote=replace(quote, start=quote.start + at, end=quote.end + at)
        if at >= 0
        else Quote(text=quote.text, start=-1, end=-1),
        worth=finding.worth if placed else Worth.REVIEW,
        attributes=tuple(sorted({**dict(finding.attributes), WATCHED: "1"}.items())),
    )


def _direction(family: str, outcome: str) -> Direction:
    """A mandate points towards cooperation and a limit away from it; blocked, the other way."""
    toward = (family == "state_mandate") is not (outcome == "blocked")
    return Direction.TOWARD if toward else Direction.AWAY
