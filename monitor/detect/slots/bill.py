"""Codes in a sentence: the program's name in every spelling, bills, acts, orders, amounts."""

from __future__ import annotations

from dataclasses import dataclass

import re2

from monitor.detect.language.patterns import late
from monitor.detect.language.tokens import Token, first_digit
from monitor.detect.language.words import word_set

_SPAN = late(
    r"(?i)(?P<program>(?:\bsec(?:tion|\.)?\s*|\bss?\s*)?\b2[78][78]\s?[-]?\s?\(\s?g\s?\)"
    r"|\b(?:section )?2[78][78]-?g\b|\b287 g\b|\"287\"|\b287\b"
    r"|(?:8 u\.?s\.?c\.?\s*(?:sec(?:tion|\.)?)?\s*)?\b1357\s?\(\s?g\s?\))"
    r"|(?P<order>\b(?:executive order|e\.?o\.?|executive directive|administrative order)"
    r"\s*(?:no\.?\s*|number )?\d{1,5}(?:-\d{1,4})?\b)"
    r"|(?P<bill>\b(?:(?:senate|house|assembly)\s(?:bill|file|memorial|joint memorial|(?:joint |"
    r"concurrent )?resolution)s?|legislative (?:bill|document)"
    r"|(?:[sh]\.?\s?[bfrd]|a\.?b|[sh]m|[sh]\.?j\.?r|[sh]\.?c\.?r|[sh]jm)\.?"
    r"|l\.?[db]\.?|h\.?p\.?|s\.?p\.?|[hsa]\.)\s*(?:no\.?\s*|number )?#?"
    r"\d{1,5}(?:\s?-\s?[a-d]\b|[a-z]\b)?"
    r"|\b[has]\d{3,5}[a-z]?\b)"
    r"|(?P<act>\b(?:pub(?:lic|\.)? ?(?:ch(?:apter|\.)?|act|law)|act|chapter|sl|pl) (?:no\.? ?)?"
    r"(?:\d{4}-)?\d{1,4}\b)"
    r"|(?P<money>\$\s?\d[\d,.]*(?:\s(?:thousand|million|billion))?)"
    r"|(?P<tally>\b\d{1,3}(?:-| to )\d{1,3}(?:-\d{1,2})?\b)"
    r"|(?P<num>\b\d{1,3}(?:,\d{3})+\b|\b\d{1,7}\b)"
)
#: How the program is written most often, and words before it with which nothing else begins.
_PLAINLY, _NO_HEADS = "287(g)", (" a ", " the ", " its ", " their ", " this ", " new ", " of ")
_GROUPS = ("program", "order", "bill", "act", "money", "tally", "num")
_NUMBER_WORD = re2.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Bill:
    """A bill, act or order in normal form, e.g. "SB 2-C", "HB 318", "Pub. Ch. 1015", "EO 47"."""

    number: str
    kind: str


@dataclass(frozen=True, slots=True)
class Amount:
    """A count or a sum of dollars."""

    value: float
    dollars: bool = False


def mark_spans(text: str, start: int, end: int) -> list[Token]:
    """Symbols of the codes and numbers between two offsets, in order."""
    figure = first_digit(text, start, end)
    tokens: list[Token] = []
    behind = start
    while figure >= 0:
        if text.startswith(_PLAINLY, figure) and text.endswith(_NO_HEADS, behind, figure):
            behind = figure + len(_PLAINLY)
            tokens.append(Token(_PLAINLY, figure, behind, "PROGRAM"))
            figure = first_digit(text, behind, end)
        else:
            return tokens + _spelled_codes(text, start, behind, end)
    return tokens


def _spelled_codes(text: str, start: int, behind: int, end: int) -> list[Token]:
    """Symbols of a piece of text, of which what stands before `behind` was read."""
    piece = text[start:end]
    tokens: list[Token] = []
    view = piece.encode("ascii", "replace")  # as many bytes as characters
    spans = _SPAN.spans(view, behind - start)
    while spans is not None:
        kind = next(name for name, (at, _) in zip(_GROUPS, spans[1:], strict=True) if at >= 0)
        token = _token(kind, spans[0], piece, start)
        if token is not None:
            tokens.append(token)
        behind = spans[0][1]
        more = first_digit(text, start + behind, end) >= 0  # all of them have figures
        spans = _SPAN.spans(view, behind) if more else None
    return tokens


