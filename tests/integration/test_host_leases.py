"""Leases of hosts: short, prolonged while their holder lives, taken over when it does not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import psycopg
import pytest

from monitor.domain.errors import StoreError
from monitor.jobs.leases import HostLeases, prepare

HOST = "gazette.example"
LEASE_S = 20.0


@dataclass(slots=True)
class Offices:
    """Owners of leases over one database; the database's own time is moved by moving the rows."""

    url: str
    stack: ExitStack = field(default_factory=ExitStack)
    at: float = 1000.0

    def owner(self, name: str) -> HostLeases:
        made = HostLeases(self.url, name, lambda: self.at, LEASE_S)
        self.stack.callback(made.close)
        return made

    def pass_(self, seconds: float) -> None:
        self.at += seconds
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(
                "UPDATE monitor_host_lease SET free_at = free_at - make_interval(secs => %s), "
                "silent_until = silent_until - make_interval(secs => %s)",
                (seconds, seconds),
            )


@pytest.fixture
def offices(postgres_url: str) -> Iterator[Offices]:
    prepare(postgres_url)
    made = Offices(postgres_url)
    with made.stack:
        yield made


def test_one_asks_the_other_waits_for_its_pause(offices: Offices) -> None:
    one, two = offices.owner("one"), offices.owner("two")
    assert one.wait_s(HOST, 2.0) == 0
    assert 0 < two.wait_s(HOST, 2.0) <= 1.0
    one.give_back()
    assert 1.0 < two.wait_s(HOST, 2.0) <= 2.0
    offices.pass_(2.1)
    assert two.wait_s(HOST, 2.0) == 0
    assert one.wait_s(HOST, 2.0) > 0


def test_a_request_may_take_any_time_while_its_worker_lives(offices: Offices) -> None:
    one, two = offices.owner("one"), offices.owner("two")
    assert one.wait_s(HOST, 2.0) == 0
    for _ in range(100):
        offices.pass_(5.0)
        one.renew()
        assert two.wait_s(HOST, 2.0) > 0
    assert one.wait_s(HOST, 2.0) == 0


def test_a_dead_workers_host_is_free_after_the_lease_and_the_pause(offices: Offices) -> None:
    dead, heir = offices.owner("dead"), offices.owner("heir")
    assert dead.wait_s(HOST, 60.0) == 0
    offices.pass_(LEASE_S + 59.0)
    assert heir.wait_s(HOST, 60.0) > 0
    offices.pass_(1.1)
    assert heir.wait_s(HOST, 60.0) == 0


def test_who_was_away_too_long_has_lost_it(offices: Offices) -> None:
    one, two = offices.owner("one"), offices.owner("two")
    assert one.wait_s(HOST, 2.0) == 0
    offices.pass_(LEASE_S + 3.0)
    assert two.wait_s(HOST, 2.0) == 0
    one.renew()
    assert one.wait_s(HOST, 2.0) > 0
    one.give_back()  # what is another's stays so
    assert one.wait_s(HOST, 2.0) > 0
    assert two.wait_s(HOST, 2.0) == 0


def test_who_could_not_renew_takes_it_anew_before_the_next_request(offices: Offices) -> None:
    one, two = offices.owner("one"), offices.owner("two")
    assert one.wait_s(HOST, 2.0) == 0
    offices.pass_(LEASE_S * 0.6)
    assert one.wait_s(HOST, 2.0) == 0
    offices.pass_(LEASE_S * 0.6)
    assert two.wait_s(HOST, 2.0) > 0


def test_a_silence_holds_for_all_and_outlives_lease_and_worker(offices: Offices) -> None:
    one, two = offices.owner("one"), offices.owner("two")
    assert one.wait_s(HOST, 2.0) == 0
    one.silence(HOST, 300.0)
    one.give_back()
    assert 299.0 < two.silence_left_s(HOST) <= 300.0
    assert 299.0 < two.wait_s(HOST, 2.0) <= 300.0
    assert offices.owner("one's heir").wait_s(HOST, 2.0) > 299.0
    assert two.wait_s("other.example", 2.0) == 0 == two.silence_left_s("other.example")
    offices.pass_(299.0)
    assert 0 < two.wait_s(HOST, 2.0) <= 1.0
    offices.pass_(1.1)
    assert two.silence_left_s(HOST) == 0
    assert two.wait_s(HOST, 2.0) == 0
    assert 0 < one.wait_s(HOST, 2.0) <= 1.0  # held, as ever


def test_a_silent_host_is_not_asked_by_who_was_told_either(offices: Offices) -> None:
    one = offices.owner("one")
    one.silence(HOST, 300.0)  # told by a redirect's last hop, say
    assert one.wait_s(HOST, 2.0) > 299.0
    offices.pass_(301.0)
    assert one.wait_s(HOST, 2.0) == 0


def test_a_silence_is_never_shortened_and_never_longer_than_a_day(offices: Offices) -> None:
    one, two = offices.owner("one"), offices.owner("two")
    one.silence(HOST, 300.0)
    two.silence(HOST, 5.0)
    assert one.silence_left_s(HOST) > 299.0
    two.silence(HOST, 1e9)
    assert one.silence_left_s(HOST) <= 86_400.0
    assert two.wait_s(HOST, 2.0) <= 86_400.0


def test_a_silence_is_forgotten_with_its_host_a_day_after_its_end(offices: Offices) -> None:
    one, two = offices.owner("one"), offices.owner("two")
    one.silence(HOST, 86_400.0)
    offices.pass_(80_000.0)
    prepare(offices.url)
    assert two.silence_left_s(HOST) > 6_000.0
    offices.pass_(100_000.0)
    prepare(offices.url)
    with psycopg.connect(offices.url) as connection:
        rows = connection.execute("SELECT count(*) FROM monitor_host_lease").fetchone()
    assert rows == (0,)


def test_a_lost_connection_is_made_anew(offices: Offices) -> None:
    one, two = offices.owner("one"), offices.owner("two")
    assert one.wait_s(HOST, 2.0) == 0
    with psycopg.connect(offices.url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    with pytest.raises(StoreError, match="host leases"):
        one.renew()
    one.renew()
    assert two.wait_s(HOST, 2.0) > 0
