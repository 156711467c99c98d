"""Verbs that measure and explain: detect, rules, ledger."""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from monitor.bootstrap import holding, knowledge
from monitor.bootstrap.compose import open_app
from monitor.cli.output import FINDING, fail, progress, say
from monitor.detect.engine import findings
from monitor.settings import process_environment, read_settings


def register(app: typer.Typer) -> None:
    """Add these verbs."""
    app.command("detect")(detect)
    ledger = typer.Typer(help="the roster ledger", no_args_is_help=True)
    ledger.command("replay")(ledger_replay)
    ledger.command("held")(ledger_held)
    ledger.command("accept")(ledger_accept)
    ledger.command("reject")(ledger_reject)
    app.add_typer(ledger, name="ledger")


def detect(
    jsonl: Annotated[Path, typer.Option(help="documents, one JSON object a line")],
) -> None:
    """What the rules read in documents; no store, no network (docs/rules.md)."""
    from monitor.services.detect_file import detected

    settings = read_settings(process_environment())
    pack = knowledge.load_pack(settings, None)
    read = partial(findings, pack=pack, gazetteer=knowledge.gazetteer())
    try:
        lines = jsonl.read_text(encoding="utf-8").split("\n")  # JSON holds U+2028
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{jsonl} cannot be read: {error}")
    with progress() as bar:
        task = bar.add_task("reading documents", total=len(lines))
        for line in detected(lines, read, lambda _n: bar.advance(task)):
            sys.stdout.write(line + "\n")


def ledger_replay(
    directory: Annotated[Path, typer.Argument(help="a directory of .xlsx files, any names")],
    format: Annotated[str, typer.Option("--format", help="jsonl")] = "jsonl",
) -> None:
    """Read every workbook of a directory into a fresh ledger; one JSON object an outcome."""
    from monitor.services.ledger_replay import outcome_objects, read_directory, steps

    if format != "jsonl":
        fail(f"--format {format}: this verb writes jsonl only")
    if not directory.is_dir():
        fail(f"{directory} is no directory")
    tables, problems = read_directory(directory)
    for problem in problems:
        say(problem)
    if not tables:
        fail(f"no workbook with a roster in {directory}", FINDING)
    known = knowledge.ledger()
    with progress() as bar:
        task = bar.add_task("replaying publications", total=len(tables))
        for result in steps(
            tables, rules=known.rules, counties=known.counties, places=known.places
        ):
            for outcome in result.outcomes:
                for row in outcome_objects(outcome):
                    sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
            bar.advance(task)


def ledger_held() -> None:
    """Publications that are held, and why."""
    with open_app() as app:
        held = holding.held_lines(app)
        for line in held:
            typer.echo(line)
        if not held:
            say("nothing is held")


def ledger_accept(ledger: Annotated[str, typer.Argument(help="source id")]) -> None:
    """Take over the held publication: what it says is told."""
    with open_app() as app:
        say(holding.decide(app, ledger, accept=True))


def ledger_reject(ledger: Annotated[str, typer.Argument(help="source id")]) -> None:
    """Drop the held publication: it stays archived and changes nothing."""
    with open_app() as app:
        say(holding.decide(app, ledger, accept=False))
