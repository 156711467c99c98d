"""Every fault of the server through the whole check: outcome, health entry, untouched baseline.

All sources of the installation are sound first, then each meets its own fault, all at once, as on
a bad day; then they are sound again with one new entry each.
"""

from __future__ import annotations

import resource
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from monitor.bootstrap.compose import App
from monitor.services.check import Checked
from monitor.services.health import Standing
from tests.faultserver import FAULTS, FaultServer, bomb, workbook
from tests.integration.test_reliability import installation
from tests.integration.test_watching import SetClock

#: Fault -> what the check says of it.
BROKEN = {
    "/stall/status": "failed:timeout_read",
    "/stall/headers": "failed:timeout_read",
    "/stall/body": "failed:timeout_read",
    "/drip": "failed:timeout_total",
    "/truncated": "failed:truncated",
    "/truncated/chunked": "failed:truncated",
    "/truncated/gzip": "failed:bad_encoding",
    "/reset": "failed:reset",
    "/reset/body": "failed:reset",
    "/empty": "failed:reset",
    "/wrong-length": "rejected:unreadable",
    "/big": "failed:too_large",
    "/big/announced": "failed:too_large",
    "/headers/huge": "failed:bad_header",
    "/headers/many": "failed:bad_header",
    "/headers/bad": "failed:bad_header",
    "/protocol": "failed:protocol",
    "/redirect/loop": "failed:redirect_loop",
    "/redirect/endless": "failed:redirect_loop",
    "/redirect/nowhere": "failed:bad_header",
    "/redirect?to=http://169.254.169.254/": "failed:redirect_refused",
    "/redirect?to=file:///etc/passwd": "failed:redirect_refused",
    "/bomb?coding=gzip": "failed:too_large",
    "/bomb?coding=br": "failed:too_large",
    "/bomb?coding=zstd": "failed:too_large",
    "/bomb?coding=deflate": "failed:too_large",
    "/bomb/zip": "rejected:unreadable",
    "/status?code=404": "failed:http_status",
    "/status?code=500": "failed:http_status",
    "/block?name=cloudflare_managed": "blocked:cloudflare",
    "/block?name=akamai_denied&code=403": "blocked:akamai",
    "/same": "rejected:unreadable",
    "/ok?bytes=100000": "rejected:unreadable",
    "/body?bytes=300000": "rejected:unreadable",
    "/coded?coding=br": "rejected:unreadable",
    "/echo": "rejected:unreadable",
    "/wrong-charset": "rejected:unreadable",
    "/feed/html": "rejected:unreadable",
    "/feed/entities": "rejected:unreadable",
    "/feed/xxe": "rejected:unreadable",
    "/pdf/loop": "rejected:unreadable",
    "/pdf/deep": "rejected:unreadable",
    "/roster?flaw=none": "rejected:unreadable",
    "/roster.xlsx?flaw=none": "rejected:unreadable",
}
#: Answers that look sound: nothing is lost and nothing is told.
HARMLESS = {
    "/always-304": "not_modified",
    "/feed/empty": "read",
    "/feed/flip": "read",
    "/feed/xinclude": "read",
}
#: No faults of a source, or of others than feeds: they have their own tests.
ELSEWHERE = {"/feed", "/as", "/break", "/mend", "/robots.txt", "/liar", "/429", "/body/stall"}


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    for coding in ("gzip", "deflate", "br", "zstd"):
        bomb(coding)  # built before anybody waits for it
    with FaultServer() as running:
        yield running


def blocks(server: FaultServer) -> dict[str, str]:
    """A block of feeds.yaml for each fault, by the source's id."""
    return {
        f"s{number}": (
            f"  - {{id: s{number}, kind: feed, name: Fault, tier: press, sees: [agreement_signed], "
            "politeness: {min_delay_s: 0, concurrency: 4, timeout_s: 1, respect_robots: false}, "
            "expect: {max_bytes: 2000000}, options: {follow: never, "
            f"url: '{server.url('/as?n=' + str(number) + '&fault=' + quote(path, safe=''))}'}}}}\n"
        )
        for number, path in enumerate((*BROKEN, *HARMLESS))
    }


