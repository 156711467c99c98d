"""Agencies by name: permanent ids that survive renames, and never join two towns of one name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from monitor.detect.ledger.match import key_of
from monitor.detect.ledger.state import Entry
from monitor.domain.ident import content_id
from monitor.domain.roster import RosterRow, RowState
from monitor.domain.vocabulary import Model
from monitor.resolve.agency import (
    AgencyAliases,
    AgencyKey,
    AgencyKind,
    NameRelation,
    agency_id,
    relation,
)

Names = Mapping[str, tuple[tuple[str, str], ...]]
_TOWN_BODIES = frozenset({AgencyKind.POLICE, AgencyKind.CONSTABLE, AgencyKind.MARSHAL})


class AgreementKeys:
    """Permanent agreement ids by what a row says now: its agency and its model.

    An id is made of the agency and model first seen and stays when the row comes to name another
    body; where that would give one id to two agreements, the later gets a number.
    """

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self._taken = set(entries)
        self._at: dict[tuple[str, Model], str] = {}
        for key in sorted(entries, key=lambda key: _precedence(entries[key])):
            row = entries[key].agreement.row
            self._at[(row.agency_id, row.model)] = key

    def of(self, row: RosterRow) -> str:
        """The id of the agreement that a row stands for; a new one where there is none."""
        place = (row.agency_id, row.model)
        if place not in self._at:
            base = f"{row.agency_id}-{row.model.value}"
            names = (base, *(f"{base}-{number}" for number in range(2, 1000)))
            self._at[place] = next(name for name in names if name not in self._taken)
            self._taken.add(self._at[place])
        return self._at[place]

    def find(self, row: RosterRow) -> str | None:
        """The id of a known agreement of the row's agency and model, or None."""
        return self._at.get((row.agency_id, row.model))

    def move(self, key: str, before: RosterRow, after: RosterRow) -> None:
        """The agreement's row names another agency now."""
        self._at.pop((before.agency_id, before.model), None)
        self._at[(after.agency_id, after.model)] = key


#: Of several agreements of one agency and model, a row means the one that stands most surely.
_STANDING = (RowState.ENDED, RowState.UNCONFIRMED, RowState.HELD, RowState.ACTIVE)


def _precedence(entry: Entry) -> tuple[int, str]:
    return _STANDING.index(entry.agreement.state), entry.agreement.id


class Directory:
    """The names known so far, growing while one publication is read.

    `names` maps "state|canonical name" to (county, agency id) pairs; the county is FIPS or "".
    `known` are the newest rows of all agreements: a county has one sheriff, by whatever name.
    """

    def __init__(self, names: Names, aliases: AgencyAliases, known: Iterable[RosterRow]) -> None:
        self._names = dict(names)
        self._aliases = aliases
        self._sheriffs: dict[str, list[tuple[AgencyKey, str]]] = defaultdict(list)
        for row in known:
            key = key_of(row)
            if key.kind is AgencyKind.SHERIFF and row.county_fips:
                self._sheriffs[row.county_fips].append((key, row.agency_id))

    @property
    def names(self) -> Names:
        """All names, for the next state."""
        return self._names

    def find(self, row: RosterRow) -> str | None:
        """The id of the agency that a row names, or None for one never seen."""
        known = self._names.get(self._aliases.resolve(key_of(row)), ())
        if not known:
            return self._sheriff(row)
        county = _county(row)
        exact = [found for where, found in known if where == county]
        if exact:
            return exact[0]
        if not county or any(not where for where, _ in known):
            return known[0][1]
        return None

    def _sheriff(self, row: RosterRow) -> str | None:
        """The sheriff of the row's county, where the names differ by a qualifier only."""
        key = key_of(row)
        if key.kind is not AgencyKind.SHERIFF or not row.county_fips:
            return None
        found = {
            known_id
            for name, known_id in self._sheriffs.get(row.county_fips, ())
            if relation(name, key) is NameRelation.QUALIFIER
            and not self._aliases.never_same(name, key)
        }
        return found.pop() if len(found) == 1 else None

    def place(self, row: RosterRow) -> RosterRow:
        """The row with its agency's id: the known one, else a new permanent one."""
        found = self.find(row) or self._new_id(row)
        self.learn(row, found)
        return replace(row, agency_id=found)

    def learn(self, row: RosterRow, known_id: str) -> None:
        """Remember that a row's name, in its county, means this agency."""
        key = self._aliases.resolve(key_of(row))
        entry = (_county(row), known_id)
        known = self._names.get(key, ())
        if entry not in known:
            self._names[key] = (*known, entry)

    def _new_id(self, row: RosterRow) -> str:
        """Content id of state and first name; of the county too where the name is taken."""
        if self._names.get(self._aliases.resolve(key_of(row))):
            return content_id("agency", row.state, key_of(row).canonical, _county(row))
        return agency_id(row.state, row.agency)

    def renamed(self, before: RosterRow, after: RosterRow, *, stays: bool) -> RosterRow:
        """The row after an edit of its name, with the id of the agency it now names.

        A known name keeps its own agency. Otherwise the name is a new one of the same agency,
        unless the two are different bodies and the old one `stays` on the list with other rows.
        """
        found = self.find(after)
        if found is None:
            moved = stays and key_of(before).kind is not key_of(after).kind
            found = self._new_id(after) if moved else before.agency_id
        self.learn(after, found)
        return replace(after, agency_id=found)


def _county(row: RosterRow) -> str:
    """The county that tells two towns of one name apart; "" where the name needs none."""
    key = key_of(row)
    if key.kind not in _TOWN_BODIES or "county" in key.canonical.split():
        return ""
    return row.county_fips or ""
