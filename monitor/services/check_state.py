"""One check under way, and the pure rules of what is remembered when it ends."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from monitor.domain.health import HealthEntry
from monitor.domain.item import Reading
from monitor.domain.snapshot import (
    Blocked,
    FetchFailed,
    Outcome,
    Rejected,
    Request,
    Snapshot,
    Validators,
)
from monitor.domain.source import Moved, Postponed, Source, SourceState
from monitor.fetch.backoff import next_retry
from monitor.fetch.redirect import moved_to
from monitor.services.intake import Taken

#: Honest validators are tested by a full fetch this often; lying ones are mostly not sent.
FULL_FETCH_EVERY = 48
FULL_FETCH_EVERY_FOR_LIARS = 4
#: So many times of change are remembered per file; enough to learn how often it changes.
RHYTHM_LENGTH = 60


@dataclass(slots=True, kw_only=True)
class OpenCheck:
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
    broken: str = ""  #: why it could not be stored: it ends as if it had never begun
    moved: dict[str, Moved | None] = field(default_factory=dict)  #: by main address asked

    @property
    def done(self) -> bool:
        """Whether nothing of it is under way."""
        return not (self.in_flight or self.waiting or self.reading)


def request_key(request: Request) -> str:
    """What makes two requests of a check the same."""
    return f"{request.method} {request.url} {request.purpose}"


def postponed(check: OpenCheck, request: Request) -> Postponed:
    """The request kept for the next check."""
    return Postponed(request=request, silent=not check.state.baseline)


def remembered(state: SourceState, request: Request) -> tuple[Validators, str]:
    """Validators and hash of the last accepted body of this address."""
    validators = dict(state.validators).get(request.url, request.known)
    return validators, dict(state.hashes).get(request.url, "")


def conditional(state: SourceState, request: Request) -> bool:
    """Whether to send validators: now and then not, to catch those that lie (lessons: F1)."""
    every = FULL_FETCH_EVERY_FOR_LIARS if state.lying_validators else FULL_FETCH_EVERY
    return request.conditional and state.checks % every != every - 1


def lies(state: SourceState, snapshot: Snapshot) -> bool:
    """Same validators, other bytes: a 304 would have hidden this change."""
    validators, last_hash = remembered(state, snapshot.request)
    return (
        bool(last_hash)
        and validators != Validators()
        and validators == snapshot.validators
        and last_hash != snapshot.body_hash
    )


def moved(state: SourceState, snapshot: Snapshot) -> Moved | None:
    """Where the address of a main request redirects for good, and since when."""
    url, to = snapshot.request.url, moved_to(snapshot)
    if to is None:
        return None
    known = next((m for m in state.moved if (m.url, m.to) == (url, to)), None)
    return known or Moved(url=url, to=to, since=snapshot.captured_at)


def found_nothing(snapshot: Snapshot, reading: Reading) -> bool:
    """A look that may find a page gone found none; it is asked for in full until it is back."""
    return snapshot.request.tells_gone and not (reading.items or reading.skipped)


def state_after(check: OpenCheck, now: datetime, imported: bool) -> SourceState:
    """What is remembered once the check ended; `imported`: the first import is complete."""
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
        last_outcome=word(error) if failed and error else _success_word(check),
        retry_at=next_retry(check.source.id, failures, now, retry_after) if failed else None,
        checks=state.checks + 1,
        lying_validators=state.lying_validators or check.lying,
        baseline=imported,
        changes=_rhythm(state, check.taken, now),
        pending=tuple(check.postponed.values()),
        moved=_moved(check),
    )


def _moved(check: OpenCheck) -> tuple[Moved, ...]:
    """What moved by now; an address that was not answered with a body this time stays as it was."""
    known: dict[str, Moved | None] = {m.url: m for m in check.state.moved}
    return tuple(m for _, m in sorted((known | check.moved).items()) if m is not None)


def _rhythm(
    state: SourceState, taken: Taken, now: datetime
) -> tuple[tuple[str, tuple[datetime, ...]], ...]:
    """The times of change with those of this check added, the newest ones of each file."""
    times = dict(state.changes)
    for name in {"", *taken.files} if taken.changed else ():
        times[name] = (*times.get(name, ()), now)[-RHYTHM_LENGTH:]
    return tuple(sorted(times.items()))


def _latest_urls(check: OpenCheck, validators: Mapping[str, Validators]) -> set[str]:
    """Addresses worth remembering: the newest hundred, so that a state stays small."""
    ordered = [*check.fresh, *(url for url in validators if url not in check.fresh)]
    return set(ordered[:100])


def _success_word(check: OpenCheck) -> str:
    return "changed" if check.taken.changed else "read" if check.bodies else "not_modified"


def word(outcome: Blocked | FetchFailed | Rejected | Outcome) -> str:
    """The outcome in one word: "failed:dns", "blocked:akamai", "ok"."""
    match outcome:
        case Blocked():
            return f"blocked:{outcome.family}"
        case FetchFailed():
            return f"failed:{outcome.reason}"
        case Rejected():
            return f"rejected:{outcome.reason}"
        case _:
            return "ok"


def given_up(
    source: Source, request: Request, outcome: Blocked | FetchFailed | Rejected, attempts: int
) -> HealthEntry:
    """The entry for a follow-up that failed so often that it is not tried again."""
    return HealthEntry(
        at=outcome.captured_at,
        kind="given_up",
        source_id=source.id,
        url=request.url,
        message=f"{request.url} failed {attempts} times ({word(outcome)}); it is "
        "not tried again. Open it in a browser to see whether it moved.",
    )


def health_of(source: Source, outcome: Blocked | FetchFailed | Rejected) -> HealthEntry:
    """The health entry of an outcome that brought nothing."""
    status = getattr(outcome, "status", None)
    detail = outcome.detail.removeprefix(outcome.request.url).lstrip(": ")
    if status and str(status) not in detail:
        detail += f" (HTTP {status})"
    return HealthEntry(
        at=outcome.captured_at,
        kind=word(outcome).partition(":")[0],
        source_id=source.id,
        url=outcome.request.url,
        message=f"{source.id}: {word(outcome)} at {outcome.request.url}: {detail}".strip(": "),
    )


def resumed(check: OpenCheck, now: datetime) -> HealthEntry:
    """The source answers again."""
    return HealthEntry(
        at=now,
        kind="resumed",
        source_id=check.source.id,
        message=f"{check.source.id} answers again after {check.state.failures} failed checks.",
    )


def first_import(check: OpenCheck, now: datetime) -> HealthEntry:
    """The first import is complete, and told nobody."""
    return HealthEntry(
        at=now,
        kind="baseline",
        source_id=check.source.id,
        message=f"{check.source.id}: first import, {check.taken.items} items and "
        f"{check.taken.events} events logged silently; alerts start with the next check.",
    )
