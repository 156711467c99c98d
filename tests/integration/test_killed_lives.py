"""kill -9 between any two steps of check, commit, night, digest, backup and pruning.

Afterwards the log verifies, nothing is lost, nothing is told twice, and work resumes.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from monitor.demo.server import DemoServer
from monitor.demo.world import text_pages
from monitor.domain.event import Event
from monitor.domain.subscription import DeliveryKind, DeliveryState
from storage.backup import drill
from storage.store import open_store
from tests.conftest import PostgresServer, database_name
from tests.integration.test_whole_way import LISTED, NEW, TEXTS, feeds_yaml, roster_pages

ROOT = Path(__file__).parents[2]
BEFORE = datetime(2025, 4, 1, 12, 0, tzinfo=UTC)
#: One list and the publishers that tell of one signing; the others cost time and show no more.
SOURCES = ("ice_roster", "larkmoor_sheriff", "plains_ledger", "state_desk")
#: Far enough that retention has something to forget of the time before.
AFTER = datetime(2025, 9, 5, 15, 0, tzinfo=UTC)

#: Killed lives of the long form, a database: five hundred for `make soak`.
LONG_RUNS = 500 if os.environ.get("MONITOR_SOAK") == "1" else 40


@dataclass(slots=True)
class World:
    """The site, the fork server, and an installation to copy from."""

    site: DemoServer
    server: subprocess.Popen[str]
    directory: Path
    postgres: PostgresServer | None = None
    templates: dict[str, str] = field(default_factory=dict)
    steps: dict[str, int] = field(default_factory=dict)
    expected: dict[str, Any] = field(default_factory=dict)

    def live(self, directory: Path, url: str, at: datetime, **more: Any) -> tuple[int, str]:
        """One life; (exit code, what it said)."""
        work = {
            "directory": str(directory),
            "feeds": str(self.directory / "feeds.yaml"),
            "url": url,
            "at": at.isoformat(),
            **more,
        }
        assert self.server.stdin is not None
        assert self.server.stdout is not None
        self.server.stdin.write(json.dumps(work) + "\n")
        self.server.stdin.flush()
        code, said = json.loads(self.server.stdout.readline())
        return code, said

    def show(self, at: datetime, *, new: bool) -> None:
        rows = [*LISTED, NEW] if new else LISTED
        self.site.show(
            {
                **text_pages(TEXTS, at.date(), self.site.base),
                **roster_pages(rows, at, self.site.base),
            }
        )

    def fresh(self, kind: str, directory: Path) -> str:
        """A copy of the installation as it stood before; the URL of its database."""
        shutil.copytree(self.directory / kind, directory)
        if kind == "sqlite":
            return ""
        assert self.postgres is not None
        return self.postgres.new_database(self.templates[kind])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    directory = tmp_path_factory.mktemp("lives")
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.lives"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    with DemoServer() as site:
        kept = "".join(
            block
            for block in re.split(
                r"(?=^  - id: )", feeds_yaml(site.base).partition("subscr")[0], flags=re.M
            )
            if not block.startswith("  - id: ") or block.split()[2] in SOURCES
        )
        kept += "subscriptions:\n  - {id: everything, channel: file, destination: all.jsonl}\n"
        kept += "  - {id: daily, channel: file, destination: daily.jsonl, cadence: daily}\n"
        (directory / "feeds.yaml").write_text(kept, encoding="utf-8")
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
        yield World(site=site, server=server, directory=directory)
    assert server.stdin is not None
    server.stdin.close()
    server.wait(20)


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest, world: World, tmp_path: Path) -> str:
    """A database, its installation imported once, and what an undisturbed life comes to."""
    name = str(request.param)
    if name == "postgresql":
        world.postgres = request.getfixturevalue("postgres")
        world.templates.setdefault(
            name,
            database_name(
                world.postgres.new_database(request.getfixturevalue("postgres_template"))
            ),
        )
    if name not in world.expected:
        first = world.directory / name
        url = "" if name == "sqlite" else _template_url(world, name)
        world.show(BEFORE, new=False)
        code, said = world.live(first, url, BEFORE, routines=["check", "deliver"])
        assert code == 0, said
        world.show(AFTER, new=True)
        undisturbed = tmp_path / "undisturbed"
        copy = world.fresh(name, undisturbed)
        code, said = world.live(undisturbed, copy, AFTER)
        assert code == 0, said
        world.steps[name] = int(said)
        world.expected[name] = outcome(undisturbed, copy)
        assert world.expected[name]["heard"]
    world.show(AFTER, new=True)
    return name


def _template_url(world: World, name: str) -> str:
    assert world.postgres is not None
    url = world.postgres.new_database()
    world.postgres.drop(url)
    return url.replace(database_name(url), world.templates[name])


def outcome(directory: Path, url: str) -> dict[str, Any]:
    """What an installation came to, as far as it does not depend on the order of answers."""
    store = open_store(url or f"sqlite:///{directory}/monitor.sqlite", directory)
    try:
        assert store.verify() == ()
        events = {record.event.id: record.event for record in store.records(limit=10_000)}
        deliveries = store.deliveries()
        lines = [*told(directory / "outgoing" / "all.jsonl")]
        lines += told(directory / "outgoing" / "daily.jsonl")
        assert {d.state for d in deliveries} == {DeliveryState.SENT}
        assert sorted(d.id for d in deliveries) == sorted(lines), "lost on the way"
        for event in events.values():
            for evidence in event.evidence:
                assert store.body(evidence.body_hash) is not None
        return {
            "events": sorted(map(_seen, events.values())),
            "heard": {
                (d.subscription_id, *_seen(events[i]))
                for d in deliveries
                if d.kind is not DeliveryKind.UPDATE
                for i in d.event_ids
            },
            "roster": store.roster_counts(),
        }
    finally:
        store.close()


def _seen(event: Event) -> tuple[str, ...]:
    """What does not depend on which of several publishers answered first."""
    sources = sorted({evidence.source_id for evidence in event.evidence})
    return (event.event_type.value, event.agency or "", event.status.value, *sources)


def told(path: Path) -> list[str]:
    """Ids of the messages in a file of a channel, sorted; each stands there once."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    ids = [json.loads(line)["id"] for line in lines]
    assert len(set(ids)) == len(ids), "told twice"
    return sorted(ids)


