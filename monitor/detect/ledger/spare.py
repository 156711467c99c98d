"""Rows listed twice: which of several that go on as one agreement is the one it is known by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from monitor.detect.ledger.match import Pair
from monitor.detect.ledger.publication import value
from monitor.detect.ledger.state import Entry
from monitor.domain.roster import RosterRow
from monitor.domain.vocabulary import Model


def spare_rows(
    pairs: Iterable[Pair],
    old: Sequence[RosterRow],
    new: Mapping[int, RosterRow],
    keys: Mapping[int, str],
    entries: Mapping[str, Entry],
) -> set[int]:
    """Positions of the rows that repeat an agreement which another row already stands for.

    `keys` has the agreement of each pair by its new position, `new` the rows with their agencies'
    ids. A row that came to name another agency or model is no repetition.
    """
    together: dict[tuple[str, str, Model], list[Pair]] = defaultdict(list)
    for pair in pairs:
        row = new[pair.after]
        together[(keys[pair.after], row.agency_id, row.model)].append(pair)
    spare: set[int] = set()
    for (key, *_), several in together.items():
        entry = entries.get(key)
        known = [
            pair
            for pair in several
            if entry and value(old[pair.before]) == value(entry.agreement.row)
        ]
        first = (known or several)[0]
        spare |= {pair.after for pair in several if pair is not first}
    return spare
