"""Taking in what a snapshot holds: revisions, claims, events and outbox rows, one transaction.

The reading is a value already; here it meets what the store knows, in bounded reads, and the pure
steps of monitor.decide say what to commit. Checks, replays and back-reading all come through here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, time

from monitor.decide import (
    bind,
    can_withdraw,
    candidate_keys,
    rederived,
    resolve,
    revise,
    withdrawals,
)
from monitor.detect import statistics
from monitor.detect.bill_text import noted
from monitor.detect.document import Document, document_of
from monitor.detect.ledger.memoranda import memorandum_findings
from monitor.detect.textdiff import change_between
from monitor.domain.chain import text_hash
from monitor.domain.claim import Claim, Finding
from monitor.domain.commit import LedgerCommit, PageCommit, Taking
from monitor.domain.errors import Conflict
from monitor.domain.event import Decision, Event, Record
from monitor.domain.health import HealthEntry
from monitor.domain.ident import ItemId, SourceId
from monitor.domain.item import Item, Reading, Revision
from monitor.domain.roster_fold import agreements_at
from monitor.domain.snapshot import Request, Snapshot
from monitor.domain.source import Source, SourceState
from monitor.domain.subscription import Delivery
from monitor.domain.vocabulary import EventType
from monitor.ports import Clock
from monitor.resolve.policy import Policy, late_before
from monitor.services.finding import Knowledge, findings_of
from monitor.services.reading_notes import Reread, problems, renewed
from monitor.stores import Store

#: The extractor of posted agreements, which are held against their row, not read for words.
MEMORANDUM = "moa"
#: So often another process may be faster before all others wait for this page.
TRIES = 3
#: Claims resolved against one bounded read of candidate events.
PORTION = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Tabled:
    """What the ledger or the row diff says about the tables of one reading."""

    item: Item  #: the publication as an item, its key the fingerprint
    findings: tuple[Finding, ...]
    ledger: LedgerCommit | None = None
    health: tuple[HealthEntry, ...] = ()
    absorbed: bool = False
    name: str = ""  #: which list: "participating", "pending", …
    next_requests: tuple[Request, ...] = ()  #: documents that its rows newly link
    unsettled: bool = False  #: the same bytes, read once more, would say more


#: (source, state, snapshot, reading) -> what its tables say; empty when it has none.
Tables = Callable[[Source, SourceState, Snapshot, Reading], tuple[Tabled, ...]]
#: (records, now) -> outbox rows for them.
Route = Callable[[Sequence[Record], datetime], tuple[Delivery, ...]]
#: (document, what detection knows) -> what it says.
Find = Callable[[Document, Knowledge], tuple[Finding, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What one or more takings came to."""

    items: int = 0
    revisions: int = 0
    events: int = 0
    records: tuple[Record, ...] = ()
    files: tuple[str, ...] = ()  #: lists or files of the source that brought something new
    changed: bool = False
    next_requests: tuple[Request, ...] = ()
    unsettled: bool = False  #: the next check should read it again even if it did not change

    def __add__(self, other: Taken) -> Taken:
        return Taken(
            items=self.items + other.items,
            revisions=self.revisions + other.revisions,
            events=self.events + other.events,
            records=(*self.records, *other.records),
            files=(*self.files, *other.files),
            changed=self.changed or other.changed,
            next_requests=(*self.next_requests, *other.next_requests),
            unsettled=self.unsettled or other.unsettled,
        )


