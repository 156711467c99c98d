"""Verbs that run the monitor: run, setup, doctor, check, sources, channels, worker, jobs, web."""

from __future__ import annotations

import signal
import sys
from contextlib import closing
from dataclasses import asdict
from typing import Annotated

import typer

from monitor.bootstrap import operations, upkeep
from monitor.bootstrap.compose import App, open_app
from monitor.cli.asking import FormatOption
from monitor.cli.output import FINDING, Format, Row, fail, progress, say, show
from monitor.services.check import Checked


def register(app: typer.Typer) -> None:
    """Add these verbs."""
    app.command("run")(run)
    app.command("setup")(setup)
    app.command("doctor")(doctor)
    app.command("check")(check)
    app.command("demo")(demo)
    app.command("web")(web)
    app.command("worker")(worker)
    app.command("jobs")(jobs)
    sources = typer.Typer(help="the sources of feeds.yaml", no_args_is_help=True)
    sources.command("list")(sources_list)
    sources.command("probe")(sources_probe)
    sources.command("discover")(sources_discover)
    sources.command("coverage")(sources_coverage)
    sources.command("quota")(sources_quota)
    sources.command("reference")(sources_reference)
    app.add_typer(sources, name="sources")
    channels = typer.Typer(help="the ways out", no_args_is_help=True)
    channels.command("list")(channels_list)
    channels.command("test")(channels_test)
    app.add_typer(channels, name="channels")


def run(
    probe: Annotated[
        bool | None, typer.Option("--probe/--no-probe", help="check sources live before starting")
    ] = None,
) -> None:
    """Poll, detect, log and deliver until stopped; pages come up by themselves."""
    from monitor.bootstrap.runner import Runner
    from monitor.bootstrap.stopping import SignalledStop

    with open_app() as app:
        runner = Runner(app, say=say)
        if _wants_probe(app, probe):
            _probe(app, None)  # asks and waits: until it is over a signal ends the process at once
        with closing(SignalledStop()) as stop:
            for signum in (signal.SIGTERM, signal.SIGINT):
                signal.signal(signum, lambda *_: stop.set())
            runner.run(stop)


def _wants_probe(app: App, probe: bool | None) -> bool:
    """The first start probes: asked where somebody can answer, by itself where nobody can."""
    if probe is not None or app.store.fact("probed") is not None:
        return bool(probe)
    if not sys.stdin.isatty():
        return True
    return typer.confirm("Check every source once, politely, and switch on what answers?", True)


def _probe(app: App, only: list[str] | None) -> list[Row]:
    sources = app.chosen_sources(only)
    rows: list[Row] = []
    with progress() as bar:
        task = bar.add_task("probing sources", total=len(sources))
        for result in operations.probe_sources(app, sources):
            rows.append(asdict(result))
            bar.advance(task)
    passed = sum(1 for row in rows if row["passed"])
    say(f"{passed} of {len(rows)} sources answered as expected and are on")
    for line in _unanswered(rows):
        say(line)
    if not passed and all(_unreached(str(row["outcome"])) for row in rows):
        say("none answered: is there a network? They stay as they are; `monitor sources probe`")
    return rows


def _unreached(outcome: str) -> bool:
    """Whether the outcome may be our side of the line."""
    return outcome.startswith("failed:") and outcome not in ("failed:gate", "failed:http_status")


def _unanswered(rows: list[Row]) -> list[str]:
    """The others by what came back: `failed:dns (2): ice_news, dhs_news`."""
    by_outcome: dict[str, list[str]] = {}
    for row in rows:
        if not row["passed"]:
            by_outcome.setdefault(str(row["outcome"]), []).append(str(row["source_id"]))
    return [f"{word} ({len(ids)}): {', '.join(ids)}" for word, ids in sorted(by_outcome.items())]


def setup() -> None:
    """Ask for contact, time zone, Slack and mail, and store the answers in the data directory."""
    from monitor.cli.setup import ask

    ask()


def doctor(format: FormatOption = Format.AUTO) -> None:
    """Look at everything that must be right; exit code 1 when something is not."""
    with open_app() as app:
        rows = operations.doctor_rows(app)
        show(rows, ("what", "state", "detail"), Format.TABLE if format is Format.AUTO else format)
        if any(row["state"] == "bad" for row in rows):
            raise typer.Exit(FINDING)


def check(
    source: Annotated[
        list[str] | None, typer.Argument(help="source ids; none: all that are on")
    ] = None,
    format: FormatOption = Format.AUTO,
) -> None:
    """Check sources once, now, and deliver what it brought."""
    with open_app() as app:
        upkeep.prepare(app, say)
        sources = [s for s in app.chosen_sources(source) if source or s.enabled]
        rows: list[Row] = []
        with progress() as bar:
            task = bar.add_task("checking", total=len(sources))

            def done(checked: Checked) -> None:
                rows.append(_checked_row(checked))
                bar.advance(task)

            app.check(sources, done)
        app.deliver()
        show(rows, ("source", "outcome", "items", "events", "seconds", "problem"), format)
        if rows and all(
            str(row["outcome"]).startswith(("failed", "blocked", "rejected")) for row in rows
        ):
            raise typer.Exit(FINDING)


