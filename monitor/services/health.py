"""How each source stands, who must be told, and that nobody is told twice.

`standing()` is pure; the service reads states and facts, and tells the operator what changed.
A first transient failure never alarms; a recovery is told once, and only where the trouble was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.domain.health import HealthEntry
from monitor.domain.rhythm import silence_after, silent_for
from monitor.domain.source import Source, SourceState
from monitor.ports import Clock
from monitor.stores import Store

#: A source fails when so many checks in a row failed over at least this long.
FAILURES_IN_A_ROW = 3
FAILING_AFTER = timedelta(hours=6)
#: A source is dead when nothing was accepted for so long.
DEAD_AFTER = timedelta(days=14)


class Standing(StrEnum):
    """How a source stands."""

    OFF = "off"
    NEW = "new"
    OK = "ok"
    QUIET = "quiet"  #: nothing new, within its rhythm or before one is known
    SHAKY = "shaky"  #: failing, too short to mean anything
    SILENT = "silent"  #: answers, but says nothing new for longer than it ever did
    BLOCKED = "blocked"
    FAILING = "failing"
    SELECTOR_BROKEN = "selector_broken"
    STALE_CACHE = "stale_cache"  #: its validators lie: unchanged was claimed of what changed
    PARTIAL = "partial"  #: part of it is held or cannot be fetched
    CLOCK_SKEWED = "clock_skewed"
    DEAD = "dead"


#: A permanent redirect is told when it has stood so long: some are mistakes of an hour.
MOVED_AFTER = timedelta(days=1)


#: Standings that the operator is told of.
ALARMS = frozenset(
    {
        Standing.SILENT,
        Standing.BLOCKED,
        Standing.FAILING,
        Standing.SELECTOR_BROKEN,
        Standing.PARTIAL,
        Standing.CLOCK_SKEWED,
        Standing.DEAD,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One source as the health page shows it."""

    source: Source
    state: SourceState | None
    standing: Standing
    message: str
    file: str = ""  #: the list of the source that is silent, "" for the whole source

    @property
    def as_of(self) -> datetime | None:
        """When bytes of this source were last accepted."""
        return self.state.succeeded_at if self.state else None

    @property
    def moved(self) -> tuple[str, ...]:
        """What to say of addresses that redirect for good, one line each."""
        return tuple(
            f"{self.source.id}: {one.url} has moved permanently to {one.to}, seen since "
            f"{one.since:%Y-%m-%d}; change its address in {self._place}"
            for one in (self.state.moved if self.state else ())
        )

    @property
    def _place(self) -> str:
        return f"feeds.yaml, line {self.source.line}" if self.source.line else "feeds.yaml"


def standing(
    source: Source, state: SourceState | None, recent: Sequence[HealthEntry], now: datetime
) -> Report:
    """How the source stands, judged from its state and its entries since its last success."""
    if not source.enabled:
        return _report(source, state, Standing.OFF, _why_off(source, state))
    if state is None or state.checked_at is None:
        return _report(source, state, Standing.NEW, "not checked yet")
    if state.failures:
        return _failing(source, state, now)
    return _answering(source, state, recent, now)


def _why_off(source: Source, state: SourceState | None) -> str:
    if state is not None and state.enabled_at_run_time is False:
        return f"switched off: {state.switched_why or 'by a probe or a person'}"
    if source.needs_env:
        return f"needs {', '.join(source.needs_env)}"
    return "switched off in feeds.yaml"


def _failing(source: Source, state: SourceState, now: datetime) -> Report:
    since = state.succeeded_at
    outcome = state.last_outcome
    if since is not None and now - since > DEAD_AFTER:
        return _report(
            source, state, Standing.DEAD, f"nothing accepted since {since:%Y-%m-%d}: {outcome}"
        )
    long_enough = since is None or now - since > max(FAILING_AFTER, 2 * source.schedule.every)
    if state.failures < FAILURES_IN_A_ROW or not long_enough:
        return _report(source, state, Standing.SHAKY, f"{outcome}; {state.failures} in a row")
    kind = Standing.BLOCKED if outcome.startswith("blocked") else Standing.FAILING
    advice = (
        "the site refuses the monitor: ask its owner, or watch another source"
        if kind is Standing.BLOCKED and "404" not in outcome
        else "open its address in a browser; correct it in feeds.yaml or switch the source off"
    )
    return _report(source, state, kind, f"{outcome}, {state.failures} checks in a row; {advice}")


