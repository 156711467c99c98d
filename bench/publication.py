"""The ledger: one publication of 2,500 rows read, matched and committed: `-m bench.publication`."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from bench.measuring import measured
from monitor.bootstrap import knowledge
from monitor.bootstrap.machine import data_text
from monitor.demo import workbooks
from monitor.detect.ledger.bundled import parse_history
from monitor.detect.ledger.state import LedgerState
from monitor.detect.ledger.step import step
from monitor.domain.commit import PageCommit
from monitor.domain.ident import SourceId
from monitor.domain.roster import RosterRow
from monitor.domain.states import STATES
from monitor.extract.table import read_tables
from monitor.services.tabling import ledger_commit
from storage.store import open_store

ROWS = 2500
AT = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)


def rows() -> list[RosterRow]:
    """Rows of the bundled history, doubled with invented towns up to ROWS."""
    known = knowledge.ledger()
    history = parse_history(data_text("roster_history.csv"), known.counties, known.rules.aliases)
    listed = [entry.agreement.row for entry in history.state.entries.values()]
    more = [replace(r, agency=f"Bench Town {n} Police Department") for n, r in enumerate(listed)]
    return [*listed, *more][:ROWS]


def main() -> None:
    """Reading, one step with ten new rows, and the commit."""
    known, gazetteer = knowledge.ledger(), knowledge.gazetteer()
    names = {code: gazetteer.state_name(code) or code for code in STATES}
    first_rows = rows()
    new = [replace(r, agency=f"New Town {n} Police", signed=date(2026, 1, 6))
           for n, r in enumerate(first_rows[:10])]  # fmt: skip
    first = workbooks.participating(first_rows, AT, names)
    second = workbooks.participating([*first_rows, *new], AT + timedelta(days=1), names)

    def take(state: LedgerState, body: bytes) -> object:
        (table, *_) = read_tables(body, "", "participatingAgencies.xlsx")
        return step(
            state, table, now=AT, rules=known.rules, counties=known.counties, places=known.places
        )

    (table, *_) = read_tables(first, "", "participatingAgencies.xlsx")
    baseline = step(
        LedgerState(), table, now=AT, rules=known.rules, counties=known.counties,
        places=known.places,
    )  # fmt: skip
    measured(f"workbook of {ROWS} rows read", 1, lambda: read_tables(second, "", "p.xlsx"), runs=3)
    measured(f"{ROWS} rows read and matched", 1, lambda: take(baseline.state, second), runs=3)
    with tempfile.TemporaryDirectory() as scratch:
        store = open_store(f"sqlite:///{scratch}/bench.sqlite", Path(scratch))
        versions = iter(range(100))

        def whole() -> None:
            result = take(baseline.state, second)
            commit = ledger_commit("bench", next(versions), result)  # type: ignore[arg-type]
            store.commit_page(PageCommit(source_id=SourceId("bench"), ledger=commit))

        measured(f"{ROWS} rows read, matched and committed", 1, whole, runs=3)
        store.close()


if __name__ == "__main__":
    main()
