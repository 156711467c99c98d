"""What people decide about events: each decision is a record, routed like any other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from monitor.domain.errors import MonitorError
from monitor.domain.event import Event, Record
from monitor.domain.ident import ClaimId, EventId
from monitor.domain.item import Item
from monitor.domain.subscription import Delivery
from monitor.ports import Clock
from monitor.resolve import people
from monitor.stores import EventQuery, Store

#: (records, now) -> outbox rows for them.
Route = Callable[[Sequence[Record], datetime], tuple[Delivery, ...]]


class UnknownEvent(MonitorError):
    """No event has this id."""


class Review:
    """Decisions of people; `actor` is always a role, never a name."""

    def __init__(self, *, store: Store, clock: Clock, route: Route) -> None:
        self._store = store
        self._clock = clock
        self._route = route

    def accept(self, event_id: str, *, actor: str, reason: str = "") -> tuple[Record, ...]:
        """The event is one: it becomes worth an alert, and its text a labelled one."""

        def accepted(now: datetime) -> tuple[Record, ...]:
            event = self._event(event_id)
            self._label(event, "relevant", reason)
            return people.reviewed(event, relevant=True, now=now, actor=actor, reason=reason)

        return self._decide(accepted)

    def reject(self, event_id: str, *, actor: str, reason: str = "") -> tuple[Record, ...]:
        """It is none: retracted wherever it was told, and its text a labelled negative."""

        def rejected(now: datetime) -> tuple[Record, ...]:
            event = self._event(event_id)
            self._label(event, "not_relevant", reason)
            return people.reviewed(event, relevant=False, now=now, actor=actor, reason=reason)

        return self._decide(rejected)

    def dispute(self, event_id: str, *, actor: str, reason: str) -> tuple[Record, ...]:
        """Somebody contradicts it; it stays, marked."""
        return self._decide(
            lambda now: people.disputed(self._event(event_id), now=now, actor=actor, reason=reason)
        )

    def restore(self, event_id: str, *, actor: str, reason: str) -> tuple[Record, ...]:
        """Take a retraction, dispute or supersession back."""
        return self._decide(
            lambda now: people.restored(self._event(event_id), now=now, actor=actor, reason=reason)
        )

    def merge(self, into: str, other: str, *, actor: str, reason: str) -> tuple[Record, ...]:
        """Two events are one; the second redirects to the first."""
        return self._decide(
            lambda now: people.merged(
                self._event(into), self._event(other), now=now, actor=actor, reason=reason
            )
        )

    def unmerge(self, into: str, other: str, *, actor: str, reason: str) -> tuple[Record, ...]:
        """Take a merge back."""
        return self._decide(
            lambda now: people.unmerged(
                self._event(into), self._event(other), now=now, actor=actor, reason=reason
            )
        )

    def split(
        self, event_id: str, claims: Sequence[str], *, actor: str, reason: str
    ) -> tuple[Record, ...]:
        """Some of the evidence tells of another event."""
        chosen = [ClaimId(claim) for claim in claims]
        return self._decide(
            lambda now: people.split(
                self._event(event_id), chosen, now=now, actor=actor, reason=reason
            )
        )

    def rename(self, event_id: str, agency: str, *, actor: str, reason: str) -> tuple[Record, ...]:
        """The agency is known by another name."""
        return self._decide(
            lambda now: people.renamed(
                self._event(event_id), agency=agency, now=now, actor=actor, reason=reason
            )
        )

    def queue(self, query: EventQuery) -> tuple[Event, ...]:
        """Events that wait for a person, newest first."""
        return self._store.events(query).items

    def _decide(self, decision: Callable[[datetime], tuple[Record, ...]]) -> tuple[Record, ...]:
        """In a turn of its own: a record holds the whole event, and what a check adds to it between
        look and record would be overwritten."""
        with self._store.turn():
            now = self._clock.now()
            records = decision(now)
            return self._store.append(records, self._route(records, now))

    def _event(self, event_id: str) -> Event:
        event = self._store.event(EventId(event_id))
        if event is None:
            raise UnknownEvent(f"no event {event_id!r}; `monitor events` lists them with their ids")
        return event

    def _label(self, event: Event, verdict: str, note: str) -> None:
        """The text that opened the event becomes a labelled one, where it is still stored."""
        item = self._opening_item(event)
        if item is not None:
            self._store.add_label(item, verdict, self._clock.now(), note)

    def _opening_item(self, event: Event) -> Item | None:
        records = self._store.records(event_id=event.id, limit=1)
        claim = records[0].claim if records else None
        if claim is None:
            return None
        revision = self._store.revision(claim.item_id, claim.revision)
        return revision.item if revision else None
