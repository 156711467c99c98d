"""Verbs that ask the log: events, search, show, stats, roster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Annotated

import typer

from monitor.bootstrap.compose import App, open_app
from monitor.cli.output import FINDING, Format, Row, fail, say, show
from monitor.domain.event import Event, Record
from monitor.domain.ident import EventId
from monitor.domain.roster import Agreement
from monitor.ports import EventQuery

FilterText = Annotated[
    list[str] | None,
    typer.Argument(help='filter, e.g. type:signed state:TX,FL "task force" (docs/filters.md)'),
]
FormatOption = Annotated[Format, typer.Option("--format", "-f", help="table, json, ndjson, csv")]

EVENT_COLUMNS = ("day", "type", "stage", "where", "title", "status", "id")


def register(app: typer.Typer) -> None:
    """Add these verbs."""
    app.command("events")(events)
    app.command("search")(search)
    app.command("show")(show_event)
    app.command("stats")(stats)
    app.command("roster")(roster)


def events(
    filter: FilterText = None,
    limit: Annotated[int, typer.Option(help="at most so many")] = 50,
    cursor: Annotated[
        str | None, typer.Option(help="go on after a page: the cursor it gave")
    ] = None,
    as_of: Annotated[str | None, typer.Option(help="as published by this day")] = None,
    known_at: Annotated[str | None, typer.Option(help="as this log knew it by this day")] = None,
    changed_since: Annotated[str | None, typer.Option(help="only what changed since")] = None,
    format: FormatOption = Format.AUTO,
) -> None:
    """Events that match a filter, newest first."""
    with open_app() as app:
        query = EventQuery(
            filter=app.filter(_expression(filter)),
            as_of=_end_of(as_of),
            known_at=_end_of(known_at),
            changed_since=_start_of(changed_since),
            cursor=cursor,
            limit=min(limit, 200),
        )
        rows = _Pages(app, query, limit)
        count = show((event_row(event) for event in rows.items), EVENT_COLUMNS, format)
        if rows.next_cursor:
            say(f"{count} shown; more with --cursor {rows.next_cursor}")
        elif not count:
            say("no event matches")


class _Pages:
    """Events of as many pages as `limit` needs; `next_cursor` is known after reading them."""

    def __init__(self, app: App, query: EventQuery, limit: int) -> None:
        self._app, self._query, self._left = app, query, limit
        self.next_cursor: str | None = None

    @property
    def items(self) -> Iterator[Event]:
        cursor = self._query.cursor
        while self._left > 0:
            page = self._app.store.events(
                replace(self._query, cursor=cursor, limit=min(200, self._left))
            )
            yield from page.items
            self._left -= len(page.items)
            self.next_cursor = cursor = page.next_cursor
            if cursor is None:
                return


def search(
    words: Annotated[list[str], typer.Argument(help="words, phrases in quotes, filter terms")],
    limit: Annotated[int, typer.Option(help="at most so many")] = 20,
    format: FormatOption = Format.AUTO,
) -> None:
    """Full text over titles, quotes, agencies and places."""
    events(filter=words, limit=limit, format=format)


def show_event(
    event: Annotated[str, typer.Argument(help="an event's id (its beginning is enough)")],
    reached: Annotated[bool, typer.Option(help="where messages about it went")] = False,
    format: FormatOption = Format.AUTO,
) -> None:
    """One event: facts, evidence, history."""
    with open_app() as app:
        found = app.find_event(event)
        if found is None:
            fail(f"no event {event!r}; `monitor events` lists them")
        if found.merged_into:
            say(f"{found.id} was merged into {found.merged_into}")
        if reached:
            show(
                _reached(app, found.id), ("when", "channel", "destination", "state", "kind"), format
            )
            return
        if format in (Format.JSON, Format.NDJSON):
            show([event_row(found, whole=True)], (), format)
            return
        show(_facts(found), ("what", "value"), Format.TABLE, title=found.title)
        columns = ("publisher", "tier", "captured", "url", "quote")
        show(_evidence(found), columns, Format.TABLE, title="Evidence")
        rows = [record_row(record) for record in app.store.records(event_id=found.id)]
        show(rows, ("recorded", "kind", "reason", "changed"), Format.TABLE, title="History")


def _reached(app: App, event_id: EventId) -> list[Row]:
    return [
        {
            "when": d.sent_at or d.attempted_at or d.created_at,
            "channel": d.channel,
            "destination": d.destination,
            "state": d.state.value,
            "kind": d.kind.value,
        }
        for d in app.store.deliveries(event_id=event_id)
    ]


def stats(
    filter: FilterText = None,
    by: Annotated[
        str, typer.Option(help="type, state, model, status, tier, month, week, day")
    ] = "type",
    format: FormatOption = Format.AUTO,
) -> None:
    """Counts of events that match a filter."""
    with open_app() as app:
        query = EventQuery(filter=app.filter(_expression(filter)))
        if by in ("day", "week", "month"):
            pairs = app.store.series(query, by)
        else:
            facets = app.store.facets(query)
            if by not in facets:
                fail(
                    f"cannot count by {by!r}; use one of {', '.join([*facets, 'month', 'week', 'day'])}"
                )
            pairs = facets[by]
        show([{by: name, "events": count} for name, count in pairs], (by, "events"), format)


def roster(
    filter: FilterText = None,
    as_of: Annotated[str | None, typer.Option(help="as published by this day")] = None,
    check: Annotated[bool, typer.Option("--check", help="show that the sum closes")] = False,
    by: Annotated[str | None, typer.Option(help="count by model, state or agency")] = None,
    cited: Annotated[
        bool, typer.Option(help="figures quoted by others, with their sources")
    ] = False,
    format: FormatOption = Format.AUTO,
) -> None:
    """Agreements on ICE's roster, today or as of any day."""
    with open_app() as app:
        if check:
            _check_roster(app)
            return
        if cited:
            show(app.cited_figures(), ("day", "figure", "value", "source"), format)
            return
        agreements = app.roster(_expression(filter), _end_of(as_of))
        if by:
            show(_counted(agreements, by), (by, "agreements"), format)
            return
        columns = ("state", "agency", "county", "model", "signed", "standing", "since")
        count = show((agreement_row(a) for a in agreements), columns, format)
        say(f"{count} agreements")


