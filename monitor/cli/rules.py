"""`monitor rules`: try the rules on their fixtures, explain a verdict, backtest a draft."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from monitor.bootstrap import knowledge
from monitor.bootstrap.compose import App, open_app
from monitor.cli.asking import FormatOption
from monitor.cli.output import FINDING, Format, fail, progress, say, show
from monitor.detect.document import Document, document_of
from monitor.detect.explain import Explanation
from monitor.detect.rule import Pack
from monitor.domain.vocabulary import DocumentKind
from monitor.services import rules_lab
from monitor.settings import process_environment, read_settings

TextOption = Annotated[Path, typer.Argument(help="a text file")]


def register(app: typer.Typer) -> None:
    """Add these verbs."""
    group = typer.Typer(help="the rules (docs/rules.md)", no_args_is_help=True)
    group.command("check")(check)
    group.command("explain")(explain)
    group.command("backtest")(backtest)
    app.add_typer(group, name="rules")


def _pack(extra: Path | None = None) -> Pack:
    settings = read_settings(process_environment())
    if extra is not None:
        settings = replace(settings, values={**settings.values, "MONITOR_RULES": str(extra)})
    return knowledge.load_pack(settings, None)


def check(
    directory: Annotated[
        Path | None, typer.Argument(help="a draft beside the shipped rules")
    ] = None,
    format: FormatOption = Format.AUTO,
) -> None:
    """Load the rules and try each on its fixtures; exit code 1 when one does not hold."""
    report = rules_lab.check(_pack(directory), knowledge.gazetteer())
    if report.failures:
        show(map(asdict, report.failures), ("rule", "expected", "text", "instead"), format)
    say(f"{report.rules} rules, {report.fixtures} fixtures, {len(report.failures)} do not hold")
    if report.failures:
        raise typer.Exit(FINDING)


def explain(
    file: TextOption,
    rule: Annotated[str | None, typer.Option(help="one rule; adds its nearest miss")] = None,
    title: Annotated[str, typer.Option(help="the document's title")] = "",
    kind: Annotated[DocumentKind, typer.Option(help="what sort of text it is")] = DocumentKind.NEWS,
    state: Annotated[list[str] | None, typer.Option(help="states the source speaks of")] = None,
    draft: Annotated[Path | None, typer.Option(help="a directory of rule files to add")] = None,
) -> None:
    """What matched in a text, what stopped it, and the nearest miss."""
    from monitor.detect.explain import explain as explained

    document = Document(
        id="explain",
        url="",
        title=title,
        published=None,
        kind=kind,
        text=_text(file),
        source_states=tuple(state or ()),
    )
    try:
        found = explained(document, _pack(draft), knowledge.gazetteer(), rule)
    except KeyError:
        fail(f"no rule {rule!r}; `monitor rules check` loads them all")
    lines = list(_lines(found))
    for line in lines or ["no rule matched; --rule NAME shows how near that one came"]:
        typer.echo(line)


def _lines(found: Explanation) -> Iterator[str]:
    if not found.anchored:
        yield "no anchor word in the text, so no rule was tried"
    if found.aside is not None:
        yield f"ASIDE   the whole document by {found.aside.name} ({found.aside.words})"
    for hit in found.findings:
        yield f"FOUND   {hit.event_type}/{hit.stage} ({hit.worth}) by {hit.rule}: {hit.quote.text}"
    for stop in found.stopped:
        word = "WEAKER " if stop.weakened else "STOPPED"
        yield f"{word} {stop.rule} by {stop.guard} ({stop.words}): {stop.sentence}"
    for miss in found.nearest:
        parts = f"{miss.found}/{miss.parts}"
        yield f"NEAREST {miss.rule} {parts}, lacks {miss.lacks!r}: {miss.sentence}"


def backtest(
    draft: Annotated[Path, typer.Argument(help="a directory of rule files, as MONITOR_RULES")],
    folder: Annotated[Path | None, typer.Option(help="texts of a folder, not stored items")] = None,
    format: FormatOption = Format.AUTO,
) -> None:
    """A draft over all stored items: hits per week, new and lost alerts, precision on labels."""
    with open_app() as app, progress() as bar:
        task = bar.add_task("reading items", total=None)
        report = rules_lab.backtest(
            _pack(draft),
            app.pack.value,
            _folder(folder) if folder else _stored(app),
            knowledge.gazetteer(),
            {item.id: verdict for item, verdict in app.store.labels()},
            lambda done: bar.update(task, completed=done),
        )
    rows = [{"which": "new", **asdict(hit)} for hit in report.gained]
    rows += [{"which": "lost", **asdict(hit)} for hit in report.lost]
    show(rows, ("which", "event_type", "state", "rule", "title", "quote"), format)
    for week, alerts in report.by_week:
        say(f"{week or 'no date'}: {alerts} alerts")
    shown = "none is labelled" if report.precision is None else f"{report.precision:.2f}"
    say(f"{report.documents} documents; precision on labelled ones: {shown}")


def _stored(app: App) -> Iterator[Document]:
    states = {source.id: source.states for source in app.sources()}
    for revision in app.store.items():
        yield document_of(revision.item, states.get(revision.item.source_id, ()))


def _folder(folder: Path) -> Iterator[Document]:
    for path in sorted(folder.rglob("*.txt")):
        yield Document(
            id=path.name,
            url="",
            title=path.stem,
            published=None,
            kind=DocumentKind.NEWS,
            text=_text(path),
        )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{path} cannot be read: {error}")
