"""The roster's words: rows, publications, outcomes, agreements and the ledger's sum."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from monitor.domain.vocabulary import Model


class OutcomeKind(StrEnum):
    """What a publication says that the one before did not; closed lists (rows, then whole file)."""

    SIGNED = "signed"
    SIGNED_ADDITIONAL_MODEL = "signed_additional_model"
    RESIGNED = "resigned"
    RESTORED = "restored"
    MODEL_SWITCHED = "model_switched"
    MISSING = "missing"
    REMOVED = "removed"
    REDATED = "redated"
    SIGNED_CORRECTED = "signed_corrected"
    RENAMED = "renamed"
    ROW_OVERWRITTEN = "row_overwritten"
    STATE_CORRECTED = "state_corrected"
    COUNTY_CORRECTED = "county_corrected"
    COUNTY_FILLED = "county_filled"
    COUNTY_BLANKED = "county_blanked"
    TYPE_CORRECTED = "type_corrected"
    MOA_POSTED = "moa_posted"
    MOA_WITHDRAWN = "moa_withdrawn"
    MOA_REPLACED = "moa_replaced"
    MOA_TEXT_CHANGED = "moa_text_changed"
    ADDENDUM_ADDED = "addendum_added"
    ADDENDUM_POSTED = "addendum_posted"
    ADDENDUM_REMOVED = "addendum_removed"
    DUPLICATE_ADDED = "duplicate_added"
    DUPLICATE_REMOVED = "duplicate_removed"
    PENDING_ADDED = "pending_added"
    PENDING_LEFT = "pending_left"
    COSMETIC = "cosmetic"
    BASELINE = "baseline"
    ABSORBED = "absorbed"
    REORDERED = "reordered"
    RESAVED = "resaved"
    HIDDEN_ROWS = "hidden_rows"
    SCHEMA_CHANGED = "schema_changed"
    SWAPPED = "swapped"
    MASS_EDIT = "mass_edit"
    HELD = "held"


class RowState(StrEnum):
    """Where an agreement stands; the four add up to all ever listed."""

    ACTIVE = "active"
    UNCONFIRMED = "unconfirmed"  #: absent, not yet told as removed
    HELD = "held"  #: its row could not be read (unknown state or model)
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterRow:
    """One row as published; `agency` and `county` are the cells with Unicode and white space put
    in order, never a canonical name; normalised values stand beside them."""

    state: str  #: two letters
    agency: str
    agency_id: str  #: permanent, survives renames
    type: str = ""
    county: str | None = None  #: as printed; None for a placeholder
    county_fips: str | None = None
    model: Model = Model.UNKNOWN
    signed: date | None = None
    moa: str | None = None  #: unwrapped link, no mailbox names
    moa_text: str = ""
    addendum: str | None = None
    addendum_text: str = ""
    number: int = 0  #: 1-based row in the file
    raw: tuple[tuple[str, str], ...] = ()  #: (column, raw cell) of repaired cells only


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerOutcome:
    """One thing that a publication changed, in the order decided.

    `file_*` are the stems of the workbook files, kept for people and for the replay port;
    publications are identified by fingerprint. `members` lists the rows of a mass edit.
    """

    outcome: OutcomeKind
    published_at: datetime  #: modified time of the publication whose rows showed it
    told_at: datetime  #: modified time of the publication at which it was told
    fingerprint: str
    file_prev: str = ""
    file_next: str = ""
    file_told: str = ""
    before: RosterRow | None = None
    after: RosterRow | None = None
    agreement_id: str = ""  #: agency id, state and model
    from_pending: bool = False
    told: bool = False  #: a subscriber to everything would hear of it
    reason: str = ""  #: why it was decided so, e.g. the tier of the match
    column: str = ""  #: of a mass edit
    members: tuple[LedgerOutcome, ...] = ()
    revises: str = ""  #: agreement id or outcome it takes back


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterCounts:
    """The sum that always closes: active + unconfirmed + held + ended = ever_listed."""

    active: int
    unconfirmed: int
    held: int
    ended: int

    @property
    def ever_listed(self) -> int:
        """All agreements ever on the list."""
        return self.active + self.unconfirmed + self.held + self.ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """One (state, agency, model) with its history in short; the roster page shows these."""

    id: str
    row: RosterRow
    state: RowState
    first_listed_at: datetime
    last_seen_at: datetime
    missing_since: datetime | None = None
    ended_at: datetime | None = None
    signed_history: tuple[date, ...] = ()
    from_pending: bool = False
