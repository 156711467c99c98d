"""`monitor backfill` as it is started: over the queue of several workers, and folders of rosters.

Nobody is ever told of what an archive holds.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from monitor.bootstrap import backreading
from monitor.bootstrap.compose import App
from monitor.demo import workbooks
from monitor.domain.roster import RosterRow
from monitor.domain.vocabulary import Model
from monitor.jobs.engine import NOBODY, Engine, queue_url
from monitor.settings import read_settings
from tests.crew import wait_until
from tests.integration.test_backfill import html, warc
from tests.integration.test_run_process import environment, free_port

FEEDS = """\
version: 1
sources:
  - id: gazette
    kind: feed
    name: Gazette
    tier: press
    sees: [agreement_signed]
    politeness: {min_delay_s: 0, respect_robots: false}
    options: {url: 'http://127.0.0.1:9/feed.xml'}
  - id: lists
    kind: table
    name: Lists
    tier: roster
    sees: [agreement_signed]
    options:
      url: http://127.0.0.1:9/287g
      reads: roster
      moa: false
      links: [{name: participating, href: participating}]
subscriptions:
  - {id: everything, channel: file, destination: all.jsonl}
"""
COUNTIES = ("Upshur", "Smith", "Gregg", "Wood", "Rains", "Camp")
PAGES = 12

#: (type, county, addresses)
Told = set[tuple[str, str | None, frozenset[str]]]


def archives(folder: Path) -> Path:
    """One archive a county, in which two pages tell that its sheriff signed."""
    folder.mkdir()
    for county in COUNTIES:
        sentence = (
            f"The sheriff of {county} County, Texas signed a 287(g) task force agreement with "
            "Immigration and Customs Enforcement on Monday, his office said. "
        )
        pages = [
            (
                f"https://paper.example/{county}/{number}",
                html(f"{county} County", sentence if number in (3, 7) else "A bridge is built. "),
            )
            for number in range(PAGES)
        ]
        warc(folder / f"{county}.warc.gz", pages)
    return folder


def program(environ: dict[str, str], directory: Path, *verb: str) -> subprocess.Popen[str]:
    """`monitor VERB` in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "monitor", *verb],
        env=environ,
        cwd=directory,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def said(environ: dict[str, str], directory: Path, *verb: str) -> str:
    """What `monitor VERB` prints."""
    process = program(environ, directory, *verb)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    return output


def told(app: App) -> Told:
    """What the log holds."""
    events = app.query.each(app.query.ask(""))
    return {
        (e.event_type.value, e.jurisdiction.county, frozenset(x.url for x in e.evidence))
        for e in events
    }


def require_silence(app: App, directory: Path) -> None:
    """Every event is silent, and no message waits or went out."""
    assert all(event.silent for event in app.query.each(app.query.ask("")))
    assert app.deliver() == 0 and app.store.deliveries() == ()
    assert not list(directory.rglob("all.jsonl"))
    assert app.store.verify() == ()


def parts_done(app: App, folder: Path) -> Callable[[], int]:
    """How many parts of the archives were read so far."""
    parts, _ = backreading.plan([folder])
    chosen = backreading.shelf(app, None)

    def count() -> int:
        with backreading.back_reading(app, chosen, 1) as service:
            return sum(service.done(part) is not None for part in parts)

    return count


@pytest.mark.long
def test_workers_of_the_queue_read_an_archive_once(tmp_path: Path, postgres_url: str) -> None:
    feeds = tmp_path / "feeds.yaml"
    feeds.write_text(FEEDS, encoding="utf-8")
    folder = archives(tmp_path / "crawl")
    environ = environment(tmp_path, free_port(), feeds) | {"MONITOR_DATABASE_URL": postgres_url}
    output = said(environ, tmp_path, "backfill", "--queue", str(folder))
    assert f"{len(COUNTIES)} parts on the queue" in output
    app = App(read_settings(environ))
    done = parts_done(app, folder)
    worker = ("worker", "--heartbeat", "0.5")
    first = program(environ, tmp_path, *worker)
    wait_until(lambda: done() >= 1, "a part is read")
    first.kill()
    first.communicate()
    second = program(environ, tmp_path, *worker)
    try:
        wait_until(lambda: done() == len(COUNTIES), "every part is read")
    finally:
        second.terminate()
        output, _ = second.communicate(timeout=120)
    assert second.returncode == 0, output
    with Engine(queue_url(postgres_url), NOBODY).opened() as engine:
        assert engine.dead(0) == ()
    assert {addresses for _, _, addresses in told(app)} == {
        frozenset(f"https://paper.example/{county}/{number}" for number in (3, 7))
        for county in COUNTIES
    }
    assert len(told(app)) == len(COUNTIES)
    require_silence(app, tmp_path)
    app.close()


def row(county: str, signed: date) -> RosterRow:
    return RosterRow(
        state="TX",
        agency=f"{county} County Sheriff's Office",
        agency_id="",
        model=Model.TFM,
        county=f"{county} County",
        signed=signed,
    )


def test_a_folder_of_rosters_is_read_back_silently(tmp_path: Path) -> None:
    feeds = tmp_path / "feeds.yaml"
    feeds.write_text(FEEDS, encoding="utf-8")
    folder = tmp_path / "rosters"
    folder.mkdir()
    begin = datetime(2025, 6, 2, 12, tzinfo=UTC)
    rows = [row(county, date(2025, 5, 20)) for county in COUNTIES]
    for number, published in enumerate((rows[:4], rows[:5], rows)):
        at = begin + timedelta(days=number)
        book = workbooks.participating(published, at, {"TX": "Texas"})
        (folder / f"{2 - number}-participating.xlsx").write_bytes(book)  # names say no order
    environ = environment(tmp_path, free_port(), feeds)
    output = said(environ, tmp_path, "backfill", str(folder))
    assert "3 publications read" in output
    app = App(read_settings(environ))
    first = told(app)
    signed = {county for kind, county, _ in first if kind == "agreement_signed"}
    assert len(signed) == 2  # the first publication is where the watching begins
    listed = said(environ, tmp_path, "roster", "--format", "json")
    assert listed.startswith(f"{len(COUNTIES)} agreements of {len(COUNTIES)} agencies")
    assert "0 events" in said(environ, tmp_path, "backfill", str(folder))
    assert told(app) == first
    require_silence(app, tmp_path)
    app.close()


def test_a_folder_of_both_and_an_archive_of_one_source(tmp_path: Path) -> None:
    feeds = tmp_path / "feeds.yaml"
    feeds.write_text(FEEDS, encoding="utf-8")
    folder = archives(tmp_path / "crawl")
    environ = environment(tmp_path, free_port(), feeds)
    output = said(environ, tmp_path, "backfill", "--source", "gazette", str(folder))
    assert f"{len(COUNTIES) * PAGES} pages read" in output
    again = said(environ, tmp_path, "backfill", "--source", "gazette", str(folder))
    assert f"{len(COUNTIES)} of {len(COUNTIES)} parts were read before" in again
    app = App(read_settings(environ))
    events = list(app.query.each(app.query.ask("")))
    assert len(events) == len(COUNTIES)
    assert {x.source_id for event in events for x in event.evidence} == {"gazette"}
    require_silence(app, tmp_path)
    app.close()
