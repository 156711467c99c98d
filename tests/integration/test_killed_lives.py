"""kill -9 between any two steps, and at any instant, of check, commit, delivery, night and digest,
migration, backup, restore, move and pruning.

Afterwards log and archive verify, nothing is lost, nothing is told twice, and work resumes; an
operation that was interrupted can simply be run again.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from monitor.demo.server import DemoServer
from monitor.demo.world import text_pages
from monitor.domain.errors import StoreError
from monitor.domain.event import Event
from monitor.domain.subscription import DeliveryKind, DeliveryState
from storage.backup import drill, inspect
from storage.blobs import DiskArchive
from storage.migrate import NEWEST, schema_version
from storage.restoring import MARK
from storage.store import SqlStore, open_store
from tests.conftest import PostgresServer, database_name
from tests.integration.test_whole_way import LISTED, NEW, TEXTS, feeds_yaml, roster_pages

ROOT = Path(__file__).parents[2]
BEFORE = datetime(2025, 4, 1, 12, 0, tzinfo=UTC)
#: One list and the publishers that tell of one signing; the others cost time and show no more.
SOURCES = ("ice_roster", "larkmoor_sheriff", "plains_ledger", "state_desk")
#: Far enough that retention has something to forget of the time before.
AFTER = datetime(2025, 9, 5, 15, 0, tzinfo=UTC)

#: Randomised runs a database: fifty in all in the short form, a thousand for `make soak`.
SHORT_RUNS = 25
LONG_RUNS = 500 if os.environ.get("MONITOR_SOAK") == "1" else 40
#: What waitstatus says of a process that died before a step, or at an instant.
KILLED = (-9, -14)
#: Steps at which the short form kills each operation on each database.
KILLS = 6


@dataclass(slots=True)
class World:
    """The site, the fork server, and an installation to copy from."""

    site: DemoServer
    server: subprocess.Popen[str]
    directory: Path
    postgres: PostgresServer | None = None
    templates: dict[str, str] = field(default_factory=dict)
    steps: dict[str, int] = field(default_factory=dict)
    span_us: dict[str, int] = field(default_factory=dict)  #: an undisturbed life takes so long
    lived: dict[str, tuple[Path, str]] = field(default_factory=dict)
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
        made = World(site=site, server=server, directory=directory)
        made.show(BEFORE, new=False)
        assert made.live(directory / "warm", "", BEFORE, here=True)[0] == 0
        made.show(AFTER, new=True)
        assert made.live(directory / "warm", "", AFTER, here=True)[0] == 0
        yield made
    assert server.stdin is not None
    server.stdin.close()
    server.wait(120)


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest, world: World) -> str:
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
        undisturbed = world.directory / f"{name}-lived"
        copy = world.fresh(name, undisturbed)
        start = time.monotonic()
        code, said = world.live(undisturbed, copy, AFTER)
        assert code == 0, said
        world.span_us[name] = int((time.monotonic() - start) * 1e6)
        world.steps[name] = int(said)
        copy = copy or f"sqlite:///{undisturbed}/monitor.sqlite"
        world.lived[name] = (undisturbed, copy)
        work = {"operation": "backup", "file": str(undisturbed / "backup.zip")}
        assert world.live(undisturbed, copy, AFTER, **work)[0] == 0
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
        end = (
            {"steps": dice.randrange(world.steps[kind])}
            if dice.random() < 0.7
            else {"after_us": 1 + dice.randrange(world.span_us[kind])}
        )
        code, said = world.live(directory, url, AFTER, **end)
        assert code in (*KILLED, 0), f"seed {seed}, {end}: {said}"
    code, said = world.live(directory, url, AFTER)
    assert code == 0, f"seed {seed}: {said}"
    assert outcome(directory, url) == world.expected[kind], f"seed {seed}"
    if seed % 12 == 0:
        with_scratch = directory / "drill"
        with_scratch.mkdir()
        assert drill(directory / "backup.zip", with_scratch).problems == ()
    _clear(world, directory, url)


def _clear(world: World, directory: Path, url: str) -> None:
    require_tidy(directory)
    if url and world.postgres is not None:
        world.postgres.drop(url)
    shutil.rmtree(directory)


def test_killed_anywhere_nothing_is_lost_or_told_twice(
    world: World, kind: str, tmp_path: Path
) -> None:
    for seed in range(SHORT_RUNS):
        one_run(world, kind, tmp_path / "run", seed)


def require_tidy(directory: Path) -> None:
    """No scratch of a killed process is left once the work was done again."""
    assert [p.name for p in directory.iterdir() if p.name.startswith(".")] == []


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation on the store in a directory of its own, to be killed and run again."""

    world: World
    kind: str
    directory: Path

    def empty(self) -> tuple[Path, str]:
        """A directory and the URL of a database that has no schema yet."""
        self.directory.mkdir(exist_ok=True)
        if self.kind == "sqlite":
            return self.directory, f"sqlite:///{self.directory}/monitor.sqlite"
        assert self.world.postgres is not None
        return self.directory, self.world.postgres.new_database()

    def lived(self) -> tuple[Path, str]:
        """A copy of an installation that has lived."""
        place, url = self.world.lived[self.kind]
        shutil.copytree(place, self.directory, dirs_exist_ok=True)
        if self.kind == "sqlite":
            return self.directory, f"sqlite:///{self.directory}/monitor.sqlite"
        assert self.world.postgres is not None
        return self.directory, self.world.postgres.new_database(database_name(url))

    def migrate(self) -> tuple[dict[str, Any], Callable[[], None], Callable[[], None]]:
        place, url = self.empty()

        def halfway() -> None:
            assert schema_version(url) in (None, NEWEST)

        def done() -> None:
            assert schema_version(url) == NEWEST
            open_store(url, place).close()

        return {"directory": place, "url": url}, halfway, done

    def backup(self) -> tuple[dict[str, Any], Callable[[], None], Callable[[], None]]:
        place, url = self.lived()
        file = place / "backup.zip"  # one of the life before stands there
        size = file.stat().st_size

        def done() -> None:
            assert inspect(file).bodies > 0
            assert abs(file.stat().st_size - size) < size // 4
            require_sound(url, place)

        return {"directory": place, "url": url, "file": str(file)}, done, done

    def restore(self) -> tuple[dict[str, Any], Callable[[], None], Callable[[], None]]:
        place, url = self.empty()

        def halfway() -> None:
            if (place / MARK).exists():
                with pytest.raises(StoreError, match="interrupted"):
                    open_store(url, place)

        def done() -> None:
            require_sound(url, place, self.world.lived[self.kind])

        file = self.world.lived[self.kind][0] / "backup.zip"
        return {"directory": place, "url": url, "file": str(file)}, halfway, done

    def move(self) -> tuple[dict[str, Any], Callable[[], None], Callable[[], None]]:
        place, source = self.lived()
        target = Operation(self.world, self.kind, self.directory / "moved").empty()[1]

        def halfway() -> None:
            require_sound(source, place)

        def done() -> None:
            require_sound(target, place, self.world.lived[self.kind])
            require_sound(source, place)

        return {"directory": place, "url": target, "source": source}, halfway, done

    def prune(self) -> tuple[dict[str, Any], Callable[[], None], Callable[[], None]]:
        place, url = self.lived()

        def done() -> None:
            require_sound(url, place)
            left = set(DiskArchive(place / "archive").addresses())
            assert left == self.world.expected.setdefault(f"{self.kind} pruned", left)

        work = {"directory": place, "url": url, "at": AFTER + DAY * 900}
        return work, lambda: require_sound(url, place), done


