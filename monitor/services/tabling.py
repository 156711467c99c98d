"""Tables of a reading: ICE's lists go into the roster ledger, any other is compared row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.detect.ledger.codec import decode, encode
from monitor.detect.ledger.findings import findings, oddity_finding
from monitor.detect.ledger.knowledge import LedgerKnowledge
from monitor.detect.ledger.publication import choose_table
from monitor.detect.ledger.state import LedgerState, LedgerStep
from monitor.detect.ledger.step import step
from monitor.domain.claim import Finding
from monitor.domain.commit import LedgerCommit
from monitor.domain.health import HealthEntry
from monitor.domain.item import Item, Reading, Table
from monitor.domain.moment import StatedDate
from monitor.domain.roster import Agreement, LedgerOutcome, OutcomeKind
from monitor.domain.snapshot import Request, Snapshot
from monitor.domain.source import Source, SourceState
from monitor.domain.vocabulary import DocumentKind
from monitor.extract.followed import Followed
from monitor.services.intake import Tabled
from monitor.services.row_tables import RowTables
from monitor.sources.table import TableOptions
from monitor.stores import SourceStore

#: Outcomes with which a document may be new.
POSTS = frozenset(
    {
        OutcomeKind.SIGNED,
        OutcomeKind.SIGNED_ADDITIONAL_MODEL,
        OutcomeKind.RESIGNED,
        OutcomeKind.MOA_POSTED,
        OutcomeKind.MOA_REPLACED,
    }
)
#: Outcomes of a publication as a whole that the operator must know of.
NOTICES = frozenset({OutcomeKind.HELD, OutcomeKind.SCHEMA_CHANGED, OutcomeKind.SWAPPED})


@dataclass(slots=True)
class Tabling:
    """Reads the ledger, takes one step, and says what to commit; implements `intake.Tables`.

    The decoded state is kept beside its bytes, so that a publication does not decode what the last
    one encoded; bytes that another process wrote in between are read again.
    """

    store: SourceStore
    knowledge: Callable[[], LedgerKnowledge]
    rows: RowTables
    _kept: tuple[bytes, LedgerState] | None = None

    def __call__(
        self, source: Source, state: SourceState, snapshot: Snapshot, reading: Reading
    ) -> tuple[Tabled, ...]:
        """What the tables of this reading say, in the order of their own time."""
        options = source.options
        if not reading.tables or not isinstance(options, TableOptions):
            return ()
        if options.reads == "rows":
            return self.rows.tabled(source, snapshot, reading.tables, options.rows)
        table = choose_table(reading.tables)
        if table is None:
            return (_unreadable(source, snapshot, reading.tables),)
        return (self._roster(source, snapshot, table, options.moa),)

    def _roster(self, source: Source, snapshot: Snapshot, table: Table, follow_moa: bool) -> Tabled:
        ledger, version = self._ledger(source.id)
        known = self.knowledge()
        result = step(
            ledger,
            table,
            now=snapshot.captured_at,
            rules=known.rules,
            counties=known.counties,
            places=known.places,
        )
        commit = self._commit(source.id, version, ledger, result)
        tabled = tabled_of(
            source,
            snapshot,
            result,
            commit,
            name=table.name or _stem(table),
            modified=table.modified_at or snapshot.captured_at,
        )
        return replace(tabled, next_requests=_memoranda(result)) if follow_moa else tabled

    def _ledger(self, name: str) -> tuple[LedgerState, int]:
        stored = self.store.ledger(name)
        if stored is None:
            return LedgerState(), 0
        data, version = stored
        if self._kept is not None and self._kept[0] == data:
            return self._kept[1], version
        return decode(data), version

    def _commit(
        self, name: str, version: int, before: LedgerState, result: LedgerStep
    ) -> LedgerCommit | None:
        if result.state == before and not result.outcomes:
            return None
        commit = ledger_commit(name, version, result)
        self._kept = (commit.state, result.state)
        return commit


def _located(finding: Finding, where: str) -> Finding:
    """The finding with its row as an attribute, which becomes the claim's locator."""
    unit, _, number = where.partition(" ")
    if unit != "row":
        return finding
    return replace(finding, attributes=(*finding.attributes, ("row", number)))


def tabled_of(
    source: Source,
    snapshot: Snapshot,
    result: LedgerStep,
    commit: LedgerCommit | None,
    *,
    name: str,
    modified: datetime,
) -> Tabled:
    """One step of the ledger as the intake takes it; `modified` is the publication's own time."""
    return Tabled(
        item=_publication(source, snapshot, result, name, modified),
        findings=(
            *(_located(f, where) for f, where in findings(result.outcomes)),
            *(oddity_finding(oddity) for oddity in result.oddities),
        ),
        ledger=commit,
        health=_notices(source, snapshot, result),
        absorbed=any(o.outcome is OutcomeKind.ABSORBED for o in result.outcomes),
        name=name,
    )


