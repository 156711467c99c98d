"""What the query service remembers between questions is never older than the log."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.domain.commit import LedgerCommit, PageCommit
from monitor.domain.errors import FilterError
from monitor.domain.ident import SourceId
from monitor.domain.roster import Agreement, LedgerOutcome, OutcomeKind, RosterCounts, RowState
from monitor.domain.vocabulary import RecordKind, Rung
from monitor.services.query import QueryService
from storage.store import SqlStore
from tests.facts import NOW, agreement, event, record
from tests.website import StillClock, gazetteer

DAY = timedelta(days=1)


@pytest.fixture
def query(store: SqlStore) -> QueryService:
    return QueryService(store=store, gazetteer=gazetteer(), clock=StillClock(NOW + 30 * DAY))


def _publish(store: SqlStore, version: int, kind: OutcomeKind, *some: Agreement) -> None:
    moment = NOW + version * DAY
    outcomes = tuple(
        LedgerOutcome(
            outcome=kind, published_at=moment, told_at=moment, fingerprint=str(version),
            before=a.row if kind is OutcomeKind.REMOVED else None, after=a.row, agreement_id=a.id,
        )
        for a in some
    )  # fmt: skip
    commit = LedgerCommit(
        ledger="roster", state=b"", outcomes=outcomes, agreements=some, expected_version=version,
        counts=RosterCounts(active=1, unconfirmed=0, held=0, ended=0),
    )  # fmt: skip
    store.commit_page(PageCommit(source_id=SourceId("roster"), ledger=commit))


def test_numbers_follow_every_record(store: SqlStore, query: QueryService) -> None:
    asked = query.ask("status:reported")
    assert query.count(asked).value == 0
    store.append([record(event(1))])
    assert (query.count(asked).value, query.count(asked).value) == (1, 1)
    assert query.facets(asked)["state"] == (("TX", 1),)
    assert query.series(asked, "day") == ((NOW.date().isoformat(), 1),)
    later = NOW + DAY
    gone = replace(event(1), status=Rung.RETRACTED, updated_at=later)
    store.append([record(gone, RecordKind.RETRACTED, later)])
    assert query.count(asked).value == 0
    assert query.facets(asked)["state"] == ()
    assert query.series(asked, "day") == ()


def test_the_roster_of_a_day_follows_every_publication(
    store: SqlStore, query: QueryService
) -> None:
    alpha, beta = agreement("Alpha"), agreement("Beta", "FL")
    _publish(store, 0, OutcomeKind.SIGNED, alpha)
    assert len(query.roster(NOW).listed) == 1
    _publish(store, 1, OutcomeKind.SIGNED, beta)
    ended = replace(alpha, state=RowState.ENDED, ended_at=NOW + 2 * DAY)
    _publish(store, 2, OutcomeKind.REMOVED, ended)
    states = [[a.row.agency for a in query.roster(NOW + n * DAY).listed] for n in range(4)]
    assert states == [["Alpha"], ["Beta", "Alpha"], ["Beta"], ["Beta"]]
    assert query.roster(NOW - DAY).listed == ()
    assert query.roster(NOW + DAY, "state:TX").by_state == (("TX", 1),)
    diff = query.roster_diff(NOW, NOW + 2 * DAY)
    assert [a.row.agency for a in diff.added] == ["Beta"]
    assert [a.row.agency for a in diff.gone] == ["Alpha"]
    assert query.roster_series() == (("2025-06", 1),)


def test_questions_that_the_roster_cannot_answer_are_refused(query: QueryService) -> None:
    with pytest.raises(FilterError, match="the roster has no status"):
        query.roster(None, "status:official agency:x")


def test_near_and_county_names_are_understood(store: SqlStore, query: QueryService) -> None:
    store.append([record(event(1))])
    for expression in ('near:"Dallas, TX~30km"', 'county:"Dallas, TX"', "county:dallas"):
        assert query.count(query.ask(expression)).value == 1, expression
    assert query.ask('near:"Dallas, TX~30km"').expression == 'near:"Dallas, TX~30km"'
    with pytest.raises(FilterError):
        query.ask('near:"Atlantis, TX~30km"')
