"""Subscriptions made ready to listen: filters parsed once, places opened into counties."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from monitor.domain.errors import FilterError
from monitor.domain.event import Event
from monitor.domain.filter import Filter, expand_near, matches, parse
from monitor.domain.subscription import Subscription
from monitor.domain.vocabulary import Worth

#: (FIPS or "place, ST", radius in km) -> FIPS of the counties within; empty: no such place.
CountiesNear = Callable[[str, int], tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """A subscription with its expressions parsed."""

    subscription: Subscription
    wants: Filter
    muted: tuple[Filter, ...] = ()
    snoozes: tuple[tuple[Filter, datetime], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Everybody who may hear, by subscription id, and the subscriptions that cannot be read."""

    listeners: tuple[Listener, ...] = ()
    problems: tuple[tuple[Subscription, str], ...] = ()

    def of(self, subscription_id: str) -> Listener | None:
        """The listener of a subscription."""
        found = (one for one in self.listeners if one.subscription.id == subscription_id)
        return next(found, None)


def audience(
    subscriptions: Iterable[Subscription],
    now: datetime,
    counties_near: CountiesNear | None = None,
) -> Audience:
    """Listeners for all subscriptions that are active and confirmed.

    One with an expression that cannot be read becomes a problem and stops nobody else.
    """
    listeners: list[Listener] = []
    problems: list[tuple[Subscription, str]] = []
    for subscription in sorted(subscriptions, key=lambda one: one.id):
        if not (subscription.active and subscription.confirmed):
            continue
        try:
            listeners.append(listener(subscription, now, counties_near))
        except FilterError as error:
            problems.append((subscription, str(error)))
    return Audience(listeners=tuple(listeners), problems=tuple(problems))


def listener(
    subscription: Subscription, now: datetime, counties_near: CountiesNear | None = None
) -> Listener:
    """One subscription ready to listen. Raises FilterError with position and suggestion."""

    def read(expression: str) -> Filter:
        parsed = parse(expression, now.date())
        return expand_near(parsed, counties_near or _nowhere)

    return Listener(
        subscription=subscription,
        wants=read(whole_filter(subscription)),
        muted=tuple(read(expression) for expression in subscription.muted),
        snoozes=tuple((read(expression), until) for expression, until in subscription.snoozes),
    )


def whole_filter(subscription: Subscription) -> str:
    """The subscription's filter and its radius as one expression."""
    if subscription.near is None:
        return subscription.filter
    place, radius_km = subscription.near
    quoted = place.replace("\\", "\\\\").replace('"', '\\"')
    return f'{subscription.filter} near:"{quoted}~{max(1, round(radius_km))}km"'.strip()


def wants(listener: Listener, event: Event) -> bool:
    """Whether the event is of the kind this subscription asked for.

    What waits for a review is left out, unless the subscription or its filter says otherwise.
    """
    asked = listener.subscription.include_review or listener.wants.names("worth")
    if event.worth is not Worth.ALERT and not asked:
        return False
    return matches(listener.wants, event)


def silenced(listener: Listener, event: Event, at: datetime) -> bool:
    """Whether the subscriber muted or snoozed this kind of event at that moment."""
    if any(matches(muted, event) for muted in listener.muted):
        return True
    return any(at < until and matches(snoozed, event) for snoozed, until in listener.snoozes)


def _nowhere(place: str, radius_km: int) -> tuple[str, ...]:
    del place, radius_km
    return ()