def one_run(world: World, kind: str, directory: Path, seed: int) -> None:
    dice = Random(seed)
    url = world.fresh(kind, directory)
    for _ in range(dice.choice((1, 1, 1, 2))):
        steps = dice.randrange(world.steps[kind])
        code, said = world.live(directory, url, AFTER, steps=steps)
        assert code in (-9, 0), f"seed {seed}, step {steps}: {said}"
    code, said = world.live(directory, url, AFTER)
    assert code == 0, f"seed {seed}: {said}"
    assert outcome(directory, url) == world.expected[kind], f"seed {seed}"
    if seed % 12 == 0:
        with_scratch = directory / "drill"
        with_scratch.mkdir()
        assert drill(directory / "backup.zip", with_scratch).problems == ()
    _clear(world, directory, url)


def _clear(world: World, directory: Path, url: str) -> None:
    left = [p.name for p in directory.iterdir() if p.name.endswith(".part")]
    assert left == []
    if url and world.postgres is not None:
        world.postgres.drop(url)
    shutil.rmtree(directory)


def test_killed_anywhere_nothing_is_lost_or_told_twice(
    world: World, kind: str, tmp_path: Path
) -> None:
    for seed in range(12):
        one_run(world, kind, tmp_path / "run", seed)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_thousand_lives(world: World, kind: str, tmp_path: Path) -> None:
    for seed in range(1000, 1000 + LONG_RUNS):
        one_run(world, kind, tmp_path / "run", seed)
