"""Checking sources: request, read, take in, remember; many at once, each at most once.

A check keeps nothing of its own. Its items and events are committed page by page; cursor,
validators and due time only when it ends. A crash between two steps therefore repeats requests,
never loses an item: what was taken in already is recognised as known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from monitor.domain.errors import ExtractError, MonitorError, StoreError
from monitor.domain.health import HealthEntry
from monitor.domain.ident import SourceId
from monitor.domain.item import Reading
from monitor.domain.snapshot import (
    Blocked,
    FetchFailed,
    NotModified,
    Outcome,
    Rejected,
    Request,
    Snapshot,
    Validators,
)
from monitor.domain.source import Source, SourceState
from monitor.ports import Clock, Fetcher, FetchJob, Workers
from monitor.services import check_state as state_of
from monitor.services.check_reading import TOGETHER, Read, taken_together
from monitor.services.check_state import OpenCheck
from monitor.services.intake import Intake, Taken
from monitor.services.reading_threads import ReadingThreads
from monitor.stores import Store

FOLLOW_UP_ATTEMPTS = 5  #: failures after which a follow-up is given up, with a health entry
LONGEST_IMPORT = 4  #: checks that a source's first import may take; it tells nobody
OPEN_CHECKS = 400  #: of one run at once; each holds the state of its source
#: Bodies that wait to be read take no more memory than this; then fetching pauses.
MOST_WAITING_BYTES = 32_000_000
QUIET_BATCH = 200  #: states of checks that found nothing new, stored together
#: Of one run, checks that settle together: what they brought is stored before (see a crash).
SETTLED_BATCH = 25

#: A reading that is done waits so long for others at most, from when the last ones were taken in.
HELD = timedelta(milliseconds=50)

#: The outcome of a check that ended as if it had never begun, and is due again.
NOT_STORED = "failed:store"

FirstRequests = Callable[[Source, str, datetime], tuple[Request, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What one check came to."""

    source_id: SourceId
    state: SourceState
    outcome: str
    items: int
    events: int
    problems: tuple[str, ...]
    elapsed_s: float


