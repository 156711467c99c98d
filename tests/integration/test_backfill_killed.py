"""A back-reading that dies at any moment loses nothing and repeats nothing."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from monitor.bootstrap import knowledge
from monitor.bootstrap.archive_process import built
from monitor.bootstrap.machine import SystemClock
from monitor.detect.watched import NOTHING_WATCHED
from monitor.domain.ident import BodyHash, SourceId
from monitor.domain.source import Source
from monitor.domain.vocabulary import DocumentKind, Tier
from monitor.ports import Clock
from monitor.services import backreading
from monitor.services.archives import Part
from monitor.services.backreading import BackReading, PartReading, Remembered, shelf_for
from monitor.services.intake import Intake
from monitor.settings import read_settings
from storage import blobs
from storage.store import SqlStore, open_store
from tests.integration.test_backfill import html, warc

COUNTIES = ("Upshur", "Smith", "Hale", "Polk", "Travis", "Hays", "Wood", "Rusk", "Gregg")
SHELF = shelf_for(
    (),
    Source(
        id=SourceId("gazette"),
        kind="page",
        name="Gazette",
        options=None,
        tier=Tier.PRESS,
        document_kind=DocumentKind.NEWS,
    ),
)


def telling(number: int) -> tuple[str, bytes]:
    county = COUNTIES[number % len(COUNTIES)]
    said = (
        f"The sheriff of {county} County, Texas signed a 287(g) task force agreement with "
        f"Immigration and Customs Enforcement on Monday, his office said on day {number}. "
    )
    return f"https://gazette.example/{number}", html(f"{county} sheriff signs, {number}", said)


Reader = Callable[[Part], PartReading]


@pytest.fixture(scope="module")
def reading() -> tuple[Reader, Callable[[SqlStore], BackReading]]:
    """Rules are loaded once; what is given reads parts, and makes a service over a store."""
    rules, governors = knowledge.rule_texts(read_settings({}), None)
    known, read = built(rules, governors, NOTHING_WATCHED, SHELF)
    clock: Clock = SystemClock()

    def service(store: SqlStore) -> BackReading:
        remembered = Remembered(NOTHING_WATCHED)
        intake = Intake(
            store=store,
            clock=clock,
            knowledge=known,
            tables=lambda *_: (),
            route=None,
            find=remembered.find,
        )
        return BackReading(
            store=store,
            clock=clock,
            intake=intake,
            reader=read,
            shelf=SHELF,
            remembered=remembered,
        )

    return read, service


def logged(store: SqlStore) -> list[tuple[str, str, str]]:
    """What the log says, without when it was said."""
    return [(str(r.event.id), r.kind.value, str(r.claim and r.claim.id)) for r in store.records()]


@pytest.mark.parametrize("together", [2, 32])
def test_killed_at_any_write_it_goes_on_where_it_was(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    reading: tuple[Reader, Callable[[SqlStore], BackReading]],
    together: int,
) -> None:
    monkeypatch.setattr(backreading, "TOGETHER", together)
    _, service = reading
    path = warc(tmp_path / "a.warc", [telling(n) for n in range(14)], compressed=False)
    size = path.stat().st_size
    cut = [
        Part(archive=str(path), start=at, end=min(at + 7_000, size)) for at in range(0, size, 7_000)
    ]

    def run(place: Path) -> None:
        place.mkdir(exist_ok=True)
        store = open_store(f"sqlite:///{place}/monitor.db", place)
        for part in cut:
            service(store).read(part)
        store.close()

    def killed(place: Path, step: int) -> bool:
        """Run in a child that is killed at a step of writing bodies; whether it was."""
        child = os.fork()
        if child == 0:
            steps = count(1)
            synced = blobs._sync

            def sync(path: Path) -> None:
                if next(steps) == step:
                    os.kill(os.getpid(), signal.SIGKILL)
                synced(path)

            blobs._sync = sync
            try:
                run(place)
            finally:
                os._exit(0)
        return os.WIFSIGNALED(os.waitpid(child, 0)[1])

    run(tmp_path / "whole")
    whole = open_store(f"sqlite:///{tmp_path}/whole/monitor.db", tmp_path / "whole")
    expected = logged(whole)
    whole.close()
    assert len(expected) >= 14
    place = tmp_path / "killed"
    kills = 0
    for step in (1, 3, 6, 2, 9, 14, 5, 4, 11, 7, 23, 8):
        kills += killed(place, step)
        store = open_store(f"sqlite:///{place}/monitor.db", place)
        assert logged(store) == expected[: store.last_sequence()]
        assert store.verify() == ()
        store.close()
    assert kills >= 4
    run(place)
    store = open_store(f"sqlite:///{place}/monitor.db", place)
    assert logged(store) == expected
    for record in store.records():
        for evidence in record.event.evidence:
            assert store.body(BodyHash(evidence.body_hash))
    store.close()