def _token(kind: str, span: tuple[int, int], piece: str, offset: int) -> Token | None:
    first, behind = span
    words = piece[first:behind]
    at, to = offset + first, offset + behind
    match kind:
        case "program":
            return _program(words, piece[behind:], at, to)
        case "bill" | "act" | "order":
            return Token(words.lower(), at, to, "ORDER" if kind == "order" else "BILL",
                         Bill(normal_bill(words), kind))  # fmt: skip
        case "money":
            return Token(words.lower(), at, to, "MONEY", Amount(_dollars(words), True))
        case "tally":
            return _tally(words, piece, first, behind, at)
        case _:
            return _number(words, piece, first, behind, at)


def _program(words: str, after: str, at: int, to: int) -> Token | None:
    """`287` needs a word of the program beside it; `287 g of` is a weight."""
    following = after.split(None, 1)[0].lower().strip(".,;") if after.strip() else ""
    bare = words.strip('" ').lower()
    if bare == "287" and following not in {"program", "agreement", "agreements", "partnership"}:
        return None if '"' not in words else Token("287(g)", at, to, "PROGRAM")
    if bare in {"287 g", "287g"} and words.islower() and following == "of":
        return None
    return Token("287(g)", at, to, "PROGRAM")


def _tally(words: str, piece: str, start: int, end: int, at: int) -> Token | None:
    if piece[end : end + 1] in {"-", "/"} or piece[max(0, start - 1) : start] in {"-", "/", "$"}:
        return None
    return Token(words.lower().replace(" to ", "-"), at, at + len(words), "TALLY")


def _number(words: str, piece: str, start: int, end: int, at: int) -> Token | None:
    """A plain count; years, dates, ordinals and parts of codes are left to others."""
    around = piece[max(0, start - 1) : start] + piece[end : end + 1]
    value = float(words.replace(",", ""))
    if any(char in "-/(:%" for char in around) or 1900 <= value <= 2100:
        return None
    before = piece[:start].split()[-1:] or [""]
    month = before[0].strip(".,").lower()[:3]
    if month in _MONTH_STEMS and value <= 31:
        return None
    following = piece[end:].split(None, 1)[:1] or [""]
    if following[0].strip(".,").lower()[:3] in _MONTH_STEMS and value <= 31:
        return None
    return Token(words, at, at + len(words), "NUM", Amount(value))


_MONTH_STEMS = word_set("jan feb mar apr may jun jul aug sep oct nov dec")


def _dollars(words: str) -> float:
    parts = words.lower().replace("$", "").replace(",", "").split()
    scale = {"thousand": 1e3, "million": 1e6, "billion": 1e9}.get(parts[-1], 1.0)
    try:
        return float(parts[0].rstrip(".")) * scale
    except ValueError:
        return 0.0


_HEADS = (
    ("senate joint memorial", "SJM"), ("house joint memorial", "HJM"),
    ("senate joint resolution", "SJR"), ("house joint resolution", "HJR"),
    ("senate concurrent resolution", "SCR"), ("house concurrent resolution", "HCR"),
    ("senate resolution", "SR"), ("house resolution", "HR"), ("assembly resolution", "AR"),
    ("senate memorial", "SM"), ("house memorial", "HM"),
    ("senate file", "SF"), ("house file", "HF"), ("senate bill", "SB"), ("house bill", "HB"),
    ("assembly bill", "AB"), ("legislative bill", "LB"), ("legislative document", "LD"),
    ("executive order", "EO"), ("executive directive", "ED"), ("administrative order", "AO"),
    ("public chapter", "Pub. Ch."), ("pub. ch.", "Pub. Ch."), ("pub. ch", "Pub. Ch."),
    ("public act", "Pub. Act"), ("public law", "Pub. Law"), ("chapter", "Ch."), ("act", "Act"),
)  # fmt: skip


def normal_bill(words: str) -> str:
    """`Senate Bill 2C`, `S.B. No. 2-C` and `SB2C` -> `SB 2-C`; `H.4764` -> `H 4764`."""
    low = " ".join(words.lower().split())
    match = _NUMBER_WORD.search(low)
    if match is None:
        return words
    head, number = low[: match.start()].strip(), low[match.start() :].strip()
    head = head.replace("number", "").replace("no.", "").replace(" no", "").strip(" #")
    head = head.replace("bills", "bill").replace("resolutions", "resolution")
    prefix = next((short for name, short in _HEADS if head == name), "")
    prefix = prefix or head.replace(".", "").replace(" ", "").upper()
    return f"{prefix} {_suffixed(number, match.end() - match.start())}"


def _suffixed(number: str, digits: int) -> str:
    rest = number[digits:].replace("-", "").replace(" ", "").upper()
    if rest.isdigit():
        return number
    return number[:digits].lstrip("0") + (f"-{rest}" if rest else "")
