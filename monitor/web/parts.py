"""What the pages are made of, handed over by bootstrap and carried on the application."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from fastapi import Request

from monitor.ports import Clock
from monitor.services.health import HealthService
from monitor.services.query import QueryService
from monitor.services.review import Review
from monitor.stores import Store
from monitor.web.auth import Auth, Person
from monitor.web.options import WebOptions

if TYPE_CHECKING:  # the engine is loaded where there is a queue
    from monitor.jobs.engine import QueueStanding


@dataclass(frozen=True, slots=True, kw_only=True)
class WebParts:
    """The services that the pages call."""

    store: Store
    query: QueryService
    health: HealthService
    review: Review
    clock: Clock
    cited: tuple[tuple[str, str, str], ...] = ()  #: (day, what was said, by whom) of the roster
    #: workers and jobs of the shared queue; None where there is none
    queue: Callable[[], QueueStanding | None] = lambda: None


@dataclass(slots=True)
class Capture:
    """When anything was last accepted; read anew after a few seconds: every page states it."""

    moment: datetime | None = None
    read_at: datetime | None = None

    def newest(self, parts: WebParts) -> datetime | None:
        """The moment, None while nothing was accepted yet."""
        now = parts.clock.now()
        if self.read_at is None or abs(now - self.read_at) >= CAPTURE_KEPT:
            states = parts.store.source_states().values()
            self.moment = max((s.succeeded_at for s in states if s.succeeded_at), default=None)
            self.read_at = now
        return self.moment


CAPTURE_KEPT = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Everything that a request handler needs."""

    parts: WebParts
    options: WebOptions
    auth: Auth
    capture: Capture = field(default_factory=Capture)


def site(request: Request) -> Site:
    """The site that serves this request."""
    found: Site = request.app.state.site
    return found


def person(request: Request) -> Person:
    """Who makes this request, as the guard found it."""
    found: Person = request.state.person
    return found
