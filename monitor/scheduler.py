"""When things run: APScheduler with jobs in memory; a source's due time derives from its state.

Nothing is remembered here: after a restart every due time is computed again from SourceState, so
a crash can neither lose nor repeat a schedule.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.date import DateTrigger

from monitor.domain.errors import ConfigError
from monitor.domain.ident import SourceId
from monitor.domain.source import Schedule, Source, SourceState

#: After a downtime overdue sources start spread over this span, each at its own place in it.
CATCH_UP = timedelta(minutes=5)
#: A first check is spread over this span, so that a new installation shows something soon.
FIRST_CHECK = timedelta(seconds=20)
#: A failing source is looked at this often at the least.
LONGEST_PAUSE = timedelta(hours=24)


def next_due(source: Source, state: SourceState | None, now: datetime) -> datetime:
    """When the source is to be checked next; never before `now`.

    The regular time follows the schedule from the last check, with a jitter that depends on
    source and check alone; Retry-After and backoff can only delay it, at most by a day; the
    daily window of the source's own zone moves it to the window's start.
    """
    schedule = source.schedule
    if state is None or state.checked_at is None:
        return _into_window(schedule, now + FIRST_CHECK * _share(source.id, "first"))
    regular = _regular_due(source, state, state.checked_at)
    if regular < now:
        span = min(CATCH_UP, schedule.every / 4)
        regular = now + span * _share(source.id, "late" + state.checked_at.isoformat())
    return _into_window(schedule, regular)


def is_due(source: Source, state: SourceState | None, now: datetime) -> bool:
    """Whether the source may be checked now; for a queue that spreads the work by itself."""
    if _into_window(source.schedule, now) != now:
        return False
    if state is None or state.checked_at is None:
        return True
    return _regular_due(source, state, state.checked_at) <= now


def _regular_due(source: Source, state: SourceState, last: datetime) -> datetime:
    """By schedule, jitter and backoff, wherever now is."""
    regular = _regular(source.schedule, last)
    regular += source.schedule.jitter * _share(source.id, last.isoformat())
    if state.retry_at is not None:
        regular = max(regular, min(state.retry_at, last + LONGEST_PAUSE))
    return regular


def _share(source_id: str, salt: str) -> float:
    """A number in [0, 1) that depends on its arguments alone."""
    digest = hashlib.sha256(f"{source_id}|{salt}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32


def _regular(schedule: Schedule, last: datetime) -> datetime:
    if schedule.cron is None:
        return last + schedule.every
    trigger = cron_trigger(schedule.cron, schedule.time_zone)
    fire: datetime | None = trigger.get_next_fire_time(last, last + timedelta(seconds=1))
    return fire.astimezone(last.tzinfo) if fire is not None else last + LONGEST_PAUSE


def cron_trigger(expression: str, time_zone: str) -> CronTrigger:
    """A trigger for five cron fields. Raises ConfigError for an expression cron does not know."""
    try:
        return CronTrigger.from_crontab(expression, timezone=ZoneInfo(time_zone))
    except (ValueError, KeyError) as error:
        raise ConfigError(
            f"cron {expression!r} in zone {time_zone!r}: {error}; "
            "give five fields such as '0 9 * * mon-fri' and an IANA zone"
        ) from error


def _into_window(schedule: Schedule, moment: datetime) -> datetime:
    """The moment itself, or the start of the next daily window when it lies outside one."""
    if schedule.window_start is None or schedule.window_end is None:
        return moment
    local = moment.astimezone(ZoneInfo(schedule.time_zone))
    start, end = schedule.window_start, schedule.window_end
    inside = start <= local.time() < end if start <= end else not end <= local.time() < start
    if inside:
        return moment
    opening = local.replace(
        hour=start.hour, minute=start.minute, second=start.second, microsecond=0, fold=0
    )
    if opening <= local:
        opening += timedelta(days=1)
    return opening.astimezone(moment.tzinfo)


@dataclass(frozen=True, slots=True, kw_only=True)
class Routine:
    """Something that runs by the clock: every so many seconds, or by five cron fields."""

    name: str
    call: Callable[[], None]
    every_s: float | None = None
    cron: str | None = None
    time_zone: str = "UTC"


class Scheduler:
    """Source checks one by one at their due time, routines beside them; nothing overlaps itself."""

    def __init__(self, *, now: Callable[[], datetime], enqueue: Callable[[Source], None]) -> None:
        """`enqueue(source)` hands a due source to the check loop; it must return at once."""
        self._now = now
        self._enqueue = enqueue
        self._sources: dict[SourceId, Source] = {}
        self._running: set[SourceId] = set()
        self._guard = threading.Lock()
        self._scheduler = BackgroundScheduler(
            timezone=ZoneInfo("UTC"),
            executors={"default": ThreadPoolExecutor(6), "sources": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self, routines: Iterable[Routine]) -> None:
        """Begin; routines run in threads of the scheduler."""
        for routine in routines:
            self._add_routine(routine)
        self._scheduler.start()

    def _add_routine(self, routine: Routine) -> None:
        if routine.cron is not None:
            trigger = cron_trigger(routine.cron, routine.time_zone)
            self._scheduler.add_job(routine.call, trigger, id=f"routine:{routine.name}")
        else:
            self._scheduler.add_job(
                routine.call, "interval", seconds=routine.every_s, id=f"routine:{routine.name}"
            )

    def watch(self, sources: Iterable[Source], states: Mapping[SourceId, SourceState]) -> None:
        """Take this set of sources: new ones are scheduled, vanished ones dropped."""
        wanted = {source.id: source for source in sources if source.enabled}
        with self._guard:
            for gone in set(self._sources) - set(wanted):
                self._drop(gone)
            changed = [s for s in wanted.values() if self._sources.get(s.id) != s]
            self._sources = wanted
        for source in changed:
            if source.id not in self._running:
                self._schedule(source, states.get(source.id))

    def finished(self, source_id: SourceId, state: SourceState) -> None:
        """A check ended: schedule the next one."""
        with self._guard:
            self._running.discard(source_id)
            source = self._sources.get(source_id)
        if source is not None:
            self._schedule(source, state)

    def due_times(self) -> dict[SourceId, datetime]:
        """When each source runs next; sources being checked are absent."""
        jobs = [job for job in self._scheduler.get_jobs() if job.id.startswith("check:")]
        return {SourceId(job.id[6:]): job.next_run_time for job in jobs if job.next_run_time}

    def stop(self) -> None:
        """No new work; routines in flight finish."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def _schedule(self, source: Source, state: SourceState | None) -> None:
        self._scheduler.add_job(
            self._run,
            DateTrigger(next_due(source, state, self._now())),
            args=(source.id,),
            id=f"check:{source.id}",
            executor="sources",
            replace_existing=True,
        )

    def _run(self, source_id: SourceId) -> None:
        with self._guard:
            source = self._sources.get(source_id)
            if source is None or source_id in self._running:
                return
            self._running.add(source_id)
        self._enqueue(source)

    def _drop(self, source_id: SourceId) -> None:
        try:
            self._scheduler.remove_job(f"check:{source_id}")
        except JobLookupError:
            return
