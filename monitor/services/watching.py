"""Which bills are followed: those of the log's law events, and those that feeds.yaml names."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import timedelta

from monitor.detect.watched import FAMILIES, MOST, WatchedBill, WatchList
from monitor.domain.event import Event
from monitor.domain.filter import parse
from monitor.domain.vocabulary import Rung
from monitor.ports import Clock
from monitor.stores import EventQuery, LogStore

#: A number comes again in the next session: a bill of which nothing was heard so long is let go.
HEARD_OF = timedelta(days=400)
#: Events read at the start; later ones come by their records.
_MOST_EVENTS = 2_000
_PAGE = 200
_RECORDS = 1_000
_LEFT_OUT = frozenset({Rung.RETRACTED, Rung.SUPERSEDED})

#: (state, number, session) of a bill.
_Key = tuple[str, str, str]


class BillWatch:
    """The watched bills as of now; asks the store only for what was recorded since."""

    def __init__(
        self, store: LogStore, clock: Clock, configured: Callable[[], tuple[WatchedBill, ...]]
    ) -> None:
        """`configured` gives what feeds.yaml names, which comes first and is never let go."""
        self._store = store
        self._clock = clock
        self._configured = configured
        self._seen = -1
        self._heard: dict[_Key, Event] = {}
        self._list = WatchList()
        self._lock = threading.Lock()

    def current(self) -> WatchList:
        """The list; the same object as long as nothing of it changed. Safe between threads."""
        with self._lock:
            self._read()
            return self._weighed()

    def forget(self) -> None:
        """Hear everything anew: it was heard in a transaction that was not stored."""
        with self._lock:
            self._seen = -1
            self._heard.clear()

    def _weighed(self) -> WatchList:
        oldest = self._clock.now() - HEARD_OF
        own = self._configured()
        taken = {(bill.state, bill.number) for bill in own if bill.number and bill.family}
        newest = sorted(
            (
                e
                for key, e in self._heard.items()
                if key[:2] not in taken and e.updated_at >= oldest
            ),
            key=lambda event: (event.updated_at, event.id),
            reverse=True,
        )
        bills = (*own, *dict.fromkeys(bill for event in newest for bill in bills_of(event)))[:MOST]
        if bills != self._list.bills:
            self._list = WatchList(bills)
        return self._list

    def _read(self) -> None:
        last = self._store.last_sequence()
        if self._seen < 0:
            self._seen = last
            self._hear(self._events())
        while self._seen < last:
            records = self._store.records(after_sequence=self._seen, limit=_RECORDS)
            if not records:
                return
            self._hear(record.event for record in records)
            self._seen = records[-1].sequence

    def _events(self) -> list[Event]:
        """The newest events about states' laws, oldest first."""
        wanted = parse("type:law", self._clock.now().date())
        found: list[Event] = []
        cursor: str | None = None
        while len(found) < _MOST_EVENTS:
            page = self._store.events(EventQuery(filter=wanted, cursor=cursor, limit=_PAGE))
            found += page.items
            cursor = page.next_cursor
            if cursor is None:
                break
        return found[::-1]

    def _hear(self, events: Iterable[Event]) -> None:
        for event in events:
            for bill in bills_of(event):
                self._heard[bill.state, bill.number, bill.session] = event
        if len(self._heard) > 4 * MOST:
            kept = sorted(self._heard.items(), key=lambda row: row[1].updated_at)[-2 * MOST :]
            self._heard = dict(kept)


def bills_of(event: Event) -> tuple[WatchedBill, ...]:
    """The bills of a law event and their companions: none without a state, a number or standing."""
    family = next((f for f in FAMILIES if event.event_type.value.startswith(f)), "")
    state = event.jurisdiction.state
    if not (family and state and event.bill) or event.merged_into or event.status in _LEFT_OUT:
        return ()
    attributes = dict(event.attributes)
    session = attributes.get("session", "")
    companions = attributes.get("companion", "").split(",")
    numbers = dict.fromkeys(part.strip() for part in (*event.bill.split("/"), *companions))
    return tuple(
        WatchedBill(
            state=state, number=number, family=family, session=session, vouched=bool(session)
        )
        for number in numbers
        if number
    )