class Intake:
    """Takes readings in; used by one thread at a time per source."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        knowledge: Callable[[], Knowledge],
        tables: Tables,
        route: Route | None,
        find: Find | None = None,
        reread: Reread | None = None,
        forget: Callable[[], None] = lambda: None,
    ) -> None:
        """Without `route` everything is logged and nobody told: back-reading and rebuilding.

        `find` reads documents instead of `findings_of`, with the same result; `reread` reads
        stored captures anew after an upgrade of an extractor. `forget` is called when pages that
        were taken in were not stored after all.
        """
        self._store = store
        self._clock = clock
        self._knowledge = knowledge
        self._tables = tables
        self._route = route
        self._find = find or findings_of
        self._reread = reread
        self._forget = forget
        self._cursors: dict[SourceId, str] = {}

    def take(
        self, source: Source, state: SourceState, snapshot: Snapshot, reading: Reading
    ) -> Taken:
        """Commit what the reading holds; what another process wrote meanwhile is read again.

        Raises StoreError with nothing stored.
        """
        for _ in range(TRIES):
            with suppress(Conflict):
                return self._take(source, state, snapshot, reading)
        with self.together():
            return self._take(source, state, snapshot, reading)

    @contextmanager
    def together(self) -> Iterator[None]:
        """What this thread takes until its end is one transaction. Raises StoreError at its end.

        After an error nothing of it is stored.
        """
        try:
            with self._store.turn():
                yield
        except BaseException:
            self._cursors.clear()  # those it left behind were not stored
            self._forget()
            raise

    def _take(
        self, source: Source, state: SourceState, snapshot: Snapshot, reading: Reading
    ) -> Taken:
        tabled = self._tables(source, state, snapshot, reading)
        return self.take_tabled(source, state, snapshot, reading, tabled)

    def take_tabled(
        self,
        source: Source,
        state: SourceState,
        snapshot: Snapshot,
        reading: Reading,
        tabled: Sequence[Tabled],
        decided: str = "",
    ) -> Taken:
        """Commit what the reading holds, its tables already weighed. Raises StoreError.

        `decided` says that a person took over what was held (see `Taking`).
        """
        now = self._clock.now()
        items = (*reading.items, *(t.item for t in tabled))
        known, gone = self._known(source, items, reading)
        revisions = revise(
            items, known, snapshot_id=snapshot.id, captured_at=snapshot.captured_at, gone=gone
        )
        anew = renewed(source, snapshot, revisions, known, self._store, self._reread)
        claims, withdrawn = self._claims(source, revisions, anew.known, tabled)
        policy = self._policy(source, state, snapshot, revisions, tabled, now)
        sequence, decision = 0, Decision()
        if claims or withdrawn:
            sequence = self._store.last_sequence()
            decision = self._resolve(claims, withdrawn, now, policy)
        found = problems(source, snapshot, reading)
        health = (*found, *anew.health, *(h for t in tabled for h in t.health))
        ledger = next((t.ledger for t in reversed(tabled) if t.ledger is not None), None)
        if not (revisions or decision.records or health or ledger):
            return Taken(items=len(reading.items))
        deliveries = () if self._route is None else self._route(decision.records, now)
        records = self._store.commit_page(
            PageCommit(
                source_id=source.id,
                snapshots=(snapshot,) if revisions or ledger else (),
                revisions=revisions,
                claims=decision.claims,
                records=decision.records,
                deliveries=deliveries,
                ledger=ledger,
                expected_sequence=sequence if decision.records else None,
                health=health,
                taking=self._taking(state, snapshot, now, decided) if revisions or ledger else None,
            )
        )
        if revisions or ledger:
            self._cursors[source.id] = cursor_hash(reading.cursor or state.cursor)
        return Taken(
            items=len(reading.items),
            revisions=len(revisions),
            events=len({record.event.id for record in records}),
            records=records,
            files=tuple(t.name for t in tabled if t.name),
            changed=bool(revisions),
            next_requests=tuple(r for t in tabled for r in t.next_requests),
            unsettled=any(t.unsettled for t in tabled),
        )

    def _taking(
        self, state: SourceState, snapshot: Snapshot, now: datetime, decided: str
    ) -> Taking:
        """What a replay needs; a cursor that the last taking left behind is named only."""
        started = cursor_hash(state.cursor)
        left_behind = self._cursors.get(state.source_id) == started
        return Taking(
            source_id=state.source_id,
            snapshot_id=snapshot.id,
            at=now,
            baseline=state.baseline,
            succeeded_at=state.succeeded_at,
            cursor_hash=started,
            cursor="" if left_behind else state.cursor,
            silent=self._route is None,
            decision=decided,
        )

    def _known(
        self, source: Source, items: Sequence[Item], reading: Reading
    ) -> tuple[Mapping[ItemId, Revision], frozenset[ItemId]]:
        """What is stored of these items, and which stored ones the source has dropped."""
        if not (reading.gone or (reading.complete and reading.listed is not None)):
            return self._store.known_revisions(source.id, [item.id for item in items]), frozenset()
        known = self._store.listed_revisions(source.id)
        missing = [item.id for item in items if item.id not in known]
        known = {**known, **self._store.known_revisions(source.id, missing)}
        dropped = frozenset(reading.gone)
        if reading.complete and reading.listed is not None:
            keys = frozenset(revision.item.key for revision in known.values())
            dropped |= keys - frozenset(reading.listed)
        return known, frozenset(i for i, rev in known.items() if rev.item.key in dropped)

    def _claims(
        self,
        source: Source,
        revisions: Sequence[Revision],
        known: Mapping[ItemId, Revision],
        tabled: Sequence[Tabled],
    ) -> tuple[tuple[Claim, ...], tuple[Claim, ...]]:
        """Claims of the new revisions, and earlier claims that they no longer make."""
        by_table = {t.item.id: t.findings for t in tabled}
        rules = self._knowledge()  # once a page: what a page itself opens is followed after it
        claims: list[Claim] = []
        withdrawn: list[Claim] = []
        for revision in revisions:
            if revision.item.id in by_table:
                claims += bind(source, revision, by_table[revision.item.id])
                continue
            previous = known.get(revision.item.id)
            if rederived(revision, previous):
                continue
            found = () if revision.gone else self._read(source, revision, previous, rules)
            new = bind(source, revision, found)
            claims += new
            if previous is not None and can_withdraw(revision, previous):
                before = bind(source, previous, self._read(source, previous, None, rules))
                withdrawn += withdrawals(before, new, revision, previous)
        return tuple(claims), tuple(withdrawn)

    def _read(
        self,
        source: Source,
        revision: Revision,
        previous: Revision | None,
        knowledge: Knowledge,
    ) -> tuple[Finding, ...]:
        if revision.item.extractor == MEMORANDUM:
            return memorandum_findings(revision.item, previous.item if previous else None)
        change = change_between(previous.item, revision.item) if previous else None
        document = document_of(revision.item, source.states, change)
        found = self._find(document, knowledge)
        found = noted(found, previous.item if previous else None, revision.item)
        return tuple(self._beside_roster(finding, revision) for finding in found)

    def _beside_roster(self, finding: Finding, revision: Revision) -> Finding:
        """A figure of the program with the roster's figure of that day beside it."""
        if finding.event_type is not EventType.PROGRAM_STATISTIC:
            return finding
        published = revision.item.published
        day = statistics.comparable_day(finding, published.day if published else None)
        if day is None:
            return finding
        log = self._store.ledger_outcomes(limit=1_000_000)
        listed = agreements_at(log, datetime.combine(day, time.max, UTC))
        roster = statistics.figures(listed.values(), day) if listed else None
        return statistics.compared(finding, roster)

    def _policy(
        self,
        source: Source,
        state: SourceState,
        snapshot: Snapshot,
        revisions: Sequence[Revision],
        tabled: Sequence[Tabled],
        now: datetime,
    ) -> Policy:
        return Policy(
            source=source,
            body_hashes={snapshot.id: snapshot.body_hash},
            captured={snapshot.id: snapshot.captured_at},
            gone=frozenset(revision.item.id for revision in revisions if revision.gone),
            baseline=self._route is None or not state.baseline,
            absorbed=any(t.absorbed for t in tabled),
            late_before=late_before(state.succeeded_at, now, source.schedule.every),
        )

    def _resolve(
        self, claims: Sequence[Claim], withdrawn: Sequence[Claim], now: datetime, policy: Policy
    ) -> Decision:
        """Resolve in portions; events opened by one portion are candidates of the next."""
        records: list[Record] = []
        kept: list[Claim] = []
        dropped: list[tuple[Claim, str]] = []
        opened: dict[str, Event] = {}
        portions = [claims[i : i + PORTION] for i in range(0, len(claims), PORTION)] or [()]
        for number, portion in enumerate(portions):
            gone = withdrawn if number == len(portions) - 1 else ()
            stored = self._store.candidate_events(candidate_keys([*portion, *gone]))
            candidates = {event.id: event for event in stored} | opened
            decision = resolve(portion, tuple(candidates.values()), now, policy, withdrawn=gone)
            records += decision.records
            kept += decision.claims
            dropped += decision.dropped
            opened |= {record.event.id: record.event for record in decision.records}
        return Decision(records=tuple(records), claims=tuple(kept), dropped=tuple(dropped))


def cursor_hash(cursor: str) -> str:
    """By which a cursor is known in a taking; "" for an empty one."""
    return text_hash(cursor)[:32] if cursor else ""
