"""Verbs by which people decide: review, merge, split, retract, dispute, restore."""

from __future__ import annotations

from typing import Annotated

import typer

from monitor.bootstrap.compose import open_app
from monitor.cli.asking import EVENT_COLUMNS, FormatOption
from monitor.cli.output import Format, say, show
from monitor.cli.rows import event_row
from monitor.domain.event import Record

EventArgument = Annotated[str, typer.Argument(help="event id")]
Reason = Annotated[str, typer.Option(help="why; stands in the log")]
ACTOR = "operator"


def register(app: typer.Typer) -> None:
    """Add these verbs."""
    app.command("review")(review)
    app.command("merge")(merge)
    app.command("split")(split)
    app.command("retract")(retract)
    app.command("dispute")(dispute)
    app.command("restore-event")(restore_event)


def review(
    event: Annotated[str | None, typer.Argument(help="event id; none: what waits")] = None,
    accept: Annotated[bool, typer.Option("--accept", help="it is an event")] = False,
    reject: Annotated[bool, typer.Option("--reject", help="it is none")] = False,
    reason: Reason = "",
    format: FormatOption = Format.AUTO,
) -> None:
    """What waits for a person, or the verdict on one; the text becomes a labelled one."""
    with open_app() as app:
        if event is None:
            asked = app.query.ask("worth:review -status:retracted", limit=100)
            show(map(event_row, app.query.events(asked).items), EVENT_COLUMNS, format)
        elif accept == reject:
            say("say --accept or --reject")
            raise typer.Exit(2)
        elif accept:
            _said(app.review.accept(event, actor=ACTOR, reason=reason))
        else:
            _said(app.review.reject(event, actor=ACTOR, reason=reason))


def merge(
    into: Annotated[str, typer.Argument(help="the event that stays")],
    other: Annotated[str, typer.Argument(help="the event that redirects to it")],
    undo: Annotated[bool, typer.Option(help="take this merge back")] = False,
    reason: Reason = "",
) -> None:
    """Two events are one."""
    with open_app() as app:
        act = app.review.unmerge if undo else app.review.merge
        _said(act(into, other, actor=ACTOR, reason=reason))


def split(
    event: EventArgument,
    claims: Annotated[list[str], typer.Argument(help="ids of the claims that leave")],
    reason: Reason = "",
) -> None:
    """Some of the evidence tells of another event."""
    with open_app() as app:
        _said(app.review.split(event, claims, actor=ACTOR, reason=reason))


def retract(event: EventArgument, reason: Reason) -> None:
    """The event did not happen; every place that told it is corrected."""
    with open_app() as app:
        _said(app.review.reject(event, actor=ACTOR, reason=reason))


def dispute(event: EventArgument, reason: Reason) -> None:
    """Somebody contradicts the event; it stays, marked."""
    with open_app() as app:
        _said(app.review.dispute(event, actor=ACTOR, reason=reason))


def restore_event(event: EventArgument, reason: Reason) -> None:
    """Take a retraction, a dispute or a supersession back."""
    with open_app() as app:
        _said(app.review.restore(event, actor=ACTOR, reason=reason))


def _said(records: tuple[Record, ...]) -> None:
    for record in records:
        say(f"{record.kind}: {record.event.id} {record.event.title}")
