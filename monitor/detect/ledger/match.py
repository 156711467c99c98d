"""Which row of the new publication is which row of the old one: tiers, exact first.

Inside a tier pairs are one to one, in order. Fuzzy tiers only join a row that vanished with a row
that appeared in the same publication; two rows that are both there are never joined. In a short
list, from which many rows are missing, a missing row and a new one of another state are joined only
where a link or a county that was nowhere shows the error, and of another model not at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from monitor.detect.ledger.links import file_key
from monitor.detect.ledger.normalise import words
from monitor.detect.ledger.places import Places
from monitor.domain.roster import RosterRow
from monitor.resolve.agency import (
    AgencyAliases,
    AgencyKey,
    AgencyKind,
    NameRelation,
    agency_key,
    relation,
)

#: Bodies of one county that ICE's list has confused with each other.
_COUNTY_BODIES = frozenset(
    {
        AgencyKind.SHERIFF,
        AgencyKind.GOVERNING_BODY,
        AgencyKind.CORRECTIONS,
        AgencyKind.PROSECUTOR,
    }
)
MOA_TIER = "same MOA file"
STATE_TIER = "same agency in another state"
MODEL_TIER = "same agency, other model"
_CAMPUS_BODIES = frozenset({AgencyKind.CAMPUS, AgencyKind.GOVERNING_BODY})
_SCORES = {
    NameRelation.SAME: 5.0,
    NameRelation.ABBREVIATION: 4.0,
    NameRelation.TYPO: 3.0,
    NameRelation.QUALIFIER: 2.0,
    NameRelation.SIMILAR: 1.0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A row before and after, and why they are one; rows as positions in their lists."""

    before: int
    after: int
    tier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """The pairs in order of the new list, and what stayed alone on either side."""

    pairs: tuple[Pair, ...]
    vanished: tuple[int, ...]
    appeared: tuple[int, ...]


def key_of(row: RosterRow) -> AgencyKey:
    """The name key of a row."""
    return agency_key(row.state, row.agency)


def match_rows(
    before: Sequence[RosterRow],
    after: Sequence[RosterRow],
    *,
    aliases: AgencyAliases,
    places: Places,
    most_missing: int,
) -> Matching:
    """Match two readings of one list. `before` rows carry agency ids, `after` rows none.

    The list is short where more than `most_missing` rows are not on it, those counted of which only
    a namesake of another state, or another model of the agency, appeared.
    """
    found = _Matcher(before, after, aliases, places, short=False).run()
    if any(pair.tier in (STATE_TIER, MODEL_TIER) for pair in found.pairs):
        doubted = _Matcher(before, after, aliases, places, short=True).run()
        if len(doubted.vanished) > most_missing:
            return doubted
    return found


RowKey = Callable[[RosterRow], Hashable | None]


