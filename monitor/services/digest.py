"""Closes digest windows that are due: late runs lose nothing, second runs find nothing to do."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.domain.errors import MonitorError
from monitor.domain.event import Event, Record
from monitor.domain.health import HealthEntry
from monitor.domain.ident import EventId
from monitor.domain.subscription import Delivery, Digest, Subscription
from monitor.notify.audience import CountiesNear, Listener, audience
from monitor.notify.digest import (
    Reach,
    Seen,
    digest,
    in_window,
    reach,
    seen_after,
    seen_from_json,
)
from monitor.notify.windows import Window, due_window
from monitor.ports import Clock
from monitor.stores import LogStore, Store

#: A record is stored at most this long after its recorded_at; for finding where to start reading.
STORED_WITHIN = timedelta(days=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestReport:
    """What a run did: digests to be sent, windows with nothing to say, windows closed by others."""

    made: int = 0
    empty: int = 0
    taken: int = 0


class Digests:
    """The digest job."""

    def __init__(
        self, store: Store, clock: Clock, counties_near: CountiesNear | None = None
    ) -> None:
        """`counties_near` answers radius filters."""
        self._store = store
        self._clock = clock
        self._counties_near = counties_near

    def run_once(self) -> DigestReport:
        """Close every window that is due now; one subscription's trouble stops no other."""
        now = self._clock.now()
        heard = audience(self._store.subscriptions(), now, self._counties_near)
        report = DigestReport()
        for listener in heard.listeners:
            try:
                word = self._close(listener, now)
            except MonitorError as error:
                self._store.add_health([_trouble(listener.subscription, error, now)])
                continue
            if word:
                report = dataclasses.replace(report, **{word: getattr(report, word) + 1})
        return report

    def preview(self, subscription: Subscription, window: Window) -> Digest:
        """The digest that this window would give, stored nowhere."""
        now = self._clock.now()
        (listener,) = audience(
            [dataclasses.replace(subscription, active=True, confirmed=True)],
            now,
            self._counties_near,
        ).listeners
        made, _ = self._made(listener, window, Seen(), now)
        return made

    def _close(self, listener: Listener, now: datetime) -> str:
        subscription = listener.subscription
        if subscription.snoozed_until is not None and now < subscription.snoozed_until:
            return ""
        last = self._store.last_digest(subscription.id)
        window = due_window(now, subscription, last.end if last else None)
        if window is None:
            return ""
        seen = seen_from_json(last.body) if last else Seen()
        made, delivery = self._made(listener, window, seen, now)
        if not self._store.commit_digest(made, delivery):
            return "taken"
        return "made" if delivery else "empty"

    def _made(
        self, listener: Listener, window: Window, seen: Seen, now: datetime
    ) -> tuple[Digest, Delivery | None]:
        scanned = self._scanned(window, seen)
        records = [record for record in scanned if in_window(record, window, seen)]
        return digest(
            listener,
            window,
            records,
            self._reach(listener.subscription, records),
            now=now,
            seen=seen_after(scanned, window, seen),
            others=self._others(records),
        )

    def _scanned(self, window: Window, seen: Seen) -> list[Record]:
        after = seen.low or sequence_before(self._store, window.start - STORED_WITHIN)
        found: list[Record] = []
        while page := self._store.records(after_sequence=after, limit=1000):
            found.extend(page)
            after = page[-1].sequence
        return found

    def _reach(self, subscription: Subscription, records: Sequence[Record]) -> Reach:
        return reach(
            [record.event for record in records],
            lambda event_id: self._store.deliveries(event_id=event_id),
            subscription,
        )

    def _others(self, records: Sequence[Record]) -> dict[EventId, Event]:
        wanted = {r.event.merged_into for r in records if r.event.merged_into is not None}
        found = {event_id: self._store.event(event_id) for event_id in wanted}
        return {event_id: event for event_id, event in found.items() if event is not None}


def sequence_before(store: LogStore, moment: datetime) -> int:
    """A sequence up to which all records were made before the moment, found by bisection.

    The log is in the order of storing, which is that of recording but for a few minutes.
    """
    low, high = 0, store.last_sequence()
    while low < high:
        middle = (low + high) // 2
        page = store.records(after_sequence=middle, limit=1)
        if page and page[0].recorded_at < moment:
            low = middle + 1
        else:
            high = middle
    return max(0, low - 1)


def _trouble(subscription: Subscription, error: MonitorError, now: datetime) -> HealthEntry:
    return HealthEntry(
        at=now,
        kind="digest",
        message=f"the digest of subscription {subscription.id} was not made: {error}",
        tell_operator=True,
    )
