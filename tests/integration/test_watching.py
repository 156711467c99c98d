"""Watched pages and listings through the whole check: changes are kept, accidents are not."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.bootstrap.compose import App
from monitor.demo.server import DemoServer
from monitor.demo.world import Page
from monitor.detect.textdiff import change_between
from monitor.domain.event import RecordKind
from monitor.domain.item import Revision
from monitor.domain.vocabulary import EventType
from monitor.services.check import Checked
from monitor.settings import read_settings

HTML = "text/html; charset=utf-8"
FEEDS = """
sources:
  - id: policy
    kind: page
    name: Sheriff's policy
    tier: official
    sees: [detainer_policy_change]
    politeness: {{min_delay_s: 0}}
    expect: {{media_types: [text/html]}}
    options: {{url: "{base}/policy", select: ["#policy"]}}
  - id: releases
    kind: listing
    name: Sheriff's releases
    tier: official
    sees: [agreement_signed]
    politeness: {{min_delay_s: 0}}
    options: {{url: "{base}/news", rows: .row, recheck: 5, recheck_every: 6}}
"""
FILLER = "It is the policy of this office to work with all partners. "


class SetClock:
    def __init__(self) -> None:
        self.at = datetime(2025, 4, 1, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def site() -> Iterator[DemoServer]:
    with DemoServer() as server:
        yield server


@pytest.fixture
def app(tmp_path: Path, site: DemoServer) -> Iterator[tuple[App, SetClock]]:
    (tmp_path / "feeds.yaml").write_text(FEEDS.format(base=site.base), encoding="utf-8")
    settings = read_settings(
        {
            "MONITOR_DATA_DIR": str(tmp_path / "var"),
            "MONITOR_FEEDS": str(tmp_path / "feeds.yaml"),
            "MONITOR_ALLOW_NETWORKS": "127.0.0.1/32",
            "MONITOR_WORKERS": "1",
        }
    )
    clock = SetClock()
    made = App(settings, clock)
    yield made, clock
    made.close()


def policy(words: str, noise: int = 0) -> Page:
    body = f"""<html><head><title>Policy</title></head><body><nav>Menu {noise}</nav>
    <div data-n="{noise}" id="policy"><h1>Detainers</h1><p>{FILLER}</p>{" " * noise}
    <p>{words}</p><p>Last updated: April {noise + 1}, 2025</p></div>
    <footer>Visitors: {noise}</footer></body></html>"""
    return Page(body=body.encode(), media_type=HTML)


def news(*slugs: str) -> Page:
    rows = "".join(f"<div class='row'><a href='/news/{s}'>Release {s}</a></div>" for s in slugs)
    return Page(body=f"<html><body>{rows}</body></html>".encode(), media_type=HTML)


def release(words: str) -> Page:
    body = (
        f"<html><body><article><h1>Release</h1><p>{words}</p><p>{FILLER * 6}</p></article></body>"
    )
    return Page(body=body.encode(), media_type=HTML)


def check(app: App, source_id: str) -> Checked:
    done: list[Checked] = []
    app.check(app.chosen_sources([source_id]), done.append)
    return done[0]


def revisions(app: App, source_id: str) -> list[Revision]:
    return [
        revision
        for newest in app.store.items(source_id)
        for revision in app.store.item_revisions(newest.item.id)
    ]


A = "The office honors every ICE detainer for 48 hours."
B = "The office honors ICE detainers only with a warrant signed by a judge."


def test_a_b_a_b_is_three_changes_and_accidents_are_none(
    app: tuple[App, SetClock], site: DemoServer
) -> None:
    monitor, clock = app
    gone = Page(body=policy(A).body.replace(b'id="policy"', b'id="new"'), media_type=HTML)
    error = Page(body=b"<html><title>Access Denied</title><body>Access Denied</body></html>",
                 media_type=HTML)  # fmt: skip
    steps = [policy(A), policy(A, 3), gone, error, policy(B, 1), error, policy(A, 2), policy(B)]
    outcomes = []
    for page in steps:
        site.show({"/policy": page})
        outcomes.append(check(monitor, "policy"))
        clock.at += timedelta(hours=1)
    site.show({})
    outcomes.append(check(monitor, "policy"))
    stored = revisions(monitor, "policy")
    assert [A in r.item.text for r in stored] == [True, False, True, False]
    assert not any(r.gone for r in stored)
    changes = [change_between(x.item, y.item) for x, y in itertools.pairwise(stored)]
    assert [(c.added, c.removed) for c in changes] == [((B,), (A,)), ((A,), (B,)), ((B,), (A,))]
    told = [entry.message for entry in monitor.store.health("policy")]
    assert any("selector_vanished" in words for words in told)
    assert outcomes[-1].outcome != "changed"


def test_a_silent_edit_of_a_release_is_found_without_any_change_of_the_index(
    app: tuple[App, SetClock], site: DemoServer
) -> None:
    monitor, clock = app
    before = "The sheriff signed a 287(g) agreement with ICE."
    after = "The sheriff has asked ICE for a 287(g) agreement."
    site.show({"/news": news("a"), "/news/a": release(before)})
    check(monitor, "releases")
    assert len(revisions(monitor, "releases")) == 1
    site.show({"/news": news("a"), "/news/a": release(after)})
    for _ in range(7):
        clock.at += timedelta(hours=1)
        check(monitor, "releases")
    stored = revisions(monitor, "releases")
    assert [before in r.item.text for r in stored] == [True, False]
    assert after in stored[1].item.text


def test_an_index_that_becomes_an_error_page_takes_nothing_down(
    app: tuple[App, SetClock], site: DemoServer
) -> None:
    monitor, clock = app
    pages = {f"/news/{s}": release(f"287(g) release {s}") for s in "abc"}
    site.show({"/news": news("a", "b", "c"), **pages})
    check(monitor, "releases")
    empty = Page(body=b"<html><body>Scheduled maintenance</body></html>", media_type=HTML)
    for _ in range(5):
        clock.at += timedelta(hours=1)
        site.show({"/news": empty, **pages})
        assert check(monitor, "releases").outcome != "changed"
    assert len(revisions(monitor, "releases")) == 3


def test_a_silent_edit_takes_back_what_was_told_and_says_what_stood_there(
    app: tuple[App, SetClock], site: DemoServer
) -> None:
    monitor, clock = app
    before = "The Harlow County Sheriff's Office in Texas signed a 287(g) agreement with ICE."
    after = "The Harlow County Sheriff's Office in Texas has asked ICE for a 287(g) agreement."
    other = {"/news/o": release("The sheriff of Harlow County held a fair.")}
    site.show({"/news": news("o"), **other})
    check(monitor, "releases")
    clock.at += timedelta(hours=1)
    site.show({"/news": news("o", "a"), "/news/a": release(before), **other})
    check(monitor, "releases")
    site.show({"/news": news("o", "a"), "/news/a": release(after), **other})
    for _ in range(7):
        clock.at += timedelta(hours=1)
        check(monitor, "releases")
    records = monitor.store.records(limit=20)
    signed = [r for r in records if r.event.event_type is EventType.AGREEMENT_SIGNED]
    assert [r.kind for r in signed] == [RecordKind.OPENED, RecordKind.DISPUTED]
    assert "/news/a was changed" in signed[-1].reason
    (words,) = [(was, now) for name, was, now in signed[-1].changed if name == "source_text"]
    assert before.rstrip(".") in words[0] and "not in the text" in words[1]
    assert len(records) == 3  # the application that the new text speaks of is an event of its own