def _answering(
    source: Source, state: SourceState, recent: Sequence[HealthEntry], now: datetime
) -> Report:
    kinds = {entry.kind: entry for entry in reversed(recent)}
    for kind, found in (
        ("selector", Standing.SELECTOR_BROKEN),
        ("clock_skewed", Standing.CLOCK_SKEWED),
        ("held", Standing.PARTIAL),
    ):
        if kind in kinds:
            return _report(source, state, found, kinds[kind].message)
    silent = _silent_file(state, now)
    if silent is not None:
        name, days, limit = silent
        what = f"its list {name!r}" if name else "it"
        return _report(
            source,
            state,
            Standing.SILENT,
            f"{what} brought nothing new for {days} working days; {limit} were the longest to be "
            "expected. See whether it moved.",
            file=name,
        )
    stuck = [one for one in state.pending if one.attempts >= FAILURES_IN_A_ROW]
    if stuck:
        message = (
            f"{len(stuck)} pages it links to failed {FAILURES_IN_A_ROW} times or more; the first: "
            f"{stuck[0].request.url} ({stuck[0].last_error})"
        )
        return _report(source, state, Standing.PARTIAL, message)
    if state.lying_validators:
        message = "claims to be unchanged when it changed; it is fetched in full now and then"
        return _report(source, state, Standing.STALE_CACHE, message)
    calm = Standing.OK if state.last_outcome == "changed" else Standing.QUIET
    return _report(source, state, calm, state.last_outcome)


def _silent_file(state: SourceState, now: datetime) -> tuple[str, int, int] | None:
    """The list that is silent for longest beyond its rhythm: (name, days, limit)."""
    found = []
    for name, times in state.changes:
        limit = silence_after(times)
        days = silent_for(times, now) if times else 0
        if limit is not None and days > limit:
            found.append((name, days, limit))
    return max(found, key=lambda entry: entry[1] - entry[2], default=None)


def _report(
    source: Source, state: SourceState | None, kind: Standing, message: str, file: str = ""
) -> Report:
    return Report(source=source, state=state, standing=kind, message=message, file=file)


class HealthService:
    """Judges all sources now and then and tells the operator of what changed."""

    def __init__(
        self, *, store: Store, clock: Clock, sources: Callable[[], Sequence[Source]]
    ) -> None:
        self._store = store
        self._clock = clock
        self._sources = sources

    def reports(self) -> tuple[Report, ...]:
        """All sources as they stand now, worst first."""
        now = self._clock.now()
        states = self._store.source_states()
        found = []
        for source in self._sources():
            state = states.get(source.id)
            recent = self._recent(state) if state is not None and not state.failures else ()
            found.append(standing(source, state, recent, now))
        return tuple(sorted(found, key=lambda report: report.standing not in ALARMS))

    def _recent(self, state: SourceState) -> tuple[HealthEntry, ...]:
        """Entries of the newest check, read only where the last one left any."""
        if state.checked_at is None:
            return ()
        since = state.checked_at - timedelta(minutes=10)
        return self._store.health(state.source_id, since=since, limit=20)

    def tell(self) -> tuple[HealthEntry, ...]:
        """Entries for the operator: trouble that is new, and trouble that is over, each once."""
        now = self._clock.now()
        reports = self.reports()
        told = [entry for report in reports if (entry := self._news(report, now))]
        told += [entry for report in reports if (entry := self._moved(report, now))]
        if told:
            self._store.add_health(told)
        return tuple(told)

    def _news(self, report: Report, now: datetime) -> HealthEntry | None:
        name = f"alarm:{report.source.id}"
        before = self._store.fact(name) or ""
        standing_now = report.standing.value if report.standing in ALARMS else ""
        if standing_now == before or report.standing is Standing.SHAKY:
            return None
        self._store.set_fact(name, standing_now)
        message = (
            f"{report.source.id} ({report.source.name}): {report.standing}: {report.message}"
            if standing_now
            else f"{report.source.id} ({report.source.name}) is well again (it was {before})."
        )
        return HealthEntry(
            at=now,
            kind=f"alarm_{standing_now}" if standing_now else "alarm_over",
            source_id=report.source.id,
            message=message,
            tell_operator=True,
        )

    def _moved(self, report: Report, now: datetime) -> HealthEntry | None:
        """A move that lasts, told once for each place it leads to."""
        state = report.state
        if state is None or not state.moved or not report.source.enabled:
            return None
        if min(now - one.since for one in state.moved) < MOVED_AFTER:
            return None
        name = f"moved:{report.source.id}"
        places = " ".join(one.to for one in state.moved)
        if self._store.fact(name) == places:
            return None
        self._store.set_fact(name, places)
        return HealthEntry(
            at=now,
            kind="moved",
            source_id=report.source.id,
            message="; ".join(report.moved),
            tell_operator=True,
        )
