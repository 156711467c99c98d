"""What supervisors read: metrics a source, liveness, log lines as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from monitor.cli.output import say
from tests.website import READER, Website, website


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Website]:
    with website(tmp_path_factory.mktemp("metrics")) as made:
        yield made


def test_metrics_state_how_each_source_stands(site: Website) -> None:
    assert site.client().get("/healthz").text == "ok\n"
    text = site.signed_in(READER).get("/metrics").text
    lines = [line for line in text.splitlines() if line.startswith("monitor_source_standing{")]
    reports = site.site.parts.health.reports()
    assert len(lines) == len(reports) > 0
    for report in reports:
        assert any(f'source="{report.source.id}"' in line for line in lines)
        labels = f'source="{report.source.id}",standing="{report.standing}"'
        assert f"monitor_source_standing{{{labels}}} 1.0" in text


def test_messages_are_json_lines_where_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    say("watching 3 sources")
    monkeypatch.setenv("MONITOR_LOG", "json")
    say("stopped\nat once")
    plain, *lines = capsys.readouterr().err.splitlines()
    assert plain == "watching 3 sources"
    messages = [json.loads(line) for line in lines]
    assert "stopped" in messages[0]["message"]
    assert set(messages[0]) == {"time", "level", "logger", "message"}
