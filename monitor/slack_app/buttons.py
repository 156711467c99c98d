"""What buttons on an alert do: evidence, acknowledge, snooze, mute, not relevant."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta

from monitor.domain.errors import FilterError
from monitor.domain.event import Event
from monitor.domain.ident import DeliveryId, EventId
from monitor.domain.subscription import Delivery, Subscription
from monitor.notify.blockkit import Rendered, post
from monitor.notify.message import Alert, Links, minute_words
from monitor.ports import Clock
from monitor.services import subscriptions as life
from monitor.services.composition import ACKNOWLEDGED, Composition, acknowledgements
from monitor.slack_app.answers import evidence_answer, text_answer
from monitor.slack_app.commands import Speaker
from monitor.slack_app.roles import may, may_change
from monitor.stores import Store

_SNOOZE = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """A button's value, checked against the store: nothing that was sent back is believed."""

    delivery: Delivery
    event: Event
    subscription: Subscription | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """What the person is told, and the message as it reads now where it changed."""

    answer: Rendered
    edited: Rendered | None = None


class Buttons:
    """Reactions to presses."""

    def __init__(self, store: Store, clock: Clock, composition: Composition, links: Links) -> None:
        """`composition` rebuilds the message that a press changes."""
        self._store = store
        self._clock = clock
        self._composition = composition
        self._links = links

    def react(self, action: str, value: str, speaker: Speaker, channel: str) -> Reaction:
        """The reaction to one press in a channel; a value from elsewhere is refused."""
        reactions = {
            "evidence": ("read", self._evidence),
            "acknowledge": ("acknowledge", self._acknowledge),
            "snooze_place": ("read", self._snooze_place),
            "mute_kind": ("read", self._mute_kind),
            "not_relevant": ("label", self._not_relevant),
        }
        needed, reaction = reactions.get(action, ("", self._evidence))
        if not may(speaker.role, needed):
            return _told("You may not do that; the operator keeps the list of editors.")
        pressed = self._pressed(value, channel)
        if pressed is None:
            return _told("This message is not known any more.")
        return reaction(pressed, speaker)

    def _pressed(self, value: str, channel: str) -> Pressed | None:
        delivery_id, _, event_id = value.partition("|")
        delivery = self._store.delivery(DeliveryId(delivery_id))
        event = self._store.event(EventId(event_id))
        if delivery is None or event is None or event.id not in delivery.event_ids:
            return None
        if delivery.external_id.partition("/")[0] != channel:
            return None
        subscription = self._store.subscription(delivery.subscription_id)
        return Pressed(delivery=delivery, event=event, subscription=subscription)

    def _evidence(self, pressed: Pressed, speaker: Speaker) -> Reaction:
        del speaker
        return Reaction(answer=evidence_answer(pressed.event, self._links))

    def _acknowledge(self, pressed: Pressed, speaker: Speaker) -> Reaction:
        seen = acknowledgements(self._store, pressed.delivery.id)
        if speaker.user in {user for user, _ in seen}:
            return _told("You have acknowledged this before.")
        added = [*seen, (speaker.user, minute_words(self._clock.now()))]
        self._store.set_fact(ACKNOWLEDGED + pressed.delivery.id, json.dumps(added))
        composed = self._composition.message(pressed.delivery)
        edited = None
        if isinstance(composed, tuple) and isinstance(composed[1], Alert):
            edited = post(composed[1], buttons=True)
        return Reaction(answer=text_answer("Acknowledged, for all to see."), edited=edited)

    def _snooze_place(self, pressed: Pressed, speaker: Speaker) -> Reaction:
        place = _place_of(pressed.event)
        subscription = pressed.subscription
        if subscription is None or not may_change(speaker.role, speaker.user, subscription):
            return _told("This subscription belongs to others; an editor may change it.")
        until = self._clock.now() + _SNOOZE
        try:
            life.snooze(self._store, subscription, until, place)
        except FilterError as error:
            return _told(f"That place cannot be snoozed: {error}")
        return _told(f"No alerts about {place} until {minute_words(until)}.")

    def _mute_kind(self, pressed: Pressed, speaker: Speaker) -> Reaction:
        subscription = pressed.subscription
        if subscription is None or not may_change(speaker.role, speaker.user, subscription):
            return _told("This subscription belongs to others; an editor may change it.")
        expression = f"type:{pressed.event.event_type}"
        life.mute(self._store, subscription, expression, self._clock.now())
        return _told(f"Muted {expression} in {subscription.id}.")

    def _not_relevant(self, pressed: Pressed, speaker: Speaker) -> Reaction:
        del speaker
        records = self._store.records(event_id=pressed.event.id, limit=1)
        claim = records[0].claim if records else None
        revision = self._store.revision(claim.item_id, claim.revision) if claim else None
        if revision is None:
            return _told("The document behind this is not stored, so it cannot be labelled.")
        # The note names no person: labels are shared.
        self._store.add_label(
            revision.item, "not_relevant", self._clock.now(), f"event {pressed.event.id}, by Slack"
        )
        return _told("Labelled as not relevant; the rules are measured against it.")


def _place_of(event: Event) -> str:
    where = event.jurisdiction
    if where.county:
        return f"county:{where.county}"
    return f"state:{where.state}" if where.state else "state:federal"


def _told(text: str) -> Reaction:
    return Reaction(answer=text_answer(text))
