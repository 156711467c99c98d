"""Pages of bill trackers and legislatures: the stage that their lists of steps have come to. Pure.

Such a page tells nothing in sentences: a step stands on a line of its own, its day beside it or on
the next line ("Signed/Enacted/Adopted", "03/12/2024").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

import re2

from monitor.detect.bills import STAGES, UNDATED
from monitor.detect.document import Document
from monitor.detect.slots.bill import normal_bill
from monitor.detect.slots.state_names import STATE_NAMES
from monitor.domain.vocabulary import DocumentKind, Stage

#: Lines that are looked through, and the longest that can be a step.
_MOST_LINES, _STEP_CHARS = 400, 100
#: So short a page of so few lines tells its steps in sentences: "Introduced 02/12/2025. Dead".
_FEW_LINES, _SHORT_CHARS = 2, 600
_OF_A_TOWN = re2.compile(r"(?i)\b(?:ordinance|in control:|city council|board of supervisors)")
_SENTENCE = re2.compile(r"[.;] +")
#: Lines that say what a bill does, and the shortest; lines that may name the legislature.
_MATTER_LINES, _MATTER_CHARS, _MATTER_MOST, _HEADING_LINES = 3, 30, 12, 4
_LAW_WORDS = re2.compile(
    r"(?i)\b(?:requir|prohibit|shall\b|may not|relating to|provid|mandat|authoriz|direct|forbid|ban"
    r"|restrict|limit|creat|amend|clarif)"
)
#: A step's words, the furthest first: the last of these that a day stands by is where the bill is.
_STEPS: tuple[tuple[Stage, str], ...] = (
    (Stage.WITHOUT_SIGNATURE, r"law without|without (?:the )?(?:governor'?s? )?signature"),
    (Stage.VETO_OVERRIDDEN, r"veto overrid"),
    (
        Stage.SIGNED_INTO_LAW,
        r"signed by|signed into|^signed\b|signed/|became law|chaptered|public (?:law|act|chapter) "
        r"|^(?:act|chapter|ch\.) \d|acts? (?:no\.? ?)?\d|approved by (?:the )?governor"
        r"|governor (?:signed|approved)|^(?:status: )?enacted|effective date|acts of assembly chap",
    ),
    (Stage.VETOED, r"vetoed|governor'?s veto"),
    (
        Stage.DIED,
        r"\bdied\b|\bdead\b|sine die|indefinitely postponed|inexpedient to legislate|^failed"
        r"|failed to|ought not to pass.*(?:accepted|adopted)|withdrawn",
    ),
    (
        Stage.PASSED_BOTH,
        r"enrolled|passed to be enacted|(?:sent|presented|delivered|transmitted) to (?:the )?gov"
        r"|passed both|^passed$|^passed \d|final passage|held by the governor",
    ),
    (
        Stage.PASSED_ONE_CHAMBER,
        r"crossed over|engrossed|passed (?:the )?(?:house|senate|assembly)"
        r"|(?:ordered|transmitted|messaged|communicated) to (?:the )?(?:house|senate|assembly)"
        r"|(?:house|senate|assembly) passed|third (?:reading|time).*passed|passed.*third (?:reading"
        r"|time)|passed on (?:third|final)",
    ),
    (
        Stage.IN_COMMITTEE,
        r"in committee|referred to|re-?referred|committee report|reported (?:favorably|out)"
        r"|\bto (?:the )?(?:house|senate|assembly|committee)\b|assigned to|hearing",
    ),
    (Stage.PREFILED, r"pre-?filed"),
    (
        Stage.INTRODUCED,
        r"introduced|^filed|\bfiled\)|first reading|read first time|read the first time",
    ),
)
_PATTERNS = tuple((stage, re2.compile(f"(?i){words}")) for stage, words in _STEPS)
_DAY = re2.compile(
    r"(?i)\b(?:(\d{1,2})/(\d{1,2})/(\d{2,4})|(\d{4})-(\d{2})-(\d{2})"
    r"|(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? (\d{1,2}),? (\d{4}))\b"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NUMBER = re2.compile(
    r"(?i)\b(?:(?:senate|house|assembly) (?:bill|file)|[hs]\.? ?[bf]\.?|a\.?b\.?|l\.?[bd]\.?"
    r"|[hsa]\.) ?(?:no\.? ?)?0*\d{1,5}\b|(?i)\b[hsa] \d{3,5}\b"
)


def staged_page(document: Document) -> Document:
    """The document with the stage that its page shows as a field; itself where it shows none.

    Only bills without fields of their own are looked at.
    """
    if document.kind is not DocumentKind.BILL or document.fields or document.change is not None:
        return document
    lines = _lines(document.text)
    steps = sorted(_steps(lines), key=_order)
    step = _furthest(steps[-1] if steps else _titled(document.title), _printed(lines))
    if step is None:
        return document
    day, stage, words = step
    told = f"{day.isoformat() if day else UNDATED} {stage.value} {words}"
    state = _legislature(document.title)
    named = (("jurisdiction", state),) if state else ()
    return replace(
        document,
        fields=((STAGES, told), *_bill(document), *named),
        text=_matter(lines),
        source_states=(state,) if state else document.source_states,
    )


def _lines(text: str) -> list[str]:
    """The lines of a page that are not blank; its sentences where it stands in a line or two."""
    lines = [line.strip() for line in text.splitlines()[:_MOST_LINES] if line.strip()]
    long = len(lines) > _FEW_LINES or len(text) > _SHORT_CHARS
    if long or _OF_A_TOWN.search(text):
        return lines
    pieces = (piece for line in lines for piece in _SENTENCE.split(line))
    return [step for piece in pieces if piece for step in _steps_apart(piece)]


def _steps_apart(line: str) -> list[str]:
    """`introduced 5/21/25, engrossed 6/24/25`: a step and its day each; else the line itself."""
    parts = line.split(", ")
    told = len(parts) > 1 and all(_day(part) and _stage(part) for part in parts)
    return parts if told else [line]


def _bill(document: Document) -> tuple[tuple[str, str], ...]:
    number = _NUMBER.search(document.title) or _NUMBER.search(document.text[:600])
    return (("bill", normal_bill(number.group(0))),) if number else ()


def _legislature(title: str) -> str:
    """`WV HB 5483`: the state's code before the bill's number."""
    code = title[:2]
    led = code in STATE_NAMES and _NUMBER.match(title[2:].strip()) is not None
    return code if led else ""


def _matter(lines: Sequence[str]) -> str:
    """What the page says that the bill does: lines in words of laws, else its longest lines.

    They stand under its first lines as heading, in few paragraphs, so that all are of one story.
    """
    told = [line for line in lines[1:] if not (_day(line) and _stage(line))]
    laws = [line for line in told if len(line) > _MATTER_CHARS and _LAW_WORDS.search(line)]
    longest = sorted(told, key=len, reverse=True)[:_MATTER_LINES]
    chosen = [line.rstrip(";.") for line in (laws or longest)[:_MATTER_MOST]]
    heading = [line for line in lines[:_HEADING_LINES] if line not in chosen and not _stage(line)]
    return ". ".join([*heading, *chosen])


_Step = tuple[date | None, Stage, str]
_RANKS = {stage: rank for rank, (stage, _) in enumerate(reversed(_STEPS))}


def _order(step: _Step) -> tuple[date, int]:
    return step[0] or date.min, _RANKS[step[1]]


def _steps(lines: Sequence[str]) -> Iterator[_Step]:
    """Steps with the day of their line, or of the line beside it; a day belongs to one step."""
    lead = _days_lead(lines)
    for at, line in enumerate(lines):
        stage = _stage(line) if len(line) <= _STEP_CHARS else None
        if stage is None:
            continue
        beside = lines[max(0, at - 2) : at][::-1] if lead else lines[at + 1 : at + 2]
        day = _day(line) or next((d for one in beside if _only_day(one) and (d := _day(one))), None)
        if day is not None:
            yield day, stage, line


def _days_lead(lines: Sequence[str]) -> bool:
    """Whether days stand above their steps: a line before the first of them is none."""
    days = [at for at, line in enumerate(lines) if _only_day(line)]
    after = sum(1 for at in days if any(map(_stage, lines[at + 1 : at + 3])))
    before = sum(1 for at in days if at and _stage(lines[at - 1]))
    return after > before


def _only_day(line: str) -> bool:
    return len(line) <= 24 and _DAY.search(line) is not None


def _stage(line: str) -> Stage | None:
    return next((stage for stage, words in _PATTERNS if words.search(line)), None)


def _titled(title: str) -> _Step | None:
    """`SB 9: Sheriffs (Filed)`: the step in brackets at a title's end."""
    _, bracket, inside = title.rpartition("(")
    stage = _stage(inside) if bracket and len(inside) < 40 else None
    return (None, stage, inside.rstrip(") ")) if stage else None


