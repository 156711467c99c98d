"""A delivery process that is killed: run by tests/integration/test_delivery_killed.py.

It kills itself with SIGKILL at a chosen step (round a store write or a call of a channel), or is
killed from outside at any moment; it never cleans up.
"""

from __future__ import annotations

import logging
import os
import signal
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from monitor.channels.email import mail_templates
from monitor.domain.subscription import Delivery, DeliveryState, Lookup, SendOutcome
from monitor.notify.message import Links
from monitor.notify.personal import Correspondence
from monitor.ports import Channel
from monitor.services.composition import Composition
from monitor.services.deliver import Deliver, DeliveryPolicy
from storage.store import open_store
from tests.fakeslack import FakeSlack
from tests.mailroom import BASE, SECRET, SetClock, mail, slack

#: Compiled once in the fork server that all children come from.
TEMPLATES = mail_templates()
TEMPLATES.get_template("mail.html.j2")
ROUNDS = 8
ROUND = timedelta(minutes=40)


@dataclass(slots=True)
class Fuse:
    """Dies when it was stepped on so often; None never."""

    steps: int | None

    def step(self) -> None:
        if self.steps is None:
            return
        if self.steps == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.steps -= 1


@dataclass(slots=True)
class Mined:
    """A channel with a fuse before and after each call."""

    inner: Channel
    fuse: Fuse
    name: str = field(init=False)
    can_ask: bool = field(init=False)
    can_edit: bool = field(init=False)

    def __post_init__(self) -> None:
        self.name, self.can_ask = self.inner.name, self.inner.can_ask
        self.can_edit = self.inner.can_edit

    def send(self, delivery: Delivery, message: object) -> SendOutcome:
        self.fuse.step()
        outcome = self.inner.send(delivery, message)
        self.fuse.step()
        return outcome

    def find(self, delivery: Delivery) -> Lookup:
        self.fuse.step()
        found = self.inner.find(delivery)
        self.fuse.step()
        return found


def deliver_and_die(
    database: Path, slack_url: str, smtp_port: int, start: datetime, steps: int | None
) -> None:
    """Deliver what is due, time passing, until done or dead."""
    logging.disable(logging.CRITICAL)
    fake: Any = FakeSlack()
    options = {"token": fake.token, "url": slack_url}
    fuse = Fuse(steps)
    clock = SetClock(at=start)
    store = open_store(f"sqlite:///{database}", database.parent)
    links = Links(base_url=BASE)
    composition = Composition(store, Correspondence(links=links, secret=SECRET))
    channels: dict[str, Channel] = {
        "slack": Mined(inner=slack(Address(**options)), fuse=fuse),  # type: ignore[arg-type]
        "email": Mined(inner=_mail(smtp_port), fuse=fuse),
    }
    service = Deliver(store, channels, composition, clock, DeliveryPolicy())
    for _ in range(ROUNDS):
        service.run_once()
        clock.pass_(ROUND)
        if not _open(store):
            break
    store.close()


def _mail(port: int) -> Channel:
    channel = mail(port)
    channel.templates = TEMPLATES
    return channel


@dataclass(frozen=True, slots=True)
class Address:
    token: str
    url: str


def _open(store: Any) -> bool:
    states = (DeliveryState.QUEUED, DeliveryState.ATTEMPTED)
    return any(store.deliveries(state=state, limit=1) for state in states)
