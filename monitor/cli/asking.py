"""Verbs that ask the log: events, search, show, stats, roster."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Annotated

import typer

from monitor.bootstrap import knowledge
from monitor.bootstrap.compose import open_app
from monitor.cli.output import FINDING, Format, Row, fail, say, show
from monitor.cli.rows import agreement_row, event_row, evidence_rows, record_row
from monitor.domain.event import Event
from monitor.domain.ident import EventId
from monitor.domain.roster import Agreement
from monitor.stores import Store

FilterText = Annotated[
    list[str] | None,
    typer.Argument(help='filter, e.g. type:signed state:TX,FL "task force" (docs/filters.md)'),
]
FormatOption = Annotated[Format, typer.Option("--format", "-f", help="table, json, ndjson, csv")]
EVENT_COLUMNS = ("day", "type", "stage", "where", "title", "status", "id")
FACT_NAMES = (
    "type", "stage", "status", "day", "where", "agency", "model", "bill", "direction", "url", "id",
)  # fmt: skip
BUCKETS = ("day", "week", "month")


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
    cursor: Annotated[str | None, typer.Option(help="go on after a page's cursor")] = None,
    as_of: Annotated[str | None, typer.Option(help="as published by this day")] = None,
    known_at: Annotated[str | None, typer.Option(help="as this log knew it by this day")] = None,
    changed_since: Annotated[str | None, typer.Option(help="only what changed since")] = None,
    format: FormatOption = Format.AUTO,
) -> None:
    """Events that match a filter, newest first."""
    with open_app() as app:
        asked = app.query.ask(
            expression(filter),
            as_of=end_of(as_of),
            known_at=end_of(known_at),
            changed_since=start_of(changed_since),
            cursor=cursor,
            limit=limit,
        )
        if limit > asked.query.limit:
            count = show(map(event_row, app.query.each(asked, limit)), EVENT_COLUMNS, format)
            next_cursor = None
        else:
            page = app.query.events(asked)
            count = show(map(event_row, page.items), EVENT_COLUMNS, format)
            next_cursor = page.next_cursor
    if next_cursor:
        say(f"{count} shown; more with --cursor {next_cursor}")
    elif not count:
        say("no event matches")


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
        view = app.query.event(event)
        if view is None:
            fail(f"no event {event!r}; `monitor events` lists them")
        if view.redirected:
            say(f"{event} was merged into {view.event.id}")
        if reached:
            columns = ("when", "channel", "destination", "state", "kind")
            show(_reached(app.store, view.event.id), columns, format)
        elif format in (Format.JSON, Format.NDJSON):
            row = {
                **event_row(view.event, whole=True),
                "records": list(map(record_row, view.records)),
            }
            show([row], (), format)
        else:
            _show_whole(view.event, [record_row(record) for record in view.records])


def _show_whole(event: Event, history: list[Row]) -> None:
    row = event_row(event)
    facts: list[Row] = [{"what": n, "value": row[n]} for n in FACT_NAMES if row.get(n)]
    if event.note:
        facts.append({"what": "note", "value": event.note})
    show(facts, ("what", "value"), Format.TABLE, title=event.title)
    columns = ("publisher", "tier", "captured", "url", "quote")
    show(evidence_rows(event), columns, Format.TABLE, title="Evidence")
    show(history, ("recorded", "kind", "reason", "changed"), Format.TABLE, title="History")


def _reached(store: Store, event_id: EventId) -> list[Row]:
    return [
        {
            "when": d.sent_at or d.attempted_at or d.created_at,
            "channel": d.channel,
            "destination": d.destination,
            "state": d.state.value,
            "kind": d.kind.value,
        }
        for d in store.deliveries(event_id=event_id)
    ]


def stats(
    filter: FilterText = None,
    by: Annotated[
        str, typer.Option(help="type, state, model, status, tier, direction, day, week, month")
    ] = "type",
    format: FormatOption = Format.AUTO,
) -> None:
    """Counts of events that match a filter."""
    with open_app() as app:
        asked = app.query.ask(expression(filter))
        if by in BUCKETS:
            pairs = app.query.series(asked, by)
        else:
            facets = app.query.facets(asked)
            if by not in facets:
                fail(f"cannot count by {by!r}; use one of {', '.join([*facets, *BUCKETS])}")
            pairs = facets[by]
    if not show([{by: name, "events": count} for name, count in pairs], (by, "events"), format):
        say("no event matches")


def roster(
    filter: FilterText = None,
    as_of: Annotated[str | None, typer.Option(help="as published by this day")] = None,
    check: Annotated[bool, typer.Option("--check", help="show that the sum closes")] = False,
    by: Annotated[str | None, typer.Option(help="count by model, state or agency")] = None,
    cited: Annotated[bool, typer.Option(help="figures quoted by others, with sources")] = False,
    ended: Annotated[bool, typer.Option(help="ended agreements too")] = False,
    format: FormatOption = Format.AUTO,
) -> None:
    """Agreements on ICE's roster, today or as of any day."""
    with open_app() as app:
        if check:
            _check_roster(app.store)
            return
        if cited:
            show(knowledge.cited_figures(), ("day", "figure", "value", "source"), format)
            return
        view = app.query.roster(end_of(as_of), expression(filter))
    agreements = view.agreements if ended else view.listed
    if by:
        show(_counted(agreements, by), (by, "agreements"), format)
        return
    columns = ("state", "agency", "county", "model", "signed", "standing", "since")
    count = show(map(agreement_row, agreements), columns, format)
    when = f"{view.published_at:%Y-%m-%d %H:%M} UTC" if view.published_at else "no publication"
    say(f"{count} agreements of {view.agencies} agencies, as published by ICE, {when}")
    if view.not_observed is not None:
        start, end = view.not_observed
        say(f"not observed: nobody read ICE's list between {start:%Y-%m-%d} and {end:%Y-%m-%d}")


def _check_roster(store: Store) -> None:
    counts = store.roster_counts()
    if counts is None:
        fail("no roster yet: no publication was read", FINDING)
    rows: list[Row] = [
        {"what": "active", "agreements": counts.active},
        {"what": "unconfirmed", "agreements": counts.unconfirmed},
        {"what": "held", "agreements": counts.held},
        {"what": "ended", "agreements": counts.ended},
        {"what": "ever listed", "agreements": counts.ever_listed},
    ]
    show(rows, ("what", "agreements"), Format.TABLE)
    stored = len(store.agreements())
    if stored != counts.ever_listed:
        fail(f"the sum does not close: {stored} stored, {counts.ever_listed} counted", FINDING)
    say("the sum closes")


def _counted(agreements: tuple[Agreement, ...], by: str) -> list[Row]:
    picks: dict[str, Callable[[Agreement], str]] = {
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


def expression(words: list[str] | None) -> str:
    """The words as one expression; a word that holds a space was quoted in the shell: a phrase."""
    many = len(words or []) > 1
    phrases = [many and " " in word and ":" not in word and '"' not in word for word in words or []]
    return " ".join(f'"{w}"' if p else w for w, p in zip(words or [], phrases, strict=True))


def end_of(day: str | None) -> datetime | None:
    """The last moment (UTC) of a day given by a person."""
    return None if day is None else datetime.combine(_day(day), time.max, UTC)


def start_of(day: str | None) -> datetime | None:
    """The first moment (UTC) of a day given by a person."""
    return None if day is None else datetime.combine(_day(day), time.min, UTC)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        fail(f"{text!r} is no day; write it as 2025-06-01")
