"""Outcomes as they are written down: of a row, of the sheet as a whole, of a mass edit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from monitor.detect.ledger.changes import TOLD
from monitor.detect.ledger.directory import AgreementKeys
from monitor.detect.ledger.match import Matching, out_of_order
from monitor.detect.ledger.publication import Publication
from monitor.detect.ledger.state import LedgerRules, Mark
from monitor.domain.roster import LedgerOutcome, OutcomeKind, RosterRow

#: Reason of a posting that only brings a known document back.
AGAIN = "posted again"
#: A new document is news of its own agreement, however many come in one list.
_NEVER_MASS = frozenset({OutcomeKind.MOA_POSTED, OutcomeKind.ADDENDUM_ADDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeWriter:
    """Writes outcomes of one publication; `told_in` is the later one that confirmed a held one."""

    publication: Publication
    told_in: Publication
    last: Mark | None
    keys: AgreementKeys

    def write(
        self,
        kind: OutcomeKind,
        *,
        before: RosterRow | None = None,
        after: RosterRow | None = None,
        reason: str = "",
        column: str = "",
    ) -> LedgerOutcome:
        """One outcome with the agreement its row stands for."""
        row = after or before
        return LedgerOutcome(
            outcome=kind,
            published_at=self.publication.modified_at,
            told_at=self.told_in.modified_at,
            fingerprint=self.publication.fingerprint,
            file_prev=self.last.stem if self.last else "",
            file_next=self.publication.stem,
            file_told=self.told_in.stem,
            before=before,
            after=after,
            agreement_id=self.keys.of(row) if row and row.agency_id else "",
            told=kind in TOLD,
            reason=reason,
            column=column,
        )

    def sheet(self, matching: Matching) -> list[LedgerOutcome]:
        """What the file as a whole shows: its name, columns, hidden rows, order."""
        publication, last = self.publication, self.last
        found = []
        if publication.misnamed:
            found.append(self.write(OutcomeKind.SWAPPED, reason="file name"))
        if last and last.columns and set(last.columns) != set(publication.columns):
            gone = ", ".join(sorted(set(last.columns) - set(publication.columns)))
            new = ", ".join(sorted(set(publication.columns) - set(last.columns)))
            reason = f"added: {new or 'none'}; gone: {gone or 'none'}"
            found.append(self.write(OutcomeKind.SCHEMA_CHANGED, reason=reason))
        if publication.hidden:
            reason = f"{publication.hidden} of {len(publication.rows)} rows hidden"
            found.append(self.write(OutcomeKind.HIDDEN_ROWS, reason=reason))
        moved = out_of_order([pair.before for pair in matching.pairs])
        if moved and last:
            reason = f"{moved} rows out of relative order"
            found.append(self.write(OutcomeKind.REORDERED, reason=reason))
        return found

    def collapsed(self, edited: Iterable[LedgerOutcome], rules: LedgerRules) -> list[LedgerOutcome]:
        """Edits of one kind in very many rows as one mass edit with the list attached.

        New documents are never collapsed; links that come back after a mass withdrawal are.
        """
        groups: dict[tuple[OutcomeKind, str, bool], list[LedgerOutcome]] = defaultdict(list)
        for outcome in edited:
            fresh = outcome.outcome in _NEVER_MASS and AGAIN not in outcome.reason
            groups[(outcome.outcome, outcome.column, fresh)].append(outcome)
        rows = len(self.publication.rows)
        least = max(rules.mass_edit_rows, rules.mass_edit_share * rows)
        found: list[LedgerOutcome] = []
        for (kind, column, fresh), members in groups.items():
            if fresh or len(members) < least:
                found.extend(members)
                continue
            quiet = tuple(replace(member, told=False) for member in members)
            reason = f"{kind.value} in {len(members)} rows"
            mass = self.write(OutcomeKind.MASS_EDIT, reason=reason, column=column)
            found.append(replace(mass, members=quiet, told=kind in TOLD))
        return found
