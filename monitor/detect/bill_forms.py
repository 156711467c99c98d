"""The ways in which a bill's number is written, for a scan of raw bytes. Pure."""

from __future__ import annotations

import re


def bill_forms(term: str) -> tuple[str, ...]:
    """A watched term and, for a bill number, the ways in which its chamber is written."""
    found = re.fullmatch(
        r"([A-Za-z][A-Za-z.\s]{0,9}?)\s*\.?\s*(?:No\.?\s*)?(\d+\s*-?\s*[A-Z]?)", term
    )
    if not found:
        return (term,)
    letters = re.sub(r"[^A-Z]", "", found[1].upper())
    long = _CHAMBERS.get(letters, ())
    heads = (letters, *long)
    return tuple(f"{head} {no}{found[2]}" for head in heads for no in ("", "No. "))


_CHAMBERS = {
    "SB": ("Senate Bill", "S"),
    "HB": ("House Bill", "H"),
    "AB": ("Assembly Bill", "A"),
    "S": ("Senate Bill", "SB", "Senate"),
    "H": ("House Bill", "HB", "House"),
    "A": ("Assembly Bill", "AB", "Assembly"),
    "HF": ("House File",),
    "SF": ("Senate File",),
    "LD": ("Legislative Document",),
    "LB": ("Legislative Bill",),
    "HR": ("House Resolution",),
    "SR": ("Senate Resolution",),
}