_PRINTED = re2.compile(
    r"(?i)\bas (?:introduced and )?passed by (?:the )?(?:(both|house and senate|senate and house)"
    r"|house|senate|assembly)"
)


def _printed(lines: Sequence[str]) -> _Step | None:
    """`BILL AS INTRODUCED AND PASSED BY SENATE`: the version that a text is headed by."""
    for line in lines[:_HEADING_LINES]:
        if found := _PRINTED.search(line):
            both = found.group(1) is not None
            return None, Stage.PASSED_BOTH if both else Stage.PASSED_ONE_CHAMBER, found.group(0)
    return None


def _furthest(last: _Step | None, printed: _Step | None) -> _Step | None:
    """Lists of steps may end before the version that is shown."""
    if last is None or printed is None:
        return last or printed
    return printed if _RANKS[printed[1]] > _RANKS[last[1]] else last


def _day(line: str) -> date | None:
    found = _DAY.search(line)
    if found is None:
        return None
    m, d, y, iso_y, iso_m, iso_d, name, named_d, named_y = found.groups()
    if name:
        year, month, day = int(named_y), _MONTHS.index(name.lower()) + 1, int(named_d)
    elif iso_y:
        year, month, day = int(iso_y), int(iso_m), int(iso_d)
    else:
        year, month, day = int(y) + (2000 if len(y) == 2 else 0), int(m), int(d)
    try:
        return date(year, month, day)
    except ValueError:
        return None
