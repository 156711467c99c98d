"""Cells to values: states, models, types, counties, days; what was repaired is kept beside."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta
from functools import lru_cache

from rapidfuzz.distance import OSA

from monitor.domain.states import CODES_BY_NAME
from monitor.domain.vocabulary import Model

#: 287(g) became law in September 1996; no agreement can be older.
FIRST_DAY = date(1996, 9, 30)
_CODES = frozenset(CODES_BY_NAME.values())
_STATE_ALIASES = {
    "cnmi": "MP",
    "commonwealth of the northern mariana islands": "MP",
    "northern marianas": "MP",
    "virgin islands": "VI",
    "u s virgin islands": "VI",
    "washington dc": "DC",
    "washington d c": "DC",
}
_MODELS = {
    "jail enforcement model": Model.JEM,
    "warrant service officer": Model.WSO,
    "warrant service officer model": Model.WSO,
    "task force model": Model.TFM,
    "task force officer": Model.TFM,
    "tribal task force model": Model.TTFM,
    "jem": Model.JEM,
    "wso": Model.WSO,
    "tfm": Model.TFM,
    "tfo": Model.TFM,
    "ttfm": Model.TTFM,
}
_TYPES = {
    "county": "County",
    "counties": "County",
    "municipality": "Municipality",
    "municipal": "Municipality",
    "city": "Municipality",
    "state agency": "State",
    "state": "State",
    "tribal": "Tribal",
    "tribe": "Tribal",
}
_PLACEHOLDERS = frozenset({"", "na", "none", "tbd", "county", "notapplicable", "null", "unknown"})


@lru_cache(maxsize=16_384)
def clean(text: str) -> str:
    """NFKC, plain apostrophes, single spaces; letters and case untouched."""
    plain = unicodedata.normalize("NFKC", text).replace("\u200b", "").replace("\ufeff", "")
    plain = re.sub("[\u2018\u2019\u02bc\u0060\u00b4\u2032]", "'", plain)
    return " ".join(plain.split())


@lru_cache(maxsize=16_384)
def words(text: str) -> str:
    """Letters and digits in lower case, single spaces: the form in which words are compared."""
    return " ".join(re.sub(r"[^0-9a-z]+", " ", clean(text).casefold()).split())


def _nearest(text: str, known: tuple[str, ...], most: int) -> str | None:
    """The one known word within `most` edits; None where there is none or more than one."""
    cutoff = most if len(text) >= 6 else 1
    scored = sorted((OSA.distance(text, word, score_cutoff=cutoff), word) for word in known)
    best = [word for distance, word in scored if distance == scored[0][0]]
    return best[0] if scored[0][0] <= cutoff and len(best) == 1 else None


@lru_cache(maxsize=16_384)
def state_code(cell: str) -> str | None:
    """Two letters for a state as printed: name, code or a misspelling with one reading."""
    text = words(cell)
    if text.upper() in _CODES:
        return text.upper()
    code = CODES_BY_NAME.get(text) or _STATE_ALIASES.get(text)
    if code or len(text) < 4:
        return code
    joined = {name.replace(" ", ""): name for name in CODES_BY_NAME}
    name = _nearest(text.replace(" ", ""), tuple(joined), 2)
    return CODES_BY_NAME[joined[name]] if name else None


@lru_cache(maxsize=16_384)
def model_of(cell: str) -> Model:
    """The model a SUPPORT TYPE cell names; UNKNOWN where it names none, never a guess."""
    text = words(cell)
    if text in _MODELS:
        return _MODELS[text]
    near = _nearest(text, tuple(_MODELS), 3) if len(text) >= 12 else None
    if near:
        return _MODELS[near]
    return _model_by_word(text)


def _model_by_word(text: str) -> Model:
    """Exactly one of the models' own words stands in the cell."""
    found = {
        model
        for word, model in (("jail", Model.JEM), ("warrant", Model.WSO), ("task force", Model.TFM))
        if word in text
    }
    if "tribal" in text and found <= {Model.TFM}:
        return Model.TTFM
    return found.pop() if len(found) == 1 else Model.UNKNOWN


@lru_cache(maxsize=16_384)
def type_of(cell: str) -> str:
    """County, Municipality, State or Tribal; a placeholder is empty; anything else as printed."""
    text = words(cell)
    if text.replace(" ", "") in _PLACEHOLDERS - {"county"}:
        return ""
    known = _TYPES.get(text) or _TYPES.get(_nearest(text, tuple(_TYPES), 2) or "")
    return known or clean(cell)


@lru_cache(maxsize=16_384)
def county_name(cell: str) -> str | None:
    """The county as printed, in order; None for a placeholder (`#N/A`, `NA`, bare `County`)."""
    return None if words(cell).replace(" ", "") in _PLACEHOLDERS else clean(cell)


def signed_day(cell: str, published: date) -> tuple[date | None, bool]:
    """The SIGNED day and whether the cell had to be repaired.

    A day is repaired only where the digits leave one reading not after the publication:
    `05/082025`, `7/72025`, `5/31/20026`, the year 5025, a spreadsheet serial. Day first is never
    assumed: ICE writes month, day, year.
    """
    text = cell.strip()
    if not text or words(text).replace(" ", "") in _PLACEHOLDERS:
        return None, False
    day = _iso(text)
    if day is not None and _plausible(day, published):
        return day, False
    readings = {d for d in _readings(text) if _plausible(d, published)}
    if not readings:
        return day, day is None
    return max(readings), True


def _iso(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _plausible(day: date, published: date) -> bool:
    return FIRST_DAY <= day <= published + timedelta(days=31)


def _readings(text: str) -> list[date]:
    """Every day the digits can mean as month, day, year."""
    serial = re.fullmatch(r"(\d{5})(?:\.\d+)?", text)
    if serial:
        return [date(1899, 12, 30) + timedelta(days=int(serial.group(1)))]
    iso = re.fullmatch(r"(\d{4,5})-(\d{1,2})-(\d{1,2})(?:[T ].*)?", text)
    if iso:
        return _days(iso.group(2), iso.group(3), iso.group(1))
    plain = re.fullmatch(r"(\d{1,2})\D+(\d{1,2})\D+(\d{2,5})", text)
    if plain:
        return _days(plain.group(1), plain.group(2), plain.group(3))
    return _run_together(text)


def _run_together(text: str) -> list[date]:
    """`05/082025`, `7/72025`, `0508/2025`, `05082025`: a separator was left out."""
    digits = re.sub(r"\D", "", text)
    if not 6 <= len(digits) <= 8 or len(re.findall(r"\D+", text)) > 1:
        return []
    first = re.match(r"(\d{1,2})\D", text)
    head, year = digits[:-4], digits[-4:]
    cuts = [len(first.group(1))] if first and len(first.group(1)) < len(head) else [1, 2]
    return [day for cut in cuts for day in _days(head[:cut], head[cut:], year)]


def _days(month: str, day: str, year: str) -> list[date]:
    found = []
    for candidate in _years(year):
        try:
            found.append(date(candidate, int(month), int(day)))
        except ValueError:
            continue
    return found


def _years(text: str) -> set[int]:
    """The years a mistyped year can mean: one digit too many, or a wrong first digit."""
    if len(text) == 2:
        return {2000 + int(text)}
    if len(text) == 5:
        return {int(text[:i] + text[i + 1 :]) for i in range(5)}
    return {int(text), int("2" + text[1:]), int("20" + text[2:])}


def same_words(left: str | None, right: str | None) -> bool:
    """Equal but for case, punctuation and white space."""
    return words(left or "") == words(right or "")
