"""Verbs that keep and prove: verify, export, backup, restore, move, replay, backfill."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from monitor.bootstrap.compose import open_app
from monitor.cli.asking import EVENT_COLUMNS, FilterText, FormatOption, expression
from monitor.cli.output import FINDING, Format, progress, say, show
from monitor.cli.rows import event_row


def register(app: typer.Typer) -> None:
    """Add these verbs."""
    app.command("verify")(verify)
    app.command("export")(export)


def verify(
    bundle: Annotated[Path | None, typer.Argument(help="an evidence bundle; none: the log")] = None,
) -> None:
    """Prove log, archive and projections, or a bundle, intact; exit code 1 when they are not."""
    with open_app() as app, progress() as bar:
        task = bar.add_task("verifying records", total=app.store.last_sequence())
        problems = app.store.verify(lambda done: bar.update(task, completed=done))
    for problem in problems:
        sys.stdout.write(problem + "\n")
    if problems:
        raise typer.Exit(FINDING)
    say("log and archive are intact")


def export(
    filter: FilterText = None,
    format: FormatOption = Format.CSV,
) -> None:
    """All events that match a filter, for a program: csv, json or ndjson."""
    with open_app() as app:
        asked = app.query.ask(expression(filter))
        columns = (*EVENT_COLUMNS, "state", "county", "place", "agency", "model", "url")
        count = show(map(event_row, app.query.each(asked)), columns, format)
    say(f"{count} events")
