"""ICE's own errors, seen in a row or between rows: findings of their own, never corrections."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from rapidfuzz import fuzz

from monitor.detect.ledger.links import file_key
from monitor.detect.ledger.match import key_of
from monitor.detect.ledger.places import county_words
from monitor.detect.ledger.publication import Counties
from monitor.domain.roster import RosterRow
from monitor.domain.states import CODES_BY_NAME
from monitor.domain.vocabulary import Model

#: From signing to listing it takes a day as a rule and eight at most but for one in ten; what
#: took longer was a mistyped year every time.
_LATE = timedelta(days=300)
_FILE_MODEL = {
    "tfm": Model.TFM,
    "tf": Model.TFM,
    "wso": Model.WSO,
    "jem": Model.JEM,
}
_STATES = frozenset(name.replace(" ", "") for name in CODES_BY_NAME)


class OddityKind(StrEnum):
    """What is odd about a row."""

    FOREIGN_FILE = "foreign_file"  #: the linked file names another listed agency
    SHARED_FILE = "shared_file"  #: one file under two agencies or models
    OTHER_MODEL = "other_model"  #: the linked file names another model
    IMPOSSIBLE_DATE = "impossible_date"  #: after the publication, or long before it
    OTHER_COUNTY = "other_county"  #: the agency's name and the printed county disagree


@dataclass(frozen=True, slots=True, kw_only=True)
class Oddity:
    """One error of the publisher, with the row that shows it."""

    kind: OddityKind
    row: RosterRow
    note: str


def oddities(
    rows: Sequence[RosterRow],
    published_at: datetime,
    counties: Counties,
    agencies: frozenset[str] | None = None,
) -> tuple[Oddity, ...]:
    """All oddities of a reading, in order of the rows, by kind within a row.

    With `agencies` only rows of these are looked at, still against all others.
    """
    found: list[Oddity] = []
    sharing = _sharing(rows)
    owners = _owners(rows)
    for row in rows:
        if agencies is not None and row.agency_id not in agencies:
            continue
        found += _file_oddities(row, sharing, owners)
        found += _date_oddities(row, published_at)
        found += _county_oddities(row, counties)
    return tuple(found)


def fresh(before: Sequence[Oddity], after: Sequence[Oddity]) -> tuple[Oddity, ...]:
    """Those oddities that were not there before: each is told once, when it appears."""
    known = {(odd.kind, odd.row.agency_id, odd.row.model, odd.note) for odd in before}
    return tuple(
        odd for odd in after if (odd.kind, odd.row.agency_id, odd.row.model, odd.note) not in known
    )


def _sharing(rows: Sequence[RosterRow]) -> dict[str, list[RosterRow]]:
    files: dict[str, list[RosterRow]] = defaultdict(list)
    for row in rows:
        if row.moa:
            files[file_key(row.moa)].append(row)
    return {key: sharers for key, sharers in files.items() if len(sharers) > 1}


def _owners(rows: Sequence[RosterRow]) -> dict[str, set[str]]:
    """Naming words joined -> agency ids, for names long enough to be sure of."""
    owners: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        name = _joined(row)
        if len(name) >= 5 and name not in _STATES:
            owners[name].add(row.agency_id)
    return owners


def _joined(row: RosterRow) -> str:
    key = key_of(row)
    return "".join(word for word in key.canonical.split() if word in key.naming)


def _file_oddities(
    row: RosterRow, sharing: dict[str, list[RosterRow]], owners: dict[str, set[str]]
) -> list[Oddity]:
    key = file_key(row.moa)
    if not key:
        return []
    found = []
    others = [o for o in sharing.get(key, ()) if (o.agency_id, o.model) != _who(row)]
    if others:
        names = ", ".join(sorted({f"{o.agency} {o.model.value}" for o in others}))
        found.append(Oddity(kind=OddityKind.SHARED_FILE, row=row, note=f"same file as {names}"))
    model = file_model(row.moa or "")
    if model is not None and model is not row.model:
        note = f"file says {model.value}, row says {row.model.value}"
        found.append(Oddity(kind=OddityKind.OTHER_MODEL, row=row, note=note))
    if names_another(row, key, owners):
        note = f"file {(row.moa or '').rpartition('/')[2]} does not name {row.agency}"
        found.append(Oddity(kind=OddityKind.FOREIGN_FILE, row=row, note=note))
    return found


def _who(row: RosterRow) -> tuple[str, Model]:
    return row.agency_id, row.model


def names_another(row: RosterRow, key: str, owners: dict[str, set[str]]) -> bool:
    """The file names another listed agency and not the row's own."""
    mine = _joined(row)
    if len(mine) < 4 or fuzz.partial_ratio(mine, key) >= 70:
        return False
    if any(word[:5] in key for word in key_of(row).naming if len(word) >= 4):
        return False
    return any(key.startswith(name) and row.agency_id not in ids for name, ids in owners.items())


def file_model(url: str) -> Model | None:
    """The model that a file name carries as a word of its own, or None."""
    name = re.sub(r"([a-z])([A-Z]{2,})", r"\1 \2", url.rpartition("/")[2])
    words = re.split(r"[^A-Za-z]+", name.replace("287g", " "))
    found = {_FILE_MODEL[word.casefold()] for word in words if word.casefold() in _FILE_MODEL}
    return found.pop() if len(found) == 1 else None


def _date_oddities(row: RosterRow, published_at: datetime) -> list[Oddity]:
    raw = dict(row.raw).get("signed")
    if raw:
        note = f"SIGNED reads {raw!r}, taken as {row.signed or 'unknown'}"
        return [Oddity(kind=OddityKind.IMPOSSIBLE_DATE, row=row, note=note)]
    if row.signed and row.signed > published_at.date():
        note = f"signed {row.signed}, after the list of {published_at.date()}"
        return [Oddity(kind=OddityKind.IMPOSSIBLE_DATE, row=row, note=note)]
    return []


def late_listing(row: RosterRow, published_at: datetime) -> Oddity | None:
    """A new row whose date is very old: most likely a mistyped year."""
    if row.signed is None or published_at.date() - row.signed <= _LATE:
        return None
    note = f"first listed {published_at.date()} with the date {row.signed}"
    return Oddity(kind=OddityKind.IMPOSSIBLE_DATE, row=row, note=note)


def _county_oddities(row: RosterRow, counties: Counties) -> list[Oddity]:
    """A name that carries a county of the state, and another county printed beside it."""
    named = re.match(r"(.+?) (?:county|parish)\b", key_of(row).canonical)
    if not named or not row.county:
        return []
    own = counties.county(row.state, f"{named.group(1)} county")
    if own is None or row.county_fips == own.fips:
        return []
    if county_words(row.county) == named.group(1):
        return []
    note = f"name says {named.group(1).title()}, county column says {row.county}"
    return [Oddity(kind=OddityKind.OTHER_COUNTY, row=row, note=note)]
