"""Subscriptions over their life: seeded, edited, snoozed, previewed, exported, erased."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from monitor.domain.event import Record
from monitor.domain.filter import parse, show
from monitor.domain.filter_fields import CountyFinder
from monitor.domain.ident import EventId, SubscriptionId
from monitor.domain.subscription import Delivery, Reached, Subscription
from monitor.notify.audience import CountiesNear, audience
from monitor.notify.bounce import Bounce
from monitor.notify.replay import Preview, preview, replay
from monitor.notify.windows import zone
from monitor.services.digest import STORED_WITHIN, sequence_before
from monitor.stores import Store

SEEDED = "feeds.yaml"
EDITED = "run time"
#: Soft bounces count together when their mails were sent within so long.
SOFT_BOUNCES_WITHIN = timedelta(days=14)
_REMOVED = "removed from feeds.yaml"
_LEFT = "its reader left"
_NO_DESTINATION = "no destination is set, in feeds.yaml or in the settings of its channel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeded:
    """What seeding did; `kept` were edited at run time, which wins."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    paused: tuple[str, ...] = ()


def seed(
    store: Store,
    seeds: Sequence[Subscription],
    now: datetime,
    defaults: Mapping[str, str] | None = None,
) -> Seeded:
    """Bring the blocks of feeds.yaml into the store; a second run changes nothing.

    `defaults` give the destination by channel where a block names none. A block that went away
    pauses its subscription, one that came back resumes it; nothing is deleted.
    """
    known = {one.id: one for one in store.subscriptions(active_only=False)}
    words: dict[str, list[str]] = {"added": [], "changed": [], "kept": [], "paused": []}
    for block in seeds:
        old = known.get(block.id)
        wanted = _wanted(block, old, now, (defaults or {}).get(block.channel, ""))
        if old is not None and old.origin != SEEDED:
            words["kept"].append(block.id)
        elif wanted != old:
            store.save_subscription(wanted)
            words["changed" if old else "added"].append(block.id)
    present = {block.id for block in seeds}
    for one in known.values():
        if one.made_by == SEEDED and one.id not in present and one.active:
            store.save_subscription(replace(one, active=False, paused_reason=_REMOVED))
            words["paused"].append(one.id)
    return Seeded(**{word: tuple(ids) for word, ids in words.items()})


def checked(
    subscription: Subscription, now: datetime, counties: CountyFinder | None = None
) -> Subscription:
    """The subscription with its expressions canonical.

    Raises FilterError with position and suggestion, ConfigError for an unknown time zone.
    """

    def canonical(expression: str) -> str:
        return show(parse(expression, now.date(), counties))

    zone(subscription.time_zone)
    return replace(
        subscription,
        filter=canonical(subscription.filter),
        muted=tuple(dict.fromkeys(canonical(one) for one in subscription.muted)),
        snoozes=tuple((canonical(one), until) for one, until in subscription.snoozes),
    )


def save(
    store: Store,
    subscription: Subscription,
    now: datetime,
    counties: CountyFinder | None = None,
) -> Subscription:
    """Store a subscription made or edited at run time; raises as checked() does."""
    made = checked(subscription, now, counties)
    made = replace(made, origin=EDITED, created_at=made.created_at or now)
    store.save_subscription(made)
    return made


def pause(store: Store, subscription: Subscription, reason: str) -> Subscription:
    """Stop it until it is resumed."""
    paused = replace(subscription, active=False, paused_reason=reason, origin=EDITED)
    store.save_subscription(paused)
    return paused


def resume(store: Store, subscription: Subscription) -> Subscription:
    """Start it again; what came in between goes into its next digest."""
    resumed = replace(subscription, active=True, paused_reason="", origin=EDITED)
    store.save_subscription(resumed)
    return resumed


def snooze(
    store: Store, subscription: Subscription, until: datetime, expression: str = ""
) -> Subscription:
    """Silence what the expression matches, or everything, until a moment.

    Raises FilterError for an expression that cannot be read.
    """
    if not expression:
        changed = replace(subscription, snoozed_until=until, origin=EDITED)
    else:
        canonical = show(parse(expression, until.date()))
        others = tuple(pair for pair in subscription.snoozes if pair[0] != canonical)
        changed = replace(subscription, snoozes=(*others, (canonical, until)), origin=EDITED)
    store.save_subscription(changed)
    return changed


def leave(store: Store, subscription: Subscription) -> None:
    """End it for its reader: no address is kept, what is queued is cancelled.

    One of feeds.yaml stays behind, ended and without address, so that seeding does not begin it
    again.
    """
    store.delete_subscription(subscription.id)
    if subscription.made_by == SEEDED:
        ended = replace(subscription, destination="", active=False, paused_reason=_LEFT)
        store.save_subscription(replace(ended, origin=EDITED))


def mute(store: Store, subscription: Subscription, expression: str, now: datetime) -> Subscription:
    """Silence what the expression matches for good. Raises FilterError when it cannot be read."""
    canonical = show(parse(expression, now.date()))
    muted = tuple(dict.fromkeys((*subscription.muted, canonical)))
    changed = replace(subscription, muted=muted, origin=EDITED)
    store.save_subscription(changed)
    return changed