def _check_roster(app: App) -> None:
    counts = app.store.roster_counts()
    if counts is None:
        fail("no roster yet: no publication was read", FINDING)
    rows = [
        {"what": "active", "agreements": counts.active},
        {"what": "unconfirmed", "agreements": counts.unconfirmed},
        {"what": "held", "agreements": counts.held},
        {"what": "ended", "agreements": counts.ended},
        {"what": "ever listed", "agreements": counts.ever_listed},
    ]
    show(rows, ("what", "agreements"), Format.TABLE)
    listed = app.roster_size()
    if listed != counts.ever_listed:
        fail(
            f"the sum does not close: {listed} agreements are stored, {counts.ever_listed} counted",
            FINDING,
        )
    say("the sum closes")


def _counted(agreements: tuple[Agreement, ...], by: str) -> list[Row]:
    picks = {
        "model": lambda a: a.row.model.value,
        "state": lambda a: a.row.state,
        "agency": lambda a: f"{a.row.agency} ({a.row.state})",
    }
    if by not in picks:
        fail(f"cannot count by {by!r}; use model, state or agency")
    counts: dict[str, int] = {}
    for agreement in agreements:
        name = picks[by](agreement)
        counts[name] = counts.get(name, 0) + 1
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return [{by: name, "agreements": count} for name, count in ordered]


def event_row(event: Event, whole: bool = False) -> Row:
    """An event as a flat row; `whole` adds evidence and further fields."""
    where = event.jurisdiction
    row: dict[str, object] = {
        "id": event.id,
        "day": (event.occurred.day if event.occurred else event.captured_at.date()).isoformat(),
        "type": event.event_type.value,
        "stage": event.stage.value,
        "where": ", ".join(p for p in (where.place, where.county, where.state or "US") if p),
        "title": event.title,
        "status": event.status.value,
        "state": where.state,
        "county": where.county,
        "place": where.place,
        "agency": event.agency,
        "model": event.model.value if event.model else None,
        "bill": event.bill,
        "direction": event.direction.value,
        "tier": event.tier.value,
        "url": event.url,
        "quote": event.quote[:300],
        "recorded_at": event.recorded_at.isoformat(),
    }
    if whole:
        row["evidence"] = _evidence(event)
        row["updated_at"] = event.updated_at.isoformat()
        row["merged_into"] = event.merged_into
        row["links"] = [f"{relation} {other}" for relation, other in event.links]
        row["note"] = event.note
    return row


def record_row(record: Record) -> Row:
    """One line of the log as a flat row."""
    return {
        "sequence": record.sequence,
        "recorded": f"{record.recorded_at:%Y-%m-%d %H:%M}",
        "kind": record.kind.value,
        "reason": record.reason,
        "changed": "; ".join(f"{name}: {was} -> {now}" for name, was, now in record.changed),
        "hash": record.hash,
    }


def agreement_row(agreement: Agreement) -> Row:
    """One agreement as a flat row."""
    row = agreement.row
    return {
        "id": agreement.id,
        "state": row.state,
        "agency": row.agency,
        "county": row.county,
        "county_fips": row.county_fips,
        "model": row.model.value,
        "signed": row.signed.isoformat() if row.signed else None,
        "standing": agreement.state.value,
        "since": f"{agreement.first_listed_at:%Y-%m-%d}",
        "last_seen": f"{agreement.last_seen_at:%Y-%m-%d}",
        "moa": row.moa,
    }


def _facts(event: Event) -> list[Row]:
    row = event_row(event)
    names = (
        "type",
        "stage",
        "status",
        "day",
        "where",
        "agency",
        "model",
        "bill",
        "direction",
        "url",
        "id",
    )
    facts: list[Row] = [{"what": name, "value": row[name]} for name in names if row.get(name)]
    if event.note:
        facts.append({"what": "note", "value": event.note})
    return facts


def _evidence(event: Event) -> list[Row]:
    return [
        {
            "publisher": e.publisher or e.source_id,
            "tier": e.tier.value,
            "captured": f"{e.captured_at:%Y-%m-%d %H:%M}" if e.captured_at else "",
            "url": e.url,
            "quote": e.quote[:300],
            "locator": e.locator,
            "body_hash": e.body_hash,
        }
        for e in event.evidence
    ]


def _expression(words: list[str] | None) -> str:
    """The words as one expression; a word with a space is a phrase, as the shell delivered it."""
    parts = []
    for word in words or []:
        bare = (
            ":" not in word
            and " " in word
            and '"' not in word
            and (words is None or len(words) > 1)
        )
        parts.append(f'"{word}"' if bare else word)
    return " ".join(parts)


def _end_of(day: str | None) -> datetime | None:
    return None if day is None else datetime.combine(_day(day), time.max, UTC)


def _start_of(day: str | None) -> datetime | None:
    return None if day is None else datetime.combine(_day(day), time.min, UTC)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        fail(f"{text!r} is no day; write it as 2025-06-01")
