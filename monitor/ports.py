"""The ports: what services need of the fetcher, the workers, the channels and the clock.

The shells implement them; what services need of the store stands in `monitor.stores`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from monitor.domain.ident import (
    SourceId,
)
from monitor.domain.item import Reading
from monitor.domain.snapshot import Outcome, Request, Snapshot, Validators
from monitor.domain.source import Politeness, Source
from monitor.domain.subscription import (
    Delivery,
    Lookup,
    SendOutcome,
)


class Clock(Protocol):
    """The one place where time comes from."""

    def now(self) -> datetime:
        """The present moment, aware UTC."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchJob:
    """One request with the politeness of its source and the validators stored for its URL."""

    source_id: SourceId
    request: Request
    politeness: Politeness
    validators: Validators = field(default_factory=Validators)
    last_hash: str = ""  #: equal bytes become NotModified


class Fetcher(Protocol):
    """HTTP with politeness; never raises for what a server does. Used from one thread.

    Work is submitted at any time, also while other requests are under way (an outcome often
    leads to the next request), and outcomes are collected by poll().
    """

    @property
    def pending(self) -> int:
        """Jobs submitted whose outcome was not yet returned by poll()."""
        ...

    def submit(self, job: FetchJob) -> None:
        """Take one job; it starts when its host's limits and the connection cap allow."""
        ...

    def poll(self, timeout_s: float) -> tuple[tuple[FetchJob, Outcome], ...]:
        """Outcomes that are ready, waiting up to `timeout_s` for the first one.

        Hosts run side by side, each within its limits; one outcome per job, in no order.
        """
        ...

    def fetch(self, jobs: Iterable[FetchJob]) -> Iterator[tuple[FetchJob, Outcome]]:
        """Convenience over submit() and poll(): all outcomes of these jobs as they come."""
        ...

    def close(self) -> None:
        """Drop all connections and abandon what is in flight."""
        ...


class Workers(Protocol):
    """Bounded worker processes for read()."""

    def read(self, source: Source, snapshot: Snapshot, cursor: str) -> Reading:
        """The kind's reading of the snapshot, made in a worker with memory and time limits.

        Raises ExtractError when the document cannot be read, takes too long or too much memory;
        the worker is replaced and the document alone is lost.
        """
        ...

    def close(self) -> None:
        """Stop all workers."""
        ...


class Channel(Protocol):
    """One way out."""

    name: str
    can_ask: bool  #: find() can tell whether a delivery arrived
    can_edit: bool  #: update() edits what was sent

    def send(self, delivery: Delivery, message: object) -> SendOutcome:
        """Send one message; `message` is a monitor.notify.message value."""
        ...

    def find(self, delivery: Delivery) -> Lookup:
        """Ask whether the delivery arrived."""
        ...
