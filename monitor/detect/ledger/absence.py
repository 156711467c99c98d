"""Absence: what is missing, what stands in for an unreadable row, when a removal is believed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from monitor.detect.ledger.match import key_of
from monitor.detect.ledger.publication import Publication
from monitor.detect.ledger.state import Entry, LedgerRules, Mark
from monitor.domain.ident import content_id
from monitor.domain.roster import RosterRow, RowState
from monitor.domain.vocabulary import Model
from monitor.resolve.agency import NameRelation, relation


def missed(entry: Entry, publication: Publication, last: Mark | None) -> Entry:
    """The agreement as unconfirmed: absent since this publication."""
    agreement = replace(
        entry.agreement,
        state=RowState.UNCONFIRMED,
        last_seen_at=last.modified_at if last else entry.agreement.last_seen_at,
        missing_since=publication.modified_at,
    )
    return Entry(
        agreement=agreement,
        missed_after=last.stem if last else "",
        missed_in=publication.stem,
        moa=entry.moa,
    )


def counted(entry: Entry, publication: Publication, rules: LedgerRules) -> tuple[Entry, bool]:
    """An absent agreement after one more publication, and whether its removal is now confirmed.

    Confirmed is an absence from three distinct publications, the first included, over seven days;
    a row that was typed over waits longer, because such an edit is an error more often than not.
    """
    seen = entry.absent_in
    if publication.fingerprint not in seen:
        seen = (*seen, publication.fingerprint)[: rules.confirm_publications]
    entry = replace(entry, absent_in=seen)
    since = entry.agreement.missing_since
    window = rules.confirm_overwritten_for if entry.overwritten else rules.confirm_for
    confirmed = (
        since is not None
        and len(seen) >= rules.confirm_publications
        and publication.modified_at - since >= window
    )
    return entry, confirmed


def ended(entry: Entry) -> Entry:
    """The agreement as ended, since the publication that first lacked it."""
    agreement = entry.agreement
    gone = replace(agreement, state=RowState.ENDED, ended_at=agreement.missing_since)
    return replace(entry, agreement=gone)


def returns(entry: Entry, row: RosterRow) -> bool:
    """An absent agreement is back with its name written otherwise: all else must be equal."""
    known = entry.agreement.row
    if entry.agreement.state is not RowState.UNCONFIRMED or known.signed is None:
        return False
    if (known.state, known.model, known.signed) != (row.state, row.model, row.signed):
        return False
    mine, theirs = key_of(known), key_of(row)
    if sorted(mine.canonical.split()) == sorted(theirs.canonical.split()):
        return True
    one_county = bool(known.county_fips) and known.county_fips == row.county_fips
    return one_county and relation(mine, theirs) is NameRelation.TYPO


def unread_rows(rows: Iterable[RosterRow]) -> dict[str, RosterRow]:
    """Unreadable rows by an id that tells one from another between publications."""
    found: dict[str, RosterRow] = {}
    for row in rows:
        parts = (key_of(row).strict, row.state, row.model.value, str(row.signed))
        number = sum(1 for key in found if key.startswith(f"unread-{content_id(*parts)}"))
        found[f"unread-{content_id(*parts)}-{number}"] = row
    return found


def claim(
    gone: Iterable[RosterRow], unread: tuple[RosterRow, ...]
) -> tuple[list[RosterRow], tuple[RosterRow, ...]]:
    """Rows that vanished because their state or model became unreadable stand for themselves."""
    claimed: list[RosterRow] = []
    left: list[RosterRow] = []
    open_ = list(gone)
    for row in unread:
        found = next((old for old in open_ if _stands_for(old, row)), None)
        if found is None:
            left.append(row)
        else:
            open_.remove(found)
            claimed.append(found)
    return claimed, tuple(left)


def _stands_for(old: RosterRow, unread: RosterRow) -> bool:
    return (
        key_of(old).strict == key_of(unread).strict
        and old.signed == unread.signed
        and unread.state in {"", old.state}
        and unread.model in {Model.UNKNOWN, old.model}
    )