def ledger_commit(name: str, version: int, result: LedgerStep) -> LedgerCommit:
    """What one step of the ledger wants stored."""
    newest: dict[str, Agreement] = {a.id: a for a in result.agreements}
    return LedgerCommit(
        ledger=name,
        state=encode(result.state),
        outcomes=result.outcomes,
        agreements=tuple(newest.values()),
        counts=result.counts,
        expected_version=version,
    )


def _publication(
    source: Source, snapshot: Snapshot, result: LedgerStep, name: str, modified: datetime
) -> Item:
    """The publication as an item of the source: one item a list, one revision a content.

    What is told at a publication saved again is a revision of its own, so that no claim is taken
    for one that was made before.
    """
    fields = [("fingerprint", result.outcomes[0].fingerprint if result.outcomes else "")]
    if any(outcome.told for outcome in result.outcomes):
        fields.append(("told_at", modified.isoformat()))
    return Item(
        source_id=source.id,
        key=f"list:{name}",
        url=snapshot.request.url,
        title=f"ICE's list {name}",
        kind=DocumentKind.TABLE,
        published=StatedDate(day=modified.date(), origin="dcterms:modified"),
        published_at=modified,
        fields=tuple(fields),
        extractor="roster ledger",
    )


def _memoranda(result: LedgerStep) -> tuple[Request, ...]:
    """Requests for the documents that this publication newly links, with the row that does."""
    rows = [o.after for o in _single(result.outcomes) if o.outcome in POSTS and o.after]
    newest = {row.moa: row for row in rows if row.moa and row.moa.startswith("http")}
    return tuple(Followed.of_row(row).request() for row in newest.values())


def _single(outcomes: Sequence[LedgerOutcome]) -> Iterator[LedgerOutcome]:
    """Outcomes with those of mass edits; what a first list holds is not followed."""
    for outcome in outcomes:
        yield outcome
        if outcome.outcome is OutcomeKind.MASS_EDIT:
            yield from outcome.members


def _stem(table: Table) -> str:
    return table.file_name.rsplit(".", 1)[0]


def _notices(source: Source, snapshot: Snapshot, result: LedgerStep) -> tuple[HealthEntry, ...]:
    noticed = [o for o in result.outcomes if o.outcome in NOTICES]
    entries = [
        HealthEntry(
            at=snapshot.captured_at,
            kind=outcome.outcome.value,
            source_id=source.id,
            url=snapshot.request.url,
            message=f"{source.id}: {outcome.file_next}: {outcome.outcome.value}: {outcome.reason}",
            tell_operator=True,
        )
        for outcome in noticed
    ]
    entries += [
        _absorption(source, snapshot, one)
        for one in result.outcomes
        if one.outcome is OutcomeKind.ABSORBED
    ]
    entries += [
        HealthEntry(
            at=snapshot.captured_at,
            kind="ledger",
            source_id=source.id,
            url=snapshot.request.url,
            message=f"{source.id}: {note}",
        )
        for note in result.notes
    ]
    return tuple(entries)


def _absorption(source: Source, snapshot: Snapshot, absorbed: LedgerOutcome) -> HealthEntry:
    """The first live list over the packaged history, counted for the operator."""
    kinds = Counter(member.outcome.value for member in absorbed.members)
    counted = ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items()))
    return HealthEntry(
        at=snapshot.captured_at,
        kind="absorbed",
        source_id=source.id,
        url=snapshot.request.url,
        message=f"{source.id}: {absorbed.file_next} ({absorbed.reason}) is the first live list "
        f"over the packaged history. What changed in between ({counted or 'nothing'}) was not "
        "observed: it is in the log and told to nobody.",
        tell_operator=True,
    )


def _unreadable(source: Source, snapshot: Snapshot, tables: Sequence[Table]) -> Tabled:
    """A file without the columns of a list: kept, told, and nothing changes."""
    header = ", ".join(tables[0].header[:12]) if tables else ""
    entry = HealthEntry(
        at=snapshot.captured_at,
        kind="held",
        source_id=source.id,
        url=snapshot.request.url,
        message=f"{source.id}: {snapshot.request.url} lacks required columns (it has: {header}). "
        "The publication is held and changes nothing; see whether ICE changed its layout.",
        tell_operator=True,
    )
    item = Item(
        source_id=source.id,
        key=f"unread:{snapshot.request.url}",
        url=snapshot.request.url,
        title="A file without the columns of a roster",
        kind=DocumentKind.TABLE,
        fields=(("body", snapshot.body_hash),),
    )
    return Tabled(item=item, findings=(), health=(entry,))
