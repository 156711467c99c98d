"""Any keyed table but ICE's lists: compared row by row with the last accepted reading."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from monitor.detect.row_findings import RowMeaning, RowPlaces, row_findings
from monitor.detect.rowdiff import (
    KeyedRow,
    RowChangeKind,
    RowRules,
    TableState,
    TableStep,
    table_step,
)
from monitor.domain.commit import LedgerCommit
from monitor.domain.errors import StoreError
from monitor.domain.health import HealthEntry
from monitor.domain.item import Item, Table
from monitor.domain.roster import RosterCounts
from monitor.domain.snapshot import Snapshot
from monitor.domain.source import Source
from monitor.domain.vocabulary import DocumentKind
from monitor.resolve.gazetteer import Gazetteer
from monitor.services.intake import Tabled
from monitor.sources.table import EventOptions, RowsOptions
from monitor.stores import SourceStore

#: A watched table takes no part in the roster's sum.
NO_COUNTS = RosterCounts(active=0, unconfirmed=0, held=0, ended=0)


@dataclass(slots=True)
class RowTables:
    """Reads what is remembered of a table, compares, and says what to commit."""

    store: SourceStore
    gazetteer: Callable[[], Gazetteer]

    def tabled(
        self,
        source: Source,
        snapshot: Snapshot,
        tables: Sequence[Table],
        options: RowsOptions | None,
    ) -> tuple[Tabled, ...]:
        """What the first table of the reading says; a source without `rows:` is only archived."""
        if options is None:
            return ()
        name = f"table:{source.id}"
        stored = self.store.ledger(name)
        state, version = (decode(stored[0]), stored[1]) if stored else (TableState(), 0)
        result = table_step(state, tables[0], _rules(options))
        findings = row_findings(
            result.changes, _meanings(options), _places(options), self.gazetteer()
        )
        ledger = None
        if result.state != state:
            ledger = LedgerCommit(
                ledger=name,
                state=encode(result.state),
                outcomes=(),
                agreements=(),
                counts=NO_COUNTS,
                expected_version=version,
            )
        return (
            Tabled(
                item=_item(source, snapshot, result),
                findings=findings,
                ledger=ledger,
                health=_health(source, snapshot, result),
                name=tables[0].name,
                unsettled=bool(result.state.held) or any(r.missing for r in result.state.rows),
            ),
        )


def _rules(options: RowsOptions) -> RowRules:
    meanings = _meanings(options)
    return RowRules(
        key=options.key,
        columns=options.columns,
        watch=options.watch,
        tell=frozenset(meanings),
        least_share=options.least_share,
        confirm_removal=options.confirm_removal,
    )


def _meanings(options: RowsOptions) -> dict[RowChangeKind, RowMeaning]:
    given = {
        RowChangeKind.ADDED: options.added,
        RowChangeKind.REMOVED: options.removed,
        RowChangeKind.CHANGED: options.changed,
    }
    return {kind: _meaning(event) for kind, event in given.items() if event is not None}


def _meaning(event: EventOptions) -> RowMeaning:
    return RowMeaning(
        event_type=event.type, stage=event.stage, direction=event.direction, worth=event.worth
    )


def _places(options: RowsOptions) -> RowPlaces:
    return RowPlaces(
        state=options.state, county=options.county, place=options.place, agency=options.agency
    )


def _item(source: Source, snapshot: Snapshot, result: TableStep) -> Item:
    told = sum(change.told for change in result.changes)
    fields = [("fingerprint", result.state.fingerprint)]
    if told:
        fields.append(("told_at", snapshot.captured_at.isoformat()))
    return Item(
        source_id=source.id,
        key="table",
        url=snapshot.request.url,
        title=source.name,
        kind=DocumentKind.TABLE,
        fields=tuple(fields),
        extractor="rows",
    )


def _health(source: Source, snapshot: Snapshot, result: TableStep) -> tuple[HealthEntry, ...]:
    held = bool(result.state.held)
    return tuple(
        HealthEntry(
            at=snapshot.captured_at,
            kind="held" if held else "reading",
            source_id=source.id,
            url=snapshot.request.url,
            message=f"{source.id}: {problem}",
            tell_operator=held,
        )
        for problem in result.problems
    )


def encode(state: TableState) -> bytes:
    """The remembered table as JSON."""
    return json.dumps(asdict(state), ensure_ascii=False, sort_keys=True).encode()


def decode(data: bytes) -> TableState:
    """The table as remembered. Raises StoreError for bytes that are none."""
    try:
        body = json.loads(data)
        rows = tuple(
            KeyedRow(
                key=tuple(row["key"]),
                values=tuple((name, value) for name, value in row["values"]),
                links=tuple((name, link) for name, link in row["links"]),
                number=row["number"],
                missing=row["missing"],
            )
            for row in body["rows"]
        )
        return TableState(
            rows=rows, fingerprint=body["fingerprint"], held=body["held"], started=body["started"]
        )
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"a remembered table is damaged ({error}); restore a backup") from error