def previewed(
    store: Store,
    subscription: Subscription,
    now: datetime,
    *,
    days: int = 90,
    counties_near: CountiesNear | None = None,
) -> tuple[Preview, tuple[Delivery, ...]]:
    """What the subscription would have brought in the last days, by replaying the log.

    Raises FilterError for a filter that cannot be read.
    """
    start = now - timedelta(days=days)
    ready = replace(subscription, active=True, confirmed=True, snoozed_until=None)
    heard = audience([ready], now, counties_near)
    if heard.problems:
        parse(subscription.filter, now.date())  # says position and suggestion
    deliveries = replay(_records(store, start), heard, start, now)
    return preview(deliveries, days), deliveries


def export(store: Store, address: str) -> dict[str, Any]:
    """All that is stored about a person's address: subscriptions and deliveries, for JSON."""
    mine = [
        one
        for one in store.subscriptions(active_only=False)
        if one.destination.casefold() == address.strip().casefold()
    ]
    return {
        "address": address.strip(),
        "subscriptions": [
            json.loads(json.dumps(dataclasses.asdict(one), default=str)) for one in mine
        ],
        "deliveries": [
            {
                "id": delivery.id,
                "subscription": delivery.subscription_id,
                "kind": delivery.kind.value,
                "state": delivery.state.value,
                "created_at": delivery.created_at.isoformat(),
                "sent_at": delivery.sent_at.isoformat() if delivery.sent_at else None,
                "events": list(delivery.event_ids),
            }
            for one in mine
            for delivery in store.deliveries(subscription_id=one.id)
        ],
    }


def erase(store: Store, address: str) -> int:
    """Forget a person: subscriptions go, past deliveries lose their destination. Rows touched."""
    return store.erase_address(address.strip())


def _soft_bounces(store: Store, delivery: Delivery, sent_at: datetime) -> int:
    """How many mails of the subscription came back softly of late, this one among them.

    Each mail counts once, however many notices it brings, and is forgotten when mails sent long
    after it are what comes back: a mailbox that was full in spring is no reason in autumn.
    """
    name = f"soft bounces:{delivery.subscription_id}"
    known: dict[str, str] = json.loads(store.fact(name) or "{}")
    known[delivery.id] = sent_at.isoformat()
    recent = {
        mail: at
        for mail, at in known.items()
        if abs(sent_at - datetime.fromisoformat(at)) <= SOFT_BOUNCES_WITHIN
    }
    store.set_fact(name, json.dumps(recent))
    return len(recent)


def record_bounce(store: Store, bounce: Bounce, *, soft_limit: int = 5) -> tuple[str, ...]:
    """Suppress what bounced for good, and what bounced softly too often; ids that were paused.

    The delivery is known by its id in the envelope sender; otherwise nothing is done, since a
    bounce can be forged.
    """
    delivery = store.delivery(bounce.delivery_id) if bounce.delivery_id else None
    if delivery is None or delivery.channel != "email" or not delivery.sent_at:
        return ()
    softly = 0 if bounce.permanent else _soft_bounces(store, delivery, delivery.sent_at)
    subscription = store.subscription(delivery.subscription_id)
    if subscription is None or not subscription.active:
        return ()
    if not bounce.permanent and softly < soft_limit:
        return ()
    pause(store, subscription, f"mails bounce with {bounce.status or 'an error'}")
    return (subscription.id,)


def reached(store: Store, event_id: EventId) -> tuple[Reached, ...]:
    """Where an event went, oldest first; the subscription is None once it was erased."""
    return tuple(
        Reached(delivery=delivery, subscription=store.subscription(delivery.subscription_id))
        for delivery in reversed(store.deliveries(event_id=event_id))
    )


def owned_by(store: Store, made_by: str) -> tuple[Subscription, ...]:
    """The subscriptions that somebody made ("slack:U123"), by id."""
    return tuple(one for one in store.subscriptions(active_only=False) if one.made_by == made_by)


def free_id(store: Store, wanted: str) -> SubscriptionId:
    """The wanted id, numbered when it is taken."""
    number, made = 1, SubscriptionId(wanted)
    while store.subscription(made) is not None:
        number += 1
        made = SubscriptionId(f"{wanted}-{number}")
    return made


def _wanted(
    block: Subscription, old: Subscription | None, now: datetime, default: str
) -> Subscription:
    made = replace(
        block,
        destination=block.destination or default,
        made_by=SEEDED,
        origin=SEEDED,
        created_at=old.created_at if old else now,
    )
    if not made.destination:
        return replace(made, active=False, paused_reason=_NO_DESTINATION)
    if old is None:
        return made
    made = replace(made, snoozed_until=old.snoozed_until, snoozes=old.snoozes)
    if old.paused_reason and old.destination == made.destination and old.paused_reason != _REMOVED:
        return replace(made, active=False, paused_reason=old.paused_reason)
    return made


def _records(store: Store, start: datetime) -> list[Record]:
    found: list[Record] = []
    after = sequence_before(store, start - STORED_WITHIN)
    while page := store.records(after_sequence=after):
        found.extend(record for record in page if record.recorded_at >= start)
        after = page[-1].sequence
    return found
