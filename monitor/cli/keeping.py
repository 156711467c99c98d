"""Verbs that keep and prove: verify, export, backup, restore, move, publish."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.bootstrap import keeping
from monitor.bootstrap.compose import open_app
from monitor.cli.asking import EVENT_COLUMNS, FilterText, FormatOption, expression
from monitor.cli.output import FINDING, Format, Unwatched, fail, progress, say, show
from monitor.cli.rows import event_row
from monitor.settings import process_environment, read_settings

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from monitor.bootstrap.compose import App
    from monitor.services.archives import Part
    from monitor.services.backreading import Shelf

#: So many differences of a replay are printed; their number always is.
MOST_DIFFERENCES = 20


def register(app: typer.Typer) -> None:
    """Add these verbs."""
    app.command("verify")(verify)
    app.command("export")(export)
    app.command("replay")(replay)
    app.command("backup")(backup)
    app.command("restore")(restore)
    app.command("move")(move)
    app.command("publish")(publish)
    app.command("backfill")(backfill)


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


def replay() -> None:
    """Make the log again from stored captures and compare; exit code 1 where it differs."""
    from monitor.bootstrap.replaying import replay as repeat

    with open_app() as app, progress() as bar:
        task = bar.add_task("taking in again", total=None)
        done = repeat(app, lambda count: bar.update(task, completed=count))
    for note in done.notes:
        say(note)
    for found in done.differences[:MOST_DIFFERENCES]:
        sys.stdout.write(
            f"record {found.sequence} differs in {', '.join(found.fields) or 'being there'}\n"
            f"  stored:   {found.stored[:300]}\n  replayed: {found.replayed[:300]}\n"
        )
    say(
        f"{done.identical} of {done.records} records identical; {done.takings} captures taken in "
        f"again, {done.copied} records copied (decisions of people and what has no capture)"
    )
    if done.differences:
        raise typer.Exit(FINDING)


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


def backfill(
    paths: Annotated[list[Path], typer.Argument(help="WARC files, folders of pages or workbooks")],
    source: Annotated[
        str | None, typer.Option(help="all pages are this source's; else by their host")
    ] = None,
    processes: Annotated[int, typer.Option(min=1, max=64, help="side by side here")] = 2,
    queue: Annotated[
        bool, typer.Option("--queue", help="let the workers of the shared queue read it")
    ] = False,
) -> None:
    """Read years back from archives; nobody is told, and a second run goes on where one ended."""
    from monitor.bootstrap import backreading

    parts, rosters = backreading.plan(paths)
    with open_app() as app:
        if queue:
            if source is not None or rosters:
                fail("--queue reads web archives by host; read the rest without it")
            say(f"{backreading.defer(app, parts)} parts on the queue; `monitor jobs` shows them")
            return
        chosen = backreading.shelf(app, source)
        for folder in rosters:
            _read_rosters(app, folder)
        if parts:
            _read_parts(app, chosen, parts, processes)


def _read_rosters(app: App, folder: Path) -> None:
    from monitor.bootstrap import backreading

    with progress() as bar:
        task = bar.add_task("workbooks", total=None)
        taken = [events for _, events in _told(backreading.read_rosters(app, folder), bar, task)]
    say(f"{folder}: {len(taken)} publications read, {sum(taken)} events")


def _told(
    each: Iterable[tuple[str, int]], bar: Progress | Unwatched, task: TaskID
) -> Iterator[tuple[str, int]]:
    for name, events in each:
        bar.update(task, advance=1, description=name)
        yield name, events


def _read_parts(app: App, chosen: Shelf, parts: Sequence[Part], processes: int) -> None:
    from monitor.bootstrap import backreading

    totals: Counter[str] = Counter()
    with backreading.back_reading(app, chosen, processes) as service, progress() as bar:
        task = bar.add_task("reading archives", total=len(parts))
        left = [part for part in parts if service.done(part) is None]
        bar.advance(task, len(parts) - len(left))
        if len(left) < len(parts):
            say(f"{len(parts) - len(left)} of {len(parts)} parts were read before")
        for done in service.read_all(left, processes):
            totals.update(
                pages=done.pages, relevant=done.relevant, found=done.found, events=done.events
            )
            bar.update(task, advance=1, description=f"{totals['pages']} pages")
    say(
        f"{totals['pages']} pages read, {totals['relevant']} with a trigger word, "
        f"{totals['found']} that say something, {totals['events']} events touched; nobody was told"
    )
