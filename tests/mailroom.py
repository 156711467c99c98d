"""What tests of delivery share: a clock that is set, a store, subscriptions, a service."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.channels.email import EmailChannel, EmailOptions
from monitor.channels.file import FileChannel, FileOptions
from monitor.channels.slack import SlackChannel, SlackOptions
from monitor.domain.commit import PageCommit
from monitor.domain.event import Record
from monitor.domain.ident import SubscriptionId
from monitor.domain.subscription import Delivery, Subscription
from monitor.notify.message import Links
from monitor.notify.personal import Correspondence
from monitor.ports import Channel
from monitor.services.composition import Composition
from monitor.services.deliver import Deliver, DeliveryPolicy
from monitor.services.digest import Digests
from monitor.services.outbox import Routing
from tests import facts
from tests.fakeslack import FakeSlack

if TYPE_CHECKING:
    from storage.store import SqlStore

BASE = "https://monitor.example.org"
SECRET = "0123456789abcdef0123456789abcdef"


@dataclass(slots=True)
class SetClock:
    """Time stands where it was put."""

    at: datetime = facts.NOW

    def now(self) -> datetime:
        return self.at

    def pass_(self, span: timedelta) -> None:
        self.at += span


def subscription(name: str = "desk", **changes: object) -> Subscription:
    """Everything, at once, to channel C1."""
    made = Subscription(
        id=SubscriptionId(name),
        filter="",
        channel="slack",
        destination="C1",
        time_zone="America/Chicago",
        created_at=facts.NOW - timedelta(days=1),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def slack(fake: FakeSlack, **options: object) -> SlackChannel:
    """A channel to the fake; no waiting between posts."""
    made = SlackOptions(token=fake.token, api_url=fake.url, timeout_s=30, **options)  # type: ignore[arg-type]
    return SlackChannel(options=made, min_interval_s=0)


def mail(port: int, **options: object) -> EmailChannel:
    """A channel to an SMTP server on this machine."""
    given: dict[str, object] = {
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "sender": "Policy monitor <monitor@example.org>",
        "timeout_s": 30,
    }
    return EmailChannel(options=EmailOptions(**{**given, **options}))  # type: ignore[arg-type]


@dataclass(slots=True)
class Mailroom:
    """A store with the services of delivery round it."""

    store: SqlStore
    channels: dict[str, Channel] = field(default_factory=dict)
    clock: SetClock = field(default_factory=SetClock)
    correspondence: Correspondence = field(
        default_factory=lambda: Correspondence(
            links=Links(base_url=BASE),
            secret=SECRET,
            mail_from="Policy monitor <monitor@example.org>",
        )
    )
    policy: DeliveryPolicy = field(
        default_factory=lambda: DeliveryPolicy(
            settle=timedelta(seconds=10), in_flight=timedelta(seconds=10)
        )
    )

    @property
    def deliver(self) -> Deliver:
        """A fresh service, as after a restart."""
        composition = Composition(self.store, self.correspondence)
        return Deliver(self.store, self.channels, composition, self.clock, self.policy)

    @property
    def digests(self) -> Digests:
        return Digests(self.store, self.clock)

    def subscribe(self, *subscriptions: Subscription) -> None:
        for one in subscriptions:
            self.store.save_subscription(one)

    def commit(self, *records: Record) -> tuple[Delivery, ...]:
        """Store records with their outbox rows in one transaction, as a check does."""
        rows = Routing(self.store)(records, self.clock.now())
        self.store.commit_page(PageCommit(source_id=facts.SOURCE, records=records, deliveries=rows))
        return rows

    def run(self, rounds: int = 6, step: timedelta = timedelta(seconds=60)) -> None:
        """Deliver until nothing changes, time passing between runs."""
        for _ in range(rounds):
            self.deliver.run_once()
            self.clock.pass_(step)

    def states(self) -> list[str]:
        return sorted(delivery.state.value for delivery in self.store.deliveries())


def files(directory: Path) -> FileChannel:
    return FileChannel(options=FileOptions(directory=directory))
