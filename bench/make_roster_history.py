"""Make monitor/data/roster_history.csv: `python -m bench.make_roster_history DIR OUT`.

DIR holds `html_era/` (captures of the table that ICE's page carried, named by day) and
`workbooks/` (ICE's own files). Both go through the ledger in order; the log is written as facts:
state, agency, county, type, model, dates, link. No staff names, no wrapped links, no documents.
"""

from __future__ import annotations

import csv
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from monitor.detect.ledger.bundled import COLUMNS, history_lines, parse_history
from monitor.detect.ledger.knowledge import ledger_knowledge
from monitor.detect.ledger.publication import choose_table
from monitor.domain.item import Table
from monitor.domain.roster_fold import agreements_at, counts, differences
from monitor.extract.table import read_tables
from monitor.resolve.gazetteer import Gazetteer
from monitor.services.ledger_replay import read_directory, steps

DATA = Path(__file__).resolve().parent.parent / "monitor" / "data"
#: On this day a page-wide replacement had spoilt the names ("Waria-labelon County"); healed within
#: a week, and no list of ICE's.
SPOILT = {"2024-12-11"}
HEAD = (
    "# ICE's 287(g) list, 2021-01 to 2025-12: facts read from ICE's published lists (works of the\n"
    "# United States government) and from archived captures of ICE's page before 2025-02-21.\n"
    "# One line is one change of one agreement; see monitor/detect/ledger/bundled.py.\n"
)


def html_era(directory: Path) -> list[Table]:
    """The captures, dated by their names: their files were written years later."""
    tables = []
    for path in sorted(directory.glob("*.xlsx")):
        if path.stem in SPOILT:
            continue
        table = choose_table(read_tables(path.read_bytes(), "", path.name))
        if table is None:
            raise SystemExit(f"{path} has no roster")
        day = datetime.fromisoformat(path.stem).replace(hour=12, tzinfo=UTC)
        tables.append(replace(table, modified_at=day))
    return tables


def main(data: Path, out: Path) -> int:
    """Write the history and check that it reads back as it was."""
    gazetteer = Gazetteer.parse(
        (DATA / "counties.csv").read_text(encoding="utf-8"),
        (DATA / "places.csv").read_text(encoding="utf-8"),
    )
    known = ledger_knowledge((DATA / "agency_aliases.yaml").read_text(encoding="utf-8"), gazetteer)
    workbooks, problems = read_directory(data / "workbooks")
    tables = (*html_era(data / "html_era"), *workbooks)
    run = list(steps(tables, rules=known.rules, counties=known.counties, places=known.places))
    for result in run:
        for note in result.notes:
            print(note)
    last = run[-1].state
    waiting = [e for e in last.pending.values() if e.listed and not e.promoted]
    outcomes = [
        outcome
        for result in run
        for outcome in result.outcomes
        if outcome.outcome != "pending_added"
    ]
    lines = history_lines(
        (o for o in outcomes if not (o.outcome == "baseline" and o.from_pending)), waiting
    )
    with out.open("w", encoding="utf-8", newline="") as target:
        target.write(HEAD)
        writer = csv.DictWriter(target, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
    history = parse_history(out.read_text(encoding="utf-8"), gazetteer, known.rules.aliases)
    standing = agreements_at(history.outcomes)
    kept = {key: entry.agreement for key, entry in last.entries.items()}
    wrong = differences(standing, kept)
    print(*problems, *wrong, sep="\n")
    print(len(history.outcomes), counts(standing), run[-1].counts, out.stat().st_size)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