def check_all(app: App) -> dict[str, Checked]:
    done: list[Checked] = []
    app.check(app.sources(), done.append)
    return {str(one.source_id): one for one in done}


def test_every_fault_of_the_server_is_played() -> None:
    played = {path.partition("?")[0] for path in (*BROKEN, *HARMLESS)}
    assert played | ELSEWHERE | {"/redirect"} == set(FAULTS)


@pytest.mark.timeout(180)
def test_each_fault_is_told_and_leaves_the_baseline_as_it_was(
    server: FaultServer, tmp_path: Path
) -> None:
    paths = dict(zip(blocks(server), (*BROKEN, *HARMLESS), strict=True))
    app, clock = installation(tmp_path, "".join(blocks(server).values()))
    first = check_all(app)
    assert {one.outcome for one in first.values()} == {"changed"}
    before = app.store.source_states()
    items, sequence = len(list(app.store.items())), app.store.last_sequence()
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    server.broken = True
    clock.at += timedelta(hours=3)
    broken = check_all(app)
    expected = {name: (BROKEN | HARMLESS)[path] for name, path in paths.items()}
    assert {name: broken[name].outcome for name in paths} == expected
    for name, path in paths.items():
        if path in BROKEN:
            _untouched(app, name, broken[name], before[broken[name].source_id], clock)
    assert app.store.last_sequence() == sequence
    assert len(list(app.store.items())) <= items + 2, "the flipped guid and the included text"
    assert "root:x:" not in repr(list(app.store.items()))
    assert server.count("/included") == 0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak_kb < 200_000
    assert app.health.tell() == (), "a first failure alarms nobody"
    _mended(app, server, clock)
    app.close()


def _untouched(app: App, name: str, done: Checked, before: object, clock: SetClock) -> None:
    after = app.store.source_states()[done.source_id]
    counters = ("checked_at", "checks", "failures", "last_outcome", "retry_at")
    changed = {field: getattr(before, field) for field in counters}
    assert replace(after, **changed) == before, name
    assert after.failures == 1
    assert after.retry_at is not None and after.retry_at > clock.at
    entries = app.store.health(done.source_id, since=clock.at)
    assert len(entries) == 1, name
    assert done.outcome in entries[0].message
    report = next(one for one in app.health.reports() if one.source.id == done.source_id)
    assert report.standing is Standing.SHAKY


def _mended(app: App, server: FaultServer, clock: SetClock) -> None:
    server.broken = False
    server.version = "2"
    clock.at += timedelta(days=1, hours=1)
    again = check_all(app)
    assert {one.outcome for one in again.values()} == {"changed"}
    assert {one.state.failures for one in again.values()} == {0}


@pytest.mark.parametrize("flaw", ["doctype", "far", "bomb", "external"])
def test_workbooks_with_a_flaw_cost_a_check_and_reach_nothing(
    server: FaultServer, tmp_path: Path, flaw: str
) -> None:
    workbook(flaw, server.url("/linked"))  # made before anybody waits for it
    block = (
        "  - {id: roster, kind: table, name: Roster, tier: official, sees: [agreement_signed], "
        "politeness: {min_delay_s: 0, respect_robots: false}, "
        f"options: {{url: '{server.url('/roster?flaw=' + flaw)}'}}}}\n"
    )
    app, clock = installation(tmp_path, block)
    done = check_all(app)["roster"]
    entries = app.store.health(done.source_id, since=clock.at)
    refusals = {"doctype": "DOCTYPE", "far": "1048576 rows", "bomb": "unpacks to", "external": ""}
    told = [e for e in entries if e.kind == "rejected" and refusals[flaw] in e.message]
    assert len(told) == (0 if flaw == "external" else 1), entries
    assert done.state.pending != () or flaw == "external", "it is asked for again"
    assert server.count("/linked") == 0
    app.close()
