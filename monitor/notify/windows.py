"""A subscriber's own time: quiet hours, days and digest windows, right across DST changes.

Windows are half-open, [start, end), between instants. A wall time that a DST change skips counts
as the instant it would have been, one that happens twice counts the first time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from monitor.domain.errors import ConfigError
from monitor.domain.subscription import Cadence, Subscription


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A half-open span [start, end) of aware UTC moments."""

    start: datetime
    end: datetime

    def holds(self, moment: datetime) -> bool:
        """Whether the moment lies inside."""
        return self.start <= moment < self.end


def zone(name: str) -> ZoneInfo:
    """The time zone of that name. Raises ConfigError for an unknown one."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        message = f"no time zone is called {name!r}; write one such as America/Chicago"
        raise ConfigError(message) from error


def instant(day: date, at: time, place: ZoneInfo) -> datetime:
    """The UTC moment of a wall time on a day."""
    return datetime.combine(day, at, tzinfo=place).astimezone(UTC)


def local_midnight(now: datetime, time_zone: str) -> datetime:
    """The UTC moment at which the subscriber's present day began."""
    place = zone(time_zone)
    return instant(now.astimezone(place).date(), time(0), place)


def quiet_until(now: datetime, subscription: Subscription) -> datetime | None:
    """The end of the quiet hours that hold `now`, None outside of them; they may cross midnight."""
    start, end = subscription.quiet_start, subscription.quiet_end
    if start is None or end is None or start == end:
        return None
    place = zone(subscription.time_zone)
    today = now.astimezone(place).date()
    for day in (today - timedelta(days=1), today):
        begins = instant(day, start, place)
        ends = instant(day if end > start else day + timedelta(days=1), end, place)
        if begins <= now < ends:
            return ends
    return None


def last_boundary(now: datetime, subscription: Subscription) -> datetime:
    """The newest digest boundary at or before `now`, by cadence; IMMEDIATE counts as DAILY."""
    if subscription.cadence is Cadence.HOURLY:
        return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    place = zone(subscription.time_zone)
    day = now.astimezone(place).date()
    while True:
        boundary = instant(day, subscription.at, place)
        if boundary <= now and _is_digest_day(day, subscription):
            return boundary
        day -= timedelta(days=1)


def next_boundary(after: datetime, subscription: Subscription) -> datetime:
    """The first digest boundary after a moment."""
    if subscription.cadence is Cadence.HOURLY:
        return last_boundary(after, subscription) + timedelta(hours=1)
    place = zone(subscription.time_zone)
    day = after.astimezone(place).date()
    while True:
        boundary = instant(day, subscription.at, place)
        if boundary > after and _is_digest_day(day, subscription):
            return boundary
        day += timedelta(days=1)


def due_window(
    now: datetime, subscription: Subscription, last_end: datetime | None
) -> Window | None:
    """The window to close now, None when none is due.

    It starts where the last one ended (for the first: at the subscription's creation), so that a
    late or missed run loses nothing and a second run has nothing to close.
    """
    end = last_boundary(now, subscription)
    start = last_end or subscription.created_at or _span_before(end, subscription)
    return Window(start=start, end=end) if start < end else None


def _is_digest_day(day: date, subscription: Subscription) -> bool:
    return subscription.cadence is not Cadence.WEEKLY or day.weekday() == subscription.weekday


def _span_before(end: datetime, subscription: Subscription) -> datetime:
    return last_boundary(end - timedelta(seconds=1), subscription)
