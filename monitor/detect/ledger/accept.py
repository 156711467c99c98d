"""Accepting a participating publication: rows matched, outcomes named, agreements moved on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.detect.ledger.absence import claim, counted, ended, missed, returns, unread_rows
from monitor.detect.ledger.changes import Edit, edits, overwrites
from monitor.detect.ledger.directory import AgreementKeys, Directory
from monitor.detect.ledger.links import file_key
from monitor.detect.ledger.match import Matching, Pair, key_of, match_rows
from monitor.detect.ledger.outcomes import AGAIN, OutcomeWriter
from monitor.detect.ledger.pending import promote
from monitor.detect.ledger.places import Places
from monitor.detect.ledger.publication import Publication
from monitor.detect.ledger.spare import spare_rows
from monitor.detect.ledger.state import Entry, LedgerRules, LedgerState, PendingEntry, mark_of
from monitor.domain.roster import Agreement, LedgerOutcome, OutcomeKind, RosterRow, RowState


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The state after a publication, and everything it changed in the order decided."""

    state: LedgerState
    outcomes: tuple[LedgerOutcome, ...]
    changed: tuple[str, ...] = ()  #: ids of agreements that moved


def match_publication(
    state: LedgerState, publication: Publication, rules: LedgerRules, places: Places
) -> Matching:
    """Match the rows of a publication with those last accepted."""
    return match_rows(
        state.rows,
        publication.rows,
        aliases=rules.aliases,
        places=places,
        most_missing=rules.most_missing + len(publication.unread),
    )


def accept(
    state: LedgerState,
    publication: Publication,
    matching: Matching,
    *,
    rules: LedgerRules,
    places: Places,
    told_in: Publication | None = None,
) -> Accepted:
    """The state after `publication`; `told_in` is the later one that confirmed a held one."""
    return _Acceptance(state, publication, matching, rules, places, told_in or publication).run()


