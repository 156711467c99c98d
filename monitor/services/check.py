"""Checking sources: request, read, take in, remember; many at once, each at most once.

A check keeps nothing of its own. Its items and events are committed page by page; cursor,
validators and due time only when it ends. A crash between two steps therefore repeats requests,
never loses an item: what was taken in already is recognised as known.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime

from monitor.domain.errors import ExtractError
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
from monitor.domain.source import Postponed, Source, SourceState
from monitor.fetch.backoff import next_retry
from monitor.ports import Clock, Fetcher, FetchJob, Store, Workers
from monitor.services.intake import Intake, Taken

#: Honest validators are tested by a full fetch this often; lying ones are mostly not sent.
FULL_FETCH_EVERY = 48
FULL_FETCH_EVERY_FOR_LIARS = 4
#: A follow-up that failed this often is given up, with a health entry.
FOLLOW_UP_ATTEMPTS = 5
#: The first import of a source may take so many checks; it tells nobody.
LONGEST_IMPORT = 4
#: So many times of change are remembered per file; enough to learn how often it changes.
RHYTHM_LENGTH = 60
#: States of checks that found nothing new are stored together.
QUIET_BATCH = 200

FirstRequests = Callable[[Source, str, datetime], tuple[Request, ...]]


@dataclass(slots=True, kw_only=True)
class _Check:
    """One check under way; lives in the loop only."""

    source: Source
    state: SourceState
    started_at: datetime
    requests_left: int
    in_flight: int = 0
    waiting: deque[Snapshot] = field(default_factory=deque)
    reading: bool = False
    main_ok: bool = False
    main_error: Outcome | None = None
    cursor: str = ""
    fresh: dict[str, tuple[Validators, str]] = field(default_factory=dict)
    postponed: dict[str, Postponed] = field(default_factory=dict)
    health: list[HealthEntry] = field(default_factory=list)
    taken: Taken = field(default_factory=Taken)
    lying: bool = False
    asked: set[str] = field(default_factory=set)
    bodies: int = 0

    @property
    def done(self) -> bool:
        return not (self.in_flight or self.waiting or self.reading)


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
        self._checks: dict[SourceId, _Check] = {}
        self._threads = ThreadPoolExecutor(reader_threads, thread_name_prefix="reading")
        self._readings: dict[Future[Reading], tuple[_Check, Snapshot]] = {}
        self._quiet: list[tuple[SourceState, tuple[HealthEntry, ...]]] = []
        self._finished: list[Checked] = []

    @property
    def busy(self) -> int:
        """Checks under way."""
        return len(self._checks)

    def start(self, sources: Iterable[Source]) -> None:
        """Begin checks; a source already under way is left alone."""
        fresh = [source for source in sources if source.id not in self._checks]
        states = self._store.source_states([source.id for source in fresh])
        for source in fresh:
            self._begin(source, states.get(source.id) or SourceState(source_id=source.id))

    def step(self, timeout_s: float) -> tuple[Checked, ...]:
        """Do what can be done now, waiting at most `timeout_s`; checks that ended meanwhile."""
        self._collect_readings()
        wait = 0.02 if self._readings else timeout_s
        for job, outcome in self._fetcher.poll(wait):
            self._arrived(job, outcome)
        self._collect_readings()
        if not self._checks or len(self._quiet) >= QUIET_BATCH:
            self.flush()
        finished, self._finished = tuple(self._finished), []
        return finished

    def run(self, sources: Iterable[Source], on_done: Callable[[Checked], None]) -> None:
        """Check these sources once and return when all ended."""
        self.start(sources)
        while self._checks:
            for checked in self.step(0.5):
                on_done(checked)
        for checked in self.step(0):
            on_done(checked)
        self.flush()

    def flush(self) -> None:
        """Store the states of checks that found nothing new."""
        if self._quiet:
            health = [entry for _, entries in self._quiet for entry in entries]
            self._store.commit_states([state for state, _ in self._quiet], health)
            self._quiet.clear()

    def close(self) -> None:
        """Stop; what is under way stays as it was and is due again."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._collect_readings()
        self.flush()

    def _begin(self, source: Source, state: SourceState) -> None:
        now = self._clock.now()
        check = _Check(
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
            check.postponed[_key(postponed.request)] = postponed
            self._submit(check, postponed.request)
        if check.done:
            self._finish(check)

    def _submit(self, check: _Check, request: Request) -> None:
        """Ask for it, or keep it for the next check when the budget is used up."""
        if _key(request) in check.asked:
            return
        if check.requests_left <= 0:
            kept = check.postponed.get(_key(request)) or _postponed(check, request)
            check.postponed[_key(request)] = kept
            return
        check.asked.add(_key(request))
        check.requests_left -= 1
        check.in_flight += 1
        validators, last_hash = _remembered(check.state, request)
        self._fetcher.submit(
            FetchJob(
                source_id=check.source.id,
                request=request,
                politeness=check.source.politeness,
                validators=validators if _conditional(check.state, request) else Validators(),
                last_hash=last_hash,
            )
        )

    def _arrived(self, job: FetchJob, outcome: Outcome) -> None:
        check = self._checks.get(job.source_id)
        if check is None:
            return
        check.in_flight -= 1
        match outcome:
            case Snapshot():
                check.waiting.append(outcome)
                self._read_next(check)
            case NotModified():
                self._unchanged(check, job.request, outcome)
            case Blocked() | FetchFailed() | Rejected():
                self._failed(check, job.request, outcome)
        if check.done:
            self._finish(check)

    def _unchanged(self, check: _Check, request: Request, outcome: NotModified) -> None:
        check.postponed.pop(_key(request), None)
        if request.purpose == "main":
            check.main_ok = True
        if outcome.validators != Validators():
            _, last_hash = _remembered(check.state, request)
            check.fresh[request.url] = (outcome.validators, last_hash)

    def _failed(
        self, check: _Check, request: Request, outcome: Blocked | FetchFailed | Rejected
    ) -> None:
        check.health.append(_health_of(check.source, outcome))
        if request.purpose == "main":
            check.main_error = outcome
            return
        kept = check.postponed.pop(_key(request), None) or _postponed(check, request)
        attempts = kept.attempts + 1
        if attempts < FOLLOW_UP_ATTEMPTS:
            check.postponed[_key(request)] = replace(
                kept, attempts=attempts, last_error=_word(outcome)
            )
            return
        check.health.append(
            HealthEntry(
                at=outcome.captured_at,
                kind="given_up",
                source_id=check.source.id,
                url=request.url,
                message=f"{request.url} failed {attempts} times ({_word(outcome)}); it is not "
                "tried again. Open it in a browser to see whether it moved.",
            )
        )

    def _read_next(self, check: _Check) -> None:
        """Read one snapshot of a source at a time: each reading starts from the last cursor."""
        if check.reading or not check.waiting:
            return
        snapshot = check.waiting.popleft()
        check.reading = True
        future = self._threads.submit(self._workers.read, check.source, snapshot, check.cursor)
        self._readings[future] = (check, snapshot)

    def _collect_readings(self) -> None:
        for future in [f for f in self._readings if f.done()]:
            check, snapshot = self._readings.pop(future)
            if future.cancelled():
                continue
            check.reading = False
            self._take(check, snapshot, future)
            self._read_next(check)
            if check.done:
                self._finish(check)

    def _take(self, check: _Check, snapshot: Snapshot, future: Future[Reading]) -> None:
        try:
            reading = future.result()
        except ExtractError as error:
            outcome = Rejected(
                source_id=check.source.id,
                request=snapshot.request,
                captured_at=snapshot.captured_at,
                reason="unreadable",
                detail=str(error),
            )
            self._failed(check, snapshot.request, outcome)
            return
        if reading.rejected is not None:
            outcome = Rejected(
                source_id=check.source.id,
                request=snapshot.request,
                captured_at=snapshot.captured_at,
                reason="expectation",
                detail=reading.rejected,
                snapshot=snapshot,
            )
            self._failed(check, snapshot.request, outcome)
            return
        self._accept(check, snapshot, reading)

    def _accept(self, check: _Check, snapshot: Snapshot, reading: Reading) -> None:
        url = snapshot.request.url
        check.bodies += 1
        kept = check.postponed.pop(_key(snapshot.request), None)
        state = replace(check.state, baseline=False) if kept and kept.silent else check.state
        taken = self._intake.take(check.source, state, snapshot, reading)
        check.taken = check.taken + taken
        check.cursor = reading.cursor or check.cursor
        check.lying = check.lying or _lies(check.state, snapshot)
        check.fresh[url] = (snapshot.validators, snapshot.body_hash)
        if snapshot.request.purpose == "main":
            check.main_ok = True
        for request in reading.next_requests:
            self._submit(check, request)

    def _finish(self, check: _Check) -> None:
        del self._checks[check.source.id]
        now = self._clock.now()
        state = _state_after(check, now, self._imported(check, now))
        health = tuple(check.health)
        if check.state.failures and not state.failures:
            health = (*health, _resumed(check, now))
        if state.baseline and not check.state.baseline:
            health = (*health, _first_import(check, now))
        self._quiet.append((state, health))
        if check.taken.changed or health:
            self.flush()
        self._finished.append(
            Checked(
                source_id=check.source.id,
                state=state,
                outcome=state.last_outcome,
                items=check.taken.items,
                events=check.taken.events,
                problems=tuple(entry.message for entry in health),
                elapsed_s=(now - check.started_at).total_seconds(),
            )
        )

    def _imported(self, check: _Check, now: datetime) -> bool:
        """Whether the first import is complete: nothing of it waits for a later check.

        It ends after a few checks in any case, so that one dead link cannot keep a source silent.
        """
        if check.state.baseline or not check.main_ok:
            return check.state.baseline
        if check.state.checks >= LONGEST_IMPORT:
            return True
        waiting = [r for r in self._first(check.source, check.cursor, now) if r.purpose != "main"]
        return not waiting and not check.postponed


def remembered(states: Mapping[SourceId, SourceState], source: Source) -> SourceState:
    """The state of a source, a fresh one for a source never checked."""
    return states.get(source.id) or SourceState(source_id=source.id)


def _key(request: Request) -> str:
    return f"{request.method} {request.url} {request.purpose}"


def _postponed(check: _Check, request: Request) -> Postponed:
    return Postponed(request=request, silent=not check.state.baseline)


def _remembered(state: SourceState, request: Request) -> tuple[Validators, str]:
    validators = dict(state.validators).get(request.url, Validators())
    return validators, dict(state.hashes).get(request.url, "")


def _conditional(state: SourceState, request: Request) -> bool:
    """Whether to send validators: now and then not, to catch those that lie (lessons: F1)."""
    every = FULL_FETCH_EVERY_FOR_LIARS if state.lying_validators else FULL_FETCH_EVERY
    return request.conditional and state.checks % every != every - 1


def _lies(state: SourceState, snapshot: Snapshot) -> bool:
    """Same validators, other bytes: a 304 would have hidden this change."""
    validators, last_hash = _remembered(state, snapshot.request)
    return (
        bool(last_hash)
        and validators != Validators()
        and validators == snapshot.validators
        and last_hash != snapshot.body_hash
    )


def _state_after(check: _Check, now: datetime, imported: bool) -> SourceState:
    state, error = check.state, check.main_error
    validators = {**dict(state.validators), **{u: v for u, (v, _) in check.fresh.items()}}
    hashes = {**dict(state.hashes), **{u: h for u, (_, h) in check.fresh.items()}}
    keep = _latest_urls(check, validators)
    failed = not check.main_ok and error is not None
    failures = state.failures + 1 if failed else 0
    retry_after = getattr(error, "retry_after", None)
    return replace(
        state,
        cursor=check.cursor,
        validators=tuple(sorted((u, v) for u, v in validators.items() if u in keep)),
        hashes=tuple(sorted((u, h) for u, h in hashes.items() if u in keep)),
        checked_at=now,
        succeeded_at=state.succeeded_at if failed else now,
        changed_at=now if check.taken.changed else state.changed_at,
        failures=failures,
        last_outcome=_word(error) if failed and error else _success_word(check),
        retry_at=next_retry(check.source.id, failures, now, retry_after) if failed else None,
        checks=state.checks + 1,
        lying_validators=state.lying_validators or check.lying,
        baseline=imported,
        changes=_rhythm(state, check.taken, now),
        pending=tuple(check.postponed.values()),
    )


def _rhythm(
    state: SourceState, taken: Taken, now: datetime
) -> tuple[tuple[str, tuple[datetime, ...]], ...]:
    """The times of change with those of this check added, the newest ones of each file."""
    times = dict(state.changes)
    for name in {"", *taken.files} if taken.changed else ():
        times[name] = (*times.get(name, ()), now)[-RHYTHM_LENGTH:]
    return tuple(sorted(times.items()))


def _latest_urls(check: _Check, validators: Mapping[str, Validators]) -> set[str]:
    """Addresses worth remembering: the newest hundred, so that a state stays small."""
    ordered = [*check.fresh, *(url for url in validators if url not in check.fresh)]
    return set(ordered[:100])


def _success_word(check: _Check) -> str:
    return "changed" if check.taken.changed else "read" if check.bodies else "not_modified"


def _word(outcome: Blocked | FetchFailed | Rejected | Outcome) -> str:
    match outcome:
        case Blocked():
            return f"blocked:{outcome.family}"
        case FetchFailed():
            return f"failed:{outcome.reason}"
        case Rejected():
            return f"rejected:{outcome.reason}"
        case _:
            return "ok"


def _health_of(source: Source, outcome: Blocked | FetchFailed | Rejected) -> HealthEntry:
    status = getattr(outcome, "status", None)
    detail = f"{outcome.detail}" + (f" (HTTP {status})" if status else "")
    return HealthEntry(
        at=outcome.captured_at,
        kind=_word(outcome).partition(":")[0],
        source_id=source.id,
        url=outcome.request.url,
        message=f"{source.id}: {_word(outcome)} at {outcome.request.url}: {detail}".strip(": "),
    )


def _resumed(check: _Check, now: datetime) -> HealthEntry:
    return HealthEntry(
        at=now,
        kind="resumed",
        source_id=check.source.id,
        message=f"{check.source.id} answers again after {check.state.failures} failed checks.",
    )


def _first_import(check: _Check, now: datetime) -> HealthEntry:
    return HealthEntry(
        at=now,
        kind="baseline",
        source_id=check.source.id,
        message=f"{check.source.id}: first import, {check.taken.items} items and "
        f"{check.taken.events} events logged silently; alerts start with the next check.",
    )
