"""The demo's numbers, and the command line over the log that the demo leaves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from monitor.cli.main import app as cli
from monitor.demo.drive import Summary, explained, run


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Summary]]:
    """The demo's first seven weeks."""
    directory = tmp_path_factory.mktemp("demo")
    app, summary = run(directory, lambda *_: None, last=date(2025, 4, 10))
    app.close()
    yield directory, summary


def test_the_first_weeks_tell_what_they_should(played: tuple[Path, Summary]):
    directory, summary = played
    events = dict(summary.events)
    assert summary.problems == ()
    assert (summary.days, summary.active, summary.ever_listed) == (13, 444, 446)
    assert events["agreement_signed"] == pytest.approx(297, abs=3)
    assert events["agreement_terminated"] == 2  # two agencies in Nevada dropped one model each
    assert events["state_mandate_introduced"] == 2  # introduced, then moved in committee
    assert summary.publications_held == 0  # the misspelt state was repaired
    assert (summary.silent, summary.slack_messages, summary.mails) == (0, 33, 6)
    assert (directory / "slack" / "all.html").exists()
    for shown in (*(directory / "slack").iterdir(), *(directory / "mail").iterdir()):
        assert "DEMO" in shown.read_text(encoding="utf-8"), shown


def test_the_last_screen_states_the_numbers(played: tuple[Path, Summary]):
    directory, summary = played
    text = "\n".join(explained(summary, directory))
    assert f"{summary.slack_messages} Slack messages" in text
    assert f"{summary.mails} weekly mails" in text


@pytest.fixture
def monitor(played: tuple[Path, Summary], monkeypatch: pytest.MonkeyPatch):
    directory, _ = played
    monkeypatch.setenv("MONITOR_DATA_DIR", str(directory))
    monkeypatch.setenv("MONITOR_FEEDS", str(directory / "feeds.yaml"))
    monkeypatch.setenv("MONITOR_DEMO", "1")

    def ask(*words: str) -> Result:
        return CliRunner().invoke(cli, list(words))

    return ask


def rows(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]


def test_events_and_show(monitor):
    found = monitor("events", "type:signed", 'agency:"larkmoor"', "--format", "ndjson")
    assert found.exit_code == 0
    stages = {row["stage"] for row in rows(found)}
    assert stages == {"approved_by_governing_body", "signed"}
    event_id = str(rows(found)[0]["id"])
    shown = monitor("show", event_id, "--format", "ndjson")
    (row,) = rows(shown)
    assert row["evidence"]
    assert row["records"]
    reached = rows(monitor("show", event_id, "--reached", "--format", "ndjson"))
    assert {one["channel"] for one in reached} >= {"slack"}


def test_pages_of_events_hold_each_once(monitor):
    seen: list[object] = []
    cursor: str | None = None
    while True:
        words = ["events", "--limit", "50", "--format", "ndjson"]
        result = monitor(*words, *(["--cursor", cursor] if cursor else []))
        seen += [row["id"] for row in rows(result)]
        tail = result.stderr.split("--cursor ")
        if len(tail) < 2:
            break
        cursor = tail[1].split()[0]
    assert len(seen) == len(set(seen)) > 200


def test_stats_agree_with_events(monitor):
    counted = {row["type"]: row["events"] for row in rows(monitor("stats", "-f", "ndjson"))}
    listed = rows(monitor("events", "type:agreement_pending", "--limit", "5000", "-f", "ndjson"))
    assert counted["agreement_pending"] == len(listed)


def test_the_roster_now_then_and_its_sum(monitor):
    today = rows(monitor("roster", "state:TX", "-f", "ndjson"))
    before = rows(monitor("roster", "state:TX", "--as-of", "2025-03-01", "-f", "ndjson"))
    assert 0 < len(before) < len(today)
    assert monitor("roster", "--check").exit_code == 0
    assert monitor("roster", "--cited", "-f", "ndjson").exit_code == 0


def test_a_wrong_filter_says_where_and_what_instead(monitor):
    result = monitor("events", "stat:TX")
    assert result.exit_code != 0
    assert "state" in str(result.exception)


def test_verify_backup_drill_and_restore(monitor, tmp_path: Path):
    assert monitor("verify").exit_code == 0
    assert monitor("backup", str(tmp_path / "b.zip")).exit_code == 0
    assert monitor("restore", str(tmp_path / "b.zip"), "--drill").exit_code == 0
    assert monitor("restore", str(tmp_path / "b.zip"), str(tmp_path / "again")).exit_code == 0
    assert (tmp_path / "again" / "monitor.sqlite").exists()


def test_exports_are_safe_for_spreadsheets(monitor):
    result = monitor("export", "type:signed", "--format", "csv")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].startswith("day,type,stage")
    assert len(lines) > 200


def test_doctor_and_lists(monitor):
    assert monitor("doctor", "-f", "ndjson").exit_code in (0, 1)
    assert len(rows(monitor("sources", "list", "-f", "ndjson"))) == 8
    assert len(rows(monitor("subscriptions", "list", "-f", "ndjson"))) == 3
    assert "In the last" in monitor("subscriptions", "preview", "texas", "--days", "30").stderr
    assert monitor("digest", "weekly", "--preview").exit_code == 0


def test_a_channel_that_is_not_configured_says_what_to_do(monitor):
    result = monitor("channels", "test", "slack")
    assert result.exit_code == 1
    assert "monitor setup" in result.stderr


def test_review_waits_and_decides(monitor):
    waiting = rows(monitor("review", "-f", "ndjson"))
    if not waiting:
        pytest.skip("nothing of these weeks is worth a review")
    assert monitor("review", str(waiting[0]["id"]), "--reject", "--reason", "test").exit_code == 0


@pytest.mark.long
def test_the_whole_demo(tmp_path: Path):
    """The numbers of the last screen, as docs and README state them."""
    app, summary = run(tmp_path, lambda *_: None)
    app.close()
    assert summary.problems == ()
    assert summary.days == 66
    assert summary.publications_held == 2
    assert (summary.active, summary.ever_listed) == (1245, 1284)
    events = dict(summary.events)
    assert events["agreement_terminated"] == pytest.approx(37, abs=2)
    assert summary.mails == pytest.approx(42, abs=1)
