"""What the ledger remembers between publications: one immutable value for both lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitor.detect.ledger.oddities import Oddity
from monitor.detect.ledger.publication import Publication
from monitor.domain.roster import Agreement, LedgerOutcome, RosterCounts, RosterRow, RowState
from monitor.resolve.agency import AgencyAliases


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What is kept of an accepted publication."""

    stem: str
    modified_at: datetime
    fingerprint: str
    raw_fingerprint: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An agreement and, while it is absent, where it was missed.

    `absent_in` are fingerprints of distinct accepted publications without the row, at most three.
    """

    agreement: Agreement
    absent_in: tuple[str, ...] = ()
    missed_after: str = ""  #: stem of the last publication with the row
    missed_in: str = ""  #: stem of the first without it
    overwritten: bool = False  #: its row came to name another agency
    moa: str = ""  #: the last link it had, so that a link that returns is no new document


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingEntry:
    """An application on the pending list; `row` is its newest reading."""

    row: RosterRow
    first_seen_at: datetime
    last_seen_at: datetime
    listed: bool = True
    missing_since: datetime | None = None
    absent_in: tuple[str, ...] = ()
    promoted: bool = False
    left: bool = False  #: its leaving was confirmed


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A publication that waits for the next one or for a person."""

    publication: Publication
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerState:
    """Both lists as last accepted, every agreement ever listed, every agency ever named.

    `names` maps "state|canonical name" to the agencies known by it, each with its county ("" for
    none printed). `bundled` says that the rows come from the packaged history: the first live
    publication over it is absorbed.
    """

    rows: tuple[RosterRow, ...] = ()  #: of the last accepted publication, with agency ids
    unread: tuple[RosterRow, ...] = ()
    last: Mark | None = None
    entries: Mapping[str, Entry] = field(default_factory=dict)
    names: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    pending: Mapping[str, PendingEntry] = field(default_factory=dict)
    pending_last: Mark | None = None
    held: Held | None = None
    pending_held: Held | None = None
    held_columns: tuple[str, ...] = ()
    bundled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRules:
    """What decides, apart from the rows; the numbers come from fifteen months of workbooks.

    The largest true edit took six rows away and added eighty-eight; 5 % is extraordinary.
    """

    aliases: AgencyAliases = field(default_factory=AgencyAliases)
    most_missing: int = 3  #: more, and the list is short; none of the 138 lists of 2025 was
    least_share_of_rows: float = 0.85
    most_removals: int = 10
    most_removals_share: float = 0.05
    most_growth_share: float = 0.6
    most_growth: int = 150
    held_column_share: float = 0.8  #: of a column's values lost or changed at once
    mass_edit_rows: int = 20
    mass_edit_share: float = 0.02
    confirm_publications: int = 3
    confirm_for: timedelta = timedelta(days=7)
    confirm_overwritten_for: timedelta = timedelta(days=30)  #: a row typed over is an error first


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerStep:
    """The result of one publication: the next state, what to record, what to say."""

    state: LedgerState
    outcomes: tuple[LedgerOutcome, ...] = ()
    agreements: tuple[Agreement, ...] = ()  #: changed ones, as they stand after the step
    counts: RosterCounts
    notes: tuple[str, ...] = ()  #: for the operator
    oddities: tuple[Oddity, ...] = ()  #: the publisher's own errors that came with this step


def counts_of(state: LedgerState) -> RosterCounts:
    """The sum of the ledger; rows that could not be read and stand for no agreement are held."""
    tally = dict.fromkeys(RowState, 0)
    for entry in state.entries.values():
        tally[entry.agreement.state] += 1
    return RosterCounts(
        active=tally[RowState.ACTIVE],
        unconfirmed=tally[RowState.UNCONFIRMED],
        held=tally[RowState.HELD] + len(state.unread),
        ended=tally[RowState.ENDED],
    )


def mark_of(publication: Publication) -> Mark:
    """What is kept of a publication once it is accepted."""
    return Mark(
        stem=publication.stem,
        modified_at=publication.modified_at,
        fingerprint=publication.fingerprint,
        raw_fingerprint=publication.raw_fingerprint,
        columns=publication.columns,
    )
