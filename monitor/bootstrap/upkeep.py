"""What a running installation does beside checking: seeding, notices, nightly work."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from monitor.bootstrap.machine import require_zone
from monitor.domain.health import HealthEntry
from monitor.domain.ident import DeliveryId, SubscriptionId, content_id
from monitor.domain.subscription import Delivery, DeliveryKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.bootstrap.compose import App

#: Notices to the operator carry no subscription.
OPERATOR = SubscriptionId("operator")
#: Health entries older than this are not told any more.
STALE_NOTICE = timedelta(days=2)
TOLD_UNTIL = "operator_told_until"


def prepare(app: App, say: Callable[[str], None]) -> None:
    """What must stand before the first check: catalogue, rules, subscriptions, bundled roster.

    Raises ConfigError when feeds.yaml, a rule pack or the time zone is wrong.
    """
    require_zone(app.settings)
    sources = app.catalogue.value.sources
    rules = app.pack.value.rules
    say(f"{app.settings.feeds}: {len(sources)} sources; {len(rules)} rules")
    seed_subscriptions(app)
    from monitor.bootstrap.history import load_history

    loaded = load_history(app)
    if loaded:
        say(f"bundled roster history: {loaded} agreements, 2021 to the end of 2025")


def seed_subscriptions(app: App) -> None:
    """Subscriptions of feeds.yaml into the store, by id once."""
    from monitor.services.subscriptions import seed

    defaults = {
        "slack": app.settings.get("MONITOR_SLACK_CHANNEL"),
        "email": app.settings.get("MONITOR_MAIL_TO"),
        "file": "alerts.jsonl",
    }
    seed(app.store, app.catalogue.value.subscriptions, app.clock.now(), defaults)


def tell_operator(app: App) -> int:
    """Health entries that a person must know of become notices, each once; how many were new."""
    from monitor.bootstrap.outgoing import operator_of
    from monitor.services.composition import system_body

    app.health.tell()
    operator = operator_of(app.settings)
    if operator is None:
        return 0
    now = app.clock.now()
    since = _told_until(app.store.fact(TOLD_UNTIL), now)
    entries = [e for e in app.store.health(since=since, limit=500) if e.tell_operator]
    notices = [
        Delivery(
            id=DeliveryId(content_id("operator", entry.at.isoformat(), entry.message)),
            subscription_id=OPERATOR,
            kind=DeliveryKind.SYSTEM,
            channel=operator[0],
            destination=operator[1],
            created_at=now,
            body=system_body(_title(entry), [entry.message]),
        )
        for entry in entries
    ]
    new = app.store.enqueue(notices)
    app.store.set_fact(TOLD_UNTIL, now.isoformat())
    return new


def _told_until(stored: str | None, now: datetime) -> datetime:
    """From when to look: a little before the last look, so that no entry falls between."""
    earliest = now - STALE_NOTICE
    if stored is None:
        return earliest
    return max(earliest, datetime.fromisoformat(stored) - timedelta(minutes=10))


def _title(entry: HealthEntry) -> str:
    return f"Monitor: {entry.kind.replace('_', ' ')}" + (
        f", {entry.source_id}" if entry.source_id else ""
    )


def canary(app: App) -> None:
    """Send today's synthetic event to the operator and look whether the last one arrived."""
    from monitor.bootstrap.outgoing import operator_of
    from monitor.services.canary import Canary

    operator = operator_of(app.settings)
    if operator is None:
        return
    bird = Canary(app.store, app.clock, app.detect, operator)
    bird.look()
    bird.hatch()


def read_mailbox(app: App) -> None:
    """Bounces and mails to leave, where a mailbox is configured."""
    from monitor.bootstrap.outgoing import returned_mail

    job = returned_mail(app.settings, app.store, app.clock)
    if job is not None:
        job.run_once()


def nightly(app: App) -> None:
    """Checkpoint over all chains; the published dataset; old unreferenced captures go."""
    app.store.checkpoint(app.clock.now())
    from monitor.bootstrap.keeping import prune, publish

    publish(app)
    prune(app)