class _Matcher:
    """The mutable middle of match_rows: what is still alone on each side."""

    def __init__(
        self,
        before: Sequence[RosterRow],
        after: Sequence[RosterRow],
        aliases: AgencyAliases,
        places: Places,
        *,
        short: bool,
    ) -> None:
        self._before, self._after = before, after
        self._aliases, self._places = aliases, places
        self._short = short
        self._old = dict.fromkeys(range(len(before)))
        self._new = dict.fromkeys(range(len(after)))
        self._pairs: list[Pair] = []

    def run(self) -> Matching:
        """All tiers in order, each sees only what the ones before left alone; the pairs come in
        order of the new list."""
        self._tier("same row", content)
        self._tier(
            "same name, model, date and county",
            lambda r: (r.state, key_of(r).strict, r.model, r.signed, words(r.county or "")),
        )
        self._tier(
            "same name, model and date",
            lambda r: (r.state, key_of(r).strict, r.model, r.signed),
            self._one_place,
        )
        self._tier("same agency, model and date", self._dated_key, self._one_place)
        self._tier("same agency and model", self._identity, self._one_place)
        self._tier(MOA_TIER, _moa_key, self._one_document, unique=True)
        self._tier(STATE_TIER, self._stateless, self._one_moved, unique=True)
        self._best("like name, same model and date", self._like, same_date=True)
        self._best("like name, model and county, other date", self._redated, same_date=False)
        self._tier(MODEL_TIER, self._modelless, self._one_switched, unique=True)
        return Matching(
            pairs=tuple(sorted(self._pairs, key=lambda pair: pair.after)),
            vanished=tuple(self._old),
            appeared=tuple(self._new),
        )

    def _identity(self, row: RosterRow) -> Hashable:
        return (self._aliases.resolve(key_of(row)), row.model)

    def _dated_key(self, row: RosterRow) -> Hashable:
        return (self._identity(row), row.signed)

    def _modelless(self, row: RosterRow) -> Hashable:
        return self._aliases.resolve(key_of(row))

    def _stateless(self, row: RosterRow) -> Hashable | None:
        return (key_of(row).strict, row.model, row.signed) if row.signed else None

    def _one_place(self, left: RosterRow, right: RosterRow) -> bool:
        return self._places.one_place(left, right)

    def _one_moved(self, left: RosterRow, right: RosterRow) -> bool:
        """One agency whose state was wrong; of a short list, no missing one that has a namesake."""
        if left.moa and right.moa:
            return file_key(left.moa) == file_key(right.moa)
        return not self._short or _was_nowhere(left, right)

    def _one_switched(self, left: RosterRow, right: RosterRow) -> bool:
        """One agency, another model; of a short list, no missing agreement beside a new one."""
        return not self._short and self._one_place(left, right)

    def _tier(
        self,
        name: str,
        key: RowKey,
        fits: Callable[[RosterRow, RosterRow], bool] | None = None,
        *,
        unique: bool = False,
    ) -> None:
        """Pair rows of equal keys in order; with `unique` only where the key is alone on a side."""
        if not self._old or not self._new:
            return
        olds = self._buckets(self._before, self._old, key)
        news = self._buckets(self._after, self._new, key)
        for bucket in [found for found in olds if found in news]:
            if unique and (len(olds[bucket]) > 1 or len(news[bucket]) > 1):
                continue
            self._pair_bucket(name, olds[bucket], news[bucket], fits)

    @staticmethod
    def _buckets(
        rows: Sequence[RosterRow], open_: dict[int, None], key: RowKey
    ) -> dict[Hashable, list[int]]:
        buckets: dict[Hashable, list[int]] = defaultdict(list)
        for position in open_:
            found = key(rows[position])
            if found is not None:
                buckets[found].append(position)
        return buckets

    def _pair_bucket(
        self,
        name: str,
        olds: list[int],
        news: list[int],
        fits: Callable[[RosterRow, RosterRow], bool] | None,
    ) -> None:
        for new in news:
            old = next(
                (o for o in olds if fits is None or fits(self._before[o], self._after[new])), None
            )
            if old is not None:
                olds.remove(old)
                self._join(old, new, name)

    def _join(self, old: int, new: int, tier: str) -> None:
        del self._old[old]
        del self._new[new]
        self._pairs.append(Pair(before=old, after=new, tier=tier))

    def _best(
        self, name: str, score: Callable[[RosterRow, RosterRow], float], *, same_date: bool
    ) -> None:
        """Join the likest pairs first, among rows of one state and model (and date)."""
        news: dict[Hashable, list[int]] = defaultdict(list)
        for new in self._new:
            row = self._after[new]
            news[(row.state, row.model, row.signed if same_date else None)].append(new)
        scored: list[tuple[float, int, int]] = []
        for old in self._old:
            row = self._before[old]
            if same_date and row.signed is None:
                continue
            for new in news[(row.state, row.model, row.signed if same_date else None)]:
                found = score(row, self._after[new])
                if found > 0:
                    scored.append((-found, old, new))
        for _, old, new in sorted(scored):
            if old in self._old and new in self._new:
                self._join(old, new, name)

    def _like(self, left: RosterRow, right: RosterRow) -> float:
        """How like two rows' names are, 0 for two agencies; date, state and model are equal."""
        mine, theirs = key_of(left), key_of(right)
        if self._aliases.never_same(mine, theirs) or not compatible(mine.kind, theirs.kind):
            return 0.0
        if self._places.two_places(left, right):
            return 0.0
        related = relation(mine, theirs)
        one_county = self._places.same_county(left, right)
        if related is None and not (one_county and _sole_body(mine, theirs)):
            return 0.5 if mine.kind is theirs.kind is AgencyKind.STATE_POLICE else 0.0
        if related is NameRelation.SIMILAR and not (mine.naming & theirs.naming or one_county):
            return 0.0
        likeness = fuzz.token_sort_ratio(mine.canonical, theirs.canonical) / 100
        return (_SCORES[related] if related else 0.5) + likeness + (0.5 if one_county else 0.0)

    def _redated(self, left: RosterRow, right: RosterRow) -> float:
        """A name typed otherwise and a date changed at once: only within one county."""
        mine, theirs = key_of(left), key_of(right)
        if mine.kind is not theirs.kind or not self._places.same_county(left, right):
            return 0.0
        if relation(mine, theirs) not in {NameRelation.TYPO, NameRelation.QUALIFIER}:
            return 0.0
        return self._like(left, right)

    def _one_document(self, left: RosterRow, right: RosterRow) -> bool:
        """One MOA file, one state: the same agreement, unless the two names are known as two."""
        mine, theirs = key_of(left), key_of(right)
        if self._aliases.never_same(mine, theirs) or left.state != right.state:
            return False
        return left.signed == right.signed or relation(mine, theirs) is not None


def content(row: RosterRow) -> Hashable:
    """All that a reader of the file sees of a row, repaired cells as written included."""
    return (
        *(row.state, row.agency, row.type, row.county, row.model, row.signed),
        *(row.moa, row.moa_text, row.addendum, row.addendum_text, row.raw),
    )


def _moa_key(row: RosterRow) -> Hashable | None:
    key = file_key(row.moa)
    return (key, row.model) if key else None


def _was_nowhere(left: RosterRow, right: RosterRow) -> bool:
    """The county printed before is none of its state, the one printed now is: an error undone."""
    return bool(left.county and right.county_fips) and not left.county_fips


def compatible(left: AgencyKind, right: AgencyKind) -> bool:
    """Kinds of body that one agency's name can waver between."""
    pair = {left, right}
    return (
        len(pair) == 1
        or pair <= _COUNTY_BODIES
        or pair <= _CAMPUS_BODIES
        or AgencyKind.OTHER in pair
        or pair == {AgencyKind.STATE_POLICE, AgencyKind.POLICE}
    )


def _sole_body(left: AgencyKey, right: AgencyKey) -> bool:
    """A county has one sheriff, and one constable of a number: equal county, equal body."""
    if left.kind is not right.kind or left.digits != right.digits:
        return False
    return left.kind is AgencyKind.SHERIFF or (
        left.kind is AgencyKind.CONSTABLE and bool(left.digits)
    )


def out_of_order(positions: list[int]) -> int:
    """How many rows must move so that the rest keeps its order (length minus longest run up)."""
    tails: list[int] = []
    for position in positions:
        low, high = 0, len(tails)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if tails[middle] < position else (low, middle)
        tails[low : low + 1] = [position]
    return len(positions) - len(tails)
