"""Verbs that keep and prove: verify, export, backup, restore, move, publish."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from monitor.bootstrap import keeping
from monitor.bootstrap.compose import open_app
from monitor.cli.asking import EVENT_COLUMNS, FilterText, FormatOption, expression
from monitor.cli.output import FINDING, Format, fail, progress, say, show
from monitor.cli.rows import event_row
from monitor.settings import process_environment, read_settings


def register(app: typer.Typer) -> None:
    """Add these verbs."""
    app.command("verify")(verify)
    app.command("export")(export)
    app.command("backup")(backup)
    app.command("restore")(restore)
    app.command("move")(move)
    app.command("publish")(publish)


def verify(
    bundle: Annotated[
        Path | None, typer.Argument(help="an evidence bundle, proved offline")
    ] = None,
) -> None:
    """Prove log, archive and projections intact, or one bundle; exit code 1 when they are not."""
    if bundle is not None:
        _judge(keeping.verify_bundle(bundle))
        say(f"{bundle} is what it was when it was made")
        return
    with open_app() as app, progress() as bar:
        task = bar.add_task("verifying records", total=app.store.last_sequence())
        problems = app.store.verify(lambda done: bar.update(task, completed=done))
    _judge(problems)
    say("log and archive are intact")


def _judge(problems: tuple[str, ...]) -> None:
    for problem in problems:
        sys.stdout.write(problem + "\n")
    if problems:
        raise typer.Exit(FINDING)


def export(
    filter: FilterText = None,
    format: FormatOption = Format.CSV,
    evidence: Annotated[
        str | None, typer.Option("--evidence", metavar="EVENT", help="one event's bundle instead")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="the bundle's file")] = None,
) -> None:
    """All events that match a filter, for a program, or everything one event rests on."""
    with open_app() as app:
        if evidence is not None:
            say(keeping.evidence(app, evidence, out))
            return
        asked = app.query.ask(expression(filter))
        columns = (*EVENT_COLUMNS, "state", "county", "place", "agency", "model", "url")
        count = show(map(event_row, app.query.each(asked)), columns, format)
    say(f"{count} events")


def backup(file: Annotated[Path, typer.Argument(help="where to write it")]) -> None:
    """Write a checksummed backup of database and archive while the bot runs."""
    with open_app() as app:
        say(keeping.backup(app, file))


def restore(
    file: Annotated[Path, typer.Argument(help="a file made by backup")],
    directory: Annotated[Path | None, typer.Argument(help="an empty data directory")] = None,
    drill: Annotated[bool, typer.Option("--drill", help="try it in a temporary place")] = False,
) -> None:
    """Put a backup in place; refuses files that are damaged or reach outside the directory."""
    if drill:
        sentence, problems = keeping.drill(file)
        _judge(problems)
        say(sentence)
        return
    if directory is None:
        fail("say where: an empty directory, or --drill")
    settings = read_settings(process_environment())
    remote = settings.secret("MONITOR_DATABASE_URL").reveal()
    url = remote or f"sqlite:///{(directory / 'monitor.sqlite').resolve()}"
    say(keeping.restore(file, directory, url))


def move(
    url: Annotated[str, typer.Argument(help="postgresql://… or sqlite:///…, empty")],
) -> None:
    """Copy this installation's database to another one, e.g. from SQLite to PostgreSQL."""
    with open_app() as app, progress() as bar:
        task = bar.add_task("copying", total=None)
        say(
            keeping.move(
                app, url, lambda name, rows: bar.update(task, description=f"{name} {rows}")
            )
        )


def publish() -> None:
    """Write the dataset without subscribers: SQLite, CSV, data dictionary, checksums."""
    with open_app() as app:
        say(keeping.publish(app))
