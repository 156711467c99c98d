"""Any keyed table: a list of sanctuary jurisdictions in CSV, county contracts in HTML."""

from __future__ import annotations

from monitor.detect.rowdiff import RowChangeKind, RowRules, TableState, TableStep, table_step
from monitor.extract.table import read_tables

SANCTUARY = RowRules(
    key=("state", "place"),
    columns={"state": "State", "place": "Jurisdiction", "policy": "Policy", "since": "Since"},
    watch=("policy",),
    confirm_removal=2,
)
CONTRACTS = RowRules(
    key=("county",),
    columns={"county": "County", "beds": "Beds", "paper": "Contract"},
    tell=frozenset({RowChangeKind.ADDED, RowChangeKind.CHANGED}),
)


def csv_step(state: TableState, *lines: str) -> TableStep:
    body = "\n".join(("State,Jurisdiction,Policy,Since", *lines)).encode()
    (table,) = read_tables(body, "text/csv", "list.csv")
    return table_step(state, table, SANCTUARY)


LINES = (
    "Oregon,Portland,resolution,2017",
    "Illinois,Cook County,ordinance,2011",
    "Ohio,Lima,none,",
)


def test_a_sanctuary_list_in_csv() -> None:
    first = csv_step(TableState(), *LINES)
    assert first.baseline
    assert first.changes == ()
    noise = csv_step(first.state, *(line.replace(",", " ,").upper() for line in reversed(LINES)))
    assert noise.changes == ()
    edited = csv_step(first.state, LINES[0].replace("resolution", "ordinance"), *LINES[1:])
    (change,) = edited.changes
    assert change.kind is RowChangeKind.CHANGED
    assert change.columns == (("policy", "resolution", "ordinance"),)
    assert csv_step(first.state, LINES[0].replace("2017", "2018"), *LINES[1:]).changes == ()
    (added,) = csv_step(first.state, *LINES, "Maine,Portland,resolution,2025").changes
    assert (added.kind, added.key) == (RowChangeKind.ADDED, ("Maine", "Portland"))


def test_a_removal_is_told_after_the_absences_that_the_source_asks() -> None:
    lines = (*LINES, "Iowa,Ames,none,", "Utah,Moab,none,")
    state = csv_step(TableState(), *lines).state
    once = csv_step(state, *lines[1:])
    assert once.changes == ()
    back = csv_step(once.state, *lines)
    assert back.changes == ()
    twice = csv_step(once.state, *lines[1:])
    (gone,) = twice.changes
    assert (gone.kind, gone.key) == (RowChangeKind.REMOVED, ("Oregon", "Portland"))
    assert csv_step(twice.state, *lines[1:]).changes == ()


def test_a_table_that_shrank_waits_for_the_next_reading() -> None:
    state = csv_step(TableState(), *LINES).state
    held = csv_step(state, LINES[0])
    assert held.changes == ()
    assert "held" in held.problems[0]
    assert csv_step(held.state, *LINES).state.held == ""
    believed = csv_step(csv_step(held.state, LINES[0]).state, LINES[0], LINES[1] + "!")
    assert len(believed.state.rows) >= 2


def test_what_is_wrong_with_a_table_is_said() -> None:
    state = csv_step(TableState(), *LINES).state
    twin = csv_step(state, *LINES, LINES[0])
    assert "repeats the key" in twin.problems[0]
    assert [c.kind for c in twin.changes] == [RowChangeKind.ADDED]
    assert "no key" in csv_step(state, *LINES, ",,none,").problems[0]
    (other,) = read_tables(b"Name,Year\na,1\n", "text/csv", "list.csv")
    lost = table_step(state, other, SANCTUARY)
    assert lost.state == state
    assert "columns are missing" in lost.problems[0]


def page(*rows: tuple[str, str, str]) -> bytes:
    cells = "".join(
        f"<tr><td>{county}</td><td>{beds}</td><td><a href='{paper}'>contract</a></td></tr>"
        for county, beds, paper in rows
    )
    head = "<tr><th>County</th><th>Beds</th><th>Contract</th></tr>"
    return f"<html><table id=contracts>{head}{cells}</table></html>".encode()


def test_county_contracts_in_html() -> None:
    rows = [("Polk", "120", "/polk-2024.pdf"), ("Bell", "80", "/bell.pdf"), ("Webb", "9", "/w.pdf")]
    (table,) = read_tables(page(*rows), "text/html", "contracts")
    state = table_step(TableState(), table, CONTRACTS).state
    rows[0] = ("Polk", "150", "/polk-2025.pdf")
    (table,) = read_tables(page(*rows), "text/html", "contracts")
    (change,) = table_step(state, table, CONTRACTS).changes
    assert change.columns == (
        ("beds", "120", "150"),
        ("paper link", "/polk-2024.pdf", "/polk-2025.pdf"),
    )
    (table,) = read_tables(page(*rows[:2], ("Starr", "5", "/s.pdf")), "text/html", "contracts")
    found = table_step(state, table, CONTRACTS).changes
    assert [(c.kind, c.told) for c in found] == [
        (RowChangeKind.CHANGED, True),
        (RowChangeKind.ADDED, True),
        (RowChangeKind.REMOVED, False),
    ]