class CheckLoop:
    """The loop over checks under way; used from one thread."""

    def __init__(
        self,
        *,
        store: Store,
        fetcher: Fetcher,
        workers: Workers,
        intake: Intake,
        clock: Clock,
        first: FirstRequests,
        reader_threads: int = 2,
    ) -> None:
        """`first` gives the requests a check of the source starts with."""
        self._store = store
        self._fetcher = fetcher
        self._workers = workers
        self._intake = intake
        self._clock = clock
        self._first = first
        self._checks: dict[SourceId, OpenCheck] = {}
        self._threads: ReadingThreads[Reading] = ReadingThreads(reader_threads)
        self._readings: dict[Future[Reading], tuple[OpenCheck, Snapshot]] = {}
        self._waiting_bytes = 0
        self._quiet: list[tuple[SourceState, tuple[HealthEntry, ...]]] = []
        self._held_until = datetime.min.replace(tzinfo=UTC)  #: readings may wait for others
        self._unsettled = 0  #: of these, checks that brought something or failed
        self._finished: list[Checked] = []

    @property
    def busy(self) -> int:
        """Checks under way."""
        return len(self._checks)

    def start(self, sources: Iterable[Source]) -> None:
        """Begin checks; a source already under way is left alone."""
        fresh = [source for source in sources if source.id not in self._checks]
        states = self._store.source_states([source.id for source in fresh]) if fresh else {}
        for source in fresh:
            self._begin(source, states.get(source.id) or SourceState(source_id=source.id))

    def step(self, timeout_s: float) -> tuple[Checked, ...]:
        """Do what can be done now, waiting at most `timeout_s`; checks that ended meanwhile."""
        finished = self._advance(timeout_s)
        try:
            if self._unsettled:
                self.flush()
        except StoreError:
            self._finished += finished
            raise
        return finished

    def _advance(self, timeout_s: float) -> tuple[Checked, ...]:
        """One step; states of checks that brought something may wait for the next ones."""
        self._collect_readings()
        if self._waiting_bytes > MOST_WAITING_BYTES:
            wait(self._readings, timeout=timeout_s, return_when=FIRST_COMPLETED)
        else:
            for job, outcome in self._fetcher.poll(0.02 if self._readings else timeout_s):
                self._arrived(job, outcome)
        self._collect_readings()
        if not self._checks or len(self._quiet) >= QUIET_BATCH:
            self.flush()
        finished, self._finished = tuple(self._finished), []
        return finished

    def run(self, sources: Iterable[Source], on_done: Callable[[Checked], None]) -> None:
        """Check these sources once and return when all ended; a bounded number is open at once."""
        waiting = list(sources)
        while waiting or self._checks:
            if len(self._checks) < OPEN_CHECKS // 2:  # states are read by many
                self.start(waiting[:OPEN_CHECKS])
                waiting = waiting[OPEN_CHECKS:]
            for checked in self._advance(0.5):
                on_done(checked)
            if self._unsettled >= SETTLED_BATCH:
                self.flush()
        for checked in self._advance(0):
            on_done(checked)
        self.flush()

    def flush(self) -> None:
        """Store the states of checks that found nothing new."""
        if self._quiet:
            health = [entry for _, entries in self._quiet for entry in entries]
            self._store.commit_states([state for state, _ in self._quiet], health)
            self._quiet.clear()
        self._unsettled = 0

    def close(self) -> None:
        """Stop; what is under way stays as it was and is due again."""
        self._threads.close()
        self._collect_readings()
        self.flush()

    def _begin(self, source: Source, state: SourceState) -> None:
        """Ask for the first requests; what waits from earlier checks gets half of the budget.

        So a hundred documents that cannot be had never keep a new list from being read.
        """
        now = self._clock.now()
        check = OpenCheck(
            source=source,
            state=state,
            started_at=now,
            requests_left=source.politeness.max_requests,
            cursor=state.cursor,
        )
        self._checks[source.id] = check
        for request in self._first(source, state.cursor, now):
            self._submit(check, request)
        for postponed in state.pending:
            check.postponed[state_of.request_key(postponed.request)] = postponed
            if check.requests_left > source.politeness.max_requests // 2:
                self._submit(check, postponed.request)
        if check.done:
            self._finish(check)

    def _submit(self, check: OpenCheck, request: Request) -> None:
        """Ask for it, or keep it for the next check when the budget is used up."""
        if state_of.request_key(request) in check.asked:
            return
        if check.requests_left <= 0:
            if request.again:
                return
            kept = check.postponed.get(state_of.request_key(request)) or state_of.postponed(
                check, request
            )
            check.postponed[state_of.request_key(request)] = kept
            return
        check.asked.add(state_of.request_key(request))
        check.requests_left -= 1
        check.in_flight += 1
        validators, last_hash = state_of.remembered(check.state, request)
        self._fetcher.submit(
            FetchJob(
                source_id=check.source.id,
                request=request,
                politeness=check.source.politeness,
                validators=validators
                if state_of.conditional(check.state, request)
                else Validators(),
                last_hash=last_hash,
            )
        )

    def _arrived(self, job: FetchJob, outcome: Outcome) -> None:
        check = self._checks.get(job.source_id)
        if check is None:
            return
        check.in_flight -= 1
        match outcome:
            case Snapshot() if not check.broken:
                self._waiting_bytes += len(outcome.body)
                check.waiting.append(outcome)
                self._read_next(check)
            case NotModified():
                self._unchanged(check, job.request, outcome)
            case Blocked() | FetchFailed() | Rejected():
                self._failed(check, job.request, outcome)
        if check.done:
            self._finish(check)

    def _unchanged(self, check: OpenCheck, request: Request, outcome: NotModified) -> None:
        check.postponed.pop(state_of.request_key(request), None)
        if request.purpose == "main":
            check.main_ok = True
        if outcome.validators != Validators():
            _, last_hash = state_of.remembered(check.state, request)
            check.fresh[request.url] = (outcome.validators, last_hash)

    def _failed(
        self, check: OpenCheck, request: Request, outcome: Blocked | FetchFailed | Rejected
    ) -> None:
        check.health.append(state_of.health_of(check.source, outcome))
        if request.purpose == "main":
            check.main_error = outcome
            return
        if request.again:
            return
        kept = check.postponed.pop(state_of.request_key(request), None) or state_of.postponed(
            check, request
        )
        attempts = kept.attempts + 1
        if attempts < FOLLOW_UP_ATTEMPTS:
            check.postponed[state_of.request_key(request)] = replace(
                kept, attempts=attempts, last_error=state_of.word(outcome)
            )
            return
        check.health.append(state_of.given_up(check.source, request, outcome, attempts))

    def _read_next(self, check: OpenCheck) -> None:
        """Read one snapshot of a source at a time: each reading starts from the last cursor."""
        if check.reading or not check.waiting:
            return
        snapshot = check.waiting.popleft()
        check.reading = True
        read = partial(self._workers.read, check.source, snapshot, check.cursor)
        future = self._threads.submit(read, self._clock.now())
        self._readings[future] = (check, snapshot)

    def _collect_readings(self) -> None:
        if self._readings:
            self._threads.grow(self._clock.now())
        done = self._worth_taking()
        for start in range(0, len(done), TOGETHER):
            read = []
            for future in done[start : start + TOGETHER]:
                check, snapshot = self._readings.pop(future)
                self._waiting_bytes -= len(snapshot.body)
                if not future.cancelled():
                    check.reading = False
                    read.append(Read(check=check, snapshot=snapshot, future=future))
            self._take_all(read)

    def _worth_taking(self) -> list[Future[Reading]]:
        """Readings to take in now: a few wait a moment for the next ones, to be stored together."""
        done = [future for future in self._readings if future.done()]
        now = self._clock.now()
        if len(done) < min(TOGETHER, len(self._readings)) and now < self._held_until:
            return []
        if done:
            self._held_until = now + HELD
        return done

    def _take_all(self, read: Sequence[Read]) -> None:
        """Take readings of different sources in, what can be in one transaction."""
        taken = taken_together(read, self._intake)
        for one in read:
            self._take(one, taken.get(one.check.source.id))
            self._read_next(one.check)
            if one.check.done:
                self._finish(one.check)

    def _take(self, read: Read, taken: Taken | None) -> None:
        """Take a reading in, unless it was with others; a fault of ours costs that document, one
        of the store that check."""
        check, snapshot = read.check, read.snapshot
        try:
            self._judge(read, taken)
        except MonitorError as error:
            check.broken = f"{type(error).__name__}: {error}"
            self._waiting_bytes -= sum(len(waiting.body) for waiting in check.waiting)
            check.waiting.clear()
        except Exception as error:  # the boundary: what a hostile document may have brought about
            detail = f"{type(error).__name__}: {error}; please report it"[:500]
            self._failed(check, snapshot.request, read.rejected("internal", detail))

    def _judge(self, read: Read, taken: Taken | None) -> None:
        try:
            reading = read.future.result()
        except ExtractError as error:
            self._failed(read.check, read.snapshot.request, read.rejected("unreadable", str(error)))
            return
        if reading.rejected is not None:
            outcome = read.rejected("expectation", reading.rejected, read.snapshot)
            self._failed(read.check, read.snapshot.request, outcome)
            return
        self._accept(read, reading, read.taken(self._intake) if taken is None else taken)

    def _accept(self, read: Read, reading: Reading, taken: Taken) -> None:
        """Remember what a reading that is stored says about the check."""
        check, snapshot = read.check, read.snapshot
        url = snapshot.request.url
        check.bodies += 1
        check.postponed.pop(state_of.request_key(snapshot.request), None)
        check.taken = check.taken + taken
        check.cursor = reading.cursor or check.cursor
        check.lying = check.lying or state_of.lies(check.state, snapshot)
        check.fresh[url] = (
            (Validators(), "")
            if taken.unsettled or state_of.found_nothing(snapshot, reading)
            else (snapshot.validators, snapshot.body_hash)
        )
        if snapshot.request.purpose == "main":
            check.main_ok = True
            check.moved[url] = state_of.moved(check.state, snapshot)
        for request in (*reading.next_requests, *taken.next_requests):
            self._submit(check, request)

    def _finish(self, check: OpenCheck) -> None:
        del self._checks[check.source.id]
        now = self._clock.now()
        if check.broken:
            self._finished.append(_ended(check, check.state, now, NOT_STORED, (check.broken,)))
            return
        state = state_of.state_after(check, now, self._imported(check, now))
        health = tuple(check.health)
        if check.state.failures and not state.failures:
            health = (*health, state_of.resumed(check, now))
        if state.baseline and not check.state.baseline:
            health = (*health, state_of.first_import(check, now))
        self._quiet.append((state, health))
        if check.taken.changed or health:
            self._unsettled += 1
        told = tuple(entry.message for entry in health)
        self._finished.append(_ended(check, state, now, state.last_outcome, told))

    def _imported(self, check: OpenCheck, now: datetime) -> bool:
        """Whether the first import is complete: nothing of it waits for a later check.

        It ends after a few checks in any case, so that one dead link cannot keep a source silent.
        """
        if check.state.baseline or not check.main_ok:
            return check.state.baseline
        if check.state.checks >= LONGEST_IMPORT:
            return True
        asked = self._first(check.source, check.cursor, now)
        waiting = [r for r in asked if r.purpose != "main" and not r.again]
        return not waiting and not check.postponed


def _ended(
    check: OpenCheck, state: SourceState, now: datetime, outcome: str, told: tuple[str, ...]
) -> Checked:
    return Checked(
        source_id=check.source.id,
        state=state,
        outcome=outcome,
        items=check.taken.items,
        events=check.taken.events,
        problems=told,
        elapsed_s=(now - check.started_at).total_seconds(),
    )
