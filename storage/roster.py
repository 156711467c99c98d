"""The roster: ledgers, their outcomes, and the standing of every agreement on every day."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, insert, select, update

from monitor.domain.commit import LedgerCommit
from monitor.domain.errors import Conflict
from monitor.domain.filter import Filter, Term
from monitor.domain.filter_text import has_words
from monitor.domain.roster import Agreement, LedgerOutcome, RosterCounts
from storage.codec import dumps, loads
from storage.engine import Database
from storage.part import Part, chunks, clean
from storage.tables import AGREEMENT, LEDGER, LEDGER_OUTCOME

_COUNT_FIELDS = ("active", "unconfirmed", "held", "ended")


class RosterPart(Part):
    """RosterStore over SQL."""

    def ledger(self, name: str) -> tuple[bytes, int] | None:
        """The ledger's opaque state and its version."""
        query = select(LEDGER.c.state, LEDGER.c.version).where(LEDGER.c.name == name)
        with self.db.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else (bytes(row.state), row.version)

    def agreements(self, filter: Filter | None = None) -> tuple[Agreement, ...]:
        """Agreements as they stand, by state, agency, model.

        Of the filter, what an agreement has is asked: state, county, agency, model, text.
        """
        query = select(AGREEMENT.c.body).where(AGREEMENT.c.newest.is_(True))
        with self.db.read() as connection:
            bodies = connection.execute(query).scalars().all()
        return _in_order([loads(Agreement, body) for body in bodies], filter)

    def roster_counts(self) -> RosterCounts | None:
        """The sum over all ledgers; None before the first publication."""
        with self.db.read() as connection:
            texts = connection.execute(select(LEDGER.c.counts)).scalars().all()
        counts = [loads(RosterCounts, text) for text in texts]
        if not counts:
            return None
        return RosterCounts(**{f: sum(getattr(c, f) for c in counts) for f in _COUNT_FIELDS})

    def ledger_outcomes(
        self,
        ledger: str | None = None,
        agreement_id: str | None = None,
        since: datetime | None = None,
        limit: int = 1000,
    ) -> tuple[LedgerOutcome, ...]:
        """Outcomes in the order decided; `since` compares the moment at which they were told."""
        query = select(LEDGER_OUTCOME.c.body).order_by(LEDGER_OUTCOME.c.sequence)
        if ledger is not None:
            query = query.where(LEDGER_OUTCOME.c.ledger == ledger)
        if agreement_id is not None:
            query = query.where(LEDGER_OUTCOME.c.agreement_id == agreement_id)
        if since is not None:
            query = query.where(LEDGER_OUTCOME.c.told_at >= since)
        with self.db.read() as connection:
            bodies = connection.execute(query.limit(limit)).scalars().all()
        return tuple(loads(LedgerOutcome, body) for body in bodies)


def commit_ledger(db: Database, connection: Connection, commit: LedgerCommit) -> None:
    """State by compare-and-swap, outcomes, and the agreements whose standing changed."""
    _swap_state(connection, commit)
    rows = [
        {
            "ledger": commit.ledger,
            "agreement_id": clean(outcome.agreement_id),
            "outcome": outcome.outcome.value,
            "told_at": outcome.told_at,
            "body": dumps(outcome),
        }
        for outcome in commit.outcomes
    ]
    if rows:
        connection.execute(insert(LEDGER_OUTCOME).inline(), rows)
    told_at = _told_at(commit)
    for some in chunks(commit.agreements):
        _write_agreements(connection, commit.ledger, some, told_at)


def _swap_state(connection: Connection, commit: LedgerCommit) -> None:
    values = {
        "name": commit.ledger,
        "version": commit.expected_version + 1,
        "state": commit.state,
        "counts": dumps(commit.counts),
    }
    if commit.expected_version == 0:
        connection.execute(insert(LEDGER), [values])  # a taken name is a Conflict
        return
    swapped = connection.execute(
        update(LEDGER)
        .where(LEDGER.c.name == commit.ledger, LEDGER.c.version == commit.expected_version)
        .values(values)
    )
    if swapped.rowcount != 1:
        raise Conflict(
            f"ledger {commit.ledger}: version {commit.expected_version} is not the newest; nothing "
            "was changed, read the ledger again and decide again"
        )


def _told_at(commit: LedgerCommit) -> datetime:
    if commit.published_at is not None:
        return commit.published_at
    moments = [outcome.told_at for outcome in commit.outcomes]
    moments += [agreement.last_seen_at for agreement in commit.agreements if not moments]
    return max(moments, default=datetime.fromisoformat("1970-01-01T00:00:00+00:00"))


def _write_agreements(
    connection: Connection, ledger: str, agreements: Sequence[Agreement], told_at: datetime
) -> None:
    """A new version where the standing changed; only a later sighting is written in place."""
    ids = [clean(agreement.id) for agreement in agreements]
    query = select(AGREEMENT.c.id, AGREEMENT.c.version, AGREEMENT.c.body).where(
        AGREEMENT.c.id.in_(ids), AGREEMENT.c.newest.is_(True)
    )
    held = {row.id: (row.version, loads(Agreement, row.body)) for row in connection.execute(query)}
    fresh: list[dict[str, Any]] = []
    seen: list[dict[str, Any]] = []
    for agreement in agreements:
        version, before = held.get(clean(agreement.id), (0, None))
        row = {"id": clean(agreement.id), "version": version, "body": dumps(agreement)}
        if before is not None and _same_standing(before, agreement):
            seen.append(row)
        else:
            more = {"version": version + 1, "ledger": ledger, "told_at": told_at, "newest": True}
            fresh.append(row | more)
    _replace_bodies(connection, seen)
    replaced = [row["id"] for row in fresh if row["version"] > 1]
    connection.execute(
        update(AGREEMENT)
        .where(AGREEMENT.c.id.in_(replaced), AGREEMENT.c.newest.is_(True))
        .values(newest=False)
    )
    if fresh:
        connection.execute(insert(AGREEMENT), fresh)


def _replace_bodies(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    for row in rows:
        connection.execute(
            update(AGREEMENT)
            .where(and_(AGREEMENT.c.id == row["id"], AGREEMENT.c.version == row["version"]))
            .values(body=row["body"])
        )


def _same_standing(before: Agreement, after: Agreement) -> bool:
    seen = dataclasses.replace(before, last_seen_at=after.last_seen_at)
    return (
        dataclasses.replace(seen, row=dataclasses.replace(seen.row, number=after.row.number))
        == after
    )


def _in_order(agreements: Sequence[Agreement], filter: Filter | None) -> tuple[Agreement, ...]:
    found = [a for a in agreements if filter is None or agreement_matches(filter, a)]
    key = lambda a: (a.row.state, a.row.agency, a.row.model.value, a.id)  # noqa: E731
    return tuple(sorted(found, key=key))


def agreement_matches(filter: Filter, agreement: Agreement) -> bool:
    """Whether the agreement satisfies the terms that an agreement can answer; others hold."""
    return all(_holds(term, agreement) for term in filter.terms)


def _holds(term: Term, agreement: Agreement) -> bool:
    row = agreement.row
    match term.field:
        case "state":
            found = row.state in term.values
        case "county":
            found = row.county_fips in term.values
        case "model":
            found = row.model.value in term.values
        case "agency":
            found = any(has_words(row.agency, phrase) for phrase in term.values)
        case "text":
            words = f"{row.agency}\n{row.county or ''}\n{row.state}"
            found = any(has_words(words, phrase) for phrase in term.values)
        case _:
            return True
    return found != term.negated