DAY = timedelta(days=1)
OPERATIONS = ("migrate", "backup", "restore", "move", "prune")


def require_sound(url: str, place: Path, like: tuple[Path, str] | None = None) -> None:
    """Log and archive verify, what events rest on is there, and all is as it was elsewhere."""
    store = open_store(url, place)
    other = open_store(like[1], like[0]) if like else None
    try:
        assert store.verify() == ()
        for record in store.records(limit=10_000):
            for evidence in record.event.evidence:
                assert store.body(evidence.body_hash) is not None
        if other is not None:
            assert _whole(store) == _whole(other)
    finally:
        store.close()
        if other is not None:
            other.close()


def _whole(store: SqlStore) -> list[object]:
    return [
        store.records(limit=10_000),
        store.deliveries(),
        store.subscriptions(),
        store.source_states(),
        list(store.items()),
        store.roster_counts(),
    ]


def killed_and_run_again(world: World, kind: str, name: str, directory: Path, end: Any) -> int:
    """The steps that an undisturbed second run takes, after one that ended as `end` says."""
    operation = Operation(world, kind, directory)
    work, halfway, done = getattr(operation, name)()
    place, url, at = work.pop("directory"), work.pop("url"), work.pop("at", AFTER)
    if end is not None:
        code, said = world.live(place, url, at, operation=name, **{**work, **end})
        assert code in (*KILLED, 0), f"{name} {end}: {said}"
        halfway()
    whole = name == "restore" and end is not None and _stands(place, url)
    code, said = world.live(place, url, at, operation=name, **work)
    if whole:
        assert code == 3 and "holds an installation already" in said
    else:
        assert code == 0, f"{name} after {end}: {said}"
    done()
    if name != "migrate":
        require_tidy(place)
    shutil.rmtree(directory)
    return 0 if whole else int(said)


def _stands(place: Path, url: str) -> bool:
    """Whether a restore came to its end before it was killed."""
    if (place / MARK).exists() or not (place / "archive").exists():
        return False
    store = open_store(url, place)
    try:
        return store.last_sequence() > 0
    finally:
        store.close()


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_killed_at_any_step_is_simply_run_again(
    world: World, kind: str, tmp_path: Path, name: str
) -> None:
    steps = killed_and_run_again(world, kind, name, tmp_path / "run", None)
    dice = Random(name)
    for step in dice.sample(range(steps), min(steps, KILLS)):
        killed_and_run_again(world, kind, name, tmp_path / "run", {"steps": step})
    for _ in range(KILLS // 3):
        after_us = {"after_us": 1 + dice.randrange(steps * 2000)}
        killed_and_run_again(world, kind, name, tmp_path / "run", after_us)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_killed_at_every_step_is_simply_run_again(
    world: World, kind: str, tmp_path: Path, name: str
) -> None:
    steps = killed_and_run_again(world, kind, name, tmp_path / "run", None)
    for step in range(0, steps, 1 if os.environ.get("MONITOR_SOAK") == "1" else 5):
        killed_and_run_again(world, kind, name, tmp_path / "run", {"steps": step})


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_thousand_lives(world: World, kind: str, tmp_path: Path) -> None:
    for seed in range(1000, 1000 + LONG_RUNS):
        one_run(world, kind, tmp_path / "run", seed)