def _checked_row(checked: Checked) -> Row:
    return {
        "source": checked.source_id,
        "outcome": checked.outcome,
        "items": checked.items,
        "events": checked.events,
        "seconds": round(checked.elapsed_s, 1),
        "problem": checked.problems[0] if checked.problems else "",
    }


def demo(
    keep: Annotated[bool, typer.Option(help="leave the pages up at the end")] = True,
) -> None:
    """The whole way without a network: a year of publications, told day by day."""
    from monitor.demo.drive import play

    play(keep=keep and sys.stdin.isatty(), say=say)


def web(
    login: Annotated[
        str, typer.Option(help="print a one-time login link for this address instead")
    ] = "",
) -> None:
    """Only the pages, over the same store."""
    from monitor.bootstrap.pages import login_address
    from monitor.bootstrap.runner import serve_pages

    with open_app() as app:
        if not login:
            serve_pages(app, say=say)
            return
        link = login_address(app, login)
        if link is None:
            fail(f"{login} has no role: name it in MONITOR_READERS, _EDITORS or MONITOR_ADMINS")
        typer.echo(link)


def worker(
    scheduler: Annotated[
        bool, typer.Option(help="take part in the election of the scheduler")
    ] = True,
    pages: Annotated[
        bool, typer.Option("--pages/--no-pages", help="serve pages and Slack commands as well")
    ] = False,
    heartbeat: Annotated[
        float,
        typer.Option(min=0.2, max=60, help="seconds between signs of life; four missed are death"),
    ] = 5.0,
) -> None:
    """One worker of the shared queue on PostgreSQL; any number, on any number of machines."""
    from monitor.bootstrap.workers import run_worker

    with open_app() as app:
        run_worker(app, take_part=scheduler, say=say, pages=pages, heartbeat_s=heartbeat)


def jobs(format: FormatOption = Format.AUTO) -> None:
    """The workers, and what is queued, running, retried and dead on the shared queue."""
    from monitor.bootstrap.shared_queue import job_rows

    columns = ("queue", "task", "state", "count", "oldest", "tries", "next", "about")
    show(job_rows(), columns, format)


def sources_list(format: FormatOption = Format.AUTO) -> None:
    """All sources: kind, publisher, schedule, how each stands."""
    with open_app() as app:
        rows = [
            {
                "source": report.source.id,
                "kind": report.source.kind,
                "publisher": report.source.publisher or report.source.name,
                "tier": report.source.tier.value,
                "states": list(report.source.states),
                "standing": report.standing.value,
                "as_of": f"{report.as_of:%Y-%m-%d %H:%M}" if report.as_of else "",
                "checked": str(report.source.checked or "never"),
                "message": report.message,
            }
            for report in app.health.reports()
        ]
        columns = ("source", "kind", "publisher", "states", "standing", "as_of", "message")
        show(rows, columns, format)


def sources_probe(
    source: Annotated[list[str] | None, typer.Argument(help="source ids; none: all")] = None,
    format: FormatOption = Format.AUTO,
) -> None:
    """One polite live check of each source; what passes is switched on, with the day noted."""
    with open_app() as app:
        rows = _probe(app, source)
        show(rows, ("source_id", "passed", "outcome", "found", "detail"), format)


def sources_discover(url: Annotated[str, typer.Argument(help="a site's address")]) -> None:
    """Find feeds, sitemaps, Legistar clients and tables on a site; prints a block."""
    with open_app() as app:
        text, problems = operations.discover_site(app, url)
        for problem in problems:
            say(problem)
        if not text:
            fail(f"nothing found at {url} that could be watched as a feed or table", FINDING)
        typer.echo(text)


def sources_coverage(
    markdown: Annotated[bool, typer.Option(help="the table of docs/coverage.md")] = False,
    summary: Annotated[bool, typer.Option(help="the short table of README.md")] = False,
    format: FormatOption = Format.AUTO,
) -> None:
    """For each state and event type: which sources could see it, at what delay, and the gaps."""
    with open_app() as app:
        if markdown or summary:
            table = operations.coverage_summary if summary else operations.coverage_markdown
            typer.echo(table(app))
            return
        columns = ("state", "event_type", "sources", "needs_key", "delay", "gap")
        show(operations.coverage_rows(app), columns, format)


def sources_quota(format: FormatOption = Format.AUTO) -> None:
    """Calls of this month by key, against the budget, with the forecast for the month."""
    from monitor.services.quota import quota_rows

    with open_app() as app:
        rows = [asdict(row) for row in quota_rows(app.sources(), app.store, app.clock.now())]
    columns = ("variable", "enabled", "month", "spent", "budget", "forecast", "sources")
    show(rows, columns, format)


def sources_reference() -> None:
    """The reference of feeds.yaml, generated from the option models."""
    typer.echo(operations.feeds_reference(), nl=False)


def channels_list(format: FormatOption = Format.AUTO) -> None:
    """The channels as they are configured."""
    with open_app() as app:
        show(operations.channel_rows(app), ("channel", "configured", "can_ask", "detail"), format)


def channels_test(
    name: Annotated[str, typer.Argument(help="slack, email, webhook, file or stdout")],
    destination: Annotated[str, typer.Argument(help="channel id, address, URL or file name")] = "",
) -> None:
    """Send one test message and say what came of it."""
    with open_app() as app:
        confirmed, words = operations.try_channel(app, name, destination)
        say(words)
        if not confirmed:
            raise typer.Exit(FINDING)