class _Acceptance:
    """The mutable middle of accept."""

    def __init__(
        self,
        state: LedgerState,
        publication: Publication,
        matching: Matching,
        rules: LedgerRules,
        places: Places,
        told_in: Publication,
    ) -> None:
        self._state, self._publication, self._matching = state, publication, matching
        self._rules, self._places = rules, places
        known = [entry.agreement.row for entry in state.entries.values()]
        self._keys = AgreementKeys(state.entries)
        self._writer = OutcomeWriter(
            publication=publication, told_in=told_in, last=state.last, keys=self._keys
        )
        self._write = self._writer.write
        self._directory = Directory(state.names, rules.aliases, known)
        self._entries: dict[str, Entry] = dict(state.entries)
        self._pending: dict[str, PendingEntry] = dict(state.pending)
        self._outcomes: list[LedgerOutcome] = []
        self._edited: list[LedgerOutcome] = []
        self._rows: dict[int, RosterRow] = {}
        self._changed: dict[str, None] = {}
        self._live: set[str] = set()

    @property
    def _at(self) -> datetime:
        return self._publication.modified_at

    def run(self) -> Accepted:
        """All steps in order."""
        self._outcomes.extend(self._writer.sheet(self._matching))
        self._matched()
        self._outcomes.extend(self._writer.collapsed(self._edited, self._rules))
        self._appeared()
        standing, unread = self._vanished()
        self._confirm_absences()
        rows = tuple(self._rows[position] for position in sorted(self._rows))
        state = replace(
            self._state,
            rows=(*rows, *standing),
            unread=unread,
            last=mark_of(self._publication),
            entries=self._entries,
            names=self._directory.names,
            pending=self._pending,
            held=None,
            bundled=False,
        )
        return Accepted(state=state, outcomes=tuple(self._outcomes), changed=tuple(self._changed))

    def _matched(self) -> None:
        old, new = self._state.rows, self._publication.rows
        stays = self._agencies_staying()
        renamed = [pair for pair in self._matching.pairs if not self._keeps_name(pair)]
        for pair in self._matching.pairs:
            before, after = old[pair.before], new[pair.after]
            if self._keeps_name(pair):
                self._rows[pair.after] = replace(after, agency_id=before.agency_id)
                self._directory.learn(after, before.agency_id)
        for pair in renamed:
            before, after = old[pair.before], new[pair.after]
            if overwrites(before, after, pair.tier):
                self._rows[pair.after] = self._directory.place(after)
            else:
                self._rows[pair.after] = self._directory.renamed(
                    before, after, stays=stays[before.agency_id] > 0
                )
        keys = {pair.after: self._keys.of(old[pair.before]) for pair in self._matching.pairs}
        staying = {
            keys[pair.after]
            for pair in self._matching.pairs
            if old[pair.before].agency_id == self._rows[pair.after].agency_id
        }
        spare = spare_rows(self._matching.pairs, old, self._rows, keys, self._entries)
        # Of rows that shared an agreement, one that leaves it comes after the one that stays.
        for pair in sorted(self._matching.pairs, key=lambda pair: not self._stays(pair)):
            before, after = old[pair.before], self._rows[pair.after]
            if pair.after in spare:
                self._edit(before, after, pair.tier, "", "")
            else:
                self._move(before, after, pair.tier, keys[pair.after], staying)

    def _stays(self, pair: Pair) -> bool:
        """The row names the agency and the model that it named before."""
        before, after = self._state.rows[pair.before], self._rows[pair.after]
        return (before.agency_id, before.model) == (after.agency_id, after.model)

    def _keeps_name(self, pair: Pair) -> bool:
        return key_of(self._state.rows[pair.before]) == key_of(self._publication.rows[pair.after])

    def _agencies_staying(self) -> Counter[str]:
        """For each agency, how many of its rows keep their name."""
        return Counter(
            self._state.rows[pair.before].agency_id
            for pair in self._matching.pairs
            if self._keeps_name(pair)
        )

    def _move(
        self, before: RosterRow, after: RosterRow, tier: str, was: str, staying: set[str]
    ) -> None:
        """Record the edits of one row and keep its agreement up to date."""
        now = self._carried(before, after, tier, was, staying)
        left = now != was and was not in self._live
        edited = self._edit(before, after, tier, now, was if left else "")
        entry = self._entries.get(now)
        if entry is not None and entry.agreement.state is RowState.HELD and not edited:
            readable = self._write(
                OutcomeKind.COSMETIC, before=before, after=after, reason="readable again"
            )
            self._outcomes.append(replace(readable, column="row", agreement_id=now))
        self._live.add(now)
        self._keep(now, after, entry, touched=edited)

    def _edit(self, before: RosterRow, after: RosterRow, tier: str, key: str, revises: str) -> bool:
        """Record the edits of one row; True where there is one."""
        found = edits(before, after, tier)
        over = any(edit.kind is OutcomeKind.ROW_OVERWRITTEN for edit in found)
        for edit in found:
            again = edit.kind is OutcomeKind.MOA_POSTED and self._had(key, after)
            outcome = self._edit_outcome(before, after, edit, AGAIN if again else tier)
            takes_back = revises if edit.kind is OutcomeKind.ROW_OVERWRITTEN or not over else ""
            self._edited.append(replace(outcome, agreement_id=key, revises=takes_back))
        return bool(found)

    def _carried(
        self, before: RosterRow, after: RosterRow, tier: str, was: str, staying: set[str]
    ) -> str:
        """The id of the agreement after an edit; another model or another body is another one."""
        entry = self._entries.get(was)
        if overwrites(before, after, tier):
            if entry is not None and was not in self._live:
                gone = missed(entry, self._publication, self._state.last)
                self._put(was, replace(gone, overwritten=True))
            return self._keys.of(after)
        if before.model is after.model and before.agency_id == after.agency_id:
            return was
        other = self._keys.find(after)
        free = other is None or other not in staying
        if before.model is after.model and free and was not in self._live:
            self._keys.move(was, before, after)
            return was
        if entry is not None and was not in self._live:
            self._put(was, ended(missed(entry, self._publication, self._state.last)))
        return self._keys.of(after)

    def _put(self, key: str, entry: Entry) -> None:
        self._entries[key] = entry
        self._changed[key] = None

    def _had(self, key: str, row: RosterRow) -> bool:
        """The agreement had this document before its link was taken away."""
        entry = self._entries.get(key)
        return entry is not None and bool(entry.moa) and file_key(entry.moa) == file_key(row.moa)

    def _edit_outcome(
        self, before: RosterRow, after: RosterRow, edit: Edit, tier: str
    ) -> LedgerOutcome:
        reason = "; ".join(text for text in (tier, edit.note) if text)
        return self._write(edit.kind, before=before, after=after, reason=reason, column=edit.column)

    def _keep(self, key: str, row: RosterRow, entry: Entry | None, *, touched: bool) -> None:
        """The agreement is on the list: active, seen now, its dates remembered."""
        if entry is None:
            entry = Entry(
                agreement=Agreement(
                    id=key,
                    row=row,
                    state=RowState.ACTIVE,
                    first_listed_at=self._at,
                    last_seen_at=self._at,
                )
            )
            touched = True
        known = entry.agreement
        if known.state is RowState.ACTIVE and not touched:
            return  # seen in every list since; its last sighting is noted when it goes
        history = known.signed_history
        if row.signed and (not history or history[-1] != row.signed):
            history = (*history, row.signed)
        if known.state is not RowState.ACTIVE or touched:
            self._changed[key] = None
        self._entries[key] = Entry(
            agreement=replace(
                known,
                id=key,
                row=row,
                state=RowState.ACTIVE,
                last_seen_at=self._at,
                missing_since=None,
                ended_at=None,
                signed_history=history,
            ),
            moa=row.moa or entry.moa,
        )

    def _appeared(self) -> None:
        listed = {entry.agreement.row.agency_id for entry in self._entries.values()
                  if entry.agreement.state is not RowState.ENDED}  # fmt: skip
        for position in self._matching.appeared:
            row = self._identified(self._publication.rows[position])
            self._rows[position] = row
            key = self._keys.of(row)
            if key in self._live:
                self._outcomes.append(
                    self._write(
                        OutcomeKind.DUPLICATE_ADDED, after=row, reason="agreement already listed"
                    )
                )
                continue
            self._live.add(key)
            self._sign(row, key, listed)

    def _identified(self, row: RosterRow) -> RosterRow:
        """The row with its agency's id; of an agreement that returns, the one it had."""
        if self._directory.find(row) is None:
            back = [e.agreement.row for e in self._entries.values() if returns(e, row)]
            if len(back) == 1:
                self._directory.learn(row, back[0].agency_id)
                return replace(row, agency_id=back[0].agency_id)
        return self._directory.place(row)

    def _sign(self, row: RosterRow, key: str, listed: set[str]) -> None:
        entry = self._entries.get(key)
        kind, reason = self._signing_kind(row, entry, listed)
        from_pending = promote(self._pending, row, self._places)
        before = entry.agreement.row if entry else None
        outcome = self._write(kind, before=before, after=row, reason=reason)
        told = outcome.told
        if kind is OutcomeKind.RESTORED and entry is not None:
            told = entry.agreement.state is RowState.ENDED
        self._outcomes.append(replace(outcome, from_pending=from_pending, told=told))
        self._keep(key, row, entry, touched=True)
        if from_pending and entry is None:
            kept = self._entries[key]
            self._entries[key] = replace(kept, agreement=replace(kept.agreement, from_pending=True))

    def _signing_kind(
        self, row: RosterRow, entry: Entry | None, listed: set[str]
    ) -> tuple[OutcomeKind, str]:
        """A new agreement, one more model, the same one back, or a new one after a gap."""
        if entry is not None:
            known = entry.agreement.row
            same = row.signed == known.signed or (
                bool(row.moa) and file_key(row.moa) == file_key(known.moa)
            )
            if same:
                return OutcomeKind.RESTORED, "same agreement back"
            return OutcomeKind.RESIGNED, f"was signed {known.signed}, now {row.signed}"
        if row.agency_id in listed:
            return OutcomeKind.SIGNED_ADDITIONAL_MODEL, "agency listed with another model"
        return OutcomeKind.SIGNED, "agency not listed"

    def _vanished(self) -> tuple[tuple[RosterRow, ...], tuple[RosterRow, ...]]:
        """Mark what is missing; returns rows that stand in for unreadable ones, and the rest."""
        gone = [self._state.rows[position] for position in self._matching.vanished]
        claimed, unread = claim(gone, self._publication.unread)
        self._unread(self._state.unread, unread)
        for row in gone:
            if row in claimed:
                self._hold(row)
            else:
                self._miss(row)
        return tuple(claimed), unread

    def _unread(self, before: tuple[RosterRow, ...], after: tuple[RosterRow, ...]) -> None:
        """Rows that nobody can place wait under an id of their own; those that went are let go."""
        was, now = map(unread_rows, (before, after))
        for key, row in now.items():
            if key not in was:
                held = self._write(OutcomeKind.HELD, after=row, reason="unknown state or model")
                self._outcomes.append(replace(held, agreement_id=key))
        for key, row in was.items():
            if key not in now:
                gone = self._write(
                    OutcomeKind.COSMETIC, before=row, reason="held row read or gone", column="row"
                )
                self._outcomes.append(replace(gone, agreement_id=key))

    def _hold(self, row: RosterRow) -> None:
        key = self._keys.of(row)
        entry = self._entries.get(key)
        if entry is None or key in self._live:
            return
        self._live.add(key)
        if entry.agreement.state is not RowState.HELD:
            self._changed[key] = None
            self._outcomes.append(
                self._write(OutcomeKind.HELD, before=row, reason="row cannot be read any more")
            )
        self._entries[key] = replace(entry, agreement=replace(entry.agreement, state=RowState.HELD))

    def _miss(self, row: RosterRow) -> None:
        key = self._keys.of(row)
        entry = self._entries.get(key)
        if key in self._live or entry is None:
            gone = self._write(OutcomeKind.DUPLICATE_REMOVED, before=row)
            left = entry.agreement.row if entry is not None else None
            self._outcomes.append(replace(gone, after=left, agreement_id=key))
            return
        if entry.agreement.state is RowState.UNCONFIRMED:
            return
        self._changed[key] = None
        self._outcomes.append(self._write(OutcomeKind.MISSING, before=row))
        self._entries[key] = missed(entry, self._publication, self._state.last)

    def _confirm_absences(self) -> None:
        """Count this publication for every absent agreement; tell those absent long enough."""
        for key, entry in sorted(self._entries.items()):
            if entry.agreement.state is not RowState.UNCONFIRMED:
                continue
            now, confirmed = counted(entry, self._publication, self._rules)
            if confirmed:
                self._changed[key] = None
                self._outcomes.append(self._removal(now))
            self._entries[key] = ended(now) if confirmed else now

    def _removal(self, entry: Entry) -> LedgerOutcome:
        """Removed, as of the publication that first lacked the row, told now."""
        since = entry.agreement.missing_since or self._at
        seen = len(entry.absent_in)
        outcome = self._write(
            OutcomeKind.REMOVED,
            before=entry.agreement.row,
            reason=f"absent since {since.date()}, from {seen} publications or more",
        )
        return replace(
            outcome,
            agreement_id=entry.agreement.id,
            published_at=since,
            file_prev=entry.missed_after,
            file_next=entry.missed_in,
        )
