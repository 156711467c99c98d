"""Who decides on the log while others write: an overtaken page is refused, a turn is not overtaken;
the same on SQLite and PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from monitor.domain.commit import PageCommit
from monitor.domain.errors import Conflict
from monitor.domain.health import HealthEntry
from storage.store import SqlStore, open_store
from tests.facts import NOW, SOURCE, event, record, revision

Opened = Callable[[], SqlStore]
_WAITING = """
SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()"""


@pytest.fixture
def another(store_url: str, tmp_path: Path, store: SqlStore) -> Iterator[Opened]:
    """Further stores over the same database, as other processes have them."""
    with ExitStack() as stack:

        def opened() -> SqlStore:
            made = open_store(store_url, tmp_path)
            stack.callback(made.close)
            return made

        yield opened


def telling(number: int, seen: int = 0) -> PageCommit:
    """A page that opens its own event of one thing, decided when the log ended at `seen`."""
    return PageCommit(
        source_id=SOURCE,
        revisions=(revision(f"item {number}"),),
        records=(record(event(number, event_key="signed|dallas")),),
        expected_sequence=seen,
    )


def until_they_wait(url: str, number: int) -> None:
    """Until so many wait for the log; SQLite's writers cannot be asked, they come by themselves."""
    if not url.startswith("postgresql"):
        time.sleep(0.2)
        return
    with psycopg.connect(url, autocommit=True) as connection:
        deadline = time.monotonic() + 60
        while connection.execute(_WAITING).fetchone() != (number,):
            assert time.monotonic() < deadline, "nobody waits for the log"
            time.sleep(0.02)


def test_of_two_decisions_on_the_same_log_one_is_refused(
    store: SqlStore, another: Opened, store_url: str
) -> None:
    others = [another(), another()]
    with ThreadPoolExecutor(2) as pool:
        with store.turn():
            asked = [pool.submit(o.commit_page, telling(n)) for n, o in enumerate(others)]
            until_they_wait(store_url, 2)
        refused = [future.exception(60) for future in asked]
    assert [type(error) for error in refused if error] == [Conflict]
    assert store.last_sequence() == 1
    assert len(store.candidate_events(["signed|dallas"])) == 1


def test_nobody_appends_during_a_turn(store: SqlStore, another: Opened, store_url: str) -> None:
    other = another()
    with ThreadPoolExecutor(2) as pool:
        with store.turn():
            from_outside = pool.submit(other.append, [record(event(1))])
            from_this_process = pool.submit(store.append, [record(event(2))])
            until_they_wait(store_url, 1)
            assert store.last_sequence() == other.last_sequence() == 0
            assert [r.sequence for r in store.commit_page(telling(0))] == [1]
            assert other.last_sequence() == 0
        later = {from_outside.result(60)[0].sequence, from_this_process.result(60)[0].sequence}
    assert later == {2, 3}
    assert store.verify() == ()


def test_a_turn_is_stored_whole_or_not_at_all(store: SqlStore) -> None:
    def fail() -> None:
        with store.turn():
            store.commit_page(telling(0))
            store.add_health([HealthEntry(at=NOW, kind="ok", message="fine")])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert (store.last_sequence(), store.health()) == (0, ())
    assert store.known_revisions(SOURCE, [revision("item 0").item.id]) == {}
    assert [r.sequence for r in store.commit_page(telling(0))] == [1]


def test_what_is_refused_in_a_turn_takes_nothing_else_with_it(store: SqlStore) -> None:
    store.commit_page(telling(0))
    with store.turn():
        store.commit_page(telling(1, seen=1))
        with pytest.raises(Conflict):
            store.commit_page(telling(2, seen=1))  # overtaken by the one before
        with store.turn():
            store.add_health([HealthEntry(at=NOW, kind="ok", message="fine")])
    assert store.last_sequence() == 2
    assert [entry.message for entry in store.health()] == ["fine"]
    assert store.known_revisions(SOURCE, [revision("item 2").item.id]) == {}
    assert store.verify() == ()
