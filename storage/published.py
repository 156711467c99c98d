"""The shape of the published dataset: its tables and columns with what each of them means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column; `type` is SQLite's."""

    name: str
    type: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table; the first column is its key where `keyed`."""

    meaning: str
    columns: tuple[Column, ...]
    keyed: bool = False


def _columns(text: str) -> tuple[Column, ...]:
    rows = (line.split("|") for line in text.strip().splitlines())
    return tuple(Column(name=n.strip(), type=t.strip(), meaning=m.strip()) for n, t, m in rows)


TABLES = {
    "events": Table(
        meaning="Every public event as it stands after its newest record.",
        keyed=True,
        columns=_columns(
            """
            id | TEXT | permanent id; after a merge `merged_into` names the event that it became
            type | TEXT | what kind of thing happened, one of a closed list
            stage | TEXT | how far it has come
            direction | TEXT | which way it points: toward_cooperation, away_from_cooperation, …
            status | TEXT | how sure: reported, official, on_roster; disputed, retracted, superseded
            tier | TEXT | rank of the best publisher: roster, official, aggregator, press, discovery
            state | TEXT | two letters; empty for federal events
            county | TEXT | five FIPS digits
            place | TEXT | city or other place
            agency | TEXT | name of the agency as published
            agency_id | TEXT | permanent id of the agency, survives renames
            model | TEXT | support type of a 287(g) agreement: JEM, WSO, TFM, TTFM, unknown
            bill | TEXT | bill number
            instrument | TEXT | bill, executive_order, ordinance, policy, …
            target | TEXT | whom a state law binds: local_agencies or ice
            occurred_on | TEXT | first day of the span in which sources say that it happened
            occurred_precision | TEXT | day, week, month or year
            passed_on | TEXT | day a law was passed
            effective_on | TEXT | day a law takes effect
            published_on | TEXT | day the opening source published it
            published_precision | TEXT | day, week, month or year
            captured_at | TEXT | moment of the first capture, UTC
            recorded_at | TEXT | moment at which the event was opened in the log, UTC
            updated_at | TEXT | moment of its newest record, UTC
            title | TEXT | neutral headline
            quote | TEXT | the asserting words, at most 300 characters
            url | TEXT | where they stand
            source_id | TEXT | the source that opened the event
            amount | REAL | figure of a statistic or an award
            unit | TEXT | its unit
            note | TEXT | neutral remark
            merged_into | TEXT | id of the event that this one was merged into
            """
        ),
    ),
    "evidence": Table(
        meaning="What each event rests on: one row for each claim.",
        columns=_columns(
            """
            event_id | TEXT | the event
            source_id | TEXT | the source
            publisher | TEXT | who published it
            tier | TEXT | rank of the publisher
            url | TEXT | where it stands
            title | TEXT | its title
            quote | TEXT | the asserting words, at most 300 characters
            locator | TEXT | where in the captured bytes
            rule | TEXT | the rule that read it
            published_on | TEXT | day of publication
            captured_at | TEXT | moment of the capture, UTC
            body_hash | TEXT | SHA-256 of the captured bytes, which are not published
            """
        ),
    ),
    "records": Table(
        meaning="The log: what was recorded about an event, in order; nothing is ever changed.",
        keyed=True,
        columns=_columns(
            """
            sequence | INTEGER | position in the log
            id | TEXT | id of the record
            event_id | TEXT | the event
            kind | TEXT | opened, corroborated, climbed, amended, merged, split, reviewed, …
            chain | TEXT | hash chain: the source, or "people"
            recorded_at | TEXT | moment of recording, UTC
            status | TEXT | status of the event after it
            reason | TEXT | why
            changed | TEXT | JSON list of [field, was, now]
            previous_hash | TEXT | hash of the record before it in its chain
            hash | TEXT | SHA-256 that binds the record to those before it
            """
        ),
    ),
    "agreements": Table(
        meaning="287(g) agreements as the ledger has them: one row for state, agency, model.",
        keyed=True,
        columns=_columns(
            """
            id | TEXT | agency, state and model
            standing | TEXT | active, unconfirmed, held or ended; they add up to all ever listed
            state | TEXT | two letters
            agency | TEXT | name as published last
            agency_id | TEXT | permanent id of the agency
            type | TEXT | type of agency as published
            county | TEXT | county as published
            county_fips | TEXT | five FIPS digits
            model | TEXT | JEM, WSO, TFM, TTFM, unknown
            signed_on | TEXT | SIGNED date as published last
            moa | TEXT | link to the memorandum of agreement
            addendum | TEXT | link to the addendum
            first_listed_at | TEXT | publication that listed it first, UTC
            last_seen_at | TEXT | publication that listed it last, UTC
            ended_at | TEXT | when its end was told, UTC
            signed_history | TEXT | all SIGNED dates ever published for it
            """
        ),
    ),
    "releases": Table(
        meaning="Every release of this dataset.",
        keyed=True,
        columns=_columns(
            """
            published_at | TEXT | moment of the release, UTC
            last_sequence | INTEGER | newest record in it
            events | INTEGER | events in it
            new_records | INTEGER | public records since the release before
            opened | INTEGER | of them events opened
            retracted | INTEGER | of them retractions
            merged | INTEGER | of them merges
            amended | INTEGER | of them amendments
            """
        ),
    ),
    "about": Table(
        meaning="Facts about this file.",
        keyed=True,
        columns=_columns(
            """
            name | TEXT | as_of, last_sequence, format
            value | TEXT | its value
            """
        ),
    ),
}


def _ddl(name: str, table: Table) -> str:
    parts = [
        f"{c.name} {c.type}" + (" PRIMARY KEY" if table.keyed and not n else "")
        for n, c in enumerate(table.columns)
    ]
    return f"CREATE TABLE {name} ({', '.join(parts)});\n"


SCHEMA = "".join(_ddl(name, table) for name, table in TABLES.items()) + (
    "CREATE INDEX evidence_by_event ON evidence (event_id);\n"
    "CREATE INDEX records_by_event ON records (event_id);\n"
    "CREATE INDEX events_by_type ON events (type);\n"
    "CREATE INDEX events_by_state ON events (state);\n"
    "CREATE VIRTUAL TABLE events_fts USING fts5(title, quote, agency, place, content='events');\n"
)


def dictionary_markdown() -> str:
    """The data dictionary for people."""
    lines = ["# Data dictionary", ""]
    for name, table in TABLES.items():
        lines += [
            f"## {name}",
            "",
            table.meaning,
            "",
            "| column | type | meaning |",
            "|---|---|---|",
        ]
        lines += [f"| {c.name} | {c.type} | {c.meaning} |" for c in table.columns]
        lines.append("")
    return "\n".join(lines)


def package(created: str) -> dict[str, Any]:
    """The data dictionary for programs, as a Frictionless data package."""
    types = {"TEXT": "string", "INTEGER": "integer", "REAL": "number"}
    return {
        "name": "local-cooperation-events",
        "created": created,
        "resources": [
            {
                "name": name,
                "path": f"{name}.csv",
                "description": table.meaning,
                "schema": {
                    "fields": [
                        {"name": c.name, "type": types[c.type], "description": c.meaning}
                        for c in table.columns
                    ]
                },
            }
            for name, table in TABLES.items()
        ],
    }
