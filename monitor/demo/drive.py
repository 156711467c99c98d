"""`monitor demo`: a year of publications through the real pipeline, without a network."""

from __future__ import annotations

import shutil
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from monitor.bootstrap import knowledge, upkeep
from monitor.bootstrap.compose import App
from monitor.bootstrap.machine import data_text
from monitor.bootstrap.runner import pages_in_background
from monitor.demo.calendar import LAST, TRAPS, days
from monitor.demo.outgoing import MailFiles, SlackFiles
from monitor.demo.server import DemoServer
from monitor.demo.world import Texts, read_texts
from monitor.detect.ledger.bundled import parse_history
from monitor.domain.states import STATES
from monitor.settings import read_settings

Say = Callable[[str], None]
START = datetime(2025, 2, 20, 12, 0, tzinfo=UTC)


class DemoClock:
    """Time of the demo's calendar."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        """The demo's present."""
        return self.at


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What the demo told; a test holds these numbers."""

    days: int
    publications_held: int
    events: tuple[tuple[str, int], ...]  #: by type, of all that the log holds
    silent: int  #: of them from the first import
    slack_messages: int
    mails: int
    active: int  #: agreements at the end
    ever_listed: int
    problems: tuple[str, ...]  #: what verify found; none


def play(*, keep: bool, say: Say) -> None:
    """Run the demo in ./var/demo, show what it told, and leave the pages up if wanted."""
    directory = Path("var/demo")
    shutil.rmtree(directory, ignore_errors=True)
    with Progress(
        TextColumn("[progress.description]{task.description}"), BarColumn(), MofNCompleteColumn()
    ) as bar:
        task = bar.add_task("DEMO", total=None)

        def tick(done: int, total: int, label: str) -> None:
            bar.update(task, completed=done, total=total, description=f"DEMO {label}")

        app, summary = run(directory, tick)
    try:
        for line in explained(summary, directory):
            say(line)
        if keep:
            with pages_in_background(app, say):
                say("Ctrl-C ends the demo")
                threading.Event().wait()
    finally:
        app.close()


def run(
    directory: Path, tick: Callable[[int, int, str], None], last: date = LAST
) -> tuple[App, Summary]:
    """The demo up to a day, in a directory of its own; the caller closes the app."""
    directory.mkdir(parents=True, exist_ok=True)
    texts = read_texts(files("monitor.demo").joinpath("texts.yaml").read_text(encoding="utf-8"))
    known = knowledge.ledger()
    history = parse_history(data_text("roster_history.csv"), known.counties, known.rules.aliases)
    clock = DemoClock()
    with DemoServer() as server:
        app = _app(directory, texts, server.base, clock)
        slack, mail = SlackFiles(directory / "slack"), MailFiles(directory / "mail")
        app.__dict__["channels"] = {"slack": slack, "email": mail}
        upkeep.seed_subscriptions(app)
        listing = list(days(history.outcomes, texts, server.base, _state_names(), last))
        for number, day in enumerate(listing, 1):
            clock.at = day.at
            server.show(day.pages)
            app.check(app.sources(), lambda _checked: None)
            _deliver(app, clock)
            tick(number, len(listing), f"{day.at:%Y-%m-%d} {day.note}".strip())
    return app, _summary(app, slack, mail, len(listing))


def _deliver(app: App, clock: DemoClock) -> None:
    """Close due digests and send what is due, a second of demo time between the messages."""
    app.digests()
    for _ in range(40):
        if not app.store.due_deliveries(clock.at):
            return
        app.deliver()
        clock.at += timedelta(seconds=2)


def _app(directory: Path, texts: Texts, base: str, clock: DemoClock) -> App:
    catalogue = directory / "feeds.yaml"
    catalogue.write_text("\n".join(_catalogue(texts, base)) + "\n", encoding="utf-8")
    settings = read_settings(
        {
            "MONITOR_DATA_DIR": str(directory),
            "MONITOR_FEEDS": str(catalogue),
            "MONITOR_ALLOW_NETWORKS": "127.0.0.1/32",
            "MONITOR_DEMO": "1",
            "OPENSTATES_API_KEY": "demo",
            "MONITOR_CONTACT": "demo",
            "MONITOR_TIME_ZONE": "America/Chicago",
        }
    )
    return App(settings, clock)


def _catalogue(texts: Texts, base: str) -> list[str]:
    polite = "    politeness: {min_delay_s: 0, respect_robots: false}"
    lines = [
        "version: 1",
        "sources:",
        "  - id: demo_roster",
        "    kind: table",
        "    name: DEMO lists in ICE's layout",
        "    publisher: ICE (demo)",
        "    tier: roster",
        "    sees: [agreement_signed, agreement_terminated]",
        polite,
        "    options:",
        f"      url: {base}/287g",
        "      reads: roster",
        "      moa: false",
        "      links:",
        "        - {name: participating, href: participating}",
        "        - {name: pending, href: pending, required: false}",
        "  - id: demo_bill",
        "    kind: openstates",
        "    name: DEMO bills in the form of Open States",
        "    tier: aggregator",
        "    document_kind: bill",
        f"    states: [{texts.bill.state}]",
        "    sees: [state_mandate_introduced, state_mandate_passed, state_mandate_enacted]",
        "    needs_env: [OPENSTATES_API_KEY]",
        polite,
        f"    options: {{base: '{base}/', jurisdiction: {texts.bill.state}}}",
    ]
    for outlet in texts.outlets:
        lines += [
            f"  - id: {outlet.name}",
            "    kind: feed",
            f"    name: {outlet.title}",
            f"    tier: {outlet.tier}",
            f"    document_kind: {outlet.kind}",
            "    sees: [agreement_signed]",
            polite,
            *([f"    states: [{outlet.state}]"] if outlet.state else []),
            f"    options: {{url: '{base}/{outlet.name}/feed.xml', follow: always}}",
        ]
    lines += [
        "subscriptions:",
        "  - {id: everything, channel: slack, destination: all, max_per_day: 200}",
        "  - {id: texas, channel: slack, destination: texas, filter: 'state:TX'}",
        "  - {id: weekly, channel: email, destination: reader@example.org, cadence: weekly,",
        "     weekday: monday, time_zone: America/Chicago, reason: the demo subscribed you}",
    ]
    return lines


def _state_names() -> dict[str, str]:
    return {code: name for name, code in _named_states()}


def _named_states() -> Sequence[tuple[str, str]]:
    gazetteer = knowledge.gazetteer()
    return [(gazetteer.state_name(code) or code, code) for code in STATES]


def _summary(app: App, slack: SlackFiles, mail: MailFiles, count: int) -> Summary:
    everything = list(app.query.each(app.query.ask("", unreviewed=True)))
    types = Counter(event.event_type.value for event in everything)
    counts = app.store.roster_counts()
    held = [entry for entry in app.store.health(limit=10_000) if entry.kind == "held"]
    return Summary(
        days=count,
        publications_held=len(held),
        events=tuple(sorted(types.items())),
        silent=sum(event.silent for event in everything),
        slack_messages=slack.sent,
        mails=mail.sent,
        active=counts.active if counts else 0,
        ever_listed=counts.ever_listed if counts else 0,
        problems=app.store.verify(),
    )


def explained(summary: Summary, directory: Path) -> list[str]:
    """The last screen: the numbers, and what they mean."""
    told = sum(number for _, number in summary.events)
    lines = [
        "",
        f"DEMO: {summary.days} days with a publication, {START:%Y-%m-%d} to {LAST:%Y-%m-%d}.",
        f"The log holds {told} events, {summary.silent} of them from the first, silent import:",
        *(f"  {number:5}  {name}" for name, number in summary.events),
        f"{summary.slack_messages} Slack messages (bursts of signings are one message each) and "
        f"{summary.mails} weekly mails went out.",
        f"The roster ends with {summary.active} active agreements of {summary.ever_listed} ever "
        "listed.",
        f"{len(TRAPS)} publications carried a mistake on purpose "
        f"({'; '.join(trap.name for trap in TRAPS)}): {summary.publications_held} were held back "
        "until a later one showed what was true, the others were read as meant; none told a false "
        "departure.",
        "Log and archive prove intact." if not summary.problems else "VERIFY FOUND PROBLEMS:",
        *summary.problems,
        "",
        f"Slack messages: {directory}/slack/all.html, {directory}/slack/texas.html",
        f"Mails:          {directory}/mail/",
        f"Ask the log:    MONITOR_DATA_DIR={directory} MONITOR_DEMO=1 monitor events type:ended",
    ]
    return lines
